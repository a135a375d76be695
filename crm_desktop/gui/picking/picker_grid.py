"""The list of a picker: Space picks what is selected, and every column keeps its share of room."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, Qt, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QWidget
from typing_extensions import override

from crm_desktop.gui.delegates import CellKind, GridRole
from crm_desktop.gui.picking.picker_model import BOX, PickerModel
from crm_desktop.gui.theme import line_height
from crm_desktop.gui.widgets.grid import GridView

_SHARES = {CellKind.TITLE: 14.0, CellKind.NUMBER: 7.0, CellKind.DATE: 8.0, CellKind.CHECK: 5.0}
_USUAL, _BOX, _MARK = 10.0, 2.6, 14.0  # lines of text high
_LEAST = 0.6  # of these shares, before the list scrolls sideways


class PickerGrid(GridView):
    """Shows a `PickerModel`; with `has_boxes` several can be picked, with `has_marks` linked."""

    toggled = Signal()  # Space, or a click into a box: the selected rows
    taken = Signal()  # Enter, or a double click: the current row

    def __init__(
        self, model: PickerModel, parent: QWidget | None = None, *, has_boxes: bool, has_marks: bool
    ) -> None:
        super().__init__(parent, name="")
        self._picks, self._has_boxes, self._has_marks = model, has_boxes, has_marks
        self.setAccessibleName(self.tr("Records to choose from"))
        self.setModel(model)
        if not has_boxes:
            self.setSelectionMode(GridView.SelectionMode.SingleSelection)
        model.modelReset.connect(self._arrange)
        self.activated.connect(self._take)
        self.clicked.connect(self._click)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Space and not event.modifiers():
            self.toggled.emit()
        else:
            super().keyPressEvent(event)

    def _click(self, index: QModelIndex) -> None:
        if index.column() == BOX:
            self.toggled.emit()

    def _take(self, index: QModelIndex) -> None:
        if index.column() != BOX or not self._has_boxes:  # a box was clicked twice in a row
            self.taken.emit()

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def _arrange(self) -> None:
        """Give each of the record's columns a share of what box and mark leave."""
        columns = self._picks.columnCount()
        if not columns:
            return
        line, mark = line_height(), columns - 1
        self.setColumnHidden(BOX, not self._has_boxes)
        self.setColumnHidden(mark, not self._has_marks)
        room = self.viewport().width()
        if self._has_boxes:
            self.setColumnWidth(BOX, round(_BOX * line))
            room -= round(_BOX * line)
        if self._has_marks:
            self.setColumnWidth(mark, round(_MARK * line))
            room -= round(_MARK * line)
        shares = {column: self._share(column) for column in range(1, mark)}
        each = max(room / sum(shares.values()), _LEAST * line)
        for column, share in shares.items():
            self.setColumnWidth(column, int(share * each))

    def _share(self, column: int) -> float:
        kind = self._picks.headerData(column, Qt.Orientation.Horizontal, GridRole.KIND)
        return _SHARES.get(kind, _USUAL)
