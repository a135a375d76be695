"""The window's commands: what each is called, its icon, its keys, and the menu it stands in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu, QMenuBar, QWidget

from crm_desktop.gui.icons import icon

Keys = str | QKeySequence.StandardKey


class Submenu(NamedTuple):
    """A line of a menu behind which more stand, in groups with a line between them."""

    title: str
    icon_name: str
    groups: Sequence[Sequence[QAction]]


class Command(NamedTuple):
    """One line of a menu; `checked` is None for what is no switch."""

    text: str
    run: Callable[[], object]
    icon_name: str = ""
    keys: Sequence[Keys] = ()
    checked: bool | None = None


def _sequences(keys: Keys) -> list[QKeySequence]:
    """Return all that a platform uses for a standard key, such as Ctrl+W and Ctrl+F4."""
    if isinstance(keys, QKeySequence.StandardKey):
        return QKeySequence.keyBindings(keys)
    return [QKeySequence(keys)]


def without_state(act: Callable[[], object], *_: bool) -> None:
    """Do what an action is for, whatever its signal says of being checked."""
    act()


def make_action(command: Command, parent: QWidget) -> QAction:
    """Make the action and give it to the window, so that its keys work with the menu closed."""
    action = QAction(command.text, parent)
    if command.icon_name:
        action.setIcon(icon(command.icon_name))
        action.setProperty("icon_name", command.icon_name)
    if command.keys:
        action.setShortcuts([each for keys in command.keys for each in _sequences(keys)])
    if command.checked is not None:
        action.setCheckable(True)
        action.setChecked(command.checked)
    action.triggered.connect(partial(without_state, command.run))
    parent.addAction(action)
    return action


def fill_menu(
    bar: QMenuBar, title: str, commands: Sequence[Command | None], window: QWidget
) -> QMenu:
    """Add a menu; None draws a line between commands."""
    menu = bar.addMenu(title)
    for command in commands:
        if command is None:
            menu.addSeparator()
        else:
            action = make_action(command, window)
            action.setData(title.replace("&", ""))
            menu.addAction(action)
    return menu


def fill_groups(menu: QMenu, groups: Sequence[Sequence[QAction | Submenu]]) -> None:
    """Add what stands in the groups, with a line between them; submenus belong to the menu."""
    for group in groups:
        if not menu.isEmpty():
            menu.addSeparator()
        for each in group:
            if isinstance(each, Submenu):
                inner = menu.addMenu(icon(each.icon_name), each.title)
                fill_groups(inner, each.groups)
            else:
                menu.addAction(each)
