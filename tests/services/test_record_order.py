"""The record list from any place in any order: both directions, anchors, and sums below it."""

from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from sqlalchemy import text

from crm_desktop.db.database import Database
from crm_desktop.domain.access import Actor
from crm_desktop.domain.cursors import END, Cursor
from crm_desktop.domain.field_types import EffectiveField
from crm_desktop.domain.filters import RecordQuery, Sort
from crm_desktop.services import record_anchors, record_ordering, record_query, records
from crm_desktop.services.record_footer import Summary, summarize
from tests.domain.values import ENGLISH
from tests.make import Make

# Values of every JSON type; none of them may break a query by whatever field it is sorted.
ODD: list[Any] = [
    None, "", " ", "x", "1e5", "2024-02-30", "2024-99-99T99:99:99+99:99", True, 0,
    Decimal("1E+400"), [], ["b"], [1, None], {}, {"a": []}, "ÄÖ\u00df", "\U0001f600" * 300,
    "2024-01-01T10:00:00",
]  # fmt: skip
OPTIONS = {"options": [{"value": "won", "label": "Z"}, {"value": "lost", "label": "A"}]}
TYPES = [
    "text", "textarea", "email", "number", "currency", "date", "datetime", "checkbox", "select",
    "multiselect", "reference", "lookup", "file", "unheard_of",
]  # fmt: skip


class Lists:
    """Reads lists of one object as somebody."""

    def __init__(self, database: Database, actor: Actor, object_id: str) -> None:
        self.database, self.actor, self.object_id = database, actor, object_id
        with database.read(actor) as session:
            self.columns = records.fields_of(session, object_id)

    def page(self, query: RecordQuery, **place: Any) -> record_query.RecordPage:
        with self.database.read(self.actor) as session:
            return record_query.list_page(session, query, self.columns, ENGLISH, **place)

    def forward(self, query: RecordQuery, limit: int) -> list[str]:
        ids: list[str] = []
        after: Cursor | None = None
        while True:
            page = self.page(query, after=after, limit=limit)
            ids += [row.id for row in page.rows]
            if page.next is None:
                return ids
            after = page.next

    def backward(self, query: RecordQuery, limit: int) -> list[str]:
        ids: list[str] = []
        before = END
        while True:
            page = self.page(query, before=before, limit=limit)
            ids = [row.id for row in page.rows] + ids
            if page.previous is None:
                return ids
            before = page.previous


@pytest.fixture
def odd_things(database: Database, actor: Actor, make: Make) -> Lists:
    """Give an object with a field of each type, where each holds every odd value once."""
    thing = make.object("thing", [])
    for type_name in TYPES:
        config = OPTIONS if "select" in type_name else {}
        make.attach(thing, make.field(type_name, type_name, config=config))
    make.attach(thing, make.field("system_created_at", "datetime"))
    make.attach(thing, make.field("system_created_by", "lookup", config={"lookupObject": "user"}))
    for number in range(len(ODD)):
        data = {
            f"fld_{type_name}": ODD[(number + place) % len(ODD)]
            for place, type_name in enumerate(TYPES)
        }
        name = None if number % 5 == 0 else f"One {number % 4}"
        make.record(thing, data, primary_value=name)
    return Lists(database, actor, thing)


@pytest.mark.parametrize("descending", [False, True], ids=["up", "down"])
@pytest.mark.parametrize("search", ["", "one"], ids=["all", "found"])
def test_pages_read_backward_are_those_read_forward_whatever_the_values(
    odd_things: Lists,
    descending: bool,  # noqa: FBT001 - a parameter of the test
    search: str,
) -> None:
    fields = [*(column.id for column in odd_things.columns), "primary_value"]
    sorts: list[tuple[Sort, ...]] = [(Sort(field, descending),) for field in fields]
    sorts += [(Sort("fld_select", descending), Sort("fld_number"), Sort("primary_value", True)), ()]
    for sort in sorts:
        query = RecordQuery(odd_things.object_id, search, sort)
        whole = [row.id for row in odd_things.page(query).rows]
        assert odd_things.forward(query, 6) == whole, sort
        assert odd_things.backward(query, 6) == whole, sort
        assert [row.id for row in odd_things.page(query, skip=3, limit=2).rows] == whole[3:5], sort
        last = [row.id for row in odd_things.page(query, before=END, skip=1, limit=3).rows]
        assert last == whole[max(0, len(whole) - 4) : max(0, len(whole) - 1)], sort


def order(lists: Lists, *sort: Sort) -> list[str]:
    return lists.forward(RecordQuery(lists.object_id, sort=sort), 2)


def test_choices_stand_in_the_order_of_their_options_and_unknown_ones_follow(
    database: Database, actor: Actor, make: Make
) -> None:
    make.field("stage", "select", config=OPTIONS)
    deal = make.object("deal", ["stage"])
    ids = {value: make.record(deal, {"fld_stage": value}) for value in ["lost", "b", None, "won"]}
    ids["a"] = make.record(deal, {"fld_stage": "a"})
    lists = Lists(database, actor, deal)
    found = [next(v for v, id_ in ids.items() if id_ == each) for each in order(lists, up("stage"))]
    assert found == ["won", "lost", "a", "b", None]
    back = order(lists, Sort("fld_stage", descending=True))
    assert back == [ids["b"], ids["a"], ids["lost"], ids["won"], ids[None]]


