"""The record list: pages by key, a search by name, counts; all made ready to be shown."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

from sqlalchemy import CursorResult, Engine, select, text

from crm_desktop.db.conditions import LIKE_ESCAPE, Conditions, containing, string_sql
from crm_desktop.db.database import ReadSession
from crm_desktop.db.expressions import (
    PRIMARY_VALUE,
    Parameters,
    SortKey,
    name_key,
    newest_first,
    sort_key,
)
from crm_desktop.db.field_indexes import definition_of, known_indexes
from crm_desktop.db.group_keys import group_key, zone_sql
from crm_desktop.db.ordering import Ordering
from crm_desktop.db.tables import CrmObject, Record
from crm_desktop.domain.access import Permission, Reach, RecordRight
from crm_desktop.domain.cursors import END, Cursor
from crm_desktop.domain.errors import Forbidden, Invalid, NotFound
from crm_desktop.domain.field_types import (
    SYSTEM_COLUMNS,
    EffectiveField,
    Shower,
    json_value,
    target_ids,
    type_of,
)
from crm_desktop.domain.filter_rules import FilterSchema
from crm_desktop.domain.filters import Condition, LinkCondition, RecordQuery, Sort, leaves_of
from crm_desktop.domain.formats import Formats
from crm_desktop.domain.grouping import units_of
from crm_desktop.domain.index_kinds import IndexKind, kinds_of
from crm_desktop.domain.operators import comparison_of
from crm_desktop.services.filter_schema import schema_of
from crm_desktop.services.record_rights import OWNER_KEY, may
from crm_desktop.services.records import columns_of, fields_of
from crm_desktop.services.reference_checks import REFERRING, names_of_targets

MOMENT_FORM = 'YYYY-MM-DD"T"HH24:MI:SS"Z"'
FAR = 10_000  # rows to skip, from which sorting is quicker than walking an index on a field
SHORTEST_INDEXED = 3  # letters from which a trigram index helps
COLLATION = "und-x-icu"  # the root of all languages, where a server was built with ICU
IN_LOWER_CASE = "lower case"


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


def text_order(session: ReadSession) -> str:
    """Return the collation that text is sorted by, or "" for lower case in the database's own."""
    session.actor.require(Permission.READ_RECORDS)
    engine = session.connection().engine
    if engine not in _collations:
        name = session.scalar(text("SELECT to_regcollation(:name)"), {"name": f'"{COLLATION}"'})
        _collations[engine] = COLLATION if name else ""
    return _collations[engine]


def describe_text_order(session: ReadSession) -> str:
    """Return by what text is sorted, to be named on screen."""
    session.actor.require(Permission.READ_RECORDS)
    engine = session.connection().engine
    if engine not in _descriptions:
        own = session.scalar(text("SELECT datcollate FROM pg_database WHERE datname ="
                                  " current_database()"))  # fmt: skip
        _descriptions[engine] = text_order(session) or f"{IN_LOWER_CASE}, {own}"
    return _descriptions[engine]


_collations: WeakKeyDictionary[Engine, str] = WeakKeyDictionary()
_descriptions: WeakKeyDictionary[Engine, str] = WeakKeyDictionary()


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
    where = " AND ".join(_matching(session, parameters, query))
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


def execute(session: ReadSession, statement: str, values: dict[str, Any]) -> CursorResult[Any]:
    """Run a statement without having SQLAlchemy read it: that saves a fifth of a page's time.

    The statement holds placeholders only where `Parameters` and `:limit` put them, and no "%".
    """
    session.actor.require(Permission.READ_RECORDS)
    driver_sql = _PLACEHOLDER.sub(r"%(\1)s", statement)
    return session.connection().exec_driver_sql(driver_sql, values)


_PLACEHOLDER = re.compile(r":(p[0-9]+|limit)\b")


# --- the statement -----------------------------------------------------------------------------


