"""The tree of applications and objects, as it is shown and filtered."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from crm_desktop.db.database import Database
from crm_desktop.domain.access import Actor
from crm_desktop.gui.main_window import MainWindow
from crm_desktop.gui.tasks import Tasks
from crm_desktop.services import objects, records
from tests.gui.windows import (
    make_application,
    make_object,
    make_window,
    titles,
    tree_of,
    wait_until_idle,
)


@pytest.fixture
def window(
    qtbot: QtBot, qapp: QApplication, database: Database, actor: Actor, home: Path
) -> Iterator[MainWindow]:
    account = make_object(database, actor, "Account", "Orion", "Maple")
    contact = make_object(database, actor, "Contact")
    make_object(database, actor, "Price list", "2026")
    gone = make_object(database, actor, "Gone")
    make_application(database, actor, "Sales", contact, gone, account)
    with database.write(actor) as session:
        version = objects.get_object(session, gone).version
        objects.delete_object(session, gone, version)
    tasks = Tasks()
    window = make_window(qtbot, tasks, home)
    tasks.use(database, actor)
    window.show_pages()
    wait_until_idle(qtbot, tasks)
    yield window
    tasks.close()
    tasks.deleteLater()


def test_objects_stand_in_the_order_of_their_application_each_once_with_its_count(
    window: MainWindow,
) -> None:
    assert tree_of(window) == {
        "Sales": [("Contacts", 0), ("Accounts", 2)],
        "Shared objects": [("Price lists", 1)],
    }


def test_the_filter_leaves_what_is_typed_and_enter_opens_the_first(
    qtbot: QtBot, window: MainWindow
) -> None:
    qtbot.keyClicks(window.navigation.filter, "acc")
    assert tree_of(window) == {"Sales": [("Accounts", 2)]}
    qtbot.keyClick(window.navigation.filter, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: "Accounts" in titles(window))


def test_filtering_by_an_application_shows_all_of_its_objects(
    qtbot: QtBot, window: MainWindow
) -> None:
    qtbot.keyClicks(window.navigation.filter, "sales")
    assert [title for title, _ in tree_of(window)["Sales"]] == ["Contacts", "Accounts"]


def test_a_new_object_appears_by_itself(qtbot: QtBot, window: MainWindow) -> None:
    draft = objects.ObjectDraft(label="Ticket")
    window.tasks.write(window, lambda session: objects.create_object(session, draft))
    qtbot.waitUntil(lambda: ("Tickets", 0) in tree_of(window)["Shared objects"])


def test_counts_follow_new_records_after_a_moment(
    qtbot: QtBot, window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    window.navigation._recount.setInterval(10)
    contact = window.navigation.groups[0].objects[0]
    window.tasks.write(window, lambda session: records.create_record(session, contact.id, {}))
    qtbot.waitUntil(lambda: tree_of(window)["Sales"][0] == ("Contacts", 1))


def test_a_closed_group_stays_closed_when_the_tree_is_read_again(
    qtbot: QtBot, window: MainWindow
) -> None:
    tree = window.navigation.tree
    tree.collapse(tree.model().index(0, 0))
    window.navigation.reload()
    wait_until_idle(qtbot, window.tasks)
    assert not tree.isExpanded(tree.model().index(0, 0))
    assert tree.isExpanded(tree.model().index(1, 0))


def test_without_applications_the_objects_are_called_objects(
    qtbot: QtBot, qapp: QApplication, tasks: Tasks, database: Database, actor: Actor, home: Path
) -> None:
    make_object(database, actor, "Deal")
    window = make_window(qtbot, tasks, home)
    window.navigation.reload()
    qtbot.waitUntil(lambda: tree_of(window) == {"Objects": [("Deals", 0)]})
    wait_until_idle(qtbot, tasks)


def test_whoever_tabs_into_the_tree_sees_where_they_are(window: MainWindow) -> None:
    tree = window.navigation.tree
    window.navigation.mark_current("")
    assert not tree.currentIndex().isValid()
    tree.setFocus(Qt.FocusReason.TabFocusReason)
    assert tree.currentIndex().data() == "Sales"
    assert not tree.selectionModel().hasSelection()
