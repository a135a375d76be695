"""Run by `bench.start`: the real program, telling when window and first records were painted.

Nothing in it is changed but that its window is watched, and closed once records can be seen.
What is imported here is what `crm_desktop.app` imports first as well; Qt comes when it does there.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from crm_desktop import app

if TYPE_CHECKING:
    from crm_desktop.gui.main_window import MainWindow


def watch(window: MainWindow) -> None:
    from PySide6.QtCore import QEvent, QObject, QTimer
    from typing_extensions import override

    from crm_desktop.gui.pictures import FirstPaint

    class Watcher(QObject):
        """Follows the window to the first paint of records."""

        def __init__(self) -> None:
            super().__init__(window)
            self._grid: Any = None
            FirstPaint(window).painted.connect(self._tell_window)
            window.tabs.current_changed.connect(self._look)

        def _tell_window(self) -> None:
            print("window", time.monotonic())
            self._look()

        def _look(self) -> None:
            """Watch the grid of the records page, once there is one."""
            frame = window.tabs.current
            if frame is None or not frame.address.startswith("records:"):
                return
            if frame.page is None:
                frame.page_made.connect(self._look)
            elif self._grid is None:
                self._grid = vars(frame.page)["grid"]
                self._grid.viewport().installEventFilter(self)

        @override
        def eventFilter(self, watched: QObject, event: QEvent) -> bool:
            if event.type() == QEvent.Type.Paint and self._grid.model().rowCount():
                watched.removeEventFilter(self)
                QTimer.singleShot(0, self, self._tell_records)
            return False

        def _tell_records(self) -> None:
            print("records", time.monotonic(), flush=True)
            window.close()

    Watcher()


def main() -> int:
    follow = vars(app)["_after_first_paint"]

    def follow_and_watch(window: MainWindow, then: Callable[[], None]) -> None:
        follow(window, then)
        watch(window)  # told first, as what comes last is: before the database is being opened

    vars(app)["_after_first_paint"] = follow_and_watch
    return app.main()


if __name__ == "__main__":
    sys.exit(main())
