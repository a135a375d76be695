"""The record list: pages by key, a search by name, counts; all made ready to be shown."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import select

from crm_desktop.db.conditions import LIKE_ESCAPE, containing
from crm_desktop.db.database import ReadSession
from crm_desktop.db.expressions import Parameters
from crm_desktop.db.ordering import Ordering
from crm_desktop.db.tables import CrmObject, Record
from crm_desktop.domain.access import Permission, Reach, RecordRight
from crm_desktop.domain.cursors import END, Cursor
from crm_desktop.domain.errors import Forbidden, NotFound
from crm_desktop.domain.field_types import (
    SYSTEM_COLUMNS,
    EffectiveField,
    Shower,
    json_value,
    target_ids,
    type_of,
)
from crm_desktop.domain.filters import RecordQuery
from crm_desktop.domain.formats import Formats
from crm_desktop.services.record_conditions import execute, matching, readable
from crm_desktop.services.record_ordering import ordering
from crm_desktop.services.record_rights import may
from crm_desktop.services.reference_checks import REFERRING, names_of_targets

MOMENT_FORM = 'YYYY-MM-DD"T"HH24:MI:SS"Z"'
FAR = 10_000  # rows to skip, from which sorting is quicker than walking an index on a field
SHORTEST_INDEXED = 3  # letters from which a trigram index helps


class RecordRow(NamedTuple):
    """One line of a grid: JSON values in the columns' order, and how they are shown.

    A page makes hundreds at once, and a named tuple is made in half the time of a dataclass.
    """

    id: str
    values: Sequence[Any]
    showers: tuple[Shower, ...]

    @property
    def texts(self) -> tuple[str, ...]:
        """The texts to show, made when they are asked for: not on the GUI thread, please."""
        return tuple([show(v) for show, v in zip(self.showers, self.values, strict=True)])


@dataclass(frozen=True, slots=True)
class RecordPage:
    """Some records in order; `next` is None on the last page, `previous` on the first.

    Records after `next` and before `previous` follow without a gap. `groups` are the keys of the
    rows' groups (`RecordGroup.key`), where the query groups.
    """

    rows: tuple[RecordRow, ...]
    next: Cursor | None
    previous: Cursor | None = None
    groups: tuple[str | None, ...] = ()


@dataclass(frozen=True, slots=True)
class FoundRecord:
    """A record of any object, found by its name."""

    id: str
    primary_value: str | None
    object_id: str
    object_label: str


def list_page(
    session: ReadSession,
    query: RecordQuery,
    columns: Sequence[EffectiveField],
    formats: Formats,
    *,
    after: Cursor | None = None,
    before: Cursor | None = None,
    skip: int = 0,
    limit: int = 200,
) -> RecordPage:
    """Return one page with the values of these columns only, in one statement.

    It begins after a record, or ends before one (END: at the end of the list), `skip` records
    further away. Columns that refer to records or users cost one or two statements more, for
    their names. A query can be sorted by every field and by "primary_value". Raises Invalid for
    another sort, Forbidden where the object's records may not be read at all, NotFound when the
    object is gone.
    """
    session.actor.require(Permission.READ_RECORDS)
    parameters = Parameters()
    order = ordering(session, parameters, query, columns, walks_fields=skip <= FAR)
    backward, cursor = before is not None, after if before is None else before
    ids = _ids_sql(session, parameters, query, order, (cursor, backward, skip))
    shown = ", ".join(f"CAST(page.{name} AS text)" for name in order.names)
    shown += ", CAST(page.k0 AS text) AS of_group" if query.grouping else ""
    statement = (
        f"WITH {ids} SELECT r.id, {values_sql(parameters, columns)}, {shown}"  # noqa: S608 - bound
        f" FROM page JOIN records AS r ON r.id = page.id"
        f" ORDER BY {order.clause('page', backward=backward)}"
    )
    found = execute(session, statement, {**parameters.values, "limit": limit + 1}).all()
    if not found and cursor is None:
        _explain_nothing(session, query.object_id)
    has_more, found = len(found) > limit, found[:limit][:: -1 if backward else 1]
    ends = (_cursor(found[0], order), _cursor(found[-1], order)) if found else (None, None)
    is_first = not has_more if backward else cursor is None and not skip
    is_last = cursor in {None, END} and not skip if backward else not has_more
    rows = _rows(session, found, columns, formats)
    groups = tuple([row.of_group for row in found]) if query.grouping else ()
    return RecordPage(rows, None if is_last else ends[1], None if is_first else ends[0], groups)


def is_indexed(session: ReadSession, query: RecordQuery, columns: Sequence[EffectiveField]) -> bool:
    """Say whether an index has the order of this query, so that a page is a short read."""
    session.actor.require(Permission.READ_RECORDS)
    order = ordering(session, Parameters(), query, columns)
    return len(order.keys) == 1 and order.keys[0].is_indexed


def count_matching(session: ReadSession, query: RecordQuery) -> int:
    """Count the records of the query exactly; may take long for a million."""
    session.actor.require(Permission.READ_RECORDS)
    parameters = Parameters()
    where = readable(session, parameters, query, looks_first=True)
    statement = f"SELECT count(*) FROM records AS r WHERE {where}"  # noqa: S608 - values are bound
    return int(execute(session, statement, parameters.values).scalar_one())


def estimate_records(session: ReadSession, query: RecordQuery) -> int:
    """Return how many records the planner expects, at once; rights are not looked at."""
    session.actor.require(Permission.READ_RECORDS)
    parameters = Parameters()
    where = " AND ".join(matching(session, parameters, query))
    statement = f"EXPLAIN (FORMAT JSON) SELECT 1 FROM records AS r WHERE {where}"  # noqa: S608
    plan = execute(session, statement, parameters.values).scalar_one()
    plan = plan if isinstance(plan, list) else json_value(plan)
    return int(plan[0]["Plan"]["Plan Rows"])


def find_records(session: ReadSession, words: str, *, limit: int = 20) -> list[FoundRecord]:
    """Return records of any object whose name contains the words; names that begin so first."""
    session.actor.require(Permission.READ_RECORDS)
    hits = (
        select(Record.id)
        .where(Record.primary_value.ilike(containing(words), escape=LIKE_ESCAPE))
        .limit(50 * limit)  # enough to choose from, and bounded for a single letter
        .cte("hits")
        .prefix_with("MATERIALIZED", dialect="postgresql")
    )
    begins = Record.primary_value.ilike(containing(words)[1:], escape=LIKE_ESCAPE)
    query = (
        select(Record.id, Record.primary_value, CrmObject.id, CrmObject.label)
        .join(hits, hits.c.id == Record.id)
        .join(CrmObject, CrmObject.id == Record.object_id)
        .where(may(session.actor, RecordRight.READ, Record, CrmObject))
        .order_by(begins.desc(), Record.primary_value, Record.id)
        .limit(limit)
    )
    return [FoundRecord(*row) for row in session.execute(query)]


# --- the statement -----------------------------------------------------------------------------


Place = tuple[Cursor | None, bool, int]  # from which record, whether backward, how many to skip


def _ids_sql(
    session: ReadSession,
    parameters: Parameters,
    query: RecordQuery,
    order: Ordering,
    place: Place,
) -> str:
    """Return a CTE "page": the page's ids and sort keys; the documents are opened only for them.

    A search from three letters on is answered before it is sorted: left alone, the planner may
    walk the index on `created_at` and look at every name.
    """
    cursor, backward, skip = place
    cursor = None if cursor == END else cursor
    is_searched = len(query.search.strip()) >= SHORTEST_INDEXED
    where = readable(session, parameters, query, looks_first=bool(skip))
    cut = f" LIMIT :limit OFFSET {skip:d}"
    hits = f"SELECT r.id, {order.selected} FROM records AS r WHERE {where}"  # noqa: S608 - bound
    by = order.clause("h", backward=backward)
    if len(order.keys) == 1 and order.keys[0].is_indexed and not is_searched:
        if not order.keys[0].never_null:
            return _page_of_segments(parameters, order, hits, place)
        after = f" AND {order.beyond(parameters, cursor, 'r', backward=backward)}" if cursor else ""
        after = after.replace("r.k0", order.keys[0].sql)
        return f"page AS ({hits}{after} ORDER BY {order.along_index(backward=backward)}{cut})"
    after = f" WHERE {order.beyond(parameters, cursor, 'h', backward=backward)}" if cursor else ""
    once = "MATERIALIZED " if query.search.strip() else ""
    return f"hits AS {once}({hits}), page AS (SELECT * FROM hits AS h{after} ORDER BY {by}{cut})"  # noqa: S608


def _page_of_segments(parameters: Parameters, order: Ordering, hits: str, place: Place) -> str:
    """Return the page as ranges of an index that follow each other, each read only so far."""
    cursor, backward, skip = place
    along = order.along_index(backward=backward)
    parts = [
        f"(SELECT {number} AS part, s.* FROM ({hits} AND {condition}"  # noqa: S608 - bound
        f" ORDER BY {along} LIMIT :limit + {skip:d}) AS s)"
        for number, condition in enumerate(
            order.segments(parameters, None if cursor == END else cursor, backward=backward)
        )
    ]
    by = order.clause("u", backward=backward)
    return (
        f"page AS (SELECT * FROM ({' UNION ALL '.join(parts)}) AS u"  # noqa: S608 - bound
        f" ORDER BY part, {by} LIMIT :limit OFFSET {skip:d})"
    )


def values_sql(parameters: Parameters, columns: Sequence[EffectiveField]) -> str:
    """Return the columns' values of `r` as one JSON array: decoded at once."""
    parts = []
    for column in columns:
        own = SYSTEM_COLUMNS.get(column.id)
        if own and own.endswith("_at"):
            form = parameters.bind(MOMENT_FORM)
            parts.append(f"to_char(r.{own} AT TIME ZONE 'UTC', {form})")
        else:
            parts.append(f"r.{own}" if own else f"r.data -> {parameters.bind(column.id)}")
    chunks = [parts[start : start + 90] for start in range(0, len(parts), 90)]  # 100 arguments
    arrays = [f"jsonb_build_array({', '.join(chunk)})" for chunk in chunks] or [
        "CAST('[]' AS jsonb)"
    ]
    return " || ".join(arrays)


