"""Copy, cut, paste and fill in a record list by keyboard, on a real database."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from PySide6.QtCore import QItemSelection, QItemSelectionModel, QMimeData, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from sqlalchemy import select

from crm_desktop.db.tables import Record
from crm_desktop.domain.clipboard import EXACT_FORM
from crm_desktop.domain.errors import UserError
from crm_desktop.domain.filters import Grouping
from crm_desktop.gui.clipboard import control, pasting
from crm_desktop.gui.clipboard.paste_dialog import PasteDialog
from crm_desktop.gui.pages import large_selection
from crm_desktop.gui.pages.records import RecordsPage
from crm_desktop.gui.tasks import Tasks
from crm_desktop.gui.widgets.message_bar import Message
from tests.gui.asking import open_dialog, press, shown
from tests.make import Make

KEY = Qt.Key
CONTROL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier
NONE = Qt.KeyboardModifier.NoModifier


class Hands:
    """Works one list with the keyboard and the clipboard."""

    def __init__(self, qtbot: QtBot, tasks: Tasks, object_id: str) -> None:
        self.qtbot, self.tasks = qtbot, tasks
        self.page = shown(qtbot, RecordsPage(tasks, object_id))
        self.said: list[str] = []
        self.page.told.connect(self._note)
        self.page.refused.connect(self._note)
        qtbot.waitUntil(lambda: self.page.model.is_settled)
        self.page.grid.setFocus()

    def _note(self, told: Message | UserError) -> None:
        self.said.append(told.text if isinstance(told, Message) else str(told))

    def select(self, top: int, left: int, bottom: int, right: int) -> None:
        model, grid = self.page.model, self.page.grid
        grid.setCurrentIndex(model.index(top, left))
        part = QItemSelection(model.index(top, left), model.index(bottom, right))
        grid.selectionModel().select(part, QItemSelectionModel.SelectionFlag.ClearAndSelect)

    def press(self, key: Qt.Key, modifier: Qt.KeyboardModifier = CONTROL) -> None:
        self.qtbot.keyClick(self.page.grid, key, modifier)

    def copied(self, key: Qt.Key = KEY.Key_C, modifier: Qt.KeyboardModifier = CONTROL) -> str:
        """Press the key and return the text that it puts on the clipboard."""
        clipboard = QGuiApplication.clipboard()
        clipboard.clear()
        self.press(key, modifier)
        self.qtbot.waitUntil(lambda: bool(clipboard.text()))
        return clipboard.text()

    def paste(self, text: str) -> None:
        QGuiApplication.clipboard().setText(text)
        self.press(KEY.Key_V)

    def wait_for(self, words: str) -> None:
        self.qtbot.waitUntil(lambda: any(words in said for said in self.said))

    def texts(self) -> list[list[str]]:
        model = self.page.model
        rows, columns = range(model.rowCount()), range(model.columnCount())
        return [[str(model.index(row, column).data()) for column in columns] for row in rows]

    def wait_until_shown(self, rows: list[list[str]]) -> None:
        self.qtbot.waitUntil(lambda: self.texts() == rows)


@pytest.fixture
def deal(make: Make) -> str:
    """Make an object with three records; the newest is listed first."""
    make.field("amount", "number", config={"min": 0})
    make.field("stage", "select", config={"options": [{"value": "won", "label": "Won"}]})
    deal = make.object("deal", fields=["name", "amount", "stage"], plural_name="deals")
    for name, amount in (("Carol", 3), ("Bob", 2), ("Ann", 1)):
        make.record(deal, {"fld_name": name, "fld_amount": amount, "fld_stage": "won"})
    return deal


@pytest.fixture
def hands(qtbot: QtBot, tasks: Tasks, deal: str) -> Hands:
    return Hands(qtbot, tasks, deal)


def data_of(make: Make, name: str) -> Any:
    return make.value(select(Record.data).where(Record.primary_value == name))


def test_a_range_is_copied_in_three_forms_and_with_headers(hands: Hands) -> None:
    hands.select(0, 0, 1, 2)

    assert hands.copied() == "Ann\t1\tWon\nBob\t2\tWon"
    data = QGuiApplication.clipboard().mimeData()
    assert "<table>" in data.html()
    assert b'"won"' in bytes(data.data(EXACT_FORM).data())
    assert hands.copied(KEY.Key_C, CONTROL | SHIFT).startswith("Name\tAmount\tStage\nAnn")


def test_what_is_cut_is_pasted_elsewhere_at_once(hands: Hands, make: Make) -> None:
    hands.select(0, 1, 0, 2)
    hands.press(KEY.Key_X)
    hands.qtbot.waitUntil(lambda: hands.texts()[0] == ["Ann", "", ""])
    hands.select(2, 1, 2, 1)
    hands.press(KEY.Key_V)

    hands.wait_until_shown([["Ann", "", ""], ["Bob", "2", "Won"], ["Carol", "1", "Won"]])
    assert data_of(make, "Ann") == {"fld_name": "Ann"}
    hands.wait_for("Pasted 2 cells in 1 Deal. Ctrl+Z undoes it.")


def test_a_paste_right_after_a_copy_pastes_what_was_copied(hands: Hands) -> None:
    QGuiApplication.clipboard().setText("old")
    hands.select(0, 0, 0, 0)
    hands.press(KEY.Key_C)
    hands.select(1, 0, 2, 0)
    hands.press(KEY.Key_V)

    hands.qtbot.waitUntil(lambda: [row[0] for row in hands.texts()] == ["Ann"] * 3)


def test_what_is_typed_right_after_a_paste_is_not_pasted_over(hands: Hands, make: Make) -> None:
    hands.select(0, 0, 0, 0)
    hands.paste("pasted")  # read on another thread: it has not been placed yet
    hands.qtbot.keyClicks(hands.page.grid, "t")
    hands.qtbot.keyClick(QApplication.focusWidget(), KEY.Key_Return)

    hands.wait_for("You typed into these cells meanwhile.")
    hands.qtbot.waitUntil(lambda: hands.texts()[0][0] == "t" and not hands.page.has_unsaved())
    assert make.value(select(Record.data["fld_name"]).where(Record.primary_value == "t")) == "t"


def test_one_value_fills_the_selection_and_a_block_repeats_in_it(hands: Hands) -> None:
    hands.select(0, 1, 2, 1)
    hands.paste("7")
    hands.qtbot.waitUntil(lambda: [row[1] for row in hands.texts()] == ["7"] * 3)
    hands.select(1, 0, 2, 1)
    hands.paste("x\t8")
    hands.wait_until_shown([["Ann", "7", "Won"], ["x", "8", "Won"], ["x", "8", "Won"]])


def test_rows_beyond_the_end_are_asked_about_and_become_records(hands: Hands, make: Make) -> None:
    hands.select(2, 0, 2, 0)
    hands.paste("Zoe\t9\nNew one\t10\n")
    dialog = open_dialog(hands.qtbot, PasteDialog)

    assert dialog.heading.text() == "Paste 4 cells?"
    assert "Changes 1 Deal.\nAdds 1 new Deal below the end" in dialog.effects.text()
    assert make.count(Record) == 3
    assert dialog.go.text() == "Paste 4 cells"
    press(hands.qtbot, dialog.go)
    hands.wait_for("Pasted 4 cells in 1 Deal. Added 1 new Deal.")
    hands.qtbot.waitUntil(lambda: len(hands.texts()) == 4)
    assert sorted(row[0] for row in hands.texts()) == ["Ann", "Bob", "New one", "Zoe"]


def test_in_the_row_of_a_new_record_one_cell_is_filled_and_more_become_records(
    hands: Hands, make: Make
) -> None:
    row = hands.page.list.editing.new_row.row
    row.setFocus()
    row.setCurrentIndex(row.model().index(0, 1))
    QGuiApplication.clipboard().setText("12")
    hands.qtbot.keyClick(row, KEY.Key_V, CONTROL)
    hands.qtbot.waitUntil(lambda: row.model().index(0, 1).data() == "12")
    row.setCurrentIndex(row.model().index(0, 0))
    QGuiApplication.clipboard().setText("Yan\nZoe")
    hands.qtbot.keyClick(row, KEY.Key_V, CONTROL)
    dialog = open_dialog(hands.qtbot, PasteDialog)

    assert dialog.effects.text().startswith("Adds 2 new deals below the end")
    press(hands.qtbot, dialog.go)
    hands.wait_for("Pasted 2 cells. Added 2 new deals.")
    hands.qtbot.waitUntil(lambda: make.count(Record) == 6)  # what was begun is stored on leaving


def test_cells_that_cannot_be_read_are_listed_and_left_out_when_one_says_so(
    hands: Hands, make: Make
) -> None:
    make.sql("UPDATE object_fields SET is_readonly = true WHERE field_id = 'fld_stage'")
    hands.select(0, 1, 1, 1)
    hands.paste("-1\tx\n5\ty")
    dialog = open_dialog(hands.qtbot, PasteDialog)

    assert "3 cells cannot be pasted" in dialog.problem.text()
    rows = [
        [str(dialog.model.index(row, column).data()) for column in range(4)]
        for row in range(dialog.model.rowCount())
    ]
    assert [row[0] + row[1] + row[3] for row in rows] == ["1Amount1", "1Stage2"]
    assert dialog.cancel.hasFocus()
    assert dialog.go.text() == "Leave those out, paste 1 cell"
    press(hands.qtbot, dialog.go)
    hands.wait_for("Pasted 1 cell in 1 Deal. Left out: 3 cells.")
    assert data_of(make, "Bob")["fld_amount"] == 5
    assert data_of(make, "Ann")["fld_amount"] == 1


def test_a_paste_from_a_spreadsheet_takes_its_exact_numbers(hands: Hands, make: Make) -> None:
    data = QMimeData()
    data.setHtml(
        '<table><tr><td>Ada</td><td sdval="1234.5" sdnum="1033;">1.234,50</td></tr></table>'
    )
    data.setText("Ada\t1.234,50")
    QGuiApplication.clipboard().setMimeData(data)
    hands.select(1, 0, 1, 0)
    hands.press(KEY.Key_V)

    hands.qtbot.waitUntil(lambda: hands.texts()[1][:2] == ["Ada", "1,234.5"])


def test_a_value_fills_what_is_selected_and_many_cells_are_cleared(
    hands: Hands, monkeypatch: pytest.MonkeyPatch
) -> None:
    hands.select(0, 0, 2, 0)
    hands.press(KEY.Key_D, CONTROL | SHIFT)
    hands.qtbot.waitUntil(lambda: [row[0] for row in hands.texts()] == ["Ann"] * 3)
    monkeypatch.setattr("crm_desktop.gui.cells.cell_gestures.MOST_CELLS", 2)
    hands.select(0, 1, 2, 1)
    hands.press(KEY.Key_D)
    hands.qtbot.waitUntil(lambda: [row[1] for row in hands.texts()] == ["1"] * 3)
    hands.press(KEY.Key_Delete, NONE)
    hands.qtbot.waitUntil(lambda: [row[1] for row in hands.texts()] == [""] * 3)


def test_rows_that_were_never_read_are_copied_and_pasted_over(
    qtbot: QtBot, tasks: Tasks, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(control, "SHORT_COPY", 100)
    thing = make.object("thing", fields=["name"], plural_name="things")
    ids = make.records(thing, 1500)
    hands = Hands(qtbot, tasks, thing)
    hands.select(0, 0, 1499, 0)

    assert hands.copied().splitlines() == ids[::-1]
    hands.wait_for("Copied 1,500 cells.")
    QGuiApplication.clipboard().setText("same")
    hands.press(KEY.Key_V)
    dialog = open_dialog(qtbot, PasteDialog)
    assert dialog.heading.text() == "Paste 1,500 cells?"
    press(qtbot, dialog.go)
    hands.wait_for("Pasted 1,500 cells in 1,500 things.")
    assert make.value(select(Record.primary_value).distinct()) == "same"


def test_headings_of_groups_are_passed_over(hands: Hands, make: Make) -> None:
    make.sql("UPDATE records SET data = data - 'fld_stage' WHERE primary_value = 'Ann'")
    model = hands.page.model
    model.show(replace(model.query, grouping=Grouping("fld_stage")), model.columns)
    hands.qtbot.waitUntil(lambda: model.is_settled and model.rowCount() == 5)
    records = [row for row in range(5) if model.groups.is_record(row)]
    names = [str(model.index(row, 0).data()) for row in records]
    assert names == ["Bob", "Carol", "Ann"]
    hands.select(0, 0, 4, 0)

    assert hands.copied() == "Bob\nCarol\nAnn"
    hands.select(records[1], 1, records[1], 1)
    hands.paste("8\n9")
    hands.wait_for("Pasted 2 cells")
    assert [data_of(make, name)["fld_amount"] for name in names] == [2, 8, 9]


def test_what_cannot_be_done_is_said(hands: Hands, monkeypatch: pytest.MonkeyPatch) -> None:
    model, grid = hands.page.model, hands.page.grid
    hands.select(0, 0, 0, 0)
    grid.selectionModel().select(model.index(2, 2), QItemSelectionModel.SelectionFlag.Select)
    hands.press(KEY.Key_C)
    hands.wait_for("different columns apart")
    monkeypatch.setattr(control, "MOST_COPIED", 2)
    hands.select(0, 0, 2, 0)
    hands.press(KEY.Key_C)
    hands.wait_for("At most 2 cells fit on the clipboard; these are 3.")
    monkeypatch.setattr(pasting, "MOST_CELLS", 2)
    hands.paste("x")
    hands.wait_for("These are 3 cells; at most 2")
    QGuiApplication.clipboard().clear()
    hands.press(KEY.Key_V)
    hands.wait_for("no cells on the clipboard")
    QApplication.processEvents()


def test_a_selection_of_several_rows_stays_whole_when_the_list_is_read_again(hands: Hands) -> None:
    hands.select(0, 0, 2, 1)
    with hands.qtbot.waitSignal(hands.page.model.layoutChanged):
        hands.page.refresh()

    assert hands.page.grid.selected_rows() == [0, 1, 2]


def test_a_large_selection_stays_while_no_row_moves_and_goes_when_one_does(
    hands: Hands, make: Make, deal: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(large_selection, "MANY", 4)
    hands.select(0, 0, 2, 2)  # everything
    with hands.qtbot.waitSignal(hands.page.model.took_again):
        hands.page.refresh()
    assert hands.page.grid.selected_rows() == [0, 1, 2]
    hands.select(1, 0, 2, 2)
    for expected in ([1, 2], []):
        with hands.qtbot.waitSignal(hands.page.model.took_again):
            hands.page.refresh()
        assert hands.page.grid.selected_rows() == expected
        make.record(deal, {"fld_name": "Another"})
