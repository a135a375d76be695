"""Node positions from sizes and edges: layered, organic or as a grid; each can be stopped."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from enum import StrEnum
from itertools import pairwise

from crm_desktop.domain.graph import Ends, Point, Size, components, neighbours_of
from crm_desktop.domain.graph_spacing import SHAPE, GoOn, Points, in_rows, pack, push_apart

LAYERED_AT_MOST = 300  # nodes; in layers of more nobody finds anything
ORGANIC_AT_MOST = 2000
_CAREFUL_AT_MOST = 60  # nodes up to which crossings are minimised with all means: 0.03 s
_BENDS_AT_MOST = 800  # of edges that pass layers; the library takes seconds for more
_EDGES_FOR_EACH = 4  # edges a node beyond which layers show nothing but edges
_PIECE = 10.0  # milliseconds that the spring layout may keep other threads from running
_COST = 1.5e-5  # milliseconds that it takes for one pair of nodes in one iteration
_STEPS, _STEPS_OF_MANY, _MANY = 80, 40, 600
_FEW = 60  # nodes up to which springs crowd little
_LANE = 3  # times the gap is between two layers, where edges run and say what they are
_TALL = 10  # nodes that a layer may have at least
_PASSES = 12  # over the layers, until edges run straight


class Arrangement(StrEnum):
    LAYERED = "layered"
    ORGANIC = "organic"
    GRID = "grid"


def possible(wanted: Arrangement, node_count: int, edge_count: int) -> Arrangement:
    """Return the arrangement that a graph of this size gets: what was wanted, or a simpler one."""
    is_dense = edge_count > _EDGES_FOR_EACH * max(node_count, 25)
    if wanted is Arrangement.LAYERED and (node_count > LAYERED_AT_MOST or is_dense):
        wanted = Arrangement.ORGANIC
    if wanted is Arrangement.ORGANIC and node_count > ORGANIC_AT_MOST:
        return Arrangement.GRID
    return wanted


def arrange(
    wanted: Arrangement,
    sizes: Mapping[str, Size],
    ends: Sequence[Ends],
    *,
    gap: float,
    should_go_on: GoOn = lambda: True,
) -> Points | None:
    """Place every node so that none overlaps another; None when it was stopped.

    The same nodes and edges in the same order always get the same places. Parts that hang
    together are placed apart and put side by side. Runs for seconds: call it on a worker. The
    layered library cannot be stopped inside one part, and no other thread runs meanwhile; it is
    given only what takes it some hundredths of a second. The organic one runs in pieces.
    """
    known = [each for each in dict.fromkeys(ends) if each[0] in sizes and each[1] in sizes]
    kind = possible(wanted, len(sizes), len(known))
    blocks = []
    for part in components(list(sizes), known):
        if not should_go_on():
            return None
        placed = _arrange_part(kind, {each: sizes[each] for each in part}, known, gap, should_go_on)
        if placed is None:
            return None
        blocks.append(placed)
    return pack(blocks, sizes, gap)


def _arrange_part(
    kind: Arrangement, sizes: Mapping[str, Size], ends: Sequence[Ends], gap: float, go_on: GoOn
) -> Points | None:
    inside = [(a, b) for a, b in ends if a != b and a in sizes and b in sizes]
    if len(sizes) == 1:
        return dict.fromkeys(sizes, (0.0, 0.0))
    if kind is Arrangement.LAYERED:
        return _layered(sizes, inside, gap)
    if kind is Arrangement.ORGANIC:
        return _organic(sizes, inside, gap, go_on)
    return in_rows(sizes, gap)


# Layers: the library says which node stands in which layer, and in what order.


def _layered(sizes: Mapping[str, Size], ends: Sequence[Ends], gap: float) -> Points:
    layers = _layers_of(list(sizes), ends)
    beside = neighbours_of(ends)
    middles = {}
    for layer in layers:
        y = 0.0
        for node_id in layer:
            middles[node_id] = y + sizes[node_id][1] / 2
            y += sizes[node_id][1] + gap
    for number in range(_PASSES):
        for layer in layers if number % 2 == 0 else reversed(layers):
            wanted = [_middle(node_id, beside, middles) for node_id in layer]
            heights = [sizes[node_id][1] + gap for node_id in layer]
            middles.update(zip(layer, _spaced(wanted, heights), strict=True))
    points, x = {}, 0.0
    for layer in layers:
        width = max(sizes[node_id][0] for node_id in layer)
        for node_id in layer:
            left = x + (width - sizes[node_id][0]) / 2
            points[node_id] = (left, middles[node_id] - sizes[node_id][1] / 2)
        x += width + _LANE * gap
    return points


def _layers_of(node_ids: list[str], ends: Sequence[Ends]) -> list[list[str]]:
    """Return the nodes by layer from left to right, each from top to bottom.

    The library makes them of the edges as they point, where few would pass layers; its time grows
    fast with these. Else layers are distances from the best connected node.
    """
    edges = forward_edges(node_ids, ends)
    is_quick = _bends(node_ids, edges) <= _BENDS_AT_MOST
    layers = _library_layers(node_ids, edges) if is_quick else _layers_around(node_ids, ends)
    return _folded(layers, len(node_ids))


def _library_layers(node_ids: list[str], edges: Sequence[Ends]) -> list[list[str]]:
    from fast_sugiyama import from_edges

    numbers = {node_id: number for number, node_id in enumerate(node_ids)}
    placed = from_edges(
        [(numbers[a], numbers[b]) for a, b in edges],
        vertex_spacing=1,
        crossing_minimization="median",
        transpose=len(node_ids) <= _CAREFUL_AT_MOST,
        check_layout=False,
    )
    rows: dict[float, list[tuple[float, int]]] = {}
    for number, (x, y) in placed[0][0]:
        if isinstance(number, int) and number < len(node_ids):  # others are bends of edges
            rows.setdefault(y, []).append((x, number))
    layers = [[node_ids[number] for _, number in sorted(rows[y])] for y in sorted(rows)]
    is_upside_down = sum(_goes_back(layers, edges)) * 2 > len(edges)
    return layers[::-1] if is_upside_down else layers


def _layers_around(node_ids: Sequence[str], ends: Sequence[Ends]) -> list[list[str]]:
    """Return layers by distance from the first node, each in the order of what it is joined with.

    The nodes hang together and come in the order of their distance.
    """
    beside, away = neighbours_of(ends), {node_ids[0]: 0}
    for one in node_ids:
        for other in beside.get(one, ()):
            away.setdefault(other, away[one] + 1)
    layers = [[each for each in node_ids if away[each] == step]
              for step in range(max(away.values()) + 1)]  # fmt: skip
    places: dict[str, float] = {}  # from 0 to 1 within a layer
    for layer in layers:
        places.update(_shares(layer))
    for number in range(_PASSES):
        for layer in layers if number % 2 == 0 else reversed(layers):
            layer.sort(key=lambda each: _middle(each, beside, places))
            places.update(_shares(layer))
    return layers


def _shares(layer: Sequence[str]) -> dict[str, float]:
    return {node_id: (place + 0.5) / len(layer) for place, node_id in enumerate(layer)}


def _folded(layers: list[list[str]], count: int) -> list[list[str]]:
    """Break layers that are much too tall into several beside each other, in their order."""
    tallest = max(_TALL, round(1.6 * math.sqrt(count)))
    folded = []
    for layer in layers:
        parts = -(-len(layer) // tallest)
        folded += [layer[part::parts] for part in range(parts)]
    return folded


def forward_edges(node_ids: Sequence[str], ends: Sequence[Ends]) -> list[Ends]:
    """Return the edges, those turned round that would close a circle."""
    after: dict[str, list[str]] = {}
    for one, other in ends:
        after.setdefault(one, []).append(other)
    finished: dict[str, int] = {}
    entered: set[str] = set()
    for start in node_ids:
        stack = [] if start in entered else [(start, iter(after.get(start, ())))]
        entered.add(start)
        while stack:
            node_id, others = stack[-1]
            new = next((other for other in others if other not in entered), None)
            if new is None:
                finished[node_id] = len(finished)
                stack.pop()
            else:
                entered.add(new)
                stack.append((new, iter(after.get(new, ()))))
    return list(
        dict.fromkeys((a, b) if finished[a] > finished[b] else (b, a) for a, b in ends if a != b)
    )


def _bends(node_ids: Sequence[str], edges: Sequence[Ends]) -> int:
    """Count how often edges would pass a layer: what the library's time grows with."""
    after: dict[str, list[str]] = {}
    waiting = dict.fromkeys(node_ids, 0)
    for one, other in edges:
        after.setdefault(one, []).append(other)
        waiting[other] += 1
    layer = dict.fromkeys(node_ids, 0)
    ready = [node_id for node_id in node_ids if not waiting[node_id]]
    for one in ready:  # grows while it is walked
        for other in after.get(one, ()):
            layer[other] = max(layer[other], layer[one] + 1)
            waiting[other] -= 1
            if not waiting[other]:
                ready.append(other)
    return sum(layer[other] - layer[one] - 1 for one, other in edges)


