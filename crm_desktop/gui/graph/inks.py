"""Pens, brushes and measures that graphs are painted with: made once for a theme and a font."""

from __future__ import annotations

from functools import lru_cache

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPen

from crm_desktop.domain.graph import GraphNode, Size
from crm_desktop.gui.theme import line_height, small_font, strong_font
from crm_desktop.gui.tokens import Tokens, mix

LINES_AT_MOST = 24  # of a node; the rest is counted in one line
DETAILS_FROM = 0.4  # zoom from which nodes show what is in them, and edges their marks
COUNTS_FROM = 0.25
TITLES_FROM = 0.1
_THIN = 1.01  # pixels: Qt fills such lines by rows, and walks along those of 1, which is slower


class Inks:
    """The colours of one theme, as Qt paints with them."""

    def __init__(self, tokens: Tokens) -> None:
        self.tokens = tokens
        self.window, self.surface = QColor(tokens.window), QColor(tokens.surface)
        self.raised, self.text = QColor(tokens.raised), QColor(tokens.text)
        self.muted, self.accent = QColor(tokens.muted), QColor(tokens.accent)
        self.danger, self.selection = QColor(tokens.danger), QColor(tokens.selection)
        self.selection_text = QColor(tokens.selection_text)
        self.header = QColor(tokens.raised if tokens.is_dark else tokens.window)
        self.border = cosmetic(tokens.border, 1)
        self.outline = cosmetic(tokens.border_strong, 1)
        self.dashes = cosmetic(tokens.border_strong, 1)
        self.dashes.setStyle(Qt.PenStyle.DashLine)
        self.chosen, self.focus = cosmetic(tokens.accent, 2), cosmetic(tokens.accent, 3)
        quiet = mix(tokens.border_strong, tokens.window, 0.85)
        self.edge = cosmetic(quiet, 1)  # Qt draws these without outlining them first
        self.edge_chosen = wide(tokens.accent, 2.2)
        self.edge_breach = wide(tokens.danger, 1.8)
        self.thin, self.thin_breach = cosmetic(quiet, _THIN), cosmetic(tokens.danger, _THIN)
        self.thin_chosen = cosmetic(tokens.accent, 2)
        self.dot = QColor(mix(tokens.border_strong, tokens.window, 0.35))


@lru_cache(maxsize=2)
def inks(tokens: Tokens) -> Inks:
    return Inks(tokens)


def cosmetic(color: str, width: float) -> QPen:
    """Make a pen as wide on screen at every zoom."""
    pen = QPen(QColor(color), width)
    pen.setCosmetic(True)
    return pen


def wide(color: str, width: float) -> QPen:
    pen = QPen(QColor(color), width)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    return pen


class Measures:
    """Sizes at 100 %, in multiples of a line of the application's font."""

    def __init__(self) -> None:
        self.line = line_height()
        self.width = round(13 * self.line)
        self.header = round(2.1 * self.line)
        self.row = round(1.55 * self.line)
        self.pad = round(0.65 * self.line)
        self.icon = round(self.line)
        self.radius = round(0.4 * self.line)
        self.title_font, self.font = _plain(strong_font()), _plain(small_font())
        self.titles, self.texts = QFontMetricsF(self.title_font), QFontMetricsF(self.font)

    def size_of(self, node: GraphNode) -> Size:
        rows = min(len(node.lines), LINES_AT_MOST + 1)
        foot = self.pad // 2 if rows else 0
        return (float(self.width), float(self.header + rows * self.row + 2 * foot))


def _plain(font: QFont) -> QFont:
    """Let text be placed in fractions of pixels: it is painted at any zoom."""
    font.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
    return font


@lru_cache(maxsize=4)
def _measures(_: str) -> Measures:
    return Measures()


def measures() -> Measures:
    """Give the measures for the application's font as it is now."""
    return _measures(strong_font().toString())
