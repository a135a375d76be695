"""`jump`: a page far down a list by anchors, against OFFSET and against its own SQL alone."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import psycopg

from bench import deals
from bench.first_page import FORMATS, fetch, statement_of
from bench.measure import Options, Result, in_turns, seconds
from bench.workspace import Workspace, new_workspace, running_server
from crm_desktop.domain.cursors import Cursor
from crm_desktop.domain.field_types import EffectiveField
from crm_desktop.domain.filters import RecordQuery
from crm_desktop.services import record_anchors, record_query, records

ROWS, ROUNDS, OFFSET_ROUNDS = 1_000_000, 51, 5
PAGE = 256


def run(options: Options) -> Iterator[Result]:
    rows = options.rows or ROWS
    target = rows * 7 // 10
    with running_server() as server, new_workspace(server) as workspace:
        object_id, field_ids = deals.make_object(workspace)
        deals.fill(workspace, object_id, field_ids, rows)
        with workspace.database.read(workspace.actor) as session:
            columns = records.fields_of(session, object_id)
        with psycopg.connect(workspace.url, prepare_threshold=None) as connection:
            yield from _measure(workspace, connection, RecordQuery(object_id), columns, target,
                                options.rounds or ROUNDS)  # fmt: skip


def _measure(
    workspace: Workspace,
    connection: psycopg.Connection[Any],
    query: RecordQuery,
    columns: tuple[EffectiveField, ...],
    target: int,
    rounds: int,
) -> Iterator[Result]:
    find = partial(_anchors, workspace, query, columns)
    anchors = find()
    cursor, skip = anchors.place_of(target)
    jump = partial(_page, workspace, query, columns, cursor, skip)
    unready = partial(_page, workspace, query, columns, None, target)
    page_sql, values = statement_of(partial(_page, workspace, query, columns, None, 0))
    offset = partial(fetch, connection, _with_offset(page_sql, target), values)
    ids = [row[0] for row in offset()][:PAGE]
    if not [row.id for row in jump().rows] == [row.id for row in unready().rows] == ids:
        raise RuntimeError("The ways to one page do not show the same records.")
    statement, parameters = statement_of(jump)
    peer = partial(fetch, connection, statement, parameters)
    by_anchor, plain = in_turns(jump, peer, rounds)
    before, by_offset = in_turns(unready, offset, min(rounds, OFFSET_ROUNDS), warm_up=1)
    yield Result(
        "jump, times OFFSET",
        by_anchor * 1000,
        "ms",
        f"OFFSET {target:,} with whole rows: {by_offset * 1000:,.0f} ms",
        by_offset / by_anchor,
        100,
        at_least=True,
    )
    yield Result(
        "jump, keyset read",
        by_anchor * 1000,
        "ms",
        f"the same SQL in psycopg, rows fetched: {plain * 1000:.2f} ms",
        by_anchor / plain,
        3,
    )
    yield Result(
        "jump, before anchors",
        before * 1000,
        "ms",
        f"OFFSET {target:,} with whole rows: {by_offset * 1000:,.0f} ms",
        before / by_offset,
        0.1,
    )
    took = seconds(find)
    yield Result(
        "jump, finding anchors",
        took * 1000,
        "ms",
        f"OFFSET {target:,} with whole rows; once, in the background",
        took / by_offset,
        None,
    )


def _with_offset(statement: str, rows: int) -> str:
    """Return a page's SQL as lists without keys read it: whole rows, the skipped ones too."""
    wanted = statement.partition(" SELECT r.id, ")[2].partition(", CAST(page.k0")[0]
    where = statement.partition(" WHERE ")[2].partition(" ORDER BY ")[0]
    return (
        f"SELECT r.id, {wanted} FROM records AS r WHERE {where}"
        f" ORDER BY r.created_at DESC, r.id DESC LIMIT %(limit)s OFFSET {rows}"
    )


def _anchors(
    workspace: Workspace, query: RecordQuery, columns: tuple[EffectiveField, ...]
) -> record_anchors.Anchors:
    with workspace.database.read(workspace.actor) as session:
        return record_anchors.find_anchors(session, query, columns)


def _page(
    workspace: Workspace,
    query: RecordQuery,
    columns: tuple[EffectiveField, ...],
    cursor: Cursor | None,
    skip: int,
) -> record_query.RecordPage:
    with workspace.database.read(workspace.actor) as session:
        return record_query.list_page(
            session, query, columns, FORMATS, after=cursor, skip=skip, limit=PAGE
        )
