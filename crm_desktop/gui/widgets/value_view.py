"""Shows one value of a record as the grid does, but whole: chips, names, numbers, long text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtWidgets import QFrame, QPlainTextEdit, QVBoxLayout, QWidget

from crm_desktop.domain.field_types import (
    EffectiveField,
    is_empty,
    options_of,
    target_ids,
    type_of,
)
from crm_desktop.domain.formats import Formats
from crm_desktop.gui.chips import Chip
from crm_desktop.gui.delegates import EMPTY
from crm_desktop.gui.theme import line_height, unit
from crm_desktop.gui.widgets.chip import ChoiceChips
from crm_desktop.gui.widgets.elided_label import Face, TextLabel
from crm_desktop.gui.widgets.flow_layout import FlowLayout

_CHOICES = {"select", "radio", "multiselect"}
_REFERENCES = {"reference", "lookup"}
_TEXTS = {"text", "textarea", "email", "phone", "url"}
_DIGITS = {"number", "currency", "percentage", "date", "datetime"}
_LONG_FROM = 600  # letters: a longer text scrolls in a box of its own, and so do many lines
_LONG_LINES = 8


def value_words(
    value: Any, field: EffectiveField, formats: Formats, names: Mapping[str, str]
) -> str:
    """Return the value in words, whole; references by name, nothing as a dash."""
    if is_empty(value):
        return EMPTY
    if field.type in _REFERENCES and (ids := target_ids(value)):
        return ", ".join(names.get(id_) or id_ for id_ in ids)
    if field.type in _TEXTS and isinstance(value, str):
        return value
    return type_of(field.type).display(value, field, formats)


def value_view(
    value: Any, field: EffectiveField, formats: Formats, names: Mapping[str, str]
) -> QWidget:
    """Make a widget that shows the value; it wraps in the width that it gets."""
    words = value_words(value, field, formats, names)
    chips = _chips_of(value, field)
    if chips:
        return _ChipLines(chips)
    if len(words) > _LONG_FROM or words.count("\n") >= _LONG_LINES:
        return _LongText(words, field.label)
    face: Face = "number" if field.type in _DIGITS else "body"
    label = TextLabel(words, face=face, role="muted" if is_empty(value) else "text", wraps=True)
    label.setMinimumWidth(unit())  # a long word gives way
    return label


def _chips_of(value: Any, field: EffectiveField) -> tuple[Chip, ...]:
    if field.type not in _CHOICES:
        return ()
    values = value if isinstance(value, list) else [value]
    known = {option.value: (option.label, option.color or None) for option in options_of(field)}
    return tuple(known.get(each, (each, None)) for each in values if each and isinstance(each, str))


class _ChipLines(QWidget):
    """All chips, in as many lines as they need."""

    def __init__(self, chips: tuple[Chip, ...], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        flow = FlowLayout(self)
        flow.setSpacing(unit())
        for chip in chips:
            flow.addWidget(ChoiceChips([chip]))


class _LongText(QWidget):
    """Text that scrolls, for keyboards as well."""

    def __init__(self, words: str, label: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        text = QPlainTextEdit(words)
        text.setReadOnly(True)
        text.setTabChangesFocus(True)
        text.setFrameShape(QFrame.Shape.NoFrame)
        text.setAccessibleName(label)
        text.setFixedHeight(round(_LONG_LINES * line_height()) + 2 * unit())
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.addWidget(text)
