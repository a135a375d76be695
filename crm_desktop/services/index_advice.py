"""The index adviser: which index would make a slow list quick, and the indexes that there are."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import select, text

from crm_desktop.db import field_indexes
from crm_desktop.db.database import ReadSession, UpkeepSession
from crm_desktop.db.expressions import Parameters, sort_key
from crm_desktop.db.field_indexes import Definition, Found, definition_of, known_indexes
from crm_desktop.db.tables import CrmObject, Field
from crm_desktop.domain.access import Permission
from crm_desktop.domain.changes import Topic
from crm_desktop.domain.errors import Conflict, Invalid, NotFound, Unavailable
from crm_desktop.domain.field_types import EffectiveField, is_column, type_of
from crm_desktop.domain.filters import RecordQuery
from crm_desktop.domain.index_kinds import IndexKind, Want, kinds_of, wants_of
from crm_desktop.services.record_conditions import execute, readable
from crm_desktop.services.record_ordering import can_walk, collation_of, text_order
from crm_desktop.services.record_query import estimate_records
from crm_desktop.services.records import fields_of

Progress = Callable[[int, int], bool]
FEWEST_RECORDS = 5_000  # fewer are read within a moment
MOST_FOUND = 0.2  # of the records; to find more, reading all of them is as quick
SAMPLE = 3_000  # records of the object that are looked at before something is advised
MOST_SAMPLED = 20_000  # records of any object

ALREADY_THERE = "There is such an index already."
FILTERED = "Sorting follows an index only where that serves the filter as well."


@dataclass(frozen=True, slots=True)
class IndexAdvice:
    """An index for a query, and about what it costs; `obstacle` says why it is not offered.

    `would_help`: but for an obstacle that somebody could take away, such as rights.
    """

    object_id: str
    field: EffectiveField
    kind: IndexKind
    is_sort: bool
    rows: int
    bytes: int
    seconds: float
    obstacle: str = ""
    would_help: bool = True

    @property
    def is_offered(self) -> bool:
        return not self.obstacle


class IndexState(StrEnum):
    """How an index stands."""

    READY = "ready"
    BUILDING = "building"
    UNFINISHED = "unfinished"  # its build was interrupted: it serves nothing and costs
    OUTDATED = "outdated"  # the field has changed since, such as the options of a choice
    ORPHANED = "orphaned"  # its object or field is gone


@dataclass(frozen=True, slots=True)
class IndexInfo:
    """An index on a field; labels are "" where object or field are gone."""

    id: str
    object_id: str
    object_label: str
    field_id: str
    field_label: str
    kind: IndexKind | None
    state: IndexState
    bytes: int
    scans: int
    last_scan: datetime | None
    made_at: datetime | None


def advise(
    session: ReadSession, query: RecordQuery, columns: Sequence[EffectiveField]
) -> tuple[IndexAdvice, ...]:
    """Return the indexes that would help a query which was slow, the one for its sort first.

    What is not offered says why. Some thousand records are looked at, in a sample. Where the list
    is filtered by what has no index, only finding few of the records makes it quick.
    """
    session.actor.require(Permission.READ_RECORDS)
    fields = {field.id: field for field in (*fields_of(session, query.object_id), *columns)}
    wants = wants_of(query, fields)
    if not wants:
        return ()
    place = _look(session, query.object_id)
    share = _share_found(session, query, place) if query.conditions else None
    advice = [_advice(session, query.object_id, want, place, share) for want in wants]
    return tuple(
        replace(each, obstacle=FILTERED, would_help=False)
        if each.is_sort and not can_walk(session, query, each.field, columns)
        else each
        for each in advice
    )


def advise_field(session: ReadSession, object_id: str, field_id: str) -> tuple[IndexAdvice, ...]:
    """Return every index that can be built for a field, with what stands against it."""
    session.actor.require(Permission.READ_RECORDS)
    field = _field(session, object_id, field_id)
    place = _look(session, object_id)
    wants = [Want(field, kind, kind is IndexKind.ORDER) for kind in kinds_of(field)]
    return tuple(_advice(session, object_id, want, place, None) for want in wants)


def list_indexes(session: ReadSession) -> tuple[IndexInfo, ...]:
    """Return all indexes on fields, by object and field; those of what is gone come last."""
    session.actor.require(Permission.READ_DEFINITIONS)
    found = field_indexes.find(session.connection())
    objects = _labels(session, CrmObject, {each.object_id for each in found})
    fields = {id_: {f.id: f for f in fields_of(session, id_)} for id_ in objects}
    names = _labels(session, Field, {each.field_id for each in found})
    infos = [_info(session, each, objects, fields, names) for each in found]
    return tuple(sorted(infos, key=_place_in_list))


def build_index(
    session: UpkeepSession,
    on_progress: Progress,
    *,
    object_id: str,
    field_id: str,
    kind: IndexKind,
) -> str:
    """Build an index on a field and return its name; others go on writing meanwhile.

    `on_progress(done, total)` counts records; on False the build stops, leaves nothing, and
    Cancelled is raised. Raises Unavailable or Conflict for what stands against it.
    """
    session.actor.require(Permission.MAINTAIN_DATABASE)
    field = _field(session, object_id, field_id)
    if kind not in kinds_of(field):
        raise Invalid({"kind": "This field cannot have such an index."})
    place = _look(session, object_id)
    if reason := place.obstacle_to(kind, field):
        raise Unavailable(reason)
    definition = _definition(session, object_id, field, kind)
    field_indexes.forget_known()
    if known_indexes(session).has(definition):
        raise Conflict(ALREADY_THERE)
    serves = f"{field.label} of {place.object_label}"
    try:
        field_indexes.build(session, definition, serves, place.rows, on_progress)
    finally:
        field_indexes.forget_known()
    session.note(Topic.INDEXES, object_id)
    return definition.name


def drop_index(session: UpkeepSession, name: str) -> None:
    """Drop an index on a field; one that is gone already is no problem."""
    session.actor.require(Permission.MAINTAIN_DATABASE)
    object_id = next(
        (each.object_id for each in field_indexes.find(session.connection()) if each.name == name),
        "",
    )
    try:
        field_indexes.drop(session, name)
    finally:
        field_indexes.forget_known()
    session.note(Topic.INDEXES, object_id)


# --- what stands against an index --------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Place:
    """An object's records, and what the login may do with the table they stand in."""

    object_label: str
    rows: int
    table_rows: int
    is_owner: bool
    may_create: bool
    is_partitioned: bool
    is_standby: bool
    has_trigrams: bool
    can_call: bool

    def obstacle_to(self, kind: IndexKind, field: EffectiveField) -> str:
        """Return why such an index cannot be built here, "" if it can."""
        if self.is_standby:
            return "This server is a copy that cannot be changed."
        if self.is_partitioned:
            return "The table of records is partitioned: its owner has to build this index."
        if not self.is_owner:
            return "Only the owner of the table “records” can build an index on it."
        if not self.may_create:
            return "The login may not make anything in the schema of the table “records”."
        if kind is IndexKind.CONTAINS and not self.has_trigrams:
            return "It needs the extension “pg_trgm”, which this database does not have."
        is_moment = kind is IndexKind.ORDER and type_of(field.type).kind == "datetime"
        if is_moment and not is_column(field) and not self.can_call:
            return "It needs the schema “crm_desktop”, which this database does not have."
        return ""


