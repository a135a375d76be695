"""Undo and redo from what the triggers kept: records, links, other people, lost rights."""

from collections.abc import Callable, Mapping
from functools import partial
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import select, text

from crm_desktop.db.database import Database
from crm_desktop.db.tables import Record, RelationshipRecord
from crm_desktop.domain.access import Actor
from crm_desktop.domain.changes import Change, Topic
from crm_desktop.domain.errors import Conflict, Forbidden, NotFound, Unavailable
from crm_desktop.domain.json_edits import JsonEdit
from crm_desktop.services import history, links, records
from crm_desktop.services.history import ChangeSet, UndoReport
from crm_desktop.services.records import Edit
from tests.make import Make
from tests.services.conftest import Second


def everything(make: Make) -> dict[str, Any]:
    """Return all records and links as people see them: without who wrote last, and when."""
    with make.database.engine.connect() as connection:
        rows = connection.execute(
            select(Record.id, Record.object_id, Record.data, Record.primary_value,
                   Record.created_at, Record.created_by, Record.tenant_id)
        )  # fmt: skip
        found: dict[str, Any] = {row.id: tuple(row) for row in rows}
        found |= {row[0]: tuple(row) for row in connection.execute(
            select(*RelationshipRecord.__table__.c))}  # fmt: skip
    return found


def last_change(database: Database, actor: Actor) -> ChangeSet:
    with database.read(actor) as session:
        found = history.undo_state(session).undo
    assert found is not None
    return found


def undo_last(database: Database, actor: Actor) -> UndoReport:
    id_ = last_change(database, actor).id
    with database.write(actor) as session:
        return history.undo(session, id_)


def redo_last(database: Database, actor: Actor) -> UndoReport:
    with database.read(actor) as session:
        undone = history.undo_state(session).redo
    assert undone is not None
    with database.write(actor) as session:
        return history.redo(session, undone.id)


def edit(database: Database, actor: Actor, id_: str, **values: tuple[Any, Any]) -> None:
    edits = {f"fld_{key}": Edit(old, new) for key, (old, new) in values.items()}
    with database.write(actor) as session:
        records.update_record(session, id_, edits)


@pytest.fixture
def deals(make: Make) -> str:
    return make.object("deal", fields=["name", "stage", "amount"])


def data_of(make: Make, id_: str) -> Mapping[str, Any] | None:
    found: Mapping[str, Any] | None = make.value(select(Record.data).where(Record.id == id_))
    return found


def test_an_edit_is_undone_and_done_again(database: Database, make: Make, deals: str) -> None:
    id_ = make.record(deals, {"fld_name": "Orion", "fld_stage": "new", "fld_other": 1})
    edit(database, make.admin, id_, name=("Orion", "Lyra"), stage=("new", None))
    edited = everything(make)

    assert last_change(database, make.admin).title == "edit of “Orion”"
    report = undo_last(database, make.admin)
    assert (report.records_changed, report.refused) == (1, 0)
    assert data_of(make, id_) == {"fld_name": "Orion", "fld_stage": "new", "fld_other": 1}
    assert make.value(select(Record.primary_value)) == "Orion"
    redo_last(database, make.admin)
    assert everything(make) == edited
    assert make.value(select(Record.primary_value)) == "Lyra"


def test_undo_announces_what_it_changed(database: Database, make: Make, deals: str) -> None:
    id_ = make.record(deals, {"fld_name": "Orion"})
    edit(database, make.admin, id_, name=("Orion", "Lyra"))
    change = last_change(database, make.admin)
    with database.write(make.admin) as session:
        history.undo(session, change.id)
        assert session.changes == {Change(Topic.RECORDS, deals)}


def test_what_somebody_changed_since_is_reported_and_stays(
    database: Database, make: Make, deals: str
) -> None:
    id_ = make.record(deals, {"fld_name": "Orion", "fld_stage": "new"})
    edit(database, make.admin, id_, name=("Orion", "Lyra"), stage=("new", "won"))
    edit(database, make.actor(), id_, stage=("won", "lost"))

    report = undo_last(database, make.admin)
    assert data_of(make, id_) == {"fld_name": "Orion", "fld_stage": "lost"}
    assert [each.reason for each in report.refusals] == ["“Stage” of “Lyra” changed since."]
    assert (report.records_changed, report.refused) == (1, 1)


