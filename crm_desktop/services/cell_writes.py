"""Writes many cells of existing records at once: staged by COPY, checked and written by sets."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import LiteralString
from uuid import UUID

from sqlalchemy import column, insert, literal, null, select, table, text

from crm_desktop.db.copying import copy_blocks
from crm_desktop.db.database import WriteSession, dump_json
from crm_desktop.db.expressions import Parameters, primary_value_sql
from crm_desktop.db.tables import CrmObject, Record
from crm_desktop.domain.access import Permission, Reach, RecordRight
from crm_desktop.domain.cells import (
    ANY_VALUE,
    MOST_PROBLEMS,
    CellProblem,
    CellReport,
    RefusedCells,
)
from crm_desktop.domain.changes import Topic
from crm_desktop.domain.errors import Cancelled, Forbidden, NotFound
from crm_desktop.domain.field_types import EffectiveField, same_value
from crm_desktop.services.cell_columns import CellColumn
from crm_desktop.services.history import keeps_history
from crm_desktop.services.import_rows import copy_text, json_for_copy
from crm_desktop.services.record_rights import may
from crm_desktop.services.records import (
    GONE,
    NOTHING,
    Edit,
    Progress,
    fields_of,
)
from crm_desktop.services.reference_checks import problems_of_targets
from crm_desktop.services.users import ensure_user

__all__ = ["ANY_VALUE", "CellProblem", "CellReport", "RefusedCells", "write_cells"]

BLOCK = 1_000  # records in one message of COPY
BATCH = 10_000  # records in one UPDATE: between two of them progress is told
MOST_NOTED = 2_000  # records whose old values are kept for undo where there is no history
MANY = 500  # rows from which on the planner should know how many there are
STOPPED = "Stopped. Nothing was changed."

Rows = Iterable[tuple[str, Mapping[str, Edit]]]


def write_cells(
    session: WriteSession,
    object_id: str,
    rows: Rows,
    *,
    on_progress: Progress | None = None,
    total: int = 0,
    leaves_out: bool = False,
) -> CellReport:
    """Write these cells of existing records, each record named once; all of them or none.

    An `Edit` whose old value is ANY_VALUE stands whatever is stored; others are guarded by it.
    Raises RefusedCells when some cells cannot be written; with `leaves_out` those are left out
    and reported. `on_progress` counts records twice, of `2 * total`: checked, then written.
    The caller describes the gesture beforehand if it is anything but a change of cells.
    """
    session.actor.require(Permission.UPDATE_RECORDS)
    reach = _reach(session, object_id)
    author = ensure_user(session, session.actor.user_id)
    fields = fields_of(session, object_id)
    told = _Told(on_progress, total)
    staging = _Staging(fields, told)
    session.execute(text("DROP TABLE IF EXISTS crm_cells, crm_cell_problems"))
    session.execute(text(_MAKE_CELLS))
    session.execute(text(_MAKE_PROBLEMS))
    staged = copy_blocks(session, _COPY, staging.blocks(rows))
    if staged > MANY:
        session.execute(text("ANALYZE crm_cells"))
    _find_problems(session, object_id, reach, staging)
    refused = staging.refused + _count_problems(session)
    problems = _listed(session, staging) if refused else ()
    if refused and not leaves_out:
        raise RefusedCells(problems, refused)
    left_out = _leave_out(session) if refused else 0
    session.describe(_gesture(staging.cells - left_out))
    can_undo = _note_old_values(session, staged)
    records = _write(session, author, fields, told)
    if records:
        session.note(Topic.RECORDS, object_id)
    return CellReport(records, staging.cells - left_out, refused, problems, can_undo)


@dataclass
class _Told:
    """Says how far the work is, and stops it when the answer is no."""

    on_progress: Progress | None
    total: int

    def __call__(self, done: int) -> None:
        if self.on_progress is not None and not self.on_progress(done, 2 * self.total):
            raise Cancelled(STOPPED)


@dataclass
class _Staging:
    """Makes rows for COPY out of edits, and keeps what is refused before the database is asked."""

    fields: Sequence[EffectiveField]
    told: Callable[[int], None]
    cells: int = 0
    refused: int = 0
    problems: list[CellProblem] = field(default_factory=list)
    columns: dict[str, CellColumn] = field(default_factory=dict)

    def blocks(self, rows: Rows) -> Iterator[str]:
        lines: list[str] = []
        number = 0
        seen: set[str] = set()
        for number, (record_id, edits) in enumerate(rows, start=1):
            if record_id in seen:
                raise ValueError(f"{record_id} is named twice")
            seen.add(record_id)
            lines.append(self._line(number, record_id, edits))
            if number % BLOCK == 0:
                yield "".join(lines)
                lines.clear()
                self.told(number)
        yield "".join(lines)
        self.told(number)

    def _line(self, number: int, record_id: str, edits: Mapping[str, Edit]) -> str:
        """Return the row of one record, "" where nothing of it is to be written."""
        stored: list[str] = []
        gone: list[str] = []
        old: list[str] = []
        for key, edit in edits.items():
            is_guarded = edit.old is not ANY_VALUE
            if is_guarded and same_value(edit.old, edit.new):
                continue
            column = self.columns.get(key) or self._column(key)
            piece = column.piece(edit.new)
            if piece is None:
                self._refuse(record_id, key, column.problem(edit.new) or "")
                continue
            if edit.new in NOTHING:
                gone.append(column.element)
            else:
                stored.append(piece)
            if is_guarded:
                old.append(column.key + json_for_copy(edit.old))
        written = len(stored) + len(gone)
        if not written:
            return ""
        self.cells += written
        guard = f"{{{', '.join(old)}}}" if old else r"\N"
        id_, kept = copy_text(record_id), ", ".join(stored)
        return f"{number}\t{id_}\t{{{kept}}}\t{{{','.join(gone)}}}\t{guard}\n"

    def _column(self, key: str) -> CellColumn:
        known = {field.id: field for field in self.fields}
        column = self.columns[key] = CellColumn(key, known.get(key))
        return column

    def _refuse(self, record_id: str, key: str, reason: str) -> None:
        self.refused += 1
        if len(self.problems) < MOST_PROBLEMS:
            self.problems.append(CellProblem(record_id, key, reason))


def _reach(session: WriteSession, object_id: str) -> Reach:
    """Return whose records may be changed; raises NotFound, and Forbidden where nobody's may."""
    query = select(CrmObject.permissions, CrmObject.plural_name).where(CrmObject.id == object_id)
    row = session.execute(query).one_or_none()
    if row is None:
        raise NotFound("This object no longer exists.")
    permissions = row.permissions if isinstance(row.permissions, dict) else {}
    reach = session.actor.reach(permissions, RecordRight.UPDATE)
    if reach is Reach.NONE:
        raise Forbidden(f"You are not allowed to change {row.plural_name}.")
    return reach


