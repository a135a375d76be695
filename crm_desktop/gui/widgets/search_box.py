"""A line to search with: it waits until typing pauses, and Escape empties it."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer, Signal, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLineEdit, QWidget
from typing_extensions import override

from crm_desktop.gui.icons import icon

PAUSE = 200  # milliseconds without a key before a search begins


class SearchBox(QLineEdit):
    """`searched` carries the stripped text, once per pause; Enter and clearing do not wait."""

    searched = Signal(str)
    left_downward = Signal()  # the down arrow: the keyboard goes to the results

    def __init__(
        self, placeholder: str, parent: QWidget | None = None, *, icon_name: str = "search"
    ) -> None:
        super().__init__(parent)
        self.setPlaceholderText(placeholder)
        self.setAccessibleName(placeholder)
        self.setClearButtonEnabled(True)
        self.addAction(icon(icon_name, "muted"), QLineEdit.ActionPosition.LeadingPosition)
        self._last = ""
        self._timer = QTimer(self, singleShot=True, interval=PAUSE)
        self._timer.timeout.connect(self.search_now)
        self.textChanged.connect(self._wait)
        self.returnPressed.connect(self.search_now)

    @Slot(str)
    def _wait(self, text: str) -> None:
        if text:
            self._timer.start()
        else:
            self.search_now()

    @Slot()
    def search_now(self) -> None:
        """Search for what is typed now, unless that was the last search."""
        self._timer.stop()
        text = self.text().strip()
        if text != self._last:
            self._last = text
            self.searched.emit(text)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self.text():
            self.clear()
        elif event.key() == Qt.Key.Key_Down:
            self.search_now()
            self.left_downward.emit()
        else:
            super().keyPressEvent(event)
