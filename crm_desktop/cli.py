"""The same services from a terminal: import, export, doctor and the rest; the window without any.

What a command needs is imported when it runs, so that `--help` answers at once.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from crm_desktop import __version__
from crm_desktop.cli_backups import backup, kept, restore
from crm_desktop.cli_database import (
    FAILED,
    IN_STEPS,
    UNCHANGED,
    AsOption,
    DatabaseOption,
    JsonOption,
    opened_database,
    reached,
)
from crm_desktop.cli_output import progress, tell_diagnosis
from crm_desktop.cli_process import ending_in_order
from crm_desktop.cli_records import export, import_
from crm_desktop.domain.errors import Cancelled, UserError
from crm_desktop.domain.record_links import is_link
from crm_desktop.domain.second_start import is_wish

if TYPE_CHECKING:
    from crm_desktop.db.fingerprint import Fitness
    from crm_desktop.domain.access import Actor

MISUSED, INTERRUPTED = 2, 130
# ClickException: newer versions of typer carry a click of their own and export only a subclass.
_MISUSE: Any = next(k for k in typer.BadParameter.__mro__ if k.__name__ == "ClickException")


app = typer.Typer(
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit status: 0, 1 failed, 2 misused, 130 interrupted."""
    try:
        with ending_in_order():
            arguments = _with_given(sys.argv[1:] if argv is None else argv)
            outcome = app(arguments, standalone_mode=False)
    except typer.Exit as stop:
        return stop.exit_code
    except _MISUSE as misuse:
        misuse.show()
        return MISUSED
    except Cancelled as stop:
        sys.stderr.write(f"\n{stop}\n")
        return INTERRUPTED
    except (typer.Abort, KeyboardInterrupt):
        sys.stderr.write(f"\n{UNCHANGED}\n")
        return INTERRUPTED
    except UserError as refusal:
        sys.stderr.write(f"{refusal}\n")
        return FAILED
    except BrokenPipeError:  # the reader of a pipe has seen enough
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123 - until the end
        return FAILED
    return outcome if isinstance(outcome, int) else 0


def _with_given(arguments: Sequence[str]) -> list[str]:
    """Let links and files stand where a command would: that is how desktops pass them."""
    are_given = bool(arguments) and all(map(is_wish, arguments))
    named: list[str] = []
    for argument in arguments:
        named += ["--given", argument] if are_given or is_link(argument) else [argument]
    return named


@app.callback(invoke_without_command=True)
def window(  # noqa: PLR0917 - each is an option by name
    context: typer.Context,
    database: DatabaseOption = "",
    as_email: AsOption = "",
    sample: Annotated[
        bool, typer.Option("--sample", help="Load the sample data if the workspace is empty.")
    ] = False,
    screenshot: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Save a picture of the window, then quit.")
    ] = None,
    address: Annotated[
        str, typer.Option("--open", metavar="ADDRESS", help="A page to show first.")
    ] = "",
    new_window: Annotated[
        bool, typer.Option("--new-window", help="Open a window of its own where one runs already.")
    ] = False,
    given: Annotated[
        list[str] | None,
        typer.Option("--given", hidden=True, help="A permanent link, or a CSV file to import."),
    ] = None,
    self_test_: Annotated[
        bool, typer.Option("--self-test", help="Try whether this installation works.")
    ] = False,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> int:
    """Administer a metadata-driven CRM in PostgreSQL; without a command, in a window."""
    context.obj = {"database": database, "as": as_email}
    if version:
        typer.echo(f"CRM Desktop {__version__}")
        raise typer.Exit
    if self_test_:
        raise typer.Exit(self_test())
    if context.invoked_subcommand is not None:
        return 0
    from crm_desktop.app import main as open_window

    options = ["--sample"] if sample else []
    options += ["--database", database] if database else []
    options += ["--screenshot", str(screenshot)] if screenshot else []
    options += ["--open", address] if address else []
    options += ["--new-window"] if new_window else []
    options += ["--", *given] if given else []
    raise typer.Exit(open_window(options))


app.command("import")(import_)
app.command()(export)


