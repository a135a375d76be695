"""The table of objects: what each is, and how much there is of it."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QObject

from crm_desktop.gui.delegates import CellKind
from crm_desktop.gui.models.table_model import Column, TableModel
from crm_desktop.services.objects import ObjectSummary

NOT_COUNTED = "…"


@dataclass(frozen=True, slots=True)
class ObjectRow:
    """An object and the number of its records, None until it has been counted."""

    summary: ObjectSummary
    records: int | None

    @property
    def id(self) -> str:
        return self.summary.id


class ObjectsModel(TableModel[ObjectRow]):
    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        kind = CellKind
        self.set_columns(
            Column(
                self.tr("Object"),
                lambda row: row.summary.label,
                kind.ICON_TEXT,
                icon=lambda row: row.summary.icon or "",
                width=14,
            ),
            Column(self.tr("Name"), lambda row: row.summary.name, kind.MUTED, width=10),
            Column(
                self.tr("Records"),
                lambda row: NOT_COUNTED if row.records is None else f"{row.records:,}",
                kind.NUMBER,
                order=lambda row: -1 if row.records is None else row.records,
                width=6,
            ),
            Column(
                self.tr("Fields"),
                lambda row: f"{row.summary.field_count:,}",
                kind.NUMBER,
                order=lambda row: row.summary.field_count,
                width=6,
            ),
            Column(
                self.tr("Relationships"),
                lambda row: f"{row.summary.relationship_count:,}",
                kind.NUMBER,
                order=lambda row: row.summary.relationship_count,
                width=8,
            ),
            Column(
                self.tr("Description"),
                lambda row: row.summary.description or "",
                kind.MUTED,
                width=20,
            ),
        )
