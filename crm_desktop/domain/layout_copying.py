"""Takes the arrangement of one layout over into another, and says how two of them differ."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from crm_desktop.domain.layout_draft import Entry, Layout, Section, differences


def copied(here: Layout, other: Layout, ids: Mapping[str, str]) -> Layout:
    """Return this layout arranged as the other: its sections, and its fields as it has them.

    `ids` gives ids for the fields that are not here yet. What only this one has stays, in a
    section of its own below, with how it was set: nothing is detached.
    """
    own = {entry.field_id: entry for entry in here.entries() if not entry.is_extra}
    taken: set[str] = set()
    sections = []
    for section in other.sections:
        entries = []
        for entry in section.entries:
            if entry.field_id not in taken and (entry.field_id in own or entry.field_id in ids):
                taken.add(entry.field_id)
                id_ = own[entry.field_id].id if entry.field_id in own else ids[entry.field_id]
                entries.append(replace(entry, id=id_, is_extra=False))
        sections.append(
            Section(
                f"copy {section.key}",
                section.title,
                section.is_collapsible,
                section.columns,
                tuple(entries),
            )
        )
    rest = _rest(here, taken)
    return Layout((*sections, *([rest] if rest is not None else [])))


def _rest(here: Layout, taken: set[str]) -> Section | None:
    """Return what the other layout has no place for, and what other programs keep in sections."""
    left = tuple(each for each in here.entries() if each.field_id not in taken or each.is_extra)
    others = tuple(other for section in here.sections for other in section.others)
    return (
        Section("copy rest", "Other fields", entries=left, others=others)
        if (left or others)
        else None
    )


@dataclass(frozen=True, slots=True)
class Compared:
    """One field of two layouts: where each has it (title and number from 1), None where not.

    `differing` names the attributes that are not the same.
    """

    field_id: str
    here: tuple[str, int] | None
    there: tuple[str, int] | None
    differing: tuple[str, ...] = ()

    @property
    def is_same(self) -> bool:
        return self.here == self.there and not self.differing


def compared(here: Layout, there: Layout) -> list[Compared]:
    """Return all fields of both: as this one reads, then those that only the other has."""
    mine, theirs = _placed(here), _placed(there)
    found = []
    for field_id in (*mine, *(each for each in theirs if each not in mine)):
        one, other = mine.get(field_id), theirs.get(field_id)
        names = _differing(one[1], other[1]) if one and other else ()
        found.append(
            Compared(field_id, one[0] if one else None, other[0] if other else None, names)
        )
    return found


def _placed(layout: Layout) -> dict[str, tuple[tuple[str, int], Entry]]:
    return {
        entry.field_id: ((section.title, number), entry)
        for section in layout.sections
        for number, entry in enumerate(section.entries, start=1)
        if not entry.is_extra
    }


def _differing(one: Entry, other: Entry) -> tuple[str, ...]:
    return tuple(differences(one.attributes(), other.attributes()))
