"""When a window has been painted first, and a picture of it once its page has been loaded."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QTimer, Signal
from typing_extensions import override

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from crm_desktop.gui.main_window import MainWindow

QUIET = 400  # milliseconds without work after which a page counts as loaded


class FirstPaint(QObject):
    """Tells once, after the window's first paint event has been dealt with."""

    painted = Signal()

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        window.installEventFilter(self)

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Paint:
            self._window.removeEventFilter(self)
            QTimer.singleShot(0, self, self.painted.emit)
        return False


class PictureTaker(QObject):
    """Saves a picture of the window when nothing has been loading for a moment."""

    taken = Signal()

    def __init__(self, window: MainWindow, file: Path) -> None:
        super().__init__(window)
        self._window, self._file = window, file
        self._quiet = QTimer(self)
        self._quiet.setSingleShot(True)
        self._quiet.setInterval(QUIET)
        self._quiet.timeout.connect(self._take)

    def begin(self) -> None:
        self._window.tasks.busy_changed.connect(self._follow)
        if not self._window.tasks.is_busy:
            self._quiet.start()

    def _follow(self, is_busy: bool) -> None:  # noqa: FBT001 - a signal's
        if is_busy:
            self._quiet.stop()
        else:
            self._quiet.start()

    def _take(self) -> None:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        self._window.grab().save(str(self._file))
        self.taken.emit()
