"""Tables of ready rows: sorting, filtering and replacing keep what the user was looking at."""

from dataclasses import dataclass

import pytest
from PySide6.QtCore import QPersistentModelIndex, Qt
from pytestqt.modeltest import ModelTester

from crm_desktop.gui.delegates import CellKind, GridRole
from crm_desktop.gui.models.table_model import Column, TableModel

ACROSS = Qt.Orientation.Horizontal


@dataclass(frozen=True)
class Row:
    id: str
    size: int


@pytest.fixture
def model() -> TableModel[Row]:
    model: TableModel[Row] = TableModel()
    model.set_columns(
        Column("Name", lambda row: row.id),
        Column("Size", lambda row: str(row.size), CellKind.NUMBER, order=lambda row: row.size),
    )
    model.set_rows([Row("b", 9), Row("a10", 10), Row("A2", 1)])
    return model


def ids(model: TableModel[Row]) -> list[str]:
    return [row.id for row in model.rows]


def test_texts_sort_as_people_read_them_and_numbers_by_size(model: TableModel[Row]) -> None:
    model.sort(0)
    assert ids(model) == ["A2", "a10", "b"]

    model.sort(1, Qt.SortOrder.DescendingOrder)
    assert ids(model) == ["a10", "b", "A2"]


def test_a_row_is_found_again_after_sorting_filtering_and_replacing(
    model: TableModel[Row], qtmodeltester: ModelTester
) -> None:
    qtmodeltester.check(model)
    kept = QPersistentModelIndex(model.index_of("b"))

    model.sort(0)
    model.set_filter(lambda row: row.id != "A2")
    model.set_rows([Row("c", 3), Row("b", 4), Row("aa", 5)])

    assert ids(model) == ["aa", "b", "c"]
    assert kept.row() == 1
    assert model.index(1, 1).data() == "4"


def test_a_row_that_is_gone_takes_its_index_along(model: TableModel[Row]) -> None:
    gone = QPersistentModelIndex(model.index_of("b"))

    model.set_rows([Row("a10", 10)])

    assert not gone.isValid()


def test_only_rows_that_differ_are_announced(model: TableModel[Row]) -> None:
    changed: list[int] = []
    model.dataChanged.connect(lambda first, *_: changed.append(first.row()))

    model.set_rows([Row("b", 9), Row("a10", 11), Row("A2", 1)])

    assert changed == [1]


def test_the_grid_is_told_what_each_column_holds(model: TableModel[Row]) -> None:
    assert model.headerData(1, ACROSS, GridRole.KIND) == CellKind.NUMBER
    assert model.headerData(1, ACROSS) == "Size"
    assert model.index(0, 0).data(GridRole.ID) == "b"


def test_every_word_must_be_found(model: TableModel[Row]) -> None:
    row = Row("Green door", 12)
    assert model.contains(row, ["door", "12"])
    assert not model.contains(row, ["door", "13"])
