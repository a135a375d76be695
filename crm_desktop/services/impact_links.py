"""Counts the links that go with an object's records, through the definitions of relationships."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import text

from crm_desktop.db.database import ReadSession
from crm_desktop.domain.access import Permission


@dataclass(frozen=True, slots=True)
class ObjectCounts:
    """How many records an object has, and the links of its relationships, by relationship."""

    records: int
    links: Mapping[str, int]


def count_object(session: ReadSession, object_id: str) -> ObjectCounts:
    """Count both by one statement, which looks into no record: two indexes answer it.

    Every link of a relationship that starts or ends at the object goes with that relationship.
    """
    session.actor.require(Permission.READ_DEFINITIONS)
    records, links = 0, {}
    for relationship_id, number in session.execute(text(_COUNT), {"object_id": object_id}):
        if relationship_id is None:
            records = number
        else:
            links[relationship_id] = number
    return ObjectCounts(records, links)


def count_strays(session: ReadSession, object_id: str) -> dict[str, int]:
    """Count by relationship the links of other objects' relationships that join its records.

    Some program attached them wrongly, and they go with the records all the same. Only links of
    relationships that do not touch the object are joined to records: no others can be such.
    """
    session.actor.require(Permission.READ_DEFINITIONS)
    found = session.execute(text(_COUNT_STRAYS), {"object_id": object_id})
    return {row.relationship_id: row.number for row in found}


# A count for each relationship: its part of the index is walked without comparing or grouping.
_COUNT = """
SELECT NULL AS relationship_id, count(*) AS number FROM records WHERE object_id = :object_id
UNION ALL
SELECT r.id, (SELECT count(*) FROM relationship_records l WHERE l.relationship_id = r.id)
FROM relationships r WHERE r.from_object_id = :object_id OR r.to_object_id = :object_id
"""
_COUNT_STRAYS = """
SELECT l.relationship_id, count(*) AS number
FROM relationships r
JOIN relationship_records l ON l.relationship_id = r.id
LEFT JOIN records f ON f.id = l.from_record_id AND f.object_id = :object_id
LEFT JOIN records t ON t.id = l.to_record_id AND t.object_id = :object_id
WHERE r.from_object_id <> :object_id AND r.to_object_id <> :object_id
  AND (f.id IS NOT NULL OR t.id IS NOT NULL)
GROUP BY l.relationship_id
"""
