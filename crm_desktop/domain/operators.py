"""What a field's value can be compared with: the operators of each kind of field."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Literal

from crm_desktop.domain.field_types import (
    SYSTEM_COLUMNS,
    EffectiveField,
    is_user_field,
    type_of,
)

Comparison = Literal[
    "text", "choice", "number", "boolean", "date", "moment", "choices", "reference", "user", "none"
]
"""How the values of a field are compared; a finer division than `FieldType.kind`."""
LISTED: frozenset[Comparison] = frozenset(
    {"text", "choice", "number", "date", "choices", "reference", "user", "boolean"}
)
"""The kinds of fields whose distinct values are worth a list; moments hardly ever repeat."""


class Operand(Enum):
    """What an operator is given to compare with."""

    NOTHING = "nothing"
    ONE = "one"
    SEVERAL = "several"
    RANGE = "range"
    SPAN = "span"  # a count and a unit: (30, "days")


@dataclass(frozen=True, slots=True)
class Operator:
    """`words` stand between a field's label and the value: “Stage is any of Won, Lost”.

    One that `negates` another holds wherever the other does not, also where nothing is stored.
    """

    name: str
    words: str
    operand: Operand
    negates: str = ""
    is_offered: bool = True  # others are understood in stored views, and kept


UNITS = ("days", "weeks", "months")
MOST_UNITS = 10_000
PERIODS = ("today", "this_week", "this_month", "this_quarter", "this_year")

_ONE, _SEVERAL, _NOTHING = Operand.ONE, Operand.SEVERAL, Operand.NOTHING
_EMPTY = (
    Operator("is_empty", "is empty", _NOTHING),
    Operator("is_not_empty", "is not empty", _NOTHING, negates="is_empty"),
)
_EQUAL = (
    Operator("equals", "is", _ONE),
    Operator("not_equals", "is not", _ONE, negates="equals"),
)
_ANY_OF = (
    Operator("is_any_of", "is any of", _SEVERAL),
    Operator("is_none_of", "is none of", _SEVERAL, negates="is_any_of"),
)
_EQUAL_UNOFFERED = tuple(
    Operator(each.name, each.words, each.operand, each.negates, is_offered=False) for each in _EQUAL
)
_TEXT = (
    Operator("contains", "contains", _ONE),
    Operator("not_contains", "does not contain", _ONE, negates="contains"),
    *_EQUAL,
    Operator("starts_with", "starts with", _ONE),
    Operator("ends_with", "ends with", _ONE),
    *_ANY_OF,
    *_EMPTY,
)
_NUMBER = (
    *_EQUAL,
    Operator("less", "is less than", _ONE),
    Operator("at_most", "is at most", _ONE),
    Operator("greater", "is greater than", _ONE),
    Operator("at_least", "is at least", _ONE),
    Operator("between", "is between", Operand.RANGE),
    *_ANY_OF,
    *_EMPTY,
)
_DATE = (
    *_EQUAL,
    Operator("before", "is before", _ONE),
    Operator("on_or_before", "is on or before", _ONE),
    Operator("after", "is after", _ONE),
    Operator("on_or_after", "is on or after", _ONE),
    Operator("between", "is between", Operand.RANGE),
    Operator("today", "is today", _NOTHING),
    Operator("this_week", "is this week", _NOTHING),
    Operator("this_month", "is this month", _NOTHING),
    Operator("this_quarter", "is this quarter", _NOTHING),
    Operator("this_year", "is this year", _NOTHING),
    Operator("in_last", "is in the last", Operand.SPAN),
    Operator("in_next", "is in the next", Operand.SPAN),
    *_ANY_OF,
    *_EMPTY,
)
_BOOLEAN = (
    Operator("is_true", "is yes", _NOTHING),
    Operator("is_false", "is no", _NOTHING),
    *_EQUAL_UNOFFERED,
    *_EMPTY,
)
_CHOICES = (
    Operator("has_any_of", "has any of", _SEVERAL),
    Operator("has_all_of", "has all of", _SEVERAL),
    Operator("has_none_of", "has none of", _SEVERAL, negates="has_any_of"),
    *_EQUAL_UNOFFERED,
    *_EMPTY,
)
_REFERENCE = (*_ANY_OF, *_EQUAL_UNOFFERED, *_EMPTY)
_USER = (
    Operator("is_me", "is me", _NOTHING),
    Operator("is_not_me", "is not me", _NOTHING, negates="is_me"),
    *_REFERENCE,
)

_BY_KIND: Mapping[Comparison, tuple[Operator, ...]] = {
    "text": _TEXT,
    "choice": (*_ANY_OF, *_EQUAL, *_EMPTY),
    "number": _NUMBER,
    "boolean": _BOOLEAN,
    "date": _DATE,
    "moment": _DATE,
    "choices": _CHOICES,
    "reference": _REFERENCE,
    "user": _USER,
    "none": _EMPTY,
}
OPERATORS: Mapping[Comparison, Mapping[str, Operator]] = {
    kind: {operator.name: operator for operator in operators}
    for kind, operators in _BY_KIND.items()
}
LINK_WORDS: Mapping[str, str] = {"has_link": "has a link", "has_no_link": "has no link"}


def comparison_of(field: EffectiveField) -> Comparison:
    """Return how the field's values are compared."""
    if column := SYSTEM_COLUMNS.get(field.id):
        return "moment" if column.endswith("_at") else "user"
    if field.type in {"select", "radio"}:
        return "choice"
    if is_user_field(field):
        return "user"
    by_kind: dict[str, Comparison] = {
        "text": "text",
        "number": "number",
        "boolean": "boolean",
        "date": "date",
        "datetime": "moment",
        "list": "choices",
        "reference": "reference",
    }
    return by_kind.get(type_of(field.type).kind, "none")


def operators_of(field: EffectiveField) -> Mapping[str, Operator]:
    """Return the operators of a field by name, in the order in which they are offered."""
    return OPERATORS[comparison_of(field)]
