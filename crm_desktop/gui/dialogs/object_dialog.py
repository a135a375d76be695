"""The dialog that creates an object, or edits one: its words, its fields, its rights."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtWidgets import QGridLayout, QStackedWidget, QTabBar, QWidget
from typing_extensions import override

from crm_desktop.domain.access import RecordRight
from crm_desktop.domain.errors import UserError
from crm_desktop.domain.names import name_from_label, plural_from_label
from crm_desktop.gui.dialogs.form_dialog import Call, FormDialog, Input
from crm_desktop.gui.dialogs.icon_line import IconLine
from crm_desktop.gui.dialogs.layout_section import LayoutSection
from crm_desktop.gui.dialogs.object_saving import (
    ObjectEdits,
    SavedObject,
    create_object,
    refresh_names,
    update_object,
)
from crm_desktop.gui.dialogs.rights_section import RightsSection
from crm_desktop.gui.models.layout import LayoutRow, rebase, stored_row
from crm_desktop.gui.theme import line_height, unit
from crm_desktop.gui.widgets.form_row import FormRow
from crm_desktop.services import fields, layouts, objects, users
from crm_desktop.services.fields import FieldSummary
from crm_desktop.services.layouts import LayoutField
from crm_desktop.services.objects import ObjectDetail, ObjectDraft
from crm_desktop.services.users import UserSummary

if TYPE_CHECKING:
    from crm_desktop.db.database import ReadSession
    from crm_desktop.gui.tasks import Tasks

WORDS = ("label", "plural_name", "name", "icon", "description", "is_global")
GENERAL, FIELDS, RIGHTS = range(3)
Contents = tuple[ObjectDetail | None, list[LayoutField], list[FieldSummary], list[UserSummary]]


class ObjectDialog(FormDialog):
    """Everything about one object, stored together. `stored` carries the object's id."""

    def __init__(
        self, tasks: Tasks, object_id: str | None = None, parent: QWidget | None = None
    ) -> None:
        super().__init__(tasks, "", "", parent)
        self._object_id = object_id
        self._detail: ObjectDetail | None = None
        self._before: list[LayoutRow] = []
        self._name_follows = self._plural_follows = object_id is None
        title = self.tr("New object") if object_id is None else self.tr("Edit object")
        self.set_title(title, title)
        is_new = object_id is None
        self.set_verb(self.tr("Create object") if is_new else self.tr("Save object"))
        self.tabs = QTabBar()
        self.stack = QStackedWidget()
        self.fields = LayoutSection(tasks)
        self.rights = RightsSection()
        self._ask()
        self._lay_out()
        self.show_stored(dict.fromkeys(WORDS, "") | {"is_global": False})
        self.set_loading(loading=not is_new)
        self._read(self._show)
        self.resize(round(line_height() * 64), round(line_height() * 38))

    def _ask(self) -> None:
        self.label = self.add_line("label", self.tr("Label"), is_required=True)
        self.plural = self.add_line("plural_name", self.tr("Plural"))
        self.name = self.add_line(
            "name", self.tr("Name"), hint=self.tr("for imports and other programs")
        )
        self.icon = IconLine("box")
        hint = self.tr("an emoji, or a name such as “building”")
        row = FormRow(self.tr("Icon"), self.icon, hint=hint)
        self.add_input(Input("icon", row, self.icon.text, self.icon.setText))
        self.add_text("description", self.tr("Description"))
        self.add_check("is_global", self.tr("Offered to every application"))
        self.label.textEdited.connect(self._derive)
        self.name.textEdited.connect(self._keep_name)
        self.plural.textEdited.connect(self._keep_plural)

    def _lay_out(self) -> None:
        general = QWidget()
        grid = QGridLayout(general)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(4 * unit())
        grid.setVerticalSpacing(4 * unit())
        grid.addWidget(self.row("label"), 0, 0)
        grid.addWidget(self.row("plural_name"), 0, 1)
        grid.addWidget(self.row("name"), 1, 0)
        grid.addWidget(self.row("icon"), 1, 1)
        grid.addWidget(self.row("description"), 2, 0, 1, 2)
        grid.addWidget(self.row("is_global"), 3, 0, 1, 2)
        grid.setRowStretch(4, 1)
        self.tabs.setExpanding(False)
        self.tabs.setAccessibleName(self.tr("Sections"))
        pages = (
            (self.tr("General"), general),
            (self.tr("Fields"), self.fields),
            (self.tr("Rights"), self.rights),
        )
        for title, page in pages:
            self.tabs.addTab(title)
            self.stack.addWidget(page)
        self.tabs.currentChanged.connect(self.stack.setCurrentIndex)
        self.fields.edited.connect(self._count_fields)
        self.fields.refused.connect(self.refuse)
        self.body.addWidget(self.tabs)
        self.body.addWidget(self.stack, 1)

    def show_fields(self) -> None:
        """Begin with the fields."""
        self.tabs.setCurrentIndex(FIELDS)

    def _count_fields(self) -> None:
        self.tabs.setTabText(FIELDS, self.tr("Fields {0:,}").format(self.fields.model.rowCount()))

    @override
    def bring_to_front(self, row: FormRow) -> None:
        self.tabs.setCurrentIndex(GENERAL)

    @override
    def focus_first(self) -> None:
        if self.tabs.currentIndex() == FIELDS:
            self.fields.search.setFocus()
        else:
            super().focus_first()

    # Names made from the label

    def _derive(self, label: str) -> None:
        if self._name_follows:
            self.name.setText(name_from_label(label))
            self.row("name").set_problem("")
        if self._plural_follows:
            self.plural.setText(plural_from_label(label) if label else "")

    def _keep_name(self, name: str) -> None:
        self._name_follows = self._object_id is None and not name

    def _keep_plural(self, plural: str) -> None:
        self._plural_follows = self._object_id is None and not plural

    # Reading

    def _read(self, then: Callable[[Contents], None]) -> None:
        call = partial(read_object, object_id=self._object_id)
        self.tasks.read(self, call, then, self._not_read)

    def _not_read(self, error: UserError) -> None:
        self.refuse(error)
        self.submit.setEnabled(self._detail is not None)

    def _show(self, contents: Contents) -> None:
        self._take(contents)
        self.fields.model.set_rows(self._before)
        if self._detail is not None:
            self.rights.load(self._detail.permissions)
            self.show_stored(_values_of(self._detail))
            self.set_loading(loading=False)
        self.focus_first()

    def _take(self, contents: Contents) -> None:
        self._detail, attached, library, people = contents
        self.fields.show_library(library)
        self.rights.set_people(people)
        by_id = {field.id: field for field in library}
        self._before = [stored_row(field, by_id) for field in attached]
        if self._detail is not None:
            self.set_title(self.tr("Edit object"), self._detail.label)

    @override
    def load(self) -> None:
        self._read(self._merge)

    def _merge(self, contents: Contents) -> None:
        """Take over what others stored; what was edited here stays."""
        before, mine, rights = self._before, self.fields.rows(), self.rights.edits()
        self._take(contents)
        if self._detail is None:
            return
        self.fields.model.set_rows(rebase(mine, before, self._before))
        self.rights.load(self._detail.permissions)
        for edit in rights:
            self.rights.editors[RecordRight(str(edit.path[0]))].set_entries(edit.new)
        self.merge_stored(_values_of(self._detail))

    # Storing

    @override
    def is_changed(self) -> bool:
        rows = self.fields.rows() != self._before
        return super().is_changed() or rows or bool(self.rights.edits())

    @override
    def call(self) -> Call | None:
        if self._object_id is not None and not self.is_changed():
            return None
        draft = ObjectDraft(**self.answers()) if super().is_changed() else None
        edits = ObjectEdits(draft, self.rights.edits(), self._before, self.fields.rows())
        if self._object_id is None:
            return partial(create_object, draft=ObjectDraft(**self.answers()), edits=edits)
        version = 0 if self._detail is None else self._detail.version
        return partial(update_object, object_id=self._object_id, version=version, edits=edits)

    @override
    def _stored(self, result: SavedObject) -> None:
        if result.names_are_stale:
            title = self.tr("Naming records of {name} again").format(name=self.label.text())
            self.tasks.run_long(self.tasks, title, partial(refresh_names, result.object_id))
        super()._stored(result.object_id)


def read_object(session: ReadSession, object_id: str | None) -> Contents:
    """Read an object with its layout, the library, and the people who may have rights."""
    library, people = fields.list_fields(session), users.list_users(session)
    if object_id is None:
        return None, [], library, people
    detail = objects.get_object(session, object_id)
    return detail, layouts.list_layout(session, object_id), library, people


def _values_of(detail: ObjectDetail) -> dict[str, Any]:
    return {
        "label": detail.label,
        "plural_name": detail.plural_name,
        "name": detail.name,
        "icon": detail.icon or "",
        "description": detail.description or "",
        "is_global": detail.is_global,
    }
