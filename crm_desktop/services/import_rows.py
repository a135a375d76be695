"""Turns the cells of a CSV file into rows of `records`, ready for COPY, or into reasons."""

import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import compress
from json.encoder import encode_basestring
from typing import Any

from crm_desktop.db.database import dump_json
from crm_desktop.domain.effective import EffectiveField
from crm_desktop.domain.errors import Invalid
from crm_desktop.domain.field_types import type_of, value_problem
from crm_desktop.domain.formats import Formats, plain_number
from crm_desktop.domain.ids import Prefix, new_ids
from crm_desktop.domain.validation import BLANKS, MAX_PRIMARY_VALUE
from crm_desktop.services.import_reading import Block

REMEMBERED = 20_000  # cells of a column that are converted once; bounds memory
REMEMBERED_LENGTH = 200
NULL = r"\N"  # COPY's text format, https://www.postgresql.org/docs/current/sql-copy.html


@dataclass(frozen=True, slots=True)
class Source:
    """A column of the file that fills a field, and how its texts are to be read.

    `refused` holds cells that will not do whatever they look like: references to nothing.
    """

    column: int
    header: str
    field: EffectiveField
    formats: Formats
    refused: Mapping[str, str] = dataclasses.field(
        default_factory=dict
    )  # by cell: why it will not do


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a row, or a link of it, did not go in."""

    line: int
    column: str
    reason: str


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows that can go in, as JSON objects escaped for COPY, and the problems of the others."""

    lines: list[int]
    ids: list[str]
    data: list[str]
    primary_values: list[str]  # escaped for COPY; NULL where there is none
    rows: list[list[str]]
    problems: list[Problem]


def copy_text(text: str) -> str:
    """Escape a text for COPY's text format."""
    if "\\" in text:
        text = text.replace("\\", "\\\\")
    if text.isprintable():
        return text
    return text.replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t")


def json_for_copy(value: Any) -> str:
    """Return a value as JSON escaped for COPY; JSON text itself has no control characters."""
    kind = type(value)
    if kind is str:
        text = encode_basestring(value)
    elif kind is bool:
        return "true" if value else "false"
    elif kind is int or kind is Decimal:
        plain = str(value) if kind is Decimal else plain_number(value)
        return plain_number(value) if "E" in plain else plain
    else:
        text = dump_json(value)
    return text.replace("\\", "\\\\") if "\\" in text else text


class _Cells(dict[str, str | None]):
    """By cell text: the piece of JSON that stores it, "" for an empty one, None for a refused one.

    Looked up by `map`, so that a text that was seen before costs no Python at all.
    """

    def __init__(self, source: Source) -> None:
        super().__init__()
        field = source.field
        field_type = type_of(field.type)
        self._parse = field_type.parser(field, source.formats)
        self._check = field_type.checker(field)
        self._key = f"{copy_text(encode_basestring(field.id))}: "
        self._empty = None if field.is_required else ""
        self._refused = source.refused

    def __missing__(self, cell: str) -> str | None:
        piece = self._piece(cell) if cell and not cell.isspace() else self._empty
        if len(self) < REMEMBERED and len(cell) < REMEMBERED_LENGTH:
            self[cell] = piece
        return piece

    def _piece(self, cell: str) -> str | None:
        if cell in self._refused:
            return None
        try:
            value = self._parse(cell)
        except Invalid:
            return None
        if value is None:
            return self._empty
        return self._key + json_for_copy(value) if self._check(value) is None else None


class _Names(dict[str, str]):
    """By cell text: the primary value that it gives, escaped for COPY; "" for none."""

    def __init__(self, source: Source) -> None:
        super().__init__()
        self.column = source.column
        self._read = value_reader(source)

    def __missing__(self, cell: str) -> str:
        name = name_for_copy(self._read(cell))
        if len(self) < REMEMBERED and len(cell) < REMEMBERED_LENGTH:
            self[cell] = name
        return name


