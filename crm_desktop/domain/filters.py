"""Which records to list, and in what order: as data."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Sort:
    """Order by one field; empty values come last in both directions."""

    field_id: str
    descending: bool = False


@dataclass(frozen=True, slots=True)
class Condition:
    """One comparison of a field's value; `operator` as in `views.tables[].filters`."""

    field_id: str
    operator: str
    value: Any = None


@dataclass(frozen=True, slots=True)
class RecordQuery:
    """The records of one object: `search` is looked for in `primary_value`, in any case.

    Without `sort` the newest come first. All conditions must hold.
    """

    object_id: str
    search: str = ""
    sort: tuple[Sort, ...] = ()
    conditions: tuple[Condition, ...] = ()
