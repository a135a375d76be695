"""A layout while it is edited: sections of fields as a value, each step making another one."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from crm_desktop.domain.json_edits import ABSENT, Absent, same_json

NARROWEST, WIDEST = 1, 3
USUAL_COLUMNS = 2
AUTOMATIC = 0  # the width of a field that takes as many columns as its type asks for
STEPS = 500  # that can be undone
FLAGS = ("is_required", "is_visible", "is_readonly")


@dataclass(frozen=True, slots=True)
class Entry:
    """A field in the layout; `id` is its attachment's, made beforehand while it is not stored.

    `width` counts columns. `is_extra` where the field stands in the object a second time.
    """

    id: str
    field_id: str
    is_required: bool = False
    is_visible: bool = True
    is_readonly: bool = False
    width: int = AUTOMATIC
    overrides: Mapping[str, Any] = field(default_factory=dict)
    is_extra: bool = field(default=False, compare=False)

    def attributes(self) -> dict[str, Any]:
        """Return what can be set, by name; each override by `override:` and its key."""
        flags = {name: getattr(self, name) for name in (*FLAGS, "width")}
        return flags | {f"override:{key}": value for key, value in self.overrides.items()}

    def with_attribute(self, name: str, value: Any) -> "Entry":
        """Return the entry with this attribute, an override without it where ABSENT."""
        if not name.startswith("override:"):
            changed: dict[str, Any] = {name: value}
            return replace(self, **changed)
        key = name.removeprefix("override:")
        kept = {own: each for own, each in self.overrides.items() if own != key}
        return replace(self, overrides=kept if value is ABSENT else {**kept, key: value})


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the layout; `key` tells it apart while it is edited, and is stored nowhere.

    `kept` and `others` are what other programs say of it, and list in it, beside our fields.
    """

    key: str
    title: str = ""
    is_collapsible: bool = False
    columns: int = USUAL_COLUMNS
    entries: tuple[Entry, ...] = ()
    kept: Mapping[str, Any] = field(default_factory=dict)
    others: tuple[Any, ...] = ()

    def attributes(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in ("title", "is_collapsible", "columns")}

    def ids(self) -> list[str]:
        return [entry.id for entry in self.entries]


@dataclass(frozen=True, slots=True)
class Layout:
    """All sections of an object in order; there is always one."""

    sections: tuple[Section, ...] = (Section(""),)

    def entries(self) -> Iterator[Entry]:
        """Give the entries as they are read, which is the order that is stored."""
        for section in self.sections:
            yield from section.entries

    def ids(self) -> list[str]:
        return [entry.id for entry in self.entries()]

    def by_id(self) -> dict[str, Entry]:
        return {entry.id: entry for entry in self.entries()}

    def field_ids(self) -> set[str]:
        return {entry.field_id for entry in self.entries()}

    def by_key(self) -> dict[str, Section]:
        return {section.key: section for section in self.sections}

    def place_of(self, entry_id: str) -> tuple[Section, int]:
        """Return the section and the place in it from 0; KeyError for what is not here."""
        for section in self.sections:
            for place, entry in enumerate(section.entries):
                if entry.id == entry_id:
                    return section, place
        raise KeyError(entry_id)


def differences(one: Mapping[str, Any], other: Mapping[str, Any]) -> list[str]:
    """Return the names of attributes whose values differ, in order."""
    names = (*one, *(name for name in other if name not in one))
    return [name for name in names if not same_json(one.get(name, ABSENT), other.get(name, ABSENT))]


def is_same(one: Layout, other: Layout) -> bool:
    """Say whether two layouts would be stored alike, whatever the keys of their sections."""
    return len(one.sections) == len(other.sections) and all(
        not differences(mine.attributes(), theirs.attributes())
        and mine.ids() == theirs.ids()
        and all(
            not differences(a.attributes(), b.attributes())
            for a, b in zip(mine.entries, theirs.entries, strict=True)
        )
        for mine, theirs in zip(one.sections, other.sections, strict=True)
    )


