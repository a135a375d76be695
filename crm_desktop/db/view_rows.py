"""The rows of `crm_desktop.table_views`: whether they can be used, read and written."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import text

from crm_desktop.db.database import ReadSession, WriteSession, dump_json

LAST = 2**31 - 1  # PostgreSQL's largest integer
NO_SCHEMA = "this database does not have the schema “crm_desktop”"
NO_RIGHT = "your login has no right on the schema “crm_desktop”"


@dataclass(frozen=True, slots=True)
class ViewRow:
    """What our schema knows of one view; with an `entry` it is stored nowhere else."""

    extras: Mapping[str, Any] = field(default_factory=dict)
    is_default: bool = False
    entry: Mapping[str, Any] | None = None
    position: int = LAST


@dataclass(frozen=True, slots=True)
class Standing:
    """Whether the table is there for this login; `reason` says what is in the way of writing."""

    is_readable: bool
    is_writable: bool

    @property
    def reason(self) -> str:
        if self.is_writable:
            return ""
        return NO_RIGHT if self.is_readable else NO_SCHEMA


def standing_of(session: ReadSession) -> Standing:
    return standing_of_table(session, "table_views")


def standing_of_table(session: ReadSession, name: str) -> Standing:
    """Say what this login may do with a table of our schema."""
    row = session.execute(text(_STANDING), {"name": name}).one_or_none()
    return Standing(bool(row and row.may_read), bool(row and row.may_write))


def read_rows(session: ReadSession, object_id: str) -> dict[str, ViewRow]:
    """Return the object's rows by the view's id; JSON of a wrong shape counts as nothing."""
    found = session.execute(text(_READ), {"object_id": object_id})
    return {
        view_id: ViewRow(
            extras if isinstance(extras, Mapping) else {},
            is_default,
            entry if isinstance(entry, Mapping) else None,
            position,
        )
        for view_id, extras, is_default, entry, position in found
    }


def views_naming(session: ReadSession, id_: str) -> list[tuple[str, str, str]]:
    """Return the object's id, its label and the name of each view whose row names this id."""
    rows = session.execute(text(_VIEWS_NAMING), {"quoted": f'"{id_}"'})
    return [(row.object_id, row.label, row.name) for row in rows]


def objects_naming(session: ReadSession, mark: str) -> list[str]:
    """Return the ids of the objects with a row in which this JSON text stands."""
    return list(session.scalars(text(_NAMING), {"mark": mark}))


def write_view_row(session: WriteSession, object_id: str, view_id: str, row: ViewRow) -> None:
    """Store all of a row but whether it is the default."""
    entry = None if row.entry is None else dump_json(row.entry)
    values = {
        "object_id": object_id,
        "view_id": view_id,
        "extras": dump_json(row.extras),
        "entry": entry,
        "position": row.position,
    }
    session.execute(text(_WRITE), values)


def set_default(session: WriteSession, object_id: str, view_id: str) -> None:
    """Make this view the object's default, and no other; "" none at all."""
    values = {"object_id": object_id, "view_id": view_id}
    session.execute(text(_CLEAR_DEFAULT), values)
    if view_id:
        session.execute(text(_SET_DEFAULT), values)


def set_positions(session: WriteSession, object_id: str, view_ids: list[str]) -> None:
    session.execute(text(_SET_POSITIONS), {"object_id": object_id, "view_ids": view_ids})


def drop_row(session: WriteSession, object_id: str, view_id: str) -> None:
    session.execute(text(_DROP), {"object_id": object_id, "view_id": view_id})


def forget_object(session: WriteSession, object_id: str) -> None:
    """Take out all rows of an object that goes, where that is possible."""
    if standing_of(session).is_writable:
        session.execute(text(_FORGET), {"object_id": object_id})


def drop_orphans(session: WriteSession, object_id: str, view_ids: list[str]) -> None:
    """Take out rows that belonged to views which other programs deleted; these are left."""
    session.execute(text(_DROP_ORPHANS), {"object_id": object_id, "view_ids": view_ids})


_STANDING = """
SELECT has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT') AS may_read,
       has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT')
           AND has_table_privilege(c.oid, 'INSERT') AND has_table_privilege(c.oid, 'UPDATE')
           AND has_table_privilege(c.oid, 'DELETE') AS may_write
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = 'crm_desktop' AND c.relname = :name
"""
_READ = """
SELECT view_id, extras, is_default, entry, position FROM crm_desktop.table_views
WHERE object_id = :object_id
"""
_NAMING = """
SELECT DISTINCT object_id FROM crm_desktop.table_views
WHERE strpos(CAST(extras AS text), :mark) > 0 OR strpos(CAST(entry AS text), :mark) > 0
"""
_VIEWS_NAMING = """
SELECT v.object_id, o.label, COALESCE(v.entry ->> 'name', listed.name, v.view_id) AS name
FROM crm_desktop.table_views v JOIN objects o ON o.id = v.object_id
LEFT JOIN LATERAL (
    SELECT e.entry ->> 'name' AS name FROM jsonb_array_elements(
        CASE WHEN jsonb_typeof(o.views -> 'tables') = 'array' THEN o.views -> 'tables' ELSE '[]' END
    ) AS e(entry)
    WHERE jsonb_typeof(e.entry) = 'object' AND e.entry ->> 'id' = v.view_id LIMIT 1
) AS listed ON true
WHERE strpos(CAST(COALESCE(v.entry, '{}') AS text) || CAST(v.extras AS text), :quoted) > 0
  AND (v.entry IS NOT NULL OR listed.name IS NOT NULL)
"""
_WRITE = """
INSERT INTO crm_desktop.table_views (object_id, view_id, extras, entry, position)
VALUES (:object_id, :view_id, CAST(:extras AS jsonb), CAST(:entry AS jsonb), :position)
ON CONFLICT (object_id, view_id) DO UPDATE
SET extras = excluded.extras, entry = excluded.entry, position = excluded.position
"""
_CLEAR_DEFAULT = """
UPDATE crm_desktop.table_views SET is_default = false WHERE object_id = :object_id AND is_default
"""
_SET_DEFAULT = """
INSERT INTO crm_desktop.table_views (object_id, view_id, is_default)
VALUES (:object_id, :view_id, true)
ON CONFLICT (object_id, view_id) DO UPDATE SET is_default = true
"""
_SET_POSITIONS = """
UPDATE crm_desktop.table_views v SET position = w.place - 1
FROM unnest(CAST(:view_ids AS text[])) WITH ORDINALITY AS w (view_id, place)
WHERE v.object_id = :object_id AND v.view_id = w.view_id AND v.entry IS NOT NULL
"""
_DROP = "DELETE FROM crm_desktop.table_views WHERE object_id = :object_id AND view_id = :view_id"
_FORGET = "DELETE FROM crm_desktop.table_views WHERE object_id = :object_id"
_DROP_ORPHANS = """
DELETE FROM crm_desktop.table_views
WHERE object_id = :object_id AND entry IS NULL AND NOT view_id = ANY(:view_ids)
"""
