"""What can be done with the objects and relationships of the schema's graph."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QDialog

from crm_desktop.domain.graph import NO_PART, Part
from crm_desktop.gui.dialogs.delete_dialog import DeleteDialog
from crm_desktop.gui.dialogs.deletions import deletion_of_relationship
from crm_desktop.gui.dialogs.object_dialog import ObjectDialog
from crm_desktop.gui.dialogs.relationship_dialog import NEW, RelationshipDialog
from crm_desktop.gui.graph.schema_nodes import Known
from crm_desktop.gui.icons import icon, object_icon
from crm_desktop.gui.page import Page
from crm_desktop.services import relationships
from crm_desktop.services.relationships import RelationshipSummary

if TYPE_CHECKING:
    from crm_desktop.gui.tasks import Tasks


class SchemaCommands(QObject):
    """The page's actions; what is current in the graph says which of them can be used."""

    stored = Signal(object)  # the id of a relationship that was made, None after an edit

    def __init__(self, tasks: Tasks, page: Page) -> None:
        super().__init__(page)
        self._tasks, self._page = tasks, page
        self._part, self._known = NO_PART, Known()
        make, tr = self.make, self.tr
        self.new = make(tr("New relationship"), "plus", "Ctrl+N", self.create)
        self.new_object = make(tr("New object"), "box", "", self.create_object)
        self.edit = make(tr("Edit…"), "pencil", "F2", self.edit_part)
        self.records = make(tr("Open records"), "table-2", "Ctrl+Return", self.open_records)
        self.layout = make(tr("Open layout"), "panels-top-left", "", self.open_layout)
        self.new_from = make(tr("New relationship from here…"), "spline", "", self.create_from_here)
        self.delete = make(tr("Delete relationship…"), "trash-2", "", self.delete_relationship)
        self.follow(NO_PART, self._known)

    def make(self, text: str, icon_name: str, key: str, act: Callable[[], object]) -> QAction:
        """Make an action of the page."""
        action = QAction(icon(icon_name), text, self._page)
        action.setProperty("icon_name", icon_name)
        if key:
            action.setShortcut(key)
            if key != "Ctrl+N":
                action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        action.triggered.connect(act)
        self._page.addAction(action)
        return action

    def follow(self, part: Part, known: Known) -> None:
        """Take this as what the commands are about."""
        self._part, self._known = part, known
        is_object = not part.is_edge and known.object(part.id) is not None
        is_relationship = part.is_edge and known.relationship(part.id) is not None
        self.edit.setEnabled(is_object or is_relationship)
        self.delete.setEnabled(is_relationship)
        for action in (self.records, self.layout, self.new_from):
            action.setEnabled(is_object)

    def of_object(self) -> list[QAction]:
        return [self.edit, self.records, self.layout, self.new_from]

    def of_relationship(self) -> list[QAction]:
        return [self.edit, self.delete]

    # Objects.

    def create_object(self) -> None:
        self._open(ObjectDialog(self._tasks, None, self._page.window()))

    def open_records(self) -> None:
        self._page.open_requested.emit(f"records:{self._part.id}")

    def open_layout(self) -> None:
        self._page.open_requested.emit(f"layout:{self._part.id}")

    def edit_part(self) -> None:
        """Open the dialog of what is current; that of a relationship after reading it anew."""
        if self._part.is_edge:
            self._with_relationship(self._edit_relationship)
        else:
            self._open(ObjectDialog(self._tasks, self._part.id, self._page.window()))

    def _open(self, dialog: QDialog) -> None:
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    # Relationships.

    def create(self) -> None:
        self._ask_for_relationship("", "")

    def create_from_here(self) -> None:
        self._ask_for_relationship(self._part.id, "")

    def create_between(self, from_id: str, to_id: str) -> None:
        self._ask_for_relationship(from_id, to_id)

    def _ask_for_relationship(self, from_id: str, to_id: str) -> None:
        dialog = RelationshipDialog(self._tasks, None, self._page.window())
        for box, object_id in ((dialog.start, from_id), (dialog.end, to_id)):
            known = self._known.object(object_id)
            if known is not None and box.findData(object_id) < 0:
                box.addItem(object_icon(known.icon), known.label, object_id)
        dialog.show_stored({**NEW, "from_object_id": from_id, "to_object_id": to_id})
        dialog.stored.connect(self.stored)
        self._open(dialog)

    def delete_relationship(self) -> None:
        self._with_relationship(self._ask_to_delete)

    def _with_relationship(self, then: Callable[[RelationshipSummary], None]) -> None:
        call = partial(relationships.get_relationship, relationship_id=self._part.id)
        self._tasks.read(self, call, then, self._page.refused.emit)

    def _edit_relationship(self, summary: RelationshipSummary) -> None:
        dialog = RelationshipDialog(self._tasks, summary, self._page.window())
        dialog.stored.connect(self.stored)
        self._open(dialog)

    def _ask_to_delete(self, summary: RelationshipSummary) -> None:
        deletion = deletion_of_relationship(summary)
        self._open(DeleteDialog(self._tasks, deletion, self._page.window()))
