"""The search in a graph: centres what it finds, and fades the rest."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QWidget
from typing_extensions import override

from crm_desktop.domain.graph import GraphNode, Part
from crm_desktop.gui.graph.table import GraphTable
from crm_desktop.gui.graph.travel import reading_order
from crm_desktop.gui.graph.view import GraphView
from crm_desktop.gui.widgets.elided_label import TextLabel
from crm_desktop.gui.widgets.search_box import SearchBox


class Finder(SearchBox):
    """Every word must be found in a node's label, kind or lines, or in the words of an edge.

    What a node does not draw of its lines is found as well.
    Enter goes on to the next match, Shift+Enter back, the down arrow into the picture.
    """

    def __init__(self, hint: str, view: GraphView, parent: QWidget | None = None) -> None:
        super().__init__(hint, parent)
        self._view = view
        self._table: GraphTable | None = None
        self._words: list[str] = []
        self._matches: list[Part] = []
        self.found = TextLabel("", parent, face="small", role="muted")
        self.found.hide()
        self.searched.connect(self._search)
        self.left_downward.connect(view.setFocus)

    def follow(self, table: GraphTable) -> None:
        """Search in this table as well."""
        self._table = table
        table.search(self._words)

    def search_again(self) -> None:
        """Find in what is shown now; the picture stays where it is."""
        if self._words:
            self._find()
            self._fade()

    def _search(self, text: str) -> None:
        self._words = text.casefold().split()
        self._find()
        self._fade()
        if self._table is not None:
            self._table.search(self._words)
        if self._matches:
            self._go(self._matches[0])
        self._say()

    def _find(self) -> None:
        nodes = self._view.nodes
        order = reading_order(self._view.boxes())
        self._matches = [
            Part(node_id) for node_id in order if self._holds(_text_of(nodes[node_id].node))
        ]
        edges = self._view.edges.edges.values()
        self._matches += [
            Part(edge.id, is_edge=True)
            for edge in edges
            if self._holds(f"{edge.label}\n{edge.badge}\n{edge.words}".casefold())
        ]

    def _holds(self, text: str) -> bool:
        return bool(self._words) and all(word in text for word in self._words)

    def _fade(self) -> None:
        if not self._matches:  # nothing that was faded would say more than the words beside it
            self._view.emphasise(None)
            return
        strong = {part.id for part in self._matches}
        edges = self._view.edges.edges
        ends = {
            end
            for part in self._matches
            if part.is_edge
            for end in (edges[part.id].from_id, edges[part.id].to_id)
        }
        self._view.emphasise(strong | ends)

    def _go(self, part: Part) -> None:
        self._view.set_current(part, reveal=False)
        self._view.lens.centre_on(part)

    def _say(self) -> None:
        self.found.setVisible(bool(self._words))
        if not self._matches:
            self.found.setText(self.tr("Nothing found"))
            return
        current = self._view.current
        place = self._matches.index(current) + 1 if current in self._matches else 1
        self.found.setText(self.tr("{0:,} of {1:,}").format(place, len(self._matches)))

    def step(self, way: int) -> None:
        """Go to the next match (1) or the one before (-1)."""
        if self._matches:
            current = self._view.current
            place = self._matches.index(current) + way if current in self._matches else 0
            self._go(self._matches[place % len(self._matches)])
            self._say()

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        is_enter = event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}
        if is_enter and self.text().strip().casefold().split() == self._words:
            is_back = event.modifiers() & Qt.KeyboardModifier.ShiftModifier
            self.step(-1 if is_back else 1)
        else:
            super().keyPressEvent(event)


def _text_of(node: GraphNode) -> str:
    lines = "\n".join([*(text for _, text in node.lines), *node.undrawn])
    return f"{node.label}\n{node.group}\n{node.kind}\n{lines}".casefold()
