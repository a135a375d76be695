"""What changed between two layouts, as a list that can be read aloud."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from crm_desktop.domain.json_edits import ABSENT
from crm_desktop.domain.layout_draft import Layout, differences
from crm_desktop.domain.layout_merge import moved_entries, moved_sections, recognised


class Kind(StrEnum):
    ATTACHED = "attached"
    DETACHED = "detached"
    MOVED = "moved"
    SET = "set"
    SECTION_ADDED = "section added"
    SECTION_REMOVED = "section removed"
    SECTION_MOVED = "section moved"
    SECTION_SET = "section set"


@dataclass(frozen=True, slots=True)
class LayoutChange:
    """One difference: of an entry (`field_id` is its field) or of a section (by its key).

    For a place, `before` and `after` are the title of the section and the number in it from 1;
    for an attribute called `name`, its values, ABSENT where an override is inherited.
    """

    kind: Kind
    subject: str
    field_id: str = ""
    name: str = ""
    before: Any = None
    after: Any = None


def changes_against(saved: Layout, now: Layout) -> list[LayoutChange]:
    """Return what leads from `saved` to `now`: sections first, then fields as they are read."""
    saved = recognised(saved, now)
    return [*_section_changes(saved, now), *_entry_changes(saved, now)]


def _section_changes(saved: Layout, now: Layout) -> Iterator[LayoutChange]:
    old, moved = saved.by_key(), moved_sections(saved, now)
    for place, section in enumerate(now.sections, start=1):
        before = old.get(section.key)
        if before is None:
            yield LayoutChange(Kind.SECTION_ADDED, section.key, after=section.title)
            continue
        if section.key in moved:
            number = saved.sections.index(before) + 1
            yield LayoutChange(Kind.SECTION_MOVED, section.key, before=number, after=place)
        was, is_now = before.attributes(), section.attributes()
        for name in differences(was, is_now):
            yield LayoutChange(Kind.SECTION_SET, section.key, "", name, was[name], is_now[name])
    for section in saved.sections:
        if section.key not in now.by_key():
            yield LayoutChange(Kind.SECTION_REMOVED, section.key, before=section.title)


def _entry_changes(saved: Layout, now: Layout) -> Iterator[LayoutChange]:
    old, new, moved = saved.by_id(), now.by_id(), moved_entries(saved, now)
    were, are = _places(saved), _places(now)
    for entry in now.entries():
        before = old.get(entry.id)
        if before is None:
            place = are[entry.id]
            yield LayoutChange(Kind.ATTACHED, entry.id, entry.field_id, after=place)
        elif entry.id in moved:
            places = were[entry.id], are[entry.id]
            yield LayoutChange(Kind.MOVED, entry.id, entry.field_id, "", *places)
        was = {} if before is None else before.attributes()
        is_now = entry.attributes()
        for name in differences(was, is_now) if before is not None else ():
            values = was.get(name, ABSENT), is_now.get(name, ABSENT)
            yield LayoutChange(Kind.SET, entry.id, entry.field_id, name, *values)
    for entry in saved.entries():
        if entry.id not in new:
            place = were[entry.id]
            yield LayoutChange(Kind.DETACHED, entry.id, entry.field_id, before=place)


def _places(layout: Layout) -> dict[str, tuple[str, int]]:
    """Return the title of the section and the number in it, by the entry's id."""
    return {
        entry.id: (section.title, number)
        for section in layout.sections
        for number, entry in enumerate(section.entries, start=1)
    }
