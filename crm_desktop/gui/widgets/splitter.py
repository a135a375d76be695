"""A splitter with a hairline between its panes, and room to take hold of it."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QSplitter, QSplitterHandle, QWidget
from typing_extensions import override

from crm_desktop.gui.theme import theme, unit


class Splitter(QSplitter):
    """Panes side by side, or above each other; none vanishes by being dragged too far."""

    def __init__(
        self,
        orientation: Qt.Orientation = Qt.Orientation.Horizontal,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(orientation, parent)
        self.setHandleWidth(max(3, unit() - 1))
        self.setChildrenCollapsible(False)

    @override
    def createHandle(self) -> QSplitterHandle:
        return _Handle(self.orientation(), self)


class _Handle(QSplitterHandle):
    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        tokens, painter, room = theme(), QPainter(self), self.rect()
        painter.fillRect(room, QColor(tokens.surface))
        line = QColor(tokens.accent if self.underMouse() else tokens.border)
        if self.orientation() == Qt.Orientation.Horizontal:
            painter.fillRect(room.center().x(), 0, 1, room.height(), line)
        else:
            painter.fillRect(0, room.center().y(), room.width(), 1, line)
        painter.end()
