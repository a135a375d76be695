"""The distinct values of a column with their counts, to choose a filter from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import text

from crm_desktop.db.conditions import containing, empty_sql, string_sql
from crm_desktop.db.database import ReadSession
from crm_desktop.db.expressions import Parameters, sort_key
from crm_desktop.domain.access import Permission
from crm_desktop.domain.errors import Invalid
from crm_desktop.domain.field_types import SYSTEM_COLUMNS, EffectiveField, is_day, options_of
from crm_desktop.domain.filter_rules import value_text
from crm_desktop.domain.filters import RecordQuery
from crm_desktop.domain.formats import Formats
from crm_desktop.domain.operators import LISTED, Comparison, comparison_of
from crm_desktop.services.record_conditions import readable
from crm_desktop.services.references import name_references

MOST_SCANNED = 200_000


@dataclass(frozen=True, slots=True)
class ValueCount:
    """A value as a condition takes it, how it is shown, and in how many records it stands."""

    value: Any
    text: str
    count: int


@dataclass(frozen=True, slots=True)
class ColumnValues:
    """The commonest values first; `empty` counts the records without any.

    `has_more` says that there are values beyond the limit, `is_partial` that only the first
    records were looked at.
    """

    values: tuple[ValueCount, ...]
    empty: int
    has_more: bool
    is_partial: bool


def list_values(
    session: ReadSession,
    query: RecordQuery,
    field: EffectiveField,
    formats: Formats,
    search: str = "",
    limit: int = 200,
) -> ColumnValues:
    """Return what stands in a field of the query's records, in one statement or two.

    `search` narrows the values by what is shown of them. Values of a wrong JSON type are not
    listed; texts that differ in case alone are one value. Of very many records the first 200,000
    are looked at. Raises Invalid for a field whose values cannot be listed.
    """
    session.actor.require(Permission.READ_RECORDS)
    kind = comparison_of(field)
    if kind not in LISTED:
        raise Invalid({"field": f"The values of “{field.label}” cannot be listed."})
    parameters = Parameters()
    scan = (
        f"SELECT {_value_sql(parameters, field, kind)} AS value,"  # noqa: S608 - values are bound
        f" {empty_sql(parameters, field, 'r')} AS is_empty FROM records AS r"
        f" WHERE {readable(session, parameters, query)}"
        f" LIMIT {parameters.bind(MOST_SCANNED, 'integer')}"
    )
    wanted = _search_sql(parameters, field, kind, search)
    statement = (
        f"WITH scanned AS MATERIALIZED ({scan}),"  # noqa: S608 - values are bound
        f" found AS (SELECT {_each_sql(kind)} GROUP BY {_group(kind)}),"
        f" named AS (SELECT * FROM found AS f WHERE f.value IS NOT NULL AND {wanted}"
        f" ORDER BY f.number DESC, f.value LIMIT {parameters.bind(limit + 1, 'integer')})"
        f" SELECT (SELECT count(*) FROM scanned), (SELECT count(*) FROM scanned WHERE is_empty),"
        f" n.value, n.number FROM (SELECT 1) AS one LEFT JOIN named AS n ON true"
        f" ORDER BY n.number DESC, n.value"
    )
    rows = session.execute(text(statement), parameters.values).all()
    found = [(row[2], row[3]) for row in rows if row[2] is not None]
    values = _shown(session, found[:limit], field, formats, search)
    return ColumnValues(
        values, int(rows[0][1]), has_more=len(found) > limit, is_partial=rows[0][0] >= MOST_SCANNED
    )


def _value_sql(parameters: Parameters, field: EffectiveField, kind: Comparison) -> str:
    """Return the value to count: text, or JSON where a record may hold several."""
    if kind in {"text", "choice"}:
        return string_sql(parameters, field, "r")
    if kind == "number":
        return f"trim_scale({sort_key(parameters, field, 'r', descending=False).sql})"
    if kind in {"date", "boolean"}:
        return sort_key(parameters, field, "r", descending=False).sql
    if column := SYSTEM_COLUMNS.get(field.id):
        return f"to_jsonb(CAST(r.{column} AS text))"
    return f"r.data -> {parameters.bind(field.id)}"


def _each_sql(kind: Comparison) -> str:
    """Return the columns and the source of values to group; each record counts once for one."""
    if kind == "text":
        return "min(s.value) AS value, count(*) AS number FROM scanned AS s"
    if kind not in {"choices", "reference", "user"}:
        return "s.value, count(*) AS number FROM scanned AS s"
    own = (
        "SELECT s.value #>> '{}' AS value WHERE jsonb_typeof(s.value) = 'string' UNION ALL "
        if kind != "choices"
        else ""
    )
    parts = (
        "SELECT DISTINCT e.value #>> '{}' FROM jsonb_array_elements(CASE WHEN"
        " jsonb_typeof(s.value) = 'array' THEN s.value ELSE '[]' END) AS e"
        " WHERE jsonb_typeof(e.value) = 'string'"
    )
    return f"v.value, count(*) AS number FROM scanned AS s, LATERAL ({own}{parts}) AS v(value)"


def _group(kind: Comparison) -> str:
    if kind == "text":
        return "lower(s.value)"
    return "v.value" if kind in {"choices", "reference", "user"} else "s.value"


def _search_sql(
    parameters: Parameters, field: EffectiveField, kind: Comparison, search: str
) -> str:
    """Return the condition that a value is shown with these words in it."""
    blank = "" if kind in {"number", "boolean"} else " AND btrim(f.value) <> ''"
    words = search.strip()
    if not words:
        return f"true{blank}"
    pattern = parameters.bind(containing(words))
    if kind in {"choice", "choices"}:
        known = [o.value for o in options_of(field) if words.casefold() in o.label.casefold()]
        named = parameters.bind(known, "text[]")
        labelled = parameters.bind([o.value for o in options_of(field)], "text[]")
        plain = f"f.value <> ALL ({labelled}) AND f.value ILIKE {pattern}"
        return f"(f.value = ANY ({named}) OR {plain}){blank}"
    if kind == "reference":
        return (
            "EXISTS (SELECT 1 FROM records AS t WHERE t.id = f.value"  # noqa: S608 - values are bound
            f" AND t.primary_value ILIKE {pattern})"
        )
    if kind == "user":
        return (
            "EXISTS (SELECT 1 FROM users AS u WHERE CAST(u.id AS text) = f.value"  # noqa: S608 - values are bound
            f" AND u.full_name ILIKE {pattern})"
        )
    return f"CAST(f.value AS text) ILIKE {pattern}{blank}"


def _shown(
    session: ReadSession,
    found: Sequence[tuple[Any, int]],
    field: EffectiveField,
    formats: Formats,
    search: str,
) -> tuple[ValueCount, ...]:
    kind = comparison_of(field)
    names: Mapping[str, str] = {}
    if kind in {"reference", "user"}:
        ids = [value for value, _ in found]
        names = name_references(session, *((ids, ()) if kind == "reference" else ((), ids)))
    return tuple(
        ValueCount(value, names.get(value, "") or value_text(value, field, formats), int(number))
        for value, number in ((_exact(value), number) for value, number in found)
        if (kind != "date" or is_day(value)) and _may_be_told(value, names, kind, search)
    )


def _may_be_told(value: Any, names: Mapping[str, str], kind: Comparison, search: str) -> bool:
    """Say whether a value may be listed: a search must not tell names that may not be read."""
    return kind != "reference" or not search.strip() or value in names


def _exact(value: Any) -> Any:
    """Return whole numbers as int, as JSON is read everywhere."""
    if isinstance(value, Decimal) and value == value.to_integral_value():
        return int(value)
    return value
