"""Finds and replaces text in the cells of many records: counted first, then written in one step."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from crm_desktop.db.conditions import LIKE_ESCAPE, string_sql
from crm_desktop.db.database import ReadSession, WriteSession
from crm_desktop.db.expressions import Parameters
from crm_desktop.domain.access import Permission
from crm_desktop.domain.cells import MOST_PROBLEMS, CellProblem, CellReport, RefusedCells
from crm_desktop.domain.errors import Cancelled, Invalid
from crm_desktop.domain.field_types import EffectiveField, is_column, type_of
from crm_desktop.domain.filters import Condition, Group, RecordQuery
from crm_desktop.domain.formats import Formats
from crm_desktop.domain.text_search import Finder, TextSearch
from crm_desktop.services.cell_columns import CellColumn
from crm_desktop.services.cell_writes import STOPPED, write_cells
from crm_desktop.services.record_anchors import find_row
from crm_desktop.services.record_conditions import execute
from crm_desktop.services.record_query import RecordRow, list_page
from crm_desktop.services.record_targets import RecordTarget, target_sql
from crm_desktop.services.records import Edit, Progress, fields_of

BATCH = 5_000  # candidates that are looked at, and written, together
MOST_SAMPLES = 100
PAGE = 500  # records that are looked at together for the next match


@dataclass(frozen=True, slots=True)
class Replacement:
    """What is put in the place of what, in which fields of which records."""

    target: RecordTarget
    search: TextSearch
    replacement: str
    field_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sample:
    """A cell before and after; `problem` says why it could not be written so."""

    record_id: str
    name: str
    field_id: str
    before: str
    after: str
    problem: str = ""


@dataclass(frozen=True, slots=True)
class FoundCells:
    """How many cells of how many records match, and what a replacement would do.

    `changed` cells would be written, `refused` ones are among those that match and cannot be.
    Cells that would stay as they are make up the rest. Samples of refused cells stand first.
    """

    cells: int = 0
    records: int = 0
    changed: int = 0
    refused: int = 0
    samples: tuple[Sample, ...] = ()


def searchable_fields(fields: Sequence[EffectiveField]) -> tuple[EffectiveField, ...]:
    """Return the fields whose text can be looked for and replaced: those of text, not read-only."""
    return tuple(
        field
        for field in fields
        if type_of(field.type).is_text_like and not field.is_readonly and not is_column(field)
    )


def count_found(
    session: ReadSession, asked: Replacement, on_progress: Progress | None = None
) -> FoundCells:
    """Look through all records and count; `on_progress` counts records that may match."""
    session.actor.require(Permission.READ_RECORDS)
    matching = _Matching(session, asked)
    samples: list[Sample] = []
    refused: list[Sample] = []
    cells = records = changed = bad = looked_at = 0
    for rows in matching.batches():
        for row in rows:
            found = matching.edits(row)
            cells += len(found)
            records += bool(found)
            for field_id, edit in found.items():
                if edit.old == edit.new:
                    continue
                problem = matching.problem(field_id, edit.new)
                changed, bad = changed + (not problem), bad + bool(problem)
                shown = refused if problem else samples
                if len(shown) < MOST_SAMPLES:
                    shown.append(Sample(row.id, row.name, field_id, edit.old, edit.new, problem))
        looked_at += len(rows)
        _tell(on_progress, looked_at, 0)
    return FoundCells(cells, records, changed, bad, tuple((refused + samples)[:MOST_SAMPLES]))


def replace_found(
    session: WriteSession,
    asked: Replacement,
    *,
    on_progress: Progress | None = None,
    total: int = 0,
    leaves_out: bool = False,
) -> CellReport:
    """Replace in all records, batch by batch, in one transaction; all or nothing.

    A cell that somebody changes meanwhile is refused. Raises RefusedCells; with `leaves_out`
    those cells are left out. `total` is how many records matched when they were counted.
    """
    session.actor.require(Permission.UPDATE_RECORDS)
    shown = asked.search.text if len(asked.search.text) <= 40 else f"{asked.search.text[:39]}…"
    session.describe(f"replacement of “{shown}”")
    matching = _Matching(session, asked)
    done = CellReport(0, 0)
    written = 0
    for rows in matching.batches():
        edits = [(row.id, matching.changes(row)) for row in rows]
        edits = [(id_, found) for id_, found in edits if found]
        try:
            report = write_cells(session, asked.target.object_id, edits, leaves_out=leaves_out)
        except RefusedCells as refusal:
            report = CellReport(0, 0, refusal.total, refusal.problems)
        done = _sum(done, report)
        written += len(edits)
        _tell(on_progress, written, max(total, written))
    if done.refused and not leaves_out:
        raise RefusedCells(done.problems, done.refused)
    if not done.can_undo:
        session.edits.clear()  # half of it is not what Undo means
    return done


def find_next(
    session: ReadSession,
    query: RecordQuery,
    columns: Sequence[EffectiveField],
    search: TextSearch,
    field_ids: Sequence[str],
    after: tuple[int, int],
) -> tuple[int, int] | None:
    """Return row and column of the next match in a list, after this row and column.

    From the end it goes on at the beginning; None where nothing matches.
    """
    session.actor.require(Permission.READ_RECORDS)
    finder = Finder(search)
    places = [place for place, column in enumerate(columns) if column.id in field_ids]
    row, column = after
    here = list_page(session, query, columns, Formats(), skip=max(row, 0), limit=1)
    if here.rows and row >= 0:
        later = [place for place in places if place > column]
        if (found := _match(finder, here.rows[0], later)) is not None:
            return row, found
    narrowed = _narrowed(query, search, field_ids)
    starts = [here.next, None] if here.next is not None and row >= 0 else [None]
    for start in starts:
        cursor = start
        while True:
            page = list_page(session, narrowed, columns, Formats(), after=cursor, limit=PAGE)
            for each in page.rows:
                if (found := _match(finder, each, places)) is not None:
                    place = find_row(session, query, columns, each.id)
                    return None if place is None else (place, found)
            cursor = page.next
            if cursor is None:
                break
    return None


def _match(finder: Finder, row: RecordRow, places: Sequence[int]) -> int | None:
    for place in places:
        value = row.values[place]
        if isinstance(value, str) and finder.finds(value):
            return place
    return None


def _narrowed(query: RecordQuery, search: TextSearch, field_ids: Sequence[str]) -> RecordQuery:
    """Return the query with conditions that every match fulfils, and as few others as may be."""
    is_plain = not search.is_expression and search.text == search.text.strip()
    condition = ("contains", search.text) if is_plain else ("is_not_empty", None)
    parts = tuple(Condition(field_id, *condition) for field_id in field_ids)
    return replace(query, conditions=(*query.conditions, Group("any", parts)))


def _tell(on_progress: Progress | None, done: int, total: int) -> None:
    if on_progress is not None and not on_progress(done, total):
        raise Cancelled(STOPPED)


def _sum(one: CellReport, other: CellReport) -> CellReport:
    problems: tuple[CellProblem, ...] = (*one.problems, *other.problems)[:MOST_PROBLEMS]
    return CellReport(
        one.records + other.records,
        one.cells + other.cells,
        one.refused + other.refused,
        problems,
        can_undo=one.can_undo and other.can_undo,
    )


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A record that may match: the texts of the fields that are looked at."""

    id: str
    name: str
    texts: Sequence[Any]


