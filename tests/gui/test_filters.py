"""Filtering a list: chips, the builder by keyboard alone, and a column's values to tick."""

from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QApplication, QWidget
from pytestqt.qtbot import QtBot

from crm_desktop.domain.filters import Condition, Group, LinkCondition, Part
from crm_desktop.gui.filters.builder import PartRow
from crm_desktop.gui.filters.filter_editor import FilterDialog
from crm_desktop.gui.filters.quick_filter import QuickFilter
from crm_desktop.gui.pages.records import RecordsPage
from crm_desktop.gui.tasks import Tasks
from tests.gui.asking import activate, open_dialog
from tests.gui.test_accessible_names import nameless
from tests.make import Make

STAGES = {"options": [{"value": "won", "label": "Won", "color": "#22aa55"},
                      {"value": "lost", "label": "Lost"}]}  # fmt: skip
KEY = Qt.Key


@pytest.fixture
def deal(make: Make) -> str:
    make.field("stage", "select", config=STAGES)
    make.field("amount", "number")
    make.field("day", "date")
    make.field("hot", "boolean")
    deal = make.object("deal", ["name", "stage", "amount", "day", "hot"])
    for name, stage, amount in (("Orion", "won", 5), ("Maple", "lost", 50), ("Cedar", None, 500)):
        make.record(deal, {"fld_name": name, "fld_stage": stage, "fld_amount": amount})
    return deal


@pytest.fixture
def page(qtbot: QtBot, tasks: Tasks, deal: str) -> RecordsPage:
    page = RecordsPage(tasks, deal)
    qtbot.addWidget(page)
    page.resize(1200, 700)
    page.show()
    activate(qtbot, page)
    qtbot.waitUntil(lambda: set(names(page)) == {"Orion", "Maple", "Cedar"})
    return page


def names(page: RecordsPage) -> list[str]:
    return [str(page.model.index(row, 0).data()) for row in range(page.model.rowCount())]


def chips(page: RecordsPage) -> list[str]:
    return [chip.label.text() for chip in page.list.filters.chips]


def open_builder(qtbot: QtBot, page: RecordsPage) -> FilterDialog:
    both = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    qtbot.keyClick(page, KEY.Key_F, both)
    dialog = open_dialog(qtbot, FilterDialog)
    activate(qtbot, dialog)
    return dialog


def focused() -> QWidget:
    widget = QApplication.focusWidget()
    assert isinstance(widget, QWidget)
    return widget


def type_keys(qtbot: QtBot, text: str) -> None:
    qtbot.keyClicks(focused(), text)


def tab(qtbot: QtBot, times: int = 1) -> None:
    for _ in range(times):
        qtbot.keyClick(focused(), KEY.Key_Tab)


def apply(qtbot: QtBot, dialog: FilterDialog) -> None:
    qtbot.keyClick(dialog, KEY.Key_Return, Qt.KeyboardModifier.ControlModifier)


def filtered(qtbot: QtBot, page: RecordsPage, *parts: Part, shows: set[str]) -> None:
    page.list.filters.set_parts(parts)
    qtbot.waitUntil(lambda: len(page.list.filters.chips) == len(parts))
    qtbot.waitUntil(lambda: set(names(page)) == shows and page.model.is_settled)


def test_a_filter_is_built_and_applied_by_keyboard_alone(qtbot: QtBot, page: RecordsPage) -> None:
    dialog = open_builder(qtbot, page)
    type_keys(qtbot, "Am")  # the field
    tab(qtbot)
    for _ in range(5):
        qtbot.keyClick(focused(), KEY.Key_Down)  # the operator: is at least
    tab(qtbot)
    type_keys(qtbot, "50")
    apply(qtbot, dialog)

    qtbot.waitUntil(lambda: set(names(page)) == {"Maple", "Cedar"})
    assert page.list.filters.parts == (Condition("fld_amount", "at_least", 50),)
    assert chips(page) == ["Amount is at least 50"]
    assert page.list.filters.isVisible()
    qtbot.waitUntil(lambda: page.status.startswith("2 "))


def test_what_was_typed_stays_where_it_is_refused(qtbot: QtBot, page: RecordsPage) -> None:
    dialog = open_builder(qtbot, page)
    type_keys(qtbot, "Am")
    tab(qtbot, 2)
    type_keys(qtbot, "many")
    apply(qtbot, dialog)

    row = dialog.root.rows[0]
    assert isinstance(row, PartRow)
    assert "“many” is not a number" in row.problem.text()
    assert dialog.isVisible()
    assert page.list.filters.parts == ()
    assert row.isAncestorOf(focused())
    dialog.done(FilterDialog.DialogCode.Rejected)


