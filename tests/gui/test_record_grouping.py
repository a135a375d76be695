"""Groups in the record list: under Qt's own tester, while pages come late, and by keyboard."""

from collections.abc import Iterator
from typing import Any

import pytest
from PySide6.QtTest import QAbstractItemModelTester
from pytestqt.qtbot import QtBot

from crm_desktop.domain.field_types import EffectiveField
from crm_desktop.domain.filters import Grouping, RecordQuery, Sort
from crm_desktop.domain.formats import Formats
from crm_desktop.gui.delegates import GridRole
from crm_desktop.gui.models.records import RecordTableModel
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
