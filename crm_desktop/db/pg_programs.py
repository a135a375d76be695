"""Runs PostgreSQL's own programs as a client: watched, stoppable, their errors as sentences."""

import os
import re
import selectors
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from crm_desktop.db import binaries
from crm_desktop.db.connections import WAITS, GoOn
from crm_desktop.domain.errors import Cancelled, Unavailable

ASK_EVERY = 0.2  # seconds between two questions whether to go on
END_SECONDS = 10.0
_NO_WINDOW = int(getattr(subprocess, "CREATE_NO_WINDOW", 0))  # Windows would open a console
_TROUBLE = re.compile(r"^(?:\w+: )?(?:error|fatal): +(.*)$", re.MULTILINE | re.IGNORECASE)
_FULL = ("No space left on device", "Disk quota exceeded")
OnLine = Callable[[str], None]


class DiskFull(Unavailable):
    """A program, or the server that it spoke to, found no room left to write to."""


def address_of(url: str) -> tuple[str, dict[str, str]]:
    """Return a connection string without the password, and the variables that hold it.

    Other people on the computer can read a command line, but not these variables.
    """
    parameters = {**WAITS, **conninfo_to_dict(url)}
    password = parameters.pop("password", None)
    hidden = {} if password is None else {"PGPASSWORD": str(password)}
    return make_conninfo("", **parameters), hidden


def run_program(
    name: str,
    arguments: Sequence[str | Path],
    *,
    what: str,
    go_on: GoOn,
    on_line: OnLine | None = None,
    variables: Mapping[str, str] | None = None,
    output: IO[bytes] | None = None,
) -> None:
    """Run a program of our PostgreSQL to its end; raise Unavailable with what it said.

    DiskFull, one kind of it, leaves the caller to say which disk.
    `on_line` gets each line of its standard error. `go_on` is asked five times a second; on
    False the program is ended and Cancelled is raised.
    """
    command = [str(binaries.program(binaries.bin_folder(), name)), *map(str, arguments)]
    with _running(command, variables or {}, output) as child:
        said = _follow(child, what, go_on, on_line or _ignore)
    if not child.returncode:
        return
    if any(words in said for words in _FULL):
        raise DiskFull(f"{what} failed: the disk is full.")
    raise Unavailable(f"{what} failed: {_reason_in(said)}")


def read_program(name: str, arguments: Sequence[str | Path], *, what: str) -> str:
    """Return what a quick program writes to its standard output."""
    command = [str(binaries.program(binaries.bin_folder(), name)), *map(str, arguments)]
    done = subprocess.run(
        command,
        capture_output=True,
        check=False,
        stdin=subprocess.DEVNULL,
        env=_environment({}),
        creationflags=_NO_WINDOW,
    )
    if done.returncode:
        raise Unavailable(f"{what} failed: {_reason_in(done.stderr.decode(errors='replace'))}")
    return done.stdout.decode(errors="replace")


@contextmanager
def _running(
    command: list[str], variables: Mapping[str, str], output: IO[bytes] | None
) -> Iterator[subprocess.Popen[bytes]]:
    """Give a running child that is gone afterwards, whatever happens."""
    child = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=output or subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env=_environment(variables),
        creationflags=_NO_WINDOW,
    )
    try:
        yield child
    finally:
        if child.poll() is None:
            child.terminate()
            try:
                child.wait(END_SECONDS)
            except subprocess.TimeoutExpired:
                child.kill()
        child.wait()
        if child.stderr is not None:
            child.stderr.close()


def _follow(child: subprocess.Popen[bytes], what: str, go_on: GoOn, on_line: OnLine) -> str:
    """Read what the child says until it ends; return the last of it."""
    said, rest = "", b""
    for chunk in _chunks(child):
        if not go_on():
            raise Cancelled(f"{what} was stopped.")
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            text = line.decode(errors="replace")
            said = f"{said}\n{text}"[-8_000:]
            on_line(text)
    child.wait()
    return f"{said}\n{rest.decode(errors='replace')}"


def _chunks(child: subprocess.Popen[bytes]) -> Iterator[bytes]:
    """Give what arrives, and nothing where nothing did for a moment."""
    stream = child.stderr
    if stream is None:
        raise ValueError("the child's standard error is not read")
    if sys.platform == "win32":  # pipes cannot be waited for there: lines come often enough
        yield from iter(stream.readline, b"")
        return
    with selectors.DefaultSelector() as selector:
        selector.register(stream, selectors.EVENT_READ)
        while True:
            if not selector.select(timeout=ASK_EVERY):
                yield b""
            elif chunk := os.read(stream.fileno(), 65_536):
                yield chunk
            else:
                return


def _environment(variables: Mapping[str, str]) -> dict[str, str]:
    return binaries.program_environment() | dict(variables)


def _reason_in(said: str) -> str:
    """Return the first error of the program, and what explains it, as one sentence."""
    found = _TROUBLE.findall(said)
    reason = found[0] if found else (said.strip().split("\n")[-1] or "it gave no reason")
    detail = re.search(r"detail: +(.*)$", said, re.MULTILINE)
    reason = reason if detail is None else f"{reason} ({detail[1]})"
    return f"{reason.rstrip('.')}."


def _ignore(_: str) -> None:
    """Take a line that nobody needs."""
