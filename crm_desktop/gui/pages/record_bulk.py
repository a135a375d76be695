"""What can be done to many records of a list at once: edit, link or delete them."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QDialog

from crm_desktop.gui.locale import system_formats
from crm_desktop.gui.pages.record_list import RecordList
from crm_desktop.gui.pages.record_selection import RecordSelection
from crm_desktop.gui.tasks import Tasks
from crm_desktop.services.record_targets import ChosenRecords, RecordTarget


class BulkControl(QObject):
    """Opens the dialogs for what is selected in a list, or for all that it finds."""

    refused = Signal(object)  # UserError

    def __init__(self, tasks: Tasks, records: RecordList) -> None:
        super().__init__(records)
        self._tasks, self._records = tasks, records
        self.selection = RecordSelection(tasks, records.grid, records.model)
        self.selection.refused.connect(self.refused)

    def edit(self) -> None:
        """Ask what to change in the selected records, or in all."""
        if self._records.grid.count_selected_rows():
            self.selection.read(self._ask_to_edit)
        else:
            self._ask_to_edit(self.selection.everything())

    def delete(self) -> None:
        """Ask before the selected records are deleted."""
        self.selection.read(self._ask_to_delete)

    def link(self) -> None:
        """Ask with what the selected records, or all, are to be linked."""
        if self._records.grid.count_selected_rows():
            self.selection.read(self._ask_to_link)
        else:
            self._ask_to_link(self.selection.everything())

    def _ask_to_link(self, target: RecordTarget) -> None:
        from crm_desktop.gui.links.bulk_dialog import BulkLinkDialog

        many = self._records.object.plural_name if self._records.object else self.tr("records")
        self._open(BulkLinkDialog(self._tasks, target, many, self._records.window()))

    def _ask_to_edit(self, target: RecordTarget) -> None:
        from crm_desktop.gui.dialogs.bulk_edit_dialog import BulkEditDialog, Subject

        subject = Subject(
            self.selection.everything(),
            target if isinstance(target, ChosenRecords) else None,
            self._records.object.plural_name if self._records.object else self.tr("records"),
        )
        dialog = BulkEditDialog(
            self._tasks,
            subject,
            system_formats(),
            self._records.window(),
            is_production=self._is_production(),
        )
        self._open(dialog)

    def _ask_to_delete(self, target: RecordTarget) -> None:
        from crm_desktop.gui.dialogs.delete_dialog import DeleteDialog
        from crm_desktop.gui.dialogs.deletions import deletion_of_targets  # with most services

        deletion = deletion_of_targets(target, is_production=self._is_production())
        self._open(DeleteDialog(self._tasks, deletion, self._records.window()))

    def show_impact(self) -> None:
        """Show what depends on the selected records."""
        self.selection.read(self._show_impact)

    def _show_impact(self, target: RecordTarget) -> None:
        from crm_desktop.gui.impact.impact_dialog import open_impact
        from crm_desktop.gui.impact.studies import study_of_records

        name = self.tr("all records that the list finds")
        if isinstance(target, ChosenRecords):
            number = len(target.ids)
            one, many = self.tr("this record"), self.tr("these {0:,} records")
            name = one if number == 1 else many.format(number)
        open_impact(self._tasks, name, study_of_records(target), self._records.window())

    def _is_production(self) -> bool:
        return bool(self._records.window().property("is_production"))

    def _open(self, dialog: QDialog) -> None:
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()
