"""Find and replace over a list: counted and shown first, then written; F3 goes on."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QItemSelection, QItemSelectionModel, Qt
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot
from sqlalchemy import select

from crm_desktop.db.tables import Record
from crm_desktop.gui.clipboard.find_dialog import FindDialog
from crm_desktop.gui.pages.records import RecordsPage
from crm_desktop.gui.tasks import Tasks
from tests.gui.asking import activate, open_dialog, press, shown
from tests.make import Make


@pytest.fixture
def page(qtbot: QtBot, tasks: Tasks, make: Make) -> RecordsPage:
    """Show a list of four records; the newest comes first."""
    make.field("mail", "email")
    make.field("amount", "number")
    deal = make.object("deal", fields=["name", "mail", "amount"], plural_name="deals")
    for name in ("orion d", "Lyra c", "Orion b", "Orion a"):
        make.record(deal, {"fld_name": name, "fld_mail": f"{name[-1]}@orion.example"})
    page = shown(qtbot, RecordsPage(tasks, deal))
    qtbot.waitUntil(lambda: page.model.is_settled)
    page.grid.setFocus()
    return page


def ask(qtbot: QtBot, page: RecordsPage) -> FindDialog:
    activate(qtbot, page)
    page.grid.setFocus()
    qtbot.keyClick(page.grid, Qt.Key.Key_H, Qt.KeyboardModifier.ControlModifier)
    return open_dialog(qtbot, FindDialog)


def names(make: Make) -> list[str]:
    with make.database.engine.connect() as connection:
        rows = connection.scalars(select(Record.primary_value).order_by(Record.id))
        return [str(name) for name in rows]


def samples(dialog: FindDialog) -> list[list[str]]:
    model = dialog.model
    return [
        [str(model.index(row, column).data()) for column in range(4)]
        for row in range(model.rowCount())
    ]


def test_matches_are_counted_and_shown_and_then_replaced(
    qtbot: QtBot, page: RecordsPage, make: Make
) -> None:
    page.grid.setCurrentIndex(page.model.index(0, 0))
    said: list[str] = []
    page.told.connect(lambda message: said.append(message.text))
    dialog = ask(qtbot, page)
    assert dialog.form.fields.currentText() == "Name"
    assert dialog.form.in_everything.text() == "All that the list finds: 4 deals"
    assert not dialog.replace_button.isEnabled()
    qtbot.keyClicks(dialog.form.text, "orion")
    qtbot.keyClicks(dialog.form.replacement, "Vega")
    qtbot.keyClick(dialog.form.replacement, Qt.Key.Key_Return)

    qtbot.waitUntil(dialog.replace_button.isEnabled)
    assert dialog.sentence.text() == "3 cells in 3 deals match."
    assert samples(dialog)[0] == ["orion d", "Name", "orion d", "Vega d"]
    assert dialog.replace_button.text() == "Replace 3"
    assert "Orion a" in names(make)
    press(qtbot, dialog.replace_button)
    qtbot.waitUntil(lambda: said == ["Replaced 3 cells in 3 deals. Ctrl+Z undoes it."])
    assert names(make) == ["Vega d", "Lyra c", "Vega b", "Vega a"]
    assert not dialog.replace_button.isEnabled()
    qtbot.keyClick(dialog, Qt.Key.Key_Escape)


def test_what_would_not_be_valid_and_what_cannot_be_looked_for_is_said(
    qtbot: QtBot, page: RecordsPage, make: Make
) -> None:
    selected = QItemSelection(page.model.index(0, 1), page.model.index(1, 1))
    page.grid.selectionModel().select(selected, QItemSelectionModel.SelectionFlag.ClearAndSelect)
    dialog = ask(qtbot, page)
    assert dialog.form.in_selection.isChecked()
    qtbot.keyClicks(dialog.form.text, "a@")
    press(qtbot, dialog.count_button)
    qtbot.waitUntil(lambda: "1 cell in 1 Deal matches." in dialog.sentence.text())
    assert "1 cell would then not be valid" in dialog.problem.text()
    assert "is not an e-mail address" in samples(dialog)[0][3]
    assert not dialog.replace_button.isEnabled()
    dialog.form.is_expression.setChecked(True)
    qtbot.keyClicks(dialog.form.text, "(")
    assert dialog.model.rowCount() == 0
    press(qtbot, dialog.count_button)
    qtbot.waitUntil(lambda: "no regular expression" in dialog.form.text_row.problem.text())
    dialog.close()


def test_f3_goes_from_match_to_match_and_begins_again_at_the_end(
    qtbot: QtBot, page: RecordsPage
) -> None:
    def wait_for_row(row: int) -> None:
        qtbot.waitUntil(lambda: page.grid.currentIndex().row() == row)

    page.grid.setCurrentIndex(page.model.index(0, 0))
    dialog = ask(qtbot, page)
    qtbot.keyClicks(dialog.form.text, "orion ")
    press(qtbot, dialog.next_button)
    wait_for_row(1)
    dialog.close()
    activate(qtbot, page)
    for row in (3, 0):
        qtbot.keyClick(page.grid, Qt.Key.Key_F3)
        wait_for_row(row)


def test_the_dialog_goes_with_its_list(qtbot: QtBot, page: RecordsPage, tasks: Tasks) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    other = RecordsPage(tasks, page.object_id, window)
    window.show()
    qtbot.waitUntil(lambda: other.model.is_settled)
    other.finding.open_dialog()
    dialog = open_dialog(qtbot, FindDialog)
    assert dialog.windowTitle() == "Find and replace in deals"

    with qtbot.waitSignal(dialog.destroyed):
        other.deleteLater()
