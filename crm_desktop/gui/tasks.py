"""Runs service calls off the GUI thread and brings their outcome back to it."""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, TypeVar

from PySide6.QtCore import QObject, QTimer, Signal, Slot
from shiboken6 import isValid

from crm_desktop.db.interruption import Attempt
from crm_desktop.domain.errors import Cancelled, Unavailable, UserError
from crm_desktop.gui.jobs import Job, Progress
from crm_desktop.gui.pulse import ConnectionState, Pulse

if TYPE_CHECKING:
    from crm_desktop.db.database import Database, ReadSession, UpkeepSession, WriteSession
    from crm_desktop.domain.access import Actor

__all__ = ["Handle", "Job", "Progress", "Tasks"]

T = TypeVar("T")
S = TypeVar("S", bound="WriteSession")
OnError = Callable[[UserError], None]

STOP_PATIENCE = 2.5  # seconds a server gets to hear of a cancellation, and as many to obey
CLOSING_PATIENCE = 1.0  # the same while the program ends
READ_PATIENCE = 60.0  # seconds a read may take before it is stopped

STOPPED = "This was stopped. Nothing was changed."
TOOK_TOO_LONG = "This took too long and was stopped. Try again, or ask for less."
NO_ANSWER = "The database does not answer. Nothing was changed. Try again when it is back."

_log = logging.getLogger(__name__)


def _ignore(_: object) -> None:
    """Take a result that nobody needs."""


class Handle:
    """A call under way, for who asked: `cancel()` when its answer is no longer wanted."""

    def __init__(self, tasks: Tasks, number: int) -> None:
        self._tasks, self.number = tasks, number

    @property
    def is_running(self) -> bool:
        return self._tasks.is_running(self.number)

    def cancel(self) -> None:
        """Stop it, or let it end unheard: neither `then` nor `on_error` will be called."""
        self._tasks.cancel(self.number)


@dataclass(eq=False)
class _Call:
    """One piece of work. The GUI thread makes and drops it, so that what it holds dies there."""

    owner: QObject
    work: Callable[[Attempt], Any]
    then: Callable[[Any], None]
    on_error: OnError | None
    patience: float = math.inf
    is_read: bool = False
    is_wanted: bool = True
    at_end: Callable[[], None] | None = None
    result: Any = None
    error: BaseException | None = None
    attempt: Attempt = field(default_factory=Attempt)


class _Pool:
    """Daemon threads that take numbers from a queue; a blocked one never keeps the program."""

    def __init__(self, name: str, size: int, perform: Callable[[int], None]) -> None:
        self._name, self._size, self._perform = name, size, perform
        self._queue: SimpleQueue[int | None] = SimpleQueue()
        self._threads: list[threading.Thread] = []

    def submit(self, number: int) -> None:
        if len(self._threads) < self._size:
            name = f"{self._name}-{len(self._threads)}"
            self._threads.append(threading.Thread(target=self._serve, name=name, daemon=True))
            self._threads[-1].start()
        self._queue.put(number)

    def drop_queued(self) -> None:
        try:
            while True:
                self._queue.get_nowait()
        except Empty:
            return

    def end(self) -> None:
        """Let each thread stop after what is queued."""
        for _ in self._threads:
            self._queue.put(None)

    def join(self, deadline: float) -> bool:
        """Wait for the threads until the deadline; False when one is still blocked."""
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        return not any(thread.is_alive() for thread in self._threads)

    def _serve(self) -> None:
        while (number := self._queue.get()) is not None:
            self._perform(number)


