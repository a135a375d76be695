"""Layouts as they are read from whatever is stored, and stored from whatever was edited."""

from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select, text

from crm_desktop.db.database import Database
from crm_desktop.db.tables import CrmObject, ObjectField
from crm_desktop.domain import layout_draft
from crm_desktop.domain.changes import Change, Topic
from crm_desktop.domain.errors import Forbidden, Invalid, NotFound
from crm_desktop.domain.json_edits import ABSENT
from crm_desktop.domain.layout_draft import Entry, Layout, Section
from crm_desktop.domain.layout_merge import Side
from crm_desktop.services import layout_saving
from crm_desktop.services.layout_saving import LayoutConflict, SavedLayout, StoredLayout
from tests.domain.layouts import text_of
from tests.make import Make


@pytest.fixture
def deal(make: Make) -> str:
    return make.object("deal", fields=["name", "stage", "amount"])


def load(make: Make, object_id: str = "obj_deal") -> StoredLayout:
    with make.database.read(make.admin) as session:
        return layout_saving.load_layout(session, object_id)


def save(make: Make, base: Layout, mine: Layout, **options: Any) -> SavedLayout:
    with make.database.write(make.admin) as session:
        return layout_saving.save_layout(session, "obj_deal", base, mine, **options)


def ids_of(make: Make, *names: str) -> list[str]:
    found = {entry.field_id[4:]: entry.id for entry in load(make).layout.entries()}
    return [found[name] for name in names]


def forms_of(make: Make) -> Any:
    views = make.value(select(CrmObject.views).where(CrmObject.id == "obj_deal"))
    return views["forms"]


def set_forms(make: Make, forms: str) -> None:
    make.sql(
        "UPDATE objects SET views = jsonb_set(views, '{forms}', CAST(:forms AS jsonb))",
        forms=forms,
    )


def in_sections(layout: Layout) -> Layout:
    """Give the layout of `deal` a title, and a second section with what is below the name."""
    layout = layout_draft.change_section(layout, layout.sections[0].key, title="Deal")
    layout = layout_draft.add_section(layout, Section("new", "Money", True, 3), 1)
    return layout_draft.move(layout, layout.ids()[1:], "new", 0)


def test_an_order_alone_needs_no_form(make: Make, deal: str) -> None:
    base = load(make).layout
    assert text_of(base) == ": name stage amount"
    mine = layout_draft.move(base, ids_of(make, "amount"), "", 0)

    saved = save(make, base, mine)

    assert saved.stored.layout == mine
    assert make.layout_of(deal) == ["fld_amount", "fld_name", "fld_stage"]
    assert forms_of(make) == []


def test_sections_are_a_form_in_the_contracts_shape_and_what_it_lacks_is_kept_beside(
    make: Make, deal: str
) -> None:
    base = load(make).layout
    mine = layout_draft.set_attribute(in_sections(base), ids_of(make, "stage"), "width", 2)

    save(make, base, mine)

    (form,) = forms_of(make)
    assert form["layout"] == [
        {"section": "Deal", "fields": ["fld_name"]},
        {"section": "Money", "fields": ["fld_stage", "fld_amount"], "collapsible": True},
    ]
    assert form["isDefault"] is True
    assert set(form) == {"id", "name", "layout", "isDefault"}
    assert layout_draft.is_same(load(make).layout, mine)
    assert [section.columns for section in load(make).layout.sections] == [2, 3]


def test_everything_staged_is_stored_at_once(make: Make, deal: str, database: Database) -> None:
    make.field("note", "textarea")
    base = load(make).layout
    name, stage, amount = ids_of(make, "name", "stage", "amount")
    new = Entry("ofd_new", "fld_note", is_readonly=True, overrides={"label": "Remark"})
    mine = layout_draft.attach(in_sections(base), [new], "new", 1)
    mine = layout_draft.detach(mine, [amount])
    mine = layout_draft.set_attribute(mine, [name], "is_required", value=True)
    mine = layout_draft.set_attribute(mine, [stage], "override:label", "Phase")

    with database.write(make.admin) as session:
        layout_saving.save_layout(session, deal, base, mine)
        noted = session.changes

    assert layout_draft.is_same(load(make).layout, mine)
    rows = select(ObjectField.field_id, ObjectField.field_overrides, ObjectField.is_required)
    with database.engine.connect() as connection:
        stored = connection.execute(rows.order_by(ObjectField.display_order)).all()
    assert [tuple(row) for row in stored] == [
        ("fld_name", {}, True),
        ("fld_stage", {"label": "Phase"}, False),
        ("fld_note", {"label": "Remark"}, False),
    ]
    expected = {(Topic.FIELDS, "fld_note"), (Topic.FIELDS, "fld_amount"), (Topic.LAYOUTS, deal)}
    assert {Change(*each) for each in expected} <= noted


