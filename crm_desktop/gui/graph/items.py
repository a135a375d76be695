"""What stands in the scene of a graph: an item for each node, and one for all edges."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPainterPath, QPen
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget
from typing_extensions import override

from crm_desktop.domain.graph import GraphEdge, GraphNode, Point, Size
from crm_desktop.gui.graph.inks import DETAILS_FROM, Inks, inks, measures
from crm_desktop.gui.graph.painting import (
    PLAIN,
    RING,
    Paper,
    State,
    paint_edge,
    paint_node,
    pill_width,
)
from crm_desktop.gui.graph.routes import Box, Lane, Route, hits, path_of, route, slots_of
from crm_desktop.gui.theme import theme

FADED = 0.22
HANDLE = 6.0  # radius of the handle from which links are drawn
_MARGIN = RING + 4
_WAYS_SOUGHT = 10_000  # nodes times edges up to which edges are led past nodes
_CROWD = 200  # edges of a node that are kept apart from each other
_CHOSEN = State(is_chosen=True)


class Sheet:
    """What all items of one view share: its zoom, and whether the keyboard is in it."""

    def __init__(self) -> None:
        self.zoom, self.has_focus, self.can_link = 1.0, False, False

    def paper(self) -> Paper:
        return Paper(inks(theme()), measures(), self.zoom)


class NodeItem(QGraphicsItem):
    """One node; Qt keeps its picture until it changes, so that panning paints nothing anew."""

    def __init__(self, node: GraphNode, size: Size, sheet: Sheet) -> None:
        super().__init__()
        self.node, self.size, self._sheet = node, size, sheet
        self.state = State()
        self.setCacheMode(QGraphicsItem.CacheMode.DeviceCoordinateCache)
        self.setAcceptHoverEvents(True)
        self.setToolTip(node.tip)
        self.setZValue(1)

    @property
    def box(self) -> Box:
        return (self.x(), self.y(), *self.size)

    @override
    def boundingRect(self) -> QRectF:
        return QRectF(0, 0, *self.size).adjusted(-_MARGIN, -_MARGIN, _MARGIN, _MARGIN)

    @override
    def shape(self) -> QPainterPath:
        path = QPainterPath()
        path.addRect(QRectF(0, 0, *self.size))
        if self.is_linkable:
            path.addEllipse(self.handle, HANDLE * 1.6, HANDLE * 1.6)
        return path

    @property
    def handle(self) -> QPointF:
        return QPointF(self.size[0], self.size[1] / 2)

    @property
    def is_linkable(self) -> bool:
        return self._sheet.can_link and self._sheet.zoom >= DETAILS_FROM

    @override
    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self.state.has_focus = self._sheet.has_focus
        paper = self._sheet.paper()
        paint_node(painter, paper, self.node, self.size, self.state)
        if self.state.is_hovered and self.is_linkable:
            painter.setPen(paper.inks.chosen)
            painter.setBrush(paper.inks.surface)
            painter.drawEllipse(self.handle, HANDLE, HANDLE)

    @override
    def hoverEnterEvent(self, event: object) -> None:
        self._hover(is_over=True)

    @override
    def hoverLeaveEvent(self, event: object) -> None:
        self._hover(is_over=False)

    def _hover(self, *, is_over: bool) -> None:
        self.state.is_hovered = is_over
        if self.is_linkable:
            self.update()


class EdgesItem(QGraphicsItem):
    """All edges: from afar as thin lines in a few calls, else those in sight with their marks.

    Only the edges of nodes that moved are led anew; zooming leads none.
    """

    def __init__(self, edges: Sequence[GraphEdge], boxes: Mapping[str, Box], sheet: Sheet) -> None:
        super().__init__()
        self._sheet = sheet
        self.edges = {edge.id: edge for edge in edges}
        self._slots = slots_of(edges)
        self._by_node: dict[str, list[str]] = {}
        for edge in edges:
            for node_id in {edge.from_id, edge.to_id}:
                self._by_node.setdefault(node_id, []).append(edge.id)
        self._asides = {
            edge.id: (self._aside(edge, edge.from_id), self._aside(edge, edge.to_id))
            for edge in edges
        }
        self.ways: dict[str, Route] = {}
        self._bounds: dict[str, tuple[float, float, float, float]] = {}
        self._paths: dict[str, QPainterPath] = {}
        self._widths: dict[str, float] = {}
        self._box = QRectF()
        self.chosen: frozenset[str] = frozenset()
        self.faded: frozenset[str] = frozenset()
        self.setFlag(QGraphicsItem.GraphicsItemFlag.ItemUsesExtendedStyleOption)
        self.setAcceptedMouseButtons(Qt.MouseButton.NoButton)
        self._lead(self.edges, boxes)
        self._grow()

    def _aside(self, edge: GraphEdge, node_id: str) -> float:
        """Keep the ends of edges at one side apart, also where their other ends are level."""
        edge_ids = self._by_node[node_id]
        if len(edge_ids) == 1 or edge.from_id == edge.to_id or len(edge_ids) > _CROWD:
            return 0.0
        return (edge_ids.index(edge.id) * 2 % 5 - 2) * 3.5

    def edges_of(self, node_id: str) -> Sequence[str]:
        return self._by_node.get(node_id, ())

    def lead_anew(self, node_ids: Iterable[str], boxes: Mapping[str, Box]) -> None:
        """Lead the edges of these nodes again, which have moved."""
        moved = {edge_id for node_id in node_ids for edge_id in self.edges_of(node_id)}
        for edge_id in moved:
            self.update(self._reach(edge_id))
        self._lead(moved, boxes)
        for edge_id in moved:
            self.update(self._reach(edge_id))
        self._grow()

    def _lead(self, edge_ids: Iterable[str], boxes: Mapping[str, Box]) -> None:
        for edge_id in edge_ids:
            edge = self.edges[edge_id]
            way = self._way(edge, boxes)
            self.ways[edge_id] = way
            xs, ys = [x for x, _ in way.corners], [y for _, y in way.corners]
            self._bounds[edge_id] = min(xs), min(ys), max(xs), max(ys)
            self._paths.pop(edge_id, None)

    def _way(self, edge: GraphEdge, boxes: Mapping[str, Box]) -> Route:
        """Lead an edge past other nodes, where the graph is small enough to look for a way."""
        ends = boxes[edge.from_id], boxes[edge.to_id]
        slot, aside = self._slots[edge.id], self._asides[edge.id]
        best = route(*ends, slot, aside)
        if len(boxes) * len(self.edges) > _WAYS_SOUGHT or edge.from_id == edge.to_id:
            return best
        others = [box for box in boxes.values() if box not in ends]
        fewest = hits(best, others)
        for lane in (Lane.START, Lane.END):
            if fewest:
                way = route(*ends, slot, aside, lane)
                if (count := hits(way, others)) < fewest:
                    best, fewest = way, count
        return best

    def _grow(self) -> None:
        if not self._bounds:
            return
        lefts, tops, rights, bottoms = zip(*self._bounds.values(), strict=True)
        box = QRectF(QPointF(min(lefts), min(tops)), QPointF(max(rights), max(bottoms)))
        if not self._box.contains(box.adjusted(-150, -50, 150, 50)):
            self.prepareGeometryChange()
            self._box = box.adjusted(-800, -600, 800, 600)

    def _reach(self, edge_id: str) -> QRectF:
        left, top, right, bottom = self._bounds[edge_id]
        wide = self._pill_width(edge_id) / 2 + 4
        return QRectF(left - wide, top - 18, right - left + 2 * wide, bottom - top + 36)

    def _pill_width(self, edge_id: str) -> float:
        if edge_id not in self._widths:
            self._widths[edge_id] = pill_width(self.edges[edge_id], measures())
        return self._widths[edge_id]

    @override
    def boundingRect(self) -> QRectF:
        return self._box

    @override
    def shape(self) -> QPainterPath:
        return QPainterPath()  # found by `at`; nodes beneath its box stay within reach

    @override
    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        if self._sheet.zoom < DETAILS_FROM:
            self._paint_from_afar(painter)
        else:
            self._paint_near(painter, option.exposedRect)

    def _paint_near(self, painter: QPainter, exposed: QRectF) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        paper = self._sheet.paper()
        seen = self._seen_in(exposed)
        for edge_id in seen:
            if edge_id not in self.chosen:
                painter.setOpacity(FADED if edge_id in self.faded else 1.0)
                way, path = self.ways[edge_id], self._path(edge_id)
                paint_edge(painter, paper, self.edges[edge_id], way, path, PLAIN)
        painter.setOpacity(1.0)

    def paint_chosen(self, painter: QPainter) -> None:
        """Paint what is chosen once more, above the nodes: no edge hides there."""
        if self._sheet.zoom >= DETAILS_FROM:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            for edge_id in self.chosen & self.edges.keys():
                way, path = self.ways[edge_id], self._path(edge_id)
                paint_edge(painter, self._sheet.paper(), self.edges[edge_id], way, path, _CHOSEN)

    def _seen_in(self, exposed: QRectF) -> list[str]:
        left, top = exposed.left() - 110, exposed.top() - 20
        right, bottom = exposed.right() + 110, exposed.bottom() + 20
        return [
            edge_id
            for edge_id, (x, y, u, v) in self._bounds.items()
            if x < right and u > left and y < bottom and v > top
        ]

    def _path(self, edge_id: str) -> QPainterPath:
        if edge_id not in self._paths:
            self._paths[edge_id] = path_of(self.ways[edge_id].corners)
        return self._paths[edge_id]

    def _paint_from_afar(self, painter: QPainter) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)
        colors = inks(theme())
        faded = self.faded
        for is_faded in (True, False):
            if is_faded and not faded:
                continue
            painter.setOpacity(FADED if is_faded else 1.0)
            for pen, edge_ids in self._by_pen(colors):
                lines = self._lines_of(each for each in edge_ids if (each in faded) is is_faded)
                if lines:
                    painter.setPen(pen)
                    painter.drawLines(lines)
        painter.setOpacity(1.0)

    def _by_pen(self, colors: Inks) -> list[tuple[QPen, list[str]]]:
        plain: list[str] = []
        breaches: list[str] = []
        for edge_id, edge in self.edges.items():
            if edge_id not in self.chosen:
                (breaches if edge.is_breach else plain).append(edge_id)
        chosen = [each for each in self.chosen if each in self.edges]
        return [(colors.thin, plain), (colors.thin_breach, breaches), (colors.thin_chosen, chosen)]

    def _lines_of(self, edge_ids: Iterable[str]) -> list[QLineF]:
        return [
            QLineF(x, y, u, v) for edge_id in edge_ids for (x, y), (u, v) in self._legs(edge_id)
        ]

    def _legs(self, edge_id: str) -> Iterable[tuple[Point, Point]]:
        corners = self.ways[edge_id].corners
        return pairwise(corners)

    def at(self, place: Point, reach: float) -> str:
        """Return the edge nearest to a place and within reach of it, or ""."""
        best, nearest = reach, ""
        x, y = place
        for edge_id, (left, top, right, bottom) in self._bounds.items():
            label = self.ways[edge_id].label
            if (
                self._sheet.zoom >= DETAILS_FROM
                and abs(y - label[1]) < 11
                and abs(x - label[0]) < self._pill_width(edge_id) / 2
            ):
                return edge_id
            if left - reach < x < right + reach and top - reach < y < bottom + reach:
                away = min(_distance(place, leg) for leg in self._legs(edge_id))
                if away < best:
                    best, nearest = away, edge_id
        return nearest


def _distance(place: Point, leg: tuple[Point, Point]) -> float:
    """Return how far a place is from a leg, which runs along one axis."""
    (x, y), (u, v) = leg
    dx = max(min(x, u) - place[0], 0.0, place[0] - max(x, u))
    dy = max(min(y, v) - place[1], 0.0, place[1] - max(y, v))
    return max(dx, dy)
