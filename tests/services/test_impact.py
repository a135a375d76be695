import pytest

from crm_desktop.db.database import Database
from crm_desktop.domain.access import Actor
from crm_desktop.domain.errors import Forbidden
from crm_desktop.services import impact
from crm_desktop.services.impact import (
    FieldImpact,
    ObjectImpact,
    RelationshipImpact,
    UserImpact,
)
from tests.make import Make


def test_what_goes_with_an_object_is_counted_and_what_points_at_it_named(
    database: Database, actor: Actor, make: Make
) -> None:
    company = make.object("company", fields=["name", "phone"])
    contact = make.object("contact", fields=["name"])
    make.field("employer", type="reference", config={"targetObjectId": company})
    works = make.relationship(company, contact)
    owns = make.relationship(company, company)
    knows = make.relationship(contact, contact)
    acme, apex = make.records(company, 2)
    ann, bob = make.records(contact, 2)
    for relationship, one, other in (
        (works, acme, ann),
        (works, apex, bob),
        (owns, acme, apex),
        (knows, ann, bob),
    ):
        make.link(relationship, one, other)
    make.application("sales", label="Sales", config={"objects": [contact, company]})
    make.application("other", config={"objects": [contact]})

    with database.read(actor) as session:
        counted = impact.impact_of_object(session, company)

    assert counted == ObjectImpact(
        records=2,
        links=3,
        relationships=2,
        attachments=2,
        applications=("Sales",),
        reference_fields=("Employer",),
    )


def test_what_a_field_holds_is_counted_in_the_objects_that_use_it(
    database: Database, actor: Actor, make: Make
) -> None:
    company, contact = make.object("company", fields=["name"]), make.object("contact")
    for data in ({"fld_name": "A"}, {"fld_name": ""}, {"fld_name": None}, {}):
        make.record(company, data)
    make.record(contact, {"fld_name": "left over"})
    with database.read(actor) as session:
        assert impact.impact_of_field(session, "fld_name") == FieldImpact(("Company",), 2)
        assert impact.impact_of_detaching(session, company, "fld_name") == 2


def test_the_links_of_a_relationship_are_counted(
    database: Database, actor: Actor, make: Make
) -> None:
    contact = make.object("contact")
    knows = make.relationship(contact, contact)
    ann, bob = make.records(contact, 2)
    make.link(knows, ann, bob)
    make.link(knows, bob, bob)
    with database.read(actor) as session:
        assert impact.impact_of_relationship(session, knows) == RelationshipImpact(links=2)


def test_what_names_a_user_is_counted(database: Database, actor: Actor, make: Make) -> None:
    grace = make.actor()
    company = make.object("company", created_by=grace.user_id)
    make.record(company, created_by=grace.user_id)
    make.record(company, updated_by=grace.user_id)
    with database.read(actor) as session:
        counted = impact.impact_of_user(session, grace.user_id)
    assert counted == UserImpact(
        objects=1, fields=0, records=2, relationships=0, links=0, applications=0
    )


def test_counting_needs_permission(database: Database, make: Make) -> None:
    with database.read(make.guest()) as session, pytest.raises(Forbidden):
        impact.impact_of_object(session, "obj_x")
