"""Fields on their way: what a drag or the clipboard carries of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from PySide6.QtCore import QByteArray, QMimeData

from crm_desktop.domain.json_text import json_text, json_value
from crm_desktop.domain.layout_documents import entry_json, read_entry
from crm_desktop.domain.layout_draft import Entry

MIME_TYPE = "application/x-crm-desktop-fields"


@dataclass(frozen=True, slots=True)
class Parcel:
    """Entries of an object's layout, or one of its sections; fields of the library without both.

    `object_id` is "" for the library. Outside their object the ids of entries mean nothing.
    """

    object_id: str = ""
    entries: tuple[Entry, ...] = ()
    section_key: str = ""

    def entries_for(self, object_id: str) -> list[Entry]:
        """Return the entries as another object takes them up."""
        if self.object_id == object_id:
            return list(self.entries)
        return [replace(entry, id="") for entry in self.entries]

    def ids(self) -> list[str]:
        return [entry.id for entry in self.entries]


def pack(parcel: Parcel, labels: Sequence[str] = ()) -> QMimeData:
    """Return what to drag, or to put on the clipboard; `labels` are what other programs get."""
    said = {
        "object": parcel.object_id,
        "fields": [entry_json(entry) for entry in parcel.entries],
        "section": parcel.section_key,
    }
    mime = QMimeData()
    mime.setData(MIME_TYPE, QByteArray(json_text(said).encode()))
    if labels:
        mime.setText("\n".join(labels))
    return mime


def unpack(mime: QMimeData) -> Parcel | None:
    """Return what is carried, None for anything else; the clipboard is anybody's."""
    if not mime.hasFormat(MIME_TYPE):
        return None
    try:
        said = json_value(bytes(mime.data(MIME_TYPE).data()).decode())
    except ValueError:
        return None
    if not isinstance(said, dict):
        return None
    object_id, fields, key = (said.get(name) for name in ("object", "fields", "section"))
    if not (isinstance(object_id, str) and isinstance(fields, list) and isinstance(key, str)):
        return None
    found = [read_entry(each) for each in fields]
    return Parcel(object_id, tuple(entry[0] for entry in found if entry), key)
