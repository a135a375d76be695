"""Hostile moments and hostile content in a record list: nothing is lost, nothing goes elsewhere."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from pytestqt.qtbot import QtBot

from crm_desktop.domain.filters import Grouping
from crm_desktop.gui.delegates import Mark
from crm_desktop.gui.pages import large_selection
from crm_desktop.gui.tasks import Tasks
from tests.gui.hands import Hands, data_of
from tests.make import Make

KEY, CONTROL = Qt.Key, Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier
MOVED = "The list changed meanwhile. Refresh it, and try again."


@pytest.fixture
def deals(make: Make) -> tuple[str, list[str]]:
    make.field("amount", "number")
    deal = make.object("deal", fields=["name", "amount"])
    ids = [make.record(deal, {"fld_name": n, "fld_amount": i}) for i, n in enumerate("abc")]
    return deal, ids[::-1]  # the newest first, as listed


@pytest.fixture
def hands(qtbot: QtBot, tasks: Tasks, make: Make, deals: tuple[str, list[str]]) -> Hands:
    return Hands(qtbot, tasks, make, deals[0])


def refusals_of(hands: Hands) -> list[str]:
    said: list[str] = []
    hands.page.refused.connect(lambda error: said.append(str(error)))
    return said


def sort_by_name(hands: Hands) -> None:
    header = hands.page.grid.horizontalHeader()
    where = QPoint(header.sectionViewportPosition(0) + 30, header.height() // 2)
    hands.qtbot.mouseClick(header.viewport(), Qt.MouseButton.LeftButton, pos=where)


@pytest.mark.parametrize("key", [KEY.Key_V, KEY.Key_X])
def test_a_paste_or_cut_whose_list_was_sorted_meanwhile_touches_no_other_record(
    hands: Hands, make: Make, deals: tuple[str, list[str]], key: Qt.Key
) -> None:
    said = refusals_of(hands)
    QGuiApplication.clipboard().setText("pasted")
    hands.go_to(0, 0)  # c
    hands.press(key, CONTROL)
    sort_by_name(hands)  # a is on top now
    hands.qtbot.waitUntil(lambda: not hands.page._tasks.is_busy and hands.text(0, 0) == "a")
    stored = [data_of(make, record).get("fld_name") for record in deals[1]]
    assert said == [MOVED]
    assert stored == ["c", "b", "a"]


def test_find_in_a_selection_made_before_the_list_was_sorted_looks_into_no_other_record(
    hands: Hands,
) -> None:
    said = refusals_of(hands)
    hands.go_to(0, 0)
    hands.press(KEY.Key_H, CONTROL)
    form = hands.page.finding.dialog.form
    form.text.setText("a")
    form.in_selection.setChecked(True)
    hands.come_forward()
    sort_by_name(hands)
    hands.qtbot.waitUntil(lambda: hands.text(0, 0) == "a")
    dialog = hands.page.finding.dialog
    dialog.count()
    assert said == [MOVED]
    assert not dialog.sentence.text()
    dialog.reject()


def test_an_edit_in_a_column_that_is_taken_away_ends_beside_it(
    hands: Hands, make: Make, deals: tuple[str, list[str]]
) -> None:
    hands.go_to(0, 0)
    hands.type("typed")
    make.sql("DELETE FROM object_fields WHERE field_id = 'fld_name'")
    hands.page.refresh()
    hands.qtbot.waitUntil(lambda: hands.page.grid.isColumnHidden(0))
    hands.press(KEY.Key_Tab)
    assert hands.place() == (1, 1)  # it was moved behind the others
    hands.qtbot.waitUntil(lambda: hands.marks() == {(0, 0): Mark.REFUSED})
    hands.editing.drop_unsaved()


def test_a_short_list_to_which_others_added_very_many_is_counted_anew(
    hands: Hands, make: Make, deals: tuple[str, list[str]]
) -> None:
    assert hands.page.model.total == 3
    make.records(deals[0], 900)
    hands.page.refresh()
    hands.qtbot.waitUntil(lambda: hands.page.model.rowCount() == 903)
    assert hands.page.model.total == 903


def test_a_refused_value_is_mended_by_what_is_pasted_over_it(
    hands: Hands, make: Make, deals: tuple[str, list[str]]
) -> None:
    hands.go_to(0, 1)
    hands.type("12x")
    hands.press(KEY.Key_Return)
    hands.qtbot.waitUntil(lambda: hands.marks() == {(0, 1): Mark.REFUSED})
    QGuiApplication.clipboard().setText("77")
    hands.go_to(0, 1)
    hands.press(KEY.Key_V, CONTROL)
    hands.wait_stored(deals[1][0], "fld_amount", 77)
    hands.qtbot.waitUntil(lambda: hands.text(0, 1) == "77")
    assert not hands.page.has_unsaved()


def test_a_heading_is_neither_pasted_over_nor_called_a_row_that_is_awaited(hands: Hands) -> None:
    said = refusals_of(hands)
    hands.page.list.grouping = Grouping("fld_amount")
    hands.qtbot.waitUntil(
        lambda: hands.page.model.is_settled and bool(hands.page.model.groups.plan)
    )
    QGuiApplication.clipboard().setText("pasted")
    hands.go_to(0, 0)
    hands.press(KEY.Key_F2)
    hands.press(KEY.Key_V, CONTROL)
    hands.qtbot.waitUntil(lambda: not hands.page._tasks.is_busy)
    assert not said


def test_everything_selected_twice_over_is_not_followed_cell_by_cell(
    hands: Hands,
    make: Make,
    deals: tuple[str, list[str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    make.records(deals[0], 97)
    hands.page.refresh()
    hands.qtbot.waitUntil(lambda: hands.page.model.rowCount() == 100)
    monkeypatch.setattr(large_selection, "MANY", 50)
    hands.press(KEY.Key_A, CONTROL)
    hands.press(KEY.Key_Space, SHIFT)
    hands.press(KEY.Key_Space, CONTROL)
    followed: list[int] = []
    model = hands.page.model
    model.layoutAboutToBeChanged.connect(lambda: followed.append(len(model.persistentIndexList())))
    with hands.qtbot.waitSignal(model.took_again):
        hands.page.refresh()
    assert max(followed) < 200  # the tester of the model follows a hundred
    assert hands.page.grid.count_selected_rows() == 100


def test_a_paste_into_a_list_that_is_being_read_makes_no_new_records(hands: Hands) -> None:
    said = refusals_of(hands)
    QGuiApplication.clipboard().setText("pasted")
    hands.go_to(0, 0)
    sort_by_name(hands)
    assert not hands.page.model.rowCount()  # until the answer is here
    hands.press(KEY.Key_V, CONTROL)
    assert said == ["The records are still being read. Try again in a moment."]
    hands.qtbot.waitUntil(lambda: not hands.page._tasks.is_busy)
