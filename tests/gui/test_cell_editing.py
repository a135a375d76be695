"""Editing in the cells of a record list, by keyboard and mouse, on a real database."""

from __future__ import annotations

from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from sqlalchemy import text

from crm_desktop.db.database import Database
from crm_desktop.db.draft_files import open_drafts
from crm_desktop.db.problems import UncertainCommit
from crm_desktop.db.tables import Record
from crm_desktop.domain.access import Actor
from crm_desktop.gui.delegates import Mark
from crm_desktop.gui.dialogs.conflict_dialog import ConflictDialog
from crm_desktop.gui.drafts import Drafts
from crm_desktop.gui.tasks import Tasks
from tests.gui.hands import Hands, data_of, is_stored
from tests.make import Make
from tests.stalling import proxied

KEY, PLAIN = Qt.Key, Qt.KeyboardModifier.NoModifier
CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
ALT = Qt.KeyboardModifier.AltModifier
STAGES = {
    "options": [
        {"value": "open", "label": "Open", "color": "#3b82f6"},
        {"value": "won", "label": "Won", "color": "#22aa55"},
        {"value": "lost", "label": "Lost", "color": "#cc3344"},
    ]
}


def texts_in(folder: Path) -> list[str]:
    return [file.read_text() for file in folder.rglob("*.jsonl")]


@pytest.fixture
def deals(make: Make) -> tuple[str, list[str]]:
    make.field("amount", "number")
    deal = make.object("deal", fields=["name", "amount"])
    ids = [make.record(deal, {"fld_name": n, "fld_amount": i}) for i, n in enumerate("cba")]
    return deal, ids[::-1]  # the newest first, as listed


def test_typing_replaces_a_cell_and_enter_and_tab_go_on(
    qtbot: QtBot, tasks: Tasks, make: Make, deals: tuple[str, list[str]]
) -> None:
    deal, (first, second, third) = deals
    hands = Hands(qtbot, tasks, make, deal)
    hands.type("Orion")
    hands.press(KEY.Key_Return)
    assert hands.place() == (1, 0)
    hands.type("Vega")
    hands.press(KEY.Key_Tab)
    assert hands.place() == (1, 1)
    hands.type("7")
    hands.press(KEY.Key_Tab)
    assert hands.place() == (2, 0)  # the next row's first cell
    hands.press(KEY.Key_Backtab)
    assert hands.place() == (1, 1)

    hands.wait_stored(first, "fld_name", "Orion")
    hands.wait_stored(second, "fld_name", "Vega")
    hands.wait_stored(second, "fld_amount", 7)
    assert [hands.text(row, 0) for row in range(3)] == ["Orion", "Vega", "c"]
    qtbot.waitUntil(lambda: hands.marks().get((1, 1)) is Mark.SAVED)
    assert data_of(make, third) == {"fld_name": "c", "fld_amount": 0}


def test_escape_drops_what_was_typed_and_f2_keeps_the_content(
    qtbot: QtBot, tasks: Tasks, make: Make, deals: tuple[str, list[str]]
) -> None:
    deal, (first, *_) = deals
    hands = Hands(qtbot, tasks, make, deal)
    hands.type("xyz")
    hands.press(KEY.Key_Escape)
    assert hands.text(0, 0) == "a"
    assert hands.editor() is None
    hands.press(KEY.Key_F2)
    hands.type("bc")
    hands.press(KEY.Key_Left)  # moves the caret
    hands.type("-")
    hands.press(KEY.Key_Down)  # has no use in a line, and does not reach the grid
    assert hands.place() == (0, 0)
    hands.press(KEY.Key_Return, SHIFT)  # there is no row above
    hands.wait_stored(first, "fld_name", "ab-c")
    hands.type("n")
    hands.press(KEY.Key_Right)  # after typing, arrows go on
    assert hands.place() == (0, 1)
    hands.wait_stored(first, "fld_name", "n")


def test_one_click_toggles_a_box_and_space_as_well(qtbot: QtBot, tasks: Tasks, make: Make) -> None:
    make.field("hot", "boolean")
    deal = make.object("deal", fields=["name", "hot"])
    record = make.record(deal, {"fld_name": "Orion"})
    hands = Hands(qtbot, tasks, make, deal)
    hands.click(0, 1)
    hands.wait_stored(record, "fld_hot", True)
    hands.press(KEY.Key_Space)
    hands.wait_stored(record, "fld_hot", False)
    hands.press(KEY.Key_Delete)
    hands.wait_stored(record, "fld_hot", None)


