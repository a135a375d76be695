"""The main window: rail, navigation, tabs and status bar, and what goes on between them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QSettings, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QCloseEvent, QGuiApplication, QKeySequence
from PySide6.QtWidgets import (
    QApplication,
    QHBoxLayout,
    QMainWindow,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)
from typing_extensions import override

from crm_desktop.gui.draft_notices import DraftNotices
from crm_desktop.gui.drafts import Drafts
from crm_desktop.gui.navigation import Navigation, ObjectEntry
from crm_desktop.gui.pulse import ConnectionState
from crm_desktop.gui.rail import SCHEMA, Rail, mode_of
from crm_desktop.gui.routes import id_of, is_known, kind_of
from crm_desktop.gui.start_page import StartPage
from crm_desktop.gui.status_bar import Place, StatusBar
from crm_desktop.gui.tabs import Frame, Tabs
from crm_desktop.gui.theme import Scheme, scale
from crm_desktop.gui.top_bar import TopBar
from crm_desktop.gui.undo import Undo
from crm_desktop.gui.widgets.message_bar import Message, MessageBar
from crm_desktop.gui.widgets.splitter import Splitter
from crm_desktop.gui.window_menus import WindowMenus
from crm_desktop.gui.window_state import RememberedTab, WindowState

if TYPE_CHECKING:
    from crm_desktop.domain.errors import UserError
    from crm_desktop.gui.command_palette import CommandPalette
    from crm_desktop.gui.page import Page
    from crm_desktop.gui.tasks import Tasks

FIRST_PAGE = "objects"


class MainWindow(QMainWindow):
    """Can be shown before any database is known; pages are built once there is one."""

    connect_requested = Signal()
    backup_requested = Signal()
    restore_requested = Signal()
    scheme_chosen = Signal(object)  # Scheme
    about_to_close = Signal()

    def __init__(
        self,
        tasks: Tasks,
        settings: QSettings,
        drafts: Drafts | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.tasks = tasks
        self.drafts = drafts if drafts is not None else Drafts(tasks, parent=self)
        self.state = WindowState(settings)
        self.setWindowTitle("CRM Desktop")
        # From the outside in: Qt styles a widget, and all in it, again when its parent changes.
        self.top = TopBar(QKeySequence("Ctrl+K"), self)
        central = QWidget(self)
        self.rail = Rail(central)
        self._splitter = Splitter(Qt.Orientation.Horizontal, central)
        self.navigation = Navigation(tasks, self._splitter)
        right = QWidget(self._splitter)
        self.messages = MessageBar(right)
        self._stack = QStackedWidget(right)
        self.tabs = Tabs(tasks, self.drafts, self._stack)
        self.start_page = StartPage(self._stack)
        self.status = StatusBar(central)
        self._place: Place | None = None
        self._is_sure = False
        self._wanted = ("", "")  # the address of a page, and the id of what to show in it
        self._lay_out(central, right)
        self.undo = Undo(tasks, self)
        self.draft_notices = DraftNotices(self.drafts, self._object_labels, self)
        self.menus = WindowMenus(self)
        self._palette: CommandPalette | None = None
        self._connect()
        self._restore()

    def open(self, address: str) -> None:
        """Show the page of this address; `fields:<id>` shows that field among the fields."""
        if address == "layout":
            address = self._layout_address()
        kind = kind_of(address)
        if id_of(address) and not is_known(address) and is_known(kind):
            self._wanted = (kind, id_of(address))
            self.tabs.open(kind)
            self._show_wanted()
        else:
            self.tabs.open(address)

    def come_forward(self) -> None:
        """Be in front of the other windows, as far as the desktop lets programs do that."""
        if self.isMinimized():
            self.showNormal()
        self.raise_()
        self.activateWindow()

    def _layout_address(self) -> str:
        """Return the layout of the object that is shown, else one that is open, else the first."""
        addresses = [frame.address for frame in self.tabs.frames]
        current = self.tabs.current.address if self.tabs.current is not None else ""
        if kind_of(current) in {"records", "new-record", "layout"}:
            return f"layout:{id_of(current)}"
        known = [entry.address for entry in self._all_objects()]
        found = [each for each in (*addresses, *known) if kind_of(each) in {"layout", "records"}]
        found.sort(key=kind_of)  # layouts first
        return f"layout:{id_of(found[0])}" if found else FIRST_PAGE

    def _open_from_tree(self, address: str) -> None:
        """Open what was chosen in the tree: among layouts, an object's layout."""
        frame = self.tabs.current
        is_layout = frame is not None and kind_of(frame.address) == "layout"
        self.open(f"layout:{id_of(address)}" if is_layout else address)

    def _show_wanted(self) -> None:
        """Show what was asked for in the page that holds it, once there is one."""
        address, item_id = self._wanted
        frame = self.tabs.current
        if item_id and frame is not None and frame.page is not None and frame.address == address:
            self._wanted = ("", "")
            frame.page.show_item(item_id)

    def show_place(self, place: Place) -> None:
        """Say in every corner which database this is; bring back the tabs that it had."""
        if self._place != place:
            self._place = place
            self._restore_tabs(place.text)
        self.setWindowTitle(f"{place.text} \u2013 CRM Desktop")
        self.status.show_place(place)
        self.top.show_kind(place.kind)
        self.setProperty("is_production", place.kind == "prod")

    def show_start(self) -> None:
        """Show the start page instead of the tabs: there is something to decide first."""
        self._stack.setCurrentWidget(self.start_page)

    def show_pages(self) -> None:
        self._stack.setCurrentWidget(self.tabs)
        if not self.tabs.frames:
            self.open(FIRST_PAGE)
        self._give_keyboard()

    @property
    def is_showing_pages(self) -> bool:
        return self._stack.currentWidget() is self.tabs

    @property
    def current_page(self) -> Page | None:
        return self.tabs.current_page if self.is_showing_pages else None

    def refresh(self) -> None:
        """Read the page and the navigation again."""
        if self.current_page is not None:
            self.current_page.refresh()
        if self.tasks.is_open:
            self.navigation.reload()

    def save(self) -> None:
        if self.current_page is not None:
            self.current_page.save()

    def start_find(self) -> None:
        if self.current_page is not None:
            self.current_page.start_find()

    def next_pane(self) -> None:
        """Move the keyboard between the tree and where it was in the page."""
        page = self.current_page
        focused = QApplication.focusWidget()
        in_tree = focused is not None and self.navigation.isAncestorOf(focused)
        if in_tree and page is not None:
            _give_keyboard(page)
        else:
            self.navigation.tree.setFocus()

    @property
    def command_palette(self) -> CommandPalette:
        """Return the palette, made when it is first asked for."""
        if self._palette is None:
            from crm_desktop.gui.command_palette import CommandPalette

            self._palette = CommandPalette(self.tasks, self, self._all_actions, self._all_objects)
            self._palette.open_requested.connect(self.open)
        return self._palette

    def open_palette(self) -> None:
        self.command_palette.open()

    def open_find_objects(self) -> None:
        self.command_palette.open("@")

    def open_keyboard_map(self) -> None:
        """Show every command of the window and of the shown page that has keys."""
        from crm_desktop.gui.keyboard_map import KeyboardMapDialog, lines_of_page, lines_of_window

        page = self.current_page
        own = [] if page is None else lines_of_page(page, page.title)
        dialog = KeyboardMapDialog([*own, *lines_of_window(self)], self)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def import_file(self, path: str = "") -> None:
        """Ask for a file unless one is named, for the object whose records are shown or another."""
        from crm_desktop.gui.dialogs.import_dialog import ImportDialog

        frame = self.tabs.current
        is_list = frame is not None and kind_of(frame.address) == "records"
        object_id = id_of(frame.address) if is_list and frame is not None else ""
        dialog = ImportDialog(self.tasks, object_id, self)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()
        if path:
            dialog.set_file(path)
            dialog.object.setFocus()

    def check_links(self) -> None:
        """Show the links that break a rule."""
        from crm_desktop.gui.links.breaches_dialog import BreachesDialog

        dialog = BreachesDialog(self.tasks, self)
        dialog.open_requested.connect(self.open)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def set_navigation_shown(self, *, is_shown: bool) -> None:
        self.navigation.setVisible(is_shown)

    def choose_scheme(self, scheme: Scheme) -> None:
        self.state.scheme = scheme
        self.scheme_chosen.emit(scheme)

    def _lay_out(self, central: QWidget, right: QWidget) -> None:
        self.setMenuWidget(self.top)
        self.setCentralWidget(central)
        self._stack.addWidget(self.tabs)
        self._stack.addWidget(self.start_page)
        self._splitter.addWidget(self.navigation)
        right_column = QVBoxLayout(right)
        right_column.setContentsMargins(0, 0, 0, 0)
        right_column.setSpacing(0)
        right_column.addWidget(self.messages)
        right_column.addWidget(self._stack, 1)
        self._splitter.addWidget(right)
        self._splitter.setStretchFactor(1, 1)
        self._splitter.setSizes([round(scale().line * 14), round(scale().line * 60)])
        row = QHBoxLayout()
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self.rail)
        row.addWidget(self._splitter, 1)
        column = QVBoxLayout(central)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(row, 1)
        column.addWidget(self.status)

    def _connect(self) -> None:
        self.top.find_requested.connect(self.open_palette)
        self.rail.mode_requested.connect(self._open_mode)
        self.rail.help_requested.connect(self.open_keyboard_map)
        self.rail.settings_requested.connect(self.menus.open_settings)
        self.navigation.open_requested.connect(self._open_from_tree)
        self.tabs.new_requested.connect(self.open_find_objects)
        self.tabs.current_changed.connect(self._follow_tab)
        self.tabs.page_shown.connect(self._give_keyboard)
        self.tabs.page_made.connect(self._arrange)
        self.tabs.closing.connect(self._keep_arrangement)
        self.tabs.close_requested.connect(self._ask_about)
        self.navigation.loaded.connect(self._follow_tab)
        self.undo.told.connect(self._show_message)
        self.draft_notices.told.connect(self._show_message)
        self.draft_notices.settled.connect(self._withdraw_message)
        self.draft_notices.open_requested.connect(self.open)
        self.drafts.refused.connect(self._show_refusal)
        self.tasks.started.connect(self.status.jobs.add)
        self.tasks.refused.connect(self._show_refusal)
        self.tasks.connection_changed.connect(self._show_state)
        self.tasks.latency_measured.connect(self.status.show_latency)
        self.status.reconnect_requested.connect(self.tasks.check_connection)

    def _show_state(self, state: ConnectionState) -> None:
        was_lost = self.status.state is ConnectionState.LOST
        self.status.show_state(state)
        if was_lost and state is ConnectionState.CONNECTED:
            for frame in self.tabs.frames:
                frame.messages.clear_kind("warning")  # what was away is back
            self.refresh()

    def _show_refusal(self, error: UserError) -> None:
        frame = self.tabs.current
        if frame is not None and self.is_showing_pages:
            frame.show_refusal(error)
        else:
            self.messages.show_message("danger", str(error))

    def _show_message(self, message: Message) -> None:
        frame = self.tabs.current
        bar = frame.messages if frame is not None and self.is_showing_pages else self.messages
        bar.show_message(message.kind, message.text, actions=message.actions)

    def _withdraw_message(self, text: str) -> None:
        for bar in (self.messages, *(frame.messages for frame in self.tabs.frames)):
            bar.withdraw(text)

    def _open_mode(self, address: str) -> None:
        """Go back to the page of the mode that was seen last, else open its own."""
        self.open_mode(address)
        if kind_of(address) == FIRST_PAGE and not self.navigation.isVisible():
            self.menus.show_navigation.trigger()

    def open_mode(self, address: str) -> None:
        """Open the page of a mode: that of the schema as a table or a graph, as it was last."""
        self.open(self.state.text_of("schema") or address if address == SCHEMA else address)

    def _follow_tab(self) -> None:
        """Let rail, tree, status bar and menus show what the current tab is."""
        frame = self.tabs.current
        kind = kind_of(frame.address) if frame is not None else ""
        self.rail.show_mode(kind)
        mode = mode_of(kind)
        if mode is not None and mode.address == SCHEMA:
            self.state.keep_text("schema", kind)
        is_list = frame is not None and kind in {"records", "layout"}
        self.navigation.show_mode(kind)
        self.navigation.mark_current(f"records:{id_of(frame.address)}" if is_list and frame else "")
        page = self.current_page
        self.status.show_page_status(page.status if page is not None else "")
        self.menus.follow(page)
        self.undo.follow(page)

    def _give_keyboard(self) -> None:
        """Let keys reach the page that was opened; who walks in the tree or the tabs stays."""
        page, focused = self.current_page, QApplication.focusWidget()
        if page is None:
            return
        is_kept = focused is not None and (
            any(each.isAncestorOf(focused) for each in (page, self.navigation))
            or focused is self.tabs.strip
            or focused.window() is not self
        )
        if not is_kept:
            page.setFocus()

    def _all_actions(self) -> list[QAction]:
        page = self.current_page
        own = [action for action in page.actions() if action.isVisible()] if page else []
        return [*own, *(action for action in self.actions() if action.isVisible())]

    def _all_objects(self) -> list[ObjectEntry]:
        entries = {entry.id: entry for group in self.navigation.groups for entry in group.objects}
        return list(entries.values())

    def _object_labels(self) -> dict[str, str]:
        return {entry.id: entry.title for entry in self._all_objects()}

    def _restore(self) -> None:
        if not self.restoreGeometry(self.state.bytes_of("geometry")):
            screen = QGuiApplication.primaryScreen().availableSize()
            line = scale().line
            wide = min(round(line * 90), screen.width())
            self.resize(wide, min(round(line * 56), screen.height()))
        self._splitter.restoreState(self.state.bytes_of("splitter"))
        is_shown = self.state.is_on("navigation", otherwise=True)
        self.menus.show_navigation.setChecked(is_shown)
        self.navigation.setVisible(is_shown)
        if self.state.last_place:
            self._restore_tabs(self.state.last_place)

    def _restore_tabs(self, place: str) -> None:
        tabs, current = self.state.tabs_at(place)
        known = [tab for tab in tabs if is_known(tab.address)]
        if [frame.address for frame in self.tabs.frames] == [tab.address for tab in known]:
            return
        for frame in self.tabs.frames:
            self.tabs.discard(frame)
        self.navigation.set_collapsed(self.state.collapsed_at(place))
        for index, tab in enumerate(known):
            self.tabs.insert(index, tab.address, tab.title, tab.icon)
        self.tabs.show_at(min(current, len(known) - 1))

    def _arrange(self, frame: Frame) -> None:
        if frame.page is not None:
            frame.page.address_changed.connect(partial(self._readdress, frame))
            frame.page.restore_view(self.state.text_of(f"view {frame.address}"))
            frame.page.arranged.connect(partial(self._keep_arrangement, frame))
            self._show_wanted()

    def _readdress(self, frame: Frame, address: str) -> None:
        frame.address = address
        self._follow_tab()

    def _keep_arrangement(self, frame: Frame) -> None:
        if frame.page is not None:
            key, arranged = f"view {frame.address}", frame.page.view_state()
            if arranged != self.state.text_of(key):
                self.state.keep_text(key, arranged)

    def keep_state(self) -> None:
        """Remember place, panes and tabs for the next start."""
        for frame in self.tabs.frames:
            self._keep_arrangement(frame)
        self.state.keep_bytes("geometry", self.saveGeometry())
        self.state.keep_bytes("splitter", self._splitter.saveState())
        self.state.keep_switch("navigation", is_on=self.menus.show_navigation.isChecked())
        if self._place is not None:
            tabs = [
                RememberedTab(frame.address, frame.title, frame.icon_name)
                for frame in self.tabs.frames
            ]
            current = max(0, self.tabs.strip.currentIndex())
            self.state.keep_place(self._place.text, tabs, current, self.navigation.collapsed)

    def _unsaved(self) -> list[Frame]:
        frames = self.tabs.frames
        return [frame for frame in frames if frame.page is not None and frame.page.has_unsaved()]

    def _ask_about(self, frame: Frame) -> None:
        """Ask before the tab closes; after Save it closes once everything is stored."""
        discard = partial(self.tabs.discard, frame)
        self._ask_to_save([frame], discard, discard)

    def _ask_to_save(
        self, frames: list[Frame], after_save: Callable[[], object], discard: Callable[[], object]
    ) -> None:
        from crm_desktop.gui.messages import choose  # with the palette: not before first paint

        many = len(frames) > 1
        choose(
            self,
            self.tr("Unsaved changes"),
            self.tr("Save the changes in {count} pages?").format(count=len(frames))
            if many
            else self.tr("Save the changes?"),
            "\n".join(frame.title for frame in frames),
            {
                self.tr("Save"): partial(self._save_and, frames, after_save),
                self.tr("Discard changes"): discard,
            },
        )

    def _save_and(self, frames: list[Frame], then: Callable[[], object]) -> None:
        """Save the frames; call `then` when the last of them says that it is stored."""

        def look() -> None:
            if not any(frame.page is not None and frame.page.has_unsaved() for frame in frames):
                for frame in frames:
                    if frame.page is not None:
                        frame.page.unsaved_changed.disconnect(look)
                QTimer.singleShot(0, self, then)

        for frame in frames:
            if frame.page is not None:
                frame.page.unsaved_changed.connect(look)
                frame.page.save()

    @override
    def closeEvent(self, event: QCloseEvent) -> None:
        """Keep the state and close; unsaved work and running jobs are asked about first."""
        unsaved = self._unsaved()
        if unsaved and not self._is_sure:
            event.ignore()
            self._ask_to_save(unsaved, self.close, self._close_surely)
            return
        if self.tasks.jobs and not self._is_sure:
            event.ignore()
            self._ask_about_jobs()
            return
        self.keep_state()
        self.about_to_close.emit()
        event.accept()

    def _ask_about_jobs(self) -> None:
        """Ask before the window closes on work that would be lost."""
        from crm_desktop.gui.messages import ask

        running = "\n".join(job.title for job in self.tasks.jobs)
        undone = self.tr("What is not finished is undone: the database stays as it was before.")
        text, stop = self.tr("Stop what is running and close?"), self.tr("Stop and close")
        why, title = f"{running}\n\n{undone}", self.tr("Still running")
        ask(self, title, text, why, stop, self._close_surely, danger=True)

    def _close_surely(self) -> None:
        for frame in self._unsaved():
            if frame.page is not None:
                frame.page.drop_unsaved()
        self._is_sure = True
        self.close()


def _give_keyboard(page: Page) -> None:
    """Go on in the page where the keyboard was there, else where the page begins."""
    last: QWidget | None = page.focusWidget()  # stubs know no None
    if last is not None and last is not page and last.isVisible():
        last.setFocus()
        return
    page.setFocus()
    if page.focusProxy() is None:
        page.focusNextChild()
