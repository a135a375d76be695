"""`first-page`: the first records of a long list through the service against its SQL alone."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import psycopg
from sqlalchemy import Engine, event

from bench import deals
from bench.measure import Options, Result, in_turns
from bench.workspace import Workspace, new_workspace, running_server
from crm_desktop.domain.field_types import EffectiveField
from crm_desktop.domain.filters import RecordQuery
from crm_desktop.domain.formats import Formats
from crm_desktop.services import record_query, records

ROWS, ROUNDS, BAR = 1_000_000, 101, 1.5
LIMIT = 200
FORMATS = Formats(date_order="dmy", date_separator=".")


def run(options: Options) -> Iterator[Result]:
    rows = options.rows or ROWS
    with running_server() as server, new_workspace(server) as workspace:
        object_id, field_ids = deals.make_object(workspace)
        deals.fill(workspace, object_id, field_ids, rows)
        with workspace.database.read(workspace.actor) as session:
            columns = records.fields_of(session, object_id)
        page = partial(_page, workspace, RecordQuery(object_id), columns)
        statement, parameters = statement_of(page)
        with psycopg.connect(workspace.url, prepare_threshold=None) as connection:
            peer = partial(fetch, connection, statement, parameters)
            _check(page(), peer(), min(rows, LIMIT))
            ours_s, peer_s = in_turns(page, peer, options.rounds or ROUNDS)
        yield Result(
            "first-page",
            ours_s * 1000,
            "ms",
            f"the same SQL in psycopg, rows fetched: {peer_s * 1000:.2f} ms ({rows:,} records)",
            ours_s / peer_s,
            BAR,
        )


def _page(
    workspace: Workspace, query: RecordQuery, columns: tuple[EffectiveField, ...]
) -> record_query.RecordPage:
    with workspace.database.read(workspace.actor) as session:
        return record_query.list_page(session, query, columns, FORMATS, limit=LIMIT)


def fetch(
    connection: psycopg.Connection[Any],
    statement: str,
    parameters: dict[str, Any] | tuple[Any, ...],
) -> list[tuple[Any, ...]]:
    """Fetch in a transaction of its own, as whoever reads once does."""
    with connection.transaction():
        return connection.execute(statement, parameters).fetchall()


def statement_of(page: Callable[[], object]) -> tuple[str, dict[str, Any]]:
    """Return the statement that reads a page, as the driver gets it: the last that is sent."""
    return statements_of(page)[-1]


def statements_of(call: Callable[[], object]) -> list[tuple[str, dict[str, Any]]]:
    """Return all that a call sends, as the driver gets it."""
    seen: list[tuple[str, dict[str, Any]]] = []

    def note(_c: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        seen.append((statement, parameters))

    event.listen(Engine, "before_cursor_execute", note)
    try:
        call()
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    return seen


def _check(page: record_query.RecordPage, fetched: list[tuple[Any, ...]], expected: int) -> None:
    """Both must have read the same records."""
    ids = [row.id for row in page.rows]
    if ids != [row[0] for row in fetched[:LIMIT]] or len(ids) != expected:
        raise RuntimeError("The service and its SQL alone do not show the same records.")
