"""The list that a record was opened from: where its next and its previous record are found."""

from __future__ import annotations

from dataclasses import dataclass

from crm_desktop.domain.field_types import EffectiveField
from crm_desktop.domain.filters import RecordQuery


@dataclass(frozen=True, slots=True)
class Trail:
    """A query with its columns; the record's row in it and the number of rows, if known."""

    query: RecordQuery
    columns: tuple[EffectiveField, ...]
    row: int | None = None
    total: int | None = None
