"""Draws a record graph as nodes and edges: what stands on them, and what is said about them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from crm_desktop.domain.cardinality import from_has_one, to_has_one
from crm_desktop.domain.field_types import json_text
from crm_desktop.domain.graph import GraphEdge, GraphNode, Look
from crm_desktop.gui.graph.record_content import Content, Rest
from crm_desktop.gui.tokens import GRAPH_COLORS
from crm_desktop.gui.translating import tr
from crm_desktop.services.record_graph import GraphLink, GraphRecord, Side
from crm_desktop.services.relationships import RelatedObject, RelationshipSummary

_SHOWN_VALUES = 2
Relationships = Mapping[str, RelationshipSummary]


@dataclass(frozen=True, slots=True)
class Drawing:
    """The parts of a graph, and what is not drawn, by the id of the node that stands for it."""

    nodes: tuple[GraphNode, ...]
    edges: tuple[GraphEdge, ...]
    rests: Mapping[str, Rest]


def draw(content: Content, relationships: Relationships) -> Drawing:
    """Draw the records, and beside each that was expanded a node for the links that are not."""
    rests = content.rests()
    colors = _colors(content.records.values())
    nodes, edges, summaries = [], [], {}
    for record in content.records.values():
        left = rests.get(record.id, [])
        is_expanded = record.id in content.expanded
        nodes.append(
            _node(record, left, content, colors[record.object_id], is_expanded=is_expanded)
        )
        for rest in left if is_expanded else ():
            nodes.append(_rest_node(rest, relationships))
            edges.append(_rest_edge(rest, record, relationships))
            summaries[rest.id] = rest
    breaches = _breaches(content, relationships)
    edges += [
        _edge(link, content, relationships, is_breach=link.id in breaches)
        for link in content.links.values()
    ]
    return Drawing(tuple(nodes), tuple(edges), summaries)


def _colors(records: Iterable[GraphRecord]) -> dict[str, str]:
    object_ids = dict.fromkeys(record.object_id for record in records)
    return {id_: GRAPH_COLORS[place % len(GRAPH_COLORS)] for place, id_ in enumerate(object_ids)}


def title_of(record: GraphRecord) -> str:
    return record.title or record.id


def _node(
    record: GraphRecord,
    rests: Sequence[Rest],
    content: Content,
    color: str,
    *,
    is_expanded: bool,
) -> GraphNode:
    count = 0 if is_expanded else sum(rest.count for rest in rests)
    badge = f"+{count:,}" if count else ""
    tip = f"{title_of(record)}\n{record.object_label}"
    if badge:
        tip += "\n" + tr("{} links are not shown").replace("{}", f"{count:,}")
    return GraphNode(
        record.id,
        title_of(record),
        record.object_label,
        record.icon or "box",
        badge,
        group=record.object_label,
        look=Look.MAIN if record.id == content.start else Look.PLAIN,
        color=color,
        tip=tip,
    )


# What is not drawn.


def rest_words(rest: Rest, relationships: Relationships) -> str:
    """Say what a node stands for: “50,000 Contacts”, “12 more Contacts”, “3 you may not see”."""
    number = amount(rest)
    other = other_object(rest.side, relationships)
    what = tr("links")
    if other is not None:
        what = other.label if rest.count == 1 and not rest.is_least else other.plural_name
    if rest.is_opened:
        return tr("{0} {1} that you may not see").format(number, what)
    if rest.count == rest.total:
        return f"{number} {what}"
    return tr("{0} more {1}").format(number, what)


def amount(rest: Rest) -> str:
    return f"{rest.count:,}+" if rest.is_least else f"{rest.count:,}"


def other_object(side: Side, relationships: Relationships) -> RelatedObject | None:
    """Return the object at the other end; None where the links are of several relationships."""
    relationship = relationships.get(side.relationship_id)
    if relationship is None:
        return None
    return relationship.to_object if side.is_from else relationship.from_object


def side_label(side: Side, relationships: Relationships) -> str:
    """Return the heading under which a record's page shows these links."""
    relationship = relationships.get(side.relationship_id)
    if relationship is None:
        return tr("Links")
    label = relationship.from_label if side.is_from else relationship.to_label
    other = relationship.to_object if side.is_from else relationship.from_object
    return label or other.plural_name


def _rest_node(rest: Rest, relationships: Relationships) -> GraphNode:
    words = rest_words(rest, relationships)
    other = other_object(rest.side, relationships)
    advice = tr("Enter shows them.")
    if rest.is_opened:
        advice = ""
    elif rest.is_hub:
        advice = tr("Too many to be drawn. Enter searches among them.")
    return GraphNode(
        rest.id,
        words,
        icon=(other.icon or "box") if other is not None else "ellipsis",
        group=tr("Not shown"),
        look=Look.SUMMARY,
        tip="\n".join(text for text in (words, advice) if text),
    )


def _rest_edge(rest: Rest, record: GraphRecord, relationships: Relationships) -> GraphEdge:
    label = side_label(rest.side, relationships)
    words = f"{title_of(record)}: {label}, {rest_words(rest, relationships)}"
    return GraphEdge(f"edge:{rest.id}", record.id, rest.id, label, words=words)


# Links.


def _edge(
    link: GraphLink, content: Content, relationships: Relationships, *, is_breach: bool
) -> GraphEdge:
    label = side_label(Side(link.relationship_id, is_from=True), relationships)
    data = summary(link.metadata)
    ends = (content.records[link.from_record_id], content.records[link.to_record_id])
    words = f"{title_of(ends[0])} → {title_of(ends[1])}: {label}"
    if whole := summary(link.metadata, most=100, has_keys=True):
        words += f" ({whole})"
    if is_breach:
        words += ". " + _breach_words(link, content, relationships)
    return GraphEdge(
        link.id,
        link.from_record_id,
        link.to_record_id,
        f"{label}: {data}" if data else label,
        tr("one too many") if is_breach else "",
        is_breach=is_breach,
        words=words,
    )


def summary(metadata: object, *, most: int = _SHOWN_VALUES, has_keys: bool = False) -> str:
    """Say in a line what stands on a link: its values, with their keys or without."""
    if not isinstance(metadata, Mapping):
        return "" if metadata is None else json_text(metadata)
    shown = [
        (key, value if isinstance(value, str) else json_text(value))
        for key, value in metadata.items()
        if value not in (None, "", [], {})
    ]
    texts = [f"{key}: {value}" if has_keys else value for key, value in shown[:most]]
    return ", ".join([*texts, "…"] if len(shown) > most else texts)


def _breaches(content: Content, relationships: Relationships) -> set[str]:
    """Return the links of records that have several where their relationship allows one."""
    return {
        link.id
        for link in content.links.values()
        if any(
            _is_too_many(link, content, relationships, is_from=is_from) for is_from in (True, False)
        )
    }


def _is_too_many(
    link: GraphLink, content: Content, relationships: Relationships, *, is_from: bool
) -> bool:
    relationship = relationships.get(link.relationship_id)
    if relationship is None:
        return False
    has_one = from_has_one if is_from else to_has_one
    end = link.from_record_id if is_from else link.to_record_id
    count = content.counts.get((end, Side(link.relationship_id, is_from)))
    return has_one(relationship.type) and count is not None and count.count > 1


def _breach_words(link: GraphLink, content: Content, relationships: Relationships) -> str:
    is_from = _is_too_many(link, content, relationships, is_from=True)
    end = content.records[link.from_record_id if is_from else link.to_record_id]
    name = relationships[link.relationship_id].name
    words = tr("“{0}” has several links under “{1}”, which allows one.")
    return words.format(title_of(end), name)