def _explain_nothing(session: ReadSession, object_id: str) -> None:
    row = session.execute(
        select(CrmObject.permissions, CrmObject.plural_name).where(CrmObject.id == object_id)
    ).one_or_none()
    if row is None:
        raise NotFound("This object no longer exists.")
    permissions = row.permissions if isinstance(row.permissions, dict) else {}
    if session.actor.reach(permissions, RecordRight.READ) is Reach.NONE:
        raise Forbidden(f"You are not allowed to see “{row.plural_name}”.")


# --- the answer --------------------------------------------------------------------------------


def _cursor(row: Any, order: Ordering) -> Cursor:
    return Cursor(tuple(row[2 : 2 + len(order.keys)]), row[0])


def _rows(
    session: ReadSession,
    found: Sequence[Any],
    columns: Sequence[EffectiveField],
    formats: Formats,
) -> tuple[RecordRow, ...]:
    names: dict[str, str] = {}
    if any(column.type in REFERRING for column in columns):
        ids = [column.id for column in columns]
        by_id = (dict(zip(ids, row[1], strict=True)) for row in found)
        names = names_of_targets(session, columns, by_id)
    showers = tuple(shower_of(column, formats, names) for column in columns)
    return tuple([RecordRow(row[0], row[1], showers) for row in found])


def shower_of(column: EffectiveField, formats: Formats, names: dict[str, str]) -> Shower:
    """Return what turns a column's values into text: names in place of ids."""
    show = type_of(column.type).shower(column, formats)
    if column.type not in REFERRING:
        return show

    def show_names(value: Any) -> str:
        ids = target_ids(value)
        return ", ".join(names.get(id_, id_) for id_ in ids) if ids else show(value)

    return show_names
