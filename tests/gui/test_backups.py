"""Backups from the window: saved with a sentence, restored only after it said what goes."""

import threading
from pathlib import Path

import pytest
from PySide6.QtCore import QDate, Qt
from PySide6.QtWidgets import QApplication, QFileDialog, QLabel
from pytestqt.qtbot import QtBot

from crm_desktop.domain.errors import Cancelled, Invalid, UserError
from crm_desktop.domain.saved_backup import Saved
from crm_desktop.gui.backups import Backups
from crm_desktop.gui.jobs import Progress
from crm_desktop.gui.main_window import MainWindow
from crm_desktop.gui.startup import Source, Startup
from crm_desktop.gui.tasks import Tasks
from crm_desktop.opening import DatabaseOpener
from tests.gui.asking import answer
from tests.gui.windows import make_window, wait_until_idle


class Keeper:
    """Keeps what it is asked for; the files themselves are tested with a real server."""

    def __init__(self) -> None:
        self.restored: list[Path] = []
        self.in_the_way = "2 objects, 1 record"
        self.refusal: UserError | None = None
        self.may_end = threading.Event()
        self.may_end.set()

    def back_up(self, source: Source, file: Path, on_progress: Progress) -> Saved:
        assert source.is_local
        if self.refusal is not None:
            raise self.refusal
        on_progress(1, 1)
        return Saved(file, 2_000_000, "", "")

    def examine_backup(self, file: Path) -> Saved:
        if self.refusal is not None:
            raise self.refusal
        return Saved(file, 2_000_000, "2026-11-20 10:00", self.in_the_way)

    def restore(self, file: Path, on_progress: Progress) -> None:
        on_progress(1, 1)
        self.may_end.wait(10)
        self.restored.append(file)


@pytest.fixture
def window(qtbot: QtBot, tasks: Tasks, home: Path) -> MainWindow:
    window = make_window(qtbot, tasks, home)
    window.show_pages()
    return window


@pytest.fixture
def keeper() -> Keeper:
    return Keeper()


@pytest.fixture
def backups(window: MainWindow, home: Path, keeper: Keeper) -> Backups:
    return Backups(window, keeper, Startup(window, DatabaseOpener(home), Source()))


def said(window: MainWindow) -> str:
    message = window.messages.message()
    assert message is not None
    return message.text


def test_a_backup_is_saved_and_said(
    qtbot: QtBot, tasks: Tasks, window: MainWindow, backups: Backups
) -> None:
    backups.back_up("/somewhere/deals.crmdump")
    wait_until_idle(qtbot, tasks)
    assert "Saved and checked: /somewhere/deals.crmdump" in said(window)


def test_restoring_says_what_makes_way_and_asks_before_and_after(
    qtbot: QtBot, tasks: Tasks, backups: Backups, keeper: Keeper
) -> None:
    backups.examine("deals.crmdump")
    wait_until_idle(qtbot, tasks)
    box = QApplication.activeModalWidget()
    assert box is not None
    assert "2 objects, 1 record" in " ".join(label.text() for label in box.findChildren(QLabel))
    answer(qtbot, "Restore")
    wait_until_idle(qtbot, tasks)
    assert keeper.restored == [Path("deals.crmdump")]
    with qtbot.waitSignal(backups.restart_requested):
        answer(qtbot, "Start again now")


def test_what_is_no_backup_is_refused_in_the_window(
    qtbot: QtBot, tasks: Tasks, window: MainWindow, backups: Backups, keeper: Keeper
) -> None:
    keeper.refusal = Invalid({"file": "people.csv is no backup."})
    backups.examine("people.csv")
    wait_until_idle(qtbot, tasks)
    assert "people.csv is no backup." in said(window)
    assert keeper.restored == []


def test_of_several_backups_only_what_became_of_the_last_one_is_said(
    qtbot: QtBot, tasks: Tasks, window: MainWindow, backups: Backups, keeper: Keeper
) -> None:
    keeper.refusal = Invalid({"file": "people.csv is no backup."})
    backups.examine("people.csv")
    wait_until_idle(qtbot, tasks)
    keeper.refusal = None
    backups.back_up("/somewhere/deals.crmdump")
    wait_until_idle(qtbot, tasks)
    assert "Saved and checked" in said(window)
    assert window.messages.count() == 1
    keeper.refusal = Cancelled("The backup was stopped.")
    backups.back_up("/somewhere/deals.crmdump")
    wait_until_idle(qtbot, tasks)
    assert said(window) == "The backup was stopped. No file was left."
    assert window.messages.count() == 1


def test_who_does_not_start_again_is_told_where_their_changes_will_be(
    qtbot: QtBot, tasks: Tasks, window: MainWindow, backups: Backups
) -> None:
    backups.examine("deals.crmdump")
    wait_until_idle(qtbot, tasks)
    answer(qtbot, "Restore")
    wait_until_idle(qtbot, tasks)
    answer(qtbot, "Later")
    assert "stays in the former one" in said(window)


def test_a_backup_is_given_a_name_of_the_day_and_the_folder_of_the_last_one(
    qtbot: QtBot, tasks: Tasks, window: MainWindow, backups: Backups, tmp_path: Path
) -> None:
    backups.back_up(str(tmp_path / "deals.crmdump"))
    wait_until_idle(qtbot, tasks)
    backups.ask_where_to_save()
    dialog = window.findChild(QFileDialog)
    assert dialog is not None
    today = QDate.currentDate().toString(Qt.DateFormat.ISODate)
    assert today in dialog.selectedFiles()[0]
    assert dialog.directory().absolutePath() == str(tmp_path)
    dialog.reject()


def test_a_second_restore_is_refused_while_one_is_under_way(
    qtbot: QtBot, tasks: Tasks, window: MainWindow, backups: Backups, keeper: Keeper
) -> None:
    keeper.may_end.clear()
    backups.examine("deals.crmdump")
    qtbot.waitUntil(lambda: QApplication.activeModalWidget() is not None)
    answer(qtbot, "Restore")
    backups.ask_what_to_restore()
    keeper.may_end.set()
    assert "being restored already" in said(window)
    assert window.findChild(QFileDialog) is None
    wait_until_idle(qtbot, tasks)
    answer(qtbot, "Later")
    backups.ask_what_to_restore()
    dialog = window.findChild(QFileDialog)
    assert dialog is not None
    dialog.reject()
