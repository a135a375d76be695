"""Keeps what did not go in, however much that is, and writes it down beside the original rows."""

import csv
import heapq
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from typing import IO

from crm_desktop.domain.errors import Invalid, Unavailable
from crm_desktop.services.import_reading import CsvFormat, open_csv
from crm_desktop.services.import_rows import Problem
from crm_desktop.whole_file import WholeFile

SHOWN = 1_000


class Section:
    """Problems that come in the order of their lines; counts the lines."""

    def __init__(self, file: IO[str] | None) -> None:
        self.lines = 0
        self.shown: list[Problem] = []
        self._last = 0
        self.file = file
        self._rows = csv.writer(file) if file else None

    def extend(self, problems: Iterable[Problem]) -> None:
        for problem in problems:
            self.lines += problem.line != self._last
            self._last = problem.line
            if len(self.shown) < SHOWN:
                self.shown.append(problem)
            if self._rows:
                self._rows.writerow((problem.line, problem.column, problem.reason))


class ProblemLog:
    """All problems of an import, in sections: the first in memory, all of them on disk."""

    def __init__(self, stack: ExitStack, *, keeps_all: bool) -> None:
        """`stack` ends the temporary files; without `keeps_all` none are made."""
        self._stack, self._keeps_all = stack, keeps_all
        self._sections: list[Section] = []

    def section(self) -> Section:
        file = None
        if self._keeps_all:
            file = self._stack.enter_context(
                tempfile.TemporaryFile("w+", encoding="utf-8", newline="")  # noqa: SIM115 - stack
            )
        section = Section(file)
        self._sections.append(section)
        return section

    def first(self) -> tuple[Problem, ...]:
        """Return the first thousand in the order of the file."""
        return tuple(islice(heapq.merge(*(s.shown for s in self._sections), key=_line), SHOWN))

    def __iter__(self) -> Iterator[Problem]:
        files = (section.file for section in self._sections if section.file)
        return heapq.merge(*map(_read, files), key=_line)


def _line(problem: Problem) -> int:
    return problem.line


def _read(file: IO[str]) -> Iterator[Problem]:
    file.seek(0)
    for line, column, reason in csv.reader(file):
        yield Problem(int(line), column, reason)


class Report:
    """The CSV file of a report: made beside its place first, put there when it is whole."""

    def __init__(self, path: Path, source: Path) -> None:
        """Try the place: raises Invalid or Unavailable where nothing could be written later."""
        if path.exists() and path.samefile(source):
            raise Invalid({"report": "The report would overwrite the file that is imported."})
        if path.is_dir():
            raise Invalid({"report": f"{path} is a folder. Name a file for the report."})
        self._path = path
        self._file = WholeFile(path)
        try:
            self._file.try_place()
        except OSError as error:
            raise _unwritable(path, error) from error

    def write(self, problems: Iterable[Problem], source: Path, how: CsvFormat) -> None:
        """Write each problem with the original cells of its row."""
        try:
            with (
                self._file.draft.open("w", encoding="utf-8", newline="") as file,
                open_csv(source, how) as reader,
            ):
                rows = csv.writer(file)
                rows.writerow((*reader.headers, "line", "column", "reason"))
                waiting = iter(problems)
                problem = next(waiting, None)
                for block in reader.blocks():
                    cells = dict(zip(block.lines, block.rows, strict=True))
                    cells |= {misfit.line: misfit.cells for misfit in block.misfits}
                    while problem is not None and problem.line <= max(cells):
                        row = cells[problem.line][: len(reader.headers)]
                        rows.writerow((*row, problem.line, problem.column, problem.reason))
                        problem = next(waiting, None)
        except OSError as error:
            raise _unwritable(self._path, error) from error

    def publish(self) -> None:
        try:
            self._file.publish()
        except OSError as error:
            raise _unwritable(self._path, error) from error

    def discard(self) -> None:
        """Leave nothing behind where the import did not come to its end."""
        self._file.discard()


def _unwritable(path: Path, error: OSError) -> Unavailable:
    return Unavailable(f"The report {path} cannot be written: {error.strerror or error}.")
