"""The page of all relationships."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ClassVar

from PySide6.QtWidgets import QWidget
from typing_extensions import override

from crm_desktop.domain.changes import Topic
from crm_desktop.domain.errors import UserError
from crm_desktop.gui.dialogs.delete_dialog import DeleteDialog
from crm_desktop.gui.dialogs.deletions import deletion_of_relationship
from crm_desktop.gui.dialogs.relationship_dialog import LINK_DATA, RelationshipDialog
from crm_desktop.gui.graph.schema_switch import TABLE, SchemaSwitch
from crm_desktop.gui.impact.impact_dialog import ASKING_KEY, asking_text, open_impact
from crm_desktop.gui.impact.studies import study_of_relationship
from crm_desktop.gui.models.relationships import RelationshipRow, RelationshipsModel, rows_of
from crm_desktop.gui.pages.definitions_page import DefinitionsPage, Words
from crm_desktop.gui.pages.relationship_details import RelationshipDetails
from crm_desktop.gui.translating import tr
from crm_desktop.services import link_schemas, relationships
from crm_desktop.services.link_schemas import LinkKey
from crm_desktop.services.relationships import RelationshipSummary

if TYPE_CHECKING:
    from crm_desktop.db.database import ReadSession
    from crm_desktop.domain.changes import Change
    from crm_desktop.gui.tasks import Handle, Tasks

PATIENCE = 290.0  # seconds to count all links; what is shown does not wait for that
Found = tuple[list[RelationshipSummary], dict[str, tuple[LinkKey, ...]]]


class RelationshipsPage(DefinitionsPage[RelationshipRow]):
    """Shows the relationships at once; how many links each has comes when it was counted."""

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
        self._found: Found = ([], {})
        self._links: dict[str, int] | None = None
        self._counting: Handle | None = None
        self.add_new_button(self.tr("New relationship"))
        self.add_row_action(self.tr("Edit relationship…"), "pencil", "F2", self.edit_current)
        self.add_row_action(self.tr("Edit link data…"), "braces", "Shift+F2", self.edit_link_data)
        self.add_row_action(asking_text(), "list-tree", ASKING_KEY, self.show_impact)
        self.add_row_action(
            self.tr("Delete relationship…"), "trash-2", "Ctrl+Del", self.delete_current
        )
        self.details = RelationshipDetails(self._tasks)
        self.details.open_requested.connect(self.open_requested)
        self.put_beside(self.details)
        self.refresh()

    @override
    def request_rows(self, number: int) -> None:
        self._tasks.read(self, _read, partial(self._show, number), self.fail)

    def _show(self, number: int, found: Found) -> None:
        self._found = found
        self.receive(number, rows_of(*found, self._links))
        self._count()

    def _count(self) -> None:
        """Count links anew; the numbers shown before stay until then."""
        if self._counting is not None:
            self._counting.cancel()
        self._counting = self._tasks.read(
            self, relationships.count_links, self._show_links, self._fail_quietly, patience=PATIENCE
        )

    def _show_links(self, links: dict[str, int]) -> None:
        self._counting, self._links = None, links
        self.model.set_rows(rows_of(*self._found, links))
        self.update_actions(self.current())

    def _fail_quietly(self, _: UserError) -> None:
        """Leave the column as it is: that links cannot be counted keeps nobody from working."""
        self._counting = None

    @override
    def _changed(self, changes: frozenset[Change]) -> None:
        super()._changed(changes)
        if not any(change.topic in self.topics for change in changes) and any(
            change.topic is Topic.LINKS for change in changes
        ):
            self._count()

    @override
    def update_actions(self, row: RelationshipRow | None) -> None:
        self.details.show_row(row)

    @override
    def refresh(self) -> None:
        super().refresh()
        self.details.refresh()

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
            self._open(RelationshipDialog(self._tasks, row.summary, self.window()))

    def edit_link_data(self) -> None:
        """Open the relationship where the keys of its link data are defined."""
        row = self.current()
        if row is not None:
            dialog = RelationshipDialog(self._tasks, row.summary, self.window())
            dialog.tabs.setCurrentIndex(LINK_DATA)
            self._open(dialog)

    def _open(self, dialog: RelationshipDialog) -> None:
        dialog.stored.connect(self.select)
        dialog.open_requested.connect(self.open_requested)
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
            deletion = deletion_of_relationship(row.summary)
            self.open_dialog(DeleteDialog(self._tasks, deletion, self.window()))


def _read(session: ReadSession) -> Found:
    return relationships.list_relationships(session), link_schemas.list_link_schemas(session)
