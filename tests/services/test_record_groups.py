"""Groups of a record list: they are the plain list cut in pieces, whatever is stored."""

from collections.abc import Mapping
from datetime import UTC, timedelta, timezone, tzinfo
from decimal import Decimal
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from crm_desktop.db.database import Database
from crm_desktop.domain.access import Actor
from crm_desktop.domain.cursors import END, Cursor
from crm_desktop.domain.errors import Invalid
from crm_desktop.domain.field_types import EffectiveField
from crm_desktop.domain.filters import Calendar, Condition, Grouping, RecordQuery, Sort
from crm_desktop.domain.grouping import PERIODS, units_of
from crm_desktop.services import record_query, records
from crm_desktop.services.record_footer import Summary
from crm_desktop.services.record_groups import RecordGroups, list_groups
from tests.domain.values import ENGLISH
from tests.make import Make
from tests.services.filters import MISSING, STORED, TEXTS, add_records

BERLIN = ZoneInfo("Europe/Berlin")
OPTIONS = {
    "options": [
        {"value": "b", "label": "Bee", "color": "#ff0000"},
        {"value": "a", "label": "Ay"},
        {"value": "Straße", "label": "Street"},
    ]
}
TYPES = [
    "text", "number", "date", "datetime", "boolean", "select", "multiselect", "reference",
    "lookup", "unheard_of",
]  # fmt: skip


class Lists:
    """Reads grouped lists of one object as somebody."""

    def __init__(self, database: Database, actor: Actor, object_id: str) -> None:
        self.database, self.actor, self.object_id = database, actor, object_id
        with database.read(actor) as session:
            self.columns = records.fields_of(session, object_id)

    def query(self, grouping: Grouping, **parts: Any) -> RecordQuery:
        parts.setdefault("calendar", Calendar(BERLIN))
        return RecordQuery(self.object_id, grouping=grouping, **parts)

    def groups(
        self,
        grouping: Grouping,
        chosen: Mapping[str, Summary] | None = None,
        limit: int = 1000,
        **parts: Any,
    ) -> RecordGroups:
        said = chosen or {}
        wanted = {field: said[field.id] for field in self.columns if field.id in said}
        query = self.query(grouping, **parts)
        with self.database.read(self.actor) as session:
            return list_groups(session, query, self.columns, wanted, ENGLISH, limit)

    def page(self, query: RecordQuery, **place: Any) -> record_query.RecordPage:
        with self.database.read(self.actor) as session:
            return record_query.list_page(session, query, self.columns, ENGLISH, **place)

    def rows(self, query: RecordQuery, limit: int = 300) -> list[tuple[str, str | None]]:
        """Give ids and keys, page by page."""
        found: list[tuple[str, str | None]] = []
        after: Cursor | None = None
        while True:
            page = self.page(query, after=after, limit=limit)
            found += zip((row.id for row in page.rows), page.groups, strict=True)
            if page.next is None:
                return found
            after = page.next


@pytest.fixture
def things(database: Database, actor: Actor, make: Make) -> Lists:
    """Give an object with a field of each type, where each holds every odd value once."""
    thing = make.object("thing")
    for name in TYPES:
        config = OPTIONS if "select" in name else {}
        make.attach(thing, make.field(name, name, config=config))
    make.attach(thing, make.field("system_created_at", "datetime"))
    make.attach(thing, make.field("system_created_by", "lookup", config={"lookupObject": "user"}))
    documents = [
        {
            f"fld_{name}": value
            for place, name in enumerate(TYPES)
            if (value := STORED[(number + 7 * place) % len(STORED)]) is not MISSING
        }
        for number in range(len(STORED))
    ]
    add_records(make, thing, documents)
    return Lists(database, actor, thing)


def each_grouping(columns: tuple[EffectiveField, ...]) -> list[Grouping]:
    return [
        Grouping(field.id, descending, unit)
        for field in columns
        for unit in units_of(field)[:5]
        for descending in (False, True)
    ]


def test_groups_are_the_sorted_list_cut_in_pieces_whatever_the_values(things: Lists) -> None:
    """One transaction reads all: sixty groupings would else open as many sessions thrice."""
    with things.database.read(things.actor) as session:
        for grouping in each_grouping(things.columns):
            query = things.query(grouping, sort=(Sort("fld_text"),))
            page = record_query.list_page(session, query, things.columns, ENGLISH, limit=500)
            found = list_groups(session, query, things.columns, {}, ENGLISH)
            pieces = [(key, len(list(rows))) for key, rows in groupby(page.groups)]
            assert pieces == [(group.key, group.count) for group in found.groups], grouping
            assert len({key for key, _ in pieces}) == len(pieces)
            assert not found.rest
            assert None not in [key for key, _ in pieces[:-1]]  # what has no value comes last
            unnamed = [each for each in found.groups if not each.label and each.key is not None]
            assert unnamed == [], grouping


