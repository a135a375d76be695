"""The links of one record as a list: pages by key, counts, order, filters, ready to be shown."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, NamedTuple

from sqlalchemy import select
from typing_extensions import override

from crm_desktop.db.conditions import Conditions, containing
from crm_desktop.db.database import ReadSession
from crm_desktop.db.expressions import Parameters, SortKey, name_key, sort_key
from crm_desktop.db.ordering import Ordering
from crm_desktop.db.tables import CrmObject, Record
from crm_desktop.domain.access import Permission, RecordRight
from crm_desktop.domain.cursors import END, Cursor
from crm_desktop.domain.errors import Invalid, NotFound
from crm_desktop.domain.field_types import EffectiveField, Shower, moment_json
from crm_desktop.domain.filter_rules import FilterSchema
from crm_desktop.domain.filters import Condition, RecordQuery, Sort, leaves_of
from crm_desktop.domain.formats import Formats
from crm_desktop.services.link_columns import (
    LINKED,
    LINKED_COLUMN,
    METADATA,
    NAME,
    SHOW_METADATA,
    is_key,
    is_of_link,
    key_of,
    stored_field,
)
from crm_desktop.services.link_lists import RelatedRecord
from crm_desktop.services.record_anchors import EVERY, Anchors
from crm_desktop.services.record_conditions import execute
from crm_desktop.services.record_ordering import collation_of
from crm_desktop.services.record_query import shower_of, values_sql
from crm_desktop.services.record_rights import may, may_sql, opens_to_sql
from crm_desktop.services.records import GONE
from crm_desktop.services.reference_checks import REFERRING, names_of_targets

_OLDEST_FIRST = (Sort(LINKED),)


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkQuery(RecordQuery):
    """The links of one record on one side of a relationship; `object_id` is the other side's.

    `search` is looked for in the names of the records there. It can be sorted and filtered by the
    ids of `link_columns`: by fields of those records, keys of the metadata, and when they were
    linked. Without `sort` the oldest links come first. It never groups.
    """

    record_id: str
    relationship_id: str
    is_from: bool
    fields: tuple[
        EffectiveField, ...
    ] = ()  # all that conditions and sorts may speak of, as columns


class LinkRow(NamedTuple):
    """One line: the link with the record at its other end, and the columns' values."""

    id: str
    link: RelatedRecord
    values: Sequence[Any]
    showers: tuple[Shower, ...]

    @property
    def texts(self) -> tuple[str, ...]:
        """The texts to show, made when they are asked for: not on the GUI thread, please."""
        return tuple([show(v) for show, v in zip(self.showers, self.values, strict=True)])


@dataclass(frozen=True, slots=True)
class LinkPage:
    """Some links in order; `next` is None on the last page, `previous` on the first."""

    rows: tuple[LinkRow, ...]
    next: Cursor | None
    previous: Cursor | None = None


