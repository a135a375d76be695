"""The groups of a list as its rows show them: headings, what is folded, what stands where."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias

from crm_desktop.gui.models.record_cells import PAGE_ROWS, CellPage
from crm_desktop.gui.models.row_plan import RowPlan
from crm_desktop.gui.translating import tr

if TYPE_CHECKING:
    from crm_desktop.gui.models.group_headings import Heading, Headings

Identity: TypeAlias = str | tuple[str | None]
"""A record by its id, or the heading of a group by its key."""


class RowGroups:
    """Without a plan every row shows the record of its number.

    What is folded is kept by the keys of groups: it outlives a new reading of the list.
    """

    def __init__(self) -> None:
        self.plan: RowPlan | None = None
        self.headings: Headings | None = None
        self._folded: set[str | None] = set()

    def forget_folded(self) -> None:
        self._folded = set()

    def plan_of(self, headings: Headings | None) -> RowPlan | None:
        return None if headings is None else headings.plan(self._folded)

    def arrange(self, plan: RowPlan | None, headings: Headings | None) -> None:
        self.plan, self.headings = plan, headings
        if plan is not None and headings is not None:
            known = set(headings.keys)
            kept = {key for key in self._folded if key not in known}
            folded = {headings.keys[at] for at in plan.folded if at < len(headings.keys)}
            self._folded = kept | folded

    # Rows and records

    def is_record(self, row: int) -> bool:
        """Say whether a row shows a record, not the heading of a group."""
        return self.plan is None or self.plan.place_of(row) >= 0

    def number_of(self, row: int) -> int:
        """Return the place of a row's record among all, counted from 0; -1 for a heading."""
        return row if self.plan is None else max(-1, self.plan.place_of(row))

    def row_of(self, number: int) -> int:
        """Return the row of a record by its place, or that of the heading it is folded below."""
        plan = self.plan
        if plan is None or not plan.records:
            return number
        number = min(number, plan.records - 1)
        row = plan.row_of(number)
        return row if row >= 0 else plan.heading_of(plan.group_of_record(number))

    def record_beside(self, row: int, step: int, rows: int) -> int:
        """Return the next row with a record, upward or downward; -1 where `rows` end."""
        row += step
        while 0 <= row < rows and not self.is_record(row):
            row += step
        return row if 0 <= row < rows else -1

    def spans(self, spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
        """Return which records stand in these rows, ends inclusive, by their places among all."""
        plan = self.plan
        if plan is None:
            return list(spans)
        return [part for first, last in spans for part in plan.spans(first, last)]

    def rows_of_records(self, first: int, last: int) -> list[tuple[int, int]]:
        """Return the rows from one to another without the headings, as ranges, ends inclusive."""
        return [(first, last)] if self.plan is None else [*self.plan.rows_of_records(first, last)]

    def records_near(self, rows: tuple[int, int]) -> tuple[int, int]:
        """Return the records in these rows; what is folded between them is passed over."""
        plan = self.plan
        if plan is None:
            return rows
        first, last = plan.record_near(rows[0]), plan.record_near(rows[1])
        return first, min(last, first + (rows[1] - rows[0]) + PAGE_ROWS)

    def rows_of(self, places: Mapping[str, int]) -> dict[Identity, int]:
        """Return the rows of records by their places, and those of the headings."""
        plan, headings = self.plan, self.headings
        if plan is None or headings is None:
            return dict(places.items())
        rows: dict[Identity, int] = {id_: plan.row_of(at) for id_, at in places.items()}
        rows.update({(key,): plan.heading_of(at) for at, key in enumerate(headings.keys)})
        return rows

    def fits(self, number: int, page: CellPage) -> bool:
        """Say whether the records of a page belong to the groups below whose headings they are."""
        plan, headings = self.plan, self.headings
        if plan is None or headings is None:
            return True
        start = number * PAGE_ROWS
        is_whole = page.has_more == (start + len(page.rows) < plan.records)
        return is_whole and plan.fits(start, page.groups, headings.keys)

    # Headings

    def heading_at(self, row: int) -> Heading | None:
        """Return the heading in a row; None where a record stands."""
        plan, headings = self.plan, self.headings
        if plan is None or headings is None or not 0 <= row < plan.rows:
            return None
        place = plan.place_of(row)
        return headings.all[~place] if place < 0 else None

    def row_above(self, row: int) -> int:
        """Return the row of the heading that a row stands below, or is; -1 without groups."""
        plan = self.plan
        return -1 if plan is None or not plan.rows else plan.heading_of(plan.group_of(row))

    def row_beyond(self, row: int, step: int) -> int:
        """Return the row of the heading so many groups further; the last one at the end."""
        plan = self.plan
        if plan is None or not plan.rows:
            return -1
        group = plan.group_of(row)
        if step < 0 and plan.heading_of(group) < row:
            group += 1  # the heading of its own group comes first
        return plan.heading_of(min(max(group + step, 0), plan.groups - 1))

    def is_folded(self, row: int) -> bool:
        return self.plan is not None and self.plan.group_of(row) in self.plan.folded

    def text_in(self, row: int, field_id: str, *, is_first: bool) -> str:
        """Return what a heading says in one of its cells."""
        heading = self.heading_at(row)
        if heading is None:
            return ""
        return heading.label if is_first else heading.sums.get(field_id, "")

    def spoken(self, row: int, sums: Sequence[tuple[str, str]]) -> str:
        """Return a heading as it is read aloud; `sums` are words by the ids of fields."""
        heading = self.heading_at(row)
        if heading is None:
            return ""
        said = [f"{words} {heading.sums[id_]}" for id_, words in sums if id_ in heading.sums]
        state = tr("collapsed") if self.is_folded(row) else tr("expanded")
        count = tr("{} records").replace("{}", heading.count)
        return ", ".join([heading.title, count, *said, state])
