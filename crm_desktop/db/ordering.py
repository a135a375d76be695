"""A total order of records as SQL: what stands before and after a record, in both directions."""

from collections.abc import Sequence
from dataclasses import dataclass

from crm_desktop.db.expressions import Parameters, SortKey
from crm_desktop.domain.cursors import Cursor


@dataclass(frozen=True, slots=True)
class Ordering:
    """Keys in the order of their weight, each with empty values last; then the id.

    The id runs as the index of the first key has it, so that one index serves both directions.
    """

    keys: tuple[SortKey, ...]
    id_descending: bool

    @classmethod
    def by_keys(cls, keys: Sequence[SortKey]) -> "Ordering":
        first = keys[0]
        return cls(tuple(keys), first.descending == first.id_follows)

    @property
    def names(self) -> list[str]:
        return [f"k{number}" for number in range(len(self.keys))]

    @property
    def selected(self) -> str:
        """Return what to select for the keys."""
        pairs = zip(self.keys, self.names, strict=True)
        return ", ".join(f"{key.sql} AS {name}" for key, name in pairs)

    def clause(self, table: str, *, backward: bool = False) -> str:
        """Return the expressions of ORDER BY over the names of the keys."""
        parts = []
        for key, name in zip(self.keys, self.names, strict=True):
            direction = "DESC" if key.descending != backward else "ASC"
            nulls = "" if key.never_null else f" NULLS {'FIRST' if backward else 'LAST'}"
            parts.append(f"{table}.{name} {direction}{nulls}")
        by_id = "DESC" if self.id_descending != backward else "ASC"
        return ", ".join([*parts, f"{table}.id {by_id}"])

    def beyond(
        self, parameters: Parameters, cursor: Cursor, table: str, *, backward: bool = False
    ) -> str:
        """Return the condition that a record comes after the cursor, or before it."""
        last = parameters.bind(cursor.id)
        less = self.id_descending != backward
        rest = f"{table}.id {'<' if less else '>'} {last}"
        triples = list(zip(self.keys, self.names, cursor.keys, strict=True))
        if len(triples) == 1 and (key := self.keys[0]).never_null and key.id_follows:
            (_, name, value), sign = triples[0], "<" if less else ">"
            bound = parameters.bind(value, key.cast)
            return f"({table}.{name}, {table}.id) {sign} ({bound}, {last})"
        for key, name, value in reversed(triples):
            rest = _beyond_key(parameters, key, f"{table}.{name}", value, rest, backward=backward)
        return rest

    def segments(
        self, parameters: Parameters, cursor: Cursor | None, *, backward: bool
    ) -> list[str]:
        """Return conditions on the one indexed key, whose records follow each other.

        Each is a range of an index: with "key > x OR key IS NULL" there is none.
        """
        (key,) = self.keys
        empty, filled = f"{key.sql} IS NULL", f"{key.sql} IS NOT NULL"
        whole = [empty, filled] if backward else [filled, empty]
        if cursor is None:
            return whole
        (value,) = cursor.keys
        by_id = f"r.id {'<' if self.id_descending != backward else '>'}"
        beyond_id = f"{by_id} {parameters.bind(cursor.id)}"
        if value is None:
            return [f"{empty} AND {beyond_id}", *([filled] if backward else [])]
        bound = parameters.bind(value, key.cast)
        sign = "<" if key.descending != backward else ">"
        same = f"{key.sql} = {bound} AND {beyond_id}"
        return [same, f"{key.sql} {sign} {bound}", *([] if backward else [empty])]

    def along_index(self, *, backward: bool) -> str:
        """Return ORDER BY as the index of the one key runs; right within one segment."""
        (key,) = self.keys
        direction = "DESC" if key.descending != backward else "ASC"
        by_id = "DESC" if self.id_descending != backward else "ASC"
        return f"{key.sql} {direction}, r.id {by_id}"


def _beyond_key(
    parameters: Parameters,
    key: SortKey,
    name: str,
    value: str | None,
    rest: str,
    *,
    backward: bool,
) -> str:
    if value is None:
        return f"({name} IS NOT NULL OR {rest})" if backward else f"({name} IS NULL AND {rest})"
    bound = parameters.bind(value, key.cast)
    further = f"{name} {'<' if key.descending != backward else '>'} {bound}"
    is_empty = "" if backward or key.never_null else f" OR {name} IS NULL"
    return f"({further}{is_empty} OR ({name} = {bound} AND {rest}))"
