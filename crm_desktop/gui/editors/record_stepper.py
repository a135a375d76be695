"""The two buttons that lead to the records before and after, and the place in the list."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from crm_desktop.gui.theme import unit
from crm_desktop.gui.widgets.buttons import IconButton
from crm_desktop.gui.widgets.elided_label import TextLabel


class RecordStepper(QWidget):
    """Not seen until it is told that there is a list; at its ends a button is disabled."""

    step_requested = Signal(int)

    def __init__(self, parent: QWidget | None = None, *, is_narrow: bool = False) -> None:
        super().__init__(parent)
        self.place = TextLabel(face="small", role="muted")
        names = ("chevron-up", "chevron-down") if is_narrow else ("chevron-left", "chevron-right")
        self.before = IconButton(
            names[0], self.tr("Previous record (Alt+PgUp)"), is_outlined=not is_narrow
        )
        self.after = IconButton(
            names[1], self.tr("Next record (Alt+PgDown)"), is_outlined=not is_narrow
        )
        self.before.clicked.connect(partial(self.step_requested.emit, -1))
        self.after.clicked.connect(partial(self.step_requested.emit, 1))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0 if is_narrow else unit())
        for part in (self.place, self.before, self.after):
            row.addWidget(part)
        self.hide()

    def show_place(self, row: int | None, total: int | None) -> None:
        """Say which record of how many this is, counted from 0; None is not known."""
        is_known = row is not None and total is not None and row < total
        words = self.tr("{row} of {total}")
        shown = words.replace("{row}", f"{(row or 0) + 1:,}").replace("{total}", f"{total or 0:,}")
        self.place.setText(shown if is_known else "")
        self.place.setVisible(is_known)

    def allow(self, *, has_before: bool, has_after: bool) -> None:
        """Show the buttons, and which of them lead somewhere."""
        self.before.setEnabled(has_before)
        self.after.setEnabled(has_after)
        self.show()