def test_groups_are_nested_by_keyboard(qtbot: QtBot, page: RecordsPage) -> None:
    dialog = open_builder(qtbot, page)
    tab(qtbot, 2)
    type_keys(qtbot, "r")  # Name contains r
    dialog.root.group_button.setFocus()
    qtbot.keyClick(focused(), KEY.Key_Return)  # a group, with the keyboard in its first row
    type_keys(qtbot, "Am")
    tab(qtbot, 2)
    type_keys(qtbot, "5")
    inner = dialog.root.rows[1]
    assert not isinstance(inner, PartRow)
    inner.add_button.setFocus()
    qtbot.keyClick(focused(), KEY.Key_Return)
    type_keys(qtbot, "Am")
    tab(qtbot, 2)
    type_keys(qtbot, "500")
    apply(qtbot, dialog)

    equal = [Condition("fld_amount", "equals", amount) for amount in (5, 500)]
    either = Group("any", tuple(equal))
    assert page.list.filters.parts == (Condition("fld_name", "contains", "r"), either)
    assert chips(page) == ["Name contains r", "Amount is 5 or Amount is 500"]
    qtbot.waitUntil(lambda: set(names(page)) == {"Orion", "Cedar"})


ON_EVERY_TYPE: list[Part] = [
    Condition("fld_name", "is_any_of", ("Orion", "a, b")),
    Condition("fld_stage", "is_any_of", ("won", "gone")),
    Condition("fld_stage", "equals", "won"),
    Condition("fld_amount", "between", (1, 7)),
    Condition("fld_amount", "is_none_of", (1, 7)),
    Condition("fld_day", "in_last", (3, "weeks")),
    Condition("fld_day", "between", ("2024-01-01", "2024-12-31")),
    Condition("fld_day", "this_quarter"),
    Condition("fld_hot", "is_true"),
    Condition("fld_hot", "equals", True),
    Condition("fld_friend", "is_any_of", ("rec_x", "rec_y")),
    Condition("fld_agent", "is_me"),
    Condition("fld_agent", "is_any_of", ("00000000-0000-7000-8000-000000000001",)),
    Condition("fld_tags", "has_all_of", ("a", "b")),
    Condition("fld_moment", "before", "2024-01-01"),
    Condition("fld_moment", "equals", "2024-01-01T10:00:30Z"),
    Condition("fld_file", "is_not_empty"),
    Group("none", (Condition("fld_name", "is_empty"), Condition("fld_hot", "is_false"))),
    LinkCondition("rel_account_deal", is_from=False, operator="has_no_link"),
    LinkCondition("rel_account_deal", is_from=False,
                  where=Group("any", (Condition("fld_name", "contains", "x"),))),
]  # fmt: skip


def test_the_builder_shows_every_kind_of_condition_and_gives_it_back(
    qtbot: QtBot, tasks: Tasks, make: Make, deal: str
) -> None:
    make.relationship(make.object("account", ["name"]), deal, "1:N")
    make.field("friend", "reference")
    make.field("agent", "lookup", config={"lookupObject": "user"})
    make.field("tags", "multiselect", config={"options": ["a", "b"]})
    make.field("moment", "datetime")
    make.field("file", "file")
    for name in ("friend", "agent", "tags", "moment", "file"):
        make.attach(deal, name)
    page = RecordsPage(tasks, deal)
    qtbot.addWidget(page)
    page.show()
    page.list.filters.set_parts(tuple(ON_EVERY_TYPE))
    page.list.filters.open_editor()
    dialog = open_dialog(qtbot, FilterDialog)

    assert dialog.root.group().parts == tuple(ON_EVERY_TYPE)
    assert dialog.root.check()
    assert not dialog.is_changed()
    assert nameless(dialog) == []
    dialog.reject()


def test_a_chip_is_removed_and_opened_by_keyboard(qtbot: QtBot, page: RecordsPage) -> None:
    first, second = Condition("fld_name", "contains", "r"), Condition("fld_amount", "less", 100)
    filtered(qtbot, page, first, second, shows={"Orion"})

    page.list.filters.chips[1].setFocus()
    qtbot.keyClick(focused(), KEY.Key_Return)
    dialog = open_dialog(qtbot, FilterDialog)
    activate(qtbot, dialog)
    row = dialog.root.rows[1]
    assert isinstance(row, PartRow)
    qtbot.waitUntil(lambda: row.isAncestorOf(focused()))
    qtbot.keyClick(dialog, KEY.Key_Escape)
    activate(qtbot, page)

    page.list.filters.chips[0].setFocus()
    qtbot.keyClick(focused(), KEY.Key_Delete)
    qtbot.waitUntil(lambda: set(names(page)) == {"Orion", "Maple"})
    assert page.list.filters.chips[0].hasFocus()
    page.list.filters.clear_button.setFocus()
    qtbot.keyClick(focused(), KEY.Key_Return)
    qtbot.waitUntil(lambda: len(names(page)) == 3)
    assert page.list.filters.isHidden()


