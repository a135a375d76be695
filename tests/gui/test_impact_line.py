"""What stricter layouts would meet, said in a line; and the list that it leads to."""

from functools import partial
from pathlib import Path

from pytestqt.qtbot import QtBot

from crm_desktop.domain.filters import Condition
from crm_desktop.domain.json_edits import ABSENT, JsonEdit
from crm_desktop.gui.dialogs.impact_line import ImpactLine
from crm_desktop.gui.layout_editor.page import LayoutPage
from crm_desktop.gui.pages.records import RecordsPage
from crm_desktop.gui.tasks import Tasks
from tests.gui.asking import press, shown
from tests.gui.windows import make_window
from tests.make import Make


def test_a_line_says_what_lacks_breaks_or_would_be_hidden(
    qtbot: QtBot, tasks: Tasks, make: Make
) -> None:
    make.field("size", "number")
    deal = make.object("deal", fields=["name", "size"])
    make.record(deal, {"fld_name": "Acme", "fld_size": 7})
    make.record(deal, {"fld_name": "Apex"})
    line = shown(qtbot, ImpactLine(tasks))

    line.ask_required(deal, "fld_size")
    qtbot.waitUntil(lambda: line.sentence.text() == "1 record lacks a value.")
    with qtbot.waitSignal(line.open_requested) as opened:
        press(qtbot, line.link)
    assert opened.args == ['lacking:["obj_deal", "fld_size"]']

    line.ask_rule(deal, "fld_size", [JsonEdit(("max",), ABSENT, 5)])
    qtbot.waitUntil(lambda: "1 value breaks this rule" in line.sentence.text())
    assert "“Acme”: Enter 5 or less." in line.sentence.text()
    assert line.link.isHidden()

    line.ask_detaching(deal, "fld_name")
    qtbot.waitUntil(lambda: line.sentence.text().startswith("2 records hold a value in it."))
    line.clear()
    assert line.isHidden()


def test_the_list_shows_the_records_that_lack_a_value_whether_it_was_open_or_not(
    qtbot: QtBot, tasks: Tasks, make: Make, tmp_path: Path
) -> None:
    deal = make.object("deal", fields=["name", "size"])
    make.record(deal, {"fld_name": "Acme", "fld_size": "7"})
    make.record(deal, {"fld_name": "Apex"})
    make.record(deal, {"fld_size": "8"})
    window = make_window(qtbot, tasks, tmp_path)

    def is_listed(field_id: str) -> bool:
        page = window.tabs.current_page
        if not isinstance(page, RecordsPage):
            return False
        is_filtered = page.list.filters.parts == (Condition(field_id, "is_empty"),)
        return is_filtered and page.model.rowCount() == 1

    for field_id in ("fld_size", "fld_name"):  # first in a new tab, then in the open one
        window.open(f'lacking:["{deal}", "{field_id}"]')
        qtbot.waitUntil(partial(is_listed, field_id))
    assert [frame.address for frame in window.tabs.frames].count(f"records:{deal}") == 1


def test_the_layout_editor_says_what_its_unsaved_changes_would_meet(
    qtbot: QtBot, tasks: Tasks, make: Make
) -> None:
    deal = make.object("deal", fields=["name", "size", "note"])
    make.record(deal, {"fld_name": "Acme", "fld_note": "n"})
    page = shown(qtbot, LayoutPage(tasks, deal))
    qtbot.waitUntil(lambda: len(page.state.layout.ids()) == 3)
    name, size, note = page.state.layout.ids()
    assert page.guardrails.isHidden()

    page.state.set_attribute([size], "is_required", True)
    page.state.set_overrides(name, {"maxLength": 2, "label": "Who"})
    page.state.detach([note])

    def said() -> set[str]:
        return {line.sentence.text() for line in page.guardrails.lines.values()}

    rule = "Who: 1 value breaks this rule, such as that of “Acme”: "
    held = "Note: 1 record holds a value in it. "
    expected = {
        "Size: 1 record lacks a value.",
        f"{rule}Enter at most 2 characters; these are 4.",
        f"{held}It stays in the data and comes back with the field.",
    }
    qtbot.waitUntil(lambda: said() == expected)
    page.state.undo()
    assert len(page.guardrails.lines) == 2
    page.state.revert()
    assert page.guardrails.isHidden()
    page.drop_unsaved()
