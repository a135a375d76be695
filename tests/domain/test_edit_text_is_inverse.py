"""What is put into an editor and taken out again is the value that was there."""

import time
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crm_desktop.domain.errors import Invalid
from crm_desktop.domain.field_types import FIELD_TYPES, json_text, same_value, type_of
from tests.domain.values import ALL_FORMATS, BY_TYPE, GERMAN, ISO, json_values, make_field


def test_every_type_of_the_contract_is_tried() -> None:
    assert BY_TYPE.keys() == {*FIELD_TYPES, "unknown"}


@pytest.mark.parametrize("type_name", BY_TYPE)
@settings(max_examples=60, deadline=None)
@given(st.data())
def test_value_to_edit_text_to_value_is_the_identity(type_name: str, data: st.DataObject) -> None:
    field, value = data.draw(BY_TYPE[type_name])
    formats = data.draw(st.sampled_from(ALL_FORMATS))
    type_ = type_of(field.type)

    text = type_.edit_text(value, field, formats)

    assert same_value(type_.parse(text, field, formats), value), text
    assert type_.can_edit_as_text(value, field, formats)


@pytest.mark.parametrize("type_name", BY_TYPE)
@settings(max_examples=60, deadline=None)
@given(st.data())
def test_any_value_is_shown_and_only_equal_ones_come_back_from_an_editor(
    type_name: str, data: st.DataObject
) -> None:
    """Values of the wrong type, stored by others: nothing crashes, nothing is claimed falsely."""
    value = data.draw(json_values)
    field = make_field(type_name, data.draw(st.sampled_from([{}, {"allowMultiple": True}])))
    type_ = type_of(type_name)

    assert "\n" not in type_.display(value, field, ISO)
    type_.problem(value, field)
    if type_.can_edit_as_text(value, field, ISO):
        again = type_.parse(type_.edit_text(value, field, ISO), field, ISO)
        assert same_value(again, value)


@pytest.mark.parametrize(
    ("type_name", "value"),
    [("text", 5), ("number", "five"), ("date", 5), ("select", ["a"]), ("multiselect", {"a": 1}),
     ("boolean", 1), ("datetime", {"at": None}), ("currency", "5")],
)  # fmt: skip
def test_a_value_of_the_wrong_type_shows_as_json_and_is_not_edited_as_text(
    type_name: str, value: Any
) -> None:
    field, type_ = make_field(type_name), type_of(type_name)

    assert type_.display(value, field, ISO) == json_text(value)
    assert type_.problem(value, field) is not None
    assert not type_.can_edit_as_text(value, field, ISO)


@pytest.mark.parametrize("type_name", FIELD_TYPES)
@pytest.mark.parametrize("text", ["a\0b", "a\ud800b", '["a\0b"]', '{"name": "\\u0000"}'])
def test_characters_that_postgresql_refuses_are_refused_with_a_sentence(
    type_name: str, text: str
) -> None:
    field, type_ = make_field(type_name, {"allowCustom": True}), type_of(type_name)
    if text.startswith("{") and type_name not in {"file", "image"}:
        return  # plain characters there

    with pytest.raises(Invalid) as refusal:
        type_.parse(text, field, ISO)

    assert refusal.value.problems[field.id].endswith(".")


@pytest.mark.parametrize("type_name", BY_TYPE)
def test_very_long_texts_take_bounded_time(type_name: str) -> None:
    config = {"allowMultiple": True, "allowCustom": True, "options": ["a"], "trueLabel": "x"}
    field, type_ = make_field(type_name, config), type_of(type_name)
    begun = time.process_time()
    for unit in (
        " ",
        "\n",
        ",",
        '"',
        "9",
        "-",
        "a@",
        "[",
        '{"a":',
        '"",',
        "1,",
        " x",
        "0 ",
        "http:",
    ):
        text = unit * 100_000
        type_.problem(text, field)
        type_.display(text, field, ISO)
        with suppress(Invalid):
            type_.parse(text, field, ISO)
    assert time.process_time() - begun < 5


@pytest.mark.parametrize("value", ["2024-10-27T00:30:00Z", "2024-10-27T01:30:00Z"])
def test_the_hour_that_comes_twice_stays_the_one_it_was(value: str) -> None:
    field, type_ = make_field("datetime"), type_of("datetime")

    assert type_.parse(type_.edit_text(value, field, GERMAN), field, GERMAN) == value


@pytest.mark.parametrize("type_name", BY_TYPE)
@pytest.mark.parametrize("text", ["", " ", "\n"])
def test_no_text_is_no_value(type_name: str, text: str) -> None:
    field, type_ = make_field(type_name), type_of(type_name)

    assert same_value(type_.parse(text, field, ISO), None)
