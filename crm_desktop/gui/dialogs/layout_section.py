"""The section of an object's dialog that says which fields it has, in what order, and how."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QModelIndex, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHBoxLayout,
    QHeaderView,
    QVBoxLayout,
    QWidget,
)

from crm_desktop.domain.errors import UserError
from crm_desktop.domain.field_types import type_of
from crm_desktop.gui.delegates import CellKind
from crm_desktop.gui.dialogs.field_dialog import FieldDialog
from crm_desktop.gui.editors.config.list_grid import ListGrid
from crm_desktop.gui.models.fields import type_label
from crm_desktop.gui.models.layout import LABEL, LIBRARY, TYPE, LayoutModel, LayoutRow
from crm_desktop.gui.models.table_model import Column, TableModel
from crm_desktop.gui.theme import line_height, unit
from crm_desktop.gui.widgets.buttons import link_button, plain_button
from crm_desktop.gui.widgets.elided_label import TextLabel
from crm_desktop.gui.widgets.grid import GridView
from crm_desktop.gui.widgets.search_box import SearchBox
from crm_desktop.services import fields
from crm_desktop.services.fields import FieldSummary

if TYPE_CHECKING:
    from crm_desktop.gui.tasks import Tasks


class LayoutSection(QWidget):
    """The library on the left, the object's fields on the right."""

    edited = Signal()
    refused = Signal(object)  # UserError

    def __init__(self, tasks: Tasks, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tasks = tasks
        self._wanted = ""
        self._fields: dict[str, FieldSummary] = {}
        self.model = LayoutModel(self)
        self.library_model: TableModel[FieldSummary] = TableModel(self)
        self.library_model.set_columns(
            Column(
                self.tr("Field"),
                lambda row: row.label,
                CellKind.ICON_TEXT,
                icon=lambda row: type_of(row.type).icon,
                tip=lambda row: row.description or "",
            ),
            Column(self.tr("Type"), lambda row: type_label(row.type), CellKind.MUTED),
        )
        self.search = SearchBox(self.tr("Search the library"))
        self.library = self._library_grid()
        self.grid = self._layout_grid()
        self._lay_out()
        for signal in (
            self.model.dataChanged,
            self.model.rowsInserted,
            self.model.rowsRemoved,
            self.model.rowsMoved,
            self.model.modelReset,
        ):
            signal.connect(self._changed)

    def _library_grid(self) -> GridView:
        grid = GridView(self, name=self.tr("Fields that the object does not have"))
        grid.setFrameShape(QFrame.Shape.StyledPanel)
        grid.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        grid.setModel(self.library_model)
        header = grid.horizontalHeader()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.resizeSection(1, round(line_height() * 6))
        grid.activated.connect(self.attach_current)
        grid.set_empty_state(self.tr("No other field in the library."), icon_name="library")
        self.search.searched.connect(self._filter)
        self.search.left_downward.connect(grid.setFocus)
        return grid

    def _layout_grid(self) -> ListGrid:
        grid = ListGrid(self.tr("Fields of the object"))
        grid.setModel(self.model)
        grid.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        header = grid.horizontalHeader()
        header.setSectionsMovable(False)
        header.setStretchLastSection(False)
        header.setSectionResizeMode(LABEL, QHeaderView.ResizeMode.Stretch)
        for column in range(self.model.columnCount()):
            wide = {LABEL: 12, LIBRARY: 8, TYPE: 7}.get(column, 5.5)
            header.resizeSection(column, round(line_height() * wide))
        grid.set_empty_state(
            self.tr("This object has no fields yet. Add some from the library."),
            icon_name="layout-template",
        )
        grid.toggled.connect(self._toggle_current)
        grid.clicked.connect(self._clicked)
        grid.removed.connect(self.detach_current)
        return grid

    def _lay_out(self) -> None:
        attach = plain_button(self.tr("Add to object"), icon_name="arrow-right")
        attach.setToolTip(self.tr("Add to object (Enter)"))
        attach.clicked.connect(self.attach_current)
        new = link_button(self.tr("New field…"), icon_name="plus")
        new.clicked.connect(self._create_field)
        up, down = self.grid.move_buttons()
        remove = plain_button(self.tr("Remove from object"), icon_name="x")
        remove.setToolTip(self.tr("Values stay in the records, and come back with the field (Del)"))
        remove.clicked.connect(self.detach_current)
        left = self._column(TextLabel(self.tr("Field library"), face="strong"), self.library)
        left.insertWidget(1, self.search)
        self.heading = TextLabel(face="strong")
        right = self._column(self.heading, self.grid)
        for column, parts in ((left, (attach, None, new)), (right, (up, down, None, remove))):
            row = QHBoxLayout()
            row.setSpacing(unit())
            for part in parts:
                row.addStretch(1) if part is None else row.addWidget(part)
            column.addLayout(row)
        box = QHBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(5 * unit())
        box.addLayout(left, 2)
        box.addLayout(right, 5)

    @staticmethod
    def _column(heading: TextLabel, grid: GridView) -> QVBoxLayout:
        column = QVBoxLayout()
        column.setSpacing(2 * unit())
        column.addWidget(heading)
        column.addWidget(grid, 1)
        return column

    def show_library(self, found: Sequence[FieldSummary]) -> None:
        self._fields = {field.id: field for field in found}
        self._show_unused()
        if self._wanted in self._fields:
            self._attach(self._fields[self._wanted])
            self._wanted = ""

    @property
    def library_fields(self) -> dict[str, FieldSummary]:
        return self._fields

    def rows(self) -> list[LayoutRow]:
        return self.model.rows

    def _show_unused(self) -> None:
        used = {row.field_id for row in self.model.rows}
        self.library_model.set_rows(
            field for field in self._fields.values() if field.id not in used
        )

    def _filter(self, text: str) -> None:
        words = text.casefold().split()
        keep = partial(self.library_model.contains, words=words) if words else None
        self.library_model.set_filter(keep)
        if self.library_model.rowCount() and not self.library.currentIndex().isValid():
            self.library.setCurrentIndex(self.library_model.index(0, 0))

    def _changed(self) -> None:
        count = self.model.rowCount()
        one, many = self.tr("1 field of this object"), self.tr("{0:,} fields of this object")
        self.heading.setText(one if count == 1 else many.format(count))
        self._show_unused()
        self.edited.emit()

    def attach_current(self) -> None:
        """Put the library's current field below the current one of the object."""
        field = self.library_model.row_at(self.library.currentIndex())
        if field is not None:
            row = self.library.currentIndex().row()
            self._attach(field)
            last = self.library_model.rowCount() - 1
            self.library.setCurrentIndex(self.library_model.index(min(row, last), 0))

    def _attach(self, field: FieldSummary) -> None:
        current = self.grid.currentIndex()
        place = current.row() + 1 if current.isValid() else self.model.rowCount()
        self.model.attach(field, place)
        self.grid.setCurrentIndex(self.model.index(place, LABEL))

    def detach_current(self) -> None:
        self.model.removeRow(self.grid.currentIndex().row())

    def _toggle_current(self) -> None:
        self.model.toggle(self.grid.currentIndex())

    def _clicked(self, index: QModelIndex) -> None:
        self.model.toggle(index)

    def _create_field(self) -> None:
        dialog = FieldDialog(self._tasks, None, self.window())
        dialog.stored.connect(self._created)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _created(self, field_id: str) -> None:
        self._wanted = field_id
        self._tasks.read(self, fields.list_fields, self.show_library, self._refused)

    def _refused(self, error: UserError) -> None:
        self.refused.emit(error)