_TABLE = text("""
SELECT pg_has_role(c.relowner, 'USAGE'), has_schema_privilege(n.oid, 'CREATE'),
       c.relkind = 'p', pg_is_in_recovery(),
       EXISTS (SELECT FROM pg_extension WHERE extname = 'pg_trgm'), c.reltuples
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.oid = to_regclass('records')
""")


def _look(session: ReadSession, object_id: str) -> _Place:
    label = session.scalar(select(CrmObject.label).where(CrmObject.id == object_id))
    if label is None:
        raise NotFound("This object no longer exists.")
    rows = estimate_records(session, RecordQuery(object_id))
    is_owner, may_create, is_partitioned, is_standby, has_trigrams, tuples = session.execute(
        _TABLE
    ).one()
    return _Place(
        label,
        rows,
        max(rows, int(tuples)),
        is_owner,
        may_create,
        is_partitioned,
        is_standby,
        has_trigrams,
        known_indexes(session).can_call,
    )


def _advice(
    session: ReadSession, object_id: str, want: Want, place: _Place, share: float | None
) -> IndexAdvice:
    definition = _definition(session, object_id, want.field, want.kind)
    size = place.rows * _bytes_per_row(session, object_id, want, place)
    obstacle, needless = place.obstacle_to(want.kind, want.field), ""
    if _is_there(session, definition, want, object_id):
        obstacle = needless = ALREADY_THERE
    elif place.rows < FEWEST_RECORDS:
        needless = "There are too few records for an index to make a difference."
    elif not want.is_sort and share is not None and share > MOST_FOUND:
        needless = f"This finds {share:.0%} of the records; an index helps to find few of many."
    return IndexAdvice(
        object_id,
        want.field,
        want.kind,
        want.is_sort,
        place.rows,
        int(size),
        max(1.0, place.rows / _RATES[want.kind]),
        obstacle or needless,
        not needless,
    )


def _is_there(session: ReadSession, definition: Definition, want: Want, object_id: str) -> bool:
    known = known_indexes(session)
    if known.has(definition):
        return True
    if want.kind is not IndexKind.EQUAL or type_of(want.field.type).kind != "text":
        return False
    # Where text is sorted in lower case, the order of texts finds them as well.
    is_choice = IndexKind.CONTAINS not in kinds_of(want.field)
    return (
        not is_choice
        and not text_order(session)
        and known.has(definition_of(object_id, want.field, IndexKind.ORDER))
    )


