"""A box for a small whole number: its text stands as far from the edge as that of every line."""

from __future__ import annotations

from PySide6.QtWidgets import QSpinBox, QWidget

from crm_desktop.gui.theme import unit


class NumberBox(QSpinBox):
    """Qt gives the line inside no padding, whatever the style sheet says of it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.lineEdit().setTextMargins(2 * unit(), 0, 0, 0)
