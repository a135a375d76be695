"""What can be undone where the database keeps no history: edits of records in this session."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from crm_desktop.db.database import WriteSession
    from crm_desktop.domain.changes import EditedRecord

Edits: TypeAlias = "tuple[EditedRecord, ...]"
DEEPEST = 100


@dataclass
class SessionStack:
    """The edits that stand and those that were undone, the last on top."""

    done: list[Edits] = field(default_factory=list)
    undone: list[Edits] = field(default_factory=list)

    def take(self, edits: Edits) -> None:
        """Put what somebody did just now on top; nothing can be done again after it."""
        self.done = [*self.done, edits][-DEEPEST:]
        self.undone.clear()

    def turn(self, edits: Edits, *, is_undo: bool) -> None:
        """Move a step over to the other side, when it was taken."""
        source, target = (self.done, self.undone) if is_undo else (self.undone, self.done)
        if edits in source:
            source.remove(edits)
            target.append(edits)

    def drop(self, edits: Edits) -> None:
        """Forget a step that could not be taken: what it is about was changed since."""
        for stack in (self.done, self.undone):
            if edits in stack:
                stack.remove(edits)


def replay(session: WriteSession, edits: Sequence[EditedRecord], *, is_undo: bool) -> None:
    """Write the old values again, or the new ones, guarded as every edit; all or none."""
    from crm_desktop.services import records  # with SQLAlchemy: not before the first paint

    for edited in reversed(edits) if is_undo else edits:
        values = {
            key: records.Edit(new, old) if is_undo else records.Edit(old, new)
            for key, (old, new) in edited.values.items()
        }
        records.update_record(session, edited.record_id, values)
    session.edits.clear()  # this is no new step
