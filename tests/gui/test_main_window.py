"""The main window as a user drives it, over a real database."""

import time
from collections.abc import Iterator
from pathlib import Path
from threading import Event

import pytest
from PySide6.QtCore import QEvent, QObject, QPoint, QSettings, Qt, QTimer
from PySide6.QtGui import QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton, QTabBar, QWidget
from pytestqt.qtbot import QtBot
from typing_extensions import override

from crm_desktop.db.database import Database, WriteSession
from crm_desktop.domain.access import Actor
from crm_desktop.domain.errors import Conflict, Unavailable
from crm_desktop.gui.dialogs.import_dialog import ImportDialog
from crm_desktop.gui.dialogs.object_dialog import ObjectDialog
from crm_desktop.gui.jobs import Progress
from crm_desktop.gui.main_window import MainWindow
from crm_desktop.gui.page import Page
from crm_desktop.gui.pages.fields import FieldsPage
from crm_desktop.gui.pages.objects import ObjectsPage
from crm_desktop.gui.pulse import ConnectionState
from crm_desktop.gui.status_bar import Place
from crm_desktop.gui.tabs import TabEnd
from crm_desktop.gui.tasks import Tasks
from crm_desktop.gui.theme import Scheme
from crm_desktop.gui.tokens import Kind
from crm_desktop.services.objects import list_objects
from tests.gui.asking import open_dialog
from tests.gui.windows import (
    click_in_tree,
    make_application,
    make_object,
    make_window,
    titles,
    wait_until_idle,
)
from tests.stalling import proxied

HERE = Place("dev", "crm", "db.example")


@pytest.fixture
def opened(qapp: QApplication, database: Database, actor: Actor) -> Iterator[Tasks]:
    tasks = Tasks()
    tasks.use(database, actor)
    yield tasks
    tasks.close()
    tasks.deleteLater()


@pytest.fixture
def window(qtbot: QtBot, opened: Tasks, home: Path) -> Iterator[MainWindow]:
    window = make_window(qtbot, opened, home)
    window.show_place(HERE)
    window.show_pages()
    window.navigation.reload()
    wait_until_idle(qtbot, opened)
    yield window
    wait_until_idle(qtbot, opened)


class Draft(Page):
    """A page with unsaved work, as a form has it."""

    def __init__(self, tasks: Tasks, parent: QWidget | None = None) -> None:
        super().__init__(tasks, parent)
        self.title = "Draft"
        self.saved = 0
        self._is_unsaved = False

    def type(self) -> None:
        self._is_unsaved = True
        self.unsaved_changed.emit(True)

    @override
    def save(self) -> None:
        self.saved += 1
        self._is_unsaved = False
        self.unsaved_changed.emit(False)

    @override
    def has_unsaved(self) -> bool:
        return self._is_unsaved


@pytest.fixture
def draft(qtbot: QtBot, window: MainWindow, monkeypatch: pytest.MonkeyPatch) -> Draft:
    """Open a page with unsaved work in a second tab."""
    monkeypatch.setattr("crm_desktop.gui.tabs.make_page", _make_draft)
    window.open("users")
    qtbot.waitUntil(lambda: isinstance(window.current_page, Draft))
    page = window.current_page
    assert isinstance(page, Draft)
    page.type()
    return page


def _make_draft(_: str, tasks: Tasks, parent: QWidget, **_drafts: object) -> Draft:
    return Draft(tasks, parent)


def press(qtbot: QtBot, window: MainWindow, keys: str) -> None:
    """Press a shortcut where the keyboard is, as a user does."""
    QTest.keySequence(QApplication.focusWidget() or window, QKeySequence(keys))


def answer(qtbot: QtBot, window: MainWindow, text: str) -> None:
    """Press the button of this text in the open question."""

    def buttons() -> list[QPushButton]:
        box = QApplication.activeModalWidget()
        every = box.findChildren(QPushButton) if box is not None else []
        return [button for button in every if button.text() == text]

    qtbot.waitUntil(lambda: bool(buttons()))
    qtbot.mouseClick(buttons()[0], Qt.MouseButton.LeftButton)


def test_keys_reach_the_page_that_was_opened_from_wherever_the_keyboard_was(
    qtbot: QtBot, window: MainWindow, opened: Tasks
) -> None:
    window.rail.button("objects").setFocus()

    press(qtbot, window, "Ctrl+4")
    wait_until_idle(qtbot, opened)

    page, focused = window.current_page, QApplication.focusWidget()
    assert isinstance(page, FieldsPage)
    assert focused is page.grid


