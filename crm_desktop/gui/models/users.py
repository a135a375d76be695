"""The table of users: who may sign in."""

from __future__ import annotations

from datetime import datetime

from PySide6.QtCore import QObject

from crm_desktop.gui.delegates import CellKind
from crm_desktop.gui.locale import system_formats
from crm_desktop.gui.models.table_model import Column, TableModel
from crm_desktop.gui.theme import theme
from crm_desktop.services.users import UserSummary


class UsersModel(TableModel[UserSummary]):
    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        kind = CellKind
        self.set_columns(
            Column(
                self.tr("Name"),
                lambda row: row.full_name,
                kind.ICON_TEXT,
                icon=lambda row: "user" if row.is_active else "user-x",
                width=14,
            ),
            Column(self.tr("E-mail"), lambda row: row.email, width=18),
            Column(
                self.tr("State"),
                self._state,
                kind.CHOICE,
                chips=lambda row: ((self._state(row), theme().success if row.is_active else None),),
                width=11,
            ),
            Column(
                self.tr("Last signed in"),
                lambda row: moment_text(row.last_login),
                kind.DATE,
                order=lambda row: "" if row.last_login is None else row.last_login.isoformat(),
                width=11,
            ),
            Column(
                self.tr("Added"),
                lambda row: moment_text(row.created_at),
                kind.DATE,
                order=lambda row: row.created_at.isoformat(),
                width=11,
            ),
        )

    def _state(self, row: UserSummary) -> str:
        if not row.is_active:
            return self.tr("Deactivated")
        return self.tr("Active") if row.is_verified else self.tr("Active, not verified")


def moment_text(moment: datetime | None) -> str:
    """Return a moment in the local zone as the system writes it; "" for none."""
    if moment is None:
        return ""
    return system_formats().moment_text(moment.replace(second=0, microsecond=0))
