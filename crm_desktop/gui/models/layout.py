"""An object's layout while it is edited: its fields in order, and how it uses each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from PySide6.QtCore import QObject, Qt
from typing_extensions import override

from crm_desktop.domain.field_types import type_of
from crm_desktop.gui.delegates import CellKind, GridRole
from crm_desktop.gui.models.fields import type_label
from crm_desktop.gui.models.row_list import DISPLAY, ROOT, Index, RowListModel
from crm_desktop.services.fields import FieldSummary
from crm_desktop.services.layouts import LayoutField, LayoutFlags

EDIT = Qt.ItemDataRole.EditRole
LABEL, LIBRARY, TYPE, REQUIRED, VISIBLE, READ_ONLY = range(6)
_FLAGS = {REQUIRED: "is_required", VISIBLE: "is_visible", READ_ONLY: "is_readonly"}


@dataclass(frozen=True, slots=True)
class LayoutRow:
    """A field as the object uses it; `stored` is its attachment, None while it is new.

    `own_label` replaces the library's label in this object; "" leaves that.
    """

    field_id: str
    label: str
    type: str
    own_label: str = ""
    is_required: bool = False
    is_visible: bool = True
    is_readonly: bool = False
    is_duplicate: bool = False
    stored: LayoutField | None = None

    @property
    def id(self) -> str:
        return self.stored.id if self.stored else self.field_id

    def flags(self) -> LayoutFlags:
        return LayoutFlags(
            is_required=self.is_required,
            is_visible=self.is_visible,
            is_readonly=self.is_readonly,
        )


def stored_row(attached: LayoutField, library: Mapping[str, FieldSummary]) -> LayoutRow:
    """Return the row of an attachment as it is stored."""
    field = library.get(attached.field_id)
    return LayoutRow(
        field_id=attached.field_id,
        label=attached.effective.label if field is None else field.label,
        type=attached.effective.type,
        own_label=own_label(attached.overrides),
        is_required=attached.is_required,
        is_visible=attached.is_visible,
        is_readonly=attached.is_readonly,
        is_duplicate=attached.is_duplicate,
        stored=attached,
    )


def own_label(overrides: Any) -> str:
    label = overrides.get("label") if isinstance(overrides, Mapping) else None
    return label if isinstance(label, str) else ""


def rebase(
    rows: Sequence[LayoutRow], before: Sequence[LayoutRow], now: Sequence[LayoutRow]
) -> list[LayoutRow]:
    """Carry edits over to a layout that others changed meanwhile.

    What they attached is added at the end, what they detached is gone, the rest stays as edited.
    """
    old = {row.id: row for row in before}
    new = {row.id: row for row in now}
    by_field = {row.field_id: row for row in now}
    result = []
    for row in rows:
        if row.stored is None and row.field_id not in by_field:
            result.append(row)
        elif row.id in new:
            theirs = new[row.id]
            result.append(theirs if row == old.get(row.id) else replace(row, stored=theirs.stored))
    shown = {row.field_id for row in result}
    mine_gone = old.keys() - {row.id for row in rows}
    return result + [row for row in now if row.field_id not in shown and row.id not in mine_gone]


class LayoutModel(RowListModel[LayoutRow]):
    """The rows, editable: labels by typing, the three flags by a click or Space."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._headings = (
            (self.tr("Label"), CellKind.ICON_TEXT),
            (self.tr("In the library"), CellKind.MUTED),
            (self.tr("Type"), CellKind.MUTED),
            (self.tr("Required"), CellKind.CHECK),
            (self.tr("Shown"), CellKind.CHECK),
            (self.tr("Read-only"), CellKind.CHECK),
        )

    @property
    def rows(self) -> list[LayoutRow]:
        return list(self._rows)

    def attach(self, field: FieldSummary, place: int) -> None:
        """Put a field of the library into the layout; one that is there stays where it is."""
        if any(row.field_id == field.id for row in self._rows):
            return
        self.beginInsertRows(ROOT, place, place)
        self._rows.insert(place, LayoutRow(field.id, field.label, field.type))
        self.endInsertRows()

    def toggle(self, index: Index) -> None:
        name = _FLAGS.get(index.column())
        if index.isValid() and name is not None:
            row = self._rows[index.row()]
            changed: dict[str, Any] = {name: not getattr(row, name)}
            self.replace_row(index.row(), replace(row, **changed))

    @override
    def data(self, index: Index, role: int = DISPLAY) -> Any:
        if not index.isValid():
            return None
        row, column = self._rows[index.row()], index.column()
        if role == GridRole.ID:
            return row.field_id
        if column in _FLAGS:
            return self._flag(row, column, role)
        if role in {DISPLAY, EDIT}:
            return self._text(row, column)
        if role == Qt.ItemDataRole.ToolTipRole and row.is_duplicate:
            return self.tr("This field stands twice in the layout. Remove one of the two.")
        if role == GridRole.ICON and column == LABEL:
            return "copy-x" if row.is_duplicate else type_of(row.type).icon
        return None

    def _flag(self, row: LayoutRow, column: int, role: int) -> Any:
        is_set = bool(getattr(row, _FLAGS[column]))
        if role == GridRole.CHECKED:
            return is_set
        if role in {DISPLAY, Qt.ItemDataRole.AccessibleTextRole}:
            return self.tr("yes") if is_set else self.tr("no")
        return None

    @staticmethod
    def _text(row: LayoutRow, column: int) -> str:
        if column == LABEL:
            return row.own_label or row.label
        if column == LIBRARY:
            return row.label if row.own_label and row.own_label != row.label else ""
        return type_label(row.type)

    @override
    def setData(self, index: Index, value: Any, role: int = EDIT) -> bool:
        if not index.isValid() or role != EDIT or index.column() != LABEL:
            return False
        row, text = self._rows[index.row()], str(value).strip()
        self.replace_row(index.row(), replace(row, own_label="" if text == row.label else text))
        return True

    @override
    def flags(self, index: Index) -> Qt.ItemFlag:
        can_edit = index.isValid() and index.column() == LABEL
        return super().flags(index) | (
            Qt.ItemFlag.ItemIsEditable if can_edit else Qt.ItemFlag.NoItemFlags
        )
