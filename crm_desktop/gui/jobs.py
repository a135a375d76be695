"""A long piece of work as the window shows it: its progress, and a way to stop it."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable

from PySide6.QtCore import QObject, Signal

Progress = Callable[[int, int], bool]

REPORT_EVERY = 0.05  # seconds between two reports of progress that reach the screen


class Job(QObject):
    """One long piece of work, as shown in the status bar: its progress, and a way to stop it."""

    progressed = Signal(int, int)  # done, total; total 0: unknown
    ended = Signal()
    cancelled = Signal()

    def __init__(self, title: str) -> None:
        super().__init__()
        self.title = title
        self.done, self.total = 0, 0
        self._stop = threading.Event()
        self._reported_at = -math.inf

    @property
    def is_cancelled(self) -> bool:
        return self._stop.is_set()

    @property
    def percent(self) -> int:
        return 100 * self.done // self.total if self.total else 0

    @property
    def percent_known(self) -> int:
        """The end of a progress bar: 100, or 0 (which shows it as busy) for an unknown total."""
        return 100 if self.total else 0

    def describe(self) -> str:
        if self.is_cancelled:
            return f"{self.title}: stopping…"
        if self.total:
            return f"{self.title} {self.done:,} / {self.total:,}"
        return f"{self.title} {self.done:,}" if self.done else self.title

    def cancel(self) -> None:
        """Stop it: its statement is interrupted, its next report of progress answers False."""
        self._stop.set()
        self.cancelled.emit()

    def report(self, done: int, total: int) -> bool:
        """Note how far the work is, from any thread and as often as liked; False: stop."""
        self.done, self.total = done, total
        now = time.monotonic()
        if now - self._reported_at >= REPORT_EVERY or done == total:
            self._reported_at = now
            self.progressed.emit(done, total)
        return not self._stop.is_set()
