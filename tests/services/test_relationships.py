from typing import Any

import pytest

from crm_desktop.db.database import Database
from crm_desktop.db.tables import RelationshipRecord
from crm_desktop.domain.access import Actor
from crm_desktop.domain.errors import Conflict, Forbidden, Invalid, NotFound
from crm_desktop.services import relationships
from crm_desktop.services.relationships import RelationshipDraft, RelationshipSide
from tests.make import Make


def create(database: Database, actor: Actor, **values: Any) -> str:
    with database.write(actor) as session:
        return relationships.create_relationship(session, RelationshipDraft(**values))


def update(database: Database, actor: Actor, relationship_id: str, **values: Any) -> None:
    with database.write(actor) as session:
        stored = relationships.get_relationship(session, relationship_id)
        draft = RelationshipDraft(
            **{
                "from_object_id": stored.from_object.id,
                "to_object_id": stored.to_object.id,
                "type": stored.type,
                **values,
            }
        )
        relationships.update_relationship(session, relationship_id, stored.version, draft)


def sides(database: Database, actor: Actor, object_id: str) -> list[RelationshipSide]:
    with database.read(actor) as session:
        return relationships.sides_of_object(session, object_id)


def test_a_new_relationship_is_named_after_its_objects(
    database: Database, actor: Actor, make: Make
) -> None:
    company, contact = make.object("company"), make.object("contact")
    made = create(
        database, actor, from_object_id=company, to_object_id=contact, type="1:N", to_label="Firm"
    )
    with database.read(actor) as session:
        (row,) = relationships.list_relationships(session)
    assert (row.id, row.name, row.type, row.to_label) == (made, "company_contact", "1:N", "Firm")
    assert (row.from_object.label, row.to_object.label) == ("Company", "Contact")
    assert row.created_by == actor.user_id


@pytest.mark.parametrize(
    ("kind", "from_reading", "to_reading", "one_from", "one_to"),
    [
        ("1:N", "1:N", "N:1", False, True),
        ("N:N", "N:N", "N:N", False, False),
        ("N:1", "N:1", "1:N", True, False),
        ("lookup", "lookup", "1:N", True, False),
        ("tangle", "tangle", "tangle", False, False),
    ],
)
def test_a_relationship_reads_from_both_sides(
    database: Database,
    actor: Actor,
    make: Make,
    kind: str,
    from_reading: str,
    to_reading: str,
    *,
    one_from: bool,
    one_to: bool,
) -> None:
    company, contact = make.object("company"), make.object("contact")
    make.relationship(company, contact, kind, from_label="Staff")
    (here,), (there,) = sides(database, actor, company), sides(database, actor, contact)
    assert (here.type, here.is_from, here.label, here.other.id) == (
        from_reading,
        True,
        "Staff",
        contact,
    )
    heading = "Company" if one_to else "Companys"
    assert (there.type, there.is_from, there.label) == (to_reading, False, heading)
    assert (here.has_one, here.other_has_one) == (one_from, one_to)
    assert (there.has_one, there.other_has_one) == (one_to, one_from)


def test_an_object_related_to_itself_has_two_sides(
    database: Database, actor: Actor, make: Make
) -> None:
    account = make.object("account")
    make.relationship(account, account, "1:N", from_label="Subsidiaries", to_label="Parent")
    labels = [(side.label, side.type) for side in sides(database, actor, account)]
    assert labels == [("Subsidiaries", "1:N"), ("Parent", "N:1")]


def test_the_list_of_one_object_has_both_directions_and_links_are_counted(
    database: Database, actor: Actor, make: Make
) -> None:
    company, contact, deal = (make.object(name) for name in ("company", "contact", "deal"))
    works = make.relationship(company, contact)
    make.relationship(contact, deal)
    buys = make.relationship(deal, company)
    make.link(works, make.record(company), make.record(contact))
    with database.read(actor) as session:
        rows = relationships.list_relationships(session, company)
        assert [row.id for row in rows] == [works, buys]
        assert relationships.count_links(session) == {works: 1}


def test_types_that_we_do_not_write_and_twins_are_refused(
    database: Database, actor: Actor, make: Make
) -> None:
    ends = {"from_object_id": make.object("company"), "to_object_id": make.object("contact")}
    with pytest.raises(Invalid, match="either one to many"):
        create(database, actor, **ends, type="N:1")
    with pytest.raises(Invalid) as refused:
        create(database, actor, **{**ends, "to_object_id": "obj_x"})
    assert refused.value.problems == {"to_object_id": "This object no longer exists."}
    create(database, actor, **ends, name="Works at")
    create(database, actor, **ends, name="Advises")
    with pytest.raises(Invalid, match="already have a relationship named “works at”"):
        create(database, actor, **ends, name="works at")


def test_a_type_from_elsewhere_survives_an_edit(
    database: Database, actor: Actor, make: Make
) -> None:
    lookup = make.relationship(make.object("company"), make.object("contact"), "lookup")
    update(database, actor, lookup, from_label="Main contact")
    with database.read(actor) as session:
        row = relationships.get_relationship(session, lookup)
    assert (row.type, row.from_label) == ("lookup", "Main contact")


def test_links_keep_a_relationship_from_changing_under_them(
    database: Database, actor: Actor, make: Make
) -> None:
    company, contact = make.object("company"), make.object("contact")
    works = make.relationship(company, contact)
    bob = make.record(contact)
    for _ in range(2):
        make.link(works, make.record(company), bob)
    with pytest.raises(Invalid, match="1 record has several links"):
        update(database, actor, works, type="1:N")
    with pytest.raises(Invalid, match="objects cannot be changed"):
        update(database, actor, works, to_object_id=company)
    make.sql("DELETE FROM relationship_records")
    update(database, actor, works, type="1:N", to_object_id=company)


def test_deleting_a_relationship_takes_its_links_and_leaves_the_records(
    database: Database, actor: Actor, make: Make
) -> None:
    company = make.object("company")
    works = make.relationship(company, company)
    make.link(works, make.record(company), make.record(company))
    with database.write(actor) as session:
        version = relationships.get_relationship(session, works).version
        relationships.delete_relationship(session, works, version)
    assert make.count(RelationshipRecord) == 0
    with pytest.raises(NotFound), database.write(actor) as session:
        relationships.delete_relationship(session, works, version)


def test_a_relationship_someone_else_changed_is_a_conflict(
    database: Database, actor: Actor, make: Make
) -> None:
    company = make.object("company")
    works = make.relationship(company, company)
    with database.read(actor) as session:
        version = relationships.get_relationship(session, works).version
    update(database, actor, works, from_label="New")
    with pytest.raises(Conflict), database.write(actor) as session:
        relationships.delete_relationship(session, works, version)


def test_relationships_need_permission(database: Database, make: Make) -> None:
    company = make.object("company")
    with pytest.raises(Forbidden):
        create(database, make.guest(), from_object_id=company, to_object_id=company)
