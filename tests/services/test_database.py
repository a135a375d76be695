"""Sessions: what they refuse, what they keep, and how another thread stops them."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any
from urllib.parse import quote

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy import text
from sqlalchemy.exc import InternalError
from sqlalchemy.orm import Session

from crm_desktop.db.database import MAX_DEPTH, Database, Running, dump_json, load_json
from crm_desktop.db.problems import ConnectionLost, UncertainCommit
from crm_desktop.domain.access import Actor
from crm_desktop.domain.changes import Change, Topic
from crm_desktop.domain.errors import Cancelled, Invalid
from tests.stalling import proxied

AN_OBJECT = text("INSERT INTO objects (id, name, label, plural_name) VALUES ('o', 'o', 'O', 'Os')")
COUNT = text("SELECT count(*) FROM objects")
END_MYSELF = text("SELECT pg_terminate_backend(pg_backend_pid())")
SLEEP = text("SELECT pg_sleep(60)")


def setting(session: Session, name: str) -> str:
    return str(session.scalar(text("SELECT current_setting(:name)"), {"name": name}))


def wait_until_asleep(url: str) -> None:
    """Return once some backend of the database sleeps."""
    query = "SELECT count(*) FROM pg_stat_activity WHERE datname = %s AND wait_event = 'PgSleep'"
    name = conninfo_to_dict(url)["dbname"]
    with psycopg.connect(url, autocommit=True) as connection:
        while connection.execute(query, [name]).fetchone() == (0,):
            pass


def test_a_read_session_cannot_write(database: Database, actor: Actor) -> None:
    with pytest.raises(InternalError, match="read-only"), database.read(actor) as session:
        session.execute(text("DELETE FROM objects"))


def test_a_read_session_cannot_write_after_a_commit_either(
    database: Database, actor: Actor
) -> None:
    with database.read(actor) as session:
        session.commit()
        with pytest.raises(InternalError, match="read-only"):
            session.execute(text("DELETE FROM objects"))


def test_a_write_is_committed_and_its_changes_are_remembered(
    any_database: Database, actor: Actor
) -> None:
    with any_database.write(actor) as session:
        session.execute(AN_OBJECT)
        session.note(Topic.OBJECTS, "o")
    assert session.changes == {Change(Topic.OBJECTS, "o")}
    with any_database.read(actor) as session_2:
        assert session_2.scalar(COUNT) == 1
        assert session_2.actor is actor


def test_a_write_that_fails_leaves_nothing(database: Database, actor: Actor) -> None:
    def fail() -> None:
        with database.write(actor) as session:
            session.execute(AN_OBJECT)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    with database.read(actor) as reading:
        assert reading.scalar(COUNT) == 0


def test_each_kind_of_session_has_its_own_limits(any_database: Database, actor: Actor) -> None:
    with any_database.read(actor) as session:
        assert setting(session, "default_transaction_read_only") == "on"
        assert setting(session, "statement_timeout") == "5min"
    with any_database.write(actor) as session:
        assert setting(session, "statement_timeout") == "1min"
        assert setting(session, "lock_timeout") == "4s"
        assert setting(session, "idle_in_transaction_session_timeout") == "1min"
        assert setting(session, "application_name") == "crm-desktop"
    with any_database.long(actor) as session:
        assert setting(session, "statement_timeout") == "0"
        assert setting(session, "lock_timeout") == "30s"


def test_what_the_address_says_wins_over_our_settings(database_url: str, actor: Actor) -> None:
    options = quote("-c lock_timeout=9s -c DateStyle=DMY")
    database = Database.at(f"{database_url}&application_name=mine&options={options}")
    with database.write(actor) as session:
        assert setting(session, "application_name") == "mine"
        assert setting(session, "lock_timeout") == "9s"
        assert setting(session, "DateStyle") == "ISO, DMY"
        assert setting(session, "statement_timeout") == "1min"
    database.close()


@pytest.mark.parametrize("url", ["mysql://localhost/crm", "postgresql://[", "nonsense", ""])
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(Invalid, match="no address"):
        Database.at(url)


def test_behind_a_pooler_every_transaction_brings_its_own_limits(
    database_url: str, actor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stand-in for PgBouncer: it refuses settings in the startup packet."""
    connect = psycopg.connect

    def refuse_settings(conninfo: str, **parameters: Any) -> Any:
        if "options" in parameters:
            raise psycopg.OperationalError("FATAL:  unsupported startup parameter: options")
        return connect(conninfo, **parameters)

    monkeypatch.setattr(psycopg, "connect", refuse_settings)
    database = Database.at(database_url)
    with database.write(actor) as session:
        assert setting(session, "lock_timeout") == "4s"
        session.commit()
        assert setting(session, "lock_timeout") == "0"  # nothing leaks to the next client
    with pytest.raises(InternalError, match="read-only"), database.read(actor) as reading:
        reading.execute(text("DELETE FROM objects"))
    database.close()


