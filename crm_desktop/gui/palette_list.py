"""The list inside the command palette: its entries, their order, and how they are painted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QSize,
    Qt,
)
from PySide6.QtGui import QColor, QFontMetricsF, QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem
from typing_extensions import override

from crm_desktop.gui.fuzzy import fit
from crm_desktop.gui.icons import object_icon
from crm_desktop.gui.theme import body_font, icon_size, radius, row_height, small_font, theme, unit

Index = QModelIndex | QPersistentModelIndex
DISPLAY = int(Qt.ItemDataRole.DisplayRole)
ACCESSIBLE = int(Qt.ItemDataRole.AccessibleTextRole)


@dataclass(frozen=True, slots=True)
class Entry:
    """Something that can be chosen; `icon` is as in `objects.icon`."""

    kind: str
    title: str
    detail: str
    icon: str
    run: Callable[[], Any]
    shortcut: str = ""

    def score(self, words: str) -> int | None:
        """Return how well the words fit; objects come before fields of the same fit."""
        score = fit(words, self.title)
        if score is None:
            return None
        return score + {"object": 4, "command": 2}.get(self.kind, 0)


class EntryModel(QAbstractListModel):
    """Entries in the order they are given."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.entries: list[Entry] = []

    @override
    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own default
        return 0 if parent.isValid() else len(self.entries)

    @override
    def data(self, index: Index, role: int = DISPLAY) -> str | None:
        if not index.isValid():
            return None
        entry = self.entries[index.row()]
        if role == DISPLAY:
            return entry.title
        if role == ACCESSIBLE:
            return ", ".join(part for part in (entry.title, entry.detail, entry.shortcut) if part)
        return None

    def show_entries(self, entries: Sequence[Entry]) -> None:
        self.beginResetModel()
        self.entries = list(entries)
        self.endResetModel()

    def entry_at(self, index: Index) -> Entry | None:
        return self.entries[index.row()] if index.isValid() else None


class EntryDelegate(QStyledItemDelegate):
    """Icon, title, what it is, and at the right its shortcut."""

    @override
    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(10 * unit(), row_height())

    @override
    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        model = index.model()
        entry = model.entry_at(index) if isinstance(model, EntryModel) else None
        if entry is None:
            return
        colors, box, size = theme(), option.rect, icon_size()
        is_current = bool(option.state & QStyle.StateFlag.State_Selected)
        painter.save()
        if is_current:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(colors.selection))
            painter.drawRoundedRect(box, radius(), radius())
        left, top = box.left() + 2 * unit(), box.center().y() - size // 2
        object_icon(entry.icon, "muted").paint(painter, left, top, size, size)
        self._paint_words(painter, option, entry, left + size + 2 * unit())
        painter.restore()

    def _paint_words(
        self, painter: QPainter, option: QStyleOptionViewItem, entry: Entry, left: int
    ) -> None:
        colors, middle = theme(), Qt.AlignmentFlag.AlignVCenter
        small = small_font()
        keys = round(QFontMetricsF(small).horizontalAdvance(entry.shortcut)) + 2 * unit()
        detail = round(QFontMetricsF(small).horizontalAdvance(entry.detail)) + 4 * unit()
        room = option.rect.adjusted(0, 0, -2 * unit() - keys, 0)
        room.setLeft(left)
        painter.setFont(body_font())
        painter.setPen(QColor(colors.text))
        metrics = QFontMetricsF(painter.font())
        title = metrics.elidedText(
            entry.title, Qt.TextElideMode.ElideRight, max(0, room.width() - detail)
        )
        painter.drawText(room, middle, title)
        room.setLeft(left + round(metrics.horizontalAdvance(title)) + 2 * unit())
        painter.setFont(small)
        painter.setPen(QColor(colors.muted))
        painter.drawText(room, middle, entry.detail)
        end = option.rect.adjusted(0, 0, -2 * unit(), 0)
        painter.drawText(end, middle | Qt.AlignmentFlag.AlignRight, entry.shortcut)
