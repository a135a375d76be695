"""What is selected in a list: the records that are seen, however the list is arranged."""

import pytest
from pytestqt.qtbot import QtBot

from crm_desktop.domain.filters import Grouping
from crm_desktop.gui.clipboard.placement import CellRange, selected_range
from crm_desktop.gui.pages.records import RecordsPage
from crm_desktop.gui.tasks import Tasks
from crm_desktop.services.record_targets import ChosenRecords, FoundRecords, RecordTarget
from tests.gui.asking import shown
from tests.make import Make


@pytest.fixture
def page(qtbot: QtBot, tasks: Tasks, make: Make) -> RecordsPage:
    deal = make.object("deal", ["name", "stage"])
    for stage in ("won", "won", "lost"):
        make.record(deal, {"fld_name": stage, "fld_stage": stage})
    page = shown(qtbot, RecordsPage(tasks, deal))
    qtbot.waitUntil(lambda: page.model.is_settled)
    return page


def test_what_is_selected_in_a_column_goes_with_the_column(page: RecordsPage) -> None:
    page.grid.selectColumn(1)
    assert page.grid.count_selected_rows() == 3

    page.list.views.arrangement.set_columns(["fld_name"])
    assert page.grid.currentIndex() == page.model.index(0, 0)
    assert page.grid.selected_rows() == [0]
    assert selected_range(page.grid) == CellRange(((0, 0),), (0,))


def test_hiding_another_column_leaves_none_of_its_cells_selected(page: RecordsPage) -> None:
    page.grid.setCurrentIndex(page.model.index(0, 0))
    page.grid.clearSelection()
    flag = page.grid.selectionModel().SelectionFlag
    page.grid.selectionModel().select(page.model.index(2, 1), flag.Select)
    page.list.columns.hide(1)
    assert page.grid.selected_rows() == []


def test_in_groups_everything_is_meant_only_where_everything_is_seen(
    qtbot: QtBot, page: RecordsPage
) -> None:
    page.list.groups.group_by(Grouping("fld_stage"))
    qtbot.waitUntil(lambda: page.model.is_settled and page.model.rowCount() == 5)
    targets: list[RecordTarget] = []
    page.grid.selectAll()
    page.bulk.selection.read(targets.append)
    page.list.groups.toggle(0)
    page.grid.selectAll()
    page.bulk.selection.read(targets.append)
    page.list.groups.fold_all()
    page.grid.selectAll()
    page.bulk.selection.read(targets.append)

    everything, rest = targets
    assert isinstance(everything, FoundRecords)
    assert isinstance(rest, ChosenRecords)
    assert len(rest.ids) == 2
