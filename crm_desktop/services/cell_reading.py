"""Reads records' cells for the clipboard: exact values, and texts that are read back as typed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from crm_desktop.db.database import ReadSession
from crm_desktop.db.expressions import Parameters
from crm_desktop.domain.access import Permission
from crm_desktop.domain.clipboard import CellBlock, exact_text
from crm_desktop.domain.errors import Cancelled
from crm_desktop.domain.field_types import EffectiveField, target_ids, type_of
from crm_desktop.domain.filters import RecordQuery
from crm_desktop.domain.formats import Formats
from crm_desktop.domain.html_tables import write_html_table
from crm_desktop.domain.tsv import write_tsv
from crm_desktop.services.record_conditions import execute, readable
from crm_desktop.services.record_query import values_sql
from crm_desktop.services.record_targets import ids_of_rows
from crm_desktop.services.records import Progress
from crm_desktop.services.reference_checks import REFERRING, names_of_targets

BATCH = 2_000
MOST_IN_HTML = 100_000  # cells; beyond that spreadsheets take minutes over HTML, and text is read


@dataclass(frozen=True, slots=True)
class CopiedRows:
    """What is copied: columns, and rows by the records' ids or by their places in a list.

    `spans` are first and last rows of the list that `query` and `list_columns` describe; they
    count where `record_ids` is empty.
    """

    query: RecordQuery
    columns: tuple[EffectiveField, ...]
    formats: Formats
    record_ids: tuple[str, ...] = ()
    spans: tuple[tuple[int, int], ...] = ()
    list_columns: tuple[EffectiveField, ...] = ()
    has_headers: bool = False


@dataclass(frozen=True, slots=True)
class Copied:
    """The cells in the three forms that go to the clipboard; `html` is "" where it is too long."""

    plain: str
    html: str
    exact: str
    rows: int
    columns: int


def copy_cells(
    session: ReadSession, asked: CopiedRows, on_progress: Progress | None = None
) -> Copied:
    """Return the cells, with headers in text and HTML if asked for; `on_progress` counts rows.

    Records that are gone, or may not be read, are left out.
    """
    session.actor.require(Permission.READ_RECORDS)
    ids: Sequence[str] = asked.record_ids
    if not ids:
        ids = ids_of_rows(session, asked.query, asked.list_columns, asked.spans)
    block = read_block(session, asked, ids, on_progress)
    texts, values = list(block.texts), list(block.values or ())
    if asked.has_headers:
        texts.insert(0, tuple(column.label for column in asked.columns))
        values.insert(0, (None,) * len(asked.columns))
    is_short = block.rows * block.columns <= MOST_IN_HTML
    return Copied(
        plain=write_tsv(texts),
        html=write_html_table(texts, values) if is_short else "",
        exact=exact_text(block),
        rows=block.rows,
        columns=len(asked.columns),
    )


def read_block(
    session: ReadSession,
    asked: CopiedRows,
    ids: Sequence[str],
    on_progress: Progress | None = None,
) -> CellBlock:
    """Return the exact cells of these records, in the order of the ids."""
    session.actor.require(Permission.READ_RECORDS)
    values: list[tuple[Any, ...]] = []
    texts: list[tuple[str, ...]] = []
    for start in range(0, len(ids), BATCH):
        if on_progress is not None and not on_progress(start, len(ids)):
            raise Cancelled("Stopped. Nothing was copied.")
        rows = _values(session, asked, ids[start : start + BATCH])
        by_id = [
            {column.id: value for column, value in zip(asked.columns, row, strict=True)}
            for row in rows
        ]
        names = names_of_targets(session, asked.columns, by_id)
        writers = [_writer(column, asked.formats, names) for column in asked.columns]
        values += rows
        texts += [
            tuple([write(value) for write, value in zip(writers, row, strict=True)]) for row in rows
        ]
    return CellBlock(tuple(texts), tuple(values), tuple(column.type for column in asked.columns))


def _values(session: ReadSession, asked: CopiedRows, ids: Sequence[str]) -> list[tuple[Any, ...]]:
    parameters = Parameters()
    wanted = values_sql(parameters, asked.columns)
    where = readable(session, parameters, RecordQuery(asked.query.object_id), looks_first=True)
    statement = (
        f"SELECT {wanted} FROM unnest({parameters.bind(list(ids), 'text[]')})"  # noqa: S608
        f" WITH ORDINALITY AS asked (id, place) JOIN records AS r ON r.id = asked.id"
        f" WHERE {where} ORDER BY asked.place"
    )
    return [tuple(row[0]) for row in execute(session, statement, parameters.values)]


def _writer(
    column: EffectiveField, formats: Formats, names: dict[str, str]
) -> Callable[[Any], str]:
    """Return what writes a value as somebody would type it; texts are worked out once."""
    field_type = type_of(column.type)
    known: dict[str, str] = {}
    is_plain = field_type.is_text_like

    def write(value: Any) -> str:
        if value is None:
            return ""
        if type(value) is not str:
            return field_type.edit_text(value, column, formats)
        if is_plain:
            return value
        text = known.get(value)
        if text is None:
            text = known[value] = field_type.edit_text(value, column, formats)
        return text

    def write_names(value: Any) -> str:
        ids = target_ids(value)
        return ", ".join(names.get(id_, id_) for id_ in ids) if ids else write(value)

    return write_names if column.type in REFERRING else write
