"""Drafts: what was typed outlives the program, exactly, for whoever starts it next."""

import logging
import os
import stat
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from crm_desktop.db import draft_files
from crm_desktop.db.draft_files import open_drafts
from crm_desktop.gui.drafts import Draft, Drafts
from crm_desktop.gui.tasks import Tasks

AT = datetime(2026, 11, 25, 14, 2, tzinfo=UTC)
VALUES: Mapping[str, Mapping[str, Any]] = {
    "fld_amount": {"old": Decimal("1.10"), "new": Decimal("123456789012345678901.50")},
    "fld_name": {"old": None, "new": "half \ud800 of a pair, a \0 and an 🙂"},
    "fld_due": {"old": "2026-01-02", "new": None, "text": "next wee"},
}


def draft(key: str = "record:rec_1", at: datetime = AT) -> Draft:
    return Draft(key, "obj_deal", "rec_1", "Orion", VALUES, at)


def begun(qtbot: QtBot, tasks: Tasks, folder: Path, owner: str = "crm @ here") -> Drafts:
    drafts = Drafts(tasks, partial(open_drafts, folder))
    drafts.begin(owner)
    qtbot.waitUntil(lambda: not tasks.is_busy)
    return drafts


def files_in(folder: Path, pattern: str = "*.jsonl") -> list[Path]:
    return sorted(folder.rglob(pattern))


def test_a_draft_is_kept_exactly_in_a_private_file_and_goes_with_what_it_was_of(
    qtbot: QtBot, tasks: Tasks, tmp_path: Path
) -> None:
    drafts = begun(qtbot, tasks, tmp_path)
    drafts.keep(draft())
    qtbot.waitUntil(lambda: bool(files_in(tmp_path)))
    (file,) = files_in(tmp_path)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    drafts.close()  # as when a signal ends the program

    heir = begun(qtbot, tasks, tmp_path)
    (found,) = heir.left_over()
    assert (found.record_id, found.title, found.at) == ("rec_1", "Orion", AT)
    assert found.values == VALUES
    assert str(found.values["fld_amount"]["new"]) == "123456789012345678901.50"
    assert heir.left_over_of("obj_deal", "rec_1") == (found,)

    heir.keep(draft())  # typed anew in the same place: what was left over stays on offer
    heir.drop("record:rec_1")
    assert heir.left_over() == (found,)
    with qtbot.waitSignal(heir.changed):
        heir.drop(found.key)
    (file.parent / "of a program that was killed.lock").touch()
    begun(qtbot, tasks, tmp_path).close()  # sweeps
    heir.close()
    assert not files_in(tmp_path, "*.*")


def test_programs_leave_the_drafts_of_those_alone_that_still_run(
    qtbot: QtBot, tasks: Tasks, tmp_path: Path
) -> None:
    first = begun(qtbot, tasks, tmp_path)
    first.keep(draft())
    qtbot.waitUntil(lambda: bool(files_in(tmp_path)))

    second = begun(qtbot, tasks, tmp_path)
    assert not second.left_over()
    first.close()
    third = begun(qtbot, tasks, tmp_path)
    assert len(third.left_over()) == 1
    assert not begun(qtbot, tasks, tmp_path, "another @ there").left_over()
    third.close()
    fourth = begun(qtbot, tasks, tmp_path)
    assert [each.key for each in fourth.left_over()] == [each.key for each in third.left_over()]


def test_what_cannot_be_read_is_kept_aside_and_said_in_the_log(
    qtbot: QtBot, tasks: Tasks, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    drafts = begun(qtbot, tasks, tmp_path)
    drafts.keep(draft())
    drafts.close()
    (file,) = files_in(tmp_path)
    whole = file.read_bytes()
    odd = b'{"key": 1}\n[]\n\xff\n' + whole.replace(b'"values": {', b'"values": [], "rest": {')
    file.write_bytes(whole[: len(whole) // 2] + b"\n" + odd + b"\n" + whole)

    with caplog.at_level(logging.WARNING):
        heir = begun(qtbot, tasks, tmp_path)

    assert [each.values for each in heir.left_over()] == [VALUES]
    assert len(files_in(tmp_path, "*.unreadable")) == 1
    assert "5 drafts cannot be read" in caplog.text


def test_drafts_are_bounded_and_the_oldest_go_first(
    qtbot: QtBot, tasks: Tasks, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(draft_files, "MOST_DRAFTS", 3)
    drafts = begun(qtbot, tasks, tmp_path)
    for year in (2025, 2021, 2024, 2022, 2023):
        drafts.keep(draft(f"record:{year}", AT.replace(year=year)))
    drafts.close()

    heir = begun(qtbot, tasks, tmp_path)
    assert [each.at.year for each in heir.left_over()] == [2025, 2024, 2023]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
def test_a_disk_that_refuses_is_said_once(qtbot: QtBot, tasks: Tasks, tmp_path: Path) -> None:
    (tmp_path / "drafts").write_text("no folder")
    drafts = Drafts(tasks, partial(open_drafts, tmp_path))
    with qtbot.waitSignal(drafts.refused) as refusal:
        drafts.begin("crm @ here")
    assert "cannot be kept safe" in str(refusal.args[0])
    drafts.keep(draft())
    drafts.close()
