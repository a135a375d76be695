"""Indexes on fields of one object's records: how they are spelled, built, found and dropped.

Each is partial, for one object, and built on the very expression by which the record list sorts or
filters. Their names begin as those of the additions do, so that `detach` takes them out; who uses
the program decides about each, so they are none of the additions.
"""

import json
import math
import re
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any
from weakref import WeakKeyDictionary

import psycopg
from psycopg import sql
from sqlalchemy import Connection, Engine, Row, text

from crm_desktop.db.additions import FIELD_PREFIX, TRIGRAMS, drop_index, drop_quickly
from crm_desktop.db.conditions import string_sql, text_key
from crm_desktop.db.connections import GoOn, execute_watched
from crm_desktop.db.database import ReadSession, UpkeepSession
from crm_desktop.db.expressions import MOMENT_KEY, Literals, sort_key
from crm_desktop.domain.errors import Conflict, UserError
from crm_desktop.domain.field_types import SYSTEM_COLUMNS, EffectiveField
from crm_desktop.domain.index_kinds import IndexKind

BUILDING = 0x63726D69  # "crmi": whoever holds it, with a number for the name, builds that index
Progress = Callable[[int, int], bool]


@dataclass(frozen=True, slots=True)
class Definition:
    """An index to be built: `columns` is what follows USING, `predicate` what follows WHERE."""

    object_id: str
    field_id: str
    kind: IndexKind
    columns: str
    predicate: str

    @property
    def name(self) -> str:
        """Return a name that says nothing but is the same for the same index, everywhere."""
        spelled = f"{self.columns} WHERE {self.predicate}"
        return f"{FIELD_PREFIX}{sha256(spelled.encode()).hexdigest()[:32]}"


def definition_of(
    object_id: str, field: EffectiveField, kind: IndexKind, collation: str = ""
) -> Definition:
    """Return the index of a kind that a field can have; `collation` is what text is sorted by."""
    literals = Literals()
    predicate = f"object_id = {literals.bind(object_id)}"
    if kind is IndexKind.ORDER:
        columns = _order_columns(literals, field, collation)
    elif kind is IndexKind.EQUAL:
        columns = f"btree (({text_key(literals, field, 'records')}) text_pattern_ops)"
    elif kind is IndexKind.CONTAINS:
        columns = f"gin (({string_sql(literals, field, 'records')}) gin_trgm_ops)"
    else:
        columns = f"gin ((records.data -> {literals.bind(field.id)}))"
    return Definition(object_id, field.id, kind, columns, predicate)


def _order_columns(literals: Literals, field: EffectiveField, collation: str) -> str:
    if column := SYSTEM_COLUMNS.get(field.id):
        return f"btree ({column}, id)"
    key = sort_key(
        literals, field, "records", descending=False, collation=collation, has_moment_index=True
    )
    return f"btree (({key.sql}), id DESC)"


# --- what there is -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Known:
    """Names of the indexes that can be used, and whether our function can be called."""

    names: frozenset[str]
    can_call: bool

    def has(self, definition: Definition) -> bool:
        return definition.name in self.names and (
            self.can_call or MOMENT_KEY not in definition.columns
        )


_KNOWN = text("""
SELECT (SELECT coalesce(array_agg(c.relname::text), '{}')
        FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
        WHERE i.indrelid = to_regclass('records') AND i.indisvalid
          AND starts_with(c.relname, :prefix)),
       EXISTS (SELECT FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
               WHERE n.nspname = 'crm_desktop' AND p.proname = 'moment_key'
                 AND has_schema_privilege(n.oid, 'USAGE'))
""")


_known: WeakKeyDictionary[Engine, tuple[float, Known]] = WeakKeyDictionary()
LOOK_AGAIN_AFTER = 60.0  # seconds: others may drop an index, or build one from another program


def known_indexes(session: ReadSession) -> Known:
    """Return which indexes on fields can be used, as the catalogs had it a minute ago at most."""
    connection = session.connection()
    looked_at, known = _known.get(connection.engine, (-math.inf, _NONE))
    if time.monotonic() - looked_at >= LOOK_AGAIN_AFTER:
        names, can_call = connection.execute(_KNOWN, {"prefix": FIELD_PREFIX}).one()
        known = Known(frozenset(names), bool(can_call))
        _known[connection.engine] = time.monotonic(), known
    return known