def test_selected_cells_are_cleared_and_filled_down_in_one_step_of_undo(
    qtbot: QtBot, tasks: Tasks, make: Make, deals: tuple[str, list[str]]
) -> None:
    deal, ids = deals
    hands = Hands(qtbot, tasks, make, deal)
    steps: list[Any] = []
    tasks.edited.connect(steps.append)
    hands.go_to(0, 1)
    hands.press(KEY.Key_Down, SHIFT)
    hands.press(KEY.Key_Down, SHIFT)
    hands.press(KEY.Key_D, CONTROL)
    for record in ids:
        hands.wait_stored(record, "fld_amount", 2)
    assert len(steps) == 1
    assert len(steps[0]) == 2  # the first row had it already

    hands.press(KEY.Key_Backspace)
    for record in ids:
        hands.wait_stored(record, "fld_amount", None)
    assert len(steps) == 2
    hands.press(KEY.Key_Space, SHIFT)
    assert hands.page.grid.count_selected_rows() == 3
    hands.go_to(1, 1)
    hands.press(KEY.Key_Space, CONTROL)
    assert hands.page.grid.selected_rows() == [0, 1, 2]


@pytest.mark.qt_log_ignore("grabbing the keyboard")  # lists and calendars, off the screen
def test_choices_numbers_and_dates_are_typed_and_picked_in_their_cells(
    qtbot: QtBot, tasks: Tasks, make: Make
) -> None:
    make.field("stage", "select", config=STAGES)
    make.field("tags", "multiselect", config=STAGES)
    make.field("amount", "currency", config={"currency": "EUR"})
    make.field("due", "date")
    deal = make.object("deal", fields=["name", "stage", "tags", "amount", "due"])
    record = make.record(deal, {"fld_name": "Orion"})
    hands = Hands(qtbot, tasks, make, deal)

    hands.go_to(0, 1)
    hands.press(KEY.Key_Return)
    hands.press(KEY.Key_Return)  # takes it from the list
    hands.wait_stored(record, "fld_stage", "open")
    hands.type("wo")  # a part of one label
    hands.press(KEY.Key_Tab)
    hands.wait_stored(record, "fld_stage", "won")
    assert hands.place() == (0, 2)
    for key in (KEY.Key_Return, KEY.Key_Space, KEY.Key_Down, KEY.Key_Space, KEY.Key_Return):
        hands.press(key)
    hands.wait_stored(record, "fld_tags", ["open", "won"])
    hands.go_to(0, 3)
    hands.type("1234.5")
    hands.press(KEY.Key_Tab)
    hands.wait_stored(record, "fld_amount", Decimal("1234.5"))
    assert hands.place() == (0, 4)
    hands.press(KEY.Key_Semicolon, CONTROL)
    qtbot.waitUntil(lambda: "fld_due" in data_of(make, record))
    hands.type("2026-12-24")
    hands.press(KEY.Key_Down, ALT)  # the calendar
    hands.press(KEY.Key_Right)
    hands.press(KEY.Key_Return)
    hands.wait_stored(record, "fld_due", "2026-12-25")


