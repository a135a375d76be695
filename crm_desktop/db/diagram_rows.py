"""The rows of `crm_desktop.diagrams` and the places of their nodes."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import text

from crm_desktop.db.database import ReadSession, WriteSession, dump_json
from crm_desktop.db.view_rows import Standing


def standing_of(session: ReadSession) -> Standing:
    """Say whether both tables can be read and written."""
    row = session.execute(text(_STANDING)).one()
    return Standing(bool(row.may_read), bool(row.may_write))


def read_diagrams(session: ReadSession) -> list[tuple[str, str, Mapping[str, Any]]]:
    """Return id, name and settings of each, the oldest first; settings of a wrong shape are {}."""
    return [
        (id_, name, settings if isinstance(settings, Mapping) else {})
        for id_, name, settings in session.execute(text(_READ))
    ]


def read_places(session: ReadSession, diagram_id: str) -> dict[str, tuple[float, float]]:
    found = session.execute(text(_PLACES), {"id": diagram_id})
    return {object_id: (x, y) for object_id, x, y in found}


def add_diagram(
    session: WriteSession, diagram_id: str, name: str, settings: Mapping[str, Any], author: Any
) -> None:
    """Add a diagram; one that is there already stays as it is."""
    values = {"id": diagram_id, "name": name, "settings": dump_json(settings), "author": author}
    session.execute(text(_ADD), values)


def lock_diagram(session: WriteSession, diagram_id: str) -> bool:
    """Keep a diagram from being deleted until the end; False where it is gone."""
    return session.execute(text(_LOCK), {"id": diagram_id}).one_or_none() is not None


def rename(session: WriteSession, diagram_id: str, name: str) -> None:
    session.execute(text(_RENAME), {"id": diagram_id, "name": name})


def merge_settings(session: WriteSession, diagram_id: str, settings: Mapping[str, Any]) -> None:
    """Store these keys of the settings; the others stay as they are."""
    session.execute(text(_MERGE), {"id": diagram_id, "settings": dump_json(settings)})


def drop_diagram(session: WriteSession, diagram_id: str) -> None:
    session.execute(text(_DROP), {"id": diagram_id})


def write_places(
    session: WriteSession, diagram_id: str, places: Mapping[str, tuple[float, float]]
) -> None:
    """Store the places of these nodes and of no others, in one statement."""
    session.execute(text(_WRITE_PLACES), _arrays(diagram_id, places))


def settle_places(
    session: WriteSession, diagram_id: str, places: Mapping[str, tuple[float, float]]
) -> None:
    """Store the places of these nodes where none is stored yet."""
    session.execute(text(_SETTLE_PLACES), _arrays(diagram_id, places))


def _arrays(diagram_id: str, places: Mapping[str, tuple[float, float]]) -> dict[str, Any]:
    """Return what the statements take, in the order of the ids.

    So two people who move the same nodes wait for each other, and neither fails.
    """
    ids = sorted(places)
    return {
        "id": diagram_id,
        "object_ids": ids,
        "xs": [places[each][0] for each in ids],
        "ys": [places[each][1] for each in ids],
    }


def copy_places(session: WriteSession, from_id: str, to_id: str) -> None:
    session.execute(text(_COPY), {"from_id": from_id, "to_id": to_id})


_STANDING = """
SELECT count(*) = 2 AND bool_and(may_use AND has_table_privilege(oid, 'SELECT')) AS may_read,
       count(*) = 2 AND bool_and(may_use AND has_table_privilege(oid, 'SELECT')
           AND has_table_privilege(oid, 'INSERT') AND has_table_privilege(oid, 'UPDATE')
           AND has_table_privilege(oid, 'DELETE')) AS may_write
FROM (SELECT c.oid, has_schema_privilege(n.oid, 'USAGE') AS may_use
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname = 'crm_desktop' AND c.relname IN ('diagrams', 'diagram_positions')) t
"""
_READ = "SELECT id, name, settings FROM crm_desktop.diagrams ORDER BY created_at, id"
_PLACES = "SELECT object_id, x, y FROM crm_desktop.diagram_positions WHERE diagram_id = :id"
_ADD = """
INSERT INTO crm_desktop.diagrams (id, name, settings, created_by)
VALUES (:id, :name, CAST(:settings AS jsonb), :author) ON CONFLICT (id) DO NOTHING
"""
_LOCK = "SELECT id FROM crm_desktop.diagrams WHERE id = :id FOR KEY SHARE"
_RENAME = "UPDATE crm_desktop.diagrams SET name = :name WHERE id = :id"
_MERGE = """
UPDATE crm_desktop.diagrams
SET settings = CASE WHEN jsonb_typeof(settings) = 'object' THEN settings ELSE '{}'::jsonb END
    || CAST(:settings AS jsonb)
WHERE id = :id
"""
_DROP = "DELETE FROM crm_desktop.diagrams WHERE id = :id"
_INSERT = """
INSERT INTO crm_desktop.diagram_positions (diagram_id, object_id, x, y)
SELECT :id, * FROM unnest(CAST(:object_ids AS text[]), CAST(:xs AS float8[]),
                          CAST(:ys AS float8[]))
ON CONFLICT (diagram_id, object_id) DO
"""
_WRITE_PLACES = f"{_INSERT} UPDATE SET x = excluded.x, y = excluded.y"
_SETTLE_PLACES = f"{_INSERT} NOTHING"
_COPY = """
INSERT INTO crm_desktop.diagram_positions (diagram_id, object_id, x, y)
SELECT :to_id, object_id, x, y FROM crm_desktop.diagram_positions WHERE diagram_id = :from_id
"""
