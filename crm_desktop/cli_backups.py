"""`crm-desktop backup`, `restore` and `kept`: what the window does, and what it leaves behind."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from crm_desktop.cli_database import DatabaseOption, JsonOption, reached
from crm_desktop.cli_output import progress

if TYPE_CHECKING:
    from crm_desktop.db.backups import BackupInfo
    from crm_desktop.db.restoring import Kept

FileArgument = Annotated[Path, typer.Argument(metavar="FILE", help="The backup.")]


def backup(
    context: typer.Context,
    file: FileArgument,
    force: Annotated[
        bool, typer.Option("--force", help="Replace the file if there is one.")
    ] = False,
    as_json: JsonOption = False,
    database: DatabaseOption = "",
) -> int:
    """Save the whole database in a file that pg_restore reads too, and check it."""
    from crm_desktop.db.backups import back_up

    if file.exists() and not force:
        raise typer.BadParameter(f"{file} exists. Use --force to replace it.")
    with reached(context, database) as url:
        info = back_up(url, file, progress("Saving"))
    _tell(info, "Saved", as_json=as_json)
    return 0


def restore(
    context: typer.Context,
    file: FileArgument,
    replace: Annotated[
        bool,
        typer.Option("--replace", help="Also where the workspace holds data: that is kept beside."),
    ] = False,
    verify_only: Annotated[
        bool, typer.Option("--verify-only", help="Read the backup to its end, restore nothing.")
    ] = False,
    as_json: JsonOption = False,
    database: DatabaseOption = "",
) -> int:
    """Make a backup the workspace, or load it into an empty database on a server."""
    from crm_desktop.db import restoring
    from crm_desktop.db.backups import check, refuse_newer
    from crm_desktop.db.profiles import home_folder
    from crm_desktop.db.server import EmbeddedServer

    if verify_only:
        info = check(file)
        _tell(info, "Whole:", as_json=as_json)
        refuse_newer(info)
        return 0
    wanted = database or context.obj["database"]
    if wanted:
        with reached(context, wanted) as url:
            info = restoring.restore_into(url, file, progress("Restoring"))
        _tell(info, "Restored", as_json=as_json)
        return 0
    with reached(context, ""), EmbeddedServer.running(home_folder()) as server:
        if not replace:
            restoring.refuse_unless_empty(server.url)
        restored = restoring.restore_beside(server, file, progress("Restoring"))
        kept = restoring.put_in_place(server, restored)
    _tell(restored.info, "Restored", as_json=as_json, kept=kept)
    return 0


def kept(
    context: typer.Context,
    back: Annotated[
        str, typer.Option("--back", metavar="NAME", help="Make this one the workspace again.")
    ] = "",
    drop: Annotated[
        str, typer.Option("--drop", metavar="NAME", help="Delete this one; needs --yes.")
    ] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Delete it for good.")] = False,
    as_json: JsonOption = False,
) -> int:
    """List the former workspaces that restores have kept, bring one back, or delete it."""
    from crm_desktop.db import restoring
    from crm_desktop.db.profiles import home_folder
    from crm_desktop.db.server import EmbeddedServer

    if back and drop:
        raise typer.BadParameter("Give --back or --drop, not both.")
    if context.obj["database"]:
        raise typer.BadParameter("Former workspaces are kept on this computer, without --database.")
    with reached(context, ""), EmbeddedServer.running(home_folder()) as server:
        if back:
            former = restoring.put_back(server, restoring.kept_named(server, back))
            beside = f" What was there before is kept in the database {former}." if former else ""
            typer.echo(f"{back} is the workspace again.{beside}")
            return 0
        if drop:
            chosen = restoring.kept_named(server, drop)
            if not yes:
                typer.echo(f"This would delete {_words(chosen)}. Add --yes to do it.")
                return 1
            restoring.drop_kept(server, chosen)
            typer.echo(f"Deleted {_words(chosen)}.")
            return 0
        found = restoring.kept_databases(server)
    if as_json:
        names = ("database", "size", "rows")
        typer.echo(json.dumps([{name: getattr(each, name) for name in names} for each in found]))
    else:
        typer.echo("\n".join(map(_words, found)) or "No former workspace is kept.")
    return 0


def _words(one: Kept) -> str:
    from crm_desktop.db.restoring import in_words

    return f"{one.database}: {in_words(one.rows) or 'empty'}, {one.size:,} bytes"


def _tell(info: BackupInfo, verb: str, *, as_json: bool, kept: str = "") -> None:
    versions = {"core": info.core_version, "desktop": info.desktop_version}
    if as_json:
        found = {"file": str(info.file), "bytes": info.size, "made_at": info.made_at}
        typer.echo(json.dumps({**found, "server": info.server, "versions": versions, "kept": kept}))
        return
    typer.echo(f"{verb} {info.file}: {info.size:,} bytes, made {info.made_at}.")
    if kept:
        typer.echo(f"What was there before is kept in the database {kept}.")