@pytest.mark.qt_log_ignore("grabbing the keyboard")
def test_long_text_records_users_and_files_are_edited_over_their_cells(
    qtbot: QtBot, tasks: Tasks, make: Make
) -> None:
    account = make.object("account", fields=["name"])
    acme = make.record(account, {"fld_name": "Acme"})
    make.field("notes", "textarea")
    make.field("account", "reference", config={"targetObjectId": account})
    make.field("owner", "lookup", config={"lookupObject": "user"})
    make.field("paper", "file")
    deal = make.object("deal", fields=["notes", "account", "owner", "paper"])
    record = make.record(deal)
    hands = Hands(qtbot, tasks, make, deal)

    hands.type("one")
    hands.press(KEY.Key_Return, ALT)
    hands.type("two")
    hands.press(KEY.Key_Tab)
    hands.wait_stored(record, "fld_notes", "one\ntwo")
    me = str(make.admin.user_id)
    for column, words, field, value in ((1, "acm", "account", acme), (2, "ada", "owner", me)):
        hands.go_to(0, column)
        hands.type(words)
        qtbot.waitUntil(lambda: QApplication.activePopupWidget() is not None)
        hands.press(KEY.Key_Return)  # there is only one
        hands.wait_stored(record, f"fld_{field}", value)
    assert [hands.text(0, column) for column in (1, 2)] == ["Acme", "Ada Admin"]
    with qtbot.waitSignal(hands.page.open_requested) as opened:
        hands.click(0, 1, modifier=CONTROL)
    assert opened.args == [f"record:{acme}"]
    hands.go_to(0, 3)
    hands.press(KEY.Key_F2)
    hands.type("plan.pdf")
    hands.press(KEY.Key_Tab)
    hands.type("https://example.com/plan.pdf")
    hands.press(KEY.Key_Return)
    file = {"name": "plan.pdf", "url": "https://example.com/plan.pdf"}
    hands.wait_stored(record, "fld_paper", file)


def test_a_value_that_cannot_be_read_stays_in_its_cell_until_it_is_mended_or_dropped(
    qtbot: QtBot, tasks: Tasks, make: Make, deals: tuple[str, list[str]]
) -> None:
    deal, (first, second, _) = deals
    hands = Hands(qtbot, tasks, make, deal)
    hands.go_to(0, 1)
    hands.type("12x")
    hands.press(KEY.Key_Return)
    hands.type("oops")
    hands.press(KEY.Key_Return)
    bar = hands.editing.bar
    qtbot.waitUntil(lambda: bar.isVisible() and bar.message().headline == "2 changes refused.")
    assert hands.marks() == {(0, 1): Mark.REFUSED, (1, 1): Mark.REFUSED}
    tip = hands.page.model.index(0, 1).data(Qt.ItemDataRole.ToolTipRole)
    assert tip
    spoken = hands.page.model.index(0, 1).data(Qt.ItemDataRole.AccessibleTextRole)
    assert spoken == f"12x, refused, {tip}"
    assert hands.page.has_unsaved()
    make.sql("UPDATE records SET created_at = now() WHERE id = :id", id=second)
    hands.page.refresh()  # it moves to the top, and its edit with it
    qtbot.waitUntil(lambda: hands.text(0, 1) == "oops" and hands.text(1, 1) == "12x")

    hands.press(KEY.Key_F8)  # round again from the last row
    assert hands.place() == (0, 1)
    hands.press(KEY.Key_F8)
    assert hands.place() == (1, 1)
    hands.press(KEY.Key_F2)
    hands.press(KEY.Key_End)
    hands.press(KEY.Key_Backspace)
    hands.press(KEY.Key_Return)
    qtbot.waitUntil(partial(is_stored, make, first, "fld_amount", 12))
    hands.press(KEY.Key_F8, SHIFT)
    assert hands.place() == (0, 1)
    hands.press(KEY.Key_Escape)
    assert hands.text(0, 1) == "1"
    qtbot.waitUntil(lambda: not hands.page.has_unsaved() and bar.isHidden())