# Steps: each returns another layout, or the same one where there is nothing to do


def move(layout: Layout, entry_ids: Iterable[str], key: str, index: int) -> Layout:
    """Put entries together before what stands at `index` of a section, in the order they had.

    `index` counts what is in the section before the move, as a drop does. Where the section is
    gone, nothing moves.
    """
    wanted = set(entry_ids)
    chosen = [entry for entry in layout.entries() if entry.id in wanted]
    target = layout.by_key().get(key)
    if target is None:
        return layout
    before = [entry.id for entry in target.entries[:index]]
    rest = detach(layout, wanted)
    place = sum(entry_id not in wanted for entry_id in before)
    moved = _inserted(rest, chosen, key, place)
    return layout if moved == layout else moved


def attach(layout: Layout, entries: Iterable[Entry], key: str, index: int) -> Layout:
    """Add entries before what stands at `index`; fields that are here already are passed over."""
    known = layout.field_ids()
    new: dict[str, Entry] = {}
    for entry in entries:
        if entry.field_id not in known:
            new.setdefault(entry.field_id, entry)
    return _inserted(layout, new.values(), key, index) if new else layout


def detach(layout: Layout, entry_ids: Iterable[str]) -> Layout:
    gone = set(entry_ids)
    return _each_section(
        layout, lambda own: tuple(entry for entry in own.entries if entry.id not in gone)
    )


def set_attribute(
    layout: Layout, entry_ids: Iterable[str], name: str, value: Any | Absent
) -> Layout:
    """Set one attribute of entries, named as `Entry.attributes` does; ABSENT drops an override."""
    wanted = set(entry_ids)
    return _each_section(
        layout,
        lambda own: tuple(
            entry.with_attribute(name, value) if entry.id in wanted else entry
            for entry in own.entries
        ),
    )


def move_by(layout: Layout, entry_ids: Iterable[str], step: int) -> Layout:
    """Move entries one place up (-1) or down (1) together, into the next section at an end."""
    chosen = [entry_id for entry_id in layout.ids() if entry_id in set(entry_ids)]
    if not chosen:
        return layout
    section, place = layout.place_of(chosen[0] if step < 0 else chosen[-1])
    number = layout.sections.index(section)
    if step < 0 and place:
        return move(layout, chosen, section.key, place - 1)
    if step > 0 and place < len(section.entries) - 1:
        return move(layout, chosen, section.key, place + 2)
    if not 0 <= number + step < len(layout.sections):
        return move(layout, chosen, section.key, 0 if step < 0 else len(section.entries))
    near = layout.sections[number + step]
    return move(layout, chosen, near.key, len(near.entries) if step < 0 else 0)


def move_to_end(layout: Layout, entry_ids: Iterable[str], step: int) -> Layout:
    """Move entries to the top (-1) or the bottom (1) of the section of the first of them.

    Where they stand there already, it is the top or the bottom of the whole layout.
    """
    chosen = [entry_id for entry_id in layout.ids() if entry_id in set(entry_ids)]
    if not chosen:
        return layout
    section, _ = layout.place_of(chosen[0])
    moved = move(layout, chosen, section.key, 0 if step < 0 else len(section.entries))
    if moved != layout:
        return moved
    far = layout.sections[0 if step < 0 else -1]
    return move(layout, chosen, far.key, 0 if step < 0 else len(far.entries))


def add_section(layout: Layout, section: Section, index: int) -> Layout:
    sections = list(layout.sections)
    sections.insert(index, section)
    return Layout(tuple(sections))


def change_section(layout: Layout, key: str, **attributes: Any) -> Layout:
    return Layout(
        tuple(
            replace(section, **attributes) if section.key == key else section
            for section in layout.sections
        )
    )


