"""Bulk edits and deletions from a list: by keyboard alone, checked first, refused in place."""

from collections.abc import Callable
from typing import TypeVar

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QComboBox, QLineEdit, QWidget
from pytestqt.qtbot import QtBot
from sqlalchemy import select

from crm_desktop.db.tables import Record
from crm_desktop.gui.dialogs.bulk_edit_dialog import BulkEditDialog
from crm_desktop.gui.dialogs.delete_dialog import DeleteDialog
from crm_desktop.gui.pages.records import RecordsPage
from crm_desktop.gui.tasks import Tasks
from crm_desktop.gui.widgets.elided_label import TextLabel
from tests.gui.asking import activate, open_dialog, press
from tests.gui.test_accessible_names import nameless
from tests.make import Make

W = TypeVar("W", bound=QWidget)
KEY = Qt.Key
CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
STAGES = {"options": [{"value": "new", "label": "New"}, {"value": "won", "label": "Won"}]}
NAMES = ("Orion", "Maple", "Cedar", "Halden")


@pytest.fixture
def deal(make: Make) -> str:
    make.field("stage", "select", config=STAGES)
    make.field("amount", "number", config={"max": 100})
    deal = make.object("deal", ["name", "stage", "amount"])
    for name, amount in zip(NAMES, (1, 50, 99, "odd"), strict=True):
        make.record(deal, {"fld_name": name, "fld_stage": "new", "fld_amount": amount})
    return deal


@pytest.fixture
def page(qtbot: QtBot, tasks: Tasks, deal: str) -> RecordsPage:
    page = RecordsPage(tasks, deal)
    qtbot.addWidget(page)
    page.resize(1200, 700)
    page.show()
    activate(qtbot, page)
    qtbot.waitUntil(lambda: page.model.rowCount() == len(NAMES) and bool(page.list.current_id()))
    page.grid.setFocus()
    return page


def open_bulk_edit(qtbot: QtBot, page: RecordsPage) -> BulkEditDialog:
    qtbot.keyClick(page.grid, KEY.Key_E, CONTROL | SHIFT)
    dialog = open_dialog(qtbot, BulkEditDialog)
    activate(qtbot, dialog)
    qtbot.waitUntil(lambda: any(each.doing.isVisible() for each in dialog.form.fields.values()))
    return dialog


def focused(kind: type[W]) -> W:
    widget = QApplication.focusWidget()
    assert isinstance(widget, kind)
    return widget


def words(widget: QWidget) -> list[str]:
    return [label.text() for label in widget.findChildren(TextLabel)]


def stored(make: Make, field: str) -> list[object]:
    values = select(Record.data[field]).order_by(Record.id)
    with make.database.engine.connect() as connection:
        return list(connection.scalars(values))


def is_shown(dialog: BulkEditDialog) -> Callable[[], bool]:
    return lambda: dialog.report is not None and dialog.report.isVisible()


def test_a_bulk_edit_is_made_with_the_keyboard_alone_and_leaves_out_what_fails(
    qtbot: QtBot, tasks: Tasks, make: Make, page: RecordsPage
) -> None:
    qtbot.keyClick(page.grid, KEY.Key_A, CONTROL)
    dialog = open_bulk_edit(qtbot, page)
    assert dialog.title.text() == "Edit 4 Deals"
    assert not dialog.check.isEnabled()
    line = focused(QLineEdit)
    assert line is dialog.form.fields["fld_name"].editor.control
    assert line.placeholderText() == "4 different values"

    for _ in range(3):
        qtbot.keyClick(QApplication.focusWidget(), KEY.Key_Tab)
    assert focused(QComboBox) is dialog.form.fields["fld_amount"].doing
    qtbot.keyClick(focused(QComboBox), KEY.Key_Down)
    qtbot.keyClick(focused(QComboBox), KEY.Key_Down)
    assert dialog.form.fields["fld_amount"].doing.currentText() == "Increase by"
    assert dialog.sentence.text() == "1 field will change in 4 Deals."
    qtbot.keyClick(QApplication.focusWidget(), KEY.Key_Tab)
    qtbot.keyClicks(focused(QLineEdit), "10")
    qtbot.keyClick(focused(QLineEdit), KEY.Key_Return)
    qtbot.waitUntil(is_shown(dialog))
    assert {"2 records will change.", "2 records cannot be changed:"} <= set(words(dialog))
    assert "Amount: It would be more than 100." in words(dialog)
    assert {"Cedar", "50", "60"} <= set(words(dialog))
    assert stored(make, "fld_amount") == [1, 50, 99, "odd"]

    assert not dialog.submit.isEnabled()
    assert nameless(dialog) == []
    with qtbot.waitSignals([dialog.changed, tasks.changed]):
        qtbot.keyClick(QApplication.focusWidget(), KEY.Key_Space)
        qtbot.keyClick(QApplication.focusWidget(), KEY.Key_Return)
    assert stored(make, "fld_amount") == [11, 60, 99, "odd"]
    assert not dialog.isVisible()


