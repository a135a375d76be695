"""Objects to tick and to put in order: those ticked stand first, in their order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt
from typing_extensions import override

from crm_desktop.gui.delegates import CellKind, GridRole

Index = QModelIndex | QPersistentModelIndex
ROOT = QModelIndex()
DISPLAY = Qt.ItemDataRole.DisplayRole
CHECK, LABEL = range(2)


@dataclass(frozen=True, slots=True)
class Choice:
    id: str
    label: str
    icon: str
    is_chosen: bool = False


class CheckedList(QAbstractTableModel):
    """A list whose chosen entries have an order."""

    def __init__(self, title: str, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._titles = ("", title)
        self._rows: list[Choice] = []

    def set_choices(self, choices: Sequence[Choice], chosen: Sequence[str]) -> None:
        """Show the chosen ones first; a chosen id that names nothing is shown as it is."""
        known = {choice.id: choice for choice in choices}
        first = [
            replace(known.get(id_, Choice(id_, id_, "circle-help")), is_chosen=True)
            for id_ in dict.fromkeys(chosen)
        ]
        rest = [choice for choice in choices if choice.id not in set(chosen)]
        self.beginResetModel()
        self._rows = first + rest
        self.endResetModel()

    def chosen(self) -> list[str]:
        return [row.id for row in self._rows if row.is_chosen]

    def toggle(self, row: int) -> None:
        if 0 <= row < len(self._rows):
            self._rows[row] = replace(self._rows[row], is_chosen=not self._rows[row].is_chosen)
            self.dataChanged.emit(self.index(row, 0), self.index(row, LABEL))

    def move(self, row: int, step: int) -> bool:
        """Move a row up (-1) or down (1)."""
        to = row + (2 if step > 0 else -1)
        return self.moveRows(ROOT, row, 1, ROOT, to)

    @override
    def rowCount(self, parent: Index = ROOT) -> int:
        return 0 if parent.isValid() else len(self._rows)

    @override
    def columnCount(self, parent: Index = ROOT) -> int:
        return 0 if parent.isValid() else len(self._titles)

    @override
    def data(self, index: Index, role: int = DISPLAY) -> Any:
        if not index.isValid():
            return None
        row = self._rows[index.row()]
        if role == GridRole.ID:
            return row.id
        if index.column() == CHECK:
            if role == GridRole.CHECKED:
                return row.is_chosen
            is_text = role in {DISPLAY, Qt.ItemDataRole.AccessibleTextRole}
            return (self.tr("chosen") if row.is_chosen else "") if is_text else None
        return {DISPLAY: row.label, GridRole.ICON: row.icon}.get(role)  # type: ignore[call-overload]

    @override
    def headerData(self, section: int, orientation: Qt.Orientation, role: int = DISPLAY) -> Any:
        if orientation != Qt.Orientation.Horizontal or not 0 <= section < len(self._titles):
            return None
        if role == GridRole.KIND:
            return (CellKind.CHECK, CellKind.ICON_TEXT)[section]
        return self._titles[section] if role == DISPLAY else None

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
