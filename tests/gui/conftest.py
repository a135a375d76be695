"""Fixtures for widgets: tasks on a real database, a home of its own, who uses connections."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from sqlalchemy import event
from sqlalchemy.pool import Pool

from crm_desktop.db.database import Database
from crm_desktop.domain.access import Actor
from crm_desktop.gui.tasks import Tasks


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keep settings and data of a test apart from the user's."""
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.setenv("CRM_DESKTOP_HOME", str(folder))
    return folder


@pytest.fixture
def tasks(qapp: QApplication, database: Database, actor: Actor) -> Iterator[Tasks]:
    """Give tasks on the test's database; what still runs at the end is stopped."""
    tasks = Tasks(database, actor)
    yield tasks
    tasks.close()
    tasks.deleteLater()


@pytest.fixture
def used_on_gui_thread() -> Iterator[list[str]]:
    """Give a list that gets an entry whenever the GUI thread takes a connection or connects."""
    uses: list[str] = []

    def note(*_: object) -> None:
        if threading.current_thread() is threading.main_thread():
            uses.append("a connection was taken on the GUI thread")

    for name in ("connect", "checkout"):
        event.listen(Pool, name, note)
    yield uses
    for name in ("connect", "checkout"):
        event.remove(Pool, name, note)


@pytest.fixture(autouse=True)
def no_window_is_left() -> Iterator[None]:
    """Fail the test that leaves a window open; pytest-qt closes what it was told of."""
    yield
    left = [widget for widget in QApplication.topLevelWidgets() if widget.isVisible()]
    for widget in left:
        widget.close()
    assert not left
