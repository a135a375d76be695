"""How the cells of a record list are edited: keys, marks, and a bar that says what was refused."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from PySide6.QtCore import QObject, QTimer, Signal, Slot
from PySide6.QtGui import QAction, QKeySequence

from crm_desktop.domain.access import Reach, RecordRight
from crm_desktop.domain.changes import Change
from crm_desktop.domain.errors import Clash
from crm_desktop.gui.cells.cell_drafts import CellDrafts
from crm_desktop.gui.cells.cell_gestures import CellGestures
from crm_desktop.gui.cells.grid_editing import GridEditing
from crm_desktop.gui.cells.new_row_control import NewRowControl
from crm_desktop.gui.delegates import Mark
from crm_desktop.gui.drafts import Drafts
from crm_desktop.gui.icons import icon
from crm_desktop.gui.models.pending_edits import CellEdit, EditState
from crm_desktop.gui.models.record_sheet import RecordSheet
from crm_desktop.gui.models.records import RecordTableModel
from crm_desktop.gui.tasks import Tasks
from crm_desktop.gui.widgets.grid import GridView
from crm_desktop.gui.widgets.message_bar import Action, MessageBar
from crm_desktop.services import record_anchors, reference_checks
from crm_desktop.services.objects import ObjectDetail

_MARKS = {
    EditState.SAVED: Mark.SAVED,
    EditState.SAVING: Mark.SAVING,
    EditState.UNSAVED: Mark.UNSAVED,
    EditState.REFUSED: Mark.REFUSED,
}


class CellEditing(QObject):
    """Ties the editing of a grid to its records; `bar` is to stand above the grid."""

    refused = Signal(object)  # UserError
    stale = Signal()  # what is shown has to be read again
    stored = Signal()  # something of this list was stored, and is shown
    unsaved_changed = Signal(bool)
    open_requested = Signal(str)  # an address

    def __init__(
        self,
        tasks: Tasks,
        grid: GridView,
        model: RecordTableModel,
        drafts: Drafts,
        object_id: str,
    ) -> None:
        super().__init__(grid)
        self._tasks, self._grid, self._model = tasks, grid, model
        self.sheet = RecordSheet(tasks, model)
        self.editing = GridEditing(grid, self.sheet, tasks)
        self.gestures = CellGestures(grid, self.editing)
        self.new_row = NewRowControl(tasks, grid, self.editing, model, object_id)
        self.drafts = CellDrafts(tasks, self.sheet, self.new_row.model, drafts, object_id)
        self.bar = MessageBar()
        self._said: tuple[object, ...] = ()
        self._has_told = False
        self._soon = QTimer(self, singleShot=True, interval=0)
        self._soon.timeout.connect(self._show)
        self.next_action = self._action(self.tr("Next refused cell"), "F8", self.go_to_next)
        self.previous_action = self._action(
            self.tr("Previous refused cell"), "Shift+F8", self.go_to_previous
        )
        self.compare_action = self._action(
            self.tr("Compare with what is stored…"), "Shift+F2", self.compare_current
        )
        self._connect()

    def _connect(self) -> None:
        self.sheet.pending.changed.connect(self._soon.start)
        self.drafts.changed.connect(self._soon.start)
        self.sheet.saver.stale.connect(self.stale)
        self.editing.refused.connect(self.refused)
        self.gestures.refused.connect(self.refused)
        self.editing.editing_changed.connect(self._tell)
        self.new_row.refused.connect(self.refused)
        self.new_row.changed.connect(self._soon.start)
        self.editing.link_opened.connect(self._open_link)
        self._model.about_to_show.connect(self.editing.commit)
        for moved in (self._model.modelReset, self._model.layoutChanged, self._model.arrived):
            moved.connect(self._soon.start)

    def _action(self, text: str, key: str, act: object) -> QAction:
        action = QAction(icon("octagon-alert"), text, self)
        action.setProperty("icon_name", "octagon-alert")
        action.setShortcut(QKeySequence(key))
        action.triggered.connect(act)
        return action

    def actions(self) -> list[QAction]:
        return [self.new_row.action, *(action for group in self.groups() for action in group)]

    def groups(self) -> list[list[QAction]]:
        """Return what is done in cells, and with those that were refused, as menus show it."""
        refused = [self.next_action, self.previous_action, self.compare_action]
        return [self.gestures.actions(), refused]

    def show_object(self, crm_object: ObjectDetail) -> None:
        """Take over what the person may do with the object's records."""
        permissions = crm_object.permissions if isinstance(crm_object.permissions, dict) else {}
        may_update = self._tasks.actor.reach(permissions, RecordRight.UPDATE) is not Reach.NONE
        words = self.tr("You are not allowed to change records of “{}”.")
        self.sheet.lock = "" if may_update else words.replace("{}", crm_object.label)
        self.new_row.show_object(crm_object)

    # What is not stored

    def has_unsaved(self) -> bool:
        is_pending = bool(self.sheet.pending.unsaved()) or self.editing.has_typed()
        return is_pending or self.new_row.has_unsaved()

    def save(self) -> None:
        """Try again what is not stored, what stands in an open editor included."""
        self.editing.commit()
        self.sheet.send_again()
        self.new_row.save()

    def drop_unsaved(self) -> None:
        """Forget what is not stored."""
        self.editing.cancel()
        self.sheet.pending.drop(self.sheet.pending.unsaved())
        self.new_row.drop()

    def takes(self, _: frozenset[Change]) -> bool:
        """Say whether a change is an own edit, which is shown without reading the list again."""
        is_own = self.sheet.saver.takes()
        if is_own:
            self.stored.emit()
        return is_own

    @Slot()
    def _tell(self) -> None:
        has_unsaved = self.has_unsaved()
        if has_unsaved != self._has_told:
            self._has_told = has_unsaved
            self.unsaved_changed.emit(has_unsaved)

    # Marks and bar

    @Slot()
    def _show(self) -> None:
        """Mark the edited cells where they stand now, and say what was refused."""
        edits = self.sheet.pending.all()
        if edits or self._grid.delegate.marks:
            rows = self._model.rows_of(self.sheet.pending.by_record)
            columns = {field.id: place for place, field in enumerate(self._model.columns)}
            self._grid.set_marks(
                {
                    (rows[edit.record_id], columns[edit.field.id]): _MARKS[edit.state]
                    for edit in edits
                    if edit.record_id in rows and edit.field.id in columns
                }
            )
        self._say()
        self._tell()

    def _say(self) -> None:
        refused = self.sheet.pending.in_state(EditState.REFUSED)
        unsaved = self.sheet.pending.in_state(EditState.UNSAVED)
        left_over = sum(len(draft.values) for draft in self.drafts.left_over())
        left_over = left_over if self._model.columns else 0
        is_leaving = self.new_row.model.is_half_dropped
        said = (left_over, is_leaving, len(unsaved), *((edit, edit.reason) for edit in refused))
        if said == self._said:
            return
        self._said = said
        self.bar.clear()
        if left_over:
            self.bar.show_message(
                "info",
                self.tr("This was typed before the program ended."),
                headline=self._count(
                    left_over,
                    self.tr("1 edit was not stored."),
                    self.tr("{} edits were not stored."),
                ),
                actions=[
                    (self.tr("Show"), self.drafts.show_left_over),
                    (self.tr("Discard"), self.drafts.discard_left_over),
                ],
            )
        if unsaved:
            self.bar.show_message(
                "warning",
                unsaved[0].reason,
                headline=self._count(
                    len(unsaved),
                    self.tr("1 change not saved yet."),
                    self.tr("{} changes not saved yet."),
                ),
                actions=[(self.tr("Try again"), self.sheet.saver.send_unsaved)],
            )
        if refused:
            first = refused[0]
            words = f"{self._model.name_of(first.record_id)}: {first.field.label}. {first.reason}"
            self.bar.show_message(
                "danger",
                words,
                headline=self._count(
                    len(refused), self.tr("1 change refused."), self.tr("{} changes refused.")
                ),
                actions=self._actions_for(refused),
            )
        if is_leaving:
            self.bar.show_message("info", self.tr("Esc once more drops the new record."))

    def _count(self, number: int, one: str, many: str) -> str:
        return one if number == 1 else many.replace("{}", f"{number:,}")

    def _actions_for(self, refused: list[CellEdit]) -> list[Action]:
        is_one = len(refused) == 1
        actions: list[Action] = [(self.tr("Go to cell"), self.go_to_next)]
        clashing = [edit for edit in refused if edit.clash is not None]
        if clashing:
            actions.append((self.tr("Compare…"), partial(self.compare, clashing[0])))
        revert = self.tr("Revert") if is_one else self.tr("Revert all")
        return [*actions, (revert, self.revert)]

    def revert(self) -> None:
        """Drop what was refused: the cells show again what is stored."""
        self.sheet.pending.drop(self.sheet.pending.in_state(EditState.REFUSED))
        self._grid.setFocus()

    @Slot()
    def compare_current(self) -> None:
        """Compare the current cell, or else the first, whose edit clashes with what is stored."""
        refused = self.sheet.pending.in_state(EditState.REFUSED)
        clashing = [edit for edit in refused if edit.clash is not None]
        cell = self.sheet.cell_at(self._grid.currentIndex())
        here = [e for e in clashing if cell and e.key == (cell.record_id, cell.field.id)]
        for edit in (here or clashing)[:1]:
            self.compare(edit)

    def compare(self, edit: CellEdit) -> None:
        """Ask which of the values that clash in a record shall stand."""
        refused = self.sheet.pending.in_state(EditState.REFUSED)
        clashes = {
            each.field.id: each.clash
            for each in refused
            if each.record_id == edit.record_id and each.clash is not None
        }
        fields = [field for field in self._model.columns if field.id in clashes]
        values = [
            {key: getattr(clash, side) for key, clash in clashes.items()}
            for side in ("original", "theirs", "mine")
        ]
        call = partial(reference_checks.names_of_targets, fields=fields, rows=values)
        self._tasks.read(self, call, partial(self._ask, edit, clashes))

    def _ask(self, edit: CellEdit, clashes: Mapping[str, Clash], names: Mapping[str, str]) -> None:
        from crm_desktop.gui.dialogs.conflict_dialog import ConflictDialog  # seldom needed

        title, fields = self._model.name_of(edit.record_id), self._model.columns
        dialog = ConflictDialog(
            title, clashes, fields, self.sheet.formats, names, self._grid.window()
        )
        dialog.settled.connect(partial(self._settle, edit.record_id, clashes))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _settle(
        self, record_id: str, clashes: Mapping[str, Clash], chosen: Mapping[str, str]
    ) -> None:
        """Store mine over theirs where that was chosen; elsewhere theirs stands."""
        mine: list[CellEdit] = []
        theirs: list[CellEdit] = []
        for field_id, side in chosen.items():
            edit = self.sheet.pending.get((record_id, field_id))
            if edit is not None and edit.clash is clashes[field_id]:
                edit.old = clashes[field_id].theirs
                (mine if side == "mine" else theirs).append(edit)
        self.sheet.pending.drop(theirs)
        self.sheet.saver.send(mine)
        if theirs:
            self.stale.emit()
        self._grid.setFocus()

    # Going there

    @Slot()
    def go_to_next(self) -> None:
        """Make the next refused cell current, round and round."""
        self._go_to_refused(1)

    @Slot()
    def go_to_previous(self) -> None:
        self._go_to_refused(-1)

    def _go_to_refused(self, by: int) -> None:
        refused = self.sheet.pending.in_state(EditState.REFUSED)
        rows = self._model.rows_of(self.sheet.pending.by_record)
        columns = {field.id: place for place, field in enumerate(self._model.columns)}
        nowhere = self._model.rowCount()  # those that are not in memory come last
        places = {
            (rows.get(edit.record_id, nowhere), columns.get(edit.field.id, 0), number): edit
            for number, edit in enumerate(refused)
        }
        here = self._grid.currentIndex()
        end = (here.row(), here.column(), len(refused) if by > 0 else -1)
        beyond = [place for place in sorted(places) if (place > end if by > 0 else place < end)]
        if places:
            found = beyond or sorted(places)
            self._go_to(places[found[0 if by > 0 else -1]])

    def _go_to(self, edit: CellEdit) -> None:
        row = self._model.rows_of((edit.record_id,)).get(edit.record_id)
        if row is not None:
            self._show_cell(edit, row)
            return
        query, columns = self._model.query, self._model.columns
        call = partial(
            record_anchors.find_row, query=query, columns=columns, record_id=edit.record_id
        )
        self._tasks.read(self, call, partial(self._show_cell, edit))

    def _show_cell(self, edit: CellEdit, row: int | None) -> None:
        columns = [field.id for field in self._model.columns]
        if row is None or edit.field.id not in columns:
            return
        index = self._model.index(row, columns.index(edit.field.id))
        self._grid.setCurrentIndex(index)
        self._grid.scrollTo(index)
        self._grid.setFocus()

    def _open_link(self, record_id: str) -> None:
        self.open_requested.emit(f"record:{record_id}")
