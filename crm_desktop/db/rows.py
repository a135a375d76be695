"""Writes one row of a definition: guarded by its version, its JSON path by path."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    CursorResult,
    Delete,
    String,
    Update,
    and_,
    delete,
    func,
    literal,
    literal_column,
    null,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from crm_desktop.db.database import ReadSession, WriteSession
from crm_desktop.db.tables import Base
from crm_desktop.domain.errors import Conflict, Forbidden, NotFound
from crm_desktop.domain.json_edits import ABSENT, JsonEdit, Path

Json = ColumnElement[Any]


def version_of(table: type[Base]) -> ColumnElement[int]:
    """Return the row's version as a number: PostgreSQL's `xmin`, new with every update."""
    return literal_column(f"{table.__tablename__}.xmin::text::bigint", BigInteger)


def write_row(
    session: WriteSession,
    table: type[Base],
    id_: Any,
    values: Mapping[str, Any],
    *,
    what: str,
    version: int | None = None,
    edits: Mapping[str, Sequence[JsonEdit]] | None = None,
) -> None:
    """Update the one row: plain columns by `values`, JSON columns by `edits`.

    Raises NotFound when it is gone, Conflict when its version or the old value at the path of an
    edit differs. `what` names the thing in these sentences.
    """
    columns = table.__table__.c
    guards: list[ColumnElement[bool]] = [columns["id"] == id_]
    if version is not None:
        guards.append(version_of(table) == version)
    settings = dict(values)
    for name, changes in (edits or {}).items():
        if changes:
            settings[name] = edited_json(columns[name], changes)
            guards.extend(old_value_stands(columns[name], edit) for edit in changes)
    if not settings:
        return
    if _rows_met(session, update(table).where(*guards).values(settings)) != 1:
        is_guarded = len(guards) > 1 + (version is not None)
        raise _why_not(session, table, id_, what=what, version=None if is_guarded else version)


def delete_row(
    session: WriteSession, table: type[Base], id_: Any, *, what: str, version: int | None = None
) -> None:
    """Delete the one row; raises as `write_row` does when it met none."""
    guards: list[ColumnElement[bool]] = [table.__table__.c["id"] == id_]
    if version is not None:
        guards.append(version_of(table) == version)
    if _rows_met(session, delete(table).where(*guards)) != 1:
        raise _why_not(session, table, id_, what=what, version=version)


def _rows_met(session: WriteSession, statement: Update | Delete) -> int:
    """Run the statement past the ORM: its objects are never loaded here."""
    quick = statement.execution_options(synchronize_session=False)
    return cast(CursorResult[Any], session.execute(quick)).rowcount


def _why_not(
    session: ReadSession, table: type[Base], id_: Any, *, what: str, version: int | None
) -> Conflict | NotFound | Forbidden:
    """Return the reason why an update or delete met no row, where `version` alone was asked."""
    stands = session.scalar(select(version_of(table)).where(table.__table__.c["id"] == id_))
    if stands is None:
        return NotFound(f"This {what} no longer exists.")
    if version is not None and stands == version:
        return Forbidden(f"The database does not let you change this {what}.")
    return Conflict(f"Someone else changed this {what} meanwhile. Look at it again.")


def edited_json(column: Json, edits: Sequence[JsonEdit]) -> Json:
    """Return the column's document after the edits; missing parents become objects.

    A number in a path is a place in a list; one beyond its end adds there.
    """
    document = column
    parents = {
        edit.path[:depth]
        for edit in edits
        for depth in range(1, len(edit.path))
        if isinstance(edit.path[depth], str)  # a list that something stands in is there
    }
    for path in sorted(parents, key=len):
        kept = func.coalesce(_at(column, path), literal({}, JSONB()))
        document = _set(document, path, kept)
    for edit in edits:
        if edit.new is ABSENT:
            document = document.op("#-", return_type=JSONB())(_path(edit.path))
        else:
            document = _set(document, edit.path, literal(edit.new, JSONB()))
    return document


def _set(document: Json, path: Path, value: Json) -> Json:
    return func.jsonb_set(document, _path(path), value, type_=JSONB())


def old_value_stands(column: Json, edit: JsonEdit) -> ColumnElement[bool]:
    """Return the condition that the value at the path, and the kind of its parents, are as read."""
    old = null() if edit.old is ABSENT else literal(edit.old, JSONB())
    parents = [
        func.coalesce(func.jsonb_typeof(_at(column, edit.path[:depth])), "object") == kind
        for depth, kind in enumerate(_kinds(edit.path))
    ]
    return and_(_at(column, edit.path).is_not_distinct_from(old), *parents)


def _kinds(path: Path) -> list[str]:
    return ["object" if isinstance(key, str) else "array" for key in path]


def _at(document: Json, path: Path) -> Json:
    return document.op("#>", return_type=JSONB())(_path(path))


def _path(path: Path) -> ColumnElement[Any]:
    return literal([str(key) for key in path], ARRAY(String))
