"""Links very many records at once: to one record, or by what a field holds; foreseen first."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from sqlalchemy import text

from crm_desktop.db.database import WriteSession, dump_json
from crm_desktop.db.expressions import PRIMARY_VALUE, Parameters
from crm_desktop.domain.access import Permission
from crm_desktop.domain.changes import Topic
from crm_desktop.domain.errors import Cancelled, Conflict, Invalid, NotFound
from crm_desktop.domain.field_types import is_column
from crm_desktop.domain.filters import RecordQuery
from crm_desktop.services.bulk_trial import STOPPED, silent
from crm_desktop.services.history import keeps_history
from crm_desktop.services.inputs import check_json
from crm_desktop.services.link_checks import (
    LockedRelationship,
    lock_relationship,
    verdict_values,
    verdicts_sql,
)
from crm_desktop.services.link_schemas import check_link_metadata
from crm_desktop.services.record_conditions import execute, readable
from crm_desktop.services.record_targets import ChosenRecords, RecordTarget, target_condition
from crm_desktop.services.records import fields_of
from crm_desktop.services.relationships import RelationshipSide
from crm_desktop.services.users import ensure_user

MOST_SAMPLES = 5
NAME = PRIMARY_VALUE
"""Stands for a field's id where records are compared by their names."""
STEPS = 4
Progress = Callable[[int, int], bool]
_NO_METADATA: Mapping[str, Any] = {}


@dataclass(frozen=True, slots=True)
class ToOne:
    """Link all of them to one record of the other object."""

    record_id: str


@dataclass(frozen=True, slots=True)
class ByValue:
    """Link each to the record of the other object that holds the same text.

    Fields by their ids, or NAME. Upper and lower case count for nothing,
    nor do blanks at the ends and how many there are between words, unless `is_exact`.
    """

    field_id: str
    other_field_id: str = NAME
    is_exact: bool = False


Rule: TypeAlias = ToOne | ByValue


@dataclass(frozen=True, slots=True)
class Sample:
    """A record, what was looked for by it, and what was found: the other record, or its holder.

    `other` is "" where there is none, or none that the person may see.
    """

    record: str
    value: str
    other: str


@dataclass(frozen=True, slots=True)
class LinkRehearsal:
    """What linking would do: how many records there are of each kind, and some of them.

    Kinds are `new`, `linked` already, `taken` by another, `kept` (taken, and not to be moved),
    `twice` (several of them want one record that can be linked once), `forbidden`, `empty` (no
    value to look by), `nothing` and `several` (records that have that value). `gone` were chosen
    and are no longer there.
    """

    counts: Mapping[str, int]
    samples: Mapping[str, tuple[Sample, ...]]
    gone: int
    can_be_undone: bool

    def count(self, kind: str) -> int:
        return self.counts.get(kind, 0)


@dataclass(frozen=True, slots=True)
class LinkResult:
    """How many links were made, how many records moved, and how many were left as they are."""

    made: int
    moved: int
    left_out: int


def rehearse_links(
    session: WriteSession,
    target: RecordTarget,
    side: RelationshipSide,
    rule: Rule,
    on_progress: Progress = silent,
) -> LinkRehearsal:
    """Say what `make_links` would do with the records of this side; nothing is changed.

    Only temporary tables are written. Raises Invalid for fields that are not there, Cancelled.
    """
    session.actor.require(Permission.EDIT_LINKS)
    of = lock_relationship(session, side.relationship_id)
    _find_pairs(session, target, side, rule, on_progress)
    _judge(session, of, on_progress)
    counts = _count(session, of)
    gone = len(target.ids) - sum(counts.values()) if isinstance(target, ChosenRecords) else 0
    return LinkRehearsal(counts, _samples(session, of, side), gone, keeps_history(session))


def make_links(
    session: WriteSession,
    target: RecordTarget,
    side: RelationshipSide,
    rule: Rule,
    rehearsal: LinkRehearsal,
    on_progress: Progress = silent,
    *,
    moves_taken: bool = False,
    metadata: Mapping[str, Any] = _NO_METADATA,
) -> LinkResult:
    """Link what can be linked, in one step to undo; the rest stays as it is.

    With `moves_taken` records that belong to another are taken from it, where one may change that.
    The records are locked first, and looked at again: raises Conflict where there is much more to
    link than was rehearsed.
    """
    session.actor.require(Permission.EDIT_LINKS)
    author = ensure_user(session, session.actor.user_id)
    check_json("relationship_metadata", metadata)
    check_link_metadata(session, side.relationship_id, metadata)
    of = lock_relationship(session, side.relationship_id)
    _find_pairs(session, target, side, rule, on_progress)
    session.execute(text(_LOCK))
    _judge(session, of, on_progress)
    counts = _count(session, of)
    changing = counts.get("new", 0) + (counts.get("taken", 0) if moves_taken else 0)
    foreseen = rehearsal.count("new") + (rehearsal.count("taken") if moves_taken else 0)
    if changing > foreseen * 1.1 + 10:
        raise Conflict(
            f"There are {changing:,} records to link now, not {foreseen:,} as when it was checked: "
            "others changed or added some meanwhile. Check again."
        )
    session.describe("link of a record" if changing == 1 else f"link of {changing:,} records")
    moved = _rowcount(session, _move_sql(of), {}) if moves_taken else 0
    values = {"relationship": of.id, "said": dump_json(dict(metadata)), "author": author}
    made = _rowcount(session, _insert_sql(of), values)
    if made or moved:
        session.note(Topic.LINKS, of.id)
    return LinkResult(made, moved, sum(counts.values()) - made - moved)


