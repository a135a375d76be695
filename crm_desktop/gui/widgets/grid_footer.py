"""The line below a grid: a sentence at the left, and under each column what was chosen for it."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QPoint, QRect, QSize, Qt, Signal, Slot
from PySide6.QtGui import (
    QAccessible,
    QAccessibleEvent,
    QColor,
    QContextMenuEvent,
    QFocusEvent,
    QFont,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QSizePolicy, QWidget
from typing_extensions import override

from crm_desktop.gui.delegates import CellKind, GridRole
from crm_desktop.gui.theme import number_font, row_height, theme, unit
from crm_desktop.gui.widgets.grid import GridView


class GridFooter(QWidget):
    """Stands under the columns of its grid and scrolls with them.

    A click, or Enter where the arrows have led, asks for the menu of a column.
    """

    menu_requested = Signal(int, QPoint)  # column; where, on the screen

    def __init__(self, view: GridView) -> None:
        super().__init__()
        self._view = view
        self._sentence = ""
        self._texts: Mapping[int, str] = {}
        self._current = 0  # as it is shown
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setToolTip(self.tr("Click below a column to show its sum, average or the like."))
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        header = view.horizontalHeader()
        header.sectionResized.connect(self.update)
        header.sectionMoved.connect(self.update)
        view.horizontalScrollBar().valueChanged.connect(self.update)
        view.verticalHeader().geometriesChanged.connect(self.update)
        self._name()

    def text(self) -> str:
        """Return the sentence at the left."""
        return self._sentence

    def text_under(self, column: int) -> str:
        return self._texts.get(column, "")

    @Slot(str)
    def set_sentence(self, sentence: str) -> None:
        self._sentence = sentence
        self._name()
        self.update()

    def set_texts(self, texts: Mapping[int, str]) -> None:
        """Show these texts under the columns of these numbers."""
        self._texts = dict(texts)
        self._name()
        self.update()

    def _name(self) -> None:
        titles = [self._title(column) + ": " + text for column, text in self._texts.items()]
        self.setAccessibleName(", ".join([self.tr("Summary"), self._sentence, *titles]))

    def _title(self, column: int) -> str:
        title = self._view.model().headerData(column, Qt.Orientation.Horizontal)
        return str(title or "")

    @override
    def sizeHint(self) -> QSize:
        return QSize(40 * unit(), row_height() + 1)

    # Columns

    def _gutter(self) -> int:
        gutter = self._view.verticalHeader()
        return gutter.width() if gutter.isVisible() else 0

    def _shown(self) -> list[int]:
        header = self._view.horizontalHeader()
        columns = [header.logicalIndex(place) for place in range(header.count())]
        return [column for column in columns if not header.isSectionHidden(column)]

    def rect_of(self, column: int) -> QRect:
        """Return where a column's text stands."""
        header = self._view.horizontalHeader()
        left = self._gutter() + self._view.frozen.left_of(column)
        return QRect(left, 0, header.sectionSize(column), self.height())

    def column_at(self, x: int) -> int:
        """Return the column at this place, -1 beside all of them."""
        frozen = self._view.frozen.columns()
        for column in (*frozen, *self._shown()):
            room = self.rect_of(column)
            if room.left() <= x <= room.right():
                return column
        return -1

    # Asking for the menu

    def ask(self, column: int) -> None:
        """Ask for the menu of this column, where its text stands."""
        room = self.rect_of(column)
        left = max(room.left(), self._gutter())
        self.menu_requested.emit(column, self.mapToGlobal(QPoint(left, 0)))

    @override
    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        column = self.column_at(event.position().toPoint().x())
        if event.button() == Qt.MouseButton.LeftButton and column >= 0:
            self.ask(column)

    @override
    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        columns = self._shown()
        by_key = event.reason() == QContextMenuEvent.Reason.Keyboard and columns
        column = columns[self._current] if by_key else self.column_at(event.pos().x())
        if column >= 0:
            self.ask(column)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        columns = self._shown()
        key = event.key()
        steps = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}
        if not columns:
            super().keyPressEvent(event)
        elif key in steps:
            self._current = min(max(self._current + steps[Qt.Key(key)], 0), len(columns) - 1)
            self._view.scrollTo(self._view.model().index(0, columns[self._current]))
            self._say_current(columns[self._current])
            self.update()
        elif key in {Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space}:
            self.ask(columns[min(self._current, len(columns) - 1)])
        else:
            super().keyPressEvent(event)

    def _say_current(self, column: int) -> None:
        self.setAccessibleDescription(f"{self._title(column)} {self.text_under(column)}")
        event = QAccessibleEvent(self, QAccessible.Event.DescriptionChanged)
        QAccessible.updateAccessibility(event)

    @override
    def focusInEvent(self, event: QFocusEvent) -> None:
        self.update()

    @override
    def focusOutEvent(self, event: QFocusEvent) -> None:
        self.update()

    # Painting

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        tokens, painter = theme(), QPainter(self)
        painter.fillRect(self.rect(), QColor(tokens.raised))
        painter.fillRect(0, 0, self.width(), 1, QColor(tokens.border))
        painter.setFont(_figures())
        painter.setPen(QColor(tokens.text))
        taken = self._paint_sentence(painter)
        frozen, gutter = self._view.frozen.columns(), self._gutter()
        for column in self._shown():
            left = gutter + (0 if column in frozen else self._view.frozen.width())
            painter.setClipRect(max(taken, left), 0, self.width(), self.height())
            if text := self._texts.get(column):
                self._paint_text(painter, column, text)
        columns = self._shown()
        if self.hasFocus() and columns:
            painter.setClipping(False)
            room = self.rect_of(columns[min(self._current, len(columns) - 1)])
            painter.setPen(QPen(QColor(tokens.accent), 2))
            painter.drawRect(room.adjusted(1, 1, -1, -1))
        painter.end()

    def _paint_sentence(self, painter: QPainter) -> int:
        """Paint the sentence as far as the first text under a column; return where it ends."""
        starts = [self.rect_of(column).left() for column, text in self._texts.items() if text]
        left = 3 * unit()
        end = min([at for at in starts if at > left], default=self.width())
        room = QRect(left, 1, max(0, end - left), self.height() - 1)
        metrics = painter.fontMetrics()
        shown = metrics.elidedText(self._sentence, Qt.TextElideMode.ElideRight, room.width())
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, shown)
        return left + metrics.horizontalAdvance(shown)

    def _paint_text(self, painter: QPainter, column: int, text: str) -> None:
        """Paint under a column; a number that is wider than its column reaches to the left."""
        room = self.rect_of(column).adjusted(2 * unit(), 1, -2 * unit(), 0)
        kind = self._view.model().headerData(column, Qt.Orientation.Horizontal, GridRole.KIND)
        side = Qt.AlignmentFlag.AlignLeft
        if kind == CellKind.NUMBER:
            side = Qt.AlignmentFlag.AlignRight
            wide = painter.fontMetrics().horizontalAdvance(text)
            room.setLeft(min(room.left(), room.right() - wide))
        painter.drawText(room, side | Qt.AlignmentFlag.AlignVCenter, text)


def _figures() -> QFont:
    font = number_font()
    font.setWeight(QFont.Weight.DemiBold)
    return font
