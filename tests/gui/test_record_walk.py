"""From record to record: in a tab, beside the list, by permanent links, as a duplicate."""

import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtCore import QItemSelectionModel
from PySide6.QtGui import QGuiApplication, QKeySequence
from PySide6.QtNetwork import QLocalSocket
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from crm_desktop import cli
from crm_desktop.app import WINDOW_LOCK
from crm_desktop.db.database import Database
from crm_desktop.db.locks import try_lock
from crm_desktop.domain.record_links import link_to_record
from crm_desktop.domain.second_start import Wish
from crm_desktop.gui.link_server import LinkServer, server_name
from crm_desktop.gui.main_window import MainWindow
from crm_desktop.gui.pages.record import DuplicatePage, RecordPage
from crm_desktop.gui.pages.records import RecordsPage
from crm_desktop.gui.tasks import Tasks
from crm_desktop.gui.widgets.elided_label import TextLabel
from crm_desktop.gui.widgets.empty_state import EmptyState
from tests.gui.asking import activate, answer, press
from tests.gui.test_record_page import stored, type_into
from tests.gui.windows import make_window, wait_until_idle
from tests.make import Make


@pytest.fixture
def window(qtbot: QtBot, tasks: Tasks, home: Path) -> MainWindow:
    return make_window(qtbot, tasks, home)


@pytest.fixture
def deals(make: Make) -> dict[str, str]:
    """Give records by their names; the list shows C first, for it is the newest."""
    deal = make.object("deal", fields=["name"])
    return {name: make.record(deal, {"fld_name": name}) for name in "ABC"}


def press_keys(qtbot: QtBot, window: MainWindow, keys: str) -> None:
    """Press a shortcut where the keyboard is."""
    activate(qtbot, window)
    QTest.keySequence(QApplication.focusWidget() or window, QKeySequence(keys))


def listed(qtbot: QtBot, window: MainWindow) -> RecordsPage:
    window.open("records:obj_deal")
    qtbot.waitUntil(lambda: isinstance(window.current_page, RecordsPage))
    page = window.current_page
    assert isinstance(page, RecordsPage)
    qtbot.waitUntil(lambda: page.model.is_settled and page.inspector.record is not None)
    return page


def current(qtbot: QtBot, window: MainWindow, name: str) -> RecordPage:
    """Return the record's page once it shows the record of this name and its neighbours."""
    qtbot.waitUntil(lambda: window.current_page is not None and window.current_page.title == name)
    wait_until_idle(qtbot, window.tasks)
    page = window.current_page
    assert isinstance(page, RecordPage)
    return page


def test_a_record_opened_from_a_list_leads_to_its_neighbours_there(
    qtbot: QtBot, window: MainWindow, deals: dict[str, str], database: Database
) -> None:
    listed(qtbot, window).open_current()
    page = current(qtbot, window, "C")
    assert page.panel.stepper.place.text() == "1 of 3"
    assert not page.panel.stepper.before.isEnabled()

    press_keys(qtbot, window, "Alt+PgDown")
    page = current(qtbot, window, "B")
    assert page.panel.stepper.place.text() == "2 of 3"
    type_into(qtbot, page, "fld_name", "Bee")
    press_keys(qtbot, window, "Alt+PgDown")
    answer(qtbot, "Save")
    page = current(qtbot, window, "A")
    assert stored(database, deals["B"]) == {"fld_name": "Bee"}
    assert not page.panel.stepper.after.isEnabled()
    frame = window.tabs.current
    assert frame is not None
    assert frame.address == f"record:{deals['A']}"

    type_into(qtbot, page, "fld_name", "Aaa")
    press(qtbot, page.panel.stepper.before)
    answer(qtbot, "Discard changes")
    current(qtbot, window, "Bee")
    assert stored(database, deals["A"]) == {"fld_name": "A"}


