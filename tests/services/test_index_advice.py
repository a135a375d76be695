"""Indexes on fields: what is advised, how they are built, and that lists really use them."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from sqlalchemy import Engine, event, text

from crm_desktop.db import field_indexes
from crm_desktop.db.database import Database, Running, dump_json
from crm_desktop.db.migrate import Extras, check, detach, migrate
from crm_desktop.domain.access import Actor
from crm_desktop.domain.cursors import END
from crm_desktop.domain.errors import Cancelled, Conflict, Forbidden, Invalid, Unavailable
from crm_desktop.domain.filters import Calendar, Condition, Group, Part, RecordQuery, Sort
from crm_desktop.domain.index_kinds import IndexKind
from crm_desktop.services import index_advice, record_anchors, record_query, records
from crm_desktop.services.index_advice import ALREADY_THERE, FILTERED, IndexState, build_index
from tests.conftest import ADMIN_ID, new_database
from tests.domain.values import ENGLISH
from tests.make import Make
from tests.services.test_record_order import ODD

HOSTILE = """it's "5" \\ %s {0} $1 :p0 ;--"""  # the id of a field, and a part of an object's
STAGES = {"options": [{"value": f"s{n}", "label": f"S{n}"} for n in range(40)]}
TYPES = {
    "text": "text", "number": "number", "date": "date", "datetime": "datetime", "flag": "boolean",
    "select": "select", "multiselect": "multiselect", "reference": "reference",
}  # fmt: skip
SORTABLE = [name for name in TYPES if name != "reference"]
ROWS = 12_000


def go_on_always(*_: int) -> bool:
    return True


@dataclass
class Things:
    """An object with many records and fields whose ids are hostile, and what is done with it."""

    database: Database
    actor: Actor
    make: Make
    object_id: str

    def field(self, name: str) -> str:
        return f"fld_{name} {HOSTILE}"

    def query(self, *parts: Part, sort: str = "", descending: bool = False) -> RecordQuery:
        sorts = (Sort(self.field(sort), descending),) if sort else ()
        now = datetime(2024, 6, 1, tzinfo=UTC)
        return RecordQuery(self.object_id, "", sorts, parts, calendar=Calendar(now=now))

    def fill(self, rows: int) -> None:
        who = {"object_id": self.object_id, "author": self.actor.user_id}
        ids = {name: self.field(name) for name in TYPES}
        self.make.sql(FILL, rows=rows, form='YYYY-MM-DD"T"HH24:MI:SS"Z"', **who, **ids)
        odd = [dict.fromkeys(ids.values(), each) for each in ODD]
        self.make.sql(FILL_ODD, all=dump_json(odd), **who)
        self.make.sql("ANALYZE records")

    def build(self, name: str, kind: IndexKind) -> str:
        with self.database.upkeep(self.actor) as session:
            return build_index(
                session,
                go_on_always,
                object_id=self.object_id,
                field_id=self.field(name),
                kind=kind,
            )

    def drop(self, name: str) -> None:
        with self.database.upkeep(self.actor) as session:
            index_advice.drop_index(session, name)

    def advise(self, query: RecordQuery) -> tuple[index_advice.IndexAdvice, ...]:
        with self.database.read(self.actor) as session:
            columns = records.fields_of(session, self.object_id)
            return index_advice.advise(session, query, columns)

    def listed(self) -> tuple[index_advice.IndexInfo, ...]:
        with self.database.read(self.actor) as session:
            return index_advice.list_indexes(session)

    def ids(self, query: RecordQuery, limit: int = 50, **place: Any) -> list[str]:
        with self.database.read(self.actor) as session:
            columns = records.fields_of(session, self.object_id)
            page = record_query.list_page(session, query, columns, ENGLISH, limit=limit, **place)
            return [row.id for row in page.rows]

    def plan(self, query: RecordQuery, **place: Any) -> str:
        """Return how the server would read a page: planned as the program has it planned."""
        with last_statement() as seen:
            self.ids(query, **place)
        return self._explain(*next(each for each in seen if each[0].startswith("WITH ")))

    def plan_of_count(self, query: RecordQuery) -> str:
        with last_statement() as seen, self.database.read(self.actor) as session:
            record_query.count_matching(session, query)
        return self._explain(*seen[-1])

    def _explain(self, statement: str, values: Any) -> str:
        with self.database.read(self.actor) as session:
            rows = session.connection().exec_driver_sql(f"EXPLAIN {statement}", values)
            return "\n".join(row[0] for row in rows)


