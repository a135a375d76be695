"""The record list: pages by key, a search by name, counts; all made ready to be shown."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import Any, NamedTuple

from sqlalchemy import CursorResult, select

from crm_desktop.db.conditions import LIKE_ESCAPE, Conditions, containing, string_sql
from crm_desktop.db.database import ReadSession
from crm_desktop.db.expressions import PRIMARY_VALUE, Parameters, SortKey, name_key, sort_key
from crm_desktop.db.tables import CrmObject, Record
from crm_desktop.domain.access import Permission, Reach, RecordRight
from crm_desktop.domain.errors import Forbidden, Invalid, NotFound
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
from crm_desktop.services.filter_schema import schema_of
from crm_desktop.services.record_rights import OWNER_KEY, may
from crm_desktop.services.records import fields_of
from crm_desktop.services.reference_checks import REFERRING, names_of_targets

MOMENT_FORM = 'YYYY-MM-DD"T"HH24:MI:SS"Z"'
SHORTEST_INDEXED = 3  # letters from which a trigram index helps


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a page ended: the values it was sorted by, as text, and the last record."""

    keys: tuple[str | None, ...]
    id: str


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
    """Some records in order; `next` is None on the last page."""

    rows: tuple[RecordRow, ...]
    next: Cursor | None


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
    limit: int = 200,
) -> RecordPage:
    """Return one page with the values of these columns only, in one statement.

    Columns that refer to records or users cost one or two more, for their names. A query can be
    sorted by its columns and by "primary_value". Raises Invalid for another sort, Forbidden where
    the object's records may not be read at all, NotFound when the object is gone.
    """
    session.actor.require(Permission.READ_RECORDS)
    parameters = Parameters()
    keys = _sort_keys(parameters, query, columns)
    statement = _page_sql(session, parameters, query, columns, keys, after)
    found = _execute(session, statement, {**parameters.values, "limit": limit + 1}).all()
    if not found and after is None:
        _explain_nothing(session, query.object_id)
    next_ = _cursor(found[limit - 1], keys) if len(found) > limit else None
    return RecordPage(_rows(session, found[:limit], columns, formats), next_)


def count_matching(session: ReadSession, query: RecordQuery) -> int:
    """Count the records of the query exactly; may take long for a million."""
    session.actor.require(Permission.READ_RECORDS)
    parameters = Parameters()
    where = " AND ".join(_conditions(session, parameters, query))
    statement = f"SELECT count(*) FROM records AS r WHERE {where}"  # noqa: S608 - values are bound
    return int(_execute(session, statement, parameters.values).scalar_one())


def estimate_records(session: ReadSession, query: RecordQuery) -> int:
    """Return how many records the planner expects, at once; rights are not looked at."""
    session.actor.require(Permission.READ_RECORDS)
    parameters = Parameters()
    where = " AND ".join(_matching(session, parameters, query))
    statement = f"EXPLAIN (FORMAT JSON) SELECT 1 FROM records AS r WHERE {where}"  # noqa: S608
    plan = _execute(session, statement, parameters.values).scalar_one()
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


def conditions_sql(session: ReadSession, parameters: Parameters, query: RecordQuery) -> str:
    """Return the condition that a record `r` is one of the query's and may be read."""
    session.actor.require(Permission.READ_RECORDS)
    return " AND ".join(_conditions(session, parameters, query))


def _execute(session: ReadSession, statement: str, values: dict[str, Any]) -> CursorResult[Any]:
    """Run a statement without having SQLAlchemy read it: that saves a fifth of a page's time.

    The statement holds placeholders only where `Parameters` and `:limit` put them, and no "%".
    """
    driver_sql = _PLACEHOLDER.sub(r"%(\1)s", statement)
    return session.connection().exec_driver_sql(driver_sql, values)


_PLACEHOLDER = re.compile(r":(p[0-9]+|limit)\b")


# --- the statement -----------------------------------------------------------------------------


def _sort_keys(
    parameters: Parameters, query: RecordQuery, columns: Sequence[EffectiveField]
) -> list[SortKey]:
    known = {column.id: column for column in columns}
    keys = []
    for sort in query.sort:
        if sort.field_id == PRIMARY_VALUE:
            keys.append(name_key("r", descending=sort.descending))
        elif sort.field_id in known:
            field = known[sort.field_id]
            keys.append(sort_key(parameters, field, "r", descending=sort.descending))
        else:
            raise Invalid({"sort": "The records are sorted by a column that is not shown."})
    return keys


