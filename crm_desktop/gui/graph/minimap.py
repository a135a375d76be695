"""The small map of a whole graph: which part of it is on screen, and the way to another."""

from __future__ import annotations

from collections.abc import Collection

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, QTimer
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget
from typing_extensions import override

from crm_desktop.gui.graph.inks import inks
from crm_desktop.gui.graph.routes import Box
from crm_desktop.gui.graph.view import GraphView
from crm_desktop.gui.theme import line_height, theme, unit


class Minimap(QWidget):
    """Every node as a small box; the mouse takes the view along. The keyboard needs it not.

    What is on it is looked up a moment after the view changed: the picture itself comes first.
    """

    def __init__(self, view: GraphView) -> None:
        super().__init__(view)
        self._view = view
        self._area, self._scale = QRectF(), 0.0
        self._plain: list[QRectF] = []  # boxes on the map, from its middle
        self._chosen: list[QRectF] = []
        self.setAccessibleName(self.tr("Map of the graph"))
        self.setCursor(Qt.CursorShape.CrossCursor)
        self._later = QTimer(self, singleShot=True, interval=30)
        self._later.timeout.connect(self._look)
        view.looked.connect(self._later.start)
        view.selection_changed.connect(self._later.start)
        view.moved.connect(self._later.start)

    @override
    def sizeHint(self) -> QSize:
        return QSize(round(11 * line_height()), round(6 * line_height()))

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        tokens = theme()
        colors, painter = inks(tokens), QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(colors.border)
        painter.setBrush(colors.raised)
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), unit(), unit())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)
        if not self._scale:
            return
        middle = QRectF(self.rect()).center()
        painter.translate(middle)
        painter.setPen(Qt.PenStyle.NoPen)
        for color, boxes in ((tokens.border_strong, self._plain), (tokens.accent, self._chosen)):
            painter.setBrush(QColor(color))
            painter.drawRects(boxes)
        painter.translate(-middle)
        painter.setPen(colors.chosen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        seen = self._view.lens.seen()
        corners = self._to_map(seen.topLeft()), self._to_map(seen.bottomRight())
        painter.setClipRect(self.rect().adjusted(1, 1, -1, -1))
        painter.drawRect(QRectF(*corners).intersected(QRectF(self.rect()).adjusted(2, 2, -2, -2)))

    def _look(self) -> None:
        """Look up where nodes are, and paint that."""
        boxes = self._view.boxes()
        self._area, self._scale = _area_of(boxes.values()), 0.0
        if not self._area.isEmpty():
            room = self.rect().adjusted(2 * unit(), 2 * unit(), -2 * unit(), -2 * unit())
            wide, high = room.width() / self._area.width(), room.height() / self._area.height()
            self._scale = min(wide, high, 0.12)
        self._plain, self._chosen = [], []
        scale, middle = self._scale, self._area.center()
        left, top, selected = middle.x(), middle.y(), self._view.selected
        for node_id, (x, y, wide, high) in boxes.items():
            corner = (x - left) * scale, (y - top) * scale
            box = QRectF(*corner, max(2, wide * scale), max(1.5, high * scale))
            (self._chosen if node_id in selected else self._plain).append(box)
        self.update()

    def _to_map(self, point: QPointF) -> QPointF:
        return QRectF(self.rect()).center() + (point - self._area.center()) * self._scale

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._go(event.position())

    @override
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._go(event.position())

    def _go(self, place: QPointF) -> None:
        if self._scale:
            point = self._area.center() + (place - QRectF(self.rect()).center()) / self._scale
            self._view.centerOn(point)
            self._view.looked.emit()


def _area_of(boxes: Collection[Box]) -> QRectF:
    if not boxes:
        return QRectF()
    sides = ((x, y, x + wide, y + high) for x, y, wide, high in boxes)
    lefts, tops, rights, bottoms = zip(*sides, strict=True)
    left, top = min(lefts), min(tops)
    return QRectF(left, top, max(rights) - left, max(bottoms) - top)
