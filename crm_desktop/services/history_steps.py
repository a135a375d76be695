"""Takes the statements of a change set back, the last one first, each by a few statements.

Every step fills a temporary table, `crm_undo`: one row for each record or link that it is about,
with the problem that keeps it from being put back, then acts on the others.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import Any, NamedTuple

from sqlalchemy import column, table, text, update

from crm_desktop.db.database import WriteSession
from crm_desktop.db.expressions import Parameters, primary_value_sql
from crm_desktop.db.tables import CrmObject, Record
from crm_desktop.domain.access import Permission, Reach, RecordRight
from crm_desktop.services.record_rights import may
from crm_desktop.services.records import fields_of

MOST_REFUSALS = 1000
MANY = 500  # rows from which on the planner should know how many there are
RECORDS, LINKS = "records", "relationship_records"


class Image(NamedTuple):
    """Where the images of a change set lie: `at` finds the partition."""

    at: datetime
    change_set: int


class Step(NamedTuple):
    """Statements that can be taken back together: none of them meets a row twice."""

    table: str
    operation: str
    statements: tuple[int, ...]

    @property
    def is_of_records(self) -> bool:
        return self.table == RECORDS


@dataclass(frozen=True, slots=True)
class Refusal:
    """A record or a link that was not put back, by its id and name, and why in a sentence."""

    id: str
    name: str
    reason: str


@dataclass
class Tally:
    """Counts what was put back, by the operation that this took back, and what was not."""

    records: Counter[str] = field(default_factory=Counter)
    links: Counter[str] = field(default_factory=Counter)
    refused: int = 0
    refusals: list[Refusal] = field(default_factory=list)


def plan_steps(session: WriteSession, image: Image) -> list[Step]:
    """Return what to take back, in order.

    Insertions commute among themselves, and so do deletions: a run of them is one step for the
    links and one for the records, in the order that foreign keys ask for.
    """
    session.actor.require(Permission.UPDATE_RECORDS)
    found = session.execute(text(_STATEMENTS), image._asdict()).all()
    steps: list[Step] = []
    for operation, run in groupby(found, lambda row: row.operation):
        statements: dict[str, list[int]] = {RECORDS: [], LINKS: []}
        for row in run:
            statements[row.table_name].append(row.statement)
        order = (LINKS, RECORDS) if operation == "insert" else (RECORDS, LINKS)
        for name in order:
            step = Step(name, operation, tuple(statements[name]))
            if (
                len(step.statements) > 1
                and operation == "update"
                and _repeats(session, image, step)
            ):
                steps += [Step(name, operation, (each,)) for each in step.statements]
            elif step.statements:
                steps.append(step)
    return steps


def take_back(session: WriteSession, image: Image, step: Step, tally: Tally) -> Sequence[str]:
    """Take a step back and count; return the objects or relationships that this touched."""
    session.actor.require(Permission.UPDATE_RECORDS)
    values = {**image._asdict(), "statements": list(step.statements)}
    session.execute(text("DROP TABLE IF EXISTS crm_undo"))
    session.execute(text(_MAKE))
    lock, fill = _FILLS[step.table, step.operation]
    session.execute(text(lock.replace("HISTORY", _HISTORY)), values)
    session.execute(text(fill.replace("HISTORY", _HISTORY)), values)
    if int(session.scalar(text("SELECT count(*) FROM crm_undo")) or 0) > MANY:
        session.execute(text("CREATE INDEX ON crm_undo (id)"))
        session.execute(text("ANALYZE crm_undo"))
    if step.is_of_records and step.operation == "insert":
        session.execute(text(_FIND_LINKED))
    _forbid(session, step)
    done = _ACTS[step.table, step.operation](session, values)
    if step.is_of_records:
        tally.records[step.operation] += done
    else:
        tally.links[step.operation] += done
    _count_refusals(session, step, tally)
    place = "object_id" if step.is_of_records else "relationship_id"
    query = f"SELECT DISTINCT {place} FROM crm_undo WHERE {place} IS NOT NULL"  # noqa: S608
    return session.scalars(text(query)).all()


def _repeats(session: WriteSession, image: Image, step: Step) -> bool:
    """Tell whether a row was updated by more than one of the statements."""
    if len(step.statements) < 2:
        return False
    query = f"SELECT count(*) <> count(DISTINCT h.row_id) FROM {_HISTORY}"  # noqa: S608
    values = {**image._asdict(), "statements": list(step.statements)}
    return bool(session.scalar(text(query), values))


_UNDO = table("crm_undo", column("id"), column("record_id"), column("object_id"), column("problem"))
_RIGHTS = {"insert": RecordRight.DELETE, "update": RecordRight.UPDATE, "delete": RecordRight.CREATE}


def _forbid(session: WriteSession, step: Step) -> None:
    """Mark what the person may not touch; a link belongs to the record that it starts at."""
    right = _RIGHTS[step.operation] if step.is_of_records else RecordRight.UPDATE
    for object_id, permissions in session.execute(text(_PERMISSIONS)).all():
        found = permissions if isinstance(permissions, dict) else {}
        reach = session.actor.reach(found, right)
        if reach is Reach.ALL or (right is RecordRight.CREATE and reach is Reach.OWN):
            continue
        here = (_UNDO.c.object_id == object_id, _UNDO.c.problem.is_(None))
        marked = update(_UNDO).where(*here).values(problem="forbidden")
        if reach is Reach.OWN:
            marked = marked.where(
                Record.id == _UNDO.c.record_id,
                CrmObject.id == Record.object_id,
                ~may(session.actor, right, Record, CrmObject),
            )
        session.execute(marked)


def _objects(session: WriteSession) -> Sequence[str]:
    query = "SELECT DISTINCT object_id FROM crm_undo WHERE problem IS NULL OR problem = 'values'"
    return session.scalars(text(query)).all()


def _change_records(session: WriteSession, _: dict[str, Any]) -> int:
    done = 0
    for object_id in _objects(session):
        bound = Parameters()
        data = "((r.data || coalesce(u.patch, '{}')) - coalesce(u.gone, '{}'))"
        name = primary_value_sql(bound, fields_of(session, object_id), data)
        statement = _CHANGE.format(data=data, name=name)
        values = {**bound.values, "object_id": object_id, "author": session.actor.user_id}
        done += int(session.scalar(text(statement), values) or 0)
    return done


def _restore_records(session: WriteSession, values: dict[str, Any]) -> int:
    done = 0
    columns = [name for name in _columns(session, RECORDS, values) if name != "primary_value"]
    for object_id in _objects(session):
        bound = Parameters()
        name = primary_value_sql(bound, fields_of(session, object_id), "p.data")
        statement = _RESTORE.format(
            table=RECORDS,
            columns=", ".join([*columns, "primary_value"]),
            values=", ".join([*(f"p.{column}" for column in columns), name]),
            history=_HISTORY,
        )
        given = {**bound.values, **values, "object_id": object_id}
        done += int(session.scalar(text(statement), given) or 0)
    return done


def _restore_links(session: WriteSession, values: dict[str, Any]) -> int:
    columns = _columns(session, LINKS, values)
    statement = _RESTORE.replace("AND u.object_id = :object_id", "").format(
        table=LINKS,
        columns=", ".join(columns),
        values=", ".join(f"p.{column}" for column in columns),
        history=_HISTORY,
    )
    return int(session.scalar(text(statement), values) or 0)


def _columns(session: WriteSession, name: str, values: dict[str, Any]) -> Sequence[str]:
    """Return the quoted columns that the table and the images have; none that is generated."""
    return session.scalars(text(_COLUMNS.replace("HISTORY", _HISTORY)), {**values, "t": name}).all()


def _delete_records(session: WriteSession, _: dict[str, Any]) -> int:
    return int(session.scalar(text(_DELETE.format(table=RECORDS))) or 0)


def _delete_links(session: WriteSession, _: dict[str, Any]) -> int:
    return int(session.scalar(text(_DELETE.format(table=LINKS))) or 0)


def _change_links(session: WriteSession, values: dict[str, Any]) -> int:
    return int(session.scalar(text(_CHANGE_LINKS.replace("HISTORY", _HISTORY)), values) or 0)


def _count_refusals(session: WriteSession, step: Step, tally: Tally) -> None:
    """Note what was not put back; what is gone anyway needs no word when it was to go."""
    silent = "gone" if step.operation == "insert" else ""
    values = {"silent": silent, "most": MOST_REFUSALS - len(tally.refusals)}
    rows = session.execute(text(_REFUSED), values).all()
    if not rows:
        return
    tally.refused += int(session.scalar(text(_COUNT_REFUSED), values) or 0)
    keys = {key for row in rows if row.problem == "values" for key in row.keys_}
    labels: dict[str, str] = {}
    if keys:
        query = text("SELECT id, label FROM fields WHERE id = ANY(:ids)").bindparams(ids=list(keys))
        labels = {row.id: row.label for row in session.execute(query)}
    for row in rows:
        name = row.name or row.id
        words = _REASONS[row.problem].format(name=name, count=(row.keys_ or [""])[0])
        if row.problem == "values":
            shown = ", ".join(sorted(f"“{labels.get(key, key)}”" for key in row.keys_))
            words = f"{shown} of “{name}” changed since."
        tally.refusals.append(Refusal(row.id, name, words))


_REASONS = {
    "values": "",
    "gone": "“{name}” no longer exists.",
    "changed": "“{name}” was changed since, and stays as it is.",
    "linked": "“{name}” was linked since ({count}), and stays.",
    "forbidden": "You are not allowed to do this to “{name}”.",
    "shape": "The values of “{name}” are not stored as fields, and stay as they are.",
    "exists": "“{name}” exists again already.",
    "no_object": "“{name}” has no place any more: its object was deleted.",
    "no_end": "A link of “{name}” has lost a record or its relationship.",
    "taken": "A link of “{name}” is no longer possible: another one took its place.",
}

_HISTORY = """crm_desktop.history h
WHERE h.at = :at AND h.change_set = :change_set
  AND h.statement = ANY(CAST(:statements AS bigint[]))"""
_STATEMENTS = """
SELECT h.statement, h.table_name, h.operation FROM crm_desktop.history h
WHERE h.at = :at AND h.change_set = :change_set
GROUP BY 1, 2, 3 ORDER BY 1 DESC
"""
_MAKE = """
CREATE TEMP TABLE crm_undo (
    id text, record_id text, object_id text, relationship_id text, name text, problem text,
    keys_ text[], patch jsonb, gone text[]
) ON COMMIT DROP
"""
_PERMISSIONS = """
SELECT o.id, o.permissions FROM objects o
WHERE o.id IN (SELECT object_id FROM crm_undo WHERE problem IS NULL OR problem = 'values')
"""
_COLUMNS = """
SELECT quote_ident(a.attname) FROM pg_attribute a
WHERE a.attrelid = to_regclass(:t) AND a.attnum > 0 AND NOT a.attisdropped
  AND a.attgenerated = ''
  AND a.attname IN (SELECT jsonb_object_keys(before) FROM
      (SELECT h.before FROM HISTORY LIMIT 1) image)
