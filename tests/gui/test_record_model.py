"""The model of the record list under Qt's own tester, while answers come late and out of order."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from PySide6.QtCore import QObject
from PySide6.QtTest import QAbstractItemModelTester
from pytestqt.qtbot import QtBot

from crm_desktop.db.database import Database
from crm_desktop.domain.access import Actor
from crm_desktop.domain.errors import Unavailable
from crm_desktop.domain.field_types import EffectiveField
from crm_desktop.domain.filters import RecordQuery, Sort
from crm_desktop.domain.formats import Formats
from crm_desktop.gui.models import records as models
from crm_desktop.gui.models.record_cells import PAGE_ROWS, read_first, read_page
from crm_desktop.gui.models.record_pages import KEPT
from crm_desktop.gui.models.records import RecordTableModel
from crm_desktop.gui.tasks import Tasks
from tests.make import Make

NAME = EffectiveField("fld_name", "name", "Name", "text")


class Asked:
    """One call that a test answers when it likes."""

    def __init__(self, call: Any, then: Any, on_error: Any) -> None:
        self.call, self.then, self.on_error = call, then, on_error
        self.is_cancelled = False
        self.is_running = True

    @property
    def pages(self) -> str:
        return str(getattr(self.call, "func", self.call).__name__)

    def cancel(self) -> None:
        self.is_cancelled = True


class HeldTasks(QObject):
    """Holds every call back; answers come in whatever order a test gives them.

    Cancelled calls are answered all the same, as if the answer had been on its way.
    """

    def __init__(self, database: Database, actor: Actor) -> None:
        super().__init__()
        self._database, self._actor = database, actor
        self.asked: list[Asked] = []

    def read(self, _owner: object, call: Any, then: Any, on_error: Any = None, **_: Any) -> Asked:
        self.asked.append(Asked(call, then, on_error))
        return self.asked[-1]

    def answer(self, number: int = 0) -> None:
        asked = self.asked.pop(number)
        with self._database.read(self._actor) as session:
            result = asked.call(session)
        asked.then(result)

    def answer_all(self) -> None:
        while self.asked:
            self.answer()

    def waiting(self, name: str) -> list[int]:
        return [number for number, asked in enumerate(self.asked) if asked.pages == name]


@pytest.fixture
def held(qapp: object, database: Database, actor: Actor) -> Iterator[HeldTasks]:
    tasks = HeldTasks(database, actor)
    yield tasks
    tasks.deleteLater()


@pytest.fixture
def huge(held: HeldTasks) -> Iterator[RecordTableModel]:
    """Give a model that Qt's tester, which looks at every row, would take minutes for."""
    model = RecordTableModel(held, Formats.iso())  # type: ignore[arg-type]
    yield model
    model.deleteLater()


@pytest.fixture
def model(held: HeldTasks) -> Iterator[RecordTableModel]:
    model = RecordTableModel(held, Formats.iso())  # type: ignore[arg-type]
    tester = QAbstractItemModelTester(
        model, QAbstractItemModelTester.FailureReportingMode.Warning, model
    )
    yield model
    tester.deleteLater()
    model.deleteLater()


def look(qtbot: QtBot, held: HeldTasks, model: RecordTableModel, row: int) -> None:
    """Look at a row as a view does, and wait until its page has been asked for."""
    before = len(held.asked)
    assert model.index(row, 0).data() is None
    qtbot.waitUntil(lambda: len(held.asked) > before)


def names(model: RecordTableModel) -> list[str]:
    return [model.id_of(row) for row in range(model.rowCount())]


def test_pages_that_arrive_out_of_order_stand_where_they_belong(
    qtbot: QtBot, held: HeldTasks, model: RecordTableModel, make: Make
) -> None:
    deal = make.object("deal", ["name"])
    ids = make.records(deal, 2000)[::-1]
    make.sql("ANALYZE records")
    model.show(RecordQuery(deal), [NAME])
    assert model.rowCount() == 0
    held.answer()
    assert model.rowCount() == 2000  # as the planner thinks
    held.answer()  # counted
    qtbot.waitUntil(lambda: bool(held.waiting("find_anchors")))
    held.answer_all()
    assert model.can_jump

    look(qtbot, held, model, 1900)
    look(qtbot, held, model, 1000)
    assert len(held.waiting("read_page")) == 2
    held.answer(1)
    assert model.index(1000, 0).data() == ids[1000]
    assert model.index(1900, 0).data() is None
    held.answer(0)

    assert model.index(1000, 0).data() == ids[1000]
    assert model.index(1900, 0).data() == ids[1900]


def test_a_page_is_asked_for_once_however_often_it_is_painted(
    qtbot: QtBot, held: HeldTasks, model: RecordTableModel, make: Make
) -> None:
    deal = make.object("deal", ["name"])
    make.records(deal, 1000)
    model.show(RecordQuery(deal), [NAME])
    held.answer()
    held.answer_all()
    qtbot.waitUntil(lambda: bool(held.waiting("read_page")))  # the neighbour of what is seen
    held.answer_all()

    look(qtbot, held, model, 900)
    for _ in range(50):
        for row in range(800, 1000):
            model.index(row, 0).data()
    qtbot.waitUntil(lambda: not model._reader._asking.isActive())

    assert len(held.waiting("read_page")) == 1


def test_answers_to_an_old_query_are_dropped(
    qtbot: QtBot, held: HeldTasks, model: RecordTableModel, make: Make
) -> None:
    deal = make.object("deal", ["name"])
    make.records(deal, 600)
    make.records(deal, 3, field="fld_other")
    model.show(RecordQuery(deal), [NAME])
    held.answer()
    look(qtbot, held, model, 550)
    model.show(RecordQuery(deal, "rec_0003", (Sort("fld_name"),)), [NAME])
    assert all(asked.is_cancelled for asked in held.asked[:-1])

    held.answer(len(held.asked) - 1)  # the new one comes first
    expected = names(model)
    held.answer_all()

    assert expected == names(model) == ["rec_0003"]
    assert model.rowCount() == 1


