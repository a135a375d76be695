"""Asks where fields shall go: to a number, or below a neighbour whose name is typed."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QVBoxLayout,
    QWidget,
)
from typing_extensions import override

from crm_desktop.gui.fuzzy import fit
from crm_desktop.gui.layout_editor.state import LayoutState
from crm_desktop.gui.layout_editor.words import section_name
from crm_desktop.gui.theme import line_height, unit
from crm_desktop.gui.widgets.buttons import plain_button, primary_button
from crm_desktop.gui.widgets.elided_label import TextLabel
from crm_desktop.gui.widgets.fitting_dialog import FittingDialog
from crm_desktop.gui.widgets.form_row import FormRow

PLACE = Qt.ItemDataRole.UserRole


@dataclass(frozen=True, slots=True)
class _Place:
    """Somewhere to go, by what is above it."""

    key: str
    index: int
    number: int  # that the first field has there, in the whole layout from 1
    label: str


class MoveDialog(FittingDialog):
    """Lists every place; what is typed picks one, and Enter goes there."""

    chosen = Signal(str, int)  # a section's key, and the index in it

    def __init__(self, state: LayoutState, ids: list[str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Move to…"))
        self._places = self._all_places(state, set(ids))
        self.line = QLineEdit(placeholderText=self.tr("A number, or a field's name"))
        self.list = QListWidget()
        self.list.setAccessibleName(self.tr("Places"))
        self.list.setSpacing(unit() // 2)
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.itemDoubleClicked.connect(self.accept)
        self._lay_out(state, ids)
        self.line.textChanged.connect(self._show)
        self.line.returnPressed.connect(self.accept)
        self._show("")

    def _all_places(self, state: LayoutState, moved: set[str]) -> list[_Place]:
        places = []
        number = 1
        for section in state.layout.sections:
            title = section_name(section.title)
            top = self.tr("{0}  ·  at the top of {1}").format(number, title)
            places.append(_Place(section.key, 0, number, top))
            for index, entry in enumerate(section.entries, start=1):
                if entry.id not in moved:
                    number += 1
                    label = self.tr("{0}  ·  below {1}").format(number, state.label_of(entry))
                    places.append(_Place(section.key, index, number, label))
        return places

    def _lay_out(self, state: LayoutState, ids: list[str]) -> None:
        entries = state.layout.by_id()
        label = state.label_of(entries[ids[0]])
        many = self.tr("Move {0} fields to").format(len(ids))
        title = self.tr("Move {0} to").format(label) if len(ids) == 1 else many
        self._go = primary_button(self.tr("Move"))
        self._go.setDefault(True)
        self._go.clicked.connect(self.accept)
        cancel = plain_button(self.tr("Cancel"))
        cancel.clicked.connect(self.reject)
        buttons = QHBoxLayout()
        buttons.setSpacing(2 * unit())
        buttons.addStretch(1)
        buttons.addWidget(cancel)
        buttons.addWidget(self._go)
        column = QVBoxLayout(self)
        column.setContentsMargins(*(5 * unit(),) * 4)
        column.setSpacing(3 * unit())
        column.addWidget(TextLabel(title, face="title", wraps=True))
        column.addWidget(FormRow(self.tr("Where to"), self.line))
        column.addWidget(self.list, 1)
        column.addLayout(buttons)
        self.resize(round(line_height() * 26), round(line_height() * 28))

    def _show(self, text: str) -> None:
        """List what fits: all places without a text, the n-th for a number, names by their fit."""
        typed = text.strip()
        self.list.clear()
        for place in self._fitting(typed):
            item = QListWidgetItem(place.label)
            item.setData(PLACE, place)
            self.list.addItem(item)
        self.list.setCurrentRow(0)
        self._go.setEnabled(self.list.count() > 0)

    def _fitting(self, typed: str) -> list[_Place]:
        if not typed:
            return self._places
        if typed.isdecimal() and len(typed) < 10:
            return self._numbered(int(typed))
        scored = [(fit(typed, place.label), place) for place in self._places]
        found = [(score, place) for score, place in scored if score is not None]
        return [place for _, place in sorted(found, key=lambda each: -each[0])]

    def _numbered(self, number: int) -> list[_Place]:
        """Return where a field becomes the `number`-th of the layout, the nearest if none does."""
        last = self._places[-1].number
        wanted = min(max(number, 1), last)
        return [place for place in self._places if place.number == wanted]

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}.get(Qt.Key(event.key()))
        if step is None:
            super().keyPressEvent(event)
        else:
            row = min(max(self.list.currentRow() + step, 0), self.list.count() - 1)
            self.list.setCurrentRow(row)

    @override
    def accept(self) -> None:
        item = self.list.currentItem()
        if item is not None:
            place: _Place = item.data(PLACE)
            super().accept()
            self.chosen.emit(place.key, place.index)
