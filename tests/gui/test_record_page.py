"""The record form: every editor, refusals in place, two people at once, nothing lost."""

import json
from decimal import Decimal
from typing import Any

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot
from sqlalchemy import text

from crm_desktop.db.database import Database, load_json
from crm_desktop.gui.editors.checks import CheckEditor
from crm_desktop.gui.editors.choices import ChoiceEditor, MultiChoiceEditor
from crm_desktop.gui.editors.dates import DateEditor
from crm_desktop.gui.editors.files import FileEditor
from crm_desktop.gui.editors.record_form import FieldCell
from crm_desktop.gui.editors.references import ReferenceEditor
from crm_desktop.gui.editors.text import LineEditor
from crm_desktop.gui.pages.record import NewRecordPage, RecordPage
from crm_desktop.gui.tasks import Tasks
from crm_desktop.gui.widgets.elided_label import TextLabel
from crm_desktop.gui.widgets.empty_state import EmptyState
from tests.make import Make

STAGES = {"options": [{"value": "new", "label": "New"}, {"value": "won", "label": "Won"}]}


def stored(database: Database, record_id: str) -> Any:
    with database.engine.connect() as connection:
        query = text("SELECT data::text FROM records WHERE id = :id")
        return load_json(connection.execute(query, {"id": record_id}).scalar_one())


def opened(qtbot: QtBot, tasks: Tasks, record_id: str) -> RecordPage:
    page = RecordPage(tasks, record_id)
    qtbot.addWidget(page)
    page.resize(1200, 700)
    page.show()
    qtbot.waitUntil(lambda: page.panel.record is not None)
    return page


def cell(page: RecordPage, field_id: str) -> FieldCell:
    return page.panel.form.cells[field_id]


def type_into(qtbot: QtBot, page: RecordPage, field_id: str, words: str) -> None:
    editor = cell(page, field_id).editor
    assert isinstance(editor, LineEditor)
    editor.line.selectAll()
    qtbot.keyClicks(editor.line, words)


def saved(qtbot: QtBot, page: RecordPage) -> None:
    with qtbot.waitSignal(page.panel.saved):
        page.save()
    qtbot.waitUntil(lambda: not page.has_unsaved())


def test_the_form_follows_the_layout(qtbot: QtBot, tasks: Tasks, make: Make) -> None:
    deal = make.object("deal")
    make.attach(deal, "amount", display_order=2)
    make.attach(deal, "name", display_order=1, field_overrides={"label": "Deal name"})
    make.attach(deal, "secret", display_order=3, is_visible=False)
    make.attach(deal, "code", display_order=4, is_readonly=True)
    make.attach(deal, "owner", display_order=0, is_required=True)
    page = opened(qtbot, tasks, make.record(deal, {"fld_name": "Orion"}))

    assert list(page.panel.form.cells) == ["fld_owner", "fld_name", "fld_amount", "fld_code"]
    assert cell(page, "fld_name").label.text() == "Deal name"
    assert cell(page, "fld_owner").label.text() == "Owner *"
    code = cell(page, "fld_code").editor
    assert isinstance(code, LineEditor)
    assert code.line.isReadOnly()


def test_saving_stores_what_was_typed_and_nothing_else(
    qtbot: QtBot, tasks: Tasks, make: Make, database: Database
) -> None:
    make.field("amount", "number")
    deal = make.object("deal", fields=["name", "amount"])
    odd = {"fld_name": "Orion", "fld_amount": Decimal("1.50"), "unknown": {"deep": [1, None]}}
    record = make.record(deal, odd)
    page = opened(qtbot, tasks, record)

    type_into(qtbot, page, "fld_name", "Orion II")
    assert page.has_unsaved()
    assert page.panel.save_button.text() == "Save 1"
    saved(qtbot, page)

    assert json.dumps(stored(database, record), default=str, sort_keys=True) == json.dumps(
        {**odd, "fld_name": "Orion II"}, default=str, sort_keys=True
    )
    qtbot.waitUntil(lambda: page.title == "Orion II")


