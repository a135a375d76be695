"""What can be done in a record graph, as actions: with a record, a link, or what is not drawn."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPoint, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu

from crm_desktop.domain.graph import Part
from crm_desktop.gui.actions import Submenu, fill_groups, without_state
from crm_desktop.gui.graph.record_content import Rest
from crm_desktop.gui.graph.record_drawing import amount, side_label
from crm_desktop.gui.icons import icon, object_icon

if TYPE_CHECKING:
    from crm_desktop.gui.graph.record_page import RecordGraphPage


class RecordCommands(QObject):
    """The actions of one page. Their keys count in the picture and in the table beside it."""

    def __init__(self, page: RecordGraphPage) -> None:
        super().__init__(page)
        self._page = page
        tr, growth = self.tr, page.growth
        self.open = self._make(tr("Open record"), "file-text", "Ctrl+Return", page.open_current)
        self.expand = self._make(tr("Expand"), "unfold-horizontal", "X", growth.expand_current)
        self.collapse = self._make(
            tr("Collapse"), "fold-horizontal", "Shift+X", growth.collapse_current
        )
        self.start_here = self._make(tr("Graph from here"), "waypoints", "S", page.start_here)
        self.path = self._make(tr("Path to another record…"), "route", "P", growth.ask_for_path)
        self.most = self._make(
            tr("Most connected records…"), "chart-network", "", growth.show_most_connected
        )
        self.edit = self._make(tr("Link data…"), "pencil", "F2", page.edit_current)
        self.unlink = self._make(tr("Unlink…"), "unlink", "Del", page.unlink_current)
        self.back = self._make(tr("Back"), "arrow-left", "Backspace", page.go_back)
        self.forward = self._make(tr("Forward"), "arrow-right", "Shift+Backspace", page.go_forward)
        self.link = page.canvas.commands.link
        self.link_other = self._make(
            tr("Link with a record from a list…"), "link-2", "Shift+L", growth.ask_for_link
        )

    def _make(self, text: str, icon_name: str, key: str, act: Callable[[], object]) -> QAction:
        action = QAction(icon(icon_name), text, self._page)
        action.setProperty("icon_name", icon_name)
        if key:
            action.setShortcut(key)
            action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
            action.setToolTip(f"{text} ({key})")
        action.triggered.connect(partial(without_state, act))
        for widget in (self._page, self._page.canvas.view, self._page.canvas.table):
            widget.addAction(action)
        return action

    def follow(self) -> None:
        """Enable what can be done with what is current."""
        page = self._page
        record, link, rest = page.current_record(), page.current_link(), page.current_rest()
        for action in (self.collapse, self.start_here, self.path, self.link, self.link_other):
            action.setEnabled(record is not None)
        for action in (self.open, self.expand):
            action.setEnabled(record is not None or rest is not None)
        self.edit.setEnabled(link is not None)
        self.unlink.setEnabled(link is not None)
        self.back.setEnabled(page.steps.can_go_back)
        self.forward.setEnabled(page.steps.can_go_forward)

    def groups(self) -> Sequence[Sequence[QAction | Submenu]]:
        """Return all of it, as the page's menu has it."""
        arrange, zoom, panes, output = self._page.canvas.commands.groups()
        return [
            [self.open, self.start_here],
            [self.expand, self.collapse, self.path, self.most],
            [self.link, self.link_other, self.edit, self.unlink],
            [self.back, self.forward],
            [Submenu(self.tr("Arrange"), "workflow", [arrange]),
             Submenu(self.tr("Zoom"), "zoom-in", [zoom])],
            panes,
            output,
        ]  # fmt: skip

    def show_menu(self, part: Part, place: QPoint) -> None:
        """Offer what can be done with a record, a link, or what is not drawn."""
        menu = QMenu(self._page)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        if part.is_edge and self._page.current_link() is not None:
            fill_groups(menu, [[self.edit, self.unlink]])
        elif self._page.current_rest() is not None:
            fill_groups(menu, [[self.expand, self.open]])
        elif self._page.current_record() is not None:
            fill_groups(menu, self._record_groups(menu))
        else:
            fill_groups(menu, self.groups()[3:])
        menu.popup(place)

    def _record_groups(self, menu: QMenu) -> list[list[QAction | Submenu]]:
        first: list[QAction | Submenu] = [self.expand]
        if sides := self._sides(menu):
            first.append(Submenu(self.tr("Expand by relationship"), "spline", [sides]))
        links: list[QAction | Submenu] = [self.path, self.link, self.link_other]
        return [[self.open, self.start_here], [*first, self.collapse], links]

    def _sides(self, menu: QMenu) -> list[QAction]:
        """Return an action for each side of the record where something is not drawn."""
        page = self._page
        record = page.current_record()
        rests = page.rests_of(record.id) if record is not None else []
        return [self._side(menu, rest) for rest in rests if not rest.is_opened]

    def _side(self, menu: QMenu, rest: Rest) -> QAction:
        label = side_label(rest.side, self._page.relationships)
        action = QAction(f"{label} ({amount(rest)})".replace("&", "&&"), menu)
        action.setIcon(object_icon(self._page.icon_of(rest)))
        action.triggered.connect(partial(without_state, partial(self._page.growth.open_rest, rest)))
        return action