_CELLS = table("crm_cells", column("record_id"))
_PROBLEMS = table("crm_cell_problems", column("record_id"), column("key"), column("reason"))


def _find_problems(session: WriteSession, object_id: str, reach: Reach, staging: _Staging) -> None:
    """Lock the records in order, and note what keeps their cells from being written."""
    session.execute(text(_LOCK), {"object_id": object_id})
    reasons = {"gone": GONE, "shape": SHAPE, "changed": CHANGED}
    session.execute(text(_FIND_RECORDS), {"object_id": object_id, **reasons})
    session.execute(text(_FIND_CHANGED), {"object_id": object_id, **reasons})
    if reach is Reach.OWN:
        forbidden = (
            select(
                _CELLS.c.record_id, null(), literal("You are not allowed to change this record.")
            )
            .join(Record, Record.id == _CELLS.c.record_id)
            .join(CrmObject, CrmObject.id == Record.object_id)
            .where(Record.object_id == object_id)
            .where(~may(session.actor, RecordRight.UPDATE, Record, CrmObject))
        )
        session.execute(insert(_PROBLEMS).from_select(["record_id", "key", "reason"], forbidden))
    for key, each in staging.columns.items():
        if each.field is not None and each.targets:
            wrong = problems_of_targets(session, each.field, sorted(each.targets))
            if wrong:
                session.execute(text(_FIND_TARGETS), {"key": key, "wrong": dump_json(wrong)})


def _count_problems(session: WriteSession) -> int:
    return int(session.scalar(text(_COUNT)) or 0)


def _listed(session: WriteSession, staging: _Staging) -> tuple[CellProblem, ...]:
    """Return the first problems, with what their records are called."""
    most = MOST_PROBLEMS - len(staging.problems)
    found = session.execute(text("SELECT * FROM crm_cell_problems LIMIT :most"), {"most": most})
    every = [*staging.problems, *(CellProblem(id_, key or "", why) for id_, key, why in found)]
    query = select(Record.id, Record.primary_value)
    ids = {problem.record_id for problem in every}
    names = {id_: name or "" for id_, name in session.execute(query.where(Record.id.in_(ids)))}
    return tuple(
        CellProblem(each.record_id, each.field_id, each.reason, names.get(each.record_id, ""))
        for each in every
    )


def _leave_out(session: WriteSession) -> int:
    """Take out what cannot be written; return how many staged cells that were."""
    before = _staged_cells(session)
    session.execute(text(_DROP_RECORDS))
    session.execute(text(_DROP_CELLS))
    session.execute(text("DELETE FROM crm_cells WHERE patch = '{}' AND gone = '{}'"))
    return before - _staged_cells(session)


def _staged_cells(session: WriteSession) -> int:
    return int(session.scalar(text(_COUNT_CELLS)) or 0)


def _gesture(cells: int) -> str:
    return "change of a cell" if cells == 1 else f"change of {cells:,} cells"


def _note_old_values(session: WriteSession, staged: int) -> bool:
    """Keep the old values for undo where no history does; return whether undo is possible."""
    if keeps_history(session):
        return True
    if staged > MOST_NOTED:
        return False
    for record_id, old, new in session.execute(text(_OLD_VALUES)):
        session.note_edit(record_id, {key: (old.get(key), new.get(key)) for key in old | new})
    return True


