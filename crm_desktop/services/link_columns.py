"""What a list of one record's links can show: the other object's fields, and the link's own."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from crm_desktop.db.expressions import PRIMARY_VALUE
from crm_desktop.domain.field_types import OWN_COLUMNS, EffectiveField, Shower, json_text

NAME = PRIMARY_VALUE
LINKED = "link:created_at"
METADATA = "link:metadata"
_KEY = "key:"
_LONGEST = 300  # letters of metadata in a line
_WHEN = next(field for field in OWN_COLUMNS if field.id.endswith("created_at"))

NAME_COLUMN = EffectiveField(NAME, NAME, "Name", "text")
LINKED_COLUMN = replace(_WHEN, id=LINKED, label="Linked", is_readonly=False, is_visible=False)
METADATA_COLUMN = EffectiveField(METADATA, "metadata", "Link data", "link data", is_visible=False)


def key_column(key: EffectiveField) -> EffectiveField:
    """Return the column of a key of the metadata; a field's `id` is the key's name."""
    return replace(key, id=f"{_KEY}{key.id}", is_readonly=False)


def is_key(column_id: str) -> bool:
    return column_id.startswith(_KEY)


def key_of(column_id: str) -> str:
    """Return the key of the metadata that a column shows."""
    return column_id.removeprefix(_KEY)


def is_of_link(column_id: str) -> bool:
    """Say whether a column shows something of the link, not of the record at its other end."""
    return column_id in {LINKED, METADATA} or is_key(column_id)


def stored_field(column: EffectiveField) -> EffectiveField:
    """Return what a column shows as a field of its own table: the record's, or the link's."""
    if column.id == LINKED:
        return replace(column, id=_WHEN.id)
    return replace(column, id=key_of(column.id)) if is_key(column.id) else column


def free_key(name: str) -> EffectiveField:
    """Return a key that no schema describes: shown as it is stored."""
    return EffectiveField(name, name, name, "text")


def show_metadata(value: Any) -> str:
    """Return a link's metadata in a line: `role: CEO, since: 2020-01-01`."""
    if not isinstance(value, Mapping):
        return "" if value is None else _cut(json_text(value))
    return _cut(", ".join(_pairs(value.items())))


def _pairs(items: Iterable[tuple[str, Any]]) -> Iterable[str]:
    for key, value in items:
        yield f"{key}: {value if isinstance(value, str) else json_text(value)}"


def _cut(line: str) -> str:
    line = " ".join(line[: 2 * _LONGEST].split())
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"


SHOW_METADATA: Shower = show_metadata