@app.command()
def migrate(
    context: typer.Context,
    extend: Annotated[
        bool,
        typer.Option("--extend", help="Also add our schema and indexes to a foreign database."),
    ] = False,
    contract_only: Annotated[
        bool, typer.Option("--contract-only", help="Make the contract's tables and nothing else.")
    ] = False,
    grant_to: Annotated[
        str, typer.Option(metavar="ROLE", help="A role that gets the rights on our schema.")
    ] = "",
    backup_file: Annotated[
        Path | None,
        typer.Option("--backup", metavar="FILE", help="Save the database in this file first."),
    ] = None,
    as_json: JsonOption = False,
    database: DatabaseOption = "",
) -> int:
    """Make the database ready; safe to run again. Foreign tables stay as they are."""
    from crm_desktop.db.backups import back_up
    from crm_desktop.db.migrate import Extras
    from crm_desktop.db.migrate import migrate as make_ready

    if extend and contract_only:
        raise typer.BadParameter("--extend and --contract-only exclude each other.")
    wanted = Extras.YES if extend else Extras.NO if contract_only else Extras.ASK
    with reached(context, database, IN_STEPS) as url:
        if backup_file is not None:
            back_up(url, backup_file, progress("Saving"))
        done = make_ready(url, extras=wanted, grant_to=grant_to)
    if as_json:
        typer.echo(
            json.dumps(
                {
                    "made": done.made,
                    "offered": done.offered,
                    "problems": dict(done.problems),
                    "missing": done.after.missing,
                    "versions": _versions(done.after),
                }
            )
        )
    else:
        typer.echo(f"Made: {', '.join(done.made) or 'nothing, all was there'}.")
        if done.offered:
            typer.echo(f"Not made, use --extend: {', '.join(done.offered)}.")
    for name, why in done.problems.items():
        sys.stderr.write(f"{name}: {why}\n")
    for sentence in done.after.missing:
        sys.stderr.write(f"{sentence}\n")
    was_refused = bool(done.problems) and (extend or grant_to != "")
    return FAILED if was_refused or not done.after.is_fit else 0


@app.command()
def detach(
    context: typer.Context,
    yes: Annotated[bool, typer.Option("--yes", help="Do it; without, only say what goes.")] = False,
    as_json: JsonOption = False,
    database: DatabaseOption = "",
) -> int:
    """Take out everything that this program added beside the contract; the contract stays."""
    from crm_desktop.db.additions import SCHEMA, State
    from crm_desktop.db.migrate import check
    from crm_desktop.db.migrate import detach as take_out

    with reached(context, database, IN_STEPS) as url:
        if not yes:
            found = check(url)
            ours = [SCHEMA] if found.desktop_version else []
            ours += [n for n, state in found.additions.items() if state is not State.MISSING]
            shown = [name for name in ours if found.additions.get(name) is not State.UNAVAILABLE]
            typer.echo(
                json.dumps({"would_remove": shown})
                if as_json
                else f"Would take out: {', '.join(shown) or 'nothing'}. Use --yes to do it."
            )
            return FAILED if shown else 0
        done = take_out(url)
    typer.echo(
        json.dumps({"removed": done.removed, "kept": dict(done.kept)})
        if as_json
        else f"Taken out: {', '.join(done.removed) or 'nothing, nothing was there'}."
    )
    for name, why in done.kept.items():
        sys.stderr.write(f"{name} stays: {why}\n")
    return FAILED if done.kept else 0


@app.command()
def doctor(
    context: typer.Context, as_json: JsonOption = False, database: DatabaseOption = ""
) -> int:
    """Examine a database and change nothing; exit status 1 where something is wrong."""
    from crm_desktop.db.database import Database
    from crm_desktop.db.migrate import check
    from crm_desktop.services.doctor import Diagnosis, examine_data

    with reached(context, database) as url:
        found = check(url)
        diagnosis = Diagnosis((), (), {})
        if found.is_fit:
            opened = Database.at(url)
            try:
                with opened.read(_nobody()) as session:
                    diagnosis = examine_data(session, progress("Examining"))
            finally:
                opened.close()
    additions = {name: state.value for name, state in found.additions.items()}
    tell_diagnosis(diagnosis, _versions(found), additions, found.missing, as_json=as_json)
    return 0 if found.is_fit and diagnosis.is_sound else FAILED


def _nobody() -> Actor:
    """Return who examines a database: no user, since there may be none, and all permissions."""
    from uuid import UUID

    from crm_desktop.domain.access import Actor

    return Actor(UUID(int=0), name="Doctor")


def _versions(found: Fitness) -> dict[str, str]:
    from importlib.metadata import version

    packages = ("PySide6-Essentials", "SQLAlchemy", "psycopg")
    return {
        "crm-desktop": __version__,
        "postgresql": found.server,
        "core": found.core_version,
        "desktop": found.desktop_version,
        "python": sys.version.partition(" ")[0],
        **{name.lower(): version(name) for name in packages},
    }


@app.command()
def sample(
    context: typer.Context,
    as_json: JsonOption = False,
    database: DatabaseOption = "",
    as_email: AsOption = "",
) -> int:
    """Fill an empty workspace with the data of a small company."""
    from dataclasses import asdict

    from crm_desktop.services.sample import load_sample

    with (
        opened_database(context, database, as_email) as (opened, actor),
        opened.long(actor) as session,
    ):
        made = load_sample(session, progress("Loading"))
    counts = asdict(made)
    typer.echo(
        json.dumps(counts)
        if as_json
        else ", ".join(f"{count:,} {name}" for name, count in counts.items()) + "."
    )
    return 0


app.command()(backup)
app.command()(restore)
app.command()(kept)


@app.command("self-test")
def self_test() -> int:
    """Try whether this installation works: database, records, files, window; status 0 if all do."""
    from crm_desktop import selftest

    return selftest.main()
