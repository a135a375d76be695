"""The schema as a graph: read at once, counted on demand, breaches named."""

import pytest

from crm_desktop.db.database import Database
from crm_desktop.domain.errors import Forbidden, NotFound
from crm_desktop.services import schema_graph
from crm_desktop.services.schema_graph import Figures, Schema, SideFigures
from tests.make import Make


def schema_of(database: Database, make: Make) -> Schema:
    with database.read(make.admin) as session:
        return schema_graph.read_schema(session)


def figures_of(database: Database, make: Make, relationship_id: str) -> Figures:
    with database.read(make.admin) as session:
        return schema_graph.relationship_figures(session, relationship_id)


def test_objects_fields_and_relationships_are_read_by_one_statement(
    database: Database, make: Make, statements: list[str]
) -> None:
    make.field("stage", "select")
    make.field("owner", "lookup")
    deal = make.object("deal", fields=["stage", "name", "note", "owner"], icon="handshake")
    make.object("account")
    make.relationship(deal, deal, "N:1", name="parent")
    statements.clear()

    schema = schema_of(database, make)

    assert len([each for each in statements if "objects" in each]) == 1
    assert [each.label for each in schema.objects] == ["Account", "Deal"]
    read = schema.objects[1]
    assert (read.icon, read.name) == ("handshake", "deal")
    assert [(each.label, each.type) for each in read.fields] == [
        ("Stage", "select"), ("Name", "text"), ("Note", "text"), ("Owner", "lookup")
    ]  # fmt: skip
    keys = [each.label for each in schema_graph.key_fields(read)]
    assert keys == ["Name", "Owner"]
    assert [(each.name, each.type, each.from_id, each.to_id) for each in schema.relationships] == [
        ("parent", "N:1", deal, deal)
    ]


def test_what_other_programs_left_in_layouts_breaks_nothing(database: Database, make: Make) -> None:
    deal = make.object("deal", fields=["name"])
    make.attach(deal, "name", display_order=9)
    make.attach(deal, "amount", display_order=-3, field_overrides={"label": "Value"})
    make.attach(deal, "note", field_overrides=["no object"], is_required=True)
    make.attach(deal, "other", field_overrides={"label": 7})

    fields = schema_of(database, make).objects[0].fields

    assert [each.label for each in fields] == ["Value", "Name", "Note", "Other"]
    assert [each.is_key for each in fields] == [True, False, True, False]


def test_an_empty_database_has_an_empty_schema(database: Database, make: Make) -> None:
    assert schema_of(database, make) == Schema((), ())


def test_figures_tell_links_averages_and_each_kind_of_breach(
    database: Database, make: Make
) -> None:
    account, deal = make.object("account"), make.object("deal")
    owns = make.relationship(account, deal, "1:N")
    ada, ben = make.record(account), make.record(account)
    one, two, three = (make.record(deal) for _ in range(3))
    for start, end in ((ada, one), (ada, two), (ben, two), (ada, three), (ada, three), (one, ben)):
        make.link(owns, start, end)

    figures = figures_of(database, make, owns)

    assert figures == Figures(
        links=6,
        from_side=SideFigures(records=3, most=4),
        to_side=SideFigures(records=4, most=2),
        crowded=1,
        repeated=1,
        misplaced=1,
    )
    assert figures.breaches == 3


def test_a_relationship_without_links_has_no_breaches(database: Database, make: Make) -> None:
    deal = make.object("deal")
    loop = make.relationship(deal, deal, "lookup")
    figures = figures_of(database, make, loop)
    assert (figures.links, figures.breaches, figures.from_side.most) == (0, 0, 0)


def test_who_may_not_read_is_refused_and_what_is_gone_is_not_found(
    database: Database, make: Make
) -> None:
    with database.read(make.guest()) as session:
        with pytest.raises(Forbidden):
            schema_graph.read_schema(session)
        with pytest.raises(Forbidden):
            schema_graph.relationship_figures(session, "rel_none")
    with pytest.raises(NotFound):
        figures_of(database, make, "rel_none")