def test_what_is_wrong_is_said_at_its_field_and_nothing_entered_is_lost(
    qtbot: QtBot, make: Make, page: RecordsPage
) -> None:
    page.grid.selectRow(1)
    dialog = open_bulk_edit(qtbot, page)
    assert dialog.selected.isChecked()
    stage, amount = dialog.form.fields["fld_stage"], dialog.form.fields["fld_amount"]
    qtbot.keyClicks(amount.editor.control, "5000")
    press(qtbot, dialog.check)
    assert amount.problem.text() == "Enter 100 or less."
    assert focused(QLineEdit) is amount.editor.control
    amount.editor.control.setText("")
    qtbot.keyClicks(amount.editor.control, "7")

    make.sql("UPDATE fields SET config = '{\"options\": [{\"value\": \"lost\"}]}'"
             " WHERE id = 'fld_stage'")  # fmt: skip
    qtbot.keyClick(stage.editor.control, KEY.Key_W)
    press(qtbot, dialog.check)
    qtbot.waitUntil(lambda: stage.problem.text() != "")  # the server's refusal, at its field
    qtbot.keyClick(dialog, KEY.Key_Escape)
    assert dialog.sentence.text() == "Discard what you entered?"
    qtbot.keyClick(dialog, KEY.Key_Escape)
    assert amount.change() is not None
    stage.reset()
    qtbot.mouseClick(dialog.all, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: dialog.title.text() == "Edit 4 Deals")
    assert amount.editor.control.text() == "7"
    qtbot.keyClick(dialog, KEY.Key_Escape)
    press(qtbot, dialog.discard)
    assert not dialog.isVisible()
    assert stored(make, "fld_amount") == [1, 50, 99, "odd"]


def test_in_production_the_number_of_records_must_be_typed(
    qtbot: QtBot, make: Make, page: RecordsPage
) -> None:
    page.window().setProperty("is_production", True)
    qtbot.keyClick(page.grid, KEY.Key_A, CONTROL)
    dialog = open_bulk_edit(qtbot, page)
    qtbot.keyClicks(dialog.form.fields["fld_name"].editor.control, "Same")
    press(qtbot, dialog.check)
    qtbot.waitUntil(is_shown(dialog))
    assert dialog.report is not None
    assert not dialog.submit.isEnabled()
    assert focused(QLineEdit) is dialog.report.typed
    qtbot.keyClicks(dialog.report.typed, "4")
    qtbot.keyClick(dialog.report.typed, KEY.Key_Return)
    qtbot.waitUntil(lambda: stored(make, "fld_name") == ["Same"] * 4)


def test_a_check_can_be_stopped(qtbot: QtBot, make: Make, page: RecordsPage) -> None:
    make.sql("CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS"
             " $$ BEGIN PERFORM pg_sleep(20); RETURN NEW; END $$")  # fmt: skip
    make.sql("CREATE TRIGGER slow BEFORE UPDATE ON records FOR EACH ROW EXECUTE FUNCTION slow()")
    qtbot.keyClick(page.grid, KEY.Key_A, CONTROL)
    dialog = open_bulk_edit(qtbot, page)
    qtbot.keyClicks(dialog.form.fields["fld_name"].editor.control, "Same")
    press(qtbot, dialog.check)
    assert dialog.cancel.text() == "Stop"
    qtbot.keyClick(dialog, KEY.Key_Escape)
    qtbot.waitUntil(lambda: dialog.problem.text() == "Stopped. Nothing was changed.")
    assert dialog.check.isEnabled()
    assert dialog.form.changed_count() == 1
    qtbot.keyClick(dialog, KEY.Key_Escape)
    press(qtbot, dialog.discard)


def test_rows_that_were_never_read_are_deleted_when_they_are_selected(
    qtbot: QtBot, tasks: Tasks, make: Make
) -> None:
    many = make.object("many", ["name"])
    ids = make.records(many, 1500)
    page = RecordsPage(tasks, many)
    qtbot.addWidget(page)
    page.show()
    activate(qtbot, page)
    qtbot.waitUntil(lambda: page.model.has_counted)
    page.grid.selectAll()
    page.grid.selectionModel().select(
        page.model.index(0, 0),
        page.grid.selectionModel().SelectionFlag.Deselect
        | page.grid.selectionModel().SelectionFlag.Rows,
    )
    assert not all(page.model.ids_of(page.grid.selected_rows()))
    page.delete_action.trigger()
    dialog = open_dialog(qtbot, DeleteDialog)
    assert dialog.windowTitle() == "Delete 1,499 records?"
    press(qtbot, dialog.submit)
    qtbot.waitUntil(lambda: page.model.has_counted and page.model.rowCount() == 1)
    assert page.model.id_of(0) == make.value(select(Record.id)) == ids[-1]


def test_deleting_all_that_a_list_finds_asks_for_the_number(
    qtbot: QtBot, make: Make, page: RecordsPage
) -> None:
    qtbot.keyClick(page.grid, KEY.Key_A, CONTROL)
    qtbot.keyClick(page.grid, KEY.Key_Delete, CONTROL)
    dialog = open_dialog(qtbot, DeleteDialog)
    qtbot.waitUntil(dialog.typed.isVisible)
    assert not dialog.submit.isEnabled()
    assert dialog.submit.text() == "Delete 4"
    make.record("obj_deal", {"fld_name": "Late"})
    qtbot.keyClicks(dialog.typed, "4")
    qtbot.keyClick(dialog.submit, KEY.Key_Space)
    qtbot.waitUntil(lambda: "5 records now, not 4" in dialog.problem.text())
    assert make.count(Record) == 5
    qtbot.keyClick(dialog, KEY.Key_Escape)
