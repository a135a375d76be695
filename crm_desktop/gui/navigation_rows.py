"""Paints a row of the tree at the left: icon, name, and how many records there are."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem
from typing_extensions import override

from crm_desktop.gui.theme import number_font, row_height, theme, unit

Index = QModelIndex | QPersistentModelIndex


class NavigationRows(QStyledItemDelegate):
    """Shows what a row has in the role `count` at its right, in digits of one width."""

    def __init__(self, count: int, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._count = count

    @override
    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(super().sizeHint(option, index).width(), row_height())

    @override
    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        count = index.data(self._count)
        shown = "" if count is None else f"{count:,}"
        font = number_font()
        width = round(QFontMetricsF(font).horizontalAdvance(shown)) + 2 * unit() if shown else 0
        own = QStyleOptionViewItem(option)
        flag = QStyle.StateFlag  # an open branch would draw its icon as switched on
        own.state &= ~(flag.State_Selected | flag.State_HasFocus | flag.State_Open)
        own.rect = option.rect.adjusted(0, 0, -width, 0)
        super().paint(painter, own, index)
        if shown:
            painter.save()
            painter.setFont(font)
            painter.setPen(QColor(theme().muted))
            place = option.rect.adjusted(0, 0, -unit(), 0)
            flags = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            painter.drawText(place, flags, shown)
            painter.restore()
