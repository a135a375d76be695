"""Saved views and columns of a record list, worked by keyboard."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QPoint, QSettings, Qt
from PySide6.QtGui import QAction, QStandardItemModel
from PySide6.QtWidgets import QApplication, QDialog, QLabel, QMenu
from pytestqt.qtbot import QtBot

from crm_desktop.db.database import Database
from crm_desktop.domain.errors import UserError
from crm_desktop.domain.filters import Condition, Group, Grouping, Sort
from crm_desktop.domain.views import ViewSettings
from crm_desktop.gui.main_window import MainWindow
from crm_desktop.gui.pages.records import RecordsPage
from crm_desktop.gui.tasks import Tasks
from crm_desktop.gui.views.columns_dialog import ColumnsDialog
from crm_desktop.gui.views.name_dialog import ViewNameDialog
from crm_desktop.gui.widgets.grid import GridView
from crm_desktop.services import views
from crm_desktop.services.views import ViewDraft
from tests.gui.asking import activate
from tests.make import Make

pytestmark = pytest.mark.qt_log_ignore("grabbing the keyboard", extend=True)  # menus
KEY, SHIFT = Qt.Key, Qt.KeyboardModifier.ShiftModifier
ALT, CTRL = Qt.KeyboardModifier.AltModifier, Qt.KeyboardModifier.ControlModifier
WON = Condition("fld_stage", "equals", "won")
FIELDS = ("name", "stage", "city", "note")


def deals(make: Make, **columns: Any) -> str:
    deal = make.object("deal", FIELDS, **columns)
    make.record(deal, {"fld_name": "Orion", "fld_stage": "won", "fld_city": "Linz"})
    make.record(deal, {"fld_name": "Maple", "fld_stage": "lost", "fld_note": "call Orion"})
    return deal


def saved(database: Database, make: Make, name: str, settings: ViewSettings) -> str:
    with database.write(make.admin) as session:
        return views.create_view(session, "obj_deal", ViewDraft(name=name), settings).id


def shown(
    qtbot: QtBot, tasks: Tasks, object_id: str, state: str = "", width: int = 1200
) -> RecordsPage:
    page = RecordsPage(tasks, object_id)
    qtbot.addWidget(page)
    page.restore_view(state)
    page.resize(width, 600)
    page.show()
    activate(qtbot, page)
    page.grid.setFocus()
    qtbot.waitUntil(lambda: page.model.is_settled)
    return page


def names(page: RecordsPage) -> list[str]:
    return [str(page.model.index(row, 0).data()) for row in range(page.model.rowCount())]


def columns(page: RecordsPage) -> list[str]:
    shown_now = page.list.arrangement.shown_columns()
    return [page.model.columns[number].id.removeprefix("fld_") for number in shown_now]


def press(qtbot: QtBot, page: RecordsPage, key: Qt.Key, modifiers: Qt.KeyboardModifier) -> None:
    activate(qtbot, page)
    qtbot.keyClick(page.grid, key, modifiers)


def choose_in_menu(qtbot: QtBot, page: RecordsPage, text: str) -> None:
    """Open the list of views by its key, and walk to the line that begins so."""
    press(qtbot, page, KEY.Key_F4, Qt.KeyboardModifier.NoModifier)
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    for _ in menu.actions():
        active: QAction | None = menu.activeAction()
        if active is not None and active.text().startswith(text):
            break
        qtbot.keyClick(menu, KEY.Key_Down)
    qtbot.keyClick(menu, KEY.Key_Return)


def dialog_of(qtbot: QtBot, kind: type[Any]) -> Any:
    def found() -> QDialog | None:
        widgets = QApplication.topLevelWidgets()
        return next((w for w in widgets if isinstance(w, kind) and w.isVisible()), None)

    qtbot.waitUntil(lambda: found() is not None)
    dialog = found()
    assert dialog is not None
    activate(qtbot, dialog)
    return dialog


def answer(qtbot: QtBot) -> str:
    """Say yes to the question that is asked, and return what it says besides."""
    question = dialog_of(qtbot, QDialog)
    qtbot.keyClick(question.buttons()[0], KEY.Key_Space)
    return str(question.informativeText())


def button_says(page: RecordsPage) -> str:
    return page.list.view_commands.button.accessibleName()


def waits(qtbot: QtBot, page: RecordsPage, name: str, *, is_changed: bool = False) -> None:
    expected = f"View: {name}" + (", changed and not saved" if is_changed else "")
    qtbot.waitUntil(lambda: button_says(page) == expected and page.model.is_settled)


def test_a_view_is_made_changed_saved_renamed_and_deleted_by_keyboard(
    qtbot: QtBot, tasks: Tasks, make: Make, database: Database
) -> None:
    page = shown(qtbot, tasks, deals(make))
    waits(qtbot, page, "All records")
    page.list.filters.set_parts((WON,))
    waits(qtbot, page, "All records", is_changed=True)

    choose_in_menu(qtbot, page, "Save view as")
    dialog = dialog_of(qtbot, ViewNameDialog)
    qtbot.keyClick(dialog.line, KEY.Key_Return)
    assert dialog.isVisible()
    assert any("Enter the name" in label.text() for label in dialog.findChildren(QLabel))
    qtbot.keyClicks(dialog.line, "Won")
    qtbot.keyClick(dialog.line, KEY.Key_Return)
    waits(qtbot, page, "Won")

    press(qtbot, page, KEY.Key_H, CTRL | SHIFT)
    waits(qtbot, page, "Won", is_changed=True)
    choose_in_menu(qtbot, page, "Save view")
    waits(qtbot, page, "Won")
    choose_in_menu(qtbot, page, "Rename")
    dialog = dialog_of(qtbot, ViewNameDialog)
    qtbot.keyClicks(dialog.line, "Closed")
    qtbot.keyClick(dialog.line, KEY.Key_Return)
    waits(qtbot, page, "Closed")
    choose_in_menu(qtbot, page, "Make this view the default")
    qtbot.waitUntil(lambda: page.list.views.views[0].is_default)

    again = shown(qtbot, tasks, "obj_deal")
    waits(qtbot, again, "Closed")
    assert columns(again) == ["stage", "city", "note"]
    assert again.model.rowCount() == 1

    choose_in_menu(qtbot, page, "Delete view")
    assert "3 columns, 1 filters" in answer(qtbot)
    waits(qtbot, page, "All records")
    assert columns(page) == list(FIELDS)
    assert names(page) == ["Maple", "Orion"]


def test_changes_that_were_not_saved_are_there_again_after_a_restart_until_they_are_discarded(
    qtbot: QtBot, tasks: Tasks, make: Make, database: Database
) -> None:
    deals(make)
    saved(database, make, "Won", ViewSettings(("fld_name", "fld_stage"), (WON,)))
    page = shown(qtbot, tasks, "obj_deal")
    choose_in_menu(qtbot, page, "Won")
    waits(qtbot, page, "Won")
    assert button_says(shown(qtbot, tasks, "obj_deal", page.view_state())) == "View: Won"
    page.list.filters.clear()
    page.model.sort_by((Sort("fld_name"), Sort("fld_stage")))
    page.grid.setColumnWidth(0, 321)
    page.list.columns.freeze(0)
    page.list.search.set_wide(True)
    wanted = page.list.arrangement.settings()

    again = shown(qtbot, tasks, "obj_deal", page.view_state())

    waits(qtbot, again, "Won", is_changed=True)
    assert again.list.arrangement.settings() == wanted
    assert again.grid.columnWidth(0) == 321
    assert again.list.search.is_wide
    choose_in_menu(qtbot, again, "Discard")
    waits(qtbot, again, "Won")
    assert (names(again), again.grid.frozen.count) == (["Orion"], 0)


def test_how_a_list_is_shown_is_kept_soon_and_a_tab_opens_as_it_was_closed(
    qtbot: QtBot, tasks: Tasks, make: Make, tmp_path: Path
) -> None:
    address = f"records:{deals(make)}"
    window = MainWindow(tasks, QSettings(str(tmp_path / "w.ini"), QSettings.Format.IniFormat))
    qtbot.addWidget(window)
    window.resize(1200, 700)
    window.show()

    def opened() -> RecordsPage:
        window.open(address)
        qtbot.waitUntil(lambda: isinstance(window.current_page, RecordsPage))
        page = window.current_page
        assert isinstance(page, RecordsPage)
        qtbot.waitUntil(lambda: page.model.is_settled)
        return page

    opened().list.arrangement.set_columns(["fld_city", "fld_name"])
    qtbot.waitUntil(lambda: "fld_city" in window.state.text_of(f"view {address}"))
    window.tabs.close_current()
    assert columns(opened()) == ["city", "name"]
    texts = {action.text() for action in opened().actions()}
    assert {"Save view", "Delete view…", "Columns…", "Hide column", "Views…"} <= texts


def test_a_view_that_another_program_changes_or_deletes_is_followed(
    qtbot: QtBot, tasks: Tasks, make: Make, database: Database
) -> None:
    deals(make)
    view_id = saved(database, make, "Won", ViewSettings(("fld_name",), (WON,)))
    page = shown(qtbot, tasks, "obj_deal")
    page.list.views.show(view_id)
    waits(qtbot, page, "Won")
    with database.write(make.admin) as session:
        view = next(iter(views.list_views(session, "obj_deal").views))
        views.update_view(session, "obj_deal", view, replace(view.settings, filters=()))
    page.refresh()
    qtbot.waitUntil(lambda: page.model.is_settled and len(names(page)) == 2)
    assert button_says(page) == "View: Won"

    page.list.arrangement.set_columns(["fld_name", "fld_city"])
    with database.write(make.admin) as session:
        view = next(iter(views.list_views(session, "obj_deal").views))
        views.delete_view(session, "obj_deal", view)
    page.refresh()

    waits(qtbot, page, "All records", is_changed=True)
    assert columns(page) == ["name", "city"]


def test_a_filter_with_groups_asks_before_it_takes_a_view_from_other_programs(
    qtbot: QtBot, tasks: Tasks, make: Make, database: Database
) -> None:
    deals(make)
    view_id = saved(database, make, "Won", ViewSettings(filters=(WON,)))
    page = shown(qtbot, tasks, "obj_deal")
    page.list.views.show(view_id)
    page.list.filters.set_parts((Group("none", (WON,)),))
    choose_in_menu(qtbot, page, "Save view")
    assert "no longer among their views" in answer(qtbot)
    waits(qtbot, page, "Won")
    assert page.list.views.views[0].is_only_here


def test_columns_are_shown_hidden_and_put_in_order_by_keyboard(
    qtbot: QtBot, tasks: Tasks, make: Make
) -> None:
    page = shown(qtbot, tasks, deals(make))
    page.grid.setCurrentIndex(page.model.index(1, 1))
    press(qtbot, page, KEY.Key_O, CTRL | SHIFT)
    dialog = dialog_of(qtbot, ColumnsDialog)
    qtbot.keyClicks(dialog.search, "created at")
    qtbot.keyClick(dialog.search, KEY.Key_Down)
    qtbot.keyClick(dialog.grid, KEY.Key_Space)
    qtbot.keyClick(dialog, KEY.Key_Return, CTRL)
    qtbot.waitUntil(lambda: columns(page) == [*FIELDS, "system_created_at"])
    qtbot.waitUntil(lambda: page.model.is_settled)
    assert str(page.model.index(0, 4).data())
    assert page.grid.currentIndex() == page.model.index(1, 1)  # where one was

    press(qtbot, page, KEY.Key_Right, ALT)
    assert columns(page) == ["name", "city", "stage", "note", "system_created_at"]
    press(qtbot, page, KEY.Key_H, CTRL | SHIFT)
    assert columns(page) == ["name", "city", "note", "system_created_at"]
    wide = page.grid.columnWidth(page.grid.currentIndex().column())
    press(qtbot, page, KEY.Key_Up, ALT | SHIFT)
    assert page.grid.columnWidth(page.grid.currentIndex().column()) > wide

    press(qtbot, page, KEY.Key_O, CTRL | SHIFT)
    dialog = dialog_of(qtbot, ColumnsDialog)
    dialog.grid.setFocus()
    qtbot.keyClick(dialog.grid, KEY.Key_Down, ALT)
    assert dialog.model.chosen()[:2] == ["fld_city", "fld_name"]
    for row in range(4):
        dialog.grid.setCurrentIndex(dialog.model.index(row, 1))
        qtbot.keyClick(dialog.grid, KEY.Key_Space)
    qtbot.keyClick(dialog, KEY.Key_Return, CTRL)
    assert dialog.problem.text() == "Show at least one column."
    dialog.reject()


@pytest.fixture
def wide(qtbot: QtBot, tasks: Tasks, make: Make) -> RecordsPage:
    """Give a page of many columns, the first two of them frozen, scrolled to the right."""
    fields = [f"f{number}" for number in range(12)]
    thing = make.object("thing", fields)
    for row in range(3):
        make.record(thing, {f"fld_{name}": f"{name} of {row}" for name in fields})
    page = shown(qtbot, tasks, thing, width=760)
    if page.inspector.isVisible():  # that depends on the font
        page.inspector_action.trigger()
    page.grid.setCurrentIndex(page.model.index(0, 1))
    press(qtbot, page, KEY.Key_P, CTRL | SHIFT)
    page.grid.horizontalScrollBar().setValue(400)
    return page


def at(page: RecordsPage, row: int, x: int) -> QPoint:
    return QPoint(x, page.grid.rowViewportPosition(row) + 5)


def test_a_frozen_column_stays_where_it_is_and_the_mouse_finds_it_there(
    qtbot: QtBot, wide: RecordsPage
) -> None:
    grid, frozen = wide.grid, wide.grid.frozen
    assert (frozen.columns(), frozen.left_of(1)) == ([0, 1], grid.columnWidth(0))
    zone = frozen.width()

    qtbot.mouseClick(grid.viewport(), Qt.MouseButton.LeftButton, pos=at(wide, 2, 10))

    assert (grid.currentIndex().row(), grid.currentIndex().column()) == (2, 0)
    assert grid.horizontalScrollBar().value() == 400
    scrolled = grid.viewport().grab().toImage()
    grid.horizontalScrollBar().setValue(0)
    at_start = grid.viewport().grab().toImage()
    assert scrolled.copy(0, 0, zone, 100) == at_start.copy(0, 0, zone, 100)
    assert scrolled.copy(zone, 0, 100, 100) != at_start.copy(zone, 0, 100, 100)
    qtbot.mouseClick(grid.viewport(), Qt.MouseButton.LeftButton, pos=at(wide, 1, zone + 20))
    assert (grid.currentIndex().row(), grid.currentIndex().column()) == (1, 2)


def test_the_keyboard_never_leaves_the_current_cell_below_frozen_columns(
    qtbot: QtBot, wide: RecordsPage
) -> None:
    grid = wide.grid
    grid.setCurrentIndex(wide.model.index(0, 11))
    for column in range(10, 1, -1):
        qtbot.keyClick(grid, KEY.Key_Left)
        assert grid.currentIndex().column() == column
        assert grid.columnViewportPosition(column) >= grid.frozen.width()
    grid.horizontalScrollBar().setValue(300)
    grid.setCurrentIndex(wide.model.index(0, 0))
    assert grid.horizontalScrollBar().value() == 300
    wide.list.columns.freeze(1)
    assert grid.frozen.columns() == []


def test_a_frozen_heading_opens_the_menu_of_its_own_column(wide: RecordsPage) -> None:
    header = wide.grid.horizontalHeader()
    header.customContextMenuRequested.emit(QPoint(5, 5))
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    texts = [action.text() for action in menu.actions()]
    assert {"Fit to content", "Hide column", "Freeze up to here"} <= set(texts)
    hide = next(action for action in menu.actions() if action.text() == "Hide column")
    hide.trigger()
    menu.close()
    assert columns(wide)[0] == "f1"
    assert wide.grid.frozen.count == 1


def test_the_search_can_be_widened_to_all_text(qtbot: QtBot, tasks: Tasks, make: Make) -> None:
    page = shown(qtbot, tasks, deals(make))
    page.list.search.setText("orion")
    qtbot.waitUntil(lambda: page.model.is_settled and names(page) == ["Orion"])
    press(qtbot, page, KEY.Key_T, CTRL | SHIFT)
    qtbot.waitUntil(lambda: page.model.is_settled and names(page) == ["Maple", "Orion"])
    assert page.list.search.placeholderText() == "Search all text"


def test_what_a_database_cannot_keep_of_a_view_is_said(
    qtbot: QtBot, tasks: Tasks, make: Make, database: Database
) -> None:
    deals(make)
    make.sql("DROP TABLE crm_desktop.table_views")
    page = shown(qtbot, tasks, "obj_deal")
    told: list[UserError] = []
    page.refused.connect(told.append)
    page.list.arrangement.freeze(1)
    page.list.view_commands.save_as()
    dialog = dialog_of(qtbot, ViewNameDialog)
    qtbot.keyClicks(dialog.line, "Mine")
    qtbot.keyClick(dialog.line, KEY.Key_Return)
    qtbot.waitUntil(lambda: bool(told))
    assert "columns that stay at the left" in str(told[0])


def test_the_editor_of_a_frozen_cell_opens_where_the_cell_is_seen(qtbot: QtBot) -> None:
    model, grid = QStandardItemModel(3, 12), GridView(selects_cells=True)
    qtbot.addWidget(grid)
    model.setParent(grid)
    grid.setModel(model)
    grid.resize(500, 300)
    grid.show()
    grid.frozen.set_count(2)
    grid.horizontalScrollBar().setValue(300)
    grid.setEditTriggers(GridView.EditTrigger.DoubleClicked)

    place = QPoint(grid.columnWidth(0) + 5, 5)
    qtbot.mouseClick(grid.viewport(), Qt.MouseButton.LeftButton, pos=place)
    qtbot.mouseDClick(grid.viewport(), Qt.MouseButton.LeftButton, pos=place)

    editor = grid.indexWidget(model.index(0, 1))
    assert editor.geometry().left() == grid.columnWidth(0)
    grid.horizontalScrollBar().setValue(500)
    assert editor.geometry().left() == grid.columnWidth(0)
    qtbot.keyClicks(editor, "new")
    qtbot.keyClick(editor, KEY.Key_Return)
    qtbot.waitUntil(lambda: model.index(0, 1).data() == "new")
    qtbot.mousePress(grid.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(5, 5))
    qtbot.mouseMove(grid.viewport(), QPoint(5, 40))
    qtbot.mouseMove(grid.viewport(), QPoint(grid.columnWidth(0) + 20, 40))
    qtbot.mouseRelease(grid.viewport(), Qt.MouseButton.LeftButton, pos=place)
    chosen = {(index.row(), index.column()) for index in grid.selectionModel().selectedIndexes()}
    assert chosen == {(row, column) for row in (0, 1) for column in (0, 1)}
    assert grid.horizontalScrollBar().value() == 500


def test_the_row_of_a_new_record_freezes_the_columns_of_the_list(wide: RecordsPage) -> None:
    row = wide.list.editing.new_row.row
    assert row.frozen.columns() == wide.grid.frozen.columns() == [0, 1]
    wide.grid.horizontalScrollBar().setValue(0)
    wide.list.columns.freeze(1)
    assert row.frozen.columns() == []


def test_a_view_brings_its_grouping_and_a_grouping_changes_the_view(
    qtbot: QtBot, tasks: Tasks, make: Make, database: Database
) -> None:
    deals(make)
    by_stage = Grouping("fld_stage")
    view_id = saved(database, make, "By stage", ViewSettings(grouping=by_stage))
    page = shown(qtbot, tasks, "obj_deal")
    page.list.views.show(view_id)
    qtbot.waitUntil(lambda: page.model.is_settled and page.model.rowCount() == 4)  # two headings
    assert page.list.grouping == by_stage
    page.list.grouping = None
    waits(qtbot, page, "By stage", is_changed=True)
    page.list.views.discard()
    waits(qtbot, page, "By stage")
    assert page.list.grouping == by_stage
