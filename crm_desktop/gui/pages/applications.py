"""The page of all applications."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ClassVar

from PySide6.QtWidgets import QWidget
from typing_extensions import override

from crm_desktop.domain.changes import Topic
from crm_desktop.gui.dialogs.application_dialog import ApplicationDialog
from crm_desktop.gui.dialogs.delete_dialog import DeleteDialog
from crm_desktop.gui.dialogs.deletions import deletion_of_application
from crm_desktop.gui.models.applications import ApplicationRow, ApplicationsModel
from crm_desktop.gui.pages.definitions_page import DefinitionsPage, Words
from crm_desktop.gui.translating import tr
from crm_desktop.services import applications, objects
from crm_desktop.services.applications import ApplicationSummary

if TYPE_CHECKING:
    from crm_desktop.db.database import ReadSession
    from crm_desktop.gui.tasks import Tasks


class ApplicationsPage(DefinitionsPage[ApplicationRow]):
    topics: ClassVar = frozenset({Topic.APPLICATIONS, Topic.OBJECTS})

    def __init__(self, tasks: Tasks, parent: QWidget | None = None) -> None:
        words = Words(
            tr("Applications"),
            "app-window",
            tr("application"),
            tr("applications"),
            tr("Filter applications"),
        )
        super().__init__(tasks, ApplicationsModel(), words, parent)
        self.add_new_button(self.tr("New application"))
        self.add_row_action(self.tr("Edit application…"), "pencil", "F2", self.edit_current)
        self.publish = self.add_row_action(
            self.tr("Publish"), "rocket", "", partial(self._set_published, is_published=True)
        )
        self.withdraw = self.add_row_action(
            self.tr("Make a draft again"),
            "undo-2",
            "",
            partial(self._set_published, is_published=False),
        )
        self.add_row_action(
            self.tr("Delete application…"), "trash-2", "Ctrl+Del", self.delete_current
        )
        self.refresh()

    @override
    def request_rows(self, number: int) -> None:
        self._tasks.read(self, list_rows, partial(self.receive, number), self.fail)

    @override
    def say_empty(self) -> None:
        self.grid.set_empty_state(
            self.tr("No applications yet. An application is a choice of objects for a team."),
            icon_name="app-window",
            action=self.tr("New application"),
            on_action=self.create_new,
        )

    @override
    def update_actions(self, row: ApplicationRow | None) -> None:
        is_published = row is not None and row.summary.published_at is not None
        self.publish.setVisible(not is_published)
        self.withdraw.setVisible(is_published)

    @override
    def create_new(self) -> None:
        self._open(ApplicationDialog(self._tasks, None, self.window()))

    @override
    def edit_current(self) -> None:
        row = self.current()
        if row is not None:
            self._open(ApplicationDialog(self._tasks, row.summary, self.window()))

    def _open(self, dialog: ApplicationDialog) -> None:
        dialog.stored.connect(self.select)
        self.open_dialog(dialog)

    def _set_published(self, *_: object, is_published: bool) -> None:
        row = self.current()
        if row is None:
            return
        change = (
            applications.publish_application if is_published else applications.withdraw_application
        )
        call = partial(change, application_id=row.id, version=row.summary.version)
        self._tasks.write(self, call, on_error=self.refused.emit)

    @override
    def delete_current(self) -> None:
        row = self.current()
        if row is not None:
            deletion = deletion_of_application(row.summary)
            self.open_dialog(DeleteDialog(self._tasks, deletion, self.window()))


def list_rows(session: ReadSession) -> list[ApplicationRow]:
    """Read the applications and what their objects are called."""
    labels = {found.id: found.label for found in objects.list_objects(session)}
    found = applications.list_applications(session)
    return [ApplicationRow(summary, _names(summary, labels)) for summary in found]


def _names(summary: ApplicationSummary, labels: dict[str, str]) -> tuple[str, ...]:
    return tuple(labels[id_] for id_ in summary.object_ids if id_ in labels)
