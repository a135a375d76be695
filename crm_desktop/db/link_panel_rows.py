"""The rows of `crm_desktop.link_panels`: what colleagues see of a record's links, and how."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import text

from crm_desktop.db.database import ReadSession, WriteSession, dump_json
from crm_desktop.db.view_rows import Standing


def standing_of(session: ReadSession) -> Standing:
    row = session.execute(text(_STANDING)).one_or_none()
    return Standing(bool(row and row.may_read), bool(row and row.may_write))


def read_settings(session: ReadSession, relationship_id: str, *, is_from: bool) -> Any:
    """Return what is kept for one side of a relationship, as it is stored; {} where nothing is."""
    side = {"relationship_id": relationship_id, "is_from": is_from}
    return session.scalar(text(_READ), side) or {}


def write_settings(
    session: WriteSession, relationship_id: str, settings: Mapping[str, Any], *, is_from: bool
) -> None:
    """Lay these over what is kept; keys of others stay, nothing at all takes the row out."""
    side = {"relationship_id": relationship_id, "is_from": is_from}
    if settings:
        session.execute(text(_WRITE), {**side, "settings": dump_json(settings)})
    else:
        session.execute(text(_DROP), side)
    session.execute(text(_FORGET))


_STANDING = """
SELECT has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT') AS may_read,
       has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT')
           AND has_table_privilege(c.oid, 'INSERT') AND has_table_privilege(c.oid, 'UPDATE')
           AND has_table_privilege(c.oid, 'DELETE') AS may_write
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = 'crm_desktop' AND c.relname = 'link_panels'
"""
_READ = """
SELECT settings FROM crm_desktop.link_panels
WHERE relationship_id = :relationship_id AND is_from = :is_from
"""
_WRITE = """
INSERT INTO crm_desktop.link_panels AS p (relationship_id, is_from, settings)
VALUES (:relationship_id, :is_from, CAST(:settings AS jsonb))
ON CONFLICT (relationship_id, is_from) DO UPDATE SET settings =
    CASE WHEN jsonb_typeof(p.settings) = 'object' THEN p.settings ELSE '{}' END || excluded.settings
"""
_DROP = """
DELETE FROM crm_desktop.link_panels
WHERE relationship_id = :relationship_id AND is_from = :is_from
"""
_FORGET = """
DELETE FROM crm_desktop.link_panels p
WHERE NOT EXISTS (SELECT 1 FROM relationships r WHERE r.id = p.relationship_id)
"""
