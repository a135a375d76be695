"""What depends on something, as a tree: what goes with it, what stays behind, what names it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    """What a node stands for, and what its count counts."""

    OBJECT = "object"
    FIELD = "field"
    ATTACHMENT = "field of an object"
    VALUE = "value"
    RECORD = "record"
    RELATIONSHIP = "relationship"
    LINK = "link"
    FORM = "form"
    TABLE = "view"
    KANBAN = "kanban"
    CALENDAR = "calendar"
    APPLICATION = "application"
    INDEX = "index"
    LINK_SCHEMA = "schema of links"
    LINK_PANEL = "panel of links"
    DIAGRAM = "diagram"


class Effect(StrEnum):
    """What becomes of it when the subject is deleted."""

    GOES = "goes"
    BLOCKS = "is in the way"
    DANGLES = "points at nothing"
    NAMES = "names it"
    STAYS = "stays"


class Group(StrEnum):
    """Headings: nodes that have no name of their own, and stand for what is below them."""

    NONE = ""
    RECORDS = "records"
    LINKS = "links"
    LINKS_FROM = "links from them"
    LINKS_TO = "links to them"
    LINKS_AMONG = "links among them"
    STRAYS = "links under other relationships"
    RELATIONSHIPS = "relationships"
    LAYOUT = "layout"
    VIEWS = "views"
    APPLICATIONS = "applications"
    REFERENCES = "references"
    OTHER_VIEWS = "views that name it"
    OTHER_FIELDS = "fields that name it"
    VALUES = "values"
    INDEXES = "indexes"
    OURS = "schemas, panels and diagrams"


@dataclass(frozen=True, slots=True)
class Node:
    """One line of the tree; `key` is its own within the tree.

    `count` is None until it has been counted. What stands below a node of the same kind is a part
    of it, not something more. `owner` is what it belongs to, `places` where in it the subject is
    named.
    """

    key: str
    kind: Kind
    effect: Effect
    label: str = ""
    group: Group = Group.NONE
    count: int | None = 1
    id: str = ""
    owner: str = ""
    places: tuple[str, ...] = ()
    children: tuple["Node", ...] = ()


@dataclass(frozen=True, slots=True)
class Part:
    """What one statement counts after the first look; `field_id` where it is about one field."""

    what: str
    field_id: str = ""


@dataclass(frozen=True, slots=True)
class Outline:
    """The tree as the definitions give it, and what remains to be counted, in this order."""

    root: Node
    parts: tuple[Part, ...] = ()


@dataclass(frozen=True, slots=True)
class Counted:
    """What was counted: facts to make sentences of, and nodes that take the place of others."""

    facts: Any
    nodes: tuple[Node, ...]


def group_of(
    group: Group, kind: Kind, effect: Effect, children: Iterable[Node]
) -> tuple[Node, ...]:
    """Return a heading over these nodes that counts them, nothing where there are none."""
    below = tuple(children)
    if not below:
        return ()
    count = sum(child.count or 0 for child in below)
    return (Node(group.value, kind, effect, "", group, count, children=below),)


def with_nodes(root: Node, nodes: Iterable[Node]) -> Node:
    """Return the tree with these nodes in the place of those with their keys.

    One without children keeps those that stood there. What is hardly ever there is left out once
    it was counted and there is none.
    """
    return _replaced(root, {node.key: node for node in nodes})


def _replaced(node: Node, new: dict[str, Node]) -> Node:
    node_now = new.get(node.key, node)
    if node_now is not node and node_now.children:
        return node_now
    below = tuple(_replaced(child, new) for child in node.children)
    return replace(node_now, children=tuple(each for each in below if not _is_idle(each)))


def _is_idle(node: Node) -> bool:
    return node.count == 0 and node.group in _IDLE_WHERE_NONE


_IDLE_WHERE_NONE = {Group.STRAYS, Group.OTHER_VIEWS, Group.REFERENCES}


def walk(root: Node, depth: int = 0) -> Iterator[tuple[int, Node]]:
    """Give each node with its depth, as the tree is read from top to bottom."""
    yield depth, root
    for child in root.children:
        yield from walk(child, depth + 1)


def total(root: Node, kind: Kind, effect: Effect) -> int:
    """Return how many of a kind meet this effect; what was not counted counts as none."""
    if (root.kind, root.effect) == (kind, effect):
        return root.count or 0
    return sum(total(child, kind, effect) for child in root.children)
