"""Imports into what is there already: by key, and with links between records."""

import csv
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest

from crm_desktop.db.database import Database
from crm_desktop.domain.access import Actor
from crm_desktop.domain.errors import Forbidden, Invalid, NotFound
from crm_desktop.domain.json_edits import JsonEdit
from crm_desktop.services.fields import FieldDraft, create_field
from crm_desktop.services.import_plan import ImportRequest, LinkRequest
from crm_desktop.services.importing import ImportResult, import_file
from crm_desktop.services.layouts import attach_field
from crm_desktop.services.objects import edit_permissions, find_object
from crm_desktop.services.relationships import (
    RelationshipDraft,
    create_relationship,
    list_relationships,
)

Import = Callable[..., ImportResult]
Stored = Callable[..., list[dict[str, Any]]]
COMPANIES = "name,city\nAcme,Bern\nBolt,Graz\nTwin,Linz\nTwin,Wels\n"
STAFF = "person,works_for\nAda,Acme\nBob,Bolt\nCleo,Nowhere\nDan,Twin\nEve,\n"


def counts(result: ImportResult) -> tuple[int, int, int, int, int, int]:
    return (
        result.created,
        result.updated,
        result.unchanged,
        result.rejected,
        result.links,
        result.unmatched,
    )


@pytest.fixture
def sql(database_url: str) -> Iterator[Callable[..., list[Any]]]:
    with psycopg.connect(database_url, autocommit=True) as connection:

        def run(statement: Any, *values: object) -> list[Any]:
            cursor = connection.execute(statement, values)
            return cursor.fetchall() if cursor.description else []

        yield run


def links_of(sql: Callable[..., list[Any]]) -> list[tuple[str, str, str]]:
    return sql(
        "SELECT r.name, f.primary_value, t.primary_value FROM relationship_records x"
        " JOIN relationships r ON r.id = x.relationship_id"
        " JOIN records f ON f.id = x.from_record_id JOIN records t ON t.id = x.to_record_id"
        " ORDER BY 1, 2, 3"
    )


def test_a_key_updates_what_differs_adds_what_is_new_and_leaves_the_rest(
    run_import: Import, stored: Stored, sql: Callable[..., list[Any]]
) -> None:
    run_import("name,city,size\nAda,Bern,1\nBob,Graz,2\nCleo,Linz,3\n")
    before = dict(sql("SELECT primary_value, xmin::text FROM records"))

    result = run_import("city,name\nBern,Ada\nWien,Bob\n,Cleo\nWels,Dan\n", key="name")

    assert counts(result) == (1, 1, 2, 0, 0, 0)
    assert stored() == [
        {"name": "Ada", "city": "Bern", "size": 1},
        {"name": "Bob", "city": "Wien", "size": 2},
        {"name": "Cleo", "city": "Linz", "size": 3},
        {"name": "Dan", "city": "Wels"},
    ]
    after = dict(sql("SELECT primary_value, xmin::text FROM records"))
    assert [name for name in before if before[name] != after[name]] == ["Bob"]


def test_a_key_keeps_numbers_as_they_were_written_and_what_it_does_not_know(
    run_import: Import, sql: Callable[..., list[Any]]
) -> None:
    run_import("name,size\nAda,1.50\n")
    sql("UPDATE records SET data = data || '{\"fld_other\": [1.0]}'")
    assert counts(run_import("name,size\nAda,1.5\n", key="name")) == (0, 0, 1, 0, 0, 0)
    assert "1.50" in sql("SELECT data::text FROM records")[0][0]
    run_import("name,size\nAda,2\n", key="name")
    assert '"fld_other": [1.0]' in sql("SELECT data::text FROM records")[0][0]


def test_a_key_that_is_empty_comes_twice_or_finds_several_records_is_reported(
    run_import: Import,
) -> None:
    run_import("name,city\nTwin,Bern\nTwin,Graz\n")
    result = run_import("name,city\n,Linz\nAda,Wels\nTwin,Wien\nAda,Enns\n", key="name")
    assert counts(result) == (1, 0, 0, 3, 0, 0)
    reasons = {problem.line: problem.reason for problem in result.problems}
    assert sorted(reasons) == [2, 4, 5]
    assert "required" in reasons[2]
    assert "2 records" in reasons[4]
    assert "line 3" in reasons[5]


def test_a_changed_key_import_keeps_names_of_records_right(
    run_import: Import, sql: Callable[..., list[Any]]
) -> None:
    run_import("code,title\n1,Old\n2,Same\n")
    run_import("code,title\n1,New\n2,Same\n", key="code")
    assert sql("SELECT primary_value FROM records ORDER BY id") == [("New",), ("Same",)]


