"""`search`: parts of names that nothing, ten and a twentieth have, with trigrams and without."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from statistics import median

import psycopg

from bench import deals
from bench.first_page import FORMATS, LIMIT
from bench.measure import Options, Result, seconds
from bench.workspace import Workspace, new_workspace, running_server
from crm_desktop.domain.field_types import EffectiveField
from crm_desktop.domain.filters import RecordQuery
from crm_desktop.services import record_query, records

ROWS, ROUNDS = 1_000_000, 5
INDEX = "crm_desktop_records_search"
SAMPLES = (100, 10)  # default_statistics_target: what ANALYZE knows, and how little it can know
BARS = {"nothing": (20.0, True), "ten": (20.0, True), "a twentieth": (1.5, False)}
WORDS = {"nothing": "qzxjk", "ten": "xanadu", "a twentieth": "gmbh"}


def run(options: Options) -> Iterator[Result]:
    rows, rounds = options.rows or ROWS, options.rounds or ROUNDS
    with running_server() as server, new_workspace(server) as workspace:
        object_id, field_ids = deals.make_object(workspace)
        deals.fill(workspace, object_id, field_ids, rows)
        _put_in_words(workspace, rows)
        with workspace.database.read(workspace.actor) as session:
            columns = records.fields_of(session, object_id)
        for target in SAMPLES:
            _analyze(workspace, target)
            for found, word in WORDS.items():
                query = RecordQuery(object_id, word)
                yield _measure(workspace, query, columns, (found, target), rounds)


def _measure(
    workspace: Workspace,
    query: RecordQuery,
    columns: tuple[EffectiveField, ...],
    what: tuple[str, int],
    rounds: int,
) -> Result:
    """Time the first page and the count, in turns with the index and as if it were not there."""
    search = partial(_search, workspace, query, columns)
    with_index, without, answer = [], [], search()
    for number in range(rounds + 1):
        spent = seconds(search)
        with hidden_index(workspace):
            if search() != answer:
                raise RuntimeError("Trigrams find other records.")
            spent_without = seconds(search)
        if number:
            with_index.append(spent)
            without.append(spent_without)
    ours, other = median(with_index), median(without)
    (found, target), (bar, is_quicker) = what, BARS[what[0]]
    return Result(
        f"search, {found}, sample {target}",
        ours * 1000,
        "ms",
        f"without trigrams: {other * 1000:,.0f} ms ({answer[1]:,} found)",
        other / ours if is_quicker else ours / other,
        bar,
        at_least=is_quicker,
    )


def _search(
    workspace: Workspace, query: RecordQuery, columns: tuple[EffectiveField, ...]
) -> tuple[list[str], int]:
    """Read the first page and count, as a list does; return the ids and how many there are."""
    with workspace.database.read(workspace.actor) as session:
        page = record_query.list_page(session, query, columns, FORMATS, limit=LIMIT)
    with workspace.database.read(workspace.actor) as session:
        return [row.id for row in page.rows], record_query.count_matching(session, query)


@contextmanager
def hidden_index(workspace: Workspace) -> Iterator[None]:
    """Let the planner pass over the index, as over one whose build was interrupted."""
    _run(workspace, f"UPDATE pg_index SET indisvalid = false WHERE {_IS_OURS}")
    try:
        yield
    finally:
        _run(workspace, f"UPDATE pg_index SET indisvalid = true WHERE {_IS_OURS}")


_IS_OURS = f"indexrelid = '{INDEX}'::regclass"


def _put_in_words(workspace: Workspace, rows: int) -> None:
    number = "('x' || right(id, 8))::bit(32)::int"
    for word, every in (("Xanadu", max(1, rows // 10)), ("GmbH", 20)):
        _run(
            workspace,
            f"UPDATE records SET primary_value = primary_value || ' {word}'"
            f" WHERE {number} % {every} = 0",
        )
    _run(workspace, "VACUUM records")


def _analyze(workspace: Workspace, target: int) -> None:
    with psycopg.connect(workspace.url, autocommit=True) as connection:
        connection.execute(f"SET default_statistics_target = {target:d}")
        connection.execute("ANALYZE records")


def _run(workspace: Workspace, statement: str) -> None:
    with psycopg.connect(workspace.url, autocommit=True) as connection:
        connection.execute(statement)
