"""The keys of a relationship's link data while they are edited: key, label, type, rules."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from PySide6.QtCore import QObject, Qt
from typing_extensions import override

from crm_desktop.domain.field_types import type_of
from crm_desktop.gui.delegates import CellKind, GridRole
from crm_desktop.gui.editors.config.settings import config_for_type
from crm_desktop.gui.models.fields import type_label
from crm_desktop.gui.models.row_list import Index, RowListModel
from crm_desktop.services.link_schemas import LinkKey

KEY, LABEL, TYPE, REQUIRED = range(4)
DISPLAY, EDIT, DECORATION = (
    Qt.ItemDataRole.DisplayRole,
    Qt.ItemDataRole.EditRole,
    Qt.ItemDataRole.DecorationRole,
)


class LinkKeysModel(RowListModel[LinkKey]):
    """An editable, reorderable list of keys."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._headings = (
            (self.tr("Key"), CellKind.TITLE),
            (self.tr("Label"), CellKind.TEXT),
            (self.tr("Type"), CellKind.ICON_TEXT),
            (self.tr("Required"), CellKind.CHECK),
        )

    @property
    def keys(self) -> tuple[LinkKey, ...]:
        return tuple(self._rows)

    def set_config(self, row: int, config: dict[str, Any]) -> None:
        """Give a key other rules."""
        if self._rows[row].config != config:
            self.replace_row(row, replace(self._rows[row], config=config))

    def toggle_required(self, row: int) -> None:
        key = self._rows[row]
        self.replace_row(row, replace(key, is_required=not key.is_required))

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
            self.replace_row(index.row(), key)
        return True

    @override
    def flags(self, index: Index) -> Qt.ItemFlag:
        can_edit = index.isValid() and index.column() != REQUIRED
        return super().flags(index) | (Qt.ItemFlag.ItemIsEditable if can_edit else Qt.ItemFlag(0))
