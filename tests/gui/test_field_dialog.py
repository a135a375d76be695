"""The field dialog: names from labels, a form for each type, JSON, refusals, conflicts."""

from functools import partial
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog
from pytestqt.qtbot import QtBot
from sqlalchemy import select

from crm_desktop.db.database import Database
from crm_desktop.db.tables import Field
from crm_desktop.domain.access import Actor
from crm_desktop.domain.field_types import FIELD_TYPES
from crm_desktop.domain.json_edits import JsonEdit
from crm_desktop.gui.dialogs.field_dialog import FieldDialog
from crm_desktop.gui.editors.config.config_editor import FORM, JSON
from crm_desktop.gui.editors.config.options_editor import OptionsEditor
from crm_desktop.gui.editors.config.setting_editors import LineEditor
from crm_desktop.gui.tasks import Tasks
from crm_desktop.services import fields
from tests.gui.asking import press, shown
from tests.make import Make

STAGES = {
    "options": [
        {"value": "new", "label": "New", "probability": 10},
        {"value": "won", "label": "W"},
    ],
    "custom": {"keep": [1, 2]},
}


def edit(qtbot: QtBot, tasks: Tasks, database: Database, actor: Actor, name: str) -> FieldDialog:
    with database.read(actor) as session:
        field = fields.get_field(session, f"fld_{name}")
    return shown(qtbot, FieldDialog(tasks, field))


def config_of(make: Make, field_id: str) -> Any:
    return make.value(select(Field.config).where(Field.id == field_id))


def type_into(qtbot: QtBot, dialog: FieldDialog, setting: str, text: str) -> None:
    editor = dialog.config.form.editor(setting)
    assert isinstance(editor, LineEditor)
    editor.line.clear()
    qtbot.keyClicks(editor.line, text)


def test_the_name_follows_the_label_until_it_is_edited_by_hand(qtbot: QtBot, tasks: Tasks) -> None:
    dialog = shown(qtbot, FieldDialog(tasks))

    qtbot.keyClicks(dialog.label, "Deal stage")
    assert dialog.name.text() == "deal_stage"

    dialog.name.clear()
    qtbot.keyClicks(dialog.name, "stage")
    qtbot.keyClicks(dialog.label, " now")
    assert dialog.name.text() == "stage"


def test_a_click_on_a_type_shows_the_settings_of_that_type(qtbot: QtBot, tasks: Tasks) -> None:
    dialog = shown(qtbot, FieldDialog(tasks))
    types = dialog.types
    row = types.visualItemRect(types.item(list(FIELD_TYPES).index("currency")))

    qtbot.mouseClick(types.viewport(), Qt.MouseButton.LeftButton, pos=row.center())

    assert types.type_name() == "currency"
    assert dialog.config.form.editor("currency").isVisible()


def test_enter_presses_the_button_that_has_the_keyboard(
    qtbot: QtBot, tasks: Tasks, make: Make
) -> None:
    dialog = shown(qtbot, FieldDialog(tasks))
    qtbot.keyClicks(dialog.label, "Budget")

    dialog.cancel.setFocus()
    qtbot.keyClick(dialog.cancel, Qt.Key.Key_Return)
    assert dialog.is_asking()
    qtbot.keyClick(dialog.discard_button, Qt.Key.Key_Enter)

    assert not dialog.isVisible()
    assert make.value(select(Field.id).where(Field.name == "budget")) is None


def test_a_field_is_created_with_the_settings_of_its_type(
    qtbot: QtBot, tasks: Tasks, make: Make
) -> None:
    dialog = shown(qtbot, FieldDialog(tasks))
    qtbot.keyClicks(dialog.label, "Amount")
    dialog.types.choose("currency")
    type_into(qtbot, dialog, "currency", "eur")
    type_into(qtbot, dialog, "min", "0.5")

    with qtbot.waitSignal(dialog.stored) as stored:
        press(qtbot, dialog.submit)

    assert stored.args is not None
    assert config_of(make, stored.args[0]) == {"currency": "EUR", "min": pytest.approx(0.5)}
    assert dialog.result() == QDialog.DialogCode.Accepted


