"""The tree of what depends on an object, a relationship or a field, to any depth.

An outline comes at once, from the definitions. What takes longer is counted after it, by one
statement each, and takes its place in the tree.
"""

from collections.abc import Mapping
from dataclasses import replace

from sqlalchemy import func, select

from crm_desktop.db import field_indexes
from crm_desktop.db.database import ReadSession
from crm_desktop.db.expressions import Parameters
from crm_desktop.db.tables import CrmObject, Field, ObjectField
from crm_desktop.domain.access import Permission
from crm_desktop.domain.errors import NotFound
from crm_desktop.domain.field_types import EffectiveField, target_object_id
from crm_desktop.domain.impact_nodes import (
    Counted,
    Effect,
    Group,
    Kind,
    Node,
    Outline,
    Part,
    group_of,
)
from crm_desktop.services.fields import get_field
from crm_desktop.services.impact import impact_of_field, impact_of_relationship, object_impact
from crm_desktop.services.impact_links import count_object, count_strays
from crm_desktop.services.impact_mentions import (
    Passed,
    find_mentions,
    mentions_of_records,
    own_views,
)
from crm_desktop.services.record_conditions import execute
from crm_desktop.services.record_deletion import named_ids, reference_fields
from crm_desktop.services.relationships import (
    RelationshipSummary,
    get_relationship,
    list_relationships,
)

ROOT = "root"
MENTIONS, REFERENCES, STRAYS = "mentions", "references", "strays"
GOES, STAYS, DANGLES, BLOCKS = Effect.GOES, Effect.STAYS, Effect.DANGLES, Effect.BLOCKS

# --- an object ---------------------------------------------------------------------------------


def outline_of_object(session: ReadSession, object_id: str) -> Outline:
    """Return what goes with an object and what names it; raises NotFound.

    `count_with_object` counts records and links, `count_part_of_object` each of the parts.
    """
    session.actor.require(Permission.READ_DEFINITIONS)
    label = session.scalar(select(CrmObject.label).where(CrmObject.id == object_id))
    if label is None:
        raise NotFound("This object no longer exists.")
    relationships = list_relationships(session, object_id)
    references = reference_fields(session, object_id)
    ids = {object_id, *(each.id for each in relationships)}
    passed = Passed((object_id,), [each.id for each, _ in references])
    records = (
        Node(STRAYS, Kind.LINK, GOES, "", Group.STRAYS, None),
        Node(MENTIONS, Kind.TABLE, Effect.NAMES, "", Group.OTHER_VIEWS, None),
    )
    children = (
        Node("records", Kind.RECORD, GOES, "", Group.RECORDS, None, children=records),
        *group_of(Group.RELATIONSHIPS, Kind.RELATIONSHIP, GOES, map(_relationship, relationships)),
        *group_of(Group.LAYOUT, Kind.ATTACHMENT, GOES, _attachments(session, object_id)),
        *group_of(Group.VIEWS, Kind.TABLE, GOES, own_views(session, object_id)),
        *group_of(Group.REFERENCES, Kind.FIELD, DANGLES, map(_reference, references)),
        *find_mentions(session, ids, passed),
        *group_of(Group.INDEXES, Kind.INDEX, STAYS, _indexes(session, object_id=object_id)),
    )
    parts = [Part(REFERENCES, each.id) for each, _ in references]
    root = Node(ROOT, Kind.OBJECT, GOES, label, id=object_id, children=children)
    return Outline(root, (Part(STRAYS), *parts, Part(MENTIONS)))


def count_with_object(session: ReadSession, object_id: str) -> Counted:
    """Count the records and links that go; the facts are an `ObjectImpact`."""
    session.actor.require(Permission.READ_DEFINITIONS)
    counts = count_object(session, object_id)
    records = Node("records", Kind.RECORD, GOES, "", Group.RECORDS, counts.records)
    links = (
        _links(each.id, counts.links.get(each.id, 0))
        for each in list_relationships(session, object_id)
    )
    return Counted(object_impact(session, object_id, counts), (records, *links))


