"""The data of links: typed by a schema, free below, merged with what others store meanwhile."""

import json
from decimal import Decimal
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QComboBox, QLineEdit
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from crm_desktop.db.database import Database
from crm_desktop.domain.errors import Invalid
from crm_desktop.gui.dialogs.conflict_dialog import ConflictDialog
from crm_desktop.gui.links.metadata_dialog import MetadataDialog
from crm_desktop.gui.links.metadata_form import MetadataForm
from crm_desktop.gui.links.other_data import JSON, OtherData
from crm_desktop.gui.locale import system_formats
from crm_desktop.gui.models.json_pairs import KEY, VALUE
from crm_desktop.gui.tasks import Tasks
from crm_desktop.services import link_schemas
from crm_desktop.services.link_detail import LinkForm
from crm_desktop.services.link_schemas import LinkKey
from tests.gui.asking import open_dialog, press, shown
from tests.make import Make

ROLES = {"options": [{"value": "ceo", "label": "CEO"}, {"value": "cto", "label": "CTO"}]}
KEYS = (
    LinkKey("role", "Role", "select", ROLES, is_required=True),
    LinkKey("share", "Share", "number", {"max": 100}),
    LinkKey("note", "Note"),
)
STORED = '{"role": "ceo", "share": 1.50, "extra": {"a": [1.10]}, "seen": 2.0}'


@pytest.fixture
def works(make: Make) -> str:
    company, contact = make.object("company"), make.object("contact")
    works = make.relationship(company, contact)
    ends = (make.record(company, {"n": "Orion"}), make.record(contact, {"n": "Ada"}))
    make.link(works, *ends)
    make.sql(
        "UPDATE relationship_records SET relationship_metadata = CAST(:it AS jsonb)", it=STORED
    )
    return works


def save_keys(database: Database, make: Make, relationship_id: str) -> None:
    with database.write(make.admin) as session:
        link_schemas.save_link_schema(session, relationship_id, KEYS, ())


def stored(database: Database) -> str:
    with database.engine.connect() as connection:
        statement = "SELECT CAST(relationship_metadata AS text) FROM relationship_records"
        return str(connection.exec_driver_sql(statement).scalar_one())


def opened(qtbot: QtBot, tasks: Tasks) -> MetadataDialog:
    dialog = shown(qtbot, MetadataDialog(tasks, "rrec_0003"))
    qtbot.waitUntil(lambda: dialog.link is not None)
    return dialog


def type_into(dialog: MetadataDialog, key: str, text: str) -> None:
    line = dialog.form.fields.cells[key].editor.control
    assert isinstance(line, QLineEdit)
    line.setText(text)
    line.textEdited.emit(text)


def put(other: OtherData, row: int, column: int, text: str) -> None:
    other.model.setData(other.model.index(row, column), text)


def test_a_link_is_edited_by_its_schema_and_other_keys_stay_as_they_were(
    qtbot: QtBot, tasks: Tasks, make: Make, database: Database, works: str
) -> None:
    save_keys(database, make, works)
    dialog = opened(qtbot, tasks)
    assert dialog.heading.text() == "Orion → Ada"
    assert list(dialog.form.fields.cells) == ["role", "share", "note"]
    assert [pair.key for pair in dialog.form.other.model.pairs] == ["seen", "extra"]
    assert not dialog.is_changed()
    type_into(dialog, "share", "101")

    press(qtbot, dialog.submit)

    assert dialog.form.fields.cells["share"].problem.text() == "Enter 100 or less."
    type_into(dialog, "share", "7")
    with qtbot.waitSignal(dialog.stored):
        press(qtbot, dialog.submit)
    after = json.loads(stored(database))
    assert (after["share"], after["role"]) == (7, "ceo")
    assert '"extra": {"a": [1.10]}' in stored(database)
    assert '"seen": 2.0' in stored(database)


def test_keys_outside_the_schema_are_added_changed_and_taken_out(
    qtbot: QtBot, tasks: Tasks, make: Make, database: Database, works: str
) -> None:
    save_keys(database, make, works)
    dialog = opened(qtbot, tasks)
    other = dialog.form.other
    put(other, 0, VALUE, '{"x": 1.0}')
    other.view.selectRow(1)
    qtbot.keyClick(other.view, Qt.Key.Key_Delete)
    qtbot.keyClick(other.view, Qt.Key.Key_Insert)
    put(other, 1, KEY, "role")
    put(other, 1, VALUE, "12 March")

    press(qtbot, dialog.submit)

    assert other.problem.text() == "“role” has its own input above."
    put(other, 1, KEY, "met on")
    with qtbot.waitSignal(dialog.stored):
        press(qtbot, dialog.submit)
    after = stored(database)
    assert '"seen": {"x": 1.0}' in after
    assert '"met on": "12 March"' in after
    assert "extra" not in after


def test_without_a_schema_all_keys_stand_in_the_table_and_as_json(
    qtbot: QtBot, tasks: Tasks, database: Database, works: str
) -> None:
    dialog = opened(qtbot, tasks)
    other = dialog.form.other
    assert dialog.form.fields.isHidden()
    assert other.model.rowCount() == 4
    other.tabs.setCurrentIndex(JSON)
    other.json.text.setPlainText('{"role": ')
    other.tabs.setCurrentIndex(0)
    assert other.tabs.currentIndex() == JSON
    assert "Line 1" in other.json.problem.text()
    press(qtbot, dialog.submit)
    assert "Line 1" in other.json.problem.text()

    other.json.text.setPlainText('{"role": "cto", "share": 1.50}')
    other.tabs.setCurrentIndex(0)
    other.view.setFocus()
    other.view.setCurrentIndex(other.model.index(0, VALUE))
    qtbot.keyClick(other.view, Qt.Key.Key_F2)
    cell = QApplication.focusWidget()
    assert isinstance(cell, QLineEdit)
    cell.setText("chair")
    with qtbot.waitSignal(dialog.stored):  # what stands in an open cell is saved as well
        qtbot.keyClick(cell, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)

    assert stored(database) == '{"role": "chair", "share": 1.50}'


