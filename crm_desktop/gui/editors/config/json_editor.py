"""Edits `config` as the JSON it is, and says where it cannot be read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtGui import QFontDatabase, QTextCursor
from PySide6.QtWidgets import QPlainTextEdit, QVBoxLayout, QWidget

from crm_desktop.gui.editors.config.json_text import JsonError, read_json, write_json
from crm_desktop.gui.theme import restyle, unit
from crm_desktop.gui.widgets.form_row import ProblemLine


class JsonEditor(QWidget):
    """Shows an object as indented text; what was not edited comes back as it was given."""

    edited = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.text = QPlainTextEdit()
        self.text.setAccessibleName(self.tr("Settings as JSON"))
        self.text.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.text.setTabChangesFocus(True)
        self.problem = ProblemLine()
        self._given: dict[str, Any] = {}
        self._shown = ""
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(unit())
        box.addWidget(self.text)
        box.addWidget(self.problem)
        self.setFocusProxy(self.text)
        self.text.textChanged.connect(self._text_changed)

    def load(self, value: Mapping[str, Any]) -> None:
        self._given = dict(value)
        self._shown = write_json(value)
        self.text.setPlainText(self._shown)
        self.say("")

    def value(self) -> dict[str, Any]:
        """Return the object; raises JsonError."""
        text = self.text.toPlainText()
        return self._given if text == self._shown else read_json(text)

    def show_error(self, error: JsonError) -> None:
        """Say what is wrong and put the cursor there."""
        place = self.tr("Line {line}, column {column}")
        where = place.format(line=error.line, column=error.column)
        self.say(f"{where}: {error}.")
        block = self.text.document().findBlockByNumber(error.line - 1)
        cursor = QTextCursor(block)
        cursor.movePosition(
            QTextCursor.MoveOperation.Right,
            QTextCursor.MoveMode.MoveAnchor,
            max(0, min(error.column - 1, block.length() - 1)),
        )
        self.text.setTextCursor(cursor)
        self.text.setFocus()

    def _text_changed(self) -> None:
        if not self.problem.isHidden():
            self.say("")
        self.edited.emit()

    def say(self, sentence: str) -> None:
        self.problem.set_text(sentence)
        self.text.setProperty("problem", bool(sentence))
        self.text.setAccessibleDescription(sentence)
        restyle(self.text)
