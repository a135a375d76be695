"""Conditions as data: their JSON, their rules, their sentences, and what days they mean."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_desktop.domain.errors import Invalid
from crm_desktop.domain.field_types import EffectiveField
from crm_desktop.domain.filter_json import filters_json, fits_contract, read_filters
from crm_desktop.domain.filter_rules import FilterSchema, LinkedSide, check_parts, sentence
from crm_desktop.domain.filters import Calendar, Condition, Group, LinkCondition, Part
from crm_desktop.domain.formats import Formats
from crm_desktop.domain.operators import OPERATORS
from crm_desktop.domain.periods import days_of, end_of, start_of

STAGE = EffectiveField(
    "fld_stage", "stage", "Stage", "select",
    {"options": [{"value": "w", "label": "Won"}, {"value": "l", "label": "Lost"}]},
)  # fmt: skip
FIELDS = {
    field.id: field
    for field in (
        STAGE,
        EffectiveField("fld_name", "name", "Name", "text"),
        EffectiveField("fld_amount", "amount", "Amount", "number"),
        EffectiveField("fld_day", "day", "Close date", "date"),
        EffectiveField("fld_at", "at", "Seen", "datetime"),
        EffectiveField(
            "fld_hot", "hot", "Hot", "boolean", {"trueLabel": "On", "falseLabel": "Off"}
        ),
        EffectiveField("fld_owner", "owner", "Owner", "lookup", {"lookupObject": "user"}),
        EffectiveField("fld_file", "file", "Contract", "file"),
    )
}
ACCOUNT = LinkedSide("Account", "obj_account", {"fld_name": FIELDS["fld_name"]})
SCHEMA = FilterSchema(FIELDS, {("rel_a", False): ACCOUNT})
ORION = Condition("fld_name", "contains", "Orion")


def linked(where: Condition | Group | None = None, **options: Any) -> LinkCondition:
    return LinkCondition("rel_a", is_from=False, where=where, **options)


# JSON

VALUES = st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.just(Decimal("1.50"))
CONDITIONS = st.builds(
    Condition,
    st.text(max_size=5),
    st.text(max_size=5),
    VALUES | st.lists(VALUES, max_size=3).map(tuple),
)  # fmt: skip


def _grown(parts: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    kinds = st.sampled_from(["all", "any", "none"])
    groups = st.builds(Group, kinds, st.lists(parts, max_size=3).map(tuple))
    links = st.builds(
        LinkCondition, st.text(max_size=5), st.booleans(),
        st.sampled_from(["has_link", "has_no_link"]), st.none() | CONDITIONS | groups,
    )  # fmt: skip
    return groups | links


@given(st.lists(st.recursive(CONDITIONS, _grown, max_leaves=5), max_size=4).map(tuple))
def test_what_is_written_as_json_is_read_back(parts: tuple[Part, ...]) -> None:
    written = filters_json(parts)
    assert isinstance(written, list) is fits_contract(parts)
    assert read_filters(written) == parts


def test_conditions_that_all_hold_are_written_in_the_contract_s_shape() -> None:
    parts = (Condition("fld_stage", "equals", "w"), Condition("fld_amount", "between", (1, 2)))
    assert filters_json(parts) == [
        {"field": "fld_stage", "operator": "equals", "value": "w"},
        {"field": "fld_amount", "operator": "between", "value": [1, 2]},
    ]
    assert read_filters([{"field": "fld_stage", "operator": "equals", "value": "w"}]) == parts[:1]


@pytest.mark.parametrize(
    "stored",
    ["x", 1, [1], [{}], [{"field": 1, "operator": "equals"}], [{"field": "a"}], {"any": [None]},
     {"link": "rel_a", "side": "up", "operator": "has_link"},
     {"link": "rel_a", "side": "to", "operator": "has_link",
      "where": {"link": "rel_a", "side": "to", "operator": "has_link"}}],
)  # fmt: skip
def test_other_json_is_refused_in_a_sentence(stored: Any) -> None:
    with pytest.raises(Invalid, match="cannot be read"):
        read_filters(stored)


# Rules


@pytest.mark.parametrize(
    ("part", "problem"),
    [
        (Condition("fld_x", "equals", "a"), "This field no longer exists."),
        (Condition("fld_name", "less", "a"), "The operator “less” does not fit the field “Name”."),
        (Condition("fld_name", "contains", ""), "Name: Enter a text."),
        (Condition("fld_name", "contains", "a\x00"), "Name: "),
        (Condition("fld_name", "is_any_of", ()), "Name: Choose at least one value."),
        (Condition("fld_name", "is_any_of", ("a",) * 1001), "Name: Choose at most 1,000 values."),
        (Condition("fld_amount", "less", "5"), "Amount: Enter a number."),
        (Condition("fld_amount", "less", True), "Amount: Enter a number."),
        (Condition("fld_amount", "less", Decimal("NaN")), "Amount: Enter a number."),
        (Condition("fld_amount", "less", 10**500), "Amount: This number has too many digits."),
        (Condition("fld_amount", "between", (1,)), "Amount: Enter both values."),
        (Condition("fld_day", "before", "2024-02-31"), "Close date: Enter a date."),
        (Condition("fld_day", "in_last", (0, "days")), "Close date: Enter a whole number"),
        (Condition("fld_day", "in_last", (1, "eons")), "Close date: Choose days, weeks or months."),
        (LinkCondition("rel_gone", is_from=True), "This relationship no longer exists."),
        (linked(Condition("fld_day", "today")), "This field no longer exists."),
        (Group("any", (ORION, Condition("fld_x", "is_empty"))), "This field no longer exists."),
    ],
)
def test_what_cannot_be_applied_is_refused_in_a_sentence(part: Part, problem: str) -> None:
    with pytest.raises(Invalid) as refused:
        check_parts((ORION, part), SCHEMA)
    assert str(refused.value).startswith(problem)


def test_groups_are_not_nested_without_end() -> None:
    part: Part = ORION
    for _ in range(20):
        part = Group("all", (part,))
    with pytest.raises(Invalid, match="nested too deeply"):
        check_parts((part,), SCHEMA)


def test_a_filter_has_only_so_many_conditions() -> None:
    with pytest.raises(Invalid, match="at most 500 conditions"):
        check_parts((Group("any", (ORION,) * 501),), SCHEMA)


def test_negating_operators_name_the_one_they_negate() -> None:
    for operators in OPERATORS.values():
        for operator in operators.values():
            assert not operator.negates or not operators[operator.negates].negates


# Sentences


@pytest.mark.parametrize(
    ("part", "said"),
    [
        (Condition("fld_stage", "is_any_of", ("w", "l", "x")), "Stage is any of Won, Lost, x"),
        (Condition("fld_stage", "is_empty"), "Stage is empty"),
        (ORION, "Name contains Orion"),
        (Condition("fld_amount", "between", (10, Decimal("2.5"))), "Amount is between 10 and 2.5"),
        (Condition("fld_day", "in_last", (30, "days")), "Close date is in the last 30 days"),
        (Condition("fld_day", "in_next", (1, "months")), "Close date is in the next month"),
        (Condition("fld_at", "before", "2024-01-02"), "Seen is before 2024-01-02"),
        (Condition("fld_hot", "is_false"), "Hot is Off"),
        (Condition("fld_owner", "is_any_of", ("u1", "u2")), "Owner is any of Ada, u2"),
        (Condition("fld_name", "is_any_of", tuple("abcdefgh")),
         "Name is any of a, b, c, d, e, f and 2 more"),
        (Condition("fld_gone", "not_equals", "x"), "fld_gone not equals x"),
        (linked(), "Account: has a link"),
        (linked(ORION, operator="has_no_link"), "Account: has no link where Name contains Orion"),
        (Group("any", (ORION, Group("all", (ORION, Condition("fld_hot", "is_true"))))),
         "Name contains Orion or (Name contains Orion and Hot is On)"),
        (Group("none", (ORION,)), "not (Name contains Orion)"),
    ],
)  # fmt: skip
def test_a_condition_reads_as_a_sentence(part: Part, said: str) -> None:
    assert sentence(part, SCHEMA, Formats.iso(), {"u1": "Ada"}) == said


# Days

LEAP = Calendar(UTC, 0, datetime(2024, 3, 31, 12, tzinfo=UTC))  # a Sunday


@pytest.mark.parametrize(
    ("operator", "value", "first", "last"),
    [
        ("today", None, "2024-03-31", "2024-03-31"),
        ("this_week", None, "2024-03-25", "2024-03-31"),
        ("this_month", None, "2024-03-01", "2024-03-31"),
        ("this_quarter", None, "2024-01-01", "2024-03-31"),
        ("this_year", None, "2024-01-01", "2024-12-31"),
        ("in_last", (1, "days"), "2024-03-31", "2024-03-31"),
        ("in_last", (30, "days"), "2024-03-02", "2024-03-31"),
        ("in_last", (2, "weeks"), "2024-03-18", "2024-03-31"),
        ("in_last", (1, "months"), "2024-03-01", "2024-03-31"),
        ("in_next", (1, "months"), "2024-03-31", "2024-04-29"),
        ("in_next", (7, "days"), "2024-03-31", "2024-04-06"),
        ("in_next", (13, "months"), "2024-03-31", "2025-04-29"),
    ],
)
def test_relative_dates_mean_these_days(operator: str, value: Any, first: str, last: str) -> None:
    days = days_of(operator, value, LEAP)
    assert [day.isoformat() for day in days] == [first, last]


def test_weeks_begin_when_they_do_where_the_person_lives() -> None:
    sundays = Calendar(UTC, 6, LEAP.now)
    assert days_of("this_week", None, sundays)[0] == date(2024, 3, 31)


def test_days_begin_by_the_person_s_clock_also_when_it_is_put_forward() -> None:
    berlin = Calendar(ZoneInfo("Europe/Berlin"), 0, LEAP.now)
    day = date(2024, 3, 31)
    assert start_of(day, berlin) == datetime(2024, 3, 30, 23, tzinfo=UTC)
    assert end_of(day, berlin) == datetime(2024, 3, 31, 22, tzinfo=UTC)
    assert end_of(date.max, berlin) is None
    assert start_of(date.min, berlin) is None
