"""Rows that are edited in a table: added at the end, taken out, and put in order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Generic, TypeVar

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt
from typing_extensions import override

from crm_desktop.gui.delegates import CellKind, GridRole

Index = QModelIndex | QPersistentModelIndex
ROOT = QModelIndex()
DISPLAY = Qt.ItemDataRole.DisplayRole
Heading = tuple[str, CellKind]

T = TypeVar("T")


class RowListModel(QAbstractTableModel, Generic[T]):
    """Holds the rows; a subclass says what stands in their cells."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows: list[T] = []
        self._headings: tuple[Heading, ...] = ()

    def set_rows(self, rows: Sequence[T]) -> None:
        self.beginResetModel()
        self._rows = list(rows)
        self.endResetModel()

    def append(self, rows: Sequence[T]) -> None:
        """Add rows at the end."""
        if not rows:
            return
        first = len(self._rows)
        self.beginInsertRows(ROOT, first, first + len(rows) - 1)
        self._rows += rows
        self.endInsertRows()

    def replace_row(self, row: int, value: T) -> None:
        self._rows[row] = value
        last = self.columnCount() - 1
        self.dataChanged.emit(self.index(row, 0), self.index(row, last))

    @override
    def rowCount(self, parent: Index = ROOT) -> int:
        return 0 if parent.isValid() else len(self._rows)

    @override
    def columnCount(self, parent: Index = ROOT) -> int:
        return 0 if parent.isValid() else len(self._headings)

    @override
    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = DISPLAY
    ) -> str | CellKind | None:
        if orientation != Qt.Orientation.Horizontal or not 0 <= section < len(self._headings):
            return None
        title, kind = self._headings[section]
        if role == GridRole.KIND:
            return kind
        return title if role == DISPLAY else None

    @override
    def removeRows(self, row: int, count: int, parent: Index = ROOT) -> bool:
        if parent.isValid() or row < 0 or count < 1 or row + count > len(self._rows):
            return False
        self.beginRemoveRows(ROOT, row, row + count - 1)
        del self._rows[row : row + count]
        self.endRemoveRows()
        return True

    @override
    def moveRows(self, source: Index, row: int, count: int, target: Index, to: int) -> bool:
        outside = row < 0 or row + count > len(self._rows) or not 0 <= to <= len(self._rows)
        if outside or not self.beginMoveRows(ROOT, row, row + count - 1, ROOT, to):
            return False
        moved = self._rows[row : row + count]
        del self._rows[row : row + count]
        place = to - count if to > row else to
        self._rows[place:place] = moved
        self.endMoveRows()
        return True