def ordering(
    session: ReadSession,
    parameters: Parameters,
    query: RecordQuery,
    columns: Sequence[EffectiveField],
    *,
    walks_fields: bool = True,
) -> Ordering:
    """Return the order of a query: its sorts, or the newest first; the id makes it total.

    Before them comes what it groups by. `walks_fields`: along indexes on fields, where there are
    any; a short read is meant.
    """
    session.actor.require(Permission.READ_RECORDS)
    known = {column.id: column for column in columns}
    if any(sort.field_id not in known and sort.field_id != PRIMARY_VALUE for sort in query.sort):
        known = {field.id: field for field in columns_of(session, query.object_id)} | known
    keys: list[SortKey] = []
    if query.grouping:
        keys.append(grouping_key(session, parameters, query, columns))
        keys += [] if query.sort else [newest_first("r")]
    for sort in query.sort:
        if sort.field_id == PRIMARY_VALUE:
            keys.append(name_key("r", descending=sort.descending))
        elif field := known.get(sort.field_id):
            has_index = (
                walks_fields
                and _has_order(session, query.object_id, field)
                and can_walk(session, query, field, columns)
            )
            keys.append(_field_key(session, parameters, field, sort, has_index=has_index))
        else:
            raise Invalid({"sort": "The records are sorted by a field that is gone."})
    return Ordering.by_keys(keys or [newest_first("r")])


def grouping_key(
    session: ReadSession,
    parameters: Parameters,
    query: RecordQuery,
    columns: Sequence[EffectiveField],
) -> SortKey:
    """Return what the query groups by; raises Invalid where that is none of the columns."""
    session.actor.require(Permission.READ_RECORDS)
    grouping = query.grouping
    field = next((each for each in columns if grouping and each.id == grouping.field_id), None)
    if grouping is None or field is None:
        raise Invalid({"grouping": "The records are grouped by a column that is not shown."})
    if grouping.unit not in units_of(field):
        raise Invalid({"grouping": f"Records cannot be grouped by “{field.label}” like this."})
    collation = text_order(session) if type_of(field.type).kind in _WORDS else ""
    zone = zone_sql(session.connection(), parameters, query.calendar.time_zone)
    return group_key(parameters, field, "r", grouping, collation=collation, zone=zone)


_WORDS = {"text", "reference"}


def _field_key(
    session: ReadSession,
    parameters: Parameters,
    field: EffectiveField,
    sort: Sort,
    *,
    has_index: bool,
) -> SortKey:
    key = sort_key(
        parameters,
        field,
        "r",
        descending=sort.descending,
        collation=collation_of(session, field),
        has_moment_index=has_index,
    )
    return replace(key, is_indexed=key.is_indexed or has_index)


def collation_of(session: ReadSession, field: EffectiveField) -> str:
    """Return the collation that a field's values are sorted by, "" for none of their own."""
    session.actor.require(Permission.READ_RECORDS)
    return text_order(session) if type_of(field.type).kind in _WORDS else ""


def can_walk(
    session: ReadSession,
    query: RecordQuery,
    sorted_by: EffectiveField,
    columns: Sequence[EffectiveField],
) -> bool:
    """Say whether an index on this field is worth walking with the conditions of the query.

    Only of what has an index does the server know how often it occurs. It takes anything else for
    rare, and would read twice what a single sort reads.
    """
    session.actor.require(Permission.READ_RECORDS)
    known, fields = known_indexes(session), {field.id: field for field in columns}

    def is_known(leaf: Condition | LinkCondition) -> bool:
        field = fields.get(leaf.field_id) if isinstance(leaf, Condition) else None
        if field is None:
            return False
        collation = collation_of(session, field)
        each = (definition_of(query.object_id, field, kind, collation) for kind in kinds_of(field))
        return field.id == sorted_by.id or any(map(known.has, each))

    return all(is_known(leaf) for leaf in leaves_of(query.conditions))


def _has_order(session: ReadSession, object_id: str, field: EffectiveField) -> bool:
    """Say whether there is an index in the order of this field."""
    if IndexKind.ORDER not in kinds_of(field):
        return False
    definition = definition_of(object_id, field, IndexKind.ORDER, collation_of(session, field))
    return known_indexes(session).has(definition)


def _indexed_moments(session: ReadSession, query: RecordQuery, schema: FilterSchema) -> set[str]:
    """Return the fields among the conditions for whose moments there is an index."""
    ids = {leaf.field_id for leaf in leaves_of(query.conditions) if isinstance(leaf, Condition)}
    fields = [schema.fields[id_] for id_ in ids if id_ in schema.fields]
    return {
        field.id
        for field in fields
        if comparison_of(field) == "moment"
        and field.id not in SYSTEM_COLUMNS
        and _has_order(session, query.object_id, field)
    }


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


