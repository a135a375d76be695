"""Keys and values of a JSON object while they are edited as the rows of a table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from PySide6.QtCore import QObject, Qt
from typing_extensions import override

from crm_desktop.domain.field_types import json_text, json_value, storage_problem
from crm_desktop.gui.delegates import CellKind
from crm_desktop.gui.models.row_list import Index, RowListModel

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


class JsonPairsModel(RowListModel[Pair]):
    """An editable list of keys and values, in the order they came."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._is_editable = True
        self._headings = (
            (self.tr("Key"), CellKind.MUTED),
            (self.tr("Value"), CellKind.TEXT),
        )

    @property
    def pairs(self) -> tuple[Pair, ...]:
        return tuple(self._rows)

    def set_object(self, value: Mapping[str, Any]) -> None:
        self.set_rows([Pair(key, inner) for key, inner in value.items()])

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
        self.append([Pair(key, "", is_new=True)])
        return len(self._rows) - 1

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
            pair = replace(pair, key=str(value))
        else:
            pair = replace(pair, value=read_typed(str(value)))
        self.replace_row(index.row(), pair)
        return True

    @override
    def flags(self, index: Index) -> Qt.ItemFlag:
        is_editable = index.isValid() and self._is_editable
        return super().flags(index) | (
            Qt.ItemFlag.ItemIsEditable if is_editable else Qt.ItemFlag(0)
        )
