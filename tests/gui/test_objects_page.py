"""The page of objects: counts, keyboard, filter, and keeping its place while it is read again."""

import pytest
from PySide6.QtCore import Qt
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot
from sqlalchemy import text

from crm_desktop.db.database import Database
from crm_desktop.domain.access import Actor
from crm_desktop.gui.dialogs.delete_dialog import DeleteDialog
from crm_desktop.gui.dialogs.object_dialog import ObjectDialog
from crm_desktop.gui.pages.objects import ObjectsPage
from crm_desktop.gui.tasks import Tasks
from crm_desktop.services import objects
from crm_desktop.services.objects import ObjectDraft
from tests.gui.asking import activate, open_dialog, press, shown
from tests.make import Make

CONTROL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def page(qtbot: QtBot, tasks: Tasks, make: Make) -> ObjectsPage:
    account = make.object("account", fields=["name", "site"], icon="building")
    deal = make.object("deal", fields=["name"], description="What we hope to sell")
    make.object("ticket")
    make.records(account, 3)
    make.relationship(account, deal, "1:N")
    page = shown(qtbot, ObjectsPage(tasks))
    qtbot.waitUntil(lambda: texts(page, 2) == ["3", "0", "0"])
    return page


def texts(page: ObjectsPage, column: int) -> list[str]:
    return [str(page.model.index(row, column).data()) for row in range(page.model.rowCount())]


def test_objects_are_listed_with_their_fields_records_and_relationships(
    page: ObjectsPage, qtmodeltester: ModelTester
) -> None:
    qtmodeltester.check(page.model)
    assert texts(page, 0) == ["Account", "Deal", "Ticket"]
    assert texts(page, 3) == ["2", "1", "0"]
    assert texts(page, 4) == ["1", "1", "0"]
    assert page.status == "3 objects"


def test_records_are_shown_as_dots_until_they_are_counted(
    qtbot: QtBot, tasks: Tasks, make: Make
) -> None:
    make.object("account")
    page = shown(qtbot, ObjectsPage(tasks))
    qtbot.waitUntil(lambda: texts(page, 2) == ["0"])

    page._counts = None  # as before the first answer
    page.model.set_rows([page._row(row.summary) for row in page.model.all_rows])
    assert texts(page, 2) == ["…"]

    page._count()
    qtbot.waitUntil(lambda: texts(page, 2) == ["0"])


def test_the_filter_looks_into_every_column_and_can_be_cleared(
    qtbot: QtBot, page: ObjectsPage
) -> None:
    page.start_find()
    qtbot.keyClicks(page.filter, "hope deal")
    qtbot.waitUntil(lambda: texts(page, 0) == ["Deal"])
    assert page.status == "1 of 3 objects"

    qtbot.keyClicks(page.filter, " nothing")
    qtbot.waitUntil(lambda: page.model.rowCount() == 0)
    empty = page.grid._empty
    assert empty is not None
    press(qtbot, empty.button)

    assert page.filter.text() == ""
    assert page.model.rowCount() == 3


def test_selection_stays_while_others_change_the_list(
    qtbot: QtBot, page: ObjectsPage, tasks: Tasks, database: Database, actor: Actor
) -> None:
    page.select("obj_deal")
    draft = ObjectDraft(label="Contact")

    with qtbot.waitSignal(tasks.changed):
        tasks.write(page, lambda session: objects.create_object(session, draft))

    qtbot.waitUntil(lambda: texts(page, 0) == ["Account", "Contact", "Deal", "Ticket"])
    current = page.current()
    assert current is not None
    assert current.id == "obj_deal"
    assert page.grid.selected_rows() == [2]


def test_enter_edits_control_n_creates_and_control_enter_opens_the_records(
    qtbot: QtBot, page: ObjectsPage
) -> None:
    page.select("obj_deal")
    page.grid.setFocus()

    with qtbot.waitSignal(page.open_requested) as opened:
        qtbot.keyClick(page.grid, Qt.Key.Key_Return, CONTROL)
    assert opened.args == ["records:obj_deal"]

    qtbot.keyClick(page.grid, Qt.Key.Key_Return)
    dialog = open_dialog(qtbot, ObjectDialog)
    qtbot.waitUntil(lambda: dialog.label.text() == "Deal")
    dialog.reject()
    activate(qtbot, page)

    qtbot.keyClick(page.grid, Qt.Key.Key_N, CONTROL)
    new = open_dialog(qtbot, ObjectDialog)
    assert new.submit.text() == "Create object"
    new.reject()


def test_a_new_object_is_the_current_row_afterwards(qtbot: QtBot, page: ObjectsPage) -> None:
    press(qtbot, page.new_button)
    dialog = open_dialog(qtbot, ObjectDialog)
    qtbot.keyClicks(dialog.label, "Quote")
    press(qtbot, dialog.submit)

    qtbot.waitUntil(lambda: "Quote" in texts(page, 0))
    qtbot.waitUntil(lambda: page.current() is not None)
    current = page.current()
    assert current is not None
    assert current.summary.label == "Quote"


def test_deleting_counts_first_and_asks_for_the_name(qtbot: QtBot, page: ObjectsPage) -> None:
    page.select("obj_account")
    qtbot.keyClick(page.grid, Qt.Key.Key_Delete, CONTROL)
    dialog = open_dialog(qtbot, DeleteDialog)
    qtbot.waitUntil(lambda: "3 records, 1 relationship and 0 links" in dialog.effects.text())
    assert not dialog.submit.isEnabled()
    assert dialog.cancel.isDefault()

    qtbot.keyClicks(dialog.typed, "Account")
    press(qtbot, dialog.submit)

    qtbot.waitUntil(lambda: texts(page, 0) == ["Deal", "Ticket"])


def test_a_long_deletion_can_be_stopped_and_then_nothing_is_gone(
    qtbot: QtBot, page: ObjectsPage, database: Database, actor: Actor
) -> None:
    page.select("obj_account")
    page.delete_current()
    dialog = open_dialog(qtbot, DeleteDialog)
    qtbot.keyClicks(dialog.typed, "Account")
    with database.write(actor) as other:
        other.execute(text("SELECT id FROM records FOR UPDATE"))
        press(qtbot, dialog.submit)
        qtbot.waitUntil(lambda: dialog.submit.text() == "Deleting…")

        press(qtbot, dialog.cancel)

        qtbot.waitUntil(lambda: dialog.problem.text() == "Stopped. Nothing was deleted.")
    assert texts(page, 0) == ["Account", "Deal", "Ticket"]
    press(qtbot, dialog.cancel)
    assert not dialog.isVisible()


def test_an_empty_database_offers_to_make_the_first_object(qtbot: QtBot, tasks: Tasks) -> None:
    page = shown(qtbot, ObjectsPage(tasks))
    qtbot.waitUntil(lambda: page.status == "0 objects")

    empty = page.grid._empty
    assert empty is not None
    assert empty.isVisible()
    assert empty.button.text() == "New object"


def test_an_object_changed_meanwhile_is_not_deleted(
    qtbot: QtBot, page: ObjectsPage, make: Make
) -> None:
    page.select("obj_ticket")
    page.delete_current()
    dialog = open_dialog(qtbot, DeleteDialog)
    make.sql("UPDATE objects SET description = 'theirs' WHERE id = 'obj_ticket'")
    qtbot.keyClicks(dialog.typed, "Ticket")

    press(qtbot, dialog.submit)

    qtbot.waitUntil(lambda: bool(dialog.problem.text()))
    assert dialog.isVisible()
    dialog.reject()
