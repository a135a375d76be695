"""Cells as a table in HTML, as spreadsheets put it on the clipboard, and back."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from html import escape
from html.parser import HTMLParser
from typing import Any

from typing_extensions import override

from crm_desktop.domain.errors import UserError
from crm_desktop.domain.formats import exact_number

MOST_SPAN = 1_000
LONGEST_SPAN = 10  # digits that are looked at
MOST_CELLS = 1_000_000  # what spans and short rows add included
_BLANKS = re.compile(r"[ \t\r\n\f]+")
_BEGIN = re.compile(r"<!--\s*StartFragment\s*-->")
_END = re.compile(r"<!--\s*EndFragment\s*-->")
_NUMBER = re.compile(r"-?[0-9]{1,40}(\.[0-9]{1,40})?")
_BREAKS = frozenset({"br", "p", "div", "li"})
_SILENT = frozenset({"style", "script", "head", "title", "template"})
_PREFORMATTED = re.compile(r"white-space\s*:\s*(pre|break-spaces)")
_EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001 - day 0 of spreadsheets, which know no zones


@dataclass(frozen=True, slots=True)
class HtmlCell:
    """A cell's text, and its exact value where the spreadsheet tells it.

    `value` is a number, or the text of a date or a moment in ISO 8601 without a zone.
    """

    text: str
    value: int | Decimal | str | None = None


def write_html_table(rows: Iterable[Sequence[str]], values: Iterable[Sequence[Any]]) -> str:
    """Return a table of these texts; a value that is a number is told exactly beside its text.

    Everything else is marked as text, so that a spreadsheet makes no formula, no date and no
    number of it.
    """
    lines = [
        f"<tr>{''.join(map(_cell, row, exact))}</tr>"
        for row, exact in zip(rows, values, strict=True)
    ]
    return f'<meta charset="utf-8"><table>{"".join(lines)}</table>'


def read_html_table(html: str) -> list[list[HtmlCell]]:
    """Return the cells of the first table of a fragment; [] where there is none.

    A cell that spans others leaves them empty. Tables inside cells are read as text.
    """
    begin = _BEGIN.search(html)
    if begin is not None and (end := _END.search(html, begin.end())) is not None:
        inner = html[begin.end() : end.start()]
        html = inner if re.search(r"<t[rd]\b|<table\b", inner, re.IGNORECASE) else html
    reader = _Reader()
    try:
        reader.feed(html)
        reader.close()
    except ValueError:  # a character by a number of thousands of digits
        return []
    return reader.table()


def check_size(rows: int, columns: int) -> None:
    """Refuse a rectangle that would fill the memory: one long row widens all the others."""
    if rows * columns > MOST_CELLS:
        raise UserError(
            f"What was copied is {rows:,} rows of {columns:,} columns;"
            f" at most {MOST_CELLS:,} cells can be read."
        )


def _cell(text: str, value: Any) -> str:
    shown = escape(text).replace("\n", "<br>")
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return f'<td sdval="{value:f}" sdnum="1033;">{shown}</td>'
    return (
        f'<td style=\'white-space:pre-wrap;mso-number-format:"\\@"\' sdnum="1033;0;@">{shown}</td>'
    )


@dataclass
class _Open:
    """A cell that is being read."""

    column_span: int
    row_span: int
    number: str
    form: str
    is_preformatted: bool
    parts: list[str] = field(default_factory=list)

    def text(self) -> str:
        if self.is_preformatted:
            return "".join(self.parts)
        joined = "".join(part if part == "\n" else _BLANKS.sub(" ", part) for part in self.parts)
        lines = (line.strip(" ") for line in _BLANKS_APART.sub(" ", joined).split("\n"))
        return "\n".join(lines).strip("\n").replace("\u00a0", " ")


_BLANKS_APART = re.compile(r" {2,}")


class _Reader(HTMLParser):
    """Collects the cells of the first table."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._rows: list[list[HtmlCell]] = []
        self._covered: dict[tuple[int, int], bool] = {}
        self._open: _Open | None = None
        self._depth = 0  # of tables
        self._silent = 0
        self._is_done = False
        self._count = 0

    def table(self) -> list[list[HtmlCell]]:
        self._end_cell()
        width = max(map(len, self._rows), default=0)
        check_size(len(self._rows), width)
        empty = HtmlCell("")
        return [row + [empty] * (width - len(row)) for row in self._rows if width]

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _SILENT:
            self._silent += 1
        elif tag == "table":
            self._depth += 1
        elif self._is_done or self._depth > 1:
            return
        elif tag == "tr":
            self._begin_row()
        elif tag in {"td", "th"}:
            self._begin_cell(dict(attrs))
        elif tag in _BREAKS and self._open is not None and (tag == "br" or self._open.parts):
            self._open.parts.append("\n")

    @override
    def handle_endtag(self, tag: str) -> None:
        if tag in _SILENT:
            self._silent = max(0, self._silent - 1)
        elif tag == "table":
            if self._depth <= 1 and self._rows:
                self._end_cell()
                self._is_done = True
            self._depth = max(0, self._depth - 1)
        elif tag in {"td", "th", "tr"} and self._depth <= 1:
            self._end_cell()

    @override
    def handle_data(self, data: str) -> None:
        if self._open is not None and not self._silent:
            self._open.parts.append(data)

    def _begin_row(self) -> None:
        self._end_cell()
        self._rows.append([])

    def _begin_cell(self, attributes: dict[str, str | None]) -> None:
        self._end_cell()
        if not self._rows:
            self._rows.append([])
        self._open = _Open(
            _span(attributes.get("colspan")),
            _span(attributes.get("rowspan")),
            attributes.get("sdval") or attributes.get("x:num") or "",
            attributes.get("sdnum") or "",
            _PREFORMATTED.search(attributes.get("style") or "") is not None,
        )

    def _end_cell(self) -> None:
        if self._open is None:
            return
        cell, self._open = self._open, None
        row, number = self._rows[-1], len(self._rows) - 1
        while self._covered.pop((number, len(row)), False):
            row.append(HtmlCell(""))
        place = len(row)
        row.append(HtmlCell(cell.text(), _exact(cell)))
        row.extend([HtmlCell("")] * (cell.column_span - 1))
        self._count += cell.column_span * cell.row_span
        if self._count > MOST_CELLS:
            self._is_done = True
            return
        for below in range(1, cell.row_span):
            for beside in range(cell.column_span):
                self._covered[number + below, place + beside] = True


def _span(text: str | None) -> int:
    digits = (text or "").strip()
    if not digits.isascii() or not digits.isdigit():
        return 1
    return max(1, min(int(digits), MOST_SPAN)) if len(digits) < LONGEST_SPAN else MOST_SPAN


def _exact(cell: _Open) -> int | Decimal | str | None:
    """Return the value that `sdval` tells; a serial number under a date's format is a date."""
    number = cell.number.strip()
    if not _NUMBER.fullmatch(number):
        return None
    form = re.sub(r'"[^"]*"|\[[^\]]*\]', "", cell.form.rpartition(";")[2]).upper()
    value = exact_number(number)
    if "YY" in form or "DD" in form:
        return _moment_text(Decimal(value), has_time="H" in form or "SS" in form)
    if "%" in form:
        return exact_number(f"{Decimal(value) * 100:f}")
    return None if "BOOL" in form or "H" in form or "@" in form else value


def _moment_text(serial: Decimal, *, has_time: bool) -> str | None:
    try:
        moment = _EPOCH + timedelta(seconds=round(serial * 86400))
    except OverflowError:
        return None
    return moment.isoformat(" ", "seconds") if has_time else moment.date().isoformat()
