"""The one way to reach PostgreSQL: a read or a write session, always as some actor."""

import json
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from decimal import Decimal
from itertools import chain
from typing import Any, TypeVar

import psycopg
import simplejson
from psycopg.types.json import set_json_dumps, set_json_loads
from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolExhausted
from sqlalchemy.orm import Session

from crm_desktop.db.connections import LONG, READ, UPKEEP, WRITE, Connector, Purpose
from crm_desktop.db.problems import ConnectionLost, UncertainCommit, as_user_error
from crm_desktop.domain.access import Actor
from crm_desktop.domain.changes import Change, EditedRecord, Topic
from crm_desktop.domain.errors import Cancelled, Invalid, Unavailable
from crm_desktop.domain.json_text import NOT_STORABLE

T = TypeVar("T")
SessionType = TypeVar("SessionType", bound="ReadSession")

MAX_DEPTH = 100  # levels of nested JSON that are read
STOPPED = "The work was stopped. Nothing was changed."
RETRIES = (0.2, 1.0, 3.0)  # seconds before a lost read is tried again


class ReadSession(Session):
    """A session PostgreSQL itself keeps read-only."""

    actor: Actor
    computer: str = ""  # which installation of this program this is; empty in a terminal


class WriteSession(ReadSession):
    """A session that commits, and remembers what it changed."""

    changes: set[Change]
    edits: list[EditedRecord]
    gesture: str = ""

    def note(self, topic: Topic, id_: str) -> None:
        """Record that open views of this topic are out of date once we commit."""
        self.changes.add(Change(topic, id_))

    def note_edit(self, record_id: str, values: Mapping[str, tuple[Any, Any]]) -> None:
        """Record old and new values: undo needs them where the database keeps no history."""
        self.edits.append(EditedRecord(record_id, self.gesture, values))

    def describe(self, gesture: str, **reverting: str | int) -> None:
        """Say what this transaction is to the user, such as “edit of Orion”: undo shows it.

        The first description stands: services describe themselves, and a gesture made of several
        calls says so before them. `reverting` is for `services/history.py` alone.
        """
        if self.gesture:
            return
        self.gesture = gesture
        told = {
            "title": gesture,
            "actor": str(self.actor.user_id),
            "computer": self.computer,
            **reverting,
        }
        self.execute(_TELL_GESTURE, {"told": dump_json(told)})


class UpkeepSession(WriteSession):
    """A session outside transactions, each of whose statements commits by itself.

    For what PostgreSQL refuses within a transaction: building indexes while others write.
    """

    @property
    def driver(self) -> psycopg.Connection[Any]:
        """The connection itself, for statements that are watched while they run."""
        return _driver_connection(self.connection())


_TELL_GESTURE = text("SELECT set_config('crm_desktop.gesture', :told, true)")


