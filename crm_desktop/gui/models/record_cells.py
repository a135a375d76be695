"""Pages of records made ready to be painted; all of this runs on worker threads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeAlias

from crm_desktop.domain.cursors import Cursor
from crm_desktop.domain.field_types import EffectiveField, options_of
from crm_desktop.domain.filters import RecordQuery
from crm_desktop.domain.formats import Formats
from crm_desktop.gui.chips import Chip
from crm_desktop.gui.delegates import CellKind
from crm_desktop.services import record_anchors, record_query
from crm_desktop.services.record_query import RecordPage

PAGE_ROWS = 256
KINDS = {
    "number": CellKind.NUMBER,
    "currency": CellKind.NUMBER,
    "percentage": CellKind.NUMBER,
    "date": CellKind.DATE,
    "datetime": CellKind.DATE,
    "boolean": CellKind.CHECK,
    "checkbox": CellKind.CHECK,
    "select": CellKind.CHOICE,
    "radio": CellKind.CHOICE,
    "multiselect": CellKind.CHOICE,
    "reference": CellKind.LINK,
    "lookup": CellKind.LINK,
}

Cells: TypeAlias = tuple[str, tuple[str, ...], tuple[Any, ...]]
"""One row, ready to be painted: id, texts, and for chips and boxes what they show."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where to read: after or before a record, so many rows further, so many rows."""

    after: Cursor | None = None
    before: Cursor | None = None
    skip: int = 0
    limit: int = PAGE_ROWS


@dataclass(frozen=True, slots=True)
class Listing:
    """What is shown: a query, its columns, and how values are written."""

    query: RecordQuery
    columns: tuple[EffectiveField, ...]
    formats: Formats


@dataclass(frozen=True, slots=True)
class CellPage:
    """Some rows, whether more follow, and the records at their ends where they are known."""

    rows: list[Cells]
    has_more: bool
    next: Cursor | None = None
    previous: Cursor | None = None


@dataclass(frozen=True, slots=True)
class First:
    """The first page, about how many records there are, and what text is sorted by.

    `is_indexed`: an index has the order, so that each page is a short read.
    """

    page: CellPage
    about: int
    text_order: str
    is_indexed: bool


@dataclass(frozen=True, slots=True)
class Reread:
    """Rows read anew, beginning at row `start`, which begins a page.

    `is_indexed` as in `First`; None where that was not looked at again.
    """

    start: int
    page: CellPage
    is_indexed: bool | None = None

    def pages(self) -> dict[int, CellPage]:
        """Return them as pages by their numbers."""
        rows, first = self.page.rows, self.start // PAGE_ROWS
        chunks = [rows[at : at + PAGE_ROWS] for at in range(0, len(rows), PAGE_ROWS)]
        pages = {first + place: CellPage(chunk, True) for place, chunk in enumerate(chunks[:-1])}
        if chunks:
            previous = self.page.previous if len(chunks) == 1 else None
            last = CellPage(chunks[-1], self.page.has_more, self.page.next, previous)
            pages[first + len(chunks) - 1] = last
        return pages


def read_page(session: Any, listing: Listing, place: Place) -> CellPage:
    found = record_query.list_page(
        session,
        listing.query,
        listing.columns,
        listing.formats,
        after=place.after,
        before=place.before,
        skip=place.skip,
        limit=place.limit,
    )
    cells = _cells(found, listing.columns)
    return CellPage(cells, found.next is not None, found.next, found.previous)


def read_first(session: Any, listing: Listing) -> First:
    """Return the first page, and about how many records there are: the planner knows at once."""
    page = read_page(session, listing, Place())
    about = len(page.rows)
    if page.has_more:
        about = max(about + 1, record_query.estimate_records(session, listing.query))
    by = record_query.describe_text_order(session) if listing.query.sort else ""
    return First(page, about, by, record_query.is_indexed(session, listing.query, listing.columns))


def read_again(
    session: Any, listing: Listing, span: tuple[int, int], known: tuple[str, int]
) -> Reread:
    """Read the rows from `span`, moved as far as the known record has moved since.

    `known` is the id of a record and the row where it stood.
    """
    start, end = span
    if start and known[0]:
        row = record_anchors.find_row(session, listing.query, listing.columns, known[0])
        if row is not None:
            moved = (row - known[1]) // PAGE_ROWS * PAGE_ROWS
            start, end = max(0, start + moved), end + moved + PAGE_ROWS
    place = Place(skip=start, limit=max(PAGE_ROWS, end - start))
    page = read_page(session, listing, place)
    is_indexed = record_query.is_indexed(session, listing.query, listing.columns)
    return Reread(start, page, is_indexed)


def _cells(page: RecordPage, columns: Sequence[EffectiveField]) -> list[Cells]:
    extras = [_extra_of(field) for field in columns]
    return [
        (
            row.id,
            row.texts,
            tuple([make and make(value) for make, value in zip(extras, row.values, strict=True)]),
        )
        for row in page.rows
    ]


def _extra_of(field: EffectiveField) -> Any:
    kind = KINDS.get(field.type)
    if kind is CellKind.CHECK:
        return _checked
    if kind is CellKind.CHOICE:
        known = {option.value: (option.label, option.color or None) for option in options_of(field)}
        return partial(_chips, known)
    return None


def _checked(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


def _chips(known: dict[str, Chip], value: Any) -> tuple[Chip, ...] | None:
    if isinstance(value, str):
        return (known.get(value, (value, None)),) if value else ()
    if isinstance(value, list) and all(isinstance(part, str) for part in value):
        return tuple(known.get(part, (part, None)) for part in value)
    return () if value is None else None
