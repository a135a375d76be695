"""Merges two people's edits of one layout: where they do not touch, both stand."""

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from crm_desktop.domain.json_edits import ABSENT, same_json
from crm_desktop.domain.layout_draft import Draft, Entry, Layout, Section, differences


class Side(StrEnum):
    MINE = "mine"
    THEIRS = "theirs"


@dataclass(frozen=True, slots=True)
class LayoutClash:
    """Both changed the same: `name` is an attribute, `place`, or `attached` (True or False).

    `subject` is the id of an entry or the key of a section. A place is a section's key and the
    id of the entry above.
    """

    subject: str
    name: str
    base: Any
    theirs: Any
    mine: Any


Choices = Mapping[tuple[str, str], Side]
"""Which side shall stand, by a clash's subject and name; mine where nothing is said."""
NO_CHOICES: Choices = {}


@dataclass(frozen=True, slots=True)
class Merged:
    layout: Layout
    clashes: tuple[LayoutClash, ...]


def merge(base: Layout, mine: Layout, theirs: Layout, choices: Choices = NO_CHOICES) -> Merged:
    """Lay my changes since `base` over theirs; no field gets lost or stands twice."""
    theirs = recognised(theirs, base, mine)
    return _Merge(base, _joined(mine, base, theirs), theirs, choices).result()


def rebased(draft: Draft, theirs: Layout, choices: Choices = NO_CHOICES) -> Draft:
    """Carry a draft with all its steps over to a newer stored layout."""
    base = draft.saved
    theirs = recognised(theirs, base, draft.now)
    return draft.rebased(theirs, lambda layout: merge(base, layout, theirs, choices).layout)


def recognised(theirs: Layout, *known: Layout) -> Layout:
    """Give the sections the keys by which `known` layouts call them: by title, else by fields."""
    keys: dict[str, str] = {}
    for layout in known:
        free = [each for each in layout.sections if each.key not in keys.values()]
        for section in theirs.sections:
            if section.key not in keys:
                twin = next((each for each in free if each.title == section.title), None)
                _take(keys, section, twin, free)
    free = [each for each in known[0].sections if each.key not in keys.values()]
    for section in theirs.sections:
        if section.key not in keys:
            _take(keys, section, _likest(section, free), free)
    taken = set(keys.values())
    sections = []
    for section in theirs.sections:
        known_as = keys.get(section.key)
        key = _free_key(section.key, taken) if known_as is None else known_as
        taken.add(key)
        sections.append(replace(section, key=key))
    return Layout(tuple(sections))


def _take(
    keys: dict[str, str], section: Section, twin: Section | None, free: list[Section]
) -> None:
    if twin is not None:
        keys[section.key] = twin.key
        free.remove(twin)


def _likest(section: Section, others: Iterable[Section]) -> Section | None:
    """Return the section that shares most entries, if any."""
    own = set(section.ids())
    shared = [(len(own & set(each.ids())), each) for each in others]
    most = max((number for number, _ in shared), default=0)
    return next((each for number, each in shared if number == most), None) if most else None


def _free_key(key: str, taken: set[str]) -> str:
    while key in taken:
        key += "+"
    return key


def _joined(mine: Layout, base: Layout, theirs: Layout) -> Layout:
    """Take their attachment for a field that both attached."""
    known = base.by_id()
    new = {e.field_id: e.id for e in theirs.entries() if e.id not in known and not e.is_extra}
    there = set(theirs.ids())
    sections = []
    for section in mine.sections:
        entries = tuple(
            replace(entry, id=new[entry.field_id])
            if entry.id not in there and entry.id not in known and entry.field_id in new
            else entry
            for entry in section.entries
        )
        sections.append(replace(section, entries=entries))
    return Layout(tuple(sections))