def test_the_inspector_says_what_it_still_edits_until_that_is_decided(
    qtbot: QtBot, window: MainWindow, deals: dict[str, str], database: Database
) -> None:
    page = listed(qtbot, window)
    form = page.inspector.form
    editor = form.cells["fld_name"].editor
    qtbot.keyClicks(editor.control, "!")
    press_keys(qtbot, window, "Alt+PgDown")
    assert page.grid.currentIndex().row() == 1
    assert page.inspector.notice.sentence() == "Still editing C, which is not saved."

    press(qtbot, page.inspector.notice.buttons[2])  # Go to it
    qtbot.waitUntil(lambda: page.grid.currentIndex().row() == 0)
    assert not page.inspector.notice.sentence()

    press_keys(qtbot, window, "Alt+PgDown")
    offered = page.inspector.menu_button.menu().actions()
    next(each for each in offered if each.text() == "Copy link").trigger()
    assert QGuiApplication.clipboard().text() == link_to_record(deals["C"])
    press(qtbot, page.inspector.notice.buttons[0])  # Save
    qtbot.waitUntil(lambda: page.inspector.record_id == deals["B"])
    assert stored(database, deals["C"]) == {"fld_name": "!C"}
    assert not page.inspector.notice.sentence()


def test_a_permanent_link_is_copied_and_leads_back_from_the_palette(
    qtbot: QtBot, window: MainWindow, deals: dict[str, str]
) -> None:
    page = listed(qtbot, window)
    second = page.model.index(1, 0)
    flags = QItemSelectionModel.SelectionFlag
    page.grid.selectionModel().select(second, flags.Select | flags.Rows)
    press_keys(qtbot, window, "Ctrl+Shift+K")
    links = [link_to_record(deals[name]) for name in "CB"]
    assert QGuiApplication.clipboard().text() == "\n".join(links)

    palette = window.command_palette
    palette.open()
    palette.line.setText("crm-desktop://record/a b")
    assert palette.titles() == []
    assert palette.note.text() == "This is no link to a record."
    palette.line.setText(links[1])
    assert palette.titles()[0] == "Go to this record"
    palette.line.returnPressed.emit()
    record = current(qtbot, window, "B")
    press_keys(qtbot, window, "Ctrl+Shift+K")
    assert QGuiApplication.clipboard().text() == link_to_record(record.record_id)

    window.open("record:rec_of_another_database")
    qtbot.waitUntil(lambda: window.current_page not in {record, None})
    wait_until_idle(qtbot, window.tasks)
    stranger = window.current_page
    assert isinstance(stranger, RecordPage)
    (empty,) = (each for each in stranger.findChildren(EmptyState) if each.isVisible())
    words = {label.text() for label in empty.findChildren(TextLabel)}
    assert "This database has no such record (any more)." in words


def test_a_duplicate_begins_with_the_values_and_is_a_record_of_its_own(
    qtbot: QtBot, window: MainWindow, deals: dict[str, str], database: Database
) -> None:
    listed(qtbot, window).open_current()
    current(qtbot, window, "C")
    press_keys(qtbot, window, "Ctrl+Shift+D")
    copy = current(qtbot, window, "New Deal")
    assert isinstance(copy, DuplicatePage)
    type_into(qtbot, copy, "fld_name", "C again")
    copy.save()
    made = current(qtbot, window, "C again")
    assert made.record_id not in deals.values()
    assert stored(database, made.record_id) == {"fld_name": "C again"}
    assert stored(database, deals["C"]) == {"fld_name": "C"}


def test_a_link_on_the_command_line_reaches_the_running_window_and_what_is_none_is_refused(
    qtbot: QtBot, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    server = LinkServer()
    wanted: list[Wish] = []
    server.wished.connect(wanted.append)
    assert server.listen(server_name(home))
    lock = try_lock(home / WINDOW_LOCK)
    assert lock is not None

    program = [sys.executable, "-m", "crm_desktop", link_to_record("rec_1")]
    with subprocess.Popen(program) as client:
        qtbot.waitUntil(lambda: client.poll() is not None, timeout=20_000)
        assert client.returncode == 0
    assert wanted == [Wish("rec_1")]

    socket = QLocalSocket()
    for line in (b"rm -rf /\n", b"crm-desktop://record/" + b"a" * 17_000, b"\xff\n"):
        socket.connectToServer(server_name(home))
        socket.write(line)
        qtbot.waitUntil(lambda: socket.state() == QLocalSocket.LocalSocketState.UnconnectedState)
        assert bytes(socket.readAll().data()) == b"refused\n"
    assert cli.main(["crm-desktop://record/%ff"]) == 2
    assert "no link to a record" in capsys.readouterr().err
    assert wanted == [Wish("rec_1")]
    lock.release()
    server.close()
    server.deleteLater()
