"""`group`: a list in groups with a sum of each, against a GROUP BY that somebody wrote by hand."""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

import psycopg

from bench import deals
from bench.first_page import FORMATS, fetch
from bench.measure import Options, Result, in_turns
from bench.workspace import Workspace, new_workspace, running_server
from crm_desktop.domain.field_types import EffectiveField
from crm_desktop.domain.filters import Grouping, RecordQuery
from crm_desktop.services import record_groups, records
from crm_desktop.services.record_footer import Summary

ROWS, ROUNDS, BAR = 1_000_000, 5, 3.0
GROUPINGS = {
    "group, by a choice": ("Stage", "", "data ->> %(by)s"),
    "group, by month": ("Close date", "month", "left(data ->> %(by)s, 7)"),
}
BY_HAND = """
    SELECT {}, count(*), sum(CAST(data ->> %(amount)s AS numeric)) FROM records
    WHERE object_id = %(object_id)s GROUP BY 1 ORDER BY 1
"""


def run(options: Options) -> Iterator[Result]:
    rows = options.rows or ROWS
    with running_server() as server, new_workspace(server) as workspace:
        object_id, field_ids = deals.make_object(workspace)
        deals.fill(workspace, object_id, field_ids, rows)
        with workspace.database.read(workspace.actor) as session:
            columns = records.fields_of(session, object_id)
        amount = {field: Summary.SUM for field in columns if field.id == field_ids["Amount"]}
        for name, (label, unit, key) in GROUPINGS.items():
            query = RecordQuery(object_id, grouping=Grouping(field_ids[label], unit=unit))
            ours = partial(_groups, workspace, query, columns, amount)
            parameters: dict[str, Any] = {
                "object_id": object_id, "by": field_ids[label], "amount": field_ids["Amount"]
            }  # fmt: skip
            with psycopg.connect(workspace.url, prepare_threshold=None) as connection:
                peer = partial(fetch, connection, BY_HAND.format(key), parameters)
                ours_s, peer_s = in_turns(ours, peer, options.rounds or ROUNDS, warm_up=1)
            yield Result(
                name,
                ours_s * 1000,
                "ms",
                f"GROUP BY by hand, unguarded, in psycopg: {peer_s * 1000:,.0f} ms"
                f" ({rows:,} records, {len(ours().groups)} groups)",
                ours_s / peer_s,
                BAR,
            )


def _groups(
    workspace: Workspace,
    query: RecordQuery,
    columns: tuple[EffectiveField, ...],
    chosen: Mapping[EffectiveField, Summary],
) -> record_groups.RecordGroups:
    with workspace.database.read(workspace.actor) as session:
        return record_groups.list_groups(session, query, columns, chosen, FORMATS)
