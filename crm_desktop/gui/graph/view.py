"""The view of a graph: nodes that are moved and linked, edges, and all of it by keyboard."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import (
    QAccessible,
    QAccessibleAnnouncementEvent,
    QContextMenuEvent,
    QFocusEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPixmap,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QGraphicsScene, QGraphicsView, QWidget
from typing_extensions import override

from crm_desktop.domain.graph import NO_PART, GraphEdge, GraphNode, Part, Point, Size
from crm_desktop.gui.graph.afar import paint_from_afar
from crm_desktop.gui.graph.edges_item import EdgesItem
from crm_desktop.gui.graph.inks import inks
from crm_desktop.gui.graph.items import FADED, NodeItem, Sheet
from crm_desktop.gui.graph.keys import Keys
from crm_desktop.gui.graph.lens import Lens
from crm_desktop.gui.graph.pointer import Pointer
from crm_desktop.gui.graph.routes import Box
from crm_desktop.gui.theme import theme

_FREE = 4000.0  # how far one can pan beyond the nodes
_DOTS = 24  # pixels between the dots of the background


class GraphView(QGraphicsView):
    """Shows nodes at given places, and the edges between them.

    One node or edge is current, any number of nodes is selected. The keyboard does what the mouse
    does; what is current is announced to screen readers, which see nothing of a scene.
    """

    current_changed = Signal(object)  # Part
    selection_changed = Signal()
    opened = Signal(object)  # Part: Enter, or a double click
    menu_requested = Signal(object, QPoint)  # Part, and where on the screen
    moved = Signal(object, object)  # places by node before and after, when a move has ended
    link_requested = Signal(str, str)  # from node, to node
    hint_changed = Signal(str)  # what the keyboard is asked for now
    zoom_changed = Signal(float)
    looked = Signal()  # what is shown, or which part of it, is another

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.sheet = Sheet()
        self.lens = Lens(self)
        self._has_pictures = False  # whether Qt keeps those of the nodes
        self.corner = QRect()  # of the viewport, where other things lie above the picture
        self.nodes: dict[str, NodeItem] = {}
        self.edges = EdgesItem([], {}, self.sheet)
        self.current = NO_PART
        self.selected: frozenset[str] = frozenset()
        self._strong: frozenset[str] | None = None  # what is not faded
        self._keys = Keys(self)
        self._pointer = Pointer(self)
        self._dots: tuple[object, QPixmap] | None = None
        self.setScene(QGraphicsScene(self))
        self.scene().addItem(self.edges)
        self.setAccessibleName(name)
        self.setFrameShape(QGraphicsView.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTransformationAnchor(QGraphicsView.ViewportAnchor.NoAnchor)
        self.setResizeAnchor(QGraphicsView.ViewportAnchor.NoAnchor)
        self.setViewportUpdateMode(QGraphicsView.ViewportUpdateMode.BoundingRectViewportUpdate)
        self.setOptimizationFlag(QGraphicsView.OptimizationFlag.DontAdjustForAntialiasing)
        self.viewport().setMouseTracking(True)

    # What is shown.

    def show_graph(
        self,
        nodes: Sequence[GraphNode],
        edges: Sequence[GraphEdge],
        points: Mapping[str, Point],
        sizes: Mapping[str, Size],
    ) -> None:
        """Show these instead of what was; a node without a place is left out, and its edges.

        What was current and selected stays so where it is still there.
        """
        scene = self.scene()
        for item in self.nodes.values():
            scene.removeItem(item)
        scene.removeItem(self.edges)
        self.nodes, self._has_pictures = {}, False
        for node in nodes:
            if node.id in points:
                item = NodeItem(node, sizes[node.id], self.sheet)
                item.setPos(*points[node.id])
                self.nodes[node.id] = item
                scene.addItem(item)
        shown = self.nodes.keys()
        known = [each for each in edges if each.from_id in shown and each.to_id in shown]
        self.edges = EdgesItem(known, self.boxes(), self.sheet)
        scene.addItem(self.edges)
        self._set_room()
        QTimer.singleShot(0, self, self._keep_pictures)  # at the zoom that it has by then
        self._keep_what_is_left()
        self.looked.emit()

    def _keep_what_is_left(self) -> None:
        self.selected &= self.nodes.keys()
        if not self.has(self.current):
            self.current = NO_PART
        if self._strong is not None:
            left = self._strong & (self.nodes.keys() | self.edges.edges.keys())
            self.emphasise(left or None)
        self._mark()

    def has(self, part: Part) -> bool:
        if part.is_edge:
            return part.id in self.edges.edges
        return part.id in self.nodes

    def boxes(self) -> dict[str, Box]:
        return {node_id: item.box for node_id, item in self.nodes.items()}

    def points(self) -> dict[str, Point]:
        return {node_id: (item.x(), item.y()) for node_id, item in self.nodes.items()}

    def place(self, points: Mapping[str, Point]) -> None:
        """Put nodes at these places, and lead their edges anew."""
        for node_id, point in points.items():
            if node_id in self.nodes:
                self.nodes[node_id].setPos(*point)
        self.lead_anew(points)
        self._set_room()
        self.looked.emit()

    def lead_anew(self, node_ids: Iterable[str]) -> None:
        nodes = self.nodes
        self.edges.lead_anew({each: nodes[each].box for each in node_ids if each in nodes})

    def _set_room(self) -> None:
        self.setSceneRect(self.extent().adjusted(-_FREE, -_FREE, _FREE, _FREE))

    def extent(self) -> QRectF:
        """Return what all nodes and edges cover."""
        return self.edges.extent() if self.nodes else QRectF()

    # What is current, selected, faded.

    def set_current(self, part: Part, *, reveal: bool = True) -> None:
        """Make a node or an edge current; no other is selected then."""
        if part != self.current:
            self.current = part if self.has(part) else NO_PART
            self.announce(self.words_of(self.current))
            self.current_changed.emit(self.current)
        self.select([] if part.is_edge or not part.id else [part.id])
        self._mark()
        if reveal:
            self.lens.reveal(self.current)

    def select(self, node_ids: Collection[str]) -> None:
        chosen = frozenset(node_ids) & self.nodes.keys()
        if chosen != self.selected:
            self.selected = chosen
            self._mark()
            self.selection_changed.emit()

    def emphasise(self, part_ids: Collection[str] | None) -> None:
        """Fade all nodes and edges but these; None fades nothing."""
        self._strong = None if part_ids is None else frozenset(part_ids)
        for node_id, item in self.nodes.items():
            is_faded = self._strong is not None and node_id not in self._strong
            item.setOpacity(FADED if is_faded else 1.0)
        known = frozenset(self.edges.edges)
        self.edges.faded = frozenset() if self._strong is None else known - self._strong
        self.edges.update()

    def chosen_edges(self) -> frozenset[str]:
        return frozenset([self.current.id]) if self.current.is_edge else frozenset()

    def _mark(self) -> None:
        for node_id, item in self.nodes.items():
            is_current = node_id == self.current.id and not self.current.is_edge
            state = (node_id in self.selected, is_current)
            if state != (item.state.is_chosen, item.state.is_current):
                item.state.is_chosen, item.state.is_current = state
                item.update()
        if self.edges.chosen != self.chosen_edges():
            self.edges.chosen = self.chosen_edges()
            self.viewport().update()

    def words_of(self, part: Part) -> str:
        """Say what a node or an edge is, for those who hear it."""
        if part.is_edge:
            edge = self.edges.edges[part.id]
            return edge.words or f"{edge.label} {edge.badge}".strip()
        if part.id not in self.nodes:
            return ""
        node, count = self.nodes[part.id].node, len(self.edges_of(part.id))
        edges = self.tr("1 edge") if count == 1 else self.tr("{} edges").replace("{}", str(count))
        said = [node.label, node.group, node.badge, edges]
        return ", ".join(text for text in said if text)

    def edges_of(self, node_id: str) -> Sequence[str]:
        return self.edges.edges_of(node_id)

    def announce(self, words: str) -> None:
        self.setAccessibleDescription(words)
        if words:
            QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self, words))

    def area_of(self, part: Part) -> QRectF | None:
        """Return what a node covers, or the label of an edge; None where it is not shown."""
        if not self.has(part):
            return None
        if part.is_edge:
            x, y = self.edges.way(part.id).label
            return QRectF(x - 40, y - 20, 80, 40)
        return QRectF(*self.nodes[part.id].box)

    def set_zoom(self, zoom: float) -> None:
        """Note a zoom that the lens has set: from afar nodes are painted differently."""
        was_far, self.sheet.zoom = self.sheet.is_far, zoom
        if self.sheet.is_far != was_far:
            self._keep_pictures()

    def _keep_pictures(self) -> None:
        if self._has_pictures or not self.sheet.is_far:
            self._has_pictures = not self.sheet.is_far
            for item in self.nodes.values():
                item.keep_picture()

    def set_linkable(self, *, is_linkable: bool) -> None:
        """Let links be drawn from node to node, by a handle at each and by the key L."""
        self.sheet.can_link = is_linkable

    def start_link(self) -> None:
        """Let the keyboard choose what the current node shall be linked with."""
        self._keys.start_link()

    def is_space_held(self) -> bool:
        return self._keys.is_space_down

    def give_up_drag(self) -> bool:
        return self._pointer.cancel()

    # Events.

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not self._keys.press(event):
            event.ignore()

    @override
    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if not self._keys.release(event):
            super().keyReleaseEvent(event)

    @override
    def focusNextPrevChild(self, next: bool) -> bool:
        return self._keys.tab(is_forward=next) or super().focusNextPrevChild(next)

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._pointer.press(event)

    @override
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)  # tells items that they are hovered
        self._pointer.move(event)

    @override
    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._pointer.release(event)

    @override
    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        part = self.part_at(event.position().toPoint())
        if part.id:
            self.opened.emit(part)

    @override
    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        if event.reason() == QContextMenuEvent.Reason.Mouse:
            part = self.part_at(event.pos())
            if part != self.current and part.id not in self.selected:
                self.set_current(part, reveal=False)
            self.menu_requested.emit(part, event.globalPos())
        else:
            self.request_menu()
        event.accept()

    def request_menu(self) -> None:
        """Ask for the menu of what is current, beside it."""
        area = self.area_of(self.current)
        middle = self.viewport().rect().center()
        place = self.mapFromScene(area.center()) if area is not None else middle
        self.menu_requested.emit(self.current, self.viewport().mapToGlobal(place))

    def part_at(self, place: QPoint) -> Part:
        """Return what is at this place of the viewport; nodes lie above edges."""
        item = self.itemAt(place)
        if isinstance(item, NodeItem):
            return Part(item.node.id)
        spot = self.mapToScene(place)
        edge_id = self.edges.at((spot.x(), spot.y()), 6 / self.sheet.zoom)
        return Part(edge_id, is_edge=True) if edge_id else NO_PART

    @override
    def wheelEvent(self, event: QWheelEvent) -> None:
        self.lens.turn(event)

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.looked.emit()

    @override
    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self._tell_focus(has_focus=True)
        self.announce(self.words_of(self.current))

    @override
    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._keys.forget()
        self._tell_focus(has_focus=False)

    def _tell_focus(self, *, has_focus: bool) -> None:
        self.sheet.has_focus = has_focus
        if not self.current.is_edge and self.current.id in self.nodes:
            self.nodes[self.current.id].update()

    @override
    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in {QEvent.Type.PaletteChange, QEvent.Type.FontChange}:
            self.repaint_all()

    def repaint_all(self) -> None:
        """Paint all items anew: colours or fonts are others."""
        self.sheet.forget()
        for item in self.nodes.values():
            item.update()
        self.viewport().update()

    @override
    def drawBackground(self, painter: QPainter, rect: QRectF | QRect) -> None:
        colors = inks(theme())
        painter.fillRect(rect, colors.window)
        if self.sheet.is_far:
            return
        if self._dots is None or self._dots[0] is not colors:
            self._dots = (colors, _dotted(colors.window, colors.dot))
        corner = self.mapFromScene(QPointF(0, 0))
        painter.save()
        painter.resetTransform()
        room = self.viewport().rect()
        offset = QPointF(-corner.x() % _DOTS, -corner.y() % _DOTS)
        painter.drawTiledPixmap(QRectF(room), self._dots[1], offset)
        painter.restore()

    @override
    def drawForeground(self, painter: QPainter, rect: QRectF | QRect) -> None:
        if self.sheet.is_far:
            paint_from_afar(painter, self.sheet.paper(), self.nodes.values(), QRectF(rect))
        self.edges.paint_chosen(painter)
        self._pointer.paint(painter)
        self._keys.paint(painter)


def _dotted(ground: object, dot: object) -> QPixmap:
    tile = QPixmap(_DOTS, _DOTS)
    tile.fill(ground)
    painter = QPainter(tile)
    painter.fillRect(0, 0, 1, 1, dot)
    painter.end()
    return tile
