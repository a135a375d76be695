"""The row above the schema's graph: table or graph, which diagram, what of it, how arranged."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QAction, QResizeEvent
from PySide6.QtWidgets import QMenu, QToolButton, QWidget
from typing_extensions import override

from crm_desktop.gui.graph.canvas import GraphCanvas
from crm_desktop.gui.graph.diagram_menu import DiagramMenu
from crm_desktop.gui.graph.schema_choice import SchemaChoice
from crm_desktop.gui.graph.schema_switch import GRAPH, SchemaSwitch
from crm_desktop.gui.icons import icon
from crm_desktop.gui.theme import line_height
from crm_desktop.gui.widgets.buttons import action_button, primary_button, set_look


class SchemaHead(QObject):
    """Puts the page's own controls into the bar of the canvas."""

    def __init__(
        self,
        canvas: GraphCanvas,
        diagrams: DiagramMenu,
        choosing: SchemaChoice,
        inspector: QAction,
        create: Callable[[], object],
    ) -> None:
        super().__init__(canvas)
        self._diagrams, self._choosing = diagrams, choosing
        self.switch = SchemaSwitch(GRAPH, canvas)
        self.diagram = _menu_button("shapes", diagrams.menu, canvas)
        self.objects = _menu_button("app-window", choosing.objects, canvas)
        self.fields = _menu_button("list", choosing.fields, canvas)
        arrange = QMenu(canvas)
        arrange.addActions(canvas.commands.groups()[0])
        self.arrange = _menu_button("network", arrange, canvas)
        self.arrange.setText(" " + self.tr("Arrange"))
        self.arrange.setToolTip(self.tr("Arrange"))
        self.new = primary_button(self.tr("Relationship"), canvas, icon_name="plus")
        self.new.setAccessibleName(self.tr("New relationship"))
        self.new.setToolTip(self.tr("New relationship (Ctrl+N)"))
        self.new.clicked.connect(create)
        bar = canvas.bar
        bar.insertWidget(0, self.switch)
        bar.insertWidget(1, self.diagram)
        for button in (self.objects, self.fields, self.arrange):
            bar.addWidget(button)
        bar.addWidget(action_button(inspector, canvas, is_outlined=True))
        bar.addWidget(self.new)
        self._is_narrow = False
        canvas.setMinimumWidth(1)  # the row gives way by leaving words out
        canvas.installEventFilter(self)

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QResizeEvent):
            self._fit(is_narrow=event.size().width() < _ROOM_FOR_WORDS * line_height())
        return False

    def _fit(self, *, is_narrow: bool) -> None:
        """Show the icons of the menus alone where there is no room for their words."""
        if is_narrow == self._is_narrow:
            return
        self._is_narrow = is_narrow
        style = Qt.ToolButtonStyle
        for button in (self.diagram, self.objects, self.fields, self.arrange):
            button.setToolButtonStyle(
                style.ToolButtonIconOnly if is_narrow else style.ToolButtonTextBesideIcon
            )
        self.new.setText("" if is_narrow else self.tr("Relationship"))

    def show_words(self) -> None:
        """Name the buttons after what is chosen in their menus."""
        for button, what, words in (
            (self.diagram, self.tr("Diagram: {}"), self._diagrams.current.name),
            (self.objects, self.tr("Shown: {}"), self._choosing.words()),
            (self.fields, self.tr("Fields: {}"), self._choosing.detail_words()),
        ):
            short = words if len(words) <= _LONGEST else f"{words[: _LONGEST - 1]}\u2026"
            button.setText(" " + short.replace("&", "&&"))  # air behind the icon
            button.setAccessibleName(what.replace("{}", words))
            button.setToolTip(what.replace("{}", words))


_LONGEST = 24
_ROOM_FOR_WORDS = 72  # lines high


def _menu_button(icon_name: str, menu: QMenu, parent: QWidget) -> QToolButton:
    button = QToolButton(parent)
    button.setIcon(icon(icon_name))
    button.setMenu(menu)
    button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
    button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    set_look(button, "outlined")
    return button
