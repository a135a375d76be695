"""The delete tree as a Qt model: a line a node, in four columns."""

from __future__ import annotations

from typing import Any, NamedTuple

from PySide6.QtCore import QAbstractItemModel, QModelIndex, QObject, QPersistentModelIndex, Qt
from typing_extensions import override

from crm_desktop.domain.impact_nodes import Node
from crm_desktop.gui.delegates import CellKind, GridRole
from crm_desktop.gui.icons import icon
from crm_desktop.gui.impact.words import (
    EFFECT_ICONS,
    ICONS,
    count_of,
    effect_of,
    title_of,
    where_of,
)
from crm_desktop.gui.translating import tr

Index = QModelIndex | QPersistentModelIndex
ROOT = QModelIndex()
DISPLAY, DECORATION = Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.DecorationRole
WHAT, COUNT, EFFECT, WHERE = range(4)


class _Line(NamedTuple):
    node: Node
    parent: int  # the number of the line above it in the tree, -1 for the root
    row: int
    children: tuple[int, ...]


class ImpactModel(QAbstractItemModel):
    """One tree, with what it is about as its only top line; lines are known by their keys."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._lines: list[_Line] = []
        self._numbers: dict[str, int] = {}
        self._is_counting = True

    def set_tree(self, root: Node, *, is_counting: bool) -> None:
        """Show this tree; what is open, current or selected stays so where it still is."""
        if not self._lines:
            self.beginResetModel()
            self._take(root, is_counting=is_counting)
            self.endResetModel()
            return
        self.layoutAboutToBeChanged.emit()
        held = self.persistentIndexList()
        keys = [(self._lines[index.internalId()].node.key, index.column()) for index in held]
        self._take(root, is_counting=is_counting)
        self.changePersistentIndexList(held, [self.index_of(*key) for key in keys])
        self.layoutChanged.emit()

    def _take(self, root: Node, *, is_counting: bool) -> None:
        self._lines, self._is_counting = [], is_counting
        self._add(root, -1, 0)
        self._numbers = {line.node.key: number for number, line in enumerate(self._lines)}

    def _add(self, node: Node, parent: int, row: int) -> int:
        number = len(self._lines)
        self._lines.append(_Line(node, parent, row, ()))
        children = tuple(self._add(each, number, place) for place, each in enumerate(node.children))
        self._lines[number] = _Line(node, parent, row, children)
        return number

    def node_at(self, index: Index) -> Node:
        return self._lines[index.internalId()].node

    @property
    def line_count(self) -> int:
        return len(self._lines)

    @property
    def says_where(self) -> bool:
        """Whether any line has something to say in the last column."""
        return any(where_of(line.node) for line in self._lines)

    def depth_of(self, index: Index) -> int:
        """Return how many lines stand above it in the tree."""
        depth, number = 0, self._lines[index.internalId()].parent
        while number >= 0:
            depth, number = depth + 1, self._lines[number].parent
        return depth

    def index_of(self, key: str, column: int = WHAT) -> QModelIndex:
        number = self._numbers.get(key)
        if number is None:
            return QModelIndex()
        return self.createIndex(self._lines[number].row, column, number)

    @override
    def index(self, row: int, column: int, parent: Index = ROOT) -> QModelIndex:
        if not self.hasIndex(row, column, parent):
            return QModelIndex()
        number = self._lines[parent.internalId()].children[row] if parent.isValid() else 0
        return self.createIndex(row, column, number)

    @override
    def parent(self, child: Index) -> QModelIndex:  # type: ignore[override]  # QObject's is another
        above = self._lines[child.internalId()].parent if child.isValid() else -1
        return self.createIndex(self._lines[above].row, WHAT, above) if above >= 0 else ROOT

    @override
    def rowCount(self, parent: Index = ROOT) -> int:
        if not parent.isValid():
            return min(1, len(self._lines))
        return 0 if parent.column() else len(self._lines[parent.internalId()].children)

    @override
    def columnCount(self, parent: Index = ROOT) -> int:
        return 4

    @override
    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = DISPLAY
    ) -> str | CellKind | None:
        if role == GridRole.KIND and section == COUNT:
            return CellKind.NUMBER
        if role != DISPLAY or orientation != Qt.Orientation.Horizontal:
            return None
        return (tr("What"), tr("Number"), tr("What becomes of it"), tr("Where"))[section]

    @override
    def data(self, index: Index, role: int = DISPLAY) -> Any:
        if not index.isValid():
            return None
        node, column = self.node_at(index), index.column()
        if role in {DISPLAY, Qt.ItemDataRole.ToolTipRole}:
            return self._text(node, column)
        if role == Qt.ItemDataRole.TextAlignmentRole and column == COUNT:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        if role == DECORATION and column in {WHAT, EFFECT}:
            return icon(ICONS[node.kind]) if column == WHAT else icon(*EFFECT_ICONS[node.effect])
        if role == Qt.ItemDataRole.AccessibleTextRole and column == WHAT:
            return ", ".join(filter(None, (self._text(node, each) for each in range(4))))
        return None

    def _text(self, node: Node, column: int) -> str:
        if column == COUNT:
            return count_of(node, is_counting=self._is_counting)
        return {WHAT: title_of, EFFECT: effect_of, WHERE: where_of}[column](node)
