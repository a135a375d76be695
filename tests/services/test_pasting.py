"""Pasting: cells over records and as new ones, read as the person writes, all or nothing."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from crm_desktop.db.database import Database
from crm_desktop.db.tables import Record
from crm_desktop.domain.access import Actor
from crm_desktop.domain.clipboard import CellBlock
from crm_desktop.domain.errors import Cancelled, Forbidden, UserError
from crm_desktop.domain.formats import Formats
from crm_desktop.domain.html_tables import HtmlCell
from crm_desktop.services import history, pasting
from crm_desktop.services.pasting import PasteRequest, RefusedPaste
from tests.make import Make

GERMAN = Formats(",", ".", "dmy", ".")
FIELDS = ("name", "amount", "due", "stage", "done", "contact", "owner")


@pytest.fixture
def deal(make: Make) -> str:
    """Make an object with a field of each kind, and contacts to refer to."""
    options = [{"value": "new", "label": "New one"}, {"value": "won", "label": "Won"}]
    make.object("contact", fields=["title"])
    make.field("amount", "number", config={"min": 0})
    make.field("due", "date")
    make.field("stage", "select", config={"options": options})
    make.field("done", "boolean")
    make.field("contact", "reference", config={"targetObjectId": "obj_contact"})
    make.field("owner", "lookup", config={"lookupObject": "user"})
    return make.object("deal", fields=FIELDS)


def ask(
    rows: CellBlock | Sequence[Sequence[str]],
    record_ids: Sequence[str] = (),
    fields: Sequence[str] = FIELDS,
    *,
    new_rows: int = 0,
    formats: Formats = GERMAN,
) -> PasteRequest:
    block = rows if isinstance(rows, CellBlock) else CellBlock.of_texts(rows)
    ids = tuple(f"fld_{name}" for name in fields)
    return PasteRequest("obj_deal", ids, tuple(record_ids), block, formats, new_rows)


def paste(database: Database, actor: Actor, request: PasteRequest, **options: Any) -> Any:
    with database.write(actor) as session:
        return pasting.paste(session, request, **options)


def all_data(make: Make) -> list[Any]:
    with make.database.engine.connect() as connection:
        mine = Record.object_id == "obj_deal"
        return list(connection.scalars(select(Record.data).where(mine).order_by(Record.id)))


def test_cells_are_read_as_the_person_writes_them(
    database: Database, actor: Actor, make: Make, deal: str
) -> None:
    contact = make.record("obj_contact", {"fld_title": "Grace, Ltd"})
    one, two = make.record(deal, {"fld_name": "One", "alien": 1}), make.record(deal)
    rows = [
        ["Uno\nzwei", "1.234,50", "31.01.2024", "Won", "ja", "Grace, Ltd", "Ada Admin"],
        ["", "7", "2024-02-01", "new", "no", contact, "ADMIN@example.com"],
    ]
    make.sql("UPDATE fields SET config = '{\"trueLabel\": \"Ja\"}' WHERE id = 'fld_done'")

    report = paste(database, actor, ask(rows, [one, two]))

    assert (report.cells, report.records, report.new_records) == (14, 2, 0)
    admin = str(actor.user_id)
    assert all_data(make) == [
        {
            "fld_name": "Uno\nzwei", "fld_amount": Decimal("1234.50"), "fld_due": "2024-01-31",
            "fld_stage": "won", "fld_done": True, "fld_contact": contact, "fld_owner": admin,
            "alien": 1,
        },
        {
            "fld_amount": 7, "fld_due": "2024-02-01", "fld_stage": "new", "fld_done": False,
            "fld_contact": contact, "fld_owner": admin,
        },
    ]  # fmt: skip


def test_what_cannot_be_read_keeps_all_from_being_pasted_or_is_left_out(
    database: Database, actor: Actor, make: Make, deal: str
) -> None:
    make.record("obj_contact", {"fld_title": "Twin"})
    make.record("obj_contact", {"fld_title": "Twin"})
    make.record("obj_contact", {"fld_title": "Only"})
    make.sql("UPDATE object_fields SET is_readonly = true WHERE field_id = 'fld_done'")
    ids = [make.record(deal, {"fld_name": name}) for name in ("A", "B", "C")]
    rows = [["x", "-1", "soon", "lost", "yes", "Twin", "?"], ["y", "2", "", "won", "", "Only", ""]]
    request = ask(rows, ids)  # the third record gets the first row again

    with database.read(actor) as session:
        plan = pasting.plan_paste(session, request)
    with pytest.raises(RefusedPaste) as refusal:
        paste(database, actor, request)

    assert refusal.value.plan == plan
    assert (plan.cells, plan.records, plan.refused) == (8, 3, 13)
    assert {(p.field_id, p.row, p.cells) for p in plan.problems} == {
        ("fld_amount", 0, 2), ("fld_due", 0, 2), ("fld_stage", 0, 2), ("fld_done", 0, 3),
        ("fld_contact", 0, 2), ("fld_owner", 0, 2),
    }  # fmt: skip
    assert "2 records are called “Twin”." in {p.reason for p in plan.problems}
    assert all_data(make) == [{"fld_name": name} for name in "ABC"]

    report = paste(database, actor, request, leaves_out=True)
    assert (report.cells, report.records, report.refused) == (8, 3, 13)
    assert [data["fld_name"] for data in all_data(make)] == ["x", "y", "x"]


def test_rows_below_the_end_become_records_and_all_is_one_step_of_undo(
    any_database: Database, actor: Actor
) -> None:
    make = Make(any_database, actor)
    make.field("amount", "number")
    make.field("state", config={"default": "open"})
    deal = make.object("deal", fields=["name", "amount", "state"])
    one = make.record(deal, {"fld_name": "One"})
    rows = [["Uno", "1"], ["Dos \\ \t", "2.50"], ["", ""], ["", "3"]]
    told: list[tuple[int, int]] = []

    def progress(done: int, total: int) -> bool:
        told.append((done, total))
        return True

    request = ask(rows, [one], ["name", "amount"], new_rows=3, formats=Formats())
    with any_database.long(actor) as writing:
        report = pasting.paste(writing, request, on_progress=progress)

    assert (report.cells, report.records, report.new_records) == (6, 1, 2)
    assert told[-1][0] <= told[-1][1] == 5
    with make.database.engine.connect() as connection:
        columns = (Record.data, Record.primary_value, Record.created_by, Record.tenant_id)
        found = connection.execute(select(*columns).order_by(Record.id)).all()
    admin = actor.user_id
    assert [tuple(row) for row in found[1:]] == [
        ({"fld_name": "Dos \\ \t", "fld_amount": Decimal("2.50"), "fld_state": "open"},
         "Dos \\ \t", admin, str(admin)),
        ({"fld_amount": 3, "fld_state": "open"}, "open", admin, str(admin)),
    ]  # fmt: skip
    assert found[0].data == {"fld_name": "Uno", "fld_amount": 1}

    with any_database.read(actor) as session:
        last = history.undo_state(session).undo
    assert last is not None
    assert last.title == "paste of 8 cells"
    with any_database.write(actor) as writing:
        history.undo(writing, last.id)
    assert all_data(make) == [{"fld_name": "One"}]


def test_a_new_record_that_lacks_what_is_required_is_a_problem(
    database: Database, actor: Actor, make: Make, deal: str
) -> None:
    make.sql("UPDATE object_fields SET is_required = true WHERE field_id = 'fld_name'")
    rows = [["A", "1"], [" ", "2"], ["C", "x"]]

    with pytest.raises(RefusedPaste) as refusal:
        paste(database, actor, ask(rows, fields=["name", "amount"], new_rows=3))
    assert {p.row for p in refusal.value.plan.problems} == {1, 2}
    report = paste(
        database, actor, ask(rows, fields=["name", "amount"], new_rows=3), leaves_out=True
    )
    assert report.new_records == 2
    assert [data["fld_name"] for data in all_data(make)] == ["A", "C"]
    with pytest.raises(RefusedPaste, match="needs a value for “Name”"):
        paste(database, actor, ask([["1"]], fields=["amount"], new_rows=1))
    make.sql("UPDATE objects SET permissions = '{\"create\": []}' WHERE id = 'obj_deal'")
    with pytest.raises(Forbidden):
        paste(database, actor, ask(rows, fields=["name", "amount"], new_rows=1))


def test_exact_values_are_taken_where_they_fit_and_read_anew_where_they_do_not(
    database: Database, actor: Actor, make: Make, deal: str
) -> None:
    contact = make.record("obj_contact", {"fld_title": "Only"})
    one = make.record(deal)
    block = CellBlock(
        (("1.50", "Won", "Gone away", "", "Won"), ("8,25", "New one", "Only", "x", "")),
        ((Decimal("1.50"), "won", contact, None, "won"),
         (Decimal("8.25"), "unknown", "rec_gone", " x ", None)),
        ("currency", "select", "reference", "textarea", "select"),
    )  # fmt: skip
    two = make.record(deal)

    names = ["amount", "stage", "contact", "name", "due"]
    with pytest.raises(RefusedPaste, match="“Won” is not a date"):
        paste(database, actor, ask(block, [one, two], names))
    report = paste(database, actor, ask(block, [one, two], names[:4]))

    assert report.cells == 8
    first, second = all_data(make)
    assert str(first.pop("fld_amount")) == "1.50"
    assert first == {"fld_stage": "won", "fld_contact": contact}
    assert second == {
        "fld_amount": Decimal("8.25"), "fld_stage": "new", "fld_contact": contact,
        "fld_name": " x ",
    }  # fmt: skip


def test_numbers_and_dates_of_a_spreadsheet_are_taken_exactly(
    database: Database, actor: Actor, make: Make, deal: str
) -> None:
    one = make.record(deal)
    cells = [[HtmlCell("1,234.5", Decimal("1234.5")), HtmlCell("1/31/24", "2024-01-31"),
              HtmlCell("12", 12)]]  # fmt: skip

    paste(database, actor, ask(CellBlock.of_html(cells), [one], ["amount", "due", "name"]))

    assert all_data(make) == [
        {"fld_amount": Decimal("1234.5"), "fld_due": "2024-01-31", "fld_name": "12"}
    ]


def test_what_records_refuse_is_said_with_their_rows(
    database: Database, actor: Actor, make: Make, deal: str
) -> None:
    one, two = make.record(deal, {"fld_name": "A"}), make.record(deal)
    make.sql("UPDATE records SET data = '[]' WHERE id = :id", id=two)
    request = ask([["x"], ["y"], ["z"]], [one, two, "rec_gone"], ["name"])

    with pytest.raises(RefusedPaste) as refusal:
        paste(database, actor, request)

    assert {problem.row for problem in refusal.value.plan.problems} == {1, 2}
    assert refusal.value.plan.refused == 2
    assert paste(database, actor, request, leaves_out=True).records == 1


def test_without_a_history_a_paste_that_makes_records_is_not_half_undone(
    database: Database, actor: Actor, make: Make, deal: str
) -> None:
    make.sql("ALTER TABLE records DISABLE TRIGGER ALL")
    one = make.record(deal, {"fld_name": "A"})

    with database.write(actor) as session:
        assert pasting.paste(session, ask([["x"]], [one], ["name"])).can_undo
        assert len(session.edits) == 1
    with database.write(actor) as session:
        request = ask([["y"], ["z"]], [one], ["name"], new_rows=1)
        assert not pasting.paste(session, request).can_undo
        assert not session.edits


def test_stopping_a_paste_and_a_paste_of_nothing_change_nothing(
    database: Database, actor: Actor, make: Make, deal: str
) -> None:
    one = make.record(deal, {"fld_name": "A"})
    request = ask([["x"], ["y"]], [one], ["name"], new_rows=1)

    with pytest.raises(Cancelled):
        paste(database, actor, request, on_progress=lambda done, _: done < 2)
    with pytest.raises(UserError, match="nothing to paste"):
        paste(database, actor, ask([], [one], ["name"]))

    assert all_data(make) == [{"fld_name": "A"}]
