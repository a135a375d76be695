"""Replaces values inside JSON documents of known columns, each guarded by what stood there."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text

from crm_desktop.db.database import ReadSession, WriteSession, dump_json, load_json
from crm_desktop.db.expressions import Parameters
from crm_desktop.domain.errors import Conflict
from crm_desktop.domain.field_references import PlaceEdit

Finder = Callable[[Any], Sequence[PlaceEdit]]


@dataclass(frozen=True, slots=True)
class JsonColumn:
    """A column of documents, and the columns that make the key of its rows."""

    table: str
    column: str
    key: tuple[str, ...]


FIELD_NAMING = (
    JsonColumn("objects", "views", ("id",)),
    JsonColumn("fields", "config", ("id",)),  # which field shows the record that is referred to
    JsonColumn("applications", "config", ("id",)),
    JsonColumn("crm_desktop.table_views", "extras", ("object_id", "view_id")),
    JsonColumn("crm_desktop.table_views", "entry", ("object_id", "view_id")),
    JsonColumn("crm_desktop.form_layouts", "extras", ("object_id", "form_id")),
)
"""The documents that name fields by their ids; ours are passed over where they are not there."""


def replace_places(session: WriteSession, place: JsonColumn, mark: str, find: Finder) -> int:
    """Write what `find` wants replaced in the documents that hold the text; return how many.

    Raises Conflict where somebody else changed one of these places meanwhile.
    """
    if not _is_writable(session, place):
        return 0
    keys = ", ".join(place.key)
    query = (
        f"SELECT {keys}, CAST({place.column} AS text) FROM {place.table}"  # noqa: S608 - constants
        f" WHERE strpos(CAST({place.column} AS text), :mark) > 0"
    )
    written = 0
    for *key, document in session.execute(text(query), {"mark": dump_json(mark)}).all():
        edits = find(load_json(document))
        if edits:
            _write(session, place, dict(zip(place.key, key, strict=True)), edits)
            written += len(edits)
    return written


def _write(
    session: WriteSession, place: JsonColumn, key: Mapping[str, str], edits: Sequence[PlaceEdit]
) -> None:
    bound = Parameters()
    document = place.column
    guards = [f"{name} = {bound.bind(value)}" for name, value in key.items()]
    for edit in edits:
        path = bound.bind(list(edit.path), "text[]")
        document = f"jsonb_set({document}, {path}, {bound.bind(dump_json(edit.new), 'jsonb')})"
        guards.append(f"{place.column} #> {path} = {bound.bind(dump_json(edit.old), 'jsonb')}")
    statement = (
        f"UPDATE {place.table} SET {place.column} = {document}"  # noqa: S608 - constants
        f" WHERE {' AND '.join(guards)} RETURNING 1"
    )
    if session.execute(text(statement), bound.values).one_or_none() is None:
        raise Conflict("Someone else changed these views meanwhile. Look at them again.")


def _is_writable(session: ReadSession, place: JsonColumn) -> bool:
    """Say whether the table is there and may be written: our own may be declined."""
    query = text(
        "SELECT CASE WHEN to_regclass(:name) IS NOT NULL"
        " THEN has_table_privilege(to_regclass(:name), 'UPDATE') ELSE false END"
    )
    schema, is_named, _ = place.table.partition(".")
    if is_named and not session.scalar(_MAY_USE, {"schema": schema}):
        return False
    return bool(session.scalar(query, {"name": place.table}))


_MAY_USE = text(
    "SELECT count(*) FROM pg_namespace"
    " WHERE nspname = :schema AND has_schema_privilege(oid, 'USAGE')"
)
