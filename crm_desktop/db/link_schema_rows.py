"""The rows of `crm_desktop.link_schemas`: which keys the metadata of links is to have."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import text

from crm_desktop.db.database import ReadSession, WriteSession, dump_json
from crm_desktop.db.view_rows import Standing, standing_of_table


def standing_of(session: ReadSession) -> Standing:
    return standing_of_table(session, "link_schemas")


def read_keys(session: ReadSession, relationship_id: str) -> Any:
    """Return what is kept for a relationship, as it is stored; [] where nothing is."""
    kept = session.scalar(text(_READ), {"relationship_id": relationship_id})
    return [] if kept is None else kept


def read_all_keys(session: ReadSession) -> dict[str, Any]:
    """Return the same by relationship; what belongs to one that is gone is left out."""
    return dict(session.execute(text(_READ_ALL)).all())


def write_keys(
    session: WriteSession, relationship_id: str, keys: Sequence[Mapping[str, Any]]
) -> None:
    """Keep these keys; none at all takes the row out."""
    values = {"relationship_id": relationship_id, "keys": dump_json(keys)}
    session.execute(text(_WRITE if keys else _DROP), values)


def forget_gone(session: WriteSession) -> None:
    """Take out what belongs to relationships that were deleted, where that is possible."""
    if standing_of(session).is_writable:
        session.execute(text(_FORGET))


_READ = "SELECT keys FROM crm_desktop.link_schemas WHERE relationship_id = :relationship_id"
_READ_ALL = """
SELECT s.relationship_id, s.keys FROM crm_desktop.link_schemas s
JOIN relationships r ON r.id = s.relationship_id
"""
_WRITE = """
INSERT INTO crm_desktop.link_schemas (relationship_id, keys)
VALUES (:relationship_id, CAST(:keys AS jsonb))
ON CONFLICT (relationship_id) DO UPDATE SET keys = excluded.keys
"""
_DROP = "DELETE FROM crm_desktop.link_schemas WHERE relationship_id = :relationship_id"
_FORGET = """
DELETE FROM crm_desktop.link_schemas s
WHERE NOT EXISTS (SELECT FROM relationships r WHERE r.id = s.relationship_id)
"""
