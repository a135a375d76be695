"""The table of the field library."""

from __future__ import annotations

from PySide6.QtCore import QObject

from crm_desktop.domain.field_types import type_of
from crm_desktop.gui.delegates import CellKind
from crm_desktop.gui.models.table_model import Column, TableModel
from crm_desktop.services.fields import FieldSummary


class FieldsModel(TableModel[FieldSummary]):
    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        kind = CellKind
        self.set_columns(
            Column(
                self.tr("Field"),
                lambda row: row.label,
                kind.ICON_TEXT,
                icon=lambda row: type_of(row.type).icon,
                tip=lambda row: row.description or "",
                width=13,
            ),
            Column(self.tr("Name"), lambda row: row.name, kind.MUTED, width=10),
            Column(self.tr("Type"), lambda row: type_label(row.type), width=11),
            Column(self.tr("Category"), lambda row: row.category or "", width=8),
            Column(
                self.tr("Used by"),
                lambda row: f"{row.used_by:,}",
                kind.NUMBER,
                order=lambda row: row.used_by,
                tip=self._uses,
                width=5.5,
            ),
            Column(
                self.tr("Origin"),
                self._origin,
                kind.CHOICE,
                chips=lambda row: ((self._origin(row), None),) if row.is_system_field else None,
                width=6,
            ),
            Column(self.tr("Description"), lambda row: row.description or "", kind.MUTED, width=12),
        )

    def _uses(self, row: FieldSummary) -> str:
        if row.used_by == 1:
            return self.tr("In the layout of 1 object")
        return self.tr("In the layouts of {0:,} objects").format(row.used_by)

    def _origin(self, row: FieldSummary) -> str:
        if row.is_system_field:
            return self.tr("System")
        return self.tr("Custom") if row.is_custom else self.tr("Built in")


def type_label(name: str) -> str:
    """Return the label of a type, and the name of one we do not know as it is stored."""
    known = type_of(name)
    return known.label if known.name == name else name
