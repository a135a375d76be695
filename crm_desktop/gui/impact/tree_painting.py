"""How the rows of the delete tree look: as high as those of a grid, with air in their cells."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QSize
from PySide6.QtGui import QIcon, QPainter
from PySide6.QtWidgets import (
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
)
from typing_extensions import override

from crm_desktop.gui.theme import row_height, unit

Index = QModelIndex | QPersistentModelIndex


class ImpactDelegate(QStyledItemDelegate):
    """Cells with room at both sides; the tint of a selected row has no gaps."""

    @override
    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(super().sizeHint(option, index).width() + 4 * unit(), row_height())

    @override
    def initStyleOption(self, option: QStyleOptionViewItem, index: Index) -> None:
        super().initStyleOption(option, index)
        option.state &= ~QStyle.StateFlag.State_Open  # icons of what is open look switched on

    @override
    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        ground = QStyleOptionViewItem(option)
        self.initStyleOption(ground, index)
        ground.text, ground.icon = "", QIcon()
        style = option.widget.style()
        style.drawControl(QStyle.ControlElement.CE_ItemViewItem, ground, painter, option.widget)
        left = 0 if index.column() == 0 else 2 * unit()
        inner = QStyleOptionViewItem(option)
        inner.rect = option.rect.adjusted(left, 0, -2 * unit(), 0)
        super().paint(painter, inner, index)
