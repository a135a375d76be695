"""Which database a command is for: the options that name it, and how it is reached."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from crm_desktop.domain.errors import Cancelled

DatabaseOption = Annotated[
    str,
    typer.Option(
        "--database",
        metavar="URL",
        envvar="CRM_DESKTOP_DATABASE",
        help="A PostgreSQL database, postgresql://…, instead of the local workspace.",
    ),
]
AsOption = Annotated[
    str, typer.Option("--as", metavar="EMAIL", help="The user to act as; default: the owner.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]


UNCHANGED = "Stopped. Nothing was changed."
IN_STEPS = "Stopped. The steps that were finished stay; the same command goes on from there."


@contextmanager
def reached(context: typer.Context, database: str, stopped: str = UNCHANGED) -> Iterator[str]:
    """Give the address of the database, with the embedded server running where it is that one.

    `stopped` is what Ctrl+C leaves, in a sentence.
    """
    wanted = database or context.obj["database"]
    try:
        if wanted:
            yield wanted
            return
        from crm_desktop.db.profiles import home_folder
        from crm_desktop.db.server import EmbeddedServer

        with EmbeddedServer.running(home_folder()) as server:
            yield server.url
    except KeyboardInterrupt:  # before typer makes something else of it
        raise Cancelled(stopped) from None
