"""How a record is begun, stored or dropped in the row below the list."""

from __future__ import annotations

from PySide6.QtCore import QObject, Qt, Signal, Slot
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QApplication, QWidget

from crm_desktop.domain.access import Reach, RecordRight
from crm_desktop.gui.cells.cell_gestures import CellGestures
from crm_desktop.gui.cells.grid_editing import GridEditing, is_within
from crm_desktop.gui.cells.new_row import NewRow
from crm_desktop.gui.delegates import CellKind, GridRole, Mark
from crm_desktop.gui.icons import icon
from crm_desktop.gui.locale import system_formats
from crm_desktop.gui.models.new_record import NewRecordModel
from crm_desktop.gui.models.records import RecordTableModel
from crm_desktop.gui.tasks import Tasks
from crm_desktop.gui.widgets.grid import GridView
from crm_desktop.services.objects import ObjectDetail


class NewRowControl(QObject):
    """Leaving the row, or Ctrl+S, makes a record of it; Esc twice drops it.

    The row is there for whoever may create records of the object.
    """

    refused = Signal(object)  # UserError
    changed = Signal()  # what was typed, or what is wrong with it

    def __init__(
        self, tasks: Tasks, grid: GridView, editing: GridEditing, model: RecordTableModel,
        object_id: str,
    ) -> None:  # fmt: skip
        super().__init__(grid)
        self._tasks, self._grid, self._list = tasks, grid, model
        self.model = NewRecordModel(tasks, object_id, system_formats())
        self.model.setParent(self)
        self.row = NewRow(grid, self.model, self.tr("New record"))
        self.row.hide()
        self.editing = GridEditing(self.row, self.model, tasks)
        self.gestures = CellGestures(self.row, self.editing)
        self.action = QAction(icon("list-plus"), self.tr("New record in the list"), self)
        self.action.setProperty("icon_name", "list-plus")
        self.action.setShortcut(QKeySequence("Ctrl+Shift+N"))
        self.action.triggered.connect(self.enter)
        editing.left.connect(self._enter_from_above)
        self.editing.left.connect(self._leave)
        self.model.edited.connect(self._show)
        self.model.created.connect(self._begin_next)
        for failing in (self.model, self.editing, self.gestures):
            failing.refused.connect(self.refused)
        self.editing.editing_changed.connect(self.changed)
        model.modelReset.connect(self._take_columns)
        app = QApplication.instance()
        if isinstance(app, QApplication):
            app.focusChanged.connect(self._follow_focus)

    def has_unsaved(self) -> bool:
        return self.model.is_begun or self.editing.has_typed()

    def save(self) -> None:
        self.editing.commit()
        self.model.create()

    def drop(self) -> None:
        self.editing.cancel()
        self.model.clear()

    def show_object(self, crm_object: ObjectDetail) -> None:
        """Show the row to those who may create records of the object."""
        permissions = crm_object.permissions if isinstance(crm_object.permissions, dict) else {}
        reach = self._tasks.actor.reach(permissions, RecordRight.CREATE)
        self.row.setVisible(reach is not Reach.NONE)
        self.action.setEnabled(reach is not Reach.NONE)
        self.model.placeholder = self.tr("New {}…").replace("{}", crm_object.label)
        self.row.viewport().update()

    @Slot()
    def _take_columns(self) -> None:
        ask, across = self._list.headerData, Qt.Orientation.Horizontal
        columns = self._list.columns
        kinds = [CellKind(ask(place, across, GridRole.KIND)) for place in range(len(columns))]
        self.model.show_columns(columns, kinds)

    # Coming and going

    @Slot()
    def enter(self) -> None:
        """Begin a record in the first column that can be typed into."""
        for column, field in enumerate(self._list.columns):
            is_hidden = self._grid.isColumnHidden(column)
            if not is_hidden and not self.model.lock_of(field):
                self._go_to(column)
                return

    def _enter_from_above(self, by: int) -> None:
        if by > 0 and self.row.isVisible():
            self._go_to(max(0, self._grid.currentIndex().column()))

    def _go_to(self, column: int) -> None:
        self.row.setCurrentIndex(self.model.index(0, column))
        self.row.setFocus()

    def _leave(self, by: int) -> None:
        """Store the row; upward, go back to the list."""
        if by < 0:
            self._grid.setFocus()  # which stores it as well
        else:
            self.model.create()

    @Slot(QWidget, QWidget)
    def _follow_focus(self, old: QWidget | None, new: QWidget | None) -> None:
        """Store the row when the keyboard goes elsewhere in the window."""
        was_here = old is not None and is_within(old, self.row)
        if was_here and new is not None and not is_within(new, self.row):
            self.editing.commit()
            self.row.clearSelection()
            self.model.create()

    @Slot()
    def _begin_next(self) -> None:
        if is_within(QApplication.focusWidget(), self.row):
            self.enter()

    @Slot()
    def _show(self) -> None:
        marks = {(0, column): Mark.REFUSED for column in self.model.refused_edits()}
        if self.model.is_creating:
            marks = {(0, column): Mark.SAVING for column in range(self.model.columnCount())}
        self.row.set_marks(marks)
        self.changed.emit()
