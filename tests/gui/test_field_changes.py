"""Changing a field's type and merging two fields: counted first, said in words, then done."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot
from sqlalchemy import select

from crm_desktop.db.tables import Field, Record
from crm_desktop.gui.dialogs.change_type_dialog import ChangeTypeDialog
from crm_desktop.gui.dialogs.merge_fields_dialog import MergeFieldsDialog
from crm_desktop.gui.dialogs.planned_dialog import PlannedDialog
from crm_desktop.gui.pages.fields import FieldsPage
from crm_desktop.gui.tasks import Tasks
from tests.gui.asking import open_dialog, press, shown
from tests.make import Make


@pytest.fixture
def page(qtbot: QtBot, tasks: Tasks, make: Make) -> FieldsPage:
    make.object("deal", fields=["name", "size", "extent"])
    for size, extent in (("42", None), ("1,5", "1,5"), ("many", "few")):
        make.record("obj_deal", {"fld_name": size, "fld_size": size, "fld_extent": extent})
    page = shown(qtbot, FieldsPage(tasks))
    qtbot.waitUntil(lambda: page.model.rowCount() == 3)
    page.select("fld_size")
    page.grid.setFocus()
    return page


def said(dialog: PlannedDialog) -> str:
    return "\n".join(label.text() for label in dialog.report.findChildren(QLabel))


def test_a_type_is_changed_after_its_consequences_were_shown(
    qtbot: QtBot, page: FieldsPage, make: Make
) -> None:
    page.change_type.trigger()
    dialog = open_dialog(qtbot, ChangeTypeDialog)
    assert not dialog.submit.isEnabled()

    dialog.types.choose("number")
    qtbot.waitUntil(dialog.submit.isEnabled)

    assert "3 values in “Deal”." in said(dialog)
    assert "1 value converts to the new type" in said(dialog)
    assert "2 values do not convert" in said(dialog)
    assert "“many” is not a number" in said(dialog)
    assert dialog.submit.text() == "Change to Number, keep 2 as they are"
    with qtbot.waitSignal(page.told):
        press(qtbot, dialog.submit)
    assert make.value(select(Field.type).where(Field.id == "fld_size")) == "number"
    stored = make.value(select(Record.data["fld_size"]).where(Record.primary_value == "42"))
    assert stored == 42


def test_a_choice_gets_its_options_from_the_values_when_asked(
    qtbot: QtBot, page: FieldsPage, make: Make
) -> None:
    page.change_type.trigger()
    dialog = open_dialog(qtbot, ChangeTypeDialog)
    dialog.types.choose("select")
    qtbot.waitUntil(dialog.submit.isEnabled)
    assert dialog.options.isVisible()
    assert "3 values stay as they are." in said(dialog)

    with qtbot.waitSignal(page.told):
        press(qtbot, dialog.submit)

    config = make.value(select(Field.config).where(Field.id == "fld_size"))
    assert [option["value"] for option in config["options"]] == ["1,5", "42", "many"]


def test_what_was_chosen_last_is_counted_also_while_another_count_runs(
    qtbot: QtBot, page: FieldsPage
) -> None:
    page.change_type.trigger()
    dialog = open_dialog(qtbot, ChangeTypeDialog)
    dialog.types.choose("number")
    qtbot.waitUntil(dialog.stop.isVisible)
    dialog.types.choose("textarea")

    qtbot.waitUntil(dialog.submit.isEnabled)
    assert dialog.submit.text() == "Change to Long text"
    assert "3 values stay as they are." in said(dialog)
    dialog.reject()


def test_a_plan_that_no_longer_holds_is_counted_again(
    qtbot: QtBot, page: FieldsPage, make: Make
) -> None:
    page.change_type.trigger()
    dialog = open_dialog(qtbot, ChangeTypeDialog)
    dialog.types.choose("number")
    qtbot.waitUntil(dialog.submit.isEnabled)
    make.record("obj_deal", {"fld_size": "none at all"})

    press(qtbot, dialog.submit)
    qtbot.waitUntil(lambda: "Count them again" in dialog.problem.text())
    assert not dialog.submit.isEnabled()
    press(qtbot, dialog.again)

    qtbot.waitUntil(lambda: "keep 3 as they are" in dialog.submit.text())
    qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    assert not dialog.isVisible()


def test_fields_are_merged_once_it_was_said_which_value_to_keep(
    qtbot: QtBot, page: FieldsPage, make: Make
) -> None:
    page.select("fld_extent")
    page.merge.trigger()
    dialog = open_dialog(qtbot, MergeFieldsDialog)
    qtbot.waitUntil(lambda: dialog.targets.count() == 2)
    dialog.choose_target("fld_size")
    qtbot.waitUntil(lambda: "different values in the two fields" in said(dialog))

    assert "1 record holds the same in both fields." in said(dialog)
    assert not dialog.submit.isEnabled()
    dialog.keep_source.click()
    assert dialog.submit.text() == "Merge into “Size” and delete “Extent”"
    press(qtbot, dialog.submit)

    qtbot.waitUntil(lambda: page.model.rowCount() == 2)
    data = make.value(select(Record.data).where(Record.primary_value == "many"))
    assert data == {"fld_name": "many", "fld_size": "few"}
