"""How wide the columns of a record list are: by kind, by their numbers, or set by hand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QFontMetricsF, QGuiApplication
from PySide6.QtWidgets import QStyleOptionViewItem

from crm_desktop.gui.delegates import CellKind, GridRole
from crm_desktop.gui.models.records import RecordTableModel
from crm_desktop.gui.theme import line_height, number_font, unit
from crm_desktop.gui.widgets.grid import GridView

_WIDTHS: Mapping[Any, float] = {  # lines of text high, as all measures
    CellKind.TITLE: 14.0,
    CellKind.NUMBER: 7.0,
    CellKind.DATE: 8.0,
    CellKind.CHECK: 5.0,
    CellKind.CHOICE: 9.0,
}
_USUAL = 11.0
_MOST_FOR_HEADINGS = 16.0
_MOST_FOR_NUMBERS = 22.0
_MOST_TO_FIT = 40.0
_MEASURED_ROWS = 100


def is_size(value: object) -> bool:
    """Say whether something remembered can be a width."""
    return isinstance(value, int) and 0 <= value <= 10_000


class ColumnWidths:
    """Gives each column its width; what somebody set by hand stays, by the field's id."""

    def __init__(self, grid: GridView, model: RecordTableModel) -> None:
        self._grid, self._model = grid, model
        self._by_hand: dict[str, int] = {}
        self._given: dict[str, int] = {}
        self._is_fitted = False
        grid.horizontalHeader().sectionResized.connect(self._note_last)

    def begin(self) -> None:
        """Give the model's columns, which are new, the widths of their kinds."""
        self._is_fitted = False
        header = self._grid.horizontalHeader()
        for number, field in enumerate(self._model.columns):
            width = round(_WIDTHS.get(self._kind(number), _USUAL) * line_height())
            heading = min(header.sectionSizeHint(number), round(_MOST_FOR_HEADINGS * line_height()))
            self._give(number, field.id, max(width, heading))

    def fit_numbers(self) -> None:
        """Widen columns whose numbers would be cut, once: half a number is a wrong number."""
        rows = min(self._model.rowCount(), _MEASURED_ROWS)
        if self._is_fitted or not rows:
            return
        self._is_fitted = True
        metrics, most = QFontMetricsF(number_font()), round(_MOST_FOR_NUMBERS * line_height())
        for number, field in enumerate(self._model.columns):
            if self._kind(number) == CellKind.NUMBER:
                texts = [str(self._model.index(row, number).data() or "") for row in range(rows)]
                widest = round(max(map(metrics.horizontalAdvance, texts))) + 5 * unit()
                if widest > self._given[field.id]:
                    self._give(number, field.id, min(widest, most))

    def made_by_hand(self) -> dict[str, int]:
        """Note and return the widths that somebody set, by field id.

        A column that is hidden has none, and Qt makes the last one fill the grid.
        """
        header, last = self._grid.horizontalHeader(), self._last()
        for number, field in enumerate(self._model.columns):
            width = self._grid.columnWidth(number)
            is_set = number != last and not header.isSectionHidden(number)
            if is_set and width != self._given.get(field.id, width):
                self._by_hand[field.id] = self._given[field.id] = width
        return dict(self._by_hand)

    def _note_last(self, column: int, _: int, width: int) -> None:
        """Note the width of the last column, by hand only where it is dragged."""
        if column == self._last() and column < len(self._model.columns):
            field_id = self._model.columns[column].id
            self._given[field_id] = width
            if QGuiApplication.mouseButtons() & Qt.MouseButton.LeftButton:
                self._by_hand[field_id] = width

    def set_width(self, column: int, width: int) -> None:
        """Give a column the width that somebody wants."""
        field_id = self._model.columns[column].id
        self._by_hand[field_id] = width
        self._give(column, field_id, width)

    def _last(self) -> int:
        """Return the column at the right end, -1 without any."""
        header = self._grid.horizontalHeader()
        order = (header.logicalIndex(place) for place in reversed(range(header.count())))
        return next((column for column in order if not header.isSectionHidden(column)), -1)

    def fit(self, column: int) -> None:
        """Make a column as wide as its heading and the longest of its texts in memory."""
        header, delegate = self._grid.horizontalHeader(), self._grid.delegate
        option = QStyleOptionViewItem()
        wide = header.sectionSizeHint(column)
        for row in self._model.rows_of_longest(column):
            index = self._model.index(row, column)
            wide = max(wide, delegate.sizeHint(option, index).width() + unit())
        self.set_width(column, min(wide, round(_MOST_TO_FIT * line_height())))

    def restore(self, stored: object) -> None:
        """Take widths that were set by hand earlier; what makes no sense is passed over."""
        if isinstance(stored, dict):
            self._by_hand = {str(key): width for key, width in stored.items() if is_size(width)}

    def _kind(self, column: int) -> Any:
        return self._model.headerData(column, Qt.Orientation.Horizontal, GridRole.KIND)

    def _give(self, column: int, field_id: str, width: int) -> None:
        self._given[field_id] = self._by_hand.get(field_id, width)
        self._grid.setColumnWidth(column, self._given[field_id])
