"""What a page shows when its data cannot be read: why, in its own place, and a way to try again."""

from collections.abc import Iterator

import pytest
from PySide6.QtWidgets import QApplication, QLabel, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from crm_desktop.db.database import Database
from crm_desktop.gui.navigation import Navigation
from crm_desktop.gui.pages.record import RecordPage
from crm_desktop.gui.routes import ROUTES, make_page
from crm_desktop.gui.tasks import Tasks
from tests.gui.asking import press, shown
from tests.gui.windows import wait_until_idle
from tests.make import Make

SENTENCE = "This could not be read."


@pytest.fixture
def forbidden(qapp: QApplication, database: Database, make: Make) -> Iterator[Tasks]:
    """Give tasks of somebody who may read nothing."""
    tasks = Tasks(database, make.guest())
    yield tasks
    tasks.close()
    tasks.deleteLater()


def sentences(root: QWidget) -> str:
    labels = root.findChildren(QLabel)
    return "\n".join(label.text() for label in labels if label.isVisible())


def button_again(root: QWidget) -> QPushButton:
    buttons = root.findChildren(QPushButton)
    (button,) = [each for each in buttons if each.text() == "Try again" and each.isVisible()]
    return button


def test_a_page_that_cannot_be_read_says_why_and_offers_to_try_again(
    qtbot: QtBot, tasks: Tasks, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    deal = make.object("deal", ["name"])
    ids = dict.fromkeys(("records", "new-record", "layout"), deal)
    ids["record"] = ids["duplicate"] = ids["recgraph"] = make.record(deal, {"fld_name": "Orion"})
    for kind, route in ROUTES.items():
        monkeypatch.setattr(tasks, "_actor", make.guest())
        page = shown(qtbot, make_page(f"{kind}:{ids[kind]}" if route.takes_id else kind, tasks))
        wait_until_idle(qtbot, tasks)
        assert SENTENCE in sentences(page), kind
        if isinstance(page, RecordPage):
            assert not page.related.isVisible()
        monkeypatch.setattr(tasks, "_actor", make.admin)
        press(qtbot, button_again(page))
        wait_until_idle(qtbot, tasks)
        assert SENTENCE not in sentences(page), kind
        if kind == "record":
            assert isinstance(page, RecordPage)
            assert page.related.isVisible()


def test_a_tree_that_cannot_be_read_says_why_and_offers_to_try_again(
    qtbot: QtBot, forbidden: Tasks
) -> None:
    tree = shown(qtbot, Navigation(forbidden))
    tree.reload()
    wait_until_idle(qtbot, forbidden)
    assert "could not be read" in sentences(tree)
    assert button_again(tree).isEnabled()


def test_a_tree_without_objects_leads_to_where_they_are_made(qtbot: QtBot, tasks: Tasks) -> None:
    tree = shown(qtbot, Navigation(tasks))
    tree.reload()
    wait_until_idle(qtbot, tasks)
    assert "No objects yet." in sentences(tree)
    with qtbot.waitSignal(tree.open_requested) as opened:
        tree.hint_link.click()
    assert opened.args == ["objects"]
