"""The files in which unsaved input outlives the program: one for each running copy of it."""

from __future__ import annotations

import hashlib
import logging
import os
import secrets
import sys
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from crm_desktop.db.locks import HeldLock, try_lock
from crm_desktop.db.private_files import write_private
from crm_desktop.domain.drafts import Draft, draft_line, read_draft
from crm_desktop.domain.errors import Unavailable

MOST_DRAFTS = 1000
MOST_LETTERS = 8_000_000  # of JSON in one file; the oldest drafts go first
_ADOPTED = "@"  # stands in the keys of drafts that were taken over from another program

_log = logging.getLogger(__name__)


class DraftFile:
    """The file of one running program; the methods raise Unavailable where the disk refuses.

    Its lock is held until the program ends in whatever way: who gets the lock of a file knows
    that nobody writes it any more.
    """

    def __init__(self, path: Path, lock: HeldLock) -> None:
        self._path = path
        self._lock: HeldLock | None = lock

    @classmethod
    def in_folder(cls, folder: Path) -> DraftFile:
        """Begin a file of a new name, and hold its lock."""
        while True:
            path = folder / f"{secrets.token_hex(8)}.jsonl"
            lock = try_lock(_lock_of(path))
            if lock is not None and _stands(lock, _lock_of(path)):
                return cls(path, lock)

    def adopt_left_over(self) -> tuple[Draft, ...]:
        """Take over what programs left that are gone; it is in our own file before theirs go."""
        with ExitStack() as until_written:
            dead = []
            for path in sorted(self._path.parent.glob("*.jsonl")):
                lock = try_lock(_lock_of(path)) if path != self._path else None
                if lock is not None:
                    until_written.enter_context(lock)
                    dead.append(path)
            found = {draft.key: draft for path in dead for draft in _read(path)}
            drafts = tuple(sorted(found.values(), key=_moment, reverse=True))
            if drafts:
                self.write(drafts)
            for path in dead:
                path.unlink(missing_ok=True)
        self._sweep()
        return drafts

    def _sweep(self) -> None:
        """Remove the locks of programs that are gone and left nothing."""
        for path in self._path.parent.glob("*.lock"):
            if path != _lock_of(self._path) and not path.with_suffix(".jsonl").exists():
                lock = try_lock(path)
                if lock is not None:
                    _remove(path, lock)

    def write(self, drafts: Iterable[Draft]) -> None:
        """Replace what the file holds; without any drafts there is no file."""
        lines = _bounded_lines(drafts)
        try:
            if lines:
                write_private(self._path, "".join(lines))
            else:
                self._path.unlink(missing_ok=True)
        except OSError as error:
            raise _unavailable(error) from error

    def close(self) -> None:
        """Let others have what is left in it."""
        if self._lock is not None:
            self._lock.release()
            self._lock = None
        if not self._path.exists():
            _lock_of(self._path).unlink(missing_ok=True)


def open_drafts(home: Path, owner: str) -> tuple[DraftFile, tuple[Draft, ...]]:
    """Begin a file below `home` and return it with the drafts that are left over, newest first.

    `owner` tells a database and a person from others. Raises Unavailable.
    """
    folder = home / "drafts" / hashlib.sha256(owner.encode()).hexdigest()[:24]
    try:
        folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.mkdir(mode=0o700, exist_ok=True)
        file = DraftFile.in_folder(folder)
        return file, file.adopt_left_over()
    except OSError as error:
        raise _unavailable(error) from error


def _unavailable(error: OSError) -> Unavailable:
    return Unavailable(
        "What you type cannot be kept safe from a crash until it is saved: "
        f"{error.strerror or error}. Save often."
    )


def _lock_of(path: Path) -> Path:
    return path.with_suffix(".lock")


def _remove(path: Path, lock: HeldLock) -> None:
    """Remove the file of a lock that we hold, so that nobody takes it for one that stands."""
    if sys.platform == "win32":  # removes no file that is open
        lock.release()
        path.unlink(missing_ok=True)
    else:
        path.unlink(missing_ok=True)
        lock.release()


def _stands(lock: HeldLock, path: Path) -> bool:
    """Say whether the locked file is the one at this path: another program may sweep it away."""
    try:
        is_same = os.path.samestat(os.fstat(lock.descriptor), path.stat())
    except FileNotFoundError:
        is_same = False
    if not is_same:
        lock.release()
    return is_same


def _moment(draft: Draft) -> datetime:
    return draft.at


def _bounded_lines(drafts: Iterable[Draft]) -> list[str]:
    """Return a line for each draft, newest first, as many as may be kept."""
    lines: list[str] = []
    letters = 0
    for draft in sorted(drafts, key=_moment, reverse=True):
        line = draft_line(draft)
        if len(lines) < MOST_DRAFTS and letters + len(line) <= MOST_LETTERS:
            lines.append(line)
            letters += len(line)
        else:
            _log.warning("The draft %s was not kept: there are too many.", draft.key)
    return lines


def _read(path: Path) -> list[Draft]:
    """Return the drafts that can be read; where some cannot, the file is kept aside."""
    is_whole = path.stat().st_size <= 2 * MOST_LETTERS
    lines = path.read_bytes().split(b"\n") if is_whole else [b"too large"]
    drafts: list[Draft] = []
    bad = 0
    for line in filter(None, lines):
        try:
            drafts.append(_adopted(read_draft(line), path.stem))
        except ValueError:
            bad += 1
    if bad:
        aside = path.with_suffix(".unreadable")
        path.replace(aside)
        _log.warning("%d drafts cannot be read. They are kept in %s.", bad, aside)
    return drafts


def _adopted(draft: Draft, origin: str) -> Draft:
    """Give a draft a key that no draft of ours has; one that was left over before keeps its own."""
    is_adopted = _ADOPTED in draft.key
    return draft if is_adopted else replace(draft, key=f"{draft.key}{_ADOPTED}{origin}")
