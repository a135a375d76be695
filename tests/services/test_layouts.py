from collections.abc import Callable
from typing import Any

import pytest

from crm_desktop.db.database import Database
from crm_desktop.domain.access import Actor
from crm_desktop.domain.changes import Change, Topic
from crm_desktop.domain.errors import Conflict, Forbidden, Invalid, NotFound
from crm_desktop.domain.json_edits import ABSENT, JsonEdit
from crm_desktop.services import layouts
from crm_desktop.services.layouts import AT_END, LayoutChange, LayoutField, LayoutFlags
from tests.make import Make


def layout_of(database: Database, actor: Actor, object_id: str) -> list[LayoutField]:
    with database.read(actor) as session:
        return layouts.list_layout(session, object_id)


def attach(
    database: Database, actor: Actor, object_id: str, field_id: str, position: int = AT_END
) -> LayoutChange:
    with database.write(actor) as session:
        return layouts.attach_field(session, object_id, field_id, position=position)


def reorder(database: Database, actor: Actor, object_id: str, *names: str) -> LayoutChange:
    with database.write(actor) as session:
        return layouts.reorder_fields(session, object_id, [f"fld_{name}" for name in names])


def test_a_layout_shows_fields_as_the_object_sees_them(
    database: Database, actor: Actor, make: Make
) -> None:
    company = make.object("company")
    make.field("name", label="Name", description="Its name", config={"maxLength": 80})
    make.attach(
        company,
        "name",
        is_required=True,
        is_readonly=True,
        field_overrides={"label": "Company", "maxLength": 20, "odd": [1]},
    )
    (field,) = layout_of(database, actor, company)
    assert (field.field_id, field.is_required, field.is_visible) == ("fld_name", True, True)
    assert field.effective.label == "Company"
    assert field.effective.help == "Its name"
    assert field.effective.config["maxLength"] == 20
    assert field.overrides == {"label": "Company", "maxLength": 20, "odd": [1]}


def test_gaps_ties_and_negative_positions_have_one_order(
    database: Database, actor: Actor, make: Make
) -> None:
    company = make.object("company")
    make.attach(company, "late", display_order=7, created_at="2024-01-02")
    make.attach(company, "early", display_order=7, created_at="2024-01-01")
    make.attach(company, "first", display_order=-3)
    order = [row.effective.name for row in layout_of(database, actor, company)]
    assert order == ["first", "early", "late"]


def test_a_field_attached_twice_elsewhere_is_shown_and_breaks_nothing(
    database: Database, actor: Actor, make: Make
) -> None:
    company = make.object("company", fields=["name", "name", "phone"])
    rows = layout_of(database, actor, company)
    assert [row.is_duplicate for row in rows] == [False, True, False]

    reorder(database, actor, company, "phone", "name")
    assert make.layout_of(company) == ["fld_phone", "fld_name", "fld_name"]

    with database.write(actor) as session:
        duplicate = layouts.list_layout(session, company)[2]
        layouts.detach_field(session, duplicate.id, duplicate.version)
    assert make.layout_of(company) == ["fld_phone", "fld_name"]


def test_an_empty_layout_is_empty_and_one_without_object_is_not_found(
    database: Database, actor: Actor, make: Make
) -> None:
    assert layout_of(database, actor, make.object("company")) == []
    with pytest.raises(NotFound):
        layout_of(database, actor, "obj_x")


def test_a_field_is_attached_at_the_end_or_at_a_position(
    database: Database, actor: Actor, make: Make
) -> None:
    company = make.object("company", fields=["a", "b"])
    for name in ("c", "d"):
        make.field(name)
    attach(database, actor, company, "fld_c")
    attach(database, actor, company, "fld_d", position=1)
    assert make.layout_of(company) == ["fld_a", "fld_d", "fld_b", "fld_c"]
    with pytest.raises(Invalid, match="already has"):
        attach(database, actor, company, "fld_c")
    with pytest.raises(NotFound, match="field no longer"):
        attach(database, actor, company, "fld_x")
    with pytest.raises(NotFound, match="object no longer"):
        attach(database, actor, "obj_x", "fld_c")


def test_a_field_is_attached_behind_the_largest_position_there_is(
    database: Database, actor: Actor, make: Make
) -> None:
    company = make.object("company")
    make.attach(company, "a", display_order=2**31 - 1)
    make.field("b")
    attach(database, actor, company, "fld_b")
    assert make.layout_of(company) == ["fld_a", "fld_b"]


def test_attaching_notes_the_layout_the_object_and_the_field(
    database: Database, actor: Actor, make: Make
) -> None:
    company = make.object("company")
    make.field("a")
    with database.write(actor) as session:
        layouts.attach_field(session, company, "fld_a", LayoutFlags(is_required=True))
    assert session.changes == {
        Change(Topic.LAYOUTS, company),
        Change(Topic.OBJECTS, company),
        Change(Topic.FIELDS, "fld_a"),
    }
    assert layout_of(database, actor, company)[0].is_required