def test_ctrl_n_makes_something_new_while_the_keyboard_is_in_the_tree(
    qtbot: QtBot, window: MainWindow
) -> None:
    window.navigation.tree.setFocus()

    press(qtbot, window, "Ctrl+N")

    open_dialog(qtbot, ObjectDialog).done(0)


def test_the_first_page_lists_the_objects(
    qtbot: QtBot, window: MainWindow, database: Database, actor: Actor
) -> None:
    assert titles(window) == ["Objects"]
    assert window.rail.button("objects").isChecked()


class ShownWindows(QObject):
    """Notes every widget that is shown as a window of its own, if only for a moment."""

    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        is_shown = event.type() == QEvent.Type.Show and isinstance(watched, QWidget)
        if is_shown and isinstance(watched, QWidget) and watched.isWindow():
            self.names.append(type(watched).__name__)
        return False


def test_opening_pages_shows_no_stray_windows(
    qtbot: QtBot, qapp: QApplication, opened: Tasks, home: Path
) -> None:
    shown = ShownWindows()
    qapp.installEventFilter(shown)
    window = make_window(qtbot, opened, home)
    window.show_place(HERE)
    for address in ("objects", "applications", "fields", "relationships", "users"):
        window.open(address)
        wait_until_idle(qtbot, opened)
    qapp.removeEventFilter(shown)
    assert shown.names == ["MainWindow"]
    assert window.isActiveWindow()


def test_a_click_in_the_tree_opens_the_records_and_a_second_one_only_goes_back(
    qtbot: QtBot, window: MainWindow, database: Database, actor: Actor
) -> None:
    make_object(database, actor, "Deal", "Orion")
    window.refresh()
    wait_until_idle(qtbot, window.tasks)

    click_in_tree(qtbot, window, "Deals")
    qtbot.waitUntil(lambda: titles(window) == ["Objects", "Deals"])
    window.tabs.step(1)
    click_in_tree(qtbot, window, "Deals")

    assert titles(window) == ["Objects", "Deals"]
    assert window.tabs.strip.currentIndex() == 1


@pytest.mark.parametrize(
    ("address", "title"),
    [
        ("applications", "Applications"),
        ("fields", "Fields"),
        ("relationships", "Relationships"),
        ("users", "Users"),
    ],
)
def test_every_mode_of_the_rail_opens_its_page(
    qtbot: QtBot, window: MainWindow, address: str, title: str
) -> None:
    qtbot.mouseClick(window.rail.button(address), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: title in titles(window))
    assert window.rail.button(address).isChecked()
    assert not window.rail.button("objects").isChecked()


def test_tabs_are_walked_with_ctrl_tab_and_closed_with_ctrl_w(
    qtbot: QtBot, window: MainWindow
) -> None:
    window.open("fields")
    wait_until_idle(qtbot, window.tasks)
    press(qtbot, window, "Ctrl+Tab")
    assert window.tabs.strip.currentIndex() == 0
    press(qtbot, window, "Ctrl+W")
    assert titles(window) == ["Fields"]


def test_a_middle_click_closes_a_tab(qtbot: QtBot, window: MainWindow) -> None:
    window.open("fields")
    wait_until_idle(qtbot, window.tasks)
    strip = window.tabs.strip
    qtbot.mouseClick(strip, Qt.MouseButton.MiddleButton, pos=strip.tabRect(0).center())
    assert titles(window) == ["Fields"]


def test_a_moved_tab_keeps_its_page(qtbot: QtBot, window: MainWindow) -> None:
    window.open("fields")
    wait_until_idle(qtbot, window.tasks)
    window.tabs.strip.moveTab(1, 0)
    assert [frame.address for frame in window.tabs.frames] == ["fields", "objects"]
    assert window.current_page is window.tabs.frames[0].page


def test_closing_the_last_tab_says_how_to_go_on(qtbot: QtBot, window: MainWindow) -> None:
    window.tabs.close_current()
    assert titles(window) == []
    assert window.current_page is None
    assert not window.tabs._stack.isVisible()


def test_unsaved_work_has_a_pencil_and_is_asked_about_before_its_tab_closes(
    qtbot: QtBot, window: MainWindow, draft: Draft
) -> None:
    end = window.tabs.strip.tabButton(1, QTabBar.ButtonPosition.RightSide)
    assert isinstance(end, TabEnd)
    assert end.pencil.isVisible()

    window.tabs.close_current()
    answer(qtbot, window, "Cancel")
    assert len(titles(window)) == 2
    window.tabs.close_current()
    answer(qtbot, window, "Discard changes")

    qtbot.waitUntil(lambda: len(titles(window)) == 1)
    assert draft.saved == 0


