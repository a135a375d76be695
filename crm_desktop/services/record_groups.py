"""The groups of a record list: how many records each holds, and their sums, in one statement."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, TypeAlias

from crm_desktop.db.conditions import empty_sql
from crm_desktop.db.database import ReadSession
from crm_desktop.db.expressions import Parameters
from crm_desktop.db.group_keys import first_sql
from crm_desktop.domain.access import Permission
from crm_desktop.domain.field_types import (
    SYSTEM_COLUMNS,
    EffectiveField,
    is_day,
    json_text,
    json_value,
    type_of,
)
from crm_desktop.domain.filters import RecordQuery
from crm_desktop.domain.formats import Formats
from crm_desktop.domain.grouping import BY_FIRST, PERIODS, RANGES, is_by_first
from crm_desktop.services.record_conditions import execute, readable
from crm_desktop.services.record_footer import (
    Summary,
    summaries_of,
    summary_sql,
    summary_text,
)
from crm_desktop.services.record_ordering import grouping_key
from crm_desktop.services.reference_checks import REFERRING, names_of_targets

MOST_GROUPS = 1000


@dataclass(frozen=True, slots=True)
class RecordGroup:
    """Records that follow each other in a grouped list.

    `key` is the same as `RecordPage.groups` has, None for records without a value; `strange` of
    those have one that is none of the field's type. `value` is JSON as it stands in one of them,
    `label` how it is shown, `summaries` are texts by the ids of fields.
    """

    key: str | None
    count: int
    value: Any = None
    label: str = ""
    strange: int = 0
    summaries: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RecordGroups:
    """The groups in the order of the list; `rest` counts the records in further ones.

    There are `further` groups of which only that is known.
    """

    groups: tuple[RecordGroup, ...]
    rest: int = 0
    further: int = 0

    @property
    def total(self) -> int:
        return sum(group.count for group in self.groups) + self.rest


def list_groups(
    session: ReadSession,
    query: RecordQuery,
    columns: Sequence[EffectiveField],
    chosen: Mapping[EffectiveField, Summary],
    formats: Formats,
    limit: int = MOST_GROUPS,
) -> RecordGroups:
    """Return the first groups of a query with what was chosen to be said of each.

    The groups are those of the order of `list_page`, as one expression serves both. References
    cost a statement more, for their names. Raises Invalid like `list_page`.
    """
    session.actor.require(Permission.READ_RECORDS)
    parameters = Parameters()
    key = grouping_key(session, parameters, query, columns)
    grouping = query.grouping
    assert grouping is not None  # noqa: S101 - for the type checker: there was a key
    by = next(each for each in columns if each.id == grouping.field_id)
    wanted = [(each, summary) for each, summary in chosen.items() if summary in summaries_of(each)]
    parts = [
        f"{key.sql} AS k0",
        "count(*) AS number",
        f'min(({_sample_sql(parameters, by, grouping.unit)}) COLLATE "C") AS sample',
        f"count(*) FILTER (WHERE NOT {empty_sql(parameters, by, 'r')}) AS filled",
        *(f"{summary_sql(parameters, *each)} AS s{at}" for at, each in enumerate(wanted)),
    ]
    where = readable(session, parameters, query, looks_first=True)
    statement = (
        f"WITH g AS (SELECT {', '.join(parts)} FROM records AS r WHERE {where} GROUP BY 1)"  # noqa: S608
        f" SELECT CAST(sum(g.number) OVER () AS bigint) AS total, count(*) OVER () AS groups,"
        f" CAST(g.k0 AS text) AS key, g.*"
        f" FROM g ORDER BY g.k0 {'DESC' if key.descending else 'ASC'} NULLS LAST LIMIT :limit"
    )
    found = execute(session, statement, {**parameters.values, "limit": limit}).all()
    labels = _labels(session, by, grouping.unit, found, formats)
    groups = tuple(
        _group(row, label, wanted, formats) for row, label in zip(found, labels, strict=True)
    )
    shown = sum(group.count for group in groups)
    if not found:
        return RecordGroups(())
    return RecordGroups(groups, found[0].total - shown, found[0].groups - len(groups))


Wanted: TypeAlias = Sequence[tuple[EffectiveField, Summary]]


def _group(row: Any, label: tuple[Any, str], wanted: Wanted, formats: Formats) -> RecordGroup:
    said = row[-len(wanted) :] if wanted else ()
    summaries = {
        field.id: summary_text(field, summary, value, formats)
        for (field, summary), value in zip(wanted, said, strict=True)
    }
    strange = row.filled if row.key is None else 0
    return RecordGroup(row.key, row.number, *label, strange, summaries)


def _sample_sql(parameters: Parameters, by: EffectiveField, unit: str) -> str:
    """Return what tells of a group more than its key does: an id, or JSON as it is stored.

    Among texts that count as equal the least one stands for all.
    """
    kind = type_of(by.type).kind
    if unit in PERIODS or kind in {"number", "boolean"}:
        return "NULL"
    if column := SYSTEM_COLUMNS.get(by.id):
        return f"CAST(r.{column} AS text)"
    value, first = first_sql(parameters, by, "r")
    return first if is_by_first(by, unit) else f"CAST({value} AS text)"


def _labels(
    session: ReadSession, by: EffectiveField, unit: str, found: Sequence[Any], formats: Formats
) -> list[tuple[Any, str]]:
    """Return for each group a value of its records, and what to show of it."""
    values = [_value(by, unit, row.key, row.sample) for row in found]
    if unit in PERIODS:
        return [(value, period_text(value, formats) if value else "") for value in values]
    if wide := RANGES.get(unit):
        return [(None, "" if value is None else _range_text(value, wide, formats))
                for value in values]  # fmt: skip
    names: Mapping[str, str] = {}
    if by.type in REFERRING:
        names = names_of_targets(session, [by], ({by.id: value} for value in values))
    show = type_of(by.type).shower(by, formats)
    return [
        (
            value,
            names.get(str(value), "") or show(value) or ("" if value is None else json_text(value)),
        )
        for value in values
    ]


def _value(by: EffectiveField, unit: str, key: str | None, sample: str | None) -> Any:
    if key is None:
        return None
    if unit in PERIODS:
        return key
    kind = type_of(by.type).kind
    if kind == "boolean":
        return key == "true"
    if kind == "number":
        number = Decimal(key)
        return int(number) if number == number.to_integral_value() else number
    if unit == BY_FIRST:
        return [sample]
    return sample if is_by_first(by, unit) or sample is None else json_value(sample)


def period_text(period: str, formats: Formats) -> str:
    """Return a day, month, quarter or year, given as `2024-03-31`, `2024-03`, `2024-Q1`, `2024`."""
    if is_day(period):
        return formats.iso_date_text(period)
    year, _, part = period.partition("-")
    if part.startswith("Q"):
        return f"{part} {year}"
    return formats.month_text(year, int(part)) if len(part) == _MONTH_DIGITS else period


_MONTH_DIGITS = 2


def _range_text(start: int | Decimal, wide: int, formats: Formats) -> str:
    end = formats.number_text(start + wide)
    return f"{formats.number_text(start)} to under {end}"
