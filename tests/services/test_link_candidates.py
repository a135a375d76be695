"""What a picker reads: how records stand, in one statement a page, and the columns to tell them."""

import pytest

from crm_desktop.db.database import Database
from crm_desktop.domain.access import Actor
from crm_desktop.domain.errors import Forbidden
from crm_desktop.services import link_candidates, relationships
from crm_desktop.services.link_candidates import Standing
from crm_desktop.services.link_checks import Holding
from crm_desktop.services.relationships import RelationshipSide
from tests.make import Make


@pytest.fixture
def ids(make: Make) -> dict[str, str]:
    make.object("company", ["name"])
    make.object("contact", [f"field_{number}" for number in range(8)])
    make.relationship("obj_company", "obj_contact", "1:N", id="rel_staff", name="Staff")
    make.relationship("obj_contact", "obj_contact", id="rel_knows", name="Knows")
    names = ("Acme", "Apex")
    ids = {name: make.record("obj_company", {"fld_name": name}) for name in names}
    for name in ("Ann", "Bob", "Cleo"):
        ids[name] = make.record("obj_contact", {"fld_field_0": name})
    ids["ann's"] = make.link("rel_staff", ids["Acme"], ids["Ann"], created_at="2024-01-01")
    ids["bob's"] = make.link("rel_staff", ids["Apex"], ids["Bob"])
    ids["again"] = make.link("rel_staff", ids["Apex"], ids["Ann"])
    ids["known"] = make.link("rel_knows", ids["Ann"], ids["Bob"])
    return ids


def side_of(database: Database, actor: Actor, object_id: str, label: str) -> RelationshipSide:
    with database.read(actor) as session:
        sides = relationships.sides_of_object(session, object_id)
    return next(side for side in sides if side.name == label and side.is_from)


def test_how_a_page_of_records_stands_is_one_statement(
    database: Database, actor: Actor, ids: dict[str, str], statements: list[str]
) -> None:
    side = side_of(database, actor, "obj_company", "Staff")
    people = [ids[name] for name in ("Ann", "Bob", "Cleo")]
    with database.read(actor) as session:
        statements.clear()
        found = link_candidates.standings_of(session, people, record_id=ids["Acme"], side=side)
        assert len(statements) == 1
        other = link_candidates.standings_of(session, people, record_id="rec_new", side=side)
    assert found == {
        ids["Ann"]: Standing("Ann", ids["ann's"]),
        ids["Bob"]: Standing(
            "Bob", holding=Holding(ids["Bob"], "Bob", ids["Apex"], "Apex", ids["bob's"])
        ),
        ids["Cleo"]: Standing("Cleo"),
    }
    assert other[ids["Ann"]].holding == Holding(
        ids["Ann"], "Ann", ids["Acme"], "Acme", ids["ann's"], links=2
    )


def test_where_many_may_have_many_only_own_links_count(
    database: Database, actor: Actor, ids: dict[str, str]
) -> None:
    side = side_of(database, actor, "obj_contact", "Knows")
    people = [ids["Bob"], ids["Cleo"]]
    with database.read(actor) as session:
        mine = link_candidates.standings_of(session, people, record_id=ids["Ann"], side=side)
        others = link_candidates.standings_of(session, people, record_id=ids["Cleo"], side=side)
    assert mine[ids["Bob"]] == Standing("Bob", ids["known"])
    assert others[ids["Bob"]] == Standing("Bob")


def test_a_holder_that_one_may_not_see_has_no_name(
    database: Database, make: Make, ids: dict[str, str]
) -> None:
    grace = make.actor()
    side = side_of(database, grace, "obj_company", "Staff")
    make.sql("UPDATE objects SET permissions = '{\"read\": [\"owner\"]}' WHERE name = 'company'")
    with database.read(grace) as session:
        found = link_candidates.standings_of(session, [ids["Bob"]], record_id="rec_x", side=side)
    holding = found[ids["Bob"]].holding
    assert holding is not None
    assert (holding.holder_id, holding.holder_title) == (ids["Apex"], "")
    with pytest.raises(Forbidden), database.read(make.guest()) as session:
        link_candidates.standings_of(session, [], record_id="rec_x", side=side)


def test_the_columns_are_those_of_the_default_view_or_the_first_of_the_layout(
    database: Database, actor: Actor, make: Make, ids: dict[str, str]
) -> None:
    side = side_of(database, actor, "obj_company", "Staff")
    with database.read(actor) as session:
        sides = relationships.sides_of_object(session, "obj_contact")
        start = link_candidates.start_picking(session, ids["Acme"], side)
    assert [field.id for field in start.columns] == [f"fld_field_{place}" for place in range(5)]
    assert start.held is None
    back = next(s for s in sides if s.name == "Staff")
    with database.read(actor) as session:
        held = link_candidates.start_picking(session, ids["Bob"], back).held
    assert held == Holding(ids["Bob"], "Bob", ids["Apex"], "Apex", ids["bob's"])
    make.sql(
        "UPDATE objects SET views = jsonb_set(views, '{tables}', CAST(:tables AS jsonb))"
        " WHERE name = 'contact'",
        tables='[{"id": "v", "name": "Usual", "columns": ["fld_field_7", "fld_gone"],'
        ' "isDefault": true}]',
    )
    with database.read(actor) as session:
        columns = link_candidates.columns_to_pick_from(session, "obj_contact")
    assert [field.id for field in columns] == ["fld_field_7"]
