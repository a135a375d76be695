"""The graph around records, held to a plain reading of the same links in Python."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from random import Random

import pytest
from sqlalchemy import insert

from crm_desktop.db.database import Database
from crm_desktop.db.tables import RelationshipRecord
from crm_desktop.domain.access import Actor
from crm_desktop.domain.errors import Forbidden, NotFound
from crm_desktop.services import record_graph, record_paths
from crm_desktop.services.record_graph import GraphRecord, RecordGraph, Side
from crm_desktop.services.record_paths import PathSearch
from tests.make import Make

Link = tuple[str, str, str, str]
"""Id, relationship, from, to."""
LIMITS = {"MOST_LINKS": 3, "GLANCE": 5}


@dataclass(frozen=True)
class Plain:
    """Records and links as lists, read without any cleverness."""

    readable: frozenset[str]
    links: Sequence[Link]

    def counts(self, record_id: str, *, is_from: bool) -> Counter[str]:
        """Count the links that start at a record, or that end there, by relationship."""
        own = 2 if is_from else 3
        return Counter(link[1] for link in self.links if link[own] == record_id)

    def others(self, record_id: str, *, is_asked: bool, side: Side | None) -> Iterator[str]:
        """Go through the records one comes to from here, those one may not read left out."""
        for is_from in (True, False):
            counts = self.counts(record_id, is_from=is_from)
            if not is_asked and counts.total() > LIMITS["GLANCE"]:
                continue
            own, other = (2, 3) if is_from else (3, 2)
            for link in self.links:
                is_wanted = side is None or side == (link[1], is_from)
                is_followed = is_wanted and counts[link[1]] <= LIMITS["MOST_LINKS"]
                if link[own] == record_id and is_followed and link[other] in self.readable:
                    yield link[other]

    def expand(
        self, ids: Sequence[str], depth: int, known: Sequence[str], side: Side | None, most: int
    ) -> tuple[dict[str, int], set[str], set[tuple[str, str, bool, int]]]:
        """Return distances by record, the links' ids, and counts by record and side."""
        distances = {i: 0 for i in ids if i in self.readable}
        distances |= {i: -1 for i in known if i in self.readable and i not in ids}
        frontier, seen, room = [i for i in ids if i in self.readable], {*ids, *known}, most
        for distance in range(1, depth + 1):
            places: dict[str, int] = {}
            for place, record_id in enumerate(frontier):
                is_first = distance == 1
                for other in self.others(
                    record_id, is_asked=is_first, side=side if is_first else None
                ):
                    if other not in seen:
                        places.setdefault(other, 0 if is_first else place)
            frontier = sorted(places, key=lambda i: (places[i], i))[:room]
            room -= len(frontier)
            seen |= set(frontier)
            distances |= dict.fromkeys(frontier, distance)
        links = {i for i, _, start, end in self.links if {start, end} <= distances.keys()}
        counts = set()
        for record_id, distance in distances.items():
            for is_from in (True, False):
                found = self.counts(record_id, is_from=is_from)
                if distance and found.total() > LIMITS["GLANCE"]:
                    found = Counter({"": found.total()})
                counts |= {(record_id, side_id, is_from, n) for side_id, n in found.items()}
        return distances, links, counts

    def steps(self, start: str, end: str) -> int | None:
        """Return the length of a shortest path, however long."""
        reached, frontier, steps = {start}, {start}, 0
        while frontier and end not in reached:
            ends = [link[2:] for link in self.links]
            pairs = [*ends, *((end, start) for start, end in ends)]
            frontier = {b for a, b in pairs if a in frontier and b in self.readable} - reached
            reached |= frontier
            steps += 1
        return steps if end in reached else None


@pytest.fixture
def small_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in LIMITS.items():
        monkeypatch.setattr(record_graph, name, value)


def expand(
    database: Database, actor: Actor, ids: Sequence[str], depth: int = 1, **more: object
) -> RecordGraph:
    with database.read(actor) as session:
        return record_graph.expand(session, ids, depth=depth, **more)  # type: ignore[arg-type]


def path(database: Database, actor: Actor, start: str, end: str, **limits: int) -> PathSearch:
    with database.read(actor) as session:
        return record_paths.find_path(session, start, end, **limits)


