"""Where the embedded server's socket is: a folder that nobody but its account (and root) enters."""

import hashlib
import os
import re
import stat
import sys
import tempfile
from pathlib import Path

from crm_desktop.db.account import Account, give_to, own_uid
from crm_desktop.domain.errors import Unavailable

PORT = 5432  # in the socket's name only: nothing listens on the network
LONGEST = 100  # of the 104 bytes (macOS) or 108 (Linux) that an address holds
PLAIN = re.compile(r"[A-Za-z0-9_./-]+")  # commas and quotes have a meaning in PostgreSQL's lists


def socket_path(folder: str, port: int) -> Path:
    return Path(folder) / f".s.PGSQL.{port}"


def make_socket_folder(home: Path, account: Account | None) -> Path:
    """Make the folder below home, or a short one elsewhere when home's path cannot hold a socket.

    Remains of a server that was killed are removed: call it only while no server runs.
    """
    folder = home / "socket"
    if not _fits(folder):
        folder = _runtime_folder() / f"crm-desktop-{_name_of(home)}"
    _make_private(folder, account)
    for left in folder.glob(".s.PGSQL.*"):
        left.unlink()
    return folder


def _fits(folder: Path) -> bool:
    path = str(socket_path(str(folder), PORT))
    return len(path) <= LONGEST and PLAIN.fullmatch(path) is not None


def _runtime_folder() -> Path:
    # Not XDG_RUNTIME_DIR: every copy of the program has to come to the same answer.
    if sys.platform != "win32":
        uid = os.geteuid()
        folder = Path("/run") if uid == 0 else Path(f"/run/user/{uid}")
        if folder.is_dir() and folder.stat().st_uid == uid and os.access(folder, os.W_OK):
            return folder
    folder = Path(tempfile.gettempdir())
    return folder if _fits(folder / ("x" * 30)) else Path("/tmp")  # noqa: S108 - owner-checked


def _name_of(home: Path) -> str:
    return hashlib.sha256(os.fsencode(home)).hexdigest()[:16]


def _make_private(folder: Path, account: Account | None) -> None:
    try:
        folder.mkdir(mode=0o700)
        give_to(account, folder)
    except FileExistsError:
        found = folder.lstat()
        ours = found.st_uid == own_uid(account) or sys.platform == "win32"
        if not stat.S_ISDIR(found.st_mode) or not ours:
            raise Unavailable(
                f"{folder} belongs to somebody else, so the database server cannot be reached "
                "through it safely. Remove it and start again."
            ) from None
        folder.chmod(0o700)
