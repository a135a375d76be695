"""The one way to reach PostgreSQL: a read or a write session, always as some actor."""

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import simplejson
from sqlalchemy import Engine, create_engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from crm_desktop.db.problems import as_user_error
from crm_desktop.domain.access import Actor
from crm_desktop.domain.changes import Change, Topic


class ReadSession(Session):
    """A session PostgreSQL itself keeps read-only."""

    actor: Actor


class WriteSession(ReadSession):
    """A session that commits, and remembers what it changed."""

    changes: set[Change]

    def note(self, topic: Topic, id_: str) -> None:
        """Record that open views of this topic are out of date once we commit."""
        self.changes.add(Change(topic, id_))


class Database:
    """A pool of connections to one database; any thread may ask for sessions."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._read_only = engine.execution_options(postgresql_readonly=True)

    @classmethod
    def at(cls, url: str) -> "Database":
        """Open the database at a libpq URI (`postgresql://…`); nothing connects yet."""
        return cls(make_engine(url))

    @property
    def engine(self) -> Engine:
        return self._engine

    @contextmanager
    def read(self, actor: Actor) -> Iterator[ReadSession]:
        with _user_errors(), ReadSession(self._read_only) as session:
            session.actor = actor
            yield session

    @contextmanager
    def write(self, actor: Actor) -> Iterator[WriteSession]:
        """Commit on success, roll back on any exception."""
        with _user_errors(), WriteSession(self._engine) as session, session.begin():
            session.actor, session.changes = actor, set()
            yield session

    def close(self) -> None:
        self._engine.dispose()


def make_engine(url: str) -> Engine:
    """Return an engine for a libpq URI, with exact JSON numbers and bounded waits."""
    prefix, _, rest = url.partition("://")
    if prefix not in {"postgresql", "postgres"}:
        raise ValueError(url)
    return create_engine(
        f"postgresql+psycopg://{rest}",
        json_serializer=dump_json,
        json_deserializer=load_json,
        pool_size=6,
        max_overflow=6,
    )


def dump_json(value: Any) -> str:
    """Return JSON text; a Decimal keeps its scale."""
    return str(simplejson.dumps(value, use_decimal=True, ensure_ascii=False, allow_nan=False))


def load_json(text: str | bytes) -> Any:
    """Return the value of JSON text; fractions become Decimal, so that nothing is rounded."""
    return simplejson.loads(text, parse_float=Decimal)


@contextmanager
def _user_errors() -> Iterator[None]:
    try:
        yield
    except DBAPIError as error:
        raise as_user_error(error) from error
