"""What each field type accepts, how it reads text, and how it shows values."""

from decimal import Decimal
from typing import Any

import pytest

from crm_desktop.domain.errors import Invalid
from crm_desktop.domain.field_types import (
    FIELD_TYPES,
    EffectiveField,
    Option,
    options_of,
    split_list,
    type_of,
)
from tests.domain.values import ENGLISH, FRENCH, GERMAN, ISO, make_field

COLORS = [
    {"value": "r", "label": "Red", "color": "#f00"},
    {"value": "g", "label": "Green"},
    {"value": "c", "label": "Cyan, or so"},
]


def parse(field: EffectiveField, text: str, formats: Any = ISO) -> Any:
    return type_of(field.type).parse(text, field, formats)


def problem(field: EffectiveField, value: Any) -> str | None:
    return type_of(field.type).problem(value, field)


def display(field: EffectiveField, value: Any, formats: Any = ISO) -> str:
    return type_of(field.type).display(value, field, formats)


def test_the_types_stand_in_the_contracts_order() -> None:
    assert " ".join(FIELD_TYPES) == (
        "text textarea email phone url number currency percentage date datetime boolean checkbox "
        "select radio multiselect reference lookup file image"
    )


@pytest.mark.parametrize(
    ("type_name", "config", "good", "bad"),
    [
        ("text", {"minLength": 2, "maxLength": 4}, ["ab", "äöüß"], ["a", "abcde", 5, True]),
        ("text", {"validation": {"regex": "^[A-Z]+$"}}, ["AB"], ["ab"]),
        ("text", {"pattern": "^[A-Z]+$"}, ["AB"], ["ab"]),
        ("email", {}, ["a@b.co", "ä+x@d.example"], ["a", "a@b", "a b@c.de", "a@b.c, d@e.f", ["a"]]),
        ("email", {"allowMultiple": True}, [["a@b.co"], "a@b.co, c@d.ef"], [["a"], [5], "a@b.c,"]),
        ("phone", {}, ["+44 20 7946 0958", "(0)30/123-4", "555 1234 x12"], ["abc", "1", "12#34#5"]),
        ("phone", {"allowExtension": False}, ["555 1234"], ["555 1234 ext. 12"]),
        ("url", {}, ["https://a.example/x", "a.example", "mailto:a@b.c"], ["x y", "javascript:1"]),
        ("url", {"requireProtocol": True}, ["http://localhost"], ["a.example"]),
        ("url", {"allowedProtocols": ["https"]}, ["https://a.b"], ["http://a.b", "ftp://a.b"]),
        ("number", {"min": 1, "max": "9.5"}, [1, Decimal("9.50")], [0, Decimal("9.51"), "5", True]),
        ("number", {"decimals": 1}, [1, Decimal("1.50")], [Decimal("1.55"), 1.5]),
        ("number", {"decimal_places": 0}, [1, Decimal("1.0")], [Decimal("1.5")]),
        ("number", {"validation": {"min": 5}}, [5], [4]),
        ("number", {}, [10**399], [10**400, Decimal("1E+5000"), Decimal("NaN")]),
        ("percentage", {}, [0, 100], [-1, 101]),
        ("percentage", {"max": 300}, [250], [301]),
        ("date", {"minDate": "2024-01-02"}, ["2024-01-02"], ["2024-01-01", "2024-02-30", "x", 5]),
        ("date", {"maxDate": "2024-01-02T00:00:00Z"}, ["2024-01-02"], ["2024-01-03"]),
        ("datetime", {}, ["2024-01-01T00:00:00Z", "2024-01-01T00:00:00.000Z",
                          "2024-01-01T00:00:00+00:00", "2024-01-01T00:00Z"],
         ["2024-01-01", "2024-01-01T00:00:00", "2024-01-01T00:00:00+01:00",
          "2024-13-01T00:00:00Z", "2024-01-01 00:00:00Z", 5]),
        ("boolean", {}, [True, False], [1, 0, "true"]),
        ("select", {"options": COLORS}, ["r"], ["Red", "x", 5, ["r"]]),
        ("select", {"options": COLORS, "allowCustom": True}, ["r", "x"], [5]),
        ("select", {"validation": {"options": ["a", "b"]}}, ["a"], ["c"]),
        ("multiselect", {"options": COLORS, "validation": {"minItems": 2, "maxItems": 2}},
         [["r", "g"]], [["r"], ["r", "g", "c"], ["r", "x"], "r"]),
        ("reference", {}, ["rec_1"], [["rec_1"], 5]),
        ("reference", {"allowMultiple": True}, ["rec_1", ["rec_1", "rec_2"]], [[5], {}]),
        ("file", {"allowedExtensions": [".pdf"], "maxSize": 5},
         [{"name": "a.PDF", "size": 5 * 2**20}, [{"name": "a.pdf"}]],
         [{"name": "a.exe"}, {"name": "a.pdf", "size": 6 * 2**20}, {"size": 1}, "a.pdf", ["a"]]),
        ("image", {"allowedFormats": ["png"]}, [{"name": "a.png"}], [{"name": "a.pdf"}]),
        ("hologram", {"min": 3}, [1, "x", {"a": []}], ["\0", {"a\0": 1}]),
    ],
)  # fmt: skip
def test_values_are_checked_against_the_config(
    type_name: str, config: Any, good: list[Any], bad: list[Any]
) -> None:
    field = make_field(type_name, config)

    assert {repr(value): problem(field, value) for value in good if problem(field, value)} == {}
    assert [value for value in bad if problem(field, value) is None] == []
    for value in bad:
        assert str(problem(field, value)).endswith((".", "://", ":"))