def forget_known() -> None:
    """Look at the catalogs again before the next list is read: something was built or dropped."""
    _known.clear()


_NONE = Known(frozenset(), can_call=False)


@dataclass(frozen=True, slots=True)
class Found:
    """An index of ours as the catalogs have it; ids are "" where nothing says them any more."""

    name: str
    full_name: str  # quoted
    object_id: str
    field_id: str
    kind: str
    made_at: datetime | None
    is_valid: bool
    is_being_built: bool
    bytes: int
    scans: int
    last_scan: datetime | None


_FOUND = text("""
SELECT c.relname, quote_ident(n.nspname) || '.' || quote_ident(c.relname) AS full_name,
       obj_description(c.oid, 'pg_class') AS comment, i.indisvalid,
       EXISTS (SELECT FROM pg_stat_progress_create_index p WHERE p.index_relid = c.oid)
           AS is_being_built,
       pg_relation_size(c.oid) AS bytes, coalesce(s.idx_scan, 0) AS scans,
       CAST(to_jsonb(s) ->> 'last_idx_scan' AS timestamptz) AS last_scan,
       pg_get_indexdef(c.oid) AS spelled
FROM pg_index i
JOIN pg_class c ON c.oid = i.indexrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_stat_user_indexes s ON s.indexrelid = c.oid
WHERE i.indrelid = to_regclass('records') AND starts_with(c.relname, :prefix)
ORDER BY c.relname
""")


def find(connection: Connection) -> list[Found]:
    """Return all indexes on fields, those that were never finished too."""
    return [_found(row) for row in connection.execute(_FOUND, {"prefix": FIELD_PREFIX})]


def _found(row: Row[Any]) -> Found:
    said = _read_comment(row.comment)
    made = said.get("made_at", "")
    return Found(
        row.relname,
        row.full_name,
        said.get("object") or _literal_after(row.spelled, r"object_id\)?(?:::text)? = "),
        said.get("field") or _literal_after(row.spelled, "data ->>? "),
        said.get("kind", ""),
        datetime.fromisoformat(made) if _MADE_AT.match(made) else None,
        row.indisvalid,
        row.is_being_built,
        row.bytes,
        row.scans,
        row.last_scan,
    )


_MADE_AT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00$")


def _read_comment(comment: str | None) -> dict[str, str]:
    """Return what `build` noted; anything else that stands there says nothing."""
    try:
        said = json.loads(comment or "{}")
    except ValueError:
        return {}
    return {key: str(value) for key, value in said.items()} if isinstance(said, dict) else {}


def _literal_after(spelled: str, before: str) -> str:
    """Return the literal that follows in a definition, as PostgreSQL prints it; "" for none."""
    found = re.search(rf"{before}(E?)'((?:[^']|'')*)'", spelled)
    if found is None:
        return ""
    value = found[2].replace("''", "'")
    return value.replace("\\\\", "\\") if found[1] else value


# --- building and dropping ---------------------------------------------------------------------


def build(
    session: UpkeepSession, definition: Definition, serves: str, rows: int, on_progress: Progress
) -> None:
    """Build an index while others write, and let the server learn how its values are spread.

    `serves` says what for, for whoever meets the index in another program. `on_progress` is told
    of about `rows` records and asked some times a second; on False the work stops and Cancelled is
    raised. What an interrupted build left is replaced; Conflict: it is being built elsewhere.
    """
    driver = session.driver
    if not _try_lock(driver, definition.name):
        raise Conflict("This index is being built by another program. It will be there soon.")
    try:
        leftover = _full_name(driver, definition.name)
        if leftover:
            drop_index(driver, leftover, _always)
        with session.connection().engine.connect() as other:
            watch = _Watch(other, driver.info.backend_pid, rows, on_progress)
            _create(driver, definition, watch.go_on)
        _comment(driver, definition, serves)
        execute_watched(driver, sql.SQL("ANALYZE records"), _always)
    finally:
        if not driver.closed:
            driver.execute("SELECT pg_advisory_unlock(%s, hashtext(%s))",
                           [BUILDING, definition.name])  # fmt: skip


