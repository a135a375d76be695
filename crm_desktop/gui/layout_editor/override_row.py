"""One setting of a field as its object sees it: inherited from the library, or its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QSizePolicy, QVBoxLayout, QWidget

from crm_desktop.domain.effective import EffectiveField, flat_config
from crm_desktop.domain.json_edits import ABSENT, same_json
from crm_desktop.gui.editors.config.options_editor import OptionsEditor
from crm_desktop.gui.editors.config.setting_editors import (
    EDITORS,
    ChoiceEditor,
    LineEditor,
    SettingEditor,
    SwitchEditor,
)
from crm_desktop.gui.editors.config.settings import Kind, Setting, read_setting, write_override
from crm_desktop.gui.layout_editor.default_editor import DefaultEditor
from crm_desktop.gui.layout_editor.words import quoted, value
from crm_desktop.gui.theme import unit
from crm_desktop.gui.widgets.buttons import SmallLink
from crm_desktop.gui.widgets.elided_label import ElidedLabel
from crm_desktop.gui.widgets.form_row import FormRow


class OverrideRow(QWidget):
    """Shows the value that counts, says whose it is, and offers the way back and the way up.

    `editor` is given for what has none of its own kind.
    """

    overridden = Signal(object)  # the overrides with this setting changed
    promoted = Signal(object, object, str)  # the Setting, its value for every object, in words

    def __init__(
        self,
        setting: Setting,
        editor: SettingEditor | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setting = setting
        self._overrides: Mapping[str, Any] = {}
        self._config: Mapping[str, Any] = {}
        self._library: Any = ABSENT
        self.is_long = setting.kind is Kind.OPTIONS
        self.editor = editor or _editor_of(setting)
        if isinstance(self.editor, SwitchEditor):
            self.editor.box.setText(self.tr("Yes"))  # what it is about stands above
        self.row = FormRow(setting.label, self.editor)
        self.whose = ElidedLabel(face="caption", role="muted")
        self.back = SmallLink(self.tr("Back to the library's"))
        self.up = SmallLink()
        self.take = SmallLink(self.tr("Use these here"))
        self.take.hide()
        for link in (self.take, self.back, self.up):
            link.setAccessibleDescription(setting.label)
        below = QHBoxLayout()
        below.setSpacing(2 * unit())
        below.addWidget(self.take)
        below.addWidget(self.back)
        below.addWidget(self.up)
        below.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.row)
        column.addWidget(self.whose)
        column.addLayout(below)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.back.clicked.connect(self._go_back)
        self.up.clicked.connect(self._promote)
        self._take_when_ready()

    def _take_when_ready(self) -> None:
        """Take what is edited as one step, once it is whole."""
        line = self.editor.focusProxy()
        if isinstance(self.editor, DefaultEditor):
            self.editor.settled.connect(self.commit)
            self.editor.named.connect(self.name_values)
        elif isinstance(self.editor, LineEditor) and isinstance(line, QLineEdit):
            line.editingFinished.connect(self.commit)
        elif self.is_long:
            self.editor.edited.connect(self._offer_to_take)
            self.take.clicked.connect(self.commit)
        else:
            self.editor.edited.connect(self.commit)

    def be_about(self, field: EffectiveField) -> None:
        """Follow what the field is here, as far as the editor depends on it."""
        if isinstance(self.editor, DefaultEditor) and self.editor.be_about(field):
            self.row.label.setBuddy(self.editor.inner.control)

    def show_value(
        self, overrides: Mapping[str, Any], config: Mapping[str, Any], used_by: int
    ) -> None:
        """Show what counts here; what is being typed stays."""
        if self.editor.is_edited():
            return
        self._overrides, self._config = overrides, config
        self._library = read_setting(config, self.setting)
        if isinstance(self.editor, ChoiceEditor) and self.setting.kind is Kind.OPTION:
            self.editor.offer(_options({**config, **overrides}))
        own = read_setting(overrides, self.setting)
        self.editor.load(self._library if own is ABSENT else own)
        is_own = own is not ABSENT
        self.row.set_changed(is_own)
        self.back.setVisible(is_own)
        self.up.setVisible(is_own and used_by > 0)
        many = self.tr("Use for all {0} objects").format(used_by)
        self.up.setText(many if used_by != 1 else self.tr("Put into the library"))
        if is_own and isinstance(self.editor, DefaultEditor):
            self.editor.learn(self._library)
        self.name_values()

    def name_values(self) -> None:
        """Say whose the value is; what its ids are called may have been learned just now."""
        is_own = read_setting(self._overrides, self.setting) is not ABSENT
        self.whose.setText(self._words() if is_own else self.tr("As in the library"))

    def _offer_to_take(self) -> None:
        """Wait for a word before a list of several steps is taken; saving takes it as well."""
        self.take.setVisible(self.editor.is_edited())

    def _words(self) -> str:
        if self._library is ABSENT:
            return self.tr("Only in this object")
        if self.is_long and isinstance(self._library, list):
            return self.tr("The library has {0} of them").format(len(self._library))
        return self.tr("The library has {0}").format(self._in_words(self._library))

    def _in_words(self, said: Any) -> str:
        """Return a value as it is shown in the control."""
        if isinstance(self.editor, DefaultEditor):
            return quoted(self.editor.words(said))
        if isinstance(self.editor, ChoiceEditor):
            return quoted(self.editor.name_of(said))
        if isinstance(self.editor, LineEditor):
            return quoted(self.editor.to_text(said))
        return value(self.setting.name, said)

    def commit(self) -> None:
        """Hand on what was typed; what the library says anyway is no override."""
        if not self.editor.is_edited():
            return
        try:
            own = self.editor.value()
        except ValueError as error:
            self.row.set_problem(str(error))
            return
        self.row.set_problem("")
        if own is not ABSENT and same_json(own, self._library):
            own = ABSENT
        self.editor.load(own)  # no edit any more
        self.take.hide()
        self._say(own)

    def _go_back(self) -> None:
        self.row.set_problem("")
        self._say(ABSENT)

    def _say(self, own: Any) -> None:
        self.overridden.emit(write_override(self._overrides, self._config, self.setting, own))

    def _promote(self) -> None:
        own = read_setting(self._overrides, self.setting)
        self.promoted.emit(self.setting, own, self._in_words(own))


def _editor_of(setting: Setting) -> SettingEditor:
    return (
        OptionsEditor(setting) if setting.kind is Kind.OPTIONS else EDITORS[setting.kind](setting)
    )


def _options(config: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return value and label of each option; what other programs wrote otherwise is left out."""
    listed = flat_config(config).get("options")
    options = listed if isinstance(listed, list) else []
    known = [each for each in options if isinstance(each, Mapping)]
    found = ((each.get("value"), each.get("label")) for each in known)
    return [(value, str(label or value)) for value, label in found if isinstance(value, str)]
