"""The layout editor under attack: hostile labels, foreign files, what others do meanwhile."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit
from pytestqt.qtbot import QtBot
from sqlalchemy import select

from crm_desktop.db import form_rows
from crm_desktop.db.tables import ObjectField
from crm_desktop.domain.layout_changes import changes_against
from crm_desktop.gui.layout_editor.fields_mime import Parcel, pack
from crm_desktop.gui.layout_editor.page import LayoutPage
from crm_desktop.gui.layout_editor.words import sentences
from crm_desktop.gui.tasks import Tasks
from tests.domain.layouts import text_of
from tests.gui.layout_hands import choose, ids_of, row_of, save, shown
from tests.gui.windows import wait_until_idle
from tests.make import Make

HOSTILE = (
    "<b>bold</b><img src='file:///etc/hostname'>",
    "x" * 10_000,
    "\u202eesrever",
    "two\nlines\tand {0} %1 &tabs",
)


@pytest.fixture
def page(qtbot: QtBot, tasks: Tasks, make: Make) -> LayoutPage:
    make.object("deal", fields=["name", "stage", "amount"])
    return shown(qtbot, tasks, "obj_deal")


def read_again(qtbot: QtBot, page: LayoutPage) -> None:
    page.refresh()
    wait_until_idle(qtbot, page._tasks)


def line_of(page: LayoutPage, name: str) -> QLineEdit:
    line = row_of(page, name).editor.focusProxy()
    assert isinstance(line, QLineEdit)
    return line


def test_labels_of_any_kind_are_shown_as_they_stand(
    qtbot: QtBot, page: LayoutPage, make: Make
) -> None:
    for number, label in enumerate(HOSTILE):
        make.field(f"odd{number}", label=label, description=label, category=label)
        make.attach("obj_deal", f"odd{number}")
    make.field("unused", label=HOSTILE[0])
    read_again(qtbot, page)
    for number in range(len(HOSTILE)):
        (id_,) = choose(page, f"odd{number}")
        page.state.set_attribute([id_], "override:label", f"{HOSTILE[number]}!")
    page.state.add_section(HOSTILE[0], 0)
    page.grab()
    said = sentences(page.state, changes_against(page.state.draft.saved, page.state.layout))
    assert "Section “<b>bold</b><img src='file:///etc/hostname'>” is new." in said
    assert "“esrever!”: label becomes “esrever!”; it was the library's." in said  # not turned
    save(qtbot, page)
    assert not page.has_unsaved()


def test_what_is_being_typed_counts_as_unsaved_and_is_saved_with_the_rest(
    qtbot: QtBot, page: LayoutPage, make: Make
) -> None:
    (stage,) = choose(page, "stage")
    page.commands.rename_current()
    editor = page.tree.findChild(QLineEdit)
    assert editor is not None
    qtbot.keyClicks(editor, "Phase")
    assert page.has_unsaved()
    save(qtbot, page)
    query = select(ObjectField.field_overrides).where(ObjectField.id == stage)
    assert make.value(query) == {"label": "Phase"}
    choose(page, "stage")
    qtbot.keyClicks(line_of(page, "placeholder"), "where")
    assert page.has_unsaved()
    save(qtbot, page)
    assert make.value(query) == {"label": "Phase", "placeholder": "where"}
    assert not page.has_unsaved()


def test_a_field_that_others_take_out_while_it_is_edited_or_dragged_stays_out(
    qtbot: QtBot, page: LayoutPage, make: Make
) -> None:
    stage, amount = choose(page, "stage", "amount")
    entries = tuple(page.state.layout.by_id()[id_] for id_ in (stage, amount))
    dragged = pack(Parcel("obj_deal", entries))
    choose(page, "stage")
    line = line_of(page, "label")
    line.setFocus()
    qtbot.keyClicks(line, " of mine")
    make.sql("DELETE FROM object_fields WHERE id = :id", id=stage)
    read_again(qtbot, page)
    assert not page.has_unsaved()
    make.sql("DELETE FROM fields WHERE id = 'fld_stage'")
    read_again(qtbot, page)

    model = page.tree.model_of_layout
    model.dropMimeData(dragged, Qt.DropAction.MoveAction, 0, 0, model.index(0, 0))
    assert text_of(page.state.layout) == ": amount name"
    model.drop(Parcel("", entries[:1]), page.state.layout.sections[0].key, 0)
    page.state.move([amount], "gone", 0)
    page.state.move_section("gone", 0)
    page.state.remove_section("gone")
    assert text_of(page.state.layout) == ": amount name"
    save(qtbot, page)
    assert make.layout_of("obj_deal") == ["fld_amount", "fld_name"]


def test_what_was_read_before_a_save_came_back_is_read_again(
    qtbot: QtBot, page: LayoutPage
) -> None:
    old = page.state.stored
    assert old is not None
    choose(page, "amount")
    qtbot.keyClick(page.tree, Qt.Key.Key_Home, Qt.KeyboardModifier.AltModifier)
    number = page.saving._reads
    save(qtbot, page)
    page.saving._show(number, (old, list(page.state.library.values())))
    wait_until_idle(qtbot, page._tasks)
    assert text_of(page.state.layout) == ": amount name stage"
    assert not page.has_unsaved()


def test_a_connection_that_dies_while_saving_leaves_the_draft_and_saving_again_works(
    qtbot: QtBot, page: LayoutPage, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    choose(page, "amount")
    qtbot.keyClick(page.tree, Qt.Key.Key_Home, Qt.KeyboardModifier.AltModifier)
    wrapped: Callable[..., Any] = form_rows.standing_of

    def die(session: Any) -> Any:
        session.connection().exec_driver_sql("SELECT pg_terminate_backend(pg_backend_pid())")
        return wrapped(session)

    with monkeypatch.context() as patch, qtbot.waitSignal(page.refused, timeout=20_000):
        patch.setattr(form_rows, "standing_of", die)
        page.save()
    assert page.has_unsaved()
    wait_until_idle(qtbot, page._tasks)
    assert make.layout_of("obj_deal") == ["fld_name", "fld_stage", "fld_amount"]
    save(qtbot, page)
    assert make.layout_of("obj_deal") == ["fld_amount", "fld_name", "fld_stage"]


def test_an_object_that_is_gone_is_said_and_the_draft_stays(
    qtbot: QtBot, page: LayoutPage, make: Make
) -> None:
    choose(page, "amount")
    qtbot.keyClick(page.tree, Qt.Key.Key_Home, Qt.KeyboardModifier.AltModifier)
    make.sql("DELETE FROM objects WHERE id = 'obj_deal'")
    with qtbot.waitSignal(page.refused) as refused:
        page.save()
    assert refused.args is not None
    assert str(refused.args[0]) == "This object no longer exists."
    assert page.has_unsaved()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[1, 2",
        "null",
        "[" * 100_000,
        '{"format": "crm-desktop layout", "version": 1, "sections": "abc"}',
        '{"format": "crm-desktop layout", "version": 1, "sections": []}',
        json.dumps({"format": "crm-desktop layout", "version": 1, "sections": [{}] * 5_000}),
        "\ud800",
        " " * (17 * 1024**2),
    ],
    ids=["empty", "cut", "null", "deep", "a text", "none", "too many", "no UTF-8", "too large"],
)
def test_a_file_that_is_no_layout_changes_nothing_and_is_refused_with_a_sentence(
    qtbot: QtBot, page: LayoutPage, tmp_path: Path, text: str
) -> None:
    file = tmp_path / "odd.json"
    file.write_bytes(text.encode(errors="surrogatepass"))
    with qtbot.waitSignal(page.refused) as refused:
        page.exchange.import_from(str(file))
    assert refused.args is not None
    assert str(refused.args[0]).endswith(".")
    assert not page.has_unsaved()


def test_a_layout_with_odd_parts_is_taken_over_as_far_as_it_makes_sense(
    qtbot: QtBot, page: LayoutPage, tmp_path: Path, make: Make
) -> None:
    odd: list[Any] = [None, 7, {"field": 7}, {"field": "fld_stage"}]
    odd.insert(3, {"field": "fld_stage", "overrides": ["x"], "width": 9})
    overrides = {"label": {"a": 1}, "default": [2]}
    odd.append({"name": "amount", "type": "text", "overrides": overrides})
    sections = [5, {"title": 5, "columns": "3", "fields": odd}, {"title": "A"}, {"title": "A"}]
    document = {"format": "crm-desktop layout", "version": 1, "sections": sections}
    file = tmp_path / "odd.json"
    file.write_text(json.dumps(document), encoding="utf-8")
    page.exchange.import_from(str(file))
    wait_until_idle(qtbot, page._tasks)
    for name in ids_of(page):
        choose(page, name)
    page.grab()
    save(qtbot, page)
    assert not page.has_unsaved()
    assert sorted(make.layout_of("obj_deal")) == ["fld_amount", "fld_name", "fld_stage"]
