"""The layout editor's sentences: what a change is, what a clash is about, what a step did."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crm_desktop.domain.json_edits import ABSENT
from crm_desktop.domain.json_text import json_text
from crm_desktop.domain.layout_changes import Kind, LayoutChange
from crm_desktop.domain.layout_draft import Act, Step
from crm_desktop.domain.layout_merge import LayoutClash
from crm_desktop.gui.editors.config.settings import setting_label
from crm_desktop.gui.layout_editor.state import LayoutState
from crm_desktop.gui.translating import tr

_LONGEST = 60
_TURNING = dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F])
"""Marks that would turn the sentence around a label; letters turn themselves."""
NO_NAMES: Mapping[str, str] = {}


def attribute(name: str, field_type: str = "") -> str:
    """Return what an attribute of an entry or a section is called; rules depend on the type."""
    known = {
        "is_required": tr("required"),
        "is_visible": tr("visible"),
        "is_readonly": tr("read-only"),
        "width": tr("width"),
        "title": tr("title"),
        "is_collapsible": tr("collapsible"),
        "columns": tr("columns"),
        "place": tr("place"),
        "attached": tr("part of the layout"),
        "override:label": tr("label"),
        "override:description": tr("help"),
        "override:placeholder": tr("placeholder"),
        "override:default": tr("default"),
    }
    key = name.removeprefix("override:")
    said = setting_label(field_type, key)
    return known.get(name) or (said[:1].lower() + said[1:] if said else key)


def value(name: str, said: Any, names: Mapping[str, str] = NO_NAMES) -> str:
    """Return a value of an attribute in words; `names` are those of ids."""
    if said is ABSENT:
        return tr("the library's")
    if isinstance(said, bool):
        return tr("yes") if said else tr("no")
    if name == "width":
        return tr("automatic") if not said else columns(int(said))
    if name == "columns":
        return columns(int(said))
    if isinstance(said, str):
        return quoted(names.get(said, said))
    if isinstance(said, list) and said and all(isinstance(each, str) for each in said):
        return ", ".join(quoted(names.get(each, each)) for each in said)
    return shortened(json_text(said))


def columns(count: int) -> str:
    return tr("1 column") if count == 1 else tr("{0} columns").format(count)


def fields(count: int) -> str:
    return tr("1 field") if count == 1 else tr("{0} fields").format(count)


def sections(count: int) -> str:
    return tr("1 section") if count == 1 else tr("{0} sections").format(count)


def quoted(text: str) -> str:
    return f"“{shortened(text)}”"


def shortened(text: str, longest: int = _LONGEST) -> str:
    line = " ".join(text[: 4 * longest].translate(_TURNING).split())
    return line if len(line) <= longest else f"{line[: longest - 1]}…"


def section_name(title: str) -> str:
    return quoted(title) if title else tr("the section without a title")


def change_sentence(
    change: LayoutChange, label: str, field_type: str = "", names: Mapping[str, str] = NO_NAMES
) -> str:
    """Return a change as one sentence; `label` is what its field is called."""
    name = quoted(label)
    if change.kind is Kind.ATTACHED:
        return tr("{0} is added to {1}.").format(name, section_name(change.after[0]))
    if change.kind is Kind.DETACHED:
        return tr("{0} is removed from {1}.").format(name, section_name(change.before[0]))
    if change.kind is Kind.MOVED:
        return _move_sentence(change, name)
    if change.kind is Kind.SET:
        said = tr("{0}: {1} becomes {2}; it was {3}.")
        values = (value(change.name, each, names) for each in (change.after, change.before))
        return said.format(name, attribute(change.name, field_type), *values)
    return _section_sentence(change, label)


def _move_sentence(change: LayoutChange, name: str) -> str:
    (old_title, old_place), (title, place) = change.before, change.after
    if title == old_title:
        return tr("{0} moves from place {1} to {2} of {3}.").format(
            name, old_place, place, section_name(title)
        )
    return tr("{0} moves from {1} to place {3} of {2}.").format(
        name, section_name(old_title), section_name(title), place
    )


def _section_sentence(change: LayoutChange, title: str) -> str:
    if change.kind is Kind.SECTION_ADDED:
        return tr("Section {0} is new.").format(section_name(change.after))
    if change.kind is Kind.SECTION_REMOVED:
        return tr("Section {0} goes; its fields stay.").format(section_name(change.before))
    if change.kind is Kind.SECTION_MOVED:
        return tr("Section {0} moves from place {1} to {2}.").format(
            section_name(title), change.before, change.after
        )
    return tr("Section {0}: {1} becomes {2}; it was {3}.").format(
        section_name(title),
        attribute(change.name),
        value(change.name, change.after),
        value(change.name, change.before),
    )


def sentences(state: LayoutState, changes: list[LayoutChange]) -> list[str]:
    """Return changes as sentences, with the labels that fields and sections have now."""
    titles = {section.key: section.title for section in state.layout.sections}
    entries = {**state.draft.saved.by_id(), **state.layout.by_id()}
    labels = {id_: state.label_of(entry) for id_, entry in entries.items()}
    types = {id_: state.type_of(entry) for id_, entry in entries.items()}
    return [
        change_sentence(
            change,
            labels.get(change.subject, titles.get(change.subject, "")),
            types.get(change.subject, ""),
            state.names,
        )
        for change in changes
    ]


def clash_subject(state: LayoutState, clash: LayoutClash) -> str:
    """Return what a clash is about: a field or a section, and what of it."""
    entries = {**state.draft.saved.by_id(), **state.layout.by_id()}
    entry = entries.get(clash.subject)
    if entry is not None:
        return f"{state.label_of(entry)}: {attribute(clash.name, state.type_of(entry))}"
    titles = {section.key: section.title for section in state.layout.sections}
    return f"{section_name(titles.get(clash.subject, ''))}: {attribute(clash.name)}"


def clash_value(state: LayoutState, clash: LayoutClash, said: Any) -> str:
    if clash.name != "place" or not isinstance(said, tuple):
        return tr("nowhere") if said is None else value(clash.name, said, state.names)
    key, above = said
    titles = {each.key: each.title for each in state.draft.saved.sections}
    titles |= {section.key: section.title for section in state.layout.sections}
    title = section_name(titles.get(key, ""))
    entries = {**state.draft.saved.by_id(), **state.layout.by_id()}
    if above in entries:
        return tr("{0}, below {1}").format(title, quoted(state.label_of(entries[above])))
    return tr("{0}, at the top").format(title)


def step_words(step: Step) -> str:
    """Return what a step did, to go on after Undo or Redo."""
    said = {
        Act.MOVE: tr("move of {0}"),
        Act.ATTACH: tr("adding {0}"),
        Act.DETACH: tr("removal of {0}"),
        Act.SET: tr("settings of {0}"),
        Act.SECTION: tr("change of a section"),
        Act.TAKE_OVER: tr("another layout"),
    }
    return said[step.act].format(fields(len(step.subjects)))
