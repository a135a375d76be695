"""A layout as a document of its own: in files, in drafts, and on the clipboard."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from crm_desktop.domain.errors import Invalid
from crm_desktop.domain.layout_draft import (
    AUTOMATIC,
    NARROWEST,
    USUAL_COLUMNS,
    WIDEST,
    Entry,
    Layout,
    Section,
    is_valid,
)

FORMAT = "crm-desktop layout"
VERSION = 1
MOST_SECTIONS = 1_000


@dataclass(frozen=True, slots=True)
class FieldWords:
    """By what a field is found again in another database."""

    name: str
    label: str
    type: str


NO_WORDS: Mapping[str, FieldWords] = {}


def entry_json(entry: Entry, words: FieldWords | None = None) -> dict[str, Any]:
    """Return one field as JSON; what is as usual is left out."""
    said: dict[str, Any] = {"id": entry.id, "field": entry.field_id}
    if words is not None:
        said |= {"name": words.name, "label": words.label, "type": words.type}
    if entry.is_required:
        said["required"] = True
    if not entry.is_visible:
        said["visible"] = False
    if entry.is_readonly:
        said["readonly"] = True
    if entry.width:
        said["width"] = entry.width
    if entry.overrides:
        said["overrides"] = dict(entry.overrides)
    return said


def read_entry(said: Any) -> tuple[Entry, FieldWords] | None:
    """Return what JSON made by anybody says of a field; None where it names none."""
    if not isinstance(said, Mapping):
        return None
    texts = [said.get(key, "") for key in ("id", "field", "name", "label", "type")]
    if not all(isinstance(text, str) for text in texts) or not (texts[1] or texts[2]):
        return None
    id_, field_id, *words = texts
    overrides = said.get("overrides")
    entry = Entry(
        id=id_,
        field_id=field_id,
        is_required=said.get("required") is True,
        is_visible=said.get("visible") is not False,
        is_readonly=said.get("readonly") is True,
        width=_columns(said.get("width"), AUTOMATIC),
        overrides=dict(overrides) if isinstance(overrides, Mapping) else {},
    )
    return entry, FieldWords(*words)


def layout_document(
    layout: Layout, title: str = "", words: Mapping[str, FieldWords] = NO_WORDS
) -> dict[str, Any]:
    """Return a layout as JSON; `words` by field id let it be read elsewhere."""
    sections = [
        {
            "title": section.title,
            "collapsible": section.is_collapsible,
            "columns": section.columns,
            "fields": [entry_json(entry, words.get(entry.field_id)) for entry in section.entries],
        }
        for section in layout.sections
    ]
    return {"format": FORMAT, "version": VERSION, "object": title, "sections": sections}


@dataclass(frozen=True, slots=True)
class ReadDocument:
    """A layout out of a document; `words` are those of its fields, by the entry's place."""

    layout: Layout
    words: tuple[FieldWords, ...]


def read_document(said: Any) -> ReadDocument:
    """Return the layout of a document; raises Invalid for what is none."""
    if not isinstance(said, Mapping) or said.get("format") != FORMAT:
        raise Invalid({"file": "This is no layout that CRM Desktop wrote."})
    sections = said.get("sections")
    if said.get("version") != VERSION or not isinstance(sections, list) or not sections:
        raise Invalid({"file": "This layout was written by another version of CRM Desktop."})
    if len(sections) > MOST_SECTIONS:
        raise Invalid({"file": f"A layout can have at most {MOST_SECTIONS:,} sections."})
    words: list[FieldWords] = []
    found = []
    for number, each in enumerate(sections):
        section = each if isinstance(each, Mapping) else {}
        fields = section.get("fields")
        entries = [read_entry(one) for one in fields] if isinstance(fields, list) else []
        words += [entry[1] for entry in entries if entry]
        title = section.get("title")
        found.append(
            Section(
                key=f"#{number}",
                title=title if isinstance(title, str) else "",
                is_collapsible=section.get("collapsible") is True,
                columns=_columns(section.get("columns"), USUAL_COLUMNS),
                entries=tuple(entry[0] for entry in entries if entry),
            )
        )
    return ReadDocument(Layout(tuple(found)), tuple(words))


def fitted(
    document: ReadDocument, names: Mapping[str, tuple[str, str]]
) -> tuple[Layout, tuple[FieldWords, ...]]:
    """Return the layout with the fields of this library, and the words of those it lacks.

    `names` gives id and type of the library's fields, by id and by name. A field counts as found
    where id or name fit and the type is the same; each once.
    """
    missing: list[FieldWords] = []
    seen: set[str] = set()
    words = iter(document.words)
    sections = []
    for section in document.layout.sections:
        entries = []
        for entry in section.entries:
            said = next(words)
            known = names.get(entry.field_id) or names.get(said.name)
            if known is None or (said.type and known[1] != said.type):
                missing.append(said)
            elif known[0] not in seen:
                seen.add(known[0])
                entries.append(replace(entry, field_id=known[0]))
        sections.append(replace(section, entries=tuple(entries)))
    return Layout(tuple(sections)), tuple(missing)


def _columns(value: Any, otherwise: int) -> int:
    is_whole = isinstance(value, int) and not isinstance(value, bool)
    return value if is_whole and NARROWEST <= value <= WIDEST else otherwise


def as_draft(said: Any) -> Layout | None:
    """Return the layout of a draft that was kept as a document; None where it is none."""
    try:
        layout = read_document(said).layout
    except Invalid:
        return None
    return layout if is_valid(layout) else None
