"""Drafts: what is typed anywhere is kept beside the program until it is stored or dropped."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, TypeAlias

from PySide6.QtCore import QObject, QTimer, Signal

from crm_desktop.domain.drafts import Draft
from crm_desktop.domain.errors import Unavailable, UserError

if TYPE_CHECKING:
    from crm_desktop.db.draft_files import DraftFile
    from crm_desktop.gui.tasks import Tasks

__all__ = ["Draft", "Drafts"]

_log = logging.getLogger(__name__)

OpenFile: TypeAlias = "Callable[[str], tuple[DraftFile, tuple[Draft, ...]]]"

CELLS = "cells:"  # begins the keys of what was typed into a list: it is offered there
WRITTEN_AFTER = 200  # milliseconds in which what is typed is gathered for one write


class Drafts(QObject):
    """The drafts of one window: its own, and those left over by programs that are gone.

    Both are known by their keys; no draft gets the key of one that is left over. `open_file`
    gives, for an owner, the file of this program and what is left over; without it, and until
    `begin`, drafts are kept in memory only. Files are written on workers, one write at a time.
    """

    changed = Signal()  # left-over drafts were found, or one of them went
    refused = Signal(object)  # UserError: drafts cannot be written; said once

    def __init__(
        self, tasks: Tasks, open_file: OpenFile | None = None, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._tasks, self._open_file = tasks, open_file
        self._own: dict[str, Draft] = {}
        self._left_over: dict[str, Draft] = {}
        self._file: DraftFile | None = None
        self._is_writing = self._has_refused = False
        self._timer = QTimer(self, singleShot=True, interval=WRITTEN_AFTER)
        self._timer.timeout.connect(self._write)

    def begin(self, owner: str) -> None:
        """Keep drafts in files from now on; `owner` tells one database and person from others."""
        if self._open_file is not None:
            self._tasks.compute(self, partial(self._open_file, owner), self._begun, self._refuse)

    def keep(self, draft: Draft) -> None:
        """Keep this draft, in place of the former one of the same key."""
        self._own[draft.key] = draft
        self._write_soon()

    def drop(self, key: str) -> None:
        """Forget a draft that was stored or given up, if there is one."""
        if self._own.pop(key, None) is not None:
            self._write_soon()
        if self._left_over.pop(key, None) is not None:
            self._write_soon()
            self.changed.emit()

    def left_over(self) -> tuple[Draft, ...]:
        """Return what was typed in programs that ended before it was stored; the newest first."""
        return tuple(self._left_over.values())

    def left_over_of(self, object_id: str, record_id: str) -> tuple[Draft, ...]:
        """Return those of one record, or of new records of the object where `record_id` is ""."""
        mine = (object_id, record_id)
        drafts = self._left_over.values()
        return tuple(draft for draft in drafts if (draft.object_id, draft.record_id) == mine)

    def close(self) -> None:
        """Write what is not written yet, here and now: for the end, when no worker runs."""
        self._timer.stop()
        if self._file is not None:
            try:
                self._file.write(self._all())
            except Unavailable as error:
                _log.warning("The last drafts were not written. %s", error)
            self._file.close()
            self._file = None

    def _all(self) -> tuple[Draft, ...]:
        return (*self._own.values(), *self._left_over.values())

    def _begun(self, begun: tuple[DraftFile, tuple[Draft, ...]]) -> None:
        self._file, left_over = begun
        self._left_over = {draft.key: draft for draft in left_over}
        if self._own:
            self._write_soon()
        if left_over:
            self.changed.emit()

    def _write_soon(self) -> None:
        if not self._timer.isActive():
            self._timer.start()

    def _write(self) -> None:
        if self._file is None:
            return
        if self._is_writing:
            self._write_soon()
            return
        self._is_writing = True
        call = partial(self._file.write, self._all())
        self._tasks.compute(self, call, self._written, self._not_written)

    def _written(self, _: None) -> None:
        self._is_writing = self._has_refused = False

    def _not_written(self, error: UserError) -> None:
        self._is_writing = False
        self._refuse(error)

    def _refuse(self, error: UserError) -> None:
        if not self._has_refused:
            self._has_refused = True
            self.refused.emit(error)
