"""Backups: PostgreSQL's own dump of a whole database, written, examined, checked and loaded.

A backup is a file as `pg_dump -Fc` writes it, and nothing else: `pg_restore` reads it without us.
What it is, it says itself: its head, and the versions in the two tables of alembic.
"""

import os
import re
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, LiteralString

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from crm_desktop.db.connections import connect
from crm_desktop.db.fingerprint import CONTRACT_TABLES, CORE_VERSIONS, DESKTOP_VERSIONS
from crm_desktop.db.pg_programs import DiskFull, address_of, read_program, run_program
from crm_desktop.domain.errors import Invalid, Unavailable

Progress = Callable[[int, int], bool]
SUFFIX = ".crmdump"
NO_OWNERS = ("--no-owner", "--no-privileges")
FULL = (
    "The disk that {folder} is on has no room for the backup. Nothing was left there: make room, "
    "or choose another place."
)
_VERSIONS_ONLY = ("--data-only", "--table", "alembic_version", "--file", "-")
_MAGIC = b"PGDMP"
_LOOK_EVERY = 0.5  # seconds between two looks at how far the server is
_VERSION = re.compile(r"^COPY (\S+)\.alembic_version .*?$\n(.*?)^\\\.$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class BackupInfo:
    """What a backup says of itself; versions are empty where the database had none.

    `items` counts what `pg_restore` will make: tables, their contents, indexes and so on.
    """

    file: Path
    size: int  # bytes
    made_at: str  # as pg_dump wrote it, in the time zone of that computer
    database: str
    server: str
    core_version: str
    desktop_version: str
    tables: tuple[str, ...]
    items: int


def back_up(url: str, file: Path, on_progress: Progress) -> BackupInfo:
    """Write a backup of the whole database to `file`, check it, and return what is in it.

    The file appears when it is whole. `on_progress(rows done, rows in all, by estimate)` says
    False to stop, which raises Cancelled. Raises Unavailable where PostgreSQL refuses, and
    Invalid for a place that cannot be written.
    """
    part = file.with_name(f"{file.name}.{secrets.token_hex(4)}.part")
    address, hidden = address_of(url)
    try:
        _make_private(part)
        with _Rows(url, on_progress) as rows:
            run_program(
                "pg_dump",
                ["--format=custom", "--verbose", "--file", part, "--dbname", rows.named(address)],
                what="The backup",
                go_on=rows.go_on,
                on_line=rows.note,
                variables=hidden,
            )
        info = check(part, on_progress)
        _sync(part)
        part.replace(file)
    except DiskFull as error:
        raise Invalid({"file": FULL.format(folder=file.absolute().parent)}) from error
    except OSError as error:
        raise Invalid({"file": f"{file} cannot be written: {error.strerror or error}."}) from error
    finally:
        part.unlink(missing_ok=True)
    return replace(info, file=file)


def check(file: Path, on_progress: Progress | None = None) -> BackupInfo:
    """Read a backup to its end, so that damage anywhere in it is found; return what it says.

    Raises Invalid for what is no whole backup.
    """
    info = describe(file)
    missing = [name for name in CONTRACT_TABLES if name not in info.tables]
    if missing:
        sentence = f"{file.name} is no backup of a CRM: it lacks {', '.join(missing[:4])}."
        raise Invalid({"file": sentence})
    try:
        run_program(
            "pg_restore",
            ["--file", os.devnull, file],
            what="Reading the backup",
            go_on=lambda: on_progress is None or on_progress(0, 0),
        )
    except Unavailable as damage:
        raise Invalid({"file": f"{file.name} is damaged. {damage}"}) from damage
    return info


def describe(file: Path) -> BackupInfo:
    """Return what a backup says of itself, from its head. Raises Invalid for anything else."""
    try:
        with file.open("rb") as opened:
            is_dump = opened.read(len(_MAGIC)) == _MAGIC
        size = file.stat().st_size
    except OSError as error:
        raise Invalid({"file": f"{file} cannot be read: {error.strerror or error}."}) from error
    if not is_dump:
        raise Invalid({"file": f"{file.name} is no backup: it is not what pg_dump -Fc writes."})
    try:
        toc = read_program("pg_restore", ["--list", file], what="Reading the backup")
        arguments: list[str | Path] = [*_VERSIONS_ONLY, file]
        versions = read_program("pg_restore", arguments, what="Reading the backup")
    except Unavailable as problem:
        raise Invalid({"file": _unreadable(file, str(problem))}) from problem
    found = {schema: " ".join(rows.split()) for schema, rows in _VERSION.findall(versions)}
    return BackupInfo(
        file=file,
        size=size,
        made_at=_head(toc, "Archive created at"),
        database=_head(toc, "dbname:"),
        server=_head(toc, "Dumped from database version:"),
        core_version=found.get("public", ""),
        desktop_version=found.get("crm_desktop", ""),
        tables=tuple(re.findall(r" TABLE public (\S+) ", toc)),
        items=sum(not line.startswith(";") for line in toc.splitlines() if line),
    )


def refuse_newer(info: BackupInfo) -> None:
    """Raise Invalid for a backup that a newer CRM Desktop made: its tables are not known here."""
    newer = info.desktop_version and info.desktop_version not in DESKTOP_VERSIONS
    ours = info.core_version.startswith("crm_desktop_core_")
    if newer or (ours and info.core_version not in CORE_VERSIONS):
        sentence = "was made by a newer CRM Desktop than this one. Restore it with that version."
        raise Invalid({"file": f"{info.file.name} {sentence}"})


def load(url: str, info: BackupInfo, on_progress: Progress) -> None:
    """Load a backup into an empty database: all of it or, where it fails or is stopped, nothing.

    `on_progress(items done, items in all)` says False to stop, which raises Cancelled.
    """
    address, hidden = address_of(url)
    done = 0

    def note(line: str) -> None:
        nonlocal done
        done += line.startswith(("pg_restore: creating", "pg_restore: processing"))

    try:
        run_program(
            "pg_restore",
            ["--exit-on-error", "--single-transaction", "--verbose", *NO_OWNERS,
             "--dbname", address, info.file],
            what="Restoring",
            go_on=lambda: on_progress(min(done, info.items), info.items),
            on_line=note,
            variables=hidden,
        )  # fmt: skip
    except DiskFull as error:
        sentence = "The disk of the database has no room for the backup. Nothing was changed there."
        raise Unavailable(sentence) from error


def count_rows(url: str) -> dict[str, int]:
    """Return the exact number of rows of each table of the contract."""
    with connect(url) as connection:
        return {name: count(connection, name) for name in CONTRACT_TABLES}


def _make_private(file: Path) -> None:
    """Make an empty file that only its owner reads: it will hold everybody's data."""
    os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))