@pytest.mark.parametrize("orders", ["0 0 0", "-5 900 7", "2147483647 0 1", "7 7 3"])
def test_any_display_order_is_read_in_the_contracts_order_and_repaired(
    make: Make, deal: str, orders: str
) -> None:
    for name, order in zip(("name", "stage", "amount"), orders.split(), strict=True):
        make.sql(
            "UPDATE object_fields SET display_order = :order WHERE field_id = :id",
            order=int(order), id=f"fld_{name}",
        )  # fmt: skip
    stored = load(make)
    assert [entry.field_id for entry in stored.layout.entries()] == make.layout_of(deal)
    assert stored.is_out_of_order

    saved = save(make, stored.layout, stored.layout)

    assert not saved.stored.is_out_of_order
    assert layout_draft.is_same(saved.stored.layout, stored.layout)
    again = load(make)
    assert [each.display_order for each in saved.stored.attached.values()] == [0, 1, 2]
    assert saved.stored.attached.keys() == again.attached.keys()
    assert make.layout_of(deal) == [entry.field_id for entry in stored.layout.entries()]


def test_a_new_order_of_five_hundred_fields_is_one_statement(
    make: Make, statements: list[str]
) -> None:
    make.object("deal")
    make.sql(
        "WITH made AS (INSERT INTO fields (id, name, label, type) SELECT 'fld_' || n, 'f' || n,"
        " 'F', 'number' FROM generate_series(1, 500) n RETURNING id) INSERT INTO object_fields"
        " (id, object_id, field_id) SELECT 'ofd_' || id, 'obj_deal', id FROM made"
    )
    base = load(make).layout
    mine = layout_draft.move(base, base.ids()[::-1][:250], "", 0)
    statements.clear()

    save(make, base, mine)

    writes = [each for each in statements if each.split()[0] in {"UPDATE", "INSERT", "DELETE"}]
    assert len(writes) == 1
    assert load(make).layout == mine


def test_fields_attached_elsewhere_stand_at_their_natural_place(make: Make, deal: str) -> None:
    base = load(make).layout
    save(make, base, in_sections(base))
    make.sql("UPDATE object_fields SET display_order = display_order * 10")
    make.attach(deal, "early", display_order=5)
    make.attach(deal, "late")
    make.attach(deal, "first", display_order=-1)

    assert text_of(load(make).layout) == "Deal: first name early | Money: stage amount late"


def test_a_form_made_elsewhere_gives_the_sections_and_keeps_what_is_its_own(
    make: Make, deal: str
) -> None:
    make.sql("UPDATE object_fields SET display_order = 0")
    set_forms(
        make,
        '[{"id": "f0", "layout": "odd"}, {"id": "f1", "name": "Web", "rank": 1.50, "layout": ['
        '{"section": "One", "fields": ["fld_stage", "rel_panel", "fld_name"], "hint": 2.0},'
        '{"section": "Two", "fields": ["fld_gone", "fld_name"], "collapsible": false}]}]',
    )
    stored = load(make)
    assert text_of(stored.layout) == "One: stage name amount | Two:"
    mine = layout_draft.move(stored.layout, ids_of(make, "amount"), "#1", 0)

    save(make, stored.layout, mine)

    odd, form = forms_of(make)
    assert odd == {"id": "f0", "layout": "odd"}
    assert (form["name"], form["rank"]) == ("Web", Decimal("1.50"))
    assert form["layout"] == [
        {
            "section": "One",
            "fields": ["fld_stage", "fld_name", "rel_panel"],
            "hint": Decimal("2.0"),
        },
        {"section": "Two", "fields": ["fld_amount", "fld_gone"], "collapsible": False},
    ]
    assert text_of(load(make).layout) == text_of(mine)


@pytest.mark.parametrize("views", ['{"forms": {"a": 1}}', '{"forms": null}', "[]", "7", "{}"])
def test_forms_of_any_shape_are_left_and_the_fields_are_stored_all_the_same(
    make: Make, deal: str, views: str
) -> None:
    make.sql("UPDATE objects SET views = CAST(:views AS jsonb)", views=views)
    base = load(make).layout
    saved = save(make, base, layout_draft.move(in_sections(base), base.ids()[2:], "new", 0))

    assert make.layout_of(deal) == ["fld_name", "fld_amount", "fld_stage"]
    if views == "{}":
        assert len(load(make).layout.sections) == 2
    else:
        assert "Sections are not kept" in saved.left_out
        stored = make.value(select(text("views::text")).select_from(CrmObject))
        assert stored == views