def up(name: str) -> Sort:
    return Sort(f"fld_{name}")


def test_moments_are_compared_whatever_their_offset(
    database: Database, actor: Actor, make: Make
) -> None:
    make.field("at", "datetime")
    call = make.object("call", ["at"])
    moments = [
        "2024-01-01T00:30:00+02:00",  # 22:30 the day before
        "2023-12-31T23:00:00Z",
        "2023-12-31T18:30:00-05:00",  # 23:30
        "2024-01-01T00:00:00.250+00:00",
        "2024-01-01T05:45:01+0545",
        "2024-01-01T00:00:02",
    ]
    ids = [make.record(call, {"fld_at": moment}) for moment in reversed(moments)][::-1]
    nothing = make.record(call, {"fld_at": "soon"})
    lists = Lists(database, actor, call)
    assert order(lists, up("at")) == [*ids, nothing]
    assert order(lists, Sort("fld_at", descending=True)) == [*ids[::-1], nothing]


def test_references_are_ordered_by_the_names_of_what_they_refer_to(
    database: Database, actor: Actor, make: Make
) -> None:
    make.field("account", "reference")
    make.field("agent", "lookup", config={"lookupObject": "user"})
    account, deal = make.object("account", ["name"]), make.object("deal", ["account", "agent"])
    zebra, apple = (make.record(account, {"fld_name": name}) for name in ("Zebra", "apple"))
    grace = str(make.user())
    first = make.record(deal, {"fld_account": zebra, "fld_agent": str(actor.user_id)})
    second = make.record(deal, {"fld_account": [apple], "fld_agent": grace})
    lists = Lists(database, actor, deal)
    assert order(lists, up("account")) == [second, first]
    assert order(lists, up("agent")) == [first, second]  # Ada, Grace


def test_text_is_sorted_by_the_servers_collation_where_it_has_one(
    database: Database, actor: Actor, make: Make
) -> None:
    """The servers of the tests are built without ICU: another collation stands in for it."""
    thing = make.object("thing", ["name"])
    ids = [make.record(thing, {"fld_name": name}) for name in ("b", "B", "a")]
    lists = Lists(database, actor, thing)
    with database.read(actor) as session:
        assert record_ordering.text_order(session) == ""
    assert order(lists, up("name"))[0] == ids[2]

    make.sql('CREATE COLLATION "und-x-icu" FROM "C"')
    other = Database.at(database.url)
    with other.read(actor) as session:
        assert record_ordering.text_order(session) == "und-x-icu"
    assert order(Lists(other, actor, thing), up("name")) == [ids[1], ids[2], ids[0]]
    other.close()


