"""Saves a layout's draft, merged with what others stored, and follows what they store."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from crm_desktop.domain.changes import Change, Topic
from crm_desktop.domain.errors import Invalid, UserError
from crm_desktop.domain.layout_merge import NO_CHOICES, Choices
from crm_desktop.gui.dialogs.object_saving import refresh_names
from crm_desktop.gui.layout_editor.state import LayoutState
from crm_desktop.services import fields, layout_saving
from crm_desktop.services.fields import FieldSummary
from crm_desktop.services.layout_saving import LayoutConflict, SavedLayout, StoredLayout

if TYPE_CHECKING:
    from crm_desktop.db.database import ReadSession
    from crm_desktop.gui.tasks import Tasks

Read = tuple[StoredLayout, list[FieldSummary]]


class LayoutSaving(QObject):
    """Reads and stores for one state; the page says what happened."""

    loaded = Signal(object)  # StoredLayout
    saved = Signal(object)  # SavedLayout
    overtaken = Signal()  # somebody stored the same things: saving will ask
    asked = Signal(object)  # LayoutConflict: somebody has to choose
    rejected = Signal(str, str)  # an entry's id, and what is wrong with it
    unread = Signal(object)  # UserError: there is nothing to show yet
    refused = Signal(object)  # any other UserError

    def __init__(self, tasks: Tasks, state: LayoutState, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._tasks, self._state = tasks, state
        self.is_saving = False
        self._reads = self._outdated = 0  # reads asked for; those before the last save
        tasks.changed.connect(self._follow)

    def read(self) -> None:
        self._reads += 1
        call = partial(_read, object_id=self._state.object_id)
        self._tasks.read(self, call, partial(self._show, self._reads), self._not_read)

    def _not_read(self, error: UserError) -> None:
        if self._state.stored is None:
            self.unread.emit(error)
        else:
            self.refused.emit(error)

    def _show(self, number: int, read: Read) -> None:
        if number <= self._outdated:
            if number == self._reads:
                self.read()  # it may have been read before what was saved meanwhile
            return
        stored, library = read
        self._state.show_library(library)
        if not self._state.show_stored(stored):
            self.overtaken.emit()
        self.loaded.emit(stored)

    def save(self, choices: Choices = NO_CHOICES) -> None:
        """Store the draft; `choices` say whose stands where both changed the same."""
        if self.is_saving or not self._state.draft.is_changed:
            return
        self.is_saving = True
        call = partial(
            layout_saving.save_layout,
            object_id=self._state.object_id,
            base=self._state.draft.saved,
            mine=self._state.layout,
            choices=choices,
        )
        self._tasks.write(self, call, partial(self._saved, choices), self._refuse)

    def repair(self) -> None:
        """Store the order as it is shown, where other programs left another one."""
        saved = self._state.draft.saved
        call = partial(
            layout_saving.save_layout, object_id=self._state.object_id, base=saved, mine=saved
        )
        self._tasks.write(self, call, on_error=self.refused.emit)

    def _saved(self, choices: Choices, saved: SavedLayout) -> None:
        self.is_saving, self._outdated = False, self._reads
        self._state.show_saved(saved, choices)
        if saved.primary_field_changed:
            title = self.tr("Naming records of {0} again").format(saved.stored.label)
            work = partial(refresh_names, self._state.object_id)
            self._tasks.run_long(self._tasks, title, work)
        self.saved.emit(saved)

    def _refuse(self, error: UserError) -> None:
        self.is_saving = False
        if isinstance(error, LayoutConflict):
            self.asked.emit(error)
        elif isinstance(error, Invalid):
            for entry_id, sentence in error.problems.items():
                self.rejected.emit(entry_id, sentence)
        else:
            self.refused.emit(error)

    def _follow(self, changes: frozenset[Change]) -> None:
        """Read again when somebody of us stored this layout, or a field of the library."""
        is_ours = Change(Topic.LAYOUTS, self._state.object_id) in changes
        if is_ours or any(change.topic is Topic.FIELDS for change in changes):
            self.read()


def _read(session: ReadSession, object_id: str) -> Read:
    return layout_saving.load_layout(session, object_id), fields.list_fields(session)
