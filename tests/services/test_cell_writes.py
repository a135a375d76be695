"""Many cells at once: what is written, what is refused, and what can be undone."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from crm_desktop.db.database import Database
from crm_desktop.db.tables import Record
from crm_desktop.domain.access import Actor
from crm_desktop.domain.cells import ANY_VALUE, CellReport, RefusedCells
from crm_desktop.domain.changes import Change, Topic
from crm_desktop.domain.errors import Cancelled, Forbidden, NotFound
from crm_desktop.services import cell_writes, history
from crm_desktop.services.records import Edit
from tests.make import Make


@pytest.fixture
def deal(make: Make) -> str:
    """Make an object with a text, a number, a choice and a reference to its own records."""
    make.field("amount", "number", config={"min": 0})
    make.field("stage", "select", config={"options": [{"value": "new", "label": "New"}]})
    make.field("parent", "reference", config={"targetObjectId": "obj_deal"})
    return make.object("deal", fields=["name", "amount", "stage", "parent"])


def write(
    database: Database,
    actor: Actor,
    rows: Mapping[str, Mapping[str, Any]],
    object_id: str = "obj_deal",
    **options: Any,
) -> CellReport:
    """Write values by field name; a pair is guarded by its first value."""
    edits = [
        (
            record_id,
            {
                f"fld_{name}": Edit(*value) if isinstance(value, tuple) else Edit(ANY_VALUE, value)
                for name, value in values.items()
            },
        )
        for record_id, values in rows.items()
    ]
    with database.write(actor) as session:
        return cell_writes.write_cells(session, object_id, edits, total=len(edits), **options)


def stored(make: Make, record_id: str) -> Any:
    return make.value(select(Record.data).where(Record.id == record_id))


def reasons(refusal: RefusedCells) -> set[tuple[str, str, str]]:
    return {(p.record_id, p.field_id, p.reason) for p in refusal.problems}


def test_different_cells_of_different_records_are_written_and_nothing_else(
    any_database: Database, actor: Actor
) -> None:
    make = Make(any_database, actor)
    make.field("amount", "number")
    deal = make.object("deal", fields=["name", "amount"])
    odd = 'a "quoted"\ttab\\ back\nslash \u00e4'
    one = make.record(deal, {"fld_name": "One", "fld_amount": Decimal("1.50"), "alien": [1.0]})
    two = make.record(deal, {"fld_name": "Two", "fld_amount": 2})
    other = make.record(deal, {"fld_name": "Three"})

    with any_database.write(actor) as session:
        report = cell_writes.write_cells(
            session,
            deal,
            [
                (one, {"fld_name": Edit("One", odd)}),
                (two, {"fld_name": Edit(ANY_VALUE, None), "fld_amount": Edit(2, Decimal("2.10"))}),
            ],
        )
        assert session.changes == {Change(Topic.RECORDS, deal)}

    assert (report.records, report.cells, report.refused) == (2, 3, 0)
    assert stored(make, one) == {"fld_name": odd, "fld_amount": Decimal("1.50"), "alien": [1.0]}
    assert str(stored(make, two)["fld_amount"]) == "2.10"
    assert stored(make, two).keys() == {"fld_amount"}
    names = make.database.engine.connect()
    with names:
        rows = names.execute(
            select(Record.id, Record.primary_value, Record.updated_by).order_by(Record.id)
        ).all()
    assert [tuple(row) for row in rows] == [
        (one, odd, actor.user_id), (two, None, actor.user_id), (other, "Three", None),
    ]  # fmt: skip


def test_one_bad_cell_keeps_all_from_being_written_and_each_is_named(
    database: Database, actor: Actor, make: Make, deal: str
) -> None:
    make.sql("UPDATE object_fields SET is_readonly = true WHERE field_id = 'fld_stage'")
    make.sql("UPDATE object_fields SET is_required = true WHERE field_id = 'fld_name'")
    good = make.record(deal, {"fld_name": "Good", "fld_amount": 1})
    mine = make.record(deal, {"fld_name": "Mine", "fld_amount": 1})
    shapeless = make.record(deal)
    make.sql("UPDATE records SET data = '[1]' WHERE id = :id", id=shapeless)
    elsewhere = make.record(make.object("other"))

    with pytest.raises(RefusedCells) as refusal:
        write(
            database, actor,
            {
                good: {"amount": 5},
                mine: {"amount": -1, "stage": "new", "alien": 1, "name": " ", "parent": "rec_no"},
                shapeless: {"amount": 5},
                elsewhere: {"amount": 5},
            },
        )  # fmt: skip

    assert refusal.value.total == 7
    assert {(p.record_id, p.field_id) for p in refusal.value.problems} == {
        (mine, "fld_amount"), (mine, "fld_stage"), (mine, "fld_alien"), (mine, "fld_name"),
        (mine, "fld_parent"), (shapeless, ""), (elsewhere, ""),
    }  # fmt: skip
    assert {p.name for p in refusal.value.problems if p.record_id == mine} == {"Mine"}
    assert stored(make, good)["fld_amount"] == 1


def test_bad_cells_are_left_out_when_the_caller_says_so(
    database: Database, actor: Actor, make: Make, deal: str
) -> None:
    one = make.record(deal, {"fld_name": "One", "fld_amount": 1, "fld_stage": "new"})
    two = make.record(deal, {"fld_name": "Two", "fld_amount": 2})
    three = make.record(deal, {"fld_name": "Three"})
    rows: dict[str, dict[str, Any]] = {
        one: {"amount": -1, "name": "Uno", "parent": "rec_no", "stage": ("old", None)},
        two: {"amount": 3, "parent": one},
        three: {"amount": (8, 9)},
        "rec_gone": {"amount": 3},
    }

    report = write(database, actor, rows, leaves_out=True)

    assert (report.records, report.cells, report.refused) == (2, 3, 5)
    assert {(p.record_id, p.field_id) for p in report.problems} == {
        (one, "fld_amount"), (one, "fld_parent"), (one, "fld_stage"),
        (three, "fld_amount"), ("rec_gone", ""),
    }  # fmt: skip
    assert stored(make, one) == {"fld_name": "Uno", "fld_amount": 1, "fld_stage": "new"}
    assert stored(make, two) == {"fld_name": "Two", "fld_amount": 3, "fld_parent": one}


def test_a_value_that_somebody_changed_meanwhile_is_not_overwritten(
    database: Database, actor: Actor, make: Make, deal: str
) -> None:
    one = make.record(deal, {"fld_name": "One", "fld_amount": 1})
    two = make.record(deal, {"fld_name": "Two", "fld_amount": None})

    write(database, actor, {two: {"amount": (None, 7)}})
    with pytest.raises(RefusedCells, match="changed this value"):
        write(database, actor, {one: {"amount": (2, 3)}, two: {"amount": (7, 8)}})

    assert stored(make, one)["fld_amount"] == 1
    assert stored(make, two)["fld_amount"] == 7


def test_only_ones_own_records_are_written_where_rights_say_so(
    database: Database, actor: Actor, make: Make
) -> None:
    rights = {"read": ["all"], "create": ["all"], "update": ["owner"], "delete": ["all"]}
    deal = make.object("deal", fields=["name"], permissions=rights)
    grace = make.actor()
    hers = make.record(deal, {"fld_name": "Hers"}, created_by=grace.user_id)
    given = make.record(deal, {"fld_name": "G", "fld_system_owner": str(grace.user_id)})
    not_hers = make.record(deal, {"fld_name": "Not hers"})
    every = {id_: {"name": "x"} for id_ in (hers, given, not_hers)}

    with pytest.raises(RefusedCells) as refusal:
        write(database, grace, every)
    assert reasons(refusal.value) == {(not_hers, "", "You are not allowed to change this record.")}

    assert write(database, grace, every, leaves_out=True).records == 2
    assert stored(make, not_hers) == {"fld_name": "Not hers"}
    make.sql("UPDATE objects SET permissions = jsonb_set(permissions, '{update}', '[]')")
    with pytest.raises(Forbidden, match="Deals"):
        write(database, grace, every)
    with pytest.raises(NotFound):
        write(database, grace, every, "obj_gone")


def test_many_batches_are_one_step_of_undo(
    database: Database, actor: Actor, make: Make, deal: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cell_writes, "BATCH", 7)
    monkeypatch.setattr(cell_writes, "BLOCK", 3)
    ids = make.records(deal, 20)
    told: list[tuple[int, int]] = []

    def progress(done: int, total: int) -> bool:
        told.append((done, total))
        return True

    report = write(database, actor, {id_: {"stage": "new"} for id_ in ids}, on_progress=progress)
    assert (report.records, report.can_undo) == (20, True)
    assert told == sorted(told)
    assert told[-1] == (40, 40)

    with database.read(actor) as session:
        last = history.undo_state(session).undo
    assert last is not None
    assert (last.title, last.rows) == ("change of 20 cells", 20)
    with database.write(actor) as session:
        assert history.undo(session, last.id).records_changed == 20
    assert stored(make, ids[0]) == {"fld_name": ids[0]}


def test_stopping_changes_nothing(database: Database, actor: Actor, make: Make, deal: str) -> None:
    id_ = make.record(deal, {"fld_name": "One"})

    with pytest.raises(Cancelled):
        write(database, actor, {id_: {"name": "x"}}, on_progress=lambda done, _: done < 2)

    assert stored(make, id_) == {"fld_name": "One"}


def test_without_a_history_the_session_keeps_the_old_values(
    database: Database, actor: Actor, make: Make, deal: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    make.sql("ALTER TABLE records DISABLE TRIGGER ALL")
    one = make.record(deal, {"fld_name": "One", "fld_amount": 1})
    edits = {"fld_amount": Edit(ANY_VALUE, None), "fld_stage": Edit(ANY_VALUE, "new")}

    with database.write(actor) as session:
        cell_writes.write_cells(session, deal, [(one, edits)])
        assert session.edits[0].values == {"fld_amount": (1, None), "fld_stage": (None, "new")}
    monkeypatch.setattr(cell_writes, "MOST_NOTED", 0)
    assert not write(database, actor, {one: {"name": "x"}}).can_undo
