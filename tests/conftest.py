"""Fixtures shared by all tests: a real PostgreSQL database for each, cloned from a template."""

import gc
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from itertools import count
from uuid import UUID

import psycopg
import pytest

from crm_desktop.db.database import Database
from crm_desktop.db.migrate import Extras, migrate
from crm_desktop.domain.access import Actor
from tests import postgres
from tests.compiling import compile_tests
from tests.make import Make
from tests.qt_imports import begin_guard

begin_guard()
if folder := postgres.quick_folder():  # for this process, its workers, and what they start
    os.environ["TMPDIR"] = tempfile.tempdir = folder
if sys.platform == "linux" and not {"DISPLAY", "WAYLAND_DISPLAY"} & os.environ.keys():
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")  # Qt aborts without a display
ADMIN_ID = UUID("00000000-0000-7000-8000-000000000001")
ALL_EVERY = 50
_numbers, _tests = count(), count(1)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes() -> None:
    compile_tests(os.cpu_count() or 1)


@pytest.fixture(scope="session", autouse=True)
def _garbage_waits() -> Iterator[None]:
    """Let no other thread collect garbage: a QObject that is destroyed there crashes Python."""
    gc.disable()
    gc.collect()
    gc.freeze()  # what was imported stays: no collection looks at it again
    yield
    gc.unfreeze()
    gc.enable()


@pytest.fixture(autouse=True)
def _garbage_goes(_garbage_waits: None) -> Iterator[None]:
    """Collect after each test, on the thread that runs it; all of it now and then."""
    yield
    if gc.isenabled():  # a `GarbageTimer` was stopped, and thawed what was imported
        gc.disable()
        gc.collect()
        gc.freeze()
    else:
        gc.collect(2 if next(_tests) % ALL_EVERY == 0 else 1)


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """Give the URL of a PostgreSQL 18 with a template, `{}` for the database's name."""
    with _server(18) as url:
        yield url


@pytest.fixture(scope="session")
def server_16() -> Iterator[str]:
    """Give the same for PostgreSQL 16, which has no `pg_trgm` here."""
    with _server(16) as url:
        yield url


@pytest.fixture(params=[18, 16], ids=["pg18", "pg16"])
def any_server(request: pytest.FixtureRequest) -> str:
    """Run a test on both versions."""
    return str(request.getfixturevalue("server" if request.param == 18 else "server_16"))


@contextmanager
def _server(version: int) -> Iterator[str]:
    cluster = postgres.start(version)
    try:
        _make_template(cluster)
        yield cluster.url("{}")
    finally:
        _administration(cluster.url("{}")).close()
        cluster.stop()


def _make_template(cluster: postgres.Cluster) -> None:
    with psycopg.connect(cluster.url(), autocommit=True) as connection:
        connection.execute("CREATE DATABASE crm_core")
        migrate(cluster.url("crm_core"), extras=Extras.NO)
        connection.execute("CREATE DATABASE crm_template TEMPLATE crm_core")
    migrate(cluster.url("crm_template"))
    with psycopg.connect(cluster.url("crm_template")) as connection:
        connection.execute(
            "INSERT INTO users VALUES (%s, 'admin@example.com', '!', 'Ada Admin', true, true,"
            " now(), now(), NULL)",
            [ADMIN_ID],
        )


@cache
def _administration(server: str) -> psycopg.Connection:
    """Return a connection that is kept: two for each test would cost a fifth of its database."""
    return psycopg.connect(server.format("postgres"), autocommit=True)


@contextmanager
def new_database(server: str, template: str) -> Iterator[str]:
    """Give the URL of a clone of `template`, for as long as the block runs."""
    name = f"crm_test_{os.getpid()}_{next(_numbers)}"
    in_memory = str(postgres.MEMORY) in server
    strategy = "FILE_COPY" if in_memory else "WAL_LOG"
    admin = _administration(server)
    admin.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY {strategy}")
    yield server.format(name)
    admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def database_url(server: str) -> Iterator[str]:
    """Give the URL of a fresh database, ready for use, with one user."""
    with new_database(server, "crm_template") as url:
        yield url


@pytest.fixture
def any_database_url(any_server: str) -> Iterator[str]:
    """Give such a database on PostgreSQL 18 and once more on 16."""
    with new_database(any_server, "crm_template") as url:
        yield url


@pytest.fixture
def any_core_database_url(any_server: str) -> Iterator[str]:
    """Give the URL of a database with the contract alone, on PostgreSQL 18 and 16."""
    with new_database(any_server, "crm_core") as url:
        yield url


@pytest.fixture
def empty_database_url(server: str) -> Iterator[str]:
    """Give the URL of a database with nothing in it."""
    with new_database(server, "template1") as url:
        yield url


@pytest.fixture
def any_empty_database_url(any_server: str) -> Iterator[str]:
    with new_database(any_server, "template1") as url:
        yield url


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    database = Database.at(database_url)
    yield database
    database.close()


@pytest.fixture
def any_database(any_database_url: str) -> Iterator[Database]:
    database = Database.at(any_database_url)
    yield database
    database.close()


@pytest.fixture
def actor() -> Actor:
    return Actor(ADMIN_ID, "admin@example.com", "Ada Admin")


@pytest.fixture
def make(database: Database, actor: Actor) -> Make:
    return Make(database, actor)
