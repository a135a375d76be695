"""The record list: pages, search, order, and what happens when others change things."""

import json

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QFontMetricsF
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from crm_desktop.domain.field_types import EffectiveField
from crm_desktop.domain.filters import RecordQuery
from crm_desktop.domain.formats import Formats
from crm_desktop.gui.delegates import GridRole
from crm_desktop.gui.models.records import PAGE_ROWS, RecordTableModel
from crm_desktop.gui.pages.records import RecordsPage
from crm_desktop.gui.tasks import Tasks
from crm_desktop.gui.theme import number_font
from tests.make import Make

NAME = EffectiveField("fld_name", "name", "Name", "text")
STAGES = {"options": [{"value": "won", "label": "Won", "color": "#22aa55"}]}


def names(page: RecordsPage) -> list[str]:
    return [str(page.model.index(row, 0).data()) for row in range(page.model.rowCount())]


def shown(qtbot: QtBot, tasks: Tasks, object_id: str) -> RecordsPage:
    page = RecordsPage(tasks, object_id)
    qtbot.addWidget(page)
    page.resize(1200, 600)
    page.show()
    qtbot.waitUntil(lambda: bool(page.model.columns) and page.model.has_all)
    return page


def test_records_arrive_page_by_page_as_one_scrolls(
    qtbot: QtBot, tasks: Tasks, make: Make, qtmodeltester: ModelTester
) -> None:
    deal = make.object("deal", fields=["name"])
    make.records(deal, PAGE_ROWS + 50)
    model = RecordTableModel(tasks, Formats.iso())
    with qtbot.waitSignal(model.arrived):
        model.show(RecordQuery(deal), [NAME])
    assert model.rowCount() == PAGE_ROWS
    assert not model.has_all

    with qtbot.waitSignal(model.arrived):
        model.fetchMore(model.index(-1, -1))

    assert model.rowCount() == PAGE_ROWS + 50
    assert model.has_all
    assert len({model.id_of(row) for row in range(model.rowCount())}) == PAGE_ROWS + 50
    qtmodeltester.check(model)
    model.deleteLater()


def test_an_answer_to_an_earlier_search_never_appears_under_a_later_one(
    qtbot: QtBot, tasks: Tasks, make: Make
) -> None:
    person = make.object("person", fields=["name"])
    for name in ("Ada", "Grace"):
        make.record(person, {"fld_name": name})
    model = RecordTableModel(tasks, Formats.iso())
    model.show(RecordQuery(person, "Ada"), [NAME])
    model.show(RecordQuery(person, "Grace"), [NAME])

    qtbot.waitUntil(lambda: model.rowCount() == 1)

    assert model.index(0, 0).data() == "Grace"
    model.deleteLater()


def test_choices_and_boxes_are_ready_to_be_painted(qtbot: QtBot, tasks: Tasks, make: Make) -> None:
    make.field("stage", "select", config=STAGES)
    make.field("hot", "boolean")
    deal = make.object("deal", fields=["name", "stage", "hot"])
    make.record(deal, {"fld_name": "Orion", "fld_stage": "won", "fld_hot": True})
    page = shown(qtbot, tasks, deal)
    assert page.model.index(0, 1).data(GridRole.CHIPS) == (("Won", "#22aa55"),)
    assert page.model.index(0, 2).data(GridRole.CHECKED) is True


def test_searching_shows_only_what_is_found_and_offers_to_clear_the_search(
    qtbot: QtBot, tasks: Tasks, make: Make
) -> None:
    person = make.object("person", fields=["name"])
    for name in ("Ada Lovelace", "Grace Hopper"):
        make.record(person, {"fld_name": name})
    page = shown(qtbot, tasks, person)
    assert page.status.startswith("2 ")

    qtbot.keyClicks(page.search, "hop")
    qtbot.waitUntil(lambda: names(page) == ["Grace Hopper"])
    qtbot.waitUntil(lambda: page.status.startswith("1 "))

    qtbot.keyClicks(page.search, "x")
    qtbot.waitUntil(lambda: names(page) == [] and page.model.has_all)
    page.search.clear()
    qtbot.waitUntil(lambda: len(names(page)) == 2)


def test_a_click_on_a_heading_sorts_in_the_database(qtbot: QtBot, tasks: Tasks, make: Make) -> None:
    make.field("amount", "number")
    deal = make.object("deal", fields=["name", "amount"])
    for name, amount in (("b", 9), ("a", 100), ("c", None)):
        make.record(deal, {"fld_name": name, "fld_amount": amount})
    page = shown(qtbot, tasks, deal)

    page.grid.horizontalHeader().setSortIndicator(1, Qt.SortOrder.AscendingOrder)
    qtbot.waitUntil(lambda: names(page) == ["b", "a", "c"])
    page.grid.horizontalHeader().setSortIndicator(1, Qt.SortOrder.DescendingOrder)
    qtbot.waitUntil(lambda: names(page) == ["a", "b", "c"])