class Tasks(QObject):
    """The only place where the GUI meets threads.

    Made before the database is known: calls wait until `use` names one. Callbacks run on the GUI
    thread, and not at all once `owner` has been deleted or the call was cancelled. Errors other
    than `UserError` are bugs: they are raised on the GUI thread, for `sys.excepthook`. One
    thread writes, so that short writes happen in the order they were asked for.
    """

    changed = Signal(object)  # frozenset[Change], after every commit
    edited = Signal(object)  # tuple[EditedRecord, ...], before `changed`
    refused = Signal(object)  # UserError that no caller took
    started = Signal(object)  # Job
    opened = Signal()  # a database is in use, and `actor` is known
    busy_changed = Signal(bool)
    connection_changed = Signal(object)  # ConnectionState
    latency_measured = Signal(float)  # milliseconds
    _finished = Signal(object)  # the number of a call

    def __init__(
        self,
        database: Database | None = None,
        actor: Actor | None = None,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._database, self._actor = database, actor
        self._numbers = count(1)
        self._calls: dict[int, _Call] = {}  # changed on the GUI thread only
        self._waiting: list[tuple[_Pool, int]] = []
        self._jobs: list[Job] = []
        self._is_busy = False
        self._is_closing = threading.Event()
        self._readers = _Pool("reader", 4, self._perform)
        self._writer = _Pool("writer", 1, self._perform)
        self._long = _Pool("long", 2, self._perform)
        self._other = _Pool("other", 2, self._perform)
        self._pinger = _Pool("ping", 1, self._perform)
        self._finished.connect(self._deliver)
        self._pulse = Pulse(self._ping, self)
        self._pulse.state_changed.connect(self.connection_changed)
        self._pulse.measured.connect(self.latency_measured)
        self._pulse.gave_up.connect(self._stop_everything)
        self._watch = QTimer(self, interval=500)
        self._watch.timeout.connect(self._stop_overdue)
        if database is not None:
            self._watch.start()

    @property
    def actor(self) -> Actor:
        """Who is signed in; only once `opened`."""
        if self._actor is None:
            raise RuntimeError("no database is open yet")
        return self._actor

    @property
    def is_open(self) -> bool:
        return self._database is not None

    @property
    def is_busy(self) -> bool:
        return self._is_busy

    @property
    def jobs(self) -> tuple[Job, ...]:
        """The long jobs that have not ended."""
        return tuple(self._jobs)

    @property
    def connection_state(self) -> ConnectionState:
        return self._pulse.state

    def use(self, database: Database, actor: Actor) -> None:
        """Take this database from now on, and begin what was waiting for one."""
        if self._database is not None:
            raise RuntimeError("a database is already open")
        self._database, self._actor = database, actor
        waiting, self._waiting = self._waiting, []
        for pool, number in waiting:
            pool.submit(number)
        self._watch.start()
        self._pulse.start()
        self.opened.emit()

    def check_connection(self) -> None:
        """Ask the database now whether it answers (Reconnect)."""
        self._pulse.ask_now()

    def read(
        self,
        owner: QObject,
        call: Callable[[ReadSession], T],
        then: Callable[[T], None],
        on_error: OnError | None = None,
        *,
        patience: float = READ_PATIENCE,
    ) -> Handle:
        """Run `call` in a read session on a reader thread, then `then(result)` here.

        `call` may run a second time, when the connection is lost during the first.
        """
        work = partial(self._read, call)
        return self._submit(
            self._readers, _Call(owner, work, then, on_error, patience, is_read=True)
        )

    def write(
        self,
        owner: QObject,
        call: Callable[[WriteSession], T],
        then: Callable[[T], None] = _ignore,
        on_error: OnError | None = None,
    ) -> None:
        """Run `call` in one transaction on the writer thread, then `then(result)` here.

        Never run twice: when the answer to the commit is lost, the server is asked what
        became of it.
        """
        self._submit(self._writer, _Call(owner, partial(self._write, call), then, on_error))

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
        job = Job(title)
        work = partial(self._write_long, partial(_with_progress, call, job))
        return self._start_job(job, _Call(owner, work, then, on_error))

    def maintain(
        self,
        owner: QObject,
        title: str,
        call: Callable[[UpkeepSession, Progress], T],
        then: Callable[[T], None] = _ignore,
        on_error: OnError | None = None,
    ) -> Job:
        """Run `call(session, on_progress)` outside transactions on a thread of its own.

        For building and dropping indexes. The job is shown as running until it ends; what
        cancelling it leaves is for `call` to clear away.
        """
        job = Job(title)
        work = partial(self._maintain, partial(_with_progress, call, job))
        return self._start_job(job, _Call(owner, work, then, on_error))

    def run_aside(
        self,
        owner: QObject,
        title: str,
        call: Callable[[Progress], T],
        then: Callable[[T], None] = _ignore,
        on_error: OnError | None = None,
    ) -> Job:
        """Run `call(on_progress)` without a session on a thread of its own: backups, for example.

        The job is shown as running until it ends; where it was cancelled, its next report of
        progress answers False.
        """
        job = Job(title)
        work = partial(_without_database, partial(call, job.report))
        return self._start_job(job, _Call(owner, work, then, on_error), needs_database=False)

    def compute(
        self,
        owner: QObject,
        call: Callable[[], T],
        then: Callable[[T], None] = _ignore,
        on_error: OnError | None = None,
    ) -> Handle:
        """Run `call` without a database on a thread of its own: files, start-up, key stores."""
        work = partial(_without_database, call)
        return self._submit(self._other, _Call(owner, work, then, on_error), needs_database=False)

    def is_running(self, number: int) -> bool:
        return number in self._calls

    def cancel(self, number: int) -> None:
        """Do what `Handle.cancel` promises."""
        call = self._calls.get(number)
        if call is not None and call.is_wanted:
            call.is_wanted = False
            self._interrupt(number)

    def close(self, patience: float = 5.0) -> None:
        """End the threads: writes that were asked for are finished, reads are stopped.

        What the server does not answer within `patience` seconds is given up.
        """
        if self._is_closing.is_set():
            return
        self._is_closing.set()
        self._pulse.stop()
        self._watch.stop()
        deadline = time.monotonic() + patience
        for job in self._jobs:
            job.cancel()
        pools = (self._writer, self._long, self._readers, self._other, self._pinger)
        for pool in pools[2:]:
            pool.drop_queued()
        for pool in pools:
            pool.end()
        for number, call in self._calls.items():
            if call.is_read:
                self._interrupt(number)
        if not all(pool.join(deadline) for pool in pools):
            self._stop_everything()
            last = time.monotonic() + 4 * CLOSING_PATIENCE
            if not all(pool.join(last) for pool in pools):
                _log.warning("A call to the database did not end; it is left behind.")
        if self._database is not None:
            self._database.close()

    # What follows up to `_perform` runs on the GUI thread.

    def _submit(self, pool: _Pool, call: _Call, *, needs_database: bool = True) -> Handle:
        number = next(self._numbers)
        if self._is_closing.is_set():
            return Handle(self, number)
        self._calls[number] = call
        self._tell_whether_busy()
        if needs_database and self._database is None:
            self._waiting.append((pool, number))
        else:
            pool.submit(number)
        return Handle(self, number)

    def _start_job(self, job: Job, call: _Call, *, needs_database: bool = True) -> Job:
        call.on_error = partial(self._job_failed, call.on_error)
        call.at_end = partial(self._end_job, job)
        handle = self._submit(self._long, call, needs_database=needs_database)
        job.cancelled.connect(partial(self._interrupt, handle.number))
        self._jobs.append(job)
        self.started.emit(job)
        return job

    @Slot(object)
    def _deliver(self, number: int) -> None:
        call = self._calls.pop(number)
        try:
            if call.at_end is not None:
                call.at_end()
            if call.attempt.edits:
                self.edited.emit(call.attempt.edits)
            if call.attempt.changes:
                self.changed.emit(call.attempt.changes)
            self._answer(call)
        finally:
            self._tell_whether_busy()

    def _tell_whether_busy(self) -> None:
        is_busy = any(call.owner is not self for call in self._calls.values())  # no mere pings
        if is_busy != self._is_busy:
            self._is_busy = is_busy
            self.busy_changed.emit(is_busy)

    def _answer(self, call: _Call) -> None:
        if call.error is not None and not isinstance(call.error, UserError):
            raise call.error
        if not call.is_wanted or not isValid(call.owner):
            return
        if call.error is None:
            call.then(call.result)
            return
        if isinstance(call.error, Unavailable):
            self._pulse.ask_now()
        (call.on_error or self.refused.emit)(call.error)

    def _job_failed(self, on_error: OnError | None, error: UserError) -> None:
        if on_error is not None:
            on_error(error)
        elif not isinstance(error, Cancelled):
            self.refused.emit(error)

    def _end_job(self, job: Job) -> None:
        self._jobs.remove(job)
        job.ended.emit()

    def _interrupt(self, number: int, reason: UserError | None = None) -> None:
        """Stop the call's statement without waiting for it."""
        call = self._calls.get(number)
        if call is not None and not call.attempt.was_stopped:
            call.attempt.request_stop(reason or Cancelled(STOPPED))
            patience = CLOSING_PATIENCE if self._is_closing.is_set() else STOP_PATIENCE
            _start(partial(call.attempt.stop, patience))

    @Slot()
    def _stop_overdue(self) -> None:
        now = time.monotonic()
        for number, call in self._calls.items():
            began_at = call.attempt.began_at
            if began_at is not None and now - began_at > call.patience:
                self._interrupt(number, Unavailable(TOOK_TOO_LONG))

    @Slot()
    def _stop_everything(self) -> None:
        """Cut off all calls under way: the server does not answer."""
        for number in self._calls:
            self._interrupt(number, Unavailable(NO_ANSWER))

    def _ping(self) -> None:
        self._submit(self._pinger, _Call(self, self._ask, self._pinged, self._ping_failed))

    def _pinged(self, round_trip: float) -> None:
        self._pulse.answered(round_trip)

    def _ping_failed(self, _: UserError) -> None:
        self._pulse.failed()

    # What follows runs on worker threads.

    def _perform(self, number: int) -> None:
        self._run(number)  # its frame, and with it every reference to the call, is gone before:
        if not self._is_closing.is_set():
            self._finished.emit(number)

    def _run(self, number: int) -> None:
        call = self._calls[number]
        call.attempt.begin()
        try:
            if not call.is_wanted or (call.is_read and not isValid(call.owner)):
                raise Cancelled(STOPPED)  # noqa: TRY301 - one way out
            call.result = call.work(call.attempt)
        except BaseException as error:  # noqa: BLE001 - raised again on the GUI thread
            call.error = error

    def _read(self, call: Callable[[ReadSession], T], attempt: Attempt) -> T:
        from crm_desktop.db import liveness  # with SQLAlchemy: not before the first paint

        return liveness.read(self._in_use(), self.actor, call, attempt)

    def _write(self, call: Callable[[WriteSession], T], attempt: Attempt) -> T:
        from crm_desktop.db import liveness

        return liveness.write(self._in_use(), self.actor, call, attempt, self._is_closing)

    def _write_long(self, call: Callable[[WriteSession], T], attempt: Attempt) -> T:
        from crm_desktop.db import liveness

        return liveness.write_long(self._in_use(), self.actor, call, attempt, self._is_closing)

    def _maintain(self, call: Callable[[UpkeepSession], T], attempt: Attempt) -> T:
        from crm_desktop.db import liveness

        return liveness.maintain(self._in_use(), self.actor, call, attempt)

    def _ask(self, attempt: Attempt) -> float:
        from crm_desktop.db import liveness

        return liveness.ping(self._in_use(), self.actor, attempt)

    def _in_use(self) -> Database:
        if self._database is None:
            raise RuntimeError("no database is open yet")
        return self._database


def _with_progress(call: Callable[[S, Progress], T], job: Job, session: S) -> T:
    return call(session, job.report)


def _without_database(call: Callable[[], T], _: Attempt) -> T:
    return call()


def _start(work: Callable[[], None]) -> None:
    """Run what may wait a few seconds for a stalled server on a thread of its own."""
    threading.Thread(target=work, name="interrupter", daemon=True).start()
