"""Fixtures shared by all tests: a real PostgreSQL database for each, cloned from a template."""

import os
from collections.abc import Iterator
from itertools import count
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import create_engine

from crm_desktop.db.database import Database
from crm_desktop.db.tables import Base
from crm_desktop.domain.access import Actor
from tests import postgres

ADMIN_ID = UUID("00000000-0000-7000-8000-000000000001")
_numbers = count()


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """Give the URL of a template database's server, with `{}` for the database's name."""
    cluster = postgres.start()
    try:
        _make_template(cluster)
        yield cluster.url("{}")
    finally:
        cluster.stop()


def _make_template(cluster: postgres.Cluster) -> None:
    with psycopg.connect(cluster.url(), autocommit=True) as connection:
        connection.execute("CREATE DATABASE crm_template")
    engine = create_engine(cluster.url("crm_template").replace("://", "+psycopg://", 1))
    Base.metadata.create_all(engine)
    with engine.begin() as sql:
        sql.exec_driver_sql(
            "INSERT INTO users VALUES (%s, 'admin@example.com', '!', 'Ada Admin', true, true,"
            " now(), now(), NULL)",
            (ADMIN_ID,),
        )
    engine.dispose()


@pytest.fixture
def database_url(server: str) -> Iterator[str]:
    """Give the URL of a fresh database with the contract's tables and one user."""
    name = f"crm_test_{os.getpid()}_{next(_numbers)}"
    with psycopg.connect(server.format("postgres"), autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name} TEMPLATE crm_template STRATEGY FILE_COPY")
    yield server.format(name)
    with psycopg.connect(server.format("postgres"), autocommit=True) as admin:
        admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    database = Database.at(database_url)
    yield database
    database.close()


@pytest.fixture
def actor() -> Actor:
    return Actor(ADMIN_ID, "admin@example.com", "Ada Admin")
