"""Paints the headings of groups across a whole grid, each cell its own share of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, TypeAlias

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen
from PySide6.QtWidgets import QStyleOptionViewItem

from crm_desktop.gui.chips import ChipPainter
from crm_desktop.gui.delegates import CellKind, heading_fill
from crm_desktop.gui.icons import icon_pixmap
from crm_desktop.gui.theme import body_font, number_font, scale, small_font, theme

if TYPE_CHECKING:
    from crm_desktop.gui.models.group_headings import Heading
    from crm_desktop.gui.models.records import RecordTableModel
    from crm_desktop.gui.widgets.grid import GridView

Index: TypeAlias = QModelIndex | QPersistentModelIndex
_LABEL_LINES = 8  # times the height of a line: what a label gets before a sum gives way


class HeadingPainter:
    """What a heading says begins at the left edge, wherever the columns have been scrolled to."""

    def __init__(self, grid: GridView, model: RecordTableModel) -> None:
        self._grid, self._model = grid, model
        self._look: tuple[object, ...] = ()

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> bool:
        """Paint a cell's share; False where the row is not a heading."""
        if self._model.groups.plan is None:
            return False
        row = index.row()
        heading = self._model.groups.heading_at(row)
        if heading is None:
            return False
        cell = option.rect
        whole = QRect(0, cell.top(), self._grid.viewport().width(), cell.height())
        painter.save()
        painter.setClipRect(cell)
        is_current = self._grid.currentIndex().row() == row
        self.paint_row(painter, whole, row, heading, is_selected=is_current)
        if is_current and self._grid.hasFocus():
            painter.setPen(QPen(QColor(theme().accent), 2))
            painter.drawRect(whole.adjusted(1, 1, -1, -1))
        painter.restore()
        return True

    def paint_row(
        self, painter: QPainter, whole: QRect, row: int, heading: Heading, *, is_selected: bool
    ) -> None:
        """Paint a heading over the width of the viewport."""
        self._prepare()
        tokens = theme()
        painter.fillRect(whole, QColor(tokens.selection if is_selected else heading_fill()))
        line = QRect(whole.left(), whole.bottom(), whole.width(), 1)
        painter.fillRect(line, QColor(tokens.border))
        side = self._side
        name = "chevron-right" if self._model.groups.is_folded(row) else "chevron-down"
        ratio = self._grid.devicePixelRatioF()
        pixmap = icon_pixmap(name, "muted", side, ratio)
        middle = whole.center().y()  # as that of chips in cells
        painter.drawPixmap(whole.left() + self._pad, middle - side // 2, pixmap)
        left = whole.left() + self._pad + side + self._pad
        end = self._paint_sums(painter, whole, heading, left)
        room = QRect(left, whole.top(), end - left + 1, whole.height() - 1)
        self._paint_label(painter, room, heading, is_selected=is_selected)

    @property
    def chevron_width(self) -> int:
        """Up to where a click folds and unfolds."""
        self._prepare()
        return self._side + 2 * self._pad

    def _prepare(self) -> None:
        ratio = self._grid.devicePixelRatioF()
        look = (theme(), body_font().key(), ratio)
        if look == self._look:
            return
        self._look = look
        sizes = scale()
        self._pad, self._side = 2 * sizes.unit, round(sizes.line * 0.9)
        self._most = _LABEL_LINES * sizes.line
        self._strong, self._figures = body_font(), number_font()
        self._strong.setWeight(QFont.Weight.DemiBold)
        self._figures.setWeight(QFont.Weight.Medium)
        self._small = small_font()
        self._chips = ChipPainter(theme(), sizes, ratio)

    def _natural_width(self, heading: Heading) -> float:
        wide = QFontMetricsF(self._small).horizontalAdvance(heading.count) + self._pad
        if heading.chips:
            return wide + sum(
                self._chips.width(chip[0]) + self._chips.gap for chip in heading.chips
            )
        return wide + QFontMetricsF(self._strong).horizontalAdvance(heading.label)

    def _paint_sums(self, painter: QPainter, whole: QRect, heading: Heading, left: int) -> int:
        """Paint what stands under columns; return where the label must end.

        Numbers are not cut: they begin further left where their column is too narrow.
        """
        taken = left + round(min(self._natural_width(heading), self._most))
        end = whole.right() - self._pad
        metrics = QFontMetricsF(self._figures)
        painter.setFont(self._figures)
        painter.setPen(QColor(theme().text))
        for room, text, is_number in self._sums(whole, heading):
            wide = round(metrics.horizontalAdvance(text)) + 1
            begins = room.right() - wide + 2 if is_number else room.left()
            if begins < taken:
                continue  # the label matters more
            place = QRect(begins, room.top(), wide if is_number else room.width(), room.height())
            shown = metrics.elidedText(text, Qt.TextElideMode.ElideRight, place.width())
            painter.drawText(place, Qt.AlignmentFlag.AlignVCenter, shown)
            end = min(end, begins - self._pad)
            taken = place.right() + self._pad
        return end

    def _sums(self, whole: QRect, heading: Heading) -> Iterator[tuple[QRect, str, bool]]:
        """Give the texts under columns from left to right, with their room."""
        header, columns = self._grid.horizontalHeader(), self._model.columns
        frozen, zone = self._grid.frozen.columns(), self._grid.frozen.width()
        for place in range(header.count()):
            column = header.logicalIndex(place)
            text = heading.sums.get(columns[column].id, "")
            if text and not header.isSectionHidden(column):
                start = whole.left() + self._grid.frozen.left_of(column) + self._pad
                if start < whole.left() + zone and column not in frozen:
                    continue  # the column has been scrolled out of sight
                wide = header.sectionSize(column) - 2 * self._pad
                is_number = self._grid.delegate.kind(column) == CellKind.NUMBER
                yield QRect(start, whole.top(), wide, whole.height() - 1), text, is_number

    def _paint_label(
        self, painter: QPainter, room: QRect, heading: Heading, *, is_selected: bool
    ) -> None:
        tokens = theme()
        count_width = round(QFontMetricsF(self._small).horizontalAdvance(heading.count))
        x, end = room.left(), room.right() - count_width - self._pad
        if heading.chips:
            for chip in heading.chips:
                if x >= end:
                    break
                pixmap = self._chips.pixmap(chip, end - x, outlined=is_selected)
                painter.drawPixmap(x, room.center().y() - self._chips.height // 2, pixmap)
                x += round(pixmap.deviceIndependentSize().width()) + self._chips.gap
            x -= self._chips.gap
        else:
            metrics = QFontMetricsF(self._strong)
            text = metrics.elidedText(heading.label, Qt.TextElideMode.ElideRight, end - x)
            painter.setFont(self._strong if heading.has_value else body_font())
            painter.setPen(QColor(tokens.text if heading.has_value else tokens.muted))
            place = QRect(x, room.top(), end - x + 1, room.height())
            painter.drawText(
                place, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, text
            )
            x += round(metrics.horizontalAdvance(text))
        painter.setFont(self._small)
        painter.setPen(QColor(tokens.muted))
        place = QRect(x + self._pad, room.top(), count_width + 1, room.height())
        side = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        painter.drawText(place, side, heading.count)