def random_graph(make: Make, chance: Random) -> Plain:
    """Make links of every odd kind: with oneself, twice, against the rules, of other objects."""
    make.sql("DELETE FROM relationship_records")
    make.sql("UPDATE records SET created_by = NULL")
    make.sql("UPDATE records SET created_by = :me WHERE id ~ :own", me=make.admin.user_id,
             own=chance.choice(["[0-7]$", ".", "1$"]))  # fmt: skip
    with make.database.engine.connect() as connection:
        found = connection.exec_driver_sql(
            "SELECT id FROM records WHERE object_id <> 'obj_secret' OR created_by IS NOT NULL"
        )
        readable = frozenset(row[0] for row in found)
        ids = [row[0] for row in connection.exec_driver_sql("SELECT id FROM records ORDER BY id")]
    hubs = chance.sample(ids, 2)
    links = [
        (
            f"rrec_{number:03}",
            chance.choice(["rel_staff", "rel_knows", "rel_odd"]),
            chance.choice(hubs if chance.random() < 0.2 else ids),
            chance.choice(hubs if chance.random() < 0.1 else ids),
        )
        for number in range(chance.choice([8, 20, 45]))
    ]
    columns = ("id", "relationship_id", "from_record_id", "to_record_id")
    with make.database.engine.begin() as connection:
        rows = [dict(zip(columns, link, strict=True)) for link in links]
        connection.execute(insert(RelationshipRecord), rows)
    return Plain(readable, links)


def test_expanding_finds_what_a_plain_reading_finds(
    database: Database, actor: Actor, make: Make, small_limits: None
) -> None:
    company, secret = make.object("company"), make.object("secret", permissions={"read": ["owner"]})
    make.relationship(company, secret, "1:N", id="rel_staff")
    make.relationship(company, company, "N:N", id="rel_knows")
    make.relationship(secret, company, "lookup", id="rel_odd")
    ids = [*make.records(company, 8), *make.records(secret, 10)]
    chance = Random(5)  # noqa: S311 - data, no secrets
    for _ in range(15):
        plain = random_graph(make, chance)
        for _ in range(3):
            asked, known = chance.sample(ids, chance.choice([1, 1, 3])), chance.sample(ids, 4)
            side = chance.choice([None, None, Side("rel_knows", is_from=True)])
            depth, most = chance.choice([0, 1, 2, 3]), chance.choice([300, 2])
            if not plain.readable.intersection(asked):
                with pytest.raises(NotFound):
                    expand(database, actor, asked)
                continue
            graph = expand(database, actor, asked, depth, known=known, side=side, most_records=most)
            found = (
                {record.id: record.distance for record in graph.records},
                {link.id for link in graph.links},
                {(c.record_id, c.relationship_id, c.is_from, c.count) for c in graph.counts},
            )
            assert found == plain.expand(asked, depth, known, side, most)
            assert len(graph.links) == len(found[1])
        start, end = chance.sample(sorted(plain.readable), 2)
        check_path(plain, path(database, actor, start, end), start, end)


def check_path(plain: Plain, found: PathSearch, start: str, end: str) -> None:
    steps = plain.steps(start, end)
    assert found.is_complete
    if steps is None or steps > record_paths.MOST_STEPS:
        assert not found.records
        return
    assert (len(found.links), found.steps) == (steps, steps)
    assert (found.records[0], found.records[-1]) == (start, end)
    assert plain.readable >= set(found.records)
    ends = {link[0]: {link[2], link[3]} for link in plain.links}
    for number, link_id in enumerate(found.links):
        assert ends[link_id] == set(found.records[number : number + 2])


def test_a_graph_says_what_its_records_are(database: Database, actor: Actor, make: Make) -> None:
    company, contact = make.object("company", icon="building"), make.object("contact")
    works = make.relationship(company, contact, "1:N")
    acme = make.record(company, {"fld_name": "Acme"})
    bob = make.record(contact, {})
    link = make.link(works, acme, bob, relationship_metadata={"share": 0.5})
    graph = expand(database, actor, [bob])
    assert graph.records == (
        GraphRecord(bob, contact, "Contact", None, None, 0),
        GraphRecord(acme, company, "Company", "building", "Acme", 1),
    )
    (found,) = graph.links
    assert (found.id, found.relationship_id) == (link, works)
    assert (found.from_record_id, found.to_record_id) == (acme, bob)
    assert str(found.metadata["share"]) == "0.5"
    assert not graph.is_full


