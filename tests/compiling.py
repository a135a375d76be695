"""Compiles the tests once, before each of xdist's workers would do it for itself.

pytest rewrites the assertions of a module when it is imported, and keeps the result beside it. All
workers import all modules at the same moment: without this each of them rewrites all.
"""

import importlib
import os
import sys
from contextlib import suppress
from importlib.util import cache_from_source
from pathlib import Path

TOP = Path(__file__).parents[1]
FEW = 10  # modules that are not worth a process


def compile_tests(processes: int) -> None:
    """Import every test module that has no compiled file, in processes that end afterwards."""
    if sys.dont_write_bytecode or not hasattr(os, "fork"):
        return
    modules = [path for path in sorted((TOP / "tests").rglob("test_*.py")) if not is_compiled(path)]
    if len(modules) <= FEW:
        return
    names = [".".join(path.relative_to(TOP).with_suffix("").parts) for path in modules]
    for child in [_fork_to_import(names[part::processes]) for part in range(processes)]:
        os.waitpid(child, 0)


def is_compiled(path: Path) -> bool:
    """Say whether a file that pytest compiled from this one is not older."""
    folder, written = Path(cache_from_source(str(path))).parent, path.stat().st_mtime
    return any(each.stat().st_mtime >= written for each in folder.glob(f"{path.stem}.*-pytest-*"))


def _fork_to_import(names: list[str]) -> int:
    """Return the number of a process that imports; the workers tell of modules that fail."""
    child = os.fork()
    if child == 0:
        try:
            for stream in (1, 2):
                os.dup2(os.open(os.devnull, os.O_WRONLY), stream)
            for name in names:
                with suppress(Exception):
                    importlib.import_module(name)
        finally:
            os._exit(0)
    return child
