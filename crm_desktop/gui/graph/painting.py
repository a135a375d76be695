"""Paints nodes and edges: the same on the screen, in a picture and on paper."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from math import ceil
from typing import NamedTuple

from PySide6.QtCore import QByteArray, QLineF, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPainterPath, QPen, QStaticText
from PySide6.QtSvg import QSvgRenderer

from crm_desktop.domain.graph import GraphEdge, GraphNode, Look, Mark, Point
from crm_desktop.gui.glyphs import NEUTRAL, lucide_name, tinted_svg
from crm_desktop.gui.graph.inks import (
    LINES_AT_MOST,
    Inks,
    Measures,
)
from crm_desktop.gui.graph.routes import Route, direction
from crm_desktop.gui.icons import EMOJI, Role, color_of, object_icon

_CENTER = Qt.AlignmentFlag.AlignCenter
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
RING = 10.0  # at most this far outside a node is the ring of the keyboard
LABELS_FROM = 0.75  # zoom from which edges show their words too


@dataclass(frozen=True, slots=True)
class Paper:
    """What is painted with: colours, measures, zoom; `is_vector` where nothing may be pixels."""

    inks: Inks
    measures: Measures
    zoom: float
    is_vector: bool = False


@dataclass(slots=True)
class State:
    """What a node or an edge looks like now."""

    is_chosen: bool = False
    is_current: bool = False
    has_focus: bool = False
    is_hovered: bool = False
    is_target: bool = False  # a link would go there


PLAIN = State()


def paint_node(
    painter: QPainter, paper: Paper, node: GraphNode, size: tuple[float, float], state: State
) -> None:
    """Paint a node with its corner at the origin and all that is in it."""
    box = QRectF(0, 0, *size)
    painter.setPen(outline_of(paper, node, state))
    painter.setBrush(paper.inks.surface)
    painter.drawRoundedRect(box, paper.measures.radius, paper.measures.radius)
    paint_ring(painter, paper, box, state)
    _paint_header(painter, paper, node, box, state)
    _paint_lines(painter, paper, node, box)


def outline_of(paper: Paper, node: GraphNode, state: State) -> QPen:
    if state.is_chosen or state.is_target or node.look is Look.MAIN:
        return paper.inks.chosen
    return paper.inks.dashes if node.look is Look.SUMMARY else paper.inks.outline


def title_ink(paper: Paper, state: State) -> QColor:
    return paper.inks.selection_text if state.is_chosen else paper.inks.text


def paint_ring(painter: QPainter, paper: Paper, box: QRectF, state: State) -> None:
    """Paint the ring of the keyboard around the node that has it."""
    if state.is_current and state.has_focus:
        radius, out = paper.measures.radius, min(3 / paper.zoom, RING)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(paper.inks.focus)
        painter.drawRoundedRect(box.adjusted(-out, -out, out, out), radius + out, radius + out)


def _paint_header(
    painter: QPainter, paper: Paper, node: GraphNode, box: QRectF, state: State
) -> None:
    sizes, colors = paper.measures, paper.inks
    head = QRectF(1, 1, box.width() - 2, sizes.header - 1)
    painter.fillPath(
        _top_of(head, sizes.radius - 1, is_whole=not node.lines),
        colors.selection if state.is_chosen else colors.header,
    )
    if node.lines:
        painter.setPen(colors.border)
        painter.drawLine(QLineF(1, sizes.header, box.width() - 1, sizes.header))
    if node.color:
        painter.fillRect(QRectF(1, sizes.radius, 4, sizes.header - 2 * sizes.radius),
                         QColor(node.color))  # fmt: skip
    left = float(sizes.pad)
    if node.icon:
        place = QRectF(left, (sizes.header - sizes.icon) / 2, sizes.icon, sizes.icon)
        draw_icon(painter, paper, node.icon, place, "text")
        left += 1.5 * sizes.icon
    right = box.width() - sizes.pad
    if node.badge:
        badge = sizes.texts.elidedText(node.badge, Qt.TextElideMode.ElideRight, box.width() / 2)
        wide = sizes.texts.horizontalAdvance(badge)
        painter.setFont(sizes.font)
        painter.setPen(colors.selection_text if state.is_chosen else colors.muted)
        painter.drawText(QRectF(right - wide - 2, 0, wide + 2, sizes.header), _RIGHT, badge)
        right -= wide + sizes.pad
    painter.setFont(sizes.title_font)
    painter.setPen(title_ink(paper, state))
    title = sizes.titles.elidedText(node.label, Qt.TextElideMode.ElideRight, right - left)
    painter.drawText(QRectF(left, 0, right - left + 2, sizes.header), _LEFT, title)


def _top_of(head: QRectF, radius: float, *, is_whole: bool) -> QPainterPath:
    path = QPainterPath()
    path.addRoundedRect(head, radius, radius)
    if not is_whole:
        path.setFillRule(Qt.FillRule.WindingFill)
        path.addRect(head.adjusted(0, radius, 0, 0))
    return path


def _paint_lines(painter: QPainter, paper: Paper, node: GraphNode, box: QRectF) -> None:
    sizes, y = paper.measures, paper.measures.header + paper.measures.pad / 2
    lines = node.lines[:LINES_AT_MOST]
    if hidden := len(node.lines) - len(lines):
        lines = (*lines, ("ellipsis", f"+{hidden:,}"))
    painter.setFont(sizes.font)
    small = round(sizes.icon * 0.85)
    left = sizes.pad + 1.5 * sizes.icon
    room = box.width() - left - sizes.pad
    for icon_name, text in lines:
        place = QRectF(sizes.pad, y + (sizes.row - small) / 2, small, small)
        if icon_name:
            draw_icon(painter, paper, icon_name, place, "muted")
        painter.setPen(paper.inks.text)
        painter.drawText(QRectF(left, y, room + 2, sizes.row), _LEFT, _cut(sizes, text, room))
        y += sizes.row


def _cut(sizes: Measures, text: str, room: float) -> str:
    if len(text) * sizes.line < room:  # no letter is wider than a line is high
        return text
    return sizes.texts.elidedText(text, Qt.TextElideMode.ElideRight, room)


def draw_icon(painter: QPainter, paper: Paper, value: str, place: QRectF, role: Role) -> None:
    """Draw what `objects.icon` holds: as a sharp picture, or as a drawing where one is needed."""
    if not paper.is_vector:
        side = max(1, ceil(place.width() * paper.zoom * painter.device().devicePixelRatio()))
        picture = object_icon(value, role).pixmap(QSize(side, side), 1.0)
        painter.drawPixmap(place, picture, QRectF(picture.rect()))
        return
    if emoji := EMOJI.match(value.strip()):
        font = QFont()
        font.setPixelSize(round(place.height() * 0.8))
        painter.setFont(font)
        painter.drawText(place, _CENTER, emoji.group())
        return
    svg = tinted_svg(lucide_name(value) or NEUTRAL, color_of(role, paper.inks.tokens))
    QSvgRenderer(QByteArray(svg.encode())).render(painter, place)


# Edges.


def paint_edge(
    painter: QPainter, paper: Paper, edge: GraphEdge, way: Route, path: QPainterPath, state: State
) -> None:
    """Paint an edge with its marks, and on it what it is called."""
    painter.setPen(edge_pen(paper.inks, edge, state))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawPath(path)
    if marks := marks_of(edge, way):
        painter.drawLines(marks)
    pill = pill_of(edge, way, paper, has_room=state.is_chosen)
    if pill is not None:
        paint_pill(painter, paper, edge, pill, state)


def edge_pen(colors: Inks, edge: GraphEdge, state: State) -> QPen:
    if state.is_chosen:
        return colors.edge_chosen
    return colors.edge_breach if edge.is_breach else colors.edge


def marks_of(edge: GraphEdge, way: Route) -> list[QLineF]:
    return [
        *_mark(edge.from_mark, way.corners[0], way.corners[1]),
        *_mark(edge.to_mark, way.corners[-1], way.corners[-2]),
    ]


def _mark(mark: Mark, place: Point, towards: Point) -> Iterable[QLineF]:
    """Return the lines of a mark: three toes for many, two bars for one."""
    if mark is Mark.NONE:
        return
    dx, dy = direction(place, towards)
    x, y = place
    if mark is Mark.MANY:
        for side in (-6.5, 6.5):
            yield QLineF(x + 12 * dx, y + 12 * dy, x + side * dy, y + side * dx)
        return
    for far in (6.0, 10.0):
        bar = 5.5
        yield QLineF(
            x + far * dx - bar * dy, y + far * dy - bar * dx,
            x + far * dx + bar * dy, y + far * dy + bar * dx,
        )  # fmt: skip


class Pill(NamedTuple):
    """What stands on an edge, ready to be painted: its box, and texts with their places."""

    box: QRectF
    texts: tuple[tuple[QPointF, QStaticText], ...]  # the badge comes last


@lru_cache(maxsize=4000)
def laid_out(text: str) -> QStaticText:
    """Keep what Qt lays out when it is first painted: most frames show the same texts."""
    static = QStaticText(text)
    static.setTextFormat(Qt.TextFormat.PlainText)
    return static


def shows_words(paper: Paper) -> bool:
    """Say whether edges have room for more than their badges at this zoom."""
    return paper.zoom >= LABELS_FROM or paper.is_vector


def pill_of(edge: GraphEdge, way: Route, paper: Paper, *, has_room: bool = False) -> Pill | None:
    """Lay out label and badge of an edge; the label only where it fits between the nodes."""
    sizes = paper.measures
    has_label = bool(edge.label) and shows_words(paper)
    if has_label and edge.badge and not has_room:
        has_label = pill_width(edge, sizes) <= way.room
    texts = [*([edge.label] if has_label else []), *([edge.badge] if edge.badge else [])]
    if not texts:
        return None
    longest, space = 9 * sizes.line, sizes.pad * 0.7
    cut = [sizes.texts.elidedText(text, Qt.TextElideMode.ElideRight, longest) for text in texts]
    widths = [sizes.texts.horizontalAdvance(text) for text in cut]
    wide, high = sum(widths) + space * (len(cut) + 1), sizes.line * 1.3
    box = QRectF(way.label[0] - wide / 2, way.label[1] - high / 2, wide, high)
    top = box.center().y() - (sizes.texts.ascent() + sizes.texts.descent()) / 2
    left, placed = box.left() + space, []
    for text, width in zip(cut, widths, strict=True):
        placed.append((QPointF(left, top), laid_out(text)))
        left += width + space
    return Pill(box, tuple(placed))


def paint_pill(painter: QPainter, paper: Paper, edge: GraphEdge, pill: Pill, state: State) -> None:
    colors, half = paper.inks, pill.box.height() / 2
    is_strong = state.is_chosen or edge.is_breach
    painter.setPen(edge_pen(colors, edge, state) if is_strong else colors.border)
    painter.setBrush(colors.surface)
    painter.drawRoundedRect(pill.box, half, half)
    painter.setFont(paper.measures.font)
    last = len(pill.texts) - 1
    for number, (place, text) in enumerate(pill.texts):
        is_badge = number == last and bool(edge.badge)
        painter.setPen(_pill_ink(colors, edge, is_badge=is_badge, is_strong=is_strong))
        painter.drawStaticText(place, text)


def _pill_ink(colors: Inks, edge: GraphEdge, *, is_badge: bool, is_strong: bool) -> QColor:
    if edge.is_breach and is_badge:
        return colors.danger
    return colors.text if is_badge or is_strong else colors.muted


def pill_width(edge: GraphEdge, sizes: Measures) -> float:
    """Return room enough for what may stand on an edge."""
    label = min(sizes.texts.horizontalAdvance(edge.label), 9 * sizes.line) if edge.label else 0
    badge = min(sizes.texts.horizontalAdvance(edge.badge), 9 * sizes.line) if edge.badge else 0
    return float(label + badge + 3 * sizes.pad)
