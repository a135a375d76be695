"""The editor of a default that is a value as records hold it: a date, a moment, a record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLineEdit, QWidget
from typing_extensions import override

from crm_desktop.domain.effective import EffectiveField
from crm_desktop.domain.errors import Invalid
from crm_desktop.domain.field_types import (
    flag_rule,
    is_user_field,
    target_ids,
    target_object_id,
    type_of,
)
from crm_desktop.domain.json_edits import ABSENT
from crm_desktop.domain.type_conversion import REFERRING
from crm_desktop.gui.editors.config.setting_editors import SettingEditor
from crm_desktop.gui.editors.config.settings import Setting
from crm_desktop.gui.editors.making import make_editor
from crm_desktop.gui.locale import system_formats
from crm_desktop.gui.widgets.value_view import value_words
from crm_desktop.services import references

if TYPE_CHECKING:
    from crm_desktop.gui.editors.value_editor import ValueEditor
    from crm_desktop.gui.tasks import Tasks


class DefaultEditor(SettingEditor):
    """Holds the editor that a record's form has for the field; another one when its rules change.

    `settled` says that a whole value stands there: a line was left, a day or a record was chosen.
    `names` are those of ids; what is learned here is put there too.
    """

    settled = Signal()
    named = Signal()  # what ids are called is known now

    def __init__(
        self,
        tasks: Tasks,
        setting: Setting,
        field: EffectiveField,
        names: dict[str, str],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(setting, parent)
        self._tasks, self._formats = tasks, system_formats()
        self._field = field
        self._names = names
        self._loaded: Any = ABSENT
        self._is_edited = False
        self.inner = self._make()

    def be_about(self, field: EffectiveField) -> bool:
        """Follow the field's rules; True where that took another control."""
        is_other = _shape(field) != _shape(self._field)
        self._field = field
        if not is_other:
            return False
        had_focus = self.inner.control.hasFocus()
        self._box.removeWidget(self.inner)
        self.inner.hide()
        self.inner.deleteLater()
        self.inner = self._make()
        if had_focus:
            self.inner.control.setFocus()
        return True

    def _make(self) -> ValueEditor:
        shown = replace(self._field, label=self.setting.label, placeholder="", help="")
        inner = make_editor(shown, self._formats, self._tasks)
        self._box.addWidget(inner)
        self.setFocusProxy(inner.control)
        inner.edited.connect(self._note)
        inner.chosen.connect(self.settled)
        if isinstance(inner.control, QLineEdit):
            inner.control.editingFinished.connect(self.settled)
        return inner

    def _note(self) -> None:
        self._is_edited = True
        self.edited.emit()
        line, has_several = self.inner.control, flag_rule(self._field, "allowMultiple")
        if has_several and isinstance(line, QLineEdit) and not line.text():
            self.settled.emit()  # one of several was taken or dropped: nothing is half typed

    @override
    def load(self, value: Any) -> None:
        self._loaded, self._is_edited = value, False
        self._show()
        self.learn(value)

    def _show(self) -> None:
        self.inner.set_names(self._names)
        self.inner.show_value(None if self._loaded is ABSENT else self._loaded)

    def learn(self, value: Any) -> None:
        """Ask what the ids in a value are called, those that nobody told yet."""
        if self._field.type not in REFERRING or value is ABSENT:
            return
        unknown = [id_ for id_ in target_ids(value) if id_ not in self._names]
        if unknown:
            is_user = is_user_field(self._field)
            ids: dict[str, Any] = {"record_ids": [], "user_ids": []}
            ids["user_ids" if is_user else "record_ids"] = unknown
            call = partial(references.name_references, **ids)
            self._tasks.read(self, call, partial(self._learned, unknown), self._not_learned)

    def _learned(self, asked: list[str], names: Mapping[str, str]) -> None:
        self._names |= {id_: names.get(id_, id_) for id_ in asked}
        if not self._is_edited:
            self._show()
        self.named.emit()

    def _not_learned(self, _: object) -> None:
        """Leave the ids as they are."""

    @override
    def is_edited(self) -> bool:
        return self._is_edited

    @override
    def value(self) -> Any:
        try:
            value = self.inner.value()
        except Invalid as error:
            raise ValueError(" ".join(error.problems.values())) from error
        if value is None or value == []:
            return ABSENT
        problem = type_of(self._field.type).problem(value, self._field)
        if problem is not None:
            raise ValueError(problem)
        self._names |= self.inner.names()
        return value

    def words(self, value: Any) -> str:
        """Return a value as the form would show it."""
        return value_words(value, self._field, self._formats, self._names)


def _shape(field: EffectiveField) -> tuple[Any, ...]:
    """Return what decides which control is shown."""
    several = flag_rule(field, "allowMultiple")
    return field.type, several, is_user_field(field), target_object_id(field)
