"""The page of the field library."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from PySide6.QtWidgets import QComboBox, QWidget
from typing_extensions import override

from crm_desktop.domain.changes import Topic
from crm_desktop.domain.field_types import FIELD_TYPES
from crm_desktop.gui.dialogs.change_type_dialog import ChangeTypeDialog
from crm_desktop.gui.dialogs.delete_dialog import DeleteDialog, counted
from crm_desktop.gui.dialogs.deletions import deletion_of_field
from crm_desktop.gui.dialogs.field_dialog import FieldDialog
from crm_desktop.gui.dialogs.merge_fields_dialog import MergeFieldsDialog
from crm_desktop.gui.icons import icon
from crm_desktop.gui.impact.impact_dialog import ASKING_KEY, asking_text, open_impact
from crm_desktop.gui.impact.studies import study_of_field
from crm_desktop.gui.locale import system_formats
from crm_desktop.gui.models.fields import FieldsModel, type_label
from crm_desktop.gui.pages.definitions_page import DefinitionsPage, Words
from crm_desktop.gui.pages.field_details import FieldDetails
from crm_desktop.gui.routes import is_known, kind_of
from crm_desktop.gui.translating import tr
from crm_desktop.gui.widgets.message_bar import Message
from crm_desktop.services import fields
from crm_desktop.services.fields import FieldSummary
from crm_desktop.services.type_changes import TypeResult

if TYPE_CHECKING:
    from crm_desktop.gui.tasks import Tasks


class FieldsPage(DefinitionsPage[FieldSummary]):
    """The library: by text, type and category; created, edited, and deleted when unused."""

    topics: ClassVar = frozenset({Topic.FIELDS, Topic.LAYOUTS})

    def __init__(self, tasks: Tasks, parent: QWidget | None = None) -> None:
        words = Words(tr("Fields"), "library", tr("field"), tr("fields"), tr("Filter fields"))
        super().__init__(tasks, FieldsModel(), words, parent)
        self._formats = system_formats()
        self.types = self._box(self.tr("Type"))
        self.categories = self._box(self.tr("Category"))
        self._offer_types(())
        self._offer_categories(())
        self.add_new_button(self.tr("New field"))
        self.add_row_action(self.tr("Edit field…"), "pencil", "F2", self.edit_current)
        self.copy = self.add_row_action(
            self.tr("Duplicate field…"), "copy-plus", "Ctrl+D", self.duplicate_current
        )
        self.change_type = self.add_row_action(
            self.tr("Change type…"), "shapes", "Ctrl+Shift+T", self.change_type_of_current
        )
        self.merge = self.add_row_action(
            self.tr("Merge into…"), "merge", "Ctrl+Shift+M", self.merge_current
        )
        self.add_row_action(asking_text(), "list-tree", ASKING_KEY, self.show_impact)
        self.delete = self.add_row_action(
            self.tr("Delete field…"), "trash-2", "Ctrl+Del", self.delete_current
        )
        self.details = FieldDetails(self._tasks, self._formats)
        self.details.open_requested.connect(self._open_elsewhere)
        self.put_beside(self.details)
        self.refresh()

    def _open_elsewhere(self, address: str) -> None:
        """Open a layout, a record or a list; without a page for layouts, the objects."""
        has_no_page = kind_of(address) == "layout" and not is_known(address)
        self.open_requested.emit("objects" if has_no_page else address)

    def _box(self, name: str) -> QComboBox:
        box = QComboBox()
        box.setAccessibleName(name)
        box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        box.currentIndexChanged.connect(self.apply_filter)
        self.bar.addWidget(box)
        return box

    def _offer_types(self, used: Sequence[str]) -> None:
        """Offer the types that fields have; what is chosen stays chosen."""
        order = list(FIELD_TYPES)
        known = sorted(used, key=lambda name: order.index(name) if name in order else len(order))
        choices = [(type_label(name), name) for name in known]
        self._fill(self.types, self.tr("Every type"), choices)
        for row, name in enumerate(known, start=1):
            if name in FIELD_TYPES:
                self.types.setItemIcon(row, icon(FIELD_TYPES[name].icon, "muted"))

    def _offer_categories(self, used: Sequence[str]) -> None:
        self._fill(self.categories, self.tr("Every category"), [(name, name) for name in used])

    @staticmethod
    def _fill(box: QComboBox, every: str, choices: Sequence[tuple[str, str]]) -> None:
        chosen = box.currentData()
        box.blockSignals(True)
        box.clear()
        box.addItem(every, "")
        for label, value in choices:
            box.addItem(label, value)
        box.setCurrentIndex(max(0, box.findData(chosen)))
        box.blockSignals(False)

    @override
    def request_rows(self, number: int) -> None:
        self._tasks.read(self, fields.list_fields, partial(self._show, number), self.fail)

    def _show(self, number: int, rows: list[FieldSummary]) -> None:
        self._offer_types(sorted({row.type for row in rows}))
        self._offer_categories(sorted({row.category for row in rows if row.category}))
        self.receive(number, rows)
        self.apply_filter()

    @override
    def keeps(self, row: FieldSummary) -> bool:
        wanted_type, category = self.types.currentData(), self.categories.currentData()
        fits_type = not wanted_type or row.type == wanted_type
        return fits_type and (not category or row.category == category)

    @override
    def is_filtered(self) -> bool:
        boxes = (self.types, self.categories)
        return super().is_filtered() or any(box.currentIndex() > 0 for box in boxes)

    @override
    def clear_filters(self) -> None:
        super().clear_filters()
        self.types.setCurrentIndex(0)
        self.categories.setCurrentIndex(0)

    @override
    def say_empty(self) -> None:
        self.grid.set_empty_state(
            self.tr("The library is empty. Fields made here can be given to any object."),
            icon_name="library",
            action=self.tr("New field"),
            on_action=self.create_new,
        )

    @override
    def update_actions(self, row: FieldSummary | None) -> None:
        for action in (self.delete, self.change_type, self.merge):
            action.setEnabled(row is not None and not row.is_system_field)
        self.details.show_field(row)

    @override
    def refresh(self) -> None:
        super().refresh()
        self.details.refresh()

    @override
    def create_new(self) -> None:
        self._open(FieldDialog(self._tasks, None, self.window()))

    def duplicate_current(self) -> None:
        """Begin a new field with the type and settings of the current one."""
        field = self.current()
        if field is not None:
            dialog = FieldDialog(self._tasks, None, self.window())
            dialog.begin_like(field)
            self._open(dialog)

    @override
    def edit_current(self) -> None:
        field = self.current()
        if field is not None:
            self._open(FieldDialog(self._tasks, field, self.window()))

    def _open(self, dialog: FieldDialog) -> None:
        dialog.stored.connect(self.select)
        self.open_dialog(dialog)

    def change_type_of_current(self) -> None:
        field = self.current()
        if field is not None:
            dialog = ChangeTypeDialog(self._tasks, field, self._formats, self.window())
            dialog.done_with.connect(partial(self._say_changed, field.label))
            self.open_dialog(dialog)

    def _say_changed(self, label: str, result: TypeResult) -> None:
        values = counted(result.converted, self.tr("value"), self.tr("values"))
        sentence = self.tr("“{name}” has its new type; {values} converted.")
        if result.kept:
            sentence += self.tr(" {n} stay as they were: they are listed beside the field.")
        words = sentence.format(name=label, values=values, n=f"{result.kept:,}")
        self.told.emit(Message("success", words))

    def merge_current(self) -> None:
        field = self.current()
        if field is not None:
            self.open_dialog(MergeFieldsDialog(self._tasks, field, self.window()))

    def show_impact(self) -> None:
        """Show what depends on the current field."""
        row = self.current()
        if row is not None:
            name = self.tr("the field “{name}”").format(name=row.label)
            open_impact(self._tasks, name, study_of_field(row.id), self.window())

    @override
    def delete_current(self) -> None:
        field = self.current()
        if field is not None:
            self.open_dialog(DeleteDialog(self._tasks, deletion_of_field(field), self.window()))
