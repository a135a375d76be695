"""The rows of `crm_desktop.form_layouts`: what the contract's shape cannot say of a form."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import text

from crm_desktop.db.database import ReadSession, WriteSession, dump_json
from crm_desktop.db.view_rows import Standing


def standing_of(session: ReadSession) -> Standing:
    row = session.execute(text(_STANDING)).one_or_none()
    return Standing(bool(row and row.may_read), bool(row and row.may_write))


def read_extras(session: ReadSession, object_id: str, form_id: str) -> Any:
    """Return what is kept of a form, {} where nothing is."""
    values = {"object_id": object_id, "form_id": form_id}
    return session.scalar(text(_READ), values) or {}


def write_extras(
    session: WriteSession, object_id: str, form_id: str, extras: Mapping[str, Any]
) -> None:
    """Keep this of a form; nothing at all takes the row out."""
    values = {"object_id": object_id, "form_id": form_id, "extras": dump_json(extras)}
    if extras:
        session.execute(text(_WRITE), values)
    else:
        session.execute(text(_DROP), values)


_STANDING = """
SELECT has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT') AS may_read,
       has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT')
           AND has_table_privilege(c.oid, 'INSERT') AND has_table_privilege(c.oid, 'UPDATE')
           AND has_table_privilege(c.oid, 'DELETE') AS may_write
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = 'crm_desktop' AND c.relname = 'form_layouts'
"""
_READ = """
SELECT extras FROM crm_desktop.form_layouts WHERE object_id = :object_id AND form_id = :form_id
"""
_WRITE = """
INSERT INTO crm_desktop.form_layouts (object_id, form_id, extras)
VALUES (:object_id, :form_id, CAST(:extras AS jsonb))
ON CONFLICT (object_id, form_id) DO UPDATE SET extras = excluded.extras
"""
_DROP = """
DELETE FROM crm_desktop.form_layouts WHERE object_id = :object_id AND form_id = :form_id
"""
