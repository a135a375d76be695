"""The dialog that creates a field of the library, or edits one."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import (
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)
from typing_extensions import override

from crm_desktop.domain.errors import Invalid
from crm_desktop.domain.json_edits import applied, json_edits
from crm_desktop.domain.names import name_from_label
from crm_desktop.gui.dialogs.form_dialog import Call, FormDialog, Input
from crm_desktop.gui.dialogs.impact_line import ImpactLine
from crm_desktop.gui.editors.config.config_editor import ConfigEditor
from crm_desktop.gui.editors.config.type_list import TypeList
from crm_desktop.gui.icons import object_icon
from crm_desktop.gui.theme import line_height, unit
from crm_desktop.gui.widgets.elided_label import ElidedLabel, TextLabel
from crm_desktop.gui.widgets.form_row import FormRow
from crm_desktop.gui.widgets.icon_label import IconLabel
from crm_desktop.services import fields
from crm_desktop.services.fields import FieldDraft, FieldSummary, FieldUse

if TYPE_CHECKING:
    from crm_desktop.gui.tasks import Tasks

MOST_USES = 12
SETTLED_AFTER = 500  # milliseconds without a change, before it is counted what that would break
NEW: Mapping[str, Any] = {
    "label": "",
    "name": "",
    "type": "text",
    "category": "",
    "description": "",
    "is_global": False,
}


class FieldDialog(FormDialog):
    """Asks for a field: its words on the left of its type, its settings below.

    `stored` carries the id of the field that was created, None after an edit.
    """

    def __init__(
        self, tasks: Tasks, field: FieldSummary | None = None, parent: QWidget | None = None
    ) -> None:
        self.field = field
        super().__init__(tasks, "", "", parent)
        self._name_in_words()
        self._name_follows = field is None
        self._ask()
        self.config = ConfigEditor(tasks, "text" if field is None else field.type)
        self.impact = ImpactLine(tasks)
        self._settling = QTimer(self, singleShot=True, interval=SETTLED_AFTER)
        self._settling.timeout.connect(self._count_broken)
        self._lay_out()
        self._show_field(field)
        self.config.edited.connect(self._settling.start)
        self.types.chosen.connect(self.config.set_type)
        tasks.read(self, fields.list_categories, self._offer_categories)
        self.resize(round(line_height() * 54), round(line_height() * 44))

    def _name_in_words(self) -> None:
        is_new = self.field is None
        title = self.tr("New field") if is_new else self.tr("Edit field")
        self.set_title(title, title if self.field is None else self.field.label)
        self.set_verb(self.tr("Create field") if is_new else self.tr("Save field"))

    def _ask(self) -> None:
        self.label = self.add_line("label", self.tr("Label"), is_required=True)
        self.name = self.add_line(
            "name", self.tr("Name"), hint=self.tr("for imports and other programs")
        )
        self.label.textEdited.connect(self._derive_name)
        self.name.textEdited.connect(self._keep_name)
        self.category = QComboBox()
        self.category.setEditable(True)
        self.category.setLineEdit(QLineEdit(placeholderText=self.tr("None")))
        row = FormRow(self.tr("Category"), self.category)
        self.add_input(Input("category", row, self.category.currentText, self.category.setEditText))
        self.add_text("description", self.tr("Description"), lines=1)
        self.add_check("is_global", self.tr("Offered to every object"))
        self.types = TypeList()
        type_row = FormRow(self.tr("Type"), self.types)
        self.add_input(Input("type", type_row, self.types.type_name, self.types.choose))

    def _lay_out(self) -> None:
        words = QGridLayout()
        words.setHorizontalSpacing(4 * unit())
        words.setVerticalSpacing(3 * unit())
        words.addWidget(self.row("label"), 0, 0)
        words.addWidget(self.row("name"), 0, 1)
        words.addWidget(self.row("category"), 1, 0)
        words.addWidget(self.row("is_global"), 1, 1, Qt.AlignmentFlag.AlignBottom)
        words.addWidget(self.row("description"), 2, 0, 1, 2)
        right = QVBoxLayout()
        right.setSpacing(4 * unit())
        right.addLayout(words)
        right.addWidget(self.config, 1)
        right.addWidget(self.impact)
        columns = QHBoxLayout()
        columns.setSpacing(6 * unit())
        left = QVBoxLayout()
        left.setSpacing(4 * unit())
        left.addWidget(self.row("type"))
        self.uses = QVBoxLayout()
        self.uses.setSpacing(2 * unit())
        left.addLayout(self.uses)
        self._left = left
        columns.addLayout(left, 2)
        columns.addLayout(right, 5)
        self.body.addLayout(columns, 1)
        for before, after in (
            (self.label, self.name),
            (self.name, self.category),
            (self.category, self.inputs["is_global"].row.control),
            (self.inputs["is_global"].row.control, self.inputs["description"].row.control),
            (self.inputs["description"].row.control, self.types),
            (self.types, self.config),
        ):
            QWidget.setTabOrder(before, after)

    def _show_field(self, field: FieldSummary | None) -> None:
        self.field = field
        self.config.load({} if field is None else _mapping(field.config))
        self.show_stored(NEW if field is None else _values_of(field))
        if field is not None:
            self._lock(field)

    def begin_like(self, field: FieldSummary) -> None:
        """Begin a new field with the type and the settings of another one."""
        label = self.tr("{label} (copy)").format(label=field.label)
        shown = {**_values_of(field), "label": label, "name": name_from_label(label)}
        for name, value in shown.items():
            self.inputs[name].show(value)
        self.config.load({}, _mapping(field.config))

    def _lock(self, field: FieldSummary) -> None:
        """Fix what cannot be changed, and say why."""
        reason = ""
        if field.is_system_field:
            reason = self.tr("A system field keeps its type and its name.")
            self.name.setReadOnly(True)
        elif field.used_by:
            objects = self.tr("1 object uses") if field.used_by == 1 else self.tr("{n} objects use")
            used = objects.format(n=field.used_by)
            words = self.tr("{used} this field. “Change type…” in the library converts its values.")
            reason = words.format(used=used)
        if reason:
            self.types.show_only(field.type)
            self.row("type").set_hint(reason)
            self.row("type").setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
            self._left.addStretch(1)
            call = partial(fields.list_uses, field_id=field.id)
            self.tasks.read(self, call, self._show_uses, self.refuse)

    def _show_uses(self, uses: list[FieldUse]) -> None:
        """Name the objects that use the field, where the types would be."""
        if uses:
            self.uses.addWidget(TextLabel(self.tr("Used by"), face="strong"))
        for use in uses[:MOST_USES]:
            line = QHBoxLayout()
            line.setSpacing(2 * unit())
            line.addWidget(IconLabel(object_icon(use.icon)))
            line.addWidget(ElidedLabel(use.label), 1)
            self.uses.addLayout(line)
        if len(uses) > MOST_USES:
            more = self.tr("and {0:,} more").format(len(uses) - MOST_USES)
            self.uses.addWidget(TextLabel(more, role="muted"))

    def _offer_categories(self, categories: list[str]) -> None:
        text = self.category.currentText()
        self.category.addItems(categories)
        self.category.setEditText(text)

    def _derive_name(self, label: str) -> None:
        if self._name_follows:
            self.name.setText(name_from_label(label))
            self.row("name").set_problem("")

    def _keep_name(self, name: str) -> None:
        self._name_follows = self.field is None and not name

    @override
    def call(self) -> Call:
        draft, config = self._draft_and_config()
        if self.field is None:
            return partial(fields.create_field, draft=draft, config=config)
        changes = json_edits(_mapping(self.field.config), config)
        return partial(
            fields.update_field,
            field_id=self.field.id,
            version=self.field.version,
            draft=draft,
            config_changes=changes,
        )

    def _count_broken(self) -> None:
        """Say how many stored values the rules as they are typed would break."""
        self.impact.clear()
        if self.field is None or not self.field.used_by:
            return
        try:
            changes = json_edits(_mapping(self.field.config), self.config.config())
        except Invalid:
            return  # said where it is typed, when it is to be saved
        if changes:
            self.impact.ask_config(self.field.id, changes)

    def _draft_and_config(self) -> tuple[FieldDraft, dict[str, Any]]:
        """Return both, or raise all that is wrong with either."""
        problems: dict[str, str] = {}
        draft, config = None, {}
        try:
            draft = FieldDraft(**self.answers())
        except Invalid as error:
            problems |= error.problems
        try:
            config = self.config.config()
        except Invalid as error:
            problems |= error.problems
        if draft is None or problems:
            raise Invalid(problems)
        return draft, config

    @override
    def say_elsewhere(self, problems: dict[str, str]) -> dict[str, str]:
        return self.config.show_problems(problems)

    @override
    def is_changed(self) -> bool:
        return super().is_changed() or self.config.is_edited()

    @override
    def load(self) -> None:
        if self.field is not None:
            call = partial(fields.get_field, field_id=self.field.id)
            self.tasks.read(self, call, self._merge, self.refuse)

    def _merge(self, now: FieldSummary) -> None:
        before = {} if self.field is None else _mapping(self.field.config)
        theirs = _mapping(now.config)
        try:
            mine = json_edits(before, self.config.config())
        except Invalid as error:
            self.refuse(error)
            return
        self.field = now
        self.merge_stored(_values_of(now))
        self.config.load(theirs, applied(theirs, mine))


def _mapping(config: Any) -> Mapping[str, Any]:
    return config if isinstance(config, Mapping) else {}


def _values_of(field: FieldSummary) -> dict[str, Any]:
    return {
        "label": field.label,
        "name": field.name,
        "type": field.type,
        "category": field.category or "",
        "description": field.description or "",
        "is_global": field.is_global,
    }
