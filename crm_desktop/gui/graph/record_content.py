"""What a record graph shows, as a value: expanding, collapsing and reading again make another."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace

from crm_desktop.domain.graph import neighbours_of
from crm_desktop.services.record_graph import (
    MOST_LINKS,
    GraphLink,
    GraphRecord,
    LinkCount,
    RecordGraph,
    Side,
)

Place = tuple[str, Side]
"""A record, and a side of a relationship as it stands there."""


@dataclass(frozen=True, slots=True)
class Rest:
    """Links of a record on one side that are not drawn, of `total`.

    `is_opened` says that this side was expanded: what is left then leads to records that one may
    not read. The side has no relationship where a record has too many links to tell them apart.
    """

    record_id: str
    side: Side
    count: int
    total: int
    is_least: bool
    is_opened: bool

    @property
    def id(self) -> str:
        """What its node is called; no record's id begins so."""
        end = "from" if self.side.is_from else "to"
        return f"rest:{end}:{self.side.relationship_id}:{self.record_id}"

    @property
    def is_hub(self) -> bool:
        return self.total > MOST_LINKS


@dataclass(frozen=True, slots=True)
class Content:
    """Records by id in the order they came, links by id, and counts by place."""

    start: str = ""
    records: Mapping[str, GraphRecord] = field(default_factory=dict)
    links: Mapping[str, GraphLink] = field(default_factory=dict)
    counts: Mapping[Place, LinkCount] = field(default_factory=dict)
    expanded: frozenset[str] = frozenset()
    opened: frozenset[Place] = frozenset()

    def has(self, record_id: str) -> bool:
        return record_id in self.records

    def with_graph(
        self, graph: RecordGraph, expanded: Iterable[str] = (), side: Side | None = None
    ) -> Content:
        """Return this with what an expansion of these records brought, on one side or on all."""
        expanded = frozenset(expanded)
        opened = set(self.opened)
        if not graph.is_full:
            opened |= {
                (count.record_id, count.side)
                for count in graph.counts
                if count.record_id in expanded and side in {None, count.side}
            }
        whole = expanded if side is None else frozenset[str]()
        return Content(
            self.start,
            {**self.records, **{record.id: record for record in graph.records}},
            {**self.links, **{link.id: link for link in graph.links}},
            self._counted(graph),
            self.expanded | whole,
            frozenset(opened),
        )

    def _counted(self, graph: RecordGraph) -> dict[Place, LinkCount]:
        """Keep what is known exactly where a record was only glanced at again."""
        rough = {(c.record_id, c.is_from) for c in graph.counts if not c.relationship_id}
        known = {(c.record_id, c.is_from) for c in self.counts.values() if c.relationship_id}
        kept = rough & known
        counts = {
            place: count
            for place, count in self.counts.items()
            if (count.record_id, count.is_from) in kept
            or count.record_id not in {record.id for record in graph.records}
        }
        for count in graph.counts:
            if (count.record_id, count.is_from) not in kept:
                counts[count.record_id, count.side] = count
        return counts

    def read_again(self, graph: RecordGraph) -> Content:
        """Return this as it stands now: what is gone is gone, links between what is left are new.

        Records keep their order.
        """
        found = {record.id: record for record in graph.records}
        kept = {
            id_: replace(found[id_], distance=record.distance)
            for id_, record in self.records.items()
            if id_ in found
        }
        links = {link.id: link for link in graph.links}
        counts = self._counted(graph)
        return replace(
            self,
            records=kept,
            links=links,
            counts={place: count for place, count in counts.items() if place[0] in kept},
            expanded=self.expanded & kept.keys(),
            opened=frozenset(place for place in self.opened if place[0] in kept),
        )

    def collapsed(self, record_id: str) -> Content:
        """Return this without the records that hang on this one alone, seen from the start."""
        return self.only(self._reached_without(record_id) | {record_id, self.start}, {record_id})

    def only(self, kept: Collection[str], folded: Collection[str] = ()) -> Content:
        """Return this with these records only; `folded` count as not expanded."""
        records = {id_: record for id_, record in self.records.items() if id_ in kept}
        links = {
            id_: link
            for id_, link in self.links.items()
            if link.from_record_id in records and link.to_record_id in records
        }
        counts = {place: count for place, count in self.counts.items() if place[0] in records}
        touched = {
            id_
            for link in self.links.values()
            if link.id not in links
            for id_ in (link.from_record_id, link.to_record_id)
        }
        shut = touched | set(folded)
        return replace(
            self,
            records=records,
            links=links,
            counts=counts,
            expanded=frozenset(id_ for id_ in self.expanded & records.keys() if id_ not in folded),
            opened=frozenset(place for place in self.opened if place[0] not in shut),
        )

    def _reached_without(self, record_id: str) -> set[str]:
        """Return what the start still reaches when nothing may pass through this record."""
        if record_id == self.start:
            return set()
        beside = self.beside()
        reached, queue = {self.start}, deque([self.start])
        while queue:
            for other in beside.get(queue.popleft(), ()):
                if other not in reached and other != record_id:
                    reached.add(other)
                    queue.append(other)
        return reached

    def beside(self) -> dict[str, list[str]]:
        return neighbours_of((ln.from_record_id, ln.to_record_id) for ln in self.links.values())

    def rests(self) -> dict[str, list[Rest]]:
        """Return by record what of its links is not drawn, the most first."""
        drawn = self._drawn()
        found: dict[str, list[Rest]] = {}
        for place, count in self.counts.items():
            record_id, side = place
            left = count.count - drawn[place]
            if left > 0:
                is_opened = place in self.opened and not count.is_hub
                rest = Rest(record_id, side, left, count.count, count.is_least, is_opened)
                found.setdefault(record_id, []).append(rest)
        for rests in found.values():
            rests.sort(key=lambda rest: (-rest.count, rest.side))
        return found

    def _drawn(self) -> Counter[Place]:
        """Count the links that are drawn by place, and all of a record in a direction."""
        drawn: Counter[Place] = Counter()
        for link in self.links.values():
            for record_id, is_from in ((link.from_record_id, True), (link.to_record_id, False)):
                drawn[record_id, Side(link.relationship_id, is_from)] += 1
                drawn[record_id, Side("", is_from)] += 1
        return drawn
