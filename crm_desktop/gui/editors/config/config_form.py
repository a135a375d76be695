"""The form for one field type's settings: it changes only the keys somebody edited."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from crm_desktop.domain.errors import Invalid, UserError
from crm_desktop.domain.json_edits import ABSENT
from crm_desktop.gui.editors.config.options_editor import OptionsEditor
from crm_desktop.gui.editors.config.setting_editors import EDITORS, ChoiceEditor, SettingEditor
from crm_desktop.gui.editors.config.settings import (
    SETTINGS,
    USER,
    Kind,
    Setting,
    read_setting,
    write_setting,
)
from crm_desktop.gui.theme import unit
from crm_desktop.gui.widgets.form_row import FormRow

if TYPE_CHECKING:
    from crm_desktop.gui.tasks import Tasks
    from crm_desktop.services.layouts import LayoutField
    from crm_desktop.services.objects import ObjectSummary

WIDE = {Kind.OPTIONS, Kind.SWITCH, Kind.WORDS}
LONG_TEXTS = {"pattern", "regexMessage", "placeholder", "format"}
HINTED_BELOW = {Kind.OPTIONS, Kind.SWITCH, Kind.TARGET, Kind.DISPLAY_FIELD}


class ConfigForm(QWidget):
    """Shows the settings that a type has. Other keys of the config are kept and not shown."""

    edited = Signal()

    def __init__(self, tasks: Tasks, type_name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tasks, self._type = tasks, type_name
        self._config: dict[str, Any] = {}
        self._rows: dict[str, FormRow] = {}
        self._editors: dict[str, SettingEditor] = {}
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(4 * unit())
        self._grid.setVerticalSpacing(3 * unit())
        self._grid.setColumnStretch(0, 1)
        self._grid.setColumnStretch(1, 1)
        self._build(SETTINGS.get(type_name, ()))
        if "targetObjectId" in self._editors:
            self._load_targets()

    def _build(self, settings: tuple[Setting, ...]) -> None:
        row = column = 0
        for setting in settings:
            is_wide = setting.kind in WIDE or setting.name in LONG_TEXTS
            if is_wide and column:
                row, column = row + 1, 0
            self._grid.addWidget(self._row(setting), row, column, 1, 2 if is_wide else 1)
            row, column = (row + 1, 0) if is_wide or column else (row, 1)
        if not settings:
            none = QLabel(self.tr("This type has no settings of its own. JSON shows all there is."))
            none.setWordWrap(True)
            self._grid.addWidget(none, 0, 0, 1, 2)
        self._grid.setRowStretch(row + 1, 1)

    def _row(self, setting: Setting) -> FormRow:
        editor_class = OptionsEditor if setting.kind is Kind.OPTIONS else EDITORS[setting.kind]
        editor = editor_class(setting)
        editor.edited.connect(partial(self._edited, setting.name))
        label = "" if setting.kind is Kind.SWITCH else setting.label
        hint = setting.hint if setting.kind in HINTED_BELOW else ""
        self._editors[setting.name] = editor
        self._rows[setting.name] = FormRow(label, editor, hint=hint)
        return self._rows[setting.name]

    def editor(self, name: str) -> SettingEditor:
        return self._editors[name]

    def row(self, name: str) -> FormRow:
        return self._rows[name]

    def load(self, config: Mapping[str, Any]) -> None:
        """Show the config's settings; this is what `config()` changes."""
        self._config = dict(config)
        for editor in self._editors.values():
            editor.load(read_setting(config, editor.setting))
        self.show_problems({})
        self._load_display_fields()

    def config(self) -> dict[str, Any]:
        """Return the loaded config with the edited keys changed.

        Raises Invalid, and says at the controls, what cannot be read.
        """
        config, problems = self._config, {}
        for name, editor in self._editors.items():
            if not editor.is_edited():
                continue
            try:
                config = write_setting(config, editor.setting, editor.value())
            except ValueError as error:
                problems[name] = str(error)
        self.show_problems(problems)
        if problems:
            raise Invalid(problems)
        return config

    def show_problems(self, problems: Mapping[str, str]) -> dict[str, str]:
        """Say at each setting what is wrong with it, nothing at the others; returns the rest."""
        rest = dict(problems)
        for name, editor in self._editors.items():
            keys = {name, *(path[-1] for path in editor.setting.paths)}
            said = [rest.pop(key) for key in sorted(keys & rest.keys())]
            self._rows[name].set_problem("\n".join(said))
        return rest

    def focus_first_problem(self) -> bool:
        for row in self._rows.values():
            if row.problem.text():
                row.control.setFocus()
                return True
        return False

    def _edited(self, name: str) -> None:
        if self._rows[name].problem.text():
            self._rows[name].set_problem("")
        if name == "targetObjectId":
            self._load_display_fields()
        self.edited.emit()

    def _load_targets(self) -> None:
        from crm_desktop.services import objects

        self._tasks.read(self, objects.list_objects, self._offer_targets, self._no_choices)

    def _offer_targets(self, found: list[ObjectSummary]) -> None:
        editor = self._editors["targetObjectId"]
        # a reference holds ids of records, whatever `lookupObject` says
        people = [(USER, self.tr("People (users)"))] if self._type == "lookup" else []
        if isinstance(editor, ChoiceEditor):
            editor.offer(people + [(summary.id, summary.label) for summary in found])

    def _load_display_fields(self) -> None:
        target = self._editors.get("targetObjectId")
        display = self._editors.get("displayField")
        if target is None or not isinstance(display, ChoiceEditor):
            return
        object_id = target.value()
        if object_id is ABSENT or object_id == USER:
            display.offer(())
            return
        from crm_desktop.services import layouts

        self._tasks.read(
            self,
            partial(layouts.list_layout, object_id=object_id),
            partial(self._offer_display_fields, display),
            self._no_choices,
        )

    @staticmethod
    def _offer_display_fields(display: ChoiceEditor, found: list[LayoutField]) -> None:
        display.offer([(field.effective.id, field.effective.label) for field in found])

    def _no_choices(self, error: UserError) -> None:
        """Leave the ids as they are, and say why no names can be chosen."""
        self._rows["targetObjectId"].set_problem(str(error))
