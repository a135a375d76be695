"""Service calls over a connection that can be stopped or lost: also what became of a commit."""

from __future__ import annotations

import logging
import time
from contextlib import contextmanager
from enum import Enum
from typing import TYPE_CHECKING, TypeVar

import psycopg
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from crm_desktop.db.database import Running
from crm_desktop.db.problems import UncertainCommit
from crm_desktop.domain.errors import Unavailable, UserError

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from crm_desktop.db.database import Database, ReadSession, UpkeepSession, WriteSession
    from crm_desktop.db.interruption import Attempt
    from crm_desktop.domain.access import Actor

T = TypeVar("T")

OUTCOME_PATIENCE = 10.0  # seconds to find out what became of an unanswered commit
ASK_AGAIN_AFTER = 0.25

_log = logging.getLogger(__name__)


class Outcome(Enum):
    """What became of a transaction whose commit got no answer."""

    COMMITTED = "committed"
    ABORTED = "aborted"
    UNKNOWN = "unknown"


def ping(database: Database, actor: Actor, attempt: Attempt) -> float:
    """Ask the lightest question there is; return the seconds that one round trip took."""
    with _stoppable(attempt) as running, database.read(actor, running) as session:
        session.execute(text("SELECT 1"))  # may connect, and begins the transaction
        asked_at = time.perf_counter()
        session.execute(text("SELECT 1"))
        return time.perf_counter() - asked_at


def read(database: Database, actor: Actor, call: Callable[[ReadSession], T], attempt: Attempt) -> T:
    """Return `call(session)`, tried again when the connection is lost meanwhile."""
    with _stoppable(attempt) as running:
        return database.answer(actor, call, running)


def write(
    database: Database,
    actor: Actor,
    call: Callable[[WriteSession], T],
    attempt: Attempt,
    closing: threading.Event,
) -> T:
    """Return `call(session)`, committed; `attempt.changes` says what that made out of date.

    `attempt.edits` says which values it changed.

    Never run twice: when the answer to the commit is lost, the server is asked what became of
    the transaction. While that stays unknown, the changes are announced along with the error.
    """
    return _write(database, database.write, actor, call, attempt, closing)


def write_long(
    database: Database,
    actor: Actor,
    call: Callable[[WriteSession], T],
    attempt: Attempt,
    closing: threading.Event,
) -> T:
    """Do what `write` does, without a limit on the time that a statement may take."""
    return _write(database, database.long, actor, call, attempt, closing)


def maintain(
    database: Database, actor: Actor, call: Callable[[UpkeepSession], T], attempt: Attempt
) -> T:
    """Return `call(session)` from a session outside transactions; never run twice."""
    with _stoppable(attempt) as running, database.upkeep(actor, running) as session:
        try:
            return call(session)
        finally:
            attempt.changes = frozenset(session.changes)


def _write(
    database: Database,
    transaction: Callable[[Actor, Running], AbstractContextManager[WriteSession]],
    actor: Actor,
    call: Callable[[WriteSession], T],
    attempt: Attempt,
    closing: threading.Event,
) -> T:
    answers: list[T] = []
    changes, edits = attempt.changes, attempt.edits
    id_: str | None = None
    try:
        with _stoppable(attempt) as running, transaction(actor, running) as session:
            answers.append(call(session))
            id_ = _transaction_id(session)
            changes, edits = frozenset(session.changes), tuple(session.edits)
    except UncertainCommit as uncertain:
        attempt.changes = changes
        if id_ is not None:
            _settle(database, actor, id_, closing, uncertain)
    attempt.changes, attempt.edits = changes, edits
    return answers[0]


@contextmanager
def _stoppable(attempt: Attempt) -> Iterator[Running]:
    """Give a handle that other threads reach; tell what they stopped from what the server did."""
    running = Running()
    attempt.attach(running)
    try:
        yield running
    except UncertainCommit:
        raise
    except (UserError, DBAPIError, psycopg.Error) as error:
        if not attempt.was_stopped:
            raise
        raise attempt.explanation() from error


def _transaction_id(session: WriteSession) -> str | None:
    """Return the id by which to ask what became of this transaction; None if it wrote nothing."""
    session.flush()
    id_: str | None = session.scalar(text("SELECT pg_current_xact_id_if_assigned()::text"))
    return id_


def _settle(
    database: Database,
    actor: Actor,
    id_: str,
    closing: threading.Event,
    uncertain: UncertainCommit,
) -> None:
    """Return if the unanswered commit took place; raise what to tell the user if not."""
    deadline = time.monotonic() + OUTCOME_PATIENCE
    outcome = Outcome.UNKNOWN
    while outcome is Outcome.UNKNOWN and time.monotonic() < deadline:
        try:
            outcome = _outcome_of(database, actor, id_)
        except Unavailable:
            _log.info("Cannot ask yet what became of transaction %s.", id_)
        if outcome is Outcome.UNKNOWN and closing.wait(ASK_AGAIN_AFTER):
            break
    if outcome is Outcome.UNKNOWN:
        raise uncertain
    if outcome is Outcome.ABORTED:
        raise Unavailable(
            "The connection was lost and nothing was stored. Try again."
        ) from uncertain


def _outcome_of(database: Database, actor: Actor, id_: str) -> Outcome:
    """Ask on another connection how the transaction ended; `UNKNOWN` while it is in progress."""
    asked = text("SELECT pg_xact_status(CAST(:id AS xid8))")
    with database.read(actor) as session:
        status = session.scalar(asked, {"id": id_})
    return Outcome(status) if status in {"committed", "aborted"} else Outcome.UNKNOWN
