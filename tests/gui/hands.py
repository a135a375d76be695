"""Works a page of records as a person does, with a keyboard above all."""

from __future__ import annotations

from functools import partial
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtTest import QAbstractItemModelTester
from PySide6.QtWidgets import QApplication, QPushButton, QWidget
from pytestqt.qtbot import QtBot
from sqlalchemy import select

from crm_desktop.db.tables import Record
from crm_desktop.gui.cells.cell_editor import CellEditor
from crm_desktop.gui.delegates import Mark
from crm_desktop.gui.drafts import Drafts
from crm_desktop.gui.pages.records import RecordsPage
from crm_desktop.gui.tasks import Tasks
from tests.make import Make

PLAIN = Qt.KeyboardModifier.NoModifier


def data_of(make: Make, record_id: str) -> dict[str, Any]:
    return dict(make.value(select(Record.data).where(Record.id == record_id)))


def is_stored(make: Make, record_id: str, field_id: str, value: Any) -> bool:
    return bool(data_of(make, record_id).get(field_id) == value)


class Hands:
    """Works a page as a person does, with a keyboard above all."""

    def __init__(
        self,
        qtbot: QtBot,
        tasks: Tasks,
        make: Make,
        object_id: str,
        drafts: Drafts | None = None,
    ) -> None:
        self.qtbot, self.make = qtbot, make
        self.page = RecordsPage(tasks, object_id, drafts=drafts)
        qtbot.addWidget(self.page)
        warn = QAbstractItemModelTester.FailureReportingMode.Warning
        for model in (self.page.model, self.editing.new_row.model):
            QAbstractItemModelTester(model, warn, model)
        self.page.resize(1200, 600)
        with qtbot.waitActive(self.page):
            self.page.show()
            self.page.activateWindow()
        qtbot.waitUntil(lambda: self.page.model.is_settled)
        self.page.grid.setFocus()

    @property
    def editing(self) -> Any:
        return self.page.list.editing

    def go_to(self, row: int, column: int) -> None:
        self.page.grid.setFocus()
        self.page.grid.setCurrentIndex(self.page.model.index(row, column))

    def edit(self, row: int, column: int, text: str) -> None:
        """Type this into a cell, whatever window is in front."""
        self.come_forward()
        self.go_to(row, column)
        self.type(text)
        self.press(Qt.Key.Key_Return)

    def come_forward(self) -> None:
        window = self.page.window()
        if not window.isActiveWindow():
            with self.qtbot.waitActive(window):
                window.activateWindow()

    def place(self) -> tuple[int, int]:
        current = self.page.grid.currentIndex()
        return current.row(), current.column()

    def focus(self) -> QWidget:
        popup, widget = QApplication.activePopupWidget(), QApplication.focusWidget()
        is_in_popup = popup and widget and popup.isAncestorOf(widget)
        found = popup if popup is not None and not is_in_popup else widget
        found = found or self.page.window().focusWidget()
        assert found is not None
        return found

    def type(self, text: str) -> None:
        for letter in text:
            self.qtbot.keyClicks(self.focus(), letter)

    def press(self, key: Qt.Key, modifier: Qt.KeyboardModifier = PLAIN) -> None:
        if QApplication.activePopupWidget() is None:
            self.come_forward()  # a popup was open, off the screen
        self.qtbot.keyClick(self.focus(), key, modifier)

    def click(
        self,
        row: int,
        column: int,
        *,
        twice: bool = False,
        modifier: Qt.KeyboardModifier = PLAIN,
    ) -> None:
        where = self.page.grid.visualRect(self.page.model.index(row, column)).center()
        view = self.page.grid.viewport()
        self.qtbot.mouseClick(view, Qt.MouseButton.LeftButton, modifier, where)
        if twice:
            self.qtbot.mouseDClick(view, Qt.MouseButton.LeftButton, pos=where)

    def text(self, row: int, column: int) -> str:
        return str(self.page.model.index(row, column).data())

    def editor(self) -> CellEditor | None:
        found = [e for e in self.page.grid.findChildren(CellEditor) if e.isVisible()]
        return found[0] if found else None

    def follow_link(self, text: str) -> None:
        """Click a link in the bar above the grid, once it is there."""
        self.qtbot.waitUntil(lambda: text in self.links())
        self.links()[text].click()

    def links(self) -> dict[str, QPushButton]:
        links = self.editing.bar.findChildren(QPushButton)
        return {link.text(): link for link in links if link.isVisible()}

    def wait_stored(self, record_id: str, field_id: str, value: Any) -> None:
        self.qtbot.waitUntil(partial(is_stored, self.make, record_id, field_id, value))
        self.qtbot.waitUntil(lambda: not self.editing.has_unsaved())

    def marks(self) -> dict[tuple[int, int], Mark]:
        return dict(self.page.grid.delegate.marks)