def test_a_click_elsewhere_a_sort_and_closing_keep_what_stands_in_an_open_editor(
    qtbot: QtBot, tasks: Tasks, make: Make, deals: tuple[str, list[str]]
) -> None:
    deal, (first, second, third) = deals
    hands = Hands(qtbot, tasks, make, deal)
    hands.type("clicked")
    hands.click(1, 0)
    hands.wait_stored(first, "fld_name", "clicked")
    hands.type("sorted")
    header = hands.page.grid.horizontalHeader()
    where = QPoint(header.sectionViewportPosition(0) + 30, header.height() // 2)
    qtbot.mouseClick(header.viewport(), Qt.MouseButton.LeftButton, pos=where)
    hands.wait_stored(second, "fld_name", "sorted")
    qtbot.waitUntil(lambda: hands.page.model.is_settled and hands.page.model.rowCount() == 3)
    assert {hands.text(row, 0) for row in range(3)} == {"c", "clicked", "sorted"}
    row = hands.page.model.row_of(third)
    hands.click(row, 0, twice=True)
    hands.type("left")
    hands.page.hide()
    hands.wait_stored(third, "fld_name", "cleft")


def test_two_people_editing_different_fields_both_win_and_the_same_field_is_refused(
    qtbot: QtBot, tasks: Tasks, make: Make, deals: tuple[str, list[str]]
) -> None:
    deal, (first, *_) = deals
    hands = Hands(qtbot, tasks, make, deal)
    make.sql("""UPDATE records SET data = data || '{"fld_name": "theirs"}'""")
    hands.go_to(0, 1)
    hands.type("9")
    hands.press(KEY.Key_Return)
    hands.wait_stored(first, "fld_amount", 9)
    assert data_of(make, first)["fld_name"] == "theirs"
    assert hands.text(0, 0) == "theirs"  # the row was read back

    make.sql("""UPDATE records SET data = data || '{"fld_amount": 5}'""")
    hands.go_to(0, 1)
    hands.type("6")
    hands.press(KEY.Key_Return)
    qtbot.waitUntil(lambda: hands.marks().get((0, 1)) is Mark.REFUSED)
    assert hands.text(0, 1) == "6"
    assert data_of(make, first)["fld_amount"] == 5

    qtbot.waitUntil(lambda: "Compare…" in hands.links())
    hands.press(KEY.Key_F2, SHIFT)
    qtbot.waitUntil(lambda: bool(hands.page.findChildren(ConflictDialog)))
    (dialog,) = hands.page.findChildren(ConflictDialog)
    dialog.choose_all("mine")
    qtbot.keyClick(dialog, KEY.Key_Return)
    hands.wait_stored(first, "fld_amount", 6)

    make.sql("""UPDATE records SET data = data || '{"fld_amount": 8}'""")
    hands.edit(0, 1, "8")  # as when the answer to a commit was lost: it is stored already
    hands.wait_stored(first, "fld_amount", 8)
    assert Mark.REFUSED not in hands.marks().values()


def test_two_programs_that_edit_at_once_lose_nothing(
    qtbot: QtBot,
    tasks: Tasks,
    make: Make,
    deals: tuple[str, list[str]],
    database_url: str,
    actor: Actor,
) -> None:
    deal, ids = deals
    other = Tasks(Database.at(database_url), actor)
    ada, grace = Hands(qtbot, tasks, make, deal), Hands(qtbot, other, make, deal)
    for row in range(3):  # nobody waits for anybody
        ada.edit(row, 0, f"ada {row}")
        grace.edit(row, 1, str(100 + row))
    for row, record in enumerate(ids):
        ada.wait_stored(record, "fld_name", f"ada {row}")
        grace.wait_stored(record, "fld_amount", 100 + row)

    ada.page.refresh()
    qtbot.waitUntil(lambda: [ada.text(row, 1) for row in range(3)] == ["100", "101", "102"])
    ada.edit(0, 1, "7")
    grace.edit(0, 1, "8")
    qtbot.waitUntil(lambda: Mark.REFUSED in {ada.marks().get((0, 1)), grace.marks().get((0, 1))})
    assert (ada.text(0, 1), grace.text(0, 1)) == ("7", "8")
    assert data_of(make, ids[0])["fld_amount"] in {7, 8}
    other.close()
    other.deleteLater()


def test_what_was_typed_before_the_program_was_killed_is_offered_again(
    qtbot: QtBot, tasks: Tasks, make: Make, deals: tuple[str, list[str]], tmp_path: Path
) -> None:
    deal, (first, second, _) = deals
    begun = Drafts(tasks, partial(open_drafts, tmp_path))
    begun.begin("crm @ here")
    hands = Hands(qtbot, tasks, make, deal, begun)
    hands.go_to(1, 1)
    hands.type("12x")
    hands.press(KEY.Key_Return)
    hands.editing.new_row.action.trigger()
    hands.type("a new one")
    hands.press(KEY.Key_Tab)
    hands.type("13x")  # no number: leaving the row stores nothing
    hands.go_to(0, 0)
    hands.type("half a na")  # still in the editor
    qtbot.waitUntil(lambda: any("half a na" in text for text in texts_in(tmp_path)))
    begun.close()  # as when the process is killed: nothing is tidied up
    hands.page.setParent(None)

    again = Drafts(tasks, partial(open_drafts, tmp_path))
    again.begin("crm @ here")
    hands.editing.editing.cancel()
    later = Hands(qtbot, tasks, make, deal, again)
    bar = later.editing.bar
    qtbot.waitUntil(bar.isVisible)
    assert bar.message().headline == "4 edits were not stored."
    later.follow_link("Show")
    qtbot.waitUntil(lambda: later.text(0, 0) == "half a na" and later.text(1, 1) == "12x")
    row = later.editing.new_row.model
    assert [row.index(0, column).data() for column in range(2)] == ["a new one", "13x"]
    assert later.page.has_unsaved()
    later.page.save()
    qtbot.waitUntil(partial(is_stored, make, first, "fld_name", "half a na"))
    assert later.text(1, 1) == "12x"  # no number: it stays
    assert data_of(make, second)["fld_amount"] == 1
    again.close()


def test_values_typed_fast_into_one_cell_are_stored_in_order(
    qtbot: QtBot, tasks: Tasks, make: Make, deals: tuple[str, list[str]]
) -> None:
    deal, (first, *_) = deals
    hands = Hands(qtbot, tasks, make, deal)
    for word in ("one", "two", "three"):
        hands.go_to(0, 0)
        hands.type(word)
        hands.press(KEY.Key_Return)
    hands.wait_stored(first, "fld_name", "three")
    assert not hands.editing.bar.isVisible()


def test_an_own_edit_leaves_the_row_where_it_is_and_reads_nothing_else_again(
    qtbot: QtBot, tasks: Tasks, make: Make, deals: tuple[str, list[str]]
) -> None:
    deal, ids = deals
    hands = Hands(qtbot, tasks, make, deal)
    header = hands.page.grid.horizontalHeader()
    where = QPoint(header.sectionViewportPosition(0) + 30, header.height() // 2)
    qtbot.mouseClick(header.viewport(), Qt.MouseButton.LeftButton, pos=where)
    qtbot.waitUntil(lambda: hands.page.model.is_settled)
    hands.go_to(0, 0)
    hands.type("zz")
    with qtbot.assertNotEmitted(hands.page.model.layoutChanged):
        hands.press(KEY.Key_Return)
        hands.wait_stored(ids[0], "fld_name", "zz")
    assert hands.text(0, 0) == "zz"
    hands.page.refresh()
    qtbot.waitUntil(lambda: hands.text(2, 0) == "zz")


def test_read_only_and_required_cells_are_refused_at_once(
    qtbot: QtBot, tasks: Tasks, make: Make
) -> None:
    deal = make.object("deal")
    make.attach(deal, "name", is_required=True)
    make.attach(deal, "code", is_readonly=True)
    record = make.record(deal, {"fld_name": "Orion", "fld_code": "D-1"})
    hands = Hands(qtbot, tasks, make, deal)
    said: list[str] = []
    hands.page.refused.connect(lambda error: said.append(str(error)))
    hands.go_to(0, 1)
    hands.type("x")
    hands.press(KEY.Key_Delete)
    assert said == ["“Code” is read-only."] * 2
    hands.go_to(0, 0)
    hands.press(KEY.Key_Delete)
    qtbot.waitUntil(lambda: hands.marks() == {(0, 0): Mark.REFUSED})
    assert data_of(make, record)["fld_name"] == "Orion"


def test_a_server_that_is_cut_off_between_edit_and_commit_loses_nothing_that_was_typed(
    qtbot: QtBot, make: Make, deals: tuple[str, list[str]], database_url: str, actor: Actor
) -> None:
    deal, (first, second, _) = deals
    with proxied(database_url) as proxy, make.database.engine.connect() as other:
        tasks = Tasks(Database.at(proxy.url), actor)
        hands = Hands(qtbot, tasks, make, deal)
        hands.editing.sheet.saver._retry.setInterval(50)
        other.execute(text("UPDATE records SET updated_at = now()"))  # the edit has to wait
        hands.type("Orion")
        hands.press(KEY.Key_Return)
        qtbot.waitUntil(lambda: is_waiting_for_lock(make))
        proxy.cut()
        hands.type("Vega")
        hands.press(KEY.Key_Return)
        unsaved = {(0, 0): Mark.UNSAVED, (1, 0): Mark.UNSAVED}
        qtbot.waitUntil(lambda: hands.marks() == unsaved, timeout=15_000)
        assert [hands.text(row, 0) for row in range(2)] == ["Orion", "Vega"]
        assert hands.page.has_unsaved()

        other.rollback()
        proxy.begin_again()
        hands.wait_stored(first, "fld_name", "Orion")
        hands.wait_stored(second, "fld_name", "Vega")
        tasks.close()


def test_an_edit_whose_answer_was_lost_is_no_conflict_with_the_next(
    qtbot: QtBot,
    tasks: Tasks,
    make: Make,
    deals: tuple[str, list[str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    deal, (first, *_) = deals
    hands = Hands(qtbot, tasks, make, deal)

    def lose_answer(owner: Any, call: Any, _: Any, on_error: Any) -> None:
        monkeypatch.undo()
        error = UncertainCommit("No answer came.")
        tasks.write(owner, call, lambda _: on_error(error), on_error)

    monkeypatch.setattr(tasks, "write", lose_answer)
    hands.edit(0, 0, "one")
    qtbot.waitUntil(lambda: hands.marks() == {(0, 0): Mark.UNSAVED})
    assert data_of(make, first)["fld_name"] == "one"
    hands.edit(0, 0, "two")
    hands.wait_stored(first, "fld_name", "two")


def is_waiting_for_lock(make: Make) -> bool:
    waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
    with make.database.engine.connect() as connection:
        return bool(connection.scalar(waiting))


def test_the_row_below_the_list_makes_a_record_when_it_is_left(
    qtbot: QtBot, tasks: Tasks, make: Make
) -> None:
    make.field("stage", "select", config={**STAGES, "defaultValue": "open"})
    deal = make.object("deal")
    for name in ("name", "stage", "amount"):
        make.attach(deal, name, is_required=name == "name")
    make.sql("UPDATE fields SET type = 'number' WHERE id = 'fld_amount'")
    make.record(deal, {"fld_name": "Orion"})
    hands = Hands(qtbot, tasks, make, deal)
    row = hands.editing.new_row
    assert row.model.index(0, 0).data() == "New Deal…"

    hands.press(KEY.Key_Down)  # beyond the last row
    assert row.row.hasFocus()
    hands.press(KEY.Key_Tab)
    hands.press(KEY.Key_Tab)
    hands.type("12x")
    hands.press(KEY.Key_Return)
    assert row.model.index(0, 1).data() == "Open"  # defaults show
    assert row.row.delegate.marks == {(0, 2): Mark.REFUSED}
    hands.type("12")
    hands.press(KEY.Key_Return)  # leaves the row: stored, if it could be
    qtbot.waitUntil(lambda: set(row.row.delegate.marks) == {(0, 0)})
    assert "required" in str(row.model.index(0, 0).data(Qt.ItemDataRole.ToolTipRole))
    assert hands.page.has_unsaved()

    hands.press(KEY.Key_Home)
    hands.type("Vega")
    hands.press(KEY.Key_Up)  # ends the edit and leaves
    qtbot.waitUntil(lambda: hands.page.model.rowCount() == 2)
    assert [hands.text(0, column) for column in range(3)] == ["Vega", "Open", "12"]
    qtbot.waitUntil(lambda: not hands.page.has_unsaved())
    assert hands.page.grid.hasFocus()


def test_escape_twice_drops_a_new_record_and_who_may_not_create_has_no_row(
    qtbot: QtBot, tasks: Tasks, make: Make
) -> None:
    deal = make.object("deal", fields=["name", "code"])
    hands = Hands(qtbot, tasks, make, deal)
    hands.editing.new_row.action.trigger()
    hands.type("Vega")
    hands.press(KEY.Key_Escape)  # the cell
    assert not hands.page.has_unsaved()
    hands.type("Vega")
    hands.press(KEY.Key_Tab)
    bar = hands.editing.bar
    hands.press(KEY.Key_Escape)
    assert hands.page.has_unsaved()
    qtbot.waitUntil(bar.isVisible)
    assert bar.message().text == "Esc once more drops the new record."
    hands.press(KEY.Key_Escape)
    assert not hands.page.has_unsaved()
    qtbot.waitUntil(bar.isHidden)
    make.sql("""UPDATE objects SET permissions = '{"create": []}'""")
    hands.page.refresh()
    qtbot.waitUntil(hands.editing.new_row.row.isHidden)
    assert make.count(Record) == 0
