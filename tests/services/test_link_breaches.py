"""Links that others made without our locks: found one by one, and duplicates of them merged."""

from typing import Any

import pytest
from sqlalchemy import select

from crm_desktop.db.database import Database
from crm_desktop.db.tables import RelationshipRecord
from crm_desktop.domain.access import Actor
from crm_desktop.domain.errors import Forbidden
from crm_desktop.services import history, link_breaches
from crm_desktop.services.doctor import examine_data
from crm_desktop.services.link_breaches import DuplicateRepair, LinkBreach, list_breaches
from tests.make import Make


def named(make: Make, object_id: str, *names: str) -> list[str]:
    return [make.record(object_id, {"fld_name": name}) for name in names]


@pytest.fixture
def broken(make: Make) -> dict[str, str]:
    """Make what the web made of it: Bob at two companies, and twins among those who know others."""
    make.object("company")
    make.object("contact")
    staff = make.relationship("obj_company", "obj_contact", "1:N", id="rel_staff", name="Staff")
    knows = make.relationship("obj_contact", "obj_contact", id="rel_knows", name="Knows")
    acme, apex = named(make, "obj_company", "Acme", "Apex")
    ann, bob, cleo = named(make, "obj_contact", "Ann", "Bob", "Cleo")
    for place, holder in enumerate((acme, apex)):
        make.link(staff, holder, bob, created_at=f"2024-01-0{place + 1}")
    said: list[tuple[str, str, Any]] = [
        (ann, bob, {"since": 1}),
        (ann, bob, {"role": "friend"}),
        (ann, bob, {"since": 1}),
        (ann, cleo, {"role": "friend"}),
        (ann, cleo, {"role": "foe"}),
        (bob, cleo, {"a": 1}),
        (bob, cleo, [1]),
    ]
    made = [
        make.link(
            knows, one, other, relationship_metadata=metadata, created_at=f"2024-02-0{place + 1}"
        )
        for place, (one, other, metadata) in enumerate(said)
    ]
    wrong = make.link(knows, acme, cleo)
    return {"acme": acme, "ann": ann, "bob": bob, "kept": made[0], "wrong": wrong}


def test_each_breach_is_named_with_the_records_that_it_is_about(
    database: Database, actor: Actor, broken: dict[str, str]
) -> None:
    with database.read(actor) as session:
        found = list_breaches(session)
        diagnosis = examine_data(session)
        assert len(list_breaches(session, limit=1)) == 3
    assert diagnosis.link_breaches == tuple(found)
    assert found == [
        LinkBreach(
            "broken_cardinality", "rel_staff", "Staff", broken["bob"], "Bob", ("Acme", "Apex"), 2
        ),
        LinkBreach(
            "duplicate_links", "rel_knows", "Knows", broken["ann"], "Ann", ("Bob",), 3, True
        ),
        LinkBreach("duplicate_links", "rel_knows", "Knows", broken["ann"], "Ann", ("Cleo",), 2),
        LinkBreach("duplicate_links", "rel_knows", "Knows", broken["bob"], "Bob", ("Cleo",), 2),
        LinkBreach(
            "links_to_wrong_object", "rel_knows", "Knows", broken["acme"], "Acme", ("Cleo",), 1
        ),
    ]


def test_duplicates_become_the_oldest_with_all_they_said_unless_they_differ(
    database: Database, actor: Actor, make: Make, broken: dict[str, str]
) -> None:
    before = make.count(RelationshipRecord)
    with database.write(actor) as session:
        assert link_breaches.merge_duplicates(session) == DuplicateRepair(removed=2, merged=1)
    said = select(RelationshipRecord.relationship_metadata).where(
        RelationshipRecord.id == broken["kept"]
    )
    assert make.value(said) == {"since": 1, "role": "friend"}
    assert make.count(RelationshipRecord) == before - 2
    with database.write(actor) as session:
        kinds = [each.kind for each in list_breaches(session)]
        assert kinds.count("duplicate_links") == 2
        assert history.undo_state(session).undo is None


def test_links_of_records_that_one_may_not_change_are_neither_named_nor_merged(
    database: Database, make: Make, broken: dict[str, str]
) -> None:
    grace = make.actor()
    make.sql(
        'UPDATE objects SET permissions = \'{"update": ["owner"], "read": ["owner"]}\''
        " WHERE name = 'contact'"
    )
    with database.write(grace) as session:
        assert link_breaches.merge_duplicates(session) == DuplicateRepair(removed=0, merged=0)
        crowded = list_breaches(session)[0]
    assert (crowded.record, crowded.others) == (broken["bob"], ("Acme", "Apex"))
    with pytest.raises(Forbidden), database.read(make.guest()) as session:
        list_breaches(session)
