"""The controls for what an operator compares with, made from the editors of values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLineEdit, QWidget
from typing_extensions import override

from crm_desktop.domain.errors import Invalid
from crm_desktop.domain.field_types import (
    SYSTEM_COLUMNS,
    EffectiveField,
    join_list,
    options_of,
    split_list,
    type_of,
)
from crm_desktop.domain.formats import Formats
from crm_desktop.domain.operators import MOST_UNITS, UNITS, Operand, Operator, comparison_of
from crm_desktop.gui.editors.choices import MultiChoiceEditor
from crm_desktop.gui.editors.making import make_editor
from crm_desktop.gui.editors.references import ReferenceEditor
from crm_desktop.gui.editors.value_editor import ValueEditor
from crm_desktop.gui.tasks import Tasks
from crm_desktop.gui.theme import unit
from crm_desktop.gui.widgets.elided_label import TextLabel
from crm_desktop.gui.widgets.number_box import NumberBox


class OperandInput(QWidget):
    """What stands behind the operator in a row; `value` raises Invalid for text that is none."""

    edited = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.row = QHBoxLayout(self)
        self.row.setContentsMargins(0, 0, 0, 0)
        self.row.setSpacing(2 * unit())

    def show_value(self, value: Any) -> None:
        """Show an operand as a condition holds it."""

    def value(self) -> Any:
        """Return the operand as a condition holds it."""


class OneInput(OperandInput):
    """One value, or several at once in an editor that holds a list; kept until it is edited."""

    def __init__(self, editor: ValueEditor) -> None:
        super().__init__()
        self.editor = editor
        self._kept: Any = None
        self._is_edited = False
        editor.edited.connect(self._note_edit)
        self.row.addWidget(editor, 1)
        self.setFocusProxy(editor)

    def _note_edit(self) -> None:
        self._is_edited = True
        self.edited.emit()

    @override
    def show_value(self, value: Any) -> None:
        self._kept, self._is_edited = value, False
        self.editor.show_value(list(value) if isinstance(value, tuple) else value)

    @override
    def value(self) -> Any:
        if not self._is_edited:
            return self._kept
        value = self.editor.value()
        return tuple(value) if isinstance(value, list) else value


class SeveralInput(OneInput):
    """Several values from an editor; always a tuple."""

    @override
    def value(self) -> Any:
        value = super().value()
        if value is None:
            return ()
        return value if isinstance(value, tuple) else (value,)


class WordsInput(OperandInput):
    """Several texts, numbers or dates in one line, with commas between."""

    def __init__(self, field: EffectiveField, formats: Formats) -> None:
        super().__init__()
        self._field, self._formats = field, formats
        self.line = QLineEdit()
        self.line.setPlaceholderText(self.tr("Values with commas between"))
        self.line.setAccessibleName(field.label)
        self.line.textEdited.connect(self.edited)
        self.row.addWidget(self.line, 1)
        self.setFocusProxy(self.line)

    @override
    def show_value(self, value: Any) -> None:
        kind = type_of(self._field.type)
        texts = [kind.edit_text(each, self._field, self._formats) for each in value or ()]
        self.line.setText(join_list(texts))

    @override
    def value(self) -> Any:
        parse = type_of(self._field.type).parser(self._field, self._formats)
        return tuple(parse(word) for word in split_list(self.line.text()))


class RangeInput(OperandInput):
    """The two ends of a range."""

    def __init__(self, low: OneInput, high: OneInput) -> None:
        super().__init__()
        self._ends = low, high
        for end in self._ends:
            end.edited.connect(self.edited)
        self.row.addWidget(low, 1)
        self.row.addWidget(TextLabel(self.tr("and"), role="muted"))
        self.row.addWidget(high, 1)
        self.setFocusProxy(low)

    @override
    def show_value(self, value: Any) -> None:
        pair = value if isinstance(value, tuple) and len(value) == 2 else (None, None)
        for end, each in zip(self._ends, pair, strict=True):
            end.show_value(each)

    @override
    def value(self) -> Any:
        return tuple(end.value() for end in self._ends)


class SpanInput(OperandInput):
    """A count of days, weeks or months."""

    def __init__(self) -> None:
        super().__init__()
        self.count = NumberBox()
        self.count.setRange(1, MOST_UNITS)
        self.count.setAccessibleName(self.tr("How many"))
        self.unit = QComboBox()
        self.unit.setAccessibleName(self.tr("Unit of time"))
        words = {"days": self.tr("days"), "weeks": self.tr("weeks"), "months": self.tr("months")}
        for name in UNITS:
            self.unit.addItem(words[name], name)
        self.count.valueChanged.connect(self.edited)
        self.unit.currentIndexChanged.connect(self.edited)
        self.row.addWidget(self.count)
        self.row.addWidget(self.unit)
        self.row.addStretch(1)
        self.setFocusProxy(self.count)
        self.show_value((30, "days"))

    @override
    def show_value(self, value: Any) -> None:
        if not isinstance(value, tuple) or len(value) != 2 or not isinstance(value[0], int):
            return
        self.count.setValue(value[0])
        self.unit.setCurrentIndex(max(0, self.unit.findData(value[1])))

    @override
    def value(self) -> Any:
        return self.count.value(), self.unit.currentData()


def make_input(
    field: EffectiveField,
    operator: Operator,
    formats: Formats,
    tasks: Tasks,
    names: Mapping[str, str],
) -> OperandInput | None:
    """Return the control for an operator's operand; None where it needs none."""
    plain = _plain(field)
    kind = comparison_of(field)
    if operator.operand is Operand.NOTHING:
        return None
    if operator.operand is Operand.SPAN:
        return SpanInput()
    if operator.operand is Operand.RANGE:
        ends = [OneInput(make_editor(plain, formats, tasks)) for _ in range(2)]
        ends[1].editor.control.setAccessibleName(f"{field.label}: upper end")
        return RangeInput(*ends)
    if kind in {"reference", "user"}:
        has_several = operator.operand is Operand.SEVERAL
        config = {**plain.config, "allowMultiple": has_several}
        editor = ReferenceEditor(replace(plain, config=config), formats, tasks)
        editor.set_names(names)
        return SeveralInput(editor) if has_several else OneInput(editor)
    if operator.operand is Operand.ONE and kind != "choices":
        return OneInput(make_editor(plain, formats, tasks))
    if kind in {"choice", "choices"} and options_of(field):
        return SeveralInput(MultiChoiceEditor(replace(plain, type="multiselect"), formats))
    return WordsInput(replace(plain, type="text") if kind == "choices" else plain, formats)