ORDER BY a.attnum
"""

_LOCK = """
SELECT count(*) FROM (
    SELECT r.id FROM {table} r WHERE r.id IN (SELECT {ids} FROM HISTORY) ORDER BY r.id FOR {lock}
) locked
"""
_FILL_CHANGED_RECORDS = """
INSERT INTO crm_undo
SELECT h.row_id, r.id, r.object_id, NULL, r.primary_value,
       CASE WHEN r.id IS NULL THEN 'gone'
            WHEN h.before ? 'whole' OR jsonb_typeof(r.data) <> 'object' THEN 'shape'
            WHEN k.clashes IS NOT NULL THEN 'values' END,
       k.clashes, k.patch, k.gone
FROM (SELECT * FROM HISTORY) h LEFT JOIN records r ON r.id = h.row_id
CROSS JOIN LATERAL (
    SELECT array_agg(key) FILTER (WHERE NOT is_mine AND NOT is_back) AS clashes,
           jsonb_object_agg(key, old) FILTER (WHERE is_mine AND old IS NOT NULL) AS patch,
           array_agg(key) FILTER (WHERE is_mine AND old IS NULL) AS gone
    FROM (
        SELECT key, h.before -> 'data' -> key AS old,
               NULLIF(r.data -> key, 'null')
                   IS NOT DISTINCT FROM NULLIF(h.after -> 'data' -> key, 'null') AS is_mine,
               NULLIF(r.data -> key, 'null')
                   IS NOT DISTINCT FROM NULLIF(h.before -> 'data' -> key, 'null') AS is_back
        FROM jsonb_object_keys(
            coalesce(h.before -> 'data', '{}') || coalesce(h.after -> 'data', '{}')) AS key
    ) compared
) k
"""
_FILL_MADE_RECORDS = """
INSERT INTO crm_undo
SELECT x.id, x.id, r.object_id, NULL, r.primary_value,
       CASE WHEN r.id IS NULL THEN 'gone'
            WHEN jsonb_hash_extended(r.data, 0) <> x.hash THEN 'changed' END
