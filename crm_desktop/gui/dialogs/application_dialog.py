"""The dialog that creates an application, or edits one: its words, its objects, its colour."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QModelIndex
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QHeaderView,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)
from typing_extensions import override

from crm_desktop.domain.json_edits import json_edits
from crm_desktop.gui.dialogs.form_dialog import Call, FormDialog, Input
from crm_desktop.gui.dialogs.icon_line import IconLine
from crm_desktop.gui.editors.config.list_grid import ListGrid
from crm_desktop.gui.models.checked_list import CHECK, CheckedList, Choice
from crm_desktop.gui.theme import line_height, row_height, unit
from crm_desktop.gui.widgets.color_button import ColorButton
from crm_desktop.gui.widgets.form_row import FormRow
from crm_desktop.services import applications, objects
from crm_desktop.services.applications import ApplicationDraft, ApplicationSummary
from crm_desktop.services.objects import ObjectSummary

if TYPE_CHECKING:
    from crm_desktop.gui.tasks import Tasks


class ApplicationDialog(FormDialog):
    """`stored` carries the id of the application that was created, None after an edit."""

    def __init__(
        self,
        tasks: Tasks,
        application: ApplicationSummary | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(tasks, "", "", parent)
        self.application = application
        is_new = application is None
        title = self.tr("New application") if is_new else self.tr("Edit application")
        self.set_title(title, title if application is None else application.title)
        self.set_verb(self.tr("Create application") if is_new else self.tr("Save application"))
        self._config = _config_of(application)
        self._ask()
        self._lay_out()
        self.show_stored(self._values_of(application))
        tasks.read(self, objects.list_objects, self._offer, self.refuse)
        self.resize(round(line_height() * 44), round(line_height() * 32))

    def _ask(self) -> None:
        self.name = self.add_line("name", self.tr("Name"), is_required=True)
        self.label = self.add_line("label", self.tr("Label"), hint=self.tr("shown to people"))
        self.icon = IconLine("app-window")
        hint = self.tr("an emoji, or a name such as “building”")
        row = FormRow(self.tr("Icon"), self.icon, hint=hint)
        self.add_input(Input("icon", row, self.icon.text, self.icon.setText))
        self.color = ColorButton(name=self.tr("Colour"))
        color_row = FormRow(self.tr("Colour"), self.color)
        self.add_input(Input("color", color_row, self.color.color, self.color.set_color))
        self.add_text("description", self.tr("Description"))
        self._choices: list[Choice] = []
        self.model = CheckedList(self.tr("Object"), self)
        self.add_input(
            Input(
                "objects",
                FormRow(self.tr("Objects"), self._list()),
                self.model.chosen,
                self._show_chosen,
            )
        )

    def _list(self) -> QWidget:
        self.list = ListGrid(self.tr("Objects of the application"))
        self.list.setModel(self.model)
        self.list.setMinimumHeight(row_height() * 8)
        header = self.list.horizontalHeader()
        header.setSectionsMovable(False)
        header.setSectionResizeMode(CHECK, QHeaderView.ResizeMode.Fixed)
        header.resizeSection(CHECK, round(line_height() * 3))
        self.list.set_empty_state(self.tr("There are no objects yet."), icon_name="box")
        self.list.toggled.connect(self._toggle)
        self.list.clicked.connect(self._click)
        up, down = self.list.move_buttons()
        holder = QWidget()
        box = QHBoxLayout(holder)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(unit())
        side = QVBoxLayout()
        side.setSpacing(unit())
        side.addWidget(up)
        side.addWidget(down)
        side.addStretch(1)
        box.addWidget(self.list, 1)
        box.addLayout(side)
        holder.setFocusProxy(self.list)
        expanding = QSizePolicy.Policy.Expanding
        holder.setSizePolicy(expanding, expanding)
        return holder

    def _lay_out(self) -> None:
        words = QGridLayout()
        words.setHorizontalSpacing(4 * unit())
        words.setVerticalSpacing(3 * unit())
        words.addWidget(self.row("name"), 0, 0, 1, 2)
        words.addWidget(self.row("label"), 1, 0, 1, 2)
        words.addWidget(self.row("icon"), 2, 0)
        words.addWidget(self.row("color"), 2, 1)
        words.addWidget(self.row("description"), 3, 0, 1, 2)
        words.setColumnStretch(0, 1)
        words.setRowStretch(4, 1)
        columns = QHBoxLayout()
        columns.setSpacing(6 * unit())
        columns.addLayout(words, 1)
        columns.addWidget(self.row("objects"), 1)
        self.body.addLayout(columns, 1)

    def _values_of(self, application: ApplicationSummary | None) -> dict[str, Any]:
        if application is None:
            words = dict.fromkeys(("name", "label", "icon", "description"), "")
            return {**words, "color": "", "objects": []}
        theme = self._config.get("theme")
        color = theme.get("primaryColor") if isinstance(theme, Mapping) else None
        return {
            "name": application.name,
            "label": application.label or "",
            "icon": application.icon or "",
            "description": application.description or "",
            "color": color if isinstance(color, str) else "",
            "objects": list(application.object_ids),
        }

    def _offer(self, found: list[ObjectSummary]) -> None:
        chosen = self.model.chosen()
        self._choices = [Choice(row.id, row.label, row.icon or "") for row in found]
        self._show_chosen(chosen)

    def _show_chosen(self, chosen: list[str]) -> None:
        self.model.set_choices(self._choices, chosen)

    def _toggle(self) -> None:
        self.model.toggle(self.list.currentIndex().row())

    def _click(self, index: QModelIndex) -> None:
        if index.column() == CHECK:
            self.model.toggle(index.row())

    def _edited_config(self) -> dict[str, Any]:
        """Return the stored config with the edited keys changed; the others stay as they are."""
        stored, now = self._values_of(self.application), self.answers()
        config = dict(self._config)
        if now["objects"] != stored["objects"]:
            config["objects"] = now["objects"]
        if now["color"] != stored["color"]:
            theme = config.get("theme")
            kept = dict(theme) if isinstance(theme, Mapping) else {}
            config["theme"] = {**kept, "primaryColor": now["color"] or None}
        return config

    @override
    def call(self) -> Call:
        words = ("name", "label", "icon", "description")
        answers = self.answers()
        draft = ApplicationDraft(**{name: answers[name] for name in words})
        config = self._edited_config()
        if self.application is None:
            return partial(applications.create_application, draft=draft, config=config)
        return partial(
            applications.update_application,
            application_id=self.application.id,
            version=self.application.version,
            draft=draft,
            config_changes=json_edits(self._config, config),
        )

    @override
    def load(self) -> None:
        if self.application is not None:
            call = partial(applications.get_application, application_id=self.application.id)
            self.tasks.read(self, call, self._merge, self.refuse)

    def _merge(self, now: ApplicationSummary) -> None:
        self.application = now
        self._config = _config_of(now)
        self.merge_stored(self._values_of(now))


def _config_of(application: ApplicationSummary | None) -> dict[str, Any]:
    config = None if application is None else application.config
    return dict(config) if isinstance(config, Mapping) else {}
