"""The query patterns and the cascades of the contract, each through the services."""

import pytest
from sqlalchemy import select

from crm_desktop.db.database import Database
from crm_desktop.db.tables import (
    CrmObject,
    Field,
    ObjectField,
    Record,
    Relationship,
    RelationshipRecord,
)
from crm_desktop.domain.access import Actor
from crm_desktop.domain.errors import Conflict
from crm_desktop.services import fields, layouts, link_lists, objects, records, relationships
from tests.make import Make


def test_an_object_with_its_fields_in_order_is_one_statement(
    database: Database, actor: Actor, make: Make, statements: list[str]
) -> None:
    company = make.object("company", fields=["name", "phone", "size"])
    with database.read(actor) as session:
        statements.clear()
        layout = layouts.list_layout(session, company)
        assert len(statements) == 1
    assert [row.field_id for row in layout] == ["fld_name", "fld_phone", "fld_size"]


def test_related_records_with_the_metadata_of_their_links_are_one_statement(
    database: Database, actor: Actor, make: Make, statements: list[str]
) -> None:
    company, contact = make.object("company"), make.object("contact")
    works = make.relationship(company, contact, "1:N")
    acme = make.record(company, {"fld_name": "Acme"})
    for number in range(20):
        bob = make.record(contact, {"fld_name": f"Bob {number}"})
        make.link(works, acme, bob, relationship_metadata={"since": number})
    with database.read(actor) as session:
        statements.clear()
        page = link_lists.list_related(session, acme, works, is_from=True)
        assert len(statements) == 1
    assert [(row.title, row.metadata) for row in page.rows] == [
        (f"Bob {number}", {"since": number}) for number in range(20)
    ]


def test_all_relationships_of_an_object_in_both_directions_are_one_statement(
    database: Database, actor: Actor, make: Make, statements: list[str]
) -> None:
    company, contact, deal = (make.object(name) for name in ("company", "contact", "deal"))
    make.relationship(company, contact, "1:N")
    make.relationship(deal, contact)
    with database.read(actor) as session:
        statements.clear()
        sides = relationships.sides_of_object(session, contact)
        assert len(statements) == 1
    assert [(side.other.id, side.type, side.has_one) for side in sides] == [
        (company, "N:1", True),
        (deal, "N:N", False),
    ]


def test_a_page_of_records_with_their_links_is_one_statement(
    database: Database, actor: Actor, make: Make, statements: list[str]
) -> None:
    company, contact = make.object("company"), make.object("contact")
    works = make.relationship(company, contact, "1:N")
    knows = make.relationship(contact, contact, id="rel_knows")
    acme, bob, ann = make.record(company), make.record(contact), make.record(contact)
    lonely = make.record(contact)
    make.link(works, acme, bob)
    make.link(knows, bob, ann)
    make.link(knows, ann, ann)
    with database.read(actor) as session:
        statements.clear()
        found = link_lists.list_links(session, [acme, bob, ann, lonely, "rec_gone"])
        assert len(statements) == 1
    seen = {
        record: [(row.relationship_id, row.is_from, row.record_id) for row in rows]
        for record, rows in found.items()
    }
    assert seen == {
        acme: [(works, True, bob)],
        bob: [(works, False, acme), (knows, True, ann)],
        ann: [(knows, False, bob), (knows, True, ann), (knows, False, ann)],
        lonely: [],
    }


def test_a_hub_shows_its_first_links_only_and_counts_all(
    database: Database, actor: Actor, make: Make
) -> None:
    company = make.object("company")
    knows = make.relationship(company, company)
    hub, *others = make.records(company, 8)
    for other in others:
        make.link(knows, hub, other)
    with database.read(actor) as session:
        (rows,) = link_lists.list_links(session, [hub], per_record=3).values()
        counts = link_lists.count_related(session, hub)
    assert [row.record_id for row in rows] == others[:3]
    assert counts == {(knows, True): 7}


def test_deleting_an_object_deletes_all_that_hangs_on_it(
    database: Database, actor: Actor, make: Make
) -> None:
    company, contact = make.object("company", fields=["name"]), make.object("contact")
    works = make.relationship(contact, company)
    make.link(works, make.record(contact), make.record(company))
    with database.write(actor) as session:
        version = objects.get_object(session, company).version
        objects.delete_object(session, company, version)
    for table, left in ((CrmObject, 1), (Record, 1), (Relationship, 0), (ObjectField, 0)):
        assert make.count(table) == left
    assert make.count(RelationshipRecord) == 0
    assert make.count(Field) == 1


def test_deleting_a_field_in_use_is_refused_naming_the_objects_and_an_unused_one_goes(
    database: Database, actor: Actor, make: Make
) -> None:
    company = make.object("company", fields=["name"])

    def delete() -> None:
        with database.write(actor) as session:
            fields.delete_field(session, "fld_name", fields.get_field(session, "fld_name").version)

    with pytest.raises(Conflict, match="used by “Company”"):
        delete()
    with database.write(actor) as session:
        (attached,) = layouts.list_layout(session, company)
        layouts.detach_field(session, attached.id, attached.version)
    delete()
    assert make.count(Field) == 0


def test_deleting_a_record_deletes_its_links_on_either_side(
    database: Database, actor: Actor, make: Make
) -> None:
    contact = make.object("contact")
    knows = make.relationship(contact, contact)
    ann, bob, eve = make.records(contact, 3)
    make.link(knows, ann, bob)
    make.link(knows, bob, ann)
    kept = make.link(knows, ann, eve)
    with database.write(actor) as session:
        records.delete_records(session, [bob])
    assert make.value(select(RelationshipRecord.id)) == kept
    assert make.count(RelationshipRecord) == 1


def test_deleting_a_relationship_deletes_its_links_and_no_record(
    database: Database, actor: Actor, make: Make
) -> None:
    contact = make.object("contact")
    knows = make.relationship(contact, contact)
    make.link(knows, make.record(contact), make.record(contact))
    with database.write(actor) as session:
        version = relationships.get_relationship(session, knows).version
        relationships.delete_relationship(session, knows, version)
    assert make.count(RelationshipRecord) == 0
    assert make.count(Record) == 2