def test_what_others_changed_meanwhile_is_shown_beside_what_was_typed(
    qtbot: QtBot, tasks: Tasks, make: Make, database: Database, works: str
) -> None:
    save_keys(database, make, works)
    dialog = opened(qtbot, tasks)
    cells = dialog.form.fields.cells
    for key, text in (("share", "7"), ("note", "mine")):
        type_into(dialog, key, text)
    put(dialog.form.other, 0, VALUE, "5")
    theirs = '{"role": "cto", "share": 9, "seen": 3, "extra": {"a": [1.10]}}'
    make.sql(
        "UPDATE relationship_records SET relationship_metadata = CAST(:it AS jsonb)", it=theirs
    )

    press(qtbot, dialog.submit)

    qtbot.waitUntil(lambda: cells["share"].clash is not None)
    clash = dialog.form.fields.clashes()["share"]
    assert (clash.original, clash.theirs, clash.mine) == (Decimal("1.50"), 9, 7)
    assert cells["role"].editor.value() == "cto"
    assert cells["note"].is_changed
    assert "“seen”" in dialog.form.other.problem.text()
    dialog.form.compare_requested.emit()
    compare = open_dialog(qtbot, ConflictDialog)
    compare.choose_all("mine")
    press(qtbot, compare.use_button)
    with qtbot.waitSignal(dialog.stored):
        press(qtbot, dialog.submit)
    after = json.loads(stored(database))
    assert after == {"role": "cto", "share": 7, "note": "mine", "seen": 5, "extra": {"a": [1.1]}}


def test_data_that_is_no_object_is_shown_and_left_alone(
    qtbot: QtBot, tasks: Tasks, make: Make, works: str
) -> None:
    make.sql("UPDATE relationship_records SET relationship_metadata = '[1, 2]'")
    dialog = opened(qtbot, tasks)
    assert "[1, 2]" in dialog.note.text()
    assert dialog.submit.isHidden()
    assert dialog.cancel.text() == "Close"


def test_data_that_lost_its_keys_meanwhile_is_said_to_be_past_changing(
    qtbot: QtBot, tasks: Tasks, make: Make, database: Database, works: str
) -> None:
    dialog = opened(qtbot, tasks)
    put(dialog.form.other, 0, VALUE, "mine")
    make.sql("UPDATE relationship_records SET relationship_metadata = '[1, 2]'")
    press(qtbot, dialog.submit)
    qtbot.waitUntil(lambda: "[1, 2]" in dialog.note.text())
    assert dialog.submit.isHidden()
    assert stored(database) == "[1, 2]"
    dialog.reject()
    assert not dialog.isVisible()


def test_a_link_that_is_gone_and_one_that_may_not_be_changed_say_so(
    qtbot: QtBot, tasks: Tasks, make: Make, works: str
) -> None:
    gone = shown(qtbot, MetadataDialog(tasks, "rrec_gone"))
    qtbot.waitUntil(lambda: "no longer exists" in gone.problem.text())
    assert gone.submit.isHidden()
    make.sql("""UPDATE objects SET permissions = '{"update": []}' WHERE id = 'obj_company'""")
    dialog = opened(qtbot, tasks)
    assert "not allowed to change the record" in dialog.note.text()
    assert not dialog.form.other.model.flags(dialog.form.other.model.index(0, 0)) & (
        Qt.ItemFlag.ItemIsEditable
    )


def test_the_form_for_new_links_gives_defaults_and_says_what_lacks(
    qtbot: QtBot, tasks: Tasks, qtmodeltester: ModelTester
) -> None:
    form = shown(qtbot, MetadataForm(tasks, system_formats()))
    default = LinkKey("since", "Since", "date", {"default": "2024-02-03"})
    form.show_form(LinkForm("rel_x", "works", (*KEYS, default), ("mood", "place"), ""))
    qtmodeltester.check(form.other.model)
    with pytest.raises(Invalid):
        form.metadata()
    assert form.fields.cells["role"].problem.text() == "A value is required."
    form.fields.suggest({"role": "cto"})
    form.other.add_key()
    boxes = form.other.view.findChildren(QComboBox)
    assert [boxes[0].itemText(n) for n in range(boxes[0].count())] == ["mood", "place"]
    qtbot.keyClicks(boxes[0].lineEdit(), "mood")
    qtbot.keyClick(boxes[0].lineEdit(), Qt.Key.Key_Tab)
    put(form.other, 0, VALUE, "12")
    assert form.metadata() == {"role": "cto", "since": "2024-02-03", "mood": 12}


@pytest.mark.parametrize(
    ("typed", "value", "shown_as"),
    [
        ("12", 12, "12"), ('"12"', "12", '"12"'), ("x y", "x y", "x y"), ("", "", ""),
        ("true", True, "true"), ("{broken", "{broken", "{broken"), ("[1, 2]", [1, 2], "[1, 2]"),
    ],
)  # fmt: skip
def test_values_are_json_where_they_can_be_read_as_json_and_text_elsewhere(
    qapp: object, typed: str, value: Any, shown_as: str
) -> None:
    other = OtherData()
    other.model.add("k")
    put(other, 0, VALUE, typed)
    assert other.model.as_object() == {"k": value}
    assert other.model.index(0, VALUE).data() == shown_as
