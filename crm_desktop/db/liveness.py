"""Service calls over a connection that can be lost: tried again, settled, stopped from outside."""

from __future__ import annotations

import logging
import socket
import time
from contextlib import contextmanager, suppress
from enum import Enum
from typing import TYPE_CHECKING, TypeVar

import psycopg
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from crm_desktop.domain.errors import Unavailable, UserError

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterator

    from crm_desktop.db.database import Database, ReadSession, WriteSession
    from crm_desktop.db.interruption import Attempt
    from crm_desktop.domain.access import Actor

T = TypeVar("T")

RETRY_AFTER = 0.25  # seconds between a lost connection and the second try of a read
OUTCOME_PATIENCE = 10.0  # seconds to find out what became of an unanswered commit

_log = logging.getLogger(__name__)


class Outcome(Enum):
    """What became of a transaction whose commit got no answer."""

    COMMITTED = "committed"
    ABORTED = "aborted"
    UNKNOWN = "unknown"


class Line:
    """The connection of a session, held by another thread than the one that uses it.

    The driver's own locks are never taken: `rollback()` of a stalled connection would block,
    and `close()` frees what the other thread is reading.
    """

    def __init__(self, session: ReadSession) -> None:
        """Connect, if the pool has no connection ready: may take as long as `connect_timeout`."""
        driver = session.connection().connection.driver_connection
        if not isinstance(driver, psycopg.Connection):
            raise TypeError(driver)
        self._driver = driver

    def cancel(self, patience: float) -> None:
        """Ask the server to stop the statement, for `patience` seconds; cut the line if it won't.

        That the server took the request does not say that it obeys: see whether the call ends.
        """
        try:
            self._driver.cancel_safe(timeout=patience)
        except psycopg.Error:
            self.cut()

    def cut(self) -> None:
        """Shut the socket down: whoever waits on this connection gets an error at once."""
        with suppress(psycopg.Error, OSError):
            connection = socket.socket(fileno=self._driver.pgconn.socket)
            try:
                connection.shutdown(socket.SHUT_RDWR)
            finally:
                connection.detach()  # the descriptor stays libpq's


def ping(database: Database, actor: Actor, attempt: Attempt) -> None:
    """Ask the lightest question there is."""
    with database.read(actor) as session, _reachable(session, attempt):
        session.execute(text("SELECT 1"))


def read(
    database: Database,
    actor: Actor,
    call: Callable[[ReadSession], T],
    attempt: Attempt,
    closing: threading.Event,
) -> T:
    """Return `call(session)`, tried a second time when the connection is lost during the first."""
    try:
        return _read_once(database, actor, call, attempt)
    except Unavailable:
        if attempt.was_stopped or closing.wait(RETRY_AFTER):
            raise
        return _read_once(database, actor, call, attempt)


def _read_once(
    database: Database, actor: Actor, call: Callable[[ReadSession], T], attempt: Attempt
) -> T:
    with (
        _explained(attempt),
        database.read(actor) as session,
        _reachable(session, attempt),
    ):
        return call(session)


def write(
    database: Database,
    actor: Actor,
    call: Callable[[WriteSession], T],
    attempt: Attempt,
    closing: threading.Event,
) -> T:
    """Return `call(session)`, committed; `attempt.changes` says what that made out of date.

    Never run twice: when the answer to the commit is lost, the server is asked what became of
    the transaction. While that stays unknown, the changes are announced along with the error.
    """
    transaction: str | None = None
    outcome: list[T] = []
    noted = attempt.changes
    try:
        with (
            _explained(attempt),
            database.write(actor) as session,
            _reachable(session, attempt),
        ):
            outcome.append(call(session))
            transaction = _transaction_id(session)
            noted = frozenset(session.changes)
    except Unavailable as lost:
        if transaction is None:
            raise
        attempt.changes = noted
        _settle(database, actor, transaction, closing, lost)
    attempt.changes = noted
    return outcome[0]


@contextmanager
def _reachable(session: ReadSession, attempt: Attempt) -> Iterator[None]:
    attempt.attach(Line(session))
    try:
        yield
    finally:
        attempt.detach()


@contextmanager
def _explained(attempt: Attempt) -> Iterator[None]:
    """Tell an interruption that we caused from an error of the database."""
    try:
        yield
    except (UserError, DBAPIError, psycopg.Error) as error:
        if not attempt.was_stopped:
            raise
        raise attempt.explain() from error


def _transaction_id(session: WriteSession) -> str | None:
    """Return the id by which to ask what became of this transaction; None if it wrote nothing."""
    session.flush()
    id_: str | None = session.scalar(text("SELECT pg_current_xact_id_if_assigned()::text"))
    return id_


def _settle(
    database: Database,
    actor: Actor,
    transaction: str,
    closing: threading.Event,
    lost: Unavailable,
) -> None:
    """Return if the unanswered commit took place; raise what to tell the user if not."""
    deadline = time.monotonic() + OUTCOME_PATIENCE
    outcome = Outcome.UNKNOWN
    while outcome is Outcome.UNKNOWN and time.monotonic() < deadline:
        try:
            outcome = _outcome_of(database, actor, transaction)
        except Unavailable:
            _log.info("Cannot ask yet what became of transaction %s.", transaction)
        if outcome is Outcome.UNKNOWN and closing.wait(RETRY_AFTER):
            break
    if outcome is Outcome.ABORTED:
        raise Unavailable("The connection was lost and nothing was stored. Try again.") from lost
    if outcome is Outcome.UNKNOWN:
        raise Unavailable(
            "The connection was lost while this was being stored, and it is not known whether it "
            "was. Look before you try again."
        ) from lost


def _outcome_of(database: Database, actor: Actor, transaction: str) -> Outcome:
    """Ask on another connection how the transaction ended; `UNKNOWN` while it is in progress."""
    asked = text("SELECT pg_xact_status(CAST(:id AS xid8))")
    with database.read(actor) as session:
        status = session.scalar(asked, {"id": transaction})
    return Outcome(status) if status in {"committed", "aborted"} else Outcome.UNKNOWN
