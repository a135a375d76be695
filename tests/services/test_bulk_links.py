"""Linking very many records at once: foreseen kind by kind, then made in one step to undo."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import select

from crm_desktop.db.database import Database
from crm_desktop.db.tables import RelationshipRecord
from crm_desktop.domain.access import Actor
from crm_desktop.domain.errors import Cancelled, Conflict, Forbidden, Invalid, NotFound
from crm_desktop.domain.filters import RecordQuery
from crm_desktop.services import bulk_links, history, relationships
from crm_desktop.services.bulk_links import ByValue, LinkRehearsal, LinkResult, Rule, Sample, ToOne
from crm_desktop.services.record_targets import ChosenRecords, FoundRecords, RecordTarget
from crm_desktop.services.relationships import RelationshipSide
from tests.make import Make

PEOPLE = {
    "Ann": "Acme",
    "Bob": "  ACME ",
    "Cleo": "apex   ag",
    "Dan": "Twin",
    "Eve": "Nobody",
    "Fay": None,
    "Gus": "Apex AG",
    "Hal": "Acme",
}


@pytest.fixture
def ids(make: Make) -> dict[str, str]:
    """Make companies and contacts that name theirs: Gus is Acme's already, Hal is linked right."""
    make.object("company", ["name", "number"])
    make.object("contact", ["name", "employer"])
    make.relationship("obj_company", "obj_contact", "1:N", id="rel_staff", name="Staff")
    names = ["Acme", "Apex AG", "Twin", "twin"]
    ids = {name: make.record("obj_company", {"fld_name": name}) for name in names}
    for name, employer in PEOPLE.items():
        ids[name] = make.record("obj_contact", {"fld_name": name, "fld_employer": employer})
    make.link("rel_staff", ids["Acme"], ids["Gus"])
    make.link("rel_staff", ids["Acme"], ids["Hal"])
    return ids


@pytest.fixture
def side(database: Database, actor: Actor, ids: dict[str, str]) -> RelationshipSide:
    with database.read(actor) as session:
        (side,) = relationships.sides_of_object(session, "obj_contact")
        return side


ALL = FoundRecords(RecordQuery("obj_contact"))
BY_EMPLOYER = ByValue("fld_employer")


def rehearse(
    database: Database, actor: Actor, side: RelationshipSide, rule: Rule, target: RecordTarget = ALL
) -> LinkRehearsal:
    with database.write(actor) as session:
        return bulk_links.rehearse_links(session, target, side, rule)


def make_links(
    database: Database,
    actor: Actor,
    side: RelationshipSide,
    rule: Rule,
    rehearsal: LinkRehearsal,
    target: RecordTarget = ALL,
    **more: Any,
) -> LinkResult:
    with database.write(actor) as session:
        return bulk_links.make_links(session, target, side, rule, rehearsal, **more)


def links_of(make: Make) -> Iterator[tuple[str, ...]]:
    names = (RelationshipRecord.from_record_id, RelationshipRecord.to_record_id)
    with make.database.engine.begin() as connection:
        yield from (tuple(row) for row in connection.execute(select(*names)))


def test_contacts_are_linked_by_the_company_that_they_name(
    database: Database, actor: Actor, make: Make, ids: dict[str, str], side: RelationshipSide
) -> None:
    rehearsal = rehearse(database, actor, side, BY_EMPLOYER)
    assert dict(rehearsal.counts) == {
        "new": 3,
        "linked": 1,
        "taken": 1,
        "several": 1,
        "nothing": 1,
        "empty": 1,
    }
    assert rehearsal.samples["new"][0] == Sample("Ann", "acme", "Acme")
    assert rehearsal.samples["taken"] == (Sample("Gus", "apex ag", "Acme"),)
    assert rehearsal.samples["several"] == (Sample("Dan", "twin", ""),)
    assert rehearsal.samples["empty"] == (Sample("Fay", "", ""),)
    assert len(list(links_of(make))) == 2

    result = make_links(
        database, actor, side, BY_EMPLOYER, rehearsal, moves_taken=True, metadata={"by": "name"}
    )
    assert result == LinkResult(made=3, moved=1, left_out=4)
    assert set(links_of(make)) == {
        (ids["Acme"], ids["Ann"]),
        (ids["Acme"], ids["Bob"]),
        (ids["Acme"], ids["Hal"]),
        (ids["Apex AG"], ids["Cleo"]),
        (ids["Apex AG"], ids["Gus"]),
    }
    new = make.value(
        select(RelationshipRecord.id).where(RelationshipRecord.to_record_id == ids["Ann"])
    )
    assert re.fullmatch("rrec_[0-9a-f]{12}7[0-9a-f]{3}[89ab][0-9a-f]{15}", new)
    with database.write(actor) as session:
        done = history.undo_state(session).undo
        assert done is not None
        assert done.title == "link of 4 records"
        assert history.undo(session, done.id).refused == 0
    assert set(links_of(make)) == {(ids["Acme"], ids["Gus"]), (ids["Acme"], ids["Hal"])}


