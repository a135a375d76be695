"""What the mouse does in a graph: pans, selects, moves nodes, and draws links between them."""

from __future__ import annotations

from enum import Enum, auto
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import QMouseEvent, QPainter, QPen
from PySide6.QtWidgets import QApplication

from crm_desktop.domain.graph import NO_PART, Part, Point
from crm_desktop.gui.graph.inks import inks
from crm_desktop.gui.graph.items import HANDLE, NodeItem
from crm_desktop.gui.theme import theme

if TYPE_CHECKING:
    from crm_desktop.gui.graph.view import GraphView

_SHIFT, _CONTROL = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier
_LEFT, _MIDDLE = Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton


class _Doing(Enum):
    NOTHING = auto()
    PANNING = auto()
    PRESSING = auto()  # a node, which may yet be moved
    MOVING = auto()
    LINKING = auto()
    FRAMING = auto()  # a rectangle whose nodes are selected


class Pointer:
    """The mouse over one view. Dragging the ground pans; with Shift it selects."""

    def __init__(self, view: GraphView) -> None:
        self._view = view
        self._doing = _Doing.NOTHING
        self._began, self._last = QPoint(), QPoint()
        self._before: dict[str, Point] = {}
        self._link_from, self._target = "", ""

    def press(self, event: QMouseEvent) -> None:
        self._view.setFocus(Qt.FocusReason.MouseFocusReason)
        place = event.position().toPoint()
        self._began = self._last = place
        if event.button() == _MIDDLE or (event.button() == _LEFT and self._view.is_space_held()):
            self._begin_pan()
        elif event.button() == _LEFT:
            self._press_left(place, event.modifiers())

    def _press_left(self, place: QPoint, keys: Qt.KeyboardModifier) -> None:
        if linked := self._handle_at(place):
            self._doing, self._link_from = _Doing.LINKING, linked
            return
        part = self._view.part_at(place)
        if not part.id:
            if keys & _SHIFT:
                self._doing = _Doing.FRAMING
                return
            self._view.set_current(NO_PART, reveal=False)
            self._begin_pan()
        elif part.is_edge:
            self._view.set_current(part, reveal=False)
        else:
            self._press_node(part, keys)

    def _press_node(self, part: Part, keys: Qt.KeyboardModifier) -> None:
        view = self._view
        if keys & (_CONTROL | _SHIFT):
            view.select(view.selected ^ {part.id})
        elif part.id not in view.selected:
            view.set_current(part, reveal=False)
        self._doing = _Doing.PRESSING

    def _begin_pan(self) -> None:
        self._doing = _Doing.PANNING
        self._view.viewport().setCursor(Qt.CursorShape.ClosedHandCursor)

    def _handle_at(self, place: QPoint) -> str:
        item = self._view.itemAt(place)
        if not isinstance(item, NodeItem) or not item.is_linkable:
            return ""
        away = item.mapFromScene(self._view.mapToScene(place)) - item.handle
        return item.node.id if away.manhattanLength() <= 2 * HANDLE else ""

    def move(self, event: QMouseEvent) -> None:
        place = event.position().toPoint()
        step, self._last = place - self._last, place
        if self._doing is _Doing.PANNING:
            self._view.lens.pan(-step.x(), -step.y())
        elif self._doing is _Doing.PRESSING and self._is_far(place):
            self._begin_move()
            self._move_by(place - self._began)
        elif self._doing is _Doing.MOVING:
            self._move_by(place - self._began)
        elif self._doing is _Doing.LINKING:
            self._aim(place)
        elif self._doing is _Doing.FRAMING:
            self._view.viewport().update()

    def _is_far(self, place: QPoint) -> bool:
        return (place - self._began).manhattanLength() >= QApplication.startDragDistance()

    def _begin_move(self) -> None:
        self._doing = _Doing.MOVING
        points = self._view.points()
        self._before = {node_id: points[node_id] for node_id in self._view.selected}

    def _move_by(self, way: QPoint) -> None:
        zoom = self._view.sheet.zoom
        for node_id, (x, y) in self._before.items():
            if node_id in self._view.nodes:
                self._view.nodes[node_id].setPos(x + way.x() / zoom, y + way.y() / zoom)
        self._view.lead_anew(self._before)

    def _aim(self, place: QPoint) -> None:
        part = self._view.part_at(place)
        self._set_target("" if part.is_edge else part.id)
        self._view.viewport().update()

    def _set_target(self, node_id: str) -> None:
        for each, is_target in ((self._target, False), (node_id, True)):
            if each in self._view.nodes:
                self._view.nodes[each].state.is_target = is_target
                self._view.nodes[each].update()
        self._target = node_id

    def release(self, event: QMouseEvent) -> None:
        doing, self._doing = self._doing, _Doing.NOTHING
        self._view.viewport().unsetCursor()
        if doing is _Doing.MOVING:
            self._end_move()
        elif doing is _Doing.LINKING:
            self._aim(event.position().toPoint())
            target = self._target
            self._set_target("")
            if target:
                self._view.link_requested.emit(self._link_from, target)
        elif doing is _Doing.FRAMING:
            self._view.select(self._framed())
        self._view.viewport().update()

    def _end_move(self) -> None:
        before = {each: self._before[each] for each in self._before if each in self._view.nodes}
        points = self._view.points()
        after = {node_id: points[node_id] for node_id in before}
        self._view.place(after)
        if after != before:
            self._view.moved.emit(before, after)

    def _frame(self) -> QRectF:
        corners = self._view.mapToScene(self._began), self._view.mapToScene(self._last)
        return QRectF(*corners).normalized()

    def _framed(self) -> list[str]:
        frame = self._frame()
        return [
            node_id
            for node_id, item in self._view.nodes.items()
            if frame.intersects(QRectF(*item.box))
        ]

    def cancel(self) -> bool:
        """Give up what is being dragged (Escape); say whether there was anything."""
        doing, self._doing = self._doing, _Doing.NOTHING
        if doing is _Doing.MOVING:
            self._view.place(self._before)
        self._set_target("")
        self._view.viewport().update()
        return doing in {_Doing.MOVING, _Doing.LINKING, _Doing.FRAMING}

    def paint(self, painter: QPainter) -> None:
        """Paint the link that is being drawn, or the frame."""
        colors = inks(theme())
        if self._doing is _Doing.FRAMING:
            painter.setPen(colors.chosen)
            painter.drawRect(self._frame())
        elif self._doing is _Doing.LINKING:
            start = self._view.nodes[self._link_from]
            pen = QPen(colors.edge_chosen)
            pen.setStyle(Qt.PenStyle.DashLine)
            painter.setPen(pen)
            painter.drawLine(start.mapToScene(start.handle), self._spot())

    def _spot(self) -> QPointF:
        return self._view.mapToScene(self._last)
