"""Keeps the heading of the group on screen whose records one is scrolling through."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QRect, Qt, Signal, Slot
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget
from typing_extensions import override

from crm_desktop.gui.delegates import heading_fill
from crm_desktop.gui.heading_painter import HeadingPainter
from crm_desktop.gui.models.records import RecordTableModel
from crm_desktop.gui.theme import theme
from crm_desktop.gui.widgets.grid import GridView


class StickyHeading(QWidget):
    """Lies over the first row of a grid while the heading above it has been scrolled away.

    The next heading pushes it out. A click goes to the heading itself.
    """

    heading_wanted = Signal(int)  # its row

    def __init__(self, grid: GridView, model: RecordTableModel, painter: HeadingPainter) -> None:
        super().__init__(grid)
        self._grid, self._model, self._painter = grid, model, painter
        self._row = -1
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.hide()
        grid.viewport().installEventFilter(self)
        grid.verticalScrollBar().valueChanged.connect(self.place)
        grid.horizontalScrollBar().valueChanged.connect(self.update)
        grid.horizontalHeader().sectionResized.connect(self.update)
        for signal in (model.modelReset, model.layoutChanged, model.rowsInserted,
                       model.rowsRemoved, model.arrived):  # fmt: skip
            signal.connect(self.place)

    @property
    def row(self) -> int:
        """The row of the heading that is shown; -1 while none is."""
        return self._row

    @Slot()
    def place(self, *_: object) -> None:
        """Look which heading is above the first row that can be seen."""
        top = self._grid.rowAt(0)
        row = self._model.groups.row_above(top) if top >= 0 else -1
        is_away = row >= 0 and self._grid.rowViewportPosition(row) < 0
        self._row = row if is_away else -1
        self.setVisible(is_away)
        if is_away:
            viewport, gutter = self._grid.viewport().geometry(), self._grid.verticalHeader()
            left = gutter.geometry().left() if gutter.isVisible() else viewport.left()
            height = self._grid.rowHeight(row)
            self.setGeometry(left, viewport.top(), viewport.right() - left + 1, height)
            self.raise_()
            self.update()

    def covers(self, row: int) -> bool:
        """Say whether a row lies below this, so that it cannot be seen whole."""
        top = self._grid.rowViewportPosition(row)
        return self.isVisible() and row != self._row and top < self.height()

    def _moved(self) -> int:
        """Return how far the next heading has pushed this one up."""
        following = self._model.groups.row_beyond(self._row, 1)
        if following == self._row:
            return 0
        return min(0, self._grid.rowViewportPosition(following) - self.height())

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        heading = self._model.groups.heading_at(self._row)
        if heading is None:
            return
        tokens, painter = theme(), QPainter(self)
        moved = self._moved()
        gutter = self.width() - self._grid.viewport().width()
        painter.translate(gutter, moved)
        whole = QRect(0, 0, self._grid.viewport().width(), self.height())
        self._painter.paint_row(painter, whole, self._row, heading, is_selected=False)
        painter.fillRect(-gutter, 0, gutter, self.height(), QColor(heading_fill()))
        painter.fillRect(-gutter, self.height() - 1, self.width(), 1, QColor(tokens.border_strong))
        painter.end()

    @override
    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self._row >= 0:
            self.heading_wanted.emit(self._row)

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self.place()
        return False
