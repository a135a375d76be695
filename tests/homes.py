"""Data folders for tests of the embedded server: reachable for its account, empty again after."""

import os
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from crm_desktop.db.server import EmbeddedServer
from tests.postgres import quick_folder


@contextmanager
def temporary_home(name: str = "home") -> Iterator[Path]:
    """Give a path for a home that does not exist yet; no process may be left in it afterwards."""
    folder = quick_folder() or "/tmp"  # noqa: S108 - what is made there is private
    top = Path(tempfile.mkdtemp(prefix="crm-", dir=folder)).resolve()
    top.chmod(0o711)  # as root the server runs under another account
    try:
        yield top / name
        left = processes_in(top)
        assert not left, [process.cmdline() for process in left]
    finally:
        for process in processes_in(top):
            process.kill()
        shutil.rmtree(top)


def make_home(home: Path) -> None:
    """Make a home that was used once and stopped."""
    with EmbeddedServer.running(home):
        pass


def copy_home(used: Path, home: Path) -> None:
    subprocess.run(["cp", "-a", str(used), str(home)], check=True)


def processes_in(folder: Path) -> list[psutil.Process]:
    """Return the live processes whose working folder is this one or below it."""
    found = []
    for process in psutil.process_iter():
        try:
            inside = Path(process.cwd()).is_relative_to(folder)
            if inside and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return found


def server_process(home: Path) -> psutil.Process:
    """Return the server's main process as the pid file names it."""
    return psutil.Process(int((home / "data" / "postmaster.pid").read_text().split()[0]))


def wait_until(condition: Callable[[], object], seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    pause = threading.Event()
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        pause.wait(0.005)


def is_root() -> bool:
    return os.geteuid() == 0