def test_a_wrong_estimate_is_mended_when_the_records_have_been_counted(
    held: HeldTasks, model: RecordTableModel, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    deal = make.object("deal", ["name"])
    make.records(deal, 700)
    for about, seen in ((5000, 5000), (1, PAGE_ROWS + 1)):
        monkeypatch.setattr("crm_desktop.services.record_query.estimate_records",
                            estimate(about))  # fmt: skip
        model.show(RecordQuery(deal), [NAME])
        held.answer()
        assert model.rowCount() == seen
        assert not model.has_counted
        held.answer_all()
        assert model.rowCount() == 700
        assert model.has_counted


def estimate(rows: int) -> Callable[..., int]:
    def answer(*_: object) -> int:
        return rows

    return answer


def test_a_reload_keeps_records_under_their_indexes_when_others_come_before_them(
    qtbot: QtBot, held: HeldTasks, model: RecordTableModel, make: Make
) -> None:
    from PySide6.QtCore import QPersistentModelIndex

    deal = make.object("deal", ["name"])
    ids = make.records(deal, 3000)[::-1]
    model.show(RecordQuery(deal), [NAME])
    held.answer_all()
    look(qtbot, held, model, 2000)
    held.answer_all()
    index = QPersistentModelIndex(model.index(2000, 0))
    far = QPersistentModelIndex(model.index(10, 0))
    new = make.records(deal, 300)

    model.reload(2000, (1990, 2010))
    held.answer_all()

    assert index.row() == 2300
    assert index.data() == ids[2000]
    assert not far.isValid()  # it can't be told where that one is now
    assert model.rowCount() == 3300
    look(qtbot, held, model, 0)
    held.answer_all()
    assert model.index(0, 0).data() == new[-1]


def test_where_every_read_sorts_the_list_four_pages_are_read_at_once(
    qtbot: QtBot, held: HeldTasks, model: RecordTableModel, make: Make
) -> None:
    deal = make.object("deal", ["name"])
    ids = make.records(deal, 2100)
    model.show(RecordQuery(deal, sort=(Sort("fld_name"),)), [NAME])
    held.answer_all()
    look(qtbot, held, model, 1500)
    assert len(held.waiting("read_page")) <= 2
    held.answer_all()
    assert [model.id_of(row) for row in range(1024, 2048)] == ids[1024:2048]
    look(qtbot, held, model, 2099)
    held.answer_all()
    assert model.id_of(2099) == ids[2099]


def test_a_page_that_could_not_be_read_is_not_asked_for_at_each_frame(
    qtbot: QtBot, held: HeldTasks, model: RecordTableModel, make: Make
) -> None:
    deal = make.object("deal", ["name"])
    make.records(deal, 1500)
    model.show(RecordQuery(deal), [NAME])
    held.answer()
    held.answer_all()
    look(qtbot, held, model, 1400)
    with qtbot.waitSignal(model.failed):
        for number in reversed(held.waiting("read_page")):
            held.asked.pop(number).on_error(Unavailable("The database does not answer."))

    assert model.index(1400, 0).data() is None
    assert not model._reader._wanted
    model.reload(0, (1390, 1410))
    held.answer_all()
    assert model.index(1400, 0).data()


def test_memory_holds_a_bounded_number_of_pages(
    qtbot: QtBot, held: HeldTasks, huge: RecordTableModel, make: Make,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    deal = make.object("deal", ["name"])
    make.records(deal, 400)
    monkeypatch.setattr("crm_desktop.services.record_query.estimate_records", estimate(10**7))
    huge.show(RecordQuery(deal), [NAME])
    held.answer()
    first = huge._pages[0]
    for number in range(1, 3 * KEPT):
        huge._reader._keep(number, first)
        huge._reader.arrived.emit(number)
    assert len(huge._pages) == KEPT
    assert huge.rowCount() == 10**7


def test_rows_are_capped_before_qt_counts_pixels_in_32_bits(
    held: HeldTasks, huge: RecordTableModel, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    deal = make.object("deal", ["name"])
    make.records(deal, 300)
    monkeypatch.setattr("crm_desktop.services.record_query.estimate_records", estimate(10**10))
    huge.show(RecordQuery(deal), [NAME])
    held.answer()
    assert huge.rowCount() == models.MOST_ROWS
    assert models.MOST_ROWS * 64 < 2**31


def test_the_work_of_the_model_is_what_tasks_are_asked_for(
    held: HeldTasks, model: RecordTableModel, make: Make
) -> None:
    model.show(RecordQuery(make.object("deal", ["name"])), [NAME])
    assert held.asked[0].pages == read_first.__name__
    assert read_page.__name__ == "read_page"
    held.answer_all()
    assert model.rowCount() == 0
    assert model.is_settled


def test_on_real_threads_every_row_of_a_list_can_be_reached(
    qtbot: QtBot, tasks: Tasks, make: Make
) -> None:
    deal = make.object("deal", ["name"])
    ids = make.records(deal, 3000)[::-1]
    model = RecordTableModel(tasks, Formats.iso())
    model.show(RecordQuery(deal), [NAME])
    qtbot.waitUntil(lambda: model.can_jump)
    for row in (2999, 0, 1024, 1023, 1025, 700, 2047, 2048):
        model.index(row, 0).data()
        qtbot.waitUntil(lambda row=row: model.id_of(row) == ids[row])  # type: ignore[misc]
    model.deleteLater()