def test_an_empty_result_offers_to_clear_the_filters(qtbot: QtBot, page: RecordsPage) -> None:
    filtered(qtbot, page, Condition("fld_name", "equals", "nobody"), shows=set())
    buttons = page.grid.findChildren(QAbstractButton)
    clear = next(each for each in buttons if each.text() == "Clear filters" and each.isVisible())
    qtbot.mouseClick(clear, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: len(names(page)) == 3)


def test_sorting_and_searching_keep_the_filters(qtbot: QtBot, page: RecordsPage) -> None:
    filtered(qtbot, page, Condition("fld_amount", "at_least", 50), shows={"Maple", "Cedar"})
    page.grid.horizontalHeader().setSortIndicator(0, Qt.SortOrder.AscendingOrder)
    qtbot.waitUntil(lambda: names(page) == ["Cedar", "Maple"])
    qtbot.keyClicks(page.list.search, "r")
    qtbot.waitUntil(lambda: names(page) == ["Cedar"])


def test_a_condition_on_a_field_that_was_detached_says_so_and_can_be_removed(
    qtbot: QtBot, page: RecordsPage, make: Make
) -> None:
    filtered(qtbot, page, Condition("fld_amount", "less", 10), shows={"Orion"})
    make.sql("DELETE FROM object_fields WHERE field_id = 'fld_amount'")
    page.refresh()

    qtbot.waitUntil(lambda: page.list.filters.problem() != "")
    assert "no longer exists" in page.list.filters.problem()
    chip = page.list.filters.chips[0]
    assert chip.accessibleDescription() == "This field no longer exists."
    chip.setFocus()
    qtbot.keyClick(chip, KEY.Key_Delete)
    qtbot.waitUntil(lambda: len(names(page)) == 3)


# A column's values


def quick(qtbot: QtBot, page: RecordsPage, column: int) -> QuickFilter:
    page.grid.setCurrentIndex(page.model.index(0, column))
    page.quick_filter_action.trigger()

    def found() -> list[QuickFilter]:
        return [w for w in page.window().findChildren(QuickFilter) if w.isVisible()]

    qtbot.waitUntil(lambda: len(found()) == 1)
    return found()[0]


def lines(popup: QuickFilter) -> list[tuple[str, Any, bool]]:
    items = [popup.values.item(row) for row in range(popup.values.count())]
    count = Qt.ItemDataRole.UserRole + 1
    return [(i.text(), i.data(count), i.checkState() == Qt.CheckState.Checked) for i in items]


@pytest.mark.qt_log_ignore("grabbing the keyboard", extend=True)
def test_values_of_a_column_are_ticked_by_keyboard(qtbot: QtBot, page: RecordsPage) -> None:
    popup = quick(qtbot, page, 1)
    qtbot.waitUntil(lambda: popup.values.count() == 3)
    assert lines(popup) == [("Lost", "1", False), ("Won", "1", False), ("(empty)", "1", False)]

    popup.values.setFocus()
    qtbot.keyClick(popup.values, KEY.Key_Down)
    qtbot.keyClick(popup.values, KEY.Key_Space)
    qtbot.keyClick(popup.values, KEY.Key_Down)
    qtbot.keyClick(popup.values, KEY.Key_Space)
    qtbot.keyClick(popup.values, KEY.Key_Return)

    qtbot.waitUntil(lambda: set(names(page)) == {"Orion", "Cedar"})
    qtbot.waitUntil(lambda: chips(page) == ["Stage is any of Won or Stage is empty"])

    again = quick(qtbot, page, 1)
    qtbot.waitUntil(lambda: again.values.count() == 3)
    assert [ticked for _, _, ticked in lines(again)] == [False, True, True]
    qtbot.mouseClick(again.clear_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: len(names(page)) == 3)


@pytest.mark.qt_log_ignore("grabbing the keyboard", extend=True)
def test_a_search_among_values_keeps_what_was_ticked(qtbot: QtBot, page: RecordsPage) -> None:
    popup = quick(qtbot, page, 0)
    qtbot.waitUntil(lambda: popup.values.count() == 3)
    popup.values.item(0).setCheckState(Qt.CheckState.Checked)
    assert popup.values.item(0).text() == "Cedar"
    qtbot.keyClicks(popup.search, "map")
    qtbot.waitUntil(lambda: [line[0] for line in lines(popup)] == ["Maple"])
    popup.values.item(0).setCheckState(Qt.CheckState.Checked)
    qtbot.mouseClick(popup.apply_button, Qt.MouseButton.LeftButton)

    qtbot.waitUntil(lambda: set(names(page)) == {"Cedar", "Maple"})
    assert page.list.filters.parts == (Condition("fld_name", "is_any_of", ("Cedar", "Maple")),)


def test_the_ways_to_filter_are_in_the_page_s_menu(page: RecordsPage) -> None:
    texts = [action.text() for action in page.actions()]
    assert "Filter…" in texts
    assert "Filter by values of this column" in texts
