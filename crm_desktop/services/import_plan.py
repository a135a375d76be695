"""Decides what an import does with each column of a file, before a single row goes in."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from pydantic import Field

from crm_desktop.db.database import ReadSession
from crm_desktop.domain.access import Permission
from crm_desktop.domain.effective import EffectiveField
from crm_desktop.domain.errors import Cancelled, Invalid, NotFound
from crm_desktop.domain.field_types import FIELD_TYPES, is_column
from crm_desktop.domain.formats import DateOrder, Formats
from crm_desktop.domain.names import name_from_label
from crm_desktop.services.import_inference import ColumnGuess, DateOrderUnknown, Inference
from crm_desktop.services.import_reading import CsvFormat, detect_format, open_csv
from crm_desktop.services.inputs import Draft, Line
from crm_desktop.services.layouts import list_layout
from crm_desktop.services.objects import ObjectSummary, find_object

Progress = Callable[[int, int], bool]
SKIPPED = "skip"
PREVIEW_ROWS = 50
_DATED = ("date", "datetime")
_ORDERS: Mapping[str, DateOrder] = {"ymd": "ymd", "dmy": "dmy", "mdy": "mdy", "": "ymd"}


class UnknownColumns(Invalid):
    """Columns for which the object has no fields; somebody must say what becomes of them."""


class LinkRequest(Draft):
    """A column whose cells name records of another object by the value of one of its fields."""

    column: Line
    object_name: Line
    field_name: Line

    @classmethod
    def from_text(cls, text: str) -> "LinkRequest":
        """Read "COLUMN=OBJECT.FIELD"."""
        column, equals, target = text.rpartition("=")
        object_name, dot, field_name = target.partition(".")
        if not (equals and dot and column.strip() and object_name.strip() and field_name.strip()):
            raise Invalid({"link": f"Write a link as COLUMN=OBJECT.FIELD, not “{text}”."})
        return cls(column=column, object_name=object_name, field_name=field_name)


class ImportRequest(Draft):
    """What somebody asks of an import; "" leaves the decision to the evidence in the file.

    `types` says, by column, the type of a new field, or "skip" to leave the column out.
    """

    object_name: Line
    creates: bool = False
    links: tuple[LinkRequest, ...] = ()
    key: str = ""
    date_order: Literal["", "ymd", "dmy", "mdy"] = ""
    decimal: Literal["", ".", ","] = ""
    encoding: str = ""
    separator: str = ""
    types: Mapping[str, str] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PlannedColumn:
    """What happens to one column: it fills a field, makes one, links records, or is left out."""

    place: int
    guess: ColumnGuess
    field: EffectiveField | None = None
    link: LinkRequest | None = None
    skipped: str = ""  # why it is left out

    @property
    def header(self) -> str:
        return self.guess.header

    @property
    def is_new(self) -> bool:
        return self.field is None and self.link is None and not self.skipped

    @property
    def type(self) -> str:
        return self.field.type if self.field else self.guess.type

    @property
    def formats(self) -> Formats:
        decimal = self.guess.decimal
        return Formats(
            decimal_point=decimal,
            group_separator="." if decimal == "," else ",",
            date_order=_ORDERS[self.guess.date_order],
        )

    @property
    def asks_date_order(self) -> bool:
        is_used = self.link is None and not self.skipped
        return is_used and self.type in _DATED and not self.guess.date_order


@dataclass(frozen=True, slots=True)
class ImportPlan:
    """The columns of a file and what becomes of them; `target` is None for an object to make."""

    path: Path
    request: ImportRequest
    format: CsvFormat
    size: int
    row_count: int
    target: ObjectSummary | None
    layout: tuple[EffectiveField, ...]
    columns: tuple[PlannedColumn, ...]
    key: PlannedColumn | None
    first_rows: tuple[tuple[str, ...], ...]

    @property
    def undated(self) -> tuple[str, ...]:
        """The headers of the columns whose dates fit both orders of day and month."""
        return tuple(column.header for column in self.columns if column.asks_date_order)

    @property
    def new_columns(self) -> tuple[PlannedColumn, ...]:
        return tuple(column for column in self.columns if column.is_new)


def make_plan(
    session: ReadSession, path: Path, request: ImportRequest, on_progress: Progress
) -> ImportPlan:
    """Read the whole file once and decide; changes nothing.

    Raises Invalid and NotFound where the request does not fit the file or the database. Dates
    that fit both orders are left to the caller: see `undated` and `refuse_undated`.
    """
    session.actor.require(Permission.READ_DEFINITIONS)
    how = detect_format(path, request.encoding, request.separator)
    target = _target(session, request)
    layout = _layout_of(session, target)
    with open_csv(path, how) as reader:
        headers = reader.headers
        choices = _choices(request, headers)
        fields = _fields_for(headers, layout, choices)
        hints = {header: wanted for header, wanted in choices.items() if isinstance(wanted, str)}
        hints |= {header: field.type for header, field in fields.items()}
        inference = Inference(headers, hints, settled=fields)
        size, row_count = path.stat().st_size, 0
        first_rows: list[tuple[str, ...]] = []
        for block in reader.blocks():
            row_count += len(block.rows) + len(block.misfits)
            if block.rows:
                inference.add(block.columns())
                wanted = max(PREVIEW_ROWS - len(first_rows), 0)
                first_rows.extend(map(tuple, block.rows[:wanted]))
            if not on_progress(block.position, 2 * size):
                raise Cancelled("The import was stopped. Nothing was changed.")
    if not row_count:
        raise Invalid({"file": f"{path.name} has a header, but no rows. Nothing was imported."})
    key = _header(request.key, headers, "key") if request.key else ""
    guesses = inference.guesses(
        how.separator,
        date_order=request.date_order,
        decimal=request.decimal,
        free_text=[key],
    )
    columns = tuple(
        _planned(place, guess, fields.get(guess.header), choices.get(guess.header))
        for place, guess in enumerate(guesses)
    )
    planned_key = next((column for column in columns if column.header == key), None)
    _check_key(planned_key)
    return ImportPlan(
        path, request, how, size, row_count, target, layout, columns, planned_key,
        tuple(first_rows),
    )  # fmt: skip


def refuse_undated(plan: ImportPlan) -> None:
    """Raise DateOrderUnknown where somebody must say which of two orders of dates is meant."""
    if not plan.undated:
        return
    names = ", ".join(f"“{header}”" for header in plan.undated)
    sentence = f"It cannot be told whether the dates in {names} are day/month or month/day."
    raise DateOrderUnknown({"date_order": sentence})


def refuse_unknown(plan: ImportPlan) -> None:
    """Raise UnknownColumns where an existing object lacks fields, and nobody asked to make them."""
    if plan.target is None or plan.request.creates or not plan.new_columns:
        return
    names = ", ".join(f"“{column.header}”" for column in plan.new_columns)
    raise UnknownColumns(
        {"columns": f"“{plan.target.label}” has no fields for these columns: {names}."}
    )


def find_field(
    fields: Sequence[EffectiveField], text: str, where: str = ""
) -> EffectiveField | None:
    """Return the field of this name, label or id; raises Invalid where several have it."""
    wanted, as_name = text.strip().casefold(), name_from_label(text)
    ranks: tuple[Callable[[EffectiveField], bool], ...] = (
        lambda field: field.id == text,
        lambda field: field.name == text,
        lambda field: field.name.casefold() == wanted,
        lambda field: field.label.strip().casefold() == wanted,
        lambda field: bool(as_name) and field.name == as_name,
    )
    for fits in ranks:
        found = {field.id: field for field in fields if fits(field)}
        if len(found) > 1:
            sentence = f"Several fields{where} are called “{text}”. Use the field's id."
            raise Invalid({"columns": sentence})
        if found:
            return next(iter(found.values()))
    return None


def _target(session: ReadSession, request: ImportRequest) -> ObjectSummary | None:
    try:
        return find_object(session, request.object_name)
    except NotFound:
        if request.creates:
            return None
        raise


def _layout_of(session: ReadSession, target: ObjectSummary | None) -> tuple[EffectiveField, ...]:
    if target is None:
        return ()
    return tuple(row.effective for row in list_layout(session, target.id) if not row.is_duplicate)


def _header(name: str, headers: Sequence[str], what: str) -> str:
    """Return the header that is meant; raises Invalid naming those there are."""
    wanted = " ".join(name.split()).casefold()
    for header in headers:
        if header.casefold() == wanted:
            return header
    listed = ", ".join(f"“{header}”" for header in headers[:20])
    raise Invalid({what: f"The file has no column “{name}”. Its columns are {listed}."})


def _choices(request: ImportRequest, headers: Sequence[str]) -> dict[str, LinkRequest | str]:
    """Return, by header, what was asked for a column: a link, a type, or to skip it."""
    choices: dict[str, LinkRequest | str] = {}
    for name, wanted in request.types.items():
        if wanted != SKIPPED and wanted not in FIELD_TYPES:
            known = ", ".join(FIELD_TYPES)
            raise Invalid({"types": f"There is no field type “{wanted}”. There are: {known}."})
        choices[_header(name, headers, "types")] = wanted
    for link in request.links:
        header = _header(link.column, headers, "link")
        if isinstance(choices.get(header), LinkRequest):
            raise Invalid({"link": f"The column “{header}” is linked twice."})
        choices[header] = link
    return choices


def _fields_for(
    headers: Sequence[str],
    layout: Sequence[EffectiveField],
    choices: Mapping[str, LinkRequest | str],
) -> dict[str, EffectiveField]:
    """Return, by header, the existing field that a column fills; two for one are refused."""
    fields: dict[str, EffectiveField] = {}
    taken: dict[str, str] = {}
    for header in headers:
        choice = choices.get(header)
        if isinstance(choice, LinkRequest) or choice == SKIPPED:
            continue
        field = find_field(layout, header)
        if field is None:
            continue
        if field.id in taken:
            sentence = f"Both “{taken[field.id]}” and “{header}” would fill “{field.label}”."
            raise Invalid({"columns": f"{sentence} Leave one of them out."})
        taken[field.id] = header
        fields[header] = field
    return fields


def _planned(
    place: int,
    guess: ColumnGuess,
    field: EffectiveField | None,
    choice: LinkRequest | str | None,
) -> PlannedColumn:
    if isinstance(choice, LinkRequest):
        return PlannedColumn(place, guess, link=choice)
    if choice == SKIPPED:
        return PlannedColumn(place, guess, skipped="You left it out.")
    if field is not None and is_column(field):
        return PlannedColumn(place, guess, skipped=f"“{field.label}” is written by the program.")
    if field is not None and field.is_readonly:
        return PlannedColumn(place, guess, skipped=f"“{field.label}” is read-only.")
    if field is None and not guess.filled and guess.header == f"Column {place + 1}":
        return PlannedColumn(place, guess, skipped="It has neither a header nor values.")
    if choice and field is None:
        config = guess.config if choice == guess.type else {}
        guess = replace(guess, type=choice, config=config)
    return PlannedColumn(place, guess, field)


def _check_key(key: PlannedColumn | None) -> None:
    if key is None:
        return
    if key.link is not None:
        raise Invalid({"key": f"“{key.header}” links records, so it cannot be the key."})
    if key.skipped:
        raise Invalid({"key": f"“{key.header}” is left out, so it cannot be the key."})