def test_a_key_must_be_a_column_that_fills_a_field(run_import: Import) -> None:
    with pytest.raises(Invalid, match="no column “id”"):
        run_import("name\nAda\n", key="id")
    run_import(COMPANIES, object_name="company")
    with pytest.raises(Invalid, match="cannot be the key"):
        run_import(STAFF, key="works_for", links=["works_for=company.name"])


def test_links_join_rows_to_the_records_they_name_and_the_rest_is_reported(
    run_import: Import, stored: Stored, sql: Callable[..., list[Any]], tmp_path: Path
) -> None:
    run_import(COMPANIES, object_name="company")
    report = tmp_path / "report.csv"
    result = run_import(
        STAFF, report, object_name="person", links=["works_for=company.name"], key="person"
    )
    assert counts(result) == (5, 0, 0, 0, 2, 2)
    assert links_of(sql) == [
        ("person_works_for", "Acme", "Ada"),
        ("person_works_for", "Bolt", "Bob"),
    ]
    assert "works_for" not in stored("person")[0]
    with report.open(encoding="utf-8", newline="") as file:
        rows = [(row["line"], row["works_for"], row["reason"]) for row in csv.DictReader(file)]
    assert rows == [
        ("4", "Nowhere", "No Company has “Nowhere” in “name”."),
        ("5", "Twin", "2 records of Company have “Twin” in “name”."),
    ]
    again = run_import(STAFF, object_name="person", links=["works_for=company.name"], key="person")
    assert counts(again) == (0, 0, 5, 0, 0, 2)


def test_a_link_moves_when_its_cell_names_another_partner(
    run_import: Import, sql: Callable[..., list[Any]]
) -> None:
    run_import(COMPANIES, object_name="company")
    link = {"object_name": "person", "links": ["works_for=company.name"], "key": "person"}
    run_import("person,works_for\nAda,Acme\n", **link)
    sql("UPDATE relationship_records SET relationship_metadata = '{\"since\": 2020}'")
    assert run_import("person,works_for\nAda,Bolt\n", **link).links == 1
    assert links_of(sql) == [("person_works_for", "Bolt", "Ada")]
    assert sql("SELECT relationship_metadata FROM relationship_records") == [({"since": 2020},)]


def test_rows_may_link_to_rows_further_down_in_the_same_file(
    run_import: Import, sql: Callable[..., list[Any]]
) -> None:
    result = run_import("name,boss\nAda,Bob\nBob,\nCleo,Bob\n", links=["boss=thing.name"])
    assert counts(result) == (3, 0, 0, 0, 2, 0)
    assert links_of(sql) == [("thing_boss", "Bob", "Ada"), ("thing_boss", "Bob", "Cleo")]


def test_numbers_are_linked_by_what_they_mean(
    run_import: Import, sql: Callable[..., list[Any]]
) -> None:
    run_import("title,number\nfirst,1\nsecond,2\n", object_name="order")
    run_import("name,belongs to\nx, 01 \ny,2.0\nz,three\n", links=["belongs to=order.number"])
    assert [row[1:] for row in links_of(sql)] == [("first", "x"), ("second", "y")]


def test_the_relationship_of_the_two_objects_is_used_whichever_way_it_runs(
    run_import: Import, database: Database, actor: Actor, sql: Callable[..., list[Any]]
) -> None:
    run_import(COMPANIES, object_name="company")
    run_import("person\nZoe\n", object_name="person")
    with database.write(actor) as session:
        draft = RelationshipDraft(
            name="staff",
            from_object_id=find_object(session, "person").id,
            to_object_id=find_object(session, "company").id,
            type="1:N",
        )
        create_relationship(session, draft)
    result = run_import(
        "person,firm\nAda,Acme\nBob,Acme\n", object_name="person", links=["firm=company.name"]
    )
    assert links_of(sql) == [("staff", "Ada", "Acme")]  # a company has one person there
    assert counts(result) == (2, 0, 0, 0, 1, 1)
    assert "linked to another record already" in result.problems[0].reason
    with database.read(actor) as reading:
        assert [row.name for row in list_relationships(reading)] == ["staff"]


def test_two_columns_that_link_to_one_object_have_a_relationship_each(
    run_import: Import, sql: Callable[..., list[Any]]
) -> None:
    run_import(COMPANIES, object_name="company")
    links = ["buyer=company.name", "seller=company.name"]
    for expected in (2, 0):
        result = run_import(
            "deal,buyer,seller\nX,Acme,Bolt\n", object_name="deal", links=links, key="deal"
        )
        assert (result.links, result.unmatched) == (expected, 0)
    assert links_of(sql) == [("deal_buyer", "Acme", "X"), ("deal_seller", "Bolt", "X")]


