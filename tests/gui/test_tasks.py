"""What Tasks promises to every widget, over a real database that stalls and goes away."""

import gc
import threading
import time
from collections.abc import Iterator
from functools import partial

import pytest
from PySide6.QtCore import QObject, QTimer
from pytestqt.qtbot import QtBot
from shiboken6 import delete
from sqlalchemy import text

from crm_desktop.db import liveness
from crm_desktop.db.database import Database, ReadSession, WriteSession
from crm_desktop.domain.access import Actor
from crm_desktop.domain.changes import Change, Topic
from crm_desktop.domain.errors import Cancelled, NotFound, Unavailable, UserError
from crm_desktop.gui import pulse
from crm_desktop.gui import tasks as gui_tasks
from crm_desktop.gui.garbage import GarbageTimer
from crm_desktop.gui.jobs import Progress
from crm_desktop.gui.pulse import ConnectionState
from crm_desktop.gui.tasks import Tasks
from tests.stalling import Proxy, proxied


def answer(session: ReadSession, value: int) -> int:
    return int(session.execute(text("SELECT :v"), {"v": value}).scalar_one())


def is_gui_thread() -> bool:
    return threading.current_thread() is threading.main_thread()


def sleep(session: ReadSession, seconds: float) -> None:
    session.execute(text("SELECT pg_sleep(:s)"), {"s": seconds})


def make_application(session: WriteSession, name: str) -> None:
    session.execute(
        text("INSERT INTO applications (id, name) VALUES (:id, :id)"), {"id": f"app_{name}"}
    )
    session.note(Topic.APPLICATIONS, f"app_{name}")


def names_of_applications(session: ReadSession) -> list[str]:
    return list(session.scalars(text("SELECT name FROM applications ORDER BY name")))


def refuse(session: ReadSession) -> None:
    raise NotFound("It is gone.")


def fail(session: ReadSession) -> None:
    raise ZeroDivisionError("a bug")


@pytest.fixture
def owner(qapp: object) -> QObject:
    return QObject()


@pytest.fixture
def proxy(database_url: str) -> Iterator[Proxy]:
    with proxied(database_url) as proxy:
        yield proxy


