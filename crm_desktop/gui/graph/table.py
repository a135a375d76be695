"""The table beside a graph: every node and edge as a row, for those who do not see the picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QObject, QPoint, QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QAbstractItemView, QWidget

from crm_desktop.domain.graph import NO_PART, GraphEdge, GraphNode, Part
from crm_desktop.gui.delegates import CellKind
from crm_desktop.gui.models.table_model import Column, TableModel
from crm_desktop.gui.theme import line_height
from crm_desktop.gui.widgets.grid import GridView


@dataclass(frozen=True, slots=True)
class GraphRow:
    """A node or an edge in words; `place` keeps nodes before edges."""

    id: Part
    place: int
    name: str
    icon: str
    kind: str
    details: str
    joined: str


class GraphRows(TableModel[GraphRow]):
    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.set_columns(
            Column(
                self.tr("Name"),
                lambda row: row.name,
                CellKind.ICON_TEXT,
                icon=lambda row: row.icon,
                width=12,
            ),
            Column(self.tr("Kind"), lambda row: row.kind, CellKind.MUTED, width=7),
            Column(
                self.tr("Joined with"), lambda row: row.joined, tip=lambda row: row.joined, width=16
            ),
            Column(
                self.tr("Details"), lambda row: row.details, tip=lambda row: row.details, width=18
            ),
        )


def rows_of(
    nodes: Sequence[GraphNode], edges: Sequence[GraphEdge], edge_kind: str
) -> list[GraphRow]:
    """Return what a graph shows as rows: first its nodes, then its edges."""
    labels = {node.id: node.label for node in nodes}
    known = [edge for edge in edges if {edge.from_id, edge.to_id} <= labels.keys()]
    joined: dict[str, list[str]] = {}
    for edge in known:
        _note(joined, edge.from_id, labels[edge.to_id], edge)
        if edge.from_id != edge.to_id:
            _note(joined, edge.to_id, labels[edge.from_id], edge)
    found = [
        _row_of_node(number, node, joined.get(node.id, ())) for number, node in enumerate(nodes)
    ]
    for edge in known:
        found.append(_row_of_edge(len(found), edge, labels, edge_kind))
    return found


def _note(joined: dict[str, list[str]], node_id: str, other: str, edge: GraphEdge) -> None:
    label = f"{other} ({edge.label})" if edge.label else other
    joined.setdefault(node_id, []).append(label)


def _row_of_node(place: int, node: GraphNode, joined: Sequence[str]) -> GraphRow:
    lines = ", ".join([*(text for _, text in node.lines), *node.undrawn])
    details = ": ".join(text for text in (node.badge, lines) if text)
    return GraphRow(
        Part(node.id), place, node.label, node.icon, node.group, details, ", ".join(joined)
    )


def _row_of_edge(
    place: int, edge: GraphEdge, labels: Mapping[str, str], edge_kind: str
) -> GraphRow:
    ends = f"{labels[edge.from_id]} \u2192 {labels[edge.to_id]}"
    name = edge.label or ends
    details = " ".join(text for text in (edge.badge, edge.words) if text)
    return GraphRow(Part(edge.id, is_edge=True), place, name, "spline", edge_kind, details, ends)


class GraphTable(GridView):
    """The same nodes and edges as the view beside it: what is current in one is in the other."""

    current_changed = Signal(object)  # Part, by somebody's hand
    opened = Signal(object)  # Part
    menu_requested = Signal(object, QPoint)  # Part, and where on the screen

    def __init__(self, name: str, edge_kind: str, parent: QWidget | None = None) -> None:
        super().__init__(parent, name=name)
        self._edge_kind = edge_kind
        self.rows = GraphRows(self)
        self.setModel(self.rows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setSortingEnabled(True)
        self.horizontalHeader().setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        for number, column in enumerate(self.rows.columns):
            self.setColumnWidth(number, round(column.width * line_height()))
        self.set_empty_state(self.tr("Nothing to show."), icon_name="workflow")
        self.selectionModel().currentRowChanged.connect(self._tell_current)
        self.activated.connect(self._tell_opened)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(self._ask_for_menu)

    def show_graph(self, nodes: Sequence[GraphNode], edges: Sequence[GraphEdge]) -> None:
        self.rows.set_rows(rows_of(nodes, edges, self._edge_kind))

    def current_part(self) -> Part:
        row = self.rows.row_at(self.currentIndex())
        return row.id if row is not None else NO_PART

    def show_current(self, part: Part) -> None:
        """Follow the view, without telling it so."""
        index = self.rows.index_of(part)
        with QSignalBlocker(self):
            self.setCurrentIndex(index)
        if index.isValid():
            self.scrollTo(index)

    def search(self, words: Sequence[str]) -> None:
        """List only rows with all these words; all rows for none."""
        keep = (lambda row: self.rows.contains(row, words)) if words else None
        self.rows.set_filter(keep)

    def _tell_current(self) -> None:
        if self.hasFocus():
            self.current_changed.emit(self.current_part())

    def _tell_opened(self) -> None:
        part = self.current_part()
        if part.id:
            self.opened.emit(part)

    def _ask_for_menu(self, place: QPoint) -> None:
        self.menu_requested.emit(self.current_part(), self.viewport().mapToGlobal(place))