def _rowcount(session: WriteSession, statement: str, values: Mapping[str, Any]) -> int:
    return int(session.execute(text(statement), values).rowcount)  # type: ignore[attr-defined]


def _tell(on_progress: Progress, done: int) -> None:
    if not on_progress(done, STEPS):
        raise Cancelled(STOPPED)


# --- who is to be linked with whom -------------------------------------------------------------


def _find_pairs(
    session: WriteSession,
    target: RecordTarget,
    side: RelationshipSide,
    rule: Rule,
    on_progress: Progress,
) -> None:
    """Put each record of the target into a temporary table, with the one that it is meant for."""
    _tell(on_progress, 0)
    for statement in _MAKE:
        session.execute(text(statement))
    parameters = Parameters()
    where = target_condition(session, parameters, target)
    others = readable(session, parameters, RecordQuery(side.other.id), looks_first=True)
    if isinstance(rule, ToOne):
        other = parameters.bind(rule.record_id)
        statement = f"SELECT 1 FROM records AS r WHERE r.id = {other} AND {others}"  # noqa: S608
        if execute(session, statement, parameters.values).first() is None:
            raise NotFound("The record that they are to be linked to no longer exists.")
        found = f"SELECT r.id, r.created_at, NULL AS value, 1 AS matches, {other} AS other FROM"
        found += f" records AS r WHERE {where}"
    else:
        found = _matching_sql(session, parameters, target, side, rule, (where, others))
    own, partner = ("from_id", "to_id") if side.is_from else ("to_id", "from_id")
    statement = (
        f"INSERT INTO crm_link_pairs (place, {own}, value, matches, {partner})"  # noqa: S608
        f" SELECT row_number() OVER (ORDER BY created_at, id), id, value, matches, other"
        f" FROM ({found}) AS found"
    )
    execute(session, statement, parameters.values)
    _tell(on_progress, 1)
    session.execute(text("ANALYZE crm_link_pairs"))


def _matching_sql(
    session: WriteSession,
    parameters: Parameters,
    target: RecordTarget,
    side: RelationshipSide,
    rule: ByValue,
    conditions: tuple[str, str],
) -> str:
    """Return a SELECT of the records with the value to look by, and what has that value."""
    where, others = conditions
    own = _text_sql(session, parameters, target.object_id, rule.field_id)
    other = _text_sql(session, parameters, side.other.id, rule.other_field_id)
    if not rule.is_exact:
        own, other = _folded(own), _folded(other)
    return (
        f"WITH own AS MATERIALIZED (SELECT r.id, r.created_at, nullif({own}, '') AS value"  # noqa: S608
        f" FROM records AS r WHERE {where}),"
        f" having_it AS (SELECT o.value, count(*) AS matches, min(o.id) AS id FROM"
        f" (SELECT r.id, {other} AS value FROM records AS r WHERE {others}) AS o"
        f" WHERE o.value IN (SELECT value FROM own) GROUP BY o.value)"
        f" SELECT own.id, own.created_at, own.value, coalesce(h.matches, 0) AS matches,"
        f" CASE WHEN h.matches = 1 THEN h.id END AS other"
        f" FROM own LEFT JOIN having_it AS h ON h.value = own.value"
    )


def _text_sql(session: WriteSession, parameters: Parameters, object_id: str, field_id: str) -> str:
    """Return a field's text, or number as text, NULL for anything else; raises Invalid."""
    if field_id == NAME:
        return "r.primary_value"
    fields = {each.id: each for each in fields_of(session, object_id)}
    if field_id not in fields or is_column(fields[field_id]):
        raise Invalid({"field": "One of the fields to compare is gone. Choose another one."})
    key = parameters.bind(field_id)
    kind = f"jsonb_typeof(r.data -> {key})"
    return f"CASE WHEN {kind} IN ('string', 'number') THEN r.data ->> {key} END"


def _folded(value: str) -> str:
    return f"lower(btrim(regexp_replace({value}, '[[:space:]]+', ' ', 'g')))"


_MAKE = (
    "DROP TABLE IF EXISTS crm_link_pairs",
    "DROP TABLE IF EXISTS crm_link_verdicts",
    """
    CREATE TEMP TABLE crm_link_pairs (place bigint, from_id text, to_id text, value text,
        matches bigint) ON COMMIT DROP
    """,
    """
    CREATE TEMP TABLE crm_link_verdicts (place bigint, from_id text, to_id text, from_title text,
        to_title text, holder_id text, held_id text, links bigint, holder_title text,
        moved_id text, is_holder_writable boolean, hindrance text) ON COMMIT DROP
    """,
)


