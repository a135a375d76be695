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


def test_all_links_of_a_record_are_counted_in_one_statement(
    database: Database, actor: Actor, make: Make, statements: list[str]
) -> None:
    company = make.object("company")
    knows = make.relationship(company, company)
    hub, *others = make.records(company, 8)
    for other in (*others, hub):
        make.link(knows, hub, other)
    with database.read(actor) as session:
        statements.clear()
        counts = link_lists.count_related(session, hub)
        assert len(statements) == 1
    assert counts == {(knows, True): 8, (knows, False): 1}


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
