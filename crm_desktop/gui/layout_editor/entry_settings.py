"""What can be said about the chosen fields in place: flags, width, and what differs here."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QT_TRANSLATE_NOOP, Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QFrame,
    QHBoxLayout,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from crm_desktop.domain.layout_draft import AUTOMATIC, WIDEST, Entry
from crm_desktop.gui.editors.config.setting_editors import SettingEditor
from crm_desktop.gui.editors.config.settings import SETTINGS, Kind, Setting
from crm_desktop.gui.layout_editor.default_editor import DefaultEditor
from crm_desktop.gui.layout_editor.override_row import OverrideRow
from crm_desktop.gui.layout_editor.reference_choices import ReferenceChoices
from crm_desktop.gui.layout_editor.state import LayoutState
from crm_desktop.gui.layout_editor.words import value
from crm_desktop.gui.models.fields import type_label
from crm_desktop.gui.theme import unit
from crm_desktop.gui.widgets.buttons import link_button
from crm_desktop.gui.widgets.choice_box import ChoiceBox
from crm_desktop.gui.widgets.elided_label import ElidedLabel, TextLabel
from crm_desktop.gui.widgets.flow_layout import FlowLayout
from crm_desktop.gui.widgets.form_row import FormRow
from crm_desktop.services.fields import FieldSummary

if TYPE_CHECKING:
    from crm_desktop.gui.tasks import Tasks

_WORDS = (
    Setting("label", Kind.TEXT, str(QT_TRANSLATE_NOOP("settings", "Label")), (("label",),)),
    Setting("description", Kind.TEXT, str(QT_TRANSLATE_NOOP("settings", "Help")),
            (("description",),)),
    Setting("placeholder", Kind.TEXT, str(QT_TRANSLATE_NOOP("settings", "Placeholder")),
            (("placeholder",),)),
)  # fmt: skip
_DEFAULT = str(QT_TRANSLATE_NOOP("settings", "Default"))
_DEFAULTS = {
    **dict.fromkeys(("text", "textarea", "email", "phone", "url"), Kind.TEXT),
    **dict.fromkeys(("number", "currency", "percentage"), Kind.NUMBER),
    **dict.fromkeys(("boolean", "checkbox"), Kind.SWITCH),
    **dict.fromkeys(("select", "radio"), Kind.OPTION),
    "multiselect": Kind.WORDS,
    **dict.fromkeys(("date", "datetime", "reference", "lookup"), Kind.VALUE),
}


class EntrySettings(QWidget):
    """Follows the state for the entries that are chosen; each change is a step of it."""

    edit_requested = Signal(str)  # the field of the library with this id
    promoted = Signal(object, object, object, str)  # entry, Setting, value, the same in words

    def __init__(self, tasks: Tasks, state: LayoutState, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tasks, self._state = tasks, state
        self._choices = ReferenceChoices(tasks, state, self)
        self._ids: list[str] = []
        self._shown_for = ("", "")
        self.rows: list[OverrideRow] = []
        self.title = ElidedLabel(face="strong")
        self.type_words = TextLabel(face="small", role="muted")
        self.edit = link_button(self.tr("Edit in the library…"))
        self.flags = {
            "is_required": QCheckBox(self.tr("Required")),
            "is_visible": QCheckBox(self.tr("Visible")),
            "is_readonly": QCheckBox(self.tr("Read-only")),
        }
        self.width_box = ChoiceBox()
        self._overrides = QVBoxLayout()
        self._lay_out()
        for name, box in self.flags.items():
            box.clicked.connect(partial(self._set_flag, name, box))
        self.width_box.activated.connect(self._set_width)
        self.edit.clicked.connect(self._ask_to_edit)
        state.changed.connect(self._show)
        self.show_entries([])

    def _lay_out(self) -> None:
        for width in range(AUTOMATIC, WIDEST + 1):
            self.width_box.addItem(value("width", width), width)
        head = QHBoxLayout()
        head.addWidget(self.title, 1)
        head.addWidget(self.type_words)
        flags = FlowLayout()
        flags.setSpacing(4 * unit())
        for box in self.flags.values():
            flags.addWidget(box)
        self._body = QWidget()
        inner = QVBoxLayout(self._body)
        inner.setContentsMargins(3 * unit(), 0, 3 * unit(), 3 * unit())
        inner.setSpacing(2 * unit())
        inner.addLayout(flags)
        inner.addWidget(FormRow(self.tr("Width"), self.width_box))
        self._overrides.setSpacing(2 * unit())
        inner.addLayout(self._overrides)
        inner.addWidget(self.edit, 0, Qt.AlignmentFlag.AlignLeft)
        inner.addStretch(1)
        area = QScrollArea()
        area.setWidget(self._body)
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._body.setAutoFillBackground(False)
        area.viewport().setAutoFillBackground(False)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 2 * unit(), 0, 0)
        column.setSpacing(2 * unit())
        head.setContentsMargins(3 * unit(), 0, 3 * unit(), 0)
        column.addLayout(head)
        column.addWidget(area, 1)

    def show_entries(self, ids: list[str]) -> None:
        """Show what these entries have; of several only what is common to all kinds."""
        self.commit()
        self._ids = ids
        self._show()

    def commit(self) -> None:
        """Hand on what is still being typed."""
        for row in self.rows:
            row.commit()

    def is_edited(self) -> bool:
        return any(row.editor.is_edited() for row in self.rows)

    def start(self) -> None:
        """Give the keyboard to the first thing that can be set."""
        self.flags["is_required"].setFocus()

    def _entries(self) -> list[Entry]:
        known = self._state.layout.by_id()
        return [known[id_] for id_ in self._ids if id_ in known]

    def _show(self) -> None:
        entries = self._entries()
        self._body.setEnabled(bool(entries))
        count = len(entries)
        if count == 1:
            self.title.setText(self._state.label_of(entries[0]))
            self.type_words.setText(type_label(self._state.type_of(entries[0])))
        else:
            none = self.tr("Choose a field to set how it is used here")
            self.title.setText(self.tr("{0} fields").format(count) if count else none)
            self.type_words.setText("")
        for name, box in self.flags.items():
            self._show_flag(box, {bool(getattr(entry, name)) for entry in entries})
        widths = {entry.width for entry in entries}
        place = self.width_box.findData(next(iter(widths))) if len(widths) == 1 else -1
        self.width_box.setCurrentIndex(place)
        self._show_overrides(entries[0] if count == 1 else None)

    @staticmethod
    def _show_flag(box: QCheckBox, values: set[bool]) -> None:
        states = Qt.CheckState
        box.setTristate(len(values) > 1)
        if len(values) > 1:
            box.setCheckState(states.PartiallyChecked)
        else:
            box.setCheckState(states.Checked if values == {True} else states.Unchecked)

    def _show_overrides(self, entry: Entry | None) -> None:
        field = self._state.library.get(entry.field_id) if entry else None
        self.edit.setVisible(field is not None)
        shown_for = (entry.id, field.type) if entry and field else ("", "")
        if shown_for != self._shown_for:
            self._shown_for = shown_for
            self._build(entry, field)
        if entry is None or field is None:
            return
        seen = self._state.field_of(entry)
        library = {
            "label": field.label,
            **({"description": field.description} if field.description else {}),
            **(field.config if isinstance(field.config, Mapping) else {}),
        }
        for row in self.rows:
            row.be_about(seen)
            row.show_value(entry.overrides, library, field.used_by)
        self._choices.follow(self.rows, seen)

    def _build(self, entry: Entry | None, field: FieldSummary | None) -> None:
        for row in self.rows:
            self._overrides.removeWidget(row)
            row.hide()
            row.deleteLater()
        self.rows = []
        for setting in _settings_of(field.type) if entry and field else ():
            row = OverrideRow(setting, self._editor_for(setting, entry))
            row.overridden.connect(self._set_overrides)
            row.promoted.connect(self._promote)
            self._overrides.addWidget(row)
            self.rows.append(row)

    def _editor_for(self, setting: Setting, entry: Entry | None) -> SettingEditor | None:
        if setting.kind is not Kind.VALUE or entry is None:
            return None
        return DefaultEditor(self._tasks, setting, self._state.field_of(entry), self._state.names)

    # Changes

    def _set_flag(self, name: str, box: QCheckBox) -> None:
        box.setTristate(False)
        self._state.set_attribute(self._ids, name, box.isChecked())

    def _set_width(self) -> None:
        self._state.set_attribute(self._ids, "width", self.width_box.currentData())

    def _set_overrides(self, overrides: dict[str, Any]) -> None:
        if len(self._ids) == 1:
            self._state.set_overrides(self._ids[0], overrides)

    def _promote(self, setting: Setting, promoted: object, said: str) -> None:
        entries = self._entries()
        if entries:
            self.promoted.emit(entries[0], setting, promoted, said)

    def _ask_to_edit(self) -> None:
        entries = self._entries()
        if entries:
            self.edit_requested.emit(entries[0].field_id)


def _settings_of(field_type: str) -> list[Setting]:
    """Return what can differ in one object: words first, then the rules of the type."""
    words, kind = list(_WORDS), _DEFAULTS.get(field_type)
    if kind is not None:
        words.append(Setting("default", kind, _DEFAULT, (("default",), ("defaultValue",))))
    known = {"defaultValue", *(each.name for each in words)}
    return [*words, *(each for each in SETTINGS.get(field_type, ()) if each.name not in known)]