def test_saving_before_closing_closes_the_tab_once_it_is_stored(
    qtbot: QtBot, window: MainWindow, draft: Draft
) -> None:
    window.tabs.close_current()
    answer(qtbot, window, "Save")
    qtbot.waitUntil(lambda: len(titles(window)) == 1)


def test_the_window_does_not_close_over_unsaved_work(
    qtbot: QtBot, window: MainWindow, draft: Draft
) -> None:
    window.close()
    assert window.isVisible()
    answer(qtbot, window, "Discard changes")
    qtbot.waitUntil(lambda: not window.isVisible())


def test_ctrl_s_saves_the_page(qtbot: QtBot, window: MainWindow, draft: Draft) -> None:
    press(qtbot, window, "Ctrl+S")
    assert draft.saved == 1


def test_tabs_navigation_and_theme_are_restored_on_the_next_start(
    qtbot: QtBot, window: MainWindow, opened: Tasks, home: Path
) -> None:
    window.open("fields")
    window.open("users")
    wait_until_idle(qtbot, opened)
    window.tabs.step(-1)
    press(qtbot, window, "F9")
    window.choose_scheme(Scheme.DARK)
    window.close()

    again = make_window(qtbot, opened, home)

    assert titles(again) == ["Objects", "Fields", "Users"]
    assert again.tabs.strip.currentIndex() == 1
    assert again.state.scheme is Scheme.DARK
    assert not again.navigation.isVisible()


def test_tabs_belong_to_their_database(
    qtbot: QtBot, window: MainWindow, opened: Tasks, home: Path
) -> None:
    window.open("fields")
    wait_until_idle(qtbot, opened)
    window.close()
    again = make_window(qtbot, opened, home)
    again.show_place(Place("test", "other", "db.example"))
    again.show_pages()
    wait_until_idle(qtbot, opened)
    assert titles(again) == ["Objects"]


def test_a_remembered_state_that_makes_no_sense_is_passed_over(
    qtbot: QtBot, opened: Tasks, home: Path
) -> None:
    settings = QSettings(str(home / "window.ini"), QSettings.Format.IniFormat)
    settings.setValue("window/last_place", "crm @ x")
    settings.setValue("places/crm @ x", '{"tabs": [{"address": "nonsense"}, 7], "current": "no"}')
    settings.setValue("look/scheme", "purple")
    settings.sync()
    window = make_window(qtbot, opened, home)
    assert titles(window) == []
    assert window.state.scheme is Scheme.SYSTEM


@pytest.mark.parametrize("kind", ["local", "dev", "test", "prod"])
def test_the_kind_of_database_is_always_in_sight(window: MainWindow, kind: Kind) -> None:
    window.show_place(Place(kind, "crm", "db.example"))
    assert window.status.kind.text == kind.upper()
    assert window.top.has_strip == (kind == "prod")
    assert "crm @ db.example" in window.windowTitle()


def test_a_refusal_that_no_widget_took_stands_above_the_page(
    qtbot: QtBot, window: MainWindow
) -> None:
    window.tasks.refused.emit(Unavailable("The disk is full."))
    frame = window.tabs.current
    assert frame is not None
    message = frame.messages.message()
    assert message is not None
    assert message.text == "The disk is full."
    assert frame.messages.isVisible()


def test_objects_are_grouped_by_application_and_the_rest_shared(
    qtbot: QtBot, window: MainWindow, database: Database, actor: Actor
) -> None:
    account = make_object(database, actor, "Account")
    make_object(database, actor, "Product")
    make_application(database, actor, "Sales", account)
    window.refresh()
    qtbot.waitUntil(lambda: len(window.navigation.groups) == 2)
    groups = [
        (group.title, [each.title for each in group.objects]) for group in window.navigation.groups
    ]
    assert groups == [("Sales", ["Accounts"]), ("Shared objects", ["Products"])]


def test_f6_moves_the_keyboard_between_tree_and_page(qtbot: QtBot, window: MainWindow) -> None:
    press(qtbot, window, "F6")
    assert window.navigation.tree.hasFocus()
    press(qtbot, window, "F6")
    assert not window.navigation.tree.hasFocus()


def test_f6_goes_back_to_where_the_keyboard_was_in_the_page(
    qtbot: QtBot, window: MainWindow
) -> None:
    page = window.current_page
    assert isinstance(page, ObjectsPage)
    page.grid.setFocus()

    press(qtbot, window, "F6")
    press(qtbot, window, "F6")

    assert page.grid.hasFocus()