class _Matching:
    """The records that a search matches, and their cells as they would be."""

    def __init__(self, session: ReadSession, asked: Replacement) -> None:
        self._session, self._asked = session, asked
        known = {field.id: field for field in fields_of(session, asked.target.object_id)}
        allowed = searchable_fields(list(known.values()))
        self._fields = [field for field in allowed if field.id in asked.field_ids]
        if len(self._fields) < len(asked.field_ids):
            raise Invalid({"fields": "Some of these fields are not there, or cannot be changed."})
        if not self._fields:
            raise Invalid({"fields": "Choose at least one field to look in."})
        self._finder = Finder(asked.search)
        self._replace: Callable[[str], str] = self._finder.replacer(asked.replacement)
        self._columns = {field.id: CellColumn(field.id, field) for field in self._fields}

    def batches(self) -> Iterator[Sequence[_Candidate]]:
        """Give the records that may match, by their ids, a few thousand at a time."""
        parameters = Parameters()
        ids = target_sql(self._session, parameters, self._asked.target)
        texts = [string_sql(parameters, field, "r") for field in self._fields]
        wanted = " OR ".join(self._condition(parameters, text) for text in texts)
        after = parameters.bind([""], "text[]")
        statement = (
            f"SELECT r.id, r.primary_value, ARRAY[{', '.join(texts)}] FROM records AS r"  # noqa: S608
            f" WHERE r.id IN ({ids}) AND r.id > ({after})[1] AND ({wanted})"
            f" ORDER BY r.id LIMIT {BATCH:d}"
        )
        place = next(name for name, value in parameters.values.items() if value == [""])
        while True:
            found: Sequence[Any] = execute(self._session, statement, parameters.values).all()
            rows = [_Candidate(row[0], row[1] or row[0], row[2]) for row in found]
            if rows:
                yield rows
                parameters.values[place] = [rows[-1].id]
            if len(rows) < BATCH:
                return

    def edits(self, row: _Candidate) -> Mapping[str, Edit]:
        """Return the cells that match, as they are and as they would be."""
        return {
            field.id: Edit(text, self._replace(text))
            for field, text in zip(self._fields, row.texts, strict=True)
            if text is not None and self._finder.finds(text)
        }

    def changes(self, row: _Candidate) -> Mapping[str, Edit]:
        """Return the cells that would be another."""
        return {key: edit for key, edit in self.edits(row).items() if edit.old != edit.new}

    def problem(self, field_id: str, value: str) -> str:
        return self._columns[field_id].problem(value) or ""

    def _condition(self, parameters: Parameters, text: str) -> str:
        """Return what every match fulfils; an expression is not looked at by the server."""
        search = self._asked.search
        if search.is_expression:
            return f"{text} IS NOT NULL"
        words = search.text
        for sign in (LIKE_ESCAPE, "%", "_"):
            words = words.replace(sign, LIKE_ESCAPE + sign)
        pattern = parameters.bind(words if search.is_whole else f"%{words}%")
        return f"{text} {'LIKE' if search.matches_case else 'ILIKE'} {pattern}"