def test_exactly_means_case_and_blanks_included(
    database: Database, actor: Actor, make: Make, ids: dict[str, str], side: RelationshipSide
) -> None:
    make.sql(
        "UPDATE records SET data = data || '{\"fld_number\": 7}' WHERE id = :id", id=ids["Acme"]
    )
    make.sql(
        'UPDATE records SET data = data || \'{"fld_employer": "7"}\' WHERE id = :id', id=ids["Eve"]
    )
    exact = rehearse(database, actor, side, ByValue("fld_employer", is_exact=True))
    assert [each.record for each in exact.samples["new"]] == ["Ann", "Dan"]
    by_number = rehearse(database, actor, side, ByValue("fld_employer", "fld_number"))
    assert by_number.samples["new"] == (Sample("Eve", "7", "Acme"),)
    with pytest.raises(Invalid):
        rehearse(database, actor, side, ByValue("fld_gone"))


def test_chosen_records_are_linked_to_one(
    database: Database, actor: Actor, make: Make, ids: dict[str, str], side: RelationshipSide
) -> None:
    target = ChosenRecords("obj_contact", (ids["Ann"], ids["Gus"], ids["Hal"], "rec_gone"))
    rule = ToOne(ids["Acme"])
    rehearsal = rehearse(database, actor, side, rule, target)
    assert (dict(rehearsal.counts), rehearsal.gone) == ({"new": 1, "linked": 2}, 1)
    assert make_links(database, actor, side, rule, rehearsal, target) == LinkResult(1, 0, 2)
    assert (ids["Acme"], ids["Ann"]) in set(links_of(make))
    with pytest.raises(NotFound):
        rehearse(database, actor, side, ToOne(ids["Ann"]), target)


def test_one_that_can_be_linked_once_goes_to_the_first_that_wants_it(
    database: Database, actor: Actor, make: Make, ids: dict[str, str]
) -> None:
    with database.read(actor) as session:
        (side,) = relationships.sides_of_object(session, "obj_company")
    target = ChosenRecords("obj_company", (ids["Acme"], ids["Twin"], ids["twin"]))
    first = rehearse(database, actor, side, ToOne(ids["Ann"]), target)
    assert dict(first.counts) == {"new": 1, "twice": 2}
    rehearsal = rehearse(database, actor, side, ToOne(ids["Gus"]), target)
    assert dict(rehearsal.counts) == {"linked": 1, "taken": 1, "twice": 1}
    make_links(database, actor, side, ToOne(ids["Gus"]), rehearsal, target, moves_taken=True)
    assert [link for link in links_of(make) if link[1] == ids["Gus"]] == [(ids["Twin"], ids["Gus"])]


def test_what_came_since_it_was_checked_is_no_part_of_it(
    database: Database, actor: Actor, make: Make, ids: dict[str, str], side: RelationshipSide
) -> None:
    rehearsal = rehearse(database, actor, side, BY_EMPLOYER)
    for _ in range(15):
        make.record("obj_contact", {"fld_name": "New", "fld_employer": "Acme"})
    with pytest.raises(Conflict, match="18 records to link now, not 3"):
        make_links(database, actor, side, BY_EMPLOYER, rehearsal)
    assert len(list(links_of(make))) == 2


def test_linking_many_needs_rights_and_can_be_stopped(
    database: Database, actor: Actor, make: Make, ids: dict[str, str], side: RelationshipSide
) -> None:
    with pytest.raises(Forbidden):
        rehearse(database, make.guest(), side, BY_EMPLOYER)
    with pytest.raises(Cancelled), database.write(actor) as session:
        bulk_links.rehearse_links(session, ALL, side, BY_EMPLOYER, lambda done, _: done < 2)
    grace = make.actor()
    make.sql("UPDATE objects SET permissions = '{\"update\": [\"owner\"]}' WHERE name = 'company'")
    rehearsal = rehearse(database, grace, side, BY_EMPLOYER)
    assert dict(rehearsal.counts) == {
        "forbidden": 5,
        "several": 1,
        "nothing": 1,
        "empty": 1,
    }
