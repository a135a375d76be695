"""Restores a backup as a workspace: beside what is there, and in its place only when it is whole.

Killed at any moment it leaves the old workspace as it was: what was begun is a database of another
name, which the next restore takes away.
"""

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from itertools import count as count_from
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from crm_desktop.db.backups import (
    BackupInfo,
    Progress,
    check,
    count,
    count_rows,
    load,
    refuse_newer,
)
from crm_desktop.db.cluster import DATABASE
from crm_desktop.db.connections import connect
from crm_desktop.db.migrate import Extras, migrate
from crm_desktop.db.migrate import check as look_at
from crm_desktop.db.problems import as_user_error
from crm_desktop.db.server import EmbeddedServer
from crm_desktop.domain.errors import Conflict, Invalid, NotFound, Unavailable

BEGUN = f"{DATABASE}_restoring_"
KEPT = f"{DATABASE}_before_"
_OURS = ("objects", "fields", "records", "relationships", "applications")
_KEPT = """
SELECT datname, pg_database_size(oid) FROM pg_database
WHERE starts_with(datname, %s) ORDER BY datname DESC
"""
_THERE = "SELECT name FROM unnest(%s::text[]) AS name WHERE to_regclass(name) IS NOT NULL"
NOT_EMPTY = (
    "This workspace is not empty ({counts}). Restore into a new one (CRM_DESKTOP_HOME names it), "
    "or let the backup take its place with --replace: what is there now is then kept beside it."
)


@dataclass(frozen=True, slots=True)
class Restored:
    """A backup that stands in a database of its own, with the rows it brought by table."""

    database: str
    info: BackupInfo
    rows: dict[str, int]


@dataclass(frozen=True, slots=True)
class Kept:
    """A former workspace, and what `contents` counts in it."""

    database: str
    size: int  # bytes
    rows: dict[str, int]


def restore_beside(server: EmbeddedServer, file: Path, on_progress: Progress) -> Restored:
    """Load a backup into a new database of the running embedded server, and bring it up to date.

    Raises Invalid for what is no whole backup or one of a newer version, Cancelled when stopped.
    """
    info = check(file)
    refuse_newer(info)
    name = f"{BEGUN}{secrets.token_hex(4)}"
    with _in_words(), connect(server.url_for("postgres")) as connection:
        _drop_begun(connection)
        make = sql.SQL("CREATE DATABASE {} TEMPLATE template0")
        connection.execute(make.format(sql.Identifier(name)))
        try:
            return Restored(name, info, _fill(server.url_for(name), info, on_progress))
        except BaseException:
            _drop(connection, name)
            raise


def put_in_place(server: EmbeddedServer, restored: Restored) -> str:
    """Make the restored database the workspace; return under which name the former one is kept.

    An empty one is dropped, and "" returned. Raises Conflict while other windows or commands use
    the workspace.
    """
    return _make_workspace(server, restored.database)


def kept_databases(server: EmbeddedServer) -> list[Kept]:
    """Return the former workspaces that restores have kept, the newest first."""
    with _in_words(), connect(server.url_for("postgres")) as connection:
        found = connection.execute(_KEPT, [KEPT]).fetchall()
    return [Kept(name, size, contents(server.url_for(name))) for name, size in found]


def kept_named(server: EmbeddedServer, name: str) -> Kept:
    """Return one of them; raises NotFound."""
    found = {each.database: each for each in kept_databases(server)}
    if name not in found:
        raise NotFound(f"No former workspace is kept as {name}.")
    return found[name]


def put_back(server: EmbeddedServer, kept: Kept) -> str:
    """Make a former workspace the workspace again, as `put_in_place` does with a restored one."""
    return _make_workspace(server, kept.database)


