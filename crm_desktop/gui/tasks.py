"""Runs service calls off the GUI thread and brings their outcome back to it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from PySide6.QtCore import QObject, Signal, Slot
from shiboken6 import isValid

from crm_desktop.domain.errors import Cancelled, UserError

if TYPE_CHECKING:
    from crm_desktop.db.database import Database, ReadSession, WriteSession
    from crm_desktop.domain.access import Actor
    from crm_desktop.domain.changes import Change

T = TypeVar("T")
OnError = Callable[[UserError], None]
Progress = Callable[[int, int], bool]


def _ignore(_: object) -> None:
    """Take a result that nobody needs."""


class Job(QObject):
    """One long piece of work, as shown in the status bar: its progress, and a way to stop it."""

    progressed = Signal(int, int)  # done, total; total 0: unknown
    ended = Signal()

    def __init__(self, title: str, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.title = title
        self.done, self.total = 0, 0
        self._stop = threading.Event()

    @property
    def is_cancelled(self) -> bool:
        return self._stop.is_set()

    def cancel(self) -> None:
        """Ask the work to stop: its next report of progress answers False."""
        self._stop.set()

    def report(self, done: int, total: int) -> bool:
        """Note how far the work is, from any thread; False asks it to stop."""
        self.done, self.total = done, total
        self.progressed.emit(done, total)
        return not self._stop.is_set()


class Tasks(QObject):
    """The only place where the GUI meets threads.

    Callbacks run on the GUI thread, and not at all once `owner` has been deleted. Errors
    other than `UserError` are bugs: they are raised on the GUI thread, for `sys.excepthook`.
    One thread writes, so that short writes happen in the order they were asked for.
    """

    changed = Signal(object)  # frozenset[Change], after every commit
    refused = Signal(object)  # UserError that no caller took
    started = Signal(object)  # Job
    _finished = Signal(object)

    def __init__(self, database: Database, actor: Actor, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._database, self.actor = database, actor
        self._readers = ThreadPoolExecutor(4, "reader")
        self._writer = ThreadPoolExecutor(1, "writer")
        self._long = ThreadPoolExecutor(2, "long")
        self._finished.connect(self._run_on_gui_thread)

    def read(
        self,
        owner: QObject,
        call: Callable[[ReadSession], T],
        then: Callable[[T], None],
        on_error: OnError | None = None,
    ) -> None:
        """Run `call` in a read session on a reader thread, then `then(result)` here."""

        def work() -> tuple[T, frozenset[Change]]:
            with self._database.read(self.actor) as session:
                return call(session), frozenset()

        self._submit(self._readers, owner, work, then, on_error)

    def write(
        self,
        owner: QObject,
        call: Callable[[WriteSession], T],
        then: Callable[[T], None] = _ignore,
        on_error: OnError | None = None,
    ) -> None:
        """Run `call` in one transaction on the writer thread, then `then(result)` here."""
        self._submit(self._writer, owner, partial(self._write, call), then, on_error)

    def run_long(
        self,
        owner: QObject,
        title: str,
        call: Callable[[WriteSession, Progress], T],
        then: Callable[[T], None] = _ignore,
        on_error: OnError | None = None,
    ) -> Job:
        """Run `call(session, on_progress)` in one transaction on a thread of its own.

        The job is shown as running until it ends; cancelling it rolls the transaction back.
        """
        job = Job(title, self)

        def work() -> tuple[T, frozenset[Change]]:
            return self._write(lambda session: call(session, job.report))

        def stopped(error: UserError) -> None:
            job.ended.emit()
            if not isinstance(error, Cancelled):
                (on_error or self.refused.emit)(error)

        def finished(result: T) -> None:
            job.ended.emit()
            then(result)

        self._submit(self._long, owner, work, finished, stopped)
        self.started.emit(job)
        return job

    def _write(self, call: Callable[[WriteSession], T]) -> tuple[T, frozenset[Change]]:
        with self._database.write(self.actor) as session:
            result = call(session)
        return result, frozenset(session.changes)

    def close(self) -> None:
        """Wait for what is running and end the threads."""
        for executor in (self._readers, self._writer, self._long):
            executor.shutdown(wait=True, cancel_futures=True)

    def _submit(
        self,
        executor: ThreadPoolExecutor,
        owner: QObject,
        work: Callable[[], tuple[T, frozenset[Change]]],
        then: Callable[[T], None],
        on_error: OnError | None,
    ) -> None:
        def deliver(future: Future[tuple[T, frozenset[Change]]]) -> None:
            error = future.exception()
            if error is None:
                result, changes = future.result()
                if changes:
                    self.changed.emit(changes)
                if isValid(owner):
                    then(result)
            elif not isinstance(error, UserError):
                raise error
            elif isValid(owner):
                (on_error or self.refused.emit)(error)

        def announce(future: Future[Any]) -> None:
            if not future.cancelled():
                self._finished.emit(partial(deliver, future))

        executor.submit(work).add_done_callback(announce)

    @Slot(object)
    def _run_on_gui_thread(self, call: Callable[[], None]) -> None:
        call()