def test_a_value_that_cannot_be_read_is_refused_at_its_control_and_stays(
    qtbot: QtBot, tasks: Tasks, make: Make, database: Database
) -> None:
    make.field("amount", "number", config={"max": 10})
    deal = make.object("deal", fields=["name", "amount"])
    record = make.record(deal, {"fld_name": "Orion", "fld_amount": 5})
    page = opened(qtbot, tasks, record)

    type_into(qtbot, page, "fld_amount", "many")
    page.save()
    assert cell(page, "fld_amount").problem.text()
    assert stored(database, record)["fld_amount"] == 5

    type_into(qtbot, page, "fld_amount", "11")
    page.save()
    qtbot.waitUntil(lambda: bool(cell(page, "fld_amount").problem.text()))
    editor = cell(page, "fld_amount").editor
    assert isinstance(editor, LineEditor)
    assert editor.line.text() == "11"
    assert page.has_unsaved()

    type_into(qtbot, page, "fld_amount", "10")
    saved(qtbot, page)
    assert stored(database, record)["fld_amount"] == 10


def test_two_people_editing_different_fields_both_win(
    qtbot: QtBot, tasks: Tasks, make: Make, database: Database
) -> None:
    deal = make.object("deal", fields=["name", "city"])
    record = make.record(deal, {"fld_name": "Orion", "fld_city": "Turku"})
    mine, theirs = opened(qtbot, tasks, record), opened(qtbot, tasks, record)
    type_into(qtbot, mine, "fld_name", "Mine")
    type_into(qtbot, theirs, "fld_city", "Oslo")

    saved(qtbot, theirs)
    saved(qtbot, mine)

    assert stored(database, record) == {"fld_name": "Mine", "fld_city": "Oslo"}


@pytest.mark.parametrize("kept", ["Mine", "Theirs"])
def test_the_same_field_edited_by_two_shows_both_values_and_asks(
    qtbot: QtBot, tasks: Tasks, make: Make, database: Database, kept: str
) -> None:
    deal = make.object("deal", fields=["name"])
    record = make.record(deal, {"fld_name": "Orion"})
    page = opened(qtbot, tasks, record)
    type_into(qtbot, page, "fld_name", "Mine")
    with database.engine.begin() as other:
        change = """UPDATE records SET data = '{"fld_name": "Theirs"}' WHERE id = :id"""
        other.execute(text(change), {"id": record})

    page.save()
    clash = cell(page, "fld_name")._clash_bar
    qtbot.waitUntil(lambda: not clash.isHidden())
    assert "from “Orion” to “Theirs”" in clash._sentence.text()
    assert stored(database, record) == {"fld_name": "Theirs"}
    editor = cell(page, "fld_name").editor
    assert isinstance(editor, LineEditor)
    assert editor.line.text() == "Mine"

    clash.settled.emit(kept == "Mine")
    if kept == "Mine":
        saved(qtbot, page)
    assert stored(database, record) == {"fld_name": kept}
    assert editor.line.text() == kept


def test_a_record_read_again_keeps_what_is_being_typed(
    qtbot: QtBot, tasks: Tasks, make: Make, database: Database
) -> None:
    deal = make.object("deal", fields=["name", "city"])
    record = make.record(deal, {"fld_name": "Orion", "fld_city": "Turku"})
    page = opened(qtbot, tasks, record)
    type_into(qtbot, page, "fld_name", "Half typed")
    with database.engine.begin() as other:
        change = """UPDATE records SET data = data || '{"fld_city": "Oslo"}' WHERE id = :id"""
        other.execute(text(change), {"id": record})

    page.refresh()
    city, name = cell(page, "fld_city").editor, cell(page, "fld_name").editor
    assert isinstance(city, LineEditor)
    assert isinstance(name, LineEditor)
    qtbot.waitUntil(lambda: city.line.text() == "Oslo")
    assert name.line.text() == "Half typed"


