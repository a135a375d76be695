"""`sort`: a page by a number, without an index and with the advised one; and how it is stopped."""

import threading
import time
from collections.abc import Iterator
from functools import partial
from statistics import median
from typing import Any

import psycopg

from bench import deals
from bench.first_page import FORMATS, LIMIT, fetch, statement_of
from bench.measure import Options, Result, in_turns
from bench.workspace import Workspace, new_workspace, running_server
from crm_desktop.db.database import Running
from crm_desktop.domain.errors import Cancelled
from crm_desktop.domain.field_types import EffectiveField
from crm_desktop.domain.filters import RecordQuery, Sort
from crm_desktop.domain.index_kinds import IndexKind
from crm_desktop.services import index_advice, record_query, records

ROWS, ROUNDS, INDEXED_ROUNDS = 1_000_000, 5, 51
STOPPED_AFTER, BAR_MS = 0.15, 100

# What somebody would write by hand for the same page, who has the same index.
PLAIN = """
SELECT id, data FROM records
WHERE object_id = %(object_id)s
  AND CASE WHEN jsonb_typeof(data -> %(field)s) = 'number'
      THEN CAST(left(data ->> %(field)s, 1000) AS numeric) END IS NOT NULL
ORDER BY CASE WHEN jsonb_typeof(data -> %(field)s) = 'number'
         THEN CAST(left(data ->> %(field)s, 1000) AS numeric) END DESC, id
LIMIT %(limit)s
"""


def run(options: Options) -> Iterator[Result]:
    rows, rounds = options.rows or ROWS, options.rounds or ROUNDS
    with running_server() as server, new_workspace(server) as workspace:
        object_id, field_ids = deals.make_object(workspace)
        deals.fill(workspace, object_id, field_ids, rows)
        with workspace.database.read(workspace.actor) as session:
            columns = records.fields_of(session, object_id)
        query = RecordQuery(object_id, sort=(Sort(field_ids["Amount"], descending=True),))
        page = partial(_page, workspace, query, columns)
        statement, parameters = statement_of(page)
        with psycopg.connect(workspace.url, prepare_threshold=None) as connection:
            peer = partial(fetch, connection, statement, parameters)
            ours_s, peer_s = in_turns(page, peer, rounds, warm_up=1)
            stops = [_stop(page) for _ in range(rounds)]
        ids = [row.id for row in page().rows]
        build_seconds = build(workspace, object_id, field_ids["Amount"], IndexKind.ORDER)
        plain = {"object_id": object_id, "field": field_ids["Amount"], "limit": LIMIT + 1}
        with psycopg.connect(workspace.url, prepare_threshold=None) as connection:
            peer = partial(fetch, connection, PLAIN, plain)
            if not ids == [row.id for row in page().rows] == [row[0] for row in peer()][:LIMIT]:
                raise RuntimeError("The index or the SQL by hand shows other records.")
            quick_s, plain_s = in_turns(page, peer, min(INDEXED_ROUNDS, 10 * rounds))
    yield Result(
        "sort, without an index",
        ours_s * 1000,
        "ms",
        f"the same SQL in psycopg, rows fetched: {peer_s * 1000:,.0f} ms ({rows:,} records)",
        ours_s / peer_s,
        1.5,
    )
    yield from against_index("sort", (quick_s, plain_s, ours_s), build_seconds)
    seconds = [each for each in stops if each is not None]
    if not seconds:  # too few rows for a sort that could be stopped
        return
    stopped = median(seconds) * 1000
    yield Result("sort, stopped", stopped, "ms", f"{BAR_MS} ms", stopped / BAR_MS, 1)


def build(workspace: Workspace, object_id: str, field_id: str, kind: IndexKind) -> float:
    """Build the index as the window does; return how many seconds that took."""
    began = time.perf_counter()
    with workspace.database.upkeep(workspace.actor) as session:
        index_advice.build_index(session, _go_on, object_id=object_id, field_id=field_id, kind=kind)
    return time.perf_counter() - began


def _go_on(*_: int) -> bool:
    return True


def against_index(
    name: str, seconds: tuple[float, float, float], build_seconds: float, advised: str = ""
) -> Iterator[Result]:
    """Give the results of a list that has its index: ours, by hand, and ours without it."""
    ours, plain, before = seconds
    also = advised and f"; {advised}"
    yield Result(
        f"{name}, with the index",
        ours * 1000,
        "ms",
        f"SQL by hand in psycopg, the same index: {plain * 1000:.2f} ms",
        ours / plain,
        3,
    )
    yield Result(
        f"{name}, times no index",
        ours * 1000,
        "ms",
        f"without the index: {before * 1000:,.0f} ms (built in {build_seconds:.1f} s{also})",
        before / ours,
        30,
        at_least=True,
    )


def _page(
    workspace: Workspace,
    query: RecordQuery,
    columns: tuple[EffectiveField, ...],
    running: Running | None = None,
) -> record_query.RecordPage:
    with workspace.database.read(workspace.actor, running) as session:
        return record_query.list_page(session, query, columns, FORMATS, limit=LIMIT)


def _stop(page: Any) -> float | None:
    """Return the seconds from asking a read to stop until its thread is free; None: it was done."""
    running, ended = Running(), []

    def read() -> None:
        try:
            page(running=running)
        except Cancelled:
            ended.append(time.perf_counter())

    thread = threading.Thread(target=read)  # noqa: TID251 - no window here
    thread.start()
    thread.join(STOPPED_AFTER)
    asked = time.perf_counter()
    running.cancel()
    thread.join()
    return ended[0] - asked if ended else None
