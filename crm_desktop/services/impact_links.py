"""Counts the links that go with an object's records, through the definitions of relationships."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import text

from crm_desktop.db.database import ReadSession
from crm_desktop.domain.access import Permission


@dataclass(frozen=True, slots=True)
class ObjectCounts:
    """How many records an object has, and how many links go with it, by relationship.

    `strays` are links that join a record of the object under a relationship of other objects:
    some program attached them wrongly, and they go with the record all the same.
    """

    records: int
    links: Mapping[str, int]
    strays: Mapping[str, int]

    @property
    def all_links(self) -> int:
        return sum(self.links.values()) + sum(self.strays.values())


def count_object(session: ReadSession, object_id: str) -> ObjectCounts:
    """Count it by one statement.

    Every link of a relationship that starts or ends at the object goes with that relationship,
    so these are counted without a look at any record. Only links of the other relationships are
    joined to records: what does not touch the object is all that could hide strays.
    """
    session.actor.require(Permission.READ_DEFINITIONS)
    found: dict[str, dict[str, int]] = {"records": {}, "links": {}, "strays": {}}
    for what, relationship_id, count in session.execute(text(COUNT), {"object_id": object_id}):
        found[what][relationship_id] = count
    return ObjectCounts(found["records"][""], found["links"], found["strays"])


COUNT = """
SELECT 'records' AS what, '' AS relationship_id, count(*) AS number
FROM records WHERE object_id = :object_id
UNION ALL
SELECT 'links', l.relationship_id, count(*)
FROM relationship_records l
WHERE l.relationship_id IN (
    SELECT id FROM relationships WHERE from_object_id = :object_id OR to_object_id = :object_id)
GROUP BY l.relationship_id
UNION ALL
SELECT 'strays', l.relationship_id, count(*)
FROM relationships r
JOIN relationship_records l ON l.relationship_id = r.id
LEFT JOIN records f ON f.id = l.from_record_id AND f.object_id = :object_id
LEFT JOIN records t ON t.id = l.to_record_id AND t.object_id = :object_id
WHERE r.from_object_id <> :object_id AND r.to_object_id <> :object_id
  AND (f.id IS NOT NULL OR t.id IS NOT NULL)
GROUP BY l.relationship_id
"""
