"""The list that a field's type is chosen from: icon, name and one line about each."""

from __future__ import annotations

from PySide6.QtCore import (
    QT_TRANSLATE_NOOP,
    QCoreApplication,
    QModelIndex,
    QPersistentModelIndex,
    QRect,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QFontMetrics, QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QListWidget,
    QListWidgetItem,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)
from typing_extensions import override

from crm_desktop.domain.field_types import FIELD_TYPES, type_of
from crm_desktop.gui.icons import icon
from crm_desktop.gui.theme import caption_font, icon_size, theme, unit

NAME = Qt.ItemDataRole.UserRole
ABOUT = Qt.ItemDataRole.UserRole + 1

_ABOUT = {
    "text": QT_TRANSLATE_NOOP("type_list", "One line: a name, a code"),
    "textarea": QT_TRANSLATE_NOOP("type_list", "Several lines, such as notes"),
    "email": QT_TRANSLATE_NOOP("type_list", "An address to write to"),
    "phone": QT_TRANSLATE_NOOP("type_list", "A number that can be called"),
    "url": QT_TRANSLATE_NOOP("type_list", "The address of a page"),
    "number": QT_TRANSLATE_NOOP("type_list", "A count or a measure"),
    "currency": QT_TRANSLATE_NOOP("type_list", "An amount of money"),
    "percentage": QT_TRANSLATE_NOOP("type_list", "A share from 0 to 100"),
    "date": QT_TRANSLATE_NOOP("type_list", "A day"),
    "datetime": QT_TRANSLATE_NOOP("type_list", "A day and a time of day"),
    "boolean": QT_TRANSLATE_NOOP("type_list", "One of two answers"),
    "checkbox": QT_TRANSLATE_NOOP("type_list", "Ticked or not"),
    "select": QT_TRANSLATE_NOOP("type_list", "One of a list, folded away"),
    "radio": QT_TRANSLATE_NOOP("type_list", "One of a list, all in sight"),
    "multiselect": QT_TRANSLATE_NOOP("type_list", "Several of a list"),
    "reference": QT_TRANSLATE_NOOP("type_list", "A record of another object"),
    "lookup": QT_TRANSLATE_NOOP("type_list", "A person, or a record looked up"),
    "file": QT_TRANSLATE_NOOP("type_list", "Any file"),
    "image": QT_TRANSLATE_NOOP("type_list", "A picture"),
}


def about_type(name: str) -> str:
    """Return the line about a type; "" for one we do not know."""
    text = str(_ABOUT.get(name, ""))
    return QCoreApplication.translate("type_list", text) if text else ""


class TypeList(QListWidget):
    """Chooses one of the field types."""

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(self.tr("Type"))
        self.setItemDelegate(_TwoLines(self))
        self.setUniformItemSizes(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        for name, field_type in FIELD_TYPES.items():
            self._add(name, field_type.label, field_type.icon)
        widest = max(QFontMetrics(caption_font()).horizontalAdvance(about_type(n)) for n in _ABOUT)
        bar = self.style().pixelMetric(QStyle.PixelMetric.PM_ScrollBarExtent)
        self.setMinimumWidth(widest + icon_size() + 10 * unit() + bar)
        self.itemSelectionChanged.connect(self._tell)  # a click moves the current item first

    def _add(self, name: str, label: str, icon_name: str) -> QListWidgetItem:
        item = QListWidgetItem(icon(icon_name, "muted"), label, self)
        item.setData(NAME, name)
        item.setData(ABOUT, about_type(name))
        item.setData(Qt.ItemDataRole.AccessibleDescriptionRole, about_type(name))
        return item

    def type_name(self) -> str:
        chosen = self.selectedItems()
        return str(chosen[0].data(NAME)) if chosen else ""

    def choose(self, name: str) -> None:
        """Choose a type; one that we do not know is added, so that it is not lost."""
        for row in range(self.count()):
            if self.item(row).data(NAME) == name:
                self.setCurrentRow(row)
                return
        self.setCurrentItem(self._add(name, name, type_of(name).icon))

    def show_only(self, name: str) -> None:
        """Show nothing but this type: it is fixed."""
        self.choose(name)
        for row in range(self.count()):
            self.item(row).setHidden(self.item(row).data(NAME) != name)
        self.setFixedHeight(self.sizeHintForRow(self.currentRow()) + 2 * self.frameWidth())
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)

    def leave_out(self, name: str) -> None:
        """Offer every type but this one."""
        for row in range(self.count()):
            self.item(row).setHidden(self.item(row).data(NAME) == name)

    def _tell(self) -> None:
        if name := self.type_name():
            self.chosen.emit(name)


class _TwoLines(QStyledItemDelegate):
    """Paints a type: its icon, its name, and below in small what it is for."""

    @override
    def sizeHint(
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        lines = QFontMetrics(option.font).height() + QFontMetrics(caption_font()).height()
        return QSize(12 * unit(), lines + 3 * unit())

    @override
    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        tokens, u = theme(), unit()
        rect: QRect = option.rect
        state: QStyle.StateFlag = option.state
        is_chosen = bool(state & QStyle.StateFlag.State_Selected)
        painter.save()
        if is_chosen:
            painter.fillRect(rect, tokens.selection)
            painter.fillRect(
                QRect(rect.left(), rect.top(), max(2, u // 2), rect.height()), tokens.accent
            )
        size = icon_size()
        place = QRect(rect.left() + 3 * u, rect.top() + (rect.height() - size) // 2, size, size)
        index.data(Qt.ItemDataRole.DecorationRole).paint(painter, place)
        left = place.right() + 3 * u
        width = rect.right() - left - 2 * u
        font = option.font
        first, second = QFontMetrics(font), QFontMetrics(caption_font())
        top = rect.top() + (rect.height() - first.height() - second.height()) // 2
        painter.setFont(font)
        painter.setPen(tokens.selection_text if is_chosen else tokens.text)
        name = first.elidedText(str(index.data()), Qt.TextElideMode.ElideRight, width)
        painter.drawText(left, top + first.ascent(), name)
        painter.setFont(caption_font())
        painter.setPen(tokens.muted)
        about = second.elidedText(str(index.data(ABOUT)), Qt.TextElideMode.ElideRight, width)
        painter.drawText(left, top + first.height() + second.ascent(), about)
        painter.restore()