def list_link_page(
    session: ReadSession,
    query: LinkQuery,
    columns: Sequence[EffectiveField],
    formats: Formats,
    *,
    after: Cursor | None = None,
    before: Cursor | None = None,
    skip: int = 0,
    limit: int = 200,
) -> LinkPage:
    """Return one page in one statement, as `record_query.list_page` does; ids are those of links.

    Columns that refer to records or users cost one or two statements more. Links to records that
    one may not read are left out; a record of another object than the relationship's may come
    without its name and values. Raises NotFound for a record that is gone or not to be read.
    """
    session.actor.require(Permission.READ_RECORDS)
    parameters = Parameters()
    order = _ordering(session, parameters, query)
    backward, cursor = before is not None, after if before is None else before
    beyond = ""
    if cursor is not None and cursor != END:
        beyond = f" WHERE {order.beyond(parameters, cursor, 'h', backward=backward)}"
    by = order.clause("h", backward=backward)
    fields = [column for column in columns if _is_field(column.id)]
    is_readable = may_sql(parameters, session.actor, RecordRight.READ, "r", "o")
    statement = (
        f"WITH hits AS ({_hits(session, parameters, query, order.selected)}),"  # noqa: S608 - bound
        f" page AS (SELECT * FROM hits AS h{beyond} ORDER BY {by} LIMIT :limit OFFSET {skip:d})"
        f" SELECT page.id, r.id AS record_id, r.object_id, r.primary_value,"
        f" l.relationship_metadata, CAST(CAST(l.xmin AS text) AS bigint), l.created_at,"
        f" l.created_by, {is_readable}, {values_sql(parameters, fields)},"
        f" {', '.join(f'CAST(page.{name} AS text)' for name in order.names)}"
        f" FROM page JOIN relationship_records AS l ON l.id = page.id"
        f" JOIN records AS r ON r.id = page.other_id JOIN objects AS o ON o.id = r.object_id"
        f" ORDER BY {order.clause('page', backward=backward)}"
    )
    found = execute(session, statement, {**parameters.values, "limit": limit + 1}).all()
    if not found and cursor is None:
        _explain_nothing(session, query.record_id)
    has_more, found = len(found) > limit, found[:limit][:: -1 if backward else 1]
    ends = (_cursor(found[0]), _cursor(found[-1])) if found else (None, None)
    is_first = not has_more if backward else cursor is None and not skip
    is_last = cursor in {None, END} and not skip if backward else not has_more
    rows = _rows(session, query, found, columns, formats)
    return LinkPage(rows, None if is_last else ends[1], None if is_first else ends[0])


def count_links_of(session: ReadSession, query: LinkQuery) -> int:
    """Count the links that the query finds, exactly."""
    session.actor.require(Permission.READ_RECORDS)
    parameters = Parameters()
    hits = _hits(session, parameters, query)
    statement = f"SELECT count(*) FROM ({hits}) AS h"  # noqa: S608 - values are bound
    return int(execute(session, statement, parameters.values).scalar_one())


def find_link_anchors(session: ReadSession, query: LinkQuery) -> Anchors:
    """Walk all links once, in their order; see `record_anchors`."""
    session.actor.require(Permission.READ_RECORDS)
    parameters = Parameters()
    order = _ordering(session, parameters, query)
    names = ", ".join(f"CAST(n.{name} AS text)" for name in order.names)
    statement = (
        f"WITH h AS ({_hits(session, parameters, query, order.selected)}),"  # noqa: S608 - bound
        f" n AS (SELECT h.*, row_number() OVER (ORDER BY {order.clause('h')}) AS place FROM h)"
        f" SELECT n.id, {names} FROM n WHERE n.place & {EVERY - 1} = 0 ORDER BY n.place"
    )
    found = execute(session, statement, parameters.values).all()
    return Anchors(tuple(Cursor(tuple(row[1:]), row[0]) for row in found))


def find_link_row(session: ReadSession, query: LinkQuery, link_id: str) -> int | None:
    """Return how many links of the query stand before this one; None if it is not among them."""
    session.actor.require(Permission.READ_RECORDS)
    parameters = Parameters()
    order = _ordering(session, parameters, query)
    statement = (
        f"SELECT place - 1 FROM (SELECT h.id,"  # noqa: S608 - values are bound
        f" row_number() OVER (ORDER BY {order.clause('h')}) AS place"
        f" FROM ({_hits(session, parameters, query, order.selected)}) AS h) AS n"
        f" WHERE n.id = {parameters.bind(link_id)}"
    )
    row = execute(session, statement, parameters.values).scalar_one_or_none()
    return None if row is None else int(row)


def link_ids_of_rows(
    session: ReadSession, query: LinkQuery, spans: Sequence[tuple[int, int]]
) -> list[str]:
    """Return the ids of the links at these rows, in order; a span is its first and last row."""
    session.actor.require(Permission.READ_RECORDS)
    parameters = Parameters()
    order = _ordering(session, parameters, query)
    wanted = parameters.bind([f"[{first:d},{last:d}]" for first, last in spans], "int8range[]")
    statement = (
        f"SELECT id FROM (SELECT h.id,"  # noqa: S608 - values are bound
        f" row_number() OVER (ORDER BY {order.clause('h')}) AS place"
        f" FROM ({_hits(session, parameters, query, order.selected)}) AS h) AS n"
        f" WHERE EXISTS (SELECT 1 FROM unnest({wanted}) AS span WHERE span @> n.place - 1)"
        f" ORDER BY place"
    )
    return list(execute(session, statement, parameters.values).scalars())


