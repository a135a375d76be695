"""One field of a bulk edit: what shall be done to it in every record, and with which value."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from PySide6.QtCore import QEvent, QObject, QSize, Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QLineEdit,
    QPlainTextEdit,
    QStackedWidget,
    QWidget,
)
from typing_extensions import override

from crm_desktop.domain.bulk_changes import (
    AddOptions,
    Change,
    Clear,
    IncreaseBy,
    IncreaseByPercent,
    RemoveOptions,
    SetTo,
    ShiftDays,
    change_problem,
    changes_of,
)
from crm_desktop.domain.errors import Invalid
from crm_desktop.domain.field_types import EffectiveField, is_empty, same_value
from crm_desktop.domain.formats import Formats
from crm_desktop.gui.editors.choices import ChoiceEditor
from crm_desktop.gui.editors.making import make_editor
from crm_desktop.gui.editors.references import ReferenceEditor
from crm_desktop.gui.editors.value_editor import ValueEditor
from crm_desktop.gui.tasks import Tasks
from crm_desktop.gui.theme import control_height, icon_size, restyle
from crm_desktop.gui.translating import tr
from crm_desktop.gui.widgets.elided_label import TextLabel
from crm_desktop.gui.widgets.form_row import ProblemLine, RowLabel
from crm_desktop.gui.widgets.icon_label import IconLabel
from crm_desktop.services.bulk_summary import FieldSummary

Asks = Literal["value", "percent", "days", "nothing"]


@dataclass(frozen=True, slots=True)
class Doing:
    """Something that can be done to a field: its words, what it asks for, what it makes of it."""

    words: str
    asks: Asks
    make: Callable[[Any], Change]


def doings_of(field: EffectiveField) -> list[Doing]:
    """Return what can be done to a field, the likeliest first."""
    offered: Mapping[type[Change], tuple[Doing, ...]] = {
        SetTo: (Doing(tr("Set to"), "value", SetTo),),
        AddOptions: (Doing(tr("Add"), "value", _adding),),
        RemoveOptions: (Doing(tr("Remove"), "value", _removing),),
        IncreaseBy: (
            Doing(tr("Increase by"), "value", _increase),
            Doing(tr("Decrease by"), "value", _decrease),
        ),
        IncreaseByPercent: (
            Doing(tr("Increase by %"), "percent", _increase_percent),
            Doing(tr("Decrease by %"), "percent", _decrease_percent),
        ),
        ShiftDays: (
            Doing(tr("Later by days"), "days", _later),
            Doing(tr("Earlier by days"), "days", _earlier),
        ),
        Clear: (Doing(tr("Clear"), "nothing", _clear),),
    }
    doings = [doing for kind in changes_of(field) for doing in offered[kind]]
    if AddOptions in changes_of(field):
        doings = [
            Doing(tr("Replace with"), "value", SetTo) if d.make is SetTo else d for d in doings
        ]
    return doings


def _adding(value: Any) -> Change:
    return AddOptions(tuple(value or ()))


def _removing(value: Any) -> Change:
    return RemoveOptions(tuple(value or ()))


def _increase(value: Any) -> Change:
    return IncreaseBy(value or 0)


def _decrease(value: Any) -> Change:
    return IncreaseBy(-(value or 0))


def _increase_percent(value: Any) -> Change:
    return IncreaseByPercent(value or 0)


def _decrease_percent(value: Any) -> Change:
    return IncreaseByPercent(-(value or 0))


def _later(value: Any) -> Change:
    return ShiftDays(int(value or 0))


def _earlier(value: Any) -> Change:
    return ShiftDays(-int(value or 0))


def _clear(_: Any) -> Change:
    return Clear()


class BulkField(QObject):
    """The controls of one field, which a form lays out side by side.

    Nothing is done to the field until somebody edits its value, or chooses what to do. The value
    that all records hold is shown; where they differ, the control says how many there are.
    """

    changed = Signal()

    def __init__(
        self, field: EffectiveField, formats: Formats, tasks: Tasks, parent: QObject
    ) -> None:
        super().__init__(parent)
        self.field = field
        self._summary = FieldSummary(1)
        self._doings = doings_of(field)
        shown = field.label.replace("&", "&&")
        self.label = RowLabel(f"{shown} *" if field.is_required else shown)
        self.pencil = IconLabel("pencil", "warning", size=round(icon_size() * 0.85))
        self.pencil.setToolTip(self.tr("Will be changed"))
        self.doing = _DoingBox()
        self.doing.setAccessibleName(self.tr("{}: what to do").replace("{}", field.label))
        self.doing.addItem(self.tr("Keep"))
        self.doing.addItems([doing.words for doing in self._doings])
        self.editor = make_editor(field, formats, tasks)
        self._editors: dict[Asks, ValueEditor] = {"value": self.editor}
        for asks in {doing.asks for doing in self._doings} - {"value", "nothing"}:
            self._editors[asks] = _amount_editor(field, asks, formats, tasks)
        self.nothing = TextLabel(self.tr("No value afterwards"), role="muted")
        self.nothing.setFixedHeight(control_height())
        self.values = _Values()
        for part in (*self._editors.values(), self.nothing):
            self.values.addWidget(part)
        self.problem = ProblemLine()
        self.label.setBuddy(self.editor.control)
        self.doing.activated.connect(self._choose)
        for editor in self._editors.values():
            editor.edited.connect(self._note_edit)
        self._show_doing()

    @property
    def is_changed(self) -> bool:
        return self._chosen() is not None

    def _chosen(self) -> Doing | None:
        place = self.doing.currentIndex() - 1
        return self._doings[place] if place >= 0 else None

    def show_summary(self, summary: FieldSummary, names: Mapping[str, str]) -> None:
        """Show what the records hold now; a field that was edited keeps what was entered."""
        self._summary = summary
        if isinstance(self.editor, ReferenceEditor):
            self.editor.set_names(names)
        if not self.is_changed:
            self._show_stored()

    def change(self) -> Change | None:
        """Return what shall be done, None for nothing; raises Invalid, by the field's id."""
        doing = self._chosen()
        if doing is None:
            return None
        value = None if doing.asks == "nothing" else self._asked(doing).value()
        change = doing.make(value)
        if isinstance(change, SetTo) and is_empty(value):
            can_clear = any(each.make is _clear for each in self._doings)
            advice = self.tr("Enter a value, or choose Clear.")
            raise Invalid({self.field.id: advice if can_clear else self.tr("Enter a value.")})
        if problem := change_problem(self.field, change):
            raise Invalid({self.field.id: problem})
        return change

    def set_problem(self, sentence: str) -> None:
        self.problem.set_text(sentence)
        control = self.current_control()
        control.setProperty("problem", bool(sentence))
        control.setAccessibleDescription(sentence or self.note())
        restyle(control)

    def current_control(self) -> QWidget:
        """Return what the keyboard goes to."""
        doing = self._chosen()
        if doing is not None and doing.asks == "nothing":
            return self.doing
        return self._asked(doing).control

    def reset(self) -> None:
        """Let the field be as it is."""
        self.doing.setCurrentIndex(0)
        self._choose()

    def note(self) -> str:
        """Return what the records hold, where that is not one value."""
        if not self._summary.is_mixed:
            return self.tr("Empty") if self._summary.value is None else ""
        if self._summary.is_exact:
            return self.tr("{} different values").replace("{}", f"{self._summary.distinct:,}")
        if self._summary.distinct == 2:
            return self.tr("Different values")
        sentence = self.tr("{} or more different values")
        return sentence.replace("{}", f"{self._summary.distinct:,}")

    def _choose(self, *_: int) -> None:
        if not self.is_changed:
            self._show_stored()
        self._show_doing()
        self.set_problem("")
        self.changed.emit()

    def _note_edit(self) -> None:
        """Typing a value says that it shall be set."""
        if not self.is_changed:
            self.doing.setCurrentIndex(1)
            self._show_doing()
        self.set_problem("")
        self.changed.emit()

    def _show_doing(self) -> None:
        doing = self._chosen()
        self.pencil.setVisible(doing is not None)
        shown: QWidget = self.nothing
        if doing is None or doing.asks != "nothing":
            shown = self._asked(doing)
        self.values.setCurrentWidget(shown)
        self.values.updateGeometry()
        _mute(self.doing, is_muted=doing is None)
        if doing is not None and isinstance(self.editor.control, QComboBox):
            _mute(self.editor.control, is_muted=False)
        if doing is not None and doing.make in _STARTING_EMPTY and self._is_untouched():
            self.editor.show_value(None)
            show_note(self.editor, "")

    def _is_untouched(self) -> bool:
        """Tell whether the editor still shows what is stored: an amount to add is none of it."""
        try:
            return same_value(self.editor.value(), self._summary.value)
        except Invalid:
            return False

    def _asked(self, doing: Doing | None) -> ValueEditor:
        return self.editor if doing is None else self._editors.get(doing.asks, self.editor)

    def _show_stored(self) -> None:
        self.editor.show_value(None if self._summary.is_mixed else self._summary.value)
        show_note(self.editor, self.note())


