"""Making a database ready: empty, our own, somebody else's, and several programs at once."""

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from crm_desktop.db.additions import ADDITIONS, State
from crm_desktop.db.fingerprint import DESKTOP_VERSIONS
from crm_desktop.db.migrate import LOCK, Extras, check, migrate
from crm_desktop.domain.errors import Cancelled, Forbidden, Invalid, Unavailable, UpgradeNeeded
from tests.migrations.contract import COLUMNS, FOREIGN_DDL
from tests.migrations.dump import contents_of, schema_of

INDEXES = tuple(addition.name for addition in ADDITIONS)
IN_ANOTHER_PROGRAM = """
import sys
from crm_desktop.db.migrate import migrate
report = migrate(sys.argv[1])
assert report.after.is_fit, report  # the other may still be building indexes
print(*report.made)
"""


def run_sql(url: str, *statements: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement)


@pytest.fixture
def foreign_url(any_empty_database_url: str) -> str:
    """Give the URL of a database that another program made and filled."""
    run_sql(
        any_empty_database_url,
        FOREIGN_DDL,
        "INSERT INTO objects (id, name, label, plural_name) VALUES ('obj_1', 'a', 'A', 'As')",
        "INSERT INTO records (id, object_id, data) VALUES ('rec_1', 'obj_1', '{\"x\": 1.50}')",
    )
    return any_empty_database_url


@pytest.fixture
def role(any_server: str) -> Iterator[str]:
    """Give the name of a login without any right."""
    run_sql(any_server.format("postgres"), "CREATE ROLE crm_clerk LOGIN")
    yield "crm_clerk"
    run_sql(any_server.format("postgres"), "DROP ROLE crm_clerk")


def test_an_empty_database_becomes_fit(any_empty_database_url: str) -> None:
    before = check(any_empty_database_url)
    report = migrate(any_empty_database_url)

    assert before.is_empty
    assert not before.is_fit
    assert "The table “records” is missing." in before.missing
    assert report.problems == {}
    assert report.after.is_fit
    assert not report.after.is_foreign
    assert report.after.open_additions == ()
    assert report.made[:2] == ("core", "crm_desktop")
    assert check(any_empty_database_url) == report.after


def test_the_second_run_finds_nothing_to_do(any_database_url: str) -> None:
    before = contents_of(any_database_url)
    report = migrate(any_database_url)
    assert report.made == ()
    assert contents_of(any_database_url) == before


def test_a_server_without_trigrams_gets_all_else(server_16: str, empty_of_16: str) -> None:
    report = migrate(empty_of_16)
    assert report.after.additions["pg_trgm"] is State.UNAVAILABLE
    assert report.after.additions["crm_desktop_records_search"] is State.UNAVAILABLE
    assert report.after.additions["crm_desktop_records_newest"] is State.PRESENT
    assert report.problems == {}


@pytest.fixture
def empty_of_16(server_16: str) -> Iterator[str]:
    from tests.conftest import new_database

    with new_database(server_16, "template1") as url:
        yield url


def test_of_two_programs_that_start_at_once_one_migrates(any_empty_database_url: str) -> None:
    command = [sys.executable, "-c", IN_ANOTHER_PROGRAM, any_empty_database_url]
    programs = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    outputs = [program.communicate(timeout=60) for program in programs]

    assert [program.returncode for program in programs] == [0, 0], outputs
    assert sorted("core" in said for said, _ in outputs) == [False, True]
    assert not check(any_empty_database_url).open_additions


def test_a_program_waits_while_another_migrates_and_then_goes_on(empty_database_url: str) -> None:
    is_waiting = Event()

    def on_progress(_done: int, _total: int) -> bool:
        is_waiting.set()
        return True

    with (
        psycopg.connect(empty_database_url, autocommit=True) as other,
        ThreadPoolExecutor() as pool,
    ):
        other.execute("SELECT pg_advisory_lock(%s)", [LOCK])
        waiting = pool.submit(migrate, empty_database_url, on_progress=on_progress)
        assert is_waiting.wait(20)
        assert check(empty_database_url).is_empty
        other.execute("SELECT pg_advisory_unlock(%s)", [LOCK])
        assert waiting.result(20).after.is_fit


def test_waiting_for_another_program_ends(empty_database_url: str) -> None:
    with psycopg.connect(empty_database_url, autocommit=True) as other:
        other.execute("SELECT pg_advisory_lock(%s)", [LOCK])
        with pytest.raises(Unavailable, match="Another program"):
            migrate(empty_database_url, patience=0)


def test_waiting_for_another_program_can_be_stopped(empty_database_url: str) -> None:
    with psycopg.connect(empty_database_url, autocommit=True) as other:
        other.execute("SELECT pg_advisory_lock(%s)", [LOCK])
        with pytest.raises(Cancelled):
            migrate(empty_database_url, on_progress=lambda _done, _total: False)


def test_nobody_waits_for_an_index_that_another_program_builds(database_url: str) -> None:
    run_sql(database_url, "DROP INDEX crm_desktop_records_newest")
    with psycopg.connect(database_url, autocommit=True) as other:
        other.execute("SELECT pg_advisory_lock(%s)", [LOCK])
        report = migrate(database_url, patience=0)
    assert report.after.is_fit
    assert "Another program" in report.problems["crm_desktop_records_newest"]


