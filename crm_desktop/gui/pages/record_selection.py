"""What is selected in a list of records, as the target of a change: rows never read included."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from PySide6.QtCore import QObject, Signal

from crm_desktop.domain.errors import UserError
from crm_desktop.gui.models.records import RecordTableModel
from crm_desktop.gui.tasks import Tasks
from crm_desktop.gui.widgets.grid import GridView
from crm_desktop.services import record_targets
from crm_desktop.services.record_targets import ChosenRecords, FoundRecords, RecordTarget


class RecordSelection(QObject):
    """Finds the ids of the selected rows; the whole list is what its query finds."""

    refused = Signal(object)  # UserError

    def __init__(self, tasks: Tasks, grid: GridView, model: RecordTableModel) -> None:
        super().__init__(grid)
        self._tasks, self._grid, self._model = tasks, grid, model

    def everything(self) -> FoundRecords:
        """Return all that the list finds, rows that are not shown included."""
        return FoundRecords(replace(self._model.query, sort=()))

    def read(self, then: Callable[[RecordTarget], None]) -> None:
        """Call `then` with what is selected, at once or when its ids have been read."""
        count = self._grid.count_selected_rows()
        if not count:
            return
        if count > 1 and count in {self._model.rowCount(), self._model.total}:
            then(self.everything())
            return
        rows = self._grid.selected_rows()
        ids = self._model.ids_of(rows)
        if all(ids):
            then(ChosenRecords(self._model.query.object_id, tuple(ids)))
            return
        query, columns = self._model.query, self._model.columns
        spans = self._model.groups.spans(spans_of(rows))  # by their places among all
        call = partial(record_targets.ids_of_rows, query=query, columns=columns, spans=spans)
        known = {place: id_ for place, id_ in enumerate(ids) if id_}
        took = partial(self._take, query.object_id, len(rows), known, then)
        self._tasks.read(self, call, took, self.refused.emit)

    def _take(
        self,
        object_id: str,
        count: int,
        known: dict[int, str],
        then: Callable[[RecordTarget], None],
        ids: list[str],
    ) -> None:
        """Go on only if the rows are still those that were selected: others may have added some."""
        if len(ids) != count or any(ids[place] != id_ for place, id_ in known.items()):
            sentence = self.tr("The list changed meanwhile. Refresh it, and select again.")
            self.refused.emit(UserError(sentence))
        else:
            then(ChosenRecords(object_id, tuple(ids)))


def spans_of(rows: Sequence[int]) -> list[tuple[int, int]]:
    """Return ascending rows as ranges, ends inclusive."""
    spans: list[tuple[int, int]] = []
    for row in rows:
        if spans and row == spans[-1][1] + 1:
            spans[-1] = (spans[-1][0], row)
        else:
            spans.append((row, row))
    return spans
