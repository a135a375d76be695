"""All edges of a graph as one item of its scene: thin lines from afar, marks and words near by."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import chain, pairwise

from PySide6.QtCore import QLineF, QRectF, Qt
from PySide6.QtGui import QPainter, QPainterPath, QPen
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget
from typing_extensions import override

from crm_desktop.domain.graph import GraphEdge, Point
from crm_desktop.gui.graph.inks import Inks, inks, measures
from crm_desktop.gui.graph.items import FADED, Sheet
from crm_desktop.gui.graph.painting import (
    PLAIN,
    Paper,
    Pill,
    State,
    marks_of,
    paint_edge,
    paint_pill,
    pill_of,
    pill_width,
    shows_words,
)
from crm_desktop.gui.graph.routes import Box, Route, path_of
from crm_desktop.gui.graph.ways import Ways
from crm_desktop.gui.theme import theme

_CHOSEN = State(is_chosen=True)


class EdgesItem(QGraphicsItem):
    """All edges: from afar as thin lines in a few calls, else those in sight with their marks.

    Only the edges of nodes that moved are led anew; zooming leads none that is known.
    """

    def __init__(self, edges: Sequence[GraphEdge], boxes: Mapping[str, Box], sheet: Sheet) -> None:
        super().__init__()
        self._sheet = sheet
        self.edges = {edge.id: edge for edge in edges}
        self._breaches = frozenset(edge.id for edge in edges if edge.is_breach)
        self._ways = Ways(edges, boxes)
        self._paths: dict[str, QPainterPath] = {}
        self._marks: dict[str, list[QLineF]] = {}
        self._pills: dict[tuple[str, bool], Pill | None] = {}
        self._widths: dict[str, float] = {}
        self._box = QRectF()
        self.chosen: frozenset[str] = frozenset()
        self.faded: frozenset[str] = frozenset()
        self.setFlag(QGraphicsItem.GraphicsItemFlag.ItemUsesExtendedStyleOption)
        self.setAcceptedMouseButtons(Qt.MouseButton.NoButton)
        self.setZValue(-1)  # below the nodes
        self._grow()

    def edges_of(self, node_id: str) -> Sequence[str]:
        return self._ways.edges_of(node_id)

    def way(self, edge_id: str) -> Route:
        return self._ways.way(edge_id)

    def extent(self) -> QRectF:
        """Return what all nodes cover, and the loops beside them."""
        left, top, right, bottom = self._ways.extent()
        return QRectF(left, top, right - left, bottom - top)

    def lead_anew(self, boxes: Mapping[str, Box]) -> None:
        """Lead the edges of these nodes again, which have moved to these boxes."""
        moved = {edge_id for node_id in boxes for edge_id in self.edges_of(node_id)}
        for edge_id in moved:
            self.update(self._reach(edge_id))
            self._forget(edge_id)
        self._ways.move(boxes)
        for edge_id in moved:
            self.update(self._reach(edge_id))
        self._grow()

    def _forget(self, edge_id: str) -> None:
        self._paths.pop(edge_id, None)
        self._marks.pop(edge_id, None)
        for has_words in (True, False):
            self._pills.pop((edge_id, has_words), None)

    def _grow(self) -> None:
        if self.edges:
            box = self.extent()
            if not self._box.contains(box.adjusted(-150, -150, 150, 150)):
                self.prepareGeometryChange()
                self._box = box.adjusted(-800, -600, 800, 600)

    def _reach(self, edge_id: str) -> QRectF:
        left, top, right, bottom = self._ways.reach(edge_id)
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
        if self._sheet.is_far:
            self._paint_from_afar(painter)
        else:
            self._paint_near(painter, option.exposedRect)

    def _paint_near(self, painter: QPainter, exposed: QRectF) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        paper = self._sheet.paper()
        seen = [each for each in self._seen_in(exposed) if each not in self.chosen]
        for is_faded in (True, False):
            edge_ids = [each for each in seen if (each in self.faded) is is_faded]
            painter.setOpacity(FADED if is_faded else 1.0)
            self._paint_lines(painter, paper, edge_ids)
            self._paint_pills(painter, paper, edge_ids, exposed)
        painter.setOpacity(1.0)

    def _paint_lines(self, painter: QPainter, paper: Paper, edge_ids: Sequence[str]) -> None:
        """Paint lines and marks, all of one pen in a few calls."""
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for pen, is_breach in ((paper.inks.edge, False), (paper.inks.edge_breach, True)):
            same = [each for each in edge_ids if self.edges[each].is_breach is is_breach]
            if same:
                painter.setPen(pen)
                for edge_id in same:
                    painter.drawPath(self._path(edge_id))
                if marks := [line for each in same for line in self._marks_of(each)]:
                    painter.drawLines(marks)

    def _paint_pills(
        self, painter: QPainter, paper: Paper, edge_ids: Sequence[str], exposed: QRectF
    ) -> None:
        for edge_id in edge_ids:
            pill = self._pill(edge_id, paper)
            if pill is not None and pill.box.intersects(exposed):
                paint_pill(painter, paper, self.edges[edge_id], pill, PLAIN)

    def _marks_of(self, edge_id: str) -> list[QLineF]:
        if edge_id not in self._marks:
            self._marks[edge_id] = marks_of(self.edges[edge_id], self.way(edge_id))
        return self._marks[edge_id]

    def _pill(self, edge_id: str, paper: Paper) -> Pill | None:
        key = (edge_id, shows_words(paper))
        if key not in self._pills:
            self._pills[key] = pill_of(self.edges[edge_id], self.way(edge_id), paper)
        return self._pills[key]

    def paint_chosen(self, painter: QPainter) -> None:
        """Paint what is chosen once more, above the nodes: no edge hides there."""
        if not self._sheet.is_far:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            for edge_id in self.chosen & self.edges.keys():
                way, path = self.way(edge_id), self._path(edge_id)
                paint_edge(painter, self._sheet.paper(), self.edges[edge_id], way, path, _CHOSEN)

    def _seen_in(self, exposed: QRectF) -> list[str]:
        left, top = exposed.left() - 110, exposed.top() - 20
        right, bottom = exposed.right() + 110, exposed.bottom() + 20
        return [
            edge_id
            for edge_id, (x, y, u, v) in self._ways.reaches()
            if x < right
            and u > left
            and y < bottom
            and v > top
            and self._runs_through(edge_id, left, top, right, bottom)
        ]

    def _runs_through(
        self, edge_id: str, left: float, top: float, right: float, bottom: float
    ) -> bool:
        return any(
            min(x, u) < right and max(x, u) > left and min(y, v) < bottom and max(y, v) > top
            for (x, y), (u, v) in self._legs(edge_id)
        )

    def _path(self, edge_id: str) -> QPainterPath:
        if edge_id not in self._paths:
            self._paths[edge_id] = path_of(self.way(edge_id).corners)
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
                same = [each for each in edge_ids if (each in faded) is is_faded]
                if same:
                    painter.setPen(pen)
                    painter.drawLines(self._lines_of(same))
        painter.setOpacity(1.0)

    def _by_pen(self, colors: Inks) -> list[tuple[QPen, Collection[str]]]:
        chosen, breaches = self.chosen & self.edges.keys(), self._breaches - self.chosen
        apart = chosen | breaches
        plain = [each for each in self.edges if each not in apart] if apart else self.edges.keys()
        return [(colors.thin, plain), (colors.thin_breach, breaches), (colors.thin_chosen, chosen)]

    def _lines_of(self, edge_ids: Iterable[str]) -> list[QLineF]:
        if self._ways.are_straight_from_afar:
            legs: Iterable[tuple[Point, Point]] = self._ways.straight(edge_ids)
        else:
            legs = chain.from_iterable(map(self._legs, edge_ids))
        return [QLineF(x, y, u, v) for (x, y), (u, v) in legs]

    def _legs(self, edge_id: str) -> Iterable[tuple[Point, Point]]:
        return pairwise(self.way(edge_id).corners)

    def at(self, place: Point, reach: float) -> str:
        """Return the edge nearest to a place and within reach of it, or ""."""
        best, nearest = reach, ""
        x, y = place
        for edge_id, (left, top, right, bottom) in self._ways.reaches():
            if not (left - 110 < x < right + 110 and top - 20 < y < bottom + 20):
                continue
            u, v = self.way(edge_id).label
            if (
                not self._sheet.is_far
                and abs(y - v) < 11
                and abs(x - u) < self._pill_width(edge_id) / 2
            ):
                return edge_id
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
