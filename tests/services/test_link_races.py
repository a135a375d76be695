"""Many people at one link: whoever is first has it, and everybody else is told by whom."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from crm_desktop.db.database import Database
from crm_desktop.db.tables import RelationshipRecord
from crm_desktop.domain.access import Actor
from crm_desktop.domain.errors import Conflict, NotFound, Unavailable, UserError
from crm_desktop.services import links, records, relationships
from crm_desktop.services.import_plan import ImportRequest, LinkRequest
from crm_desktop.services.importing import ImportResult, import_file
from crm_desktop.services.link_checks import RefusedLinks
from crm_desktop.services.relationships import RelationshipDraft
from tests.make import Make

PEOPLE = 20
PATIENCE = 30  # seconds, after which a round hangs


@contextmanager
def crowd(url: str, number: int) -> Iterator[list[Database]]:
    """Give as many databases, each with one connection that is open already."""
    with ExitStack() as stack:
        databases = [Database.at(url) for _ in range(number)]
        for each in databases:
            stack.callback(each.close)
        yield databases


def race(
    databases: list[Database], actor: Actor, make: Make, works: str, rounds: int
) -> list[list[str | RefusedLinks]]:
    """Let everybody link the same contact to a company of their own, a contact each round."""
    companies = make.records("obj_company", len(databases))
    contacts = make.records("obj_contact", rounds)
    start = threading.Barrier(len(databases), timeout=PATIENCE)

    def take_part(place: int) -> list[str | RefusedLinks]:
        said: list[str | RefusedLinks] = []
        for contact in contacts:
            start.wait()
            said.append(link(place, contact))
        return said

    def link(place: int, contact: str) -> str | RefusedLinks:
        while True:
            try:
                with databases[place].write(actor) as session:
                    links.create_link(session, works, companies[place], contact)
            except RefusedLinks as refused:
                return refused
            except (
                Unavailable
            ):  # on a busy computer twenty may wait longer than a lock is asked for
                continue
            return companies[place]

    with ThreadPoolExecutor(len(databases)) as threads:
        return list(threads.map(take_part, range(len(databases))))


def check_race(make: Make, said: list[list[str | RefusedLinks]], rounds: int) -> None:
    """Check that each round had one winner, whom all others were told of."""
    for number in range(rounds):
        answers = [each[number] for each in said]
        winners = [answer for answer in answers if isinstance(answer, str)]
        assert len(winners) == 1
        for answer in answers:
            if isinstance(answer, RefusedLinks):
                (refusal,) = answer.refusals
                assert refusal.holding is not None
                assert refusal.holding.holder_id == winners[0]
                assert f"“{winners[0]}”" in str(answer)
    targets = make.value(select(RelationshipRecord.to_record_id).distinct().limit(1))
    assert targets is not None
    assert make.count(RelationshipRecord) == rounds


@pytest.fixture
def works(make: Make) -> str:
    make.object("company")
    return make.relationship("obj_company", make.object("contact"), "1:N", name="Staff")


def test_of_twenty_people_who_link_one_contact_at_once_one_succeeds(
    database_url: str, actor: Actor, make: Make, works: str
) -> None:
    with crowd(database_url, PEOPLE) as databases:
        said = race(databases, actor, make, works, rounds=50)
    check_race(make, said, rounds=50)


@pytest.mark.long
def test_of_twenty_people_one_succeeds_a_thousand_times(
    database_url: str, actor: Actor, make: Make, works: str
) -> None:
    with crowd(database_url, PEOPLE) as databases:
        said = race(databases, actor, make, works, rounds=1000)
    check_race(make, said, rounds=1000)


def both_at_once(*calls: Callable[[], Any]) -> list[Any]:
    """Run calls at the same time; return what they returned, or the UserError they raised."""
    start = threading.Barrier(len(calls), timeout=PATIENCE)

    def run(call: Callable[[], Any]) -> Any:
        start.wait()
        try:
            return call()
        except UserError as problem:
            return problem

    with ThreadPoolExecutor(len(calls)) as threads:
        return list(threads.map(run, calls))


def test_linking_meets_the_deletion_of_a_record_and_leaves_no_orphan(
    database: Database, database_url: str, actor: Actor, make: Make, works: str
) -> None:
    other = Database.at(database_url)
    for _ in range(15):
        acme, bob = make.record("obj_company"), make.record("obj_contact")

        def link(acme: str = acme, bob: str = bob) -> str:
            with database.write(actor) as session:
                return links.create_link(session, works, acme, bob)

        def delete(bob: str = bob) -> int:
            with other.write(actor) as session:
                return records.delete_records(session, [bob])

        linked, deleted = both_at_once(link, delete)
        assert deleted == 1
        assert isinstance(linked, str | NotFound)
        assert make.count(RelationshipRecord) == 0
    other.close()


def test_linking_meets_the_narrowing_of_a_relationship_and_makes_no_breach(
    database: Database, database_url: str, actor: Actor, make: Make
) -> None:
    make.object("company")
    make.object("contact")
    other = Database.at(database_url)
    for number in range(15):
        works = make.relationship(
            "obj_company", "obj_contact", "N:N", id=f"rel_{number}", name=f"n{number}"
        )
        acme, apex, bob = (
            make.record("obj_company"),
            make.record("obj_company"),
            make.record("obj_contact"),
        )
        make.link(works, acme, bob)
        with database.read(actor) as session:
            version = relationships.get_relationship(session, works).version
        draft = RelationshipDraft(
            from_object_id="obj_company", to_object_id="obj_contact", type="1:N", name=f"n{number}"
        )

        def link(works: str = works, apex: str = apex, bob: str = bob) -> str:
            with database.write(actor) as session:
                return links.create_link(session, works, apex, bob)

        def narrow(
            works: str = works, version: int = version, draft: RelationshipDraft = draft
        ) -> None:
            with other.write(actor) as session:
                relationships.update_relationship(session, works, version, draft)

        linked, narrowed = both_at_once(link, narrow)
        is_linked, is_narrow = isinstance(linked, str), narrowed is None
        assert is_linked != is_narrow, (linked, narrowed)
        assert is_linked or isinstance(linked, Conflict)
    other.close()


def test_linking_meets_the_deletion_of_its_relationship(
    database: Database, database_url: str, actor: Actor, make: Make
) -> None:
    make.object("company")
    make.object("contact")
    other = Database.at(database_url)
    acme, bob = make.record("obj_company"), make.record("obj_contact")
    for number in range(15):
        works = make.relationship("obj_company", "obj_contact", id=f"rel_{number}")
        with database.read(actor) as session:
            version = relationships.get_relationship(session, works).version

        def link(works: str = works) -> str:
            with database.write(actor) as session:
                return links.create_link(session, works, acme, bob)

        def delete(works: str = works, version: int = version) -> None:
            with other.write(actor) as session:
                relationships.delete_relationship(session, works, version)

        linked, deleted = both_at_once(link, delete)
        assert deleted is None
        assert isinstance(linked, str | NotFound)
        assert make.count(RelationshipRecord) == 0
    other.close()


def test_an_import_waits_for_who_is_linking_and_takes_nothing_from_them(
    database: Database,
    actor: Actor,
    make: Make,
    tmp_path: Path,
    in_another_thread: Callable[..., Any],
) -> None:
    thing = make.object("thing", ["title"])
    contact = make.object("contact", ["name"])
    make.relationship(thing, contact, "1:N", id="rel_of", name="of")
    other = make.record(thing, {"fld_title": "Other"})
    bob = make.record(contact, {"fld_name": "Bob"})
    make.record(contact, {"fld_name": "Ann"})
    source = tmp_path / "things.csv"
    source.write_text("title,who\nOne,Bob\nTwo,Ann\n", encoding="utf-8")
    asked = ImportRequest(object_name="thing", links=(LinkRequest.from_text("who=contact.name"),))

    def load() -> ImportResult:
        with database.long(actor) as session:
            return import_file(session, source, asked, None)

    with database.write(actor) as session:
        links.create_link(session, "rel_of", other, bob)
        imported = in_another_thread(load)
        imported.wait_until_blocked()
    imported.result()
    assert make.count(RelationshipRecord) == 2
    holder = select(RelationshipRecord.from_record_id)
    assert make.value(holder.where(RelationshipRecord.to_record_id == bob)) == other
