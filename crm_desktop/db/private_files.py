"""Files that only their owner reads, written whole or not at all."""

import os
from functools import partial
from pathlib import Path


def write_private(path: Path, text: str) -> None:
    """Replace the file's content; readers see the old or the new text, also after a power cut."""
    import secrets  # not before the first paint

    unfinished = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    opener = partial(os.open, mode=0o600)
    try:
        with open(unfinished, "x", encoding="utf-8", opener=opener) as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
