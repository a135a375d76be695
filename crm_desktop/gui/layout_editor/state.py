"""What the layout editor edits: one draft, the library beside it, and every step one can take."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from PySide6.QtCore import QObject, Signal

from crm_desktop.domain import layout_draft
from crm_desktop.domain.effective import EffectiveField, merge_field
from crm_desktop.domain.ids import Prefix, new_id
from crm_desktop.domain.json_edits import ABSENT
from crm_desktop.domain.layout_draft import (
    Act,
    Draft,
    Entry,
    Layout,
    Section,
    Step,
    differences,
    is_same,
)
from crm_desktop.domain.layout_merge import Choices, merge, rebased
from crm_desktop.services.fields import FieldSummary
from crm_desktop.services.layout_saving import SavedLayout, StoredLayout

NOTHING = Draft(Layout(), Layout())


class LayoutState(QObject):
    """The draft that all panes show; each change of it is announced once, as a whole."""

    changed = Signal()  # another layout, or other words for it, is to be shown
    moved = Signal(object)  # ids of the entries, or the key of the section, that were put somewhere
    already_there = Signal(object)  # ids of fields that are in the layout and were not added

    def __init__(self, object_id: str, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.object_id = object_id
        self.stored: StoredLayout | None = None
        self.library: Mapping[str, FieldSummary] = {}
        self.names: dict[str, str] = {}  # of records, people and objects that settings name
        self.draft = NOTHING

    @property
    def layout(self) -> Layout:
        return self.draft.now

    # What is known

    def show_library(self, found: Iterable[FieldSummary]) -> None:
        self.library = {field.id: field for field in found}
        self.changed.emit()

    def show_stored(self, stored: StoredLayout) -> bool:
        """Stand on what is stored now, what was edited carried over.

        False where others changed the same: the draft stays as it was, and saving will ask.
        """
        if self.stored is None:
            self.draft = Draft(stored.layout, stored.layout)
        elif is_same(self.draft.saved, stored.layout):
            pass  # what we know already: the way back stays as it is
        elif merge(self.draft.saved, self.draft.now, stored.layout).clashes:
            return False
        else:
            self.draft = rebased(self.draft, stored.layout)
        self.stored = stored
        self.changed.emit()
        return True

    def show_saved(self, saved: SavedLayout, choices: Choices) -> None:
        """Stand on what was stored just now; every step can still be undone."""
        if saved.was_merged:
            self.draft = rebased(self.draft, saved.theirs, choices)
        self.stored = saved.stored
        self.draft = replace(self.draft, saved=saved.stored.layout)
        self.changed.emit()

    def begin_with(self, layout: Layout) -> None:
        """Take up a layout that was edited before, as one step."""
        self.do(Act.TAKE_OVER, layout)

    def field_of(self, entry: Entry) -> EffectiveField:
        """Return the field as the draft shows it."""
        found = self.library.get(entry.field_id)
        known = self.stored.attached.get(entry.id) if self.stored else None
        if found is None:
            own = known.effective if known else EffectiveField(entry.field_id, "", "…", "text")
            return replace(
                own,
                is_required=entry.is_required,
                is_visible=entry.is_visible,
                is_readonly=entry.is_readonly,
            )
        return merge_field(
            id=found.id,
            name=found.name,
            label=found.label,
            type=found.type,
            config=found.config,
            description=found.description,
            is_system_field=found.is_system_field,
            is_required=entry.is_required,
            is_visible=entry.is_visible,
            is_readonly=entry.is_readonly,
            overrides=entry.overrides,
        )

    def label_of(self, entry: Entry) -> str:
        own = entry.overrides.get("label")
        if isinstance(own, str) and own:
            return own
        found = self.library.get(entry.field_id)
        if found is not None:
            return found.label
        known = self.stored.attached.get(entry.id) if self.stored else None
        return known.effective.label if known else entry.field_id

    def type_of(self, entry: Entry) -> str:
        found = self.library.get(entry.field_id)
        known = self.stored.attached.get(entry.id) if self.stored else None
        return found.type if found else known.effective.type if known else ""

    # Steps

    def do(self, act: Act, layout: Layout, subjects: Sequence[str] = ()) -> bool:
        """Go on to this layout; False where it is the one that is shown."""
        draft = self.draft.stepped(Step(act, tuple(subjects)), layout)
        if draft is self.draft:
            return False
        self.draft = draft
        self.changed.emit()
        return True

    def undo(self) -> None:
        self.draft = self.draft.undone()
        self.changed.emit()

    def redo(self) -> None:
        self.draft = self.draft.redone()
        self.changed.emit()

    def revert(self) -> None:
        self.draft = self.draft.reverted()
        self.changed.emit()

    def move(self, entry_ids: Sequence[str], key: str, index: int) -> bool:
        """Put entries before what stands at `index` of a section, counted before the move."""
        layout = layout_draft.move(self.layout, entry_ids, key, index)
        return self._put(layout, entry_ids)

    def move_by(self, entry_ids: Sequence[str], step: int) -> bool:
        return self._put(layout_draft.move_by(self.layout, entry_ids, step), entry_ids)

    def move_to_end(self, entry_ids: Sequence[str], step: int) -> bool:
        return self._put(layout_draft.move_to_end(self.layout, entry_ids, step), entry_ids)

    def _put(self, layout: Layout, entry_ids: Sequence[str]) -> bool:
        is_moved = self.do(Act.MOVE, layout, entry_ids)
        if entry_ids:
            self.moved.emit(tuple(entry_ids))
        return is_moved

    def attach(self, entries: Sequence[Entry], key: str, index: int) -> bool:
        """Add fields that are not there yet; each gets an id unless it keeps one.

        What the library does not know (any more) is passed over.
        """
        entries = [entry for entry in entries if entry.field_id in self.library]
        here = self.layout.field_ids()
        taken = set(self.layout.ids())
        new = [
            entry if entry.id and entry.id not in taken else replace(entry, id=_fresh_id())
            for entry in entries
            if entry.field_id not in here
        ]
        known = tuple(entry.field_id for entry in entries if entry.field_id in here)
        ids = [entry.id for entry in new]
        is_new = self.do(Act.ATTACH, layout_draft.attach(self.layout, new, key, index), ids)
        if is_new:
            self.moved.emit(tuple(ids))
        elif known:
            self.already_there.emit(known)
        return is_new

    def detach(self, entry_ids: Sequence[str]) -> bool:
        return self.do(Act.DETACH, layout_draft.detach(self.layout, entry_ids), entry_ids)

    def set_attribute(self, entry_ids: Sequence[str], name: str, value: Any) -> bool:
        layout = layout_draft.set_attribute(self.layout, entry_ids, name, value)
        return self.do(Act.SET, layout, entry_ids)

    def set_overrides(self, entry_id: str, overrides: Mapping[str, Any]) -> bool:
        """Let these be all that an entry says differently from the library, as one step."""
        entry = self.layout.by_id().get(entry_id)
        if entry is None:
            return False  # somebody else took it out while it was typed
        before, after = (
            {f"override:{key}": value for key, value in each.items()}
            for each in (entry.overrides, overrides)
        )
        layout = self.layout
        for name in differences(before, after):
            layout = layout_draft.set_attribute(layout, [entry_id], name, after.get(name, ABSENT))
        return self.do(Act.SET, layout, [entry_id])

    def add_section(self, title: str, index: int) -> str:
        """Add an empty section before the one at `index`; returns its key."""
        section = Section(_fresh_id(), title)
        self.do(Act.SECTION, layout_draft.add_section(self.layout, section, index), [section.key])
        return section.key

    def change_section(self, key: str, **attributes: Any) -> bool:
        layout = layout_draft.change_section(self.layout, key, **attributes)
        return self.do(Act.SECTION, layout, [key])

    def remove_section(self, key: str) -> bool:
        return self.do(Act.SECTION, layout_draft.remove_section(self.layout, key), [key])

    def move_section(self, key: str, index: int) -> bool:
        """Put a section before the one at `index`, counted before the move."""
        is_moved = self.do(Act.SECTION, layout_draft.move_section(self.layout, key, index), [key])
        self.moved.emit((key,))
        return is_moved


def _fresh_id() -> str:
    return new_id(Prefix.OBJECT_FIELD)
