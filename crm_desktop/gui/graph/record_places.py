"""Where new nodes of a record graph stand: around what was expanded, away from the start."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from crm_desktop.domain.graph import Ends, Point, Size, neighbours_of

_RINGS = 14
_FLAT = 0.55  # rings are lower than wide, as boxes are
_TURN = 1.1  # how many rings farther out is as bad as a radian away from outwards


def parents_of(
    node_ids: Collection[str], ends: Sequence[Ends], placed: Collection[str]
) -> dict[str, str]:
    """Return beside whom each new node shall stand: a neighbour, the nearest to what is placed."""
    beside, found = neighbours_of(ends), dict[str, str]()
    queue = [node_id for node_id in node_ids if node_id in placed]
    reached = set(queue)
    for node_id in queue:  # grows while it is walked
        for other in beside.get(node_id, ()):
            if other not in reached:
                reached.add(other)
                found[other] = node_id
                queue.append(other)
    return found


def places_around(
    points: Mapping[str, Point],
    sizes: Mapping[str, Size],
    parents: Mapping[str, str],
    start: str,
    gap: float,
) -> dict[str, Point]:
    """Return places for all nodes: known ones keep theirs, new ones (by parent) fan out from it.

    A new node whose parent has no place, or that finds no room near it, is left out.
    """
    placed = {node_id: point for node_id, point in points.items() if node_id in sizes}
    children: dict[str, list[str]] = {}
    for node_id, parent in parents.items():
        if node_id not in placed:
            children.setdefault(parent, []).append(node_id)
    queue = [parent for parent in children if parent in placed]
    for parent in queue:  # grows while it is walked: children may be parents
        spots = _spots(_middle(parent, placed, sizes), _outwards(parent, start, placed, sizes),
                       sizes[parent], gap, len(children[parent]))  # fmt: skip
        for node_id in children[parent]:
            place = _first_free(spots, sizes[node_id], placed, sizes, gap / 2)
            if place is not None:
                placed[node_id] = place
                if node_id in children:
                    queue.append(node_id)
    return placed


def _middle(node_id: str, placed: Mapping[str, Point], sizes: Mapping[str, Size]) -> Point:
    (x, y), (width, height) = placed[node_id], sizes[node_id]
    return x + width / 2, y + height / 2


def _outwards(
    node_id: str, start: str, placed: Mapping[str, Point], sizes: Mapping[str, Size]
) -> float | None:
    """Return the direction that leads away from the start; None where there is none."""
    if node_id == start or start not in placed:
        return None
    (x, y), (u, v) = _middle(start, placed, sizes), _middle(node_id, placed, sizes)
    return math.atan2((v - y) / _FLAT, u - x)


def _spots(
    centre: Point, outwards: float | None, size: Size, gap: float, count: int
) -> Iterator[Point]:
    """Return middles around a centre, the best first: near, and in the direction outwards."""
    first = 1.0 if count < 8 else 1.4  # many leave room for their edges
    found: list[tuple[float, Point]] = []
    for number in range(_RINGS):
        ring = first + number * 0.7
        across = ring * (size[0] + gap)
        steps = max(6, round(2 * math.pi * across * _FLAT / (size[1] + gap) / 2))
        for step in range(steps):
            angle = 2 * math.pi * (step + number % 2 / 2) / steps
            turn = 0.0 if outwards is None else abs(math.remainder(angle - outwards, 2 * math.pi))
            place = (
                centre[0] + across * math.cos(angle),
                centre[1] + across * _FLAT * math.sin(angle),
            )
            found.append((ring + _TURN * max(0.0, turn - 0.9), place))
    found.sort()
    return iter([place for _, place in found])


def _first_free(
    spots: Iterable[Point],
    size: Size,
    placed: Mapping[str, Point],
    sizes: Mapping[str, Size],
    air: float,
) -> Point | None:
    """Take the next spot with room; those that are passed over had none, and never will."""
    for x, y in spots:
        left, top = x - size[0] / 2, y - size[1] / 2
        is_free = all(
            left >= u + sizes[other][0] + air
            or u >= left + size[0] + air
            or top >= v + sizes[other][1] + air
            or v >= top + size[1] + air
            for other, (u, v) in placed.items()
        )
        if is_free:
            return left, top
    return None
