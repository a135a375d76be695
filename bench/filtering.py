"""`filter`: a thousandth of the records by a number, without an index and with the advised one."""

from collections.abc import Iterator
from decimal import Decimal
from functools import partial
from typing import Any

import psycopg

from bench import deals
from bench.first_page import FORMATS, LIMIT, fetch
from bench.measure import Options, Result, in_turns
from bench.sorting import against_index, build
from bench.workspace import Workspace, new_workspace, running_server
from crm_desktop.domain.field_types import EffectiveField
from crm_desktop.domain.filters import Condition, RecordQuery
from crm_desktop.domain.index_kinds import IndexKind
from crm_desktop.services import record_query, records
from crm_desktop.services.index_advice import advise

ROWS, ROUNDS, INDEXED_ROUNDS = 1_000_000, 5, 51
RANGE = (Decimal(500000), Decimal(501000))  # of amounts up to a million

# What somebody would write by hand for the same page and its count, who has the same index.
AMOUNT = (
    "CASE WHEN jsonb_typeof(data -> %(field)s) = 'number'"
    " THEN CAST(left(data ->> %(field)s, 1000) AS numeric) END"
)
WHERE = f"object_id = %(object_id)s AND {AMOUNT} BETWEEN %(low)s AND %(high)s"
PLAIN = (
    f"SELECT id, data FROM records WHERE {WHERE} ORDER BY created_at DESC, id DESC LIMIT %(limit)s"
)
PLAIN_COUNT = f"SELECT count(*) FROM records WHERE {WHERE}"


def run(options: Options) -> Iterator[Result]:
    rows, rounds = options.rows or ROWS, options.rounds or ROUNDS
    with running_server() as server, new_workspace(server) as workspace:
        object_id, field_ids = deals.make_object(workspace)
        deals.fill(workspace, object_id, field_ids, rows)
        amount = field_ids["Amount"]
        with workspace.database.read(workspace.actor) as session:
            columns = records.fields_of(session, object_id)
        query = RecordQuery(object_id, conditions=(Condition(amount, "between", RANGE),))
        ours = partial(page_and_count, workspace, query, columns)
        values = {
            "object_id": object_id,
            "field": amount,
            "low": RANGE[0],
            "high": RANGE[1],
            "limit": LIMIT + 1,
        }
        with psycopg.connect(workspace.url, prepare_threshold=None) as connection:
            peer = partial(_plain, connection, values)
            if ours() != peer():
                raise RuntimeError("The service and the SQL by hand find other records.")
            ours_s, peer_s = in_turns(ours, peer, rounds, warm_up=1)
            advised = _advised(workspace, query, columns)
            build_seconds = build(workspace, object_id, amount, IndexKind.ORDER)
            if ours() != peer():
                raise RuntimeError("With the index other records are found.")
            quick_s, plain_s = in_turns(ours, peer, min(INDEXED_ROUNDS, 10 * rounds))
    yield Result(
        "filter, without an index",
        ours_s * 1000,
        "ms",
        f"SQL by hand in psycopg: {peer_s * 1000:,.0f} ms ({rows:,} records; {advised})",
        ours_s / peer_s,
        1.5,
    )
    yield from against_index("filter", (quick_s, plain_s, ours_s), build_seconds)


def page_and_count(
    workspace: Workspace, query: RecordQuery, columns: tuple[EffectiveField, ...]
) -> tuple[list[str], int]:
    """Read the first page and count, as a list does; return the ids and how many there are."""
    with workspace.database.read(workspace.actor) as session:
        page = record_query.list_page(session, query, columns, FORMATS, limit=LIMIT)
    with workspace.database.read(workspace.actor) as session:
        return [row.id for row in page.rows], record_query.count_matching(session, query)


def _plain(connection: psycopg.Connection[Any], values: dict[str, Any]) -> tuple[list[str], int]:
    ids = [row[0] for row in fetch(connection, PLAIN, values)][:LIMIT]
    return ids, fetch(connection, PLAIN_COUNT, values)[0][0]


def _advised(workspace: Workspace, query: RecordQuery, columns: tuple[EffectiveField, ...]) -> str:
    with workspace.database.read(workspace.actor) as session:
        (advice,) = advise(session, query, columns)
    return f"advised: {advice.bytes / 1e6:,.0f} MB, {advice.seconds:.0f} s"
