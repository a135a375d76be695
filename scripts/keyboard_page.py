"""docs/keyboard.md: the keyboard map of every page, read from the actions of the real window."""

from collections.abc import Callable, Iterable, Sequence

from PySide6.QtGui import QKeySequence

from crm_desktop.domain.effective import EffectiveField
from crm_desktop.domain.field_types import FIELD_TYPES
from crm_desktop.domain.formats import Formats
from crm_desktop.gui.editors.making import make_editor
from crm_desktop.gui.keyboard_map import KeyLine, lines_of_page, lines_of_window
from crm_desktop.gui.main_window import MainWindow

_FORMAT = QKeySequence.SequenceFormat.PortableText
_HEAD = """\
# Keyboard

F1 shows the keys of the window and of the page that is shown; Ctrl+K finds and runs any command.
This page is written by `make screenshots` from the commands themselves. On macOS Ctrl is the
Command key.

In every list and tree the arrow keys, Home, End and the page keys move, with Shift they select,
and typing goes to what begins so. Tab goes to the next control, F6 to the next pane, Escape closes
what is open or gives up an edit. The keys that move fields are with [layouts](layouts.md).
"""

Section = tuple[str, Sequence[KeyLine]]


def pages_of(object_id: str, record_id: str) -> tuple[tuple[str, str], ...]:
    """Return a heading and an address for each kind of page."""
    return (
        ("Objects", "objects"),
        ("A list of records", f"records:{object_id}"),
        ("A record", f"record:{record_id}"),
        ("The graph of a record", f"recgraph:{record_id}"),
        ("A layout", f"layout:{object_id}"),
        ("Fields", "fields"),
        ("Relationships", "relationships"),
        ("The schema graph", "graph"),
        ("Applications", "applications"),
        ("Users", "users"),
        ("Indexes", "indexes"),
    )


def read_sections(
    window: MainWindow, pages: Iterable[tuple[str, str]], wait: Callable[[], None]
) -> list[Section]:
    """Open each page and read its keys; `wait` returns when nothing is under way.

    Which editors a form has depends on its fields, so their keys have a section of their own.
    """
    sections: list[Section] = [("Everywhere", lines_of_window(window, _FORMAT))]
    editing = _lines_of_editors(window)
    for heading, address in pages:
        window.open(address)
        wait()
        page = window.current_page
        if page is None:
            raise LookupError(address)
        lines = lines_of_page(page, heading, _FORMAT)
        sections.append((heading, [line for line in lines if line.command not in editing]))
    return [*sections, ("A value", list(editing.values()))]


def _lines_of_editors(window: MainWindow) -> dict[str, KeyLine]:
    """Return the keys of the editors of single values, by their commands."""
    found: dict[str, KeyLine] = {}
    for type_ in FIELD_TYPES:
        field = EffectiveField("fld_any", "any", "Any", type_)
        editor = make_editor(field, Formats(), window.tasks)
        found |= {line.command: line for line in lines_of_page(editor, "A value", _FORMAT)}
        editor.deleteLater()
    return found


def keyboard_page(sections: Iterable[Section]) -> str:
    """Return the page in Markdown; commands stand in the order of their menus."""
    parts = [_HEAD]
    for heading, lines in sections:
        rows = [f"| {line.command} | {_keys(line)} |" for line in lines]
        parts.append("\n".join([f"## {heading}", "", "| command | keys |", "|---|---|", *rows, ""]))
    return "\n".join(parts)


def _keys(line: KeyLine) -> str:
    return ", ".join(f"`{key}`" for key in line.keys)