def test_every_editor_gives_back_what_was_chosen(
    qtbot: QtBot, tasks: Tasks, make: Make, database: Database
) -> None:
    make.field("stage", "select", config=STAGES)
    make.field("tags", "multiselect", config=STAGES)
    make.field("hot", "boolean")
    make.field("due", "date")
    deal = make.object("deal", fields=["name", "stage", "tags", "hot", "due"])
    record = make.record(deal, {"fld_name": "Orion"})
    page = opened(qtbot, tasks, record)

    stage = cell(page, "fld_stage").editor
    assert isinstance(stage, ChoiceEditor)
    qtbot.keyClicks(stage.box, "W")
    qtbot.keyClick(stage.box, Qt.Key.Key_Down)
    stage.box.setCurrentIndex(stage.box.findData("won"))
    stage.box.activated.emit(stage.box.currentIndex())
    tags = cell(page, "fld_tags").editor
    assert isinstance(tags, MultiChoiceEditor)
    tags.pick(["won", "new"])
    hot = cell(page, "fld_hot").editor
    assert isinstance(hot, CheckEditor)
    qtbot.keyClick(hot.box, Qt.Key.Key_Space)
    due = cell(page, "fld_due").editor
    assert isinstance(due, DateEditor)
    qtbot.keyClicks(due.line, "2026-12-15")
    saved(qtbot, page)

    assert stored(database, record) == {
        "fld_name": "Orion",
        "fld_stage": "won",
        "fld_tags": ["won", "new"],
        "fld_hot": True,
        "fld_due": "2026-12-15",
    }

    qtbot.keyClick(hot.box, Qt.Key.Key_Delete)
    qtbot.keyClick(tags.line, Qt.Key.Key_Delete)
    saved(qtbot, page)
    assert set(stored(database, record)) == {"fld_name", "fld_stage", "fld_due"}


def test_a_stored_value_that_is_no_option_survives_a_save_of_another_field(
    qtbot: QtBot, tasks: Tasks, make: Make, database: Database
) -> None:
    make.field("stage", "select", config=STAGES)
    make.field("shape", "hologram")
    deal = make.object("deal", fields=["name", "stage", "shape"])
    odd = {"fld_name": "Orion", "fld_stage": "lost", "fld_shape": {"x": Decimal("1.10")}}
    record = make.record(deal, odd)
    page = opened(qtbot, tasks, record)

    type_into(qtbot, page, "fld_name", "Orion II")
    saved(qtbot, page)

    assert stored(database, record) == {**odd, "fld_name": "Orion II"}
    assert str(stored(database, record)["fld_shape"]["x"]) == "1.10"


def test_a_reference_is_found_by_typing_and_shown_by_its_name(
    qtbot: QtBot, tasks: Tasks, make: Make, database: Database
) -> None:
    account = make.object("account", fields=["name"])
    target = make.record(account, {"fld_name": "Orion Analytics"})
    make.field("account", "reference", config={"targetObjectId": account})
    deal = make.object("deal", fields=["title", "account"])
    record = make.record(deal, {"fld_title": "A deal"})
    page = opened(qtbot, tasks, record)
    editor = cell(page, "fld_account").editor
    assert isinstance(editor, ReferenceEditor)

    qtbot.keyClicks(editor.line, "orion analytics")
    qtbot.waitUntil(lambda: editor._found.rowCount() == 1)
    editor.take(editor._found.index(0, 0))
    saved(qtbot, page)

    assert stored(database, record)["fld_account"] == target
    assert editor.line.text() == "Orion Analytics"


def test_a_reference_half_typed_is_refused_and_not_stored(
    qtbot: QtBot, tasks: Tasks, make: Make, database: Database
) -> None:
    account = make.object("account", fields=["name"])
    make.field("account", "reference", config={"targetObjectId": account})
    deal = make.object("deal", fields=["title", "account"])
    record = make.record(deal, {"fld_title": "A deal"})
    page = opened(qtbot, tasks, record)
    editor = cell(page, "fld_account").editor
    assert isinstance(editor, ReferenceEditor)
    qtbot.keyClicks(editor.line, "nobody")
    page.save()
    assert "Choose one" in cell(page, "fld_account").problem.text()
    assert stored(database, record) == {"fld_title": "A deal"}


