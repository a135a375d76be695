"""The benchmarks run, with little data, and say honestly when a bar is missed."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from bench import __main__ as bench
from bench.measure import Options, Result

TOP = Path(__file__).parents[1]
KEYS = {"name", "value", "unit", "against", "ratio", "bar", "holds"}


PRINTED = {
    "start": ["start, window shown", "start, first records"],
    "paint": ["paint", "paint, scrolling"],
    "first-page": ["first-page"],
    "jump": [
        "jump, times OFFSET",
        "jump, keyset read",
        "jump, before anchors",
        "jump, finding anchors",
    ],
    "search": [
        f"search, {found}, sample {target}"
        for target in (100, 10)
        for found in ("nothing", "ten", "a twentieth")
    ],
    "sort": ["sort, without an index", "sort, with the index", "sort, times no index"],
    "filter": ["filter, without an index", "filter, with the index", "filter, times no index"],
    "group": ["group, by a choice", "group, by month"],
    "memory": ["memory"],
    "import": ["import, with additions", "import, without additions"],
    "reorder": ["reorder", "reorder, one transaction", "reorder, whole save"],
    "layout-editor": ["layout-editor, opening", "layout-editor, drag frame"],
    "schema-graph": [
        "schema-graph, first picture",
        "schema-graph, layout",
        "schema-graph, pan frame",
        "schema-graph, drag frame",
        "schema-graph, fit all",
    ],
    "bulk-edit": [
        "bulk-edit, a choice",
        "bulk-edit, a percentage",
        "bulk-edit, rehearsal",
        "bulk-edit, form's values",
    ],
    "paste": ["paste, as new records", "paste, over records"],
    "record-graph": [
        "record-graph",
        "record-graph, p95",
        "record-graph, one level",
        "record-graph, a path",
    ],
    "picker": ["picker, nothing", "picker, few", "picker, a fifth", "picker, against its SQL"],
    "link-panel": ["link-panel, first page", "link-panel, in the middle"],
    "impact": [
        "impact, times joining",
        "impact, equal to the truth",
        "impact, looking for strays",
        "impact, first look",
    ],
}
"""What each benchmark prints, in order."""
ALWAYS = {"reorder"}  # each starts a server; the others run in test-long
OF_A_PACKAGE = ("start, installed", "size, ")  # printed where one was built


def test_what_every_benchmark_prints_is_known() -> None:
    assert PRINTED.keys() == bench.MODULES.keys()


@pytest.mark.parametrize(
    "name",
    [pytest.param(each, marks=() if each in ALWAYS else pytest.mark.long) for each in PRINTED],
)
def test_a_benchmark_runs_and_prints_its_results_as_json(name: str) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "bench", name, "--rows", "120", "--rounds", "1", "--json"],
        cwd=TOP,
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    results = [json.loads(line) for line in ended.stdout.splitlines()]
    names = [result["name"] for result in results]
    built = [each for each in names if each.startswith(OF_A_PACKAGE)]
    assert names == PRINTED[name] + built, ended.stderr
    assert not built or name == "start"
    for result in results:
        assert set(result) == KEYS
        assert result["value"] > 0
        assert result["ratio"] > 0
        assert result["against"]
    assert ended.returncode == (0 if all(result["holds"] for result in results) else 1)


@pytest.mark.parametrize(
    ("ratio", "at_least", "status"),
    [(1.4, False, 0), (1.6, False, 1), (1.6, True, 0), (1.4, True, 1)],
)
def test_a_missed_bar_shows_in_the_exit_status(
    ratio: float,
    at_least: bool,  # noqa: FBT001 - a parameter of the test
    status: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def run(options: Options) -> Iterator[Result]:
        assert options.rows == 7
        yield Result("thing", 2.0, "ms", "a peer", ratio, 1.5, at_least=at_least)

    monkeypatch.setitem(sys.modules, "bench.thing", SimpleNamespace(run=run))
    monkeypatch.setitem(bench.MODULES, "thing", "bench.thing")
    assert bench.main(["thing", "--rows", "7"]) == status
