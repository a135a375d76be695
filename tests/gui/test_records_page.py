"""The record list: pages, search, order, and what happens when others change things."""

import json
from decimal import Decimal
from functools import partial

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QFontMetricsF
from PySide6.QtWidgets import QMenu
from pytestqt.qtbot import QtBot
from sqlalchemy import text

from crm_desktop.db.database import ReadSession
from crm_desktop.domain.field_types import EffectiveField, type_of
from crm_desktop.domain.filters import RecordQuery
from crm_desktop.domain.formats import Formats
from crm_desktop.gui.delegates import GridRole
from crm_desktop.gui.dialogs.go_to_row import GoToRowDialog
from crm_desktop.gui.locale import system_formats
from crm_desktop.gui.models.records import RecordTableModel
from crm_desktop.gui.pages.records import RecordsPage
from crm_desktop.gui.tasks import Tasks
from crm_desktop.gui.theme import number_font
from crm_desktop.gui.widgets.grid_headers import GridHeader
from crm_desktop.services import record_query
from tests.make import Make

NAME = EffectiveField("fld_name", "name", "Name", "text")
STAGES = {"options": [{"value": "won", "label": "Won", "color": "#22aa55"}]}


def names(page: RecordsPage) -> list[str]:
    return [str(page.model.index(row, 0).data()) for row in range(page.model.rowCount())]


def is_listed(page: RecordsPage, expected: list[str]) -> bool:
    return names(page) == expected


