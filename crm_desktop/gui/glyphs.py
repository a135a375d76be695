"""Finds Lucide's drawings by name, however a program elsewhere spelled it."""

from __future__ import annotations

import re
import sqlite3
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

NEUTRAL = "box"  # for an object whose icon says nothing we can draw
_NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_LONGEST = 64
_PREFIX = re.compile(r"^(?:lucide|icon)[-:/. ]+", re.IGNORECASE)
_SUFFIX = re.compile(r"(?:[-_ ]icon|(?<=[a-z0-9])Icon)$")
_WORD_START = re.compile(r"(?<=[a-z])(?=[A-Z0-9])|(?<=[0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def lucide_name(value: str) -> str | None:
    """Find the icon meant by `building`, `Building2`, `lucide:user-circle` or `UserIcon`."""
    text = value.strip()
    if not text or len(text) > _LONGEST:
        return None
    text = _SUFFIX.sub("", _PREFIX.sub("", text))
    words = _WORD_START.sub("-", text).replace("_", "-").replace(" ", "-").lower()
    return find_glyph(words) or find_glyph(text.lower())


@lru_cache(maxsize=1)
def _icons() -> sqlite3.Connection:
    """Open the icons of the package `lucide` without importing it, which takes 0.1 s."""
    spec = find_spec("lucide")
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError("The package python-lucide is missing.", name="lucide")
    path = Path(spec.submodule_search_locations[0], "data", "lucide-icons.db")
    return sqlite3.connect(f"{path.as_uri()}?mode=ro&immutable=1", uri=True)


@lru_cache(maxsize=1024)
def find_glyph(name: str) -> str | None:
    """Give the icon's present name, for names of earlier versions too."""
    if len(name) > _LONGEST or not _NAME.fullmatch(name):
        return None
    row = (
        _icons()
        .execute(
            "SELECT name FROM icons WHERE name = ?1"
            " UNION ALL SELECT name FROM icon_aliases WHERE alias = ?1 LIMIT 1",
            (name,),
        )
        .fetchone()
    )
    return None if row is None else str(row[0])


@lru_cache(maxsize=512)
def svg_text(name: str) -> str:
    """Give the drawing of an icon that `find_glyph` named, with `currentColor` for its colour."""
    row = _icons().execute("SELECT svg FROM icons WHERE name = ?", (name,)).fetchone()
    return str(row[0])


def tinted_svg(name: str, color: str) -> str:
    """Give the SVG of a Lucide icon in one colour, for style sheets."""
    return svg_text(find_glyph(name) or NEUTRAL).replace("currentColor", color)
