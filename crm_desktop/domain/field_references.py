"""Where a JSON document names a field: found and replaced place by place, each with a guard."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PlaceEdit:
    """One replacement: the path in PostgreSQL's sense (indexes as text), what stands, what will."""

    path: Path
    old: Any
    new: Any


def replaced_references(document: Any, old_id: str, new_id: str) -> list[PlaceEdit]:
    """Return what to replace so that the document names the new field wherever it named the old.

    A list of texts is one place: where it names both fields the new one is kept once, where it
    stood first. The keys of an object are no texts: one that is the old id moves its value to the
    new one, unless that has a value of its own.
    """
    return list(_edits((), document, old_id, new_id))


def paths_naming(document: Any, ids: Collection[str], path: Path = ()) -> Iterator[Path]:
    """Give the path of each text that is one of these ids, and of each value under such a key."""
    if isinstance(document, str):
        if document in ids:
            yield path
    elif isinstance(document, list):
        for place, each in enumerate(document):
            yield from paths_naming(each, ids, (*path, str(place)))
    elif isinstance(document, Mapping):
        for key, each in document.items():
            if key in ids:
                yield (*path, key)
            else:
                yield from paths_naming(each, ids, (*path, key))


def _edits(path: Path, value: Any, old_id: str, new_id: str) -> Iterator[PlaceEdit]:
    if value == old_id and isinstance(value, str):
        yield PlaceEdit(path, value, new_id)
    elif isinstance(value, list):
        if old_id in [each for each in value if isinstance(each, str)]:
            yield PlaceEdit(path, value, _merged(value, old_id, new_id))
            return
        for place, each in enumerate(value):
            yield from _edits((*path, str(place)), each, old_id, new_id)
    elif isinstance(value, Mapping):
        if old_id in value:
            yield PlaceEdit(path, value, _renamed(value, old_id, new_id))
            return
        for key, each in value.items():
            yield from _edits((*path, key), each, old_id, new_id)


def _merged(values: list[Any], old_id: str, new_id: str) -> list[Any]:
    kept: list[Any] = []
    for each in values:
        value = new_id if each == old_id and isinstance(each, str) else each
        if value != new_id or new_id not in kept:
            kept.append(value)
    return kept


def _renamed(value: Mapping[str, Any], old_id: str, new_id: str) -> dict[str, Any]:
    renamed = {new_id if key == old_id else key: each for key, each in value.items()}
    return {**renamed, **({new_id: value[new_id]} if new_id in value else {})}
