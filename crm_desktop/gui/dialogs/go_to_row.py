"""Asks for the number of a row."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget
from typing_extensions import override

from crm_desktop.gui.theme import scale, unit
from crm_desktop.gui.widgets.buttons import plain_button, primary_button
from crm_desktop.gui.widgets.fitting_dialog import FittingDialog
from crm_desktop.gui.widgets.form_row import FormRow
from crm_desktop.gui.widgets.number_box import NumberBox


class GoToRowDialog(FittingDialog):
    """Names the row, counted from 1, to whoever listens."""

    row_chosen = Signal(int)

    def __init__(self, row: int, rows: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Go to row"))
        self.number = NumberBox()
        self.number.setRange(1, max(1, rows))
        self.number.setGroupSeparatorShown(True)
        self.number.setValue(row)
        self.number.selectAll()
        label = self.tr("Row, 1 to {}").replace("{}", f"{rows:,}")
        self.go = primary_button(self.tr("Go"))
        self.go.setDefault(True)
        self.go.clicked.connect(self.accept)
        cancel = plain_button(self.tr("Cancel"))
        cancel.clicked.connect(self.reject)
        buttons = QHBoxLayout()
        buttons.setSpacing(2 * unit())
        buttons.addStretch(1)
        buttons.addWidget(cancel)
        buttons.addWidget(self.go)
        column = QVBoxLayout(self)
        column.setContentsMargins(*(5 * unit(),) * 4)
        column.setSpacing(4 * unit())
        column.addWidget(FormRow(label, self.number))
        column.addLayout(buttons)
        self.setMinimumWidth(round(scale().line * 16))
        self.number.setFocus()

    @override
    def accept(self) -> None:
        self.number.interpretText()
        super().accept()
        self.row_chosen.emit(self.number.value())
