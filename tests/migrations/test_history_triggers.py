"""The triggers that keep a history: never in the way of other programs, mended, taken out."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event

import psycopg
import pytest
from alembic import command
from psycopg.conninfo import make_conninfo
from sqlalchemy import create_engine

from crm_desktop.db import history_triggers
from crm_desktop.db.additions import State
from crm_desktop.db.connections import UPKEEP, Connector
from crm_desktop.db.fingerprint import DESKTOP_VERSIONS
from crm_desktop.db.history_triggers import HISTORY
from crm_desktop.db.migrate import alembic_config, check, detach, migrate
from crm_desktop.domain.errors import Cancelled
from tests.migrations.dump import schema_of

AN_OBJECT = "INSERT INTO objects (id, name, label, plural_name) VALUES ('obj_1', 'a', 'A', 'As')"
A_RECORD = "INSERT INTO records (id, object_id, data) VALUES (%s, 'obj_1', '{\"x\": 1}')"
EDIT = "UPDATE records SET data = data || '{\"x\": 2}' WHERE id = %s"
DROP = "DELETE FROM records WHERE id = %s"
ROWS = "SELECT operation, row_id, before, after FROM crm_desktop.history ORDER BY statement"


def run(url: str, statement: str, *values: object) -> list[tuple[object, ...]]:
    with psycopg.connect(url, autocommit=True) as connection:
        cursor = connection.execute(statement, values or None)
        return cursor.fetchall() if cursor.description else []


def write_all(url: str, id_: str) -> None:
    for statement in (A_RECORD, EDIT, DROP):
        run(url, statement, id_)


@pytest.fixture
def workspace(database_url: str) -> str:
    run(database_url, AN_OBJECT)
    return database_url


@pytest.fixture
def any_workspace(any_database_url: str) -> str:
    """Give one on PostgreSQL 18 and once more on 16."""
    run(any_database_url, AN_OBJECT)
    return any_database_url


@pytest.fixture
def clerk(workspace: str) -> Iterator[str]:
    """Give the URL for a login that may write records and links, and nothing of ours."""
    with clerk_of(workspace) as url:
        yield url


@contextmanager
def clerk_of(workspace: str) -> Iterator[str]:
    run(workspace, "CREATE ROLE crm_history_clerk LOGIN")
    run(workspace, "GRANT SELECT, INSERT, UPDATE, DELETE ON records, relationship_records"
                   " TO crm_history_clerk")  # fmt: skip
    yield make_conninfo(workspace, user="crm_history_clerk")
    run(workspace, "DROP OWNED BY crm_history_clerk")
    run(workspace, "DROP ROLE crm_history_clerk")


def test_writes_of_a_login_without_any_right_on_our_schema_are_recorded(
    any_workspace: str,
) -> None:
    workspace = any_workspace
    with clerk_of(workspace) as clerk:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            run(clerk, "SELECT FROM crm_desktop.history")
        write_all(clerk, "rec_1")
    assert [row[0] for row in run(workspace, ROWS)] == ["insert", "update", "delete"]
    before, after = run(workspace, ROWS)[1][2:]
    assert (before, after) == (
        {"updated_by": None, "data": {"x": 1}},
        {"updated_by": None, "data": {"x": 2}},
    )
    assert set(run(workspace, "SELECT login, actor FROM crm_desktop.change_sets")) == {
        ("crm_history_clerk", None)
    }


@pytest.mark.parametrize(
    "damage",
    [
        "DROP TABLE crm_desktop.history CASCADE",
        "DROP TABLE crm_desktop.change_sets",
        "ALTER TABLE crm_desktop.history DROP COLUMN after",
        "ALTER TABLE crm_desktop.history ADD CHECK (false) NOT VALID",
        "DROP FUNCTION crm_desktop.current_change_set",
        "DROP SEQUENCE crm_desktop.history_statement",
    ],
)
def test_a_damaged_history_fails_nobodys_write(workspace: str, clerk: str, damage: str) -> None:
    run(workspace, damage)
    write_all(clerk, "rec_1")
    run(clerk, A_RECORD, "rec_2")
    assert run(workspace, "SELECT id FROM records") == [("rec_2",)]


def test_a_history_that_somebody_locks_holds_nobody_up(workspace: str, clerk: str) -> None:
    with psycopg.connect(workspace) as other:
        other.execute("LOCK TABLE crm_desktop.history")
        with psycopg.connect(clerk, options="-c statement_timeout=5s") as connection:
            connection.execute(A_RECORD, ["rec_1"])
    assert run(workspace, "SELECT id FROM records") == [("rec_1",)]
    assert run(workspace, ROWS) == []


@pytest.mark.parametrize("said", ["no json", '{"actor": "me"}', '{"kind": "feast"}', "5:7"])
def test_settings_that_make_no_sense_fail_nobodys_write(
    workspace: str, clerk: str, said: str
) -> None:
    with psycopg.connect(clerk) as connection:
        for name in ("gesture", "change_set"):
            connection.execute("SELECT set_config(%s, %s, true)", [f"crm_desktop.{name}", said])
        connection.execute(A_RECORD, ["rec_1"])
    assert len(run(workspace, ROWS)) == 1
    assert run(workspace, "SELECT title FROM crm_desktop.change_sets") == [("",)]


def test_one_transaction_is_one_change_set_whatever_is_rolled_back_in_it(workspace: str) -> None:
    with psycopg.connect(workspace) as connection:
        connection.execute(A_RECORD, ["rec_0"])
        with pytest.raises(psycopg.errors.UniqueViolation), connection.transaction():
            connection.cursor().executemany(A_RECORD, [["rec_1"], ["rec_1"]])
        connection.execute(A_RECORD, ["rec_2"])
        connection.execute(EDIT, ["rec_2"])
    sets = run(workspace, "SELECT count(*), count(DISTINCT change_set) FROM crm_desktop.history")
    assert sets == [(3, 1)]


def test_what_a_deletion_cascades_to_is_recorded_with_it(any_workspace: str) -> None:
    workspace = any_workspace
    for number in (1, 2, 3):
        run(workspace, A_RECORD, f"rec_{number}")
    run(workspace, "INSERT INTO relationships (id, name, from_object_id, to_object_id, type)"
                   " VALUES ('rel_1', 'r', 'obj_1', 'obj_1', 'N:N')")  # fmt: skip
    run(workspace, "INSERT INTO relationship_records (id, relationship_id, from_record_id,"
                   " to_record_id) VALUES ('rrec_1', 'rel_1', 'rec_1', 'rec_2'),"
                   " ('rrec_2', 'rel_1', 'rec_2', 'rec_3')")  # fmt: skip
    run(workspace, "DELETE FROM objects")
    deleted = "SELECT row_id FROM crm_desktop.history WHERE operation = 'delete' ORDER BY 1"
    assert [row[0] for row in run(workspace, deleted)] == [
        "rec_1", "rec_2", "rec_3", "rrec_1", "rrec_2",
    ]  # fmt: skip
    assert run(workspace, "SELECT count(DISTINCT change_set) FROM crm_desktop.history"
                          " WHERE operation = 'delete'") == [(1,)]  # fmt: skip


def test_a_schema_made_by_an_earlier_version_gets_the_history(any_core_database_url: str) -> None:
    engine = create_engine(
        "postgresql+psycopg://", creator=Connector(any_core_database_url, UPKEEP).open
    )
    with engine.begin() as connection:
        command.upgrade(alembic_config("desktop", connection), "crm_desktop_0001")
    engine.dispose()
    assert check(any_core_database_url).desktop_version == "crm_desktop_0001"
    report = migrate(any_core_database_url)
    assert report.problems == {}
    assert report.after.desktop_version == DESKTOP_VERSIONS[-1]
    assert report.after.additions[HISTORY] is State.PRESENT


def test_an_update_keeps_the_changed_keys_only(any_workspace: str) -> None:
    workspace = any_workspace
    run(workspace, A_RECORD, "rec_1")
    run(workspace, A_RECORD, "rec_2")
    run(workspace, "UPDATE records SET data = '{\"x\": 1, \"y\": [2], \"z\": 1.50}'"
                   " WHERE id = 'rec_2'")  # fmt: skip
    run(workspace, "UPDATE records SET data = CASE id WHEN 'rec_1' THEN data - 'x'"
                   " ELSE data || '{\"y\": null}' END, tenant_id = 'me'")  # fmt: skip
    run(workspace, "UPDATE records SET primary_value = 'derived', updated_at = now()")
    images = [
        (before["data"], after["data"], after.get("tenant_id"))  # type: ignore[index,attr-defined]
        for operation, _, before, after in run(workspace, ROWS)
        if operation == "update"
    ]
    assert images == [
        ({}, {"y": [2], "z": 1.5}, None),
        ({"x": 1}, {}, "me"),
        ({"y": [2]}, {"y": None}, "me"),
    ]


def test_a_trigger_that_is_missing_or_different_is_mended(any_workspace: str) -> None:
    workspace = any_workspace
    made = schema_of(workspace)
    run(workspace, "DROP TRIGGER crm_desktop_history_delete ON records")
    run(workspace, "CREATE TRIGGER crm_desktop_older AFTER INSERT ON records"
                   " EXECUTE FUNCTION crm_desktop.records_inserted()")  # fmt: skip
    assert check(workspace).additions[HISTORY] is State.BROKEN
    migrate(workspace)
    run(workspace, "DROP TRIGGER crm_desktop_older ON records")
    assert schema_of(workspace) == made
    assert check(workspace).additions[HISTORY] is State.PRESENT


def test_a_trigger_that_somebody_switched_off_stays_off(workspace: str) -> None:
    run(workspace, "ALTER TABLE records DISABLE TRIGGER crm_desktop_history_insert")
    assert migrate(workspace).made == ()
    assert check(workspace).additions[HISTORY] is State.DISABLED
    run(workspace, A_RECORD, "rec_1")
    assert run(workspace, ROWS) == []


def test_triggers_wait_for_writers_without_holding_them_up(
    workspace: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(workspace, "DROP TRIGGER crm_desktop_history_delete ON records")
    monkeypatch.setattr(history_triggers, "_PATIENCE", 0)
    with psycopg.connect(workspace) as writer:
        writer.execute(A_RECORD, ["rec_1"])
        report = migrate(workspace)
        assert "working on this just now" in report.problems[HISTORY]
        run(workspace, A_RECORD, "rec_2")
    assert migrate(workspace).problems == {}
    assert check(workspace).additions[HISTORY] is State.PRESENT


def test_waiting_for_writers_can_be_stopped(workspace: str) -> None:
    run(workspace, "DROP TRIGGER crm_desktop_history_delete ON records")
    asked = Event()

    def on_progress(done: int, _total: int) -> bool:
        is_first = not (asked.is_set() and done == 2)
        if done == 2:
            asked.set()
        return is_first

    with psycopg.connect(workspace) as writer:
        writer.execute(A_RECORD, ["rec_1"])
        with pytest.raises(Cancelled):
            migrate(workspace, on_progress=on_progress)


def test_detach_takes_triggers_and_history_out(workspace: str) -> None:
    run(workspace, A_RECORD, "rec_1")
    report = detach(workspace)
    assert HISTORY in report.removed
    assert report.kept == {}
    assert "crm_desktop" not in schema_of(workspace)
    write_all(workspace, "rec_2")


def test_partitions_are_made_ahead_and_dropped_when_old(any_workspace: str) -> None:
    workspace = any_workspace
    keep = "SELECT crm_desktop.keep_history(interval '90 days', 1000000000)"
    names = ("SELECT count(*) FROM pg_inherits"
             " WHERE inhparent = 'crm_desktop.history'::regclass")  # fmt: skip
    run(workspace, keep)
    run(workspace, keep)
    assert run(workspace, names) == [(3,)]
    run(workspace, A_RECORD, "rec_1")
    assert run(workspace, "SELECT count(*) FROM crm_desktop.history_default") == [(0,)]
    run(workspace, "CREATE TABLE crm_desktop.history_2020_01_06 PARTITION OF crm_desktop.history"
                   " FOR VALUES FROM ('2020-01-06') TO ('2020-01-13')")  # fmt: skip
    run(workspace, keep)
    assert run(workspace, names) == [(3,)]
    assert len(run(workspace, ROWS)) == 1