def test_a_new_record_begins_with_its_defaults_and_says_what_is_missing(
    qtbot: QtBot, tasks: Tasks, make: Make, database: Database
) -> None:
    deal = make.object("deal")
    make.attach(deal, "name", is_required=True)
    make.field("city", config={"default": "Turku"})
    make.attach(deal, "city")
    page = NewRecordPage(tasks, deal)
    qtbot.addWidget(page)
    page.show()
    qtbot.waitUntil(lambda: bool(page.panel.form.cells))
    assert page.title == "New Deal"
    assert page.can_save()
    city = cell(page, "fld_city").editor
    assert isinstance(city, LineEditor)
    assert city.line.text() == "Turku"

    page.save()
    qtbot.waitUntil(lambda: bool(cell(page, "fld_name").problem.text()))
    type_into(qtbot, page, "fld_name", "Orion")
    with qtbot.waitSignal(page.address_changed) as moved:
        saved(qtbot, page)

    qtbot.waitUntil(lambda: page.title == "Orion")
    assert page.panel.record is not None
    assert moved.args == [f"record:{page.record_id}"]
    assert stored(database, page.panel.record.id) == {"fld_name": "Orion", "fld_city": "Turku"}


def test_a_record_deleted_by_somebody_keeps_what_was_typed_on_screen(
    qtbot: QtBot, tasks: Tasks, make: Make, database: Database
) -> None:
    deal = make.object("deal", fields=["name"])
    record = make.record(deal, {"fld_name": "Orion"})
    page = opened(qtbot, tasks, record)
    type_into(qtbot, page, "fld_name", "Long text")
    with database.engine.begin() as other:
        other.execute(text("DELETE FROM records WHERE id = :id"), {"id": record})

    with qtbot.waitSignal(page.refused) as refused:
        page.save()

    assert "no longer exists" in str(refused.args[0])
    editor = cell(page, "fld_name").editor
    assert isinstance(editor, LineEditor)
    assert editor.line.text() == "Long text"


def test_a_deleted_record_says_so_and_leads_back_to_the_list(
    qtbot: QtBot, tasks: Tasks, make: Make, database: Database
) -> None:
    deal = make.object("deal", fields=["name"])
    record = make.record(deal, {"fld_name": "Orion"})
    page = opened(qtbot, tasks, record)
    make.sql("DELETE FROM records WHERE id = :id", id=record)

    page.refresh()

    empty = page.panel.findChild(EmptyState)
    assert empty is not None
    qtbot.waitUntil(empty.isVisible)
    assert empty.label.text() == "This record was deleted."
    with qtbot.waitSignal(page.open_requested) as list_asked:
        qtbot.mouseClick(empty.button, Qt.MouseButton.LeftButton)
    assert list_asked.args == [f"records:{deal}"]
    page.save()
    assert not page.panel._is_saving  # nothing is made of an empty form


def test_the_line_below_the_title_leads_back_to_the_list(
    qtbot: QtBot, tasks: Tasks, make: Make
) -> None:
    deal = make.object("deal", fields=["name"])
    page = opened(qtbot, tasks, make.record(deal, {"fld_name": "Orion"}))
    assert page.panel.list_link.text() == "Deal"

    with qtbot.waitSignal(page.open_requested) as asked:
        qtbot.mouseClick(page.panel.list_link, Qt.MouseButton.LeftButton)

    assert asked.args == [f"records:{deal}"]