def name_for_copy(value: Any) -> str:
    """Return the primary value that a value gives, "" for none; see `primary_value`."""
    if not isinstance(value, str) or not value.strip(BLANKS):
        return ""
    return copy_text(value[:MAX_PRIMARY_VALUE])


def value_reader(source: Source) -> Callable[[str], Any]:
    """Return a function from cell text to JSON value; None for what is empty or refused."""
    field_type = type_of(source.field.type)
    parse = field_type.parser(source.field, source.formats)

    def read(cell: str) -> Any:
        if not cell or cell.isspace():
            return None
        try:
            return parse(cell)
        except Invalid:
            return None

    return read


def reason_for(source: Source, cell: str) -> str | None:
    """Say why a cell is refused; None when it is not."""
    field = source.field
    if cell in source.refused:
        return source.refused[cell]
    try:
        value = type_of(field.type).parser(field, source.formats)(cell) if cell.strip() else None
    except Invalid as refusal:
        return str(refusal)
    return value_problem(field, value)


class RowConverter:
    """Makes batches out of blocks for one object."""

    def __init__(
        self,
        sources: Sequence[Source],
        *,
        names: Sequence[Source | str],
        constants: Iterable[tuple[str, Any]],
    ) -> None:
        """`names`: what can give a primary value, the first that is not empty wins.

        `constants` are field ids and JSON values that every row gets.
        """
        self._sources = sources
        self._cells = [(source.column, _Cells(source)) for source in sources]
        self._names = [name if isinstance(name, str) else _Names(name) for name in names]
        self._constants = [
            f"{copy_text(encode_basestring(field_id))}: {json_for_copy(value)}"
            for field_id, value in constants
        ]

    def convert(self, block: Block) -> Batch:
        """Convert all rows of a block; a refused one leaves a problem for each of its bad cells."""
        if not block.rows:
            return Batch([], [], [], [], [], _misfit_problems(block))
        columns = block.columns()
        pieces = [list(map(cells.__getitem__, columns[place])) for place, cells in self._cells]
        lines, rows, problems = block.lines, block.rows, _misfit_problems(block)
        names = [name or NULL for name in self._primary_values(columns)]
        if any(None in column for column in pieces):
            is_good = [None not in parts for parts in zip(*pieces, strict=True)]
            for line, row, is_kept in zip(lines, rows, is_good, strict=True):
                if not is_kept:
                    problems.extend(self._problems(line, row))
            lines, rows = list(compress(lines, is_good)), list(compress(rows, is_good))
            names = list(compress(names, is_good))
            pieces = [list(compress(column, is_good)) for column in pieces]
        data = _objects([*pieces, *([constant] * len(rows) for constant in self._constants)])
        return Batch(
            lines, new_ids(Prefix.RECORD, len(rows)), data or ["{}"] * len(rows), names, rows,
            problems,
        )  # fmt: skip

    def _primary_values(self, columns: Sequence[Sequence[str]]) -> list[str]:
        """Return one name for each row, "" where no source gives one."""
        names = [""] * len(columns[0])
        for source in self._names:
            if "" not in names:
                break
            if isinstance(source, str):
                names = [name or source for name in names]
            else:
                more = map(source.__getitem__, columns[source.column])
                names = [name or other for name, other in zip(names, more, strict=True)]
        return names

    def _problems(self, line: int, row: Sequence[str]) -> list[Problem]:
        reasons = ((source, reason_for(source, row[source.column])) for source in self._sources)
        return [Problem(line, source.header, reason) for source, reason in reasons if reason]


def _objects(columns: Sequence[Sequence[str | None]]) -> list[str]:
    """Return one JSON object for each row of these pieces; none at all without columns."""
    rows = zip(*columns, strict=True)
    return [f"{{{', '.join(filter(None, row))}}}" for row in rows]


def _misfit_problems(block: Block) -> list[Problem]:
    return [
        Problem(misfit.line, "", f"The row has {len(misfit.cells)} cells, more than the header.")
        for misfit in block.misfits
    ]