def drop_kept(server: EmbeddedServer, kept: Kept) -> None:
    """Delete a former workspace for good. Raises Conflict while somebody looks into it."""
    with _in_words(), connect(server.url_for("postgres")) as connection:
        try:
            drop = sql.SQL("DROP DATABASE {}").format(sql.Identifier(kept.database))
            connection.execute(drop)
        except psycopg.errors.ObjectInUse as error:
            raise Conflict(f"Somebody is connected to {kept.database}.") from error


def _make_workspace(server: EmbeddedServer, database: str) -> str:
    """Let a database and the workspace change places: both names change in one transaction."""
    was_empty = not contents(server.url)
    with _in_words(), connect(server.url_for("postgres")) as connection:
        kept = _new_name(connection)
        try:
            with connection.transaction():
                for old, new in ((DATABASE, kept), (database, DATABASE)):
                    rename = sql.SQL("ALTER DATABASE {} RENAME TO {}")
                    names = sql.Identifier(old), sql.Identifier(new)
                    connection.execute(rename.format(*names))
        except psycopg.errors.ObjectInUse as error:
            raise Conflict(
                "Other windows or commands of CRM Desktop use this workspace. Close them, then "
                "try again. Nothing was changed."
            ) from error
        if was_empty:
            _drop(connection, kept)
    return "" if was_empty else kept


def _new_name(connection: psycopg.Connection[Any]) -> str:
    """Return a name for what makes way; several may do so within one second."""
    taken = {name for (name,) in connection.execute("SELECT datname FROM pg_database")}
    stem = f"{KEPT}{datetime.now().astimezone():%Y%m%d_%H%M%S}"
    names = chain([stem], (f"{stem}_{number}" for number in count_from(2)))
    return next(name for name in names if name not in taken)


def restore_into(url: str, file: Path, on_progress: Progress) -> BackupInfo:
    """Load a backup into an empty database on a server, all or nothing, and bring it up to date."""
    info = check(file)
    refuse_newer(info)
    if not look_at(url).is_empty:
        sentence = "A backup is restored into an empty database only, and this one is not empty."
        raise Invalid({"database": sentence})
    _fill(url, info, on_progress)
    return info


def contents(url: str) -> dict[str, int]:
    """Return how many rows of people's own a workspace holds, by table; empty where none are.

    Also where it is no workspace that fits: what is taken for empty is dropped.
    """
    with _in_words(), connect(url) as connection:
        there = {name for (name,) in connection.execute(_THERE, [list(_OURS)])}
        rows = {name: count(connection, name) for name in _OURS if name in there}
    return {name: number for name, number in rows.items() if number}


def refuse_unless_empty(url: str) -> None:
    """Raise Conflict where something would have to make way for a backup."""
    if found := contents(url):
        raise Conflict(NOT_EMPTY.format(counts=in_words(found)))


def in_words(rows: Mapping[str, int]) -> str:
    """Return what `contents` found as people say it: "1 object, 2 records"."""
    return ", ".join(f"{n:,} {name[:-1] if n == 1 else name}" for name, n in rows.items())


def _fill(url: str, info: BackupInfo, on_progress: Progress) -> dict[str, int]:
    load(url, info, on_progress)
    report = migrate(url, extras=Extras.ASK)
    if report.after.missing:
        raise Unavailable(f"The restored database does not fit. {report.after.missing[0]}")
    with _in_words(), connect(url) as connection:
        connection.execute("ANALYZE")
    return count_rows(url)


def _drop_begun(connection: psycopg.Connection[Any]) -> None:
    """Take away what restores that were killed have left."""
    query = "SELECT datname FROM pg_database WHERE starts_with(datname, %s)"
    for (name,) in connection.execute(query, [BEGUN]).fetchall():
        _drop(connection, name)


def _drop(connection: psycopg.Connection[Any], name: str) -> None:
    connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@contextmanager
def _in_words() -> Iterator[None]:
    try:
        yield
    except psycopg.Error as error:
        problem = as_user_error(error)
        if problem is error:
            raise
        raise problem from error
