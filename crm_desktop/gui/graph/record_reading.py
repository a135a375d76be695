"""Reads for a record graph: one after the other on a worker, stoppable, none answers too late."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from PySide6.QtCore import QObject, Signal

from crm_desktop.domain.errors import UserError

if TYPE_CHECKING:
    from crm_desktop.db.database import ReadSession
    from crm_desktop.gui.tasks import Handle, Tasks


class _Wish(NamedTuple):
    """`make` gives the call when its turn comes: by then more may be on screen."""

    sentence: str
    make: Callable[[], Callable[[ReadSession], Any]]
    then: Callable[[Any], object]


class Reading(QObject):
    """A queue of reads, so that each builds on what the one before it brought.

    Reading again waits until nothing else is wanted, and begins anew when it was overtaken.
    """

    began = Signal(str)  # what is read, as a sentence
    ended = Signal()
    refused = Signal(object)  # UserError

    def __init__(self, tasks: Tasks, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._tasks = tasks
        self._wishes: deque[_Wish] = deque()
        self._again: _Wish | None = None
        self._handle: Handle | None = None
        self._is_again = False

    @property
    def is_busy(self) -> bool:
        return self._handle is not None

    def ask(
        self,
        sentence: str,
        make: Callable[[], Callable[[ReadSession], Any]],
        then: Callable[[Any], object],
    ) -> None:
        """Read this after what was asked for before; a reading again under way gives way."""
        self._wishes.append(_Wish(sentence, make, then))
        if self._is_again:
            self._drop()
        self._begin_next()

    def read_again(
        self, make: Callable[[], Callable[[ReadSession], Any]], then: Callable[[Any], object]
    ) -> None:
        """Read anew what is shown, once nothing else is under way."""
        self._again = _Wish("", make, then)
        if self._is_again:
            self._drop()
        self._begin_next()

    def stop(self) -> None:
        """Give up all that is wanted."""
        self._wishes.clear()
        self._again = None
        self._drop()
        self.ended.emit()

    def _drop(self) -> None:
        if self._handle is not None:
            self._handle.cancel()
        self._handle, self._is_again = None, False

    def _begin_next(self) -> None:
        if self._handle is not None:
            return
        if self._wishes:
            wish = self._wishes.popleft()
            self.began.emit(wish.sentence)
        elif self._again is not None:
            wish, self._is_again = self._again, True
        else:
            return
        self._handle = self._tasks.read(
            self, wish.make(), partial(self._arrived, wish), self._failed
        )

    def _arrived(self, wish: _Wish, answer: Any) -> None:
        self._end()
        wish.then(answer)
        self._begin_next()

    def _failed(self, error: UserError) -> None:
        self._end()
        self.refused.emit(error)
        self._begin_next()

    def _end(self) -> None:
        if self._is_again:
            self._again = None
        self._handle, self._is_again = None, False
        if not self._wishes:
            self.ended.emit()
