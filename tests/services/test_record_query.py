from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from crm_desktop.db.database import Database
from crm_desktop.db.tables import Record
from crm_desktop.domain.access import Actor
from crm_desktop.domain.cursors import Cursor
from crm_desktop.domain.errors import Forbidden, Invalid, NotFound
from crm_desktop.domain.field_types import EffectiveField
from crm_desktop.domain.filters import RecordQuery, Sort
from crm_desktop.services import record_query, records
from crm_desktop.services.record_query import RecordPage
from tests.domain.values import ENGLISH, GERMAN
from tests.make import Make


def columns_of(database: Database, actor: Actor, object_id: str) -> tuple[EffectiveField, ...]:
    with database.read(actor) as session:
        return records.fields_of(session, object_id)


def page(
    database: Database,
    actor: Actor,
    query: RecordQuery,
    *,
    after: Cursor | None = None,
    limit: int = 200,
    formats: Any = ENGLISH,
) -> RecordPage:
    columns = columns_of(database, actor, query.object_id)
    with database.read(actor) as session:
        return record_query.list_page(session, query, columns, formats, after=after, limit=limit)


def walk(database: Database, actor: Actor, query: RecordQuery, limit: int) -> list[str]:
    """Return all ids, page by page."""
    ids: list[str] = []
    after = None
    while True:
        found = page(database, actor, query, after=after, limit=limit)
        ids += [row.id for row in found.rows]
        if found.next is None:
            return ids
        after = found.next


def test_pages_give_every_record_once_the_newest_first(
    database: Database, actor: Actor, make: Make
) -> None:
    company = make.object("company", ["name"])
    make.object("other", ["name"])
    ids = make.records(company, 25)  # one moment for all: the id decides
    make.records("obj_other", 5)
    older = "UPDATE records SET created_at = created_at - interval '1 day' WHERE id > :last"
    make.sql(older, last=ids[19])

    found = walk(database, actor, RecordQuery(company), 4)

    assert found == sorted(ids[:20], reverse=True) + sorted(ids[20:], reverse=True)


def test_a_page_has_the_values_and_the_texts_of_its_columns(
    database: Database, actor: Actor, make: Make
) -> None:
    make.field("price", "currency", config={"currency": "EUR"})
    make.field("day", "date")
    make.field("tags", "multiselect", config={"options": [{"value": "a", "label": "Alpha"}]})
    make.field("friend", "reference", config={"allowMultiple": True})
    make.field("agent", "lookup", config={"lookupObject": "user"})
    make.field("system_created_at", "datetime", is_system_field=True)
    make.field("system_created_by", "lookup", config={"lookupObject": "user"})
    deal = make.object("deal", ["name", "price", "day", "tags", "friend", "agent", "odd",
                                "fld_system_created_at", "fld_system_created_by"])  # fmt: skip
    friend = make.record(deal, {"fld_name": "Friend"})
    data = {
        "fld_name": "Orion", "fld_price": Decimal("1234.50"), "fld_day": "2024-03-05",
        "fld_tags": ["a", "b"], "fld_friend": [friend, "rec_gone"],
        "fld_agent": str(actor.user_id), "fld_odd": {"x": Decimal("1.50")},
    }  # fmt: skip
    record_id = make.record(deal, data)
    make.sql(
        "UPDATE records SET created_at = '2024-03-05 11:00:00.5+00' WHERE id = :id", id=record_id
    )

    row = next(r for r in page(database, actor, RecordQuery(deal), formats=GERMAN).rows
               if r.id == record_id)  # fmt: skip

    assert row.texts == (
        "Orion", "€1.234,50", "05.03.2024", "Alpha, b", "Friend, rec_gone", "Ada Admin",
        '{"x": 1.50}', "05.03.2024 12:00", "Ada Admin",
    )  # fmt: skip
    assert row.values[:2] == ["Orion", Decimal("1234.50")]
    assert row.values[7:] == ["2024-03-05T11:00:00Z", str(actor.user_id)]


