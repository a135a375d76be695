"""How a graph is looked at: its zoom, which part of it is in sight, and how one gets elsewhere."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import QWheelEvent

from crm_desktop.domain.graph import Part

if TYPE_CHECKING:
    from crm_desktop.gui.graph.view import GraphView

SMALLEST, LARGEST = 0.04, 3.0
STEP = 1.2  # of zoom
_AIR = 40.0  # around what is fitted


def _zoom_into(area: QRectF, room: QRectF) -> float:
    wide = max(room.width() - 2 * _AIR, 50) / area.width()
    high = max(room.height() - 2 * _AIR, 50) / area.height()
    return max(SMALLEST, min(1.0, wide, high))


class Lens:
    """Zooms and pans one view."""

    def __init__(self, view: GraphView) -> None:
        self._view = view

    def turn(self, event: QWheelEvent) -> None:
        """Zoom with Ctrl; pan without, to the side with Shift."""
        turned = event.angleDelta()
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            zoom = self._view.sheet.zoom * STEP ** (turned.y() / 120)
            self.zoom_to(zoom, event.position().toPoint())
        elif event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self.pan(-(turned.y() or turned.x()), 0)
        else:
            self.pan(-turned.x(), -turned.y())
        event.accept()

    def zoom_to(self, zoom: float, at: QPoint | None = None) -> None:
        """Set the zoom, 1 for 100 %; what lies at this place of the viewport stays there."""
        zoom = max(SMALLEST, min(LARGEST, zoom))
        anchor = at or self._view.viewport().rect().center()
        before = self._view.mapToScene(anchor)
        self._scale(zoom)
        self._centre_with(before, anchor)

    def _scale(self, zoom: float) -> None:
        self._view.resetTransform()
        self._view.scale(zoom, zoom)
        self._view.set_zoom(zoom)
        self._view.zoom_changed.emit(zoom)
        self._view.looked.emit()

    def _centre_with(self, point: QPointF, at: QPoint) -> None:
        middle = self._view.viewport().rect().center()
        shift = QPointF(middle - at) / self._view.sheet.zoom
        self._view.centerOn(point + shift)
        self._view.looked.emit()

    def zoom_in(self) -> None:
        self.zoom_to(self._view.sheet.zoom * STEP)

    def zoom_out(self) -> None:
        self.zoom_to(self._view.sheet.zoom / STEP)

    def zoom_fully(self) -> None:
        self.zoom_to(1.0)

    def fit(self) -> None:
        """Show all of it, at 100 % at the most, and no node beneath the map."""
        area = self._view.extent()
        if area.isEmpty():
            return
        room = self._room_for(area)
        zoom = _zoom_into(area, room)
        self._scale(zoom)
        away = QRectF(self._view.viewport().rect()).center() - room.center()
        self._view.centerOn(area.center() + away / zoom)
        self._view.looked.emit()

    def _room_for(self, area: QRectF) -> QRectF:
        """Return the whole viewport, or what is beside or above the map where that is in the way.

        Of the two, the one that allows the larger zoom.
        """
        room, corner = QRectF(self._view.viewport().rect()), QRectF(self._view.corner)
        zoom = _zoom_into(area, room)
        start = area.center() + (corner.topLeft() - room.center()) / zoom
        left, top = start.x(), start.y()
        right, bottom = left + corner.width() / zoom, top + corner.height() / zoom
        boxes = self._view.boxes().values()
        if not any(
            x < right and x + wide > left and y < bottom and y + high > top
            for x, y, wide, high in boxes
        ):
            return room
        beside, above = QRectF(room), QRectF(room)
        beside.setRight(corner.left())
        above.setBottom(corner.top())
        return max(beside, above, key=partial(_zoom_into, area))

    def reveal(self, part: Part) -> None:
        """Bring a node or an edge into sight, if it is not there."""
        area = self._view.area_of(part)
        if area is not None and not self.seen().contains(area):
            room = round(_AIR)
            self._view.ensureVisible(area, room, room)
            self._view.looked.emit()

    def centre_on(self, part: Part) -> None:
        area = self._view.area_of(part)
        if area is not None:
            if self._view.sheet.is_far:
                self._scale(0.8)
            self._view.centerOn(area.center())
            self._view.looked.emit()

    def seen(self) -> QRectF:
        """Return the part of the scene that is on screen."""
        return self._view.mapToScene(self._view.viewport().rect()).boundingRect()

    def pan(self, dx: int, dy: int) -> None:
        across, down = self._view.horizontalScrollBar(), self._view.verticalScrollBar()
        across.setValue(across.value() + dx)
        down.setValue(down.value() + dy)
        self._view.looked.emit()
