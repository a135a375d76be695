"""What becomes of values when their field gets another type, for each pair of types."""

from itertools import groupby
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from crm_desktop.domain.field_types import value_problem
from crm_desktop.domain.formats import Formats
from crm_desktop.domain.json_edits import same_json
from crm_desktop.domain.json_text import json_text
from crm_desktop.domain.type_conversion import Conversion, Fate, Known, converter
from tests.domain.awkward import TYPES, VALUES, field_of

LISTED = Path(__file__).with_name("type_conversions.txt")
FORMATS = Formats(time_zone=ZoneInfo("Europe/Berlin"))
SIGNS = {Fate.EMPTY: ".", Fate.CLEAN: "+", Fate.LOSSY: "~", Fate.FAILED: "x"}


def convert(old: str, new: str, value: Any, known: Known | None = None) -> Conversion:
    return converter(field_of(old), field_of(new), FORMATS, known or Known())(value)


def sign(old: str, new: str, value: Any) -> str:
    made = convert(old, new, value)
    is_same = made.fate is Fate.CLEAN and same_json(value, made.value)
    return "=" if is_same else SIGNS[made.fate]


def table() -> str:
    """Return the fates of all values for each pair; types that share a line follow each other."""
    lines = ["= stays as it is   + converts   ~ loses something   x keeps the old value   . empty"]
    lines += [f"{number:3}  {json_text(value)[:60]}" for number, value in enumerate(VALUES)]
    for new in TYPES:
        rows = [(old, "".join(sign(old, new, value) for value in VALUES)) for old in TYPES]
        rows = sorted((row for row in rows if row[0] != new), key=lambda row: row[1])
        lines.append(f"\nto {new}")
        for signs, group in groupby(rows, key=lambda row: row[1]):
            lines.append(f"  {signs}  from {', '.join(old for old, _ in group)}")
    return "\n".join(lines) + "\n"


def test_what_becomes_of_each_awkward_value_for_each_pair_of_types_is_as_listed() -> None:
    assert table() == LISTED.read_text(encoding="utf-8")


def test_all_that_converts_would_be_accepted_if_somebody_typed_it() -> None:
    for old in TYPES:
        for new in TYPES:
            for value in VALUES:
                made = convert(old, new, value)
                if made.fate is Fate.FAILED:
                    assert made.value is value, (old, new, value)
                    assert made.reason
                else:
                    assert value_problem(field_of(new), made.value) is None, (old, new, value)
                assert (made.fate is Fate.LOSSY) <= bool(made.reason)


@pytest.mark.parametrize(
    ("old", "new", "value", "expected"),
    [
        ("text", "number", "1,234.50", "1234.50"),
        ("text", "number", "\u0661\u0662", None),  # no digits that anybody types by mistake
        ("number", "text", 42, '"42"'),
        ("select", "text", "won", '"Won"'),
        ("text", "select", "WON", '"won"'),
        ("select", "multiselect", "won", '["won"]'),
        ("multiselect", "text", ["won", "lost"], '"Won, \\"Lost, alas\\""'),
        ("multiselect", "select", ["won", "42"], '~ "won"'),
        ("date", "datetime", "2024-02-29", '"2024-02-28T23:00:00Z"'),
        ("datetime", "date", "2024-02-28T23:00:00Z", '"2024-02-29"'),
        ("datetime", "date", "2024-02-29T12:00:00Z", '~ "2024-02-29"'),
        ("text", "date", "2024-02-29T23:30:00-05:00", '~ "2024-03-01"'),
        ("text", "date", "2024-02-30", None),
        ("text", "datetime", "2024-02-29T23:30:00+02:00", '"2024-02-29T21:30:00Z"'),
        ("boolean", "number", True, "1"),
        ("number", "boolean", 0, "false"),
        ("number", "boolean", 2, None),
        ("boolean", "text", False, '"Non"'),
        ("number", "percentage", 150, None),  # a rule of the type itself
        ("file", "url", {"name": "a", "url": "https://a.example/a"}, '~ "https://a.example/a"'),
        ("text", "file", '{"name": "a"}', '{"name": "a"}'),
        ("email", "text", ["a@example.com", "b@example.com"], '"a@example.com, b@example.com"'),
    ],
)
def test_a_value_becomes(old: str, new: str, value: Any, expected: str | None) -> None:
    made = convert(old, new, value)
    lost = "~ " if made.fate is Fate.LOSSY else ""
    found = None if made.fate is Fate.FAILED else lost + json_text(made.value)
    assert found == expected


def test_references_and_names_become_each_other_where_the_database_knows_them() -> None:
    known = Known({"rec_1": "Acme"}, {"Acme": "rec_1"})
    assert convert("reference", "text", "rec_1", known) == Conversion(
        Fate.LOSSY, "Acme", "The name stays; the link to the record is lost."
    )
    assert convert("reference", "text", "rec_2", known).value == "rec_2"
    assert convert("text", "lookup", "Acme", known).value == "rec_1"