class _Merge:
    def __init__(self, base: Layout, mine: Layout, theirs: Layout, choices: Choices) -> None:
        self.base, self.mine, self.theirs = base, mine, theirs
        self._choices = choices
        self._clashes: list[LayoutClash] = []
        self._entries = (base.by_id(), mine.by_id(), theirs.by_id())
        self._sections = (base.by_key(), mine.by_key(), theirs.by_key())

    def result(self) -> Merged:
        entries = self._merge_entries()
        order = {
            section.key: [entry_id for entry_id in section.ids() if entry_id in entries]
            for section in self.theirs.sections
        }
        self._place_mine(order, entries)
        keys = self._order_sections(order)
        sections = [
            self._section(key, [entries[id_] for id_ in order.get(key, ())]) for key in keys
        ]
        return Merged(Layout(tuple(sections)), tuple(self._clashes))

    def _settle(self, subject: str, name: str, base: Any, theirs: Any, mine: Any) -> Side:
        """Say whose value stands; both having changed it to different ones is a clash."""
        if same_json(mine, base) or same_json(mine, theirs):
            return Side.THEIRS
        if same_json(theirs, base):
            return Side.MINE
        self._clashes.append(LayoutClash(subject, name, base, theirs, mine))
        return self._choices.get((subject, name), Side.MINE)

    # Which entries there are, and how they are

    def _merge_entries(self) -> dict[str, Entry]:
        base, mine, theirs = self._entries
        merged: dict[str, Entry] = {}
        for entry_id in (*theirs, *(each for each in mine if each not in theirs)):
            before, own, other = (side.get(entry_id) for side in (base, mine, theirs))
            kept = self._merge_entry(before, own, other)
            if kept is not None:
                merged[entry_id] = kept
        return _each_once(merged)

    def _merge_entry(
        self, before: Entry | None, mine: Entry | None, theirs: Entry | None
    ) -> Entry | None:
        if mine is not None and theirs is not None:
            return self._merge_attributes(before or Entry(mine.id, mine.field_id), mine, theirs)
        if before is None:
            return mine or theirs
        left = mine or theirs
        if left is None or not differences(before.attributes(), left.attributes()):
            return None  # one took it out, the other left it as it was
        is_mine = mine is not None
        clash = LayoutClash(before.id, "attached", True, not is_mine, is_mine)
        self._clashes.append(clash)
        side = self._choices.get((before.id, "attached"), Side.MINE)
        return left if (side is Side.MINE) == is_mine else None

    def _merge_attributes(self, before: Entry, mine: Entry, theirs: Entry) -> Entry:
        result, own, other = theirs, mine.attributes(), theirs.attributes()
        old = before.attributes()
        for name in differences(own, other):
            values = [each.get(name, ABSENT) for each in (old, other, own)]
            if self._settle(mine.id, name, *values) is Side.MINE:
                result = result.with_attribute(name, own.get(name, ABSENT))
        return result

    # Where they stand

    def _place_mine(self, order: dict[str, list[str]], entries: Mapping[str, Entry]) -> None:
        """Put what I moved or added where I put it: below the same neighbour, as far as it is."""
        moved, theirs = _moved(self.base, self.mine), _moved(self.base, self.theirs)
        there = {entry_id for ids in order.values() for entry_id in ids}
        for section in self.mine.sections:
            above: list[str] = []
            for entry_id in section.ids():
                if entry_id in entries and (
                    entry_id not in there
                    or (entry_id in moved and self._is_my_place(entry_id, moved, theirs))
                ):
                    for ids in order.values():
                        if entry_id in ids:
                            ids.remove(entry_id)
                    _insert_below(order.setdefault(section.key, []), above, entry_id)
                above.append(entry_id)

    def _is_my_place(self, entry_id: str, moved: set[str], theirs: set[str]) -> bool:
        if entry_id not in self._entries[0]:  # both attached it: theirs came first
            return self._settle_place(entry_id, None) is Side.MINE
        if entry_id not in theirs or entry_id not in moved:
            return True
        return self._settle_place(entry_id, _place(self.base, entry_id)) is Side.MINE

    def _settle_place(self, entry_id: str, base: tuple[str, str] | None) -> Side:
        return self._settle(
            entry_id, "place", base, _place(self.theirs, entry_id), _place(self.mine, entry_id)
        )

    # The sections

    def _order_sections(self, order: dict[str, list[str]]) -> list[str]:
        base, mine, theirs = ([each.key for each in side.sections] for side in self._sides())
        keys = [key for key in theirs if self._is_kept(key, order)]
        moved = set(_out_of_order(base, mine))
        for number, key in enumerate(mine):
            is_mine = key in moved or key not in keys
            if self._is_kept(key, order) and is_mine:
                if key in keys:
                    keys.remove(key)
                _insert_below(keys, mine[:number], key)
        keys += [key for key in order if order[key] and key not in keys]
        return keys or theirs[:1]

    def _sides(self) -> tuple[Layout, Layout, Layout]:
        return self.base, self.mine, self.theirs

    def _is_kept(self, key: str, order: Mapping[str, Sequence[str]]) -> bool:
        """Say whether the section stays: nobody took it out, or something is in it after all."""
        base, mine, theirs = (side.get(key) for side in self._sections)
        if order.get(key) or (mine and theirs) or base is None:
            return mine is not None or theirs is not None
        left = mine or theirs
        return left is not None and bool(differences(base.attributes(), left.attributes()))

    def _section(self, key: str, entries: Sequence[Entry]) -> Section:
        base, mine, theirs = (side.get(key) for side in self._sections)
        result = theirs or mine or Section(key)
        if mine and theirs:
            before = (base or theirs).attributes()
            own, other = mine.attributes(), theirs.attributes()
            for name in differences(own, other):
                if self._settle(key, name, before[name], other[name], own[name]) is Side.MINE:
                    changed: dict[str, Any] = {name: own[name]}
                    result = replace(result, **changed)
            if base and mine.others != base.others:  # a section was joined to this one
                result = replace(result, others=mine.others)
        return replace(result, entries=tuple(entries))


