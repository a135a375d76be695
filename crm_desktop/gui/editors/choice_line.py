"""The editor of one choice in a cell: a line, and the choices below it that what is typed finds."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QModelIndex, QSize, Qt
from PySide6.QtGui import QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QCompleter, QLineEdit, QListView, QWidget
from typing_extensions import override

from crm_desktop.domain.errors import Invalid
from crm_desktop.domain.field_types import EffectiveField, flag_rule, options_of, type_of
from crm_desktop.domain.formats import Formats
from crm_desktop.gui.editors.choices import dot_icon
from crm_desktop.gui.editors.value_editor import ValueEditor
from crm_desktop.gui.icons import icon
from crm_desktop.gui.theme import row_height, unit

_VALUE = Qt.ItemDataRole.UserRole
_MOST_SHOWN = 12


class ChoiceLineEditor(ValueEditor):
    """Takes the choice whose label is typed, or the only one that what was typed is a part of.

    A stored value that is no option stays until something else is typed.
    """

    def __init__(
        self, field: EffectiveField, formats: Formats, parent: QWidget | None = None
    ) -> None:
        super().__init__(field, formats, parent)
        self._stored: Any = None
        self._shown = ""
        self._labels = {option.value: option.label for option in options_of(field)}
        self.line = QLineEdit()
        self.line.addAction(
            icon("chevron-down", "muted"), QLineEdit.ActionPosition.TrailingPosition
        ).triggered.connect(self.open_list)
        self._options = QStandardItemModel(self)
        for option in options_of(field):
            item = QStandardItem(dot_icon(option.color), option.label)
            item.setData(option.value, _VALUE)
            item.setSizeHint(QSize(0, row_height()))
            self._options.appendRow(item)
        self.completer = QCompleter(self._options, self)
        self.completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self.completer.setFilterMode(Qt.MatchFlag.MatchContains)
        self.completer.setMaxVisibleItems(_MOST_SHOWN)
        self._list = QListView()
        self.completer.setPopup(self._list)
        self.completer.setWidget(self.line)
        taken = self.completer.activated[QModelIndex]  # type: ignore[index]  # stubs know no overloads
        taken.connect(self.take)
        self.line.textEdited.connect(self._find)
        self.set_control(self.line)

    @override
    def show_value(self, value: Any) -> None:
        self._stored = value
        self._shown = type_of(self.field.type).display(value, self.field, self._formats)
        self.line.setText(self._shown)

    @override
    def value(self) -> Any:
        text = self.line.text().strip()
        if text == self._shown:
            return self._stored
        if not text:
            return None
        by_label = {label.casefold(): value for value, label in self._labels.items()}
        exact = by_label.get(text.casefold())
        if exact is not None:
            return exact
        if flag_rule(self.field, "allowCustom"):
            return type_of(self.field.type).parse(text, self.field, self._formats)
        found = [value for label, value in by_label.items() if text.casefold() in label]
        if len(found) == 1:
            return found[0]
        if found:
            sentence = self.tr("“{}” is part of several choices.")
        else:
            sentence = self.tr("“{}” is none of the choices.")
        raise Invalid({self.field.id: sentence.replace("{}", text[:40])})

    @override
    def typed(self) -> Any:
        return self.line.text()

    @override
    def show_typed(self, typed: Any) -> None:
        self.line.setText(typed if isinstance(typed, str) else "")

    @override
    def open_list(self) -> None:
        """Show all choices, the current one marked."""
        self.completer.setCompletionPrefix("")
        self._show_list(list(self._labels).index(self._stored) if self._is_option() else 0)

    def _is_option(self) -> bool:
        return isinstance(self._stored, str) and self._stored in self._labels

    def _find(self, text: str) -> None:
        """Show the choices that contain the text; Enter takes the first."""
        self.edited.emit()
        self.completer.setCompletionPrefix(text.strip())
        if text.strip():
            self._show_list(0)
        else:
            self._list.hide()

    def _show_list(self, row: int) -> None:
        self.completer.complete(self.line.rect().adjusted(0, 0, 0, unit()))
        found = self.completer.completionModel()
        if found.rowCount() > row:
            self._list.setCurrentIndex(found.index(row, 0))

    def take(self, index: QModelIndex) -> None:
        """Take one of the choices."""
        self.show_value(index.data(_VALUE))
        self.edited.emit()
        self.chosen.emit()
