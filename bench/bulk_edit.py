"""`bulk-edit`: one field of 100,000 records changed by the service, against the plain UPDATE."""

from collections.abc import Iterator, Mapping
from functools import partial
from itertools import cycle
from typing import Any

import psycopg

from bench import deals
from bench.measure import Options, Result, in_turns, seconds
from bench.workspace import Workspace, new_workspace, running_server
from crm_desktop.domain.bulk_changes import Change, IncreaseByPercent, SetTo
from crm_desktop.domain.filters import RecordQuery
from crm_desktop.services import bulk_edit, bulk_summary
from crm_desktop.services.bulk_edit import Rehearsal
from crm_desktop.services.record_targets import FoundRecords

ROWS, ROUNDS = 100_000, 3
Changes = Mapping[str, Change]
_SET = """
UPDATE records SET data = data || jsonb_build_object(%(key)s::text, %(value)s::text),
       updated_at = now(), updated_by = %(author)s
WHERE object_id = %(object_id)s
"""
_GROW = """
UPDATE records SET data = data || jsonb_build_object(%(key)s::text,
           round((data ->> %(key)s)::numeric * 1.01, 2)),
       updated_at = now(), updated_by = %(author)s
WHERE object_id = %(object_id)s
"""


def run(options: Options) -> Iterator[Result]:
    rows, rounds = options.rows or ROWS, options.rounds or ROUNDS
    with running_server() as server, new_workspace(server) as workspace:
        object_id, field_ids = deals.make_object(workspace)
        deals.fill(workspace, object_id, field_ids, rows)
        with psycopg.connect(workspace.url, autocommit=True) as connection:
            yield from _measure(workspace, connection, object_id, field_ids, rows, rounds)


def _measure(
    workspace: Workspace,
    connection: psycopg.Connection[Any],
    object_id: str,
    field_ids: Mapping[str, str],
    rows: int,
    rounds: int,
) -> Iterator[Result]:
    target, stage = FoundRecords(RecordQuery(object_id)), field_ids["Stage"]
    values = cycle(("won", "lost", "proposal"))  # so that each run changes every record
    update = partial(_update, connection, workspace, object_id)
    first: Changes = {stage: SetTo(next(values))}
    rehearsal = _rehearse(workspace, target, first)
    if rehearsal.changed + rehearsal.unchanged != rows:
        raise RuntimeError("The rehearsal did not meet all records.")

    def ours() -> None:
        _apply(workspace, target, {stage: SetTo(next(values))}, rehearsal, rows)

    def peer() -> None:
        update(_SET, {"key": stage, "value": next(values)}, rows)

    spent, plain = in_turns(ours, peer, rounds, warm_up=1)
    yield _result("bulk-edit, a choice", spent, plain, rows, 2)
    amount = field_ids["Amount"]
    grow: Changes = {amount: IncreaseByPercent(1)}
    spent, plain = in_turns(
        partial(_apply, workspace, target, grow, rehearsal, rows),
        partial(update, _GROW, {"key": amount}, rows),
        max(1, rounds - 1),
        warm_up=1,
    )
    yield _result("bulk-edit, a percentage", spent, plain, rows, 2)
    took = seconds(partial(_rehearse, workspace, target, {stage: SetTo(next(values))}))
    yield _result("bulk-edit, rehearsal", took, plain, rows, None)
    took = seconds(partial(_summarize, workspace, target))
    yield _result("bulk-edit, form's values", took, plain, rows, None)


def _result(name: str, spent: float, plain: float, rows: int, bar: float | None) -> Result:
    against = f"the plain UPDATE of {rows:,} in psycopg: {plain:.2f} s"
    return Result(name, spent * 1000, "ms", against, spent / plain, bar)


def _update(
    connection: psycopg.Connection[Any],
    workspace: Workspace,
    object_id: str,
    statement: str,
    values: Mapping[str, Any],
    rows: int,
) -> None:
    told = {"author": workspace.actor.user_id, "object_id": object_id, **values}
    if connection.execute(statement, told).rowcount != rows:
        raise RuntimeError("The plain UPDATE did not meet all records.")


def _apply(
    workspace: Workspace, target: FoundRecords, changes: Changes, rehearsal: Rehearsal, rows: int
) -> None:
    with workspace.database.long(workspace.actor) as session:
        done = bulk_edit.apply_changes(
            session, target, changes, rehearsal, leaves_out_failing=False
        )
    if done.changed < rows - rows // 1000:  # one per cent of very little is nothing
        raise RuntimeError(f"The bulk edit changed {done.changed:,} records.")


def _rehearse(workspace: Workspace, target: FoundRecords, changes: Changes) -> Rehearsal:
    with workspace.database.long(workspace.actor) as session:
        return bulk_edit.rehearse(session, target, changes)


def _summarize(workspace: Workspace, target: FoundRecords) -> None:
    with workspace.database.read(workspace.actor) as session:
        bulk_summary.summarize_target(session, target)
