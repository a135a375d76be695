"""Indexes in the window: offered above a slow list, built by key, listed, and dropped."""

from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from crm_desktop.db.database import Database, ReadSession
from crm_desktop.domain.access import Actor
from crm_desktop.domain.filters import Condition, Sort
from crm_desktop.domain.index_kinds import IndexKind
from crm_desktop.gui.dialogs.build_index_dialog import BuildIndexDialog
from crm_desktop.gui.dialogs.delete_dialog import DeleteDialog
from crm_desktop.gui.pages import index_offers
from crm_desktop.gui.pages.indexes import IndexesPage
from crm_desktop.gui.pages.records import RecordsPage
from crm_desktop.gui.tasks import Tasks
from crm_desktop.services import index_advice
from crm_desktop.services.index_advice import IndexInfo
from tests.gui.asking import activate, open_dialog, shown
from tests.make import Make

SORT = (Sort("fld_amount"),)


@pytest.fixture
def deals(make: Make, monkeypatch: pytest.MonkeyPatch) -> str:
    """Give an object with some thousand records; every read of them counts as slow."""
    monkeypatch.setattr(index_offers, "SLOW", 0.0)
    deal = make.object("deal", ["name"])
    make.attach(deal, make.field("amount", "number"))
    make.sql(
        "INSERT INTO records (id, object_id, data, primary_value, created_by)"
        " SELECT 'rec_' || n, :deal, jsonb_build_object('fld_name', 'Deal ' || n,"
        " 'fld_amount', n), 'Deal ' || n, :author FROM generate_series(1, 6000) AS n",
        deal=deal,
        author=make.admin.user_id,
    )
    make.sql("ANALYZE records")
    return deal


def listed(database: Database, actor: Actor) -> tuple[IndexInfo, ...]:
    with database.read(actor) as session:
        return index_advice.list_indexes(session)


def said(page: RecordsPage) -> str:
    message = page.list.indexes.bar.message()
    return message.text if message and page.list.indexes.bar.isVisible() else ""


def link(page: RecordsPage, text: str) -> QPushButton:
    buttons = page.list.indexes.bar.findChildren(QPushButton)
    return next(button for button in buttons if button.text() == text and button.isVisible())


def press_key(qtbot: QtBot, page: RecordsPage, text: str) -> None:
    """Reach a link of the bar by Tab alone, and press it."""
    wanted = link(page, text)
    page.list.search.setFocus()
    for _ in range(20):
        if wanted.hasFocus():
            break
        qtbot.keyClick(page.window().focusWidget(), Qt.Key.Key_Tab)
    assert wanted.hasFocus()
    qtbot.keyClick(wanted, Qt.Key.Key_Space)


def sorted_page(qtbot: QtBot, tasks: Tasks, deal: str) -> RecordsPage:
    page = shown(qtbot, RecordsPage(tasks, deal))
    qtbot.waitUntil(lambda: page.model.is_settled)
    assert said(page) == ""
    page.model.sort_by(SORT)
    return page


def test_a_slow_sort_offers_an_index_which_a_key_builds_and_the_list_uses(
    qtbot: QtBot, tasks: Tasks, deals: str, database: Database, actor: Actor
) -> None:
    page = sorted_page(qtbot, tasks, deals)
    qtbot.waitUntil(lambda: "Sorting by Amount reads all 6,000 records." in said(page))
    assert "An index would make it quick (about " in said(page)
    assert listed(database, actor) == ()

    with qtbot.waitSignal(tasks.started) as started:
        press_key(qtbot, page, "Build index")
    (job,) = started.args or []
    assert job.title == "Building an index on Amount"
    qtbot.waitUntil(lambda: said(page) == "Sorting by Amount is quick now.", timeout=10_000)
    qtbot.waitUntil(lambda: page.model.is_settled)
    (index,) = listed(database, actor)
    assert (index.field_id, index.kind) == ("fld_amount", IndexKind.ORDER)
    assert page.model.query.sort == SORT
    qtbot.waitUntil(lambda: page.model._reader.is_indexed)

    page.model.sort_by(())
    page.model.sort_by(SORT)
    qtbot.waitUntil(lambda: page.model.is_settled)
    assert said(page) == ""


def test_what_was_declined_is_not_offered_again_not_even_after_a_restart(
    qtbot: QtBot, tasks: Tasks, deals: str
) -> None:
    page = sorted_page(qtbot, tasks, deals)
    qtbot.waitUntil(lambda: "Sorting by Amount" in said(page))
    press_key(qtbot, page, "Not now")
    assert said(page) == ""
    asked: list[object] = []
    page.model.sort_by((replace(SORT[0], descending=True),))
    qtbot.waitUntil(lambda: page.model.is_settled)
    qtbot.waitUntil(lambda: not tasks.is_busy)
    assert said(page) == ""

    later = RecordsPage(tasks, deals)
    later.restore_view(page.view_state())
    shown(qtbot, later)
    later.list.indexes.refused.connect(asked.append)
    qtbot.waitUntil(lambda: later.model.is_settled)
    later.model.sort_by(SORT)
    qtbot.waitUntil(lambda: later.model.is_settled and not tasks.is_busy)
    assert said(later) == ""


