"""Keeps a selection of very many cells while rows are read anew, without an index for each."""

from __future__ import annotations

from PySide6.QtCore import QItemSelection, QItemSelectionModel, QObject, Slot

from crm_desktop.gui.models.records import RecordTableModel
from crm_desktop.gui.widgets.grid import GridView

MANY = 20_000  # cells; from here on most of the rows are in no memory anyway


class LargeSelection(QObject):
    """Takes a large selection away before rows may move, and puts it back where none did.

    Qt follows moving rows by one persistent index for each selected cell, which takes seconds
    for some hundred thousand. Where rows moved, nobody knows which records were meant: then
    nothing is selected afterwards.
    """

    def __init__(self, grid: GridView, model: RecordTableModel) -> None:
        super().__init__(grid)
        self._grid, self._model = grid, model
        self._kept: list[tuple[int, int, int, int]] = []
        self._is_all = False  # all records stay selected, wherever they stand
        model.about_to_reread.connect(self._take_away)
        model.took_again.connect(self._put_back)

    @Slot()
    def _take_away(self) -> None:
        parts = self._grid.selected_parts()
        self._kept, self._is_all = [], False
        count = sum(part.width() * part.height() for part in parts)
        if count > MANY:
            cells = self._model.rowCount() * self._model.columnCount()
            self._is_all = len(parts) == 1 and count == cells
            self._kept = [(p.top(), p.left(), p.bottom(), p.right()) for p in parts]
            self._grid.selectionModel().clearSelection()

    @Slot(bool)
    def _put_back(self, have_stayed: bool) -> None:  # noqa: FBT001 - a slot
        kept, self._kept = self._kept, []
        last = self._model.rowCount() - 1
        if last < 0 or not (have_stayed or self._is_all):
            return
        if self._is_all:
            kept = [(0, 0, last, self._model.columnCount() - 1)]
        selection = QItemSelection()
        for top, left, bottom, right in kept:
            if top <= last:
                corner = self._model.index(min(bottom, last), right)
                selection.select(self._model.index(top, left), corner)
        if kept:
            chosen = self._grid.selectionModel()
            chosen.select(selection, QItemSelectionModel.SelectionFlag.Select)
