"""The bar in the corner of a graph: the zoom, fitting all of it, and the map."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QAction, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QToolButton, QWidget
from typing_extensions import override

from crm_desktop.gui.graph.inks import inks
from crm_desktop.gui.graph.view import GraphView
from crm_desktop.gui.theme import theme, unit
from crm_desktop.gui.widgets.buttons import action_button


class ZoomBar(QWidget):
    """Shows the zoom as a button that sets it to 100 %."""

    def __init__(
        self, view: GraphView, zoom_out: QAction, full: QAction, zoom_in: QAction, *more: QAction
    ) -> None:
        super().__init__(view)
        self.setCursor(Qt.CursorShape.ArrowCursor)
        row = QHBoxLayout(self)
        row.setContentsMargins(unit() // 2, unit() // 2, unit() // 2, unit() // 2)
        row.setSpacing(0)
        self.percent = QToolButton(self)
        self.percent.setText("100 %")
        self.percent.setToolTip(full.toolTip())
        self.percent.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.percent.setMinimumWidth(self.percent.fontMetrics().horizontalAdvance("100 %") * 2)
        self.percent.clicked.connect(full.trigger)
        row.addWidget(action_button(zoom_out, self))
        row.addWidget(self.percent)
        for action in (zoom_in, *more):
            row.addWidget(action_button(action, self))
        view.zoom_changed.connect(self._show_zoom)
        self._show_zoom(view.sheet.zoom)

    def _show_zoom(self, zoom: float) -> None:
        self.percent.setText(f"{round(100 * zoom)} %")
        self.percent.setAccessibleName(self.tr("Zoom {} %").replace("{}", str(round(100 * zoom))))

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        colors, painter = inks(theme()), QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(colors.border)
        painter.setBrush(colors.raised)
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), unit(), unit())
