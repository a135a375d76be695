"""The status bar: which database, whether it answers, what is running."""

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QToolButton, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from crm_desktop.gui.jobs import Job
from crm_desktop.gui.pulse import ConnectionState
from crm_desktop.gui.status_bar import Place, StatusBar


@pytest.fixture
def bar(qtbot: QtBot) -> Iterator[StatusBar]:
    window = QWidget()
    qtbot.addWidget(window)
    bar = StatusBar()
    column = QVBoxLayout(window)
    column.addStretch(1)
    column.addWidget(bar)
    window.resize(1200, 400)
    window.show()
    yield bar
    window.close()


def press(qtbot: QtBot, bar: StatusBar, text: str) -> None:
    buttons = [each for each in bar.findChildren(QToolButton) if each.text() == text]
    qtbot.mouseClick(next(b for b in buttons if b.isVisible()), Qt.MouseButton.LeftButton)


def test_place_and_kind_are_words(bar: StatusBar) -> None:
    bar.show_place(Place("dev", "crm_core", "db-2.internal"))
    assert bar.kind.text == "DEV"
    assert bar.place.text == "crm_core @ db-2.internal"


def test_latency_is_shown_in_milliseconds(bar: StatusBar) -> None:
    bar.show_state(ConnectionState.CONNECTED)
    bar.show_latency(18.4)
    assert bar.latency.text == "18 ms"
    bar.show_latency(0.3)
    assert bar.latency.text == "< 1 ms"


def test_a_lost_connection_says_so_and_can_be_tried_now(qtbot: QtBot, bar: StatusBar) -> None:
    bar.show_state(ConnectionState.LOST)
    assert bar.latency.text == "No answer: trying again"
    with qtbot.waitSignal(bar.reconnect_requested):
        press(qtbot, bar, "Try now")
    bar.show_state(ConnectionState.CONNECTED)
    bar.show_latency(12)
    assert bar.latency.text == "12 ms"


def test_one_job_shows_progress_and_can_be_cancelled(qtbot: QtBot, bar: StatusBar) -> None:
    job = Job("Importing contacts")
    bar.jobs.add(job)
    assert bar.jobs.text == "Importing contacts"
    job.report(6120, 19377)
    assert bar.jobs.text == "Importing contacts 6,120 / 19,377"
    press(qtbot, bar, "Cancel")
    assert job.is_cancelled
    assert not job.report(19377, 19377)
    assert bar.jobs.text == "Importing contacts: stopping…"
    job.ended.emit()
    assert not bar.jobs.isVisible()


def test_several_jobs_fold_into_a_list_with_a_cancel_each(qtbot: QtBot, bar: StatusBar) -> None:
    first, second = Job("Importing contacts"), Job("Exporting deals")
    bar.jobs.add(first)
    bar.jobs.add(second)
    press(qtbot, bar, "2 jobs running")
    rows = bar.jobs._list
    assert rows.isVisible()
    cancel = [each for each in rows.findChildren(QToolButton) if each.text() == "Cancel"]
    qtbot.mouseClick(cancel[1], Qt.MouseButton.LeftButton)
    assert second.is_cancelled
    assert not first.is_cancelled
    second.ended.emit()
    assert bar.jobs.text == "Importing contacts"
    first.ended.emit()
    assert not rows.isVisible()