def count_part_of_object(session: ReadSession, part: Part, object_id: str) -> tuple[Node, ...]:
    """Count a part of an object's outline: stray links, and what names its records."""
    session.actor.require(Permission.READ_RECORDS)
    if part.what == STRAYS:
        return (_strays(session, object_id),)
    parameters = Parameters()
    mine = parameters.bind(object_id)
    if part.what == MENTIONS:
        found = f"SELECT id FROM records WHERE object_id = {mine}"  # noqa: S608 - bound
        mentions = mentions_of_records(session, parameters, found, Passed((object_id,)))
        return (mentions_node(mentions),)
    users = {each.id: users for each, users in reference_fields(session, object_id)}
    others = [id_ for id_ in users.get(part.field_id, ()) if id_ != object_id]
    statement = (
        f"SELECT o.object_id, count(DISTINCT o.id) AS number FROM records AS o"  # noqa: S608 - bound
        f" CROSS JOIN LATERAL {named_ids(parameters, part.field_id)} AS named(id)"
        f" JOIN records AS t ON t.id = named.id AND t.object_id = {mine}"
        f" WHERE o.object_id = ANY({parameters.bind(others, 'text[]')}) GROUP BY o.object_id"
    )
    found_in = {row.object_id: row.number for row in execute(session, statement, parameters.values)}
    key = f"naming:{part.field_id}"
    return (naming_node(session, key, found_in, "", Group.VALUES),)


def _attachments(session: ReadSession, object_id: str) -> list[Node]:
    query = (
        select(ObjectField.id, Field.label, Field.id)
        .join(Field, Field.id == ObjectField.field_id)
        .where(ObjectField.object_id == object_id)
        .order_by(ObjectField.display_order, ObjectField.created_at, ObjectField.id)
    )
    return [
        Node(f"attachment:{id_}", Kind.ATTACHMENT, GOES, label, id=field_id)
        for id_, label, field_id in session.execute(query)
    ]


def _reference(found: tuple[EffectiveField, list[str]]) -> Node:
    """Return a field that may name records that go; one for any object still has others."""
    each, _ = found
    effect = DANGLES if target_object_id(each) else STAYS
    naming = Node(f"naming:{each.id}", Kind.RECORD, DANGLES, "", Group.VALUES, None)
    return Node(
        f"reference:{each.id}", Kind.FIELD, effect, each.label, id=each.id, children=(naming,)
    )


def _strays(session: ReadSession, object_id: str) -> Node:
    counts = count_strays(session, object_id)
    relationships = {each.id: each for each in list_relationships(session)} if counts else {}
    strays = tuple(
        Node(f"stray:{id_}", Kind.LINK, GOES, *named(relationships.get(id_)), count=number, id=id_)
        for id_, number in counts.items()
    )
    number = sum(counts.values())
    return Node(STRAYS, Kind.LINK, GOES, "", Group.STRAYS, number, children=strays)


# --- a relationship ----------------------------------------------------------------------------


def outline_of_relationship(session: ReadSession, relationship_id: str) -> Outline:
    """Return what goes with a relationship and what names it; raises NotFound."""
    session.actor.require(Permission.READ_DEFINITIONS)
    node = _relationship(get_relationship(session, relationship_id))
    mentions = find_mentions(session, {relationship_id})
    return Outline(replace(node, key=ROOT, children=(*node.children, *mentions)))


def count_with_relationship(session: ReadSession, relationship_id: str) -> Counted:
    """Count the links that go; the facts are a `RelationshipImpact`."""
    session.actor.require(Permission.READ_DEFINITIONS)
    counts = impact_of_relationship(session, relationship_id)
    return Counted(counts, (_links(relationship_id, counts.links),))


# --- a field -----------------------------------------------------------------------------------


