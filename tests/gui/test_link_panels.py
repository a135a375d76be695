"""The panels of links on a record's page: read, opened, made, edited and taken away by keyboard."""

from collections.abc import Callable
from typing import Any

import pytest
from PySide6.QtCore import QItemSelectionModel, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QAbstractItemModelTester
from PySide6.QtWidgets import QApplication, QLabel, QMenu
from pytestqt.qtbot import QtBot
from sqlalchemy import func, select

from crm_desktop.db.database import Database
from crm_desktop.db.tables import Record, RelationshipRecord
from crm_desktop.domain.access import Actor
from crm_desktop.domain.filters import Condition, Sort
from crm_desktop.gui.editors.text import LineEditor
from crm_desktop.gui.links.metadata_dialog import MetadataDialog
from crm_desktop.gui.links.new_linked_dialog import NewLinkedDialog
from crm_desktop.gui.links.panel import LinkList
from crm_desktop.gui.links.picker import LinkPicker
from crm_desktop.gui.pages.record import RecordPage
from crm_desktop.gui.pages.records import RecordsPage
from crm_desktop.gui.tasks import Tasks
from crm_desktop.gui.views.columns_dialog import ColumnsDialog
from crm_desktop.services import history, link_panels
from crm_desktop.services.link_columns import NAME
from crm_desktop.services.link_schemas import LinkKey, save_link_schema
from tests.gui.asking import activate, answer, open_dialog, press, shown
from tests.gui.test_accessible_names import nameless
from tests.gui.test_shortcuts import collisions
from tests.gui.windows import wait_until_idle
from tests.make import Make

KEYS = (LinkKey("role", "Role"), LinkKey("share", "Share", "number"))
Key = Qt.Key


class Page:
    """A company's page with its contacts, worked by keyboard."""

    def __init__(self, qtbot: QtBot, tasks: Tasks, make: Make) -> None:
        self.qtbot, self.tasks, self.make = qtbot, tasks, make
        self.company = make.object("company", ["name"])
        self.contact = make.object("contact", ["name", "phone"])
        self.works = make.relationship(self.company, self.contact, "1:N", from_label="People")
        self.knows = make.relationship(self.contact, self.company, id="rel_a", name="a")
        self.orion = make.record(self.company, {"fld_name": "Orion"})
        with make.database.write(make.admin) as session:
            save_link_schema(session, self.works, KEYS, ())
        self.page: RecordPage = None  # type: ignore[assignment]  # after `open`

    def link(self, name: str | None, metadata: Any = None) -> str:
        contact = self.make.record(self.contact, {"fld_name": name}, primary_value=name)
        said = {} if metadata is None else metadata
        return self.make.link(self.works, self.orion, contact, relationship_metadata=said)

    def open(self, record_id: str = "") -> LinkList:
        self.page = shown(self.qtbot, RecordPage(self.tasks, record_id or self.orion))
        wait_until_idle(self.qtbot, self.tasks)
        return self.people

    @property
    def people(self) -> LinkList:
        return next(each for each in self.page.related.lists if each.side.label == "People")

    def key(self, key: Qt.Key, modifier: Any = Qt.KeyboardModifier.NoModifier) -> None:
        self.qtbot.keyClick(self.people.rows, key, modifier)

    def names(self) -> list[str]:
        model = self.people.model
        return [str(model.index(row, 0).data()) for row in range(model.rowCount())]

    def until_names(self, *names: str) -> None:
        self.qtbot.waitUntil(lambda: self.names() == list(names), timeout=10_000)

    def select(self, *rows: int) -> None:
        grid, flag = self.people.rows, QItemSelectionModel.SelectionFlag
        grid.setFocus()
        grid.setCurrentIndex(self.people.model.index(rows[0], 0))
        for row in rows[1:]:
            index = self.people.model.index(row, 0)
            grid.selectionModel().select(index, flag.Select | flag.Rows)


