"""Every database error that a user can act on is provoked for real and said in words."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import psycopg
import pytest
from psycopg.conninfo import make_conninfo
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from crm_desktop.db.database import Database
from crm_desktop.db.problems import ConnectionLost, Unreachable
from crm_desktop.domain.access import Actor
from crm_desktop.domain.errors import (
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    Unavailable,
    UserError,
)
from tests.conftest import ADMIN_ID, new_database

SETUP = f"""
INSERT INTO objects (id, name, label, plural_name) VALUES ('obj_1', 'a', 'A', 'As');
INSERT INTO fields (id, name, label, type, created_by)
    VALUES ('fld_1', 'name', 'Name', 'text', '{ADMIN_ID}');
INSERT INTO object_fields (id, object_id, field_id) VALUES ('ofd_1', 'obj_1', 'fld_1');
INSERT INTO records (id, object_id) VALUES ('rec_1', 'obj_1'), ('rec_2', 'obj_1');
"""
SOMEONE_ELSE_WRITES = "…"
A_USER = (
    "INSERT INTO users VALUES (gen_random_uuid(), 'admin@example.com', '!', 'X', true, true,"
    " now(), now())"
)
A_FIELD = (
    "INSERT INTO fields (id, name, label, type, created_by)"
    f" VALUES ('fld_2', 'name', 'N', 'text', '{ADMIN_ID}')"
)


@pytest.fixture
def filled(any_database: Database) -> Database:
    with psycopg.connect(any_database.url) as connection:
        connection.execute(SETUP)
    return any_database


@pytest.fixture
def role(any_server: str) -> Iterator[str]:
    with psycopg.connect(any_server.format("postgres"), autocommit=True) as admin:
        admin.execute("CREATE ROLE crm_reader LOGIN PASSWORD 'right'")
        yield "crm_reader"
        admin.execute("DROP ROLE crm_reader")


def problem_of(database: Database, actor: Actor, *statements: str) -> UserError:
    with pytest.raises(UserError) as caught:
        run(database, actor, *statements)
    return caught.value


def run(database: Database, actor: Actor, *statements: str) -> None:
    with database.write(actor) as session:
        for statement in statements:
            if statement == SOMEONE_ELSE_WRITES:
                with psycopg.connect(database.url) as other:
                    other.execute("UPDATE records SET tenant_id = 'x'")
            else:
                session.execute(text(statement))


REFUSALS = [
    (A_USER, Invalid, "Another user has this e-mail address."),
    (A_FIELD, Invalid, "You already have a field of this name."),
    ("INSERT INTO applications SELECT 'a', 'a' FROM generate_series(1, 2)", Invalid, "already has"),
    ("DELETE FROM fields WHERE id = 'fld_1'", Conflict, "An object still uses this field"),
    ("INSERT INTO records (id, object_id) VALUES ('r', 'gone')", NotFound, "The object is gone"),
    (
        "INSERT INTO object_fields (id, object_id, field_id) VALUES ('x', 'obj_1', 'gone')",
        NotFound,
        "The field is gone",
    ),
    ("UPDATE objects SET label = NULL", Invalid, "“label” may not be empty."),
    ("UPDATE object_fields SET display_order = 99999999999", Invalid, "number is larger"),
    ('UPDATE records SET data = \'{"a": "\\u0000"}\'', Invalid, "cannot store"),
    ("SET LOCAL statement_timeout = 20 ;; SELECT pg_sleep(30)", Unavailable, "took too long"),
    ("DO $$BEGIN RAISE SQLSTATE '53100'; END$$", Unavailable, "disk of the database is full"),
    ("DO $$BEGIN RAISE SQLSTATE '53200'; END$$", Unavailable, "no room for this"),
    ("DO $$BEGIN RAISE 'Closed on Sundays.'; END$$", Invalid, "Closed on Sundays."),
    ("SET LOCAL transaction_read_only = on ;; DELETE FROM users", Forbidden, "read-only"),
    ("SELECT pg_terminate_backend(pg_backend_pid())", ConnectionLost, "ended the connection"),
]


@pytest.mark.parametrize(("statement", "kind", "words"), REFUSALS, ids=[r[2] for r in REFUSALS])
def test_a_refusal_is_said_in_words(
    filled: Database, actor: Actor, statement: str, kind: type[UserError], words: str
) -> None:
    problem = problem_of(filled, actor, *statement.replace(":", "\\:").split(" ;; "))
    assert type(problem) is kind
    assert words in str(problem)


def test_an_invalid_value_names_its_column(filled: Database, actor: Actor) -> None:
    for statement, column in (
        (A_USER, "email"),
        (A_FIELD, "name"),
        ("UPDATE objects SET label = NULL", "label"),
    ):
        problem = problem_of(filled, actor, statement)
        assert isinstance(problem, Invalid)
        assert list(problem.problems) == [column]


def test_rules_that_another_program_added_are_named(filled: Database, actor: Actor) -> None:
    with psycopg.connect(filled.url) as connection:
        connection.execute(
            "ALTER TABLE objects ADD CONSTRAINT short_names CHECK (length(name) < 5);"
            "ALTER TABLE objects ALTER label TYPE varchar(5)"
        )
    assert "short_names" in str(problem_of(filled, actor, "UPDATE objects SET name = 'too long'"))
    assert "longer than" in str(problem_of(filled, actor, "UPDATE objects SET label = 'too long'"))


def test_text_with_a_nul_is_refused(filled: Database, actor: Actor) -> None:
    with pytest.raises(Invalid, match="NUL"), filled.write(actor) as session:
        session.execute(text("UPDATE objects SET label = :label"), {"label": "a\0b"})


def test_a_row_that_someone_else_holds_is_said_to_be_in_use(filled: Database, actor: Actor) -> None:
    with psycopg.connect(filled.url) as other:
        other.execute("UPDATE records SET primary_value = 'x'")
        problem = problem_of(
            filled, actor, "SET LOCAL lock_timeout = 50", "DELETE FROM records WHERE id = 'rec_1'"
        )
    assert type(problem) is Unavailable
    assert "Someone else is working on this" in str(problem)


def test_a_deadlock_is_a_conflict(filled: Database, actor: Actor) -> None:
    both_hold_one = Barrier(2)

    def update(first: str, second: str) -> None:
        with filled.write(actor) as session:
            session.execute(text("SET LOCAL deadlock_timeout = 100"))
            for record in (first, second):
                session.execute(text(f"UPDATE records SET tenant_id = 'x' WHERE id = '{record}'"))
                if record is first:
                    both_hold_one.wait(20)

    with ThreadPoolExecutor() as pool:
        futures = [pool.submit(update, "rec_1", "rec_2"), pool.submit(update, "rec_2", "rec_1")]
        problems = [future.exception(20) for future in futures]
    assert sorted(type(problem).__name__ for problem in problems) == ["Conflict", "NoneType"]


def test_a_transaction_that_was_overtaken_is_a_conflict(filled: Database, actor: Actor) -> None:
    problem = problem_of(
        filled,
        actor,
        "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ",
        "SELECT 1 FROM records",
        SOMEONE_ELSE_WRITES,
        "UPDATE records SET tenant_id = 'y'",
    )
    assert type(problem) is Conflict
    assert "same moment" in str(problem)


def test_missing_rights_and_row_policies_are_said(
    filled: Database, actor: Actor, role: str
) -> None:
    login = Database.at(make_conninfo(filled.url, user=role))
    assert type(problem_of(login, actor, "SELECT 1 FROM records")) is Forbidden
    with psycopg.connect(filled.url) as admin:
        admin.execute(
            f"GRANT ALL ON records TO {role}; ALTER TABLE records ENABLE ROW LEVEL SECURITY"
        )
    problem = problem_of(login, actor, "INSERT INTO records (id, object_id) VALUES ('r', 'obj_1')")
    assert type(problem) is Forbidden
    login.close()
    with psycopg.connect(filled.url) as admin:
        admin.execute(f"DROP OWNED BY {role}")


def test_a_bug_stays_a_bug(filled: Database, actor: Actor) -> None:
    with pytest.raises(ProgrammingError), filled.write(actor) as session:
        session.execute(text("SELEKT 1"))


def reading_fails(url: str, actor: Actor) -> UserError:
    database = Database.at(url)
    with pytest.raises(UserError) as caught, database.read(actor) as session:
        session.execute(text("SELECT 1"))
    database.close()
    return caught.value


def test_a_server_that_is_not_there_is_said(tmp_path: Path, actor: Actor) -> None:
    for url in (
        f"postgresql:///crm?host={tmp_path}",
        "postgresql://127.0.0.1:1/crm",
        "postgresql://nowhere.invalid/crm",
    ):
        problem = reading_fails(url, actor)
        assert type(problem) is Unreachable
        assert "cannot be reached" in str(problem)
        assert "\n" not in str(problem)


def test_a_database_that_is_not_there_is_said(any_server: str, actor: Actor) -> None:
    assert "no database of this name" in str(reading_fails(any_server.format("missing"), actor))


def test_a_login_that_is_not_known_is_said(any_database_url: str, actor: Actor) -> None:
    url = make_conninfo(any_database_url, user="stranger")
    assert "user name or password" in str(reading_fails(url, actor))


def test_a_wrong_password_is_said(any_database_url: str, actor: Actor, role: str) -> None:
    with psycopg.connect(any_database_url, autocommit=True) as admin:
        row = admin.execute("SHOW hba_file").fetchone()
        assert row is not None
        rules = Path(row[0])
        before = rules.read_text()
        try:
            rules.write_text(f"local all {role} scram-sha-256\n{before}")
            admin.execute("SELECT pg_reload_conf()")
            wrong = make_conninfo(any_database_url, user=role, password="wrong")  # noqa: S106 - it must be refused
            assert "user name or password" in str(reading_fails(wrong, actor))
            none = make_conninfo(any_database_url, user=role)
            assert "user name or password" in str(reading_fails(none, actor))
        finally:
            rules.write_text(before)
            admin.execute("SELECT pg_reload_conf()")


def test_too_many_connections_are_said(any_server: str, actor: Actor, role: str) -> None:
    with new_database(any_server, "crm_core") as url:
        name = url.partition("?")[0].rpartition("/")[2]
        with psycopg.connect(url, autocommit=True) as admin:
            admin.execute(f"ALTER DATABASE {name} CONNECTION LIMIT 0")
        problem = reading_fails(make_conninfo(url, user=role), actor)
    assert "too many connections" in str(problem)


def test_a_database_made_read_only_by_its_owner_is_said(
    any_database: Database, actor: Actor
) -> None:
    with psycopg.connect(any_database.url, autocommit=True) as admin:
        admin.execute(f"ALTER DATABASE {admin.info.dbname} SET default_transaction_read_only = on")
    assert type(problem_of(any_database, actor, "DELETE FROM objects")) is Forbidden
