"""Where a record stands in an order, so that a list can be read on from it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Cursor:
    """A record's place in an order: the values it is sorted by, as text, and its id."""

    keys: tuple[str | None, ...]
    id: str


END = Cursor((), "")
"""Behind the last record: what stands before it are the last ones."""