def test_two_sessions_cannot_both_attach_a_field(
    database: Database, actor: Actor, make: Make, in_another_thread: Callable[..., Any]
) -> None:
    company = make.object("company")
    make.field("a")
    with database.write(actor) as session:
        layouts.attach_field(session, company, "fld_a")
        second = in_another_thread(lambda: attach(database, actor, company, "fld_a"))
        second.wait_until_blocked()
    with pytest.raises(Invalid, match="already has"):
        second.result()
    assert make.layout_of(company) == ["fld_a"]


def test_reordering_shows_the_fields_in_the_given_order_with_one_update(
    database: Database, actor: Actor, make: Make, statements: list[str]
) -> None:
    names = [f"f{number}" for number in range(50)]
    company = make.object("company", fields=names)
    statements.clear()
    reorder(database, actor, company, *reversed(names))
    assert make.layout_of(company) == [f"fld_{name}" for name in reversed(names)]
    assert sum(statement.startswith("UPDATE") for statement in statements) == 1


def test_reordering_a_layout_someone_else_changed_is_refused_and_changes_nothing(
    database: Database, actor: Actor, make: Make
) -> None:
    contact = make.object("contact", fields=["name", "email"])
    make.attach(contact, "phone")  # someone else, meanwhile

    with pytest.raises(Conflict):
        reorder(database, actor, contact, "email", "name")

    assert make.layout_of(contact) == ["fld_name", "fld_email", "fld_phone"]


def test_reordering_waits_for_somebody_who_changes_the_layout_and_is_then_refused(
    database: Database, actor: Actor, make: Make, in_another_thread: Callable[..., Any]
) -> None:
    contact = make.object("contact", fields=["name", "email"])
    make.field("phone")
    with database.write(actor) as session:
        layouts.attach_field(session, contact, "fld_phone")
        second = in_another_thread(lambda: reorder(database, actor, contact, "email", "name"))
        second.wait_until_blocked()
    with pytest.raises(Conflict):
        second.result()
    assert make.layout_of(contact) == ["fld_name", "fld_email", "fld_phone"]


def test_a_change_says_when_another_field_names_the_records(
    database: Database, actor: Actor, make: Make
) -> None:
    company = make.object("company")
    make.field("size", type="number")
    make.attach(company, "size")
    make.attach(company, "name")
    make.attach(company, "email")
    make.field("code")
    assert not reorder(database, actor, company, "name", "size", "email").primary_field_changed
    assert reorder(database, actor, company, "email", "size", "name").primary_field_changed
    assert not attach(database, actor, company, "fld_code").primary_field_changed
    detach = layout_of(database, actor, company)[0]
    with database.write(actor) as session:
        change = layouts.detach_field(session, detach.id, detach.version)
    assert change.primary_field_changed


def test_flags_and_overrides_are_written_by_path(
    database: Database, actor: Actor, make: Make
) -> None:
    company = make.object("company", fields=["name"])
    make.sql('UPDATE object_fields SET field_overrides = \'{"odd": 1.50, "label": "A"}\'')
    (before,) = layout_of(database, actor, company)
    edits = [JsonEdit(("label",), "A", "B"), JsonEdit(("default",), ABSENT, "x")]
    with database.write(actor) as session:
        flags = LayoutFlags(is_required=True, is_visible=False)
        layouts.update_layout_field(session, before.id, before.version, flags, edits)
    (after,) = layout_of(database, actor, company)
    assert (after.is_required, after.is_visible) == (True, False)
    assert after.overrides == {"odd": before.overrides["odd"], "label": "B", "default": "x"}
    assert str(after.overrides["odd"]) == "1.50"
    with pytest.raises(Conflict), database.write(actor) as session:
        layouts.update_layout_field(session, before.id, before.version, flags)


def test_overrides_that_make_no_sense_with_the_field_are_refused(
    database: Database, actor: Actor, make: Make
) -> None:
    company = make.object("company")
    make.field("size", type="number", config={"validation": {"min": 5}})
    make.attach(company, "size")
    (before,) = layout_of(database, actor, company)
    edits = [JsonEdit(("max",), ABSENT, 3)]
    with pytest.raises(Invalid) as refused, database.write(actor) as session:
        layouts.update_layout_field(session, before.id, before.version, LayoutFlags(), edits)
    assert set(refused.value.problems) == {"min"}


def test_what_is_no_longer_in_the_layout_is_said_to_be_gone(
    database: Database, actor: Actor
) -> None:
    with pytest.raises(NotFound, match="no longer part"), database.write(actor) as session:
        layouts.detach_field(session, "ofd_x", 1)


def test_layouts_need_permission(database: Database, make: Make) -> None:
    company = make.object("company", fields=["name"])
    with pytest.raises(Forbidden):
        reorder(database, make.guest(), company, "name")
