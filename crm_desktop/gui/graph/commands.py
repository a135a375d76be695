"""What can be done with any graph, as actions: zoom, arrange, table, map, export, print."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QAction

from crm_desktop.domain.graph_layout import Arrangement
from crm_desktop.gui.actions import without_state
from crm_desktop.gui.icons import icon

if TYPE_CHECKING:
    from crm_desktop.gui.graph.canvas import GraphCanvas


class Commands(QObject):
    """The actions of one canvas. Their keys count while the keyboard is in its picture."""

    def __init__(self, canvas: GraphCanvas) -> None:
        super().__init__(canvas)
        self._canvas = canvas
        view, tr = canvas.view, self.tr
        self.zoom_out = self._make(tr("Zoom out"), "minus", "-", view.lens.zoom_out)
        self.zoom_full = self._make(tr("Zoom to 100 %"), "scan", "Ctrl+0", view.lens.zoom_fully)
        self.zoom_in = self._make(tr("Zoom in"), "plus", "+", view.lens.zoom_in)
        self.fit = self._make(tr("Fit all"), "maximize", "F", view.lens.fit)
        self.layered = self._arrange(tr("Arrange in layers"), "workflow", Arrangement.LAYERED)
        self.organic = self._arrange(tr("Arrange organically"), "waypoints", Arrangement.ORGANIC)
        self.grid = self._arrange(tr("Arrange in rows"), "grid-3x3", Arrangement.GRID)
        self.table = self._make(tr("Show as table too"), "table-2", "T", canvas.toggle_table)
        self.map = self._make(tr("Show map"), "map", "M", canvas.toggle_map)
        self.link = self._make(tr("Link with…"), "spline", "L", view.start_link)
        output = canvas.output
        self.export = self._make(tr("Export graph…"), "download", "", output.ask_where_to_export)
        self.print = self._make(tr("Print graph…"), "printer", "", output.ask_how_to_print)
        for switch in (self.table, self.map):
            switch.setCheckable(True)
        self.map.setChecked(True)

    def _arrange(self, text: str, icon_name: str, wanted: Arrangement) -> QAction:
        canvas = self._canvas
        action = self._make(text, icon_name, "", _ask_for(canvas, wanted))
        action.setData(wanted.value)
        return action

    def _make(self, text: str, icon_name: str, key: str, act: Callable[[], object]) -> QAction:
        action = QAction(icon(icon_name), text, self._canvas)
        action.setProperty("icon_name", icon_name)
        if key:
            action.setShortcut(key)
            action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
            action.setToolTip(f"{text} ({key})")
        action.triggered.connect(_only(act))
        self._canvas.view.addAction(action)
        return action

    def groups(self) -> list[list[QAction]]:
        """Return the actions as they stand in a menu."""
        return [
            [self.layered, self.organic, self.grid],
            [self.zoom_in, self.zoom_out, self.zoom_full, self.fit],
            [self.table, self.map],
            [self.export, self.print],
        ]


def _ask_for(canvas: GraphCanvas, wanted: Arrangement) -> Callable[[], object]:
    def ask() -> None:
        canvas.arrange(wanted)

    return ask


def _only(act: Callable[[], object]) -> Callable[..., None]:
    def run(*state: bool) -> None:
        without_state(act, *state)

    return run
