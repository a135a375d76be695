"""The tree of what depends on records that are to be deleted, however many."""

from sqlalchemy import select

from crm_desktop.db.database import ReadSession
from crm_desktop.db.expressions import Parameters
from crm_desktop.db.tables import Record
from crm_desktop.domain.access import Permission
from crm_desktop.domain.impact_nodes import Counted, Effect, Group, Kind, Node, Outline, Part
from crm_desktop.services.impact_mentions import mentions_of_records
from crm_desktop.services.impact_tree import (
    DANGLES,
    GOES,
    MENTIONS,
    REFERENCES,
    ROOT,
    mentions_node,
    named,
    naming_node,
)
from crm_desktop.services.record_deletion import LinksOf, impact_of_deletion
from crm_desktop.services.record_targets import ChosenRecords, RecordTarget, target_sql
from crm_desktop.services.relationships import list_relationships


def outline_of_records(session: ReadSession, target: RecordTarget) -> Outline:
    """Return the headings under which `count_with_records` and the parts put what they find."""
    session.actor.require(Permission.READ_RECORDS)
    number = len(target.ids) if isinstance(target, ChosenRecords) else None
    children = (
        Node("links", Kind.LINK, GOES, "", Group.LINKS, None),
        Node(REFERENCES, Kind.RECORD, DANGLES, "", Group.REFERENCES, None),
        Node(MENTIONS, Kind.TABLE, Effect.NAMES, "", Group.OTHER_VIEWS, None),
    )
    return Outline(_root(session, target, number, children), (Part(MENTIONS),))


def count_with_records(session: ReadSession, target: RecordTarget) -> Counted:
    """Count links and references; the facts are a `DeletionImpact`."""
    session.actor.require(Permission.READ_RECORDS)
    counts = impact_of_deletion(session, target)
    relationships = {each.id: each for each in list_relationships(session)}
    links = tuple(
        Node(
            f"links:{each.relationship_id}",
            Kind.LINK,
            GOES,
            *named(relationships.get(each.relationship_id)),
            count=each.all,
            id=each.relationship_id,
            children=_sides(each),
        )
        for each in counts.by_relationship
    )
    referrers = tuple(
        naming_node(session, f"naming:{each.field_id}", each.by_object, each.field, Group.NONE)
        for each in counts.referrers
    )
    naming = sum(each.records for each in counts.referrers)
    nodes = (
        _root(session, target, counts.records, ()),
        Node("links", Kind.LINK, GOES, "", Group.LINKS, counts.links, children=links),
        Node(REFERENCES, Kind.RECORD, DANGLES, "", Group.REFERENCES, naming, children=referrers),
    )
    return Counted(counts, nodes)


def count_part_of_records(
    session: ReadSession,
    part: Part,  # noqa: ARG001 - there is only one
    target: RecordTarget,
) -> tuple[Node, ...]:
    """Find the views, applications and other documents that name one of the records."""
    session.actor.require(Permission.READ_RECORDS)
    parameters = Parameters()
    found = target_sql(session, parameters, target)
    return (mentions_node(mentions_of_records(session, parameters, found)),)


def _root(
    session: ReadSession, target: RecordTarget, number: int | None, children: tuple[Node, ...]
) -> Node:
    label, id_ = "", ""
    if isinstance(target, ChosenRecords) and len(target.ids) == 1:
        (id_,) = target.ids
        name = select(Record.primary_value).where(Record.id == id_)
        label = session.scalar(name) or id_
    group = Group.NONE if label else Group.RECORDS
    return Node(ROOT, Kind.RECORD, GOES, label, group, number, id_, children=children)


def _sides(links: LinksOf) -> tuple[Node, ...]:
    """Return which way the links lead, where they differ: an object is related to itself."""
    ways = (
        (Group.LINKS_FROM, links.outward),
        (Group.LINKS_TO, links.inward),
        (Group.LINKS_AMONG, links.among),
    )
    nodes = tuple(
        Node(f"{group.name}:{links.relationship_id}", Kind.LINK, GOES, "", group, number)
        for group, number in ways
        if number
    )
    return nodes if len(nodes) > 1 else ()
