"""Where the keys lead in a graph: along edges, to what lies in a direction, in reading order."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from crm_desktop.domain.graph import Point
from crm_desktop.gui.graph.routes import Box

_ROW = 60.0  # nodes whose tops differ by less stand in one row


def middle(box: Box) -> Point:
    return box[0] + box[2] / 2, box[1] + box[3] / 2


def reading_order(boxes: Mapping[str, Box]) -> list[str]:
    """Return the nodes row by row from the top, each row from the left."""
    return sorted(boxes, key=lambda each: (boxes[each][1] // _ROW, boxes[each][0], each))


def next_in_direction(
    boxes: Mapping[str, Box], neighbours: Collection[str], current: str, step: tuple[int, int]
) -> str:
    """Return where an arrow leads: to the nearest node there, one with an edge if there is any.

    "There" is within 45 degrees of the direction, and up to 70 for who is joined by an edge.
    Answers `current` where nothing lies in that direction.
    """
    joined = [each for each in neighbours if each in boxes]
    return (
        _nearest(boxes, joined, current, step, 2.75)
        or _nearest(boxes, list(boxes), current, step, 1.0)
        or current
    )


def _nearest(
    boxes: Mapping[str, Box],
    node_ids: Sequence[str],
    current: str,
    step: tuple[int, int],
    slope: float,
) -> str:
    best, nearest = float("inf"), ""
    x, y = middle(boxes[current])
    for node_id in node_ids:
        u, v = middle(boxes[node_id])
        ahead = (u - x) * step[0] + (v - y) * step[1]
        aside = abs((u - x) * step[1]) + abs((v - y) * step[0])
        if node_id != current and ahead > 0 and aside <= slope * ahead:
            cost = ahead + 2 * aside
            if cost < best:
                best, nearest = cost, node_id
    return nearest
