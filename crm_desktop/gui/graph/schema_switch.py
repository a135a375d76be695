"""The switch in the head of the two pages of the schema: as a table, or as a graph."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QToolButton, QWidget

from crm_desktop.gui.icons import icon
from crm_desktop.gui.widgets.buttons import set_look

TABLE, GRAPH = "relationships", "graph"  # the addresses of the pages


class SchemaSwitch(QWidget):
    """Two buttons, one of them down; the other asks for its page."""

    open_requested = Signal(str)

    def __init__(self, shown: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.buttons: dict[str, QToolButton] = {}
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        for address, text, icon_name in (
            (TABLE, self.tr("Table"), "table-2"),
            (GRAPH, self.tr("Graph"), "workflow"),
        ):
            button = QToolButton(self)
            button.setText(f" {text}")  # air behind the icon
            button.setIcon(icon(icon_name))
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
            button.setAccessibleName(self.tr("Show the schema as: {}").replace("{}", text))
            button.setCheckable(True)
            button.setChecked(address == shown)
            set_look(button, "outlined")
            button.clicked.connect(partial(self._ask, address, shown))
            self.buttons[address] = button
            row.addWidget(button)

    def _ask(self, address: str, shown: str) -> None:
        for each, button in self.buttons.items():
            button.setChecked(each == shown)
        if address != shown:
            self.open_requested.emit(address)
