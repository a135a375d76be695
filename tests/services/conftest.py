"""Fixtures of the service tests: what was sent to the database, and a second session at work."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import Engine, event, text

from crm_desktop.db.database import Database


@pytest.fixture
def statements() -> Iterator[list[str]]:
    """Collect every statement that any engine sends."""
    sent: list[str] = []

    def note(_: Any, __: Any, statement: str, *___: Any) -> None:
        sent.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    yield sent
    event.remove(Engine, "before_cursor_execute", note)


class Second:
    """A call in another thread that waits for a lock of this one."""

    def __init__(self, database: Database, future: Future[Any]) -> None:
        self._database, self._future = database, future

    def wait_until_blocked(self) -> None:
        """Return once some backend of this database waits for a lock."""
        waiting = text(
            "SELECT pg_stat_clear_snapshot(), count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        with self._database.engine.connect() as connection:
            while connection.execute(waiting).one()[1] == 0:
                assert not self._future.done(), self._future.exception()

    def result(self) -> Any:
        return self._future.result(timeout=20)


@pytest.fixture
def in_another_thread(database: Database) -> Iterator[Callable[..., Second]]:
    with ThreadPoolExecutor(2) as threads:
        yield lambda call: Second(database, threads.submit(call))