def test_undo_where_everything_changed_since_still_takes_the_step_off_the_stack(
    database: Database, make: Make, deals: str
) -> None:
    id_ = make.record(deals, {"fld_name": "Orion"})
    edit(database, make.admin, id_, name=("Orion", "Lyra"))
    edit(database, make.actor(), id_, name=("Lyra", "Vega"))
    report = undo_last(database, make.admin)
    assert (report.done, report.refused) == (0, 1)
    with database.read(make.admin) as session:
        assert history.undo_state(session).undo is None


def test_undo_waits_for_somebody_who_edits_just_now_and_then_spares_their_value(
    database: Database, make: Make, deals: str, in_another_thread: Callable[..., Second]
) -> None:
    id_ = make.record(deals, {"fld_name": "Orion", "fld_stage": "new"})
    edit(database, make.admin, id_, name=("Orion", "Lyra"), stage=("new", "won"))
    with database.write(make.actor()) as other:
        records.update_record(other, id_, {"fld_stage": Edit("won", "lost")})
        undoing = in_another_thread(partial(undo_last, database, make.admin))
        undoing.wait_until_blocked()
    assert undoing.result().refused == 1
    assert data_of(make, id_) == {"fld_name": "Orion", "fld_stage": "lost"}


def test_a_link_made_while_a_creation_is_undone_is_not_lost(
    database: Database, make: Make, deals: str, in_another_thread: Callable[..., Second]
) -> None:
    peer = make.relationship(deals, deals)
    with database.write(make.admin) as session:
        id_ = records.create_record(session, deals, {"fld_name": "Orion"})
    older = make.record(deals, {"fld_name": "older"})
    with database.write(make.actor()) as other:
        link_id = links.create_link(other, peer, older, id_)
        undoing = in_another_thread(partial(undo_last, database, make.admin))
        undoing.wait_until_blocked()
    assert "was linked since" in undoing.result().refusals[0].reason
    assert {id_, link_id} <= everything(make).keys()


def test_another_persons_edit_of_another_field_stands(
    database: Database, make: Make, deals: str
) -> None:
    id_ = make.record(deals, {"fld_name": "Orion"})
    edit(database, make.admin, id_, name=("Orion", "Lyra"))
    edit(database, make.actor(), id_, stage=(None, "won"))
    assert undo_last(database, make.admin).refused == 0
    assert data_of(make, id_) == {"fld_name": "Orion", "fld_stage": "won"}


def test_a_deletion_undone_brings_the_links_and_their_metadata_back(
    any_database: Database, actor: Actor
) -> None:
    make, database = Make(any_database, actor), any_database
    deals = make.object("deal", fields=["name"])
    peer = make.relationship(deals, deals)
    ids = make.records(deals, 5)
    for one, other in pairwise(ids):
        make.link(peer, one, other, relationship_metadata={"role": "CEO", "share": 1})
    before = everything(make)
    with database.write(make.admin) as session:
        records.delete_records(session, ids[1:4])
    without = everything(make)

    assert last_change(database, make.admin).title == "deletion of 3 records"
    report = undo_last(database, make.admin)
    assert (report.records_restored, report.links, report.refused) == (3, 4, 0)
    assert everything(make) == before
    redo_last(database, make.admin)
    assert everything(make) == without
    undo_last(database, make.admin)
    assert everything(make) == before


def test_a_restored_record_keeps_columns_that_only_this_database_has(
    database: Database, make: Make, deals: str
) -> None:
    make.sql("ALTER TABLE records ADD branch int,"
             " ADD twice int GENERATED ALWAYS AS (branch * 2) STORED")  # fmt: skip
    id_ = make.record(deals, {"fld_name": "Orion"})
    make.sql("UPDATE records SET branch = 7")
    with database.write(make.admin) as session:
        records.delete_records(session, [id_])
    undo_last(database, make.admin)
    assert make.value(select(text("branch + twice")).select_from(text("records"))) == 21