def _goes_back(layers: list[list[str]], ends: Sequence[Ends]) -> list[bool]:
    layer_of = {node_id: number for number, layer in enumerate(layers) for node_id in layer}
    return [layer_of[a] > layer_of[b] for a, b in ends]


def _middle(node_id: str, beside: Mapping[str, list[str]], middles: Mapping[str, float]) -> float:
    others = beside.get(node_id)
    if not others:
        return middles[node_id]
    return sum(middles[other] for other in others) / len(others)


def _spaced(wanted: Sequence[float], heights: Sequence[float]) -> list[float]:
    """Return the middles nearest to what is wanted (by squares) that keep order and distance.

    Isotonic regression by pooling adjacent violators, after the distances are taken off.
    """
    offsets, total = [0.0], 0.0
    for one, other in pairwise(heights):
        total += (one + other) / 2
        offsets.append(total)
    pools: list[tuple[float, int]] = []  # mean, and of how many
    for place, offset in zip(wanted, offsets, strict=True):
        mean, count = place - offset, 1
        while pools and pools[-1][0] > mean:
            other, others = pools.pop()
            mean = (mean * count + other * others) / (count + others)
            count += others
        pools.append((mean, count))
    flat = [mean for mean, count in pools for _ in range(count)]
    return [mean + offset for mean, offset in zip(flat, offsets, strict=True)]


