"""Which records to list, and in what order: as data."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from typing import Any, Literal, TypeAlias

GroupKind = Literal["all", "any", "none"]
LinkOperator = Literal["has_link", "has_no_link"]


@dataclass(frozen=True, slots=True)
class Sort:
    """Order by one field; empty values come last in both directions."""

    field_id: str
    descending: bool = False


@dataclass(frozen=True, slots=True)
class Grouping:
    """Which records stand together: those with the same value of a field, or the same `unit` of it.

    Groups stand in the order of their values, what has none last. For the units of a field see
    `domain.grouping.units_of`; "" is the value itself.
    """

    field_id: str
    descending: bool = False
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Condition:
    """One comparison of a field's value; `operator` as in `views.tables[].filters`.

    What `value` holds depends on the operator (`domain.operators.Operand`): nothing, one JSON
    value, a tuple of them, the two ends of a range, or a count and a unit of time.
    """

    field_id: str
    operator: str
    value: Any = None


@dataclass(frozen=True, slots=True)
class LinkCondition:
    """Whether a record has links under a relationship, seen from one of its sides.

    With `where`, only links to records that it matches count; it holds no further links.
    """

    relationship_id: str
    is_from: bool
    operator: LinkOperator = "has_link"
    where: "Condition | Group | None" = None


@dataclass(frozen=True, slots=True)
class Group:
    """Parts of which all, any or none must hold; no parts at all are no condition."""

    kind: GroupKind
    parts: "tuple[Part, ...]"


Part: TypeAlias = Condition | LinkCondition | Group


@dataclass(frozen=True, slots=True)
class Calendar:
    """What "today" and "this week" mean to a person; without `now` the service takes the time."""

    time_zone: tzinfo = UTC
    first_weekday: int = 0  # Monday
    now: datetime | None = None


@dataclass(frozen=True, slots=True)
class RecordQuery:
    """The records of one object: `search` is looked for in `primary_value`, in any case.

    With `searches_all_text` the values of all text fields are looked at as well. Without `sort`
    the newest come first. With `grouping` the records of one group follow each other, sorted among
    themselves. All conditions must hold.
    """

    object_id: str
    search: str = ""
    sort: tuple[Sort, ...] = ()
    conditions: tuple[Part, ...] = ()
    searches_all_text: bool = False
    calendar: Calendar = field(default=Calendar())
    grouping: Grouping | None = None


def leaves_of(parts: tuple[Part, ...]) -> Iterator[Condition | LinkCondition]:
    """Give every comparison of a record's own, at any depth; not those of linked records."""
    for part in parts:
        if isinstance(part, Group):
            yield from leaves_of(part.parts)
        else:
            yield part
