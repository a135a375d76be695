"""The delete tree: what it counts is what the deletion then does, on whatever graph there is."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from crm_desktop.db.database import Database, ReadSession, WriteSession, dump_json
from crm_desktop.domain.access import Actor
from crm_desktop.domain.errors import Conflict, Forbidden
from crm_desktop.domain.filters import RecordQuery
from crm_desktop.domain.impact_nodes import (
    Counted,
    Effect,
    Group,
    Kind,
    Node,
    Outline,
    Part,
    total,
    walk,
    with_nodes,
)
from crm_desktop.services import fields, impact_tree, objects, record_impact_tree, relationships
from crm_desktop.services.field_removal import detach_and_delete_field
from crm_desktop.services.layout_impact import silent
from crm_desktop.services.record_deletion import delete_targets
from crm_desktop.services.record_targets import ChosenRecords, FoundRecords, RecordTarget
from tests.conftest import ADMIN_ID, new_database
from tests.make import Make

GOES = Effect.GOES
TABLES = {
    Kind.OBJECT: "objects",
    Kind.FIELD: "fields",
    Kind.ATTACHMENT: "object_fields",
    Kind.RECORD: "records",
    Kind.RELATIONSHIP: "relationships",
    Kind.LINK: "relationship_records",
}
ADMIN = Actor(ADMIN_ID, "admin@example.com", "Ada Admin")


@dataclass(frozen=True)
class Graph:
    """A workspace as anybody may have left it: numbers stand for what was made in that order.

    Objects may use a field twice, links may join records of objects that their relationship is
    not for, the same ones again, or a record with itself; references may hold anything.
    """

    objects: int
    targets: list[int | None]  # of each reference field, None for any object
    attachments: list[tuple[int, int]]
    records: list[tuple[int, dict[int, Any]]]
    relationships: list[tuple[int, int]]
    links: list[tuple[int, int, int]]


@st.composite
def graphs(draw: st.DrawFn, most: int) -> Graph:
    object_count = draw(st.integers(1, 3))
    an_object = st.integers(0, object_count - 1)
    targets = draw(st.lists(st.none() | an_object, max_size=3))
    a_field = st.integers(0, len(targets) - 1)
    record_count = draw(st.integers(1, most))
    a_record = st.integers(0, record_count - 1)
    value = a_record | st.lists(a_record, max_size=3) | st.sampled_from([None, "odd", {"a": 1}])
    values = st.dictionaries(a_field, value, max_size=2) if targets else st.just({})
    relationship_list = draw(st.lists(st.tuples(an_object, an_object), max_size=4))
    a_link = st.tuples(st.integers(0, len(relationship_list) - 1), a_record, a_record)
    return Graph(
        object_count,
        targets,
        draw(st.lists(st.tuples(an_object, a_field), max_size=5)) if targets else [],
        draw(st.lists(st.tuples(an_object, values), min_size=record_count, max_size=record_count)),
        relationship_list,
        draw(st.lists(a_link, max_size=2 * most)) if relationship_list else [],
    )


def fill(session: WriteSession, graph: Graph) -> None:
    def insert(statement: str, rows: list[dict[str, Any]]) -> None:
        if rows:
            session.execute(text(statement), rows)

    insert(
        "INSERT INTO objects (id, name, label, plural_name) VALUES (:id, :id, :id, :id)",
        [{"id": f"obj_{n}"} for n in range(graph.objects)],
    )
    insert(
        "INSERT INTO fields (id, name, label, type, config)"
        " VALUES (:id, :id, :id, 'reference', CAST(:config AS jsonb))",
        [
            {
                "id": f"fld_{n}",
                "config": dump_json({} if to is None else {"targetObjectId": f"obj_{to}"}),
            }
            for n, to in enumerate(graph.targets)
        ],
    )
    insert(
        "INSERT INTO object_fields (id, object_id, field_id) VALUES (:id, :object, :field)",
        [
            {"id": f"ofd_{n}", "object": f"obj_{one}", "field": f"fld_{field}"}
            for n, (one, field) in enumerate(graph.attachments)
        ],
    )
    insert(
        "INSERT INTO records (id, object_id, data) VALUES (:id, :object, CAST(:data AS jsonb))",
        [
            {
                "id": f"rec_{n}",
                "object": f"obj_{one}",
                "data": dump_json({f"fld_{key}": stored(value) for key, value in values.items()}),
            }
            for n, (one, values) in enumerate(graph.records)
        ],
    )
    insert(
        "INSERT INTO relationships (id, name, from_object_id, to_object_id, type)"
        " VALUES (:id, :id, :one, :other, 'N:N')",
        [
            {"id": f"rel_{n}", "one": f"obj_{one}", "other": f"obj_{other}"}
            for n, (one, other) in enumerate(graph.relationships)
        ],
    )
    insert(
        "INSERT INTO relationship_records (id, relationship_id, from_record_id, to_record_id)"
        " VALUES (:id, :rel, :one, :other)",
        [
            {"id": f"rrec_{n}", "rel": f"rel_{rel}", "one": f"rec_{one}", "other": f"rec_{other}"}
            for n, (rel, one, other) in enumerate(graph.links)
        ],
    )


def stored(value: Any) -> Any:
    """Return what a reference holds: numbers are records."""
    if isinstance(value, list):
        return [f"rec_{each}" for each in value]
    return f"rec_{value}" if isinstance(value, int) else value


def naming(graph: Graph, gone: set[int], object_id: int) -> int:
    """Count the values by which records that stay name records that go, reading them plainly."""
    found = 0
    for number, (one, values) in enumerate(graph.records):
        for field, value in values.items():
            values_of = value if isinstance(value, list) else [value]
            named = gone.intersection(each for each in values_of if isinstance(each, int))
            may = graph.targets[field] in {None, object_id}
            found += (
                bool(named) and may and (one, field) in graph.attachments and number not in gone
            )
    return found


def counts(session: ReadSession) -> dict[Kind, int]:
    parts = ", ".join(f"(SELECT count(*) FROM {table})" for table in TABLES.values())
    return dict(zip(TABLES, session.execute(text(f"SELECT {parts}")).one(), strict=True))


def links_by_relationship(session: ReadSession) -> dict[str, int]:
    query = "SELECT relationship_id, count(*) FROM relationship_records GROUP BY 1"
    return {id_: number for id_, number in session.execute(text(query))}  # noqa: C416 - rows


@contextmanager
def undone(session: WriteSession) -> Iterator[None]:
    point = session.begin_nested()
    yield
    point.rollback()


Count = Callable[[ReadSession, Part], tuple[Node, ...]]


def whole(session: ReadSession, outline: Outline, counted: Counted, count: Count | None) -> Node:
    """Return the tree once everything in it was counted."""
    root = with_nodes(outline.root, counted.nodes)
    for part in outline.parts:
        assert count is not None
        root = with_nodes(root, count(session, part))
    assert all(node.count is not None for _, node in walk(root))
    keys = [node.key for _, node in walk(root)]
    assert len(keys) == len(set(keys))
    return root


def tree_of_object(session: ReadSession, object_id: str) -> Node:
    return whole(
        session,
        impact_tree.outline_of_object(session, object_id),
        impact_tree.count_with_object(session, object_id),
        lambda session, part: impact_tree.count_part_of_object(session, part, object_id),
    )


def tree_of_records(session: ReadSession, target: RecordTarget) -> Node:
    return whole(
        session,
        record_impact_tree.outline_of_records(session, target),
        record_impact_tree.count_with_records(session, target),
        lambda session, part: record_impact_tree.count_part_of_records(session, part, target),
    )


def tree_of_relationship(session: ReadSession, id_: str) -> Node:
    outline = impact_tree.outline_of_relationship(session, id_)
    return whole(session, outline, impact_tree.count_with_relationship(session, id_), None)


def tree_of_field(session: ReadSession, field_id: str) -> Node:
    outline = impact_tree.outline_of_field(session, field_id)
    return whole(session, outline, impact_tree.count_with_field(session, field_id), None)


def check(session: WriteSession, root: Node, delete: Callable[[], object]) -> None:
    """Hold what the tree says to what the deletion does."""
    before, links = counts(session), links_by_relationship(session)
    with undone(session):
        delete()
        after, links_left = counts(session), links_by_relationship(session)
    lost = {kind: before[kind] - after[kind] for kind in TABLES}
    assert {kind: total(root, kind, GOES) for kind in TABLES} == lost
    by_relationship = {
        node.key.partition(":")[2]: node.count
        for _, node in walk(root)
        if node.key.startswith(("links:", "stray:")) and node.count
    }
    gone = {id_: links[id_] - links_left.get(id_, 0) for id_ in links}
    if root.kind is not Kind.RELATIONSHIP:
        assert by_relationship == {id_: number for id_, number in gone.items() if number}


def check_graph(session: WriteSession, graph: Graph) -> None:
    fill(session, graph)
    check_object(session, graph)
    check_records(session, graph)
    if graph.relationships:
        version = relationships.get_relationship(session, "rel_0").version
        check(
            session,
            tree_of_relationship(session, "rel_0"),
            lambda: relationships.delete_relationship(session, "rel_0", version),
        )
    if graph.targets:
        check_field(session, graph)


def check_object(session: WriteSession, graph: Graph) -> None:
    root, version = tree_of_object(session, "obj_0"), objects.get_object(session, "obj_0").version
    check(session, root, lambda: objects.delete_object(session, "obj_0", version))
    mine = {number for number, (one, _) in enumerate(graph.records) if one == 0}
    assert naming_in(root) == naming(graph, mine, 0)


def check_records(session: WriteSession, graph: Graph) -> None:
    """Delete every other record of the last record's object, and one that is gone already."""
    one = graph.records[-1][0]
    mine = [number for number, (other, _) in enumerate(graph.records) if other == one][::-2]
    target = ChosenRecords(f"obj_{one}", (*(f"rec_{number}" for number in mine), "rec_gone"))
    root = tree_of_records(session, target)
    check(session, root, lambda: delete_targets(session, target, agreed=len(mine)))
    assert naming_in(root) == naming(graph, set(mine), one)
    everything = FoundRecords(RecordQuery(f"obj_{one}"))
    found = tree_of_records(session, everything)
    check(session, found, lambda: delete_targets(session, everything, agreed=len(graph.records)))