FROM (SELECT unnest(h.row_ids) AS id, unnest(h.hashes) AS hash FROM HISTORY) x
LEFT JOIN records r ON r.id = x.id
"""
_FIND_LINKED = """
UPDATE crm_undo u SET problem = 'linked', keys_ = ARRAY[l.links::text]
FROM (
    SELECT id, count(*) AS links FROM (
        SELECT u.id FROM crm_undo u JOIN relationship_records x ON x.from_record_id = u.id
        UNION ALL
        SELECT u.id FROM crm_undo u JOIN relationship_records x ON x.to_record_id = u.id
    ) ends GROUP BY id
) l WHERE l.id = u.id AND u.problem IS NULL
"""
_FILL_DELETED_RECORDS = """
INSERT INTO crm_undo
SELECT h.row_id, h.row_id, h.before ->> 'object_id', NULL, h.before ->> 'primary_value',
       CASE WHEN r.id IS NOT NULL THEN 'exists' WHEN o.id IS NULL THEN 'no_object' END
FROM (SELECT * FROM HISTORY) h
LEFT JOIN records r ON r.id = h.row_id LEFT JOIN objects o ON o.id = h.before ->> 'object_id'
"""
_FILL_MADE_LINKS = """
INSERT INTO crm_undo
SELECT x.id, f.id, f.object_id, l.relationship_id, f.primary_value,
       CASE WHEN l.id IS NULL THEN 'gone'
            WHEN crm_desktop.link_hash(l.relationship_id, l.from_record_id, l.to_record_id,
                                       l.relationship_metadata) <> x.hash THEN 'changed' END
