"""What is copied and pasted: texts, and exact values where they are known."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from crm_desktop.domain.html_tables import HtmlCell, check_size
from crm_desktop.domain.json_text import json_text, json_value

EXACT_FORM = "application/x-crm-desktop-cells+json"
"""The type of data by which this program copies to itself, and to other copies of it."""
_VERSION = 1


@dataclass(frozen=True, slots=True)
class CellBlock:
    """A rectangle of cells, row by row.

    `values` are JSON values. With `types`, the columns' field types, they are exact and None is
    an empty cell; without types they come from a spreadsheet (numbers, and dates as ISO 8601
    text) and None is a cell of which only the text is known.
    """

    texts: tuple[tuple[str, ...], ...]
    values: tuple[tuple[Any, ...], ...] | None = None
    types: tuple[str, ...] = ()

    @property
    def rows(self) -> int:
        return len(self.texts)

    @property
    def columns(self) -> int:
        return len(self.texts[0]) if self.texts else 0

    @classmethod
    def of_texts(cls, rows: Iterable[Sequence[str]]) -> "CellBlock":
        """Make a block of rows that may differ in length."""
        found = [tuple(row) for row in rows]
        width = max(map(len, found), default=0)
        check_size(len(found), width)
        return cls(tuple(row + ("",) * (width - len(row)) for row in found) if width else ())

    @classmethod
    def of_html(cls, rows: Sequence[Sequence[HtmlCell]]) -> "CellBlock":
        """Make a block of a table; all rows are of one length."""
        return cls(
            tuple(tuple(cell.text for cell in row) for row in rows),
            tuple(tuple(cell.value for cell in row) for row in rows),
        )


def exact_text(block: CellBlock) -> str:
    """Return the block as the JSON text that `read_exact` reads."""
    return json_text(
        {"version": _VERSION, "types": block.types, "values": block.values, "texts": block.texts}
    )


def read_exact(text: str) -> CellBlock | None:
    """Return the block of an exact text, None for anything else: other programs write there too."""
    try:
        found = json_value(text)
    except ValueError:
        return None
    if not isinstance(found, dict) or found.get("version") != _VERSION:
        return None
    types: Any = found.get("types")
    values, texts = found.get("values"), found.get("texts")
    if not _is_row(types, str) or not isinstance(values, list) or not isinstance(texts, list):
        return None
    width = len(types)
    is_whole = (
        width > 0
        and len(values) == len(texts)
        and all(isinstance(row, list) and len(row) == width for row in values)
        and all(_is_row(row, str) and len(row) == width for row in texts)
    )
    if not is_whole:
        return None
    return CellBlock(tuple(map(tuple, texts)), tuple(map(tuple, values)), tuple(types))


def _is_row(row: Any, kind: type) -> bool:
    return isinstance(row, list) and all(isinstance(part, kind) for part in row)
