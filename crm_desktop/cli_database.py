"""Which database a command is for: the options that name it, and how it is reached."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from crm_desktop.domain.errors import Cancelled, Invalid, Unavailable, UpgradeNeeded

if TYPE_CHECKING:
    from crm_desktop.db.database import Database
    from crm_desktop.domain.access import Actor

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

FAILED = 1  # the status of a command that could not do what it was asked
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


@contextmanager
def opened_database(
    context: typer.Context, database: str, as_email: str
) -> Iterator[tuple[Database, Actor]]:
    """Give a database that is ready for use, and who acts."""
    from crm_desktop.db.database import Database
    from crm_desktop.db.migrate import migrate as make_ready

    with reached(context, database) as url:
        try:
            done = make_ready(url, may_upgrade=False)
        except UpgradeNeeded as question:
            answer = "Do that with `crm-desktop migrate --backup FILE`, which saves it first."
            raise Unavailable(f"{question} {answer}") from question
        if not done.after.is_fit:
            missing = "\n".join(done.after.missing[:8])
            raise Unavailable(f"This database lacks what CRM Desktop needs.\n{missing}")
        opened = Database.at(url)
        try:
            yield opened, _actor(opened, as_email or context.obj["as"])
        finally:
            opened.close()


def _actor(database: Database, email: str) -> Actor:
    """Return the user who is named, else the owner; several users and no owner: ask."""
    from crm_desktop.services import auth, users

    if email:
        with database.read(auth.VISITOR) as session:
            return auth.actor_for_email(session, email)
    with database.write(auth.KEEPER) as session:
        active = [user.email for user in users.list_users(session) if user.is_active]
        if len(active) > 1 and auth.OWNER_EMAIL not in active:
            raise Invalid({"as": "This database has several users: say who acts, by --as EMAIL."})
        return auth.owner(session)