def test_a_database_of_unknown_version_is_left_exactly_as_it_is(foreign_url: str) -> None:
    before = contents_of(foreign_url)
    report = migrate(foreign_url)

    assert contents_of(foreign_url) == before
    assert report.made == ()
    assert report.after.is_foreign
    assert report.after.core_version == "9f1b6a2c3d4e"
    assert report.after.is_fit, report.after.missing
    assert report.offered[0] == "crm_desktop"
    assert "crm_desktop_records_newest" in report.offered


def test_what_a_foreign_database_agreed_to_stands_beside_its_tables(foreign_url: str) -> None:
    before = schema_of(foreign_url).splitlines()
    report = migrate(foreign_url, extras=Extras.YES)
    after = schema_of(foreign_url).splitlines()

    assert report.problems == {}
    assert report.after.open_additions == ()
    assert report.after.core_version == "9f1b6a2c3d4e"
    assert [line for line in before if line not in after] == []
    own = [line for line in after if line not in before]
    assert any("CREATE INDEX crm_desktop_records_newest" in line for line in own)
    assert not [line for line in own if "ALTER TABLE" in line and "crm_desktop" not in line]


def test_tables_of_the_contract_without_a_version_are_foreign(foreign_url: str) -> None:
    run_sql(foreign_url, "DROP TABLE alembic_version")
    before = contents_of(foreign_url)
    report = migrate(foreign_url)
    assert report.after.is_foreign
    assert contents_of(foreign_url) == before


def test_a_database_full_of_other_things_gets_no_tables(empty_database_url: str) -> None:
    run_sql(empty_database_url, "CREATE SCHEMA shop CREATE TABLE orders (id int)")
    report = migrate(empty_database_url)
    assert report.made == ()
    assert not report.after.is_fit
    assert len(report.after.missing) == len(COLUMNS) - 1


def test_what_is_missing_is_said_exactly(foreign_url: str) -> None:
    run_sql(
        foreign_url,
        "ALTER TABLE records DROP COLUMN tenant_id",
        "ALTER TABLE fields ALTER config DROP DEFAULT, ALTER config TYPE text",
        "ALTER TABLE users ADD COLUMN branch int NOT NULL",
        "ALTER TABLE users ADD COLUMN shift int NOT NULL DEFAULT 1",
        "DROP TABLE token_blacklist",
    )
    assert check(foreign_url).missing == (
        "The column “config” of “fields” is text, not jsonb.",
        "The column “tenant_id” of “records” is missing.",
        "The table “token_blacklist” is missing.",
        "The column “branch” of “users” must be filled, and the contract does not know it.",
    )


def test_a_version_table_of_another_shape_is_foreign(empty_database_url: str) -> None:
    run_sql(empty_database_url, "CREATE TABLE alembic_version (wrong int)")
    assert check(empty_database_url).is_foreign
    assert check(empty_database_url).core_version == "?"


def test_what_a_newer_version_used_is_refused_and_not_touched(database_url: str) -> None:
    set_version(database_url, "crm_desktop_9999")
    with pytest.raises(Unavailable, match="newer CRM Desktop"):
        migrate(database_url)
    assert check(database_url).desktop_version == "crm_desktop_9999"


def test_what_an_older_version_made_is_changed_only_when_that_is_agreed_to(
    database_url: str,
) -> None:
    run_sql(database_url, "DROP TABLE crm_desktop.link_schemas, crm_desktop.link_panels")
    run_sql(database_url, "DROP TABLE crm_desktop.diagram_positions, crm_desktop.diagrams")
    set_version(database_url, "crm_desktop_0005")
    with pytest.raises(UpgradeNeeded, match="older CRM Desktop"):
        migrate(database_url, may_upgrade=False)
    assert check(database_url).desktop_version == "crm_desktop_0005"
    assert migrate(database_url).after.desktop_version == DESKTOP_VERSIONS[-1]
    assert migrate(database_url, may_upgrade=False).made == ()


def set_version(url: str, version: str) -> None:
    run_sql(url, f"UPDATE crm_desktop.alembic_version SET version_num = '{version}'")


def test_a_login_that_may_not_add_anything_still_works(
    any_core_database_url: str, role: str
) -> None:
    run_sql(
        any_core_database_url,
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}",
    )
    report = migrate(make_conninfo(any_core_database_url, user=role))
    run_sql(any_core_database_url, f"DROP OWNED BY {role}")

    assert report.after.is_fit
    assert report.made == ()
    assert set(report.problems) == {"crm_desktop", *report.after.open_additions}
    assert all("not allow" in text or "needs" in text or "schema" in text
               for text in report.problems.values())  # fmt: skip


def test_a_login_that_may_not_make_tables_is_told_so(
    any_empty_database_url: str, role: str
) -> None:
    with pytest.raises(Forbidden, match="does not allow"):
        migrate(make_conninfo(any_empty_database_url, user=role))
    assert check(any_empty_database_url).is_empty


def test_a_role_named_at_set_up_may_use_our_schema(any_database_url: str, role: str) -> None:
    migrate(any_database_url, grant_to=role)
    with psycopg.connect(make_conninfo(any_database_url, user=role)) as connection:
        connection.execute("INSERT INTO crm_desktop.settings VALUES ('a', '1')")
        connection.execute("DELETE FROM crm_desktop.settings WHERE name = 'a'")
    run_sql(any_database_url, f"DROP OWNED BY {role}")


def test_a_role_that_does_not_exist_is_reported(database_url: str) -> None:
    report = migrate(database_url, grant_to='nobody"; --')
    assert "does not exist" in report.problems["crm_desktop"]


def test_text_that_is_no_address_is_refused() -> None:
    with pytest.raises(Invalid, match="no address"):
        check("mysql://localhost/crm")