def test_sections_of_related_records_stay_as_they_were_when_the_record_is_read_again(
    qtbot: QtBot, tasks: Tasks, make: Make
) -> None:
    account, deal = make.object("account", ["name"]), make.object("deal", ["name"])
    owner = make.record(account, {"fld_name": "Orion"})
    relationship = make.relationship(account, deal, "1:N")
    make.link(relationship, owner, make.record(deal, {"fld_name": "First"}))
    page = opened(qtbot, tasks, owner)
    qtbot.waitUntil(lambda: [each.model.rowCount() for each in page.related.lists] == [1])
    (section,) = page.related.sections
    assert "one to many" in [label.text() for label in section.findChildren(TextLabel)]
    section.set_open(False)

    make.link(relationship, owner, make.record(deal, {"fld_name": "Second"}))
    page.refresh()

    qtbot.waitUntil(lambda: [each.model.rowCount() for each in page.related.lists] == [2])
    assert page.related.sections == [section]
    assert not section.is_open()


def test_linked_records_stand_under_the_heading_of_their_relationship(
    qtbot: QtBot, tasks: Tasks, make: Make
) -> None:
    account, deal = make.object("account", ["name"]), make.object("deal", ["name"])
    owner = make.record(account, {"fld_name": "Orion Analytics"})
    relationship = make.relationship(account, deal, "1:N", from_label="Its deals")
    for name in ("First", "Second"):
        make.link(relationship, owner, make.record(deal, {"fld_name": name}))
    page = opened(qtbot, tasks, owner)

    qtbot.waitUntil(lambda: [each.model.rowCount() for each in page.related.lists] == [2])
    (linked,) = page.related.lists
    assert [linked.model.index(row, 0).data() for row in range(2)] == ["First", "Second"]
    with qtbot.waitSignal(page.open_requested):
        linked.rows.activated.emit(linked.model.index(0, 0))


def test_a_files_name_and_address_are_edited_and_its_other_keys_stay(
    qtbot: QtBot, tasks: Tasks, make: Make, database: Database
) -> None:
    make.field("contract", "file")
    deal = make.object("deal", fields=["name", "contract"])
    file = {"name": "a.pdf", "url": "https://files.example/a", "size": 12, "x": {"y": None}}
    record = make.record(deal, {"fld_name": "Orion", "fld_contract": file})
    page = opened(qtbot, tasks, record)
    editor = cell(page, "fld_contract").editor
    assert isinstance(editor, FileEditor)
    assert not page.has_unsaved()

    editor.name.selectAll()
    qtbot.keyClicks(editor.name, "b.pdf")
    saved(qtbot, page)
    assert stored(database, record)["fld_contract"] == {**file, "name": "b.pdf"}

    editor.name.selectAll()
    qtbot.keyClick(editor.name, Qt.Key.Key_Delete)
    page.save()
    assert "name" in cell(page, "fld_contract").problem.text()


def test_a_large_number_is_shown_with_groups_and_is_unchanged_by_looking_at_it(
    qtbot: QtBot, tasks: Tasks, make: Make, database: Database
) -> None:
    make.field("amount", "currency", config={"currency": "EUR"})
    deal = make.object("deal", fields=["name", "amount"])
    record = make.record(deal, {"fld_name": "Orion", "fld_amount": Decimal("1234567.50")})
    page = opened(qtbot, tasks, record)
    editor = cell(page, "fld_amount").editor
    assert isinstance(editor, LineEditor)
    assert editor.line.text() in {"1,234,567.50", "1234567.50"}
    editor.edited.emit()
    assert not page.has_unsaved()


def test_the_longest_labels_and_options_fit_a_narrow_form(
    qtbot: QtBot, tasks: Tasks, make: Make
) -> None:
    long_option = {"options": [{"value": "long", "label": "L" * 10_000}]}
    make.field("wide", "text", label="x" * 255)
    make.field("huge", "select", label="&" * 255, config=long_option)
    deal = make.object("deal", fields=["wide", "huge"])
    page = opened(qtbot, tasks, make.record(deal, {"fld_wide": "y" * 2000, "fld_huge": "long"}))

    page.panel.form.resize(300, 500)

    assert page.panel.form.minimumSizeHint().width() <= 300
    qtbot.waitUntil(lambda: not page.panel.form.horizontalScrollBar().isVisible())
