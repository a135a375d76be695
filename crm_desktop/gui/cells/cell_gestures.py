"""What one key does to the selected cells of a grid: clears them, fills them, dates them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from PySide6.QtCore import QModelIndex, QObject, Qt, Signal
from PySide6.QtGui import QAction, QKeySequence

from crm_desktop.domain.errors import Invalid, UserError
from crm_desktop.domain.field_types import type_of
from crm_desktop.gui.cells.grid_editing import GridEditing, names_in
from crm_desktop.gui.icons import icon
from crm_desktop.gui.models.sheet import Cell, NewValue
from crm_desktop.gui.widgets.grid import GridView

MOST_CELLS = 500  # more are for what writes many cells in one statement


class CellGestures(QObject):
    """Makes the actions of a grid that is edited in place; each gesture is one step of undo."""

    refused = Signal(object)  # UserError
    many_to_clear = Signal()  # more cells are selected than are cleared here
    many_to_fill = Signal()

    def __init__(self, grid: GridView, editing: GridEditing) -> None:
        super().__init__(grid)
        self._grid, self._editing, self._sheet = grid, editing, editing.sheet
        self.edit_action = self._action(self.tr("Edit cell"), "pencil", ["F2"], self._edit_current)
        self.list_action = self._action(
            self.tr("Choose from a list"), "list", ["Alt+Down"], editing.open_list
        )
        self.clear_action = self._action(
            self.tr("Clear cells"), "eraser", ["Del", "Backspace"], self.clear
        )
        self.fill_action = self._action(
            self.tr("Fill down"), "arrow-down-to-line", ["Ctrl+D"], self.fill_down
        )
        self.today_action = self._action(
            self.tr("Put in today"), "calendar", ["Ctrl+;"], self.put_today
        )

    def actions(self) -> list[QAction]:
        return [
            self.edit_action,
            self.list_action,
            self.clear_action,
            self.fill_action,
            self.today_action,
        ]

    def _action(self, text: str, icon_name: str, keys: list[str], act: Any) -> QAction:
        action = QAction(icon(icon_name), text, self)
        action.setProperty("icon_name", icon_name)
        action.setShortcuts([QKeySequence(key) for key in keys])
        action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)  # not within an open editor
        action.triggered.connect(act)
        self._grid.addAction(action)
        return action

    def _edit_current(self) -> None:
        self._editing.begin(self._grid.currentIndex())

    def clear(self) -> None:
        """Empty the selected cells."""
        if self._count_selected() > MOST_CELLS:
            self.many_to_clear.emit()
            return
        cells = self._cells(self._selected())
        self._put([NewValue(cell, None) for cell in cells], "clearing of {} cells")

    def fill_down(self) -> None:
        """Write the first row of the selection into the rows below it.

        A single row is filled from the row above.
        """
        if self._count_selected() > MOST_CELLS:
            self.many_to_fill.emit()
            return
        new: list[NewValue] = []
        names: dict[str, str] = {}
        for part in self._grid.selected_parts():
            top = part.top() if part.height() > 1 else part.top() - 1
            if top < 0:
                return
            for column in self._shown_columns(part.left(), part.right()):
                source = self._sheet.cell_at(self._index(top, column))
                indexes = [self._index(row, column) for row in range(top + 1, part.bottom() + 1)]
                if source is not None and source.typed is None:
                    names |= names_in(source)
                    new += [NewValue(cell, source.value) for cell in self._cells(indexes)]
        self._put(new, "filling of {} cells", names)

    def put_today(self) -> None:
        """Write today's date, or this moment, into the selected date cells."""
        formats = self._sheet.formats
        now = datetime.now(formats.time_zone)
        new = []
        for cell in self._cells(self._selected()):
            if cell.field.type in {"date", "datetime"}:
                is_day = cell.field.type == "date"
                text = formats.date_text(now) if is_day else formats.moment_text(now)
                new.append(
                    NewValue(cell, type_of(cell.field.type).parse(text, cell.field, formats))
                )
        self._put(new, "filling of {} cells")

    def _put(self, new: list[NewValue], gesture: str, names: dict[str, str] | None = None) -> None:
        if new:
            words = gesture.format(len(new)) if len(new) > 1 else ""
            self._sheet.put(new, names or {}, words)

    def _selected(self) -> list[QModelIndex]:
        """Return the selected cells, none where they are too many."""
        parts = self._grid.selected_parts()
        if self._refuse_if_many(self._count_selected()):
            return []
        return [
            self._index(row, column)
            for part in parts
            for row in range(part.top(), part.bottom() + 1)
            for column in self._shown_columns(part.left(), part.right())
        ]

    def _count_selected(self) -> int:
        return sum(part.width() * part.height() for part in self._grid.selected_parts())

    def _refuse_if_many(self, count: int) -> bool:
        if count > MOST_CELLS:
            sentence = self.tr("These are {} cells. Select at most {} to change them at once.")
            sentence = sentence.replace("{}", f"{count:,}", 1).replace("{}", str(MOST_CELLS))
            self.refused.emit(UserError(sentence))
        return count > MOST_CELLS

    def _cells(self, indexes: Iterable[QModelIndex]) -> list[Cell]:
        """Return those that can be edited; says why, where none of them can."""
        found = [self._sheet.cell_at(index) for index in indexes]
        read = [cell for cell in found if cell is not None]
        if len(read) < len(found):
            sentence = self.tr("Some of the selected rows have not arrived yet. Try again.")
            self.refused.emit(UserError(sentence))
            return []
        free = [cell for cell in read if not self._sheet.lock_of(cell.field)]
        if read and not free:
            field = read[0].field
            self.refused.emit(Invalid({field.id: self._sheet.lock_of(field)}))
        return free

    def _shown_columns(self, left: int, right: int) -> list[int]:
        header = self._grid.horizontalHeader()
        return [each for each in range(left, right + 1) if not header.isSectionHidden(each)]

    def _index(self, row: int, column: int) -> QModelIndex:
        return self._grid.model().index(row, column)
