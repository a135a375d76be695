"""Objects to tick and to put in order: those ticked stand first, in their order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from PySide6.QtCore import QObject, Qt
from typing_extensions import override

from crm_desktop.gui.delegates import CellKind, GridRole
from crm_desktop.gui.models.row_list import DISPLAY, Index, RowListModel

CHECK, LABEL = range(2)


@dataclass(frozen=True, slots=True)
class Choice:
    id: str
    label: str
    icon: str
    is_chosen: bool = False


class CheckedList(RowListModel[Choice]):
    """A list whose chosen entries have an order."""

    def __init__(self, title: str, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._headings = (("", CellKind.CHECK), (title, CellKind.ICON_TEXT))

    def set_choices(self, choices: Sequence[Choice], chosen: Sequence[str]) -> None:
        """Show the chosen ones first; a chosen id that names nothing is shown as it is."""
        known = {choice.id: choice for choice in choices}
        first = [
            replace(known.get(id_, Choice(id_, id_, "circle-help")), is_chosen=True)
            for id_ in dict.fromkeys(chosen)
        ]
        rest = [choice for choice in choices if choice.id not in set(chosen)]
        self.set_rows(first + rest)

    def chosen(self) -> list[str]:
        return [row.id for row in self._rows if row.is_chosen]

    def toggle(self, row: int) -> None:
        if 0 <= row < len(self._rows):
            choice = self._rows[row]
            self.replace_row(row, replace(choice, is_chosen=not choice.is_chosen))

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