FROM (SELECT unnest(h.row_ids) AS id, unnest(h.hashes) AS hash FROM HISTORY) x
LEFT JOIN relationship_records l ON l.id = x.id LEFT JOIN records f ON f.id = l.from_record_id
"""
# A link comes back, or back to where it was, if its ends stand and no other one took its place.
_FILL_LINKS = """
INSERT INTO crm_undo
SELECT h.row_id, f.id, f.object_id, h.before ->> 'relationship_id',
       coalesce(f.primary_value, h.before ->> 'from_record_id'),
       CASE WHEN {standing}
            WHEN r.id IS NULL OR f.id IS NULL OR t.id IS NULL THEN 'no_end'
            WHEN EXISTS (
                SELECT FROM relationship_records x
                WHERE x.relationship_id = r.id AND x.id <> h.row_id
                  AND (x.from_record_id = f.id OR x.to_record_id = t.id)
                  AND (x.from_record_id = f.id AND x.to_record_id = t.id
                       OR r.type = '1:N' AND x.to_record_id = t.id
                       OR r.type IN ('N:1', 'lookup') AND x.from_record_id = f.id)
                  AND x.id NOT IN (SELECT h.row_id FROM HISTORY)
            ) THEN 'taken' END
FROM (SELECT * FROM HISTORY) h
LEFT JOIN relationship_records l ON l.id = h.row_id
LEFT JOIN relationships r ON r.id = h.before ->> 'relationship_id'
LEFT JOIN records f ON f.id = h.before ->> 'from_record_id'
LEFT JOIN records t ON t.id = h.before ->> 'to_record_id'
"""
_LOCK_ENDS = """
SELECT count(*) FROM (
    SELECT r.id FROM records r
    WHERE r.id IN (SELECT h.before ->> 'from_record_id' FROM HISTORY)
       OR r.id IN (SELECT h.before ->> 'to_record_id' FROM HISTORY)
    ORDER BY r.id FOR NO KEY UPDATE
) locked
"""
_FILLS = {
    (RECORDS, "insert"): (
        _LOCK.format(table=RECORDS, ids="unnest(h.row_ids)", lock="UPDATE"),
        _FILL_MADE_RECORDS,
    ),
    (RECORDS, "update"): (
        _LOCK.format(table=RECORDS, ids="h.row_id", lock="NO KEY UPDATE"),
        _FILL_CHANGED_RECORDS,
    ),
    (RECORDS, "delete"): ("SELECT 1", _FILL_DELETED_RECORDS),
    (LINKS, "insert"): (
        _LOCK.format(table=LINKS, ids="unnest(h.row_ids)", lock="UPDATE"),
        _FILL_MADE_LINKS,
    ),
    (LINKS, "update"): (
        _LOCK_ENDS,
        _FILL_LINKS.format(
            standing="l.id IS NULL THEN 'gone' WHEN to_jsonb(l) <> h.after THEN 'changed'"
        ),
    ),
    (LINKS, "delete"): (_LOCK_ENDS, _FILL_LINKS.format(standing="l.id IS NOT NULL THEN 'exists'")),
}

_CHANGE = """
WITH done AS (
    UPDATE records r SET data = {data}, primary_value = {name}, updated_at = now(),
        updated_by = :author
    FROM crm_undo u
    WHERE r.id = u.id AND u.object_id = :object_id
      AND (u.problem IS NULL OR u.problem = 'values')
      AND (u.patch IS NOT NULL OR u.gone IS NOT NULL)
    RETURNING 1
)
SELECT count(*) FROM done
"""
_RESTORE = """
WITH done AS (
    INSERT INTO {table} ({columns}) OVERRIDING SYSTEM VALUE
    SELECT {values}
    FROM (SELECT h.row_id, h.before FROM {history}) h
    JOIN crm_undo u ON u.id = h.row_id AND u.problem IS NULL AND u.object_id = :object_id
    CROSS JOIN LATERAL jsonb_populate_record(NULL::{table}, h.before) p
    RETURNING 1
)
SELECT count(*) FROM done
"""
_DELETE = """
WITH done AS (
    DELETE FROM {table} r USING crm_undo u WHERE r.id = u.id AND u.problem IS NULL RETURNING 1
)
SELECT count(*) FROM done
"""
_CHANGE_LINKS = """
WITH done AS (
    UPDATE relationship_records l
    SET relationship_id = p.relationship_id, from_record_id = p.from_record_id,
        to_record_id = p.to_record_id, relationship_metadata = p.relationship_metadata
    FROM (SELECT h.row_id, h.before FROM HISTORY) h
    JOIN crm_undo u ON u.id = h.row_id AND u.problem IS NULL
    CROSS JOIN LATERAL jsonb_populate_record(NULL::relationship_records, h.before) p
    WHERE l.id = h.row_id
    RETURNING 1
)
SELECT count(*) FROM done
"""
_REFUSED = """
SELECT id, name, problem, keys_ FROM crm_undo
WHERE problem IS NOT NULL AND problem <> :silent ORDER BY id LIMIT :most
"""
_COUNT_REFUSED = "SELECT count(*) FROM crm_undo WHERE problem IS NOT NULL AND problem <> :silent"
_ACTS = {
    (RECORDS, "insert"): _delete_records,
    (RECORDS, "update"): _change_records,
    (RECORDS, "delete"): _restore_records,
    (LINKS, "insert"): _delete_links,
    (LINKS, "update"): _change_links,
    (LINKS, "delete"): _restore_links,
}
