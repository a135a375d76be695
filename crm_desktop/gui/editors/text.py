"""Editors of what is typed: lines, long text, and JSON where no other editor fits."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QFontDatabase, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QLineEdit, QPlainTextEdit, QWidget
from typing_extensions import override

from crm_desktop.domain.errors import Invalid
from crm_desktop.domain.field_types import EffectiveField, same_value, type_of
from crm_desktop.domain.formats import Formats
from crm_desktop.gui.editors.value_editor import ValueEditor
from crm_desktop.gui.theme import line_height, number_font, unit

_LONG_TEXT_LINES = 4


def _is_for_the_window(event: QEvent, *, can_undo: bool, can_redo: bool) -> bool:
    """Tell whether Undo or Redo was pressed where there is no typing that it could be about."""
    if event.type() != QEvent.Type.ShortcutOverride or not isinstance(event, QKeyEvent):
        return False
    is_undo = event.matches(QKeySequence.StandardKey.Undo) and not can_undo
    return is_undo or (event.matches(QKeySequence.StandardKey.Redo) and not can_redo)


class _Line(QLineEdit):
    @override
    def event(self, event: QEvent) -> bool:
        undo, redo = self.isUndoAvailable(), self.isRedoAvailable()
        if _is_for_the_window(event, can_undo=undo, can_redo=redo):
            event.ignore()
            return False
        return super().event(event)


class _LongText(QPlainTextEdit):
    @override
    def event(self, event: QEvent) -> bool:
        undo, redo = self.document().isUndoAvailable(), self.document().isRedoAvailable()
        if _is_for_the_window(event, can_undo=undo, can_redo=redo):
            event.ignore()
            return False
        return super().event(event)


class LineEditor(ValueEditor):
    """A line of text, read by the field's type: also numbers, money, dates and lists of e-mails."""

    def __init__(
        self, field: EffectiveField, formats: Formats, parent: QWidget | None = None
    ) -> None:
        super().__init__(field, formats, parent)
        self._type = type_of(field.type)
        self.line = _Line()
        if field.placeholder:
            self.line.setPlaceholderText(field.placeholder)
        if self._type.align == "right":
            self.line.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            self.line.setFont(number_font())
        self.line.textEdited.connect(self.edited)
        self.set_control(self.line)

    @override
    def show_value(self, value: Any) -> None:
        self.line.setText(self._text_of(value))
        self.line.setCursorPosition(0)

    def _text_of(self, value: Any) -> str:
        """Write the value as it can be typed; a number with groups where they read back alike."""
        plain = self._type.edit_text(value, self.field, self._formats)
        if isinstance(value, bool) or not isinstance(value, int | Decimal):
            return plain
        grouped = self._formats.number_text(value)
        try:
            again = self._type.parse(grouped, self.field, self._formats)
        except Invalid:
            return plain
        return grouped if same_value(again, value) else plain

    @override
    def value(self) -> Any:
        return self._type.parse(self.line.text(), self.field, self._formats)

    @override
    def typed(self) -> Any:
        return self.line.text()

    @override
    def show_typed(self, typed: Any) -> None:
        self.line.setText(typed if isinstance(typed, str) else "")

    @override
    def set_read_only(self, *, is_read_only: bool) -> None:
        self.line.setReadOnly(is_read_only)


class LongTextEditor(ValueEditor):
    """Several lines of text; JSON for files and for types that this program does not know."""

    def __init__(
        self, field: EffectiveField, formats: Formats, parent: QWidget | None = None
    ) -> None:
        super().__init__(field, formats, parent)
        self._type = type_of(field.type)
        self._is_showing = False
        self.text = _LongText()
        self.text.setTabChangesFocus(True)
        if field.placeholder:
            self.text.setPlaceholderText(field.placeholder)
        if self._type.name != "textarea":
            self.text.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.text.setFixedHeight(round(_LONG_TEXT_LINES * line_height()) + 4 * unit())
        self.text.textChanged.connect(self._tell)
        self.set_control(self.text)

    @override
    def show_value(self, value: Any) -> None:
        self._is_showing = True
        self.text.setPlainText(self._type.edit_text(value, self.field, self._formats))
        self._is_showing = False

    @override
    def value(self) -> Any:
        return self._type.parse(self.text.toPlainText(), self.field, self._formats)

    @override
    def typed(self) -> Any:
        return self.text.toPlainText()

    @override
    def show_typed(self, typed: Any) -> None:
        self._is_showing = True
        self.text.setPlainText(typed if isinstance(typed, str) else "")
        self._is_showing = False

    @override
    def set_read_only(self, *, is_read_only: bool) -> None:
        self.text.setReadOnly(is_read_only)

    def _tell(self) -> None:
        if not self._is_showing:
            self.edited.emit()