def test_a_taken_name_is_said_at_its_line_and_what_was_typed_stays(
    qtbot: QtBot, tasks: Tasks, make: Make
) -> None:
    make.field("email")
    dialog = shown(qtbot, FieldDialog(tasks))
    qtbot.keyClicks(dialog.label, "Email")

    press(qtbot, dialog.submit)
    qtbot.waitUntil(lambda: bool(dialog.row("name").problem.text()))

    assert "already a field named" in dialog.row("name").problem.text()
    assert dialog.isVisible()
    assert dialog.label.text() == "Email"
    assert dialog.name.accessibleDescription() == dialog.row("name").problem.text()
    dialog.name.setText("second_email")
    with qtbot.waitSignal(dialog.stored):
        press(qtbot, dialog.submit)


def test_every_wrong_input_is_said_at_once_and_nothing_is_sent(
    qtbot: QtBot, tasks: Tasks, make: Make
) -> None:
    dialog = shown(qtbot, FieldDialog(tasks))
    dialog.types.choose("number")
    type_into(qtbot, dialog, "min", "many")

    press(qtbot, dialog.submit)

    assert dialog.row("label").problem.text() == "Enter the label."
    assert "Write a number" in dialog.config.form.row("min").problem.text()
    assert make.count(Field) == 0
    assert not dialog.is_busy


def test_a_rule_that_the_service_refuses_is_said_at_its_setting(qtbot: QtBot, tasks: Tasks) -> None:
    dialog = shown(qtbot, FieldDialog(tasks))
    qtbot.keyClicks(dialog.label, "Code")
    type_into(qtbot, dialog, "pattern", "[a-")

    press(qtbot, dialog.submit)

    pattern = dialog.config.form.row("pattern").problem
    qtbot.waitUntil(lambda: "regular expression" in pattern.text())


def test_a_config_comes_back_unchanged_from_the_form_of_each_type(
    qtbot: QtBot, tasks: Tasks
) -> None:
    odd = {"maxLength": "many", "options": ["a", {"value": 1}], "unknown": None, "decimals": 2}
    dialog = shown(qtbot, FieldDialog(tasks))
    for name in FIELD_TYPES:
        dialog.types.choose(name)
        dialog.config.load(odd)

        assert dialog.config.config() == odd, name
        assert not dialog.config.is_edited(), name


def test_editing_one_key_sends_that_key_where_it_stands_and_no_other(
    qtbot: QtBot, tasks: Tasks, make: Make, database: Database, actor: Actor
) -> None:
    make.field("code", config={"validation": {"maxLength": 10, "own": True}, "theirs": 1})
    dialog = edit(qtbot, tasks, database, actor, "code")
    type_into(qtbot, dialog, "maxLength", "20")

    call = dialog.call()
    assert isinstance(call, partial)
    assert call.keywords["config_changes"] == (JsonEdit(("validation", "maxLength"), 10, 20),)
    with qtbot.waitSignal(dialog.stored):
        press(qtbot, dialog.submit)

    stored = {"validation": {"maxLength": 20, "own": True}, "theirs": 1}
    assert config_of(make, "fld_code") == stored


def test_form_and_json_keep_in_step(
    qtbot: QtBot, tasks: Tasks, make: Make, database: Database, actor: Actor
) -> None:
    make.field("stage", "select", config=STAGES)
    dialog = edit(qtbot, tasks, database, actor, "stage")
    options = dialog.config.form.editor("options")
    assert isinstance(options, OptionsEditor)
    options.model.setData(options.model.index(1, 0), "Won")

    dialog.config.tabs.setCurrentIndex(JSON)
    text = dialog.config.json.text.toPlainText()
    assert '"label": "Won"' in text
    assert '"probability": 10' in text
    dialog.config.json.text.setPlainText(text.replace('"New"', '"Fresh"'))
    dialog.config.tabs.setCurrentIndex(FORM)

    assert [option.label for option in options.model.options] == ["Fresh", "Won"]
    with qtbot.waitSignal(dialog.stored):
        press(qtbot, dialog.submit)
    stored = config_of(make, "fld_stage")
    assert stored["options"][0] == {"value": "new", "label": "Fresh", "probability": 10}
    assert stored["custom"] == STAGES["custom"]


def test_json_that_cannot_be_read_names_line_and_column_and_keeps_its_tab(
    qtbot: QtBot, tasks: Tasks
) -> None:
    dialog = shown(qtbot, FieldDialog(tasks))
    dialog.config.tabs.setCurrentIndex(JSON)
    dialog.config.json.text.setPlainText('{\n  "min": 1,\n  "max" 2\n}')

    dialog.config.tabs.setCurrentIndex(FORM)

    assert dialog.config.tabs.currentIndex() == JSON
    assert dialog.config.json.problem.text() == "Line 3, column 9: A colon is missing here."
    assert dialog.config.json.text.textCursor().blockNumber() == 2


