"""Picking records to link: searched, several at once, refused in place; what is taken can move."""

from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QAbstractItemModelTester
from pytestqt.qtbot import QtBot
from sqlalchemy import select

from crm_desktop.db.database import Database
from crm_desktop.db.tables import RelationshipRecord
from crm_desktop.domain.access import Actor
from crm_desktop.gui.editors.references import ReferenceEditor
from crm_desktop.gui.links.bulk_dialog import BulkLinkDialog
from crm_desktop.gui.links.new_linked_dialog import NewLinkedDialog
from crm_desktop.gui.links.picker import LinkPicker, RecordPicker
from crm_desktop.gui.pages.record import NewRecordPage
from crm_desktop.gui.tasks import Tasks
from crm_desktop.services import relationships
from crm_desktop.services.record_targets import ChosenRecords
from crm_desktop.services.relationships import RelationshipSide
from tests.gui.asking import activate, open_dialog, press, shown
from tests.gui.hands import Hands, is_stored
from tests.gui.test_accessible_names import nameless
from tests.make import Make

KEY = Qt.Key
ALT, SHIFT = Qt.KeyboardModifier.AltModifier, Qt.KeyboardModifier.ShiftModifier
PEOPLE = ("Ann Adler", "Bob Brook", "Cleo Carr", "Dan Drew", "Eve Ende")


@pytest.fixture
def staff(make: Make) -> dict[str, str]:
    """Make two companies and five contacts: Bob is Acme's already, Cleo is Apex's."""
    make.object("company", ["name"])
    make.object("contact", ["name", "city"])
    works = make.relationship("obj_company", "obj_contact", "1:N", name="Staff", from_label="Staff")
    ids = {name: make.record("obj_company", {"fld_name": name}) for name in ("Acme", "Apex")}
    for name in PEOPLE:
        ids[name] = make.record("obj_contact", {"fld_name": name, "fld_city": "Bern"})
    make.link(works, ids["Acme"], ids["Bob Brook"])
    make.link(works, ids["Apex"], ids["Cleo Carr"])
    return {**ids, "works": works}


def side_of(database: Database, actor: Actor, object_id: str, place: int = 0) -> RelationshipSide:
    with database.read(actor) as session:
        return relationships.sides_of_object(session, object_id)[place]


def open_picker(
    qtbot: QtBot, tasks: Tasks, record: tuple[str, str], side: RelationshipSide, rows: int
) -> LinkPicker:
    picker = shown(qtbot, LinkPicker(tasks, record, side))
    tester = QAbstractItemModelTester.FailureReportingMode.Warning
    QAbstractItemModelTester(picker.model, tester, picker.model)
    qtbot.waitUntil(lambda: picker.model.rowCount() == rows and bool(picker.model.id_of(0)))
    return picker


def marks(picker: LinkPicker) -> dict[str, str]:
    """Return what stands beside each name."""
    model, last = picker.model, picker.model.columnCount() - 1
    return {
        str(model.index(row, 1).data()): str(model.index(row, last).data())
        for row in range(model.rowCount())
    }


def go_to(picker: Any, name: str) -> None:
    for row in range(picker.model.rowCount()):
        if picker.model.index(row, 1).data() == name:
            picker.grid.setCurrentIndex(picker.model.index(row, 1))
            return
    raise AssertionError(name)


def links_of(make: Make) -> set[tuple[str, str]]:
    columns = (RelationshipRecord.from_record_id, RelationshipRecord.to_record_id)
    with make.database.engine.begin() as connection:
        return {(row[0], row[1]) for row in connection.execute(select(*columns))}


def test_several_are_picked_by_keys_across_searches_and_linked_at_once(
    qtbot: QtBot, tasks: Tasks, database: Database, actor: Actor, make: Make, staff: dict[str, str]
) -> None:
    side = side_of(database, actor, "obj_company")
    picker = open_picker(qtbot, tasks, (staff["Acme"], "Acme"), side, 5)
    assert picker.windowTitle() == "Link Contacts to “Acme”"
    assert marks(picker) == {
        "Eve Ende": "",
        "Dan Drew": "",
        "Cleo Carr": "Taken by Apex",
        "Bob Brook": "Linked already",
        "Ann Adler": "",
    }
    assert not nameless(picker)
    go_to(picker, "Bob Brook")
    qtbot.keyClick(picker.grid, KEY.Key_Space)
    assert picker.problem.text() == "“Bob Brook” is linked already."
    go_to(picker, "Dan Drew")
    qtbot.keyClick(picker.grid, KEY.Key_Up, SHIFT)
    qtbot.keyClick(picker.grid, KEY.Key_Space)
    assert [chip.label.text() for chip in picker.tray.chips.values()] == ["Eve Ende", "Dan Drew"]

    picker.search.setFocus()
    qtbot.keyClicks(picker.search, "ann")
    qtbot.waitUntil(lambda: picker.model.rowCount() == 1 and bool(picker.model.id_of(0)))
    picker.grid.setFocus()
    qtbot.keyClick(picker.grid, KEY.Key_Space)
    assert picker.submit.text() == "Link 3"
    qtbot.keyClick(picker.grid, KEY.Key_Escape)
    assert "Press Escape again" in picker.problem.text()
    picker.tray.chips[staff["Eve Ende"]].removed.emit()
    with qtbot.waitSignal(picker.linked) as told:
        qtbot.keyClick(picker.grid, KEY.Key_Return)
    assert told.args == [2]
    assert not picker.isVisible()
    new = {(staff["Acme"], staff[name]) for name in ("Ann Adler", "Dan Drew")}
    assert new < links_of(make)
    assert len(links_of(make)) == 4


