"""What the records of an object can be filtered by: its fields, and those beyond its links."""

from collections.abc import Collection, Iterator

from crm_desktop.db.database import ReadSession
from crm_desktop.domain.access import Permission
from crm_desktop.domain.filter_rules import FilterSchema, LinkedSide
from crm_desktop.domain.filters import LinkCondition, Part, leaves_of
from crm_desktop.services.records import columns_of
from crm_desktop.services.relationships import RelationshipSide, sides_of_object


def get_filter_schema(session: ReadSession, object_id: str) -> FilterSchema:
    """Return everything one can filter an object's records by, for a builder of filters."""
    session.actor.require(Permission.READ_RECORDS)
    return _schema(session, object_id, sides_of_object(session, object_id))


def schema_of(session: ReadSession, object_id: str, conditions: Collection[Part]) -> FilterSchema:
    """Return what these conditions speak of: linked objects are read only where they are used."""
    session.actor.require(Permission.READ_RECORDS)
    used = {
        (leaf.relationship_id, leaf.is_from)
        for leaf in leaves_of(tuple(conditions))
        if isinstance(leaf, LinkCondition)
    }
    sides = sides_of_object(session, object_id) if used else []
    return _schema(session, object_id, [s for s in sides if (s.relationship_id, s.is_from) in used])


def _schema(
    session: ReadSession, object_id: str, sides: Collection[RelationshipSide]
) -> FilterSchema:
    own = {field.id: field for field in columns_of(session, object_id)}
    others = {object_id: own}
    for other_id in {side.other.id for side in sides} - {object_id}:
        others[other_id] = {field.id: field for field in columns_of(session, other_id)}
    labels = dict(_labels(sides))
    linked = {
        _key(side): LinkedSide(labels[_key(side)], side.other.id, others[side.other.id])
        for side in sides
    }
    return FilterSchema(own, linked)


def _key(side: RelationshipSide) -> tuple[str, bool]:
    return side.relationship_id, side.is_from


def _labels(sides: Collection[RelationshipSide]) -> Iterator[tuple[tuple[str, bool], str]]:
    """Give each side's heading; two that are called alike are told apart by the relationship."""
    headings = [side.label for side in sides]
    for side in sides:
        is_alone = headings.count(side.label) == 1
        yield _key(side), side.label if is_alone else f"{side.label} ({side.name})"
