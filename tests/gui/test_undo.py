"""Ctrl+Z and Ctrl+Shift+Z in the window: named, told, over a restart, and where nothing is kept."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtGui import QAction
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from crm_desktop.db.database import Database
from crm_desktop.domain.access import Actor
from crm_desktop.gui.editors.text import LineEditor, LongTextEditor
from crm_desktop.gui.layout_editor.page import LayoutPage
from crm_desktop.gui.main_window import MainWindow
from crm_desktop.gui.pages.record import RecordPage
from crm_desktop.gui.tasks import Tasks
from crm_desktop.gui.widgets.message_bar import Message
from crm_desktop.services import links, records
from crm_desktop.services.records import Edit
from tests.gui.windows import make_window, wait_until_idle
from tests.make import Make

CTRL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def opened(qapp: QApplication, database: Database, actor: Actor) -> Iterator[Tasks]:
    tasks = Tasks()
    tasks.use(database, actor)
    yield tasks
    tasks.close()
    tasks.deleteLater()


@pytest.fixture
def deal(make: Make) -> str:
    return make.object("deal", fields=["name", "stage"])


@pytest.fixture
def window(qtbot: QtBot, opened: Tasks, home: Path) -> Iterator[MainWindow]:
    window = make_window(qtbot, opened, home)
    window.show_pages()
    wait_until_idle(qtbot, opened)
    yield window
    wait_until_idle(qtbot, opened)


def undo_of(window: MainWindow) -> QAction:
    return window.undo.actions()[0]


def redo_of(window: MainWindow) -> QAction:
    return window.undo.actions()[1]


def said(window: MainWindow) -> Message:
    frame = window.tabs.current
    assert frame is not None
    message = frame.messages.message()
    assert message is not None
    return message


def rename(window: MainWindow, qtbot: QtBot, id_: str, old: str, new: str) -> None:
    def call(session: object) -> None:
        records.update_record(session, id_, {"fld_name": Edit(old, new)})  # type: ignore[arg-type]

    window.tasks.write(window, call)
    wait_until_idle(qtbot, window.tasks)


def names(database: Database) -> list[str]:
    from sqlalchemy import text

    with database.engine.connect() as connection:
        return list(connection.scalars(text("SELECT primary_value FROM records ORDER BY 1")))


def test_ctrl_z_takes_the_last_edit_back_and_ctrl_shift_z_does_it_again(
    qtbot: QtBot, window: MainWindow, database: Database, make: Make, deal: str
) -> None:
    id_ = make.record(deal, {"fld_name": "Orion"})
    assert not undo_of(window).isEnabled()
    rename(window, qtbot, id_, "Orion", "Lyra")
    assert undo_of(window).text() == "Undo edit of “Orion”"
    assert not redo_of(window).isEnabled()

    QTest.keyClick(window, Qt.Key.Key_Z, CTRL)
    wait_until_idle(qtbot, window.tasks)
    assert names(database) == ["Orion"]
    assert said(window).text == "Undone: edit of “Orion”."
    assert redo_of(window).text() == "Redo edit of “Orion”"
    assert not undo_of(window).isEnabled()

    QTest.keyClick(window, Qt.Key.Key_Z, CTRL | SHIFT)
    wait_until_idle(qtbot, window.tasks)
    assert names(database) == ["Lyra"]
    assert said(window).text == "Done again: edit of “Orion”."


def test_ctrl_z_right_behind_an_edit_takes_that_edit_back_and_not_the_one_before(
    qtbot: QtBot, window: MainWindow, database: Database, make: Make, deal: str
) -> None:
    one, other = (make.record(deal, {"fld_name": name}) for name in ("Orion", "Cedar"))
    rename(window, qtbot, one, "Orion", "Lyra")
    change = {"fld_name": Edit("Cedar", "Vega")}
    window.tasks.write(window, partial(records.update_record, record_id=other, edits=change))
    QTest.keyClick(window, Qt.Key.Key_Z, CTRL)  # before anybody heard of the second edit
    wait_until_idle(qtbot, window.tasks)
    assert names(database) == ["Cedar", "Lyra"]
    assert said(window).text == "Undone: edit of “Cedar”."
    assert undo_of(window).text() == "Undo edit of “Orion”"


@pytest.mark.parametrize("kind", ["text", "textarea"])
def test_ctrl_z_in_a_form_takes_typing_back_first_and_then_what_was_saved(
    qtbot: QtBot, window: MainWindow, database: Database, make: Make, kind: str
) -> None:
    make.field("title", kind)
    note = make.object("note", fields=["title"])
    id_ = make.record(note, {"fld_title": "Orion"})
    window.open(f"record:{id_}")
    wait_until_idle(qtbot, window.tasks)
    page = window.current_page
    assert isinstance(page, RecordPage)
    editor = page.panel.form.cells["fld_title"].editor
    assert isinstance(editor, LineEditor | LongTextEditor)
    control = editor.line if isinstance(editor, LineEditor) else editor.text
    with qtbot.waitActive(window):
        window.activateWindow()
    control.setFocus()
    control.selectAll()
    QTest.keyClicks(control, "Lyra")
    with qtbot.waitSignal(page.panel.saved):
        page.save()
    wait_until_idle(qtbot, window.tasks)
    assert names(database) == ["Lyra"]

    def is_back() -> bool:
        QTest.keyClick(control, Qt.Key.Key_Z, CTRL)
        wait_until_idle(qtbot, window.tasks)
        return names(database) == ["Orion"]

    qtbot.waitUntil(is_back)
    assert editor.value() == "Orion"


def test_what_somebody_changed_since_is_said_and_stays(
    qtbot: QtBot, window: MainWindow, database: Database, make: Make, deal: str
) -> None:
    id_ = make.record(deal, {"fld_name": "Orion"})
    rename(window, qtbot, id_, "Orion", "Lyra")
    make.sql("UPDATE records SET data = '{\"fld_name\": \"Vega\"}', primary_value = 'Vega'")
    undo_of(window).trigger()
    wait_until_idle(qtbot, window.tasks)
    assert names(database) == ["Vega"]
    assert said(window).kind == "warning"
    assert said(window).text == "Undone: edit of “Orion”. “Name” of “Vega” changed since."


def test_many_refusals_are_shown_on_demand(
    qtbot: QtBot, window: MainWindow, make: Make, deal: str
) -> None:
    def create(session: object) -> None:
        session.describe("paste of 5 records")  # type: ignore[attr-defined]
        for number in range(5):
            values = {"fld_name": f"new {number}"}
            records.create_record(session, deal, values)  # type: ignore[arg-type]

    window.tasks.write(window, create)
    wait_until_idle(qtbot, window.tasks)
    make.sql('UPDATE records SET data = data || \'{"fld_stage": "won"}\'')
    undo_of(window).trigger()
    wait_until_idle(qtbot, window.tasks)
    assert "Left as they are: 5." in said(window).text
    verb, show = said(window).actions[0]
    assert verb == "Show all"
    show()
    box = QApplication.activeModalWidget()
    assert box is not None
    qtbot.addWidget(box)
    assert "“new 4” was changed since" in box.informativeText()  # type: ignore[attr-defined]
    box.close()


def test_undo_reaches_back_over_a_restart(
    qtbot: QtBot, window: MainWindow, database: Database, make: Make, actor: Actor, deal: str,
    home: Path,
) -> None:  # fmt: skip
    id_ = make.record(deal, {"fld_name": "Orion"})
    rename(window, qtbot, id_, "Orion", "Lyra")
    window.close()
    later = Tasks()
    later.use(Database.at(database.url), actor)
    again = make_window(qtbot, later, home)
    again.show_pages()
    wait_until_idle(qtbot, later)
    undo_of(again).trigger()
    wait_until_idle(qtbot, later)
    assert names(database) == ["Orion"]
    later.close()
    later.deleteLater()


def test_this_computer_keeps_its_name(window: MainWindow) -> None:
    name = window.state.computer
    assert len(name) == 32
    assert window.state.computer == name


def test_where_no_history_is_kept_undo_says_why(
    qtbot: QtBot, window: MainWindow, make: Make, deal: str
) -> None:
    for table in ("records", "relationship_records"):
        for event in ("insert", "update", "delete"):
            make.sql(f"DROP TRIGGER crm_desktop_history_{event} ON {table}")
    window.undo.refresh()
    wait_until_idle(qtbot, window.tasks)
    assert "keeps no history" in undo_of(window).toolTip()
    QTest.keyClick(window, Qt.Key.Key_Z, CTRL)
    assert "keeps no history" in said(window).text


def test_where_no_history_is_kept_edits_of_this_session_are_undone(
    qtbot: QtBot, window: MainWindow, database: Database, make: Make, deal: str
) -> None:
    make.sql("ALTER TABLE records DISABLE TRIGGER crm_desktop_history_update")
    id_ = make.record(deal, {"fld_name": "Orion"})
    rename(window, qtbot, id_, "Orion", "Lyra")
    rename(window, qtbot, id_, "Lyra", "Vega")
    assert undo_of(window).text() == "Undo edit of “Lyra”"
    assert "since the program was started" in undo_of(window).toolTip()

    for expected in ("Lyra", "Orion"):
        QTest.keyClick(window, Qt.Key.Key_Z, CTRL)
        wait_until_idle(qtbot, window.tasks)
        assert names(database) == [expected]
    assert said(window).text == "Undone: edit of “Orion”."
    QTest.keyClick(window, Qt.Key.Key_Z, CTRL | SHIFT)
    wait_until_idle(qtbot, window.tasks)
    assert names(database) == ["Lyra"]
    assert said(window).text == "Done again: edit of “Orion”."

    make.sql("UPDATE records SET data = '{\"fld_name\": \"Rigel\"}', primary_value = 'Rigel'")
    undo_of(window).trigger()
    wait_until_idle(qtbot, window.tasks)
    assert names(database) == ["Rigel"]
    assert said(window).text == "Someone else changed this record meanwhile."
    assert undo_of(window).text() == "Undo"


def test_links_that_an_undo_takes_away_are_not_said_to_be_put_back(
    qtbot: QtBot, window: MainWindow, make: Make, deal: str
) -> None:
    knows = make.relationship(deal, deal)
    one, two, three = make.records(deal, 3)

    def link(session: object) -> None:
        pairs = [(one, two), (one, three)]
        links.create_links(session, knows, pairs)  # type: ignore[arg-type]

    window.tasks.write(window, link)
    wait_until_idle(qtbot, window.tasks)
    undo_of(window).trigger()
    wait_until_idle(qtbot, window.tasks)
    assert said(window).text.endswith("2 links taken away.")
    redo_of(window).trigger()
    wait_until_idle(qtbot, window.tasks)
    assert said(window).text.endswith("2 links put back.")


def test_a_large_undo_is_a_job_of_its_own(
    qtbot: QtBot, window: MainWindow, database: Database, make: Make, deal: str
) -> None:
    ids = make.records(deal, 2500)

    def delete(session: object) -> None:
        records.delete_records(session, ids)  # type: ignore[arg-type]

    window.tasks.write(window, delete)
    wait_until_idle(qtbot, window.tasks)
    with qtbot.waitSignal(window.tasks.started) as started:
        undo_of(window).trigger()
    assert started.args is not None
    assert started.args[0].title == "Undoing deletion of 2,500 records"
    wait_until_idle(qtbot, window.tasks)
    assert len(names(database)) == 2500
    assert said(window).text == ("Undone: deletion of 2,500 records. 2,500 records brought back.")


def test_the_menu_takes_back_the_steps_of_a_layout_while_it_is_shown(
    qtbot: QtBot, opened: Tasks, window: MainWindow, deal: str
) -> None:
    window.open(f"layout:{deal}")
    wait_until_idle(qtbot, opened)
    page = window.current_page
    assert isinstance(page, LayoutPage)
    assert not undo_of(window).isEnabled()
    page.state.detach(page.state.layout.ids()[:1])
    assert undo_of(window).text().startswith("Undo ")
    undo_of(window).trigger()
    assert len(page.state.layout.ids()) == 2
    redo_of(window).trigger()
    assert len(page.state.layout.ids()) == 1
    assert window.tabs.current is not None
    window.tabs.discard(window.tabs.current)
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    window.open("objects")
    wait_until_idle(qtbot, opened)
    assert undo_of(window).text() == "Undo"
