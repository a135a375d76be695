"""What is selected in a list of records, as the target of a change: rows never read included."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from PySide6.QtCore import QObject, Signal

from crm_desktop.gui.models.range_ids import RangeIds, Span
from crm_desktop.gui.models.records import RecordTableModel
from crm_desktop.gui.tasks import Tasks
from crm_desktop.gui.widgets.grid import GridView
from crm_desktop.services.record_targets import ChosenRecords, FoundRecords, RecordTarget


class RecordSelection(QObject):
    """Finds the ids of the selected rows; the whole list is what its query finds."""

    refused = Signal(object)  # UserError

    def __init__(self, tasks: Tasks, grid: GridView, model: RecordTableModel) -> None:
        super().__init__(grid)
        self._grid, self._model = grid, model
        self._ids = RangeIds(tasks, model)
        self._ids.refused.connect(self.refused)

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
        choose = partial(self._choose, self._model.query.object_id, then)
        self._ids.find(spans_of(self._grid.selected_rows()), choose)

    def _choose(
        self, object_id: str, then: Callable[[RecordTarget], None], ids: tuple[str, ...]
    ) -> None:
        then(ChosenRecords(object_id, ids))


def spans_of(rows: Sequence[int]) -> list[Span]:
    """Return ascending rows as ranges, ends inclusive."""
    spans: list[Span] = []
    for row in rows:
        if spans and row == spans[-1][1] + 1:
            spans[-1] = (spans[-1][0], row)
        else:
            spans.append((row, row))
    return spans
