"""What a start was given, and what a second one asks of the window that runs."""

from pathlib import Path
from typing import cast

import pytest
from pytestqt.qtbot import QtBot

from crm_desktop.domain.second_start import Wish
from crm_desktop.gui.dialogs.import_dialog import ImportDialog
from crm_desktop.gui.main_window import MainWindow
from crm_desktop.gui.second_start import SecondStarts
from crm_desktop.gui.startup import Opener, Source, Startup
from crm_desktop.gui.tasks import Tasks
from tests.gui.windows import make_window, wait_until_idle
from tests.make import Make


@pytest.fixture
def window(qtbot: QtBot, tasks: Tasks, make: Make, tmp_path: Path) -> MainWindow:
    make.object("contact", fields=["name"])
    return make_window(qtbot, tasks, tmp_path)


def test_a_file_is_ready_to_be_imported_and_a_record_is_shown(
    qtbot: QtBot, window: MainWindow, tmp_path: Path
) -> None:
    file = tmp_path / "people.csv"
    file.write_text("name\nAda\n", encoding="utf-8")
    startup = Startup(window, cast(Opener, None), Source())
    starts = SecondStarts(window, startup, [Wish(file=str(file))])
    assert not window.findChildren(ImportDialog)  # there is no database yet

    startup.finished.emit()
    wait_until_idle(qtbot, window.tasks)
    (dialog,) = window.findChildren(ImportDialog)
    assert dialog.isVisible()
    assert dialog.file.text() == str(file)
    dialog.reject()

    startup.finished.emit()  # another try to open: what was given is not given again
    assert not [each for each in window.findChildren(ImportDialog) if each.isVisible()]

    starts.fulfil(Wish(record_id="rec_1"))
    assert window.tabs.current is not None
    assert window.tabs.current.address == "record:rec_1"
    wait_until_idle(qtbot, window.tasks)


def test_a_window_on_a_server_takes_links_and_nothing_else(window: MainWindow) -> None:
    on_server = Startup(window, cast(Opener, None), Source("postgresql://host/crm"))
    starts = SecondStarts(window, on_server, [])
    assert starts.takes(Wish(record_id="rec_1"))
    assert not starts.takes(Wish())
    assert not starts.takes(Wish(file="/people.csv"))
