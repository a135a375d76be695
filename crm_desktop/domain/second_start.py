"""What a second start of the program asks of the window that runs already, as one line of text."""

from dataclasses import dataclass
from urllib.parse import quote, unquote, urlsplit

from crm_desktop.domain.record_links import is_link, link_to_record, record_of_link

MOST_LETTERS = 16_000  # a path may have 4,096 bytes, each of them written as %XX
TABLES = (".csv", ".tsv", ".txt")  # the files that can be imported
_FRONT, _IMPORT = "front", "import "


@dataclass(frozen=True, slots=True)
class Wish:
    """A record to show, a file to import (its absolute path), or neither: to come forward."""

    record_id: str = ""
    file: str = ""


def line_of(wish: Wish) -> str:
    """Return the line that says it; plain ASCII without its line's end."""
    if wish.record_id:
        return link_to_record(wish.record_id)
    if wish.file:
        return _IMPORT + quote(wish.file, errors="surrogateescape")
    return _FRONT


def wish_in(line: str) -> Wish:
    """Return what a line says; raises Invalid for anything else."""
    text = line.strip()
    if text == _FRONT:
        return Wish()
    if text.startswith(_IMPORT) and len(text) <= MOST_LETTERS:
        file = unquote(text.removeprefix(_IMPORT), errors="surrogateescape")
        if is_table(file) and "\0" not in file:
            return Wish(file=file)
    return Wish(record_id=record_of_link(text))


def is_table(text: str) -> bool:
    """Say whether a path or a `file:` address means a file that can be imported."""
    return path_of(text).casefold().endswith(TABLES)


def is_wish(text: str) -> bool:
    """Say whether the text means to be a link or a file to import, right or wrong."""
    return is_link(text) or is_table(text)


def path_of(text: str) -> str:
    """Return the path that a `file:` address names, as desktops pass it; a path as it stands."""
    if not text.casefold().startswith("file:"):
        return text
    path = unquote(urlsplit(text).path, errors="surrogateescape")
    has_drive = len(path) > 2 and path[0] == "/" and path[2] == ":"  # /C:/Users/…
    return path[1:] if has_drive else path
