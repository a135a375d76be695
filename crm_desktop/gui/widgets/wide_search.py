"""The search box of a list: in the names of records, or in all their text."""

from __future__ import annotations

from PySide6.QtCore import Signal, Slot
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QLineEdit, QToolButton, QWidget

from crm_desktop.gui.icons import icon
from crm_desktop.gui.widgets.search_box import SearchBox


class WideSearchBox(SearchBox):
    """A search box with a switch at its right end; what it searches stands in it while empty."""

    widened = Signal(bool)  # whether all text is searched from now on

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("", parent)
        self.wide_action = QAction(
            icon("text-search", "muted"), self.tr("Search in all text"), self
        )
        self.wide_action.setProperty("icon_name", "text-search")
        self.wide_action.setCheckable(True)
        self.wide_action.setShortcut(QKeySequence("Ctrl+Shift+T"))
        self.addAction(self.wide_action, QLineEdit.ActionPosition.TrailingPosition)
        self.wide_action.toggled.connect(self._widen)
        self._say()

    @property
    def is_wide(self) -> bool:
        """Whether all text fields are searched, and not the name alone."""
        return self.wide_action.isChecked()

    def set_wide(self, is_wide: bool) -> None:  # noqa: FBT001 - a setter, as Qt's
        self.wide_action.setChecked(is_wide)

    @Slot(bool)
    def _widen(self, is_wide: bool) -> None:  # noqa: FBT001 - a signal's
        self._say()
        self.widened.emit(is_wide)

    def _say(self) -> None:
        words = self.tr("Search all text") if self.is_wide else self.tr("Search by name")
        self.setPlaceholderText(words)
        self.setAccessibleName(words)
        self.wide_action.setIcon(icon("text-search", "accent" if self.is_wide else "muted"))
        state = self.tr("on") if self.is_wide else self.tr("off")
        tip = self.tr("Search in all text: {} (Ctrl+Shift+T)").replace("{}", state)
        self.wide_action.setToolTip(tip)
        for button in self.findChildren(QToolButton):
            if button.defaultAction() is self.wide_action:
                button.setAccessibleName(tip)