class Running:
    """A handle by which another thread stops a session, or the one that tries it again."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._released = threading.Event()
        self._connection: psycopg.Connection[Any] | None = None

    @property
    def is_cancelled(self) -> bool:
        return self._stopped.is_set()

    def cancel(self, patience: float = 2.5) -> None:
        """Stop the statement that runs now, and let the session raise Cancelled.

        Asks the server first; if the session has not ended `patience` seconds later, its
        connection is closed, which frees its thread even when nothing answers any more. This call
        blocks for up to three times `patience`: not for the GUI thread.
        """
        self._stopped.set()
        with self._lock:
            if self._connection is None:
                return
            with suppress(psycopg.Error):  # nobody answers: closing comes next
                self._connection.cancel_safe(timeout=max(1, round(patience)))
        if not self._released.wait(patience):
            with self._lock:
                if self._connection is not None:
                    self._connection.close()

    def pause(self, seconds: float) -> bool:
        """Wait, at most until the session is cancelled; True says that it is."""
        return self._stopped.wait(seconds)

    @contextmanager
    def using(self, connection: psycopg.Connection[Any]) -> Iterator[None]:
        """Let `cancel` reach this connection until it goes back to its pool."""
        with self._lock:
            self._connection = connection
            self._released.clear()
        try:
            yield
        finally:
            with self._lock:
                self._connection = None
            self._released.set()


class Database:
    """Pools of connections to one database; any thread may ask for sessions.

    Reads, short writes and long work have a pool each: they differ in PostgreSQL's own limits,
    and a write never waits because every connection is busy reading.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self._readers = _Pool(url, READ, size=4)
        self._writers = _Pool(url, WRITE, size=1)
        self._long = _Pool(url, LONG, size=1)
        self._upkeep = _Pool(url, UPKEEP, size=1, isolation_level="AUTOCOMMIT")

    @classmethod
    def at(cls, url: str) -> "Database":
        """Open the database at a libpq URI (`postgresql://…`); nothing connects yet."""
        return cls(url)

    @property
    def engine(self) -> Engine:
        return self._writers.engine

    def call_computer(self, name: str) -> None:
        """Let sessions opened from now on say by this name from where they write."""
        for pool in (self._readers, self._writers, self._long, self._upkeep):
            pool.computer = name

    @contextmanager
    def read(self, actor: Actor, running: Running | None = None) -> Iterator[ReadSession]:
        with self._readers.session(ReadSession, actor, running) as session:
            yield session

    def write(
        self, actor: Actor, running: Running | None = None
    ) -> AbstractContextManager[WriteSession]:
        """Commit on success, roll back on any exception."""
        return self._writers.transaction(actor, running)

    def long(
        self, actor: Actor, running: Running | None = None
    ) -> AbstractContextManager[WriteSession]:
        """Open a write session without a limit on the time that a statement may take."""
        return self._long.transaction(actor, running)

    @contextmanager
    def upkeep(self, actor: Actor, running: Running | None = None) -> Iterator[UpkeepSession]:
        """Open a session outside transactions; what was done before an exception stays done."""
        with self._upkeep.session(UpkeepSession, actor, running) as session:
            session.changes, session.edits = set(), []
            yield session

    def answer(
        self, actor: Actor, call: Callable[[ReadSession], T], running: Running | None = None
    ) -> T:
        """Return `call(session)` from a read session; a read that is lost is tried again.

        A write is never tried again: whether it was committed may be uncertain.
        """
        running = running or Running()
        for pause in RETRIES:
            try:
                with self.read(actor, running) as session:
                    return call(session)
            except ConnectionLost:
                if running.pause(pause):
                    raise
        with self.read(actor, running) as session:
            return call(session)

    def close(self) -> None:
        """Close all connections, those that are in use as soon as they are given back."""
        for pool in (self._readers, self._writers, self._long, self._upkeep):
            pool.close()


class _Pool:
    """Connections of one purpose."""

    def __init__(self, url: str, purpose: Purpose, *, size: int, **options: Any) -> None:
        self._connector = Connector(url, purpose)
        self.engine = _engine(self._connector, size, **options)
        self.computer = ""
        self._is_closed = False
        event.listen(self.engine, "checkin", self._take_back)

    def close(self) -> None:
        self._is_closed = True
        self.engine.dispose()

    def _take_back(self, connection: psycopg.Connection[Any] | None, _: object) -> None:
        """Close what a call gives back that outlived the pool; nobody else would."""
        if self._is_closed and connection is not None:
            connection.close()

    @contextmanager
    def session(
        self, kind: type[SessionType], actor: Actor, running: Running | None
    ) -> Iterator[SessionType]:
        """Open a session whose connection `running` can reach from its first to its last breath."""
        running = running or Running()
        with (
            _explained(running, is_writing=issubclass(kind, WriteSession)),
            self.engine.connect() as connection,
            running.using(_driver_connection(connection)),
            kind(connection) as session,
        ):
            session.actor, session.computer = actor, self.computer
            if running.is_cancelled:
                raise Cancelled(STOPPED)
            if self._connector.is_pooled:
                session.execute(_SET_LOCAL, {"settings": dump_json(self._connector.settings)})
            yield session

    @contextmanager
    def transaction(self, actor: Actor, running: Running | None) -> Iterator[WriteSession]:
        with self.session(WriteSession, actor, running) as session:
            session.changes, session.edits = set(), []
            yield session
            session.flush()
            _commit(session)


_SET_LOCAL = text(
    "SELECT set_config(key, value, true) FROM jsonb_each_text(CAST(:settings AS jsonb))"
)


def _driver_connection(connection: Connection) -> psycopg.Connection[Any]:
    driver_connection = connection.connection.driver_connection
    assert isinstance(driver_connection, psycopg.Connection)  # noqa: S101 - for the type checker
    return driver_connection


def _commit(session: WriteSession) -> None:
    """Commit; a connection that is lost meanwhile leaves open whether it took effect."""
    try:
        session.commit()
    except DBAPIError as error:
        if isinstance(as_user_error(error), ConnectionLost):
            message = (
                "The connection was lost while saving. Whether the change was stored is uncertain: "
                "look at it again before you repeat it."
            )
            raise UncertainCommit(message) from error
        raise