@contextmanager
def last_statement() -> Iterator[list[tuple[str, Any]]]:
    seen: list[tuple[str, Any]] = []

    def note(_c: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        seen.append((statement, parameters))

    event.listen(Engine, "before_cursor_execute", note)
    yield seen
    event.remove(Engine, "before_cursor_execute", note)


FILL = """
INSERT INTO records (id, object_id, data, primary_value, created_at, created_by)
SELECT 'rec_' || lpad(CAST(n AS text), 6, '0'), :object_id, jsonb_build_object(
         CAST(:text AS text), 'Word ' || n * 7 % :rows,
         CAST(:number AS text), n * 31 % :rows / 10.0,
         CAST(:date AS text), to_char(date '2000-01-01' + n * 17 % :rows, 'YYYY-MM-DD'),
         CAST(:datetime AS text), to_char(timestamp '2020-01-01' + n * 37 % :rows * hour, :form),
         CAST(:flag AS text), n % 100 = 0,
         CAST(:select AS text), 's' || n % 40,
         CAST(:multiselect AS text), jsonb_build_array('s' || n % 40, 's' || n % 37),
         CAST(:reference AS text), 'rec_' || lpad(CAST(n % 500 AS text), 6, '0')),
       'Word ' || n, timestamptz '2024-01-01' + n * hour, :author
FROM generate_series(1, :rows) AS n, (SELECT interval '1 hour' AS hour) AS units
"""
FILL_ODD = """
INSERT INTO records (id, object_id, data, created_by)
SELECT 'rec_odd_' || lpad(CAST(n AS text), 2, '0'), :object_id, each, :author
FROM jsonb_array_elements(CAST(:all AS jsonb)) WITH ORDINALITY AS rows (each, n)
"""


@pytest.fixture(scope="module")
def filled(server: str) -> Iterator[str]:
    """Give the name of a database with an object of many records; each test has a clone of it."""
    actor = Actor(ADMIN_ID, "admin@example.com")
    with new_database(server, "crm_template") as url:
        database = Database.at(url)
        make = Make(database, actor)
        things = Things(database, actor, make, make.object(f"thing {HOSTILE}"))
        for name, type_name in TYPES.items():
            config = STAGES if "select" in type_name else {}
            make.attach(things.object_id, make.field(f"{name} {HOSTILE}", type_name, config=config))
        things.fill(ROWS)
        database.close()
        yield str(conninfo_to_dict(url)["dbname"])


@pytest.fixture
def database_url(server: str, filled: str) -> Iterator[str]:
    with new_database(server, filled) as url:
        yield url


@pytest.fixture
def things(database: Database, actor: Actor, make: Make) -> Things:
    """Give an object with many records, some of whose values are of every JSON type."""
    return Things(database, actor, make, f"obj_thing {HOSTILE}")


ORDER, EQUAL = IndexKind.ORDER, IndexKind.EQUAL
CONTAINS, MEMBERS = IndexKind.CONTAINS, IndexKind.MEMBERS


def test_a_list_sorted_by_an_indexed_field_is_read_along_the_index_and_looks_the_same(
    things: Things,
) -> None:
    for name in SORTABLE:
        queries = [things.query(sort=name, descending=down) for down in (False, True)]
        before = [[things.ids(query), things.ids(query, before=END)] for query in queries]
        index = things.build(name, ORDER)
        for query, (first, last) in zip(queries, before, strict=True):
            assert things.ids(query) == first
            assert things.ids(query, before=END) == last
            with things.database.read(things.actor) as session:
                columns = records.fields_of(session, things.object_id)
                assert record_query.is_indexed(session, query, columns)
                page = record_query.list_page(session, query, columns, ENGLISH, limit=25)
                far = record_query.list_page(session, query, columns, ENGLISH, skip=6000, limit=1)
            assert things.ids(query, 25, after=page.next) == first[25:]
            for place in ({}, {"after": far.next}, {"before": far.next}, {"before": END}):
                plan = things.plan(query, **place)
                assert re.search(f"Index Scan( Backward)? using {index}", plan), (name, place)
                assert "Seq Scan on records" not in plan


COMPARISONS: list[tuple[str, IndexKind, str, Any]] = [
    ("number", ORDER, "between", (Decimal(100), Decimal("101.5"))),
    ("number", ORDER, "equals", Decimal("100.1")),
    ("number", ORDER, "is_any_of", (Decimal(7), Decimal(9))),
    ("date", ORDER, "equals", "2024-05-05"),
    ("date", ORDER, "in_last", (30, "days")),
    ("datetime", ORDER, "between", ("2020-02-01", "2020-02-02")),
    ("datetime", ORDER, "before", "2020-01-03"),
    ("flag", ORDER, "is_true", None),
    ("text", EQUAL, "equals", "WORD 77"),
    ("text", EQUAL, "is_any_of", ("word 1", "Word 2")),
    ("text", EQUAL, "starts_with", "word 777"),
    ("text", CONTAINS, "contains", "rd 777"),
    ("select", EQUAL, "is_any_of", ("s1",)),
    ("multiselect", MEMBERS, "has_all_of", ("s1", "s2")),
    ("reference", MEMBERS, "is_any_of", ("rec_000007", "rec_000008")),
]


def test_comparisons_are_answered_by_the_index_that_is_advised_and_find_the_same(
    things: Things,
) -> None:
    queries = [
        things.query(Condition(things.field(name), operator, value))
        for name, _, operator, value in COMPARISONS
    ]
    before = [things.ids(query, 1000) for query in queries]
    built: dict[tuple[str, IndexKind], str] = {}
    for query, (name, kind, *_) in zip(queries, COMPARISONS, strict=True):
        if (name, kind) not in built:
            (advice,) = things.advise(query)
            assert (advice.field.id, advice.kind, advice.obstacle) == (things.field(name), kind, "")
            built[name, kind] = things.build(name, kind)
        (advice,) = things.advise(query)
        assert advice.obstacle == ALREADY_THERE
    for query, (name, kind, *_), ids in zip(queries, COMPARISONS, before, strict=True):
        assert len(ids) > 0
        assert things.ids(query, 1000) == ids
        assert built[name, kind] in things.plan_of_count(query), query


def test_a_filtered_list_is_sorted_along_an_index_only_where_how_much_it_finds_is_known(
    things: Things,
) -> None:
    number = things.build("number", ORDER)
    half = Condition(things.field("number"), "at_least", Decimal(600))
    won = Condition(things.field("select"), "is_any_of", ("s1", "s2"))
    query = things.query(half, sort="number")
    first = things.ids(query)
    assert f"using {number}" in things.plan(query)
    both = things.query(half, won, sort="number")
    found = things.ids(both)
    assert f"Scan using {number}" not in things.plan(both)
    things.build("select", EQUAL)
    assert things.ids(both) == found
    assert set(found) & set(first)
    with things.database.read(things.actor) as session:
        assert record_query.is_indexed(session, both, records.fields_of(session, things.object_id))


def test_where_text_is_sorted_in_lower_case_one_index_serves_its_order_and_its_equality(
    things: Things,
) -> None:
    index = things.build("text", ORDER)
    same = things.query(Condition(things.field("text"), "equals", "word 77"))
    assert [advice.obstacle for advice in things.advise(same)] == [ALREADY_THERE]
    assert index in things.plan_of_count(same)


def test_where_text_has_a_collation_of_its_own_these_are_two_indexes(things: Things) -> None:
    things.make.sql('CREATE COLLATION "und-x-icu" FROM "C"')
    query = things.query(sort="text", descending=True)
    first = things.ids(query)
    index = things.build("text", ORDER)
    assert things.ids(query) == first
    assert f"using {index}" in things.plan(query)
    same = things.query(Condition(things.field("text"), "equals", "word 77"))
    assert [advice.kind for advice in things.advise(same) if advice.is_offered] == [EQUAL]
    assert things.build("text", EQUAL) in things.plan_of_count(same)


def test_moments_are_the_same_text_by_our_function_as_written_out(things: Things) -> None:
    moments = [
        "2024-01-01T10:00Z", "2024-01-01T10:00:00", "2024-01-01T10:00:00.5+02:30",
        "2024-02-30T23:59:59.123456789-0800", "2024-12-31T23:00-01:00", "2024-01-01T10:00:00+00",
        "2024-01-01T10:00:00." + "7" * 500 + "Z", "2024-01-01T10:00:00ZZ", *map(str, ODD),
    ]  # fmt: skip
    field = things.field("datetime")
    things.make.sql("DELETE FROM records")
    for number, moment in enumerate(moments):
        things.make.record(things.object_id, {field: moment}, primary_value=str(number))
    query = things.query(sort="datetime")
    with last_statement() as seen:
        before = things.ids(query)
        things.build("datetime", ORDER)
        assert things.ids(query) == before
    assert "crm_desktop.moment_key" in seen[-1][0]


def test_nothing_that_others_write_is_refused_because_of_an_index(
    things: Things, database_url: str
) -> None:
    for name in SORTABLE:
        things.build(name, ORDER)
    for name, kind in (("text", EQUAL), ("text", CONTAINS), ("multiselect", MEMBERS)):
        things.build(name, kind)
    things.make.sql("CREATE ROLE stranger LOGIN")
    try:
        things.make.sql("GRANT SELECT, INSERT ON records TO stranger")
        things.make.sql("GRANT SELECT ON objects TO stranger")
        url = make_conninfo(database_url, user="stranger")
        with psycopg.connect(url) as connection:
            for number, value in enumerate(long_values()):
                data = dump_json({things.field(name): value for name in TYPES})
                connection.execute(
                    "INSERT INTO records (id, object_id, data) VALUES (%s, %s, %s::jsonb)",
                    [f"rec_{number}", things.object_id, data],
                )
    finally:
        things.make.sql("DROP OWNED BY stranger")
        things.make.sql("DROP ROLE stranger")


def long_values() -> list[Any]:
    noise = "".join(f"{number * 7919 % 1000:03}\u00e4" for number in range(9000))
    digits = noise.replace("\u00e4", "")[:9000]
    return [
        noise, [noise, noise], Decimal(f"0.{digits}"), Decimal(digits),
        f"2024-01-01T10:00:00.{digits}Z", f"2024-01-01T10:00:00.{digits}+02:00",
    ]  # fmt: skip


# --- advice ------------------------------------------------------------------------------------


def test_what_would_not_help_is_not_offered_and_says_why(things: Things) -> None:
    def why(*parts: Part, sort: str = "") -> list[str]:
        return [advice.obstacle for advice in things.advise(things.query(*parts, sort=sort))]

    number, flag = things.field("number"), things.field("flag")
    few = Condition(number, "less", Decimal(10))
    (too_many,) = why(Condition(number, "less", Decimal(900)))
    assert re.fullmatch(
        "This finds [678].% of the records; an index helps to find few of many.", too_many
    )
    assert why(few, sort="number") == [""]
    assert why(few, sort="date") == [FILTERED, ""]
    assert why(Condition(number, "not_equals", Decimal(10))) == []
    assert why(Group("any", (few, Condition(things.field("text"), "is_empty")))) == []
    assert why(Group("any", (few, Condition(flag, "is_true")))) == ["", ""]
    assert why(Group("none", (few,))) == []
    assert why(Condition(things.field("text"), "contains", "wo")) == []
    assert why(sort="reference") == []
    things.make.sql("DELETE FROM records WHERE id > 'rec_000900'")
    things.make.sql("ANALYZE records")
    assert why(sort="number") == ["There are too few records for an index to make a difference."]


def test_the_estimated_size_is_about_what_the_index_takes(things: Things) -> None:
    with things.database.read(things.actor) as session:
        advised = [
            each
            for name in ("number", "text", "select", "multiselect")
            for each in index_advice.advise_field(session, things.object_id, things.field(name))
        ]
    for each in advised:
        name = next(name for name in TYPES if things.field(name) == each.field.id)
        things.build(name, each.kind)
    sizes = {(info.field_id, info.kind): info.bytes for info in things.listed()}
    for each in advised:
        real = sizes[each.field.id, each.kind]
        assert real / 3 < each.bytes < real * 3, (each.field.type, each.kind, each.bytes, real)


def test_who_may_not_build_indexes_is_told_what_is_needed(
    things: Things, database_url: str
) -> None:
    things.make.sql("CREATE ROLE stranger LOGIN")
    try:
        things.make.sql("GRANT SELECT ON ALL TABLES IN SCHEMA public TO stranger")
        other = Database.at(make_conninfo(database_url, user="stranger"))
        stranger = replace(things, database=other)
        (advice,) = stranger.advise(things.query(sort="number"))
        assert advice.obstacle == "Only the owner of the table “records” can build an index on it."
        with pytest.raises(Unavailable, match="Only the owner"):
            stranger.build("number", ORDER)
        other.close()
    finally:
        things.make.sql("DROP OWNED BY stranger")
        things.make.sql("DROP ROLE stranger")

    guest = replace(things, actor=things.make.guest())
    with pytest.raises(Forbidden, match="maintain the database"):
        guest.build("number", ORDER)


def test_without_our_schema_moments_and_without_trigrams_parts_cannot_be_indexed(
    any_core_database_url: str, actor: Actor
) -> None:
    database = Database.at(any_core_database_url)
    make = Make(database, actor)
    make.sql(
        "INSERT INTO users VALUES (:id, 'a@example.com', '!', 'A', true, true, now(), now(), NULL)",
        id=actor.user_id,
    )
    thing = make.object("thing")
    for name in ("text", "datetime", "number"):
        make.attach(thing, make.field(name, name))
    with database.read(actor) as session:
        advise = partial(index_advice.advise_field, session, thing)
        obstacles = [each.obstacle for name in ("text", "datetime") for each in
                     advise(f"fld_{name}")]  # fmt: skip
    assert "“pg_trgm”" in obstacles[2]
    assert "“crm_desktop”" in obstacles[3]
    with database.upkeep(actor) as session:
        for name, kind in (("number", ORDER), ("text", ORDER), ("text", EQUAL)):
            build_index(session, go_on_always, object_id=thing, field_id=f"fld_{name}", kind=kind)
        with pytest.raises(Unavailable, match="crm_desktop"):
            build_index(session, go_on_always, object_id=thing, field_id="fld_datetime", kind=ORDER)
        with pytest.raises(Invalid):
            build_index(
                session, go_on_always, object_id=thing, field_id="fld_number", kind=CONTAINS
            )
    with database.read(actor) as session:
        assert {each.state for each in index_advice.list_indexes(session)} == {IndexState.READY}
    database.close()


# --- building, and what becomes of it ----------------------------------------------------------


def test_indexes_are_listed_with_what_they_are_for_and_how_often_they_were_used(
    things: Things,
) -> None:
    name = things.build("number", ORDER)
    things.build("text", EQUAL)
    used = things.query(sort="number")
    things.ids(used)
    number_index, text_index = things.listed()
    assert number_index.id == name
    assert number_index.kind is ORDER
    assert number_index.object_id == things.object_id
    assert number_index.field_label.startswith("Number")
    assert number_index.state is IndexState.READY
    assert number_index.bytes > 100_000
    assert number_index.made_at is not None
    assert text_index.kind is EQUAL
    with pytest.raises(Conflict, match="already"):
        things.build("number", ORDER)


def test_a_dropped_index_is_used_no_more_whoever_dropped_it(
    things: Things, monkeypatch: pytest.MonkeyPatch
) -> None:
    query = things.query(sort="number")
    first = things.ids(query)
    things.drop(things.build("number", ORDER))
    assert things.listed() == ()
    assert "field_" not in things.plan(query)
    name = things.build("number", ORDER)
    assert name in things.plan(query)
    things.make.sql(f"DROP INDEX {name}")
    assert things.ids(query) == first  # slower, and the same
    monkeypatch.setattr(field_indexes, "LOOK_AGAIN_AFTER", 0.0)
    with things.database.read(things.actor) as session:
        columns = records.fields_of(session, things.object_id)
        assert not record_query.is_indexed(session, query, columns)
    things.drop(name)


def test_a_build_tells_how_far_it_is_and_can_be_stopped_and_what_is_left_is_mended(
    things: Things, database_url: str
) -> None:
    told: list[tuple[int, int]] = []

    def go_on(done: int, total: int) -> bool:
        told.append((done, total))
        return len(told) < 3

    with psycopg.connect(database_url) as other:
        other.execute("UPDATE records SET tenant_id = 'x' WHERE id = 'rec_000001'")
        with pytest.raises(Cancelled), things.database.upkeep(things.actor) as session:
            build_index(
                session,
                go_on,
                object_id=things.object_id,
                field_id=things.field("number"),
                kind=ORDER,
            )
        (left,) = things.listed()  # the transaction above keeps it from being dropped
        assert left.state is IndexState.UNFINISHED
        assert left.field_id == things.field("number")
        assert left.object_id == things.object_id
    assert len(told) >= 3
    assert all(total == told[0][1] for _, total in told)
    assert told[0][1] == pytest.approx(ROWS, rel=0.1)
    assert things.advise(things.query(sort="number"))[0].is_offered
    name = things.build("number", ORDER)
    (mended,) = things.listed()
    assert (mended.id, mended.state) == (left.id, IndexState.READY)
    assert name in things.plan(things.query(sort="number"))


def test_a_build_that_another_thread_stops_leaves_nothing(things: Things) -> None:
    running = Running()

    def stop(*_: int) -> bool:
        running.cancel(0.5)
        return True

    with psycopg.connect(things.database.url) as other:
        other.execute("UPDATE records SET tenant_id = 'x' WHERE id = 'rec_000001'")
        with pytest.raises(Cancelled), things.database.upkeep(things.actor, running) as session:
            build_index(
                session, stop, object_id=things.object_id, field_id=things.field("text"), kind=ORDER
            )
    assert all(info.state is IndexState.UNFINISHED for info in things.listed())
    things.build("text", ORDER)
    (info,) = things.listed()
    assert info.state is IndexState.READY


def test_two_programs_do_not_build_the_same_index_at_once(
    things: Things, database_url: str
) -> None:
    with psycopg.connect(database_url, autocommit=True) as other:
        field = things.field("number")
        with things.database.read(things.actor) as session:
            fields = {each.id: each for each in records.fields_of(session, things.object_id)}
        name = field_indexes.definition_of(things.object_id, fields[field], ORDER).name
        other.execute("SELECT pg_advisory_lock(%s, hashtext(%s))", [field_indexes.BUILDING, name])
        with pytest.raises(Conflict, match="another program"):
            things.build("number", ORDER)


def test_indexes_of_what_is_gone_or_has_changed_are_found(things: Things) -> None:
    things.build("select", ORDER)
    things.build("select", EQUAL)
    number = things.build("number", ORDER)
    things.make.sql(
        "UPDATE fields SET config = jsonb_set(config, '{options,0,value}', '\"new\"')"
        " WHERE id = :id",
        id=things.field("select"),
    )
    things.make.sql("DELETE FROM object_fields WHERE field_id = :id", id=things.field("number"))
    states = {(info.field_id, info.kind): info.state for info in things.listed()}
    assert states == {
        (things.field("select"), ORDER): IndexState.OUTDATED,
        (things.field("select"), EQUAL): IndexState.READY,
        (things.field("number"), ORDER): IndexState.ORPHANED,
    }
    things.make.sql("DELETE FROM objects WHERE id = :id", id=things.object_id)
    assert {info.state for info in things.listed()} == {IndexState.ORPHANED}
    things.drop(number)
    assert number not in {info.id for info in things.listed()}


def test_detach_takes_indexes_on_fields_out_and_no_start_misses_or_mends_them(
    things: Things, database_url: str
) -> None:
    before = check(database_url).additions
    names = {things.build("number", ORDER), things.build("datetime", ORDER)}
    assert check(database_url).additions == before
    report = migrate(database_url, extras=Extras.YES)
    assert (report.made, report.problems) == ((), {})
    removed = detach(database_url)
    assert names <= set(removed.removed)
    assert removed.kept == {}
    with psycopg.connect(database_url) as connection:
        left = connection.execute("SELECT FROM pg_class WHERE starts_with(relname, 'crm_desktop')")
        assert left.rowcount == 0


def test_anchors_of_a_list_along_an_index_are_those_of_the_sorted_list(things: Things) -> None:
    query = things.query(sort="number", descending=True)

    def anchors() -> record_anchors.Anchors:
        with things.database.read(things.actor) as session:
            columns = records.fields_of(session, things.object_id)
            return record_anchors.find_anchors(session, query, columns)

    before = anchors()
    name = things.build("number", ORDER)
    with last_statement() as seen:
        assert anchors() == before
    statement = next(entry for entry in seen if "row_number" in entry[0])
    with things.database.read(things.actor) as session:
        session.execute(text("SET LOCAL enable_indexscan = off"))
        session.execute(text("SET LOCAL work_mem = '64MB'"))
        rows = session.connection().exec_driver_sql(f"EXPLAIN {statement[0]}", statement[1])
        assert f"Index Scan using {name}" not in "\n".join(row[0] for row in rows)
