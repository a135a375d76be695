"""Tries a change on very many records inside a savepoint, and finds those that are refused."""

import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import psycopg
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from crm_desktop.db.database import WriteSession
from crm_desktop.db.problems import explain
from crm_desktop.domain.access import Permission
from crm_desktop.domain.errors import Cancelled

Progress = Callable[[int, int], bool]
Write = Callable[[Sequence[str] | None], int]
MOST_REFUSED = 1000  # records that are named one by one
MOST_TRIED = 100_000  # records that are looked at in batches
BATCH = 1000
STOPPED = "Stopped. Nothing was changed."
# Families of SQLSTATE that say nothing about a row: troubles of the server, and cancelled work.
_NOT_ABOUT_ROWS = frozenset({"40", "08", "25", "28", "53", "54", "55", "57", "58", "XX", ""})


@dataclass(frozen=True, slots=True)
class Refused:
    """A record that the database turned down, and why in a sentence."""

    id: str
    reason: str


@dataclass
class Trial:
    """What became of a change: `left_alone` rows met it and stayed as they were, unexplained."""

    refused: list[Refused] = field(default_factory=list)
    left_alone: int = 0
    unexamined: int = 0


def silent(_: int, __: int) -> bool:
    """Take a report of progress that nobody looks at; go on."""
    return True


def try_out(
    session: WriteSession,
    write: Write,
    find_ids: Callable[[int], list[str]],
    expected: int,
    patience: float,
    on_progress: Progress = silent,
) -> Trial:
    """Let `write` change everything, then take it back; return what was refused.

    When the whole is refused, `write` is given the ids in batches, and those that are refused in
    halves, until single records remain or `patience` seconds are over. Batches that go through
    stay until the end, so that records that exclude each other are found as well.
    """
    session.actor.require(Permission.UPDATE_RECORDS)
    trial = Trial()
    outer = session.begin_nested()
    try:
        if not on_progress(0, 0):
            raise Cancelled(STOPPED)
        refusal = _attempt(session, write, None, expected, trial)
        if refusal:
            _search(session, write, find_ids, expected, patience, on_progress, trial)
    finally:
        outer.rollback()
    return trial


def _search(
    session: WriteSession,
    write: Write,
    find_ids: Callable[[int], list[str]],
    expected: int,
    patience: float,
    on_progress: Progress,
    trial: Trial,
) -> None:
    deadline = time.monotonic() + patience
    ids = find_ids(MOST_TRIED)
    pending = deque(ids[start : start + BATCH] for start in range(0, len(ids), BATCH))
    done = 0
    while pending:
        if not on_progress(done, expected):
            raise Cancelled(STOPPED)
        if time.monotonic() > deadline or len(trial.refused) >= MOST_REFUSED:
            break
        batch = pending.popleft()
        refusal = _attempt(session, write, batch, len(batch), trial)
        if refusal and len(batch) > 1:
            middle = len(batch) // 2
            pending.extendleft((batch[middle:], batch[:middle]))
            continue
        if refusal:
            trial.refused.append(Refused(batch[0], refusal))
        done += len(batch)
    trial.unexamined = expected - done


def _attempt(
    session: WriteSession, write: Write, ids: Sequence[str] | None, expected: int, trial: Trial
) -> str:
    """Write within a savepoint of its own; return why that was refused, or "" where it stands.

    Constraints that wait for the end of the transaction are asked at once.
    """
    savepoint = session.begin_nested()
    try:
        changed = write(ids)
        session.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
    except DBAPIError as error:
        savepoint.rollback()
        if not _is_about_rows(error):
            raise
        return explain(error)
    savepoint.commit()
    trial.left_alone += max(0, expected - changed)
    return ""


def _is_about_rows(error: DBAPIError) -> bool:
    """Tell whether other rows might pass, by the family of the SQLSTATE.

    Other programs' triggers may raise any state of their own; those of the server's troubles
    are known.
    """
    state = error.orig.sqlstate if isinstance(error.orig, psycopg.Error) else None
    return (state or "")[:2] not in _NOT_ABOUT_ROWS
