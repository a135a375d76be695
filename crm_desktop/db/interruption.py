"""A call to the database as other threads see it: reached, stopped, cut off. Imports no driver."""

import threading
import time
from typing import Protocol

from crm_desktop.domain.changes import Change
from crm_desktop.domain.errors import Cancelled, Unavailable, UserError

CANCEL_PATIENCE = 2.5  # seconds a server gets to obey a cancellation before the line is cut


class Connected(Protocol):
    """A connection in use by another thread."""

    def cancel(self, patience: float) -> None: ...

    def cut(self) -> None: ...


class Attempt:
    """One call's way to the database; the lock keeps a connection from being reused meanwhile."""

    def __init__(self) -> None:
        self.changes: frozenset[Change] = frozenset()
        self.was_stopped = False
        self.began_at: float | None = None
        self._took_too_long = False
        self._lock = threading.Lock()
        self._line: Connected | None = None
        self._ended = threading.Event()

    def begin(self) -> None:
        self.began_at = time.monotonic()

    def attach(self, line: Connected) -> None:
        """Let other threads reach the call's connection; do not begin what was stopped."""
        with self._lock:
            self._line = line
        if self.was_stopped:
            raise Cancelled("This was stopped before it began.")

    def detach(self) -> None:
        """Must come before the connection goes back to its pool."""
        with self._lock:
            self._line = None

    def end(self) -> None:
        self._ended.set()

    def request_stop(self, *, took_too_long: bool = False) -> None:
        """Mark it as stopped, without waiting; `stop` then does it."""
        self.was_stopped, self._took_too_long = True, took_too_long

    def stop(self) -> None:
        """Cancel the statement, then cut the line if that does not help. May take 5 seconds."""
        with self._lock:
            if self._line is not None:
                self._line.cancel(CANCEL_PATIENCE)
        if not self._ended.wait(CANCEL_PATIENCE):
            self.cut()

    def cut(self) -> None:
        """Shut the connection's socket. Waits for a `stop` that is under way."""
        with self._lock:
            if self._line is not None:
                self._line.cut()

    def explain(self) -> UserError:
        """Say why a stopped call ended as it did."""
        if self._took_too_long:
            return Unavailable("This took too long and was stopped. Try again, or ask for less.")
        return Cancelled("This was stopped. Nothing was changed.")