def test_a_hub_is_counted_and_only_its_small_sides_are_followed(
    database: Database, actor: Actor, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    company, contact = make.object("company"), make.object("contact")
    works, owns = make.relationship(company, contact, "1:N"), make.relationship(company, company)
    acme, parent = make.records(company, 2)
    for bob in make.records(contact, record_graph.MOST_LINKS + 1):
        make.link(works, acme, bob)
    make.link(owns, acme, parent)
    graph = expand(database, actor, [acme])
    assert {record.id for record in graph.records} == {acme, parent}
    (hub,) = (count for count in graph.counts if count.is_hub)
    assert (hub.record_id, hub.side, hub.count, hub.is_least) == (acme, (works, True), 51, False)
    monkeypatch.setattr(record_graph, "MOST_COUNTED", 20)
    monkeypatch.setattr(record_graph, "GLANCE", 10)
    met = {c for c in expand(database, actor, [parent]).counts if c.record_id == acme}
    assert {(count.relationship_id, count.count, count.is_least) for count in met} == {
        ("", 20, True)
    }


def test_links_of_a_hub_are_found_by_name(database: Database, actor: Actor, make: Make) -> None:
    company, contact = make.object("company"), make.object("contact")
    works, knows = make.relationship(company, contact), make.relationship(contact, contact)
    acme = make.record(company, {"fld_name": "Acme"})
    for name in ("Bob", "Bo 50%", "Ann", "Bob"):
        person = make.record(contact, {"fld_name": name})
        make.link(works, acme, person)
        make.link(works, acme, person)
        make.link(knows, person, person)

    def names(side: Side, search: str = "") -> list[str | None]:
        with database.read(actor) as session:
            found = record_graph.find_linked(session, acme, side, search)
            return [record.title for record in found]

    assert names(Side(works, is_from=True)) == ["Ann", "Bo 50%", "Bob", "Bob"]
    assert names(Side(works, is_from=True), "bob") == ["Bob", "Bob"]
    assert names(Side(works, is_from=True), "50%") == ["Bo 50%"]
    assert names(Side(works, is_from=False)) == names(Side(knows, is_from=True)) == []


def test_an_expansion_is_one_statement(
    database: Database, actor: Actor, make: Make, statements: list[str]
) -> None:
    (acme, *_) = make.records(make.object("company"), 3)
    statements.clear()
    expand(database, actor, [acme], depth=3)
    assert len(statements) == 1


def test_a_search_for_a_path_says_that_it_gave_up(
    database: Database, actor: Actor, make: Make
) -> None:
    company = make.object("company")
    owns = make.relationship(company, company)
    chain = make.records(company, 9)
    for start, end in pairwise(chain):
        make.link(owns, start, end)
    assert path(database, actor, chain[6], chain[0]).records == tuple(reversed(chain[:7]))
    assert path(database, actor, chain[0], chain[0]).records == (chain[0],)
    too_far = path(database, actor, chain[0], chain[8])
    assert (too_far.records, too_far.steps, too_far.is_complete) == ((), 6, True)
    gave_up = path(database, actor, chain[0], chain[5], most_visited=3)
    assert (gave_up.records, gave_up.is_complete) == ((), False)
    with pytest.raises(NotFound):
        path(database, actor, chain[0], "rec_gone")


def test_the_most_connected_records_are_counted_by_object_and_by_relationship(
    database: Database, actor: Actor, make: Make
) -> None:
    company, contact = make.object("company"), make.object("contact", permissions={"read": []})
    works, owns = make.relationship(company, contact, "1:N"), make.relationship(company, company)
    acme, orion, _ = make.records(company, 3)
    for bob in make.records(contact, 3):
        make.link(works, acme, bob)
    make.link(owns, orion, orion)
    make.link(owns, orion, acme)

    def most(**of: str) -> list[tuple[str, int]]:
        with database.read(actor) as session:
            found = record_paths.most_connected(session, **of)  # type: ignore[arg-type]
            return [(connected.record.id, connected.links) for connected in found]

    assert most() == most(object_id=company) == [(acme, 4), (orion, 3)]
    assert most(relationship_id=owns) == [(orion, 3), (acme, 1)]
    assert most(object_id=contact) == []


def test_who_may_not_read_records_sees_no_graph(database: Database, make: Make) -> None:
    with pytest.raises(Forbidden):
        expand(database, make.guest(), ["rec_0001"])
    with pytest.raises(Forbidden):
        path(database, make.guest(), "rec_0001", "rec_0002")