def drop(session: UpkeepSession, name: str) -> None:
    """Drop an index on a field while others work; one that is gone already is no problem."""
    full_name = _full_name(session.driver, name)
    if full_name:
        drop_index(session.driver, full_name, _always)


def _create(driver: psycopg.Connection[Any], definition: Definition, go_on: GoOn) -> None:
    statement = sql.SQL("CREATE INDEX CONCURRENTLY {} ON records USING ").format(
        sql.Identifier(definition.name)
    ) + sql.SQL(f"{_with_operators(driver, definition)} WHERE {definition.predicate}")
    try:
        execute_watched(driver, statement, go_on)
    except (psycopg.Error, UserError):
        with suppress(psycopg.OperationalError):  # the next build replaces what is left
            if half_built := _full_name(driver, definition.name):
                drop_quickly(driver, half_built)
        raise


def _with_operators(driver: psycopg.Connection[Any], definition: Definition) -> str:
    """Return the columns; trigrams by the operators of the schema where the extension lives."""
    if definition.kind is not IndexKind.CONTAINS:
        return definition.columns
    row = driver.execute(
        "SELECT quote_ident(n.nspname) FROM pg_extension e"
        " JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = %s",
        [TRIGRAMS],
    ).fetchone()
    schema = row[0] if row else "public"
    return definition.columns.replace(" gin_trgm_ops)", f" {schema}.gin_trgm_ops)")


def _comment(driver: psycopg.Connection[Any], definition: Definition, serves: str) -> None:
    said = {
        "made_by": "CRM Desktop",
        "serves": serves,
        "object": definition.object_id,
        "field": definition.field_id,
        "kind": definition.kind.value,
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    full_name = sql.SQL(_full_name(driver, definition.name))
    words = sql.Literal(json.dumps(said, ensure_ascii=False))
    driver.execute(sql.SQL("COMMENT ON INDEX {} IS {}").format(full_name, words))


def _try_lock(driver: psycopg.Connection[Any], name: str) -> bool:
    row = driver.execute("SELECT pg_try_advisory_lock(%s, hashtext(%s))", [BUILDING, name])
    return bool(row.fetchone() == (True,))


def _full_name(driver: psycopg.Connection[Any], name: str) -> str:
    """Return the quoted name of one of our indexes on records, "" where there is none."""
    row = driver.execute(
        "SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname)"
        " FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid"
        " JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE i.indrelid = to_regclass('records') AND c.relname = %s"
        " AND starts_with(c.relname, %s)",
        [name, FIELD_PREFIX],
    ).fetchone()
    return str(row[0]) if row else ""


def _always() -> bool:
    return True


class _Watch:
    """Tells how far a build is, as another connection sees it."""

    # Of what a build does: reading the table, sorting, and reading it again.
    _PARTS = (
        ("scanning table", 0.0, 0.55),
        ("sorting", 0.55, 0.0),
        ("loading tuples", 0.6, 0.1),
        ("validation: scanning index", 0.7, 0.05),
        ("validation: sorting", 0.75, 0.0),
        ("validation: scanning table", 0.75, 0.25),
    )
    _PROGRESS = text(
        "SELECT phase, blocks_done, blocks_total, tuples_done, tuples_total"
        " FROM pg_stat_progress_create_index WHERE pid = :pid"
    )

    def __init__(self, other: Connection, pid: int, rows: int, on_progress: Progress) -> None:
        self._other, self._pid, self._rows = other, pid, max(1, rows)
        self._on_progress = on_progress
        self._part = 0.0

    def go_on(self) -> bool:
        row = self._other.execute(self._PROGRESS, {"pid": self._pid}).one_or_none()
        if row is not None:
            self._part = max(self._part, self._part_of(*row))
        return self._on_progress(round(self._part * self._rows), self._rows)

    def _part_of(self, phase: str, *counts: int) -> float:
        done, total = counts[:2] if counts[1] else counts[2:]
        share = min(1.0, done / total) if total else 0.0
        for words, start, length in reversed(self._PARTS):
            if words in phase:
                return start + share * length
        return 0.0