def test_what_is_taken_is_explained_and_moves_here_on_request(
    qtbot: QtBot, tasks: Tasks, database: Database, actor: Actor, make: Make, staff: dict[str, str]
) -> None:
    side = side_of(database, actor, "obj_company")
    picker = open_picker(qtbot, tasks, (staff["Acme"], "Acme"), side, 5)
    go_to(picker, "Cleo Carr")
    assert picker.why.sentence() == "“Cleo Carr” belongs to “Apex”, and can belong to one only."
    assert not picker.submit.isEnabled()
    qtbot.keyClick(picker.grid, KEY.Key_Return)
    assert picker.problem.text() == picker.why.sentence()
    qtbot.keyClick(picker, KEY.Key_M, ALT)
    qtbot.waitUntil(lambda: marks(picker)["Cleo Carr"] == "Moves here from Apex")
    assert [chip.label.text() for chip in picker.tray.chips.values()] == ["Cleo Carr, from Apex"]
    with qtbot.waitSignal(picker.linked):
        press(qtbot, picker.submit)
    assert (staff["Acme"], staff["Cleo Carr"]) in links_of(make)
    assert (staff["Apex"], staff["Cleo Carr"]) not in links_of(make)


def test_who_comes_second_is_told_by_whom_it_is_taken_and_may_move_it(
    qtbot: QtBot, tasks: Tasks, database: Database, actor: Actor, make: Make, staff: dict[str, str]
) -> None:
    side = side_of(database, actor, "obj_company")
    picker = open_picker(qtbot, tasks, (staff["Acme"], "Acme"), side, 5)
    for name in ("Ann Adler", "Dan Drew"):
        go_to(picker, name)
        qtbot.keyClick(picker.grid, KEY.Key_Space)
    make.link(staff["works"], staff["Apex"], staff["Ann Adler"])  # somebody else, meanwhile
    press(qtbot, picker.submit)
    qtbot.waitUntil(lambda: bool(picker.refused_bar.sentence()))
    assert "“Ann Adler” already belongs to “Apex”" in picker.refused_bar.sentence()
    assert [button.text() for button in picker.refused_bar.buttons] == [
        "&Move it here",
        "&Leave it out and link",
    ]
    assert len(picker.model.picks) == 2
    assert len(links_of(make)) == 3
    with qtbot.waitSignal(picker.linked):
        press(qtbot, picker.refused_bar.buttons[0])
    assert {(staff["Acme"], staff[name]) for name in ("Ann Adler", "Dan Drew")} < links_of(make)
    assert (staff["Apex"], staff["Ann Adler"]) not in links_of(make)


def test_who_presses_escape_while_links_are_stored_still_hears_that_they_were_refused(
    qtbot: QtBot, tasks: Tasks, database: Database, actor: Actor, make: Make, staff: dict[str, str]
) -> None:
    side = side_of(database, actor, "obj_company")
    picker = open_picker(qtbot, tasks, (staff["Acme"], "Acme"), side, 5)
    for name in ("Ann Adler", "Dan Drew"):
        go_to(picker, name)
        qtbot.keyClick(picker.grid, KEY.Key_Space)
    make.sql("DELETE FROM records WHERE id = :id", id=staff["Dan Drew"])  # somebody else
    picker.accept()
    qtbot.keyClick(picker.grid, KEY.Key_Escape)
    picker.cancel.click()
    assert picker.isVisible()
    qtbot.waitUntil(lambda: bool(picker.refused_bar.sentence()))
    assert picker.refused_bar.sentence() == "“Dan Drew” no longer exists."
    picker.cancel.click()
    assert not picker.isVisible()