# --- the statement -----------------------------------------------------------------------------


class _LinkConditions(Conditions):
    """Looks for keys of the metadata in the link, for fields in the record at its other end."""

    @override
    def _condition(self, condition: Condition, field: EffectiveField, table: str) -> str:
        return super()._condition(condition, field, "l" if is_of_link(condition.field_id) else "r")


def _is_field(column_id: str) -> bool:
    return column_id != NAME and not is_of_link(column_id)


def _hits(
    session: ReadSession, parameters: Parameters, query: LinkQuery, selected: str = ""
) -> str:
    """Return all links of the query with what they are sorted by, `l`, and where needed `r`.

    The metadata stands there as `data`, so that it is compared as a record's is. Where nothing of
    the other records is asked for and all of them may be read, they are not met at all.
    """
    own, other = ("from", "to") if query.is_from else ("to", "from")
    own_id, actor = parameters.bind(query.record_id), session.actor
    own_is_readable = (
        f"(SELECT {may_sql(parameters, actor, RecordRight.READ, 'w', 'wo')} FROM records AS w"  # noqa: S608
        f" JOIN objects AS wo ON wo.id = w.object_id WHERE w.id = {own_id})"
    )
    where = [own_is_readable]
    join = ""
    asked = {sort.field_id for sort in query.sort}
    asked |= {leaf.field_id for leaf in leaves_of(query.conditions) if isinstance(leaf, Condition)}
    if query.search.strip() or not all(map(is_of_link, asked)):
        join = " JOIN records AS r ON r.id = l.other_id"
        where.append(_is_readable(parameters, session, query, "r.object_id"))
    else:
        where.append(_is_readable(parameters, session, query))
    if query.search.strip():
        where.append(f"r.primary_value ILIKE {parameters.bind(containing(query.search))}")
    if query.conditions:
        where.append(_conditions(session, parameters, query))
    link = (
        f"SELECT id, {other}_record_id AS other_id, relationship_metadata AS data, created_at,"  # noqa: S608
        " created_by, CAST(NULL AS timestamptz) AS updated_at, CAST(NULL AS uuid) AS updated_by"
        f" FROM relationship_records WHERE {own}_record_id = {own_id}"
        f" AND relationship_id = {parameters.bind(query.relationship_id)}"
    )
    shown = ", ".join(filter(None, ["l.id", "l.other_id", selected]))
    return f"SELECT {shown} FROM ({link}) AS l{join} WHERE {' AND '.join(where)}"  # noqa: S608


def _is_readable(
    parameters: Parameters, session: ReadSession, query: LinkQuery, object_id: str = ""
) -> str:
    """Return the right to read `l.other_id`, quickly told where its object gives it on all records.

    Without its `object_id`, a record of another object, which no relationship should lead to,
    passes: its row then says nothing.
    """
    actor, right = session.actor, RecordRight.READ
    expected = parameters.bind(query.object_id)
    is_expected = f"{object_id} = {expected} AND " if object_id else ""
    return (
        f"CASE WHEN {is_expected}(SELECT {opens_to_sql(parameters, actor, right, 'xo')}"  # noqa: S608
        f" FROM objects AS xo WHERE xo.id = {expected}) THEN true"
        f" ELSE EXISTS (SELECT 1 FROM records AS x JOIN objects AS xo ON xo.id = x.object_id"
        f" WHERE x.id = l.other_id AND {may_sql(parameters, actor, right, 'x', 'xo')}) END"
    )


