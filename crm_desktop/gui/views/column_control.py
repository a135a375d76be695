"""What can be done with the columns of a list: a dialog, keys, and the menu of each heading."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu, QWidget

from crm_desktop.gui.actions import without_state
from crm_desktop.gui.icons import icon
from crm_desktop.gui.models.records import RecordTableModel
from crm_desktop.gui.theme import line_height
from crm_desktop.gui.views.arrangement import Arrangement
from crm_desktop.gui.widgets.grid import GridView

if TYPE_CHECKING:
    from crm_desktop.gui.pages.column_widths import ColumnWidths
    from crm_desktop.gui.views.columns_dialog import ColumnsDialog


class ColumnControl(QObject):
    """Hides, moves, freezes, widens and fits columns; actions are about the current one."""

    def __init__(
        self, grid: GridView, model: RecordTableModel, widths: ColumnWidths, arranged: Arrangement
    ) -> None:
        super().__init__(grid)
        self._grid, self._model, self._widths, self._arranged = grid, model, widths, arranged
        self.columns_action = self._action(
            self.tr("Columns…"), "columns-3", "Ctrl+Shift+O", self.open_dialog
        )
        on_current = (
            (self.tr("Hide column"), "eye-off", "Ctrl+Shift+H", self.hide),
            (self.tr("Move column left"), "arrow-left", "Alt+Left", partial(self.move, -1)),
            (self.tr("Move column right"), "arrow-right", "Alt+Right", partial(self.move, 1)),
            (self.tr("Freeze columns up to this one"), "pin", "Ctrl+Shift+P", self.freeze),
            (self.tr("Fit column to its content"), "fold-horizontal", "Ctrl+Shift+W", self.fit),
            (self.tr("Wider column"), "chevrons-right", "Alt+Shift+Up", partial(self.widen, 1)),
            (self.tr("Narrower column"), "chevrons-left", "Alt+Shift+Down",
             partial(self.widen, -1)),
        )  # fmt: skip
        for text, icon_name, key, act in on_current:
            self._action(text, icon_name, key, partial(self._on_current, act))
        grid.horizontalHeader().sectionHandleDoubleClicked.connect(self.fit)

    def _action(self, text: str, icon_name: str, key: str, act: Callable[[], object]) -> QAction:
        action = QAction(icon(icon_name), text, self)
        action.setProperty("icon_name", icon_name)
        action.setShortcut(QKeySequence(key))
        action.triggered.connect(partial(without_state, act))
        return action

    def actions(self) -> list[QAction]:
        return self.findChildren(QAction)

    def _on_current(self, act: Callable[[int], object]) -> None:
        column = self._grid.currentIndex().column()
        shown = self._arranged.shown_columns()
        if shown:
            act(column if column in shown else shown[0])

    # What is done

    def open_dialog(self, parent: QWidget | None = None) -> ColumnsDialog:
        """Offer all fields to tick and to put in order."""
        from crm_desktop.gui.views.columns_dialog import ColumnsDialog

        shown = self._arranged.settings().columns
        dialog = ColumnsDialog(
            self._arranged.fields, shown, self._arranged.usual, parent or self._grid.window()
        )
        dialog.chosen.connect(self._arranged.set_columns)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()
        return dialog

    def hide(self, column: int) -> None:
        self._arranged.hide(column)

    def move(self, step: int, column: int) -> None:
        """Move a column left (-1) or right (1); it stays in sight."""
        if self._arranged.move(column, step):
            self._grid.scrollTo(self._grid.currentIndex())

    def freeze(self, column: int) -> None:
        """Let the columns up to this one stay at the left; those that stay already, let go."""
        shown = self._arranged.shown_columns()
        wanted = shown.index(column) + 1 if column in shown else 0
        now = self._grid.frozen.count
        self._arranged.freeze(0 if wanted == now else min(wanted, len(shown) - 1))

    def fit(self, column: int) -> None:
        """Make a column as wide as the longest of its texts that are in memory."""
        self._widths.fit(column)

    def widen(self, step: int, column: int) -> None:
        """Make a column wider (1) or narrower (-1), by a line's height."""
        wide = self._grid.columnWidth(column) + step * round(line_height())
        self._widths.set_width(column, max(round(line_height() * 2), wide))

    # The menu of a heading

    def extend_menu(self, menu: QMenu, column: int) -> None:
        """Add to the menu of a heading what is about its column."""
        shown = self._arranged.shown_columns()
        place = shown.index(column) if column in shown else 0
        is_frozen = self._grid.frozen.count == place + 1
        menu.addSeparator()
        freeze = self.tr("Unfreeze columns") if is_frozen else self.tr("Freeze up to here")
        offers: list[tuple[str, Callable[[], object], bool]] = [
            (freeze, partial(self.freeze, column), len(shown) > 1),
            (self.tr("Fit to content"), partial(self.fit, column), True),
            (self.tr("Move left"), partial(self.move, -1, column), place > 0),
            (self.tr("Move right"), partial(self.move, 1, column), place < len(shown) - 1),
            (self.tr("Hide column"), partial(self.hide, column), len(shown) > 1),
        ]
        for text, act, can_be_done in offers:
            action = menu.addAction(text)
            action.setEnabled(can_be_done)
            action.triggered.connect(partial(without_state, act))
        menu.addAction(self.columns_action)