@pytest.mark.parametrize(
    "grouping",
    [
        Grouping("fld_datetime", unit="month"),
        Grouping("fld_number", descending=True, unit="range_10"),
        Grouping("fld_multiselect", unit="first"),
    ],
    ids=lambda grouping: grouping.field_id,
)
def test_a_grouped_list_is_read_page_by_page_in_both_directions(
    things: Lists, grouping: Grouping
) -> None:
    query = things.query(grouping, sort=(Sort("fld_text", descending=True),))
    whole = things.rows(query)
    assert things.rows(query, 17) == whole
    last = things.page(query, before=END, limit=9)
    assert [row.id for row in last.rows] == [id_ for id_, _ in whole[-9:]]
    before = things.page(query, before=last.previous, limit=9)
    assert [row.id for row in before.rows] == [id_ for id_, _ in whole[-18:-9]]


def of(make: Make, name: str, type_name: str, values: list[Any], **config: Any) -> str:
    """Make an object whose one field holds these values, a record each."""
    thing = make.object("thing")
    make.attach(thing, make.field(name, type_name, config=config))
    for value in values:
        make.record(thing, {f"fld_{name}": value})
    return thing


def told(found: RecordGroups) -> list[tuple[str, int]]:
    return [(group.label, group.count) for group in found.groups]


def test_texts_that_differ_in_case_alone_are_one_group_and_blank_ones_none(
    database: Database, actor: Actor, make: Make
) -> None:
    thing = of(make, "name", "text", ["b", "B", "a", "", " \t", None, 5, {"a": 1}])
    found = Lists(database, actor, thing).groups(Grouping("fld_name"))
    assert told(found) == [("a", 1), ("B", 2), ("", 5)]
    assert [group.strange for group in found.groups] == [0, 0, 2]


def test_numbers_are_grouped_by_value_or_by_ranges(
    database: Database, actor: Actor, make: Make
) -> None:
    values = [5, Decimal("5.00"), -3, 12, 19, 1000, "7", None]
    lists = Lists(database, actor, of(make, "n", "number", values))
    assert told(lists.groups(Grouping("fld_n")))[:2] == [("-3", 1), ("5", 2)]
    assert told(lists.groups(Grouping("fld_n", descending=True, unit="range_10"))) == [
        ("1,000 to under 1,010", 1), ("10 to under 20", 2), ("0 to under 10", 2),
        ("-10 to under 0", 1), ("", 2),
    ]  # fmt: skip


def test_days_are_grouped_by_month_quarter_and_year(
    database: Database, actor: Actor, make: Make
) -> None:
    days = ["2024-03-05", "2024-03-31", "2024-04-01", "2023-12-31", "2024-3-5", "soon", ""]
    lists = Lists(database, actor, of(make, "day", "date", days))
    found = {
        unit: [label for label, _ in told(lists.groups(Grouping("fld_day", unit=unit)))]
        for unit in PERIODS
    }
    assert found["day"][0] == ENGLISH.iso_date_text("2023-12-31")
    assert found["month"] == ["December 2023", "March 2024", "April 2024", ""]
    assert found["quarter"] == ["Q4 2023", "Q1 2024", "Q2 2024", ""]
    assert found["year"] == ["2023", "2024", ""]
    assert lists.groups(Grouping("fld_day", unit="year")).groups[-1].strange == 2


def test_moments_fall_on_the_days_of_the_persons_time_zone(
    database: Database, actor: Actor, make: Make
) -> None:
    moments = [
        "2024-03-30T23:00Z", "2024-03-31T22:00:00Z", "2024-03-31T21:59:59Z",
        "2024-02-31T10:00:00Z", "2024-04-01T00:30:00+02:00",
    ]  # fmt: skip
    lists = Lists(database, actor, of(make, "at", "datetime", moments))

    def days(zone: tzinfo) -> list[tuple[str | None, int]]:
        found = lists.groups(Grouping("fld_at", unit="day"), calendar=Calendar(zone))
        return [(group.key, group.count) for group in found.groups]

    assert days(BERLIN) == [("2024-03-02", 1), ("2024-03-31", 2), ("2024-04-01", 2)]
    assert days(UTC) == [("2024-02-31", 1), ("2024-03-30", 1), ("2024-03-31", 3)]
    nameless = timezone(timedelta(hours=2))  # a zone that no server can know
    assert days(nameless)[-1] == ("2024-04-01", 2)


