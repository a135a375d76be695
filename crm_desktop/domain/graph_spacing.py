"""Room for nodes: in rows, side by side, beside a neighbour, and none over another."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

from crm_desktop.domain.graph import Ends, Point, Size, neighbours_of

GoOn = Callable[[], bool]
Points = dict[str, Point]

SHAPE = 1.5  # width by height that is aimed at
_PUSHES = 25
_COLUMN = 8  # nodes below each other before a new one goes into the next column


def in_rows(sizes: Mapping[str, Size], gap: float) -> Points:
    """Place nodes in rows, in their order."""
    area = sum((width + gap) * (height + gap) for width, height in sizes.values())
    room = max([math.sqrt(area * SHAPE), *(width + gap for width, _ in sizes.values())])
    points: Points = {}
    x = y = tallest = 0.0
    for node_id, (width, height) in sizes.items():
        if x and x + width > room:
            x, y, tallest = 0.0, y + tallest + gap, 0.0
        points[node_id] = (x, y)
        x, tallest = x + width + gap, max(tallest, height)
    return points


def pack(blocks: Sequence[Points], sizes: Mapping[str, Size], gap: float) -> Points:
    """Put blocks of placed nodes side by side, in shelves as wide as the largest needs."""
    boxes = {str(number): box_of(block, sizes) for number, block in enumerate(blocks)}
    outer = {number: (right - left, bottom - top) for number, (left, top, right, bottom)
             in boxes.items()}  # fmt: skip
    order = sorted(outer, key=lambda number: (-outer[number][1], int(number)))
    corners = in_rows({number: outer[number] for number in order}, 1.5 * gap)
    points: Points = {}
    for number, (x, y) in corners.items():
        left, top = boxes[number][:2]
        for node_id, place in blocks[int(number)].items():
            points[node_id] = (place[0] - left + x, place[1] - top + y)
    return points


def box_of(points: Mapping[str, Point], sizes: Mapping[str, Size]) -> tuple[float, ...]:
    """Return left, top, right and bottom of what these nodes cover."""
    return (
        min(x for x, _ in points.values()),
        min(y for _, y in points.values()),
        max(x + sizes[node_id][0] for node_id, (x, _) in points.items()),
        max(y + sizes[node_id][1] for node_id, (_, y) in points.items()),
    )


def place_new(
    points: Mapping[str, Point], sizes: Mapping[str, Size], ends: Sequence[Ends], gap: float
) -> Points:
    """Return places for all nodes: those that have one keep it, the others go beside a neighbour.

    Who is joined with nobody that is placed stands in rows below. Where nothing is placed yet, all
    stand in rows, in their order: a first picture in no time.
    """
    placed = {node_id: points[node_id] for node_id in sizes if node_id in points}
    if not placed:
        return in_rows(sizes, gap)
    cells, beside = _Cells(sizes, gap), neighbours_of(ends)
    for node_id, place in placed.items():
        cells.add(node_id, place)
    lonely = []
    for node_id in (each for each in sizes if each not in points):
        anchor = next((each for each in beside.get(node_id, ()) if each in placed), None)
        if anchor is None:
            lonely.append(node_id)
            continue
        (x, y), (width, _) = placed[anchor], sizes[anchor]
        placed[node_id] = _free_place(node_id, (x + width + 2 * gap, y), placed, sizes, gap, cells)
        cells.add(node_id, placed[node_id])
    if lonely:
        left, _, _, bottom = box_of(placed, sizes)
        rows = in_rows({node_id: sizes[node_id] for node_id in lonely}, gap)
        placed.update({each: (left + x, bottom + gap + y) for each, (x, y) in rows.items()})
    return placed


def _free_place(
    node_id: str, place: Point, placed: Points, sizes: Mapping[str, Size], gap: float, cells: _Cells
) -> Point:
    """Look for room from a place downwards, and after some tries in the next column."""
    start, tries = place, 0
    while (blocker := _blocker(node_id, place, placed, sizes, gap, cells)) is not None:
        tries += 1
        place = (place[0], placed[blocker][1] + sizes[blocker][1] + gap)
        if tries % _COLUMN == 0:
            place = (place[0] + sizes[node_id][0] + gap, start[1])
    return place


class _Cells:
    """Finds what is near: every node stands in one cell, and none is larger than a cell."""

    def __init__(self, sizes: Mapping[str, Size], gap: float) -> None:
        self._width = max(width for width, _ in sizes.values()) + gap
        self._height = max(height for _, height in sizes.values()) + gap
        self._cells: dict[tuple[int, int], list[str]] = {}

    def add(self, node_id: str, place: Point) -> None:
        self._cells.setdefault(self._cell(place), []).append(node_id)

    def near(self, place: Point) -> list[str]:
        column, row = self._cell(place)
        cells = ((column + i, row + j) for i in (-1, 0, 1) for j in (-1, 0, 1))
        return [node_id for cell in cells for node_id in self._cells.get(cell, ())]

    def _cell(self, place: Point) -> tuple[int, int]:
        return math.floor(place[0] / self._width), math.floor(place[1] / self._height)


def push_apart(
    points: Points, sizes: Mapping[str, Size], gap: float, go_on: GoOn = lambda: True
) -> Points | None:
    """Move nodes as little as is easily found until none is nearer than `gap` to another."""
    placed = dict(points)
    for _ in range(_PUSHES):
        if not go_on():
            return None
        if not _push_once(placed, sizes, gap):
            return placed
    return _line_up(placed, sizes, gap)


def _push_once(placed: Points, sizes: Mapping[str, Size], gap: float) -> bool:
    cells, did_push = _Cells(sizes, gap), False
    for node_id, place in placed.items():
        cells.add(node_id, place)
    for one in list(placed):
        for other in cells.near(placed[one]):
            if one < other:
                did_push |= _push_pair(placed, sizes, gap, one, other)
    return did_push


def _push_pair(placed: Points, sizes: Mapping[str, Size], gap: float, one: str, other: str) -> bool:
    (x, y), (u, v) = placed[one], placed[other]
    (w, h), (s, t) = sizes[one], sizes[other]
    over_x = min(x + w, u + s) - max(x, u) + gap
    over_y = min(y + h, v + t) - max(y, v) + gap
    if over_x <= 0.01 or over_y <= 0.01:
        return False
    if over_x < over_y:
        step = over_x / 2 if x + w / 2 < u + s / 2 else -over_x / 2
        placed[one], placed[other] = (x - step, y), (u + step, v)
    else:
        step = over_y / 2 if y + h / 2 < v + t / 2 else -over_y / 2
        placed[one], placed[other] = (x, y - step), (u, v + step)
    return True


def _line_up(points: Points, sizes: Mapping[str, Size], gap: float) -> Points:
    """Place nodes from left to right, each moved on until it is free: always possible."""
    cells, placed = _Cells(sizes, gap), Points()
    for node_id in sorted(points, key=lambda each: (points[each], each)):
        place = points[node_id]
        while (blocker := _blocker(node_id, place, placed, sizes, gap, cells)) is not None:
            place = (placed[blocker][0] + sizes[blocker][0] + gap, place[1])
        placed[node_id] = place
        cells.add(node_id, place)
    return placed


def _blocker(
    node_id: str, place: Point, placed: Points, sizes: Mapping[str, Size], gap: float, cells: _Cells
) -> str | None:
    width, height = sizes[node_id]
    slack = gap - 0.01
    for other in cells.near(place):
        (x, y), (w, h) = placed[other], sizes[other]
        is_apart_across = x >= place[0] + width + slack or place[0] >= x + w + slack
        is_apart_down = y >= place[1] + height + slack or place[1] >= y + h + slack
        if not is_apart_across and not is_apart_down:
            return other
    return None
