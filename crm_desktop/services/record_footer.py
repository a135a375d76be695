"""What stands below a column of the record list: sums and the like of all that the list finds."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from crm_desktop.db.database import ReadSession
from crm_desktop.db.expressions import Parameters, sort_key
from crm_desktop.domain.access import Permission
from crm_desktop.domain.field_types import SYSTEM_COLUMNS, EffectiveField, type_of
from crm_desktop.domain.filters import RecordQuery
from crm_desktop.domain.formats import Formats
from crm_desktop.domain.validation import BLANKS
from crm_desktop.services.record_conditions import execute, readable


class Summary(StrEnum):
    """What may be said of all values of a column; the value is kept on this computer."""

    SUM = "sum"
    AVERAGE = "average"
    LEAST = "min"
    MOST = "max"
    FILLED = "count"
    EMPTY = "empty"


_OF_ALL = (Summary.FILLED, Summary.EMPTY)
_OF_KIND: Mapping[str, tuple[Summary, ...]] = {
    "number": (Summary.SUM, Summary.AVERAGE, Summary.LEAST, Summary.MOST, *_OF_ALL),
    "date": (Summary.LEAST, Summary.MOST, *_OF_ALL),
    "datetime": (Summary.LEAST, Summary.MOST, *_OF_ALL),
}


def summaries_of(field: EffectiveField) -> tuple[Summary, ...]:
    """Return what can be said of a column's values."""
    return _OF_KIND.get(type_of(field.type).kind, _OF_ALL)


def summarize(
    session: ReadSession,
    query: RecordQuery,
    chosen: Mapping[EffectiveField, Summary],
    formats: Formats,
) -> dict[str, str]:
    """Return the summaries as text, by the ids of their fields, in one statement.

    Values of a wrong type count as filled and are left out of sums, as they are out of the order.
    """
    session.actor.require(Permission.READ_RECORDS)
    wanted = [(field, each) for field, each in chosen.items() if each in summaries_of(field)]
    if not wanted:
        return {}
    parameters = Parameters()
    parts = ", ".join(summary_sql(parameters, field, each) for field, each in wanted)
    where = readable(session, parameters, query)
    statement = f"SELECT {parts} FROM records AS r WHERE {where}"  # noqa: S608 - values are bound
    row = execute(session, statement, parameters.values).one()
    return {
        field.id: summary_text(field, each, value, formats)
        for (field, each), value in zip(wanted, row, strict=True)
    }


def summary_sql(parameters: Parameters, field: EffectiveField, summary: Summary) -> str:
    """Return a summary as an aggregate over `records AS r`."""
    if summary in _OF_ALL:
        negated = "NOT " if summary is Summary.FILLED else ""
        return f"count(*) FILTER (WHERE {negated}{_is_empty(parameters, field)})"
    key = sort_key(parameters, field, "r", descending=False).sql
    if summary is Summary.AVERAGE:
        return f"trim_scale(round(avg({key}), 2))"
    if summary is Summary.SUM:
        return f"trim_scale(sum({key}))"
    if field.id in SYSTEM_COLUMNS:
        form = parameters.bind('YYYY-MM-DD"T"HH24:MI:SS"Z"')
        return f"to_char({summary.value}({key}) AT TIME ZONE 'UTC', {form})"
    return f"{summary.value}({key})"


def _is_empty(parameters: Parameters, field: EffectiveField) -> str:
    if column := SYSTEM_COLUMNS.get(field.id):
        return f"r.{column} IS NULL"
    key, blanks = parameters.bind(field.id), parameters.bind(BLANKS)
    return (
        f"(r.data ->> {key} IS NULL OR btrim(r.data ->> {key}, {blanks}) = ''"
        f" OR r.data -> {key} = CAST('[]' AS jsonb))"
    )


def summary_text(field: EffectiveField, summary: Summary, value: Any, formats: Formats) -> str:
    """Return what `summary_sql` gave as it is shown."""
    if summary in _OF_ALL:
        return formats.number_text(int(value))
    return type_of(field.type).display(value, field, formats)