@pytest.mark.parametrize("type_name", FIELD_TYPES)
@pytest.mark.parametrize(
    "config",
    [
        None, [], "x", {"validation": 5}, {"options": 5}, {"options": [None, 5, [], {"x": 1}]},
        {"min": "x", "max": [], "minLength": "?", "maxLength": -1, "decimals": 10**30},
        {"min": 9, "max": 1, "minLength": 9, "maxLength": 1, "minDate": "z", "maxDate": 5},
        {"minItems": 3, "maxItems": 1, "currency": 5, "symbol": [], "trueLabel": 1},
        {"pattern": "([", "allowedProtocols": 5, "allowedExtensions": {}, "maxSize": "big"},
        {"pattern": 5, "regexMessage": 5, "allowMultiple": "yes", "allowCustom": []},
        {"trueLabel": "Same", "falseLabel": "same", "targetObjectId": 5, "lookupObject": []},
    ],
)  # fmt: skip
def test_a_config_of_nonsense_breaks_nothing(type_name: str, config: Any) -> None:
    field, type_ = make_field(type_name, config, overrides=config), type_of(type_name)
    samples = [None, "x", 5, Decimal("5.5"), True, [], ["x"], {}, {"name": "x"}]

    for value in samples:
        type_.problem(value, field)
        type_.display(value, field, ENGLISH)
        type_.can_edit_as_text(value, field, ENGLISH)
    if type_name in {"text", "textarea"}:
        assert problem(field, "x") is None


@pytest.mark.parametrize(
    ("type_name", "config", "formats", "text", "value"),
    [
        ("number", {}, GERMAN, "1.234,50", Decimal("1234.50")),
        ("number", {"prefix": "No."}, ENGLISH, "No. 5", 5),
        ("currency", {"currency": "USD"}, ENGLISH, "$1,234.50", Decimal("1234.50")),
        ("currency", {"currency": "USD"}, ENGLISH, "-$5", -5),
        ("currency", {"currency": "USD"}, ENGLISH, "($5)", -5),
        ("currency", {"currency": "USD"}, ENGLISH, "5 usd", 5),
        ("currency", {"currency": "EUR"}, GERMAN, "1.234,50 €", Decimal("1234.50")),
        ("currency", {"symbol": "kr"}, FRENCH, "5 kr", 5),
        ("currency", {}, ENGLISH, "£5", 5),
        ("percentage", {}, ENGLISH, "50%", 50),
        ("percentage", {}, FRENCH, "12,5 %", Decimal("12.5")),
        ("date", {}, GERMAN, "5.3.2024", "2024-03-05"),
        ("date", {}, ENGLISH, "2024-03-05T00:00:00.000Z", "2024-03-05"),
        ("datetime", {}, GERMAN, "5.3.2024 12:00", "2024-03-05T11:00:00Z"),
        ("datetime", {}, GERMAN, "2024-03-05T11:00:00.000Z", "2024-03-05T11:00:00.000Z"),
        ("datetime", {}, GERMAN, "2024-03-05T11:00:00+02:00", "2024-03-05T09:00:00Z"),
        ("boolean", {}, ENGLISH, "YES", True),
        ("boolean", {}, ENGLISH, " off ", False),
        ("boolean", {"trueLabel": "Aktiv", "falseLabel": "Ruhend"}, GERMAN, "ruhend", False),
        ("boolean", {"trueLabel": "No", "falseLabel": "Yes"}, ENGLISH, "yes", False),
        ("select", {"options": COLORS}, ENGLISH, "Red", "r"),
        ("select", {"options": COLORS}, ENGLISH, " green", "g"),
        ("select", {"options": COLORS}, ENGLISH, "R", "r"),
        ("multiselect", {"options": COLORS}, ENGLISH, "Red; green\nc", ["r", "g", "c"]),
        ("multiselect", {"options": COLORS}, ENGLISH, 'Red, "Cyan, or so"', ["r", "c"]),
        ("multiselect", {"options": COLORS}, ENGLISH, "Cyan, or so", ["c"]),
        ("reference", {"allowMultiple": True}, ENGLISH, "rec_1, rec_2", ["rec_1", "rec_2"]),
        ("email", {"allowMultiple": True}, ENGLISH, "a@b.c; d@e.f", ["a@b.c", "d@e.f"]),
        ("text", {}, ENGLISH, "  as typed ", "  as typed "),
        ("hologram", {}, ENGLISH, "hello", "hello"),
        ("hologram", {}, ENGLISH, '{"a": 1.50}', {"a": Decimal("1.50")}),
    ],
)  # fmt: skip
def test_what_people_type_becomes_a_value(
    type_name: str, config: Any, formats: Any, text: str, value: Any
) -> None:
    read = parse(make_field(type_name, config), text, formats)

    assert (type(read), repr(read)) == (type(value), repr(value))