def _page_sql(
    session: ReadSession,
    parameters: Parameters,
    query: RecordQuery,
    columns: Sequence[EffectiveField],
    keys: Sequence[SortKey],
    after: Cursor | None,
) -> str:
    """Return SQL for: id, the values as one JSON array, the system columns, the sort keys.

    The page's ids come first and the values after the LIMIT, so that only their documents are
    opened. A search from three letters on is answered before it is sorted: left alone, the planner
    may walk the index on `created_at` and look at every name.
    """
    sorted_by = [f"{key.sql} AS k{number}" for number, key in enumerate(keys)]
    names = [f"k{number}" for number in range(len(keys))]
    where = " AND ".join(_conditions(session, parameters, query))
    is_apart = len(query.search.strip()) >= SHORTEST_INDEXED or bool(keys)
    cut = _after(parameters, keys, after, "h" if is_apart else "r")
    order = _order(keys)
    wanted = _wanted(parameters, columns)
    if not is_apart:
        limits = f"WHERE {where}{cut} ORDER BY r.created_at DESC, r.id DESC LIMIT :limit"
        return f"SELECT r.id, {wanted}, CAST(r.created_at AS text) FROM records AS r {limits}"  # noqa: S608
    kept = ", ".join(["r.id", "r.created_at", *sorted_by])
    searched = "MATERIALIZED " if query.search.strip() else ""
    shown = ", ".join(f"CAST(page.{name} AS text)" for name in names or ["created_at"])
    return (
        f"WITH hits AS {searched}(SELECT {kept} FROM records AS r WHERE {where}),"  # noqa: S608
        f" page AS (SELECT * FROM hits AS h WHERE true{cut} ORDER BY {order} LIMIT :limit)"
        f" SELECT r.id, {wanted}, {shown} FROM page JOIN records AS r ON r.id = page.id"
        f" ORDER BY {order.replace('h.', 'page.')}"
    )


def _order(keys: Sequence[SortKey]) -> str:
    parts = [
        f"h.k{number} {'DESC' if key.descending else 'ASC'} NULLS LAST"
        for number, key in enumerate(keys)
    ]
    return ", ".join([*parts, "h.id DESC"] if keys else ["h.created_at DESC", "h.id DESC"])


def _wanted(parameters: Parameters, columns: Sequence[EffectiveField]) -> str:
    """Return the columns' values as one JSON array: decoded at once."""
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


def _after(
    parameters: Parameters, keys: Sequence[SortKey], after: Cursor | None, table: str
) -> str:
    """Return the condition that a record comes after the cursor."""
    if after is None:
        return ""
    last = parameters.bind(after.id)
    if not keys:
        moment = parameters.bind(after.keys[0], "timestamptz")
        return f" AND ({table}.created_at, {table}.id) < ({moment}, {last})"
    rest = f"{table}.id < {last}"
    for number in reversed(range(len(keys))):
        key, value, name = keys[number], after.keys[number], f"{table}.k{number}"
        if value is None:
            rest = f"({name} IS NULL AND {rest})"
            continue
        bound = parameters.bind(value, key.cast)
        beyond = f"{name} {'<' if key.descending else '>'} {bound}"
        rest = f"({beyond} OR {name} IS NULL OR ({name} = {bound} AND {rest}))"
    return f" AND {rest}"


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
        conditions = Conditions(
            parameters,
            schema_of(session, query.object_id, query.conditions),
            str(session.actor.user_id),
            calendar if calendar.now else replace(calendar, now=datetime.now(UTC)),
            partial(_readable, session, parameters),
        )
        parts.append(conditions.sql(query.conditions))
    return parts


def _conditions(session: ReadSession, parameters: Parameters, query: RecordQuery) -> list[str]:
    """Return what matches, and what `objects.permissions` lets the person read."""
    readable = _readable(session, parameters, query.object_id, "r")
    return [*_matching(session, parameters, query), readable]


def _readable(session: ReadSession, parameters: Parameters, object_id: str, table: str) -> str:
    """Return the condition that a record of the object may be read.

    The permissions are looked at once, by a subquery of its own, not for each record.
    """
    bound_id, user_id = parameters.bind(object_id), str(session.actor.user_id)
    me, owner = parameters.bind(user_id), parameters.bind(OWNER_KEY)
    everybody = parameters.bind(["all", f"user_{user_id}"], "text[]")
    return (
        f"CASE (SELECT CASE WHEN NOT o.permissions ? 'read' THEN 'all'"  # noqa: S608
        f" WHEN jsonb_typeof(o.permissions -> 'read') <> 'array' THEN 'none'"
        f" WHEN o.permissions -> 'read' ?| {everybody} THEN 'all'"
        f" WHEN o.permissions -> 'read' ? 'owner' THEN 'own' ELSE 'none' END"
        f" FROM objects AS o WHERE o.id = {bound_id})"
        f" WHEN 'all' THEN true"
        f" WHEN 'own' THEN CAST({table}.created_by AS text) IS NOT DISTINCT FROM {me}"
        f" OR {table}.data ->> {owner} IS NOT DISTINCT FROM {me} ELSE false END"
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


def _cursor(row: Any, keys: Sequence[SortKey]) -> Cursor:
    return Cursor(tuple(row[2 : 3 + max(0, len(keys) - 1)]), row[0])


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
