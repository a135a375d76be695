"""Pages of records made ready to be painted; all of this runs on worker threads."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol, TypeAlias

from crm_desktop.domain.cursors import Cursor
from crm_desktop.domain.field_types import EffectiveField, options_of, target_ids, type_of
from crm_desktop.domain.filters import RecordQuery
from crm_desktop.domain.formats import Formats
from crm_desktop.gui.chips import Chip
from crm_desktop.gui.delegates import CellKind
from crm_desktop.gui.models.group_headings import Headings, headings_of
from crm_desktop.services import record_anchors, record_groups, record_ordering, record_query
from crm_desktop.services.record_anchors import Anchors
from crm_desktop.services.record_footer import summaries_of
from crm_desktop.services.record_query import RecordPage
from crm_desktop.services.records import RecordDetail

PAGE_ROWS = 256
TRIED = 3  # times more, to read groups and rows that agree
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

Remarks: TypeAlias = Callable[[Any, Sequence[str]], Mapping[str, Any]]
"""Says of the records of a page what is not theirs, by id: it is given the session and the ids."""

Cells: TypeAlias = tuple[str, tuple[str, ...], tuple[Any, ...], Sequence[Any]]
"""One row, ready to be painted: id, texts, for chips and boxes what they show; and JSON values."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where to read: after or before a record, so many rows further, so many rows."""

    after: Cursor | None = None
    before: Cursor | None = None
    skip: int = 0
    limit: int = PAGE_ROWS


@dataclass(frozen=True, slots=True)
class Listing:
    """What is shown: a query, its columns, and how values are written.

    `summaries` are told of each group, by the ids of fields; what makes no sense is passed over.
    `remarks` is asked once for each page that is read.
    """

    query: RecordQuery
    columns: tuple[EffectiveField, ...]
    formats: Formats
    summaries: tuple[tuple[str, str], ...] = ()
    remarks: Remarks | None = None


@dataclass(frozen=True, slots=True)
class CellPage:
    """Some rows, whether more follow, and the records at their ends where they are known.

    `groups` are the keys of the rows' groups in a grouped list, `remarks` what the listing asked
    to be said of its records.
    """

    rows: list[Cells]
    has_more: bool
    next: Cursor | None = None
    previous: Cursor | None = None
    groups: tuple[str | None, ...] = ()
    remarks: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class First:
    """The first page, about how many records there are, and what text is sorted by.

    `is_indexed`: an index has the order, so that each page is a short read.
    """

    page: CellPage
    about: int
    text_order: str
    is_indexed: bool = False
    headings: Headings | None = None


@dataclass(frozen=True, slots=True)
class Reread:
    """Rows read anew, beginning at row `start`, which begins a page.

    `is_indexed` as in `First`; None where that was not looked at again.
    """

    start: int
    page: CellPage
    headings: Headings | None = None
    is_indexed: bool | None = None

    def pages(self) -> dict[int, CellPage]:
        """Return them as pages by their numbers."""
        rows, first, groups = self.page.rows, self.start // PAGE_ROWS, self.page.groups
        remarks = self.page.remarks
        spans = [slice(at, at + PAGE_ROWS) for at in range(0, len(rows), PAGE_ROWS)]
        pages = {
            first + place: CellPage(rows[span], True, groups=groups[span], remarks=remarks)
            for place, span in enumerate(spans[:-1])
        }
        if spans:
            previous = self.page.previous if len(spans) == 1 else None
            pages[first + len(spans) - 1] = CellPage(
                rows[spans[-1]],
                self.page.has_more,
                self.page.next,
                previous,
                groups[spans[-1]],
                remarks,
            )
        return pages


class Reading(Protocol):
    """What reads a list: this module, or another that reads other rows in the same way."""

    def read_first(self, session: Any, listing: Listing) -> First: ...

    def read_again(
        self, session: Any, listing: Listing, span: tuple[int, int], known: tuple[str, int]
    ) -> Reread: ...

    def read_page(self, session: Any, listing: Listing, place: Place) -> CellPage: ...

    def count_rows(self, session: Any, listing: Listing) -> int: ...

    def find_anchors(self, session: Any, listing: Listing) -> Anchors: ...


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
    remarks = listing.remarks(session, [row[0] for row in cells]) if listing.remarks else {}
    return CellPage(
        cells, found.next is not None, found.next, found.previous, found.groups, remarks
    )


