"""Layouts as JSON: the contract's shape (`objects.views.forms[]`), and beside it what it lacks."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from crm_desktop.domain.layout_draft import (
    AUTOMATIC,
    NARROWEST,
    USUAL_COLUMNS,
    WIDEST,
    Entry,
    Layout,
    Section,
)

UNTITLED = "Untitled form"
_OWN_KEYS = frozenset({"section", "fields", "collapsible"})


@dataclass(frozen=True, slots=True)
class FormEntry:
    """One of an object's forms; `id` is "" where another program gave it none."""

    place: int
    id: str
    name: str
    sections: int
    is_shown: bool


def list_forms(forms: Any) -> tuple[FormEntry, ...]:
    """Return the forms that can be read, in order; one of them is shown."""
    shown, found = find_form(forms), []
    for place, form in enumerate(forms if isinstance(forms, list) else ()):
        if _is_readable(form):
            own, name = form.get("id"), form.get("name")
            id_ = own if isinstance(own, str) else ""
            title = name if isinstance(name, str) and name else UNTITLED
            found.append(FormEntry(place, id_, title, len(form["layout"]), place == shown))
    return tuple(found)


def find_form(forms: Any) -> int | None:
    """Return the place of the form that counts: the default one, else the first.

    One whose layout is no list of sections is passed over.
    """
    if not isinstance(forms, list):
        return None
    fit = [place for place, form in enumerate(forms) if _is_readable(form)]
    marked = [place for place in fit if forms[place].get("isDefault") is True]
    return next(iter((*marked, *fit)), None)


def _is_readable(form: Any) -> bool:
    layout = form.get("layout") if isinstance(form, Mapping) else None
    return isinstance(layout, list) and all(
        isinstance(section, Mapping) and isinstance(section.get("fields", []), list)
        for section in layout
    )


def read_layout(
    form: Mapping[str, Any] | None, extras: Any, entries: Sequence[tuple[int, Entry]]
) -> Layout:
    """Lay an object's entries, with their `display_order` and in the contract's order, out.

    The form says which section a field is in; one that it does not name follows the field above
    it. Inside a section `display_order` counts, the form's own order where that ties.
    """
    stored = [] if form is None else form["layout"]
    widths = _widths(extras)
    columns = _columns_of([each.get("section") for each in stored] or [""], extras)
    places = _places(stored)
    rows: list[list[tuple[Any, Entry]]] = [[] for _ in stored or (None,)]
    number = 0
    for place, (order, entry) in enumerate(entries):
        named = None if entry.is_extra else places.get(entry.field_id)
        number = number if named is None else named[0]
        rank = (order, named is None, place if named is None else named[1])
        width = widths.get(entry.field_id, AUTOMATIC)
        shown = entry if width == entry.width else entry.with_attribute("width", width)
        rows[number].append((rank, shown))
    known = {entry.field_id for _, entry in entries}
    sections = [
        _section(place, section, columns[place], _in_order(rows[place]), known)
        for place, section in enumerate(stored)
    ]
    if not sections:
        sections = [Section("", "", columns=columns[0], entries=_in_order(rows[0]))]
    return Layout(tuple(sections))


def _in_order(rows: Iterable[tuple[Any, Entry]]) -> tuple[Entry, ...]:
    return tuple(entry for _, entry in sorted(rows, key=lambda row: row[0]))


def _places(stored: Sequence[Mapping[str, Any]]) -> dict[str, tuple[int, int]]:
    """Return section and place of each field that is named, by the first of its names."""
    places: dict[str, tuple[int, int]] = {}
    for number, section in enumerate(stored):
        for place, name in enumerate(section.get("fields", [])):
            if isinstance(name, str):
                places.setdefault(name, (number, place))
    return places


def _section(
    place: int,
    stored: Mapping[str, Any],
    columns: int,
    entries: tuple[Entry, ...],
    known: set[str],
) -> Section:
    title = stored.get("section")
    kept = {key: value for key, value in stored.items() if key not in _OWN_KEYS}
    if not isinstance(title, str):
        kept |= {"section": title} if "section" in stored else {}
        title = ""
    named = stored.get("fields", [])
    others = [each for each in named if not (isinstance(each, str) and each in known)]
    is_collapsible = stored.get("collapsible") is True
    if "collapsible" in stored and not is_collapsible:
        kept["collapsible"] = stored["collapsible"]
    return Section(f"#{place}", title, is_collapsible, columns, entries, kept, tuple(others))


def section_json(section: Section) -> dict[str, Any]:
    """Return a section in the contract's shape, with what other programs keep in it."""
    shaped = dict(section.kept)
    shaped["section"] = section.title or section.kept.get("section", "")
    named = dict.fromkeys(entry.field_id for entry in section.entries)
    shaped["fields"] = [*named, *section.others]
    if section.is_collapsible:
        shaped["collapsible"] = True
    elif shaped.get("collapsible") is True:
        shaped["collapsible"] = False
    return shaped


def layout_json(layout: Layout) -> list[dict[str, Any]]:
    """Return `layout` of a form; what stood in it of fields that are placed now is left out."""
    placed = layout.field_ids()
    shaped = [section_json(section) for section in layout.sections]
    for section, own in zip(shaped, layout.sections, strict=True):
        mine = {entry.field_id for entry in own.entries}
        section["fields"] = [
            each
            for each in section["fields"]
            if not (isinstance(each, str) and each in placed and each not in mine)
        ]
    return shaped


def extras_json(layout: Layout, stored: Any) -> dict[str, Any]:
    """Return what the contract's shape cannot say, over what we kept before."""
    kept = dict(stored) if isinstance(stored, Mapping) else {}
    kept.pop("columns", None)
    kept.pop("widths", None)
    columns = [[section.title, section.columns] for section in layout.sections]
    if any(number != USUAL_COLUMNS for _, number in columns):
        kept["columns"] = columns
    widths = {entry.field_id: entry.width for entry in layout.entries() if entry.width}
    return kept | ({"widths": widths} if widths else {})


def needs_form(layout: Layout) -> bool:
    """Say whether more is to be said than an order, which needs no form."""
    only = layout.sections[0]
    is_plain = len(layout.sections) == 1 and not (only.title or only.is_collapsible)
    return not is_plain or bool(extras_json(layout, {}))


def _widths(extras: Any) -> dict[str, int]:
    widths = extras.get("widths") if isinstance(extras, Mapping) else None
    found = widths.items() if isinstance(widths, Mapping) else ()
    return {field_id: width for field_id, width in found if _is_columns(width)}


def _columns_of(titles: Sequence[Any], extras: Any) -> list[int]:
    """Return how many columns each section has: the n-th of a title as the n-th that was kept."""
    listed = extras.get("columns") if isinstance(extras, Mapping) else None
    kept: dict[str, list[int]] = {}
    for each in listed if isinstance(listed, list) else ():
        match each:
            case [str(title), int(number)] if _is_columns(number):
                kept.setdefault(title, []).append(number)
    found = []
    for title in titles:
        numbers = kept.get(title if isinstance(title, str) else "", [])
        found.append(numbers.pop(0) if numbers else USUAL_COLUMNS)
    return found


def _is_columns(value: Any) -> bool:
    is_whole = isinstance(value, int) and not isinstance(value, bool)
    return is_whole and NARROWEST <= value <= WIDEST
