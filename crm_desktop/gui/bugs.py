"""What happens to an exception that nobody expected: the log, and a report one can copy."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, qVersion

from crm_desktop import __version__

if TYPE_CHECKING:
    import threading
    from types import TracebackType

    from PySide6.QtWidgets import QWidget

_log = logging.getLogger(__name__)


class BugCatcher(QObject):
    """Takes exceptions from any thread; shows one report at a time, so that none buries another."""

    _caught = Signal(str, str)  # a summary, and details

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self._is_shown = False
        self._caught.connect(self._show)

    def take(
        self, kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        """Be `sys.excepthook`."""
        if issubclass(kind, KeyboardInterrupt):
            self._window.close()
            return
        _log.critical("A mistake in the program", exc_info=(kind, error, trace))
        import platform
        import traceback

        text = "".join(traceback.format_exception(kind, error, trace))
        details = f"CRM Desktop {__version__}, Qt {qVersion()}, Python {platform.python_version()}"
        self._caught.emit(f"{kind.__name__}: {error}"[:300], f"{details}\n\n{text}")

    def take_from_thread(self, arguments: threading.ExceptHookArgs) -> None:
        """Be `threading.excepthook`."""
        if arguments.exc_value is not None:
            self.take(arguments.exc_type, arguments.exc_value, arguments.exc_traceback)

    def _show(self, summary: str, details: str) -> None:
        if self._is_shown:
            return
        self._is_shown = True
        from crm_desktop.gui.messages import report_bug  # not before the first paint

        dialog = report_bug(self._window, summary, details)
        dialog.finished.connect(self._closed)

    def _closed(self) -> None:
        self._is_shown = False
