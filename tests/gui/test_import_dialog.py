"""The import dialog: look at a file, answer what it asks, import, read what did not go in."""

import csv
from pathlib import Path

from PySide6.QtCore import Qt
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from crm_desktop.db.tables import CrmObject, Record, RelationshipRecord
from crm_desktop.gui.dialogs.import_dialog import ImportDialog
from crm_desktop.gui.tasks import Tasks
from tests.gui.asking import press, shown
from tests.make import Make

PEOPLE = "name,works for,since\nAda,Acme,03/04/2024\nBob,Nowhere,05/06/2024\nCleo,Acme,\n"


def opened(qtbot: QtBot, tasks: Tasks, object_id: str = "") -> ImportDialog:
    return shown(qtbot, ImportDialog(tasks, object_id))


def looked_at(qtbot: QtBot, dialog: ImportDialog, file: Path, object_name: str = "") -> None:
    """Name a file (and an object), and wait until its columns are shown."""
    if object_name:
        dialog.object.setCurrentText(object_name)
    dialog.set_file(str(file))
    qtbot.waitUntil(dialog.submit.isEnabled)


def text_of(dialog: ImportDialog, column: int) -> list[str]:
    model = dialog.model
    return [str(model.index(row, column).data()) for row in range(model.rowCount())]


def use(dialog: ImportDialog, header: str, words: str) -> None:
    """Choose what becomes of a column, as with mouse and list."""
    dialog.grid.setCurrentIndex(dialog.model.index_of(header))
    dialog.becomes.setCurrentText(words)
    assert dialog.becomes.currentText() == words
    dialog.becomes.activated.emit(dialog.becomes.currentIndex())


def test_a_file_is_shown_before_anything_is_stored_and_goes_in_after_its_question(
    qtbot: QtBot, tasks: Tasks, make: Make, tmp_path: Path, used_on_gui_thread: list[str]
) -> None:
    company = make.object("company", fields=["name"])
    make.record(company, {"fld_name": "Acme"})
    file = tmp_path / "people.csv"
    file.write_text(PEOPLE, encoding="utf-8")
    used_on_gui_thread.clear()
    dialog = opened(qtbot, tasks)
    qtbot.waitUntil(lambda: dialog.object.count() == 1)
    looked_at(qtbot, dialog, file, "person")

    assert text_of(dialog, 0) == ["name", "works for", "since"]
    assert text_of(dialog, 1) == ["New field: Text", "New field: Text", "New field: Date"]
    use(dialog, "works for", "Link to Company by “Name”")
    assert text_of(dialog, 1)[1] == "Link to Company by “Name”"

    press(qtbot, dialog.submit)
    assert "first" in dialog.row("date_order").problem.text()
    assert used_on_gui_thread == []
    assert make.count(CrmObject) == 1
    used_on_gui_thread.clear()

    dialog.date_order.setCurrentIndex(dialog.date_order.findData("dmy"))
    with qtbot.waitSignal(dialog.stored):
        press(qtbot, dialog.submit)

    assert dialog.summary.text() == "3 created, 2 linked, 1 without the partner they name"
    assert dialog.problems.index(0, 0).data() == "3"
    saved = tmp_path / "saved.csv"
    dialog.keep_report(str(saved))
    qtbot.waitUntil(dialog.note.isVisible)
    with saved.open(encoding="utf-8", newline="") as opened_:
        assert [row["name"] for row in csv.DictReader(opened_)] == ["Bob"]
    press(qtbot, dialog.submit)
    assert not dialog.isVisible()
    assert used_on_gui_thread == []
    assert (make.count(Record), make.count(RelationshipRecord)) == (4, 2)


def test_an_existing_object_is_updated_by_a_key_and_keeps_what_is_left_out(
    qtbot: QtBot, tasks: Tasks, make: Make, tmp_path: Path
) -> None:
    person = make.object("person", fields=["name", "city"])
    make.record(person, {"fld_name": "Ada", "fld_city": "Bern"})
    file = tmp_path / "people.csv"
    file.write_text("name,city,shoe\nAda,Graz,43\nBob,Linz,44\n", encoding="utf-8")
    dialog = opened(qtbot, tasks, person)
    qtbot.waitUntil(lambda: dialog.object.currentIndex() == 0)
    looked_at(qtbot, dialog, file)
    assert text_of(dialog, 1) == ["“Name”", "“City”", "New field: Number"]
    use(dialog, "shoe", "Nothing: leave it out")
    dialog.key.setCurrentIndex(dialog.key.findData("name"))
    with qtbot.waitSignal(dialog.stored):
        press(qtbot, dialog.submit)
    assert dialog.summary.text() == "1 created, 1 updated"
    assert make.layout_of(person) == ["fld_name", "fld_city"]


def test_a_file_that_is_no_table_is_refused_in_place_and_another_can_be_chosen(
    qtbot: QtBot, tasks: Tasks, make: Make, tmp_path: Path
) -> None:
    person = make.object("person", fields=["name"])
    bad, good = tmp_path / "bad.csv", tmp_path / "good.csv"
    bad.write_bytes(bytes(range(256)) * 8)
    good.write_text("name\nAda\n", encoding="utf-8")
    dialog = opened(qtbot, tasks, person)
    qtbot.waitUntil(lambda: dialog.object.currentIndex() == 0)
    dialog.set_file(str(bad))
    qtbot.waitUntil(lambda: "not a CSV file" in dialog.row("file").problem.text())
    assert not dialog.submit.isEnabled()
    looked_at(qtbot, dialog, good)
    assert dialog.row("file").problem.text() == ""
    assert text_of(dialog, 1) == ["“Name”"]


def test_leaving_asks_once_something_was_chosen(
    qtbot: QtBot, tasks: Tasks, make: Make, tmp_path: Path
) -> None:
    person = make.object("person", fields=["name"])
    file = tmp_path / "people.csv"
    file.write_text("name\nAda\n", encoding="utf-8")
    dialog = opened(qtbot, tasks, person)
    qtbot.waitUntil(lambda: dialog.object.currentIndex() == 0)
    looked_at(qtbot, dialog, file)
    qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    assert dialog.is_asking()
    press(qtbot, dialog.discard_button)
    assert not dialog.isVisible()
    assert make.count(Record) == 0


def test_the_tables_of_the_dialog_are_sound_models(
    qtbot: QtBot, tasks: Tasks, make: Make, tmp_path: Path, qtmodeltester: ModelTester
) -> None:
    person = make.object("person", fields=["name"])
    file = tmp_path / "people.csv"
    file.write_text("name,size\nAda,1\n", encoding="utf-8")
    dialog = opened(qtbot, tasks, person)
    qtbot.waitUntil(lambda: dialog.object.currentIndex() == 0)
    looked_at(qtbot, dialog, file)
    qtmodeltester.check(dialog.model)
    qtmodeltester.check(dialog.problems)
