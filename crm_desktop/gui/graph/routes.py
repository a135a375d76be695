"""Where edges run: from side to side of two boxes, with corners, apart from their parallels."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import Enum, auto
from itertools import pairwise
from typing import NamedTuple

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPainterPath

from crm_desktop.domain.graph import GraphEdge, Point

Box = tuple[float, float, float, float]  # left, top, width, height

APART = 24.0  # between parallel edges
INSET = 10.0  # no edge ends nearer to a corner
LOOP = 30.0  # how far the first loop stands out
SOFTNESS = 220.0  # at this distance an edge ends half way between middle and corner
CORNER = 8.0
REACH = 14.0  # a mark at an end reaches this far beyond the line
_ROOMY = 1000.0
_LANE = 30.0  # from a box to where an edge turns that turns beside it
_NEAR = 40.0  # boxes nearer than this beside each other are joined from above to below


class Lane(Enum):
    """Where an edge turns: half way, or beside one of its ends."""

    MIDDLE = auto()
    START = auto()
    END = auto()


class Route(NamedTuple):
    """The corners of an edge from its one end to its other, and where its label stands."""

    corners: tuple[Point, ...]
    label: Point
    room: float  # how wide the label may be

    def bounds(self, margin: float) -> QRectF:
        xs, ys = [x for x, _ in self.corners], [y for _, y in self.corners]
        left, top = min(xs), min(ys)
        box = QRectF(left, top, max(xs) - left, max(ys) - top)
        return box.adjusted(-margin, -margin, margin, margin)


def slots_of(edges: Iterable[GraphEdge]) -> Mapping[str, float]:
    """Return how far each edge stands aside: 0 for a single one.

    Two have -0.5 and 0.5, and so on. Loops of one node are numbered from 0.
    """
    bundles: dict[tuple[str, str], list[str]] = {}
    for edge in edges:
        pair = (min(edge.from_id, edge.to_id), max(edge.from_id, edge.to_id))
        bundles.setdefault(pair, []).append(edge.id)
    slots: dict[str, float] = {}
    for (one, other), ids in bundles.items():
        middle = 0.0 if one == other else (len(ids) - 1) / 2
        slots.update((edge_id, number - middle) for number, edge_id in enumerate(ids))
    return slots


def route(
    start: Box,
    end: Box,
    slot: float,
    aside: tuple[float, float] = (0, 0),
    lane: Lane = Lane.MIDDLE,
) -> Route:
    """Lead an edge from a box to another; of several edges each has its own slot.

    `aside` moves its two ends a little along their sides, off those of other edges. `lane` says
    where it turns.
    """
    if start == end:
        return _loop(start, slot)
    across = max(end[0] - start[0] - start[2], start[0] - end[0] - end[2])
    down = max(end[1] - start[1] - start[3], start[1] - end[1] - end[3])
    if across < _NEAR and down > across:
        turned = _sideways(_turned(start), _turned(end), slot, aside, lane)
        x, y = turned.label
        return Route(tuple((x, y) for y, x in turned.corners), (y, x), _ROOMY)
    return _sideways(start, end, slot, aside, lane)


def _turned(box: Box) -> Box:
    return box[1], box[0], box[3], box[2]


def _sideways(start: Box, end: Box, slot: float, aside: tuple[float, float], lane: Lane) -> Route:
    """Lead from the right of the one to the left of the other, or the other way round."""
    is_rightward = end[0] + end[2] / 2 >= start[0] + start[2] / 2
    x1 = start[0] + start[2] if is_rightward else start[0]
    x2 = end[0] if is_rightward else end[0] + end[2]
    y1, y2 = _port(start, end, slot, aside[0]), _port(end, start, slot, aside[1])
    wide = abs(x2 - x1) - 2 * REACH
    if abs(y1 - y2) < 2:
        return Route(((x1, y1), (x2, y2)), ((x1 + x2) / 2, (y1 + y2) / 2), wide)
    steepness = 1 if y2 > y1 else -1
    lean = steepness if is_rightward else -steepness
    room = max(0.0, abs(x2 - x1) / 2 - REACH)
    shift = max(-room, min(room, sum(aside) - slot * APART * lean))
    if lane is not Lane.MIDDLE:
        return _turning_early((x1, y1), (x2, y2), shift, lane)
    x = (x1 + x2) / 2 + shift
    y = (y1 + y2) / 2 + max(-1.0, min(1.0, slot)) * min(APART, abs(y2 - y1) / 3)
    return Route(((x1, y1), (x, y1), (x, y2), (x2, y2)), (x, y), abs(x2 - x1))


def _turning_early(start: Point, end: Point, shift: float, lane: Lane) -> Route:
    """Turn beside one of the two boxes, and have the label where the edge runs straight."""
    (x1, y1), (x2, y2) = start, end
    forward = 1 if x2 > x1 else -1
    near = _LANE + max(-_LANE / 2, min(_LANE / 2, shift))
    x = x1 + forward * near if lane is Lane.START else x2 - forward * near
    far, y = (x2, y2) if lane is Lane.START else (x1, y1)
    corners = ((x1, y1), (x, y1), (x, y2), (x2, y2))
    return Route(corners, ((x + far) / 2, y), abs(far - x) - REACH)


def hits(way: Route, boxes: Iterable[Box]) -> int:
    """Count how often the legs of an edge run through these boxes."""
    legs = [
        (min(x, u), min(y, v), max(x, u), max(y, v)) for (x, y), (u, v) in pairwise(way.corners)
    ]
    return sum(
        left < x + wide and right > x and top < y + high and bottom > y
        for x, y, wide, high in boxes
        for left, top, right, bottom in legs
    )


def _port(box: Box, other: Box, slot: float, aside: float) -> float:
    """Return where at its side an edge ends: the nearer to a corner, the further it goes.

    That keeps the edges of one side in the order of their other ends, whoever they are.
    """
    middle, half = box[1] + box[3] / 2, max(0.0, box[3] / 2 - INSET)
    away = other[1] + other[3] / 2 - middle
    wanted = half * away / (abs(away) + SOFTNESS) + slot * APART + aside
    return middle + max(-half, min(half, wanted))


def _loop(box: Box, slot: float) -> Route:
    """Lead out of the right side and back into the top."""
    out = LOOP + slot * APART
    right, top = box[0] + box[2], box[1]
    y, x = top + INSET + slot * INSET, right - INSET * 2 - slot * INSET
    corners = ((right, y), (right + out, y), (right + out, top - out), (x, top - out), (x, top))
    return Route(corners, (right + out, top - out / 2), _ROOMY)


def path_of(corners: tuple[Point, ...], corner: float = CORNER) -> QPainterPath:
    """Draw a line along the corners, each of them rounded as far as there is room."""
    path = QPainterPath(QPointF(*corners[0]))
    for before, place, after in zip(corners, corners[1:], corners[2:], strict=False):
        path.lineTo(QPointF(*_towards(place, before, corner)))
        path.quadTo(QPointF(*place), QPointF(*_towards(place, after, corner)))
    path.lineTo(QPointF(*corners[-1]))
    return path


def _towards(place: Point, other: Point, distance: float) -> Point:
    dx, dy = other[0] - place[0], other[1] - place[1]
    length = abs(dx) + abs(dy)  # one of them is 0
    share = min(distance, length / 2) / length if length else 0.0
    return place[0] + dx * share, place[1] + dy * share


def direction(place: Point, towards: Point) -> Point:
    """Return the unit vector along one axis by which an edge leaves its end."""
    dx, dy = towards[0] - place[0], towards[1] - place[1]
    if abs(dx) >= abs(dy):
        return (1.0 if dx >= 0 else -1.0, 0.0)
    return (0.0, 1.0 if dy >= 0 else -1.0)
