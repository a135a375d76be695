"""The Page menu of a record list: all that its page can do, in menus that are read at a glance."""

from pathlib import Path

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu
from pytestqt.qtbot import QtBot

from crm_desktop.gui.main_window import MainWindow
from crm_desktop.gui.tasks import Tasks
from tests.gui.windows import make_window, wait_until_idle
from tests.make import Make

LINES_AT_A_GLANCE = 24


def page_menu(window: MainWindow) -> QMenu:
    return next(menu for menu in window.top.menu.findChildren(QMenu) if menu.title() == "&Page")


def lines(menu: QMenu) -> list[QAction]:
    return [action for action in menu.actions() if not action.isSeparator()]


def all_lines(menu: QMenu) -> list[QAction]:
    inner = [each.menu() for each in lines(menu)]
    below = [action for each in inner if isinstance(each, QMenu) for action in all_lines(each)]
    return [*(action for action in lines(menu) if action.menu() is None), *below]


def test_every_action_of_a_record_list_stands_once_in_the_page_menu(
    qtbot: QtBot, tasks: Tasks, home: Path, make: Make
) -> None:
    make.object("deal", fields=["name"])
    window = make_window(qtbot, tasks, home)
    window.open("records:obj_deal")
    wait_until_idle(qtbot, tasks)

    menu, page = page_menu(window), window.current_page
    assert page is not None
    shown = [action.text() for action in all_lines(menu)]
    assert sorted(shown) == sorted(action.text() for action in page.actions() if action.text())
    assert len(lines(menu)) <= LINES_AT_A_GLANCE

    window.open("objects")
    wait_until_idle(qtbot, tasks)
    assert window.current_page is not page
    assert not {"Cells", "Columns"} & {action.text() for action in lines(page_menu(window))}
