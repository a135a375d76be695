"""Writes an object's records as CSV or JSON lines, one after the other, however many there are."""

import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Any

from sqlalchemy import Select, select

from crm_desktop.db.database import ReadSession, dump_json
from crm_desktop.db.tables import CrmObject, Record
from crm_desktop.domain.access import Permission, RecordRight
from crm_desktop.domain.effective import EffectiveField
from crm_desktop.domain.errors import Cancelled
from crm_desktop.domain.field_types import type_of
from crm_desktop.domain.formats import Formats
from crm_desktop.services.import_rows import REMEMBERED, REMEMBERED_LENGTH
from crm_desktop.services.record_rights import may
from crm_desktop.services.records import column_values, fields_of

BATCH = 1_000
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
Progress = Callable[[int, int], bool]


class ExportFormat(StrEnum):
    CSV = "csv"
    JSON_LINES = "jsonl"


class Header(StrEnum):
    """What heads the columns: names are what programs use, labels what people read."""

    NAMES = "names"
    LABELS = "labels"


def export_records(
    session: ReadSession,
    object_id: str,
    *,
    format: ExportFormat = ExportFormat.CSV,  # noqa: A002 - what it is called everywhere
    header: Header = Header.NAMES,
    for_spreadsheets: bool = False,
    on_progress: Progress | None = None,
) -> Iterator[str]:
    """Give the text of an export in pieces, oldest record first; an import reads it back.

    Values are written as one would edit them, numbers with a point and dates as ISO 8601. With
    `for_spreadsheets`, text that a spreadsheet would run as a formula gets an apostrophe before
    it, and does not read back the same. `on_progress(done, 0)` returning False stops it.
    """
    session.actor.require(Permission.READ_RECORDS)
    fields = fields_of(session, object_id)
    titles = _titles(fields, header)
    if format is ExportFormat.CSV:
        yield _csv_row(titles)
    writers = [_text_writer(field, for_spreadsheets=for_spreadsheets) for field in fields]
    done = 0
    for rows in _batches(session, object_id):
        if format is ExportFormat.CSV:
            yield "".join([_csv_row([write(row) for write in writers]) for row in rows])
        else:
            yield "".join([_json_line(fields, titles, row) for row in rows])
        done += len(rows)
        if on_progress is not None and not on_progress(done, 0):
            raise Cancelled("The export was stopped.")


def _titles(fields: Sequence[EffectiveField], header: Header) -> list[str]:
    """Return a title for each field; where two would be the same, the ids follow in brackets."""
    plain = [field.label if header is Header.LABELS else field.name for field in fields]
    return [
        f"{title} ({field.id})" if plain.count(title) > 1 else title
        for title, field in zip(plain, fields, strict=True)
    ]


def _batches(session: ReadSession, object_id: str) -> Iterator[list[dict[str, Any]]]:
    """Read by a server-side cursor; each record as its values by field id."""
    query: Select[Any] = (
        select(
            Record.data,
            Record.created_at,
            Record.updated_at,
            Record.created_by,
            Record.updated_by,
        )
        .join(CrmObject, CrmObject.id == Record.object_id)
        .where(Record.object_id == object_id)
        .where(may(session.actor, RecordRight.READ, Record, CrmObject))
        .order_by(Record.created_at, Record.id)
    )
    result = session.execute(query.execution_options(yield_per=BATCH))
    for rows in result.mappings().partitions():
        yield [_values(row) for row in rows]


def _values(row: Mapping[Any, Any]) -> dict[str, Any]:
    data = row["data"] if isinstance(row["data"], dict) else {}
    return data | column_values(row)


def _text_writer(
    field: EffectiveField, *, for_spreadsheets: bool
) -> Callable[[Mapping[str, Any]], str]:
    field_type, formats = type_of(field.type), Formats.iso()
    known: dict[str, str] = {}  # options and such come again and again

    def write_anew(value: Any) -> str:
        text = field_type.edit_text(value, field, formats)
        if for_spreadsheets and isinstance(value, str) and text.startswith(_FORMULA):
            return f"'{text}"
        return text

    def write(values: Mapping[str, Any]) -> str:
        value = values.get(field.id)
        if value is None:
            return ""
        if type(value) is not str:
            return write_anew(value)
        text = known.get(value)
        if text is None:
            text = write_anew(value)
            if len(known) < REMEMBERED and len(text) < REMEMBERED_LENGTH:
                known[value] = text
        return text

    return write


def _csv_row(cells: Sequence[str]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="\r\n").writerow(cells)
    return line.getvalue()


def _json_line(
    fields: Sequence[EffectiveField], titles: Sequence[str], values: Mapping[str, Any]
) -> str:
    named = {
        title: values[field.id]
        for title, field in zip(titles, fields, strict=True)
        if values.get(field.id) is not None
    }
    return dump_json(named) + "\n"
