"""`import`: a validated import of a CSV file against a bare COPY of the rows that it makes."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import psycopg

from bench import deals
from bench.measure import Options, Result, seconds
from bench.workspace import Workspace, new_workspace, running_server, temporary_folder
from crm_desktop.db.migrate import Extras
from crm_desktop.services.import_plan import ImportRequest
from crm_desktop.services.importing import import_file

ROWS, ROUNDS, BAR = 100_000, 5, 0.5
BLOCK = 1 << 17  # bytes in one message of COPY; larger ones were no quicker
COLUMNS = "id, object_id, data, primary_value, created_by, updated_by, tenant_id"


def run(options: Options) -> Iterator[Result]:
    rows = options.rows or ROWS
    with temporary_folder() as folder, running_server() as server:
        file = folder / "deals.csv"
        deals.write_csv(file, rows)
        for name, extras in (("with additions", Extras.YES), ("without additions", Extras.NO)):
            with new_workspace(server, extras) as workspace:
                ours, peer = _measure(workspace, file, rows, options.rounds or ROUNDS)
            yield Result(
                f"import, {name}",
                rows / ours,
                "rows/s",
                f"COPY of the same {rows:,} rows, ready as text: {rows / peer:,.0f} rows/s",
                peer / ours,
                BAR,
                at_least=True,
            )


def _measure(workspace: Workspace, file: Path, rows: int, rounds: int) -> tuple[float, float]:
    """Return the median seconds of an import and of a COPY; each begins with an empty table."""
    deals.make_object(workspace)
    ours = partial(_import, workspace, file, rows)
    with psycopg.connect(workspace.url, autocommit=True) as connection:
        _empty(connection)
        ours()
        ready = _ready_rows(connection)
        peer = partial(_copy, workspace.url, ready, rows)
        times: dict[Callable[[], None], list[float]] = {ours: [], peer: []}
        for number in range(rounds):
            for side in (ours, peer) if number % 2 else (peer, ours):
                _empty(connection)
                times[side].append(seconds(side, has_garbage_collector=True))
    return median(times[ours]), median(times[peer])


def _import(workspace: Workspace, file: Path, rows: int) -> None:
    request = ImportRequest(object_name=deals.NAME)
    with workspace.database.long(workspace.actor) as session:
        result = import_file(session, file, request)
    if result.created != rows:
        raise RuntimeError(f"{result.created} of {rows} rows went in: {result.problems[:3]}")


def _copy(url: str, ready: list[bytes], rows: int) -> None:
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        with cursor.copy(f"COPY records ({COLUMNS}) FROM STDIN") as copy:
            for block in ready:
                copy.write(block)
        if cursor.rowcount != rows:
            raise RuntimeError(f"{cursor.rowcount} of {rows} rows went in")


def _empty(connection: psycopg.Connection[Any]) -> None:
    """Begin anew: empty files, no pending pages to write, none to keep as full images."""
    connection.execute("TRUNCATE records CASCADE")
    connection.execute("CHECKPOINT")


def _ready_rows(connection: psycopg.Connection[Any]) -> list[bytes]:
    """Return what the import has stored, as COPY wants it, in the order it was made."""
    with (
        connection.cursor() as cursor,
        cursor.copy(f"COPY (SELECT {COLUMNS} FROM records ORDER BY id) TO STDOUT") as copy,
    ):
        text = b"".join(copy)
    return [text[start : start + BLOCK] for start in range(0, len(text), BLOCK)]
