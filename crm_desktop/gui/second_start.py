"""Does in the window that runs what a start was asked for: a record, a file, or the front."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt

from crm_desktop.domain.second_start import Wish

if TYPE_CHECKING:
    from crm_desktop.gui.main_window import MainWindow
    from crm_desktop.gui.startup import Startup


_log = logging.getLogger(__name__)


class SecondStarts(QObject):
    """Fulfils what this start was given, `first`, and then what further ones are."""

    def __init__(self, window: MainWindow, startup: Startup, first: Sequence[Wish]) -> None:
        super().__init__(window)
        self._window, self._startup = window, startup
        begin = partial(self._fulfil_all, first)
        startup.finished.connect(begin, Qt.ConnectionType.SingleShotConnection)

    def takes(self, wish: Wish) -> bool:
        """Say whether a wish is for this window: a link is for any, the rest for the workspace."""
        return bool(wish.record_id) or self._startup.source.is_local

    def fulfil(self, wish: Wish) -> None:
        what = "a record" if wish.record_id else "a file" if wish.file else "the window"
        _log.info("A further start of the program asked for %s.", what)
        self._window.come_forward()
        self._fulfil_all([wish])

    def _fulfil_all(self, wishes: Sequence[Wish]) -> None:
        for wish in wishes:
            if wish.record_id:
                self._window.open(f"record:{wish.record_id}")
            elif wish.file and self._window.tasks.is_open:
                self._window.show_pages()
                self._window.import_file(wish.file)
