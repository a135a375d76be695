"""The command palette: everything by typing, nothing by mouse."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from crm_desktop.db.database import Database
from crm_desktop.domain.access import Actor
from crm_desktop.gui.fuzzy import fit
from crm_desktop.gui.main_window import MainWindow
from crm_desktop.gui.pages.fields import FieldsPage
from crm_desktop.gui.palette_list import Entry, EntryModel
from crm_desktop.gui.tasks import Tasks
from tests.gui.windows import make_object, make_window, titles, wait_until_idle


@pytest.fixture
def window(
    qtbot: QtBot, qapp: QApplication, database: Database, actor: Actor, home: Path
) -> Iterator[MainWindow]:
    make_object(database, actor, "Account", "Orion Analytics", "Maple County")
    make_object(database, actor, "Deal", "Orion data platform")
    tasks = Tasks()
    window = make_window(qtbot, tasks, home)
    tasks.use(database, actor)
    window.show_pages()
    wait_until_idle(qtbot, tasks)
    yield window
    wait_until_idle(qtbot, tasks)
    tasks.close()
    tasks.deleteLater()


def type_in(qtbot: QtBot, window: MainWindow, text: str) -> list[str]:
    window.open_palette()
    palette = window.command_palette
    wait_until_idle(qtbot, window.tasks)
    qtbot.keyClicks(palette.line, text)
    return palette.titles()


def test_ctrl_k_opens_it_with_the_keyboard_in_its_line(qtbot: QtBot, window: MainWindow) -> None:
    qtbot.keyClick(window, Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
    assert window.command_palette.isVisible()
    assert window.command_palette.line.hasFocus()


def test_a_few_letters_find_an_object_and_enter_opens_its_records(
    qtbot: QtBot, window: MainWindow
) -> None:
    assert type_in(qtbot, window, "acco")[0] == "Accounts"
    qtbot.keyClick(window.command_palette.line, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: "Accounts" in titles(window))
    assert not window.command_palette.isVisible()


@pytest.mark.parametrize(("typed", "kind"), [(">", "command"), ("@", "object"), ("#", "field")])
def test_a_prefix_shows_one_kind_only(
    qtbot: QtBot, window: MainWindow, typed: str, kind: str
) -> None:
    type_in(qtbot, window, typed)
    entries = window.command_palette.model.entries
    assert entries
    assert {entry.kind for entry in entries} == {kind}


def test_a_field_is_shown_among_the_fields(qtbot: QtBot, window: MainWindow) -> None:
    type_in(qtbot, window, "#deal")
    qtbot.keyClick(window.command_palette.line, Qt.Key.Key_Return)

    qtbot.waitUntil(lambda: isinstance(window.current_page, FieldsPage))
    page = window.current_page
    assert isinstance(page, FieldsPage)
    qtbot.waitUntil(lambda: page.current() is not None)
    current = page.current()
    assert current is not None
    assert current.label == "Deal name"


def test_commands_run_and_show_their_keys(qtbot: QtBot, window: MainWindow) -> None:
    assert type_in(qtbot, window, ">theme dark") == ["Theme: dark"]
    type_in(qtbot, window, ">users")
    entry = window.command_palette.model.entries[0]
    assert (entry.title, entry.shortcut) == ("Users", "Ctrl+6")
    qtbot.keyClick(window.command_palette.line, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: "Users" in titles(window))


def test_actions_of_the_page_are_offered_while_it_is_shown(
    qtbot: QtBot, window: MainWindow
) -> None:
    assert "New object" in type_in(qtbot, window, ">new")


def test_records_are_found_by_their_name(qtbot: QtBot, window: MainWindow) -> None:
    type_in(qtbot, window, "orion")
    palette = window.command_palette
    qtbot.waitUntil(lambda: "Orion Analytics" in palette.titles())
    found = {entry.title: entry.detail for entry in palette.model.entries if entry.kind == "record"}
    assert found == {"Orion Analytics": "Account", "Orion data platform": "Deal"}


def test_arrows_choose_and_escape_gives_the_keyboard_back(qtbot: QtBot, window: MainWindow) -> None:
    window.navigation.filter.setFocus()
    type_in(qtbot, window, "")
    palette = window.command_palette
    qtbot.keyClick(palette.line, Qt.Key.Key_Down)
    assert palette.list.currentIndex().row() == 1
    qtbot.keyClick(palette.line, Qt.Key.Key_Up)
    qtbot.keyClick(palette.line, Qt.Key.Key_Up)
    assert palette.list.currentIndex().row() == palette.model.rowCount() - 1
    qtbot.keyClick(palette.line, Qt.Key.Key_Escape)
    assert not palette.isVisible()
    assert window.navigation.filter.hasFocus()


def test_escape_gives_the_keyboard_back_past_a_menu_bar_that_was_just_left(
    qtbot: QtBot, window: MainWindow
) -> None:
    window.navigation.tree.setFocus()
    bar = window.top.menu
    qtbot.keyClick(window, Qt.Key.Key_Alt, Qt.KeyboardModifier.AltModifier)
    qtbot.waitUntil(bar.hasFocus)

    window.open_palette()
    qtbot.keyClick(window.command_palette.line, Qt.Key.Key_Escape)

    assert window.navigation.tree.hasFocus()


def test_what_nothing_is_called_says_so(qtbot: QtBot, window: MainWindow) -> None:
    assert type_in(qtbot, window, ">qqqq") == []
    assert window.command_palette.note.text() == "Nothing is called so."


def test_the_list_is_a_proper_model(qtmodeltester: ModelTester) -> None:
    model = EntryModel()
    qtmodeltester.check(model)
    model.show_entries([Entry("command", "Quit", "File", "x", print, "Ctrl+Q")])
    assert model.data(model.index(0), Qt.ItemDataRole.AccessibleTextRole) == "Quit, File, Ctrl+Q"
    model.show_entries([])


@pytest.mark.parametrize(
    ("typed", "better", "worse"),
    [
        ("nr", "New record", "Import records"),
        ("acc", "Accounts", "Bank account types"),
        ("users", "Users", "Show all users"),
        ("sd", "Sales deals", "Inside"),
    ],
)
def test_the_beginnings_of_words_fit_better(typed: str, better: str, worse: str) -> None:
    best, second = fit(typed, better), fit(typed, worse)
    assert best is not None
    assert second is None or best > second


def test_letters_that_are_not_there_do_not_fit() -> None:
    assert fit("xyz", "Accounts") is None
    assert fit("stn", "Accounts") is None
    assert fit("", "Accounts") == 0