@pytest.fixture
def far_tasks(proxy: Proxy, actor: Actor, qapp: object) -> Iterator[Tasks]:
    """Give tasks whose way to the database can be stalled and cut."""
    tasks = Tasks()
    tasks.use(Database.at(proxy.url), actor)
    yield tasks
    tasks.close(patience=0.5)
    tasks.deleteLater()


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shorten every patience, so that a test of a stalled server takes a second."""
    monkeypatch.setattr(gui_tasks, "STOP_PATIENCE", 1.0)
    monkeypatch.setattr(liveness, "OUTCOME_PATIENCE", 1.0)
    monkeypatch.setattr(pulse, "INTERVAL", 0.05)
    monkeypatch.setattr(pulse, "SLOW_AFTER", 0.3)
    monkeypatch.setattr(pulse, "LOST_AFTER", 0.6)
    monkeypatch.setattr(pulse, "CUT_AFTER", 0.8)


def test_a_result_arrives_on_the_gui_thread(qtbot: QtBot, tasks: Tasks, owner: QObject) -> None:
    results: list[tuple[int, bool]] = []

    def note(value: int) -> None:
        results.append((value, is_gui_thread()))

    tasks.read(owner, partial(answer, value=7), note)

    qtbot.waitUntil(lambda: results == [(7, True)])


def test_calls_wait_until_a_database_is_in_use(
    qtbot: QtBot, database: Database, actor: Actor, owner: QObject
) -> None:
    tasks = Tasks()
    results: list[int] = []
    tasks.read(owner, partial(answer, value=1), results.append)
    assert not tasks.is_open

    tasks.use(database, actor)

    qtbot.waitUntil(lambda: results == [1])
    assert tasks.actor == actor
    tasks.close()


def test_a_write_announces_what_it_changed(qtbot: QtBot, tasks: Tasks, owner: QObject) -> None:
    with qtbot.waitSignal(tasks.changed) as changed:
        tasks.write(owner, partial(make_application, name="a"))

    assert changed.args == [frozenset({Change(Topic.APPLICATIONS, "app_a")})]


def test_writes_take_place_in_the_order_they_were_asked_for(
    qtbot: QtBot, tasks: Tasks, owner: QObject
) -> None:
    order: list[str] = []
    for name in "abcdefgh":
        tasks.write(
            owner, partial(make_application, name=name), partial(lambda n, _: order.append(n), name)
        )
    qtbot.waitUntil(lambda: len(order) == 8)
    assert order == list("abcdefgh")


def test_a_refusal_goes_to_who_asked_or_to_the_message_bar(
    qtbot: QtBot, tasks: Tasks, owner: QObject
) -> None:
    problems: list[UserError] = []
    tasks.read(owner, refuse, print, problems.append)
    qtbot.waitUntil(lambda: [str(problem) for problem in problems] == ["It is gone."])

    with qtbot.waitSignal(tasks.refused) as refused:
        tasks.read(owner, refuse, print)
    assert str(refused.args[0]) == "It is gone."


def test_a_bug_surfaces_on_the_gui_thread(qtbot: QtBot, tasks: Tasks, owner: QObject) -> None:
    with qtbot.captureExceptions() as exceptions:
        tasks.read(owner, fail, print)
        qtbot.waitUntil(lambda: bool(exceptions))
    assert exceptions[0][0] is ZeroDivisionError


def test_nothing_is_called_for_an_owner_that_has_been_deleted(
    qtbot: QtBot, tasks: Tasks, owner: QObject
) -> None:
    results: list[object] = []
    tasks.read(owner, partial(answer, value=1), results.append, results.append)
    delete(owner)
    qtbot.waitUntil(lambda: not tasks.is_busy)
    assert results == []


def test_a_write_takes_place_even_when_its_widget_is_gone_by_then(
    qtbot: QtBot, tasks: Tasks, owner: QObject, database: Database, actor: Actor
) -> None:
    tasks.write(QObject(), partial(sleep, seconds=0.1))
    tasks.write(owner, partial(make_application, name="a"))
    delete(owner)
    tasks.close()
    with database.read(actor) as session:
        assert names_of_applications(session) == ["app_a"]


def test_a_cancelled_read_stops_at_the_server_and_its_answer_is_dropped(
    qtbot: QtBot, tasks: Tasks, owner: QObject
) -> None:
    results: list[object] = []
    begun = threading.Event()

    def slow(session: ReadSession) -> None:
        begun.set()
        sleep(session, 60)

    handle = tasks.read(owner, slow, results.append, results.append)
    qtbot.waitUntil(begun.is_set)
    handle.cancel()

    qtbot.waitUntil(lambda: not tasks.is_busy)
    assert results == []
    assert not handle.is_running


def test_a_read_that_outlives_its_patience_is_stopped_and_says_so(
    qtbot: QtBot, tasks: Tasks, owner: QObject
) -> None:
    problems: list[UserError] = []
    tasks.read(owner, partial(sleep, seconds=60), print, problems.append, patience=0.2)
    qtbot.waitUntil(lambda: bool(problems))
    assert isinstance(problems[0], Unavailable)
    assert "took too long" in str(problems[0])


def test_a_cancelled_long_job_is_rolled_back_and_ends(
    qtbot: QtBot, tasks: Tasks, owner: QObject, database: Database, actor: Actor
) -> None:
    problems: list[UserError] = []

    def work(session: WriteSession, on_progress: Progress) -> None:
        make_application(session, "half")
        on_progress(1, 2)
        sleep(session, 60)

    job = tasks.run_long(owner, "Importing", work, on_error=problems.append)
    qtbot.waitUntil(lambda: job.done == 1)
    with qtbot.waitSignal(job.ended):
        job.cancel()

    qtbot.waitUntil(lambda: bool(problems))
    assert isinstance(problems[0], Cancelled)
    assert tasks.jobs == ()
    with database.read(actor) as session:
        assert names_of_applications(session) == []


def test_a_job_that_fails_with_a_bug_is_no_longer_shown_as_running(
    qtbot: QtBot, tasks: Tasks, owner: QObject
) -> None:
    with qtbot.captureExceptions() as exceptions:
        tasks.run_long(owner, "Importing", lambda session, _: fail(session))
        qtbot.waitUntil(lambda: bool(exceptions))
    assert tasks.jobs == ()


@pytest.mark.usefixtures("hurried")
def test_a_read_is_tried_again_when_the_connection_was_lost(
    qtbot: QtBot, far_tasks: Tasks, proxy: Proxy, owner: QObject
) -> None:
    results: list[object] = []
    qtbot.waitUntil(lambda: far_tasks.connection_state is ConnectionState.CONNECTED)
    far_tasks.read(owner, partial(answer, value=1), results.append)
    qtbot.waitUntil(lambda: results == [1])

    proxy.cut()
    proxy.begin_again()
    far_tasks.read(owner, partial(answer, value=2), results.append, results.append)

    qtbot.waitUntil(lambda: results == [1, 2])


@pytest.mark.usefixtures("hurried")
def test_the_state_of_the_connection_follows_a_stall_and_its_end(
    qtbot: QtBot, far_tasks: Tasks, proxy: Proxy
) -> None:
    states: list[ConnectionState] = []
    latencies: list[float] = []
    far_tasks.connection_changed.connect(states.append)
    far_tasks.latency_measured.connect(latencies.append)
    qtbot.waitUntil(lambda: states == [ConnectionState.CONNECTED] and bool(latencies))

    proxy.stall()
    qtbot.waitUntil(lambda: states[-1] is ConnectionState.LOST)
    proxy.go_on()

    qtbot.waitUntil(lambda: states[-1] is ConnectionState.CONNECTED, timeout=15_000)
    assert ConnectionState.SLOW in states
    assert 0 < latencies[0] < 1000


@pytest.mark.usefixtures("hurried")
def test_a_read_stalled_by_the_server_ends_with_a_sentence(
    qtbot: QtBot, far_tasks: Tasks, proxy: Proxy, owner: QObject
) -> None:
    problems: list[UserError] = []
    begun = threading.Event()

    def ask_later(session: ReadSession) -> None:
        begun.set()
        sleep(session, 60)

    far_tasks.read(owner, ask_later, print, problems.append, patience=0.3)
    qtbot.waitUntil(begun.is_set)
    proxy.stall()
    qtbot.waitUntil(lambda: bool(problems), timeout=10_000)
    proxy.go_on()
    assert isinstance(problems[0], Unavailable)


@pytest.mark.usefixtures("hurried")
def test_a_write_whose_connection_is_lost_before_the_commit_changes_nothing(
    qtbot: QtBot, far_tasks: Tasks, proxy: Proxy, owner: QObject, database: Database, actor: Actor
) -> None:
    problems: list[UserError] = []

    def write(session: WriteSession) -> None:
        make_application(session, "a")
        proxy.cut()
        make_application(session, "b")

    far_tasks.write(owner, write, on_error=problems.append)
    qtbot.waitUntil(lambda: bool(problems))
    proxy.begin_again()
    assert isinstance(problems[0], Unavailable)
    with database.read(actor) as session:
        assert names_of_applications(session) == []


@pytest.mark.usefixtures("hurried", "slow_commits")
def test_a_commit_whose_answer_was_lost_counts_as_stored_if_the_server_says_so(
    qtbot: QtBot, far_tasks: Tasks, proxy: Proxy, owner: QObject, database: Database, actor: Actor
) -> None:
    results: list[object] = []
    make = partial(make_application, name="a")
    with qtbot.waitSignal(far_tasks.changed):
        far_tasks.write(owner, make, results.append, results.append)
        wait_for_commit(qtbot, database, actor)
        proxy.cut()
        proxy.begin_again()
    qtbot.waitUntil(lambda: bool(results))
    assert results == [None]
    with database.read(actor) as session:
        assert names_of_applications(session) == ["app_a"]


@pytest.mark.usefixtures("hurried", "slow_commits")
def test_a_commit_that_did_not_take_place_is_said_to_have_stored_nothing(
    qtbot: QtBot, far_tasks: Tasks, owner: QObject, database: Database, actor: Actor
) -> None:
    problems: list[UserError] = []
    far_tasks.write(owner, partial(make_application, name="a"), on_error=problems.append)
    wait_for_commit(qtbot, database, actor)
    with database.write(actor) as session:
        session.execute(text(f"SELECT pg_terminate_backend(pid) {COMMITTING}"))
    qtbot.waitUntil(lambda: bool(problems))
    assert "nothing was stored" in str(problems[0])
    with database.read(actor) as session:
        assert names_of_applications(session) == []


COMMITTING = (
    "FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'"
    " AND query ILIKE 'commit%'"
)


@pytest.fixture
def slow_commits(database: Database, actor: Actor) -> None:
    """Make a commit of an application take half a second at the server."""
    with database.write(actor) as session:
        session.execute(
            text(
                "CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS"
                " $$BEGIN PERFORM pg_sleep(0.5); RETURN NULL; END$$;"
                "CREATE CONSTRAINT TRIGGER dawdle AFTER INSERT ON applications"
                " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION dawdle()"
            )
        )


def wait_for_commit(qtbot: QtBot, database: Database, actor: Actor) -> None:
    def is_committing() -> bool:
        with database.read(actor) as session:
            return bool(session.scalar(text(f"SELECT count(*) {COMMITTING}")))

    qtbot.waitUntil(is_committing)


@pytest.mark.usefixtures("hurried")
def test_closing_never_hangs_on_a_server_that_does_not_answer(
    qtbot: QtBot, proxy: Proxy, actor: Actor, owner: QObject
) -> None:
    tasks = Tasks()
    tasks.use(Database.at(proxy.url), actor)
    begun = threading.Event()

    def stalled(session: WriteSession) -> None:
        begun.set()
        sleep(session, 600)

    tasks.write(owner, stalled)
    qtbot.waitUntil(begun.is_set)
    proxy.stall()
    before = time.monotonic()
    tasks.close(patience=0.5)
    assert time.monotonic() - before < 5
    proxy.go_on()


def test_what_needs_no_database_runs_before_one_is_open(qtbot: QtBot, owner: QObject) -> None:
    tasks = Tasks()
    results: list[bool] = []
    tasks.compute(owner, is_gui_thread, results.append)
    qtbot.waitUntil(lambda: results == [False])
    tasks.close()


def test_progress_is_told_often_enough_and_not_for_every_row(
    qtbot: QtBot, tasks: Tasks, owner: QObject
) -> None:
    told: list[int] = []

    def work(session: WriteSession, on_progress: Progress) -> int:
        return sum(on_progress(done, 20_000) for done in range(1, 20_001))

    def started(job: object) -> None:
        job.progressed.connect(lambda done, _: told.append(done))  # type: ignore[attr-defined]

    tasks.started.connect(started)
    results: list[int] = []
    tasks.run_long(owner, "Counting", work, results.append)
    qtbot.waitUntil(lambda: results == [20_000])
    assert told[-1] == 20_000
    assert len(told) < 100


def test_the_event_loop_beats_on_while_a_read_waits(
    qtbot: QtBot, tasks: Tasks, owner: QObject
) -> None:
    beats: list[float] = []
    timer = QTimer(interval=20)
    timer.timeout.connect(lambda: beats.append(time.monotonic()))
    timer.start()
    done: list[object] = []
    tasks.read(owner, partial(sleep, seconds=1), done.append)
    qtbot.waitUntil(lambda: bool(done), timeout=5000)
    timer.stop()
    assert len(beats) >= 0.9 * 50


class Cycle:
    """Garbage that only the collector finds, and that tells on which thread it dies."""

    def __init__(self, deaths: list[bool]) -> None:
        self.itself = self
        self._deaths = deaths

    def __del__(self) -> None:
        self._deaths.append(is_gui_thread())


def test_garbage_is_collected_on_the_gui_thread_only(
    qtbot: QtBot, tasks: Tasks, owner: QObject
) -> None:
    deaths: list[bool] = []
    garbage = GarbageTimer()
    try:
        Cycle(deaths)

        def allocate() -> int:
            return len([[number] for number in range(100_000)])  # would start a collection

        counted: list[int] = []
        tasks.compute(owner, allocate, counted.append)
        qtbot.waitUntil(lambda: bool(counted))
        assert deaths == []

        kept = [[number] for number in range(10_000)]
        garbage.collect_due()
        assert deaths == [True]
        assert len(kept) == 10_000
    finally:
        garbage.stop()
    assert gc.isenabled()
