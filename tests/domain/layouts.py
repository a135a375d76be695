"""Layouts as short texts: `A: name mail* | B: note` is two sections, `*` a required field."""

from crm_desktop.domain.layout_draft import Entry, Layout, Section


def layout_of(text: str) -> Layout:
    sections = []
    for part in text.split("|"):
        title, _, names = part.partition(":")
        entries = tuple(
            Entry(f"ofd_{name.rstrip('*')}", f"fld_{name.rstrip('*')}", name.endswith("*"))
            for name in names.split()
        )
        sections.append(Section(title.strip(), title.strip(), entries=entries))
    return Layout(tuple(sections))


def text_of(layout: Layout) -> str:
    parts = []
    for section in layout.sections:
        names = (f"{e.field_id[4:]}{'*' if e.is_required else ''}" for e in section.entries)
        parts.append(" ".join([f"{section.title}:", *names]))
    return " | ".join(parts)
