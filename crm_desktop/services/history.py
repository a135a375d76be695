"""What changed in records and links, gesture by gesture; undone and done again from its images."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import starmap
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import text

from crm_desktop.db.database import ReadSession, WriteSession
from crm_desktop.domain.access import Permission
from crm_desktop.domain.changes import Topic
from crm_desktop.domain.errors import Conflict, NotFound, Unavailable
from crm_desktop.services.history_steps import Image, Refusal, Step, Tally, plan_steps, take_back

__all__ = ["ChangeSet", "Refusal", "UndoReport", "UndoState"]

OLDEST_DAYS, MOST_BYTES = 90, 1 << 30
DEEPEST = 500  # change sets that the stack is made of
NOT_KEPT = (
    "This database keeps no history: the triggers that it needs were declined, or somebody "
    "switched them off."
)
NOT_READABLE = "Your login may not read the history that this database keeps."


@dataclass(frozen=True, slots=True)
class ChangeSet:
    """What one transaction changed.

    `title` is how its program calls it (empty for writes of other programs), `actor` who it says
    acted; `program` and `login` are what the server knows. `reverts` is the change set that an
    undo or a redo put back.
    """

    id: int
    at: datetime
    title: str
    actor: UUID | None
    actor_name: str
    computer: str
    kind: Literal["change", "undo", "redo"]
    reverts: int | None
    program: str
    login: str
    rows: int


@dataclass(frozen=True, slots=True)
class UndoState:
    """What Undo and Redo would do next; `unavailable` says why neither can do anything."""

    undo: ChangeSet | None = None
    redo: ChangeSet | None = None
    unavailable: str = ""


@dataclass(frozen=True, slots=True)
class UndoReport:
    """What was put back, and what was not: the first thousand `refusals` of `refused`."""

    change_set: int
    title: str
    kind: Literal["undo", "redo"]
    records_changed: int
    records_deleted: int
    records_restored: int
    links: int  # in all
    links_deleted: int
    refused: int
    refusals: tuple[Refusal, ...]

    @property
    def done(self) -> int:
        records = self.records_changed + self.records_deleted + self.records_restored
        return records + self.links


def list_change_sets(
    session: ReadSession, *, before: int = 0, limit: int = 100
) -> tuple[ChangeSet, ...]:
    """Return what happened last, newest first; `before` is the id that the page comes before."""
    session.actor.require(Permission.READ_RECORDS)
    if _why_unavailable(session):
        return ()
    query = _SETS.format(rows=_ROWS, where="WHERE :before = 0 OR s.id < :before")
    return _change_sets(session, query, {"before": before, "limit": limit})


def undo_state(session: ReadSession) -> UndoState:
    """Return what this person at this computer can undo and do again in this database."""
    session.actor.require(Permission.READ_RECORDS)
    if reason := _why_unavailable(session):
        return UndoState(unavailable=reason)
    where = "WHERE s.actor = :actor AND s.computer = :computer AND s.title <> ''"
    values = {"actor": session.actor.user_id, "computer": session.computer, "limit": DEEPEST}
    sets = _change_sets(session, _SETS.format(rows="0", where=where), values)
    tops = [stack[-1].id if stack else 0 for stack in _stacks(sets[::-1])]
    query = _SETS.format(rows=_ROWS, where="WHERE s.id = ANY(:tops)")
    counted = _change_sets(session, query, {"tops": tops, "limit": 2})
    found = {each.id: each for each in counted}
    return UndoState(found.get(tops[0]), found.get(tops[1]))


def undo(session: WriteSession, change_set_id: int) -> UndoReport:
    """Put back what the change set changed, where nobody changed it since; report the rest.

    That is a new change set, which `redo` takes. Raises NotFound, Conflict and Unavailable.
    """
    session.actor.require(Permission.UPDATE_RECORDS)
    return _revert(session, change_set_id, "undo")


def redo(session: WriteSession, change_set_id: int) -> UndoReport:
    """Take back an undo, by the id of its change set, under the same conditions."""
    session.actor.require(Permission.UPDATE_RECORDS)
    return _revert(session, change_set_id, "redo")


def keeps_history(session: ReadSession) -> bool:
    """Say whether what is written now can be undone later."""
    session.actor.require(Permission.READ_RECORDS)
    return not _why_unavailable(session)


def bound_history(
    session: WriteSession, oldest_days: int = OLDEST_DAYS, most_bytes: int = MOST_BYTES
) -> None:
    """Forget what is older or more than this, and make room ahead; call it now and then."""
    session.actor.require(Permission.READ_RECORDS)
    if not _why_unavailable(session):
        call = "SELECT crm_desktop.keep_history(make_interval(days => :days), :bytes)"
        session.execute(text(call), {"days": oldest_days, "bytes": most_bytes})


def _stacks(sets: Sequence[ChangeSet]) -> tuple[list[ChangeSet], list[ChangeSet]]:
    """Return what stands and what was undone, the last on top, from the oldest on."""
    done: list[ChangeSet] = []
    undone: list[ChangeSet] = []
    for each in sets:
        if each.kind == "change":
            done.append(each)
            undone.clear()
            continue
        source, target = (done, undone) if each.kind == "undo" else (undone, done)
        if each.reverts in {known.id for known in source[-50:]}:
            source[:] = [known for known in source if known.id != each.reverts]
            target.append(each)
    return done, undone


def _revert(session: WriteSession, change_set_id: int, kind: Literal["undo", "redo"]) -> UndoReport:
    if reason := _why_unavailable(session):
        raise Unavailable(reason)
    row = session.execute(text(_LOCK), {"id": change_set_id}).one_or_none()
    if row is None:
        raise NotFound("This is too long ago: its history is no longer kept.")
    if row.is_reverted:
        raise Conflict("This was put back already, perhaps in another window.")
    session.describe(row.title or "a change", kind=kind, reverts=change_set_id)
    made = int(session.scalar(text("SELECT crm_desktop.current_change_set()")) or 0)
    image = Image(row.at, change_set_id)
    tally = Tally()
    for step in plan_steps(session, image):
        _announce(session, step, take_back(session, image, step, tally))
    return UndoReport(
        change_set=made,
        title=row.title,
        kind=kind,
        records_changed=tally.records["update"],
        records_deleted=tally.records["insert"],
        records_restored=tally.records["delete"],
        links=tally.links.total(),
        links_deleted=tally.links["insert"],
        refused=tally.refused,
        refusals=tuple(tally.refusals),
    )


def _announce(session: WriteSession, step: Step, touched: Sequence[str]) -> None:
    topic = Topic.RECORDS if step.is_of_records else Topic.LINKS
    for id_ in touched:
        session.note(topic, id_)


def _change_sets(session: ReadSession, query: str, values: dict[str, Any]) -> tuple[ChangeSet, ...]:
    return tuple(starmap(ChangeSet, session.execute(text(query), values)))


def _why_unavailable(session: ReadSession) -> str:
    row = session.execute(text(_STANDING)).one()
    if not row.is_kept:
        return NOT_KEPT
    return "" if row.is_readable else NOT_READABLE


_STANDING = """
SELECT (SELECT count(*) FROM pg_trigger
        WHERE tgrelid IN (to_regclass('records'), to_regclass('relationship_records'))
          AND starts_with(tgname, 'crm_desktop_history_') AND tgenabled <> 'D') = 6 AS is_kept,
       (SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = 'crm_desktop' AND c.relname IN ('history', 'change_sets')
          AND has_schema_privilege(n.oid, 'USAGE')
          AND has_table_privilege(c.oid, 'SELECT')) = 2 AS is_readable
"""
_SETS = """
SELECT s.id, s.at, s.title, s.actor, coalesce(u.full_name, ''), s.computer, s.kind, s.reverts,
       s.program, s.login, {rows}
FROM crm_desktop.change_sets s LEFT JOIN users u ON u.id = s.actor
{where} ORDER BY s.id DESC LIMIT :limit
"""
_ROWS = """
       (SELECT coalesce(sum(coalesce(cardinality(h.row_ids), 1)), 0)::bigint
        FROM crm_desktop.history h WHERE h.at = s.at AND h.change_set = s.id)
"""
_LOCK = """
SELECT s.at, s.title,
       EXISTS (SELECT FROM crm_desktop.change_sets r WHERE r.reverts = s.id) AS is_reverted
FROM crm_desktop.change_sets s WHERE s.id = :id FOR UPDATE
"""