def test_numbers_in_json_come_back_digit_by_digit(any_database: Database, actor: Actor) -> None:
    source = '{"a": 1.50, "b": 12345678901234567890123, "c": 0.1, "d": 3, "e": 1e2}'
    query = text("SELECT CAST(:value AS jsonb)")
    with any_database.read(actor) as session:
        value = session.scalar(query, {"value": source})
        assert value["a"] == Decimal("1.50")
        assert str(value["a"]) == "1.50"
        assert value["b"] == 12345678901234567890123
        assert str(session.scalar(query, {"value": dump_json(value)})) == str(value)


def test_half_of_a_character_is_refused_in_a_sentence(database: Database, actor: Actor) -> None:
    for session_of in (database.read, database.write):
        with pytest.raises(Invalid, match="cannot store"), session_of(actor) as session:
            session.scalar(text("SELECT CAST(:value AS text)"), {"value": "a\udcff"})


def test_an_integer_of_more_digits_than_python_reads_survives() -> None:
    digits = "7" * 5000
    assert dump_json(load_json(f"[{digits}]")) == f"[{digits}]"


def test_json_nested_deeper_than_anybody_reads_is_cut_there_and_breaks_nothing(
    any_database: Database, actor: Actor
) -> None:
    deep = '{"a": ["x [", "\\"]"], "b": ' + "[" * 3000 + "]" * 3000 + ', "c": 1.50}'
    with any_database.read(actor) as session:
        value = session.scalar(text("SELECT CAST(:value AS jsonb)"), {"value": deep})
    assert value["a"] == ["x [", '"]']
    assert str(value["c"]) == "1.50"
    shown = dump_json(value["b"])
    assert shown.count("[") == shown.count("]") == MAX_DEPTH - 1
    assert "…" in shown
    wide = "[" + "[1], " * 5000 + "{}]"
    assert dump_json(load_json(wide)) == wide


@pytest.mark.parametrize("kind", ["read", "write", "long"])
def test_another_thread_stops_a_running_statement(
    database: Database, actor: Actor, kind: str
) -> None:
    running = Running()
    call = _sleeping(getattr(database, kind), actor, running)
    with ThreadPoolExecutor() as pool:
        sleeping = pool.submit(call)
        wait_until_asleep(database.url)
        running.cancel()
        with pytest.raises(Cancelled):
            sleeping.result(10)
    with database.read(actor) as session:
        assert session.scalar(COUNT) == 0


def _sleeping(open_session: Any, actor: Actor, running: Running) -> Callable[[], None]:
    def call() -> None:
        with open_session(actor, running) as session:
            session.execute(SLEEP)

    return call


def test_a_connection_that_answers_nothing_is_closed_and_frees_its_thread(
    database_url: str, actor: Actor
) -> None:
    running = Running()
    with proxied(database_url) as proxy, ThreadPoolExecutor() as pool:
        database = Database.at(proxy.url)
        sleeping = pool.submit(_sleeping(database.read, actor, running))
        wait_until_asleep(database_url)
        proxy.stall()
        running.cancel(patience=1)
        with pytest.raises(Cancelled):
            sleeping.result(10)
        proxy.go_on()
        with database.read(actor) as session:
            assert session.scalar(COUNT) == 0
        database.close()


