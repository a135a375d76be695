"""Takes over a data directory that an older PostgreSQL made, by dump and restore.

The new directory is made beside the old one, and proven by the number of rows of every table,
before the two change places. The old one stays. Killed at any moment, the next start finds either
the old directory, untouched, or both, and goes on from there.
"""

import logging
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from crm_desktop.db import binaries
from crm_desktop.db.account import give_to
from crm_desktop.db.backups import back_up, count_rows, load, refuse_newer
from crm_desktop.db.cluster import Cluster, address_of
from crm_desktop.domain.errors import Unavailable

FOLDER, PROVEN, DUMP = "taking-over", "proven", "workspace.crmdump"
VARIABLE = "CRM_DESKTOP_POSTGRESQL"
USUAL = (
    "/usr/lib/postgresql/{}/bin",
    "/usr/pgsql-{}/bin",
    "/opt/homebrew/opt/postgresql@{}/bin",
    "/usr/local/opt/postgresql@{}/bin",
    "C:/Program Files/PostgreSQL/{}/bin",
)

log = logging.getLogger(__name__)


def finish(cluster: Cluster) -> bool:
    """End a takeover that was interrupted; return whether its new directory took the place.

    Where the old directory still stands, what was begun is thrown away and made anew.
    """
    beside = cluster.home / FOLDER
    is_proven = (beside / PROVEN).exists() and (beside / "data").exists()
    takes_place = is_proven and not cluster.exists
    if takes_place:
        (beside / "data").rename(cluster.data)
    if beside.exists() and cluster.exists:
        Cluster(beside, cluster.account).stop()
        shutil.rmtree(beside)
    return takes_place


def take_over(cluster: Cluster, password: str) -> Path:
    """Return the folder in which the old directory is kept. The caller holds the start lock.

    Raises Unavailable with what can open it where no PostgreSQL of that version is found, and
    where anything fails; the old directory stands in its place then.
    """
    version = cluster.version
    programs = find_programs(version)
    if programs is None:
        raise Unavailable(_not_found(cluster, version))
    log.info("Taking over the data of PostgreSQL %s.", version)
    beside = cluster.home / FOLDER
    beside.mkdir(mode=0o700)
    give_to(cluster.account, beside)
    try:
        old = replace(cluster, programs=programs)
        old.stop()
        old.set_password(password)
        dump = beside / DUMP
        with _running(old, password) as url:
            rows = count_rows(url)
            info = back_up(url, dump, _go_on)
        refuse_newer(info)
        new = Cluster(beside, cluster.account)
        new.create(password)
        with _running(new, password) as url:
            load(url, info, _go_on)
            found = count_rows(url)
        _prove(cluster, rows, found)
        (beside / PROVEN).touch()
    except BaseException:
        shutil.rmtree(beside, ignore_errors=True)
        raise
    kept = _free_name(cluster.home / f"data-postgresql-{version}")
    cluster.data.rename(kept)
    finish(cluster)
    log.info("The data of PostgreSQL %s was taken over; it is kept in %s.", version, kept)
    return kept


def find_programs(version: str) -> Path | None:
    """Return a folder with the programs of this major version: named, usual, or on the path."""
    named = [Path(each) for each in os.environ.get(VARIABLE, "").split(os.pathsep) if each]
    usual = [Path(each.format(version)) for each in USUAL]
    on_path = shutil.which("postgres")
    found = [Path(on_path).resolve().parent] if on_path else []
    return next((folder for folder in named + usual + found if _is(folder, version)), None)


def _is(folder: Path, version: str) -> bool:
    program = binaries.program(folder, "postgres")
    if not program.is_file():
        return False
    said = subprocess.run(
        [program, "--version"],
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
        env=binaries.program_environment(),
    )
    found = re.search(r"\(PostgreSQL\) (\d+)", said.stdout)
    return found is not None and found[1] == version


@contextmanager
def _running(cluster: Cluster, password: str) -> Iterator[str]:
    try:
        yield address_of(cluster.bring_up(), password)
    finally:
        cluster.stop()


def _go_on(_done: int, _total: int) -> bool:
    return True


def _free_name(folder: Path) -> Path:
    number = 1
    while (taken := folder if number == 1 else Path(f"{folder}-{number}")).exists():
        number += 1
    return taken


def _not_found(cluster: Cluster, version: str) -> str:
    install = (
        f"postgresql-{version}" if sys.platform.startswith("linux") else f"PostgreSQL {version}"
    )
    return (
        f"The database in {cluster.data} was made by PostgreSQL {version}, and this version of CRM "
        f"Desktop brings PostgreSQL {binaries.major_version()}. It can be taken over where the "
        f"programs of PostgreSQL {version} are installed: install {install}, or name their folder "
        f"in {VARIABLE}, then start again. A CRM Desktop that brings PostgreSQL {version} opens it "
        "as it is. Nothing was changed."
    )


def _prove(cluster: Cluster, rows: dict[str, int], found: dict[str, int]) -> None:
    """Raise Unavailable unless every table has as many rows as it had."""
    for name, count in rows.items():
        if found[name] != count:
            raise Unavailable(
                f"Taking over the database in {cluster.data} failed: the table {name} has "
                f"{count:,} rows there and {found[name]:,} in the new one. Nothing was changed."
            )
