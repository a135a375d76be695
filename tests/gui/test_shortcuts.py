"""Keys: wherever the keyboard is, no two commands that can be reached share one."""

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeySequence, QShortcut
from PySide6.QtWidgets import QAbstractButton, QMenu, QMenuBar, QWidget
from pytestqt.qtbot import QtBot

from crm_desktop.gui.main_window import MainWindow
from crm_desktop.gui.tasks import Tasks
from tests.gui.windows import make_window, wait_until_idle
from tests.make import Make

Context = Qt.ShortcutContext
Command = tuple[str, Context, list[QWidget], list[QKeySequence]]


def commands_of(window: QWidget) -> Iterator[Command]:
    """Return what has keys, with where they count and the widgets that they hang on.

    A command that is disabled now counts too: it may be enabled in the next moment.
    """
    for action in window.findChildren(QAction):
        owners = [each for each in action.associatedObjects() if isinstance(each, QWidget)]
        owners = [each for each in owners if not isinstance(each, QMenu)]
        yield action.text(), action.shortcutContext(), owners, action.shortcuts()
    for shortcut in window.findChildren(QShortcut):
        owner = shortcut.parent()
        assert isinstance(owner, QWidget)
        yield owner.objectName(), shortcut.context(), [owner], shortcut.keys()
    for button in window.findChildren(QAbstractButton):
        yield button.text(), Context.WindowShortcut, [button], [button.shortcut()]
    for bar in window.findChildren(QMenuBar):
        for action in bar.actions():
            keys = [QKeySequence.mnemonic(action.text())]
            yield action.text(), Context.WindowShortcut, [bar], keys


def is_reached(context: Context, owner: QWidget, focused: QWidget) -> bool:
    """Say whether a key that is pressed at a widget reaches a command of another, as Qt decides."""
    if not owner.isVisible():
        return False
    if context is Context.WidgetShortcut:
        return owner is focused
    if context is Context.WidgetWithChildrenShortcut:
        return owner is focused or owner.isAncestorOf(focused)
    return owner.window() is focused.window() or context is Context.ApplicationShortcut


def collisions(window: QWidget) -> set[tuple[str, str]]:
    """Return each key that means two things somewhere in the window, with what it means."""
    commands = list(commands_of(window))
    every = [window, *window.findChildren(QWidget)]
    no_focus = Qt.FocusPolicy.NoFocus
    takers = [each for each in every if each.isVisible() and each.focusPolicy() != no_focus]
    assert len(takers) > 5
    found = set()
    for focused in takers:
        meant: defaultdict[str, dict[int, str]] = defaultdict(dict)
        for number, (text, context, owners, keys) in enumerate(commands):
            if any(is_reached(context, owner, focused) for owner in owners):
                for each in keys:
                    meant[each.toString()][number] = text
        found |= {
            (key, " / ".join(sorted(names.values())))
            for key, names in meant.items()
            if key and len(names) > 1
        }
    return found


@pytest.fixture
def window(qtbot: QtBot, tasks: Tasks, home: Path) -> MainWindow:
    window = make_window(qtbot, tasks, home)
    window.show_pages()
    return window


def show(qtbot: QtBot, tasks: Tasks, window: MainWindow, address: str) -> None:
    window.open(address)
    wait_until_idle(qtbot, tasks)
    page = window.current_page
    assert page is not None
    assert page.isVisible()


def test_no_key_means_two_things_in_the_window_with_a_list_or_a_record(
    qtbot: QtBot, tasks: Tasks, make: Make, window: MainWindow
) -> None:
    for name in ("text", "date"):
        make.field(f"a_{name}", name)
    deal = make.object("deal", fields=["a_text", "a_date"])
    record = make.record(deal, {"a_text": "Orion"})
    kinds = ("records", deal), ("record", record), ("new-record", deal), ("layout", deal)
    for kind, id_ in (*kinds, ("recgraph", record)):
        address = f"{kind}:{id_}"
        show(qtbot, tasks, window, address)
        assert collisions(window) == set(), address


def test_no_key_means_two_things_in_the_window_with_definitions(
    qtbot: QtBot, tasks: Tasks, window: MainWindow
) -> None:
    for address in (
        "objects",
        "fields",
        "relationships",
        "graph",
        "applications",
        "users",
        "indexes",
    ):
        show(qtbot, tasks, window, address)
        assert collisions(window) == set(), address


def test_two_commands_with_one_key_are_found(
    qtbot: QtBot, tasks: Tasks, window: MainWindow
) -> None:
    show(qtbot, tasks, window, "users")
    for title in ("One", "Other"):
        action = QAction(title, window)
        action.setShortcut("Ctrl+Alt+J")
        window.addAction(action)
    assert collisions(window) == {("Ctrl+Alt+J", "One / Other")}
