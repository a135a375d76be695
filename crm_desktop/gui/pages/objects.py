"""The page of all objects, with how much there is of each."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from PySide6.QtWidgets import QWidget
from typing_extensions import override

from crm_desktop.domain.changes import Topic
from crm_desktop.domain.errors import UserError
from crm_desktop.gui.dialogs.delete_dialog import DeleteDialog
from crm_desktop.gui.dialogs.deletions import deletion_of_object
from crm_desktop.gui.dialogs.object_dialog import ObjectDialog
from crm_desktop.gui.impact.impact_dialog import ASKING_KEY, asking_text, open_impact
from crm_desktop.gui.impact.studies import study_of_object
from crm_desktop.gui.models.objects import ObjectRow, ObjectsModel
from crm_desktop.gui.pages.definitions_page import DefinitionsPage, Words
from crm_desktop.gui.translating import tr
from crm_desktop.services import objects
from crm_desktop.services.objects import ObjectSummary

if TYPE_CHECKING:
    from crm_desktop.domain.changes import Change
    from crm_desktop.gui.tasks import Tasks

_COUNTING_PATIENCE = 120.0  # seconds


class ObjectsPage(DefinitionsPage[ObjectRow]):
    """All objects. Records are counted after the list is shown: that may take its time."""

    topics: ClassVar = frozenset({Topic.OBJECTS, Topic.LAYOUTS, Topic.RELATIONSHIPS})

    def __init__(self, tasks: Tasks, parent: QWidget | None = None) -> None:
        words = Words(tr("Objects"), "box", tr("object"), tr("objects"), tr("Filter objects"))
        super().__init__(tasks, ObjectsModel(), words, parent)
        self._counts: Mapping[str, int] | None = None
        self._counting = False
        self.add_new_button(self.tr("New object"))
        self.add_row_action(self.tr("Edit object…"), "pencil", "F2", self.edit_current)
        self.add_row_action(
            self.tr("Edit fields…"), "layout-template", "Shift+F2", self.edit_fields
        )
        self.add_row_action(self.tr("Edit layout"), "panels-top-left", "Ctrl+L", self.open_layout)
        self.add_row_action(self.tr("Open records"), "table-2", "Ctrl+Return", self.open_records)
        self.add_row_action(asking_text(), "list-tree", ASKING_KEY, self.show_impact)
        self.add_row_action(self.tr("Delete object…"), "trash-2", "Ctrl+Del", self.delete_current)
        self.refresh()

    @override
    def refresh(self) -> None:
        super().refresh()
        self._count()

    @override
    def request_rows(self, number: int) -> None:
        self._tasks.read(self, objects.list_objects, partial(self._show, number), self.fail)

    def _show(self, number: int, found: list[ObjectSummary]) -> None:
        self.receive(number, [self._row(summary) for summary in found])

    def _row(self, summary: ObjectSummary) -> ObjectRow:
        counts = self._counts
        return ObjectRow(summary, None if counts is None else counts.get(summary.id, 0))

    def _count(self) -> None:
        if not self._counting:
            self._counting = True
            self._tasks.read(
                self,
                objects.count_records,
                self._show_counts,
                self._not_counted,
                patience=_COUNTING_PATIENCE,
            )

    def _show_counts(self, counts: dict[str, int]) -> None:
        self._counting = False
        self._counts = counts
        self.model.set_rows([self._row(row.summary) for row in self.model.all_rows])

    def _not_counted(self, _: UserError) -> None:
        """Keep what was counted before; the list says … where nothing was."""
        self._counting = False

    @override
    def _changed(self, changes: frozenset[Change]) -> None:
        super()._changed(changes)
        if any(change.topic is Topic.RECORDS for change in changes):
            self._count()

    @override
    def say_empty(self) -> None:
        self.grid.set_empty_state(
            self.tr("No objects yet. An object is a kind of record: accounts, deals, tickets."),
            icon_name="box",
            action=self.tr("New object"),
            on_action=self.create_new,
        )

    @override
    def create_new(self) -> None:
        self._open(ObjectDialog(self._tasks, None, self.window()))

    @override
    def edit_current(self) -> None:
        row = self.current()
        if row is not None:
            self._open(ObjectDialog(self._tasks, row.id, self.window()))

    def edit_fields(self) -> None:
        """Edit the current object, beginning with its fields."""
        row = self.current()
        if row is not None:
            dialog = ObjectDialog(self._tasks, row.id, self.window())
            dialog.show_fields()
            self._open(dialog)

    def _open(self, dialog: ObjectDialog) -> None:
        dialog.stored.connect(self.select)
        self.open_dialog(dialog)

    def open_layout(self) -> None:
        row = self.current()
        if row is not None:
            self.open_requested.emit(f"layout:{row.id}")

    def open_records(self) -> None:
        row = self.current()
        if row is not None:
            self.open_requested.emit(f"records:{row.id}")

    def show_impact(self) -> None:
        """Show what depends on the current object."""
        row = self.current()
        if row is not None:
            name = self.tr("the object “{name}”").format(name=row.summary.label)
            open_impact(self._tasks, name, study_of_object(row.id), self.window())

    @override
    def delete_current(self) -> None:
        row = self.current()
        if row is not None:
            deletion = deletion_of_object(row.summary)
            self.open_dialog(DeleteDialog(self._tasks, deletion, self.window()))