def _sync(file: Path) -> None:
    """Make what was written survive a power cut."""
    with file.open("rb+") as opened:
        os.fsync(opened.fileno())


def _head(toc: str, word: str) -> str:
    found = re.search(rf"^;\s+{re.escape(word)} *(.*)$", toc, re.MULTILINE)
    return "" if found is None else found[1].strip()


def _unreadable(file: Path, problem: str) -> str:
    if "unsupported version" in problem:
        return (
            f"{file.name} was made by a newer PostgreSQL than the one that CRM Desktop brings. "
            "Restore it with a newer CRM Desktop."
        )
    return f"{file.name} is damaged. {problem}"


def count(connection: psycopg.Connection[Any], table: str) -> int:
    query = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table))
    row = connection.execute(query).fetchone()
    return 0 if row is None else int(row[0])


class _Rows:
    """Says how many rows a dump has read: PostgreSQL counts those of the table it is at."""

    def __init__(self, url: str, on_progress: Progress) -> None:
        self.name = f"crm-desktop backup {secrets.token_hex(4)}"
        self._url, self._on_progress = url, on_progress
        self._connection: psycopg.Connection[Any] | None = None
        self._done, self._current, self._total = 0, 0, 0
        self._looked_at = 0.0

    def __enter__(self) -> "_Rows":
        self._connection = connect(self._url)
        self._total = self._ask(_ESTIMATE, {})
        return self

    def __exit__(self, *_: object) -> None:
        if self._connection is not None:
            self._connection.close()

    def named(self, address: str) -> str:
        """Return the address under a name by which the server's figures for it are found."""
        return make_conninfo(address, application_name=self.name)

    def go_on(self) -> bool:
        now = time.monotonic()
        if now - self._looked_at >= _LOOK_EVERY:
            self._looked_at = now
            self._current = self._ask(_COPIED, {"name": self.name})
        done = min(self._done + self._current, self._total)
        return self._on_progress(done, self._total)

    def note(self, line: str) -> None:
        if "dumping contents of table" in line:
            self._done += self._current
            self._current = 0

    def _ask(self, query: LiteralString, values: dict[str, str]) -> int:
        """Return a number; progress is no reason for a backup to fail."""
        if self._connection is None:
            return 0
        try:
            row = self._connection.execute(query, values).fetchone()
        except psycopg.Error:
            return 0
        return int(row[0] or 0) if row is not None else 0


_ESTIMATE = """
SELECT sum(greatest(reltuples, 0))::bigint
FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
WHERE relkind = 'r' AND nspname NOT IN ('pg_catalog', 'information_schema')
"""
_COPIED = """
SELECT sum(tuples_processed)::bigint
FROM pg_stat_progress_copy JOIN pg_stat_activity USING (pid)
WHERE application_name = %(name)s
"""
