"""The ways of all edges of a graph: each is led when it is first looked at near by."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property

from crm_desktop.domain.graph import GraphEdge, Point
from crm_desktop.gui.graph.routes import APART, LOOP, Box, Lane, Route, hits, route, slots_of

Reach = tuple[float, float, float, float]  # left, top, right, bottom

_STRAIGHT_FROM = 300  # edges that are straight lines from afar: none could be followed anyway
_WAYS_SOUGHT = 10_000  # nodes times edges up to which edges are led past nodes
_LOOPS = 4  # of one node for which there is room in what it may cover
_CROWD = 200  # edges of a node that are kept apart from each other


class Ways:
    """Leads edges from box to box, and forgets the ways of nodes that moved."""

    def __init__(self, edges: Sequence[GraphEdge], boxes: Mapping[str, Box]) -> None:
        self._edges = {edge.id: edge for edge in edges}
        self._boxes = dict(boxes)
        self._ways: dict[str, Route] = {}
        self._reaches: dict[str, Reach] = {}

    @property
    def are_straight_from_afar(self) -> bool:
        return len(self._edges) >= _STRAIGHT_FROM

    @cached_property
    def _by_node(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for edge in self._edges.values():
            found.setdefault(edge.from_id, []).append(edge.id)
            if edge.to_id != edge.from_id:
                found.setdefault(edge.to_id, []).append(edge.id)
        return found

    @cached_property
    def _loops(self) -> list[str]:
        return [each.id for each in self._edges.values() if each.from_id == each.to_id]

    @cached_property
    def _slots(self) -> Mapping[str, float]:
        return slots_of(self._edges.values())

    def edges_of(self, node_id: str) -> Sequence[str]:
        return self._by_node.get(node_id, ())

    def way(self, edge_id: str) -> Route:
        if edge_id not in self._ways:
            self._ways[edge_id] = self._lead(self._edges[edge_id])
        return self._ways[edge_id]

    def straight(self, edge_ids: Iterable[str]) -> list[tuple[Point, Point]]:
        """Return the lines between the middles of the ends of these edges."""
        middles = {
            node_id: (x + wide / 2, y + high / 2)
            for node_id, (x, y, wide, high) in self._boxes.items()
        }
        ends = map(self._edges.__getitem__, edge_ids)
        return [(middles[edge.from_id], middles[edge.to_id]) for edge in ends]

    def reach(self, edge_id: str) -> Reach:
        """Return what an edge may cover, both its ends included."""
        if edge_id not in self._reaches:
            self._reaches[edge_id] = self._reach_of(self._edges[edge_id])
        return self._reaches[edge_id]

    def reaches(self) -> Iterator[tuple[str, Reach]]:
        return ((edge_id, self.reach(edge_id)) for edge_id in self._edges)

    def extent(self) -> Reach:
        """Return what all boxes and edges cover."""
        boxes = [(x, y, x + wide, y + high) for x, y, wide, high in self._boxes.values()]
        lefts, tops, rights, bottoms = zip(
            *boxes, *(self.reach(each) for each in self._loops), strict=True
        )
        return min(lefts), min(tops), max(rights), max(bottoms)

    def move(self, boxes: Mapping[str, Box]) -> None:
        """Take over the boxes of nodes that moved."""
        self._boxes.update(boxes)
        moved = {edge_id for node_id in boxes for edge_id in self.edges_of(node_id)}
        for edge_id in moved:
            self._ways.pop(edge_id, None)
            self._reaches.pop(edge_id, None)

    def _reach_of(self, edge: GraphEdge) -> Reach:
        x, y, wide, high = self._boxes[edge.from_id]
        if edge.from_id == edge.to_id:
            out = LOOP + _LOOPS * APART
            return x, y - out, x + wide + out, y + high
        u, v, width, height = self._boxes[edge.to_id]
        return min(x, u), min(y, v), max(x + wide, u + width), max(y + high, v + height)

    def _lead(self, edge: GraphEdge) -> Route:
        """Lead an edge past other nodes, where the graph is small enough to look for a way."""
        ends = self._boxes[edge.from_id], self._boxes[edge.to_id]
        slot = self._slots[edge.id]
        aside = self._aside(edge, edge.from_id), self._aside(edge, edge.to_id)
        best = route(*ends, slot, aside)
        if len(self._boxes) * len(self._edges) > _WAYS_SOUGHT or edge.from_id == edge.to_id:
            return best
        others = [box for box in self._boxes.values() if box not in ends]
        fewest = hits(best, others)
        for lane in (Lane.START, Lane.END):
            if fewest:
                way = route(*ends, slot, aside, lane)
                if (count := hits(way, others)) < fewest:
                    best, fewest = way, count
        return best

    def _aside(self, edge: GraphEdge, node_id: str) -> float:
        """Keep the ends of edges at one side apart, also where their other ends are level."""
        edge_ids = self._by_node[node_id]
        if len(edge_ids) == 1 or edge.from_id == edge.to_id or len(edge_ids) > _CROWD:
            return 0.0
        return (edge_ids.index(edge.id) * 2 % 5 - 2) * 3.5
