"""Nodes as they are seen from afar: boxes with a title as large as can be read, all in one go."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QPainter, QStaticText

from crm_desktop.domain.graph import Look
from crm_desktop.gui.graph.inks import COUNTS_FROM, TITLES_FROM
from crm_desktop.gui.graph.items import NodeItem
from crm_desktop.gui.graph.painting import RING, Paper, outline_of, paint_ring, title_ink

_SMALLEST = 8.5  # pixels on screen that letters of a title have, where the box has room for them


def paint_from_afar(
    painter: QPainter, paper: Paper, items: Iterable[NodeItem], exposed: QRectF
) -> None:
    """Paint the nodes that touch `exposed`, those that are faded first."""
    seen = exposed.adjusted(-RING, -RING, RING, RING)
    groups: dict[float, list[tuple[NodeItem, QRectF]]] = {}
    for item in items:
        box = QRectF(item.pos(), item.extent)
        if seen.intersects(box):
            groups.setdefault(item.opacity(), []).append((item, box))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    for opacity in sorted(groups):
        painter.setOpacity(opacity)
        _paint_boxes(painter, paper, groups[opacity])
        if paper.zoom >= TITLES_FROM:
            _write_titles(painter, paper, groups[opacity])
    painter.setOpacity(1.0)


def _paint_boxes(painter: QPainter, paper: Paper, nodes: Sequence[tuple[NodeItem, QRectF]]) -> None:
    colors = paper.inks
    painter.setPen(colors.outline)
    painter.setBrush(colors.surface)
    plain: list[QRectF] = []
    others: list[tuple[NodeItem, QRectF]] = []
    for item, box in nodes:
        if _is_plain(item):
            plain.append(box)
        else:
            others.append((item, box))
    painter.drawRects(plain)
    for item, box in others:
        state = item.state
        painter.setPen(outline_of(paper, item.node, state))
        painter.setBrush(colors.selection if state.is_chosen else colors.surface)
        painter.drawRect(box)
        paint_ring(painter, paper, box, state)


def _is_plain(item: NodeItem) -> bool:
    state = item.state
    stands_out = state.is_chosen or state.is_current or state.is_target
    return item.node.look is Look.PLAIN and not stands_out


def _write_titles(
    painter: QPainter, paper: Paper, nodes: Sequence[tuple[NodeItem, QRectF]]
) -> None:
    sizes = paper.measures
    face = _face(max(_SMALLEST / paper.zoom, sizes.line * 0.8))
    room = sizes.width - 2 * sizes.pad
    has_counts = paper.zoom >= COUNTS_FROM
    painter.setFont(face.font)
    for item, box in nodes:
        lines = [(item.node.label, title_ink(paper, item.state))]
        if has_counts and item.node.badge and box.height() > 2.2 * face.height:
            lines.append((item.node.badge, paper.inks.muted))
        x, y = box.x() + box.width() / 2, box.y() + box.height() / 2 - len(lines) * face.height / 2
        for line, ink in lines:
            text, wide = face.fitted(line, room)
            painter.setPen(ink)
            painter.drawStaticText(QPointF(x - wide / 2, y), text)
            y += face.height


class _Face:
    """A font of titles, and what was cut to fit with it and laid out: most frames are alike."""

    def __init__(self, pixels: float) -> None:
        self.font = QFont()
        self.font.setPixelSize(max(1, round(pixels)))
        self.font.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
        self._metrics = QFontMetricsF(self.font)
        self.height = self._metrics.height()
        self.fitted = lru_cache(maxsize=2000)(self._fit)

    def _fit(self, text: str, room: float) -> tuple[QStaticText, float]:
        """Return a text, cut where it is wider than `room`, and how wide it is."""
        wide = self._metrics.horizontalAdvance(text)
        if wide > room:
            text = self._metrics.elidedText(text, Qt.TextElideMode.ElideRight, room)
            wide = self._metrics.horizontalAdvance(text)
        laid = QStaticText(text)
        laid.setTextFormat(Qt.TextFormat.PlainText)
        return laid, wide


_face = lru_cache(maxsize=64)(_Face)
