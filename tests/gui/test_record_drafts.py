"""What was typed into a record's form is offered again: after a crash, exactly, until stored."""

import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from crm_desktop.db.database import Database
from crm_desktop.db.draft_files import open_drafts
from crm_desktop.domain.access import Actor
from crm_desktop.gui.dialogs.drafts_dialog import DraftsDialog
from crm_desktop.gui.drafts import Draft, Drafts
from crm_desktop.gui.editors.text import LineEditor
from crm_desktop.gui.pages.record import NewRecordPage, RecordPage
from crm_desktop.gui.pages.records import RecordsPage
from crm_desktop.gui.tasks import Tasks
from tests.gui.asking import activate, answer, open_dialog, press, shown
from tests.gui.test_record_page import cell, saved, stored, type_into
from tests.gui.windows import make_window
from tests.homes import wait_until
from tests.make import Make

AT = datetime(2026, 11, 25, 14, 2, tzinfo=UTC)


@pytest.fixture
def drafts(tasks: Tasks, tmp_path: Path) -> Iterator[Drafts]:
    drafts = Drafts(tasks, partial(open_drafts, tmp_path / "home"))
    yield drafts
    drafts.close()


def left_over(tasks: Tasks, home: Path, *drafts: Draft) -> None:
    """Leave drafts behind as a program does that was killed."""
    file, _ = open_drafts(home, "here")
    file.write(drafts)
    file.close()


def draft(object_id: str, record_id: str = "", **values: dict[str, Any]) -> Draft:
    return Draft(f"form:x:{record_id}", object_id, record_id, "Orion", values, AT)


def opened(qtbot: QtBot, tasks: Tasks, record_id: str, drafts: Drafts) -> RecordPage:
    page = shown(qtbot, RecordPage(tasks, record_id, drafts=drafts))
    qtbot.waitUntil(lambda: page.panel.record is not None and not tasks.is_busy)
    return page


def line(page: RecordPage, field_id: str) -> LineEditor:
    editor = cell(page, field_id).editor
    assert isinstance(editor, LineEditor)
    return editor


def test_typing_in_a_program_that_is_killed_is_offered_at_the_next_start(
    qtbot: QtBot,
    tasks: Tasks,
    drafts: Drafts,
    make: Make,
    database: Database,
    database_url: str,
    home: Path,
) -> None:
    record = make.record(make.object("deal", fields=["name"]), {"fld_name": "Orion"})
    arguments = (database_url, str(home), str(make.admin.user_id), record, "Orion, half ty")
    with subprocess.Popen(
        [sys.executable, "-m", "tests.gui.typing_program", *arguments],
        stdout=subprocess.PIPE,
        text=True,
    ) as program:
        assert program.stdout is not None
        assert program.stdout.readline() == "typed\n"
        wait_until(lambda: list(home.rglob("*.jsonl")), seconds=0.5)  # what is promised
        program.kill()

    drafts.begin("here")
    page = opened(qtbot, tasks, record, drafts)
    qtbot.waitUntil(lambda: bool(page.panel.drafts.sentence()))
    assert "it was not stored: Name." in page.panel.drafts.sentence()
    press(qtbot, page.panel.drafts.buttons[0])

    qtbot.waitUntil(lambda: line(page, "fld_name").line.text() == "Orion, half ty")
    assert not page.panel.drafts.sentence()
    saved(qtbot, page)
    assert stored(database, record) == {"fld_name": "Orion, half ty"}
    drafts.close()
    assert not list(home.rglob("*.jsonl"))


def test_a_restored_draft_keeps_the_guard_of_its_time_and_text_that_is_no_value(
    qtbot: QtBot, tasks: Tasks, drafts: Drafts, make: Make, home: Path
) -> None:
    make.field("amount", "number")
    deal = make.object("deal", fields=["name", "amount"])
    record = make.record(deal, {"fld_name": "Theirs by now", "fld_amount": Decimal("1.50")})
    typed = draft(
        deal,
        record,
        fld_name={"old": "Orion", "new": "Mine"},
        fld_amount={"old": Decimal("1.50"), "new": None, "text": "12 abc"},
    )
    left_over(tasks, home, typed)
    drafts.begin("here")
    page = opened(qtbot, tasks, record, drafts)
    press(qtbot, page.panel.drafts.buttons[0])
    qtbot.waitUntil(page.has_unsaved)

    assert line(page, "fld_amount").line.text() == "12 abc"
    page.save()
    assert cell(page, "fld_amount").problem.text()
    type_into(qtbot, page, "fld_amount", "1.50")
    page.save()
    qtbot.waitUntil(lambda: cell(page, "fld_name").clash is not None)
    clash = cell(page, "fld_name").clash
    assert clash is not None
    assert (clash.original, clash.theirs, clash.mine) == ("Orion", "Theirs by now", "Mine")


