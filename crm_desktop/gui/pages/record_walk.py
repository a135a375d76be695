"""Going from one record to the next in the list that it was opened from."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QAction

from crm_desktop.domain.errors import UserError
from crm_desktop.gui.editors.record_panel import RecordPanel
from crm_desktop.gui.tasks import Handle, Tasks
from crm_desktop.gui.trail import Trail
from crm_desktop.services.record_neighbours import neighbours

Neighbours = tuple[str | None, str | None]


class RecordWalk(QObject):
    """Knows which records stand before and after the shown one; the page goes there."""

    record_wanted = Signal(str)  # its id

    def __init__(
        self, tasks: Tasks, panel: RecordPanel, before: QAction, after: QAction, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._tasks, self._panel = tasks, panel
        self._actions = (before, after)
        self._trail: Trail | None = None
        self._shown = ""
        self._beside: Neighbours = (None, None)
        self._reading: Handle | None = None
        before.triggered.connect(partial(self.step, -1))
        after.triggered.connect(partial(self.step, 1))
        panel.step_requested.connect(self.step)
        self._allow()

    def follow(self, trail: Trail | None) -> None:
        """Walk along this list from now on."""
        self._trail = trail
        if self._shown:
            self._look(self._shown)

    def show_record(self, record_id: str) -> None:
        """Look for the neighbours of the record that is shown now."""
        if self._trail is not None and self._trail.row is not None and self._shown != record_id:
            moved = {self._beside[0]: -1, self._beside[1]: 1}.get(record_id, 0)
            self._trail = replace(self._trail, row=self._trail.row + moved)
        self._shown, self._beside = record_id, (None, None)  # until the answer is here
        self._look(record_id)

    def step(self, by: int, *_: bool) -> None:
        """Ask for the next record, or for the one before."""
        wanted = self._beside[1 if by > 0 else 0]
        if wanted:
            self.record_wanted.emit(wanted)

    def _look(self, record_id: str) -> None:
        if self._reading is not None:
            self._reading.cancel()
        if self._trail is None:
            return
        query, columns = self._trail.query, self._trail.columns
        call = partial(neighbours, query=query, columns=columns, record_id=record_id)
        self._reading = self._tasks.read(self, call, self._found, self._not_found)

    def _found(self, beside: Neighbours) -> None:
        self._beside, self._reading = beside, None
        self._allow()

    def _not_found(self, _: UserError) -> None:
        """Lead nowhere: the list has gone, or cannot be sorted so any more."""
        self._found((None, None))

    def _allow(self) -> None:
        for action, record_id in zip(self._actions, self._beside, strict=True):
            action.setEnabled(record_id is not None)
            action.setVisible(self._trail is not None)
        if self._trail is not None:
            has_before, has_after = (record_id is not None for record_id in self._beside)
            self._panel.stepper.allow(has_before=has_before, has_after=has_after)
            self._panel.stepper.show_place(self._trail.row, self._trail.total)
