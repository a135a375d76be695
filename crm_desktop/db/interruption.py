"""A call as the threads around it see it: waiting, running, stopped. Imports no driver."""

import time
from typing import Protocol

from crm_desktop.domain.changes import Change, EditedRecord
from crm_desktop.domain.errors import Cancelled, UserError


class Stoppable(Protocol):
    """What `db.database.Running` is; importing that would bring SQLAlchemy before first paint."""

    def cancel(self, patience: float) -> None: ...


class Attempt:
    """One call's way to the database: can be stopped before, while and after it has a session."""

    def __init__(self) -> None:
        self.changes: frozenset[Change] = frozenset()
        self.edits: tuple[EditedRecord, ...] = ()
        self.began_at: float | None = None
        self._reason: UserError | None = None
        self._running: Stoppable | None = None

    def begin(self) -> None:
        self.began_at = time.monotonic()

    def attach(self, running: Stoppable) -> None:
        """Let other threads stop the session; do not begin what was stopped already."""
        self._running = running
        if self.was_stopped:
            raise self.explanation()

    @property
    def was_stopped(self) -> bool:
        return self._reason is not None

    def request_stop(self, reason: UserError) -> None:
        """Mark it as stopped, without waiting; `stop` then does it. The first reason counts."""
        self._reason = self._reason or reason

    def stop(self, patience: float) -> None:
        """Stop the statement, or cut the connection off; blocks while nobody answers.

        That takes `patience` seconds for the server to hear of it, and as many to obey.
        """
        if self._running is not None:
            self._running.cancel(patience)

    def explanation(self) -> UserError:
        """Say why a stopped call ended as it did."""
        return self._reason or Cancelled("This was stopped.")