def test_what_was_stored_after_all_is_not_offered_and_discard_forgets(
    qtbot: QtBot, tasks: Tasks, drafts: Drafts, make: Make, home: Path
) -> None:
    deal = make.object("deal", fields=["name", "code"])
    record = make.record(deal, {"fld_name": "Vega"})
    through = draft(deal, record, fld_name={"old": "Orion", "new": "Vega"})
    lost = Draft("form:y", deal, record, "Vega", {"fld_code": {"old": None, "new": "K"}}, AT)
    left_over(tasks, home, through, lost)
    drafts.begin("here")
    page = opened(qtbot, tasks, record, drafts)

    assert "not stored: Code." in page.panel.drafts.sentence()
    assert len(drafts.left_over()) == 1
    press(qtbot, page.panel.drafts.buttons[1])
    assert not page.panel.drafts.sentence()
    assert not drafts.left_over()


def test_a_new_record_is_drafted_from_the_first_key_and_not_before(
    qtbot: QtBot, tasks: Tasks, drafts: Drafts, make: Make, home: Path
) -> None:
    make.field("stage", config={"defaultValue": "new"})
    deal = make.object("deal", fields=["name", "stage"])
    drafts.begin("here")
    page = shown(qtbot, NewRecordPage(tasks, deal, drafts=drafts))
    qtbot.waitUntil(lambda: bool(page.panel.form.cells) and not tasks.is_busy)
    drafts.close()
    assert not list(home.rglob("*.jsonl"))

    drafts.begin("here")
    qtbot.waitUntil(lambda: not tasks.is_busy)
    type_into(qtbot, page, "fld_name", "Lyra")
    qtbot.waitUntil(lambda: bool(list(home.rglob("*.jsonl"))))
    drafts.close()  # a signal ended the program

    heir = Drafts(tasks, partial(open_drafts, home))
    heir.begin("here")
    again = shown(qtbot, NewRecordPage(tasks, deal, drafts=heir))
    qtbot.waitUntil(lambda: bool(again.panel.drafts.sentence()))
    press(qtbot, again.panel.drafts.buttons[0])
    qtbot.waitUntil(lambda: line(again, "fld_name").line.text() == "Lyra")
    again.drop_unsaved()
    heir.close()
    assert not list(home.rglob("*.jsonl"))


def test_lists_and_the_start_say_what_was_left_over_and_lead_there(
    qtbot: QtBot, database: Database, actor: Actor, make: Make, home: Path
) -> None:
    deal = make.object("deal", fields=["name"])
    record = make.record(deal, {"fld_name": "Orion"})
    tasks = Tasks(database, actor)
    value = {"old": None, "new": "x"}
    left_over(tasks, home, draft(deal, record, fld_name=value), draft(deal, fld_name=value))
    window = make_window(qtbot, tasks, home, Drafts(tasks, partial(open_drafts, home)))
    window.drafts.begin("here")
    window.navigation.reload()
    window.open(f"records:{deal}")
    qtbot.waitUntil(lambda: isinstance(window.current_page, RecordsPage) and not tasks.is_busy)
    page = window.current_page
    assert isinstance(page, RecordsPage)
    frame = window.tabs.current
    assert frame is not None
    message = frame.messages.message()
    assert message is not None
    assert "2 drafts" in message.text
    assert page.left_over.sentence() == "Typed before and not stored: Orion, Orion."

    window.draft_notices.show_drafts()
    dialog = open_dialog(qtbot, DraftsDialog)
    texts = [dialog.model.index(row, 1).data() for row in range(dialog.model.rowCount())]
    assert texts == ["Deals", "Deals"]
    dialog.grid.setCurrentIndex(dialog.model.index(1, 0))
    activate(qtbot, dialog)
    qtbot.keyClick(dialog.grid, Qt.Key.Key_Delete)
    answer(qtbot, "Discard 1")
    qtbot.waitUntil(lambda: dialog.model.rowCount() == 1)
    left = dialog.model.rows[0].draft
    qtbot.keyClick(dialog.grid, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: isinstance(window.current_page, RecordPage))
    current = window.current_page
    assert isinstance(current, RecordPage)
    qtbot.waitUntil(lambda: bool(current.panel.drafts.sentence()))
    assert left.object_id == deal

    assert frame.messages.message() == message
    window.drafts.drop(left.key)  # given up, or stored
    assert frame.messages.message() is None
    window.drafts.close()
    tasks.close()
