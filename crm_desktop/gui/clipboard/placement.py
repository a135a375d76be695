"""Which cells are meant: the selection as rows and columns, and where a block of cells goes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from crm_desktop.domain.clipboard import CellBlock
from crm_desktop.gui.models.range_ids import Span
from crm_desktop.gui.widgets.grid import GridView


@dataclass(frozen=True, slots=True)
class CellRange:
    """Rows as ascending spans, and columns in the order shown; every cell of both is meant."""

    spans: tuple[Span, ...]
    columns: tuple[int, ...]

    @property
    def rows(self) -> int:
        return sum(last - first + 1 for first, last in self.spans)

    @property
    def cells(self) -> int:
        return self.rows * len(self.columns)

    @property
    def top(self) -> int:
        return self.spans[0][0]


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a block goes: existing rows, rows below the end, and columns.

    `cut_columns` of the block find no column to go to; `passed` hidden ones lie between.
    """

    spans: tuple[Span, ...]
    new_rows: int
    columns: tuple[int, ...]
    cut_columns: int = 0
    passed: int = 0


def selected_range(grid: GridView) -> CellRange | None:
    """Return what is selected, or the current cell; None without any.

    Raises ValueError where the selected cells do not make up whole rows of the same columns.
    """
    parts = [
        (part.top(), part.bottom(), _shown(grid, part.left(), part.right()))
        for part in grid.selected_parts()
    ]
    parts = [part for part in parts if part[2]]
    current = grid.currentIndex()
    if not parts and current.isValid() and grid.is_record(current.row()):
        parts = [(current.row(), current.row(), frozenset({current.column()}))]
    if not parts:
        return None
    spans, columns = _joined(parts)
    header = grid.horizontalHeader()
    return CellRange(tuple(spans), tuple(sorted(columns, key=header.visualIndex)))


def shown_columns(grid: GridView, first: int) -> list[int]:
    """Return a column and all that are shown at its right, in the order shown."""
    header = grid.horizontalHeader()
    visuals = range(header.visualIndex(first), header.count())
    logical = [header.logicalIndex(visual) for visual in visuals]
    return [column for column in logical if not header.isSectionHidden(column)]


def place_block(grid: GridView, block: CellBlock, chosen: CellRange, row_count: int) -> Placement:
    """Return where a block goes that is pasted into a selection.

    One cell, or a block that fits several times, fills the whole selection; any other begins at
    its top left corner. Raises ValueError where rows lie apart and the block does not fill them.
    """
    fills = chosen.rows % block.rows == 0 and len(chosen.columns) % block.columns == 0
    if fills:
        return Placement(chosen.spans, 0, chosen.columns)
    if len(chosen.spans) > 1:
        raise ValueError("rows lie apart")
    rows = chosen.rows if chosen.rows % block.rows == 0 else block.rows
    spans = _records_from(grid, chosen.top, row_count, rows)
    existing = sum(last - first + 1 for first, last in spans)
    return _placed(grid, block, chosen.columns[0], spans, rows - existing)


def place_below(grid: GridView, block: CellBlock, first: int) -> Placement:
    """Return where a block goes from a column on, all of it as new records below the end."""
    return _placed(grid, block, first, (), block.rows)


def _records_from(grid: GridView, top: int, row_count: int, most: int) -> tuple[Span, ...]:
    """Return so many rows from one on, without headings of groups; fewer where the list ends."""
    every = [(top, row_count - 1)]
    if grid.rows_of_records is not None:
        every = list(grid.rows_of_records(top, row_count - 1))
    spans: list[Span] = []
    for first, last in every:
        if most <= 0:
            break
        spans.append((first, min(last, first + most - 1)))
        most -= spans[-1][1] - first + 1
    return tuple(spans)


def _placed(
    grid: GridView, block: CellBlock, first: int, spans: tuple[Span, ...], new_rows: int
) -> Placement:
    columns = shown_columns(grid, first)[: block.columns]
    header = grid.horizontalHeader()
    passed = header.visualIndex(columns[-1]) - header.visualIndex(columns[0]) + 1
    return Placement(
        spans,
        new_rows,
        tuple(columns),
        block.columns - len(columns),
        passed - len(columns),
    )


def _shown(grid: GridView, left: int, right: int) -> frozenset[int]:
    header = grid.horizontalHeader()
    return frozenset(each for each in range(left, right + 1) if not header.isSectionHidden(each))


def _joined(parts: Sequence[tuple[int, int, frozenset[int]]]) -> tuple[list[Span], Iterable[int]]:
    """Return rows and columns of these rectangles, which may overlap and touch."""
    edges = sorted({edge for top, bottom, _ in parts for edge in (top, bottom + 1)})
    spans: list[Span] = []
    columns: frozenset[int] = frozenset()
    for first, after in pairwise(edges):
        here = [part[2] for part in parts if part[0] <= first <= part[1]]
        if not here:
            continue
        found = frozenset().union(*here)
        if spans and found != columns:
            raise ValueError("rows of different columns")
        columns = found
        if spans and spans[-1][1] == first - 1:
            spans[-1] = (spans[-1][0], after - 1)
        else:
            spans.append((first, after - 1))
    return spans, columns
