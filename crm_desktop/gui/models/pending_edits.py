"""The edits of cells that are not stored yet, by record and field, whatever is listed meanwhile."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, TypeAlias

from PySide6.QtCore import QCoreApplication, QObject, Signal

from crm_desktop.domain.errors import Clash
from crm_desktop.domain.field_types import EffectiveField

Key: TypeAlias = tuple[str, str]  # the ids of a record and a field


class EditState(IntEnum):
    """How far an edit has come; what needs somebody most comes last."""

    SAVED = 1
    SAVING = 2
    UNSAVED = 3  # the database could not be reached: it is tried again
    REFUSED = 4  # stays until it is mended or dropped


@dataclass(eq=False, slots=True)
class CellEdit:
    """One edited cell: the stored value it began with, the new one, and how that is shown.

    `typed` is what stood in the editor and is no value of the field: it can be mended, not
    stored. `unanswered` is what may have been stored, where no answer came. A saved edit
    `is_ahead` where the list may have been read before it was saved: it shows until then.
    """

    record_id: str
    field: EffectiveField
    old: Any
    new: Any
    text: str
    extra: Any = None  # chips, or the state of a box
    typed: Any = None
    state: EditState = EditState.SAVING
    reason: str = ""
    clash: Clash | None = None
    unanswered: Any = None
    is_ahead: bool = False

    @property
    def key(self) -> Key:
        return self.record_id, self.field.id

    @property
    def is_shown(self) -> bool:
        """Whether the cell shows this edit instead of what was read."""
        return self.state is not EditState.SAVED or self.is_ahead

    def spoken(self) -> str:
        """Return value and state in words, for a screen reader."""
        words = {
            EditState.SAVED: QCoreApplication.translate("CellEdit", "saved"),
            EditState.SAVING: QCoreApplication.translate("CellEdit", "saving"),
            EditState.UNSAVED: QCoreApplication.translate("CellEdit", "not saved yet"),
            EditState.REFUSED: QCoreApplication.translate("CellEdit", "refused"),
        }
        parts = (self.text, words[self.state], self.reason)
        return ", ".join(part for part in parts if part)


def typed_text(typed: Any) -> str:
    """Return how a cell shows what was typed and is no value."""
    if isinstance(typed, dict):
        typed = typed.get("text") or typed.get("url") or ""
    return " ".join(typed.split()) if isinstance(typed, str) else ""


def draft_value(old: Any, new: Any, typed: Any) -> dict[str, Any]:
    """Return an edit as drafts keep it; `typed` is None unless it is no value of the field."""
    return {"old": old, "new": new} if typed is None else {"old": old, "new": new, "text": typed}


class PendingEdits(QObject):
    """Keeps edits in the order they were made, until they are stored or dropped.

    It knows no rows: edits outlive sorting, filtering and reading again.
    """

    changed = Signal(object)  # the ids of records whose edits came, went or changed

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.by_record: dict[str, dict[str, CellEdit]] = {}
        self._edits: dict[Key, CellEdit] = {}
        self.made = 0  # edits so far
        self._last: dict[Key, int] = {}  # which of them was the last of its cell

    def get(self, key: Key) -> CellEdit | None:
        return self._edits.get(key)

    def put(self, edits: Iterable[CellEdit]) -> None:
        """Take edits in, each in the place of an earlier one of its cell."""
        edits = list(edits)
        for edit in edits:
            self._edits[edit.key] = edit
            self.made += 1
            self._last[edit.key] = self.made
            self.by_record.setdefault(edit.record_id, {})[edit.field.id] = edit
        self.tell(edits)

    def drop(self, edits: Iterable[CellEdit]) -> None:
        """Forget edits; one that was followed by another of its cell is left alone."""
        known = [edit for edit in edits if self._edits.get(edit.key) is edit]
        for edit in known:
            del self._edits[edit.key]
            of_record = self.by_record[edit.record_id]
            del of_record[edit.field.id]
            if not of_record:
                del self.by_record[edit.record_id]
        self.tell(known)

    def has_newer(self, made: int, keys: Iterable[Key]) -> bool:
        """Say whether one of these cells was edited after so many edits had been made."""
        return self.made > made and any(self._last.get(key, 0) > made for key in keys)

    def tell(self, edits: Iterable[CellEdit]) -> None:
        """Say that these edits changed."""
        if records := {edit.record_id for edit in edits}:
            self.changed.emit(frozenset(records))

    def all(self) -> list[CellEdit]:
        return list(self._edits.values())

    def in_state(self, *states: EditState) -> list[CellEdit]:
        return [edit for edit in self._edits.values() if edit.state in states]

    def unsaved(self) -> list[CellEdit]:
        """Return what is not stored."""
        return [edit for edit in self._edits.values() if edit.state is not EditState.SAVED]
