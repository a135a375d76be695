"""`python -m bench NAME… [--rows N] [--rounds N] [--json]`: exit status 1 when a bar is missed."""

import argparse
import json
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module

from bench.measure import Options, Result

Bench = Callable[[Options], Iterator[Result]]
MODULES = {
    "start": "bench.start",
    "paint": "bench.paint",
    "first-page": "bench.first_page",
    "jump": "bench.jump",
    "search": "bench.searching",
    "sort": "bench.sorting",
    "filter": "bench.filtering",
    "group": "bench.grouping",
    "memory": "bench.memory",
    "import": "bench.importing",
    "reorder": "bench.reorder",
    "layout-editor": "bench.layout_editor",
    "schema-graph": "bench.schema_graph",
    "bulk-edit": "bench.bulk_edit",
    "paste": "bench.pasting",
    "record-graph": "bench.record_graph",
    "link-panel": "bench.link_panel",
    "picker": "bench.picker",
    "impact": "bench.impact",
}


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"any of {', '.join(MODULES)}")
    parser.add_argument("--rows", type=int, help="how many rows instead of the usual number")
    parser.add_argument("--rounds", type=int, help="how often each side is measured")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    options = parser.parse_args(argv)
    unknown = set(options.names) - set(MODULES)
    if unknown:
        parser.error(f"no such benchmark: {', '.join(sorted(unknown))}")
    missed = 0
    for name in options.names or MODULES:
        run: Bench = import_module(MODULES[name]).run
        for result in run(Options(options.rows, options.rounds)):
            missed += not result.holds
            print(json.dumps(result.as_json()) if options.json else result.as_line(), flush=True)
    return 1 if missed else 0


def _end(number: int, _: object) -> None:
    """Leave in order when we are told to end: a server must not stay behind."""
    sys.exit(128 + number)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, _end)
    sys.exit(main())
