"""Paints the rows of the layout editor's trees: headings, and fields as cards one can take."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from PySide6.QtCore import QEvent, QModelIndex, QPersistentModelIndex, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QHelpEvent, QPainter, QPen
from PySide6.QtWidgets import (
    QAbstractItemView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTreeView,
    QWidget,
)
from typing_extensions import override

from crm_desktop.gui.delegates import show_tip
from crm_desktop.gui.icons import Role, icon_pixmap
from crm_desktop.gui.theme import (
    body_font,
    icon_size,
    radius,
    row_height,
    small_font,
    strong_font,
    theme,
    unit,
)
from crm_desktop.gui.tokens import mix

Index = QModelIndex | QPersistentModelIndex
_OPEN, _SELECTED = QStyle.StateFlag.State_Open.value, QStyle.StateFlag.State_Selected.value
_FOCUSED = QStyle.StateFlag.State_HasFocus.value


class RowRole(IntEnum):
    ROW = Qt.ItemDataRole.UserRole + 120  # a Row
    FIELD = Qt.ItemDataRole.UserRole + 121  # the id of the field that the row shows, or ""


@dataclass(frozen=True, slots=True)
class Row:
    """What is painted: icon, label, and at the right marks (icons), a badge and a note."""

    icon: str
    label: str
    note: str = ""
    marks: tuple[str, ...] = ()
    badge: str = ""
    is_heading: bool = False
    is_muted: bool = False
    is_plain: bool = False  # no card around it


class RowDelegate(QStyledItemDelegate):
    """Keeps what is measured or drawn twice until font, theme or resolution change.

    The view calls `prepare` before each frame.
    """

    def __init__(self, view: QTreeView) -> None:
        super().__init__(view)
        self._view = view
        self._look: tuple[object, ...] = ()

    def prepare(self) -> None:
        ratio = self._view.devicePixelRatioF()
        look = (theme(), body_font().key(), ratio)
        if look == self._look:
            return
        self._look, self._ratio, self._unit, self._side = look, ratio, unit(), icon_size()
        tokens = theme()
        self._text, self._muted = QColor(tokens.text), QColor(tokens.muted)
        self._picked, self._accent = QColor(tokens.selection), QColor(tokens.accent)
        self._card, self._heading = QColor(tokens.surface), QColor(tokens.raised)
        self._line = QPen(QColor(tokens.border), 1)
        self._ring, self._edge = QPen(self._accent, 2), QPen(self._accent, 1)
        self._fresh = QColor(mix(tokens.success, tokens.surface, 0.16))
        self._success = QColor(tokens.success)
        self._fonts = (body_font(), strong_font(), small_font())
        self._metrics = tuple(QFontMetricsF(font) for font in self._fonts)
        self._texts: dict[tuple[str, int, int], tuple[str, int]] = {}
        self._height = row_height() + self._unit

    @override
    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        self.prepare()
        return QSize(0, self._height)

    @override
    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        row: Row = index.data(RowRole.ROW)
        rect, state = option.rect, option.state.value
        indent = 0 if row.is_heading else self._side if not row.is_plain else self._side // 2
        half = self._unit // 2
        box = rect.adjusted(indent, half, -self._unit, half - self._unit)
        self._paint_box(painter, box, row, state)
        left, right = box.left() + self._unit, box.right() - 2 * self._unit
        if row.is_heading:
            self._draw_icon(
                painter, "chevron-down" if state & _OPEN else "chevron-right", left, box
            )
        else:
            self._draw_icon(painter, "grip-vertical", left, box)
        left += self._side + self._unit
        if row.icon:
            self._draw_icon(painter, row.icon, left, box, is_muted=row.is_muted)
            left += self._side + self._unit * 3 // 2
        right = self._paint_right(painter, row, box, right)
        pen = self._muted if row.is_muted else self._text
        self._draw_text(painter, row.label, int(row.is_heading), left, right, box, pen)

    def _paint_box(self, painter: QPainter, box: QRect, row: Row, state: int) -> None:
        is_picked = bool(state & _SELECTED)
        has_ring = bool(state & _FOCUSED)
        if row.is_plain and not (is_picked or has_ring):
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(self._ring if has_ring else self._edge if is_picked else self._line)
        fill = self._heading if row.is_heading else self._card
        painter.setBrush(self._picked if is_picked else fill)
        painter.drawRoundedRect(QRectF(box).adjusted(0.5, 0.5, -0.5, -0.5), radius(), radius())

    def _paint_right(self, painter: QPainter, row: Row, box: QRect, right: int) -> int:
        """Paint from the right edge leftwards; returns where the room for the label ends."""
        if row.note:
            shown, wide = self._fit(row.note, 2, self._room_of_note(row, box))
            if shown == row.note or wide > 2 * self._side:  # less is a letter and dots
                right -= wide
                self._put(painter, shown, 2, right, box, self._muted)
                right -= 2 * self._unit
        if row.badge:
            shown, wide = self._fit(row.badge, 2, box.width())
            right -= wide + self._unit
            place = QRectF(right - self._unit, box.top() + self._unit, wide + 2 * self._unit,
                           box.height() - 2 * self._unit)  # fmt: skip
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self._fresh)
            painter.drawRoundedRect(place, radius(), radius())
            self._put(painter, shown, 2, right, box, self._success)
            right -= 3 * self._unit
        for mark in row.marks:
            right -= self._side
            self._draw_icon(painter, mark, right, box)
            right -= self._unit
        return right

    def _room_of_note(self, row: Row, box: QRect) -> int:
        """Return how wide a note may be: a label of usual length comes first."""
        _, label = self._fit(row.label, int(row.is_heading), box.width())
        room = box.width() - (3 if row.is_heading else 5) * self._side
        return max(0, room - min(label, room * 3 // 4))

    def _draw_icon(
        self, painter: QPainter, name: str, left: int, box: QRect, *, is_muted: bool = True
    ) -> None:
        role: Role = "muted" if is_muted else "text"
        side = round(self._side * 0.9)
        pixmap = icon_pixmap(name, role, side, self._ratio)
        painter.drawPixmap(left, box.top() + (box.height() - side) // 2, pixmap)

    def _draw_text(
        self,
        painter: QPainter,
        text: str,
        font: int,
        left: int,
        right: int,
        box: QRect,
        pen: QColor,
    ) -> None:
        shown, _ = self._fit(text, font, max(0, right - left))
        self._put(painter, shown, font, left, box, pen)

    def _put(
        self, painter: QPainter, text: str, font: int, left: int, box: QRect, pen: QColor
    ) -> None:
        metrics = self._metrics[font]
        painter.setFont(self._fonts[font])
        painter.setPen(pen)
        baseline = box.top() + box.height() / 2 + metrics.ascent() - metrics.height() / 2
        painter.drawText(left, round(baseline), text)

    def _fit(self, text: str, font: int, room: int) -> tuple[str, int]:
        known = self._texts.get((text, font, room))
        if known is None:
            metrics = self._metrics[font]
            line = " ".join(text[:500].split())
            shown = metrics.elidedText(line, Qt.TextElideMode.ElideRight, room)
            known = shown, round(metrics.horizontalAdvance(shown))
            self._texts[text, font, room] = known
        return known

    @override
    def helpEvent(
        self,
        event: QHelpEvent,
        view: QAbstractItemView,
        option: QStyleOptionViewItem,
        index: Index,
    ) -> bool:
        """Show the model's tip as it stands: markup in somebody's label stays text."""
        if event.type() != QEvent.Type.ToolTip or not index.isValid():
            return super().helpEvent(event, view, option, index)
        show_tip(event, view, index.data(Qt.ItemDataRole.ToolTipRole))
        return True

    # Editing in place

    @override
    def createEditor(self, parent: QWidget, option: QStyleOptionViewItem, index: Index) -> QWidget:
        editor = super().createEditor(parent, option, index)
        row: Row = index.data(RowRole.ROW)
        editor.setAccessibleName(row.label)
        return editor

    @override
    def updateEditorGeometry(
        self, editor: QWidget, option: QStyleOptionViewItem, index: Index
    ) -> None:
        rect = option.rect
        heading = index.data(RowRole.ROW).is_heading
        left = rect.left() + (self._side + self._unit) * (1 if heading else 3)
        editor.setGeometry(left, rect.top(), rect.right() - left - self._unit, rect.height())
