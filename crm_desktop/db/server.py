"""The embedded server: one for all running copies of the program, gone with the last of them."""

import errno
import logging
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from crm_desktop.db import binaries
from crm_desktop.db.account import open_home, server_account
from crm_desktop.db.binaries import bin_folder
from crm_desktop.db.cluster import DATABASE, Cluster, StillStarting, address_of
from crm_desktop.db.locks import HeldLock, try_lock, wait_for_lock
from crm_desktop.db.private_files import write_private
from crm_desktop.db.server_files import Postmaster, full_disk
from crm_desktop.domain.errors import Unavailable

__all__ = ["EmbeddedServer", "bin_folder"]

TAKING_OVER = "taking-over"
BUSY_SECONDS = 130.0  # longer than a start and a stop may take
FULL_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)

log = logging.getLogger(__name__)


class EmbeddedServer:
    """Our share in the server whose data lies below `home`; any thread may call it.

    Nothing happens before `ensure_running`. Every running copy of the program holds the lock of a
    file of its own below `programs`; the server is stopped by the one that finds no other held.
    """

    def __init__(self, home: Path) -> None:
        self._home = home.resolve()
        self._lease: HeldLock | None = None
        self._lease_file = self._home / "programs" / f"{os.getpid()}-{secrets.token_hex(4)}"
        self._cluster: Cluster | None = None
        self._postmaster: Postmaster | None = None
        self._password = ""
        self._is_closed = False
        self._is_left_alone = False

    @classmethod
    @contextmanager
    def running(cls, home: Path) -> Iterator["EmbeddedServer"]:
        """Give the running server, started or shared; give up our share in it at the end."""
        server = cls(home)
        try:
            server.ensure_running()
            yield server
        finally:
            server.close()

    @property
    def data_directory(self) -> Path:
        return self._home / "data"

    @property
    def log_file(self) -> Path:
        return self._home / "server.log"

    @property
    def version(self) -> str:
        """Return PostgreSQL's version, such as 18.6."""
        return binaries.version()

    @property
    def version_to_take_over(self) -> str:
        """Return the older PostgreSQL's version that made the data here, "" where none did."""
        cluster = Cluster(self._home, None)  # whoever may open the home may read this much
        try:
            return cluster.version if cluster.is_older else ""
        except PermissionError:
            return ""  # the start says so

    @property
    def url(self) -> str:
        """Return the libpq URI of the first database, password included.

        Read it anew after `ensure_running`: on Windows the port may change with a restart.
        """
        return self.url_for(DATABASE)

    def url_for(self, database: str) -> str:
        """Return the libpq URI of a database (workspace) of this server, password included."""
        if self._postmaster is None:
            raise Unavailable("The database server is not running.")
        return address_of(self._postmaster, self._password, database)

    def ensure_running(self) -> None:
        """Bring the server up, or back; quick when it runs. Raises Unavailable with the reason.

        A caller that lost its connections calls this and connects again. After a crash the server
        may refuse connections for some more moments ("the database system is in recovery mode").
        """
        if self._is_closed:
            raise Unavailable("The database server was closed with the program.")
        with _sentences(self._home):
            cluster = self._open_cluster()
            with self._start_lock():
                self._take_lease()
                self._password = self._ready_data(cluster)
                try:
                    self._postmaster = cluster.bring_up()
                except StillStarting:
                    self._is_left_alone = True
                    raise
                self._is_left_alone = False

    def is_shared(self) -> bool:
        """Say whether another running copy of the program uses this server."""
        return self._lease is not None and self._others_run()

    def close(self) -> None:
        """Give up our share; the last program stops the server. May be called more than once."""
        self._is_closed = True
        if self._lease is None or self._cluster is None:
            return
        try:
            with self._start_lock():
                self._drop_lease()
                is_last = not self._others_run() and not self._is_left_alone
                if is_last and not self._cluster.stop():
                    log.warning("The database server is still stopping.")
        except (Unavailable, OSError) as problem:  # the next start finds the server and adopts it
            log.warning("The database server was left running: %s", problem)
        finally:
            self._drop_lease()
            self._postmaster = None

    def _open_cluster(self) -> Cluster:
        if self._cluster is None:
            if any(character in str(self._home) for character in "\r\n"):
                raise Unavailable("The path of the data folder must not contain a line break.")
            account = server_account(self.data_directory)
            open_home(self._home, account)
            self._cluster = Cluster(self._home, account)
        return self._cluster

    def _start_lock(self) -> HeldLock:
        return wait_for_lock(
            self._home / "lock",
            BUSY_SECONDS,
            "Another copy of CRM Desktop has been starting or stopping the database server in "
            f"{self._home} for {BUSY_SECONDS:.0f} seconds. End it, then try again.",
        )

    def _ready_data(self, cluster: Cluster) -> str:
        """Make the data directory where none is, and return the password of its only role."""
        if (self._home / TAKING_OVER).exists() or cluster.is_older:
            self._take_over(cluster)
        if cluster.exists:
            cluster.check_version()
        password = self._read_password()
        if password and cluster.exists:
            return password
        if cluster.exists:
            return self._renew_password(cluster)
        password = password or self._write_password()
        cluster.create(password)
        return password

    def _take_over(self, cluster: Cluster) -> None:
        """Bring what an older PostgreSQL made to ours, or end what was begun of that."""
        from crm_desktop.db import takeover  # with the driver: most starts need none of it

        if takeover.finish(cluster) or not cluster.is_older:
            return
        if self._others_run():
            raise Unavailable(
                "This workspace is to be taken over from an older PostgreSQL, and another CRM "
                "Desktop uses it. Close that one, then start again."
            )
        takeover.take_over(cluster, self._read_password() or self._write_password())

    def _renew_password(self, cluster: Cluster) -> str:
        if self._others_run():
            raise Unavailable(
                f"The file {self._password_file()} is gone while another CRM Desktop uses the "
                "database. Close that one, then start again: a new password is made then."
            )
        cluster.stop()
        password = self._write_password()
        try:
            cluster.set_password(password)
        except Unavailable:
            self._password_file().unlink()
            raise
        return password

    def _password_file(self) -> Path:
        return self._home / "password"

    def _read_password(self) -> str:
        try:
            return self._password_file().read_text(encoding="ascii").strip()
        except FileNotFoundError:
            return ""

    def _write_password(self) -> str:
        password = secrets.token_urlsafe(24)
        write_private(self._password_file(), password)
        return password

    def _take_lease(self) -> None:
        if self._lease is None:
            self._lease_file.parent.mkdir(mode=0o700, exist_ok=True)
            self._lease = try_lock(self._lease_file)

    def _drop_lease(self) -> None:
        if self._lease is not None:
            self._lease.release()
            self._lease = None
            self._lease_file.unlink(missing_ok=True)

    def _others_run(self) -> bool:
        """Say whether another program holds its file; remove the files nobody holds any more."""
        others = False
        for file in self._lease_file.parent.iterdir():
            if file == self._lease_file:
                continue
            held = try_lock(file)
            if held is None:
                others = True
            else:
                held.release()
                file.unlink(missing_ok=True)
        return others


@contextmanager
def _sentences(home: Path) -> Iterator[None]:
    """Turn what the operating system refuses into words."""
    try:
        yield
    except OSError as error:
        if error.errno in FULL_DISK:
            raise Unavailable(full_disk(home)) from error
        raise Unavailable(
            f"CRM Desktop cannot keep its data in {home}: {error.filename or home}: "
            f"{error.strerror or error}. Make the folder writable for you, or set CRM_DESKTOP_HOME "
            "to another one."
        ) from error
