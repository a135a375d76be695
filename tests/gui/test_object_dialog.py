"""The object dialog: its words, its fields and its rights, stored together or not at all."""

from PySide6.QtCore import Qt
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot
from sqlalchemy import select

from crm_desktop.db.tables import CrmObject, ObjectField, Record
from crm_desktop.domain.access import RecordRight
from crm_desktop.gui.dialogs.object_dialog import FIELDS, GENERAL, ObjectDialog
from crm_desktop.gui.models.layout import LABEL, READ_ONLY, REQUIRED, VISIBLE, LayoutModel
from crm_desktop.gui.models.row_list import ROOT
from crm_desktop.gui.tasks import Tasks
from tests.gui.asking import press, shown
from tests.make import Make

ALT = Qt.KeyboardModifier.AltModifier


def edited(qtbot: QtBot, tasks: Tasks, object_id: str) -> ObjectDialog:
    dialog = shown(qtbot, ObjectDialog(tasks, object_id))
    qtbot.waitUntil(dialog.submit.isEnabled)
    dialog.show_fields()
    return dialog


def save(qtbot: QtBot, dialog: ObjectDialog) -> None:
    with qtbot.waitSignal(dialog.stored):
        press(qtbot, dialog.submit)


def pick(qtbot: QtBot, dialog: ObjectDialog, label: str) -> None:
    """Search the library and add what is found."""
    dialog.fields.search.setText(label)
    dialog.fields.search.search_now()
    assert dialog.fields.library_model.rowCount() == 1
    dialog.fields.attach_current()


def test_a_new_object_gets_fields_of_the_library_in_order(
    qtbot: QtBot, tasks: Tasks, make: Make
) -> None:
    for name in ("name", "stage", "amount"):
        make.field(name)
    dialog = shown(qtbot, ObjectDialog(tasks))
    qtbot.waitUntil(lambda: dialog.fields.library_model.rowCount() == 3)
    qtbot.keyClicks(dialog.label, "Company")
    assert dialog.name.text() == "company"
    assert dialog.plural.text() == "Companies"
    for label in ("Stage", "Name", "Amount"):
        pick(qtbot, dialog, label)
    dialog.fields.grid.setCurrentIndex(dialog.fields.model.index(1, LABEL))
    qtbot.keyClick(dialog.fields.grid, Qt.Key.Key_Up, ALT)

    with qtbot.waitSignal(dialog.stored) as stored:
        press(qtbot, dialog.submit)

    assert stored.args is not None
    assert make.layout_of(stored.args[0]) == ["fld_name", "fld_stage", "fld_amount"]


def test_flags_and_the_own_label_of_a_field_are_stored(
    qtbot: QtBot, tasks: Tasks, make: Make
) -> None:
    deal = make.object("deal")
    make.attach(deal, "name", field_overrides={"help": "kept"})
    dialog = edited(qtbot, tasks, deal)
    grid, model = dialog.fields.grid, dialog.fields.model
    for column in (REQUIRED, VISIBLE, READ_ONLY):
        grid.setCurrentIndex(model.index(0, column))
        qtbot.keyClick(grid, Qt.Key.Key_Space)
    model.setData(model.index(0, LABEL), "Title")

    save(qtbot, dialog)

    row = select(ObjectField.is_required, ObjectField.is_visible, ObjectField.is_readonly)
    with make.database.engine.connect() as connection:
        assert tuple(connection.execute(row).one()) == (True, False, True)
    overrides = make.value(select(ObjectField.field_overrides))
    assert overrides == {"help": "kept", "label": "Title"}


def test_a_field_taken_out_leaves_its_values_in_the_records(
    qtbot: QtBot, tasks: Tasks, make: Make
) -> None:
    deal = make.object("deal", fields=["name", "stage"])
    make.record(deal, {"fld_name": "Orion", "fld_stage": "won"})
    dialog = edited(qtbot, tasks, deal)
    dialog.fields.grid.setCurrentIndex(dialog.fields.model.index(1, LABEL))
    qtbot.keyClick(dialog.fields.grid, Qt.Key.Key_Delete)
    assert [row.id for row in dialog.fields.library_model.rows] == ["fld_stage"]

    save(qtbot, dialog)

    assert make.layout_of(deal) == ["fld_name"]
    assert make.value(select(Record.data)) == {"fld_name": "Orion", "fld_stage": "won"}


