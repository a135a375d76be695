"""An embedded server of its own for one run: a temporary home, gone with all its processes."""

import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

from crm_desktop.db.database import Database
from crm_desktop.db.migrate import Extras, migrate
from crm_desktop.db.server import EmbeddedServer
from crm_desktop.domain.access import Actor
from crm_desktop.services import auth


@dataclass(frozen=True, slots=True)
class Workspace:
    """An open database, ready for use, and who acts in it."""

    url: str
    database: Database
    actor: Actor


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """Give a folder that the server's account can pass through also where we are root."""
    folder = Path(tempfile.mkdtemp(prefix="crm-bench-")).resolve()
    folder.chmod(0o711)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


@contextmanager
def running_server() -> Iterator[EmbeddedServer]:
    with temporary_folder() as folder, EmbeddedServer.running(folder / "home") as server:
        yield server


@contextmanager
def new_workspace(server: EmbeddedServer, extras: Extras = Extras.ASK) -> Iterator[Workspace]:
    """Give a new database on this server, migrated; `extras` as `migrate` understands it."""
    name = f"bench_{secrets.token_hex(4)}"
    _run(server.url, sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    try:
        with open_workspace(server.url_for(name), extras) as workspace:
            yield workspace
    finally:
        _run(server.url, sql.SQL("DROP DATABASE {} (FORCE)").format(sql.Identifier(name)))


@contextmanager
def open_workspace(url: str, extras: Extras = Extras.ASK) -> Iterator[Workspace]:
    migrate(url, extras=extras)
    database = Database.at(url)
    try:
        with database.write(auth.KEEPER) as session:
            actor = auth.owner(session)
        yield Workspace(url, database, actor)
    finally:
        database.close()


def _run(url: str, statement: sql.Composed) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement)
