"""Whether the database answers, and how fast: one light question every few seconds."""

from __future__ import annotations

import time
from enum import StrEnum
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

if TYPE_CHECKING:
    from collections.abc import Callable

INTERVAL = 3.0  # seconds between an answer and the next question
SLOW_AFTER = 1.0
LOST_AFTER = 5.0
CUT_AFTER = 8.0  # a server that was silent this long is not waited for any longer
LONGEST_BACK_OFF = 15.0


class ConnectionState(StrEnum):
    CONNECTING = "connecting"
    CONNECTED = "connected"
    SLOW = "slow"
    LOST = "lost"


class Pulse(QObject):
    """Asks, times the answer, and says when none comes; lives on the GUI thread.

    `ask` sends the question and returns at once; its end is told by `answered` or `failed`.
    After a failure the next questions come after 0.5, 1, 2, … seconds.
    """

    state_changed = Signal(object)  # ConnectionState
    measured = Signal(float)  # milliseconds
    gave_up = Signal()  # no answer for `CUT_AFTER`: everything under way is to be cut off

    def __init__(self, ask: Callable[[], None], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._ask = ask
        self._asked_at: float | None = None
        self._failures = 0
        self._gave_up = False
        self.state = ConnectionState.CONNECTING
        self._next = QTimer(self)
        self._next.setSingleShot(True)
        self._next.timeout.connect(self._send)
        self._overdue = QTimer(self)
        self._overdue.setInterval(250)
        self._overdue.timeout.connect(self._look)

    def start(self) -> None:
        self._overdue.start()
        self._send()

    def stop(self) -> None:
        self._next.stop()
        self._overdue.stop()

    def answered(self, round_trip: float) -> None:
        """Note an answer; `round_trip` is what the network and the server took, in seconds."""
        if self._asked_at is None:
            return
        taken = time.monotonic() - self._asked_at
        self._asked_at, self._failures, self._gave_up = None, 0, False
        self._set(ConnectionState.CONNECTED if taken < SLOW_AFTER else ConnectionState.SLOW)
        self.measured.emit(round_trip * 1000)
        self._next.start(round(INTERVAL * 1000))

    def failed(self) -> None:
        self._asked_at, self._gave_up = None, False
        self._set(ConnectionState.LOST)
        back_off = min(0.5 * 2**self._failures, LONGEST_BACK_OFF)
        self._failures += 1
        self._next.start(round(back_off * 1000))

    def ask_now(self) -> None:
        """Do not wait for the next turn: somebody has just seen the connection fail, or asks."""
        if self._asked_at is None and self._overdue.isActive():
            self._next.start(0)

    def _send(self) -> None:
        self._asked_at = time.monotonic()
        self._ask()

    def _look(self) -> None:
        if self._asked_at is None:
            return
        silent = time.monotonic() - self._asked_at
        if silent > CUT_AFTER and not self._gave_up:
            self._gave_up = True
            self.gave_up.emit()
        if silent > LOST_AFTER:
            self._set(ConnectionState.LOST)
        elif silent > SLOW_AFTER and self.state is ConnectionState.CONNECTED:
            self._set(ConnectionState.SLOW)

    def _set(self, state: ConnectionState) -> None:
        if state is not self.state:
            self.state = state
            self.state_changed.emit(state)
