"""The page of all relationships."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ClassVar

from PySide6.QtWidgets import QWidget
from typing_extensions import override

from crm_desktop.domain.changes import Topic
from crm_desktop.gui.dialogs.delete_dialog import DeleteDialog
from crm_desktop.gui.dialogs.deletions import deletion_of_relationship
from crm_desktop.gui.dialogs.relationship_dialog import RelationshipDialog
from crm_desktop.gui.graph.schema_switch import TABLE, SchemaSwitch
from crm_desktop.gui.impact.impact_dialog import ASKING_KEY, asking_text, open_impact
from crm_desktop.gui.impact.studies import study_of_relationship
from crm_desktop.gui.models.relationships import RelationshipsModel
from crm_desktop.gui.pages.definitions_page import DefinitionsPage, Words
from crm_desktop.gui.translating import tr
from crm_desktop.services import relationships
from crm_desktop.services.relationships import RelationshipSummary

if TYPE_CHECKING:
    from crm_desktop.gui.tasks import Tasks


class RelationshipsPage(DefinitionsPage[RelationshipSummary]):
    topics: ClassVar = frozenset({Topic.RELATIONSHIPS, Topic.OBJECTS})

    def __init__(self, tasks: Tasks, parent: QWidget | None = None) -> None:
        words = Words(
            tr("Relationships"),
            "spline",
            tr("relationship"),
            tr("relationships"),
            tr("Filter relationships"),
        )
        super().__init__(tasks, RelationshipsModel(), words, parent)
        self.switch = SchemaSwitch(TABLE)
        self.switch.open_requested.connect(self.open_requested)
        self.bar.insertWidget(0, self.switch)
        self.add_new_button(self.tr("New relationship"))
        self.add_row_action(self.tr("Edit relationship…"), "pencil", "F2", self.edit_current)
        self.add_row_action(asking_text(), "list-tree", ASKING_KEY, self.show_impact)
        self.add_row_action(
            self.tr("Delete relationship…"), "trash-2", "Ctrl+Del", self.delete_current
        )
        self.refresh()

    @override
    def request_rows(self, number: int) -> None:
        call, then = relationships.list_relationships, partial(self.receive, number)
        self._tasks.read(self, call, then, self.fail)

    @override
    def say_empty(self) -> None:
        self.grid.set_empty_state(
            self.tr("No relationships yet. A relationship lets records of two objects be linked."),
            icon_name="spline",
            action=self.tr("New relationship"),
            on_action=self.create_new,
        )

    @override
    def create_new(self) -> None:
        self._open(RelationshipDialog(self._tasks, None, self.window()))

    @override
    def edit_current(self) -> None:
        row = self.current()
        if row is not None:
            self._open(RelationshipDialog(self._tasks, row, self.window()))

    def _open(self, dialog: RelationshipDialog) -> None:
        dialog.stored.connect(self.select)
        self.open_dialog(dialog)

    def show_impact(self) -> None:
        """Show what depends on the current relationship."""
        row = self.current()
        if row is not None:
            name = self.tr("the relationship “{name}”").format(name=row.name)
            open_impact(self._tasks, name, study_of_relationship(row.id), self.window())

    @override
    def delete_current(self) -> None:
        row = self.current()
        if row is not None:
            deletion = deletion_of_relationship(row)
            self.open_dialog(DeleteDialog(self._tasks, deletion, self.window()))
