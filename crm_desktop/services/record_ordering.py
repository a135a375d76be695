"""The order of a record list as SQL: what it groups and sorts by, along which indexes."""

from collections.abc import Sequence
from dataclasses import replace
from weakref import WeakKeyDictionary

from sqlalchemy import Engine, text

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
from crm_desktop.domain.access import Permission
from crm_desktop.domain.errors import Invalid
from crm_desktop.domain.field_types import EffectiveField, type_of
from crm_desktop.domain.filters import Condition, LinkCondition, RecordQuery, Sort, leaves_of
from crm_desktop.domain.grouping import units_of
from crm_desktop.domain.index_kinds import IndexKind, kinds_of
from crm_desktop.services.records import columns_of

COLLATION = "und-x-icu"  # the root of all languages, where a server was built with ICU
IN_LOWER_CASE = "lower case"
_WORDS = {"text", "reference"}


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
                and has_order(session, query.object_id, field)
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
    collation = collation_of(session, field)
    zone = zone_sql(session.connection(), parameters, query.calendar.time_zone)
    return group_key(parameters, field, "r", grouping, collation=collation, zone=zone)


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


def has_order(session: ReadSession, object_id: str, field: EffectiveField) -> bool:
    """Say whether there is an index in the order of this field."""
    session.actor.require(Permission.READ_RECORDS)
    if IndexKind.ORDER not in kinds_of(field):
        return False
    definition = definition_of(object_id, field, IndexKind.ORDER, collation_of(session, field))
    return known_indexes(session).has(definition)