def test_a_creation_undone_and_done_again(database: Database, make: Make, deals: str) -> None:
    with database.write(make.admin) as session:
        id_ = records.create_record(session, deals, {"fld_name": "Orion"})
    made = everything(make)
    assert last_change(database, make.admin).title == "creation of “Orion”"
    assert undo_last(database, make.admin).records_deleted == 1
    assert everything(make) == {}
    assert redo_last(database, make.admin).records_restored == 1
    assert everything(make) == made
    assert id_ in made


def test_a_creation_is_not_undone_once_it_was_changed_or_linked(
    database: Database, make: Make, deals: str
) -> None:
    peer = make.relationship(deals, deals)
    with database.write(make.admin) as session:
        session.describe("paste of 3 records")
        ids = [records.create_record(session, deals, {"fld_name": name}) for name in "abc"]
    edit(database, make.actor(), ids[0], name=("a", "z"))
    make.link(peer, ids[1], make.record(deals, {"fld_name": "older"}))

    report = undo_last(database, make.admin)
    assert report.records_deleted == 1
    assert sorted(each.reason for each in report.refusals) == [
        "“b” was linked since (1), and stays.",
        "“z” was changed since, and stays as it is.",
    ]
    assert set(everything(make)) >= {ids[0], ids[1]}
    assert ids[2] not in everything(make)


def test_a_creation_edited_and_taken_back_step_by_step(
    database: Database, make: Make, deals: str
) -> None:
    with database.write(make.admin) as session:
        id_ = records.create_record(session, deals, {"fld_name": "Orion"})
    edit(database, make.admin, id_, name=("Orion", "Lyra"))
    undo_last(database, make.admin)
    assert undo_last(database, make.admin).refused == 0
    assert everything(make) == {}


def test_a_gesture_of_several_statements_on_one_record_is_one_step(
    database: Database, make: Make, deals: str
) -> None:
    kept = make.record(deals, {"fld_name": "Orion"})
    before = everything(make)
    with database.write(make.admin) as session:
        session.describe("paste of 4 cells")
        records.update_record(session, kept, {"fld_name": Edit("Orion", "Lyra")})
        records.update_record(session, kept, {"fld_name": Edit("Lyra", "Vega")})
        new = records.create_record(session, deals, {"fld_name": "new"})
        records.update_record(session, new, {"fld_name": Edit("new", "newer")})
        records.delete_records(session, [kept])
    after = everything(make)
    assert last_change(database, make.admin).rows == 5
    assert undo_last(database, make.admin).refused == 0
    assert everything(make) == before
    assert redo_last(database, make.admin).refused == 0
    assert everything(make) == after


def test_links_made_changed_and_deleted_are_undone(
    database: Database, make: Make, deals: str
) -> None:
    owns = make.relationship(deals, deals, "1:N")
    one, other, third = make.records(deals, 3)
    states = [everything(make)]
    with database.write(make.admin) as session:
        id_ = links.create_link(session, owns, one, other, {"since": "2020"})
    states.append(everything(make))
    with database.write(make.admin) as session:
        links.update_link(session, id_, [JsonEdit(("since",), "2020", "2021")])
    states.append(everything(make))
    with database.write(make.admin) as session:
        links.delete_link(session, id_)
    for state in reversed(states):
        assert undo_last(database, make.admin).links == 1
        assert everything(make) == state
    for state in states[1:]:
        redo_last(database, make.admin)
        assert everything(make) == state
    redo_last(database, make.admin)
    make.link(owns, third, other)
    report = undo_last(database, make.admin)
    assert (report.links, report.refused) == (0, 1)
    assert "another one took its place" in report.refusals[0].reason


def test_a_new_change_forgets_what_could_be_done_again(
    database: Database, make: Make, deals: str
) -> None:
    id_ = make.record(deals, {"fld_name": "Orion"})
    edit(database, make.admin, id_, name=("Orion", "Lyra"))
    undo_last(database, make.admin)
    edit(database, make.admin, id_, name=("Orion", "Vega"))
    with database.read(make.admin) as session:
        state = history.undo_state(session)
    assert state.redo is None
    assert state.undo is not None