# Springs: the library moves nodes; here they are cooled down, scaled, and pushed apart.


def _organic(
    sizes: Mapping[str, Size], ends: Sequence[Ends], gap: float, go_on: GoOn
) -> Points | None:
    springs = _springs(list(sizes), ends, go_on)
    if springs is None:
        return None
    side = math.sqrt(sum((w + gap) * (h + gap) for w, h in sizes.values()) * 1.6)
    across = _evened([x for x, _ in springs], side * math.sqrt(SHAPE))
    down = _evened([y for _, y in springs], side / math.sqrt(SHAPE))
    points = {}
    for (node_id, (width, height)), x, y in zip(sizes.items(), across, down, strict=True):
        points[node_id] = (x - width / 2, y - height / 2)
    return push_apart(points, sizes, gap, go_on)


def _evened(values: Sequence[float], room: float) -> list[float]:
    """Spread values over the room in their order, in part as they lie, in part evenly.

    Springs crowd in the middle; as they lie, boxes would have to be pushed apart for long.
    """
    low, span = min(values), max(max(values) - min(values), 1e-9)
    order = sorted(range(len(values)), key=values.__getitem__)
    evenly = {number: place / max(len(values) - 1, 1) for place, number in enumerate(order)}
    share = 0.5 if len(values) <= _FEW else 0.85
    return [
        room * ((1 - share) * (value - low) / span + share * evenly[number])
        for number, value in enumerate(values)
    ]


def _springs(node_ids: list[str], ends: Sequence[Ends], go_on: GoOn) -> list[Point] | None:
    """Return places about the origin, in the order of the ids; None when stopped.

    The library cools down within one call. It runs in short pieces, as it lets no other thread
    run meanwhile; so each piece's steps are shortened here.
    """
    from rustworkx import PyGraph, spring_layout

    numbers = {node_id: number for number, node_id in enumerate(node_ids)}
    graph: PyGraph[int, None] = PyGraph(multigraph=False)
    graph.add_nodes_from(list(range(len(node_ids))))
    graph.add_edges_from([(numbers[a], numbers[b], None) for a, b in ends])
    steps = _STEPS_OF_MANY if len(node_ids) > _MANY else _STEPS
    piece = max(1, min(10, int(_PIECE / (_COST * len(node_ids) ** 2))))
    places = [_on_spiral(number, len(node_ids)) for number in range(len(node_ids))]
    for done in range(0, steps, piece):
        if not go_on():
            return None
        start = dict(enumerate(places))
        moved = spring_layout(graph, pos=start, fixed=set(), num_iter=piece, seed=1)
        warmth = 1.0 - 0.9 * done / steps
        places = [
            (x + (moved[number][0] - x) * warmth, y + (moved[number][1] - y) * warmth)
            for number, (x, y) in enumerate(places)
        ]
    return places


def _on_spiral(number: int, count: int) -> Point:
    """Return where a node begins: from the centre outwards, evenly spread (a sunflower)."""
    radius, angle = math.sqrt((number + 0.5) / count), number * math.pi * (3 - math.sqrt(5))
    return radius * math.cos(angle), radius * math.sin(angle)
