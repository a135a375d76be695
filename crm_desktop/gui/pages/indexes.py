"""The page of the indexes on fields: what each makes quick, and what it costs."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ClassVar

from PySide6.QtWidgets import QWidget
from typing_extensions import override

from crm_desktop.domain.changes import Topic
from crm_desktop.gui.dialogs.build_index_dialog import BuildIndexDialog
from crm_desktop.gui.dialogs.delete_dialog import DeleteDialog
from crm_desktop.gui.dialogs.deletions import deletion_of_index
from crm_desktop.gui.models.indexes import IndexesModel
from crm_desktop.gui.pages.definitions_page import DefinitionsPage, Words
from crm_desktop.gui.translating import tr
from crm_desktop.services import index_advice
from crm_desktop.services.index_advice import IndexInfo, IndexState

if TYPE_CHECKING:
    from crm_desktop.gui.tasks import Tasks


class IndexesPage(DefinitionsPage[IndexInfo]):
    topics: ClassVar = frozenset({Topic.INDEXES, Topic.OBJECTS, Topic.FIELDS, Topic.LAYOUTS})

    def __init__(self, tasks: Tasks, parent: QWidget | None = None) -> None:
        words = Words(tr("Indexes"), "gauge", tr("index"), tr("indexes"), tr("Filter indexes"))
        super().__init__(tasks, IndexesModel(), words, parent)
        self.add_new_button(self.tr("Build for a field…"))
        self.open_records = self.add_row_action(
            self.tr("Show records"), "table-2", "", self.edit_current
        )
        self.again = self.add_row_action(self.tr("Build again"), "refresh-cw", "", self.build_again)
        self.delete = self.add_row_action(
            self.tr("Drop index…"), "trash-2", "Ctrl+Del", self.delete_current
        )
        self.refresh()

    @override
    def request_rows(self, number: int) -> None:
        then = partial(self.receive, number)
        self._tasks.read(self, index_advice.list_indexes, then, self.fail)

    @override
    def say_empty(self) -> None:
        self.grid.set_empty_state(
            self.tr("No field has an index yet. Lists that sort or filter slowly offer one."),
            icon_name="gauge",
            action=self.tr("Build for a field…"),
            on_action=self.create_new,
        )

    @override
    def update_actions(self, row: IndexInfo | None) -> None:
        is_useful = row is not None and row.state is not IndexState.ORPHANED
        self.open_records.setEnabled(is_useful)
        self.again.setEnabled(row is not None and row.state is IndexState.UNFINISHED)
        self.delete.setEnabled(row is not None and row.state is not IndexState.BUILDING)

    @override
    def create_new(self) -> None:
        row = self.current()
        self.open_dialog(BuildIndexDialog(self._tasks, row.object_id if row else "", self.window()))

    @override
    def edit_current(self) -> None:
        row = self.current()
        if row is not None and self.open_records.isEnabled():
            self.open_requested.emit(f"records:{row.object_id}")

    def build_again(self) -> None:
        """Build anew what an interrupted build left; asking for it is the consent."""
        row = self.current()
        if row is not None:
            dialog = BuildIndexDialog(self._tasks, row.object_id, self.window())
            dialog.choose_field(row.field_id, row.kind)
            self.open_dialog(dialog)

    @override
    def delete_current(self) -> None:
        row = self.current()
        if row is not None and self.delete.isEnabled():
            self.open_dialog(DeleteDialog(self._tasks, deletion_of_index(row), self.window()))
