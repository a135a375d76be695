"""`link-panel`: links of a record that has 50,000, through the service against plain psycopg."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import psycopg

from bench.first_page import fetch
from bench.linked import Linked, linked
from bench.measure import Options, Result, in_turns
from crm_desktop.domain.cursors import Cursor
from crm_desktop.domain.field_types import EffectiveField
from crm_desktop.domain.formats import Formats
from crm_desktop.services import link_pages, records
from crm_desktop.services.link_columns import NAME_COLUMN, free_key, key_column
from crm_desktop.services.link_pages import LinkPage, LinkQuery

ROUNDS, BAR, LIMIT = 51, 1.5, 200
FORMATS = Formats(date_order="dmy", date_separator=".")
KEYS = ("role", "since")


def run(options: Options) -> Iterator[Result]:
    with linked(options.rows) as data:
        columns = _columns(data)
        query = LinkQuery(
            data.objects["contact"],
            record_id=data.record("company"),
            relationship_id=data.relationships["employs"],
            is_from=True,
            fields=columns,
        )
        middle = _page(data, query, columns, skip=max(0, data.hub // 2 - 1), limit=1).next
        with psycopg.connect(data.workspace.url, prepare_threshold=None) as connection:
            for name, after in (("first page", None), ("in the middle", middle)):
                ours = partial(_page, data, query, columns, after=after)
                statement = _PAGE.format(after=_AFTER if after else "")
                peer = partial(fetch, connection, statement, _values(data, columns, after))
                _check(ours(), peer())
                ours_s, peer_s = in_turns(ours, peer, options.rounds or ROUNDS)
                yield Result(
                    f"link-panel, {name}",
                    ours_s * 1000,
                    "ms",
                    f"own SQL in psycopg: {peer_s * 1000:.2f} ms ({data.hub:,} links)",
                    ours_s / peer_s,
                    BAR,
                )


def _columns(data: Linked) -> tuple[EffectiveField, ...]:
    with data.workspace.database.read(data.workspace.actor) as session:
        fields = records.fields_of(session, data.objects["contact"])
    return (NAME_COLUMN, *fields, *(key_column(free_key(name)) for name in KEYS))


def _page(
    data: Linked,
    query: LinkQuery,
    columns: tuple[EffectiveField, ...],
    *,
    after: Cursor | None = None,
    skip: int = 0,
    limit: int = LIMIT,
) -> LinkPage:
    with data.workspace.database.read(data.workspace.actor) as session:
        return link_pages.list_link_page(
            session, query, columns, FORMATS, after=after, skip=skip, limit=limit
        )


def _values(
    data: Linked, columns: tuple[EffectiveField, ...], after: Cursor | None
) -> dict[str, Any]:
    """Return the values of the peer's statement: the record, the fields, and where to go on."""
    fields = {f"f{place}": field.id for place, field in enumerate(columns[1:-2])}
    place = {"at": after.keys[0], "id": after.id} if after else {}
    ends = {"own": data.record("company"), "relationship": data.relationships["employs"]}
    return {**ends, **fields, **place, "limit": LIMIT + 1}


# The links first, cut to the page, and only then the records at their other ends.
_PAGE = """
SELECT l.id, r.id, r.primary_value, l.relationship_metadata, l.created_at, l.created_by,
       r.data -> %(f0)s, r.data -> %(f1)s, r.data -> %(f2)s, r.data -> %(f3)s
FROM (
    SELECT id, to_record_id, relationship_metadata, created_at, created_by
    FROM relationship_records
    WHERE from_record_id = %(own)s AND relationship_id = %(relationship)s{after}
    ORDER BY created_at, id LIMIT %(limit)s
) AS l JOIN records AS r ON r.id = l.to_record_id
ORDER BY l.created_at, l.id
"""
_AFTER = " AND (created_at, id) > (%(at)s, %(id)s)"


def _check(page: LinkPage, fetched: list[tuple[Any, ...]]) -> None:
    """Both must have read the same links."""
    if [row.id for row in page.rows] != [row[0] for row in fetched[:LIMIT]] or not page.rows:
        raise RuntimeError("The service and plain SQL do not show the same links.")
