"""A click on “+12” of a record in a graph expands it: the mouse's short way."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QPoint, Qt, Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication
from typing_extensions import override

from crm_desktop.gui.graph.inks import measures
from crm_desktop.gui.graph.items import HANDLE, NodeItem
from crm_desktop.gui.graph.view import GraphView


class BadgeClicks(QObject):
    """Watches one view; whatever else the mouse does there goes on as it is."""

    clicked = Signal(str)  # the node's id

    def __init__(self, view: GraphView) -> None:
        super().__init__(view)
        self._view = view
        self._pressed = QPoint()
        view.viewport().installEventFilter(self)

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QMouseEvent) and event.button() == Qt.MouseButton.LeftButton:
            place = event.position().toPoint()
            if event.type() == QEvent.Type.MouseButtonPress:
                self._pressed = place
            is_click = event.type() == QEvent.Type.MouseButtonRelease and self._is_near(place)
            if is_click and (node_id := self.node_at(place)):
                self.clicked.emit(node_id)
        return False

    def _is_near(self, place: QPoint) -> bool:
        return (place - self._pressed).manhattanLength() < QApplication.startDragDistance()

    def node_at(self, place: QPoint) -> str:
        """Return the node whose badge is at this place of the viewport, or ""."""
        item = self._view.itemAt(place)
        if not isinstance(item, NodeItem) or self._view.sheet.is_far:
            return ""
        sizes, badge = measures(), item.node.badge
        spot = item.mapFromScene(self._view.mapToScene(place))
        right = item.size[0] - HANDLE  # where links are drawn from
        left = item.size[0] - 2 * sizes.pad - sizes.texts.horizontalAdvance(badge)
        is_on_it = badge.startswith("+") and left <= spot.x() < right
        return item.node.id if is_on_it else ""