def _each_once(entries: dict[str, Entry]) -> dict[str, Entry]:
    """Leave out a second attachment of a field that this merge alone would bring about."""
    first: dict[str, str] = {}
    return {
        entry_id: entry
        for entry_id, entry in entries.items()
        if entry.is_extra or first.setdefault(entry.field_id, entry_id) == entry_id
    }


def _place(layout: Layout, entry_id: str) -> tuple[str, str]:
    section, place = layout.place_of(entry_id)
    return section.key, section.entries[place - 1].id if place else ""


def _insert_below(names: list[str], above: Sequence[str], name: str) -> None:
    """Insert below the nearest of those above that is here, else at the top."""
    place = next((names.index(each) + 1 for each in reversed(above) if each in names), 0)
    names.insert(place, name)


def _moved(before: Layout, after: Layout) -> set[str]:
    """Return what stands in another section or is new, and the fewest that changed their order."""
    old = {entry_id: each.key for each in before.sections for entry_id in each.ids()}
    new = {entry_id: each.key for each in after.sections for entry_id in each.ids()}
    moved = {entry_id for entry_id, key in new.items() if old.get(entry_id) != key}
    ids = {section.key: section.ids() for section in before.sections}
    for section in after.sections:
        moved |= _out_of_order(ids.get(section.key, []), section.ids())
    return moved


def _out_of_order(before: Sequence[str], after: Sequence[str]) -> set[str]:
    """Return the fewest of those in both whose moving explains the new order."""
    places = {name: place for place, name in enumerate(before)}
    common = [name for name in after if name in places]
    return set(common) - set(_longest_rise(common, places))


def _longest_rise(names: Sequence[str], places: Mapping[str, int]) -> list[str]:
    """Return a longest subsequence whose places rise (patience sorting)."""
    ends: list[int] = []
    last: list[str] = []
    above: dict[str, str | None] = {}
    for name in names:
        pile = bisect_left(ends, places[name])
        above[name] = last[pile - 1] if pile else None
        ends[pile : pile + 1], last[pile : pile + 1] = [places[name]], [name]
    found: list[str] = []
    name_at: str | None = last[-1] if last else None
    while name_at is not None:
        found.append(name_at)
        name_at = above[name_at]
    return found[::-1]


def moved_entries(before: Layout, after: Layout) -> set[str]:
    """Return the entries in both whose moving explains the difference, as few as can be."""
    return _moved(before, after) & set(before.ids())


def moved_sections(before: Layout, after: Layout) -> set[str]:
    keys = [[section.key for section in layout.sections] for layout in (before, after)]
    return _out_of_order(*keys)