@pytest.fixture
def page(qtbot: QtBot, tasks: Tasks, make: Make) -> Page:
    return Page(qtbot, tasks, make)


def test_panels_stand_in_the_order_of_their_relationships_with_fields_and_link_data(
    page: Page, qtbot: QtBot
) -> None:
    page.link("Ilona", {"role": "CEO", "share": 60})
    page.link(None, ["not", "an", "object"])
    page.link("x" * 10_000, {"share": "many"})
    people = page.open()

    labels = [section.heading.accessibleName() for section in page.page.related.sections]
    assert labels == ["Contacts", "People"]
    counts = [section.badge.text() for section in page.page.related.sections]
    assert counts == ["0", "3"]
    assert [section.is_open() for section in page.page.related.sections] == [False, True]
    assert [field.label for field in people.model.columns] == ["Name", "Phone", "Role", "Share"]
    shown_rows = [
        [str(people.model.index(row, column).data()) for column in range(4)] for row in range(3)
    ]
    assert shown_rows[0] == ["Ilona", "", "CEO", "60"]
    assert shown_rows[1][0].startswith("rec_")
    assert shown_rows[1][2:] == ["", ""]
    assert shown_rows[2][3] == '"many"'
    assert people.rows.horizontalHeader().length() >= people.rows.viewport().width() - 4

    page.select(0)
    with qtbot.waitSignal(page.page.open_requested) as opened:
        page.key(Key.Key_Return)
    assert opened.args == [f"record:{people.model.link_at(0).record_id}"]  # type: ignore[union-attr]  # it was read
    page.key(Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QGuiApplication.clipboard().text() == "Ilona\t\tCEO\t60"


def test_more_than_five_open_in_place_to_be_searched_filtered_and_sorted(
    page: Page, qtbot: QtBot, tasks: Tasks
) -> None:
    for number in range(8):
        page.link(f"P{number}", {"role": "even" if number % 2 == 0 else "odd", "share": -number})
    people = page.open()
    assert people.more.text() == "Show 3 more"
    assert people.tools.isHidden()
    low = people.rows.height()

    page.select(4)
    page.key(Key.Key_Down)
    assert people.rows.currentIndex().row() == 5
    assert people.rows.height() > low
    assert people.more.text() == "Show fewer"

    people.sort_by_column(3)
    page.until_names(*[f"P{number}" for number in reversed(range(8))])
    people.filters.set_parts((Condition("key:role", "equals", "odd"),))
    page.until_names("P7", "P5", "P3", "P1")
    page.page.start_find()
    assert QApplication.focusWidget() is people.search
    qtbot.keyClicks(people.search, "5")
    page.until_names("P5")
    qtbot.keyClicks(people.search, "nobody")
    page.until_names()
    qtbot.waitUntil(people.none.isVisible)
    assert people.none.text() == "No link matches."

    press(qtbot, people.more)
    page.until_names(*[f"P{number}" for number in reversed(range(8))])
    wait_until_idle(qtbot, tasks)
    assert people.rows.height() == low


def test_several_links_are_taken_away_after_a_question_and_come_back_in_one_step(
    page: Page, qtbot: QtBot, tasks: Tasks, database: Database, actor: Actor
) -> None:
    for name in ("Ilona", "Peter", "Sara"):
        page.link(name, {"role": "CEO"} if name == "Sara" else {})
    page.open()
    page.select(0, 2)
    page.key(Key.Key_Delete)
    qtbot.waitUntil(lambda: QApplication.activeModalWidget() is not None)
    box = QApplication.activeModalWidget()
    assert box is not None
    asked = box.findChildren(QLabel)
    assert {"Unlink 2 contacts?", "The records stay. The link data goes: Role."} <= {
        label.text() for label in asked
    }
    answer(qtbot, "Unlink 2")
    page.until_names("Peter")
    assert page.make.count(Record) == 4
    qtbot.waitUntil(lambda: page.page.related.total.text() == "1")

    with database.write(actor) as session:
        undone = history.undo_state(session).undo
        assert undone is not None
        history.undo(session, undone.id)
    page.page.refresh()
    page.until_names("Ilona", "Peter", "Sara")


def test_a_record_is_created_and_linked_or_the_form_says_why_not(
    page: Page, qtbot: QtBot, tasks: Tasks
) -> None:
    page.make.sql("UPDATE object_fields SET is_required = true WHERE object_id = 'obj_contact'")
    page.open()
    page.page.related.actions_of_links.create_for(page.people)
    dialog = open_dialog(qtbot, NewLinkedDialog)
    wait_until_idle(qtbot, tasks)
    name, phone = (dialog.panel.form.cells[f"fld_{each}"] for each in ("name", "phone"))
    share = dialog.form.fields.cells["share"].editor
    assert isinstance(name.editor, LineEditor)
    assert isinstance(phone.editor, LineEditor)
    assert isinstance(share, LineEditor)
    assert nameless(dialog) == []
    qtbot.keyClicks(name.editor.line, "Nora")
    dialog.accept()
    qtbot.waitUntil(lambda: bool(phone.problem.text()))
    assert page.make.count(Record) == 1
    qtbot.keyClicks(phone.editor.line, "123")
    qtbot.keyClicks(share.line, "7")
    with qtbot.waitSignal(dialog.created):
        dialog.accept()
    page.until_names("Nora")
    assert page.people.model.index(0, 3).data() == "7"

    page.page.related.actions_of_links.create_for(page.people)
    dialog = open_dialog(qtbot, NewLinkedDialog)
    wait_until_idle(qtbot, tasks)
    page.make.sql("DELETE FROM relationships WHERE id = :id", id=page.works)
    for field, words in (("fld_name", "Lyra"), ("fld_phone", "1")):
        editor = dialog.panel.form.cells[field].editor
        assert isinstance(editor, LineEditor)
        qtbot.keyClicks(editor.line, words)
    dialog.accept()
    qtbot.waitUntil(lambda: "no longer exists" in dialog.problem.text())
    assert page.make.count(Record) == 2
    dialog.reject()
    answer(qtbot, "Discard")
    qtbot.waitUntil(lambda: not dialog.isVisible())


def test_keys_and_buttons_lead_to_the_dialogs_of_links(
    page: Page, qtbot: QtBot, tasks: Tasks
) -> None:
    page.link("Ilona", {"role": "CEO"})
    page.open()
    page.select(0)
    asked: list[str] = []
    page.page.open_requested.connect(asked.append)
    page.page.related.actions_of_links.graph_action.trigger()
    linked = page.people.model.link_at(0)
    assert linked is not None
    assert asked == [f"recgraph:{linked.record_id}"]
    page.key(Key.Key_F2)
    edited = open_dialog(qtbot, MetadataDialog)
    wait_until_idle(qtbot, tasks)
    edited.reject()
    section = page.page.related.sections[1]
    press(qtbot, section.link_button)
    picker = open_dialog(qtbot, LinkPicker)
    wait_until_idle(qtbot, tasks)
    picker.reject()

    ilona = page.people.model.link_at(0)
    assert ilona is not None
    other = shown(qtbot, RecordPage(tasks, ilona.record_id))
    wait_until_idle(qtbot, tasks)
    holder = next(each for each in other.related.sections if each.linked.side.has_one)
    assert holder.change_button.isVisible()
    assert holder.link_button.isHidden()
    assert holder.create_button.isHidden()
    press(qtbot, holder.change_button)
    picker = open_dialog(qtbot, LinkPicker)
    wait_until_idle(qtbot, tasks)
    picker.reject()

    page.make.link(page.works, page.make.record(page.company), ilona.record_id)
    other.refresh()
    qtbot.waitUntil(lambda: "there are 2" in holder.linked.warning.sentence())
    qtbot.waitUntil(lambda: holder.linked.model.rowCount() == 2)


def test_linking_asks_in_which_panel_while_none_was_used(
    page: Page, qtbot: QtBot, tasks: Tasks
) -> None:
    ilona = page.make.record(page.contact, {"fld_name": "Ilona"})
    page.make.link(page.works, page.make.record(page.company), ilona)
    other = shown(qtbot, RecordPage(tasks, ilona))
    wait_until_idle(qtbot, tasks)
    other.related.actions_of_links.link_action.trigger()
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    sides = [each.linked.side for each in other.related.sections]
    allowed = {each.text(): each.isEnabled() for each in menu.actions()}
    assert [allowed[f"Link: {side.label}"] for side in sides] == [
        not side.has_one for side in sides
    ]
    assert {side.has_one for side in sides} == {True, False}
    menu.close()


def test_panels_follow_what_others_do_and_keep_what_is_selected(
    page: Page, qtbot: QtBot, tasks: Tasks
) -> None:
    for number in range(4):
        page.link(f"P{number}")
    people = page.open()
    warn = QAbstractItemModelTester.FailureReportingMode.Warning
    QAbstractItemModelTester(people.model, warn, people.model)
    page.select(2)
    first = people.model.link_at(0)
    assert first is not None
    page.make.sql("DELETE FROM relationship_records WHERE id = :id", id=first.link_id)
    page.make.sql("UPDATE records SET primary_value = 'Renamed' WHERE primary_value = 'P3'")
    page.link("P4")
    tasks.write(page.page, _touch(page.works), _nothing)
    page.until_names("P1", "P2", "Renamed", "P4")
    assert people.rows.currentIndex().row() == 1
    assert page.page.related.sections[1].badge.text() == "4"
    assert people.rows.selected_rows() == [1]


def test_the_keyboard_stays_in_a_panel_whatever_becomes_of_its_links(
    page: Page, qtbot: QtBot, tasks: Tasks
) -> None:
    for number in range(4):
        page.link(f"P{number}")
    people = page.open()
    told: list[str] = []
    page.page.related.refused.connect(lambda error: told.append(str(error)))
    page.select(1)
    page.key(Key.Key_Delete)
    answer(qtbot, "Unlink")
    page.until_names("P0", "P2", "P3")
    assert people.rows.currentIndex().row() == 1

    activate(qtbot, page.page)
    people.rows.setFocus()
    page.key(Key.Key_Delete)  # while the question is open, somebody else is quicker
    page.make.sql("DELETE FROM relationship_records WHERE id = :id", id=people.model.id_of(1))
    answer(qtbot, "Unlink")
    page.until_names("P0", "P3")
    assert told == ["These links no longer exist."]
    qtbot.waitUntil(lambda: page.page.related.sections[1].badge.text() == "2")
    qtbot.waitUntil(lambda: people.rows.currentIndex().row() == 1)

    activate(qtbot, page.page)
    people.rows.setFocus()
    page.key(Key.Key_Delete)  # and then the relationship is given another label
    page.make.sql("UPDATE relationships SET from_label = 'Staff' WHERE id = :id", id=page.works)
    page.page.related.read()
    qtbot.waitUntil(lambda: page.page.related.sections[1].linked is not people)
    answer(qtbot, "Unlink")
    qtbot.waitUntil(lambda: page.page.related.sections[1].badge.text() == "1")
    section = page.page.related.sections[1]
    assert section.isAncestorOf(page.page.window().focusWidget())


def _touch(relationship_id: str) -> Callable[[Any], None]:
    from crm_desktop.domain.changes import Topic

    def note(session: Any) -> None:
        session.note(Topic.LINKS, relationship_id)

    return note


def _nothing(_: object) -> None:
    """Take no notice of the answer."""


def test_columns_are_chosen_for_all_colleagues_where_that_can_be_kept(
    page: Page, qtbot: QtBot, tasks: Tasks, database: Database, actor: Actor
) -> None:
    page.link("Ilona", {"role": "CEO"})
    people = page.open()
    act = page.page.related.actions_of_links
    act.choose_columns(people)
    open_dialog(qtbot, ColumnsDialog).chosen.emit([NAME, "key:role"])
    open_dialog(qtbot, ColumnsDialog).reject()
    wait_until_idle(qtbot, tasks)
    assert [field.label for field in people.model.columns] == ["Name", "Role"]
    with database.read(actor) as session:
        kept = link_panels.get_link_panel(session, page.orion, page.works, is_from=True)
    assert kept.shown == (NAME, "key:role")

    page.make.sql("DROP SCHEMA crm_desktop CASCADE")
    page.page.refresh()
    other = shown(qtbot, RecordPage(tasks, page.orion))
    wait_until_idle(qtbot, tasks)
    (linked,) = (each for each in other.related.lists if each.side.label == "People")
    with qtbot.waitSignal(other.told) as told:
        other.related.actions_of_links._take_columns(linked, [NAME])
    assert "crm_desktop" in told.args[0].text
    assert [field.label for field in linked.model.columns] == ["Name"]


def test_thousands_of_links_page_like_any_list(page: Page, qtbot: QtBot, tasks: Tasks) -> None:
    page.make.sql(
        "INSERT INTO records (id, object_id, data, primary_value) SELECT 'rec_m' || n,"
        " 'obj_contact', '{}', 'M' || lpad(n::text, 5, '0') FROM generate_series(1, 2500) AS n"
    )
    page.make.sql(
        "INSERT INTO relationship_records (id, relationship_id, from_record_id, to_record_id)"
        " SELECT 'rrec_m' || n, :works, :orion, 'rec_m' || n FROM generate_series(1, 2500) AS n",
        works=page.works,
        orion=page.orion,
    )
    page.make.sql("ANALYZE records, relationship_records")
    people = page.open()
    people.sort_by((Sort(NAME),))
    people.show_all()
    wait_until_idle(qtbot, tasks)
    page.select(0)
    page.key(Key.Key_End, Qt.KeyboardModifier.ControlModifier)
    last = people.model.index(2499, 0)
    assert people.rows.currentIndex().row() == 2499
    qtbot.waitUntil(lambda: last.data() == "M02500", timeout=10_000)
    assert people.model.rowCount() == 2_500
    assert people.model.link_at(1500) is None  # what nobody looked at was not read

    page.key(Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    page.key(Key.Key_Delete)
    answer(qtbot, "Unlink 2,500")
    left = select(func.count()).select_from(RelationshipRecord)
    qtbot.waitUntil(lambda: page.make.value(left) == 0, timeout=20_000)
    page.until_names()


def test_the_inspector_shows_the_links_of_the_current_record_in_a_tab(
    page: Page, qtbot: QtBot, tasks: Tasks
) -> None:
    page.link("Ilona", {"role": "CEO", "share": 60})
    page.make.record(page.company, {"fld_name": "Lyra"})
    records = shown(qtbot, RecordsPage(tasks, page.company))
    records.resize(1400, 700)
    qtbot.waitUntil(lambda: records.model.is_settled)
    records.grid.setCurrentIndex(records.model.index(1, 0))
    _ = records.inspecting.panel
    wait_until_idle(qtbot, tasks)
    inspector = records.inspecting.tabs
    assert inspector is not None
    assert inspector.links is None  # nothing is read that nobody looks at
    inspector.tabs.setCurrentIndex(1)
    wait_until_idle(qtbot, tasks)
    assert inspector.links is not None
    people = next(each for each in inspector.links.lists if each.side.label == "People")
    qtbot.waitUntil(lambda: people.model.rowCount() == 1)
    assert [field.label for field in people.model.columns] == ["Name", "Role"]
    assert inspector.tabs.tabText(1) == "Links 1"
    assert nameless(inspector) == []
    assert collisions(records) == set()

    records.grid.setCurrentIndex(records.model.index(0, 0))
    qtbot.waitUntil(lambda: inspector.tabs.tabText(1) == "Links 0")