def read_first(session: Any, listing: Listing) -> First:
    """Return the first page, and about how many records there are: the planner knows at once.

    A grouped list is counted first, group by group.
    """
    by = record_ordering.describe_text_order(session) if listing.query.sort else ""
    if listing.query.grouping:
        again = _read_grouped(session, listing, Place())
        total = again.headings.total if again.headings else 0
        return First(again.page, total, by, headings=again.headings)
    page = read_page(session, listing, Place())
    about = len(page.rows)
    if page.has_more:
        about = max(about + 1, record_query.estimate_records(session, listing.query))
    is_indexed = record_query.is_indexed(session, listing.query, listing.columns)
    return First(page, about, by, is_indexed)


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
    if listing.query.grouping:
        return _read_grouped(session, listing, place)
    is_indexed = record_query.is_indexed(session, listing.query, listing.columns)
    return Reread(start, read_page(session, listing, place), is_indexed=is_indexed)


def count_rows(session: Any, listing: Listing) -> int:
    return record_query.count_matching(session, listing.query)


def find_anchors(session: Any, listing: Listing) -> Anchors:
    return record_anchors.find_anchors(session, listing.query, listing.columns)


def _read_grouped(session: Any, listing: Listing, place: Place) -> Reread:
    """Read rows and the groups they stand in, again where somebody wrote in between."""
    headings = read_headings(session, listing)
    page = read_page(session, listing, place)
    for _ in range(TRIED):
        if headings.plan(()).fits(place.skip, page.groups, headings.keys):
            break
        headings = read_headings(session, listing)
        page = read_page(session, listing, place)
    return Reread(place.skip, page, headings)


def read_headings(session: Any, listing: Listing) -> Headings:
    query, formats = listing.query, listing.formats
    wanted = dict(listing.summaries)
    chosen = {
        field: summary
        for field in listing.columns
        for summary in summaries_of(field)
        if summary.value == wanted.get(field.id)
    }
    found = record_groups.list_groups(session, query, listing.columns, chosen, formats)
    by = next(
        each for each in listing.columns if query.grouping and each.id == query.grouping.field_id
    )
    make = extra_maker(by) if KINDS.get(by.type) is CellKind.CHOICE else None
    chips = [(make and make(group.value)) or () for group in found.groups]
    return headings_of(found, query, by, chips, formats)


def _cells(page: RecordPage, columns: Sequence[EffectiveField]) -> list[Cells]:
    extras = [extra_maker(field) for field in columns]
    return [
        (
            row.id,
            row.texts,
            tuple([make and make(value) for make, value in zip(extras, row.values, strict=True)]),
            row.values,
        )
        for row in page.rows
    ]


def stored_cells(detail: RecordDetail, listing: Listing) -> Cells:
    """Return the row of one record that was read in full."""
    columns, formats = listing.columns, listing.formats
    values = [detail.values.get(field.id) for field in columns]
    pairs = list(zip(columns, values, strict=True))
    texts = tuple([shown_text(field, value, formats, detail.names) for field, value in pairs])
    makers = [(extra_maker(field), value) for field, value in pairs]
    return detail.id, texts, tuple([make and make(value) for make, value in makers]), values


def shown_text(
    field: EffectiveField, value: Any, formats: Formats, names: Mapping[str, str]
) -> str:
    """Return how a value is shown in a grid; `names` are those of records and users by id."""
    if KINDS.get(field.type) is CellKind.LINK and (ids := target_ids(value)):
        return ", ".join(names.get(id_, id_) for id_ in ids)
    return type_of(field.type).display(value, field, formats)


def extra_maker(field: EffectiveField) -> Callable[[Any], Any] | None:
    """Return what makes chips or the state of a box of a value; None where the text is enough."""
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
