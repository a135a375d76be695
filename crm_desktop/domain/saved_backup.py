"""A backup as the window speaks of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Saved:
    """A backup that was examined, and what would make way for it, in words ("3 objects")."""

    file: Path
    size: int  # bytes
    made_at: str
    in_the_way: str
