"""Filters in SQL against a plain Python reading of the same records."""

from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crm_desktop.db.database import Database, ReadSession
from crm_desktop.domain.access import Actor
from crm_desktop.domain.errors import Invalid
from crm_desktop.domain.field_types import FIELD_TYPES
from crm_desktop.domain.filter_matching import Reading
from crm_desktop.domain.filters import Condition, Group, LinkCondition, Part, RecordQuery
from crm_desktop.domain.operators import comparison_of
from crm_desktop.services import filter_schema, record_query
from tests.make import Make
from tests.services.filters import (
    CALENDAR,
    ME,
    MISSING,
    STORED,
    add_records,
    conditions_on,
    found,
)

TYPES: list[tuple[str, dict[str, Any]]] = [(name, {}) for name in FIELD_TYPES] + [
    ("lookup", {"lookupObject": "user"}),
    ("hologram", {}),
]


@pytest.mark.parametrize(("type_name", "config"), TYPES)
def test_every_operator_finds_what_a_plain_reading_finds(
    make: Make, database: Database, actor: Actor, type_name: str, config: dict[str, Any]
) -> None:
    make.field("value", type_name, config=config)
    thing = make.object("thing", ["value"])
    documents = [{} if value is MISSING else {"fld_value": value} for value in STORED]
    ids = add_records(make, thing, documents)
    with database.read(actor) as session:
        schema = filter_schema.get_filter_schema(session, thing)
        reading = Reading(schema, str(ME), CALENDAR)
        for condition in conditions_on("fld_value", comparison_of(schema.fields["fld_value"])):
            matching = {
                id_
                for id_, document in zip(ids, documents, strict=True)
                if reading.matches(document, condition)
            }
            assert found(session, thing, condition) == matching, condition


COLUMNS = ["created_at", "updated_at", "created_by", "updated_by"]


@pytest.mark.parametrize("column", COLUMNS)
def test_a_record_s_own_columns_are_compared_as_well(
    make: Make, database: Database, actor: Actor, column: str
) -> None:
    field_id = f"fld_system_{column}"
    make.field(f"system_{column}", "datetime" if column.endswith("_at") else "lookup")
    thing = make.object("thing", [field_id])
    times = ["2024-03-30 23:00:00+00", "2024-03-31 10:00:30.5+00", "2023-12-31 22:59:59.999+00"]
    ids = add_records(make, thing, [{}] * 3)
    values: dict[str, Any] = {}
    for id_, moment in zip(ids, times, strict=True):
        make.sql(
            "UPDATE records SET created_at = :m, updated_at = :m WHERE id = :id", m=moment, id=id_
        )
        at = f"{moment[:10]}T{moment[11:-3]}Z"
        values[id_] = {"fld_system_created_at": at, "fld_system_updated_at": at,
                       "fld_system_created_by": str(ME), "fld_system_updated_by": None}  # fmt: skip
    with database.read(actor) as session:
        schema = filter_schema.get_filter_schema(session, thing)
        reading = Reading(schema, str(ME), CALENDAR)
        for condition in conditions_on(field_id, comparison_of(schema.fields[field_id])):
            matching = {id_ for id_ in ids if reading.matches(values[id_], condition)}
            assert found(session, thing, condition) == matching, condition


# Nested groups and links, at random.

FIELDS = {"word": "text", "number": "number", "day": "date", "moment": "datetime",
          "tick": "boolean", "stage": "select", "tags": "multiselect"}  # fmt: skip
LEAVES = [
    condition
    for name, kind in {**FIELDS, "moment": "moment", "stage": "choice", "tags": "choices"}.items()
    for condition in conditions_on(f"fld_{name}", kind)  # type: ignore[arg-type]  # kinds by name
]


def _leaf(number: int) -> Condition:
    return LEAVES[number]


conditions = st.integers(0, len(LEAVES) - 1).map(_leaf)
KINDS = st.sampled_from(["all", "any", "none"])