def test_a_slow_filter_offers_its_index_and_a_build_that_is_stopped_is_offered_again(
    qtbot: QtBot, tasks: Tasks, deals: str, make: Make, database: Database, actor: Actor
) -> None:
    page = shown(qtbot, RecordsPage(tasks, deals))
    qtbot.waitUntil(lambda: page.model.is_settled)
    page.list.filters.set_parts((Condition("fld_amount", "less", 50),))
    qtbot.waitUntil(lambda: "Filtering by Amount reads all 6,000 records." in said(page))
    with database.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE records SET tenant_id = 'x' WHERE id = 'rec_1'")
        with qtbot.waitSignal(tasks.started) as started:
            press_key(qtbot, page, "Build index")
        (job,) = started.args or []
        qtbot.waitUntil(lambda: job.total == 6000)  # it waits for the transaction above
        with qtbot.waitSignal(job.ended, timeout=10_000):
            job.cancel()
    qtbot.waitUntil(lambda: "Filtering by Amount" in said(page))
    assert link(page, "Build index").isEnabled()
    assert "ready" not in {info.state for info in listed(database, actor)}


def test_who_may_not_build_one_is_told_what_it_needs_and_offered_nothing(
    qtbot: QtBot, tasks: Tasks, deals: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def advise(session: ReadSession, **what: Any) -> list[index_advice.IndexAdvice]:
        return [replace(each, obstacle="Only the owner can.") for each in real(session, **what)]

    real = index_advice.advise
    monkeypatch.setattr(index_advice, "advise", advise)
    page = sorted_page(qtbot, tasks, deals)
    qtbot.waitUntil(lambda: said(page).endswith("Only the owner can."))
    buttons = page.list.indexes.bar.findChildren(QPushButton)
    assert [button.text() for button in buttons if button.text()] == ["Not now"]


def test_the_page_of_indexes_serves_the_keyboard_from_building_to_dropping(
    qtbot: QtBot,
    tasks: Tasks,
    deals: str,
    database: Database,
    actor: Actor,
    qtmodeltester: ModelTester,
) -> None:
    page = shown(qtbot, IndexesPage(tasks))
    qtbot.waitUntil(lambda: not tasks.is_busy)
    qtmodeltester.check(page.model)
    assert page.model.rowCount() == 0
    qtbot.keyClick(page.grid, Qt.Key.Key_N, Qt.KeyboardModifier.ControlModifier)
    dialog = open_dialog(qtbot, BuildIndexDialog)
    qtbot.waitUntil(lambda: dialog.fields.count() == 2)
    dialog.fields.setFocus()
    qtbot.keyClick(dialog.fields, Qt.Key.Key_Down)
    assert dialog.fields.currentText() == "Amount"
    qtbot.waitUntil(dialog.submit.isEnabled)
    assert dialog.cost.text().startswith("6,000 records: about ")
    assert dialog.kinds.currentText() == "Sorting, comparing"
    with qtbot.waitSignal(tasks.changed, timeout=10_000):
        qtbot.keyClick(dialog, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: page.model.rowCount() == 1)
    texts = [page.model.index(0, column).data() for column in range(page.model.columnCount())]
    assert texts[:3] == ["Deal", "Amount", "Sorting, comparing"]
    assert texts[6] == "Ready"

    activate(qtbot, page)
    qtbot.keyClick(page.grid, Qt.Key.Key_N, Qt.KeyboardModifier.ControlModifier)
    again = open_dialog(qtbot, BuildIndexDialog)
    again.choose_field("fld_amount", IndexKind.ORDER)
    qtbot.waitUntil(lambda: "already" in again.problem.text())
    assert not again.submit.isEnabled()
    qtbot.keyClick(again, Qt.Key.Key_Escape)

    activate(qtbot, page)
    page.grid.setFocus()
    qtbot.keyClick(page.grid, Qt.Key.Key_Delete, Qt.KeyboardModifier.ControlModifier)
    question = open_dialog(qtbot, DeleteDialog)
    qtbot.waitUntil(question.submit.isEnabled)
    assert "Sorting and filtering by it will read all 6,000 records again." in (
        question.effects.text()
    )
    question.submit.setFocus()
    with qtbot.waitSignal(question.deleted, timeout=10_000):
        qtbot.keyClick(question.submit, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: page.model.rowCount() == 0)
    assert listed(database, actor) == ()


def test_the_page_of_records_leads_to_the_indexes(qtbot: QtBot, tasks: Tasks, make: Make) -> None:
    page = shown(qtbot, RecordsPage(tasks, make.object("person", fields=["name"])))
    with qtbot.waitSignal(page.open_requested, check_params_cb=partial(str.__eq__, "indexes")):
        page.indexes_action.trigger()
