"""Keys and values of a JSON object while they are edited as the rows of a table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt
from typing_extensions import override

from crm_desktop.domain.field_types import json_text, json_value, storage_problem
from crm_desktop.gui.delegates import CellKind, GridRole

Index = QModelIndex | QPersistentModelIndex
ROOT = QModelIndex()
KEY, VALUE = range(2)
DISPLAY, EDIT = Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.EditRole


@dataclass(frozen=True, slots=True)
class Pair:
    """One row; `value` is exact, `is_new` says that no stored key belongs to it."""

    key: str
    value: Any
    is_new: bool = False


def shown_json(value: Any) -> str:
    """Return the value as it can be typed: text as it is, unless it would be read as JSON."""
    return value if isinstance(value, str) and read_typed(value) == value else json_text(value)


def read_typed(text: str) -> Any:
    """Return what was typed as JSON where it is some, and as text where it is not."""
    try:
        value = json_value(text.strip())
    except ValueError:
        return text
    return text if storage_problem(value) else value


class JsonPairsModel(QAbstractTableModel):
    """An editable list of keys and values, in the order they came."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows: list[Pair] = []
        self._is_editable = True
        self._titles = (self.tr("Key"), self.tr("Value"))

    @property
    def pairs(self) -> tuple[Pair, ...]:
        return tuple(self._rows)

    def set_object(self, value: Mapping[str, Any]) -> None:
        self.beginResetModel()
        self._rows = [Pair(key, inner) for key, inner in value.items()]
        self.endResetModel()

    def set_editable(self, *, is_editable: bool) -> None:
        self._is_editable = is_editable

    def as_object(self) -> dict[str, Any]:
        """Return the object; new rows without a key, and second ones of a key, are left out."""
        found: dict[str, Any] = {}
        for pair in self._rows:
            if pair.key or not pair.is_new:
                found.setdefault(pair.key, pair.value)
        return found

    def add(self, key: str = "") -> int:
        """Add a row at the end and return its number."""
        place = len(self._rows)
        self.beginInsertRows(ROOT, place, place)
        self._rows.append(Pair(key, "", is_new=True))
        self.endInsertRows()
        return place

    @override
    def rowCount(self, parent: Index = ROOT) -> int:
        return 0 if parent.isValid() else len(self._rows)

    @override
    def columnCount(self, parent: Index = ROOT) -> int:
        return 0 if parent.isValid() else len(self._titles)

    @override
    def data(self, index: Index, role: int = DISPLAY) -> str | None:
        if not index.isValid() or role not in {DISPLAY, EDIT}:
            return None
        pair = self._rows[index.row()]
        return pair.key if index.column() == KEY else shown_json(pair.value)

    @override
    def setData(self, index: Index, value: Any, role: int = EDIT) -> bool:
        if not index.isValid() or role != EDIT or str(value) == self.data(index):
            return False  # what was opened and closed again keeps its exact value
        pair = self._rows[index.row()]
        if index.column() == KEY:
            self._rows[index.row()] = replace(pair, key=str(value))
        else:
            self._rows[index.row()] = replace(pair, value=read_typed(str(value)))
        self.dataChanged.emit(index, index)
        return True

    @override
    def flags(self, index: Index) -> Qt.ItemFlag:
        is_editable = index.isValid() and self._is_editable
        return super().flags(index) | (
            Qt.ItemFlag.ItemIsEditable if is_editable else Qt.ItemFlag(0)
        )

    @override
    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = DISPLAY
    ) -> str | CellKind | None:
        if orientation != Qt.Orientation.Horizontal or not 0 <= section < len(self._titles):
            return None
        if role == GridRole.KIND:
            return (CellKind.MUTED, CellKind.TEXT)[section]
        return self._titles[section] if role == DISPLAY else None

    @override
    def removeRows(self, row: int, count: int, parent: Index = ROOT) -> bool:
        if parent.isValid() or row < 0 or count < 1 or row + count > len(self._rows):
            return False
        self.beginRemoveRows(ROOT, row, row + count - 1)
        del self._rows[row : row + count]
        self.endRemoveRows()
        return True
