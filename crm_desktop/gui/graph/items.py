"""A node as an item of the scene of a graph, and what all items of one view share."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSizeF
from PySide6.QtGui import QPainter, QPainterPath
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget
from typing_extensions import override

from crm_desktop.domain.graph import GraphNode, Size
from crm_desktop.gui.graph.inks import DETAILS_FROM, inks, measures
from crm_desktop.gui.graph.painting import (
    RING,
    Paper,
    State,
    paint_node,
)
from crm_desktop.gui.graph.routes import Box
from crm_desktop.gui.theme import theme

FADED = 0.22
HANDLE = 6.0  # radius of the handle from which links are drawn
_MARGIN = RING + 4
_DIRECT = QGraphicsItem.CacheMode.NoCache
_KEPT = QGraphicsItem.CacheMode.DeviceCoordinateCache


class Sheet:
    """What all items of one view share: its zoom, and whether the keyboard is in it."""

    def __init__(self) -> None:
        self.zoom, self.has_focus, self.can_link = 1.0, False, False
        self._paper: Paper | None = None

    def paper(self) -> Paper:
        """Return what is painted with; it is looked up anew after `forget` and for another zoom."""
        if self._paper is None or self._paper.zoom != self.zoom:
            self._paper = Paper(inks(theme()), measures(), self.zoom)
        return self._paper

    @property
    def is_far(self) -> bool:
        """Whether all is so small that nothing but titles can be read."""
        return self.zoom < DETAILS_FROM

    def forget(self) -> None:
        """Look colours and fonts up anew: they are others."""
        self._paper = None


class NodeItem(QGraphicsItem):
    """One node; Qt keeps its picture until it changes, so that panning paints nothing anew.

    From afar it paints nothing: the view paints all nodes at once then.
    """

    def __init__(self, node: GraphNode, size: Size, sheet: Sheet) -> None:
        super().__init__()
        self.node, self.size, self._sheet = node, size, sheet
        self.state = State()
        self.setAcceptHoverEvents(True)
        if node.tip:
            self.setToolTip(node.tip)
        wide, high = size
        self._bounds = QRectF(-_MARGIN, -_MARGIN, wide + 2 * _MARGIN, high + 2 * _MARGIN)

    def keep_picture(self) -> None:
        """Let Qt keep the picture of what is painted near by; call it once, and for other zooms."""
        self.setCacheMode(_DIRECT if self._sheet.is_far else _KEPT)

    @property
    def extent(self) -> QSizeF:
        return QSizeF(*self.size)

    @property
    def box(self) -> Box:
        return (self.x(), self.y(), *self.size)

    @override
    def boundingRect(self) -> QRectF:
        return self._bounds

    @override
    def shape(self) -> QPainterPath:
        path = QPainterPath()
        path.addRect(QRectF(0, 0, *self.size))
        if self.is_linkable:
            path.addEllipse(self.handle, HANDLE * 1.6, HANDLE * 1.6)
        return path

    @property
    def handle(self) -> QPointF:
        return QPointF(self.size[0], self.size[1] / 2)

    @property
    def is_linkable(self) -> bool:
        return self._sheet.can_link and not self._sheet.is_far

    @override
    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        self.state.has_focus = self._sheet.has_focus
        if self._sheet.is_far:
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        paper = self._sheet.paper()
        paint_node(painter, paper, self.node, self.size, self.state)
        if self.state.is_hovered and self.is_linkable:
            painter.setPen(paper.inks.chosen)
            painter.setBrush(paper.inks.surface)
            painter.drawEllipse(self.handle, HANDLE, HANDLE)

    @override
    def hoverEnterEvent(self, event: object) -> None:
        self._hover(is_over=True)

    @override
    def hoverLeaveEvent(self, event: object) -> None:
        self._hover(is_over=False)

    def _hover(self, *, is_over: bool) -> None:
        self.state.is_hovered = is_over
        if self.is_linkable:
            self.update()
