"""The record that is begun in the row below a list: its values, which no database holds yet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, TypeAlias

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal
from typing_extensions import override

from crm_desktop.domain.errors import Invalid, Unavailable, UserError
from crm_desktop.domain.field_types import EffectiveField, default_values, is_empty, value_problem
from crm_desktop.domain.formats import Formats
from crm_desktop.gui.delegates import CellKind, GridRole
from crm_desktop.gui.models.pending_edits import CellEdit, EditState, draft_value, typed_text
from crm_desktop.gui.models.record_cells import extra_maker, shown_text
from crm_desktop.gui.models.record_sheet import lock_of
from crm_desktop.gui.models.sheet import Cell, NewValue
from crm_desktop.gui.tasks import Tasks
from crm_desktop.services import records

Index: TypeAlias = QModelIndex | QPersistentModelIndex
ROOT = QModelIndex()
_DISPLAY = int(Qt.ItemDataRole.DisplayRole)
_BLANK = " "  # shows nothing, where "" would show a dash for an empty value


class NewRecordModel(QAbstractTableModel):
    """One row with the columns of a list; what is typed there is kept until it is a record.

    Fields that nobody typed into get their defaults, which show as soon as something is typed.
    """

    edited = Signal()  # values or problems came, went or changed
    created = Signal(str)  # the record's id
    refused = Signal(object)  # UserError that is about no cell

    def __init__(self, tasks: Tasks, object_id: str, formats: Formats) -> None:
        super().__init__()
        self._tasks, self._object_id = tasks, object_id
        self.formats = formats
        self.placeholder = ""
        self._columns: tuple[EffectiveField, ...] = ()
        self._kinds: tuple[CellKind, ...] = ()
        self._edits: dict[str, CellEdit] = {}
        self._typed: set[str] = set()
        self._is_creating = False
        self.is_half_dropped = False  # Esc was pressed once

    @property
    def is_begun(self) -> bool:
        return bool(self._edits)

    @property
    def is_creating(self) -> bool:
        return self._is_creating

    def show_columns(self, columns: Sequence[EffectiveField], kinds: Sequence[CellKind]) -> None:
        """Take the columns of the list; what was typed stays."""
        self.beginResetModel()
        self._columns, self._kinds = tuple(columns), tuple(kinds)
        self.endResetModel()

    def refused_edits(self) -> dict[int, CellEdit]:
        """Return what is wrong, by column."""
        return {
            column: edit
            for column, field in enumerate(self._columns)
            if (edit := self._edits.get(field.id)) and edit.state is EditState.REFUSED
        }

    def values(self) -> dict[str, Any]:
        """Return what was typed, by field id; what was emptied as None."""
        return {key: self._edits[key].new for key in self._typed}

    def drafted(self) -> dict[str, dict[str, Any]]:
        """Return what was typed, as drafts keep it."""
        edits = [self._edits[key] for key in self._typed]
        return {edit.field.id: draft_value(None, edit.new, edit.typed) for edit in edits}

    # The sheet

    def is_record(self, index: QModelIndex) -> bool:  # noqa: ARG002 - the only row is one
        return True

    def cell_at(self, index: QModelIndex) -> Cell | None:
        if not index.isValid():
            return None
        field = self._columns[index.column()]
        edit = self._edits.get(field.id)
        if edit is None:
            return Cell("", field, None, "")
        return Cell("", field, edit.new, edit.text, edit.typed)

    def lock_of(self, field: EffectiveField) -> str:
        if self._is_creating:
            return self.tr("This record is being stored. Wait a moment.")
        return lock_of(field)

    def put(
        self,
        values: Sequence[NewValue],
        names: Mapping[str, str],
        gesture: str,  # noqa: ARG002 - nothing is stored yet
    ) -> None:
        """Take what was typed; the first value brings the defaults of the others with it."""
        self.is_half_dropped = False
        new = [each for each in values if self.is_begun or not _is_nothing(each)]
        if new and not self.is_begun:
            for field_id, value in default_values(self._columns).items():
                field = next(each for each in self._columns if each.id == field_id)
                self._take(NewValue(Cell("", field, None, ""), value), {})
        for each in new:
            self._take(each, names)
            self._typed.add(each.cell.field.id)
        self._tell()

    def _take(self, new: NewValue, names: Mapping[str, str]) -> None:
        field = new.cell.field
        is_text = new.typed is not None
        shown = shown_text(field, new.value, self.formats, names)
        text = typed_text(new.typed) if is_text else shown
        make = None if is_text else extra_maker(field)
        edit = CellEdit("", field, None, new.value, text, make(new.value) if make else None)
        edit.typed, edit.reason = new.typed, new.problem or value_problem(field, new.value) or ""
        edit.state = EditState.REFUSED if edit.reason else EditState.SAVED
        self._edits[field.id] = edit

    def drop(self, cell: Cell) -> bool:  # noqa: ARG002 - all of the row goes
        """Drop the row when it is asked for twice; the first time, say so."""
        if not self.is_begun or self._is_creating:
            return False
        if self.is_half_dropped:
            self.clear()
        else:
            self.is_half_dropped = True
            self._tell()
        return True

    def note_typing(self, new: NewValue | None) -> None:
        """Do nothing: the row is kept as a draft when a cell is left."""

    # What becomes of it

    def create(self) -> None:
        """Make a record of the row, or show at its cells what is wrong with it."""
        if not self.is_begun or self._is_creating:
            return
        if any(edit.typed is not None for edit in self._edits.values()):
            self._tell()
            return
        self._is_creating = True
        values = {key: value for key, value in self.values().items() if not is_empty(value)}
        emptied = {key: None for key, value in self.values().items() if is_empty(value)}
        call = partial(
            records.create_record, object_id=self._object_id, values={**emptied, **values}
        )
        self._tasks.write(self, call, self._created, self._not_created)
        self._tell()

    def _created(self, record_id: str) -> None:
        self._is_creating = False
        self.clear()
        self.created.emit(record_id)

    def _not_created(self, error: UserError) -> None:
        self._is_creating = False
        problems = dict(error.problems) if isinstance(error, Invalid) else {}
        for field in self._columns:
            if problem := problems.pop(field.id, ""):
                blank = CellEdit("", field, None, None, "")
                edit = self._edits.setdefault(field.id, blank)
                edit.state, edit.reason = EditState.REFUSED, problem
        self._tell()
        if problems:
            self.refused.emit(Invalid(problems))
        elif not isinstance(error, Invalid):
            kept = self.tr("What was typed stays in the row. Ctrl+S tries again.")
            kind = Unavailable if isinstance(error, Unavailable) else UserError
            self.refused.emit(kind(f"{error} {kept}"))

    def clear(self) -> None:
        """Empty the row."""
        self._edits.clear()
        self._typed.clear()
        self.is_half_dropped = False
        self._tell()

    def _tell(self) -> None:
        if self._columns:
            last = len(self._columns) - 1
            self.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, last)
            self.dataChanged.emit(self.index(0, 0), self.index(0, last))
        self.edited.emit()

    # QAbstractTableModel

    @override
    def rowCount(self, parent: Index = ROOT) -> int:
        return 0 if parent.isValid() or not self._columns else 1

    @override
    def columnCount(self, parent: Index = ROOT) -> int:
        return 0 if parent.isValid() else len(self._columns)

    @override
    def data(self, index: Index, role: int = _DISPLAY) -> Any:
        if not self.is_begun:
            if role != _DISPLAY:
                return None
            return self.placeholder if index.column() == 0 else _BLANK
        edit = self._edits.get(self._columns[index.column()].id)
        if role == _DISPLAY:
            return edit.text if edit else ""
        if edit is None:
            return None
        if role in (GridRole.CHIPS, GridRole.CHECKED):
            return edit.extra
        if role == Qt.ItemDataRole.ToolTipRole:
            return edit.reason or None
        if role == Qt.ItemDataRole.AccessibleTextRole and edit.reason:
            return edit.spoken()
        return None

    @override
    def headerData(self, section: int, orientation: Qt.Orientation, role: int = _DISPLAY) -> Any:
        if orientation != Qt.Orientation.Horizontal:
            return "+" if role == _DISPLAY else None
        if not 0 <= section < len(self._columns):
            return None
        if role == _DISPLAY:
            return self._columns[section].label
        if role == GridRole.KIND:
            return self._kinds[section] if self.is_begun else CellKind.MUTED
        return None


def _is_nothing(new: NewValue) -> bool:
    return new.typed is None and is_empty(new.value)
