"""The keyboard map: what F1 lists, and the page of the guide that is made of it."""

from functools import partial
from pathlib import Path

from pytestqt.qtbot import QtBot

from crm_desktop.gui.keyboard_map import KeyboardMapDialog
from crm_desktop.gui.tasks import Tasks
from scripts.keyboard_page import keyboard_page, pages_of, read_sections
from tests.gui.asking import open_dialog
from tests.gui.windows import make_window, wait_until_idle
from tests.make import Make

GUIDE = Path(__file__).parents[2] / "docs" / "keyboard.md"


def test_f1_lists_the_keys_of_window_and_page_and_finds_them(
    qtbot: QtBot, tasks: Tasks, make: Make, home: Path
) -> None:
    window = make_window(qtbot, tasks, home)
    window.show_pages()
    window.open(f"records:{make.object('deal', ['name'])}")
    wait_until_idle(qtbot, tasks)
    window.open_keyboard_map()
    dialog = open_dialog(qtbot, KeyboardMapDialog)
    found = {(line.command, key) for line in dialog.model.rows for key in line.keys}
    assert {("Close tab", "Ctrl+W"), ("New record", "Ctrl+N"), ("Keyboard map", "F1")} <= found
    dialog.search.setText("ctrl+shift+e")
    dialog.search.search_now()
    assert [line.command for line in dialog.model.rows] == ["Edit many records…"]
    dialog.close()


def test_the_guide_has_the_keys_that_there_are(
    qtbot: QtBot, tasks: Tasks, make: Make, home: Path
) -> None:
    deal = make.object("deal", ["name"])
    record = make.record(deal, {"fld_name": "Orion"})
    window = make_window(qtbot, tasks, home)
    window.show_pages()
    wait = partial(wait_until_idle, qtbot, tasks)
    sections = read_sections(window, pages_of(deal, record), wait)
    assert GUIDE.read_text(encoding="utf-8") == keyboard_page(sections), "run `make screenshots`"
