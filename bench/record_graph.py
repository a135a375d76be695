"""`record-graph`: three levels of neighbours in three million links, against their SQL alone."""

import random
import re
from collections.abc import Iterator
from functools import partial
from statistics import median, quantiles
from typing import Any

import psycopg

from bench.first_page import fetch, statement_of
from bench.linked import Linked, linked
from bench.measure import Options, Result, seconds
from bench.workspace import Workspace
from crm_desktop.services import record_graph, record_paths
from crm_desktop.services.record_graph import RecordGraph

STARTS, BAR, DEPTH = 150, 1.5, 3
_PLACEHOLDER = re.compile(r"(?<!:):([a-z_]+)")
HUBS = 5  # one start in so many is a hub


def run(options: Options) -> Iterator[Result]:
    """Expand from records of every object by chance; the hubs come again and again."""
    with linked(options.rows) as data:
        starts = _starts(data, options.rounds or STARTS)
        for depth in (DEPTH, 1):
            yield from _measure(data, starts, depth)
        yield _path(data, starts)


def _starts(data: Linked, number: int) -> list[str]:
    chance = random.Random(3)  # noqa: S311 - data, no secrets
    starts = []
    for place in range(max(2, number)):
        name = chance.choice(list(data.counts))
        starts.append(
            data.record(name, chance.randint(1, data.counts[name]) if place % HUBS else 1)
        )
    return starts


def _measure(data: Linked, starts: list[str], depth: int) -> Iterator[Result]:
    ours: list[float] = []
    peers: list[float] = []
    found = 0
    plain = _PLACEHOLDER.sub(r"%(\1)s", record_graph.expansion_sql("true").replace("%", "%%"))
    with psycopg.connect(data.workspace.url, prepare_threshold=None) as connection:
        for number, start in enumerate(starts):
            expand = partial(_expand, data.workspace, start, depth)
            _, values = statement_of(expand)
            peer = partial(fetch, connection, plain, values)
            _check(expand(), peer())
            found += len(expand().records)
            for side in (0, 1) if number % 2 else (1, 0):
                (ours, peers)[side].append(seconds((expand, peer)[side]))
    name = "record-graph" if depth == DEPTH else "record-graph, one level"
    against = f"the same SQL without rights in psycopg: {median(peers) * 1000:.1f} ms"
    ratio = median(ours) / median(peers)
    yield Result(name, median(ours) * 1000, "ms", against, ratio, BAR if depth == DEPTH else None)
    if depth == DEPTH:
        ours_p95, peer_p95 = (quantiles(times, n=20)[-1] for times in (ours, peers))
        yield Result(
            "record-graph, p95",
            ours_p95 * 1000,
            "ms",
            f"the same: {peer_p95 * 1000:.1f} ms ({found / len(starts):.0f} records on average)",
            ours_p95 / peer_p95,
            BAR,
        )


def _path(data: Linked, starts: list[str]) -> Result:
    """Time a shortest path between two records by chance, against one level of neighbours."""
    pairs = list(zip(starts[::2], starts[1::2], strict=False))[:10]
    times = [seconds(partial(_find_path, data.workspace, *pair)) for pair in pairs]
    one = seconds(partial(_expand, data.workspace, pairs[0][0], 1))
    against = f"one level of neighbours: {one * 1000:.1f} ms"
    return Result("record-graph, a path", median(times) * 1000, "ms", against,
                  median(times) / one, None)  # fmt: skip


def _expand(workspace: Workspace, start: str, depth: int) -> RecordGraph:
    with workspace.database.read(workspace.actor) as session:
        return record_graph.expand(session, [start], depth=depth)


def _find_path(workspace: Workspace, start: str, end: str) -> record_paths.PathSearch:
    with workspace.database.read(workspace.actor) as session:
        return record_paths.find_path(session, start, end)


def _check(graph: RecordGraph, rows: list[tuple[Any, ...]]) -> None:
    """Both must have read the same."""
    kinds = {"record": "record", "link": "link", "from": "count", "to": "count"}
    theirs = sorted((kinds[row[0]], row[1]) for row in rows)
    ours = [("record", record.id) for record in graph.records]
    ours += [("link", link.id) for link in graph.links]
    ours += [("count", count.record_id) for count in graph.counts]
    if sorted(ours) != theirs:
        raise RuntimeError("The service and its SQL alone do not find the same graph.")
