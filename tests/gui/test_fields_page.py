"""The page of the field library: filters, system fields, and deleting only what is unused."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QWidget
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from crm_desktop.gui.dialogs.delete_dialog import DeleteDialog
from crm_desktop.gui.dialogs.field_dialog import FieldDialog
from crm_desktop.gui.pages.fields import FieldsPage
from crm_desktop.gui.tasks import Tasks
from crm_desktop.gui.widgets.buttons import SmallLink
from tests.gui.asking import open_dialog, press, shown
from tests.make import Make


@pytest.fixture
def page(qtbot: QtBot, tasks: Tasks, make: Make) -> FieldsPage:
    make.object("deal", fields=["name"])
    make.field("amount", "currency", category="Sales")
    make.field("stage", "select", category="Sales", config={"options": ["a"]})
    make.field("system_owner", "lookup", is_system_field=True)
    page = shown(qtbot, FieldsPage(tasks))
    qtbot.waitUntil(lambda: page.model.rowCount() == 4)
    return page


def labels(page: FieldsPage) -> list[str]:
    return [row.label for row in page.model.rows]


def test_fields_show_type_category_uses_and_origin(
    page: FieldsPage, qtmodeltester: ModelTester
) -> None:
    qtmodeltester.check(page.model)
    rows = {row[0]: row for row in page.model._texts}
    assert rows["Name"][4] == "1"
    assert rows["Amount"][2:4] == ("Currency", "Sales")
    assert rows["System owner"][5] == "System"


def test_type_and_category_narrow_the_list_together(qtbot: QtBot, page: FieldsPage) -> None:
    page.categories.setCurrentIndex(page.categories.findData("Sales"))
    assert labels(page) == ["Amount", "Stage"]

    page.types.setCurrentIndex(page.types.findData("select"))
    assert labels(page) == ["Stage"]
    page.types.setCurrentIndex(page.types.findData("lookup"))
    assert labels(page) == []
    assert page.grid._empty is not None
    assert page.grid._empty.button.text() == "Clear filters"

    press(qtbot, page.grid._empty.button)
    assert len(labels(page)) == 4


def test_a_filter_stays_while_the_list_is_read_again(
    qtbot: QtBot, page: FieldsPage, make: Make
) -> None:
    page.types.setCurrentIndex(page.types.findData("currency"))
    make.field("price", "currency")

    page.refresh()

    qtbot.waitUntil(lambda: labels(page) == ["Amount", "Price"])
    assert page.types.currentData() == "currency"


def test_a_field_in_use_is_taken_out_of_the_layouts_that_the_dialog_names_and_deleted(
    qtbot: QtBot, page: FieldsPage, make: Make
) -> None:
    make.record("obj_deal", {"fld_name": "Acme"})
    page.select("fld_name")
    qtbot.keyClick(page.grid, Qt.Key.Key_Delete, Qt.KeyboardModifier.ControlModifier)
    dialog = open_dialog(qtbot, DeleteDialog)

    qtbot.waitUntil(lambda: dialog.submit.text() == "Detach from 1 object and delete")
    assert "taken out of the layout of “Deal”" in dialog.effects.text()
    assert "1 record holds a value" in dialog.effects.text()
    press(qtbot, dialog.submit)

    qtbot.waitUntil(lambda: "Name" not in labels(page))
    assert make.layout_of("obj_deal") == []


def test_an_unused_field_is_deleted_after_the_question(qtbot: QtBot, page: FieldsPage) -> None:
    page.select("fld_amount")
    page.delete_current()
    dialog = open_dialog(qtbot, DeleteDialog)

    press(qtbot, dialog.submit)

    qtbot.waitUntil(lambda: "Amount" not in labels(page))


def test_a_system_field_offers_no_deletion(page: FieldsPage) -> None:
    page.select("fld_system_owner")

    assert not page.delete.isEnabled()


def test_a_copy_begins_with_the_type_and_settings_of_its_model(
    qtbot: QtBot, page: FieldsPage
) -> None:
    page.select("fld_stage")
    page.duplicate_current()
    dialog = open_dialog(qtbot, FieldDialog)

    assert dialog.types.type_name() == "select"
    assert dialog.config.config() == {"options": ["a"]}
    with qtbot.waitSignal(dialog.stored):
        press(qtbot, dialog.submit)
    qtbot.waitUntil(lambda: "Stage (copy)" in labels(page))


def test_the_details_say_who_uses_the_field_how_and_what_records_hold(
    qtbot: QtBot, page: FieldsPage, make: Make
) -> None:
    make.attach("obj_deal", "amount", is_required=True, field_overrides={"max": 10})
    bad = make.record("obj_deal", {"fld_name": "Acme", "fld_amount": 11})
    make.record("obj_deal", {"fld_amount": 5})
    make.record("obj_deal", {})
    page.refresh()
    page.select("fld_amount")
    qtbot.waitUntil(lambda: any("67% filled" in text for text in texts_of(page.details)))

    said = texts_of(page.details)
    assert "67% filled: 2 of 3 records\n2 different values" in said
    assert "1 value breaks today's rules:" in said
    assert "11: Enter 10 or less." in said
    assert {"required", "Largest", "10"} <= set(said)

    (card,) = page.details.cards
    links = card.findChildren(SmallLink)
    with qtbot.waitSignal(page.open_requested) as opened:
        press(qtbot, next(link for link in links if link.text() == "Acme"))
    assert opened.args == [f"record:{bad}"]
    with qtbot.waitSignal(page.open_requested) as opened:
        press(qtbot, card.layout_link)
    assert opened.args in (["layout:obj_deal"], ["objects"])


def test_counting_is_stopped_when_another_field_is_chosen(
    qtbot: QtBot, page: FieldsPage, make: Make
) -> None:
    page.select("fld_name")
    qtbot.waitUntil(lambda: len(page.details.cards) == 1)
    page.details.stop()
    assert "Not counted." in texts_of(page.details)

    page.select("fld_amount")
    qtbot.waitUntil(lambda: "No object uses this field." in texts_of(page.details))


def texts_of(widget: QWidget) -> list[str]:
    return [label.text() for label in widget.findChildren(QLabel)]