@contextmanager
def _explained(running: Running, *, is_writing: bool) -> Iterator[None]:
    """Raise what the user can act on as a UserError; a write in a read session is a bug."""
    try:
        yield
    except (DBAPIError, psycopg.Error) as error:
        problem = as_user_error(error)
        if running.is_cancelled and isinstance(problem, Unavailable):
            raise Cancelled(STOPPED) from error
        cause = error.orig if isinstance(error, DBAPIError) else error
        is_read_only = isinstance(cause, psycopg.errors.ReadOnlySqlTransaction)
        if problem is error or (is_read_only and not is_writing):
            raise
        raise problem from error
    except UnicodeEncodeError as error:  # the driver cannot send half of a surrogate pair
        raise Invalid({"": NOT_STORABLE}) from error
    except PoolExhausted as error:
        raise Unavailable("All connections to the database are busy. Try again.") from error


def make_engine(url: str) -> Engine:
    """Return an engine for a libpq URI, with exact JSON numbers and bounded waits."""
    return _engine(Connector(url, WRITE), size=4)


def _engine(connector: Connector, size: int, **options: Any) -> Engine:
    engine = create_engine(
        "postgresql+psycopg://",
        creator=connector.open,
        use_native_hstore=False,  # the contract has none, and asking for it costs a round trip
        pool_size=size,
        max_overflow=4,
        pool_timeout=15,
        pool_recycle=1800,
        pool_pre_ping=True,
        pool_use_lifo=True,  # those that are not needed grow old and close
        **options,
    )
    event.listen(engine, "connect", _exact_json)
    return engine


def _exact_json(connection: psycopg.Connection[Any], _: object) -> None:
    """Teach a connection our JSON: with a `creator` the engine does not do it."""
    set_json_dumps(dump_json, connection)
    set_json_loads(load_json, connection)


def dump_json(value: Any) -> str:
    """Return JSON text; a Decimal keeps its scale."""
    return str(simplejson.dumps(value, use_decimal=True, ensure_ascii=False, allow_nan=False))


def load_json(source: str | bytes) -> Any:
    """Return the value of JSON text; fractions become Decimal, so that nothing is rounded.

    PostgreSQL keeps thousands of levels of nesting, more than Python can handle: what lies deeper
    than `MAX_DEPTH` becomes “…”. It stays as it is stored, since only what was edited is written.
    """
    text = source if isinstance(source, str) else bytes(source).decode()
    try:
        value = _decode(text)
    except RecursionError:
        return _decode(_cut(text))
    if text.count("[") + text.count("{") > MAX_DEPTH and _is_deep(value):
        return _decode(_cut(text))
    return value


def _is_deep(value: Any) -> bool:
    """Say whether lists and objects stand more than `MAX_DEPTH` levels within each other."""
    level = [value]
    for _ in range(MAX_DEPTH):
        parts = chain.from_iterable(
            each.values() if each.__class__ is dict else each for each in level
        )
        level = [part for part in parts if part.__class__ in _NESTING]
        if not level:
            return False
    return True


def _decode(text: str) -> Any:
    try:
        value, end = _DECODER.raw_decode(text)  # `decode` without its search for blanks around
    except ValueError:
        value, end = None, -1
    return value if end == len(text) else _decode_odd(text)


def _decode_odd(text: str) -> Any:
    try:
        return _DECODER.decode(text)
    except ValueError:  # an integer of more digits than Python reads
        return _BIG_DECODER.decode(text)


def _cut(text: str) -> str:
    pieces: list[str] = []
    depth = 0
    for token in _TOKENS.findall(text):
        is_end = token in {"]", "}"}
        is_begin = token in {"[", "{"}
        depth -= is_end
        if depth < MAX_DEPTH or (depth == MAX_DEPTH and not (is_begin or is_end)):
            pieces.append(token)
        elif depth == MAX_DEPTH and is_begin:
            pieces.append('"…"')
        depth += is_begin
    return "".join(pieces)


_TOKENS = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{}]|[^"\[\]{}]+')
# Made once: `loads` with arguments makes a decoder for each value, which takes longer than reading.
_DECODER = json.JSONDecoder(parse_float=Decimal)
_BIG_DECODER = json.JSONDecoder(parse_float=Decimal, parse_int=Decimal)
_NESTING: frozenset[object] = frozenset({dict, list})
