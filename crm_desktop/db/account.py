"""Which account runs the embedded server: ours, or a dedicated one where we are root."""

import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crm_desktop.domain.errors import Unavailable

NAME = "crm-desktop"
SYSTEM_FOLDERS = "/usr/sbin:/sbin:"  # often missing in PATH


@dataclass(frozen=True, slots=True)
class Account:
    """An account other than our own."""

    name: str
    uid: int
    gid: int


def server_account(data: Path) -> Account | None:
    """Return the account for the server of this data directory; None means our own.

    PostgreSQL refuses to run as root. Data that exists keeps its owner; otherwise the system
    account `crm-desktop` is used, and made where it is missing.
    """
    if sys.platform == "win32" or os.geteuid() != 0:
        return None
    if not (data / "PG_VERSION").exists():
        return _dedicated_account()
    owner = data.stat().st_uid
    if owner == 0:
        raise Unavailable(
            f"The database in {data} belongs to root, and PostgreSQL does not run as root. "
            f"Give it to the account {NAME} (chown -R {NAME} {data}) and start again."
        )
    return _account(owner)


def run_as(account: Account | None) -> dict[str, Any]:
    """Return the arguments of `subprocess` that start a program under this account."""
    if account is None:
        return {}
    return {"user": account.uid, "group": account.gid, "extra_groups": []}


def give_to(account: Account | None, path: Path) -> None:
    """Make this account the owner of a file or folder that we made."""
    if account is not None and sys.platform != "win32":
        os.chown(path, account.uid, account.gid, follow_symlinks=False)


def own_uid(account: Account | None) -> int:
    """Return the user id the server runs under (POSIX)."""
    if account is not None:
        return account.uid
    return os.geteuid() if sys.platform != "win32" else 0


def open_home(home: Path, account: Account | None) -> None:
    """Make the home folder; refuse where the account cannot get to it. No parent is changed."""
    if account is None:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        return
    home.mkdir(mode=0o711, parents=True, exist_ok=True)
    closed = closed_folder(home, account)
    if closed == home and _is_only_roots(home):
        os.chown(home, -1, account.gid)  # so that this account, and no other, may pass
        home.chmod(stat.S_IMODE(home.stat().st_mode) | stat.S_IXGRP)
        closed = None
    if closed is not None:
        raise Unavailable(
            f"PostgreSQL does not run as root, and the account {account.name} that runs it "
            f"instead may not enter {closed}. Set CRM_DESKTOP_HOME to a folder it can reach "
            f"(such as /var/lib/{NAME}), or start CRM Desktop as an ordinary user."
        )


def closed_folder(folder: Path, account: Account) -> Path | None:
    """Return the first folder on the way to this one, itself included, that is closed to it."""
    for each in (*reversed(folder.parents), folder):
        if not _may(each, account, stat.S_IXOTH):
            return each
    return None


def may_read(path: Path, account: Account) -> bool:
    return closed_folder(path.parent, account) is None and _may(path, account, stat.S_IROTH)


def _is_only_roots(home: Path) -> bool:
    """Say whether this folder serves us alone: private to root, and not root's login folder."""
    found = home.stat()
    private = found.st_uid == 0 and not found.st_mode & (stat.S_IRWXG | stat.S_IRWXO)
    return private and home != Path.home().resolve()


def _may(path: Path, account: Account, right: int) -> bool:
    found = path.stat()
    if found.st_uid == account.uid:
        return bool(found.st_mode & right << 6)
    if found.st_gid == account.gid:
        return bool(found.st_mode & right << 3)
    return bool(found.st_mode & right)


def _dedicated_account() -> Account:
    found = next(_accounts(), None)
    if found is not None:
        return found
    trouble = _add_account()
    found = next(_accounts(), None)  # another program may have made it at the same moment
    if found is None:
        raise Unavailable(
            f"PostgreSQL does not run as root, and an account for it could not be made: {trouble}. "
            f"Make one (useradd --system {NAME}), or start CRM Desktop as an ordinary user."
        )
    return found


def _accounts() -> Iterator[Account]:
    if sys.platform != "win32":
        import pwd

        try:
            entry = pwd.getpwnam(NAME)
        except KeyError:
            return
        yield Account(NAME, entry.pw_uid, entry.pw_gid)


def _account(uid: int) -> Account:
    import pwd

    try:
        entry = pwd.getpwuid(uid)
    except KeyError:
        return Account(f"number {uid}", uid, uid)
    return Account(entry.pw_name, uid, entry.pw_gid)


def _add_account() -> str:
    """Add the system account; return why that failed, or an empty text."""
    program = shutil.which("useradd", path=f"{SYSTEM_FOLDERS}{os.environ.get('PATH', '')}")
    if program is None:
        return "the program useradd is missing"
    answer = subprocess.run(
        [program, "--system", "--user-group", "--no-create-home",
         "--home-dir", f"/var/lib/{NAME}", "--shell", "/usr/sbin/nologin", NAME],
        capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    return answer.stderr.strip().rstrip(".") if answer.returncode else ""
