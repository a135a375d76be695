"""Columns that stay at the left of a grid while the others scroll past them.

They are no view of their own: the grid paints them once more where they stay, and presses of the
mouse there are handed to the cells they belong to. So selection, editing and the keyboard are the
grid's own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

from PySide6.QtCore import (
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QPoint,
    QPointF,
    QRect,
    Signal,
    Slot,
)
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QRegion
from PySide6.QtWidgets import QApplication, QHeaderView, QStyle, QStyleOptionViewItem, QWidget
from typing_extensions import override

from crm_desktop.gui.theme import theme

if TYPE_CHECKING:
    from crm_desktop.gui.widgets.grid import GridView

Index: TypeAlias = QModelIndex | QPersistentModelIndex
_MOST = 0.8  # of the width: beyond this the other columns could not be read
_MOUSE = {
    QEvent.Type.MouseButtonPress,
    QEvent.Type.MouseButtonRelease,
    QEvent.Type.MouseButtonDblClick,
    QEvent.Type.MouseMove,
}
_STATES = QStyle.StateFlag


class FrozenColumns(QObject):
    """The first `count` columns of a grid as they are shown; none at first."""

    count_changed = Signal()

    def __init__(self, grid: GridView) -> None:
        super().__init__(grid)
        self._grid = grid
        self._count = self._offset = 0
        self._is_handing = False
        self.shows_cells: Callable[[int], bool] | None = None  # not so in headings across a row

    @property
    def count(self) -> int:
        """How many columns shall stay, counted among those that are shown."""
        return self._count

    def set_count(self, count: int) -> None:
        if count == self._count:
            return
        widgets = (self._grid.viewport(), self._header().viewport())
        bar, header = self._grid.horizontalScrollBar(), self._header()
        if count and not self._count:
            for widget in widgets:
                widget.installEventFilter(self)
            bar.valueChanged.connect(self._follow)
            header.sectionResized.connect(self._paint_again)
            header.sectionMoved.connect(self._paint_again)
        elif not count:
            for widget in widgets:
                widget.removeEventFilter(self)
            bar.valueChanged.disconnect(self._follow)
            header.sectionResized.disconnect(self._paint_again)
            header.sectionMoved.disconnect(self._paint_again)
        self._count, self._offset = count, bar.value()
        self._paint_again()
        self.count_changed.emit()

    # Where they are

    def _header(self) -> QHeaderView:
        return self._grid.horizontalHeader()

    def columns(self) -> list[int]:
        """Give the columns that stay, from the left; fewer where the grid is too narrow."""
        if not self._count:
            return []
        header = self._header()
        order = (header.logicalIndex(place) for place in range(header.count()))
        shown = [column for column in order if not header.isSectionHidden(column)]
        kept, wide = [], 0
        for column in shown[: min(self._count, len(shown) - 1)]:
            wide += header.sectionSize(column)
            if wide > self._grid.viewport().width() * _MOST:
                break
            kept.append(column)
        return kept

    def width(self) -> int:
        """Give how much of the grid's left the columns take."""
        return sum(map(self._header().sectionSize, self.columns()))

    def left_of(self, column: int) -> int:
        """Give where a column begins on the screen, from the left of the cells."""
        left = 0
        for each in self.columns():
            if each == column:
                return left
            left += self._header().sectionSize(each)
        return self._header().sectionViewportPosition(column)

    def column_at(self, x: int) -> int:
        """Give the column that is seen at this place, -1 for none."""
        left = 0
        for column in self.columns():
            left += self._header().sectionSize(column)
            if 0 <= x < left:
                return column
        return self._header().logicalIndexAt(x)

    def placed(self, index: Index, room: QRect) -> QRect:
        """Give where a cell is seen that lies in `room` as far as Qt knows, for its editor."""
        if index.column() not in self.columns():
            return room
        return QRect(QPoint(self.left_of(index.column()), room.top()), room.size())

    def bring_to_sight(self, index: Index, scrolled: int) -> None:
        """Scroll on after Qt did: a cell may lie below those that stay, or be one of them."""
        columns, bar = self.columns(), self._grid.horizontalScrollBar()
        if index.column() in columns:
            bar.setValue(scrolled)
        elif columns:
            hidden = self.width() - self._header().sectionViewportPosition(index.column())
            if hidden > 0:
                bar.setValue(bar.value() - hidden)

    # Painting

    def _is_apart(self) -> bool:
        """Say whether they stand elsewhere than where they would without being frozen."""
        return bool(self._count and self._grid.horizontalScrollBar().value())

    @Slot()
    def _paint_again(self) -> None:
        self._grid.viewport().update()
        self._header().viewport().update()

    @Slot(int)
    def _follow(self, value: int) -> None:
        """Paint what scrolling moved along with the rest, where it was and where it went."""
        wide = self.width() + abs(value - self._offset) + 1
        self._offset = value
        for widget in (self._grid.viewport(), self._header().viewport()):
            widget.update(0, 0, wide, widget.height())
        if self._grid.state() == self._grid.State.EditingState:
            self._grid.updateEditorGeometries()

    def without(self, event: QPaintEvent, widget: QWidget) -> QPaintEvent:
        """Give the event for all that does not lie below the columns that stay."""
        if not self._is_apart():
            return event
        zone = QRegion(0, 0, self.width(), widget.height())
        return QPaintEvent(event.region().subtracted(zone))

    def paint_cells(self, event: QPaintEvent) -> None:
        """Paint the cells of the columns that stay, and the line at their right."""
        columns, wide = self.columns(), self.width()
        room = event.rect().intersected(QRect(0, 0, wide + 1, self._grid.viewport().height()))
        if not columns or room.isEmpty():
            return
        painter = QPainter(self._grid.viewport())
        if self._is_apart():
            painter.setClipRect(room)
            painter.fillRect(room, self._grid.palette().base())
            first = max(0, self._grid.rowAt(room.top()))
            self._paint_rows(painter, range(first, self._last_row(room) + 1), columns)
        painter.setClipping(False)
        end = self._last_row(QRect(0, 0, 1, self._grid.viewport().height()))
        bottom = self._grid.rowViewportPosition(end) + self._grid.rowHeight(end) if end >= 0 else 0
        painter.fillRect(wide - 1, 0, 1, bottom, QColor(theme().border_strong))
        painter.end()

    def _last_row(self, room: QRect) -> int:
        row = self._grid.rowAt(room.bottom())
        return row if row >= 0 else self._grid.model().rowCount() - 1

    def _paint_rows(self, painter: QPainter, rows: range, columns: list[int]) -> None:
        """Paint these rows as the grid does; flags of Qt are slow, so they are joined once."""
        grid, model, delegate = self._grid, self._grid.model(), self._grid.itemDelegate()
        option = QStyleOptionViewItem()
        grid.initViewItemOption(option)
        plain = option.state & ~(_STATES.State_Selected | _STATES.State_HasFocus)
        selected = plain | _STATES.State_Selected
        places = [(column, self.left_of(column), grid.columnWidth(column)) for column in columns]
        is_selected, current = grid.selectionModel().isSelected, grid.currentIndex()
        has_focus = grid.hasFocus()
        for row in rows:
            top, height = grid.rowViewportPosition(row), grid.rowHeight(row)
            for column, left, wide in places:
                index = model.index(row, column)
                option.rect = QRect(left, top, wide, height)
                option.state = selected if is_selected(index) else plain
                if has_focus and index == current:
                    option.state |= _STATES.State_HasFocus
                delegate.paint(painter, option, index)

    def paint_headings(self) -> None:
        """Paint the headings of the columns that stay."""
        header = self._header()
        columns = self.columns()
        if not columns:
            return
        painter = QPainter(header.viewport())
        if self._is_apart():
            for column in columns:
                room = QRect(self.left_of(column), 0, header.sectionSize(column), header.height())
                header.paintSection(painter, room, column)
        painter.fillRect(self.width() - 1, 0, 1, header.height(), QColor(theme().border_strong))
        painter.end()

    # The mouse

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Hand what happens over a column that stays to where Qt knows the column to be."""
        if self._is_handing or not isinstance(event, QMouseEvent) or event.type() not in _MOUSE:
            return False
        if not self._is_apart() or not isinstance(watched, QWidget):
            return False
        place = event.position()
        if not 0 <= place.x() < self.width() or not self._has_cells(watched, place):
            return False
        column = self.column_at(round(place.x() - 0.5))
        moved = self._header().sectionViewportPosition(column) - self.left_of(column)
        self._hand(watched, event, QPointF(place.x() + moved, place.y()))
        return True

    def _has_cells(self, watched: QWidget, place: QPointF) -> bool:
        if self.shows_cells is None or watched is not self._grid.viewport():
            return True
        return self.shows_cells(self._grid.rowAt(int(place.y())))

    def _hand(self, widget: QWidget, event: QMouseEvent, place: QPointF) -> None:
        handed = QMouseEvent(
            event.type(), place, event.scenePosition(), event.globalPosition(), event.button(),
            event.buttons(), event.modifiers(), event.pointingDevice(),
        )  # fmt: skip
        self._is_handing = True
        scrolls = self._grid.hasAutoScroll()
        self._grid.setAutoScroll(False)  # the place lies outside: it would scroll there
        try:
            QApplication.sendEvent(widget, handed)
        finally:
            self._is_handing = False
            self._grid.setAutoScroll(scrolls)
