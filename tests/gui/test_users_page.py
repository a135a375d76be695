"""The page of users: creating, deactivating, passwords; nobody locks themselves out."""

import pytest
from PySide6.QtWidgets import QLineEdit
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot
from sqlalchemy import select

from crm_desktop.db.tables import User
from crm_desktop.gui.dialogs.delete_dialog import DeleteDialog
from crm_desktop.gui.dialogs.user_dialog import PasswordDialog, UserDialog
from crm_desktop.gui.pages.users import UsersPage
from crm_desktop.gui.tasks import Tasks
from crm_desktop.services.passwords import fits
from tests.conftest import ADMIN_ID
from tests.gui.asking import open_dialog, press, shown
from tests.make import Make


@pytest.fixture
def page(qtbot: QtBot, tasks: Tasks, make: Make) -> UsersPage:
    make.user("grace@example.com")
    page = shown(qtbot, UsersPage(tasks))
    qtbot.waitUntil(lambda: page.model.rowCount() == 2)
    page.select(next(row.id for row in page.model.rows if row.email == "grace@example.com"))
    return page


def states(page: UsersPage) -> list[str]:
    return [str(page.model.index(row, 2).data()) for row in range(page.model.rowCount())]


def test_users_are_listed_with_their_state(page: UsersPage, qtmodeltester: ModelTester) -> None:
    qtmodeltester.check(page.model)
    assert [row.full_name for row in page.model.rows] == ["Ada Admin", "Grace"]
    assert states(page) == ["Active", "Active"]


def test_deactivating_and_activating_are_one_step_each(qtbot: QtBot, page: UsersPage) -> None:
    page.deactivate.trigger()
    qtbot.waitUntil(lambda: states(page) == ["Active", "Deactivated"])
    assert page.activate.isVisible()

    page.activate.trigger()
    qtbot.waitUntil(lambda: states(page) == ["Active", "Active"])


def test_nobody_is_offered_to_deactivate_or_delete_themselves(page: UsersPage) -> None:
    page.select(ADMIN_ID)

    assert not page.deactivate.isEnabled()
    assert not page.delete.isEnabled()


def test_a_taken_address_is_refused_at_its_line_and_a_new_user_is_current(
    qtbot: QtBot, page: UsersPage
) -> None:
    press(qtbot, page.new_button)
    dialog = open_dialog(qtbot, UserDialog)
    dialog.inputs["full_name"].show("Barbara")
    dialog.inputs["email"].show("GRACE@example.com")
    press(qtbot, dialog.submit)
    problem = dialog.row("email").problem
    qtbot.waitUntil(lambda: "already a user" in problem.text())
    assert dialog.isVisible()

    dialog.inputs["email"].show("barbara@example.com")
    with qtbot.waitSignal(dialog.stored):
        press(qtbot, dialog.submit)

    qtbot.waitUntil(lambda: page.model.rowCount() == 3)
    current = page.current()
    assert current is not None
    assert current.email == "barbara@example.com"


def test_a_password_is_typed_twice_hidden_and_stored_as_a_hash(
    qtbot: QtBot, page: UsersPage, make: Make
) -> None:
    page.set_password()
    dialog = open_dialog(qtbot, PasswordDialog)
    assert dialog.password.echoMode() == QLineEdit.EchoMode.Password
    qtbot.keyClicks(dialog.password, "correct horse")
    qtbot.keyClicks(dialog.again, "correct hors")
    press(qtbot, dialog.submit)
    assert dialog.row("again").problem.text() == "The two are not the same."

    qtbot.keyClicks(dialog.again, "e")
    with qtbot.waitSignal(dialog.stored):
        press(qtbot, dialog.submit)

    stored = make.value(select(User.hashed_password).where(User.email == "grace@example.com"))
    assert fits("correct horse", stored)


def test_a_short_password_is_refused_at_its_line(qtbot: QtBot, page: UsersPage) -> None:
    page.edit_current()
    dialog = open_dialog(qtbot, UserDialog)
    qtbot.keyClicks(dialog.password, "short")

    press(qtbot, dialog.submit)

    problem = dialog.row("password").problem
    qtbot.waitUntil(lambda: "at least 8 characters" in problem.text())
    assert dialog.password.text() == "short"
    dialog.reject()
    press(qtbot, dialog.discard_button)


def test_deleting_says_what_stays_behind(qtbot: QtBot, page: UsersPage, make: Make) -> None:
    current = page.current()
    assert current is not None
    make.object("deal", created_by=current.id)
    page.delete_current()
    dialog = open_dialog(qtbot, DeleteDialog)
    qtbot.waitUntil(lambda: "1 definition stay" in dialog.effects.text())

    press(qtbot, dialog.submit)

    qtbot.waitUntil(lambda: page.model.rowCount() == 1)
