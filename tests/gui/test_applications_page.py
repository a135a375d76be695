"""The page of applications: their objects in order, publishing, unknown config kept."""

import pytest
from PySide6.QtCore import Qt
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot
from sqlalchemy import select

from crm_desktop.db.tables import Application
from crm_desktop.gui.dialogs.application_dialog import ApplicationDialog
from crm_desktop.gui.dialogs.delete_dialog import DeleteDialog
from crm_desktop.gui.models.checked_list import CHECK
from crm_desktop.gui.pages.applications import ApplicationsPage
from crm_desktop.gui.tasks import Tasks
from tests.gui.asking import open_dialog, press, shown
from tests.make import Make

CONFIG = {
    "objects": ["obj_deal", "obj_gone", "obj_account"],
    "theme": {"primaryColor": "#112233", "font": "Inter"},
    "navigation": [{"own": 1}],
}


@pytest.fixture
def page(qtbot: QtBot, tasks: Tasks, make: Make) -> ApplicationsPage:
    for name in ("account", "deal", "ticket"):
        make.object(name)
    make.application("sales", label="Sales", config=CONFIG)
    page = shown(qtbot, ApplicationsPage(tasks))
    qtbot.waitUntil(lambda: page.model.rowCount() == 1)
    return page


def opened(qtbot: QtBot, page: ApplicationsPage) -> ApplicationDialog:
    page.edit_current()
    dialog = open_dialog(qtbot, ApplicationDialog)
    qtbot.waitUntil(lambda: dialog.model.rowCount() == 4)
    return dialog


def test_an_application_shows_its_objects_in_order(
    page: ApplicationsPage, qtmodeltester: ModelTester
) -> None:
    qtmodeltester.check(page.model)
    assert page.model.index(0, 2).data() == "Draft"
    assert page.model.index(0, 3).data() == "Deal, Account"


def test_publishing_and_withdrawing(qtbot: QtBot, page: ApplicationsPage) -> None:
    page.publish.trigger()
    qtbot.waitUntil(lambda: page.model.index(0, 2).data() == "Published")
    assert not page.publish.isVisible()

    page.withdraw.trigger()
    qtbot.waitUntil(lambda: page.model.index(0, 2).data() == "Draft")


def test_objects_are_ticked_and_ordered_by_keyboard_and_the_rest_of_the_config_stays(
    qtbot: QtBot, page: ApplicationsPage, make: Make, qtmodeltester: ModelTester
) -> None:
    dialog = opened(qtbot, page)
    qtmodeltester.check(dialog.model)
    dialog.list.setCurrentIndex(dialog.model.index(3, CHECK))
    qtbot.keyClick(dialog.list, Qt.Key.Key_Space)
    qtbot.keyClick(dialog.list, Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)

    with qtbot.waitSignal(dialog.stored):
        press(qtbot, dialog.submit)

    objects = ["obj_deal", "obj_gone", "obj_ticket", "obj_account"]
    assert make.value(select(Application.config)) == {**CONFIG, "objects": objects}


def test_an_unedited_application_is_clean(qtbot: QtBot, page: ApplicationsPage) -> None:
    dialog = opened(qtbot, page)

    assert not dialog.is_changed()
    dialog.reject()
    assert not dialog.isVisible()


def test_a_blank_name_is_refused_in_place(qtbot: QtBot, page: ApplicationsPage) -> None:
    press(qtbot, page.new_button)
    dialog = open_dialog(qtbot, ApplicationDialog)

    press(qtbot, dialog.submit)

    assert dialog.row("name").problem.text() == "Enter the name."
    assert dialog.isVisible()
    dialog.reject()


def test_an_application_somebody_else_changed_is_merged_on_reload(
    qtbot: QtBot, page: ApplicationsPage, make: Make
) -> None:
    dialog = opened(qtbot, page)
    make.sql("UPDATE applications SET description = 'theirs'")
    dialog.inputs["label"].show("Mine")

    press(qtbot, dialog.submit)
    qtbot.waitUntil(dialog.reload_button.isVisible)
    press(qtbot, dialog.reload_button)
    qtbot.waitUntil(lambda: dialog.inputs["description"].read() == "theirs")
    with qtbot.waitSignal(dialog.stored):
        press(qtbot, dialog.submit)

    assert make.value(select(Application.label)) == "Mine"
    assert make.value(select(Application.description)) == "theirs"


def test_deleting_keeps_the_objects(qtbot: QtBot, page: ApplicationsPage) -> None:
    page.delete_current()
    dialog = open_dialog(qtbot, DeleteDialog)
    qtbot.waitUntil(lambda: "3 objects and their records stay" in dialog.effects.text())

    press(qtbot, dialog.submit)

    qtbot.waitUntil(lambda: page.model.rowCount() == 0)
