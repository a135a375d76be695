"""`paste`: cells pasted as new records against a bare COPY, and over others against one UPDATE."""

import csv
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any, LiteralString

import psycopg

from bench import deals
from bench.measure import Options, Result, seconds
from bench.workspace import Workspace, new_workspace, running_server, temporary_folder
from crm_desktop.db.database import dump_json
from crm_desktop.domain.clipboard import CellBlock
from crm_desktop.domain.formats import Formats
from crm_desktop.services.import_rows import copy_text
from crm_desktop.services.pasting import PasteRequest, paste

ROWS, ROUNDS = 10_000, 5
NEW_BAR, OVER_BAR = 0.4, 3.0
BLOCK = 1 << 17  # bytes in one message of COPY
COLUMNS = "id, object_id, data, primary_value, created_by, updated_by, tenant_id"


def run(options: Options) -> Iterator[Result]:
    rows = options.rows or ROWS
    with (
        temporary_folder() as folder,
        running_server() as server,
        new_workspace(server) as workspace,
    ):
        request = _request(workspace, folder, rows)
        cells = request.cells
        ours, peer = _as_new_records(workspace, request, options.rounds or ROUNDS)
        yield Result(
            "paste, as new records",
            cells / ours,
            "cells/s",
            f"COPY of the same {rows:,} rows, ready as text: {cells / peer:,.0f} cells/s",
            peer / ours,
            NEW_BAR,
            at_least=True,
        )
        ours, peer = _over_records(workspace, request, options.rounds or ROUNDS)
        yield Result(
            "paste, over records",
            cells / ours,
            "cells/s",
            f"one UPDATE from values staged by COPY: {cells / peer:,.0f} cells/s",
            ours / peer,
            OVER_BAR,
        )


def _request(workspace: Workspace, folder: Path, rows: int) -> PasteRequest:
    """Return what a person would paste: texts of all ten fields, as new records."""
    object_id, field_ids = deals.make_object(workspace)
    file = folder / "deals.csv"
    deals.write_csv(file, rows)
    with file.open(encoding="utf-8", newline="") as stream:
        _, *lines = csv.reader(stream)
    block = CellBlock.of_texts(lines)
    return PasteRequest(object_id, tuple(field_ids.values()), (), block, Formats(), rows)


def _as_new_records(
    workspace: Workspace, request: PasteRequest, rounds: int
) -> tuple[float, float]:
    """Return the median seconds of a paste and of a COPY; each begins with an empty table."""
    with psycopg.connect(workspace.url, autocommit=True) as connection:
        ours = partial(_paste, workspace, request)
        _empty(connection)
        ours()
        peer = partial(_copy, workspace.url, _ready_rows(connection))
        return _alternate(ours, peer, partial(_empty, connection), rounds)


def _over_records(workspace: Workspace, request: PasteRequest, rounds: int) -> tuple[float, float]:
    """Return the median seconds of a paste and of an UPDATE over the same records.

    Before each turn all values are put back to what they were, so that both change all of them.
    """
    with psycopg.connect(workspace.url, autocommit=True) as connection:
        _empty(connection)
        _paste(workspace, request)
        final = [row[:2] for row in connection.execute("SELECT id, data FROM records ORDER BY id")]
        ids = tuple(row[0] for row in final)
        connection.execute("CREATE TABLE first_values AS SELECT * FROM records")
        connection.execute(
            "UPDATE first_values SET primary_value = 'x', data = (SELECT jsonb_object_agg(key,"
            " 'null'::jsonb) FROM jsonb_each(data))"
        )
        over = PasteRequest(request.object_id, request.field_ids, ids, request.block, Formats())
        ours = partial(_paste, workspace, over)
        staged = [f"{id_}\t{_escaped(data)}\n".encode() for id_, data in final]
        name = request.field_ids[0]
        peer = partial(_update, workspace.url, staged, name, str(workspace.actor.user_id))
        return _alternate(ours, peer, partial(_put_back, connection), rounds)


def _alternate(
    ours: Callable[[], None], peer: Callable[[], None], begin: Callable[[], None], rounds: int
) -> tuple[float, float]:
    times: Mapping[Callable[[], None], list[float]] = {ours: [], peer: []}
    for number in range(rounds):
        for side in (ours, peer) if number % 2 else (peer, ours):
            begin()
            times[side].append(seconds(side))
    return median(times[ours]), median(times[peer])


def _paste(workspace: Workspace, request: PasteRequest) -> None:
    with workspace.database.long(workspace.actor) as session:
        report = paste(session, request)
    if report.cells != request.cells:
        raise RuntimeError(f"{report.cells} of {request.cells} cells were pasted")


def _copy(url: str, ready: Sequence[bytes]) -> None:
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        _send(cursor, f"COPY records ({COLUMNS}) FROM STDIN", ready)


def _update(url: str, staged: Sequence[bytes], name: str, author: str) -> None:
    """Do what a script would: stage the new documents, and join them in one UPDATE."""
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE staged (id text, data jsonb) ON COMMIT DROP")
        _send(cursor, "COPY staged FROM STDIN", staged)
        cursor.execute("ANALYZE staged")
        cursor.execute(
            "UPDATE records r SET data = r.data || s.data, primary_value = s.data ->> %s,"
            " updated_at = now(), updated_by = %s FROM staged s WHERE r.id = s.id",
            [name, author],
        )
        if cursor.rowcount != len(staged):
            raise RuntimeError(f"{cursor.rowcount} of {len(staged)} records were changed")


def _send(cursor: psycopg.Cursor[Any], statement: LiteralString, blocks: Sequence[bytes]) -> None:
    with cursor.copy(statement) as copy:
        for block in blocks:
            copy.write(block)


def _empty(connection: psycopg.Connection[Any]) -> None:
    """Begin anew: empty files, no pending pages to write, none to keep as full images."""
    connection.execute("TRUNCATE records CASCADE")
    connection.execute("CHECKPOINT")


def _put_back(connection: psycopg.Connection[Any]) -> None:
    _empty(connection)
    connection.execute("INSERT INTO records SELECT * FROM first_values")
    connection.execute("VACUUM (ANALYZE) records")
    connection.execute("CHECKPOINT")


def _ready_rows(connection: psycopg.Connection[Any]) -> list[bytes]:
    """Return what the paste has stored, as COPY wants it, in the order it was made."""
    with (
        connection.cursor() as cursor,
        cursor.copy(f"COPY (SELECT {COLUMNS} FROM records ORDER BY id) TO STDOUT") as copy,
    ):
        text = b"".join(copy)
    return [text[start : start + BLOCK] for start in range(0, len(text), BLOCK)]


def _escaped(data: Mapping[str, Any]) -> str:
    return copy_text(dump_json(data))