def test_a_page_is_one_statement_and_names_cost_two_more(
    database: Database, actor: Actor, make: Make, statements: list[str]
) -> None:
    company = make.object("company", ["name"])
    make.records(company, 30)
    plain = columns_of(database, actor, company)
    make.attach(company, make.field("parent", "reference"))
    make.attach(company, make.field("agent", "lookup", config={"lookupObject": "user"}))
    with_names = columns_of(database, actor, company)
    make.sql("UPDATE records SET data = data || CAST(:d AS jsonb)",
             d=f'{{"fld_parent": "rec_0001", "fld_agent": "{actor.user_id}"}}')  # fmt: skip

    with database.read(actor) as session:
        for columns, most in ((plain, 1), (with_names, 3)):
            session.connection()
            statements.clear()
            record_query.list_page(session, RecordQuery(company), columns, ENGLISH)
            assert len(statements) == most


@pytest.mark.parametrize("search", ["50%_a", "x", "'; DROP TABLE records;--", "\\", "Müll", "mü"])
def test_a_search_finds_what_contains_the_text_as_it_stands(
    database: Database, actor: Actor, make: Make, search: str
) -> None:
    company = make.object("company", ["name"])
    names = ["50%_ab", "50xxab", "MÜLLER", "a\\b", "'; drop table records;--!", "X"]
    made = {make.record(company, {"fld_name": name}): name for name in names}

    query = RecordQuery(company, search=search)
    found = {made[id_] for id_ in walk(database, actor, query, 1)}

    assert found == {name for name in names if search.lower() in name.lower()}
    with database.read(actor) as session:
        assert record_query.count_matching(session, query) == len(found)


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize(
    ("type_name", "values"),
    [
        ("number", [Decimal("-1.5"), 0, 2, 10, Decimal("1E+20")]),
        ("text", ["Anna", "berta", "Carl"]),
        ("date", ["1999-12-31", "2024-01-01"]),
        ("datetime", ["2024-01-01T10:00:00Z", "2024-01-01T10:00:00.500Z", "2024-01-01T10:00:01Z"]),
        ("checkbox", [False, True]),
        ("select", ["a", "b"]),
    ],
)
def test_a_sort_puts_values_in_order_and_what_has_none_last(
    database: Database,
    actor: Actor,
    make: Make,
    type_name: str,
    values: list[Any],
    descending: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    thing = make.object("thing", [])
    make.attach(thing, make.field("x", type_name))
    wrong: list[Any] = [None, {"a": 1}] if type_name != "select" else [None]
    for value in [*wrong, *values, *values]:
        make.record(thing, {"fld_x": value})
    make.record(thing, {})
    query = RecordQuery(thing, sort=(Sort("fld_x", descending),))

    ids = walk(database, actor, query, 2)
    stored = [make.value(select(Record.data["fld_x"]).where(Record.id == id_)) for id_ in ids]

    expected = [value for value in values for _ in range(2)]
    assert stored[: len(expected)] == (expected[::-1] if descending else expected)
    assert len(ids) == len(set(ids)) == len(expected) + len(wrong) + 1


def test_records_are_sorted_by_several_columns_and_by_name(
    database: Database, actor: Actor, make: Make
) -> None:
    make.field("n", "number")
    make.field("system_updated_at", "datetime")
    thing = make.object("thing", ["name", "n", "fld_system_updated_at"])
    rows = [("b", 1), ("a", 2), ("B", 2), (None, 1), ("a", None)]
    made = {make.record(thing, {"fld_name": name, "fld_n": n}): (name, n) for name, n in rows}

    def order(*sort: Sort) -> list[tuple[Any, Any]]:
        found = walk(database, actor, RecordQuery(thing, sort=sort), 2)
        return [made[id_] for id_ in found]

    assert order(Sort("fld_n"), Sort("fld_name")) == [
        ("b", 1), (None, 1), ("a", 2), ("B", 2), ("a", None),
    ]  # fmt: skip
    assert [name for name, _ in order(Sort("primary_value"))] == ["a", "a", "B", "b", None]
    assert len(order(Sort("fld_system_updated_at", descending=True))) == 5
    searched = RecordQuery(thing, search="a", sort=(Sort("fld_n", descending=True),))
    assert [made[id_] for id_ in walk(database, actor, searched, 1)] == [("a", 2), ("a", None)]
    with pytest.raises(Invalid):
        page(database, actor, RecordQuery(thing, sort=(Sort("fld_hidden"),)))


def test_only_records_that_one_may_read_are_listed_and_counted(
    database: Database, actor: Actor, make: Make
) -> None:
    diary = make.object("diary", ["name"], permissions={"read": ["owner"]})
    grace = make.user()
    mine = make.record(diary, {"fld_name": "mine"})
    given = make.record(diary, {"fld_system_owner": str(actor.user_id)}, created_by=grace)
    make.record(diary, {"fld_name": "hers"}, created_by=grace)
    make.record(diary, {"fld_name": "nobody's"}, created_by=None)

    assert set(walk(database, actor, RecordQuery(diary), 10)) == {mine, given}
    with database.read(actor) as session:
        assert record_query.count_matching(session, RecordQuery(diary)) == 2
        assert [row.id for row in record_query.find_records(session, "e")] == [mine]


@pytest.mark.parametrize("permissions", [{"read": []}, {"read": "all"}, {"read": ["role_x"]}])
def test_an_object_whose_records_nobody_may_read_says_so(
    database: Database, actor: Actor, make: Make, permissions: Any
) -> None:
    secret = make.object("secret", ["name"], permissions=permissions)
    make.record(secret, {"fld_name": "x"})

    with pytest.raises(Forbidden):
        page(database, actor, RecordQuery(secret))
    with pytest.raises(NotFound), database.read(actor) as session:
        record_query.list_page(session, RecordQuery("obj_gone"), (), ENGLISH)


def test_an_empty_object_has_an_empty_page_and_an_estimate(
    database: Database, actor: Actor, make: Make
) -> None:
    company = make.object("company", ["name"])
    assert page(database, actor, RecordQuery(company)) == RecordPage((), None)
    make.records(company, 500)
    make.sql("ANALYZE records")
    with database.read(actor) as session:
        assert 400 < record_query.estimate_records(session, RecordQuery(company)) < 600


def test_hostile_field_ids_and_very_many_columns_are_only_values(
    database: Database, actor: Actor, make: Make
) -> None:
    thing = make.object("thing", ["name"])
    columns = [EffectiveField(f"fld_\"'; DROP TABLE records;-- :p0 %s {n}", "n", "N", "text")
               for n in range(250)]  # fmt: skip
    make.record(thing, {columns[200].id: "here"})

    with database.read(actor) as session:
        query = RecordQuery(thing, sort=(Sort(columns[200].id),))
        (row,) = record_query.list_page(session, query, columns, ENGLISH).rows

    assert row.texts[200] == "here"
    assert len(row.values) == 250


def test_records_of_any_object_are_found_by_name_those_that_begin_so_first(
    database: Database, actor: Actor, make: Make
) -> None:
    company, person = make.object("company", ["name"]), make.object("person", ["name"])
    make.record(company, {"fld_name": "The Orion Company"})
    orion = make.record(person, {"fld_name": "Orion"})
    make.record(person, {"fld_name": "Vega"})

    with database.read(actor) as session:
        found = record_query.find_records(session, "orion", limit=5)

    assert [(row.primary_value, row.object_label) for row in found] == [
        ("Orion", "Person"),
        ("The Orion Company", "Company"),
    ]
    assert found[0].id == orion


def test_every_server_version_reads_searches_sorts_and_writes_alike(
    any_database: Database, actor: Actor
) -> None:
    make = Make(any_database, actor)
    make.field("n", "number")
    make.field("at", "datetime")
    thing = make.object("thing", ["name", "n", "at"])
    ids = [make.record(thing, {"fld_name": f"Thing {n}", "fld_n": n}) for n in range(5)]
    query = RecordQuery(thing, "thing", (Sort("fld_n", descending=True), Sort("fld_at")))

    with any_database.write(actor) as session:
        records.update_record(session, ids[0], {"fld_n": records.Edit(0, 9)})
        assert records.refresh_primary_values(session, thing, lambda _, __: True) == 0
        assert records.delete_records(session, ids[1:2]) == 1

    assert walk(any_database, actor, query, 2) == [ids[0], ids[4], ids[3], ids[2]]
    assert set(walk(any_database, actor, RecordQuery(thing), 2)) == set(ids) - {ids[1]}