def test_what_others_change_appears_and_the_current_record_stays_current(
    qtbot: QtBot, tasks: Tasks, make: Make
) -> None:
    deal = make.object("deal", fields=["name"])
    for name in ("a", "b"):
        make.record(deal, {"fld_name": name})
    page = shown(qtbot, tasks, deal)
    page.grid.setCurrentIndex(page.model.index(1, 0))
    current = page.current_id()

    make.record(deal, {"fld_name": "new"})
    page.refresh()
    qtbot.waitUntil(lambda: page.model.rowCount() == 3)

    assert names(page)[0] == "new"
    assert page.current_id() == current
    assert page.grid.currentIndex().row() == 2


def test_enter_opens_the_record_and_control_n_a_new_one(
    qtbot: QtBot, tasks: Tasks, make: Make
) -> None:
    deal = make.object("deal", fields=["name"])
    record = make.record(deal, {"fld_name": "Orion"})
    page = shown(qtbot, tasks, deal)
    with qtbot.waitSignal(page.open_requested) as opened:
        qtbot.keyClick(page.grid, Qt.Key.Key_Return)
    assert opened.args == [f"record:{record}"]
    with qtbot.waitSignal(page.open_requested) as opened:
        page.new_action.trigger()
    assert opened.args == [f"new-record:{deal}"]


def test_deleting_says_first_which_links_go_with_the_records(
    qtbot: QtBot, tasks: Tasks, make: Make
) -> None:
    from crm_desktop.gui.dialogs.delete_dialog import DeleteDialog

    account, deal = make.object("account", ["name"]), make.object("deal", ["name"])
    record = make.record(deal, {"fld_name": "Orion"})
    make.link(make.relationship(account, deal), make.record(account, {"fld_name": "A"}), record)
    page = shown(qtbot, tasks, deal)

    page.delete_action.trigger()
    (dialog,) = page.findChildren(DeleteDialog)
    qtbot.waitUntil(dialog.submit.isEnabled)
    assert "1 link" in dialog.effects.text()
    qtbot.mouseClick(dialog.submit, Qt.MouseButton.LeftButton)

    qtbot.waitUntil(lambda: page.model.rowCount() == 0)


def test_an_object_that_is_gone_says_so(qtbot: QtBot, tasks: Tasks, make: Make) -> None:
    page = RecordsPage(tasks, "obj_nowhere")
    qtbot.addWidget(page)
    with qtbot.waitSignal(page.refused) as refused:
        page.show()
    assert "no longer exists" in str(refused.args[0])


def test_columns_keep_the_widths_that_somebody_gave_them(
    qtbot: QtBot, tasks: Tasks, make: Make
) -> None:
    make.field("amount", "number")
    deal = make.object("deal", fields=["name", "amount"])
    make.record(deal, {"fld_name": "Orion", "fld_amount": 275_000_000_000_000_000})
    page = shown(qtbot, tasks, deal)
    usual = page.grid.columnWidth(0)
    page.grid.setColumnWidth(0, 333)
    page.inspector_action.trigger()

    again = RecordsPage(tasks, deal)
    qtbot.addWidget(again)
    again.restore_view(page.view_state())
    again.resize(1200, 600)
    again.show()
    qtbot.waitUntil(lambda: again.model.rowCount() == 1)

    assert usual != 333
    assert again.grid.columnWidth(0) == 333
    assert again.inspector.isHidden()
    assert page.grid.columnWidth(1) == again.grid.columnWidth(1)


def test_a_narrow_page_shows_the_list_alone_until_there_is_room_again(
    qtbot: QtBot, tasks: Tasks, make: Make
) -> None:
    deal = make.object("deal", fields=["name"])
    make.record(deal, {"fld_name": "Orion"})
    page = shown(qtbot, tasks, deal)
    assert page.inspector.isVisible()

    page.resize(600, 500)
    assert not page.inspector.isVisible()
    assert page.minimumSizeHint().width() <= 600
    assert json.loads(page.view_state() or "{}").get("inspector") is None
    page.resize(1200, 600)
    assert page.inspector.isVisible()


@pytest.mark.parametrize("state", ["", "{", "[1]", '{"widths": 3, "panes": ["a", 1]}'])
def test_a_remembered_arrangement_that_makes_no_sense_is_passed_over(
    qtbot: QtBot, tasks: Tasks, make: Make, state: str
) -> None:
    deal = make.object("deal", fields=["name"])
    page = RecordsPage(tasks, deal)
    qtbot.addWidget(page)
    before = page.view_state()
    page.restore_view(state)
    assert page.view_state() == before


def test_a_column_is_wide_enough_for_its_numbers(qtbot: QtBot, tasks: Tasks, make: Make) -> None:
    make.field("amount", "number")
    deal = make.object("deal", fields=["name", "amount"])
    make.record(deal, {"fld_name": "Orion", "fld_amount": 275_000_000_000_000_000_000})
    page = shown(qtbot, tasks, deal)
    qtbot.waitUntil(lambda: page.model.rowCount() == 1)

    text = str(page.model.index(0, 1).data())
    assert page.grid.columnWidth(1) > QFontMetricsF(number_font()).horizontalAdvance(text)
