"""Linking what is selected in a list: shown before it is done, to one record or by a field."""

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot
from sqlalchemy import select

from crm_desktop.db.tables import RelationshipRecord
from crm_desktop.gui.links.breaches_dialog import BreachesDialog
from crm_desktop.gui.links.bulk_dialog import BulkLinkDialog
from crm_desktop.gui.links.picker import RecordPicker
from crm_desktop.gui.pages.records import RecordsPage
from crm_desktop.gui.tasks import Tasks
from crm_desktop.gui.widgets.elided_label import TextLabel
from tests.gui.asking import activate, open_dialog, press, shown
from tests.gui.test_accessible_names import nameless
from tests.make import Make

KEY = Qt.Key
CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
PEOPLE = {"Ann": "acme", "Bob": "Apex", "Cleo": "Nobody", "Dan": "Apex"}


@pytest.fixture
def ids(make: Make) -> dict[str, str]:
    make.object("company", ["name"])
    make.object("contact", ["name", "employer"])
    make.relationship("obj_company", "obj_contact", "1:N", id="rel_staff", name="Staff")
    ids = {name: make.record("obj_company", {"fld_name": name}) for name in ("Acme", "Apex")}
    for name, employer in PEOPLE.items():
        ids[name] = make.record("obj_contact", {"fld_name": name, "fld_employer": employer})
    make.link("rel_staff", ids["Acme"], ids["Dan"])
    return ids


def open_it(qtbot: QtBot, tasks: Tasks) -> tuple[RecordsPage, BulkLinkDialog]:
    page = shown(qtbot, RecordsPage(tasks, "obj_contact"))
    qtbot.waitUntil(lambda: page.model.rowCount() == 4 and bool(page.list.current_id()))
    qtbot.keyClick(page.grid, KEY.Key_A, CONTROL)
    qtbot.keyClick(page.grid, KEY.Key_J, CONTROL | SHIFT)
    dialog = open_dialog(qtbot, BulkLinkDialog)
    activate(qtbot, dialog)
    qtbot.waitUntil(lambda: dialog.relationship.count() == 1)
    return page, dialog


def links_of(make: Make) -> set[tuple[str, str]]:
    columns = (RelationshipRecord.from_record_id, RelationshipRecord.to_record_id)
    with make.database.engine.begin() as connection:
        return {(row[0], row[1]) for row in connection.execute(select(*columns))}


def said(dialog: BulkLinkDialog) -> list[str]:
    return [label.text() for label in dialog.report.findChildren(TextLabel) if label.text()]


def test_records_are_linked_by_a_field_after_it_was_shown_and_others_taken_over(
    qtbot: QtBot, tasks: Tasks, make: Make, ids: dict[str, str]
) -> None:
    page, dialog = open_it(qtbot, tasks)
    assert not dialog.submit.isEnabled()
    dialog.by_value.setChecked(True)
    assert dialog.own_field.currentText() == "Employer"
    qtbot.waitUntil(lambda: dialog.submit.text() == "Link 2")
    assert {
        "2 records would be linked.",
        "1 belongs to another, and can belong to one only.",
        "1 has a value that none of the Companys has.",
    } <= set(said(dialog))
    assert nameless(dialog) == []
    assert len(links_of(make)) == 1
    assert dialog.moves is not None
    dialog.moves.setChecked(True)
    assert dialog.submit.text() == "Link 3"
    with qtbot.waitSignal(dialog.done_with):
        press(qtbot, dialog.submit)
    assert links_of(make) == {
        (ids["Acme"], ids["Ann"]),
        (ids["Apex"], ids["Bob"]),
        (ids["Apex"], ids["Dan"]),
    }
    assert page.isVisible()


def test_records_are_linked_to_one_that_is_picked(
    qtbot: QtBot, tasks: Tasks, make: Make, ids: dict[str, str]
) -> None:
    _, dialog = open_it(qtbot, tasks)
    assert dialog.pick.text() == "Choose a Company…"
    press(qtbot, dialog.pick)
    picker = open_dialog(qtbot, RecordPicker)
    qtbot.waitUntil(lambda: picker.model.rowCount() == 2 and bool(picker.model.id_of(0)))
    qtbot.keyClicks(picker.search, "acme")
    qtbot.waitUntil(lambda: picker.model.rowCount() == 1 and bool(picker.model.id_of(0)))
    qtbot.keyClick(picker.search, KEY.Key_Return)
    qtbot.waitUntil(lambda: dialog.submit.text() == "Link 3")
    with qtbot.waitSignal(dialog.done_with):
        press(qtbot, dialog.submit)
    assert links_of(make) == {(ids["Acme"], ids[name]) for name in PEOPLE}


def test_links_that_break_a_rule_are_shown_and_duplicates_merged(
    qtbot: QtBot, tasks: Tasks, make: Make, ids: dict[str, str]
) -> None:
    make.link("rel_staff", ids["Apex"], ids["Dan"])
    make.link("rel_staff", ids["Acme"], ids["Dan"])
    dialog = shown(qtbot, BreachesDialog(tasks))
    qtbot.waitUntil(lambda: dialog.model.rowCount() == 2)
    assert dialog.notice.sentence() == "The links break a rule in 2 places."
    rows = [
        [str(dialog.model.index(row, column).data()) for column in (0, 2, 3)]
        for row in range(dialog.model.rowCount())
    ]
    assert rows == [
        ["3 links, one allowed", "Dan", "Acme, Apex, Acme"],
        ["Linked 2 times", "Acme", "Dan"],
    ]
    assert nameless(dialog) == []
    press(qtbot, dialog.merge)
    qtbot.waitUntil(lambda: dialog.model.rowCount() == 1)
    assert str(dialog.model.index(0, 0).data()) == "2 links, one allowed"
    with qtbot.waitSignal(dialog.open_requested) as told:
        qtbot.keyClick(dialog.grid, KEY.Key_Return)
    assert told.args == [f"record:{ids['Dan']}"]