_STARTING_EMPTY = frozenset({_adding, _removing, _increase, _decrease})


class _Values(QStackedWidget):
    """Editors of which one is shown; only that one takes room."""

    @override
    def sizeHint(self) -> QSize:
        shown = self.currentWidget()
        return shown.sizeHint() if shown else super().sizeHint()

    @override
    def minimumSizeHint(self) -> QSize:
        shown = self.currentWidget()
        return shown.minimumSizeHint() if shown else super().minimumSizeHint()


class _DoingBox(QComboBox):
    """A list that the wheel does not turn: it scrolls the form."""

    def __init__(self) -> None:
        super().__init__()
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.installEventFilter(self)

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Wheel and not self.view().isVisible():
            event.ignore()
            return True
        return super().eventFilter(watched, event)


def _amount_editor(
    field: EffectiveField, asks: Asks, formats: Formats, tasks: Tasks
) -> ValueEditor:
    """Return the editor of a number that is no value of the field itself."""
    config = {"decimals": 0} if asks == "days" else {"suffix": "%"}
    placeholder = tr("Days") if asks == "days" else tr("Percent")
    number = EffectiveField(
        field.id, field.name, field.label, "number", config, placeholder=placeholder
    )
    return make_editor(number, formats, tasks)


def show_note(editor: ValueEditor, note: str) -> None:
    """Show a note where the value would stand, as long as none is entered."""
    control = editor.control
    control.setAccessibleDescription(note)
    if isinstance(control, QComboBox):
        _show_note_in_box(editor, control, note)
    elif isinstance(control, QCheckBox):
        if note and control.checkState() == Qt.CheckState.PartiallyChecked:
            control.setText(note)
    elif isinstance(control, QLineEdit | QPlainTextEdit):
        control.setPlaceholderText(note or editor.field.placeholder)


def _show_note_in_box(editor: ValueEditor, box: QComboBox, note: str) -> None:
    line = box.lineEdit()
    if line is not None:
        line.setPlaceholderText(note)
        return
    is_noted = bool(note) and isinstance(editor, ChoiceEditor) and box.currentData() is None
    if is_noted:
        box.setPlaceholderText(note)
        box.setCurrentIndex(-1)
    _mute(box, is_muted=is_noted)


def _mute(box: QComboBox, *, is_muted: bool) -> None:
    """Show what says nothing about a value in the colour of placeholders."""
    if box.property("muted") != is_muted:
        box.setProperty("muted", is_muted)
        restyle(box)
