"""A PostgreSQL cluster on this computer: made whole or not at all, started, found, stopped."""

import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, TYPE_CHECKING, Literal
from urllib.parse import quote

from crm_desktop.db import binaries
from crm_desktop.db.account import Account, give_to, run_as
from crm_desktop.db.locks import POLL_SECONDS, HeldLock, try_lock, wait_for_lock
from crm_desktop.db.private_files import write_private
from crm_desktop.db.server_files import (
    SETTINGS,
    SETTINGS_FILE,
    USER_SETTINGS,
    Postmaster,
    read_postmaster,
    reason_in,
    trim_log,
)
from crm_desktop.db.socket_folder import PORT, make_socket_folder, socket_path
from crm_desktop.domain.errors import Unavailable

if TYPE_CHECKING:
    import psutil

DATABASE = "crm"
ROLE = "crm"
READY_SECONDS = 60.0
STOP_SECONDS = 30.0
END_SECONDS = 10.0  # PostgreSQL itself kills what has not ended after five
UNFINISHED = "new-"

# Popen objects of servers that may outlive whoever started them: kept, so that they are reaped.
_started: list[subprocess.Popen[bytes]] = []


class StillStarting(Unavailable):
    """The server goes on starting by itself; stopping it would only begin its recovery anew."""


def address_of(found: Postmaster, password: str, database: str = DATABASE) -> str:
    """Return the libpq URI of a database of this server, password included."""
    login, name = f"{ROLE}:{quote(password, safe='')}", quote(database, safe="")
    if sys.platform == "win32":
        return f"postgresql://{login}@127.0.0.1:{found.port}/{name}"
    folder = quote(found.folder, safe="")
    return f"postgresql://{login}@/{name}?host={folder}&port={found.port}"


