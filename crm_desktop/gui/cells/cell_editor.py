"""What stands over a cell while it is edited: the field's editor, as high as a row or larger."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPersistentModelIndex, QRect, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPaintEvent, QPen, QTextCursor
from PySide6.QtWidgets import QAbstractItemView, QLineEdit, QPlainTextEdit, QVBoxLayout, QWidget
from typing_extensions import override

from crm_desktop.gui.editors.choice_line import ChoiceLineEditor
from crm_desktop.gui.editors.choices import MultiChoiceEditor
from crm_desktop.gui.editors.references import ReferenceEditor
from crm_desktop.gui.editors.text import LineEditor
from crm_desktop.gui.editors.value_editor import ValueEditor
from crm_desktop.gui.models.sheet import Cell
from crm_desktop.gui.theme import line_height, theme, unit
from crm_desktop.gui.widgets.elided_label import TextLabel

_LINE = 2  # pixels of the focus ring
_NARROWEST = 7  # lines high
_PANEL_WIDTH = 24  # lines high
_ENTER = {Qt.Key.Key_Return, Qt.Key.Key_Enter}
_ARROWS = {
    Qt.Key.Key_Up: (-1, 0),
    Qt.Key.Key_Down: (1, 0),
    Qt.Key.Key_Left: (0, -1),
    Qt.Key.Key_Right: (0, 1),
}
_Mods = Qt.KeyboardModifier


class CellEditor(QWidget):
    """Holds an editor; says by `ended` that it is done, and by how many rows and columns to go on.

    Where editing began by typing, arrows end it; otherwise they move the caret.
    """

    ended = Signal(int, int)
    cancelled = Signal()

    def __init__(
        self, viewport: QWidget, editor: ValueEditor, cell: Cell, index: QModelIndex
    ) -> None:
        super().__init__(viewport)
        self._viewport = viewport
        self.editor, self.cell = editor, cell
        self.index = QPersistentModelIndex(index)
        self.is_edited = self.is_typing = False
        self.is_panel = not _fits_a_row(editor)
        self.setFocusProxy(editor.control)
        self.setAutoFillBackground(False)
        self.setAttribute(Qt.WidgetAttribute.WA_NoMousePropagation)
        box = QVBoxLayout(self)
        box.addWidget(editor)
        self._lay_out(box)
        editor.edited.connect(self._note_edit)
        self._list = _list_of(editor)
        if self._list is not None:
            self._list.installEventFilter(self)  # asked before the completer's own
        for part in [editor.control, *editor.findChildren(QWidget)]:
            part.removeEventFilter(self)  # once each
            part.installEventFilter(self)

    def _lay_out(self, box: QVBoxLayout) -> None:
        if self.is_panel:
            box.setContentsMargins(2 * unit(), 2 * unit(), 2 * unit(), 2 * unit())
            box.setSpacing(unit())
            words = self.tr("Enter stores it · Esc drops it")
            if isinstance(self.editor.control, QPlainTextEdit):
                words = self.tr("Enter stores it · Alt+Enter begins a line · Esc drops it")
            hint = TextLabel(face="small", role="muted")
            hint.setText(words)
            box.addWidget(hint)
            return
        side = _LINE if isinstance(self.editor, MultiChoiceEditor) else 2 * unit() - _LINE
        box.setContentsMargins(side, _LINE, side, _LINE)
        for line in self.editor.findChildren(QLineEdit):
            line.setProperty("look", "bare")

    def _note_edit(self) -> None:
        self.is_edited = True

    def place_over(self, cell: QRect) -> None:
        """Stand over the cell, wider where it is too narrow to type in, and within the view."""
        room = self._viewport.rect()
        wide, high = cell.width(), cell.height()
        if self.is_panel:
            wide = max(wide, round(_PANEL_WIDTH * line_height()))
            high = max(high, self.sizeHint().height())
        else:
            wide = max(wide, round(_NARROWEST * line_height()))
        wide = min(wide, room.width())
        left = max(0, min(cell.left(), room.right() + 1 - wide))
        top = cell.top()
        if self.is_panel and room.top() <= top <= room.bottom():
            top = max(0, min(top, room.bottom() + 1 - high))
        self.setGeometry(left, top, wide, high)

    def select_all(self) -> None:
        """Let what is typed replace the content."""
        control = self.editor.control
        if isinstance(control, QLineEdit | QPlainTextEdit):
            control.selectAll()

    def opens_list(self, *, by_typing: bool) -> bool:
        """Say whether the editor shows its choices as soon as it is open."""
        is_choice = not by_typing and isinstance(self.editor, ChoiceLineEditor)
        return is_choice or isinstance(self.editor, MultiChoiceEditor)

    def go_to_end(self) -> None:
        """Let what is typed follow the content; what is searched for is typed anew."""
        control = self.editor.control
        if isinstance(self.editor, ChoiceLineEditor | ReferenceEditor):
            self.select_all()
        elif isinstance(control, QLineEdit):
            control.end(False)
        elif isinstance(control, QPlainTextEdit):
            control.moveCursor(QTextCursor.MoveOperation.End)

    # Keys

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and watched is self._list:
            return event.type() == QEvent.Type.KeyPress and self._take_from_list(event)
        if isinstance(event, QKeyEvent):
            if event.type() == QEvent.Type.ShortcutOverride and self._is_mine(event):
                event.accept()
                return True
            if event.type() == QEvent.Type.KeyPress:
                return self._take_key(watched, event)
        return super().eventFilter(watched, event)

    def _is_mine(self, event: QKeyEvent) -> bool:
        plain = event.modifiers() & ~(_Mods.ShiftModifier | _Mods.KeypadModifier)
        is_new_line = event.key() in _ENTER and event.modifiers() & _Mods.AltModifier
        own = _ENTER | {Qt.Key.Key_Escape, Qt.Key.Key_Tab, Qt.Key.Key_Backtab}
        return bool(is_new_line) or (event.key() in own and not plain)

    def _take_key(self, watched: QObject, event: QKeyEvent) -> bool:
        key = Qt.Key(event.key())
        if not self._is_mine(event):
            return self._take_other(key, event)
        if key == Qt.Key.Key_Escape:
            self.cancelled.emit()
        elif key in _ENTER and event.modifiers() & _Mods.AltModifier:
            self._begin_line()
        elif key in _ENTER:
            self.ended.emit(-1 if event.modifiers() & _Mods.ShiftModifier else 1, 0)
        else:
            return self._take_tab(watched, is_back=key == Qt.Key.Key_Backtab)
        return True

    def _take_from_list(self, event: QKeyEvent) -> bool:
        """Take what is marked in the open list and go on, where the key ends the edit."""
        is_end = event.key() in {Qt.Key.Key_Tab, Qt.Key.Key_Backtab} or (
            self.is_typing and event.key() in _ENTER
        )
        if self._list is None or not is_end or not self._is_mine(event):
            return False
        index = self._list.currentIndex()
        self._list.hide()
        if index.isValid() and isinstance(self.editor, ChoiceLineEditor | ReferenceEditor):
            self.editor.blockSignals(True)
            self.editor.take(index)
            self.editor.blockSignals(False)
            self.is_edited = True
        return self._take_key(self.editor.control, event)

    def _begin_line(self) -> None:
        control = self.editor.control
        if isinstance(control, QPlainTextEdit):
            control.insertPlainText("\n")

    def _take_tab(self, watched: QObject, *, is_back: bool) -> bool:
        """Go on to the next cell, unless there is another line of this editor first."""
        lines = [line for line in self.editor.findChildren(QLineEdit) if line.isVisible()]
        if self.is_panel and len(lines) > 1 and watched in lines:
            place = lines.index(watched) + (-1 if is_back else 1)
            if 0 <= place < len(lines):
                lines[place].setFocus()
                return True
        self.ended.emit(0, -1 if is_back else 1)
        return True

    def _take_other(self, key: Qt.Key, event: QKeyEvent) -> bool:
        plain = not event.modifiers() & ~_Mods.KeypadModifier
        if key == Qt.Key.Key_Down and event.modifiers() & _Mods.AltModifier:
            self.editor.open_list()
            return True
        if plain and key == Qt.Key.Key_F2:
            self.is_typing = not self.is_typing
            return True
        if plain and key in _ARROWS:
            return self._take_arrow(key)
        return False

    def _take_arrow(self, key: Qt.Key) -> bool:
        is_upright = key in {Qt.Key.Key_Up, Qt.Key.Key_Down}
        if is_upright and isinstance(self.editor, ChoiceLineEditor | ReferenceEditor):
            self.editor.open_list()
            return True
        if self.is_typing and not self.is_panel:
            self.ended.emit(*_ARROWS[key])
            return True
        return False

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Keep what the editor has no use for from the grid, which would go elsewhere."""
        event.accept()

    # Look

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(theme().surface))
        painter.setPen(QPen(QColor(theme().accent), _LINE))
        painter.drawRect(self.rect().adjusted(1, 1, -1, -1))
        painter.end()


def _list_of(editor: ValueEditor) -> QAbstractItemView | None:
    if isinstance(editor, ChoiceLineEditor | ReferenceEditor):
        return editor.completer.popup()
    return None


def _fits_a_row(editor: ValueEditor) -> bool:
    if isinstance(editor, ReferenceEditor):
        return not editor.has_several
    return isinstance(editor, LineEditor | ChoiceLineEditor | MultiChoiceEditor)
