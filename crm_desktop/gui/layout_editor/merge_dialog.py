"""Shows what two people made of the same parts of a layout, and asks whose shall stand."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QButtonGroup,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QRadioButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)
from typing_extensions import override

from crm_desktop.domain.layout_merge import Choices, LayoutClash, Side
from crm_desktop.gui.layout_editor.state import LayoutState
from crm_desktop.gui.layout_editor.words import clash_subject, clash_value
from crm_desktop.gui.theme import line_height, unit
from crm_desktop.gui.widgets.buttons import plain_button, primary_button
from crm_desktop.gui.widgets.elided_label import TextLabel
from crm_desktop.gui.widgets.fitting_dialog import FittingDialog


class MergeDialog(FittingDialog):
    """One line for each clash: what it was, what the others stored, what was done here."""

    settled = Signal(object)  # Choices

    def __init__(
        self, state: LayoutState, clashes: Sequence[LayoutClash], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Changed by two people"))
        self._state, self._clashes = state, clashes
        self.buttons: list[dict[Side, QRadioButton]] = []
        self.save = primary_button(self.tr("Save with these"))
        self.save.setDefault(True)
        self.save.clicked.connect(self.accept)
        self._lay_out()
        shortcut = QShortcut(QKeySequence("Ctrl+Return"), self)
        shortcut.activated.connect(self.accept)
        self.buttons[0][Side.THEIRS].setFocus()

    def _lay_out(self) -> None:
        many = self.tr("Somebody else changed {0} of the same things in this layout.")
        one = self.tr("Somebody else changed the same thing in this layout.")
        count = len(self._clashes)
        title = one if count == 1 else many.format(count)
        column = QVBoxLayout(self)
        column.setContentsMargins(*(5 * unit(),) * 4)
        column.setSpacing(4 * unit())
        column.addWidget(TextLabel(title, face="title", wraps=True))
        rest = self.tr("Everything else is put together. Choose what shall stand here.")
        column.addWidget(TextLabel(rest, role="muted", wraps=True))
        area = QScrollArea()
        area.setWidget(self._table())
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        column.addWidget(area, 1)
        column.addLayout(self._button_row())
        self.resize(round(line_height() * 48), round(line_height() * (16 + 3 * min(count, 8))))
        self._enable()

    def _table(self) -> QWidget:
        table = QWidget()
        grid = QGridLayout(table)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(4 * unit())
        grid.setVerticalSpacing(3 * unit())
        headings = (self.tr("What"), self.tr("It was"), self.tr("Theirs"), self.tr("Yours"))
        for number, text in enumerate(headings):
            grid.addWidget(TextLabel(text, face="strong"), 0, number)
            grid.setColumnStretch(number, 1)
        for row, clash in enumerate(self._clashes, start=1):
            subject = clash_subject(self._state, clash)
            grid.addWidget(TextLabel(subject, wraps=True), row, 0)
            was = clash_value(self._state, clash, clash.base)
            grid.addWidget(TextLabel(was, role="muted", wraps=True), row, 1)
            self._add_choice(grid, row, clash, subject)
        grid.setRowStretch(len(self._clashes) + 1, 1)
        return table

    def _add_choice(self, grid: QGridLayout, row: int, clash: LayoutClash, subject: str) -> None:
        group = QButtonGroup(self)
        made = {}
        for number, (side, said) in enumerate(
            ((Side.THEIRS, clash.theirs), (Side.MINE, clash.mine)), start=2
        ):
            button = QRadioButton(clash_value(self._state, clash, said).replace("&", "&&"))
            whose = self.tr("theirs") if side is Side.THEIRS else self.tr("yours")
            button.setAccessibleName(f"{subject}, {whose}: {button.text()}")
            button.toggled.connect(self._enable)
            group.addButton(button)
            grid.addWidget(button, row, number, Qt.AlignmentFlag.AlignTop)
            made[side] = button
        self.buttons.append(made)

    def _button_row(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(2 * unit())
        for side, text in ((Side.THEIRS, self.tr("All theirs")), (Side.MINE, self.tr("All yours"))):
            button = plain_button(text)
            button.clicked.connect(partial(self.choose_all, side))
            row.addWidget(button)
        row.addStretch(1)
        cancel = plain_button(self.tr("Cancel"))
        cancel.clicked.connect(self.reject)
        row.addWidget(cancel)
        row.addWidget(self.save)
        return row

    def choose_all(self, side: Side) -> None:
        for made in self.buttons:
            made[side].setChecked(True)

    def choices(self) -> Choices:
        """Return what was chosen so far."""
        return {
            (clash.subject, clash.name): side
            for clash, made in zip(self._clashes, self.buttons, strict=True)
            for side, button in made.items()
            if button.isChecked()
        }

    def _enable(self) -> None:
        self.save.setEnabled(len(self.choices()) == len(self._clashes))

    @override
    def accept(self) -> None:
        if self.save.isEnabled():
            super().accept()
            self.settled.emit(self.choices())
