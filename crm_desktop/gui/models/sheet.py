"""What a grid that is edited in place asks of its cells, and where it puts new values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from PySide6.QtCore import QModelIndex

from crm_desktop.domain.field_types import EffectiveField
from crm_desktop.domain.formats import Formats


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell as an edit finds it: `value` is what shows, `typed` what is no value there.

    `record_id` is "" in the row of a record that does not exist yet.
    """

    record_id: str
    field: EffectiveField
    value: Any
    text: str
    typed: Any = None


@dataclass(frozen=True, slots=True)
class NewValue:
    """What somebody put into a cell: a value, or what is none and what is wrong with it.

    `typed` is what the editor's control held, as `ValueEditor.typed` gives it.
    """

    cell: Cell
    value: Any
    typed: Any = None
    problem: str = ""


class Sheet(Protocol):
    """Cells that can be edited."""

    formats: Formats

    def is_record(self, index: QModelIndex) -> bool:
        """Say whether a record stands in the row: the heading of a group has no cells."""

    def cell_at(self, index: QModelIndex) -> Cell | None:
        """Return a cell; None where its row has not been read."""

    def lock_of(self, field: EffectiveField) -> str:
        """Say why nobody may type into a field; "" where one may."""

    def put(self, values: Sequence[NewValue], names: Mapping[str, str], gesture: str) -> None:
        """Take new values; `names` are those of records and users that they refer to."""

    def drop(self, cell: Cell) -> bool:
        """Forget what was refused in a cell; False where there is nothing of the kind."""

    def note_typing(self, new: NewValue | None) -> None:
        """Keep what stands in an open editor, in case that the program ends; None: it closed."""
