"""The rows of `crm_desktop.form_layouts`: what the contract's shape cannot say of a form."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import text

from crm_desktop.db.database import ReadSession, WriteSession, dump_json
from crm_desktop.db.view_rows import Standing, standing_of_table


def standing_of(session: ReadSession) -> Standing:
    return standing_of_table(session, "form_layouts")


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