def remove_section(layout: Layout, key: str) -> Layout:
    """Take a section away; its fields go to the one above it, or else below. One always stays."""
    keys = [section.key for section in layout.sections]
    if len(keys) < 2 or key not in keys:
        return layout
    number = keys.index(key)
    gone = layout.sections[number]
    heir = layout.sections[number - 1 if number else 1]
    both = (heir, gone) if number else (gone, heir)
    joined = replace(
        heir,
        entries=both[0].entries + both[1].entries,
        others=both[0].others + both[1].others,
    )
    return Layout(
        tuple(
            joined if section is heir else section
            for section in layout.sections
            if section is not gone
        )
    )


def move_section(layout: Layout, key: str, index: int) -> Layout:
    """Put a section before the one at `index`, counted before the move; none where it is gone."""
    sections = list(layout.sections)
    keys = [section.key for section in sections]
    if key not in keys:
        return layout
    number = keys.index(key)
    moved = sections.pop(number)
    sections.insert(index - (index > number), moved)
    return Layout(tuple(sections))


def _inserted(layout: Layout, entries: Iterable[Entry], key: str, index: int) -> Layout:
    new = tuple(entries)
    return _each_section(
        layout,
        lambda own: (
            own.entries[:index] + new + own.entries[index:] if own.key == key else own.entries
        ),
    )


def _each_section(layout: Layout, entries_of: Callable[[Section], tuple[Entry, ...]]) -> Layout:
    sections = []
    for section in layout.sections:
        entries = entries_of(section)
        sections.append(
            section if entries == section.entries else replace(section, entries=entries)
        )
    return Layout(tuple(sections))


class Act(StrEnum):
    """What a step did, for the words of Undo."""

    MOVE = "move"
    ATTACH = "attach"
    DETACH = "detach"
    SET = "set"
    SECTION = "section"
    TAKE_OVER = "take over"  # a layout from elsewhere


@dataclass(frozen=True, slots=True)
class Step:
    """One gesture; `subjects` are the entries or the section that it was about."""

    act: Act
    subjects: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Draft:
    """A layout, the one that is stored, and the way back and forth between all that it was.

    `past` holds each step with the layout before it, `future` with the layout after it.
    """

    saved: Layout
    now: Layout
    past: tuple[tuple[Step, Layout], ...] = ()
    future: tuple[tuple[Step, Layout], ...] = ()

    @property
    def is_changed(self) -> bool:
        return not is_same(self.saved, self.now)

    def stepped(self, step: Step, layout: Layout) -> "Draft":
        """Go on to another layout; a step that changes nothing is none."""
        if layout == self.now:
            return self
        return replace(self, now=layout, past=(*self.past, (step, self.now))[-STEPS:], future=())

    def undone(self) -> "Draft":
        if not self.past:
            return self
        step, before = self.past[-1]
        future = ((step, self.now), *self.future)
        return replace(self, now=before, past=self.past[:-1], future=future)

    def redone(self) -> "Draft":
        if not self.future:
            return self
        step, after = self.future[0]
        return replace(self, now=after, past=(*self.past, (step, self.now)), future=self.future[1:])

    def reverted(self) -> "Draft":
        """Go back to what is stored, as one step."""
        return self.stepped(Step(Act.TAKE_OVER), self.saved)

    def rebased(self, saved: Layout, over: Callable[[Layout], Layout]) -> "Draft":
        """Stand on another stored layout; `over` carries each layout of the way over to it."""
        return Draft(
            saved,
            over(self.now),
            tuple((step, over(layout)) for step, layout in self.past),
            tuple((step, over(layout)) for step, layout in self.future),
        )


def is_valid(layout: Layout) -> bool:
    """Say whether every entry and section is there once, and there is a section."""
    ids, keys = layout.ids(), [section.key for section in layout.sections]
    own = [entry.field_id for entry in layout.entries() if not entry.is_extra]
    return bool(keys) and all(_is_unique(each) for each in (ids, keys, own))


def _is_unique(names: Sequence[str]) -> bool:
    return len(set(names)) == len(names)
