"""What tests of the main window share: definitions to show, and how a user reaches them."""

from functools import partial
from pathlib import Path

from PySide6.QtCore import QModelIndex, QSettings, Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from crm_desktop.db.database import Database
from crm_desktop.domain.access import Actor
from crm_desktop.gui.drafts import Drafts
from crm_desktop.gui.main_window import MainWindow
from crm_desktop.gui.navigation import ADDRESS, COUNT
from crm_desktop.gui.tasks import Tasks
from crm_desktop.services import applications, fields, layouts, objects, records


def make_object(database: Database, actor: Actor, label: str, *names: str) -> str:
    """Make an object with one text field, and a record of each name; return its id."""
    with database.write(actor) as session:
        object_id = objects.create_object(session, objects.ObjectDraft(label=label))
        field_id = fields.create_field(
            session, fields.FieldDraft(label=f"{label} name", type="text")
        )
        layouts.attach_field(session, object_id, field_id)
        for name in names:
            records.create_record(session, object_id, {field_id: name})
    return object_id


def make_application(database: Database, actor: Actor, label: str, *object_ids: str) -> str:
    draft = applications.ApplicationDraft(name=label.lower(), label=label)
    with database.write(actor) as session:
        return applications.create_application(session, draft, {"objects": list(object_ids)})


def make_window(qtbot: QtBot, tasks: Tasks, home: Path, drafts: Drafts | None = None) -> MainWindow:
    """Give a window that is shown and remembers its state in the test's home."""
    settings = QSettings(str(home / "window.ini"), QSettings.Format.IniFormat)
    window = MainWindow(tasks, settings, drafts)
    qtbot.addWidget(window)
    window.resize(1200, 800)
    with qtbot.waitActive(window):
        window.show()
        window.activateWindow()
    return window


def tree_of(window: MainWindow) -> dict[str, list[tuple[str, int | None]]]:
    """Return what the navigation shows: groups, and the objects in each with their counts."""
    model = window.navigation.tree.model()
    shown = {}
    for row in range(model.rowCount()):
        group = model.index(row, 0)
        entries = [model.index(child, 0, group) for child in range(model.rowCount(group))]
        shown[str(group.data())] = [(str(each.data()), each.data(COUNT)) for each in entries]
    return shown


def click_in_tree(qtbot: QtBot, window: MainWindow, title: str) -> None:
    tree = window.navigation.tree
    found = tree.model().match(
        tree.model().index(0, 0),
        Qt.ItemDataRole.DisplayRole,
        title,
        1,
        Qt.MatchFlag.MatchRecursive | Qt.MatchFlag.MatchExactly,
    )
    assert found, title
    index: QModelIndex = found[0]
    assert index.data(ADDRESS)
    middle = tree.visualRect(index).center()
    qtbot.mouseClick(tree.viewport(), Qt.MouseButton.LeftButton, pos=middle)


def titles(window: MainWindow) -> list[str]:
    strip = window.tabs.strip
    return [strip.tabText(index) for index in range(strip.count())]


def wait_until_idle(qtbot: QtBot, tasks: Tasks) -> None:
    QApplication.processEvents()
    qtbot.waitUntil(partial(_is_idle, tasks), timeout=10_000)


def _is_idle(tasks: Tasks) -> bool:
    return not tasks.is_busy
