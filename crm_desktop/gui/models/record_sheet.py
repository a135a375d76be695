"""The records of a list as cells to be edited: new values are checked, shown and saved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QCoreApplication, QModelIndex, QObject, Signal

from crm_desktop.domain.field_types import EffectiveField, is_column, same_value, value_problem
from crm_desktop.gui.locale import system_formats
from crm_desktop.gui.models.cell_saving import CellSaver
from crm_desktop.gui.models.pending_edits import CellEdit, EditState, PendingEdits, typed_text
from crm_desktop.gui.models.record_cells import extra_maker, shown_text
from crm_desktop.gui.models.records import RecordTableModel
from crm_desktop.gui.models.sheet import Cell, NewValue
from crm_desktop.gui.tasks import Tasks


class RecordSheet(QObject):
    """Lays edits over the model's cells until the database holds them."""

    typed = Signal(object)  # the NewValue that stands in an open editor; None: it was closed

    def __init__(self, tasks: Tasks, model: RecordTableModel) -> None:
        super().__init__(model)
        self.formats = system_formats()
        self.model = model
        self.pending = PendingEdits(self)
        self.lock = ""  # why nobody may change any of the records
        self.saver = CellSaver(tasks, self.pending, model)
        model.show_edits(self.pending.by_record)
        self.pending.changed.connect(model.note_edited)

    def is_record(self, index: QModelIndex) -> bool:
        return self.model.groups.is_record(index.row())

    def cell_at(self, index: QModelIndex) -> Cell | None:
        cells = self.model.cells_of(index.row()) if index.isValid() else None
        if cells is None:
            return None
        field = self.model.columns[index.column()]
        value, text = cells[3][index.column()], cells[1][index.column()]
        edit = self.pending.get((cells[0], field.id))
        if edit is None or not edit.is_shown:
            return Cell(cells[0], field, value, text)
        return Cell(cells[0], field, edit.new, edit.text, edit.typed)

    def lock_of(self, field: EffectiveField) -> str:
        return self.lock or lock_of(field)

    def put(self, values: Sequence[NewValue], names: Mapping[str, str], gesture: str) -> None:
        edits = [edit for new in values if (edit := self._edit(new, names)) is not None]
        self.pending.put(edits)
        self.saver.send([edit for edit in edits if edit.state is EditState.SAVING], gesture)

    def _edit(self, new: NewValue, names: Mapping[str, str]) -> CellEdit | None:
        """Return the edit that a new value makes; None where it puts back what is stored."""
        cell, field = new.cell, new.cell.field
        before = self.pending.get((cell.record_id, field.id))
        if before is None or before.state is EditState.SAVED:
            if new.typed is None and same_value(new.value, cell.value):
                return None
            old = cell.value
        else:
            old = before.old
            is_back = new.typed is None and same_value(new.value, old)
            if is_back and not self.saver.is_sending(before.key):
                self.pending.drop([before])
                return None
        problem = new.problem or value_problem(field, new.value) or ""
        if new.typed is None:
            text = shown_text(field, new.value, self.formats, names)
        else:
            text = typed_text(new.typed)
        make = extra_maker(field) if new.typed is None else None
        state = EditState.REFUSED if problem else EditState.SAVING
        extra = make(new.value) if make else None
        edit = CellEdit(cell.record_id, field, old, new.value, text, extra)
        edit.typed, edit.state, edit.reason = new.typed, state, problem
        edit.unanswered = before.unanswered if before is not None else None
        return edit

    def drop(self, cell: Cell) -> bool:
        edit = self.pending.get((cell.record_id, cell.field.id))
        if edit is None or edit.state not in {EditState.REFUSED, EditState.UNSAVED}:
            return False
        self.pending.drop([edit])
        return True

    def note_typing(self, new: NewValue | None) -> None:
        self.typed.emit(new)

    def send_again(self) -> None:
        """Try everything again that is not stored, what was refused as well."""
        states = (EditState.UNSAVED, EditState.REFUSED)
        self.saver.send(self.pending.in_state(*states))


def lock_of(field: EffectiveField) -> str:
    """Say why nobody may type into a field; "" where one may."""
    if is_column(field):
        return QCoreApplication.translate("RecordSheet", "The database keeps this value itself.")
    if field.is_readonly:
        words = QCoreApplication.translate("RecordSheet", "“{}” is read-only.")
        return words.replace("{}", field.label)
    return ""