@dataclass(frozen=True)
class Cluster:
    """The folders below home; whoever calls a method that changes them holds the start lock.

    Besides that lock there is `server.lock`: every process of the server inherits it, so that it
    is free exactly when none is left, however they ended.
    """

    home: Path
    account: Account | None
    programs: Path | None = None  # of another version of PostgreSQL; None: our own

    @property
    def data(self) -> Path:
        return self.home / "data"

    @property
    def log(self) -> Path:
        return self.home / "server.log"

    @property
    def exists(self) -> bool:
        return self.data.exists() and any(self.data.iterdir())

    @property
    def version(self) -> str:
        """Return the major version that made the data, "" where the files do not say."""
        try:
            return (self.data / "PG_VERSION").read_text(encoding="ascii").strip()
        except (FileNotFoundError, UnicodeDecodeError):
            return ""

    @property
    def is_older(self) -> bool:
        """Say whether an older PostgreSQL than ours made the data."""
        version = self.version
        return version.isdigit() and int(version) < int(binaries.major_version())

    def check_version(self) -> None:
        """Raise Unavailable, touching nothing, where our PostgreSQL cannot open the data."""
        ours, theirs = binaries.major_version(), self.version
        if theirs == ours:
            return
        if not theirs:
            raise Unavailable(
                f"{self.data} is no complete PostgreSQL database (its PG_VERSION is missing). "
                "Nothing was changed. Put your backup there, or move the folder away to start "
                "with an empty database."
            )
        raise Unavailable(
            f"The database in {self.data} was made by PostgreSQL {theirs}, and this version of "
            f"CRM Desktop brings PostgreSQL {ours}. Nothing was changed. Open it with a newer CRM "
            f"Desktop, one that brings PostgreSQL {theirs}."
        )

    def create(self, password: str) -> None:
        """Make the data directory with an empty database; killed halfway it leaves nothing."""
        with self._alone() as held:
            for left in self.home.glob(f"{UNFINISHED}*"):
                shutil.rmtree(left)
            workplace = self.home / f"{UNFINISHED}{secrets.token_hex(4)}"
            workplace.mkdir(mode=0o700)
            try:
                give_to(self.account, workplace)
                self._initialise(workplace, password, held)
                (workplace / "data").rename(self.data)
                _sync_folder(self.home)
            finally:
                shutil.rmtree(workplace, ignore_errors=True)

    def set_password(self, password: str) -> None:
        """Change the password without knowing the old one; the server must not run."""
        with self._alone() as held:
            self._remove_stale_pid()
            self._single_user(self.data, f"ALTER ROLE {ROLE} PASSWORD '{password}'", held)

    def postmaster(self) -> Postmaster | None:
        """Return the server's main process if it lives, whoever started it."""
        for child in _started:
            child.poll()
        found = read_postmaster(self.data)
        if found is None:
            return None
        children = (child for child in _started if child.pid == found.pid)
        if any(child.returncode is None for child in children):
            return found
        return found if _is_postmaster(found.pid, self.data) else None

    def bring_up(self) -> Postmaster:
        """Return the running server; where none runs, clear what is left of one and start it."""
        found = self.postmaster()
        if found is not None and found.is_stopping:
            self.stop()  # whoever began that is gone, or gave it up
        trim_log(self.log)
        written = self.log.stat().st_size if self.log.exists() else 0
        deadline = time.monotonic() + READY_SECONDS
        child: subprocess.Popen[bytes] | None = None
        while time.monotonic() < deadline:
            if child is not None and child.poll() is not None:
                raise Unavailable(self._why_not(written))
            found = self.postmaster()
            if found is not None and found.is_ready:
                if sys.platform == "win32" or socket_path(found.folder, found.port).exists():
                    return found
                self.stop()  # something removed its socket, so nobody can reach it
            elif found is None and child is None:
                child = self._start_alone()
            time.sleep(POLL_SECONDS)
        raise StillStarting(
            f"The database server in {self.home} is not ready after {READY_SECONDS:.0f} seconds. "
            "It may still be recovering from a crash, or the folder is in use on another computer. "
            f"Try again in a minute; its log is {self.log}."
        )

    def stop(self) -> bool:
        """Stop the server, in good order if it can be; return False where it still runs after all.

        A server that recovers from a crash is ended at once, and so is one that does not stop: the
        next start replays its log. PostgreSQL 18 that is asked to stop while it recovers may never
        end by itself.
        """
        found = self.postmaster()
        if found is None:
            return True
        self._end(found, "fast")  # disconnects everybody, rolls back, saves
        if self._ends_within(STOP_SECONDS, unless=partial(_is_recovering, found.pid)):
            return True
        self._end(found, "immediate")
        return self._ends_within(END_SECONDS)

    # -- parts of the above

    def _bin(self) -> Path:
        return self.programs or binaries.bin_folder_for(self.account, self.home)

    def _end(self, found: Postmaster, mode: Literal["fast", "immediate"]) -> None:
        if sys.platform == "win32":
            self._run(["pg_ctl", "-D", str(self.data), "-m", mode, "-W", "stop"], "stop")
            return
        with suppress(ProcessLookupError):  # it has ended meanwhile
            os.kill(found.pid, signal.SIGINT if mode == "fast" else signal.SIGQUIT)

    def _ends_within(self, seconds: float, unless: Callable[[], bool] = bool) -> bool:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and not unless():
            if self.postmaster() is None and self._nothing_lives():
                return True
            time.sleep(POLL_SECONDS)
        return False

    def _lock_file(self) -> Path:
        return self.home / "server.lock"

    @contextmanager
    def _alone(self) -> Iterator[HeldLock]:
        refusal = f"A database server that is no longer wanted still runs in {self.home}."
        with wait_for_lock(self._lock_file(), READY_SECONDS, refusal) as held:
            yield held

    def _nothing_lives(self) -> bool:
        held = try_lock(self._lock_file())
        if held is not None:
            held.release()
        return held is not None

    def _start_alone(self) -> subprocess.Popen[bytes] | None:
        """Start the server, unless processes of an earlier one are left: those are ended first."""
        held = try_lock(self._lock_file())
        if held is None:
            _end_orphans(self.data)
            return None
        with held:
            self._remove_stale_pid()
            return self._start(held)

    def _remove_stale_pid(self) -> None:
        # PostgreSQL would refuse to start when an unrelated process has got the number meanwhile.
        if self.postmaster() is None:
            (self.data / "postmaster.pid").unlink(missing_ok=True)

    def _start(self, held: HeldLock) -> subprocess.Popen[bytes] | None:
        self._write(self.data / SETTINGS_FILE, SETTINGS)
        if sys.platform == "win32":
            options = f"-p {_free_port()} -c listen_addresses=127.0.0.1"
            command = ["pg_ctl", "-D", str(self.data), "-l", str(self.log), "-o", options, "-W"]
            self._run([*command, "start"], "start")
            return None
        options = {
            "listen_addresses": "",
            "unix_socket_directories": str(make_socket_folder(self.home, self.account)),
            "unix_socket_permissions": "0700",
            "port": str(PORT),
        }
        folder = self._bin()
        command = [str(binaries.program(folder, "postgres")), "-D", str(self.data)]
        for name, value in options.items():
            command += ["-c", f"{name}={value}"]
        with self._open_log() as log:
            child = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                env=binaries.program_environment(),
                start_new_session=True,  # Ctrl+C and a closing terminal are not meant for it
                umask=0o077,
                pass_fds=[held.descriptor],
                **run_as(self.account),
            )
        _started[:] = [each for each in _started if each.returncode is None] + [child]
        return child

    def _open_log(self) -> IO[bytes]:
        return open(self.log, "ab", opener=partial(os.open, mode=0o600))

    def _initialise(self, workplace: Path, password: str, held: HeldLock) -> None:
        secret, data = workplace / "password", workplace / "data"
        self._write(secret, password)
        self._run(
            ["initdb", "-D", str(data), "-U", ROLE, "-A", "scram-sha-256",
             f"--pwfile={secret}", "-E", "UTF8", "--locale=C", "--locale-provider=builtin",
             "--builtin-locale=C.UTF-8"],
            "make a database", held=held,
        )  # fmt: skip
        self._write(data / "postgresql.conf", USER_SETTINGS)
        self._write(data / SETTINGS_FILE, SETTINGS)
        self._single_user(data, f"CREATE DATABASE {DATABASE}", held)

    def _single_user(self, data: Path, statement: str, held: HeldLock) -> None:
        self._run(
            ["postgres", "--single", "-c", "exit_on_error=on", "-D", str(data), "postgres"],
            "change the database", text=statement, held=held,
        )  # fmt: skip

    def _run(
        self, command: list[str], purpose: str, *, text: str = "", held: HeldLock | None = None
    ) -> None:
        folder = self._bin()
        inherited = [] if held is None or sys.platform == "win32" else [held.descriptor]
        answer = subprocess.run(
            [binaries.program(folder, command[0]), *command[1:]],
            input=text.encode(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=self.home if sys.platform == "win32" else "/",
            env=binaries.program_environment(),
            check=False,
            start_new_session=True,
            pass_fds=inherited,
            **run_as(self.account),
        )
        if answer.returncode:
            output = answer.stdout.decode(errors="replace")
            raise Unavailable(
                reason_in(output, f"PostgreSQL could not {purpose} in {self.home}", self.home)
            )

    def _write(self, path: Path, text: str) -> None:
        """Write a private file of the server's account, where it says something else."""
        if path.exists() and path.read_text(encoding="utf-8") == text:
            return
        write_private(path, text)
        give_to(self.account, path)

    def _why_not(self, already_written: int) -> str:
        """Say why the server ended; `already_written` is the log's length before this start."""
        output = ""
        if self.log.exists():
            with self.log.open("rb") as file:
                file.seek(already_written)
                output = file.read().decode(errors="replace")
        return reason_in(output, "The database server did not start", self.home)


def _is_postmaster(pid: int, data: Path) -> bool:
    """Say whether this process is a server of this data directory, not one that got its number."""
    import psutil

    try:
        process = psutil.Process(pid)
        return _serves(process, data) and process.status() != psutil.STATUS_ZOMBIE
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return False


def _is_recovering(pid: int) -> bool:
    """Say whether the server replays its log; Windows does not tell its processes apart."""
    import psutil

    try:
        children = psutil.Process(pid).children()
        return any("startup" in "".join(child.cmdline()[:1]) for child in children)
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return False


def _serves(process: "psutil.Process", data: Path) -> bool:
    return process.name().startswith("postgres") and Path(process.cwd()) == data.resolve()


def _end_orphans(data: Path) -> None:
    """End the processes that a killed server left: no new one may start beside them."""
    import psutil

    for process in psutil.process_iter():
        try:
            if _serves(process, data):
                process.kill()  # what they had committed is in the log that a start replays
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _sync_folder(folder: Path) -> None:
    """Make a rename survive a power cut."""
    if sys.platform != "win32":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
