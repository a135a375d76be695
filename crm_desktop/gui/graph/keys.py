"""What the keyboard does in a graph: travels, selects, opens, moves nodes, and links them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QLineF, QPointF, Qt
from PySide6.QtGui import QKeyEvent, QPainter, QPen

from crm_desktop.domain.graph import NO_PART, Part, Point
from crm_desktop.gui.graph.inks import inks
from crm_desktop.gui.graph.travel import middle, next_in_direction, reading_order
from crm_desktop.gui.theme import theme

if TYPE_CHECKING:
    from crm_desktop.gui.graph.view import GraphView

_KEY, _MODIFIER = Qt.Key, Qt.KeyboardModifier
_ARROWS = {
    _KEY.Key_Left: (-1, 0),
    _KEY.Key_Right: (1, 0),
    _KEY.Key_Up: (0, -1),
    _KEY.Key_Down: (0, 1),
}
_MOVE = 24  # pixels at 100 % by which Alt and an arrow move nodes
_PAN = 80


class Keys:
    """The keyboard in one view.

    Arrows lead from node to node, Tab through them in reading order, E through the edges of a
    node. Enter opens, Space selects; Alt with an arrow moves, Ctrl with an arrow pans; L and then
    Enter at another node links. Escape gives up whatever was begun, then fading, then selection.
    """

    def __init__(self, view: GraphView) -> None:
        self._view = view
        self._link_from = ""
        self._edge_from = ""  # the node whose edges E walks
        self.is_space_down = False
        self._did_pan = False

    def press(self, event: QKeyEvent) -> bool:
        """Do what a key is for; False where it is for nobody here."""
        key, held = event.key(), event.modifiers() & ~_MODIFIER.KeypadModifier
        if key in _ARROWS:
            return self._arrow(_ARROWS[_KEY(key)], held)
        if held & ~_MODIFIER.ShiftModifier:
            return False
        act = self._acts().get(_KEY(key))
        if act is None:
            return False
        act()
        return True

    def _acts(self) -> dict[Qt.Key, Callable[[], object]]:
        view = self._view
        return {
            _KEY.Key_Return: self._enter,
            _KEY.Key_Enter: self._enter,
            _KEY.Key_Space: self._space,
            _KEY.Key_Escape: self._escape,
            _KEY.Key_Plus: view.lens.zoom_in,
            _KEY.Key_Equal: view.lens.zoom_in,
            _KEY.Key_Minus: view.lens.zoom_out,
            _KEY.Key_F: view.lens.fit,
            _KEY.Key_L: self.start_link,
            _KEY.Key_E: self._next_edge,
            _KEY.Key_Home: self._first,
            _KEY.Key_End: self._last,
        }

    def release(self, event: QKeyEvent) -> bool:
        if event.key() != _KEY.Key_Space or event.isAutoRepeat():
            return False
        self.is_space_down = False
        return True

    def _arrow(self, step: tuple[int, int], held: Qt.KeyboardModifier) -> bool:
        if held == _MODIFIER.AltModifier:
            self.move_by(step[0] * _MOVE, step[1] * _MOVE)
        elif held == _MODIFIER.ControlModifier:
            self._view.lens.pan(step[0] * _PAN, step[1] * _PAN)
        elif held in {_MODIFIER.NoModifier, _MODIFIER.ShiftModifier}:
            self._travel(step, does_select=held == _MODIFIER.ShiftModifier)
        else:
            return False
        return True

    def _travel(self, step: tuple[int, int], *, does_select: bool) -> None:
        view, boxes = self._view, self._view.boxes()
        current = self._edge_from if view.current.is_edge else view.current.id
        if current not in boxes:
            self._first()
            return
        ends = [view.edges.edges[each] for each in view.edges_of(current)]
        beside = {end for each in ends for end in (each.from_id, each.to_id)} - {current}
        kept = view.selected
        reached = next_in_direction(boxes, sorted(beside), current, step)
        self._go(reached)
        if does_select:
            view.select(kept | {reached})

    def _go(self, node_id: str) -> None:
        self._view.set_current(Part(node_id))
        self._view.viewport().update()

    def _first(self) -> None:
        order = reading_order(self._view.boxes())
        if order:
            self._go(order[0])

    def _last(self) -> None:
        order = reading_order(self._view.boxes())
        if order:
            self._go(order[-1])

    def tab(self, *, is_forward: bool) -> bool:
        """Go on to the next node; False at the end, where the keyboard leaves the view."""
        order = reading_order(self._view.boxes())
        if self._view.current.id not in order:
            if not order or self._view.current.is_edge is False:
                return self._enter_by_tab(order, is_forward=is_forward)
            order_place = order.index(self._edge_from) if self._edge_from in order else 0
        else:
            order_place = order.index(self._view.current.id) + (1 if is_forward else -1)
        if not 0 <= order_place < len(order):
            return False
        self._go(order[order_place])
        return True

    def _enter_by_tab(self, order: list[str], *, is_forward: bool) -> bool:
        if not order:
            return False
        self._go(order[0 if is_forward else -1])
        return True

    def _next_edge(self) -> None:
        """Make the next edge of the node current, and after the last the first again."""
        view = self._view
        if not view.current.is_edge:
            self._edge_from = view.current.id
        edge_ids = view.edges_of(self._edge_from)
        if not edge_ids:
            return
        number = edge_ids.index(view.current.id) + 1 if view.current.id in edge_ids else 0
        view.set_current(Part(edge_ids[number % len(edge_ids)], is_edge=True))

    def _enter(self) -> None:
        view = self._view
        if self._link_from and not view.current.is_edge and view.current.id:
            start, self._link_from = self._link_from, ""
            self._say_hint()
            view.link_requested.emit(start, view.current.id)
        elif view.current.id:
            view.opened.emit(view.current)

    def _space(self) -> None:
        self.is_space_down = True
        view = self._view
        if view.current.id in view.nodes and not view.current.is_edge:
            view.select(view.selected ^ {view.current.id})
            is_selected = view.current.id in view.selected
            said = view.tr("selected") if is_selected else view.tr("not selected")
            view.announce(f"{view.words_of(view.current)}, {said}")

    def _escape(self) -> None:
        view = self._view
        if view.give_up_drag() or self.forget():
            return
        view.emphasise(None)
        if view.selected or view.current.is_edge:
            view.select([])
            view.set_current(NO_PART, reveal=False)

    def start_link(self) -> None:
        view = self._view
        if view.sheet.can_link and view.current.id in view.nodes and not view.current.is_edge:
            self._link_from = view.current.id
            self._say_hint()

    def forget(self) -> bool:
        """Give up a link that was begun; say whether there was one."""
        self.is_space_down = False
        had_link, self._link_from = bool(self._link_from), ""
        if had_link:
            self._say_hint()
        return had_link

    def _say_hint(self) -> None:
        view, hint = self._view, ""
        if self._link_from:
            hint = view.tr(
                "Go to the other end with the arrow keys, then press Enter. Esc gives up."
            )
            view.announce(hint)
        view.hint_changed.emit(hint)
        view.viewport().update()

    def move_by(self, dx: float, dy: float) -> None:
        """Move what is selected, or the current node."""
        view = self._view
        moved = view.selected or ({view.current.id} & view.nodes.keys())
        points = view.points()
        before: dict[str, Point] = {node_id: points[node_id] for node_id in moved}
        after = {node_id: (x + dx, y + dy) for node_id, (x, y) in before.items()}
        if after:
            view.place(after)
            view.lens.reveal(view.current)
            view.moved.emit(before, after)

    def paint(self, painter: QPainter) -> None:
        """Paint the link that is being begun."""
        nodes = self._view.nodes
        if self._link_from not in nodes or self._view.current.id not in nodes:
            return
        pen = QPen(inks(theme()).edge_chosen)
        pen.setStyle(Qt.PenStyle.DashLine)
        painter.setPen(pen)
        ends = (nodes[self._link_from].box, nodes[self._view.current.id].box)
        painter.drawLine(QLineF(QPointF(*middle(ends[0])), QPointF(*middle(ends[1]))))
