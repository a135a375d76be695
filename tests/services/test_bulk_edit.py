"""Bulk edits against a real database: what changes, what fails and why, and one step back."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select, text

from crm_desktop.db.database import Database, Running
from crm_desktop.db.tables import Record
from crm_desktop.domain.access import Actor
from crm_desktop.domain.bulk_changes import (
    AddOptions,
    Change,
    Clear,
    IncreaseBy,
    IncreaseByPercent,
    RemoveOptions,
    SetTo,
    ShiftDays,
)
from crm_desktop.domain.changes import Change as Announced
from crm_desktop.domain.changes import Topic
from crm_desktop.domain.errors import Cancelled, Conflict, Forbidden, Invalid
from crm_desktop.domain.filters import Condition, RecordQuery
from crm_desktop.services import bulk_edit, bulk_summary, history
from crm_desktop.services.bulk_edit import BulkResult, Rehearsal
from crm_desktop.services.bulk_summary import FieldSummary
from crm_desktop.services.record_targets import ChosenRecords, FoundRecords, RecordTarget
from tests.make import Make
from tests.services.conftest import Second

Changes = Mapping[str, Change]
STAGES = {"options": [{"value": "new", "label": "New"}, {"value": "won", "label": "Won"}]}
TAGS = {"options": [{"value": v, "label": v} for v in "abcd"], "maxSelections": 3}


@pytest.fixture
def deals(make: Make) -> str:
    make.field("stage", "select", config=STAGES)
    make.field("amount", "currency", config={"min": 0, "max": 5000, "decimals": 2})
    make.field("rate", "number")
    make.field("day", "date", config={"maxDate": "2024-12-31"})
    make.field("at", "datetime")
    make.field("tags", "multiselect", config=TAGS)
    deal = make.object("deal", ["name", "stage", "amount", "rate", "day", "at"])
    make.attach(deal, "tags", is_required=True)
    return deal


def everything(object_id: str) -> FoundRecords:
    return FoundRecords(RecordQuery(object_id))


def rehearse(database: Database, actor: Actor, target: RecordTarget, changes: Changes) -> Rehearsal:
    with database.long(actor) as session:
        return bulk_edit.rehearse(session, target, changes)


def apply_changes(
    database: Database, actor: Actor, target: RecordTarget, changes: Changes
) -> BulkResult:
    """Rehearse and make the changes, leaving out what fails."""
    rehearsal = rehearse(database, actor, target, changes)
    with database.long(actor) as session:
        return bulk_edit.apply_changes(session, target, changes, rehearsal, leaves_out_failing=True)


def stored(make: Make) -> dict[str, dict[str, Any]]:
    with make.database.engine.connect() as connection:
        return {row.id: row.data for row in connection.execute(select(Record.id, Record.data))}


def failures(rehearsal: Rehearsal) -> dict[str, int]:
    return {failure.reason: failure.count for failure in rehearsal.failures}


def test_a_form_sees_what_is_the_same_mixed_or_empty_in_all_records(
    database: Database, actor: Actor, make: Make, deals: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, amount, rate in (("A", Decimal("1.50"), None), ("B", Decimal("1.50"), "")):
        data = {"fld_name": name, "fld_amount": amount, "fld_rate": rate, "fld_tags": []}
        make.record(deals, {**data, "fld_stage": "won" if name == "A" else {"odd": 1}})
    with database.read(actor) as session:
        seen = bulk_summary.summarize_target(session, everything(deals))
    assert (seen.count, seen.can_be_undone) == (2, True)
    assert seen.values["fld_name"] == seen.values["fld_stage"] == FieldSummary(2)
    assert seen.values["fld_amount"] == FieldSummary(1, Decimal("1.50"))
    assert seen.values["fld_rate"] == seen.values["fld_tags"] == FieldSummary(1, None)

    monkeypatch.setattr(bulk_summary, "SAMPLE", 1)  # what lies beyond the sample is compared
    with database.read(actor) as session:
        seen = bulk_summary.summarize_target(session, everything(deals))
    assert seen.values["fld_name"] == FieldSummary(2, is_exact=False)
    assert seen.values["fld_amount"] == FieldSummary(1, Decimal("1.50"))
    assert not seen.values["fld_day"].is_mixed


def test_a_value_is_set_in_all_that_a_filter_finds_and_the_rest_of_each_stays(
    database: Database, actor: Actor, make: Make, deals: str
) -> None:
    odd = {"fld_odd": [1, {"x": None}], "fld_rate": Decimal("1.10")}
    first = make.record(deals, {"fld_name": "First", "fld_stage": "new", **odd})
    second = make.record(deals, {"fld_name": "Second", "fld_stage": "won"})
    other = make.record(deals, {"fld_name": "Other", "fld_stage": None})
    filled = Condition("fld_stage", "is_not_empty")
    target = FoundRecords(RecordQuery(deals, conditions=(filled,)))
    changes: Changes = {"fld_stage": SetTo("won"), "fld_name": SetTo("Same")}

    rehearsal = rehearse(database, actor, target, changes)
    assert stored(make)[first] == {"fld_name": "First", "fld_stage": "new", **odd}
    with database.long(actor) as session:
        done = bulk_edit.apply_changes(
            session, target, changes, rehearsal, leaves_out_failing=False
        )
        assert session.changes == {Announced(Topic.RECORDS, deals)}

    assert (rehearsal.changed, rehearsal.unchanged, done) == (2, 0, BulkResult(2, 0))
    before = {each.id: each.before for each in rehearsal.examples}
    assert before[first] == {"fld_stage": "new", "fld_name": "First"}
    assert {tuple(each.after.values()) for each in rehearsal.examples} == {("won", "Same")}
    assert stored(make) == {
        first: {"fld_name": "Same", "fld_stage": "won", **odd},
        second: {"fld_name": "Same", "fld_stage": "won"},
        other: {"fld_name": "Other", "fld_stage": None},
    }
    named = make.value(select(Record.primary_value).where(Record.id == first))
    assert (named, str(stored(make)[first]["fld_rate"])) == ("Same", "1.10")
    again = rehearse(database, actor, target, changes)
    assert (again.changed, again.unchanged) == (0, 2)


def test_numbers_grow_exactly_and_those_that_break_a_rule_are_told_apart(
    database: Database, actor: Actor, make: Make, deals: str
) -> None:
    values = [Decimal("0.10"), 3, Decimal("1.005"), 4990, "12", None, True, Decimal("1E+500")]
    ids = [make.record(deals, {"fld_name": "N", "fld_amount": v}) for v in values]
    changes: Changes = {"fld_amount": IncreaseBy(Decimal("10.20"))}

    rehearsal = rehearse(database, actor, everything(deals), changes)
    done = apply_changes(database, actor, everything(deals), changes)

    found = [stored(make)[id_]["fld_amount"] for id_ in ids]
    assert [str(v) for v in found[:2]] == ["10.30", "13.20"]
    assert found[2:] == values[2:]
    assert (rehearsal.changed, rehearsal.unchanged, done) == (2, 1, BulkResult(2, 5))
    assert failures(rehearsal) == {
        "What is stored there does not fit the type “currency”.": 3,
        "It would be more than 5000.": 1,
        "It would have more than 2 decimals.": 1,
    }
    percent: Changes = {"fld_amount": IncreaseByPercent(-15), "fld_rate": IncreaseByPercent(5)}
    make.sql('UPDATE records SET data = \'{"fld_amount": 9.99, "fld_rate": 100}\'')
    apply_changes(database, actor, everything(deals), percent)
    assert {str(data) for data in stored(make).values()} == {
        str({"fld_rate": 105, "fld_amount": Decimal("8.49")})
    }


def test_dates_move_by_days_and_what_is_none_is_told(
    database: Database, actor: Actor, make: Make, deals: str
) -> None:
    days = ["2024-02-28", "2024-12-31", "2023-02-29", "0001-01-01", "soon", "", None]
    ids = [make.record(deals, {"fld_name": "D", "fld_day": day}) for day in days]
    moments = ["2024-02-28T23:59:59.123Z", "2024-02-28T24:00Z", 7]
    times = [make.record(deals, {"fld_name": "T", "fld_at": moment}) for moment in moments]

    later = rehearse(database, actor, everything(deals), {"fld_day": ShiftDays(2)})
    apply_changes(database, actor, everything(deals), {"fld_day": ShiftDays(2)})
    apply_changes(database, actor, everything(deals), {"fld_at": ShiftDays(-60)})
    earliest = rehearse(database, actor, ChosenRecords(deals, (ids[3],)),
                        {"fld_day": ShiftDays(-999_999)})  # fmt: skip

    moved = [stored(make)[id_]["fld_day"] for id_ in ids]
    assert moved == ["2024-03-01", *days[1:3], "0001-01-03", *days[4:]]
    assert failures(later) == {
        "What is stored there does not fit the type “date”.": 2,
        "It would be after 2024-12-31.": 1,
    }
    assert failures(earliest) == {"The year would not be between 1 and 9999.": 1}
    assert [stored(make)[id_]["fld_at"] for id_ in times] == [
        "2023-12-30T23:59:59.123Z", *moments[1:]
    ]  # fmt: skip


def test_options_are_added_and_taken_away_within_the_rules(
    database: Database, actor: Actor, make: Make, deals: str
) -> None:
    values = [["a"], ["a", "b", "c"], ["x", "b"], [], "a", ["d", "a"], None]
    ids = [make.record(deals, {"fld_name": "T", "fld_tags": value}) for value in values]

    def tags() -> list[Any]:
        return [stored(make)[id_].get("fld_tags") for id_ in ids]

    adding = rehearse(database, actor, everything(deals), {"fld_tags": AddOptions(("d", "a"))})
    apply_changes(database, actor, everything(deals), {"fld_tags": AddOptions(("d", "a"))})
    added = tags()
    removing = rehearse(database, actor, everything(deals), {"fld_tags": RemoveOptions(("d", "a"))})
    apply_changes(database, actor, everything(deals), {"fld_tags": RemoveOptions(("d", "a"))})

    assert added == [["a", "d"], values[1], values[2], ["d", "a"], "a", ["d", "a"], ["d", "a"]]
    assert failures(adding) == {
        "There would be more than 3 options.": 2,
        "What is stored there does not fit the type “several choices”.": 1,
    }
    assert tags() == [["a", "d"], ["b", "c"], ["x", "b"], ["d", "a"], "a", ["d", "a"], ["d", "a"]]
    assert failures(removing)["A value is required."] == 4


def test_a_change_that_fits_no_record_is_refused_at_its_field(
    database: Database, actor: Actor, make: Make, deals: str
) -> None:
    make.attach(deals, "locked", is_readonly=True)
    make.field("friend", "reference")
    make.attach(deals, "friend")
    changes: Changes = {
        "fld_stage": SetTo("lost"), "fld_amount": IncreaseBy(Decimal("0.001")),
        "fld_day": ShiftDays(0), "fld_tags": Clear(), "fld_locked": SetTo("x"),
        "fld_friend": SetTo("rec_gone"), "fld_name": IncreaseBy(1), "fld_nothing": Clear(),
    }  # fmt: skip
    with pytest.raises(Invalid) as refused:
        rehearse(database, actor, everything(deals), changes)
    assert refused.value.problems.keys() == changes.keys()
    with pytest.raises(Forbidden):
        rehearse(database, make.guest(), everything(deals), {"fld_rate": Clear()})


def test_only_what_one_may_change_is_changed_and_what_is_gone_is_said(
    database: Database, make: Make, deals: str
) -> None:
    make.sql('UPDATE objects SET permissions = \'{"update": ["owner"]}\'')
    grace = make.actor()
    mine = make.record(deals, {"fld_name": "M", "fld_rate": 1}, created_by=grace.user_id)
    odd = make.record(deals, created_by=grace.user_id)
    theirs = make.record(deals, {"fld_name": "T", "fld_rate": 1})
    make.sql("UPDATE records SET data = '[\"fld_rate\"]' WHERE id = :id", id=odd)
    target = ChosenRecords(deals, (mine, odd, theirs, "rec_gone"))
    changes: Changes = {"fld_rate": SetTo(2)}

    rehearsal = rehearse(database, grace, target, changes)
    assert (rehearsal.changed, rehearsal.gone, rehearsal.failed) == (1, 1, 2)
    assert failures(rehearsal) == {bulk_edit.NO_RIGHT: 1, bulk_edit.NO_FIELDS: 1}
    assert rehearsal.failures[0].examples == ((theirs, "T"),)
    with pytest.raises(Invalid), database.long(grace) as session:
        bulk_edit.apply_changes(session, target, changes, rehearsal, leaves_out_failing=False)
    assert apply_changes(database, grace, target, changes) == BulkResult(1, 2)
    assert stored(make)[mine]["fld_rate"] == 2
    assert make.value(select(Record.data).where(Record.id == odd)) == ["fld_rate"]
    author = make.value(select(Record.updated_by).where(Record.id == mine))
    assert author == grace.user_id


def test_what_triggers_and_constraints_of_others_refuse_is_found_and_left_out(
    database: Database, actor: Actor, make: Make, deals: str
) -> None:
    ids = make.records(deals, 1200)
    make.sql("""
        CREATE FUNCTION guard() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            IF right(NEW.id, 3) = '999' THEN RAISE EXCEPTION 'Closed: %', NEW.id; END IF;
            IF right(NEW.id, 3) = '500' THEN RETURN NULL; END IF;
            RETURN NEW;
        END $$""")
    make.sql("CREATE TRIGGER guard BEFORE UPDATE ON records FOR EACH ROW EXECUTE FUNCTION guard()")
    make.sql("CREATE UNIQUE INDEX one_of_a_kind ON records ((data ->> 'fld_rate'))"
             " WHERE id > 'rec_1190'")  # fmt: skip
    changes: Changes = {"fld_rate": SetTo(7)}

    rehearsal = rehearse(database, actor, everything(deals), changes)
    done = apply_changes(database, actor, everything(deals), changes)

    kept = [id_ for id_ in ids if id_.endswith("500")]
    alike = len([id_ for id_ in ids if id_ > "rec_1190" and id_ not in kept]) - 1
    expected = {f"Closed: {id_}": 1 for id_ in ids if id_.endswith("999")}
    expected[bulk_edit.LEFT_ALONE] = len(kept)
    expected["The database already has an entry with the same values."] = alike
    assert failures(rehearsal) == expected
    assert (rehearsal.changed, rehearsal.unexamined) == (1200 - rehearsal.failed, 0)
    assert done == BulkResult(rehearsal.changed, rehearsal.failed)


def test_a_bulk_edit_is_one_step_to_undo(
    database: Database, actor: Actor, make: Make, deals: str
) -> None:
    make.records(deals, 1200)
    before = stored(make)
    apply_changes(database, actor, everything(deals),
                  {"fld_name": SetTo("Same"), "fld_stage": SetTo("won")})  # fmt: skip
    with database.read(actor) as session:
        undo = history.undo_state(session).undo
    assert undo is not None
    assert (undo.title, undo.rows) == ("edit of 1,200 records", 1200)
    with database.write(actor) as session:
        history.undo(session, undo.id)
    assert stored(make) == before
    assert make.value(select(Record.primary_value).limit(1)) != "Same"


def test_what_somebody_else_writes_at_the_same_moment_into_other_fields_stays(
    database: Database,
    actor: Actor,
    make: Make,
    deals: str,
    in_another_thread: Callable[..., Second],
) -> None:
    first, second = (make.record(deals, {"fld_name": "N", "fld_rate": 1}) for _ in range(2))
    changes: Changes = {"fld_stage": SetTo("won"), "fld_rate": IncreaseBy(1)}
    rehearsal = rehearse(database, actor, everything(deals), changes)

    def write() -> BulkResult:
        with database.long(actor) as session:
            return bulk_edit.apply_changes(
                session, everything(deals), changes, rehearsal, leaves_out_failing=False
            )

    with database.engine.begin() as theirs:
        theirs.execute(text("UPDATE records SET data = data || '{\"fld_rate\": 5, \"fld_x\": 6}'"
                            " WHERE id = :id"), {"id": first})  # fmt: skip
        theirs.execute(text("DELETE FROM records WHERE id = :id"), {"id": second})
        ours = in_another_thread(write)
        ours.wait_until_blocked()
    assert ours.result() == BulkResult(1, 1)
    assert stored(make) == {first: {"fld_name": "N", "fld_rate": 6, "fld_stage": "won", "fld_x": 6}}


def test_a_list_that_finds_many_more_than_was_agreed_is_left_alone(
    database: Database, actor: Actor, make: Make, deals: str
) -> None:
    make.records(deals, 20)
    changes: Changes = {"fld_rate": SetTo(7)}
    rehearsal = rehearse(database, actor, everything(deals), changes)
    make.records(deals, 5)
    with database.long(actor) as session:
        done = bulk_edit.apply_changes(
            session, everything(deals), changes, rehearsal, leaves_out_failing=False
        )
    assert done.changed == 25
    make.records(deals, 40)
    with pytest.raises(Conflict), database.long(actor) as session:
        bulk_edit.apply_changes(
            session, everything(deals), {"fld_rate": SetTo(8)}, rehearsal, leaves_out_failing=True
        )
    assert sum(data.get("fld_rate") == 7 for data in stored(make).values()) == 25


def test_a_rehearsal_that_is_stopped_or_out_of_time_changes_nothing(
    database: Database, actor: Actor, make: Make, deals: str
) -> None:
    make.records(deals, 1500)
    make.sql("ALTER TABLE records ADD CONSTRAINT mine CHECK (data -> 'fld_rate' IS NULL)"
             " NOT VALID")  # fmt: skip
    changes: Changes = {"fld_rate": SetTo(7)}
    with database.long(actor) as session:
        seen = bulk_edit.rehearse(session, everything(deals), changes, patience=0)
    assert (seen.changed, seen.unexamined) == (0, 1500)
    with pytest.raises(Cancelled), database.long(actor, Running()) as session:
        bulk_edit.rehearse(session, everything(deals), changes, lambda done, _: done < 1)
    assert not any("fld_rate" in data for data in stored(make).values())