def outline_of_field(session: ReadSession, field_id: str) -> Outline:
    """Return which objects use a field, and what names it; raises NotFound.

    As long as an object uses it, it cannot be deleted.
    """
    session.actor.require(Permission.READ_DEFINITIONS)
    field = get_field(session, field_id)
    uses = (
        select(CrmObject.id, CrmObject.label, func.count())
        .join(ObjectField, ObjectField.object_id == CrmObject.id)
        .where(ObjectField.field_id == field_id)
        .group_by(CrmObject.id, CrmObject.label)
        .order_by(func.lower(CrmObject.label), CrmObject.id)
    )
    attachments = [
        Node(
            f"use:{object_id}",
            Kind.ATTACHMENT,
            Effect.BLOCKS,
            label,
            count=number,
            id=object_id,
            children=(
                Node(f"values:{object_id}", Kind.VALUE, STAYS, "", Group.VALUES, None),
                *_indexes(session, object_id=object_id, field_id=field_id),
            ),
        )
        for object_id, label, number in session.execute(uses)
    ]
    children = (
        *group_of(Group.LAYOUT, Kind.ATTACHMENT, Effect.BLOCKS, attachments),
        *find_mentions(session, {field_id}, Passed(fields=(field_id,))),
    )
    return Outline(Node(ROOT, Kind.FIELD, GOES, field.label, id=field_id, children=children))


def count_with_field(session: ReadSession, field_id: str) -> Counted:
    """Count the values that stay in the records of each object; the facts are a `FieldImpact`."""
    session.actor.require(Permission.READ_DEFINITIONS)
    counts = impact_of_field(session, field_id)
    users = session.scalars(select(ObjectField.object_id).where(ObjectField.field_id == field_id))
    return Counted(
        counts,
        tuple(
            Node(f"values:{id_}", Kind.VALUE, STAYS, "", Group.VALUES, counts.by_object.get(id_, 0))
            for id_ in set(users)
        ),
    )


# --- what the trees have in common -------------------------------------------------------------


def mentions_node(found: tuple[Node, ...]) -> Node:
    """Return the heading over what names records; its kind is that of most of it."""
    return Node(
        MENTIONS, Kind.TABLE, Effect.NAMES, "", Group.OTHER_VIEWS, len(found), children=found
    )


def named(relationship: RelationshipSummary | None) -> tuple[str, Group]:
    """Return what a relationship is called in a line about its links, and no heading."""
    if relationship is None:
        return "", Group.LINKS
    return f"{relationship.name} ({_ends(relationship)})", Group.NONE


def naming_node(
    session: ReadSession, key: str, counts: Mapping[str, int], label: str, group: Group
) -> Node:
    """Return how many records name one that goes, and below it how many of each object."""
    session.actor.require(Permission.READ_DEFINITIONS)
    plurals = select(CrmObject.id, CrmObject.plural_name).where(CrmObject.id.in_(counts))
    plural_of: dict[str, str] = dict(session.execute(plurals).all())
    children = tuple(
        Node(f"{key}:{id_}", Kind.RECORD, DANGLES, plural_of.get(id_, id_), count=number, id=id_)
        for id_, number in counts.items()
    )
    number = sum(counts.values())
    return Node(key, Kind.RECORD, DANGLES, label, group, number, children=children)


def _relationship(each: RelationshipSummary) -> Node:
    return Node(
        f"relationship:{each.id}",
        Kind.RELATIONSHIP,
        GOES,
        each.name,
        id=each.id,
        owner=_ends(each),
        children=(_links(each.id, None),),
    )


def _links(relationship_id: str, number: int | None) -> Node:
    return Node(f"links:{relationship_id}", Kind.LINK, GOES, "", Group.LINKS, number)


def _ends(each: RelationshipSummary) -> str:
    return f"{each.from_object.label} → {each.to_object.label}"


def _indexes(session: ReadSession, *, object_id: str, field_id: str = "") -> list[Node]:
    """Return the adviser's indexes on an object's fields, or on one of them: they stay, idle."""
    found = [
        each
        for each in field_indexes.find(session.connection())
        if each.object_id == object_id and field_id in {"", each.field_id}
    ]
    query = select(Field.id, Field.label).where(Field.id.in_({each.field_id for each in found}))
    labels: dict[str, str] = dict(session.execute(query).all()) if found else {}
    return [
        Node(f"index:{each.name}", Kind.INDEX, STAYS, labels.get(each.field_id, each.field_id),
             id=each.name)
        for each in found
    ]  # fmt: skip
