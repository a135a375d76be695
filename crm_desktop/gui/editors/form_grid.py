"""Where the fields of a form stand: rows and columns, the same in the form and its preview."""

from __future__ import annotations

from collections.abc import Iterable

from crm_desktop.domain.layout_draft import AUTOMATIC
from crm_desktop.gui.editors.making import WIDE_TYPES

COLUMN_FROM = 65  # units of width for each column; a narrower form has fewer


def columns_in(width: float, unit: int, wanted: int) -> int:
    """Return how many of the wanted columns there is room for in this many pixels."""
    return max(1, min(wanted, int(width // (COLUMN_FROM * unit))))


def span_of(field_type: str, width: int, columns: int) -> int:
    """Return how many columns a field takes: what was set, else as its type asks."""
    if width == AUTOMATIC:
        return columns if field_type in WIDE_TYPES else 1
    return min(width, columns)


def arranged(spans: Iterable[int], columns: int) -> list[tuple[int, int, int]]:
    """Return row, column and span of each field: side by side, a new row where one does not fit."""
    places = []
    place = 0
    for span in spans:
        if place % columns + span > columns:
            place += columns - place % columns
        places.append((place // columns, place % columns, span))
        place += span
    return places
