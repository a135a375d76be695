"""The keys of a relationship's link data while they are edited: key, label, type, rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt
from typing_extensions import override

from crm_desktop.domain.field_types import type_of
from crm_desktop.gui.delegates import CellKind, GridRole
from crm_desktop.gui.editors.config.settings import config_for_type
from crm_desktop.gui.models.fields import type_label
from crm_desktop.services.link_schemas import LinkKey

Index = QModelIndex | QPersistentModelIndex
ROOT = QModelIndex()
KEY, LABEL, TYPE, REQUIRED = range(4)
DISPLAY, EDIT, DECORATION = (
    Qt.ItemDataRole.DisplayRole,
    Qt.ItemDataRole.EditRole,
    Qt.ItemDataRole.DecorationRole,
)


class LinkKeysModel(QAbstractTableModel):
    """An editable, reorderable list of keys."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows: list[LinkKey] = []
        self._titles = (self.tr("Key"), self.tr("Label"), self.tr("Type"), self.tr("Required"))

    @property
    def keys(self) -> tuple[LinkKey, ...]:
        return tuple(self._rows)

    def set_keys(self, keys: Sequence[LinkKey]) -> None:
        self.beginResetModel()
        self._rows = list(keys)
        self.endResetModel()

    def add(self, keys: Sequence[LinkKey]) -> None:
        """Add keys at the end."""
        if not keys:
            return
        first = len(self._rows)
        self.beginInsertRows(ROOT, first, first + len(keys) - 1)
        self._rows += keys
        self.endInsertRows()

    def set_config(self, row: int, config: dict[str, Any]) -> None:
        """Give a key other rules."""
        if self._rows[row].config != config:
            self._replace(row, replace(self._rows[row], config=config))

    def toggle_required(self, row: int) -> None:
        key = self._rows[row]
        self._replace(row, replace(key, is_required=not key.is_required))

    def move(self, row: int, to: int) -> bool:
        """Move one key to another place."""
        return self.moveRows(ROOT, row, 1, ROOT, to + 1 if to > row else to)

    def _replace(self, row: int, key: LinkKey) -> None:
        self._rows[row] = key
        self.dataChanged.emit(self.index(row, 0), self.index(row, REQUIRED))

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
        key, column = self._rows[index.row()], index.column()
        if role == GridRole.CHECKED and column == REQUIRED:
            return key.is_required
        if role == GridRole.ICON and column == TYPE:
            return type_of(key.type).icon
        if role == EDIT and column == TYPE:
            return key.type
        if role not in {DISPLAY, EDIT}:
            return None
        required = self.tr("yes") if key.is_required else self.tr("no")
        return (key.name, key.label, type_label(key.type), required)[column]

    @override
    def setData(self, index: Index, value: Any, role: int = EDIT) -> bool:
        if not index.isValid() or role != EDIT:
            return False
        key, text = self._rows[index.row()], str(value)
        if index.column() == KEY:
            key = replace(key, name=text)
        elif index.column() == LABEL:
            key = replace(key, label=text.strip())
        elif index.column() == TYPE and text != key.type:
            key = replace(key, type=text, config=config_for_type(key.config, key.type, text))
        if key != self._rows[index.row()] or index.column() == TYPE:
            self._replace(index.row(), key)
        return True

    @override
    def flags(self, index: Index) -> Qt.ItemFlag:
        can_edit = index.isValid() and index.column() != REQUIRED
        return super().flags(index) | (Qt.ItemFlag.ItemIsEditable if can_edit else Qt.ItemFlag(0))

    @override
    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = DISPLAY
    ) -> str | CellKind | None:
        if orientation != Qt.Orientation.Horizontal or not 0 <= section < len(self._titles):
            return None
        if role == GridRole.KIND:
            return (CellKind.TITLE, CellKind.TEXT, CellKind.ICON_TEXT, CellKind.CHECK)[section]
        return self._titles[section] if role == DISPLAY else None

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