def _matching(session: ReadSession, parameters: Parameters, query: RecordQuery) -> list[str]:
    """Return what matches; a query without conditions asks the database nothing beforehand."""
    parts = [f"r.object_id = {parameters.bind(query.object_id)}"]
    if query.search.strip():
        pattern = parameters.bind(containing(query.search))
        names = [f"r.primary_value ILIKE {pattern}"]
        if query.searches_all_text:
            texts = [f for f in fields_of(session, query.object_id) if type_of(f.type).is_text_like]
            names += [f"{string_sql(parameters, f, 'r')} ILIKE {pattern}" for f in texts]
        parts.append(f"({' OR '.join(names)})")
    if query.conditions:
        calendar = query.calendar
        schema = schema_of(session, query.object_id, query.conditions)
        conditions = Conditions(
            parameters,
            schema,
            str(session.actor.user_id),
            calendar if calendar.now else replace(calendar, now=datetime.now(UTC)),
            partial(_readable, session, parameters),
            frozenset(_indexed_moments(session, query, schema)),
        )
        parts.append(conditions.sql(query.conditions))
    return parts


def readable(
    session: ReadSession,
    parameters: Parameters,
    query: RecordQuery,
    *,
    looks_first: bool = False,
) -> str:
    """Return what matches, and what the person may read of it, as one condition.

    With `looks_first` the object's permissions are read by a statement of its own: then nobody's
    data stands in the condition where all may be read, and an index alone can answer.
    """
    session.actor.require(Permission.READ_RECORDS)
    parts = _matching(session, parameters, query)
    if not looks_first:
        return " AND ".join([*parts, _readable(session, parameters, query.object_id, "r")])
    allowed = permitted(session, parameters, query.object_id, RecordRight.READ)
    return " AND ".join(parts if allowed == "true" else [*parts, allowed])


def permitted(
    session: ReadSession, parameters: Parameters, object_id: str, right: RecordRight
) -> str:
    """Return the condition that a record `r` of the object may be used so; "true" for all.

    The permissions are read by a statement of its own.
    """
    session.actor.require(Permission.READ_RECORDS)
    found = session.scalar(select(CrmObject.permissions).where(CrmObject.id == object_id))
    reach = session.actor.reach(found if isinstance(found, dict) else {}, right)
    if reach is Reach.ALL:
        return "true"
    return "false" if reach is Reach.NONE else _own(session, parameters, "r")


def _own(session: ReadSession, parameters: Parameters, table: str) -> str:
    """Return the condition that a record is the person's own, as `Reach.OWN` means it."""
    me, owner = parameters.bind(str(session.actor.user_id)), parameters.bind(OWNER_KEY)
    return (
        f"(CAST({table}.created_by AS text) IS NOT DISTINCT FROM {me}"
        f" OR {table}.data ->> {owner} IS NOT DISTINCT FROM {me})"
    )


def _readable(session: ReadSession, parameters: Parameters, object_id: str, table: str) -> str:
    """Return the condition that a record of the object may be read.

    The permissions are looked at once, by a subquery of its own, not for each record.
    """
    bound_id, own = parameters.bind(object_id), _own(session, parameters, table)
    everybody = parameters.bind(["all", f"user_{session.actor.user_id}"], "text[]")
    return (
        f"CASE (SELECT CASE WHEN NOT o.permissions ? 'read' THEN 'all'"  # noqa: S608
        f" WHEN jsonb_typeof(o.permissions -> 'read') <> 'array' THEN 'none'"
        f" WHEN o.permissions -> 'read' ?| {everybody} THEN 'all'"
        f" WHEN o.permissions -> 'read' ? 'owner' THEN 'own' ELSE 'none' END"
        f" FROM objects AS o WHERE o.id = {bound_id})"
        f" WHEN 'all' THEN true WHEN 'own' THEN {own} ELSE false END"
    )


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
    showers = tuple(_shower(column, formats, names) for column in columns)
    return tuple([RecordRow(row[0], row[1], showers) for row in found])


def _shower(column: EffectiveField, formats: Formats, names: dict[str, str]) -> Shower:
    """Return what turns a column's values into text: names in place of ids."""
    show = type_of(column.type).shower(column, formats)
    if column.type not in REFERRING:
        return show

    def show_names(value: Any) -> str:
        ids = target_ids(value)
        return ", ".join(names.get(id_, id_) for id_ in ids) if ids else show(value)

    return show_names
