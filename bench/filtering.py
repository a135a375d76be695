"""`filter`: a thousandth of the records by a number, without an index and with the advised one."""

from collections.abc import Iterator
from decimal import Decimal
from functools import partial
from typing import Any

import psycopg

from bench import deals
from bench.first_page import FORMATS, LIMIT, fetch, statement_of
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

# What somebody would write by hand for the same page, who has the same index.
PLAIN = """
SELECT id, data FROM records
WHERE object_id = %(object_id)s
  AND CASE WHEN jsonb_typeof(data -> %(field)s) = 'number'
      THEN CAST(left(data ->> %(field)s, 1000) AS numeric) END BETWEEN %(low)s AND %(high)s
ORDER BY created_at DESC, id DESC LIMIT %(limit)s
"""


def run(options: Options) -> Iterator[Result]:
    rows, rounds = options.rows or ROWS, options.rounds or ROUNDS
    with running_server() as server, new_workspace(server) as workspace:
        object_id, field_ids = deals.make_object(workspace)
        deals.fill(workspace, object_id, field_ids, rows)
        amount = field_ids["Amount"]
        with workspace.database.read(workspace.actor) as session:
            columns = records.fields_of(session, object_id)
        query = RecordQuery(object_id, conditions=(Condition(amount, "between", RANGE),))
        page = partial(_page, workspace, query, columns)
        advised = _advised(workspace, query, columns)
        values = {"object_id": object_id, "field": amount, "low": RANGE[0], "high": RANGE[1]}
        with psycopg.connect(workspace.url, prepare_threshold=None) as connection:
            same = partial(fetch, connection, *statement_of(page))
            by_hand = partial(fetch, connection, PLAIN, values | {"limit": LIMIT + 1})
            _check(page(), by_hand())
            ours_s, same_s = in_turns(page, same, rounds, warm_up=1)
            build_seconds = build(workspace, object_id, amount, IndexKind.ORDER)
            _check(page(), by_hand())
            quick_s, plain_s = in_turns(page, by_hand, min(INDEXED_ROUNDS, 10 * rounds))
    yield Result(
        "filter, without an index",
        ours_s * 1000,
        "ms",
        f"the same SQL in psycopg, rows fetched: {same_s * 1000:,.0f} ms ({rows:,} records)",
        ours_s / same_s,
        1.5,
    )
    yield from against_index("filter", (quick_s, plain_s, ours_s), build_seconds, advised)


def _page(
    workspace: Workspace, query: RecordQuery, columns: tuple[EffectiveField, ...]
) -> record_query.RecordPage:
    with workspace.database.read(workspace.actor) as session:
        return record_query.list_page(session, query, columns, FORMATS, limit=LIMIT)


def _check(page: record_query.RecordPage, fetched: list[tuple[Any, ...]]) -> None:
    if [row.id for row in page.rows] != [row[0] for row in fetched[:LIMIT]]:
        raise RuntimeError("The service and the SQL by hand find other records.")


def _advised(workspace: Workspace, query: RecordQuery, columns: tuple[EffectiveField, ...]) -> str:
    with workspace.database.read(workspace.actor) as session:
        (advice,) = advise(session, query, columns)
    return f"advised: {advice.bytes / 1e6:,.0f} MB and {advice.seconds:.0f} s"
