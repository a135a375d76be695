"""A grid for a short list that is edited, added to and put in order by keyboard."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QModelIndex, Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import QAbstractItemView, QFrame, QWidget
from typing_extensions import override

from crm_desktop.gui.delegates import GridDelegate
from crm_desktop.gui.widgets.buttons import IconButton
from crm_desktop.gui.widgets.grid import GridView

ROOT = QModelIndex()


class ListGrid(GridView):
    """Announces the keys that change the list; Enter and F2 edit a cell that can be edited."""

    added = Signal()
    removed = Signal()
    moved = Signal(int)  # -1 up, 1 down
    pasted = Signal()
    toggled = Signal()

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent, name=name)
        self.setFrameShape(QFrame.Shape.StyledPanel)
        trigger = QAbstractItemView.EditTrigger
        self.setEditTriggers(trigger.DoubleClicked | trigger.EditKeyPressed | trigger.AnyKeyPressed)

    def set_delegate(self, delegate: GridDelegate) -> None:
        self.delegate = delegate
        self.setItemDelegate(delegate)

    def move_buttons(self) -> list[IconButton]:
        """Move rows as the keys say, and return two buttons that do the same."""
        self.moved.connect(self.move_current)
        up = IconButton("arrow-up", self.tr("Move up (Alt+Up)"))
        down = IconButton("arrow-down", self.tr("Move down (Alt+Down)"))
        up.clicked.connect(partial(self.move_current, -1))
        down.clicked.connect(partial(self.move_current, 1))
        return [up, down]

    def remove_button(self) -> IconButton:
        """Take selected rows out as the keys say, and return a button that does the same."""
        self.removed.connect(self.remove_selected)
        button = IconButton("trash-2", self.tr("Remove (Del)"))
        button.clicked.connect(self.remove_selected)
        return button

    def remove_selected(self) -> None:
        for row in reversed(self.selected_rows()):
            self.model().removeRow(row)

    def move_current(self, step: int) -> None:
        """Move the current row up (-1) or down (1)."""
        row = self.currentIndex().row()
        if row >= 0:
            self.model().moveRow(ROOT, row, ROOT, row + (2 if step > 0 else -1))

    def begin_row(self, row: int, column: int) -> None:
        """Begin to edit a new row."""
        new = self.model().index(row, column)
        self.setCurrentIndex(new)
        self.setFocus()
        self.edit(new)

    def finish_editing(self) -> None:
        """Take over what is typed in a cell: Ctrl+Enter saves a dialog from there too."""
        if self.state() == QAbstractItemView.State.EditingState:
            self.setFocus()

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        action = self._action_of(event)
        if self.state() == QAbstractItemView.State.EditingState:
            super().keyPressEvent(event)
        elif action is not None:
            action()
        elif event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter} and not event.modifiers():
            if self.currentIndex().flags() & Qt.ItemFlag.ItemIsEditable:
                self.edit(self.currentIndex())
            self.toggled.emit()
        else:
            super().keyPressEvent(event)

    def _action_of(self, event: QKeyEvent) -> Callable[[], None] | None:
        if event.modifiers() & Qt.KeyboardModifier.AltModifier:
            step = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}.get(Qt.Key(event.key()))
            return None if step is None else partial(self.moved.emit, step)
        if event.matches(QKeySequence.StandardKey.Paste):
            return self.pasted.emit
        keys = {
            Qt.Key.Key_Insert: self.added,
            Qt.Key.Key_Delete: self.removed,
            Qt.Key.Key_Backspace: self.removed,
            Qt.Key.Key_Space: self.toggled,
        }
        signal = keys.get(Qt.Key(event.key()))
        return None if signal is None else signal.emit