@pytest.mark.parametrize(
    ("type_name", "config", "text"),
    [
        ("number", {}, "five"), ("number", {}, "50%"), ("number", {}, "$5"), ("number", {}, "NaN"),
        ("currency", {"currency": "EUR"}, "$5"), ("currency", {"currency": "USD"}, "5 EUR"),
        ("date", {}, "2024-03-05 10:30"), ("date", {}, "yesterday"), ("datetime", {}, "noon"),
        ("boolean", {}, "maybe"), ("select", {"options": COLORS}, "Blue"),
        ("multiselect", {"options": COLORS}, "Red, Blue"), ("file", {}, "a.pdf"),
        ("file", {}, '"a.pdf"'),
    ],
)  # fmt: skip
def test_what_has_no_meaning_is_refused_in_a_sentence(
    type_name: str, config: Any, text: str
) -> None:
    with pytest.raises(Invalid) as refusal:
        parse(make_field(type_name, config), text, ENGLISH)

    assert refusal.value.problems["fld_1"].endswith(".")


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("a, b;c\nd\r\ne", ["a", "b", "c", "d", "e"]),
        ('"a, b"; "c ""d"" e" ,f', ["a, b", 'c "d" e', "f"]),
        ('a "b, c', ['a "b', "c"]),
        ('"a"b, " c "', ['"a"b', " c "]),
        (", ;\n ", []),
        ('"' + "x" * 200_000 + '",y', ["x" * 200_000, "y"]),
    ],
)
def test_lists_are_cut_outside_quotes(text: str, parts: list[str]) -> None:
    assert split_list(text) == parts


def test_an_exact_option_value_wins_over_a_label() -> None:
    swapped = [{"value": "a", "label": "b"}, {"value": "b", "label": "a"}]
    field = make_field("select", {"options": swapped})

    assert [parse(field, "a"), parse(field, "b")] == ["a", "b"]
    assert type_of("select").edit_text("a", field, ISO) == "a"


def test_an_ambiguous_label_is_refused_and_an_exact_one_is_not() -> None:
    twice = [{"value": "1", "label": "Open"}, {"value": "2", "label": "Open"}]
    field = make_field("select", {"options": [*twice, {"value": "3", "label": "OPEN"}]})

    assert parse(field, "OPEN") == "3"
    for text in ("Open", "open"):
        with pytest.raises(Invalid, match="Several options"):
            parse(field, text)


def test_options_are_read_from_any_shape() -> None:
    field = make_field("select", {"options": ["a", 5, {"value": "b"}, {"label": "C"}, None, {}]})

    assert options_of(field) == (
        Option("a", "a"), Option("5", "5"), Option("b", "b"), Option("C", "C"),
    )  # fmt: skip
    assert options_of(make_field("select", {"options": COLORS}))[0] == Option("r", "Red", "#f00")


@pytest.mark.parametrize(
    ("type_name", "config", "formats", "value", "text"),
    [
        ("currency", {"currency": "USD"}, ENGLISH, Decimal("-1234.5"), "-$1,234.50"),
        ("currency", {"currency": "CHF"}, ISO, 5, "CHF\u00a05.00"),
        ("currency", {"currency": "JPY"}, ENGLISH, 5000, "¥5,000"),
        ("currency", {"currency": "EUR", "decimals": 0}, GERMAN, Decimal("1.25"), "€1,25"),
        ("percentage", {}, ENGLISH, 50, "50%"),
        ("number", {"decimals": 2}, GERMAN, 1234, "1.234,00"),
        ("date", {}, GERMAN, "2024-03-05", "05.03.2024"),
        ("datetime", {}, GERMAN, "2024-03-05T11:00:00Z", "05.03.2024 12:00"),
        ("datetime", {}, GERMAN, "2024-03-05T11:00:00", "05.03.2024 12:00"),
        ("boolean", {}, ENGLISH, True, "Yes"),
        ("checkbox", {"falseLabel": "Off"}, ENGLISH, False, "Off"),
        ("select", {"options": COLORS}, ENGLISH, "r", "Red"),
        ("select", {"options": COLORS}, ENGLISH, "gone", "gone"),
        ("multiselect", {"options": COLORS}, ENGLISH, ["r", "c"], "Red, Cyan, or so"),
        ("file", {}, ENGLISH, [{"name": "a.pdf"}, {"name": "b.pdf"}], "a.pdf, b.pdf"),
        ("text", {}, ENGLISH, "two\nlines", "two lines"),
        ("text", {}, ENGLISH, None, ""),
        ("hologram", {}, ENGLISH, {"a": Decimal("1.50")}, '{"a": 1.50}'),
    ],
)  # fmt: skip
def test_values_are_shown_short_in_the_persons_way(
    type_name: str, config: Any, formats: Any, value: Any, text: str
) -> None:
    assert display(make_field(type_name, config), value, formats) == text