# --- what stands in the way --------------------------------------------------------------------


def _judge(session: WriteSession, of: LockedRelationship, on_progress: Progress) -> None:
    """Say of each pair whether it can be linked, in a second temporary table."""
    pairs = """
        SELECT from_id, to_id, place FROM crm_link_pairs
        WHERE from_id IS NOT NULL AND to_id IS NOT NULL
    """
    statement = f"INSERT INTO crm_link_verdicts {verdicts_sql(of.single, pairs)}"
    session.execute(text(statement), verdict_values(session, of))
    _tell(on_progress, 3)


# What can move is held by one link only, which starts at a record that may be changed.
_KINDS = """
    SELECT p.place, p.from_id, p.to_id, p.value, v.held_id, v.holder_title, CASE
        WHEN v.hindrance IN ('from_gone', 'to_gone') THEN 'nothing'
        WHEN v.hindrance = 'taken' THEN CASE
            WHEN row_number() OVER (PARTITION BY v.held_id, v.hindrance ORDER BY p.place) > 1
                THEN 'twice'
            WHEN v.links = 1 AND (v.is_holder_writable OR {is_many_to_one}) THEN 'taken'
            ELSE 'kept' END
        WHEN v.hindrance IS NOT NULL THEN v.hindrance
        WHEN v.place IS NOT NULL THEN 'new'
        WHEN p.matches > 1 THEN 'several'
        WHEN p.value IS NULL THEN 'empty'
        ELSE 'nothing' END AS kind
    FROM crm_link_pairs AS p LEFT JOIN crm_link_verdicts AS v ON v.place = p.place
"""


def _kinds(of: LockedRelationship) -> str:
    return _KINDS.format(is_many_to_one="true" if of.single == "from" else "false")


def _count(session: WriteSession, of: LockedRelationship) -> dict[str, int]:
    statement = f"SELECT kind, count(*) FROM ({_kinds(of)}) AS k GROUP BY kind"  # noqa: S608
    return {kind: int(count) for kind, count in session.execute(text(statement))}


def _samples(
    session: WriteSession, of: LockedRelationship, side: RelationshipSide
) -> dict[str, tuple[Sample, ...]]:
    """Return the first of each kind, with what stands at the other end of its link, or would."""
    own, other = ("from_id", "to_id") if side.is_from else ("to_id", "from_id")
    statement = f"""
        SELECT k.kind, coalesce(r.primary_value, k.{own}), k.value,
               CASE WHEN k.kind IN ('taken', 'kept') THEN k.holder_title
                    ELSE coalesce(o.primary_value, k.{other}) END
        FROM (SELECT *, row_number() OVER (PARTITION BY kind ORDER BY place) AS number
              FROM ({_kinds(of)}) AS each_kind) AS k
        LEFT JOIN records AS r ON r.id = k.{own} LEFT JOIN records AS o ON o.id = k.{other}
        WHERE k.number <= :most ORDER BY k.kind, k.number
    """  # noqa: S608 - names that stand here
    found: dict[str, list[Sample]] = {}
    for kind, record, value, title in session.execute(text(statement), {"most": MOST_SAMPLES}):
        found.setdefault(kind, []).append(Sample(record, value or "", title or ""))
    return {kind: tuple(rows) for kind, rows in found.items()}


# --- what is written ---------------------------------------------------------------------------

_LOCK = """
    SELECT count(*) FROM (
        SELECT r.id FROM records AS r WHERE r.id IN (
            SELECT from_id FROM crm_link_pairs UNION SELECT to_id FROM crm_link_pairs)
        ORDER BY r.id FOR NO KEY UPDATE
    ) AS locked
"""
# Ids as `domain.ids` makes them: the time in milliseconds, then a count, then chance.
_NEW_ID = """
    'rrec_' || lpad(to_hex(CAST(floor(extract(epoch FROM clock_timestamp()) * 1000) AS bigint)),
                    12, '0')
    || '7' || lpad(to_hex(k.place % 4096), 3, '0')
    || substr(replace(CAST(gen_random_uuid() AS text), '-', ''), 17)
"""


def _insert_sql(of: LockedRelationship) -> str:
    return f"""
        INSERT INTO relationship_records
            (id, relationship_id, from_record_id, to_record_id, relationship_metadata, created_by)
        SELECT {_NEW_ID}, CAST(:relationship AS text), k.from_id, k.to_id, CAST(:said AS jsonb),
               CAST(:author AS uuid)
        FROM ({_kinds(of)}) AS k WHERE k.kind = 'new' ORDER BY k.place
    """  # noqa: S608 - names that stand here


def _move_sql(of: LockedRelationship) -> str:
    return f"""
        UPDATE relationship_records AS x SET from_record_id = k.from_id, to_record_id = k.to_id
        FROM ({_kinds(of)}) AS k WHERE k.kind = 'taken' AND x.id = k.held_id
    """  # noqa: S608 - names that stand here
