"""Draws icons by name in the colours of the theme, and whatever stands in `objects.icon`."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal

from PySide6.QtCore import QByteArray, QPoint, QRect, QRectF, QSize, Qt
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetricsF,
    QGuiApplication,
    QIcon,
    QIconEngine,
    QPainter,
    QPixmap,
    QPixmapCache,
    QTextLayout,
)
from PySide6.QtSvg import QSvgRenderer
from typing_extensions import override

from crm_desktop.gui.glyphs import NEUTRAL, find_glyph, lucide_name, tinted_svg
from crm_desktop.gui.theme import theme
from crm_desktop.gui.tokens import Tokens

Role = Literal["text", "muted", "accent", "danger", "warning", "success", "accent_text"]


_BASE = (
    "[\U0001f000-\U0001f1e5\U0001f200-\U0001f3fa\U0001f400-\U0001faff"
    "\u203c\u2049\u2122\u2139\u2194-\u21aa\u231a-\u23ff\u24c2\u25aa-\u27bf"
    "\u2934\u2935\u2b05-\u2b55\u3030\u303d\u3297\u3299\u00a9\u00ae]"
)
_PICTURE = f"{_BASE}\ufe0f?[\U0001f3fb-\U0001f3ff]?"
EMOJI = re.compile(
    "[\U0001f1e6-\U0001f1ff]{2}"  # a flag is two regional letters
    "|[0-9#*]\ufe0f?\u20e3"  # a keycap
    f"|{_BASE}[\U000e0020-\U000e007e]+\U000e007f"  # a flag of a part of a country
    f"|{_PICTURE}(?:\u200d{_PICTURE}){{0,7}}"  # a sequence joined to one picture
)


def icon(name: str, role: Role = "text") -> QIcon:
    """Give a Lucide icon by name; it recolours itself when the theme changes.

    A name that does not exist gives the neutral icon: an icon is never worth a crash.
    """
    found = find_glyph(name)
    return QIcon(_LucideEngine(found or NEUTRAL, role))


def object_icon(value: str | None, role: Role = "text") -> QIcon:
    """Draw what `objects.icon` holds: an emoji, a Lucide name however spelled, or anything else."""
    text = (value or "").strip()
    emoji = EMOJI.match(text)
    if emoji and _can_draw(emoji.group()):
        return QIcon(_EmojiEngine(emoji.group()))
    return QIcon(_LucideEngine(lucide_name(text) or NEUTRAL, role))


def icon_pixmap(
    name: str, role: Role, size: int, ratio: float, tokens: Tokens | None = None
) -> QPixmap:
    """Give an icon as a picture of `size` logical pixels, for delegates that keep it.

    In the colours of the program's theme unless others are given.
    """
    color = color_of(role, tokens or theme())
    pixmap = _svg_pixmap(find_glyph(name) or NEUTRAL, color, round(size * ratio))
    pixmap.setDevicePixelRatio(ratio)
    return pixmap


def color_of(role: Role, tokens: Tokens) -> str:
    color = getattr(tokens, role)
    return str(color)


def _svg_pixmap(name: str, color: str, pixels: int) -> QPixmap:
    key = f"crm-icon {name} {color} {pixels}"
    cached = QPixmap()
    if QPixmapCache.find(key, cached):
        return cached
    pixmap = _blank(QSize(pixels, pixels))
    renderer = QSvgRenderer(QByteArray(tinted_svg(name, color).encode()))
    painter = QPainter(pixmap)
    renderer.render(painter, QRectF(0, 0, pixels, pixels))
    painter.end()
    QPixmapCache.insert(key, pixmap)
    return pixmap


def _blank(size: QSize) -> QPixmap:
    pixmap = QPixmap(size.expandedTo(QSize(1, 1)))
    pixmap.fill(Qt.GlobalColor.transparent)
    return pixmap


def _square(rect: QRect) -> QRect:
    side = min(rect.width(), rect.height())
    left = rect.left() + (rect.width() - side) // 2
    return QRect(left, rect.top() + (rect.height() - side) // 2, side, side)


_clones: list[QIconEngine] = []  # PySide would delete a clone that Python forgets; Qt rarely asks


class _LucideEngine(QIconEngine):
    """One icon and what it stands for; the colour is looked up when it is painted."""

    def __init__(self, name: str, role: Role) -> None:
        super().__init__()
        self._name, self._role = name, role

    @override
    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        ratio = painter.deviceTransform().m11()  # the device itself is slow to ask for
        target = _square(rect)
        color = self._color(mode, state)
        pixmap = _svg_pixmap(self._name, color, round(target.width() * ratio))
        painter.drawPixmap(target, pixmap)

    def _color(self, mode: QIcon.Mode, state: QIcon.State) -> str:
        tokens = theme()
        if mode == QIcon.Mode.Disabled:
            return tokens.disabled
        if state == QIcon.State.On and self._role in {"text", "muted"}:
            return tokens.accent
        return color_of(self._role, tokens)

    @override
    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        return _painted(self, size, mode, state)

    @override
    def clone(self) -> QIconEngine:
        _clones.append(_LucideEngine(self._name, self._role))
        return _clones[-1]


class _EmojiEngine(QIconEngine):
    """One emoji, drawn as text as large as the icon."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self._text = text

    @override
    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        target = _square(rect)
        painter.save()
        font = QFont(QGuiApplication.font())
        font.setPixelSize(max(1, target.height()))
        widest = QFontMetricsF(font).horizontalAdvance(self._text)
        if widest > target.width():
            font.setPixelSize(max(1, int(target.height() * target.width() / widest)))
        painter.setFont(font)
        painter.setPen(QColor(theme().text))
        painter.setOpacity(0.5 if mode == QIcon.Mode.Disabled else 1.0)
        painter.drawText(target, Qt.AlignmentFlag.AlignCenter, self._text)
        painter.restore()

    @override
    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        return _painted(self, size, mode, state)

    @override
    def clone(self) -> QIconEngine:
        _clones.append(_EmojiEngine(self._text))
        return _clones[-1]


def _painted(engine: QIconEngine, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
    pixmap = _blank(size)
    painter = QPainter(pixmap)
    engine.paint(painter, QRect(QPoint(), size), mode, state)
    painter.end()
    return pixmap


@lru_cache(maxsize=256)
def _can_draw(emoji: str) -> bool:
    """Tell whether some installed font has a picture for it, rather than an empty box."""
    layout = QTextLayout(emoji, QGuiApplication.font())
    layout.beginLayout()
    layout.createLine()
    layout.endLayout()
    return all(0 not in run.glyphIndexes() for run in layout.glyphRuns())
