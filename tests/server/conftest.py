"""Fixtures for the embedded server's tests: homes and other copies of the program."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import homes
from tests.server.program import Program, Starter


@pytest.fixture
def fresh_home() -> Iterator[Path]:
    """Give a home where nothing is yet."""
    with homes.temporary_home() as home:
        yield home


@pytest.fixture(scope="session")
def used_home() -> Iterator[Path]:
    with homes.temporary_home() as home:
        homes.make_home(home)
        yield home


@pytest.fixture
def home(used_home: Path) -> Iterator[Path]:
    """Give a home that was used before; its server is stopped, and has to be in the end."""
    yield used_home
    left = homes.processes_in(used_home)
    for process in left:
        process.kill()
    assert not left, "the server was left running"


@pytest.fixture
def own_home(used_home: Path) -> Iterator[Path]:
    """Give a copy of such a home, to be spoiled."""
    with homes.temporary_home() as home:
        homes.copy_home(used_home, home)
        yield home


@pytest.fixture
def start_program() -> Iterator[Starter]:
    """Give a function that starts another copy of the program; ask for it after the home."""
    programs: list[Program] = []

    def start(home: Path, *arguments: str) -> Program:
        programs.append(Program(home, *arguments))
        return programs[-1]

    yield start
    for program in programs:
        program.close()