def test_each_person_at_each_computer_has_a_stack_that_outlives_the_program(
    database_url: str, database: Database, make: Make, deals: str
) -> None:
    id_ = make.record(deals, {"fld_name": "Orion"})
    database.call_computer("here")
    edit(database, make.admin, id_, name=("Orion", "Lyra"))
    edit(database, make.actor(), id_, stage=(None, "won"))

    def title_at(computer: str) -> str:
        later = Database.at(database_url)
        later.call_computer(computer)
        try:
            with later.read(make.admin) as session:
                found = history.undo_state(session).undo
        finally:
            later.close()
        return found.title if found else ""

    assert title_at("here") == "edit of “Orion”"
    assert title_at("elsewhere") == ""


def test_what_was_undone_already_is_not_undone_twice(
    database: Database, make: Make, deals: str
) -> None:
    id_ = make.record(deals, {"fld_name": "Orion"})
    edit(database, make.admin, id_, name=("Orion", "Lyra"))
    change = last_change(database, make.admin)
    undo_last(database, make.admin)
    with pytest.raises(Conflict, match="already"), database.write(make.admin) as session:
        history.undo(session, change.id)
    with pytest.raises(NotFound), database.write(make.admin) as session:
        history.undo(session, 10**9)


def test_rights_on_records_hold_for_undo(database: Database, make: Make, deals: str) -> None:
    id_ = make.record(deals, {"fld_name": "Orion"})
    edit(database, make.admin, id_, name=("Orion", "Lyra"))
    make.sql("UPDATE objects SET permissions = '{\"update\": []}'")
    report = undo_last(database, make.admin)
    assert "not allowed" in report.refusals[0].reason
    assert data_of(make, id_) == {"fld_name": "Lyra"}


def test_undo_needs_a_permission(database: Database, make: Make) -> None:
    with pytest.raises(Forbidden), database.write(make.guest()) as session:
        history.undo(session, 1)


def test_writes_of_other_programs_are_recorded_without_a_title(
    database: Database, make: Make, deals: str
) -> None:
    make.sql("INSERT INTO records (id, object_id) SELECT 'rec_' || n, 'obj_deal' "
             "FROM generate_series(1, 25000) n")  # fmt: skip
    make.sql("UPDATE records SET data = '{\"fld_name\": \"x\"}' WHERE id = 'rec_1'")
    make.sql("UPDATE records SET data = '[1]' WHERE id = 'rec_1'")
    make.sql("DELETE FROM objects")
    with database.read(make.admin) as session:
        sets = history.list_change_sets(session)
        older = history.list_change_sets(session, before=sets[0].id, limit=1)
    assert [each.rows for each in sets] == [25000, 1, 1, 25000]
    assert {each.title for each in sets} == {""}
    assert sets[0].program == "crm-desktop"
    assert older == sets[1:2]


def test_where_the_triggers_were_declined_undo_says_so(
    database: Database, make: Make, deals: str
) -> None:
    make.sql("DROP TRIGGER crm_desktop_history_update ON records")
    with database.read(make.admin) as session:
        assert "keeps no history" in history.undo_state(session).unavailable
        assert history.list_change_sets(session) == ()
        assert not history.keeps_history(session)
    with pytest.raises(Unavailable), database.write(make.admin) as session:
        history.undo(session, 1)


def test_history_is_bounded_in_age_and_size(database: Database, make: Make, deals: str) -> None:
    id_ = make.record(deals, {"fld_name": "Orion"})
    edit(database, make.admin, id_, name=("Orion", "Lyra"))
    for table in ("history", "change_sets"):
        make.sql(f"UPDATE crm_desktop.{table} SET at = at - interval '100 days'")
    edit(database, make.admin, id_, name=("Lyra", "Vega"))

    def kept() -> int:
        with database.read(make.admin) as session:
            return len(history.list_change_sets(session))

    assert kept() == 3
    with database.write(make.admin) as session:
        history.bound_history(session)
    assert kept() == 1
    assert undo_last(database, make.admin).refused == 0
    edit(database, make.admin, id_, name=("Lyra", "x" * 1000))
    with database.write(make.admin) as session:
        history.bound_history(session, most_bytes=1)
    assert kept() == 0
    assert make.value(select(text("count(*)")).select_from(text("crm_desktop.history"))) == 0