def test_a_session_that_was_stopped_before_it_began_runs_nothing(
    database: Database, actor: Actor
) -> None:
    running = Running()
    running.cancel()
    with pytest.raises(Cancelled), database.write(actor, running) as session:
        session.execute(AN_OBJECT)
    with database.read(actor) as reading:
        assert reading.scalar(COUNT) == 0


def test_stopping_a_session_that_ended_leaves_the_next_one_alone(
    database: Database, actor: Actor
) -> None:
    running = Running()
    with database.read(actor, running) as session:
        session.scalar(COUNT)
    running.cancel()
    with database.read(actor) as session:
        assert session.scalar(COUNT) == 0


def test_what_is_given_back_after_the_end_is_closed(database: Database, actor: Actor) -> None:
    with database.read(actor) as session:
        connection = session.connection().connection.driver_connection
        assert isinstance(connection, psycopg.Connection)
        database.close()
        assert session.scalar(text("SELECT 1")) == 1
    assert connection.closed


def test_a_lost_connection_is_said_and_the_next_session_has_a_new_one(
    any_database: Database, actor: Actor
) -> None:
    with pytest.raises(ConnectionLost), any_database.read(actor) as session:
        session.execute(END_MYSELF)
    with any_database.read(actor) as session:
        assert session.scalar(COUNT) == 0


def test_idle_connections_that_the_server_ended_are_replaced_unseen(
    any_database: Database, actor: Actor
) -> None:
    with any_database.read(actor) as session:
        session.scalar(COUNT)
    with psycopg.connect(any_database.url, autocommit=True) as admin:
        admin.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    with any_database.read(actor) as session:
        assert session.scalar(COUNT) == 0


def test_a_lost_read_is_tried_again(database: Database, actor: Actor) -> None:
    attempts = []

    def lose_the_first(session: Session) -> Any:
        attempts.append(session)
        return session.scalar(END_MYSELF if len(attempts) == 1 else COUNT)

    assert database.answer(actor, lose_the_first) == 0
    assert len(attempts) == 2


def test_a_commit_without_an_answer_is_called_uncertain(database: Database, actor: Actor) -> None:
    """A deferred trigger makes the commit itself wait; then the server ends the connection."""
    with psycopg.connect(database.url, autocommit=True) as admin, ThreadPoolExecutor() as pool:
        admin.execute(
            "CREATE FUNCTION pause() RETURNS trigger LANGUAGE plpgsql AS"
            " 'BEGIN PERFORM pg_sleep(60); RETURN NULL; END';"
            "CREATE CONSTRAINT TRIGGER pause AFTER INSERT ON objects"
            " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION pause()"
        )
        saving = pool.submit(_write_an_object, database, actor)
        wait_until_asleep(database.url)
        admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'PgSleep'"
            " AND datname = current_database()"
        )
        with pytest.raises(UncertainCommit, match="uncertain"):
            saving.result(10)


def _write_an_object(database: Database, actor: Actor) -> None:
    with database.write(actor) as session:
        session.execute(AN_OBJECT)


def test_a_copy_over_the_raw_connection_belongs_to_the_session(
    database: Database, actor: Actor
) -> None:
    def copy_rows() -> None:
        with database.write(actor) as session:
            session.execute(AN_OBJECT)
            driver = session.connection().connection.driver_connection
            assert isinstance(driver, psycopg.Connection)
            columns = "objects (id, name, label, plural_name)"
            with driver.cursor().copy(f"COPY {columns} FROM STDIN") as copy:
                copy.write_row(["p", "p", None, "Ps"])

    with pytest.raises(Invalid, match="label"):
        copy_rows()
    with database.read(actor) as session_2:
        assert session_2.scalar(COUNT) == 0