def naming_in(root: Node) -> int:
    return sum(
        node.count or 0
        for _, node in walk(root)
        if node.key.count(":") == 1 and "naming" in node.key
    )


def check_field(session: WriteSession, graph: Graph) -> None:
    root = tree_of_field(session, "fld_0")
    uses = [one for one, field in graph.attachments if field == 0]
    version = fields.get_field(session, "fld_0").version
    assert total(root, Kind.ATTACHMENT, Effect.BLOCKS) == len(uses)
    assert total(root, Kind.VALUE, Effect.STAYS) == sum(
        one in uses and values.get(0) is not None for one, values in graph.records
    )
    if not uses:
        check(session, root, lambda: fields.delete_field(session, "fld_0", version))
        return
    with undone(session), pytest.raises(Conflict):
        fields.delete_field(session, "fld_0", version)
    with undone(session):
        before = counts(session)
        detach_and_delete_field(session, "fld_0", version, silent)
        assert before[Kind.ATTACHMENT] - counts(session)[Kind.ATTACHMENT] == len(uses)


@pytest.fixture(scope="module")
def workspace(server: str) -> Iterator[Database]:
    with new_database(server, "crm_template") as url:
        database = Database.at(url)
        yield database
        database.close()


def try_graph(workspace: Database, graph: Graph) -> None:
    with workspace.write(ADMIN) as session, undone(session):
        check_graph(session, graph)


SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large]


@settings(max_examples=12, deadline=None, suppress_health_check=SLOW)
@given(graph=graphs(most=6))
def test_the_tree_counts_what_the_deletion_then_takes(workspace: Database, graph: Graph) -> None:
    try_graph(workspace, graph)


@pytest.mark.long
@settings(max_examples=1_500, deadline=None, suppress_health_check=SLOW)
@given(graph=graphs(most=25))
def test_the_tree_counts_what_the_deletion_then_takes_on_many_graphs(
    workspace: Database, graph: Graph
) -> None:
    try_graph(workspace, graph)


def texts(root: Node) -> list[tuple[int, str, Kind, Effect, str, tuple[str, ...]]]:
    return [
        (depth, node.label or node.group.value, node.kind, node.effect, node.owner, node.places)
        for depth, node in walk(root)
    ]


def test_views_applications_and_fields_that_name_a_field_are_found_at_any_depth(
    database: Database, actor: Actor, make: Make
) -> None:
    views = {
        "forms": [
            {"id": "f1", "name": "Main", "layout": [{"section": "A", "fields": ["fld_size"]}]}
        ],
        "tables": [
            {
                "id": "t1",
                "name": "Big",
                "columns": ["fld_name"],
                "filters": [{"field": "fld_size"}],
            },
            {"id": "t2", "name": "Other", "columns": ["fld_sizes"]},
            "no view",
        ],
        "kanbans": "nothing",
    }
    deal = make.object("deal", ["name", "size"], views=views)
    make.object("ticket", ["size"])
    make.field("deal", "reference", config={"targetObjectId": deal, "displayField": "fld_size"})
    make.application(
        "sales", label="Sales", config={"navigation": [{"items": [{"x": "fld_size"}]}]}
    )
    view = "INSERT INTO crm_desktop.table_views (object_id, view_id, extras, entry) VALUES "
    make.sql(f"""{view} ('obj_deal', 't2', '{{"widths": {{"fld_size": 9}}}}', NULL)""")
    make.sql(f"""{view} ('obj_deal', 't1', '["fld_size"]', NULL)""")
    make.sql(f"""{view} ('obj_gone', 't1', '["fld_size"]', NULL)""")
    entry = '{"name": "Mine", "columns": ["fld_size"]}'
    make.sql(f"{view} ('obj_deal', 't9', '{{}}', CAST(:entry AS jsonb))", entry=entry)
    make.record(deal, {"fld_size": 1})

    with database.read(actor) as session:
        root = tree_of_field(session, "fld_size")

    names = Effect.NAMES
    assert texts(root) == [
        (0, "Size", Kind.FIELD, GOES, "", ()),
        (1, "layout", Kind.ATTACHMENT, Effect.BLOCKS, "", ()),
        (2, "Deal", Kind.ATTACHMENT, Effect.BLOCKS, "", ()),
        (3, "values", Kind.VALUE, Effect.STAYS, "", ()),
        (2, "Ticket", Kind.ATTACHMENT, Effect.BLOCKS, "", ()),
        (3, "values", Kind.VALUE, Effect.STAYS, "", ()),
        (1, "views that name it", Kind.TABLE, names, "", ()),
        (2, "Main", Kind.FORM, names, "Deal", ("layout",)),
        (2, "Big", Kind.TABLE, names, "Deal", ("filters",)),
        (2, "Other", Kind.TABLE, names, "Deal", ("widths",)),
        (2, "Mine", Kind.TABLE, names, "Deal", ("columns",)),
        (1, "applications", Kind.APPLICATION, names, "", ()),
        (2, "Sales", Kind.APPLICATION, names, "", ("navigation / items / x",)),
        (1, "fields that name it", Kind.FIELD, names, "", ()),
        (2, "Deal", Kind.FIELD, names, "", ("displayField",)),
    ]
    assert total(root, Kind.VALUE, Effect.STAYS) == 1


