"""Counts the links of relationships in the background, when somebody asks for it."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from crm_desktop.domain.errors import UserError
from crm_desktop.services import schema_graph
from crm_desktop.services.schema_graph import Figures

if TYPE_CHECKING:
    from crm_desktop.gui.tasks import Handle, Tasks

_PATIENCE = 600.0  # seconds for one relationship; it can be stopped


class SchemaFigures(QObject):
    """One relationship after the other; stopping keeps what was counted before."""

    counted = Signal(str, object)  # the relationship's id, its Figures
    progressed = Signal(int, int)  # done, of how many
    ended = Signal()
    refused = Signal(object)  # UserError

    def __init__(self, tasks: Tasks, parent: QObject) -> None:
        super().__init__(parent)
        self._tasks = tasks
        self._waiting: list[str] = []
        self._total = 0
        self._handle: Handle | None = None

    @property
    def is_running(self) -> bool:
        return self._handle is not None

    def count(self, relationship_ids: Iterable[str]) -> None:
        """Count these, behind what waits already."""
        new = [each for each in relationship_ids if each not in self._waiting]
        self._waiting += new
        self._total += len(new)
        if self._handle is None:
            self._next()

    def stop(self) -> None:
        self._waiting.clear()
        if self._handle is not None:
            self._handle.cancel()
            self._finish()

    def _next(self) -> None:
        if not self._waiting:
            self._finish()
            return
        relationship_id = self._waiting.pop(0)
        self.progressed.emit(self._total - len(self._waiting), self._total)
        call = partial(schema_graph.relationship_figures, relationship_id=relationship_id)
        then = partial(self._show, relationship_id)
        self._handle = self._tasks.read(self, call, then, self._refuse, patience=_PATIENCE)

    def _show(self, relationship_id: str, figures: Figures) -> None:
        self.counted.emit(relationship_id, figures)
        self._next()

    def _refuse(self, error: UserError) -> None:
        self.refused.emit(error)
        self._waiting.clear()
        self._finish()

    def _finish(self) -> None:
        self._handle, self._total = None, 0
        self.ended.emit()
