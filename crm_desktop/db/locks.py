"""Locks between processes that the operating system keeps: they vanish with their holder."""

import os
import sys
import time
from pathlib import Path
from types import TracebackType

from crm_desktop.domain.errors import Unavailable

POLL_SECONDS = 0.005


class HeldLock:
    """A lock that is ours until `release`, or until the process ends in whatever way.

    On POSIX it belongs to the open file, not to the process: a child that inherits `descriptor`
    goes on holding it, and two locks of one process exclude each other.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor: int | None = descriptor

    @property
    def descriptor(self) -> int:
        if self._descriptor is None:
            raise ValueError("The lock was released.")
        return self._descriptor

    def release(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def __enter__(self) -> "HeldLock":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.release()


def try_lock(path: Path) -> HeldLock | None:
    """Take the lock of this file (made where it is missing), or return None: it is held."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        _lock(descriptor)
    except (BlockingIOError, PermissionError):  # POSIX says the first, Windows the second
        os.close(descriptor)
        return None
    except OSError:
        os.close(descriptor)
        raise
    return HeldLock(descriptor)


def wait_for_lock(path: Path, seconds: float, refusal: str) -> HeldLock:
    """Take the lock within this time, or raise Unavailable with `refusal`."""
    deadline = time.monotonic() + seconds
    while True:
        held = try_lock(path)
        if held is not None:
            return held
        if time.monotonic() > deadline:
            raise Unavailable(refusal)
        time.sleep(POLL_SECONDS)


def _lock(descriptor: int) -> None:
    # Not lockf: POSIX record locks vanish when the process closes the file anywhere.
    if sys.platform == "win32":
        import msvcrt

        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
