"""Draws choices as chips: a dot and a tint of the customer's colour, the label as text."""

from __future__ import annotations

from typing import TypeAlias

from PySide6.QtCore import QPointF, QRectF, QSize, QSizeF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen, QPixmap

from crm_desktop.gui.theme import small_font
from crm_desktop.gui.tokens import Scale, Tokens, choice_color, mix

Chip: TypeAlias = tuple[str, str | None]  # label, colour as the option holds it

_KEPT = 1000
_LONGEST = 200  # letters; no chip is wide enough for more


class ChipPainter:
    """Keeps the pictures of chips for one font, theme and resolution."""

    def __init__(self, tokens: Tokens, scale: Scale, ratio: float) -> None:
        self._tokens, self._scale, self._ratio = tokens, scale, ratio
        self._font = QFont(small_font())
        self._font.setWeight(QFont.Weight.Medium)
        self._metrics = QFontMetricsF(self._font)
        self._pixmaps: dict[tuple[str, str | None, bool, int], QPixmap] = {}
        self._widths: dict[str, int] = {}
        self.height = round(scale.line * 1.32)
        self.gap = scale.unit

    def width(self, label: str) -> int:
        """Give the width of a chip in logical pixels."""
        known = self._widths.get(label)
        if known is None:
            text = self._metrics.horizontalAdvance(_one_line(label))
            known = self._widths[label] = round(text + self._text_left() + 2 * self._scale.unit)
        return known

    def _text_left(self) -> float:
        return self._scale.line * 1.1

    def pixmap(self, chip: Chip, room: int, *, outlined: bool) -> QPixmap:
        """Give the chip's picture, at most `room` logical pixels wide."""
        label, color = chip
        width = min(self.width(label), max(room, self.height))
        key = (label, color, outlined, width)
        known = self._pixmaps.get(key)
        if known is None:
            if len(self._pixmaps) > _KEPT:
                self._pixmaps.clear()
                self._widths.clear()
            known = self._pixmaps[key] = self._draw(label, color, width, outlined=outlined)
        return known

    def _draw(self, label: str, color: str | None, width: int, *, outlined: bool) -> QPixmap:
        pixels = (QSizeF(width, self.height) * self._ratio).toSize()
        pixmap = QPixmap(pixels.expandedTo(QSize(1, 1)))
        pixmap.setDevicePixelRatio(self._ratio)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        shown = choice_color(color, self._tokens)
        self._draw_pill(painter, shown, QRectF(0, 0, width, self.height), outlined=outlined)
        dot = self._scale.line * 0.21
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(shown))
        painter.drawEllipse(QPointF(self._scale.line * 0.65, self.height / 2), dot, dot)
        self._draw_label(painter, label, width)
        painter.end()
        return pixmap

    def _draw_pill(self, painter: QPainter, color: str, box: QRectF, *, outlined: bool) -> None:
        tokens = self._tokens
        painter.setPen(Qt.PenStyle.NoPen)
        if outlined:
            painter.setPen(QPen(QColor(mix(color, tokens.muted, 0.4)), 1))
        painter.setBrush(QColor(mix(color, tokens.surface, tokens.choice_tint)))
        round_ = box.height() / 2
        painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), round_, round_)

    def _draw_label(self, painter: QPainter, label: str, width: int) -> None:
        left = self._text_left()
        room = width - left - 2 * self._scale.unit + 1
        text = self._metrics.elidedText(_one_line(label), Qt.TextElideMode.ElideRight, room)
        middle = (self.height - self._metrics.height()) / 2 + self._metrics.ascent()
        painter.setFont(self._font)
        painter.setPen(QColor(self._tokens.text))
        painter.drawText(QPointF(left, middle), text)


def _one_line(label: str) -> str:
    return " ".join(label[:_LONGEST].split())


def check_pixmap(
    tokens: Tokens, scale: Scale, ratio: float, *, checked: bool, on_selection: bool = False
) -> QPixmap:
    """Draw the box of a yes-or-no cell, as the style sheet draws a check box."""
    border = tokens.muted if on_selection else tokens.border_strong  # else too faint in dark
    side = round(scale.line * 0.875) + 2
    pixmap = QPixmap((QSizeF(side, side) * ratio).toSize())
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(QColor(tokens.accent if checked else border), 1))
    painter.setBrush(QColor(tokens.accent if checked else tokens.surface))
    corner = max(2, scale.unit - 1)
    painter.drawRoundedRect(QRectF(0.5, 0.5, side - 1, side - 1), corner, corner)
    if checked:
        step = (side - 4) / 24  # the strokes of Lucide's "check", heavier
        points = [QPointF(2 + x * step, 2 + y * step) for x, y in ((20, 6), (9, 17), (4, 12))]
        pen = QPen(QColor(tokens.accent_text), 3.2 * step)
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        painter.setPen(pen)
        painter.drawPolyline(points)
    painter.end()
    return pixmap