def click_heading(
    qtbot: QtBot,
    page: RecordsPage,
    column: int,
    modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier,
) -> None:
    header = page.grid.horizontalHeader()
    place = QPoint(header.sectionViewportPosition(column) + 30, header.height() // 2)
    qtbot.mouseClick(header.viewport(), Qt.MouseButton.LeftButton, modifier, place)


def slow_page(session: ReadSession, *_: object, **__: object) -> None:
    """Take so long that somebody stops it."""
    session.execute(text("SELECT pg_sleep(60)"))


def shown(qtbot: QtBot, tasks: Tasks, object_id: str) -> RecordsPage:
    page = RecordsPage(tasks, object_id)
    qtbot.addWidget(page)
    page.resize(1200, 600)
    page.show()
    qtbot.waitUntil(lambda: page.model.is_settled)
    return page


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

    qtbot.keyClicks(page.list.search, "hop")
    qtbot.waitUntil(lambda: names(page) == ["Grace Hopper"])
    qtbot.waitUntil(lambda: page.status.startswith("1 "))

    qtbot.keyClicks(page.list.search, "x")
    qtbot.waitUntil(lambda: names(page) == [] and page.model.is_settled)
    page.list.search.clear()
    qtbot.waitUntil(lambda: len(names(page)) == 2)


def test_a_click_on_a_heading_sorts_in_the_database(qtbot: QtBot, tasks: Tasks, make: Make) -> None:
    make.field("amount", "number")
    deal = make.object("deal", fields=["name", "amount"])
    for name, amount in (("b", 9), ("a", 100), ("c", None)):
        make.record(deal, {"fld_name": name, "fld_amount": amount})
    page = shown(qtbot, tasks, deal)

    for expected in (["b", "a", "c"], ["a", "b", "c"], ["c", "a", "b"]):  # up, down, newest first
        click_heading(qtbot, page, 1)
        qtbot.waitUntil(partial(is_listed, page, expected))


def test_a_click_with_shift_sorts_by_one_more_column_and_numbers_tell_their_order(
    qtbot: QtBot, tasks: Tasks, make: Make
) -> None:
    make.field("amount", "number")
    deal = make.object("deal", fields=["name", "amount"])
    for name, amount in (("b", 1), ("a", 2), ("c", 1)):
        make.record(deal, {"fld_name": name, "fld_amount": amount})
    page = shown(qtbot, tasks, deal)
    header = page.grid.horizontalHeader()
    assert isinstance(header, GridHeader)

    click_heading(qtbot, page, 1)
    assert header.sorted_columns() == {1: (False, 0)}
    click_heading(qtbot, page, 0, Qt.KeyboardModifier.ShiftModifier)
    assert header.sorted_columns() == {1: (False, 1), 0: (False, 2)}
    qtbot.waitUntil(partial(is_listed, page, ["b", "c", "a"]))

    click_heading(qtbot, page, 0, Qt.KeyboardModifier.ShiftModifier)
    qtbot.waitUntil(partial(is_listed, page, ["c", "b", "a"]))


@pytest.mark.qt_log_ignore("grabbing the keyboard")  # menus, off the screen
def test_the_keyboard_sorts_as_well(qtbot: QtBot, tasks: Tasks, make: Make) -> None:
    deal = make.object("deal", fields=["name"])
    for name in ("b", "a", "c"):
        make.record(deal, {"fld_name": name})
    page = shown(qtbot, tasks, deal)

    page.sort_action.trigger()
    menu = page.grid.findChildren(QMenu)[-1]
    assert menu.activeAction().text() == "Sort upward"
    qtbot.keyClick(menu, Qt.Key.Key_Down)
    qtbot.keyClick(menu, Qt.Key.Key_Return)

    qtbot.waitUntil(partial(is_listed, page, ["c", "b", "a"]))
    notes = [action.text() for action in page.list.sorting.menu_for(0).actions()]
    assert notes[-1] == "Text is sorted by: lower case, C"


def test_one_goes_to_a_row_by_its_number_and_to_the_end(
    qtbot: QtBot, tasks: Tasks, make: Make
) -> None:
    deal = make.object("deal", fields=["name"])
    ids = make.records(deal, 3000)[::-1]
    page = shown(qtbot, tasks, deal)

    page.go_to_action.trigger()
    (dialog,) = page.findChildren(GoToRowDialog)
    dialog.number.setValue(2001)
    qtbot.keyClick(dialog, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: page.list.current_id() == ids[2000])
    qtbot.waitUntil(lambda: page.inspector.record_id == ids[2000])

    qtbot.keyClick(page.grid, Qt.Key.Key_End, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: page.list.current_id() == ids[-1])


def test_dragging_the_scroll_bar_to_any_place_shows_the_rows_there(
    qtbot: QtBot, tasks: Tasks, make: Make
) -> None:
    deal = make.object("deal", fields=["name"])
    ids = make.records(deal, 5000)[::-1]
    page = shown(qtbot, tasks, deal)
    bar = page.grid.verticalScrollBar()
    for share in (0.7, 0.2, 0.95):
        bar.setValue(round(bar.maximum() * share))
        row = page.grid.visible_rows()[0]
        assert row > 500
        qtbot.waitUntil(lambda row=row: page.model.index(row, 0).data() == ids[row])  # type: ignore[misc]


def test_a_footer_shows_what_was_chosen_for_a_column_and_keeps_it(
    qtbot: QtBot, tasks: Tasks, make: Make
) -> None:
    make.field("amount", "currency", config={"currency": "EUR"})
    deal = make.object("deal", fields=["name", "amount"])
    for name, amount in (
        ("Orion", 1000),
        ("Maple", Decimal("234.50")),
        ("Vega", None),
        ("Odd", "x"),
    ):
        make.record(deal, {"fld_name": name, "fld_amount": amount})
    page = shown(qtbot, tasks, deal)
    assert page.list.footer.text().startswith("4 ")

    menu = page.list.summaries.menu_for(1)
    next(action for action in menu.actions() if action.text() == "Sum").trigger()
    total, orion = (
        "Sum " + type_of("currency").display(amount, page.model.columns[1], system_formats())
        for amount in (Decimal("1234.50"), 1000)
    )
    qtbot.waitUntil(lambda: page.list.footer.text_under(1) == total)
    qtbot.keyClicks(page.list.search, "rio")
    qtbot.waitUntil(lambda: page.list.footer.text_under(1) == orion)

    again = RecordsPage(tasks, deal)
    qtbot.addWidget(again)
    again.restore_view(page.view_state())
    again.show()
    qtbot.waitUntil(lambda: again.list.footer.text_under(1) == total)
    menu.close()


@pytest.mark.qt_log_ignore("grabbing the keyboard")  # menus, off the screen
def test_the_keyboard_chooses_in_the_footer(qtbot: QtBot, tasks: Tasks, make: Make) -> None:
    make.field("amount", "number")
    deal = make.object("deal", fields=["name", "amount"])
    make.record(deal, {"fld_name": "Orion", "fld_amount": 3})
    page = shown(qtbot, tasks, deal)

    page.list.footer.setFocus()
    qtbot.keyClick(page.list.footer, Qt.Key.Key_Right)
    qtbot.keyClick(page.list.footer, Qt.Key.Key_Return)
    menu = page.list.footer.findChildren(QMenu)[-1]
    qtbot.keyClick(menu, Qt.Key.Key_Down)
    qtbot.keyClick(menu, Qt.Key.Key_Down)
    qtbot.keyClick(menu, Qt.Key.Key_Return)

    qtbot.waitUntil(lambda: page.list.footer.text_under(1) == "Sum 3")


def test_a_query_that_takes_long_says_so_and_can_be_stopped(
    qtbot: QtBot, tasks: Tasks, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    deal = make.object("deal", fields=["name"])
    make.records(deal, 5)
    page = shown(qtbot, tasks, deal)
    page.list.running._patience.setInterval(10)
    monkeypatch.setattr(record_query, "list_page", slow_page)

    page.refresh()
    qtbot.waitUntil(page.list.running.stop.isVisible)
    qtbot.mouseClick(page.list.running.stop, Qt.MouseButton.LeftButton)
    assert "stopped" in page.list.running.label.text()
    assert not page.model.is_reading
    assert len(names(page)) == 5
    qtbot.waitUntil(lambda: not tasks.is_busy)

    monkeypatch.undo()
    qtbot.mouseClick(page.list.running.resume, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: page.model.is_settled and page.list.running.isHidden())


def test_what_others_change_appears_and_the_current_record_stays_current(
    qtbot: QtBot, tasks: Tasks, make: Make
) -> None:
    deal = make.object("deal", fields=["name"])
    for name in ("a", "b"):
        make.record(deal, {"fld_name": name})
    page = shown(qtbot, tasks, deal)
    page.grid.setCurrentIndex(page.model.index(1, 0))
    current = page.list.current_id()

    make.record(deal, {"fld_name": "new"})
    page.refresh()
    qtbot.waitUntil(lambda: page.model.rowCount() == 3)

    assert names(page)[0] == "new"
    assert page.list.current_id() == current
    assert page.grid.currentIndex().row() == 2


def test_control_enter_opens_the_record_and_control_n_a_new_one(
    qtbot: QtBot, tasks: Tasks, make: Make
) -> None:
    deal = make.object("deal", fields=["name"])
    record = make.record(deal, {"fld_name": "Orion"})
    page = shown(qtbot, tasks, deal)
    with qtbot.waitSignal(page.open_requested) as opened:
        page.open_action.trigger()
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
    assert again.inspecting.pane.isHidden()
    assert page.grid.columnWidth(1) == again.grid.columnWidth(1)


def test_a_narrow_page_shows_the_list_alone_until_there_is_room_again(
    qtbot: QtBot, tasks: Tasks, make: Make
) -> None:
    deal = make.object("deal", fields=["name"])
    make.record(deal, {"fld_name": "Orion"})
    page = shown(qtbot, tasks, deal)
    assert page.inspector.isVisible()
    words = page.new_button.text()
    assert words

    page.resize(600, 500)
    assert not page.inspector.isVisible()
    assert not page.inspector_action.isChecked()  # it says what is seen
    assert page.minimumSizeHint().width() <= 600
    assert json.loads(page.view_state() or "{}").get("inspector") is None
    page.resize(page.minimumSizeHint().width(), 500)
    assert (page.new_button.text(), page.new_button.accessibleName()) == ("", words)
    page.resize(1200, 600)
    assert page.inspector.isVisible()
    assert page.new_button.text() == words


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