def _definition(
    session: ReadSession, object_id: str, field: EffectiveField, kind: IndexKind
) -> Definition:
    return definition_of(object_id, field, kind, collation_of(session, field))


def _field(session: ReadSession, object_id: str, field_id: str) -> EffectiveField:
    found = next((f for f in fields_of(session, object_id) if f.id == field_id), None)
    if found is None:
        raise NotFound("This object no longer has this field.")
    return found


# --- about how much ----------------------------------------------------------------------------

# Records a second on a small machine, and bytes beside the key itself: headers, the record's id.
_RATES = {
    IndexKind.ORDER: 250_000,
    IndexKind.EQUAL: 300_000,
    IndexKind.CONTAINS: 60_000,
    IndexKind.MEMBERS: 300_000,
}
_ID_BYTES, _OVERHEAD, _FILL = 40, 12, 0.9
_TRIGRAM_BYTES = 3.5  # for each letter


def _bytes_per_row(session: ReadSession, object_id: str, want: Want, place: _Place) -> float:
    """Return about how much of the index one record takes, by the keys in a sample."""
    parameters = Parameters()
    key = sort_key(parameters, want.field, "r", descending=False).sql
    query = RecordQuery(object_id)
    (size,) = _sampled(session, query, parameters, f"avg(pg_column_size({key}))", place)
    keys = float(size or 8)
    if want.kind is IndexKind.ORDER:
        return (_OVERHEAD + _ID_BYTES + keys) / _FILL
    if want.kind is IndexKind.CONTAINS:
        return keys * _TRIGRAM_BYTES
    is_repeated = want.kind is IndexKind.MEMBERS or IndexKind.CONTAINS not in kinds_of(want.field)
    return 8 if is_repeated else (_OVERHEAD + keys) / _FILL


def _share_found(session: ReadSession, query: RecordQuery, place: _Place) -> float | None:
    """Return which part of the object's records the conditions find, by a sample."""
    parameters = Parameters()
    where = readable(session, parameters, replace(query, search="", sort=()))
    wanted = f"count(*), count(*) FILTER (WHERE {where})"
    total, found = _sampled(session, query, parameters, wanted, place)
    return found / total if total >= SAMPLE / 10 else None


def _sampled(
    session: ReadSession, query: RecordQuery, parameters: Parameters, wanted: str, place: _Place
) -> tuple[Any, ...]:
    share = min(1.0, SAMPLE / max(1, place.rows), MOST_SAMPLED / max(1, place.table_rows))
    percent = parameters.bind(100 * share, "real")
    object_id = parameters.bind(query.object_id)
    statement = (
        f"SELECT {wanted} FROM records AS r TABLESAMPLE SYSTEM ({percent})"  # noqa: S608 - bound
        f" WHERE r.object_id = {object_id}"
    )
    return tuple(execute(session, statement, parameters.values).one())


# --- the list ----------------------------------------------------------------------------------


def _labels(session: ReadSession, table: type[CrmObject | Field], ids: set[str]) -> dict[str, str]:
    rows = session.execute(select(table.id, table.label).where(table.id.in_(ids)))
    return {row[0]: row[1] for row in rows}


def _info(
    session: ReadSession,
    found: Found,
    objects: Mapping[str, str],
    fields: Mapping[str, Mapping[str, EffectiveField]],
    names: Mapping[str, str],
) -> IndexInfo:
    field = fields.get(found.object_id, {}).get(found.field_id)
    kind = IndexKind(found.kind) if found.kind in set(IndexKind) else None
    return IndexInfo(
        found.name,
        found.object_id,
        objects.get(found.object_id, ""),
        found.field_id,
        field.label if field else names.get(found.field_id, ""),
        kind,
        _state(session, found, field, kind),
        found.bytes,
        found.scans,
        found.last_scan,
        found.made_at,
    )


def _state(
    session: ReadSession, found: Found, field: EffectiveField | None, kind: IndexKind | None
) -> IndexState:
    if found.is_being_built:
        return IndexState.BUILDING
    if field is None:
        return IndexState.ORPHANED
    if not found.is_valid:
        return IndexState.UNFINISHED
    kinds = [kind] if kind else kinds_of(field)
    now = {_definition(session, found.object_id, field, each).name for each in kinds}
    return IndexState.READY if found.name in now else IndexState.OUTDATED


def _place_in_list(info: IndexInfo) -> tuple[bool, str, str, str]:
    is_gone = info.state is IndexState.ORPHANED
    return is_gone, info.object_label.lower(), info.field_label.lower(), info.kind or ""
