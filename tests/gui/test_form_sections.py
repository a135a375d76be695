"""A record's form in the sections, columns and widths of its layout."""

from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from crm_desktop.domain import layout_draft
from crm_desktop.domain.layout_draft import Section as DraftSection
from crm_desktop.gui.editors.form_grid import arranged
from crm_desktop.gui.editors.record_panel import RecordPanel
from crm_desktop.gui.tasks import Tasks
from crm_desktop.gui.theme import unit
from crm_desktop.gui.widgets.section import Section
from crm_desktop.services import layout_saving
from tests.gui.windows import wait_until_idle
from tests.make import Make


def test_fields_stand_side_by_side_and_a_wide_one_begins_a_row() -> None:
    assert arranged([1, 1, 1, 2, 1], 2) == [(0, 0, 1), (0, 1, 1), (1, 0, 1), (2, 0, 2), (3, 0, 1)]
    assert arranged([2, 1, 2, 1], 3) == [(0, 0, 2), (0, 2, 1), (1, 0, 2), (1, 2, 1)]


def test_a_record_is_shown_in_the_sections_of_its_layout(
    qtbot: QtBot, tasks: Tasks, make: Make
) -> None:
    deal = make.object("deal", fields=["name", "stage", "amount", "owner"])
    record = make.record(deal, {"fld_name": "Orion"})
    with make.database.write(make.admin) as session:
        base = layout_saving.load_layout(session, deal).layout
        ids = base.ids()
        mine = layout_draft.add_section(base, DraftSection("m", "Money", True, 3), 1)
        mine = layout_draft.move(mine, ids[1:], "m", 0)
        mine = layout_draft.set_attribute(mine, ids[3:], "width", 2)
        layout_saving.save_layout(session, deal, base, mine)
    panel = RecordPanel(tasks)
    qtbot.addWidget(panel)
    panel.resize(220 * unit(), 120 * unit())
    with qtbot.waitExposed(panel):
        panel.show()
    panel.open_record(record)
    wait_until_idle(qtbot, tasks)

    cells = panel.form.cells
    assert list(cells) == ["fld_name", "fld_stage", "fld_amount", "fld_owner"]
    stage, amount, owner = (cells[f"fld_{name}"] for name in ("stage", "amount", "owner"))
    assert stage.y() == amount.y()
    assert owner.y() > stage.y()  # two of three columns are not left beside the others
    assert owner.width() > 1.5 * stage.width()
    section = panel.form.findChild(Section)
    assert section is not None
    qtbot.mouseClick(section.heading, Qt.MouseButton.LeftButton)
    assert not stage.isVisible()
    assert cells["fld_name"].isVisible()
    panel.form.show_problems({"fld_amount": "Too much."})
    assert amount.isVisible()