@pytest.mark.parametrize(
    ("link", "words"),
    [
        ("works_for=nobody.name", "no object called “nobody”"),
        ("works_for=company.shoe", "has no field “shoe”"),
        ("employer=company.name", "no column “employer”"),
        ("works_for", "COLUMN=OBJECT.FIELD"),
    ],
)
def test_a_link_that_names_nothing_is_refused_before_anything_changes(
    link: str, words: str, run_import: Import, sql: Callable[..., list[Any]]
) -> None:
    run_import(COMPANIES, object_name="company")
    with pytest.raises((Invalid, NotFound), match=words):
        run_import(STAFF, object_name="person", links=[link])
    assert sql("SELECT name FROM objects") == [("company",)]


def test_only_the_records_that_one_may_change_are_updated(
    run_import: Import,
    database: Database,
    actor: Actor,
    source: Path,
    sql: Callable[..., list[Any]],
) -> None:
    run_import("name,city\nAda,Bern\nBob,Graz\n")
    other = UUID("00000000-0000-7000-8000-000000000002")
    sql(
        "INSERT INTO users SELECT %s, 'bob@example.com', '!', 'Bob', true, true, now(), now()"
        " FROM users",
        other,
    )
    sql("UPDATE records SET created_by = %s WHERE primary_value = 'Bob'", other)
    with database.write(actor) as session:
        edit = JsonEdit(("update",), ["all"], ["owner"])
        edit_permissions(session, find_object(session, "thing").id, [edit])
    source.write_text("name,city\nAda,Linz\nBob,Linz\nCleo,Linz\n", encoding="utf-8")
    request = ImportRequest(object_name="thing", key="name")
    with database.long(Actor(other)) as session:
        result = import_file(session, source, request)
    assert counts(result) == (1, 1, 0, 1, 0, 0)
    assert "not allowed to change" in result.problems[0].reason


def test_records_that_one_may_not_read_cannot_be_linked_to(
    run_import: Import, database: Database, actor: Actor
) -> None:
    run_import(COMPANIES, object_name="company")
    with database.write(actor) as session:
        edit = JsonEdit(("read",), ["all"], [])
        edit_permissions(session, find_object(session, "company").id, [edit])
    with pytest.raises(Forbidden, match="read the records of “Company”"):
        run_import(STAFF, object_name="person", links=["works_for=company.name"])


def test_row_level_security_sends_rows_by_way_of_a_temporary_table(
    run_import: Import, database_url: str, source: Path, sql: Callable[..., list[Any]]
) -> None:
    run_import("name,city\nAda,Bern\n")
    role = f"crm_rls_{database_url.partition('?')[0].rpartition('_')[2]}"
    sql(f"CREATE ROLE {role} LOGIN")
    sql(f"GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA public TO {role}")
    sql("ALTER TABLE records ENABLE ROW LEVEL SECURITY")
    sql("CREATE POLICY everything ON records USING (true) WITH CHECK (true)")
    database = Database.at(database_url.replace("postgres@", f"{role}@"))
    try:
        source.write_text("name,city\nBob,Graz\nCleo,Linz\n", encoding="utf-8")
        actor = Actor(UUID("00000000-0000-7000-8000-000000000001"))
        with database.long(actor) as session:
            result = import_file(session, source, ImportRequest(object_name="thing"))
    finally:
        database.close()
        sql(f"DROP OWNED BY {role}")
        sql(f"DROP ROLE {role}")
    assert counts(result) == (2, 0, 0, 0, 0, 0)
    assert sql("SELECT primary_value FROM records ORDER BY id") == [("Ada",), ("Bob",), ("Cleo",)]


def test_a_link_is_written_as_column_object_and_field() -> None:
    assert LinkRequest.from_text("a=b = company.full name") == LinkRequest(
        column="a=b", object_name="company", field_name="full name"
    )


def test_references_must_lead_to_a_record_of_the_right_object(
    run_import: Import, database: Database, actor: Actor, sql: Callable[..., list[Any]]
) -> None:
    run_import(COMPANIES, object_name="company")
    run_import("person\nZoe\n", object_name="person")
    with database.write(actor) as session:
        target = {"targetObjectId": find_object(session, "company").id}
        field_id = create_field(session, FieldDraft(label="Employer", type="reference"), target)
        attach_field(session, find_object(session, "person").id, field_id)
    (acme,), (zoe,) = sql(
        "SELECT id FROM records WHERE primary_value IN ('Acme', 'Zoe') ORDER BY primary_value"
    )
    rows = f"person,employer\nAda,{acme}\nBob,rec_gone\nCleo,{zoe}\nDan,\n"
    result = run_import(rows, object_name="person")
    assert counts(result) == (2, 0, 0, 2, 0, 0)
    assert [problem.line for problem in result.problems] == [3, 4]
    assert "does not exist" in result.problems[0].reason
    assert "another object" in result.problems[1].reason