def test_names_of_any_length_leave_dialogs_as_wide_as_a_screen(
    qtbot: QtBot, tasks: Tasks, database: Database, actor: Actor, make: Make, staff: dict[str, str]
) -> None:
    long = "X" * 10_000
    make.sql("UPDATE relationships SET from_label = :long, to_label = :long", long=long)
    make.sql("UPDATE objects SET label = :long, plural_name = :long", long=long)
    side = side_of(database, actor, "obj_company")
    picker = open_picker(qtbot, tasks, (staff["Acme"], long), side, 5)
    go_to(picker, "Cleo Carr")
    bulk = shown(qtbot, BulkLinkDialog(tasks, ChosenRecords("obj_contact", ()), long))
    qtbot.waitUntil(lambda: bulk.relationship.count() == 1)
    created = shown(qtbot, NewLinkedDialog(tasks, (staff["Acme"], long), side))
    for dialog in (picker, bulk, created):
        assert dialog.minimumSizeHint().width() < 1000
        assert dialog.width() < 1500


def test_a_record_that_can_belong_to_one_only_moves_to_what_is_chosen(
    qtbot: QtBot, tasks: Tasks, database: Database, actor: Actor, make: Make, staff: dict[str, str]
) -> None:
    side = side_of(database, actor, "obj_contact")
    picker = open_picker(qtbot, tasks, (staff["Bob Brook"], "Bob Brook"), side, 2)
    qtbot.waitUntil(lambda: picker.submit.text() == "Move")
    assert "belongs to “Acme”" in picker.about.text()
    assert marks(picker) == {"Apex": "", "Acme": "Linked already"}
    go_to(picker, "Apex")
    with qtbot.waitSignal(picker.linked):
        qtbot.keyClick(picker.grid, KEY.Key_Return)
    assert links_of(make) == {
        (staff["Apex"], staff["Bob Brook"]),
        (staff["Apex"], staff["Cleo Carr"]),
    }


def test_a_record_is_picked_for_somebody_else_among_several_objects(
    qtbot: QtBot, tasks: Tasks, staff: dict[str, str]
) -> None:
    picker = shown(qtbot, RecordPicker(tasks, [], search="apex"))
    qtbot.waitUntil(lambda: picker.object_row.isVisible() and not picker.model.is_reading)
    assert picker.object_choice.count() == 2
    qtbot.waitUntil(lambda: picker.model.rowCount() == 1 and bool(picker.model.id_of(0)))
    assert not nameless(picker)
    with qtbot.waitSignal(picker.picked) as told:
        qtbot.keyClick(picker.search, KEY.Key_Return)
    assert told.args == [[(staff["Apex"], "Apex")]]


def test_what_was_chosen_before_stays_chosen_where_several_can_be(
    qtbot: QtBot, tasks: Tasks, staff: dict[str, str]
) -> None:
    chosen = [(staff["Dan Drew"], "Dan Drew")]
    picker = shown(qtbot, RecordPicker(tasks, ["contact"], allow_multiple=True, chosen=chosen))
    qtbot.waitUntil(lambda: picker.model.rowCount() == 5 and bool(picker.model.id_of(0)))
    assert not picker.object_row.isVisible()
    go_to(picker, "Eve Ende")
    qtbot.keyClick(picker.grid, KEY.Key_Space)
    with qtbot.waitSignal(picker.picked) as told:
        press(qtbot, picker.submit)
    assert told.args == [[*chosen, (staff["Eve Ende"], "Eve Ende")]]


@pytest.fixture
def deal(make: Make, staff: dict[str, str]) -> str:
    make.field("buyer", "reference", config={"targetObjectId": "obj_contact"})
    return make.object("deal", ["title", "buyer"])


def test_a_reference_is_picked_from_a_list_with_columns_in_a_form_and_in_a_cell(
    qtbot: QtBot, tasks: Tasks, make: Make, staff: dict[str, str], deal: str
) -> None:
    record = make.record(deal, {"fld_title": "Orion"})
    hands = Hands(qtbot, tasks, make, deal)
    hands.go_to(0, 1)
    hands.type("eve")
    qtbot.keyClick(hands.focus(), KEY.Key_F4, SHIFT)
    picker = open_dialog(qtbot, RecordPicker)
    activate(qtbot, picker)
    assert picker.search.text() == "eve"
    qtbot.waitUntil(lambda: picker.model.rowCount() == 1 and bool(picker.model.id_of(0)))
    qtbot.keyClick(picker.search, KEY.Key_Return)
    qtbot.waitUntil(lambda: is_stored(make, record, "fld_buyer", staff["Eve Ende"]))
    assert hands.page.model.index(0, 1).data() == "Eve Ende"

    page = shown(qtbot, NewRecordPage(tasks, deal))
    qtbot.waitUntil(lambda: len(page.panel.form.cells) == 2)
    editor = page.panel.form.cells["fld_buyer"].editor
    assert isinstance(editor, ReferenceEditor)
    editor.pick_action.trigger()
    picker = open_dialog(qtbot, RecordPicker)
    qtbot.waitUntil(lambda: picker.model.rowCount() == 5 and bool(picker.model.id_of(0)))
    go_to(picker, "Dan Drew")
    qtbot.keyClick(picker.grid, KEY.Key_Return)
    assert editor.value() == staff["Dan Drew"]
    assert editor.line.text() == "Dan Drew"