def _conditions(session: ReadSession, parameters: Parameters, query: LinkQuery) -> str:
    calendar = query.calendar
    conditions = _LinkConditions(
        parameters,
        link_filter_schema(query.fields, stored=True),
        str(session.actor.user_id),
        calendar if calendar.now else replace(calendar, now=datetime.now(UTC)),
        _no_links,
    )
    return conditions.sql(query.conditions)


def _no_links(*_: str) -> str:
    return "false"


def link_filter_schema(fields: Sequence[EffectiveField], *, stored: bool = False) -> FilterSchema:
    """Return what a list of links can be filtered by; `stored` names fields as their tables do."""
    known = {field.id: field for field in fields if field.id not in {NAME, METADATA}}
    return FilterSchema({id_: stored_field(f) if stored else f for id_, f in known.items()}, {})


def _ordering(session: ReadSession, parameters: Parameters, query: LinkQuery) -> Ordering:
    known = {field.id: field for field in query.fields} | {LINKED: LINKED_COLUMN}
    keys = []
    for sort in query.sort or _OLDEST_FIRST:
        if sort.field_id == NAME:
            keys.append(name_key("r", descending=sort.descending))
        elif sort.field_id in known and sort.field_id != METADATA:
            keys.append(_key(session, parameters, known[sort.field_id], sort))
        else:
            raise Invalid({"sort": "The links are sorted by something that is gone."})
    return Ordering.by_keys([replace(key, is_indexed=False) for key in keys])


def _key(
    session: ReadSession, parameters: Parameters, column: EffectiveField, sort: Sort
) -> SortKey:
    field, table = stored_field(column), "l" if is_of_link(column.id) else "r"
    by = collation_of(session, field)
    return sort_key(parameters, field, table, descending=sort.descending, collation=by)


def _explain_nothing(session: ReadSession, record_id: str) -> None:
    readable = may(session.actor, RecordRight.READ, Record, CrmObject)
    query = select(Record.id).join(CrmObject, CrmObject.id == Record.object_id)
    if session.scalar(query.where(Record.id == record_id, readable)) is None:
        raise NotFound(GONE)


# --- the answer --------------------------------------------------------------------------------


def _cursor(row: Any) -> Cursor:
    return Cursor(tuple(row[10:]), row[0])


def _rows(
    session: ReadSession,
    query: LinkQuery,
    found: Sequence[Any],
    columns: Sequence[EffectiveField],
    formats: Formats,
) -> tuple[LinkRow, ...]:
    links = [_related(query, row) for row in found]
    fields = {column.id: place for place, column in enumerate(filter(_is_shown_field, columns))}
    values = [
        [_value(column.id, link, row, fields) for column in columns]
        for row, link in zip(found, links, strict=True)
    ]
    names: dict[str, str] = {}
    if any(column.type in REFERRING for column in columns):
        ids = [column.id for column in columns]
        by_id = (dict(zip(ids, row, strict=True)) for row in values)
        names = names_of_targets(session, columns, by_id)
    showers = tuple(
        SHOW_METADATA if column.id == METADATA else shower_of(column, formats, names)
        for column in columns
    )
    pairs = zip(links, values, strict=True)
    return tuple([LinkRow(link.id, link, row, showers) for link, row in pairs])


def _is_shown_field(column: EffectiveField) -> bool:
    return _is_field(column.id)


def _related(query: LinkQuery, row: Any) -> RelatedRecord:
    link_id, record_id, object_id, title, *of_link, is_readable = row[:9]
    related = RelatedRecord(
        link_id, query.relationship_id, query.is_from, record_id, object_id, title, *of_link
    )
    return related if is_readable else replace(related, title=None, is_readable=False)


def _value(column_id: str, link: RelatedRecord, row: Any, fields: Mapping[str, int]) -> Any:
    """Return a column's value as JSON."""
    if column_id == NAME:
        return link.title
    if column_id == LINKED:
        return moment_json(link.created_at)
    if column_id == METADATA:
        return link.metadata
    if is_key(column_id):
        return link.metadata.get(key_of(column_id)) if isinstance(link.metadata, Mapping) else None
    return row[9][fields[column_id]] if link.is_readable else None
