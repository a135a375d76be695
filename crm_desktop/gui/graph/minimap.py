"""The small map of a whole graph: which part of it is on screen, and the way to another."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, QTimer
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget
from typing_extensions import override

from crm_desktop.gui.graph.inks import inks
from crm_desktop.gui.graph.view import GraphView
from crm_desktop.gui.theme import line_height, theme, unit


class Minimap(QWidget):
    """Every node as a small box; the mouse takes the view along. The keyboard needs it not."""

    def __init__(self, view: GraphView) -> None:
        super().__init__(view)
        self._view = view
        self._area = QRectF()
        self.setAccessibleName(self.tr("Map of the graph"))
        self.setCursor(Qt.CursorShape.CrossCursor)
        self._later = QTimer(self, singleShot=True, interval=30)
        self._later.timeout.connect(self.update)
        view.looked.connect(self._later.start)
        view.selection_changed.connect(self._later.start)

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
        scale = self._scale()
        if not scale:
            return
        plain, chosen = QColor(tokens.border_strong), QColor(tokens.accent)
        selected = self._view.selected
        for node_id, item in self._view.nodes.items():
            x, y, wide, high = item.box
            corner = self._to_map(QPointF(x, y), scale)
            box = QRectF(corner.x(), corner.y(), max(2, wide * scale), max(1.5, high * scale))
            painter.fillRect(box, chosen if node_id in selected else plain)
        painter.setPen(colors.chosen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        seen = self._view.lens.seen()
        corners = self._to_map(seen.topLeft(), scale), self._to_map(seen.bottomRight(), scale)
        painter.setClipRect(self.rect().adjusted(1, 1, -1, -1))
        painter.drawRect(QRectF(*corners).intersected(QRectF(self.rect()).adjusted(2, 2, -2, -2)))

    def _scale(self) -> float:
        area = QRectF()
        for item in self._view.nodes.values():
            area = area.united(QRectF(*item.box))
        self._area = area
        if area.isEmpty():
            return 0.0
        room = self.rect().adjusted(2 * unit(), 2 * unit(), -2 * unit(), -2 * unit())
        return min(room.width() / area.width(), room.height() / area.height(), 0.12)

    def _to_map(self, point: QPointF, scale: float) -> QPointF:
        return QRectF(self.rect()).center() + (point - self._area.center()) * scale

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._go(event.position())

    @override
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._go(event.position())

    def _go(self, place: QPointF) -> None:
        if scale := self._scale():
            point = self._area.center() + (place - QRectF(self.rect()).center()) / scale
            self._view.centerOn(point)
            self._view.looked.emit()