def test_records_get_new_names_when_another_text_field_comes_first(
    qtbot: QtBot, tasks: Tasks, make: Make
) -> None:
    deal = make.object("deal", fields=["name", "code"])
    make.record(deal, {"fld_name": "Orion", "fld_code": "D-1"})
    dialog = edited(qtbot, tasks, deal)
    dialog.fields.grid.setCurrentIndex(dialog.fields.model.index(1, LABEL))
    qtbot.keyClick(dialog.fields.grid, Qt.Key.Key_Up, ALT)

    save(qtbot, dialog)

    qtbot.waitUntil(lambda: make.value(select(Record.primary_value)) == "D-1")


def test_rights_are_stored_one_by_one(qtbot: QtBot, tasks: Tasks, make: Make) -> None:
    deal = make.object("deal", permissions={"read": ["role_sales"], "delete": ["all"], "own": 1})
    dialog = edited(qtbot, tasks, deal)
    reading = dialog.rights.editors[RecordRight.READ]
    assert reading.words("role_sales") == "Role sales"
    reading.remove_entry("role_sales")
    reading.add_entry("owner")

    save(qtbot, dialog)

    stored = make.value(select(CrmObject.permissions))
    assert stored == {"read": ["owner"], "delete": ["all"], "own": 1}


def test_a_taken_name_is_refused_in_place_and_the_fields_chosen_stay(
    qtbot: QtBot, tasks: Tasks, make: Make
) -> None:
    make.object("deal", fields=["name"])
    dialog = shown(qtbot, ObjectDialog(tasks))
    qtbot.waitUntil(lambda: dialog.fields.library_model.rowCount() == 1)
    qtbot.keyClicks(dialog.label, "Deal")
    dialog.show_fields()
    pick(qtbot, dialog, "Name")

    press(qtbot, dialog.submit)

    problem = dialog.row("name").problem
    qtbot.waitUntil(lambda: "already has the name" in problem.text())
    assert dialog.tabs.currentIndex() == GENERAL
    assert dialog.fields.model.rowCount() == 1
    assert make.count(CrmObject) == 1


def test_a_layout_somebody_else_changed_is_merged_on_reload(
    qtbot: QtBot, tasks: Tasks, make: Make
) -> None:
    deal = make.object("deal", fields=["name", "stage"])
    dialog = edited(qtbot, tasks, deal)
    dialog.fields.model.toggle(dialog.fields.model.index(0, REQUIRED))
    make.sql("UPDATE object_fields SET is_readonly = true WHERE field_id = 'fld_name'")
    make.attach(deal, "phone")

    press(qtbot, dialog.submit)
    qtbot.waitUntil(dialog.reload_button.isVisible)
    press(qtbot, dialog.reload_button)
    qtbot.waitUntil(lambda: dialog.fields.model.rowCount() == 3)

    assert dialog.fields.rows()[0].is_required
    save(qtbot, dialog)
    assert make.layout_of(deal) == ["fld_name", "fld_stage", "fld_phone"]


def test_saving_without_edits_writes_nothing(qtbot: QtBot, tasks: Tasks, make: Make) -> None:
    deal = make.object("deal", fields=["name"])
    before = make.value(select(CrmObject.updated_at))
    dialog = edited(qtbot, tasks, deal)
    assert not dialog.is_changed()
    assert dialog.tabs.currentIndex() == FIELDS

    press(qtbot, dialog.submit)

    qtbot.waitUntil(lambda: not dialog.isVisible())
    assert make.value(select(CrmObject.updated_at)) == before


def test_the_layout_model_is_a_good_model(
    qtbot: QtBot, tasks: Tasks, make: Make, qtmodeltester: ModelTester
) -> None:
    deal = make.object("deal", fields=["name", "stage", "amount"])
    dialog = edited(qtbot, tasks, deal)
    model: LayoutModel = dialog.fields.model
    qtmodeltester.check(model)

    assert model.moveRow(ROOT, 0, ROOT, 2)
    assert not model.moveRow(ROOT, 0, ROOT, -1)
    assert [row.field_id for row in model.rows] == ["fld_stage", "fld_name", "fld_amount"]


def test_an_object_that_is_gone_is_said_and_cannot_be_saved(qtbot: QtBot, tasks: Tasks) -> None:
    dialog = shown(qtbot, ObjectDialog(tasks, "obj_gone"))

    qtbot.waitUntil(lambda: "no longer exists" in dialog.problem.text())

    assert not dialog.submit.isEnabled()
