"""Where headings of groups stand among the rows of a list, and which records are folded away."""

from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import accumulate


class RowPlan:
    """Tells shown rows from records by arithmetic: each group is a heading, then its records.

    Records are numbered through the whole list, shown or not. What is asked costs a search among
    the groups, however many records there are.
    """

    def __init__(self, counts: Sequence[int], folded: Collection[int] = ()) -> None:
        self.counts, self.folded = tuple(counts), frozenset(folded)
        shown = (
            1 + (0 if group in self.folded else count) for group, count in enumerate(self.counts)
        )
        self._first_records = [0, *accumulate(self.counts)]
        self._headings = [0, *accumulate(shown)]

    @property
    def groups(self) -> int:
        return len(self.counts)

    @property
    def records(self) -> int:
        return self._first_records[-1]

    @property
    def rows(self) -> int:
        """How many rows are shown."""
        return self._headings[-1]

    def group_of(self, row: int) -> int:
        """Return the group in which a shown row stands."""
        return bisect_right(self._headings, row, hi=len(self.counts)) - 1

    def place_of(self, row: int) -> int:
        """Return the number of the record in a shown row, or ~group for a heading.

        Beyond the last row it is ~groups.
        """
        if row >= self._headings[-1]:
            return ~len(self.counts)
        group = bisect_right(self._headings, row, hi=len(self.counts)) - 1
        within = row - self._headings[group]
        return self._first_records[group] + within - 1 if within else ~group

    def heading_of(self, group: int) -> int:
        """Return the row of a group's heading."""
        return self._headings[group]

    def group_of_record(self, record: int) -> int:
        return bisect_right(self._first_records, record) - 1

    def records_of(self, group: int) -> range:
        return range(self._first_records[group], self._first_records[group + 1])

    def row_of(self, record: int) -> int:
        """Return the row in which a record is shown; -1 if it is folded away, or there is none."""
        if not 0 <= record < self.records:
            return -1
        group = self.group_of_record(record)
        if group in self.folded:
            return -1
        return self._headings[group] + 1 + record - self._first_records[group]

    def record_near(self, row: int) -> int:
        """Return the record in a shown row, or the first one below its heading."""
        if row >= self.rows:
            return max(0, self.records - 1)
        place = self.place_of(row)
        return place if place >= 0 else min(self._first_records[~place], max(0, self.records - 1))

    def spans(self, first: int, last: int) -> Iterator[tuple[int, int]]:
        """Give the records shown from one row to another as ranges, ends inclusive."""
        for start, stop in self.rows_of_records(first, last):
            begins = self.place_of(start)
            yield begins, begins + stop - start

    def rows_of_records(self, first: int, last: int) -> Iterator[tuple[int, int]]:
        """Give the rows from one to another without the headings, as ranges, ends inclusive."""
        last = min(last, self.rows - 1)
        if first > last:
            return
        for group in range(self.group_of(first), self.group_of(last) + 1):
            heading, end = self._headings[group], self._headings[group + 1] - 1
            start, stop = max(first, heading + 1), min(last, end)
            if start <= stop:
                yield start, stop

    def rows_between(self, first: int, last: int) -> tuple[int, int]:
        """Return the shown rows of these records, ends inclusive; empty if all are folded."""
        start = self.group_of_record(first)
        end = self.group_of_record(last)
        begins = self.row_of(first)
        if begins < 0:
            begins = self._headings[start] + 1
        ends = self.row_of(last)
        return begins, ends if ends >= 0 else self._headings[end]

    def with_folded(self, folded: Iterable[int]) -> "RowPlan":
        return RowPlan(self.counts, frozenset(folded))

    def fits(self, start: int, keys: Sequence[str | None], known: Sequence[str | None]) -> bool:
        """Say whether records from number `start` on, in groups of these keys, stand rightly.

        `known` are the keys of the groups; one less than the groups where the last is the rest.
        """
        at = 0
        while at < len(keys):
            if start + at >= self.records:
                return False
            group = self.group_of_record(start + at)
            end = min(len(keys), self._first_records[group + 1] - start)
            within = keys[at:end]
            is_rest = group >= len(known)
            if is_rest and any(key in known for key in within):
                return False
            if not is_rest and within.count(known[group]) != len(within):
                return False
            at = end
        return True
