"""Edits the cells of a grid in place, by keys and mouse as in a spreadsheet."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QModelIndex, QObject, Qt, Signal, Slot
from PySide6.QtGui import QInputMethodEvent, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QApplication, QWidget
from typing_extensions import override

from crm_desktop.domain.errors import Invalid, UserError
from crm_desktop.domain.field_types import is_user_field, target_ids
from crm_desktop.gui.models.sheet import Cell, NewValue, Sheet
from crm_desktop.gui.tasks import Tasks
from crm_desktop.gui.widgets.grid import GridView

if TYPE_CHECKING:
    from crm_desktop.gui.cells.cell_editor import CellEditor

_ENTER = {Qt.Key.Key_Return, Qt.Key.Key_Enter}
_UPRIGHT = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}
_CHECKS = {"boolean", "checkbox"}
_Mods = Qt.KeyboardModifier


class GridEditing(QObject):
    """Opens an editor over the current cell and puts what was typed into the sheet.

    What stands in an open editor is put there also when the focus goes, when rows are read anew
    and when the grid is hidden; only Esc drops it.
    """

    refused = Signal(object)  # UserError: why a cell cannot be edited
    link_opened = Signal(str)  # the id of a record
    left = Signal(int)  # beyond the last row (1), or the first (-1)
    editing_changed = Signal()

    def __init__(self, grid: GridView, sheet: Sheet, tasks: Tasks) -> None:
        super().__init__(grid)
        self._grid, self.sheet, self._tasks = grid, sheet, tasks
        self._viewport = grid.viewport()  # known also while the grid is being destroyed
        self._open: CellEditor | None = None
        self._pressed = QModelIndex()
        grid.setAttribute(Qt.WidgetAttribute.WA_InputMethodEnabled)
        grid.installEventFilter(self)
        grid.viewport().installEventFilter(self)
        model = grid.model()
        model.modelAboutToBeReset.connect(self.commit)
        for moved in (model.layoutChanged, model.rowsInserted, model.rowsRemoved):
            moved.connect(self._place)
        for moved in (
            grid.verticalScrollBar().valueChanged,
            grid.horizontalScrollBar().valueChanged,
            grid.horizontalHeader().sectionResized,
        ):
            moved.connect(self._place)
        app = QApplication.instance()
        if isinstance(app, QApplication):
            app.focusChanged.connect(self._follow_focus)

    def has_typed(self) -> bool:
        """Say whether something stands in an open editor that is in no cell yet."""
        return self._open is not None and self._open.is_edited

    # Begin

    def begin(self, index: QModelIndex, event: QEvent | None = None) -> None:
        """Edit a cell; with the event of a key, its content is replaced by what is typed."""
        self.commit()
        cell = self.cell_to_edit(index)
        if cell is None:
            return
        if cell.field.type in _CHECKS:
            if event is None:
                self.toggle(index)
            return
        self._grid.scrollTo(index)
        self._show_editor(index, cell)
        if self._open is None:
            return
        if event is None:
            self._open.go_to_end()
        else:
            self._open.select_all()
        editor = self._open.editor
        if self._open.opens_list(by_typing=event is not None):
            editor.open_list()
        elif event is not None:
            self._open.is_typing = True
            QApplication.sendEvent(editor.control, event)

    def open_list(self) -> None:
        """Edit the current cell with its list or calendar open (Alt+Down)."""
        self.begin(self._grid.currentIndex())
        if self._open is not None and not self._open.opens_list(by_typing=False):
            self._open.editor.open_list()

    def cell_to_edit(self, index: QModelIndex) -> Cell | None:
        """Return a cell, or say why it cannot be edited."""
        if not index.isValid() or not self.sheet.is_record(index):
            return None
        cell = self.sheet.cell_at(index)
        if cell is None:
            self.refused.emit(UserError(self.tr("This row has not arrived yet.")))
            return None
        if reason := self.sheet.lock_of(cell.field):
            self.refused.emit(Invalid({cell.field.id: reason}))
            return None
        return cell

    def _show_editor(self, index: QModelIndex, cell: Cell) -> None:
        from crm_desktop.gui.cells.cell_editor import CellEditor  # not before the first records
        from crm_desktop.gui.editors.making import make_cell_editor

        editor = make_cell_editor(cell.field, self.sheet.formats, self._tasks)
        editor.set_names(names_in(cell))
        editor.show_value(cell.value)
        if cell.typed is not None:
            editor.show_typed(cell.typed)
        host = CellEditor(self._grid.viewport(), editor, cell, index)
        host.ended.connect(self.commit)
        host.cancelled.connect(self.cancel)
        editor.chosen.connect(self.commit)
        editor.edited.connect(self._note_typing)
        self._open = host
        self._place()
        host.show()
        host.setFocus()
        self.editing_changed.emit()

    @Slot()
    def _note_typing(self) -> None:
        if self._open is not None:
            self.sheet.note_typing(_typed_into(self._open))
            self.editing_changed.emit()

    @Slot()
    def _place(self) -> None:
        if self._open is None:
            return
        if not self._open.index.isValid():
            self.commit()  # its row is no longer in memory
            return
        index = self._grid.model().index(self._open.index.row(), self._open.index.column())
        self._open.place_over(self._grid.room_of(index))

    # End

    @Slot()
    def commit(self, rows: int = 0, columns: int = 0) -> None:
        """Put what was typed into the cell, and go on from there."""
        host = self._close()
        if host is None:
            return
        if host.is_edited:
            self.sheet.put([_typed_into(host)], host.editor.names(), "")
        self.editing_changed.emit()
        if rows or columns:
            self.step(rows, columns)

    @Slot()
    def cancel(self) -> None:
        """Drop what was typed."""
        if self._close() is not None:
            self.editing_changed.emit()

    def _close(self) -> CellEditor | None:
        host, self._open = self._open, None
        if host is not None:
            if host.is_edited:
                self.sheet.note_typing(None)
            focus = QApplication.focusWidget()
            if focus is None or is_within(focus, host):
                self._grid.setFocus()
            host.hide()
            host.deleteLater()
        return host

    @Slot(QWidget, QWidget)
    def _follow_focus(self, _: QWidget | None, new: QWidget | None) -> None:
        if self._open is None or is_within(new, self._open):
            return
        if new is None and QApplication.activePopupWidget() is not None:
            return
        if is_within(QApplication.activeModalWidget(), self._open):
            return  # the focus is on its way into a dialog of the editor's
        self.commit()

    def step(self, rows: int, columns: int) -> None:
        """Go to another cell; columns go on in the next row, or the one before."""
        header, model = self._grid.horizontalHeader(), self._grid.model()
        current = self._grid.currentIndex()
        shown = [
            visual
            for visual in range(header.count())
            if not header.isSectionHidden(header.logicalIndex(visual))
        ]
        if not current.isValid() or not shown:
            return
        place = _place_among(shown, header.visualIndex(current.column()), columns)
        row = current.row() + rows + place // len(shown)
        if not 0 <= row < model.rowCount():
            self.left.emit(1 if row > 0 else -1)
            return
        column = header.logicalIndex(shown[place % len(shown)])
        self._grid.setCurrentIndex(model.index(row, column))

    def toggle(self, index: QModelIndex) -> None:
        """Turn a box into yes, or yes into no."""
        cell = self.cell_to_edit(index)
        if cell is not None:
            self.sheet.put([NewValue(cell, cell.value is not True)], {}, "")

    # Keys and mouse

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._grid and self._open is None:
            if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
                return self._take_key(event)
            if isinstance(event, QInputMethodEvent) and event.commitString():
                self.begin(self._grid.currentIndex(), event)
                return True
        elif watched is self._grid and event.type() == QEvent.Type.Hide:
            self.commit()
        elif watched is self._viewport:
            if event.type() == QEvent.Type.Resize:
                self._place()
            if isinstance(event, QMouseEvent):
                return self._take_mouse(event)
        return False

    def _take_key(self, event: QKeyEvent) -> bool:
        key, modifiers = Qt.Key(event.key()), event.modifiers() & ~_Mods.KeypadModifier
        current = self._grid.currentIndex()
        if key in _ENTER and not modifiers & ~_Mods.ShiftModifier:
            self.begin(current)
        elif key in {Qt.Key.Key_Tab, Qt.Key.Key_Backtab} and not modifiers & _Mods.ControlModifier:
            return self._take_tab(is_back=key == Qt.Key.Key_Backtab)
        elif key == Qt.Key.Key_Space and modifiers in {_Mods.ShiftModifier, _Mods.ControlModifier}:
            self._extend(is_row=modifiers == _Mods.ShiftModifier)
        elif key == Qt.Key.Key_Escape:
            return self._drop(current)
        elif key in _UPRIGHT and not modifiers and self._is_at_end(current, key):
            self.left.emit(_UPRIGHT[key])
        elif _is_typed(event):
            if key == Qt.Key.Key_Space and self._is_box(current):
                self.toggle(current)
            else:
                self.begin(current, event)
        else:
            return False
        return True

    def _take_tab(self, *, is_back: bool) -> bool:
        """Go to the next cell; from the last one, and from the first back, leave the grid."""
        before = self._grid.currentIndex()
        self.step(0, -1 if is_back else 1)
        has_moved = self._grid.currentIndex() != before or not self._grid.hasFocus()
        return before.isValid() and has_moved

    def _is_at_end(self, index: QModelIndex, key: Qt.Key) -> bool:
        last = self._grid.model().rowCount() - 1
        return index.isValid() and index.row() == (last if _UPRIGHT[key] > 0 else 0)

    def _is_box(self, index: QModelIndex) -> bool:
        cell = self.sheet.cell_at(index)
        return cell is not None and cell.field.type in _CHECKS

    def _drop(self, index: QModelIndex) -> bool:
        cell = self.sheet.cell_at(index)
        return cell is not None and self.sheet.drop(cell)

    def _extend(self, *, is_row: bool) -> None:
        """Select the whole rows, or the whole columns, that the selection touches."""
        chosen, model = self._grid.selectionModel(), self._grid.model()
        parts = chosen.selection()
        flag = chosen.SelectionFlag.Rows if is_row else chosen.SelectionFlag.Columns
        if is_row or model.rowCount():
            chosen.select(parts, chosen.SelectionFlag.Select | flag)

    def _take_mouse(self, event: QMouseEvent) -> bool:
        index = self._grid.indexAt(event.position().toPoint())
        is_left = event.button() == Qt.MouseButton.LeftButton
        kind = event.type()
        if kind in {QEvent.Type.MouseButtonPress, QEvent.Type.MouseButtonDblClick}:
            is_on_box = is_left and not event.modifiers() and self._hits_box(index, event)
            self._pressed = index if is_on_box else QModelIndex()
            control = event.modifiers() == _Mods.ControlModifier
            if is_left and control and (record_id := self._link_at(index)):
                self._grid.setCurrentIndex(index)
                self.link_opened.emit(record_id)
                return True
            if kind == QEvent.Type.MouseButtonDblClick and is_left and index.isValid():
                if not is_on_box and not self._is_box(index):
                    self.begin(index)
                return True
        elif kind == QEvent.Type.MouseButtonRelease and self._pressed.isValid():
            pressed, self._pressed = self._pressed, QModelIndex()
            if index == pressed:
                self.toggle(index)
        return False

    def _hits_box(self, index: QModelIndex, event: QMouseEvent) -> bool:
        """Say whether the mouse is on the box of a cell, or as near as a row is high."""
        if not index.isValid() or not self._is_box(index):
            return False
        room = self._grid.visualRect(index)
        return abs(event.position().x() - room.center().x()) <= room.height() / 2

    def _link_at(self, index: QModelIndex) -> str:
        cell = self.sheet.cell_at(index)
        if cell is None or cell.field.type not in {"reference", "lookup"}:
            return ""
        ids = () if is_user_field(cell.field) else target_ids(cell.value)
        return ids[0] if ids else ""


def _place_among(shown: Sequence[int], here: int, by: int) -> int:
    """Return which of the ascending columns shown is so many further on; `here` may be hidden."""
    place = bisect_left(shown, here)
    if here in shown:
        return place + by
    if not by:
        return min(place, len(shown) - 1)
    return place + by - (by > 0)


def _typed_into(host: CellEditor) -> NewValue:
    """Return what stands in an open editor."""
    try:
        return NewValue(host.cell, host.editor.value())
    except Invalid as problem:
        return NewValue(host.cell, None, host.editor.typed(), str(problem))


def _is_typed(event: QKeyEvent) -> bool:
    """Say whether a key writes something; AltGr counts as Ctrl+Alt on some systems."""
    command = event.modifiers() & (_Mods.ControlModifier | _Mods.AltModifier | _Mods.MetaModifier)
    is_alt_gr = command == _Mods.ControlModifier | _Mods.AltModifier
    return bool(event.text()) and event.text().isprintable() and (not command or is_alt_gr)


def is_within(widget: QWidget | None, frame: QWidget) -> bool:
    """Say whether a widget is in the frame, or in a window that something in it has opened."""
    while widget is not None and widget is not frame:
        widget = widget.parentWidget()
    return widget is not None


def names_in(cell: Cell) -> dict[str, str]:
    """Return the names that the cell shows, by the ids that it holds."""
    ids = target_ids(cell.value) if cell.field.type in {"reference", "lookup"} else ()
    texts = [cell.text] if len(ids) == 1 else cell.text.split(", ")
    return dict(zip(ids, texts, strict=True)) if len(ids) == len(texts) else {}