def test_choices_stand_in_the_order_of_their_options_with_the_labels(
    database: Database, actor: Actor, make: Make
) -> None:
    lists = Lists(
        database, actor, of(make, "stage", "select", ["a", "b", "a", "zz", None, ["a"]], **OPTIONS)
    )
    assert told(lists.groups(Grouping("fld_stage"))) == [
        ("Bee", 1), ("Ay", 3), ("zz", 1), ("", 1)
    ]  # fmt: skip
    assert [group.value for group in lists.groups(Grouping("fld_stage")).groups][:2] == ["b", "a"]


def test_several_choices_are_grouped_by_the_first_or_by_all(
    database: Database, actor: Actor, make: Make
) -> None:
    values = [["b", "a"], ["b"], ["a", "b"], [], ["new"], "b"]
    lists = Lists(database, actor, of(make, "tags", "multiselect", values, **OPTIONS))
    assert told(lists.groups(Grouping("fld_tags", unit="first"))) == [
        ("Bee", 3), ("Ay", 1), ("new", 1), ("", 1),
    ]  # fmt: skip
    assert ("Bee, Ay", 1) in told(lists.groups(Grouping("fld_tags")))


def test_references_are_grouped_by_name_and_told_only_to_those_who_may_read_them(
    database: Database, actor: Actor, make: Make
) -> None:
    make.field("account", "reference")
    account, deal = make.object("account", ["name"]), make.object("deal", ["account"])
    orion = make.record(account, {"fld_name": "Orion"})
    secret = make.object("secret", ["name"], permissions={"read": []})
    hidden = make.record(secret, {"fld_name": "Hidden"})
    for value in (orion, [orion], hidden, "rec_gone", None):
        make.record(deal, {"fld_account": value})
    found = told(Lists(database, actor, deal).groups(Grouping("fld_account")))
    assert sorted(found) == sorted([("Orion", 2), (hidden, 1), ("rec_gone", 1), ("", 1)])


def test_each_group_has_the_chosen_sums_of_what_the_list_finds_and_one_may_read(
    database: Database, actor: Actor, make: Make
) -> None:
    make.field("amount", "number")
    diary = make.object("diary", ["name", "amount"], permissions={"read": ["owner"]})
    grace = make.user()
    for name, amount in [("a", 1), ("a", Decimal("2.50")), ("b", "x"), ("b", 8), ("c", None)]:
        make.record(diary, {"fld_name": name, "fld_amount": amount})
    make.record(diary, {"fld_name": "a", "fld_amount": 100}, created_by=grace)
    lists = Lists(database, actor, diary)
    chosen = {"fld_amount": Summary.SUM, "fld_name": Summary.FILLED}
    found = lists.groups(
        Grouping("fld_name"), chosen, conditions=(Condition("fld_name", "not_equals", "c"),)
    )
    assert [(group.label, dict(group.summaries)) for group in found.groups] == [
        ("a", {"fld_amount": "3.5", "fld_name": "2"}),
        ("b", {"fld_amount": "8", "fld_name": "2"}),
    ]
    assert found.total == 4


def test_of_very_many_groups_the_first_are_told_and_the_rest_is_counted(
    database: Database, actor: Actor, make: Make
) -> None:
    lists = Lists(database, actor, of(make, "name", "text", TEXTS))
    found = lists.groups(Grouping("fld_name"), limit=3)
    whole = lists.groups(Grouping("fld_name"))
    assert found.groups == whole.groups[:3]
    assert (found.total, found.further) == (len(TEXTS), len(whole.groups) - 3)


def test_no_records_make_no_groups_and_what_cannot_be_grouped_is_refused(
    database: Database, actor: Actor, make: Make
) -> None:
    thing = of(make, "name", "text", [])
    make.attach(thing, make.field("paper", "file"))
    lists = Lists(database, actor, thing)
    assert lists.groups(Grouping("fld_name")) == RecordGroups(())
    for grouping in (Grouping("fld_paper"), Grouping("fld_x"), Grouping("fld_name", unit="day")):
        with pytest.raises(Invalid):
            lists.groups(grouping)
        with pytest.raises(Invalid):
            lists.page(lists.query(grouping))
