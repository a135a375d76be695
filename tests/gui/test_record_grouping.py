"""Groups in the record list: under Qt's own tester, while pages come late, and by keyboard."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from PySide6.QtCore import QItemSelectionModel, QPersistentModelIndex, QPoint, Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QAbstractItemModelTester
from PySide6.QtWidgets import QApplication, QMenu
from pytestqt.qtbot import QtBot

from crm_desktop.domain.field_types import EffectiveField
from crm_desktop.domain.filters import Grouping, RecordQuery, Sort
from crm_desktop.domain.formats import Formats
from crm_desktop.gui.delegates import GridRole, heading_fill
from crm_desktop.gui.models.records import RecordTableModel
from crm_desktop.gui.pages.records import RecordsPage
from crm_desktop.gui.tasks import Tasks
from crm_desktop.services import record_groups
from crm_desktop.services.record_targets import ChosenRecords, RecordTarget
from tests.gui.test_record_model import NAME, HeldTasks, held, look
from tests.make import Make

__all__ = ["held"]
STAGE = EffectiveField(
    "fld_stage", "stage", "Stage", "select",
    {"options": [{"value": "w", "label": "Won"}, {"value": "l", "label": "Lost"}]},
)  # fmt: skip
AMOUNT = EffectiveField("fld_amount", "amount", "Amount", "number")
COLUMNS = [NAME, STAGE, AMOUNT]
BY_STAGE = Grouping("fld_stage")


@pytest.fixture
def model(held: HeldTasks) -> Iterator[RecordTableModel]:
    model = RecordTableModel(held, Formats.iso())  # type: ignore[arg-type]
    tester = QAbstractItemModelTester(
        model, QAbstractItemModelTester.FailureReportingMode.Warning, model
    )
    yield model
    tester.deleteLater()
    model.deleteLater()


def deals(make: Make, number: int) -> str:
    """Make an object of records: every third lost, every seventh without a stage, others won."""
    make.field("stage", "select", config=STAGE.config)
    make.field("amount", "number")
    deal = make.object("deal", ["name", "stage", "amount"])
    make.records(deal, number)
    make.sql(
        "UPDATE records SET data = data || jsonb_build_object('fld_amount', 2, 'fld_stage',"
        " CASE WHEN n % 7 > 0 THEN CASE WHEN n % 3 > 0 THEN 'w' ELSE 'l' END END)"
        " FROM (SELECT id AS it, row_number() OVER (ORDER BY id) AS n FROM records) AS x"
        " WHERE it = id"
    )
    return deal


def shown(model: RecordTableModel) -> list[str]:
    """Give the label of each heading, and the stage of each record."""
    return [
        f"[{model.index(row, 0).data()}]"
        if model.groups.heading_at(row)
        else str(model.index(row, 1).data())
        for row in range(model.rowCount())
    ]


def test_records_stand_below_the_headings_of_their_groups(
    held: HeldTasks, model: RecordTableModel, make: Make
) -> None:
    deal = deals(make, 21)
    model.show_summaries({"fld_amount": "sum"}, 0, (0, 0))
    model.show(RecordQuery(deal, grouping=BY_STAGE), COLUMNS)
    held.answer_all()
    assert shown(model) == [
        "[Won]", *["Won"] * 12, "[Lost]", *["Lost"] * 6, "[(empty)]", *[""] * 3,
    ]  # fmt: skip
    assert (model.total, model.has_counted) == (21, True)
    assert [model.index(row, 2).data() for row in (0, 13, 20)] == ["24", "12", "6"]


def test_pages_that_come_late_stand_below_their_headings(
    qtbot: QtBot, held: HeldTasks, model: RecordTableModel, make: Make
) -> None:
    deal = deals(make, 1400)
    model.show(RecordQuery(deal, grouping=BY_STAGE, sort=(Sort("fld_name"),)), COLUMNS)
    assert model.rowCount() == 0
    held.answer()
    assert model.rowCount() == 1403  # known before any other page: no estimate, no counting
    assert not held.waiting("count_rows")
    lost = model.groups.row_beyond(0, 1)
    assert (lost, model.index(lost, 0).data()) == (801, "Lost")
    look(qtbot, held, model, 1402)
    held.answer_all()
    look(qtbot, held, model, lost - 1)
    model.set_folded(0, is_folded=True)  # meanwhile
    held.answer_all()
    assert model.rowCount() == 603
    assert [model.index(row, 1).data() for row in (2, 401, 403, 602)] == ["Lost", "Lost", "", ""]
    assert model.headerData(2, Qt.Orientation.Vertical) == 801  # its place among all records
    assert model.headerData(402, Qt.Orientation.Vertical) == ""


def test_folding_takes_rows_away_and_what_was_marked_follows(
    held: HeldTasks, model: RecordTableModel, make: Make
) -> None:
    model.show(RecordQuery(deals(make, 21), grouping=BY_STAGE), COLUMNS)
    held.answer_all()
    heading, record = (QPersistentModelIndex(model.index(row, 0)) for row in (13, 15))
    id_ = model.id_of(15)

    model.set_folded(4, is_folded=True)
    assert shown(model)[:3] == ["[Won]", "[Lost]", "Lost"]
    assert (heading.row(), record.row(), model.id_of(3)) == (1, 3, id_)
    model.fold_all(is_folded=True)
    assert shown(model) == ["[Won]", "[Lost]", "[(empty)]"]
    assert (heading.row(), record.isValid()) == (1, False)
    assert model.row_of(id_) == -1
    model.fold_all(is_folded=False)
    assert (model.rowCount(), heading.row(), model.row_of(id_)) == (24, 13, 15)


def test_what_is_folded_stays_so_when_the_list_is_read_again(
    held: HeldTasks, model: RecordTableModel, make: Make
) -> None:
    query = RecordQuery(deals(make, 21), grouping=BY_STAGE)
    model.show(query, COLUMNS)
    held.answer_all()
    model.set_folded(13, is_folded=True)
    record = QPersistentModelIndex(model.index(16, 0))
    id_ = model.id_of(16)
    make.sql("UPDATE records SET data = data || '{\"fld_stage\": \"l\"}'"
             " WHERE data ->> 'fld_stage' = 'w'")  # fmt: skip
    model.reload(16, (0, 16))
    held.answer_all()
    assert shown(model) == ["[Lost]", "[(empty)]", "", "", ""]
    assert (record.row(), model.id_of(record.row())) == (model.row_of(id_), id_)
    model.show(replace(query, search="rec"), COLUMNS)
    held.answer_all()
    assert shown(model)[:2] == ["[Lost]", "[(empty)]"]
    model.show(replace(query, grouping=Grouping("fld_amount")), COLUMNS)
    held.answer_all()
    assert model.rowCount() == 22  # other groups: nothing is folded


def test_a_record_is_never_shown_below_the_heading_of_another_group(
    qtbot: QtBot, held: HeldTasks, model: RecordTableModel, make: Make
) -> None:
    model.show(RecordQuery(deals(make, 1400), grouping=BY_STAGE), COLUMNS)
    held.answer_all()
    moved = model.id_of(1)
    make.sql('UPDATE records SET data = data || \'{"fld_stage": "l"}\' WHERE id = :id', id=moved)
    look(qtbot, held, model, 700)
    with qtbot.waitSignal(model.outdated):
        held.answer_all()
    assert {model.index(row, 1).data() for row in range(770, 801)} == {None}
    model.reload(790, (770, 820))
    held.answer_all()
    assert model.groups.row_beyond(0, 1) == 800
    assert [model.index(row, 1).data() for row in (799, 801)] == ["Won", "Lost"]

    make.sql("DELETE FROM records WHERE data ->> 'fld_stage' IS NULL")
    look(qtbot, held, model, 1100)
    with qtbot.waitSignal(model.outdated):
        held.answer_all()


def test_sums_are_read_again_without_moving_rows(
    held: HeldTasks, model: RecordTableModel, make: Make
) -> None:
    model.show(RecordQuery(deals(make, 21), grouping=BY_STAGE), COLUMNS)
    held.answer_all()
    assert model.index(0, 2).data() == ""
    model.show_summaries({"fld_amount": "sum", "fld_stage": "sum"}, 0, (0, 10))
    held.answer_all()
    assert model.index(0, 2).data() == "24"
    make.sql("UPDATE records SET data = data || '{\"fld_amount\": 3}'")
    model.read_headings_again()
    held.answer_all()
    assert model.index(0, 2).data() == "36"
    make.sql("DELETE FROM records WHERE data ->> 'fld_stage' = 'l'")
    outdated: list[bool] = []
    model.outdated.connect(lambda: outdated.append(True))
    model.read_headings_again()
    held.answer_all()
    assert (outdated, model.index(0, 2).data()) == ([True], "36")  # until all is read again


def test_headings_are_no_records(held: HeldTasks, model: RecordTableModel, make: Make) -> None:
    model.show_summaries({"fld_amount": "sum"}, 0, (0, 0))
    model.show(RecordQuery(deals(make, 21), grouping=BY_STAGE), COLUMNS)
    held.answer_all()
    model.set_folded(13, is_folded=True)
    assert model.groups.spans([(0, 2), (12, 15)]) == [(0, 1), (11, 11), (18, 18)]
    assert model.ids_of(range(12, 16)) == [model.id_of(12), model.id_of(15)]
    heading = model.index(13, 1)
    assert heading.data(GridRole.ID) == ""
    spoken = heading.data(Qt.ItemDataRole.AccessibleTextRole)
    assert spoken == "Stage Lost, 6 records, Sum Amount 12, collapsed"


def test_a_search_that_finds_nothing_has_no_groups(
    held: HeldTasks, model: RecordTableModel, make: Make
) -> None:
    model.show(RecordQuery(deals(make, 3), "nobody", grouping=BY_STAGE), COLUMNS)
    held.answer_all()
    assert (model.rowCount(), model.total, model.groups.row_above(0)) == (0, 0, -1)
    model.reload()
    model.fold_all(is_folded=True)
    held.answer_all()
    assert model.rowCount() == 0


def test_further_groups_of_very_many_are_one(
    held: HeldTasks, model: RecordTableModel, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(record_groups.list_groups, "__defaults__", (3,))
    deal = make.object("deal", ["name", "stage", "amount"])
    make.records(deal, 9)
    model.show(RecordQuery(deal, grouping=Grouping("fld_name")), COLUMNS)
    held.answer_all()
    headings = [row for row in range(model.rowCount()) if not model.groups.is_record(row)]
    assert headings == [0, 2, 4, 6]
    assert model.index(6, 0).data() == "6 more values"


# The list


def press(qtbot: QtBot, page: RecordsPage, key: Qt.Key, *modifiers: Qt.KeyboardModifier) -> None:
    held_down = Qt.KeyboardModifier.NoModifier
    for modifier in modifiers:
        held_down |= modifier
    qtbot.keyClick(page.grid, key, held_down)


def labels(page: RecordsPage) -> list[str]:
    groups = page.model.groups
    rows = range(page.model.rowCount())
    return [heading.label for row in rows if (heading := groups.heading_at(row))]


@pytest.fixture
def page(qtbot: QtBot, tasks: Tasks, make: Make) -> RecordsPage:
    page = RecordsPage(tasks, deals(make, 21))
    qtbot.addWidget(page)
    page.resize(1200, 800)
    page.show()
    qtbot.waitUntil(lambda: page.model.is_settled)
    return page


@pytest.mark.qt_log_ignore("grabbing the keyboard", extend=True)  # a menu, off the screen
def test_a_list_is_grouped_folded_and_walked_by_keyboard_alone(
    qtbot: QtBot, page: RecordsPage
) -> None:
    page.list.summaries.choose("fld_amount", "sum")
    page.grid.setFocus()
    page.group_action.trigger()  # Ctrl+Shift+G
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    for _ in range(3):  # no grouping, name, stage
        qtbot.keyClick(menu, Qt.Key.Key_Down)
    qtbot.keyClick(menu, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: labels(page) == ["Won", "Lost", "(empty)"])
    assert page.group_action.isChecked()
    assert page.list.grouping == BY_STAGE

    def row() -> int:
        return page.grid.currentIndex().row()

    assert (row(), page.model.rowCount()) == (0, 24)
    press(qtbot, page, Qt.Key.Key_Left)
    assert page.model.rowCount() == 12
    press(qtbot, page, Qt.Key.Key_X)  # nothing is typed into a heading
    with qtbot.assertNotEmitted(page.refused):
        for action in page.list.editing.gestures.actions():
            action.trigger()  # F2, Del and the like: nor is there a cell to refuse it
    press(qtbot, page, Qt.Key.Key_Right)
    assert (row(), page.model.rowCount()) == (0, 24)
    press(qtbot, page, Qt.Key.Key_Down)
    assert page.inspector.record_id == page.list.current_id() != ""
    page.next_group_action.trigger()
    assert (row(), page.list.current_id()) == (13, "")
    press(qtbot, page, Qt.Key.Key_Return)
    assert page.model.rowCount() == 18
    page.fold_action.trigger()
    assert (row(), page.model.rowCount()) == (1, 3)
    page.unfold_action.trigger()
    assert page.model.rowCount() == 24
    page.list.go_to_row(13)  # records are counted, not headings
    assert row() == 14
    page.previous_group_action.trigger()
    assert row() == 13


def test_the_grouping_of_a_list_is_remembered_with_its_other_state(
    qtbot: QtBot, tasks: Tasks, page: RecordsPage
) -> None:
    page.list.grouping = Grouping("fld_amount", descending=True, unit="range_10")
    qtbot.waitUntil(lambda: labels(page) == ["0 to under 10"])
    again = RecordsPage(tasks, page.object_id)
    qtbot.addWidget(again)
    again.restore_view(page.view_state())
    qtbot.waitUntil(lambda: labels(again) == ["0 to under 10"])
    assert again.list.grouping == page.list.grouping
    page.list.grouping = None
    qtbot.waitUntil(lambda: page.model.is_settled and page.model.rowCount() == 21)
    assert not page.group_action.isChecked()


def test_stepping_from_record_to_record_passes_over_headings(
    qtbot: QtBot, page: RecordsPage
) -> None:
    page.list.grouping = BY_STAGE
    qtbot.waitUntil(lambda: labels(page) == ["Won", "Lost", "(empty)"])
    page.grid.setCurrentIndex(page.model.index(1, 0))
    page.inspecting.step(-1)  # there is none
    assert page.grid.currentIndex().row() == 1
    page.grid.setCurrentIndex(page.model.index(12, 0))
    page.inspecting.step(1)
    assert page.grid.currentIndex().row() == 14
    trail = page.inspecting.trail()
    assert trail is not None
    assert trail.row == 12


def test_a_selection_across_groups_holds_records_only(qtbot: QtBot, page: RecordsPage) -> None:
    page.list.grouping = BY_STAGE
    qtbot.waitUntil(lambda: labels(page) == ["Won", "Lost", "(empty)"])
    page.grid.selectAll()
    assert page.grid.selected_rows() == [*range(1, 13), *range(14, 20), *range(21, 24)]
    assert page.grid.count_selected_rows() == 21
    page.grid.copy_selection()
    assert len(QApplication.clipboard().text().splitlines()) == 21


def test_a_value_that_is_typed_changes_the_sum_of_its_group(
    qtbot: QtBot, page: RecordsPage, make: Make
) -> None:
    page.list.summaries.choose("fld_amount", "sum")
    page.list.grouping = BY_STAGE
    qtbot.waitUntil(lambda: page.model.index(0, 2).data() == "24")
    page.grid.setFocus()
    page.grid.setCurrentIndex(page.model.index(2, 2))
    edited = page.list.current_id()
    qtbot.keyClick(page.grid, Qt.Key.Key_9)
    qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: page.model.index(0, 2).data() == "31")
    assert page.model.id_of(2) == edited

    make.sql('UPDATE records SET data = data || \'{"fld_stage": "l"}\' WHERE id = :id', id=edited)
    page.grid.setCurrentIndex(page.model.index(2, 2))
    page.refresh()
    qtbot.waitUntil(lambda: page.model.index(0, 2).data() == "22")
    assert page.list.current_id() == edited  # among those that are lost now
    assert page.grid.currentIndex().row() > page.model.groups.row_beyond(0, 1)


def test_a_selection_of_rows_never_read_is_found_below_its_headings(
    qtbot: QtBot, tasks: Tasks, make: Make
) -> None:
    page = RecordsPage(tasks, deals(make, 1400))
    qtbot.addWidget(page)
    page.resize(1200, 500)
    page.show()
    qtbot.waitUntil(lambda: page.model.is_settled)
    page.list.grouping = BY_STAGE
    qtbot.waitUntil(lambda: len(labels(page)) == 3)
    page.grid.selectRow(1401)  # the last but one of those without a stage
    page.grid.selectionModel().select(
        page.model.index(801, 0), QItemSelectionModel.SelectionFlag.Select
    )  # a heading, which is no record
    chosen: list[RecordTarget] = []
    page.bulk.selection.read(chosen.append)
    qtbot.waitUntil(lambda: bool(chosen))
    target = chosen[0]
    assert isinstance(target, ChosenRecords)
    page.list.go_to_row(1399)
    qtbot.waitUntil(lambda: page.list.current_id() != "")
    assert target.ids == (page.list.current_id(),)


def test_a_heading_runs_across_all_columns_and_folds_by_mouse(
    qtbot: QtBot, page: RecordsPage
) -> None:
    page.list.summaries.choose("fld_amount", "sum")
    page.list.grouping = BY_STAGE
    qtbot.waitUntil(lambda: page.model.groups.plan is not None)
    qtbot.waitUntil(lambda: page.model.index(0, 2).data() == "24")
    page.grid.setCurrentIndex(page.model.index(1, 0))
    viewport, height = page.grid.viewport(), page.grid.rowHeight(0)
    picture = viewport.grab().toImage()
    ratio = picture.devicePixelRatio()
    fill = QColor(heading_fill())
    ends = [round(x * ratio) for x in (2, viewport.width() - 3)]
    assert [picture.pixelColor(x, round(3 * ratio)) for x in ends] == [fill, fill]
    assert picture.pixelColor(ends[1], round((height + 3) * ratio)) != fill
    colors = {
        picture.pixelColor(x, round(height / 2 * ratio)).name()
        for x in range(round(viewport.width() * ratio))
    }
    assert len(colors) > 5  # chip, count and sum are there

    chevron = QPoint(page.list.groups.painter.chevron_width // 2, height // 2)
    qtbot.mouseClick(viewport, Qt.MouseButton.LeftButton, pos=chevron)
    assert page.model.rowCount() == 12
    beside = QPoint(viewport.width() // 2, height // 2)
    qtbot.mouseDClick(viewport, Qt.MouseButton.LeftButton, pos=beside)
    assert page.model.rowCount() == 24


def test_the_heading_of_what_one_scrolls_through_stays_in_sight(
    qtbot: QtBot, page: RecordsPage
) -> None:
    page.resize(1000, 330)
    page.list.grouping = BY_STAGE
    qtbot.waitUntil(lambda: page.model.groups.plan is not None and page.model.rowCount() == 24)
    sticky, bar = page.list.groups.sticky, page.grid.verticalScrollBar()
    height = page.grid.rowHeight(0)
    assert not sticky.isVisible()
    bar.setValue(height * 3)
    assert (sticky.isVisible(), sticky.row) == (True, 0)
    bar.setValue(height * 13)
    assert not sticky.isVisible()  # the next heading is there itself
    bar.setValue(height * 15)
    assert sticky.row == 13
    page.grid.setCurrentIndex(page.model.index(15, 0))
    assert page.grid.rowViewportPosition(15) >= sticky.height()  # not below it
    bar.setValue(height * 15)
    qtbot.mouseClick(sticky, Qt.MouseButton.LeftButton)
    assert (page.grid.currentIndex().row(), page.grid.rowViewportPosition(13)) == (13, 0)


def test_a_field_that_the_list_does_not_show_groups_nothing(
    qtbot: QtBot, page: RecordsPage
) -> None:
    page.list.grouping = Grouping("fld_gone")
    qtbot.waitUntil(lambda: page.model.is_settled)
    assert page.model.groups.plan is None
    assert page.model.rowCount() == 21
    menu = page.list.sorting.menu_for(1)
    group = next(action for action in menu.actions() if action.text() == "Group by Stage")
    group.trigger()
    qtbot.waitUntil(lambda: labels(page) == ["Won", "Lost", "(empty)"])
    menu.close()
    words = [action.text() for action in page.list.sorting.menu_for(1).actions()]
    assert "Do not group" in words