def test_the_type_of_a_field_in_use_is_fixed_and_the_dialog_says_why(
    qtbot: QtBot, tasks: Tasks, make: Make, database: Database, actor: Actor
) -> None:
    make.object("deal", fields=["stage"])
    dialog = edit(qtbot, tasks, database, actor, "stage")

    visible = [row for row in range(dialog.types.count()) if not dialog.types.item(row).isHidden()]

    assert len(visible) == 1
    assert "1 object uses this field" in dialog.row("type").hint.text()


def test_a_field_changed_by_somebody_else_is_merged_on_reload(
    qtbot: QtBot, tasks: Tasks, make: Make, database: Database, actor: Actor
) -> None:
    make.field("code", description="old", config={"maxLength": 5})
    dialog = edit(qtbot, tasks, database, actor, "code")
    make.sql(
        "UPDATE fields SET label = 'Their label', description = 'theirs', "
        'config = \'{"maxLength": 5, "rows": 9}\''
    )
    dialog.label.setText("My label")
    type_into(qtbot, dialog, "minLength", "2")

    press(qtbot, dialog.submit)
    qtbot.waitUntil(dialog.reload_button.isVisible)
    press(qtbot, dialog.reload_button)
    qtbot.waitUntil(lambda: bool(dialog.row("label").problem.text()))

    assert dialog.label.text() == "My label"
    assert "Their label" in dialog.row("label").problem.text()
    assert dialog.inputs["description"].read() == "theirs"
    with qtbot.waitSignal(dialog.stored):
        press(qtbot, dialog.submit)
    assert config_of(make, "fld_code") == {"maxLength": 5, "rows": 9, "minLength": 2}


def test_escape_closes_a_clean_dialog_and_asks_before_edits_are_lost(
    qtbot: QtBot, tasks: Tasks
) -> None:
    clean = shown(qtbot, FieldDialog(tasks))
    qtbot.keyClick(clean, Qt.Key.Key_Escape)
    assert not clean.isVisible()

    edited = shown(qtbot, FieldDialog(tasks))
    qtbot.keyClicks(edited.label, "Stage")
    qtbot.keyClick(edited, Qt.Key.Key_Escape)
    assert edited.isVisible()
    assert edited.is_asking()

    press(qtbot, edited.keep_button)
    assert edited.label.text() == "Stage"
    qtbot.keyClick(edited, Qt.Key.Key_Escape)
    press(qtbot, edited.discard_button)
    assert not edited.isVisible()


def test_changing_the_type_carries_over_what_both_types_know(qtbot: QtBot, tasks: Tasks) -> None:
    dialog = shown(qtbot, FieldDialog(tasks))
    dialog.types.choose("number")
    type_into(qtbot, dialog, "min", "3")
    type_into(qtbot, dialog, "step", "2")

    dialog.types.choose("currency")

    assert dialog.config.config() == {"min": 3}


def test_a_reference_offers_the_objects_and_then_their_fields(
    qtbot: QtBot, tasks: Tasks, make: Make
) -> None:
    make.object("account", fields=["name"])
    dialog = shown(qtbot, FieldDialog(tasks))
    dialog.types.choose("reference")
    target = dialog.config.form.editor("targetObjectId")
    display = dialog.config.form.editor("displayField")
    qtbot.waitUntil(lambda: target.box.findData("obj_account") > 0)  # type: ignore[attr-defined]

    target.box.setCurrentIndex(target.box.findData("obj_account"))  # type: ignore[attr-defined]
    target.edited.emit()

    qtbot.waitUntil(lambda: display.box.findData("fld_name") > 0)  # type: ignore[attr-defined]
    assert dialog.config.config() == {"targetObjectId": "obj_account"}


def test_a_stricter_rule_says_how_many_stored_values_would_break_it(
    qtbot: QtBot, tasks: Tasks, make: Make, database: Database, actor: Actor
) -> None:
    make.field("size", "number", config={"max": 100})
    make.record(make.object("deal", fields=["size"]), {"fld_size": 50})
    dialog = edit(qtbot, tasks, database, actor, "size")

    type_into(qtbot, dialog, "max", "10")

    words = "1 value breaks these rules, in “Deal”, such as: Enter 10 or less."
    qtbot.waitUntil(lambda: dialog.impact.sentence.text() == words)
    type_into(qtbot, dialog, "max", "100")
    qtbot.waitUntil(dialog.impact.isHidden)
