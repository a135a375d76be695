"""What records are grouped by, as SQL: the same expression puts the list in order."""

from dataclasses import replace
from datetime import UTC, datetime, tzinfo
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Engine, Text, text

from crm_desktop.db.conditions import empty_sql
from crm_desktop.db.expressions import Parameters, SortKey, choice_key, sort_key
from crm_desktop.domain.field_types import SYSTEM_COLUMNS, EffectiveField, options_of
from crm_desktop.domain.filters import Grouping
from crm_desktop.domain.grouping import PERIODS, RANGES, is_by_first, is_by_time_of_day

_LENGTHS = {"day": 10, "month": 7, "year": 4}  # of the beginning of an ISO date


def group_key(
    parameters: Parameters,
    field: EffectiveField,
    table: str,
    grouping: Grouping,
    *,
    collation: str = "",
    zone: str = "",
) -> SortKey:
    """Return what is equal for the records of one group, NULL for those in none.

    It is what the field is sorted by, or a coarser reading of it; unlike there, blank text is no
    value. As text it is the same for equal keys. `zone`, from `zone_sql`, says when days begin.
    """
    own = sort_key(parameters, field, table, descending=grouping.descending, collation=collation)
    if grouping.unit in PERIODS:
        return _text_key(
            own, _period(parameters, _day(parameters, field, table, own, zone), grouping)
        )
    if own.cast == "numeric":
        return replace(own, sql=f"trim_scale({_range(own.sql, RANGES.get(grouping.unit, 0))})")
    if own.cast == "boolean":
        return own
    sql = own.sql if own.cast == "text" else f"CAST({own.sql} AS text)"
    has_value = f"NOT {empty_sql(parameters, field, table)}"
    if is_by_first(field, grouping.unit) and field.id not in SYSTEM_COLUMNS:
        value, first = first_sql(parameters, field, table)
        has_value += f" AND {first} <> ''"
        if options := [option.value for option in options_of(field)]:
            sql = choice_key(parameters, options, value, first)
    return _text_key(own, f"CASE WHEN {has_value} THEN {sql} END")


def first_sql(parameters: Parameters, field: EffectiveField, table: str) -> tuple[str, str]:
    """Return a field's value as JSON, and the first of several, or the only one, as text."""
    key = parameters.bind(field.id)
    value = f"{table}.data -> {key}"
    is_several = f"jsonb_typeof({value}) = 'array'"
    return value, f"(CASE WHEN {is_several} THEN {value} ->> 0 ELSE {table}.data ->> {key} END)"


def zone_sql(connection: Connection, parameters: Parameters, zone: tzinfo) -> str:
    """Return a time zone as PostgreSQL takes it; "" for UTC.

    A zone that the server does not know counts as its difference to UTC of today.
    """
    name = str(getattr(zone, "key", ""))
    if zone is UTC or name == "UTC":
        return ""
    if name and _is_known(connection, name):
        return parameters.bind(name)
    offset = datetime.now(zone).utcoffset()
    return parameters.bind(f"{offset.total_seconds() if offset else 0:.0f} seconds", "interval")


_known_zones: WeakKeyDictionary[Engine, dict[str, bool]] = WeakKeyDictionary()


def _is_known(connection: Connection, name: str) -> bool:
    known = _known_zones.setdefault(connection.engine, {})
    if name not in known:
        asked = "SELECT EXISTS (SELECT FROM pg_timezone_names WHERE name = :name)"
        known[name] = bool(connection.scalar(text(asked), {"name": name}))
    return known[name]


def _text_key(own: SortKey, sql: str) -> SortKey:
    return SortKey(sql, "text", Text(), own.descending)


def _range(number: str, wide: int) -> str:
    return f"floor({number} / {wide:d}) * {wide:d}" if wide else number


def _moment(parameters: Parameters, field: EffectiveField, table: str, own: SortKey) -> str:
    """Return a text that begins as the moment's sort key does, up to the minute.

    What has the usual form is known by its shape, at a tenth of what its regular expressions cost.
    """
    text = f"{table}.data ->> {parameters.bind(field.id)}"
    digits, noughts = parameters.bind("0123456789"), parameters.bind("0" * 10)
    usual = parameters.bind(list(_USUAL), "text[]")
    shape = f"translate({text}, {digits}, {noughts})"
    return f'(CASE WHEN {shape} = ANY ({usual}) THEN {text} ELSE {own.sql} END) COLLATE "C"'


_USUAL = (  # in UTC: offsets look alike here
    "0000-00-00T00:00Z",
    "0000-00-00T00:00:00Z",
    "0000-00-00T00:00:00.000Z",
    "0000-00-00T00:00:00.000000Z",
)


def _day(parameters: Parameters, field: EffectiveField, table: str, own: SortKey, zone: str) -> str:
    """Return the day as ISO text, as a person in this time zone sees it."""
    form = parameters.bind("YYYY-MM-DD")
    if SYSTEM_COLUMNS.get(field.id):
        there = zone or parameters.bind("UTC")
        return f"to_char({own.sql} AT TIME ZONE {there}, {form})"
    if not is_by_time_of_day(field):
        return own.sql
    at = _moment(parameters, field, table, own)
    if not zone:
        return at

    def part(start: int, length: int) -> str:
        return f"CAST(substr(m.at, {start}, {length}) AS int)"

    # Nothing is cast to a moment: text such as 2024-02-30T10:00Z would end the query.
    moment = (
        f"timestamp '2000-01-01' + make_interval({part(1, 4)} - 2000, {part(6, 2)} - 1, 0,"
        f" {part(9, 2)} - 1, {part(12, 2)}, {part(15, 2)})"
    )
    utc = parameters.bind("UTC")
    return (
        f"(SELECT to_char(({moment}) AT TIME ZONE {utc} AT TIME ZONE {zone}, {form})"  # noqa: S608
        f" FROM (SELECT {at} AS at OFFSET 0) AS m)"
    )


def _period(parameters: Parameters, day: str, grouping: Grouping) -> str:
    if grouping.unit == "quarter":
        form = parameters.bind("-Q")
        quarter = "(CAST(substr(d.day, 6, 2) AS int) + 2) / 3"
        sql = f"(SELECT left(d.day, 4) || {form} || {quarter} FROM (SELECT {day} AS day OFFSET 0) AS d)"  # noqa: E501, S608
    else:
        sql = f"left({day}, {_LENGTHS[grouping.unit]})"
    return f'({sql}) COLLATE "C"'
