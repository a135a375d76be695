"""A graph with all that belongs to it: search, picture, map, zoom, and the table beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget
from typing_extensions import override

from crm_desktop.domain.graph import (
    NO_PART,
    Ends,
    GraphEdge,
    GraphNode,
    Part,
    Point,
    Size,
    ends_of,
)
from crm_desktop.domain.graph_layout import Arrangement
from crm_desktop.domain.graph_spacing import place_new
from crm_desktop.gui.graph.arranging import Arranging
from crm_desktop.gui.graph.commands import Commands
from crm_desktop.gui.graph.finder import Finder
from crm_desktop.gui.graph.inks import measures
from crm_desktop.gui.graph.minimap import Minimap
from crm_desktop.gui.graph.moves import Moves
from crm_desktop.gui.graph.output import Output
from crm_desktop.gui.graph.table import GraphTable
from crm_desktop.gui.graph.view import GraphView
from crm_desktop.gui.graph.zoom_bar import ZoomBar
from crm_desktop.gui.theme import line_height, unit
from crm_desktop.gui.widgets.elided_label import TextLabel
from crm_desktop.gui.widgets.empty_state import EmptyState
from crm_desktop.gui.widgets.running_bar import RunningBar
from crm_desktop.gui.widgets.splitter import Splitter

if TYPE_CHECKING:
    from crm_desktop.domain.errors import UserError
    from crm_desktop.gui.tasks import Tasks


class CanvasWords(NamedTuple):
    """What this graph is called, what is searched for in it, and what its edges are."""

    name: str
    find_hint: str
    edge_kind: str


class GraphCanvas(QWidget):
    """Shows nodes and edges that are plain data; knows nothing of what they stand for.

    `bar` is the row above the picture: the search stands in it, a page adds its own; what belongs
    beside the picture goes into `sides`. `placed` tells which nodes came to other places, by hand,
    by arranging or by undoing.
    """

    current_changed = Signal(object)  # Part: in the picture or in the table
    opened = Signal(object)  # Part
    menu_requested = Signal(object, QPoint)  # Part, and where on the screen
    link_requested = Signal(str, str)  # from node, to node
    placed = Signal(object)  # places by node
    said = Signal(str)
    refused = Signal(object)  # UserError
    retry_requested = Signal()  # what could not be read

    def __init__(self, tasks: Tasks, words: CanvasWords, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.sides = Splitter(Qt.Orientation.Horizontal, self)
        self.panes = Splitter(Qt.Orientation.Vertical, self.sides)
        self.view = GraphView(words.name, self.panes)
        self._table: GraphTable | None = None
        self._words = words
        self.moves = Moves(self.view)
        self.output = Output(self.view)
        self.arranging = Arranging(tasks, self.view)
        self.commands = Commands(self)
        self.finder = Finder(words.find_hint, self.view, self)
        self.minimap = Minimap(self.view)
        use = self.commands
        self.zoom_bar = ZoomBar(self.view, use.zoom_out, use.zoom_full, use.zoom_in, use.fit,
                                use.map)  # fmt: skip
        self.hint = TextLabel("", self, face="small", role="accent")
        self.notice = TextLabel("", self, face="small", role="muted", wraps=True)
        self.running = RunningBar(self)
        self.unread: EmptyState | None = None  # made when it is needed
        self._shown: tuple[Sequence[GraphNode], Sequence[GraphEdge]] = ((), ())
        self._plan: tuple[dict[str, Size], list[Ends]] = ({}, [])  # what an arrangement is for
        self.bar = QHBoxLayout()
        self._lay_out()
        self._connect()

    def _lay_out(self) -> None:
        self.bar.setContentsMargins(3 * unit(), 2 * unit(), 3 * unit(), 2 * unit())
        self.bar.setSpacing(2 * unit())
        self.finder.setMinimumWidth(round(13 * line_height()))
        self.finder.setMaximumWidth(round(22 * line_height()))
        self.bar.addWidget(self.finder)
        self.bar.addWidget(self.finder.found)
        self.bar.addStretch(1)
        self.panes.addWidget(self.view)
        self.sides.addWidget(self.panes)
        self.sides.setStretchFactor(0, 1)
        box = self._column = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        box.addLayout(self.bar)
        for line in (self.running, self.hint, self.notice):
            box.addWidget(line)
        for label in (self.hint, self.notice):
            label.setContentsMargins(3 * unit(), 0, 3 * unit(), unit())
            label.hide()
        box.addWidget(self.sides, 1)
        self.setFocusProxy(self.view)

    def _connect(self) -> None:
        view = self.view
        view.current_changed.connect(self.current_changed)
        view.opened.connect(self.opened)
        view.menu_requested.connect(self.menu_requested)
        view.link_requested.connect(self.link_requested)
        view.hint_changed.connect(self._show_hint)
        view.looked.connect(self._put_corners)
        self.moves.placed.connect(self.placed)
        self.output.said.connect(self.said)
        self.output.refused.connect(self.refused)
        self.arranging.began.connect(self._show_running)
        self.arranging.ended.connect(self.running.end)
        self.arranging.simplified.connect(self.say)
        self.running.stop_requested.connect(self.arranging.stop)
        self.running.resume_requested.connect(self._arrange_again)
        self._wanted = Arrangement.LAYERED

    # What is shown.

    def show_unread(self, error: UserError) -> None:
        """Say in place of the picture why there is none, and offer to try again."""
        if self.unread is None:
            self.unread = EmptyState("", icon_name="cloud-off")
            self.unread.action_requested.connect(self.retry_requested)
            self._column.addWidget(self.unread, 1)
        sentence = self.tr("This could not be read. {why}").format(why=error)
        self.unread.set_sentence(sentence, self.tr("Try again"))
        self.sides.hide()
        self.unread.show()

    def show_graph(
        self,
        nodes: Sequence[GraphNode],
        edges: Sequence[GraphEdge],
        points: Mapping[str, Point],
    ) -> None:
        """Show these nodes and edges; nodes without a place get one beside a neighbour.

        What is current, selected and zoomed stays. An arrangement under way is given up where it
        would not fit any more.
        """
        if self.unread is not None:
            self.unread.hide()
        self.sides.show()
        size_of = measures().size_of
        sizes = {node.id: size_of(node) for node in nodes}
        plan = (sizes, ends_of(edges))
        if plan != self._plan:
            self.arranging.stop()
            self._plan = plan
        places = points if sizes.keys() <= points.keys() else place_new(
            points, sizes, ends_of(edges), self.arranging.gap
        )  # fmt: skip
        self.view.show_graph(nodes, edges, places, sizes)
        self._shown = (nodes, edges)
        self._tell_table()
        self.finder.search_again()

    def _tell_table(self) -> None:
        """Fill the table when it is looked at: a picture alone comes the sooner without it."""
        if self.has_table:
            self.table.show_graph(*self._shown)
            self.table.show_current(self.view.current)

    @property
    def has_table(self) -> bool:
        """Whether the table is shown beside the picture."""
        return self._table is not None and not self._table.isHidden()

    @property
    def table(self) -> GraphTable:
        """The table, made when it is first wanted: a picture comes the sooner without."""
        if self._table is None:
            table = self._table = GraphTable(self._words.name, self._words.edge_kind)
            table.hide()
            self.panes.addWidget(table)
            self.panes.setSizes([600, 240])
            self.view.current_changed.connect(table.show_current)
            table.current_changed.connect(self._show_from_table)
            table.opened.connect(self.opened)
            table.menu_requested.connect(self.menu_requested)
            table.refused.connect(self.refused)
            self.finder.follow(table)
        return self._table

    def current(self) -> Part:
        """Return the node or edge that commands are about."""
        return self.view.current

    def set_current(self, part: Part) -> None:
        self.view.set_current(part)

    def say(self, sentence: str) -> None:
        """Say above the picture what one has to know about it; "" for nothing."""
        self.notice.setText(sentence)
        self.notice.setVisible(bool(sentence))

    def _show_hint(self, hint: str) -> None:
        self.hint.setText(hint)
        self.hint.setVisible(bool(hint))

    def _show_from_table(self, part: Part) -> None:
        self.view.set_current(part)
        if part != NO_PART:
            self.view.lens.reveal(part)

    # Arranging.

    def arrange(self, wanted: Arrangement) -> None:
        """Compute places on a worker; they are one step of undo."""
        self._wanted = wanted
        self.say("")
        self.arranging.start(wanted, self._take_arrangement)

    def _arrange_again(self) -> None:
        self.arrange(self._wanted)

    def _take_arrangement(self, _: Arrangement, points: Mapping[str, Point]) -> None:
        self.moves.arrange(self.tr("arrangement"), points)
        self.view.lens.fit()

    def _show_running(self, sentence: str) -> None:
        self.running.run(sentence, self.tr("Stopped. Every node stays where it was."))

    # Panes.

    def toggle_table(self) -> None:
        """Show or hide the table; it has the keyboard when it appears."""
        is_shown = not self.has_table
        had_focus = self.table.hasFocus()
        self.table.setVisible(is_shown)
        self.commands.table.setChecked(is_shown)
        self._tell_table()
        if is_shown:
            self.table.setFocus()
        elif had_focus:
            self.view.setFocus()

    def toggle_map(self) -> None:
        self.minimap.setVisible(self.minimap.isHidden())
        self.commands.map.setChecked(not self.minimap.isHidden())
        self._put_corners()

    def _put_corners(self) -> None:
        """Keep map and zoom in the lower right corner of the picture."""
        room, air = self.view.rect(), 3 * unit()
        self.zoom_bar.adjustSize()
        bar = self.zoom_bar.size()
        left, top = room.width() - bar.width() - air, room.height() - bar.height() - air
        self.zoom_bar.move(left, top)
        self.minimap.resize(self.minimap.sizeHint().expandedTo(bar))
        wide, high = self.minimap.width(), self.minimap.height()
        self.minimap.move(room.width() - wide - air, top - high - 2 * unit())
        self.view.corner = self.zoom_bar.geometry()
        if not self.minimap.isHidden():
            self.view.corner |= self.minimap.geometry()

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._put_corners()