def _write(
    session: WriteSession,
    author: UUID,
    fields: Sequence[EffectiveField],
    told: _Told,
) -> int:
    """Write what is staged, in batches; raises Forbidden where the database lets a record out."""
    bound = Parameters()
    changed = "((r.data || c.patch) - c.gone)"
    statement = text(_UPDATE.format(data=changed, name=primary_value_sql(bound, fields, changed)))
    expected = int(session.scalar(text("SELECT count(*) FROM crm_cells")) or 0)
    last = int(session.scalar(text("SELECT max(number) FROM crm_cells")) or 0)
    written = 0
    for start in range(0, last, BATCH):
        place = {"author": author, "after": start, "upto": start + BATCH}
        written += int(session.scalar(statement, {**bound.values, **place}) or 0)
        told(told.total + min(start + BATCH, last))
    if written != expected:
        raise Forbidden(
            f"The database does not let you change {expected - written:,} of these records. "
            "Nothing was changed."
        )
    return written


SHAPE = "Another program stored no fields in this record; it is left as it is."
CHANGED = "Someone else changed this value meanwhile."

_COPY: LiteralString = "COPY crm_cells (number, record_id, patch, gone, old) FROM STDIN"
_MAKE_CELLS = """
CREATE TEMP TABLE crm_cells
    (number bigint, record_id text, patch jsonb, gone text[], old jsonb) ON COMMIT DROP
"""
_MAKE_PROBLEMS = """
CREATE TEMP TABLE crm_cell_problems (record_id text, key text, reason text) ON COMMIT DROP
"""
_LOCK = """
SELECT count(*) FROM (
    SELECT r.id FROM records r WHERE r.object_id = :object_id
      AND r.id IN (SELECT record_id FROM crm_cells) ORDER BY r.id FOR NO KEY UPDATE
) locked
"""
_FIND_RECORDS = """
INSERT INTO crm_cell_problems
SELECT c.record_id, NULL, CASE WHEN r.id IS NULL THEN :gone ELSE :shape END
FROM crm_cells c LEFT JOIN records r ON r.id = c.record_id AND r.object_id = :object_id
WHERE r.id IS NULL OR jsonb_typeof(r.data) <> 'object'
"""
_FIND_CHANGED = """
INSERT INTO crm_cell_problems
SELECT c.record_id, o.key, :changed
FROM crm_cells c JOIN records r ON r.id = c.record_id AND r.object_id = :object_id
CROSS JOIN LATERAL jsonb_each(c.old) o
WHERE c.old IS NOT NULL AND jsonb_typeof(r.data) = 'object'
  AND NULLIF(r.data -> o.key, 'null') IS DISTINCT FROM NULLIF(o.value, 'null')
"""
_FIND_TARGETS = """
INSERT INTO crm_cell_problems
SELECT DISTINCT ON (c.number) c.record_id, :key, w.value
FROM crm_cells c JOIN jsonb_each_text(CAST(:wrong AS jsonb)) w
  ON (c.patch -> :key) @> to_jsonb(w.key)
ORDER BY c.number
"""
_COUNT = """
SELECT coalesce(sum(CASE WHEN p.key IS NOT NULL THEN 1 ELSE (
    SELECT count(*) FROM jsonb_object_keys(c.patch)) + cardinality(c.gone) END), 0)
FROM (SELECT DISTINCT record_id, key FROM crm_cell_problems) p
JOIN crm_cells c ON c.record_id = p.record_id
WHERE p.key IS NULL OR NOT EXISTS (
    SELECT FROM crm_cell_problems o WHERE o.record_id = p.record_id AND o.key IS NULL)
"""
_COUNT_CELLS = """
SELECT coalesce(sum((SELECT count(*) FROM jsonb_object_keys(patch)) + cardinality(gone)), 0)
FROM crm_cells
"""
_DROP_RECORDS = """
DELETE FROM crm_cells c USING crm_cell_problems p WHERE p.record_id = c.record_id AND p.key IS NULL
"""
_DROP_CELLS = """
UPDATE crm_cells c SET patch = c.patch - p.keys,
       gone = ARRAY(SELECT unnest(c.gone) EXCEPT SELECT unnest(p.keys))
FROM (SELECT record_id, array_agg(key) AS keys FROM crm_cell_problems GROUP BY 1) p
WHERE p.record_id = c.record_id
"""
_OLD_VALUES = """
SELECT c.record_id, coalesce(k.old, '{}'), c.patch
FROM crm_cells c JOIN records r ON r.id = c.record_id
CROSS JOIN LATERAL (
    SELECT jsonb_object_agg(key, r.data -> key) FILTER (WHERE r.data ? key) AS old
    FROM (SELECT jsonb_object_keys(c.patch) UNION SELECT unnest(c.gone)) AS keys (key)
) k
"""
_UPDATE = """
WITH written AS (
    UPDATE records r SET data = {data}, primary_value = {name},
        updated_at = now(), updated_by = :author
    FROM crm_cells c
    WHERE r.id = c.record_id AND c.number > :after AND c.number <= :upto
    RETURNING 1
)
SELECT count(*) FROM written
"""