@pytest.mark.parametrize("descending", [False, True], ids=["up", "down"])
def test_sorting_by_name_reads_along_its_index_in_both_directions(
    database: Database,
    actor: Actor,
    make: Make,
    descending: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    company = make.object("company", ["name"])
    make.records(company, 3000)
    make.sql("UPDATE records SET primary_value = NULL WHERE id < 'rec_0020'")
    make.sql("ANALYZE records")
    query = RecordQuery(company, sort=(Sort("primary_value", descending),))
    lists = Lists(database, actor, company)
    page = lists.page(query, skip=1000, limit=50)

    plans = []
    for place in ({"after": page.next}, {"before": page.previous}):
        with database.read(actor) as session:
            seen: list[str] = []
            plans.append(seen)
            session.execute(text("SET LOCAL enable_seqscan = off"))
            run = partial(record_query.list_page, session, query, lists.columns, ENGLISH, limit=50)
            seen += explain(session, partial(run, **place))
    for plan in plans:
        assert sum("crm_desktop_records_by_name" in line for line in plan) >= 2
        assert not any("Sort Key: r" in line for line in plan)


def explain(session: Any, call: Any) -> list[str]:
    """Return the plan of what a call sends."""
    connection = session.connection()
    run = connection.exec_driver_sql
    plan: list[str] = []

    def note(statement: str, values: Any = None) -> Any:
        plan.extend(row[0] for row in run("EXPLAIN " + statement, values))
        return run(statement, values)

    connection.exec_driver_sql = note
    try:
        call()
    finally:
        del connection.exec_driver_sql
    return plan


@pytest.mark.parametrize(
    "sort",
    [(), (Sort("primary_value", descending=True),), (Sort("fld_n"),)],
    ids=["new", "name", "n"],
)
def test_anchors_lead_to_every_row(
    database: Database, actor: Actor, make: Make, sort: tuple[Sort, ...]
) -> None:
    make.field("n", "number")
    thing = make.object("thing", ["name", "n"])
    make.records(thing, 2100)
    make.sql("UPDATE records SET data = data || jsonb_build_object('fld_n', right(id, 1)::int),"
             " primary_value = CASE WHEN id > 'rec_0700' THEN id END")  # fmt: skip
    lists = Lists(database, actor, thing)
    query = RecordQuery(thing, sort=sort)
    whole = lists.forward(query, 1000)
    with database.read(actor) as session:
        anchors = record_anchors.find_anchors(session, query, lists.columns)
        assert session.scalar(text("SHOW enable_indexscan")) == "on"
    assert len(anchors.cursors) == 2
    for row in (0, 1023, 1024, 1500, 2048, 2099):
        cursor, skip = anchors.place_of(row)
        assert skip < record_anchors.EVERY
        page = lists.page(query, after=cursor, skip=skip, limit=3)
        assert [each.id for each in page.rows] == whole[row : row + 3]
        with database.read(actor) as session:
            found = record_anchors.find_row(session, query, lists.columns, whole[row])
        assert found == row


def test_a_record_that_is_not_listed_has_no_row(
    database: Database, actor: Actor, make: Make
) -> None:
    lists = Lists(database, actor, make.object("thing", ["name"]))
    with database.read(actor) as session:
        query = RecordQuery(lists.object_id)
        assert record_anchors.find_row(session, query, lists.columns, "rec_nowhere") is None


def test_a_jump_shows_only_records_that_one_may_read(
    database: Database, actor: Actor, make: Make
) -> None:
    diary = make.object("diary", ["name"], permissions={"read": ["owner"]})
    grace = make.user()
    mine = [make.record(diary, {"fld_name": f"mine {n}"}) for n in range(3)]
    for number in range(5):
        make.record(diary, {"fld_name": f"hers {number}"}, created_by=grace)
    lists = Lists(database, actor, diary)
    assert {row.id for row in lists.page(RecordQuery(diary), skip=1).rows} < set(mine)
    with database.read(actor) as session:
        amount = {EffectiveField("fld_name", "name", "Name", "text"): Summary.FILLED}
        assert summarize(session, RecordQuery(diary), amount, ENGLISH) == {"fld_name": "3"}


def test_a_footer_sums_what_are_numbers_and_counts_what_is_empty(
    database: Database, actor: Actor, make: Make
) -> None:
    make.field("n", "number")
    make.field("day", "date")
    make.field("at", "datetime")
    thing = make.object("thing", ["n", "day", "at"])
    rows: list[tuple[Any, Any]] = [
        (Decimal("1.25"), "2024-03-05"), (2, "2023-01-01"), ("3", "not a day"), (None, ""),
        (True, None),
    ]  # fmt: skip
    for number, day in rows:
        make.record(thing, {"fld_n": number, "fld_day": day, "fld_at": "2024-01-01T10:00:00Z"})
    n, day, at = Lists(database, actor, thing).columns

    def said(field: EffectiveField, summary: Summary) -> str | None:
        with database.read(actor) as session:
            return summarize(session, RecordQuery(thing), {field: summary}, ENGLISH).get(field.id)

    assert said(n, Summary.SUM) == "3.25"
    assert said(n, Summary.AVERAGE) == "1.63"
    assert (said(n, Summary.LEAST), said(n, Summary.MOST)) == ("1.25", "2")
    assert (said(n, Summary.FILLED), said(n, Summary.EMPTY)) == ("4", "1")
    assert said(day, Summary.LEAST) == ENGLISH.iso_date_text("2023-01-01")
    assert (said(day, Summary.FILLED), said(day, Summary.EMPTY)) == ("3", "2")
    assert said(day, Summary.SUM) is None  # days are not added up
    assert "2024" in (said(at, Summary.MOST) or "")


def test_the_footer_of_an_empty_list_says_nothing_of_its_values(
    database: Database, actor: Actor, make: Make
) -> None:
    make.field("n", "number")
    thing = make.object("thing", ["n"])
    (field,) = Lists(database, actor, thing).columns
    with database.read(actor) as session:
        assert summarize(session, RecordQuery(thing), {field: Summary.SUM}, ENGLISH) == {
            "fld_n": ""
        }
        assert summarize(session, RecordQuery(thing), {}, ENGLISH) == {}


def test_a_list_is_sorted_by_a_field_that_it_does_not_show_and_by_who_made_a_record(
    database: Database, actor: Actor, make: Make
) -> None:
    grace = make.actor("grace@example.com")
    thing = make.object("thing", ["name", "rank"])
    first = make.record(thing, {"fld_name": "a", "fld_rank": "2"})
    last = make.record(thing, {"fld_name": "b", "fld_rank": "1"}, created_by=grace.user_id)
    columns = [EffectiveField("fld_name", "name", "Name", "text")]

    def order(sort: Sort) -> list[str]:
        query = RecordQuery(thing, sort=(sort,))
        with database.read(actor) as session:
            page = record_query.list_page(session, query, columns, ENGLISH)
            return [row.id for row in page.rows]

    assert order(Sort("fld_rank")) == [last, first]
    assert order(Sort("fld_system_created_by")) == [first, last]  # Ada, Grace