def test_a_field_that_stands_twice_is_shown_twice_until_one_is_taken_out(
    make: Make, deal: str
) -> None:
    twin = make.attach(deal, "name", display_order=9)
    stored = load(make)
    assert text_of(stored.layout) == ": name stage amount name"
    assert layout_draft.is_valid(stored.layout)

    mine = layout_draft.move(stored.layout, [twin], "", 1)
    saved = save(make, stored.layout, mine)
    assert text_of(saved.stored.layout) == ": name name stage amount"

    save(make, mine, layout_draft.detach(mine, [mine.ids()[0]]))
    assert text_of(load(make).layout) == ": name stage amount"
    assert load(make).layout.ids()[0] == twin


def test_what_others_saved_meanwhile_is_merged_where_it_does_not_touch(
    make: Make, deal: str
) -> None:
    base = load(make).layout
    name, stage = ids_of(make, "name", "stage")
    save(make, base, layout_draft.set_attribute(base, [stage], "is_readonly", value=True))
    make.attach(deal, "new")

    mine = layout_draft.move_to_end(base, [name], 1)
    saved = save(make, base, mine)

    assert saved.was_merged
    assert text_of(load(make).layout) == ": stage amount name new"
    assert load(make).layout.by_id()[stage].is_readonly


def test_what_both_changed_is_refused_until_somebody_chose(make: Make, deal: str) -> None:
    base = load(make).layout
    (stage,) = ids_of(make, "stage")
    save(make, base, layout_draft.set_attribute(base, [stage], "override:label", "Step"))
    mine = layout_draft.set_attribute(base, [stage], "override:label", "Phase")

    with pytest.raises(LayoutConflict) as caught:
        save(make, base, mine)

    (clash,) = caught.value.clashes_found
    assert (clash.name, clash.base, clash.theirs, clash.mine) == (
        "override:label", ABSENT, "Step", "Phase",
    )  # fmt: skip
    assert load(make).layout.by_id()[stage].overrides == {"label": "Step"}
    choices = {(stage, "override:label"): Side.MINE}
    save(make, base, mine, choices=choices)
    assert load(make).layout.by_id()[stage].overrides == {"label": "Phase"}


def test_a_refusal_changes_nothing_and_names_the_field(make: Make, deal: str) -> None:
    base = load(make).layout
    name, amount = ids_of(make, "name", "amount")
    mine = layout_draft.detach(base, [name])
    mine = layout_draft.set_attribute(mine, [amount], "override:pattern", "(")

    with pytest.raises(Invalid) as caught:
        save(make, base, mine)

    assert list(caught.value.problems) == [amount]
    assert "“Amount”" in caught.value.problems[amount]
    assert layout_draft.is_same(load(make).layout, base)


def test_a_field_that_was_deleted_meanwhile_cannot_be_attached(make: Make, deal: str) -> None:
    base = load(make).layout
    mine = layout_draft.attach(base, [Entry("ofd_x", "fld_gone")], "", 0)
    with pytest.raises(NotFound, match="deleted from the library"):
        save(make, base, mine)


def test_another_first_text_field_asks_for_new_names(make: Make, deal: str) -> None:
    base = load(make).layout
    assert save(make, base, layout_draft.move_to_end(base, base.ids()[:1], 1)).primary_field_changed
    base = load(make).layout
    assert not save(
        make, base, layout_draft.move_by(base, base.ids()[1:2], 1)
    ).primary_field_changed


def test_without_our_schema_everything_else_is_stored_and_it_is_said(make: Make, deal: str) -> None:
    make.sql("DROP SCHEMA crm_desktop CASCADE")
    stored = load(make)
    assert "crm_desktop" in stored.limit
    saved = save(make, stored.layout, in_sections(stored.layout))
    assert "Columns of sections" in saved.left_out
    assert text_of(load(make).layout) == "Deal: name | Money: stage amount"


def test_who_may_not_edit_layouts_may_not_save_one(make: Make, deal: str) -> None:
    base = load(make).layout
    with pytest.raises(Forbidden), make.database.write(make.guest()) as session:
        layout_saving.save_layout(session, deal, base, base)