def test_five_seconds_without_an_answer_do_not_stop_the_window(
    qtbot: QtBot,
    database: Database,
    database_url: str,
    actor: Actor,
    home: Path,
    used_on_gui_thread: list[str],
) -> None:
    make_object(database, actor, "Deal", "Orion")
    used_on_gui_thread.clear()
    with proxied(database_url) as proxy:
        tasks = Tasks()
        window = make_window(qtbot, tasks, home)
        window.show_place(HERE)
        window.show_pages()
        tasks.use(Database.at(proxy.url), actor)
        qtbot.waitUntil(lambda: titles(window) == ["Objects"])
        wait_until_idle(qtbot, tasks)
        beats: list[float] = []
        heart = QTimer(interval=20, timerType=Qt.TimerType.PreciseTimer)
        heart.timeout.connect(lambda: beats.append(time.monotonic()))
        states: list[ConnectionState] = []
        tasks.connection_changed.connect(states.append)
        answers: list[object] = []

        proxy.stall()
        heart.start()
        begun = time.monotonic()
        window.refresh()
        window.open("fields")
        tasks.read(window, list_objects, answers.append)
        qtbot.waitUntil(lambda: time.monotonic() - begun > 5, timeout=8000)
        heart.stop()
        shown = [str(frame.title) for frame in window.tabs.frames]
        proxy.go_on()

        assert answers == []
        assert len(beats) >= 0.9 * 5 / 0.02
        assert "Objects" in shown
        qtbot.waitUntil(lambda: len(answers) == 1, timeout=20_000)
        wait_until_idle(qtbot, tasks)
        tasks.close()
        tasks.deleteLater()
    assert used_on_gui_thread == []


def test_what_was_said_about_a_lost_database_goes_when_it_is_back(
    qtbot: QtBot, window: MainWindow, opened: Tasks
) -> None:
    frame = window.tabs.current
    assert frame is not None
    opened.connection_changed.emit(ConnectionState.LOST)
    frame.show_refusal(Unavailable("Nothing answers."))
    frame.show_refusal(Conflict("Somebody else changed this."))

    opened.connection_changed.emit(ConnectionState.CONNECTED)
    wait_until_idle(qtbot, opened)

    message = frame.messages.message()
    assert message is not None
    assert (frame.messages.count(), message.text) == (1, "Somebody else changed this.")


def test_jobs_show_their_progress_and_several_fold_into_a_list(
    qtbot: QtBot, window: MainWindow
) -> None:
    go_on = Event()

    def work(_: WriteSession, on_progress: Progress) -> None:
        on_progress(3, 10)
        go_on.wait(10)

    first = window.tasks.run_long(window, "Importing contacts", work)
    qtbot.waitUntil(lambda: window.status.jobs.text == "Importing contacts 3 / 10")
    window.tasks.run_long(window, "Exporting deals", work)
    assert window.status.jobs.text == "2 jobs running"
    first.cancel()
    go_on.set()
    qtbot.waitUntil(lambda: window.tasks.jobs == ())
    assert not window.status.jobs.isVisible()


def test_closing_asks_first_while_something_runs(
    qtbot: QtBot, window: MainWindow, home: Path
) -> None:
    go_on = Event()

    def work(_: WriteSession, __: Progress) -> None:
        go_on.wait(10)

    window.tasks.run_long(window, "Importing contacts", work)
    window.close()
    assert window.isVisible()
    answer(qtbot, window, "Cancel")
    assert window.isVisible()
    window.close()
    answer(qtbot, window, "Stop and close")
    qtbot.waitUntil(lambda: not window.isVisible())
    go_on.set()
    qtbot.waitUntil(lambda: window.tasks.jobs == ())


def test_importing_a_file_begins_with_the_object_that_is_shown(
    qtbot: QtBot, window: MainWindow, database: Database, actor: Actor
) -> None:
    deal = make_object(database, actor, "Deal", "Orion")
    window.open(f"records:{deal}")
    wait_until_idle(qtbot, window.tasks)
    window.import_file()
    dialog = window.findChild(ImportDialog)
    assert dialog is not None
    qtbot.waitUntil(lambda: dialog.object.currentText() == "Deal")
    dialog.reject()


def test_dragging_a_tab_needs_no_exact_aim(qtbot: QtBot, window: MainWindow) -> None:
    window.open("fields")
    wait_until_idle(qtbot, window.tasks)
    strip = window.tabs.strip
    begin, end = strip.tabRect(1).center(), strip.tabRect(0).center() - QPoint(20, 0)
    QTest.mousePress(strip, Qt.MouseButton.LeftButton, pos=begin)
    for step in range(1, 11):
        QTest.mouseMove(strip, begin + (end - begin) * step / 10)
    QTest.mouseRelease(strip, Qt.MouseButton.LeftButton, pos=end)
    qtbot.waitUntil(
        lambda: [frame.address for frame in window.tabs.frames] == ["fields", "objects"]
    )