def test_what_an_object_takes_along_is_told_from_what_still_names_it(
    database: Database, actor: Actor, make: Make
) -> None:
    deal = make.object("deal", ["name"], views={"tables": [{"id": "t1", "name": "All"}]})
    rec = make.record(deal)
    filters = [{"field": "fld_deal", "operator": "equals", "value": rec}]
    task = make.object("task", ["name"], views={"tables": [{"name": "Of it", "filters": filters}]})
    make.relationship(deal, task)
    make.field("any", "reference", config={})
    make.attach(task, "any")
    make.record(task, {"fld_any": [rec, rec]})
    make.sql("INSERT INTO crm_desktop.link_panels VALUES ('rel_deal_task', true, '{}')")
    make.sql("INSERT INTO crm_desktop.diagrams (id, name) VALUES ('dia_1', 'Sales')")
    make.sql("INSERT INTO crm_desktop.diagram_positions VALUES ('dia_1', 'obj_deal', 0, 0)")

    with database.read(actor) as session:
        root = tree_of_object(session, deal)
        one = tree_of_records(session, ChosenRecords(deal, (rec,)))

    assert [(depth, label, effect) for depth, label, _, effect, *_ in texts(root)] == [
        (0, "Deal", GOES),
        (1, "records", GOES),
        (2, "views that name it", Effect.NAMES),
        (3, "Of it", Effect.NAMES),
        (1, "relationships", GOES),
        (2, "deal_task", GOES),
        (3, "links", GOES),
        (1, "layout", GOES),
        (2, "Name", GOES),
        (1, "views", GOES),
        (2, "All", GOES),
        (1, "references", Effect.DANGLES),
        (2, "Any", Effect.STAYS),
        (3, "values", Effect.DANGLES),
        (4, "Tasks", Effect.DANGLES),
        (1, "schemas, panels and diagrams", Effect.NAMES),
        (2, "deal_task", Effect.NAMES),
        (2, "Sales", Effect.NAMES),
    ]
    assert [(node.group or node.label, node.count) for _, node in walk(one)][1:] == [
        (Group.LINKS, 0),
        (Group.REFERENCES, 1),
        ("Any", 1),
        ("Tasks", 1),
        (Group.OTHER_VIEWS, 1),
        ("Of it", 1),
    ]


def test_without_our_schema_what_the_contract_has_is_still_found(
    database: Database, actor: Actor, make: Make
) -> None:
    deal = make.object("deal", ["name"], views={"tables": [{"columns": ["fld_name"]}]})
    make.sql("DROP SCHEMA crm_desktop CASCADE")
    with database.read(actor) as session:
        assert tree_of_object(session, deal).children[2].group is Group.VIEWS
        assert tree_of_field(session, "fld_name").children[1].group is Group.OTHER_VIEWS


def test_the_trees_need_permission(database: Database, make: Make) -> None:
    with database.read(make.guest()) as session:
        for read in (tree_of_object, tree_of_relationship, tree_of_field):
            with pytest.raises(Forbidden):
                read(session, "any")
        with pytest.raises(Forbidden):
            tree_of_records(session, ChosenRecords("any", ()))
