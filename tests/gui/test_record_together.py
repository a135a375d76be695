"""Two programs on one record, and a server that ends: nothing that was typed is lost."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from uuid import UUID

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from crm_desktop.db.database import Database
from crm_desktop.db.draft_files import open_drafts
from crm_desktop.domain.access import Actor
from crm_desktop.gui.dialogs.conflict_dialog import ConflictDialog
from crm_desktop.gui.drafts import Drafts
from crm_desktop.gui.pages.record import RecordPage
from crm_desktop.gui.tasks import Tasks
from tests.gui.asking import activate, open_dialog, shown
from tests.gui.test_record_page import cell, opened, saved, stored, type_into
from tests.make import Make
from tests.stalling import proxied


@pytest.fixture
def grace(database_url: str, make: Make) -> Iterator[Tasks]:
    """Give the tasks of a second program, where somebody else works."""
    tasks = Tasks(Database.at(database_url), make.actor("grace@example.com"))
    yield tasks
    tasks.close()
    tasks.deleteLater()


def test_two_programs_edit_one_record_at_once_and_both_see_who_wrote_what(
    qtbot: QtBot, tasks: Tasks, grace: Tasks, make: Make, database: Database
) -> None:
    make.field("boss", "lookup", config={"lookupObject": "user"})
    deal = make.object("deal", fields=["name", "city", "phase", "boss"])
    record = make.record(deal, {"fld_name": "Orion", "fld_city": "Turku", "fld_phase": "a"})
    mine, theirs = opened(qtbot, tasks, record), opened(qtbot, grace, record)
    type_into(qtbot, mine, "fld_city", "Oslo")
    type_into(qtbot, theirs, "fld_phase", "b")
    saved(qtbot, theirs)
    saved(qtbot, mine)  # different fields: no question
    assert stored(database, record) == {"fld_name": "Orion", "fld_city": "Oslo", "fld_phase": "b"}

    theirs.refresh()
    qtbot.waitUntil(lambda: cell(theirs, "fld_city").original == "Oslo")
    type_into(qtbot, theirs, "fld_name", "Hers")
    type_into(qtbot, theirs, "fld_city", "Her city")
    saved(qtbot, theirs)
    for field_id in ("fld_name", "fld_city", "fld_phase"):
        type_into(qtbot, mine, field_id, f"My {field_id}")
    mine.save()
    qtbot.waitUntil(lambda: len(mine.panel.form.clashes()) == 2)
    assert " by Grace." in cell(mine, "fld_name")._clash_bar._sentence.text()
    mine.panel.form.compare_requested.emit()
    dialog = open_dialog(qtbot, ConflictDialog)
    activate(qtbot, dialog)
    qtbot.keyClick(dialog.focusWidget(), Qt.Key.Key_Space)  # her name…
    qtbot.keyClick(dialog.focusWidget(), Qt.Key.Key_Tab)
    qtbot.keyClick(dialog.focusWidget(), Qt.Key.Key_Space)
    qtbot.keyClick(dialog.focusWidget(), Qt.Key.Key_Right)  # …and my city
    qtbot.keyClick(dialog.focusWidget(), Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    saved(qtbot, mine)

    expected = {"fld_name": "Hers", "fld_city": "My fld_city", "fld_phase": "My fld_phase"}
    assert stored(database, record) == expected
    qtbot.waitUntil(lambda: "by Ada Admin" in mine.panel.times.text())
    assert "created" in mine.panel.times.text()


def test_who_made_a_record_is_said_also_where_nobody_knows_them(
    qtbot: QtBot, tasks: Tasks, make: Make
) -> None:
    stranger = UUID("00000000-0000-7000-8000-00000000ffff")
    record = make.record(make.object("deal", fields=["name"]), {}, created_by=stranger)
    page = opened(qtbot, tasks, record)

    changed, made = page.panel.times.text().removeprefix("· ").split(" · ")
    assert made.endswith(f" by an unknown user ({stranger})")
    assert " by " not in changed  # another program did not say who
    assert f"by an unknown user ({stranger})" in page.panel.times.accessibleDescription()


def test_a_server_that_ends_between_edit_and_commit_takes_nothing_that_was_typed(
    qtbot: QtBot, database: Database, database_url: str, actor: Actor, make: Make, home: Path
) -> None:
    record = make.record(make.object("deal", fields=["name"]), {"fld_name": "Orion"})
    with proxied(database_url) as proxy:
        tasks = Tasks(Database.at(proxy.url), actor)
        drafts = Drafts(tasks, partial(open_drafts, home))
        drafts.begin("here")
        page = shown(qtbot, RecordPage(tasks, record, drafts=drafts))
        qtbot.waitUntil(lambda: page.panel.record is not None and not tasks.is_busy)
        type_into(qtbot, page, "fld_name", "Typed in vain?")
        proxy.cut()
        with qtbot.waitSignal(page.panel.not_saved, timeout=20_000):
            page.save()
        assert page.has_unsaved()
        assert stored(database, record) == {"fld_name": "Orion"}
        qtbot.waitUntil(lambda: "Typed in vain?" in "".join(
            file.read_text() for file in home.rglob("*.jsonl")
        ))  # fmt: skip

        proxy.begin_again()
        with qtbot.waitSignal(page.panel.saved, timeout=20_000):
            page.save()
        assert stored(database, record) == {"fld_name": "Typed in vain?"}
        tasks.close()
        drafts.close()
        assert not list(home.rglob("*.jsonl"))
