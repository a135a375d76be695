"""Pages of one record's links made ready to be painted; all of this runs on worker threads.

A `record_cells.Reading`: what a `Listing` asks for is a `LinkQuery`, and a row's id is its link's.
"""

from __future__ import annotations

from typing import Any

from crm_desktop.gui.models.record_cells import (
    PAGE_ROWS,
    CellPage,
    Cells,
    First,
    Listing,
    Place,
    Reread,
    extra_maker,
)
from crm_desktop.gui.translating import tr
from crm_desktop.services import link_pages, record_ordering
from crm_desktop.services.link_columns import NAME
from crm_desktop.services.link_lists import RelatedRecord
from crm_desktop.services.link_pages import LinkPage, LinkQuery
from crm_desktop.services.record_anchors import Anchors


def read_page(session: Any, listing: Listing, place: Place) -> CellPage:
    found = link_pages.list_link_page(
        session,
        query_of(listing),
        listing.columns,
        listing.formats,
        after=place.after,
        before=place.before,
        skip=place.skip,
        limit=place.limit,
    )
    return CellPage(_cells(found, listing), found.next is not None, found.next, found.previous)


def read_first(session: Any, listing: Listing) -> First:
    """Return the first page, and how many links there are where it is not the only one."""
    by = record_ordering.describe_text_order(session) if listing.query.sort else ""
    page = read_page(session, listing, Place())
    about = count_rows(session, listing) if page.has_more else len(page.rows)
    return First(page, about, by)


def read_again(
    session: Any, listing: Listing, span: tuple[int, int], known: tuple[str, int]
) -> Reread:
    """Read the rows from `span`, moved as far as the known link has moved since."""
    start, end = span
    if start and known[0]:
        row = link_pages.find_link_row(session, query_of(listing), known[0])
        if row is not None:
            moved = (row - known[1]) // PAGE_ROWS * PAGE_ROWS
            start, end = max(0, start + moved), end + moved + PAGE_ROWS
    place = Place(skip=start, limit=max(PAGE_ROWS, end - start))
    return Reread(start, read_page(session, listing, place))


def count_rows(session: Any, listing: Listing) -> int:
    return link_pages.count_links_of(session, query_of(listing))


def find_anchors(session: Any, listing: Listing) -> Anchors:
    return link_pages.find_link_anchors(session, query_of(listing))


def query_of(listing: Listing) -> LinkQuery:
    query = listing.query
    if not isinstance(query, LinkQuery):
        raise TypeError("These are the links of no record.")
    return query


def link_in(cells: Cells) -> RelatedRecord:
    """Return the link that a row shows; it stands where rows of records have their values."""
    link: RelatedRecord = cells[3][0]
    return link


def _cells(page: LinkPage, listing: Listing) -> list[Cells]:
    makers = [extra_maker(field) for field in listing.columns]
    named = next((at for at, field in enumerate(listing.columns) if field.id == NAME), -1)
    rows: list[Cells] = []
    for row in page.rows:
        texts = list(row.texts)
        if named >= 0 and not texts[named]:
            texts[named] = _title(row.link)
        pairs = zip(makers, row.values, strict=True)
        extras = tuple([make and make(value) for make, value in pairs])
        rows.append((row.id, tuple(texts), extras, (row.link,)))
    return rows


def _title(link: RelatedRecord) -> str:
    """Return what a record without a name is called."""
    return link.record_id if link.is_readable else tr("A record that you may not see")
