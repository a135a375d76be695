"""One sitting at the records of an object with nothing but a keyboard, in the whole window."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QMenu, QWidget
from pytestqt.qtbot import QtBot
from sqlalchemy import select

from crm_desktop.db.database import Database
from crm_desktop.db.tables import Record
from crm_desktop.gui.dialogs.bulk_edit_dialog import BulkEditDialog
from crm_desktop.gui.dialogs.delete_dialog import DeleteDialog
from crm_desktop.gui.main_window import MainWindow
from crm_desktop.gui.pages.record import RecordPage
from crm_desktop.gui.pages.records import RecordsPage
from crm_desktop.gui.tasks import Tasks
from crm_desktop.gui.views.name_dialog import ViewNameDialog
from tests.gui.asking import activate, open_dialog
from tests.gui.windows import make_window, wait_until_idle
from tests.make import Make

KEY = Qt.Key
NONE = Qt.KeyboardModifier.NoModifier
CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
STAGES = {"options": [{"value": "open", "label": "Open"}, {"value": "won", "label": "Won"}]}


class Keyboard:
    """Presses keys wherever the keyboard is: it never says which widget is meant."""

    def __init__(self, qtbot: QtBot, window: MainWindow, make: Make) -> None:
        self.qtbot, self.window, self.make = qtbot, window, make

    @property
    def page(self) -> RecordsPage:
        page = self.window.current_page
        assert isinstance(page, RecordsPage)
        return page

    def focus(self) -> QWidget:
        found = QApplication.activePopupWidget() or QApplication.focusWidget()
        assert found is not None
        return found

    def press(self, key: Qt.Key, modifiers: Qt.KeyboardModifier = NONE) -> None:
        if QApplication.activePopupWidget() is None and QApplication.activeWindow() is None:
            activate(self.qtbot, self.window)  # a popup was open, off the screen
        QApplication.processEvents()  # no person presses two keys within one turn of the loop
        self.qtbot.keyClick(self.focus(), key, modifiers)

    def type(self, text: str) -> None:
        for letter in text:
            self.qtbot.keyClicks(self.focus(), letter)

    def choose(self, text: str) -> None:
        """Walk down the open menu to the line that begins so, and take it."""
        menu = QApplication.activePopupWidget()
        assert isinstance(menu, QMenu)
        for _ in menu.actions():
            active: Any = menu.activeAction()
            if active is not None and active.text().startswith(text):
                break
            self.press(KEY.Key_Down)
        self.press(KEY.Key_Return)

    def command(self, text: str) -> None:
        """Find it in the palette."""
        self.press(KEY.Key_K, CTRL)
        self.type(text)
        palette, words = self.window.command_palette, text[1:].lower()
        assert palette.line.text() == text
        self.qtbot.waitUntil(lambda: [words] == [each.lower() for each in palette.titles()[:1]])
        self.press(KEY.Key_Return)

    def wait_for_rows(self, *names: str) -> None:
        self.qtbot.waitUntil(partial(self._is_listed, list(names)))

    def _is_listed(self, names: list[str]) -> bool:
        model = self.page.model
        rows = [str(model.index(row, 0).data()) for row in range(model.rowCount())]
        return model.is_settled and rows == names

    def stored(self, field: str) -> list[Any]:
        query = select(Record.data[f"fld_{field}"]).order_by(Record.primary_value)
        with self.make.database.engine.connect() as connection:
            return list(connection.scalars(query))

    def wait_stored(self, field: str, *values: Any) -> None:
        self.qtbot.waitUntil(lambda: self.stored(field) == list(values))
        self.qtbot.waitUntil(lambda: not self.page.has_unsaved())


@pytest.fixture
def keyboard(
    qtbot: QtBot, qapp: QApplication, database: Database, make: Make, home: Path
) -> Iterator[Keyboard]:
    make.field("stage", "select", config=STAGES)
    make.field("amount", "number")
    deal = make.object("deal", ["name", "stage", "amount"], plural_name="Deals")
    for name, amount in (("Cedar", 3), ("Maple", 2), ("Orion", 1)):
        make.record(deal, {"fld_name": name, "fld_stage": "open", "fld_amount": amount})
    tasks = Tasks()
    window = make_window(qtbot, tasks, home)
    tasks.use(database, make.admin)
    window.show_pages()
    qtbot.waitUntil(lambda: bool(window.navigation.groups))
    yield Keyboard(qtbot, window, make)
    wait_until_idle(qtbot, tasks)
    tasks.close()
    tasks.deleteLater()


def test_records_are_found_edited_pasted_changed_and_deleted_with_the_keyboard_alone(
    keyboard: Keyboard, qtbot: QtBot
) -> None:
    keyboard.command("@deals")
    qtbot.waitUntil(lambda: isinstance(keyboard.window.current_page, RecordsPage))
    keyboard.wait_for_rows("Orion", "Maple", "Cedar")
    qtbot.waitUntil(keyboard.page.grid.hasFocus)

    edit_a_cell_and_begin_a_record(keyboard)
    sort_and_keep_that_as_a_view(keyboard)
    paste_over_two_cells(keyboard)
    empty_a_field_everywhere_and_take_that_back(keyboard)
    read_on_in_a_tab(keyboard)
    delete_the_first(keyboard)


def edit_a_cell_and_begin_a_record(keyboard: Keyboard) -> None:
    keyboard.type("Vega")
    keyboard.press(KEY.Key_Return)
    keyboard.wait_stored("name", "Cedar", "Maple", "Vega")
    keyboard.press(KEY.Key_N, CTRL | SHIFT)
    keyboard.type("Atlas")
    keyboard.press(KEY.Key_S, CTRL)
    keyboard.wait_stored("name", "Atlas", "Cedar", "Maple", "Vega")
    keyboard.press(KEY.Key_Up)  # back from the row that would begin the next one


def sort_and_keep_that_as_a_view(keyboard: Keyboard) -> None:
    keyboard.press(KEY.Key_Home, CTRL)
    keyboard.press(KEY.Key_S, CTRL | SHIFT)
    keyboard.choose("Sort")
    keyboard.wait_for_rows("Atlas", "Cedar", "Maple", "Vega")
    keyboard.press(KEY.Key_F4)
    keyboard.choose("Save view as")
    activate(keyboard.qtbot, open_dialog(keyboard.qtbot, ViewNameDialog))
    keyboard.type("By name")
    keyboard.press(KEY.Key_Return)
    views = keyboard.page.list.views
    keyboard.qtbot.waitUntil(lambda: [view.name for view in views.views] == ["By name"])
    activate(keyboard.qtbot, keyboard.window)


def paste_over_two_cells(keyboard: Keyboard) -> None:
    QGuiApplication.clipboard().setText("7\n8")
    keyboard.press(KEY.Key_Home, CTRL)
    keyboard.press(KEY.Key_Right)
    keyboard.press(KEY.Key_Right)
    keyboard.press(KEY.Key_V, CTRL)
    keyboard.wait_stored("amount", 7, 8, 2, 1)


def empty_a_field_everywhere_and_take_that_back(keyboard: Keyboard) -> None:
    qtbot = keyboard.qtbot
    keyboard.press(KEY.Key_A, CTRL)
    keyboard.press(KEY.Key_E, CTRL | SHIFT)
    bulk = open_dialog(qtbot, BulkEditDialog)
    activate(qtbot, bulk)
    qtbot.waitUntil(lambda: "fld_stage" in bulk.form.fields)
    doing = bulk.form.fields["fld_stage"].doing
    qtbot.waitUntil(doing.isVisible)
    for _ in range(30):
        if doing.hasFocus():
            break
        keyboard.press(KEY.Key_Tab)
    keyboard.type("Clear")
    qtbot.waitUntil(bulk.check.isEnabled)
    keyboard.press(KEY.Key_Return)
    qtbot.waitUntil(lambda: bulk.report is not None and bulk.report.isVisible())
    keyboard.press(KEY.Key_Return)
    qtbot.waitUntil(lambda: keyboard.stored("stage") == [None] * 4)
    activate(qtbot, keyboard.window)
    keyboard.press(KEY.Key_Z, CTRL)
    keyboard.wait_stored("stage", None, "open", "open", "open")


def read_on_in_a_tab(keyboard: Keyboard) -> None:
    qtbot = keyboard.qtbot
    keyboard.press(KEY.Key_Home, CTRL)
    keyboard.press(KEY.Key_Return, CTRL)
    qtbot.waitUntil(lambda: isinstance(keyboard.window.current_page, RecordPage))
    record: Any = keyboard.window.current_page
    qtbot.waitUntil(lambda: bool(record.panel.form.cells))
    qtbot.waitUntil(lambda: record.isAncestorOf(QApplication.focusWidget()))
    walk = next(each for each in record.actions() if each.text() == "Next record")
    qtbot.waitUntil(walk.isEnabled)
    keyboard.press(KEY.Key_PageDown, Qt.KeyboardModifier.AltModifier)
    qtbot.waitUntil(lambda: bool(record.title == "Cedar"))
    keyboard.press(KEY.Key_W, CTRL)
    qtbot.waitUntil(lambda: isinstance(keyboard.window.current_page, RecordsPage))


def delete_the_first(keyboard: Keyboard) -> None:
    keyboard.press(KEY.Key_Home, CTRL)
    keyboard.press(KEY.Key_Delete, CTRL)
    question = open_dialog(keyboard.qtbot, DeleteDialog)
    activate(keyboard.qtbot, question)
    keyboard.qtbot.waitUntil(question.submit.isEnabled)
    keyboard.press(KEY.Key_Tab)
    keyboard.press(KEY.Key_Space)
    keyboard.wait_for_rows("Cedar", "Maple", "Vega")
