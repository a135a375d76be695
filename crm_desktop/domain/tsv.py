"""Cells as text with tabs between them, quoted as spreadsheets do it, and back."""

import re
from collections.abc import Iterable, Sequence

_NEEDS_QUOTES = re.compile(r'[\t\r\n]|\A"')
_QUOTED = re.compile(r'"([^"]*(?:""[^"]*)*)"(?=[\t\r\n]|\Z)')
_PLAIN = re.compile(r"[^\t\r\n]*")
_LINE_END = re.compile(r"\r\n?|\n")


def write_tsv(rows: Iterable[Sequence[str]]) -> str:
    """Return one line for each row; a cell with a tab, a line break or a quote in front is quoted.

    No line break ends the last line, so that one cell pasted into a line of text is that cell.
    Texts that begin with =, +, - or @ stay as they are: a spreadsheet may take them for formulas.
    """
    lines = ["\t".join(map(_written, row)) for row in rows]
    text = "\n".join(lines)
    return f"{text}\n" if lines and not lines[-1] else text


def read_tsv(text: str) -> list[list[str]]:
    """Return the cells of each line; a quote that is not ended as it should is a letter."""
    if not text:
        return []
    if '"' not in text:
        return [line.split("\t") for line in _LINE_END.split(_without_end(text))]
    rows: list[list[str]] = [[]]
    place = 0
    while True:
        found = _QUOTED.match(text, place)
        if found is not None:
            rows[-1].append(found[1].replace('""', '"'))
        else:
            found = _PLAIN.match(text, place)
            assert found is not None  # noqa: S101 - it matches nothing at all, too
            rows[-1].append(found[0])
        place = found.end()
        if place < len(text) and text[place] == "\t":
            place += 1
            continue
        end = _LINE_END.match(text, place)
        if end is None or end.end() == len(text):
            return rows
        place = end.end()
        rows.append([])


def _written(cell: str) -> str:
    if _NEEDS_QUOTES.search(cell) is None:
        return cell
    return '"' + cell.replace('"', '""') + '"'


def _without_end(text: str) -> str:
    """Take the last line break away: it ends a line, and begins none."""
    for end in ("\r\n", "\n", "\r"):
        if text.endswith(end):
            return text[: -len(end)]
    return text
