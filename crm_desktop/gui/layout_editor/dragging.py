"""Drags of the layout editor: what hangs at the cursor, and the line where it would fall."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QLine, QMimeData, QObject, QPoint, QPointF, QRect, QRectF, Qt, QTimer
from PySide6.QtGui import QColor, QDrag, QFontMetricsF, QPainter, QPen, QPixmap
from PySide6.QtWidgets import QAbstractItemView, QWidget

from crm_desktop.gui.icons import icon_pixmap
from crm_desktop.gui.theme import (
    body_font,
    caption_font,
    icon_size,
    line_height,
    radius,
    row_height,
    theme,
    unit,
)

MOST_LETTERS = 40
TICK = 25  # milliseconds between two steps of scrolling at an edge
MOST_ROWS = 4  # in one step


def start_drag(
    source: QWidget, mime: QMimeData, labels: Sequence[str], icon_name: str
) -> Qt.DropAction:
    """Let the user drag, and return what became of it; Escape makes it nothing.

    Qt runs a loop of its own until the button is released: there is no other way to drag.
    """
    drag = QDrag(source)
    drag.setMimeData(mime)
    drag.setPixmap(ghost(labels, icon_name, source.devicePixelRatioF()))
    drag.setHotSpot(QPoint(2 * unit(), unit()))
    both = Qt.DropAction.MoveAction | Qt.DropAction.CopyAction
    return drag.exec(both, Qt.DropAction.MoveAction)


def ghost(labels: Sequence[str], icon_name: str, ratio: float) -> QPixmap:
    """Draw the first of what is dragged as a card, with a badge that counts all of it."""
    first = labels[0] if labels else ""
    first = first if len(first) <= MOST_LETTERS else f"{first[: MOST_LETTERS - 1]}…"
    text = first if len(labels) < 2 else f"{first}, +{len(labels) - 1}"
    metrics, tokens, side = QFontMetricsF(body_font()), theme(), icon_size()
    wide, high = round(metrics.horizontalAdvance(text)) + side + 7 * unit(), row_height()
    badge = round(line_height() * 1.2)
    stack = min(len(labels) - 1, 2) * unit() // 2
    pixmap = QPixmap(round((wide + badge) * ratio), round((high + badge) * ratio))
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(QColor(tokens.accent), 1))
    painter.setBrush(QColor(tokens.surface))
    top = badge // 2
    for step in range(stack, -1, -max(1, unit() // 2)):
        painter.drawRoundedRect(
            QRectF(0.5 + step, top + 0.5 + step, wide, high), radius(), radius()
        )
    picture = icon_pixmap(icon_name, "text", side, ratio)
    painter.drawPixmap(2 * unit(), top + (high - side) // 2, picture)
    painter.setPen(QColor(tokens.text))
    painter.setFont(body_font())
    line = QRectF(side + 4 * unit(), top, wide, high)
    painter.drawText(line, Qt.AlignmentFlag.AlignVCenter, text)
    if len(labels) > 1:
        _draw_badge(painter, str(len(labels)), QPointF(wide, top + unit() / 2), badge)
    painter.end()
    return pixmap


def _draw_badge(painter: QPainter, text: str, middle: QPointF, side: int) -> None:
    tokens = theme()
    place = QRectF(0, 0, side, side)
    place.moveCenter(middle)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(tokens.accent))
    painter.drawRoundedRect(place, side / 2, side / 2)
    painter.setFont(caption_font())
    painter.setPen(QColor(tokens.accent_text))
    painter.drawText(place, Qt.AlignmentFlag.AlignCenter, text)


def paint_insertion(painter: QPainter, line: QLine) -> None:
    """Paint the line where a drop falls, with a ring at either end."""
    tokens, thick = theme(), max(2.0, line_height() * 0.2)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    ring = QRectF(0, 0, thick * 2.6, thick * 2.6)
    accent = QColor(tokens.accent)
    painter.setPen(QPen(accent, thick, c=Qt.PenCapStyle.FlatCap))
    painter.drawLine(line)
    painter.setBrush(QColor(tokens.surface))
    painter.setPen(QPen(accent, max(1.5, thick * 0.6)))
    for end in (line.p1(), line.p2()):
        ring.moveCenter(QPointF(end))
        painter.drawEllipse(ring)


def paint_veil(painter: QPainter, place: QRect, icon_name: str, text: str) -> None:
    """Cover a pane with what a drop there does."""
    tokens = theme()
    veil = QColor(tokens.window)
    veil.setAlphaF(0.88)
    painter.fillRect(place, veil)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(QColor(tokens.accent), 2, s=Qt.PenStyle.DashLine))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    inner = place.adjusted(2, 2, -3, -3)
    painter.drawRoundedRect(inner, radius(), radius())
    side = icon_size()
    middle = inner.center()
    picture = icon_pixmap(icon_name, "accent", side, painter.device().devicePixelRatio())
    painter.drawPixmap(middle.x() - side // 2, middle.y() - 2 * side, picture)
    painter.setPen(QColor(tokens.text))
    painter.setFont(body_font())
    words = QRect(
        inner.left() + unit(), middle.y() - side // 2, inner.width() - 2 * unit(), 4 * side
    )
    flags = Qt.AlignmentFlag.AlignHCenter | Qt.TextFlag.TextWordWrap
    painter.drawText(words, flags, text)


class EdgeScrolling(QObject):
    """Scrolls a view while something is held near its upper or lower edge, faster with time."""

    def __init__(self, view: QAbstractItemView) -> None:
        super().__init__(view)
        self._view, self._way, self._ticks = view, 0, 0
        self._timer = QTimer(self, interval=TICK)
        self._timer.timeout.connect(self._scroll)

    def look(self, cursor: QPoint) -> None:
        """Begin, go on or stop, as the cursor (in the viewport) is near an edge or not."""
        margin = row_height()
        is_low = cursor.y() > self._view.viewport().height() - margin
        way = 1 if is_low else -1 if cursor.y() < margin else 0
        if way == 0:
            self.stop()
        elif way != self._way:
            self._way, self._ticks = way, 0
            self._timer.start()

    def stop(self) -> None:
        self._way = 0
        self._timer.stop()

    def _scroll(self) -> None:
        self._ticks += 1
        speed = min(MOST_ROWS, 0.2 + self._ticks * 0.05)
        bar = self._view.verticalScrollBar()
        bar.setValue(bar.value() + round(self._way * speed * row_height()))