def _plain(field: EffectiveField) -> EffectiveField:
    """Return the field without rules for what may be stored: anything may be looked for."""
    bare = replace(field, is_required=False, is_readonly=False, placeholder="", default=None)
    kind = comparison_of(field)
    if kind == "text":
        return replace(bare, type="text", config={})
    if kind == "moment":
        return replace(bare, type="date", config={})  # people mean days
    if kind == "date":
        return replace(bare, config={})
    if kind == "user" and field.id in SYSTEM_COLUMNS:
        return replace(bare, type="lookup", config={"lookupObject": "user"})
    return bare


def read_operand(input_: OperandInput | None) -> tuple[Any, str]:
    """Return the operand, and a sentence if it cannot be read."""
    if input_ is None:
        return None, ""
    try:
        return input_.value(), ""
    except Invalid as error:
        return None, str(error)


def focus(widget: QWidget) -> None:
    (widget.focusProxy() or widget).setFocus(Qt.FocusReason.OtherFocusReason)


def stops_in(input_: OperandInput) -> list[QWidget]:
    """Return the controls inside that Tab visits; lists that drop down are windows of their own."""
    window = input_.window()
    own = [child for child in input_.findChildren(QWidget) if child.window() is window]
    every = [child for child in own if child.focusProxy() is None]
    return [child for child in every if child.focusPolicy() & Qt.FocusPolicy.TabFocus]
