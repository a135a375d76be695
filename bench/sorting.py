"""`sort`: a page by a number without an index, against its SQL alone; and how it is stopped."""

import threading
import time
from collections.abc import Iterator
from functools import partial
from statistics import median

import psycopg

from bench import deals
from bench.first_page import FORMATS, LIMIT, fetch, statement_of
from bench.measure import Options, Result, in_turns
from bench.workspace import Workspace, new_workspace, running_server
from crm_desktop.db.database import Running
from crm_desktop.domain.errors import Cancelled
from crm_desktop.domain.field_types import EffectiveField
from crm_desktop.domain.filters import RecordQuery, Sort
from crm_desktop.services import record_query, records

ROWS, ROUNDS = 1_000_000, 5
STOPPED_AFTER, BAR_MS = 0.15, 100


def run(options: Options) -> Iterator[Result]:
    rows = options.rows or ROWS
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
            ours_s, peer_s = in_turns(page, peer, options.rounds or ROUNDS, warm_up=1)
        stops = [_stop(page) for _ in range(options.rounds or ROUNDS)]
    yield Result(
        "sort, without an index",
        ours_s * 1000,
        "ms",
        f"the same SQL in psycopg, rows fetched: {peer_s * 1000:,.0f} ms ({rows:,} records)",
        ours_s / peer_s,
        1.5,
    )
    seconds = [each for each in stops if each is not None]
    if not seconds:  # too few rows for a sort that could be stopped
        return
    stopped = median(seconds) * 1000
    yield Result("sort, stopped", stopped, "ms", f"{BAR_MS} ms", stopped / BAR_MS, 1)


def _page(
    workspace: Workspace,
    query: RecordQuery,
    columns: tuple[EffectiveField, ...],
    running: Running | None = None,
) -> record_query.RecordPage:
    with workspace.database.read(workspace.actor, running) as session:
        return record_query.list_page(session, query, columns, FORMATS, limit=LIMIT)


def _stop(page: partial[record_query.RecordPage]) -> float | None:
    """Return the seconds from asking a sort to stop until its thread is free; None: it was done."""
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
