"""Changes inside a JSON document, path by path: what was not edited is never sent back."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, TypeAlias


class Absent(Enum):
    """The value of a key that is not there; JSON null is a value."""

    ABSENT = "absent"


ABSENT = Absent.ABSENT
Path: TypeAlias = tuple[str | int, ...]
"""The keys down to a value; a number is a place in a list."""


@dataclass(frozen=True, slots=True)
class JsonEdit:
    """One change: the keys down to the value, the value it was based on, and the new one.

    `old` ABSENT adds the key, `new` ABSENT takes it out.
    """

    path: Path
    old: Any
    new: Any


def json_edits(old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[JsonEdit, ...]:
    """Return the fewest edits that turn `old` into `new`; a list is one value."""
    return tuple(_edits((), old, new))


def _edits(path: Path, old: Mapping[str, Any], new: Mapping[str, Any]) -> list[JsonEdit]:
    edits: list[JsonEdit] = []
    for key in (*old, *(key for key in new if key not in old)):
        before, after = old.get(key, ABSENT), new.get(key, ABSENT)
        here = (*path, key)
        if isinstance(before, Mapping) and isinstance(after, Mapping):
            edits += _edits(here, before, after)
        elif not same_json(before, after):
            edits.append(JsonEdit(here, before, after))
    return edits


def same_json(one: Any, other: Any) -> bool:
    """Say whether two JSON values would be stored alike: 1, 1.0, 1.00 and true all differ."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(same_json(one[k], other[k]) for k in one)
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(map(same_json, one, other))
    return type(one) is type(other) and one == other and str(one) == str(other)


def applied(document: Mapping[str, Any], edits: tuple[JsonEdit, ...]) -> dict[str, Any]:
    """Return the document after the edits; parents that are missing are made, lists are not."""
    result = dict(document)
    for edit in edits:
        place: dict[Any, Any] = result
        for key in edit.path[:-1]:
            inner = place.get(key)
            place[key] = place = dict(inner) if isinstance(inner, Mapping) else {}
        if edit.new is ABSENT:
            place.pop(edit.path[-1], None)
        else:
            place[edit.path[-1]] = edit.new
    return result