def groups(parts: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.builds(Group, KINDS, st.lists(parts, max_size=4).map(tuple))


trees = st.recursive(conditions, groups, max_leaves=6)
links = st.builds(
    LinkCondition,
    st.just("rel_thing_thing"),
    st.booleans(),
    st.sampled_from(["has_link", "has_no_link"]),
    st.none() | trees,
)
filters = st.recursive(conditions | links, groups, max_leaves=8)
few = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


class World:
    """Things with odd values of several types, linked to each other at random."""

    def __init__(self, make: Make) -> None:
        for name, type_name in FIELDS.items():
            make.field(name, type_name)
        self.object_id = make.object("thing", FIELDS)
        names = [f"fld_{name}" for name in FIELDS]
        self.documents = {}
        documents = []
        for start in range(len(STORED)):
            rotated = [STORED[(start * 7 + step * 13) % len(STORED)] for step in range(len(names))]
            pairs = zip(names, rotated, strict=True)
            documents.append({key: value for key, value in pairs if value is not MISSING})
        ids = add_records(make, self.object_id, documents)
        self.documents = dict(zip(ids, documents, strict=True))
        relationship = make.relationship(self.object_id, self.object_id)
        self.pairs = [(ids[(n * 5) % 40], ids[(n * 11 + n // 9) % 60]) for n in range(45)]
        for from_id, to_id in self.pairs:
            make.link(relationship, from_id, to_id)

    def matching(self, session: ReadSession, part: Part) -> set[str]:
        schema = filter_schema.get_filter_schema(session, self.object_id)

        def linked(id_: str, _: str, is_from: bool) -> list[Any]:  # noqa: FBT001 - as asked
            ends = [pair if is_from else pair[::-1] for pair in self.pairs]
            return [self.documents[there] for here, there in ends if here == id_]

        return {
            id_
            for id_, document in self.documents.items()
            if Reading(schema, str(ME), CALENDAR, partial(linked, id_)).matches(document, part)
        }


@pytest.fixture
def world(make: Make) -> World:
    return World(make)


def check_trees(world: World, database: Database, actor: Actor, examples: int) -> None:
    with database.read(actor) as session:

        @settings(few, max_examples=examples)
        @given(filters)
        def check(part: Part) -> None:
            assert found(session, world.object_id, part) == world.matching(session, part)

        check()


def test_nested_groups_and_links_find_what_a_plain_reading_finds(
    world: World, database: Database, actor: Actor
) -> None:
    check_trees(world, database, actor, 60)


@pytest.mark.long
def test_many_nested_groups_find_what_a_plain_reading_finds(
    world: World, database: Database, actor: Actor
) -> None:
    check_trees(world, database, actor, 3000)


# Around it.


def test_a_filter_counts_and_estimates_as_it_lists(
    make: Make, database: Database, actor: Actor
) -> None:
    make.field("amount", "number")
    deal = make.object("deal", ["name", "amount"])
    add_records(make, deal, [{"fld_amount": number} for number in range(10)])
    query = RecordQuery(deal, conditions=(Condition("fld_amount", "less", 4),))
    with database.read(actor) as session:
        assert record_query.count_matching(session, query) == 4
        assert record_query.estimate_records(session, query) >= 1


def test_a_condition_on_a_field_that_is_gone_is_refused_in_a_sentence(
    make: Make, database: Database, actor: Actor
) -> None:
    deal = make.object("deal", ["name"])
    with database.read(actor) as session:
        with pytest.raises(Invalid, match="This field no longer exists"):
            found(session, deal, Condition("fld_gone", "equals", "x"))
        with pytest.raises(Invalid, match="This relationship no longer exists"):
            found(session, deal, LinkCondition("rel_gone", is_from=True))


def test_linked_records_that_may_not_be_read_meet_no_condition(
    make: Make, database: Database, actor: Actor
) -> None:
    secret = make.object("secret", ["name"], permissions={"read": []})
    deal = make.object("deal", ["name"])
    relationship = make.relationship(deal, secret)
    record = make.record(deal, {"fld_name": "Orion"})
    make.link(relationship, record, make.record(secret, {"fld_name": "hidden"}))
    part = LinkCondition(
        relationship, is_from=True, where=Condition("fld_name", "contains", "hidden")
    )
    with database.read(actor) as session:
        assert found(session, deal, part) == set()
        assert found(session, deal, LinkCondition(relationship, is_from=True)) == {record}


def test_a_search_can_be_widened_to_all_text_fields(
    make: Make, database: Database, actor: Actor
) -> None:
    make.field("note", "textarea")
    make.field("amount", "number")
    deal = make.object("deal", ["name", "note", "amount"])
    by_name = make.record(deal, {"fld_name": "Orion"})
    by_note = make.record(deal, {"fld_name": "x", "fld_note": "see ORION"})
    make.record(deal, {"fld_name": "y", "fld_note": ["orion"], "fld_amount": "orion"})
    with database.read(actor) as session:
        assert found(session, deal, search="orion") == {by_name}
        wide = found(session, deal, search="orion", searches_all_text=True)
        assert wide == {by_name, by_note}


def test_a_query_without_conditions_reads_no_fields(
    make: Make, database: Database, actor: Actor, statements: list[str]
) -> None:
    deal = make.object("deal", ["name"])
    make.record(deal, {"fld_name": "x"})
    with database.read(actor) as session:
        session.connection()
        statements.clear()
        found(session, deal)
        assert len(statements) == 1
