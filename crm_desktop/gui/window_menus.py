"""The menus of the main window, and the commands in them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication, QPoint
from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QMenu
from shiboken6 import isValid

from crm_desktop import __version__
from crm_desktop.gui.actions import Command, fill_groups, fill_menu, make_action
from crm_desktop.gui.rail import MODES
from crm_desktop.gui.theme import Scheme

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crm_desktop.gui.actions import Submenu
    from crm_desktop.gui.main_window import MainWindow
    from crm_desktop.gui.page import Page

SCHEMES = (
    (Scheme.SYSTEM, QT_TRANSLATE_NOOP("WindowMenus", "Theme: as the system"), "monitor"),
    (Scheme.LIGHT, QT_TRANSLATE_NOOP("WindowMenus", "Theme: light"), "sun"),
    (Scheme.DARK, QT_TRANSLATE_NOOP("WindowMenus", "Theme: dark"), "moon"),
)


class WindowMenus:
    """Fills the menu bar once; `follow` adapts it to the page that is shown."""

    def __init__(self, window: MainWindow) -> None:
        self._window = window
        standard = QKeySequence.StandardKey
        bar = window.top.menu
        connect = Command(self.tr("Connect to a server…"), window.connect_requested.emit, "server")
        close = Command(self.tr("Close tab"), window.tabs.close_current, "x", [standard.Close])
        quit_ = Command(self.tr("Quit"), window.close, "log-out", [standard.Quit])
        import_ = Command(self.tr("Import a CSV file…"), window.import_file, "file-input")
        show = window.draft_notices.show_drafts
        drafts = Command(self.tr("Unsaved drafts…"), show, "file-clock")
        check = Command(self.tr("Check links…"), window.check_links, "list-checks")
        save_all = Command(self.tr("Back up…"), window.backup_requested.emit, "database-backup")
        restore = Command(self.tr("Restore…"), window.restore_requested.emit, "archive-restore")
        own = [import_, drafts, check, None, save_all, restore]
        files = [*own, None, connect, None, close, None, quit_]
        self._import = fill_menu(bar, self.tr("&File"), files, window).actions()[0]
        save = Command(self.tr("Save"), window.save, "save", [standard.Save])
        find = Command(self.tr("Find in view"), window.start_find, "search", [standard.Find])
        refresh = Command(self.tr("Refresh"), window.refresh, "refresh-cw", [standard.Refresh])
        palette = Command(self.tr("Search or command…"), window.open_palette, "command", ["Ctrl+K"])
        edit = fill_menu(bar, self.tr("&Edit"), [save, None, find, refresh, None, palette], window)
        self._save, self._find = edit.actions()[0], edit.actions()[2]
        edit.insertActions(self._save, window.undo.actions())
        edit.insertSeparator(self._save)
        edit.setToolTipsVisible(True)
        self._fill_view()
        go = [
            Command(
                mode.title(),
                partial(window.open_mode, mode.address),
                mode.icon_name,
                [f"Ctrl+{key}"],
            )
            for key, mode in enumerate(MODES, start=1)
        ]
        fill_menu(bar, self.tr("&Go"), go, window)
        self._page_menu = bar.addMenu(self.tr("&Page"))
        self._page_menu.menuAction().setVisible(False)
        self._page_lines: list[QAction] = []
        self._groups: Sequence[Sequence[QAction | Submenu]] = ()
        keys = Command(self.tr("Keyboard map"), window.open_keyboard_map, "keyboard", ["F1"])
        about = Command(self.tr("About CRM Desktop"), self._show_about, "info")
        fill_menu(bar, self.tr("&Help"), [keys, about], window)

    def tr(self, text: str) -> str:
        """Translate as a QObject does."""
        return QCoreApplication.translate("WindowMenus", text)

    def follow(self, page: Page | None) -> None:
        """Offer what the shown page can do."""
        groups = page.menu_groups() if page is not None else ()
        if groups != self._groups:
            self._groups = groups
            self._fill_page()
        self._save.setEnabled(page is not None and page.can_save())
        self._find.setEnabled(page is not None)
        self._import.setEnabled(self._window.tasks.is_open)

    def _fill_page(self) -> None:
        for old in self._page_lines:  # not `clear`: PySide would delete those of the page
            if isValid(old):
                self._page_menu.removeAction(old)
        for inner in self._page_menu.findChildren(QMenu):
            inner.deleteLater()
        fill_groups(self._page_menu, self._groups)
        self._page_lines = self._page_menu.actions()
        self._page_menu.menuAction().setVisible(bool(self._page_lines))

    def open_settings(self) -> None:
        """Show the few settings there are, beside the button at the foot of the rail."""
        rail = self._window.rail
        size = self._settings_menu.sizeHint()
        corner = rail.mapToGlobal(QPoint(rail.width(), rail.height()))
        self._settings_menu.popup(corner - QPoint(0, size.height()))

    def _fill_view(self) -> None:
        window = self._window
        view = fill_menu(window.top.menu, self.tr("&View"), [], window)
        self._settings_menu = QMenu(window)
        group = QActionGroup(window)
        for scheme, text, icon_name in SCHEMES:
            run = partial(window.choose_scheme, scheme)
            is_current = window.state.scheme is scheme
            action = make_action(
                Command(self.tr(str(text)), run, icon_name, checked=is_current), window
            )
            action.setData("View")
            group.addAction(action)
            for menu in (view, self._settings_menu):
                menu.addAction(action)
        view.addSeparator()
        self.show_navigation = self._add_switch(view)
        tabs = window.tabs
        for command in (
            Command(self.tr("Next pane"), window.next_pane, "panel-left", ["F6"]),
            Command(
                self.tr("Next tab"),
                partial(tabs.step, 1),
                "arrow-right",
                ["Ctrl+Tab", "Ctrl+PgDown"],
            ),
            Command(
                self.tr("Previous tab"),
                partial(tabs.step, -1),
                "arrow-left",
                ["Ctrl+Shift+Tab", "Ctrl+PgUp"],
            ),
        ):
            action = make_action(command, window)
            action.setData("View")
            view.addAction(action)

    def _add_switch(self, view: QMenu) -> QAction:
        command = Command(
            self.tr("Navigation"), self._switch_navigation, "panel-left", ["F9"], checked=True
        )
        action = make_action(command, self._window)
        action.setData("View")
        for menu in (view, self._settings_menu):
            menu.addAction(action)
        return action

    def _switch_navigation(self) -> None:
        self._window.set_navigation_shown(is_shown=self.show_navigation.isChecked())

    def _show_about(self) -> None:
        from PySide6.QtCore import qVersion

        from crm_desktop.gui.messages import tell

        tell(
            self._window,
            self.tr("About CRM Desktop"),
            f"CRM Desktop {__version__}",
            self.tr("An administration client for a CRM in PostgreSQL.")
            + f"\nQt {qVersion()}. Apache-2.0.",
        )
