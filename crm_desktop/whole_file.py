"""Writes a file that stands at its place only once it is whole."""

import os
from pathlib import Path


class WholeFile:
    """A file to be written at `draft`; `publish` puts it at `path`, in place of what stood there.

    Links are followed. A device or a pipe is written as it is: a file must never take its place.
    All methods raise OSError.
    """

    def __init__(self, path: Path) -> None:
        self._is_special = path.exists() and not path.is_file()
        self._target = path if self._is_special else path.resolve()
        self.draft = self._target
        if not self._is_special:
            self.draft = self._target.with_name(f"{self._target.name}.{os.getpid()}.part")

    def try_place(self) -> None:
        """Find out now whether anything could be written later."""
        if not self._is_special:
            self.draft.open("x").close()

    def publish(self) -> None:
        if not self._is_special:
            self.draft.replace(self._target)

    def discard(self) -> None:
        """Remove what was not published."""
        if not self._is_special:
            self.draft.unlink(missing_ok=True)
