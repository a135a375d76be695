"""What overrides change of a library field, and what a whole record must satisfy."""

import time
from decimal import Decimal
from typing import Any

import pytest

from crm_desktop.domain.field_types import (
    count_rule,
    default_values,
    merge_field,
    number_rule,
    primary_value,
    rule,
    type_of,
    validate_record,
)
from tests.domain.values import ISO, make_field


def field(type_: str = "text", *, id_: str = "fld_1", **more: Any) -> Any:
    return merge_field(id=id_, name=id_, label=id_, type=type_, **more)


@pytest.mark.parametrize(
    ("config", "overrides"),
    [
        ({"maxLength": 10}, {"maxLength": 5}),
        ({"maxLength": 10}, {"validation": {"maxLength": 5}}),
        ({"validation": {"maxLength": 10}}, {"maxLength": 5}),
        ({"validation": {"maxLength": 5}}, {}),
        ({"max_length": 5}, {"validation": "nonsense"}),
        ({"maxLength": "5"}, None),
    ],
)
def test_overrides_win_in_either_spelling(config: Any, overrides: Any) -> None:
    merged = field(config=config, overrides=overrides)

    assert count_rule(merged, "maxLength") == 5
    assert type_of("text").problem("123456", merged) is not None


def test_overrides_may_rename_explain_and_take_rules_away() -> None:
    merged = field(
        config={"max": 5, "default": 1, "placeholder": "old"},
        description="library",
        overrides={"label": "Ours", "description": "Help", "placeholder": "new", "max": None,
                   "default": 2},
    )  # fmt: skip

    assert (merged.label, merged.help, merged.placeholder, merged.default) == (
        "Ours", "Help", "new", 2,
    )  # fmt: skip
    assert number_rule(merged, "max") is None
    assert rule(field(config={"decimal_places": 3}), "decimals") == 3
    assert rule(field(config={"regex": "x"}), "pattern") == "x"


def test_a_catastrophic_pattern_takes_bounded_time() -> None:
    for pattern in (r"^(a+)+$", r"^(a|aa)+$", r"^(([a-z])+.)+[A-Z]([a-z])+$", r"(.*)*x",
                    r"(?:a{60000}){60000}", "(" * 900, r"a*a*a*a*a*b", r"(x+x+)+y"):  # fmt: skip
        slow = make_field("text", {"pattern": pattern})
        check = type_of("text").checker(slow)
        begun = time.perf_counter()
        for _ in range(100):
            check("a" * 60 + "!")
            check("x" * 5000)
        assert time.perf_counter() - begun < 2, pattern


def test_the_message_of_a_pattern_is_the_configs() -> None:
    config = {"validation": {"regex": r"^\p{Lu}+$", "regexMessage": "Capitals only."}}

    assert type_of("text").problem("abc", make_field("text", config)) == "Capitals only."
    assert type_of("text").problem("ÄBC", make_field("text", config)) is None


def test_a_record_lacks_required_values_and_has_wrong_ones() -> None:
    fields = [
        field(id_="fld_a", is_required=True),
        field("number", id_="fld_b"),
        field("multiselect", id_="fld_c", is_required=True),
        field("text", id_="fld_d", config={"minLength": 3}),
        field("boolean", id_="fld_e", is_required=True),
        field("datetime", id_="fld_system_created_at", is_required=True),
    ]

    problems = validate_record(
        fields, {"fld_a": " ", "fld_b": "5", "fld_c": [], "fld_d": "", "fld_e": False}
    )

    assert problems.keys() == {"fld_a", "fld_b", "fld_c"}


def test_defaults_that_would_be_refused_are_left_out() -> None:
    fields = [
        field(id_="fld_a", config={"default": "x"}),
        field("checkbox", id_="fld_b", config={"defaultValue": True}),
        field("number", id_="fld_c", config={"default": "many"}),
        field("currency", id_="fld_d", overrides={"default": Decimal("1.50")}),
        field("datetime", id_="fld_system_created_at", config={"default": "x"}),
    ]

    assert default_values(fields) == {"fld_a": "x", "fld_b": True, "fld_d": Decimal("1.50")}


def test_the_primary_value_is_the_first_text_in_layout_order() -> None:
    number, status = field("number", id_="fld_n"), field("select", id_="fld_s")
    name, mail = field(id_="fld_t"), field("email", id_="fld_m")
    owner = field("reference", id_="fld_r")
    fields = [number, owner, status, name, mail]

    assert primary_value(fields, {"fld_t": "Ada", "fld_m": "a@b.c", "fld_s": "open"}) == "Ada"
    assert primary_value(fields, {"fld_t": " ", "fld_m": "a@b.c", "fld_s": "open"}) == "a@b.c"
    assert primary_value(fields, {"fld_t": 5, "fld_s": "open", "fld_r": "rec_1"}) == "open"
    assert primary_value(fields, {"fld_n": 5, "fld_r": "rec_1"}) is None
    assert primary_value(fields, {"fld_t": "x" * 300}) == "x" * 255


def test_an_unknown_type_is_shown_and_kept() -> None:
    strange = make_field("hologram")

    assert type_of("hologram").display({"depth": 3}, strange, ISO) == '{"depth": 3}'
    assert type_of("hologram").problem({"depth": 3}, strange) is None
