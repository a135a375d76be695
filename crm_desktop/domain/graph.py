"""A graph to be looked at: what its nodes and edges show, as plain data, and who is beside whom."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from enum import StrEnum
from typing import NamedTuple

Point = tuple[float, float]  # of a node: its top left corner, in pixels at 100 %
Size = tuple[float, float]


class Mark(StrEnum):
    """What the end of an edge says: how many can be at it."""

    NONE = "none"
    ONE = "one"
    MANY = "many"  # a crow's foot


class Look(StrEnum):
    """How a node stands out."""

    PLAIN = "plain"
    MAIN = "main"  # the one that a picture is about
    SUMMARY = "summary"  # stands for many that are not drawn


class GraphNode(NamedTuple):  # like edges, hundreds are made before a first picture
    """One node. `icon` is as in `objects.icon`; `lines` are pairs of a Lucide name and a text.

    `group` says in the linked table what kind of thing it is; `tip` is read when it is pointed at.
    `undrawn` are texts that the picture leaves out, and that a search finds all the same.
    """

    id: str
    label: str
    kind: str = ""
    icon: str = ""
    badge: str = ""
    lines: tuple[tuple[str, str], ...] = ()
    group: str = ""
    look: Look = Look.PLAIN
    color: str = ""  # `#RRGGBB` of a bar at its left edge
    tip: str = ""
    undrawn: tuple[str, ...] = ()


class GraphEdge(NamedTuple):
    """One edge. `badge` stands on it always, `label` beside that where there is room.

    `words` say the whole of it in a sentence, for the linked table and for screen readers. A breach
    is painted in red, and its badge says what is wrong.
    """

    id: str
    from_id: str
    to_id: str
    label: str = ""
    badge: str = ""
    from_mark: Mark = Mark.NONE
    to_mark: Mark = Mark.NONE
    is_breach: bool = False
    words: str = ""


Ends = tuple[str, str]


def ends_of(edges: Iterable[GraphEdge]) -> list[Ends]:
    return [(edge.from_id, edge.to_id) for edge in edges]


def neighbours_of(ends: Iterable[Ends]) -> dict[str, list[str]]:
    """Return who is beside whom, in the order of the edges; nobody beside themselves."""
    found = defaultdict[str, list[str]](list)
    for one, other in ends:
        if one != other:
            found[one].append(other)
            found[other].append(one)
    return dict(found)


def neighbourhood(ends: Iterable[Ends], start: str, depth: int) -> set[str]:
    """Return the nodes at most `depth` edges away from `start`, itself among them."""
    beside, reached, rim = neighbours_of(ends), {start}, [start]
    for _ in range(depth):
        rim = [other for one in rim for other in beside.get(one, ()) if other not in reached]
        reached.update(rim)
    return reached


def components(node_ids: Collection[str], ends: Sequence[Ends]) -> list[list[str]]:
    """Return the nodes in sets that hang together, each in order of distance from its centre.

    The largest set comes first; the order depends on nothing but the order of what was given.
    """
    known = set(node_ids)
    beside = neighbours_of((a, b) for a, b in ends if a in known and b in known)
    places = {node_id: place for place, node_id in enumerate(node_ids)}
    by_degree = sorted(places, key=lambda each: (-len(beside.get(each, ())), places[each]))
    seen: set[str] = set()
    found = []
    for centre in by_degree:
        if centre not in seen:
            found.append(_spread_from(centre, beside))
            seen.update(found[-1])
    return sorted(found, key=lambda each: (-len(each), places[each[0]]))


def _spread_from(centre: str, beside: Mapping[str, list[str]]) -> list[str]:
    order, known = [centre], {centre}
    for one in order:  # grows while it is walked
        for other in beside.get(one, ()):
            if other not in known:
                known.add(other)
                order.append(other)
    return order


class Part(NamedTuple):
    """A node or an edge of a graph; none at all with an empty id."""

    id: str
    is_edge: bool = False


NO_PART = Part("")
