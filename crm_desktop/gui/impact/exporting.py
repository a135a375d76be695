"""The delete tree as a file or on the clipboard: CSV, text with indents, or JSON."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from crm_desktop.domain.errors import Unavailable
from crm_desktop.domain.impact_nodes import Node, walk
from crm_desktop.gui.editors.config.json_text import write_json
from crm_desktop.gui.impact.words import count_of, effect_of, title_of, where_of
from crm_desktop.whole_file import WholeFile

HEADER = ("level", "kind", "name", "count", "effect", "where", "id")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet would run what begins so


def text_for(file: Path, root: Node) -> str:
    """Return the tree in the form that the file's name asks for; text where it says nothing."""
    ending = file.suffix.lower()
    if ending == ".csv":
        return as_csv(root)
    return f"{write_json(as_json(root))}\n" if ending == ".json" else as_text(walk(root))


def as_csv(root: Node) -> str:
    """Return one row a node, level by level; empty where something was not counted."""
    lines = io.StringIO()
    writer = csv.writer(lines, lineterminator="\r\n")
    writer.writerow(HEADER)
    for level, node in walk(root):
        count = "" if node.count is None else str(node.count)
        words = (title_of(node), count, node.effect.value, where_of(node), node.id)
        writer.writerow([level, node.kind.value, *map(_plain, words)])
    return lines.getvalue()


def as_json(root: Node) -> dict[str, Any]:
    """Return nested objects; a count is null where it was not counted."""
    return {
        "kind": root.kind.value,
        "id": root.id,
        "name": title_of(root),
        "count": root.count,
        "effect": root.effect.value,
        "where": where_of(root),
        "children": [as_json(child) for child in root.children],
    }


def as_text(rows: Iterable[tuple[int, Node]]) -> str:
    """Return a line for each of these nodes, indented by how deep it stands."""
    lines = []
    for level, node in rows:
        count = count_of(node, is_counting=False)
        where = f" ({where_of(node)})" if where_of(node) else ""
        lines.append(f"{'  ' * level}{title_of(node)}{where}: {count}, {effect_of(node)}\n")
    return "".join(lines)


def save(file: Path, root: Node) -> None:
    """Write the tree to a file, which is there only once it is whole. Raises Unavailable."""
    whole = WholeFile(file)
    try:
        whole.draft.write_text(text_for(file, root), encoding="utf-8", newline="")
        whole.publish()
    except OSError as error:
        raise Unavailable(f"{file.name} could not be written: {error.strerror}.") from None


def _plain(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text
