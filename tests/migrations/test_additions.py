"""What we add to the contract's tables, how it heals, and that `detach` takes it all out."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import psycopg
import pytest

from crm_desktop.db.additions import ADDITIONS, State
from crm_desktop.db.migrate import Extras, check, detach, migrate
from crm_desktop.domain.errors import Cancelled
from tests.migrations.contract import FOREIGN_DDL
from tests.migrations.dump import contents_of, schema_of

NEWEST = "crm_desktop_records_newest"
AN_OBJECT = "INSERT INTO objects (id, name, label, plural_name) VALUES ('obj_1', 'a', 'A', 'As')"
SOME_RECORDS = """
INSERT INTO records (id, object_id, primary_value)
SELECT 'rec_' || n, 'obj_1', 'Record ' || n FROM generate_series(1, 100) AS n
"""


def run_sql(url: str, *statements: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement)


def test_an_addition_that_somebody_dropped_is_made_again(any_database_url: str) -> None:
    run_sql(any_database_url, f"DROP INDEX {NEWEST}")
    assert check(any_database_url).additions[NEWEST] is State.MISSING
    report = migrate(any_database_url)
    assert report.made == (NEWEST,)
    assert report.after.additions[NEWEST] is State.PRESENT


def test_an_extension_that_somebody_dropped_comes_back_with_its_index(database_url: str) -> None:
    run_sql(database_url, "DROP EXTENSION pg_trgm CASCADE")
    report = migrate(database_url)
    assert report.made == ("pg_trgm", "crm_desktop_records_search")
    assert report.problems == {}


def test_an_index_left_invalid_is_dropped_and_built_anew(any_database_url: str) -> None:
    run_sql(any_database_url, AN_OBJECT, SOME_RECORDS, f"DROP INDEX {NEWEST}")
    with pytest.raises(psycopg.errors.UniqueViolation):  # which leaves an invalid index behind
        run_sql(
            any_database_url,
            f"CREATE UNIQUE INDEX CONCURRENTLY {NEWEST} ON records (object_id)",
        )
    assert check(any_database_url).additions[NEWEST] is State.BROKEN
    report = migrate(any_database_url)
    assert report.made == (NEWEST,)
    assert report.after.additions[NEWEST] is State.PRESENT


def test_an_index_of_ours_that_is_built_otherwise_is_replaced(any_database_url: str) -> None:
    run_sql(any_database_url, f"DROP INDEX {NEWEST}", f"CREATE INDEX {NEWEST} ON records (id)")
    assert check(any_database_url).additions[NEWEST] is State.BROKEN
    assert migrate(any_database_url).after.additions[NEWEST] is State.PRESENT


def test_an_extension_in_another_schema_serves_as_well(empty_database_url: str) -> None:
    run_sql(empty_database_url, "CREATE SCHEMA tools", "CREATE EXTENSION pg_trgm SCHEMA tools")
    report = migrate(empty_database_url)
    assert report.problems == {}
    assert report.after.open_additions == ()
    assert migrate(empty_database_url).made == ()


def test_an_index_is_built_while_others_write_and_can_be_stopped(any_database_url: str) -> None:
    """A transaction that began earlier holds the build up; nobody else is held up by that."""
    run_sql(any_database_url, AN_OBJECT, SOME_RECORDS, f"DROP INDEX {NEWEST}")
    is_building, stop = Event(), Event()

    def on_progress(_done: int, _total: int) -> bool:
        with psycopg.connect(any_database_url) as looker:
            if looker.execute("SELECT to_regclass(%s)", [NEWEST]).fetchone() != (None,):
                is_building.set()
        return not stop.is_set()

    with psycopg.connect(any_database_url) as earlier, ThreadPoolExecutor() as pool:
        earlier.execute("UPDATE records SET primary_value = 'x' WHERE id = 'rec_1'")
        building = pool.submit(migrate, any_database_url, on_progress=on_progress)
        assert is_building.wait(20)
        run_sql(any_database_url, "SET lock_timeout = 1000", "DELETE FROM records WHERE id='rec_2'")
        stop.set()
        earlier.execute("SELECT 1")
        with pytest.raises(Cancelled):
            building.result(20)
    assert check(any_database_url).additions[NEWEST] in {State.MISSING, State.BROKEN}
    assert migrate(any_database_url).after.additions[NEWEST] is State.PRESENT


def test_a_table_that_refuses_an_index_does_not_stop_the_program(empty_database_url: str) -> None:
    run_sql(
        empty_database_url,
        FOREIGN_DDL,
        "DROP TABLE records CASCADE",
        "CREATE TABLE records (id varchar, object_id varchar NOT NULL, data jsonb NOT NULL,"
        " primary_value text, created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL,"
        " created_by uuid, updated_by uuid, tenant_id varchar) PARTITION BY LIST (object_id)",
    )
    report = migrate(empty_database_url, extras=Extras.YES)
    assert report.after.is_fit
    assert {addition.name for addition in ADDITIONS} == set(report.problems)
    assert all("partitioned" in problem for problem in report.problems.values())


def test_detach_leaves_a_core_database_as_the_contract_says(any_core_database_url: str) -> None:
    before = schema_of(any_core_database_url)
    migrate(any_core_database_url)
    assert schema_of(any_core_database_url) != before
    report = detach(any_core_database_url)
    assert report.kept == {}
    assert report.removed[0] == "crm_desktop"
    assert schema_of(any_core_database_url) == before


def test_detach_leaves_a_foreign_database_as_it_was(any_empty_database_url: str) -> None:
    run_sql(any_empty_database_url, FOREIGN_DDL, AN_OBJECT, SOME_RECORDS)
    schema, contents = schema_of(any_empty_database_url), contents_of(any_empty_database_url)
    migrate(any_empty_database_url, extras=Extras.YES)
    detach(any_empty_database_url)
    assert schema_of(any_empty_database_url) == schema
    assert contents_of(any_empty_database_url) == contents


def test_detach_twice_or_where_nothing_is_ours_changes_nothing(any_core_database_url: str) -> None:
    before = contents_of(any_core_database_url)
    assert detach(any_core_database_url).removed == ()
    assert contents_of(any_core_database_url) == before


def test_detach_takes_what_an_older_version_left(any_core_database_url: str) -> None:
    before = schema_of(any_core_database_url)
    migrate(any_core_database_url)
    run_sql(any_core_database_url, "CREATE INDEX crm_desktop_records_older ON records (tenant_id)")
    detach(any_core_database_url)
    assert schema_of(any_core_database_url) == before


def test_detach_keeps_an_extension_that_was_there_before(empty_database_url: str) -> None:
    run_sql(empty_database_url, FOREIGN_DDL, "CREATE EXTENSION pg_trgm")
    before = schema_of(empty_database_url)
    migrate(empty_database_url, extras=Extras.YES)
    assert detach(empty_database_url).kept == {}
    assert schema_of(empty_database_url) == before


def test_detach_keeps_an_extension_that_was_dropped_and_made_by_others(database_url: str) -> None:
    run_sql(database_url, "DROP EXTENSION pg_trgm CASCADE", "CREATE EXTENSION pg_trgm")
    detach(database_url)
    assert check(database_url).additions["pg_trgm"] is State.PRESENT


def test_detach_keeps_our_extension_where_something_else_uses_it(database_url: str) -> None:
    run_sql(database_url, "CREATE INDEX theirs ON users USING gin (full_name gin_trgm_ops)")
    report = detach(database_url)
    assert report.kept == {"pg_trgm": "Something else uses the extension “pg_trgm”."}
    assert "CREATE INDEX theirs" in schema_of(database_url)
    assert "crm_desktop" not in schema_of(database_url)
