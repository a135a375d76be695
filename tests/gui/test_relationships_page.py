"""The page of relationships, and the dialog that reads them aloud."""

import pytest
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot
from sqlalchemy import select

from crm_desktop.db.tables import Relationship
from crm_desktop.gui.dialogs.delete_dialog import DeleteDialog
from crm_desktop.gui.dialogs.relationship_dialog import RelationshipDialog
from crm_desktop.gui.models.relationships import sentences
from crm_desktop.gui.pages.relationships import RelationshipsPage
from crm_desktop.gui.tasks import Tasks
from tests.gui.asking import open_dialog, press, shown
from tests.make import Make

ACCOUNT, DEAL = ("Account", "Accounts"), ("Deal", "Deals")


@pytest.fixture
def page(qtbot: QtBot, tasks: Tasks, make: Make) -> RelationshipsPage:
    account, deal = make.object("account"), make.object("deal")
    made = make.relationship(account, deal, "1:N")
    make.link(made, make.record(account), make.record(deal))
    page = shown(qtbot, RelationshipsPage(tasks))
    qtbot.waitUntil(lambda: page.model.rowCount() == 1)
    return page


def choose(dialog: RelationshipDialog, start: str, type_: str, end: str) -> None:
    for name, value in (("from_object_id", start), ("type", type_), ("to_object_id", end)):
        dialog.inputs[name].show(value)


@pytest.mark.parametrize(
    ("type_", "first", "second"),
    [
        ("1:N", "Each Account has any number of Deals.", "Each Deal has at most one Account."),
        ("N:1", "Each Account has at most one Deal.", "Each Deal has any number of Accounts."),
        ("lookup", "Each Account has at most one Deal.", "Each Deal has any number of Accounts."),
        ("N:N", "Each Account has any number of Deals.", "Each Deal has any number of Accounts."),
    ],
)
def test_a_relationship_reads_aloud_in_both_directions(type_: str, first: str, second: str) -> None:
    assert sentences(type_, ACCOUNT, DEAL) == (first, second)


def test_relationships_are_listed_with_both_ends(
    page: RelationshipsPage, qtmodeltester: ModelTester
) -> None:
    qtmodeltester.check(page.model)
    row = [str(page.model.index(0, column).data()) for column in range(3)]
    assert row == ["Account", "1:N", "Deal"]


def test_the_dialog_reads_what_is_chosen_and_creates_it(
    qtbot: QtBot, page: RelationshipsPage, make: Make
) -> None:
    press(qtbot, page.new_button)
    dialog = open_dialog(qtbot, RelationshipDialog)
    qtbot.waitUntil(lambda: dialog.start.count() == 2)
    choose(dialog, "obj_deal", "N:N", "obj_account")
    assert "Each Deal has any number of Accounts." in dialog.reading.text()

    with qtbot.waitSignal(dialog.stored):
        press(qtbot, dialog.submit)

    qtbot.waitUntil(lambda: page.model.rowCount() == 2)
    assert "deal_account" in {row.name for row in page.model.rows}


def test_a_relationship_without_its_objects_is_refused_at_both(
    qtbot: QtBot, page: RelationshipsPage, make: Make
) -> None:
    press(qtbot, page.new_button)
    dialog = open_dialog(qtbot, RelationshipDialog)
    qtbot.waitUntil(lambda: dialog.start.count() == 2)

    press(qtbot, dialog.submit)

    assert dialog.row("from_object_id").problem.text() == "Choose an object."
    assert dialog.row("to_object_id").problem.text()
    assert make.count(Relationship) == 1
    dialog.reject()


def test_other_objects_are_refused_while_there_are_links(
    qtbot: QtBot, page: RelationshipsPage
) -> None:
    page.edit_current()
    dialog = open_dialog(qtbot, RelationshipDialog)
    qtbot.waitUntil(lambda: dialog.start.count() == 2)
    dialog.inputs["to_object_id"].show("obj_account")

    press(qtbot, dialog.submit)

    problem = dialog.row("from_object_id").problem
    qtbot.waitUntil(lambda: "links under this relationship" in problem.text())
    assert dialog.end.currentData() == "obj_account"
    dialog.reject()
    press(qtbot, dialog.discard_button)


def test_a_type_of_another_program_is_shown_and_kept(
    qtbot: QtBot, page: RelationshipsPage, make: Make
) -> None:
    made = make.relationship("obj_deal", "obj_account", "lookup", id="rel_lookup")
    page.refresh()
    qtbot.waitUntil(lambda: page.model.rowCount() == 2)
    page.select(made)
    page.edit_current()
    dialog = open_dialog(qtbot, RelationshipDialog)
    assert dialog.kind.currentData() == "lookup"
    dialog.inputs["from_label"].show("Account of the deal")

    with qtbot.waitSignal(dialog.stored):
        press(qtbot, dialog.submit)

    stored = select(Relationship.type).where(Relationship.id == made)
    assert make.value(stored) == "lookup"


def test_deleting_counts_the_links_that_go(qtbot: QtBot, page: RelationshipsPage) -> None:
    page.delete_current()
    dialog = open_dialog(qtbot, DeleteDialog)
    qtbot.waitUntil(lambda: "1 link;" in dialog.effects.text())

    press(qtbot, dialog.submit)

    qtbot.waitUntil(lambda: page.model.rowCount() == 0)
    assert page.grid._empty is not None
    assert page.grid._empty.button.text() == "New relationship"
