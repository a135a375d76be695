"""Finds the records of rows in a list, also of those that are not in memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from PySide6.QtCore import QObject, Signal, Slot

from crm_desktop.domain.errors import UserError
from crm_desktop.gui.models.records import RecordTableModel
from crm_desktop.gui.tasks import Tasks
from crm_desktop.services import record_targets

Span = tuple[int, int]  # first and last row
MOST_IN_MEMORY = 20_000  # rows; the model keeps no more


class RangeIds(QObject):
    """Asks the model, and where that does not know all of them, the database."""

    refused = Signal(object)  # UserError

    def __init__(self, tasks: Tasks, model: RecordTableModel) -> None:
        super().__init__(model)
        self._tasks, self._model = tasks, model
        self._moves = 0  # how often rows may have become those of other records
        model.about_to_show.connect(self._note_move)
        model.folding_changed.connect(self._note_move)
        model.took_again.connect(self._note_reread)

    def unmoved(self, then: Callable[..., None]) -> Callable[..., None]:
        """Return `then` for the rows as they stand now: it refuses once they stand elsewhere."""
        return partial(self._go_on, self._moves, then)

    def _go_on(self, moves: int, then: Callable[..., None], *answers: Any) -> None:
        if moves == self._moves:
            then(*answers)
        else:
            self._refuse()

    @Slot()
    def _note_move(self) -> None:
        self._moves += 1

    @Slot(bool)
    def _note_reread(self, have_stayed: bool) -> None:  # noqa: FBT001 - a slot
        self._moves += not have_stayed

    def known(self, spans: Sequence[Span]) -> list[str]:
        """Return the ids of all these rows, or none at all where some have not been read."""
        rows = sum(last - first + 1 for first, last in spans)
        if rows > MOST_IN_MEMORY:
            return []
        ids = [self._model.id_of(row) for span in spans for row in range(span[0], span[1] + 1)]
        return ids if all(ids) else []

    def find(self, spans: Sequence[Span], then: Callable[[tuple[str, ...]], None]) -> None:
        """Call `then` with the ids of these rows, at once or when they have been read."""
        ids = self.known(spans)
        if ids or not spans:
            then(tuple(ids))
            return
        query, columns = self._model.query, self._model.columns
        places = self._model.groups.spans(spans)
        call = partial(record_targets.ids_of_rows, query=query, columns=columns, spans=places)
        self._tasks.read(self, call, partial(self._take, spans, then), self.refused.emit)

    def _take(
        self, spans: Sequence[Span], then: Callable[[tuple[str, ...]], None], ids: list[str]
    ) -> None:
        """Go on only where the rows are still those that are shown: others may have added some."""
        rows = [row for first, last in spans for row in range(first, last + 1)]
        shown = ((id_, self._model.id_of(row)) for id_, row in zip(ids, rows, strict=False))
        if len(ids) != len(rows) or any(known and known != id_ for id_, known in shown):
            self._refuse()
        else:
            then(tuple(ids))

    def _refuse(self) -> None:
        sentence = self.tr("The list changed meanwhile. Refresh it, and try again.")
        self.refused.emit(UserError(sentence))
