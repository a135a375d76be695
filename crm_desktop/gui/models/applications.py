"""The table of applications, with the objects of each by name."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QObject

from crm_desktop.gui.delegates import CellKind
from crm_desktop.gui.models.table_model import Column, TableModel
from crm_desktop.gui.models.users import moment_text
from crm_desktop.gui.theme import theme
from crm_desktop.services.applications import ApplicationSummary


@dataclass(frozen=True, slots=True)
class ApplicationRow:
    """An application and what its objects are called; an object that is gone has no label."""

    summary: ApplicationSummary
    objects: tuple[str, ...]

    @property
    def id(self) -> str:
        return self.summary.id


class ApplicationsModel(TableModel[ApplicationRow]):
    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        kind = CellKind
        self.set_columns(
            Column(
                self.tr("Application"),
                lambda row: row.summary.title,
                kind.ICON_TEXT,
                icon=lambda row: row.summary.icon or "app-window",
                tip=lambda row: row.summary.description or "",
                width=14,
            ),
            Column(self.tr("Name"), lambda row: row.summary.name, kind.MUTED, width=10),
            Column(
                self.tr("State"),
                self._state,
                kind.CHOICE,
                chips=lambda row: (
                    (self._state(row), theme().success if row.summary.published_at else None),
                ),
                width=8,
            ),
            Column(
                self.tr("Objects"),
                lambda row: ", ".join(row.objects),
                kind.CHOICE,
                order=lambda row: len(row.objects),
                chips=lambda row: tuple((label, None) for label in row.objects),
                tip=lambda row: ", ".join(row.objects),
                width=24,
            ),
            Column(
                self.tr("Published"),
                lambda row: moment_text(row.summary.published_at),
                kind.DATE,
                order=lambda row: str(row.summary.published_at or ""),
                width=11,
            ),
        )

    def _state(self, row: ApplicationRow) -> str:
        return self.tr("Draft") if row.summary.published_at is None else self.tr("Published")
