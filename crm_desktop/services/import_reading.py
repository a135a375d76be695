"""Reads CSV files as people have them: finds encoding and separator, keeps memory bounded."""

import codecs
import csv
import io
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import BinaryIO, TextIO

from crm_desktop.domain.errors import Invalid, Unavailable

MAX_LINE = 32 << 20  # characters; a longer line is no row of a table
MAX_CELL = 16 << 20
BLOCK_ROWS = 250  # small, so that the server is at work on one while the next is made
BLOCK_CHARS = 8 << 20  # a block ends earlier when its cells are huge
SAMPLE = 256 << 10
SEPARATORS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
_MARKS = (  # UTF-32's little-endian mark begins like UTF-16's
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CONTROLS = re.compile(rb"[\x00-\x08\x0e-\x19\x1c-\x1f\x7f]")
_NO_CSV = "this is not a CSV file. Nothing was imported."
_SEPARATOR_LINE = re.compile(r"sep=(.)\r?\n?", re.IGNORECASE)  # Excel's own first line


def _refusal(sentence: str) -> Invalid:
    return Invalid({"file": sentence})


@dataclass(frozen=True, slots=True)
class CsvFormat:
    """How a file is written: a Python name of its encoding, and one character between cells."""

    encoding: str
    separator: str


@dataclass(frozen=True, slots=True)
class Misfit:
    """A row that has more cells than the header has columns."""

    line: int
    cells: list[str]


@dataclass(frozen=True, slots=True)
class Block:
    """Some rows of a file, each as wide as the header, and the line each of them begins at."""

    lines: list[int]
    rows: list[list[str]]
    misfits: list[Misfit]
    position: int  # bytes of the file read so far

    def columns(self) -> list[tuple[str, ...]]:
        return list(zip(*self.rows, strict=True))


@dataclass(slots=True)
class _Lines:
    """The physical lines of an open file, bounded in length; knows when they have ended."""

    file: TextIO
    ended: bool = False
    number: int = 0
    room: int = 0  # characters until the block is full

    def __iter__(self) -> Iterator[str]:
        for line in iter(partial(self.file.readline, MAX_LINE), ""):
            self.number += 1
            self.room -= len(line)
            if len(line) >= MAX_LINE:
                size = f"more than {MAX_LINE:,} characters"
                raise _refusal(f"Line {self.number} has {size}: {_NO_CSV}")
            if "\0" in line:
                raise _refusal(f"Line {self.number} has a NUL character: {_NO_CSV}")
            yield line
        self.ended = True


@dataclass(slots=True)
class CsvReader:
    """An open file after its header has been read."""

    headers: tuple[str, ...]
    _reader: "Iterator[list[str]]"
    _lines: _Lines
    _raw: BinaryIO
    _next_line: int
    _width: int = field(init=False)

    def __post_init__(self) -> None:
        self._width = len(self.headers)

    def blocks(self) -> Iterator[Block]:
        """Give the rows in blocks; rows without any text are passed over, short ones filled up.

        Raises Invalid, naming the line, where the text cannot be read as a table.
        """
        while True:
            block = self._read_block()
            if block.rows or block.misfits:
                yield block
            if self._lines.ended:
                return

    def _read_block(self) -> Block:
        lines: list[int] = []
        rows: list[list[str]] = []
        misfits: list[Misfit] = []
        width, line, source = self._width, self._next_line, self._lines
        source.room = BLOCK_CHARS
        for read in islice(self._reader, BLOCK_ROWS):
            if source.ended:
                raise _refusal(f"The quote opened in line {line} is never closed.")
            cells = read if len(read) == width else _fitted(read, width)
            if len(read) > width and any(map(str.strip, read[width:])):
                misfits.append(Misfit(line, read))
            elif any(cells):
                lines.append(line)
                rows.append(cells)
            line = source.number + 1
            if source.room < 0:
                break
        self._next_line = line
        return Block(lines, rows, misfits, self._raw.tell())


def _fitted(cells: list[str], width: int) -> list[str]:
    """Return the cells of a row that is too short or has empty cells too many; [] for a blank."""
    if not any(cells):
        return []
    return cells[:width] + [""] * (width - len(cells))


def detect_format(path: Path, encoding: str = "", separator: str = "") -> CsvFormat:
    """Find how a file is written, reading all of it; what is given ("" is not) is taken as it is.

    Raises Unavailable where it cannot be opened and Invalid where it is no table of text.
    """
    with open_file(path) as raw:
        if not raw.peek(1):
            raise _refusal(f"{path.name} is empty.")
        encoding = _known_encoding(encoding) if encoding else _detect_encoding(raw, path.name)
    return CsvFormat(encoding, _known_separator(separator) or _detect_separator(path, encoding))


@contextmanager
def open_csv(path: Path, how: CsvFormat) -> Iterator[CsvReader]:
    """Open a file of a known format and read its header."""
    with (
        open_file(path) as raw,
        _readable(path, how) as opened,
        io.TextIOWrapper(raw, how.encoding, newline="") as text,
    ):
        lines = _Lines(text)
        opened.append(lines)
        source = iter(lines)
        csv.field_size_limit(MAX_CELL)
        first = next(source, "")
        if _SEPARATOR_LINE.fullmatch(first):
            first = next(source, "")
        while first and not first.strip():
            first = next(source, "")
        reader = csv.reader(chain((first,), source), delimiter=how.separator)
        headers = next(reader, [])
        if not any(map(str.strip, headers)):
            raise _refusal(f"{path.name} has no header: its first line is empty.")
        yield CsvReader(unique_headers(headers), reader, lines, raw, lines.number + 1)


@contextmanager
def open_file(path: Path) -> Iterator[io.BufferedReader]:
    """Open a file for reading; say in words why that cannot be done."""
    try:
        if path.exists() and not path.is_file():
            raise Unavailable(f"{path} is not a file.")
        file = path.open("rb")
    except FileNotFoundError:
        raise Unavailable(f"There is no file {path}.") from None
    except PermissionError:
        raise Unavailable(f"You are not allowed to read {path}.") from None
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        raise Unavailable(f"{path} cannot be read: {_words(error)}.") from error
    with file:
        try:
            yield file
        except OSError as error:
            raise Unavailable(f"{path} cannot be read: {_words(error)}.") from error


def _words(error: Exception) -> str:
    return (isinstance(error, OSError) and error.strerror) or str(error)


@contextmanager
def _readable(path: Path, how: CsvFormat) -> Iterator[list[_Lines]]:
    """Turn what the decoder and the csv module refuse into sentences that name the line."""
    lines: list[_Lines] = []
    try:
        yield lines
    except UnicodeError:
        where = f"near line {lines[0].number + 1}" if lines else "at its beginning"
        raise _refusal(
            f"{path.name} is not {how.encoding} text {where}. Name another encoding."
        ) from None
    except csv.Error as error:
        where = f"Line {lines[0].number}" if lines else path.name
        large = "field larger" in str(error)
        what = f"has a cell of more than {MAX_CELL:,} characters" if large else "cannot be read"
        hint = "Is a quote left open before it?" if large else f"({error})"
        raise _refusal(f"{where} {what}. {hint}") from None


def _known_encoding(name: str) -> str:
    try:
        "".encode(name)
        return codecs.lookup(name).name
    except (LookupError, ValueError):
        raise Invalid({"encoding": f"There is no encoding called “{name}”."}) from None


def _known_separator(text: str) -> str:
    by_name = {name: separator for separator, name in SEPARATORS.items()} | {"\\t": "\t"}
    separator = by_name.get(text.lower(), text)
    if len(separator) > 1 or separator in {'"', "\r", "\n"}:
        raise Invalid({"separator": f"“{text}” is not one character that can separate cells."})
    return separator


def _detect_encoding(file: io.BufferedReader, name: str) -> str:
    head = file.read(SAMPLE)
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            return encoding
    if wide := _utf16_without_mark(head):
        return wide
    controls = len(_CONTROLS.findall(head))
    if b"\0" in head or controls > len(head) // 100:
        raise _refusal(f"{name} has no text in it: {_NO_CSV}")
    file.seek(0)
    return _eight_bit_encoding(file, name)


def _utf16_without_mark(head: bytes) -> str:
    """Latin text in UTF-16 has a zero as every second byte."""
    half = len(head) // 2
    even, odd = head[0::2].count(0), head[1::2].count(0)
    if half >= 2 and odd > 0.4 * half and even < 0.05 * half:
        return "utf-16-le"
    if half >= 2 and even > 0.4 * half and odd < 0.05 * half:
        return "utf-16-be"
    return ""


def _eight_bit_encoding(file: io.BufferedReader, name: str) -> str:
    """UTF-8 where all of it is; Windows-1252 otherwise, unless it plainly is damaged UTF-8."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    line, foreign = 1, 0
    while block := file.read(1 << 20):
        try:
            decoder.decode(block)
        except UnicodeDecodeError as error:
            good = error.object[: error.start].decode("utf-8")
            line += good.count("\n")
            foreign += sum(not character.isascii() for character in good)
            break
        line += block.count(b"\n")
        foreign += 0 if block.isascii() else 1
    else:
        if decoder.getstate()[0] == b"":
            return "utf-8"
    if foreign > 2:
        raise _refusal(
            f"{name} is UTF-8 text, but line {line} is damaged. Repair it, or name an encoding."
        )
    file.seek(0)
    return _checked_1252(file, name)


def _checked_1252(file: io.BufferedReader, name: str) -> str:
    try:
        while block := file.read(1 << 20):
            block.decode("cp1252")
    except UnicodeDecodeError:
        raise _refusal(
            f"{name} is neither UTF-8, UTF-16 nor Windows-1252 text. Name its encoding."
        ) from None
    return "cp1252"


def _detect_separator(path: Path, encoding: str) -> str:
    how = CsvFormat(encoding, ",")
    with (
        open_file(path) as raw,
        _readable(path, how),
        io.TextIOWrapper(raw, encoding, newline="") as file,
    ):
        text = file.read(SAMPLE)
    if said := _SEPARATOR_LINE.match(text):
        return said[1]
    whole = text if len(text) < SAMPLE else text[: text.rfind("\n") + 1] or text
    return max(SEPARATORS, key=partial(_fit_of_separator, whole))


def _fit_of_separator(text: str, separator: str) -> tuple[float, int]:
    """Return the share of rows as wide as a header of several cells, and that width.

    For one column: 0, and how many rows this separator leaves whole.
    """
    csv.field_size_limit(MAX_CELL)
    try:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
        widths = [len(row) for row in islice(reader, 300) if row]
    except csv.Error:
        return 0, 0
    width = widths[0] if widths else 0
    if width < 2:
        return 0, widths.count(1)
    return widths.count(width) / len(widths), width


def unique_headers(cells: Sequence[str]) -> tuple[str, ...]:
    """Return the header's texts, each once and none empty: "Column 3", "Name", "Name (2)"."""
    taken: set[str] = set()
    headers: list[str] = []
    for number, cell in enumerate(cells, 1):
        plain = " ".join(cell.split()) or f"Column {number}"
        name, count = plain, 1
        while name.casefold() in taken:
            count += 1
            name = f"{plain} ({count})"
        taken.add(name.casefold())
        headers.append(name)
    return tuple(headers)
