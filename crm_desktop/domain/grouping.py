"""How records are grouped by a field: by its value, or by the month, the thousand… it lies in."""

from collections.abc import Mapping
from typing import Any

from crm_desktop.domain.field_types import (
    SYSTEM_COLUMNS,
    EffectiveField,
    options_of,
    type_of,
)
from crm_desktop.domain.filters import Grouping

BY_VALUE, BY_FIRST = "", "first"
PERIODS = ("day", "month", "quarter", "year")
RANGES: Mapping[str, int] = {f"range_{10**power}": 10**power for power in range(1, 7)}
"""How wide the range is that each of these units puts numbers into."""


def units_of(field: EffectiveField) -> tuple[str, ...]:
    """Return by what records can be grouped, the usual unit first; nothing for files.

    A choice of several is grouped by its first choice, in the order of the options, or by all.
    """
    kind = type_of(field.type).kind
    if kind in {"date", "datetime"}:
        return ("month", "day", "quarter", "year")
    if kind == "number":
        return (BY_VALUE, *RANGES)
    if kind == "list" and options_of(field):
        return (BY_FIRST, BY_VALUE)
    return () if kind == "none" and field.type in {"file", "image"} else (BY_VALUE,)


def is_by_first(field: EffectiveField, unit: str) -> bool:
    """Say whether the first of several values decides; several may stand where one is allowed."""
    kind = type_of(field.type).kind
    is_one_choice = bool(options_of(field)) and kind != "list"
    return unit == BY_FIRST or kind == "reference" or is_one_choice


def is_by_time_of_day(field: EffectiveField) -> bool:
    """Say whether the field holds moments: what day they fall on depends on the time zone."""
    column = SYSTEM_COLUMNS.get(field.id, "")
    return column.endswith("_at") or (not column and type_of(field.type).kind == "datetime")


def grouping_json(grouping: Grouping) -> dict[str, Any]:
    """Return a grouping as it is kept with a view."""
    return {
        "field": grouping.field_id,
        "descending": grouping.descending,
        **({"unit": grouping.unit} if grouping.unit else {}),
    }


def read_grouping(stored: object) -> Grouping | None:
    """Return the grouping that was kept; None for anything that is none."""
    if not isinstance(stored, dict) or not isinstance(stored.get("field"), str):
        return None
    unit = stored.get("unit", BY_VALUE)
    return Grouping(
        stored["field"],
        stored.get("descending") is True,
        unit if isinstance(unit, str) else BY_VALUE,
    )
