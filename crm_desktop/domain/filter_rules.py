"""Checks conditions against the fields there are, and says them as sentences."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from crm_desktop.domain.errors import Invalid
from crm_desktop.domain.field_types import (
    EffectiveField,
    boolean_labels,
    is_day,
    is_moment,
    storage_problem,
    type_of,
)
from crm_desktop.domain.filters import Condition, Group, LinkCondition, Part
from crm_desktop.domain.formats import HUGE, Formats
from crm_desktop.domain.operators import (
    LINK_WORDS,
    MOST_UNITS,
    UNITS,
    Comparison,
    Operand,
    Operator,
    comparison_of,
    operators_of,
)

MOST_DEPTH = 10
MOST_VALUES = 1000
MOST_PARTS = 500
_LONGEST_LIST = 6  # values that a chip names
_LONGEST_VALUE = 60
FIELD_IS_GONE = "This field no longer exists."
RELATIONSHIP_IS_GONE = "This relationship no longer exists."


@dataclass(frozen=True, slots=True)
class LinkedSide:
    """What one side of a relationship leads to, and how it is called there."""

    label: str
    object_id: str
    fields: Mapping[str, EffectiveField]


@dataclass(frozen=True, slots=True)
class FilterSchema:
    """All that conditions on one object's records can speak of.

    `sides` is keyed by the relationship's id and whether the object is its *from* side.
    """

    fields: Mapping[str, EffectiveField]
    sides: Mapping[tuple[str, bool], LinkedSide]

    def linked(self, condition: LinkCondition) -> "FilterSchema":
        """Return the schema of the condition's `where`: the linked object's fields alone."""
        return FilterSchema(self.sides[condition.relationship_id, condition.is_from].fields, {})


# --- checks ------------------------------------------------------------------------------------


def check_parts(parts: tuple[Part, ...], schema: FilterSchema) -> None:
    """Raise Invalid for "conditions" with the first thing that is wrong."""
    if count_leaves(parts) > MOST_PARTS:
        raise Invalid({"conditions": f"A filter can have at most {MOST_PARTS:,} conditions."})
    for part in parts:
        if problem := part_problem(part, schema):
            raise Invalid({"conditions": problem})


def count_leaves(parts: tuple[Part, ...]) -> int:
    """Count the comparisons, those of linked records included."""
    count = 0
    for part in parts:
        if isinstance(part, Group):
            count += count_leaves(part.parts)
        elif isinstance(part, LinkCondition) and part.where is not None:
            count += count_leaves((part.where,))
        else:
            count += 1
    return count


def part_problem(part: Part, schema: FilterSchema, depth: int = 1) -> str | None:
    """Say in a sentence why a part cannot be applied, or None."""
    if depth > MOST_DEPTH:
        return "The groups of this filter are nested too deeply."
    if isinstance(part, Group):
        if part.kind not in {"all", "any", "none"}:
            return "A group must ask for all, any or none of its conditions."
        problems = (part_problem(each, schema, depth + 1) for each in part.parts)
        return next(filter(None, problems), None)
    if isinstance(part, LinkCondition):
        return _link_problem(part, schema, depth)
    return _condition_problem(part, schema)


def _link_problem(part: LinkCondition, schema: FilterSchema, depth: int) -> str | None:
    if part.operator not in LINK_WORDS:
        return f"The operator “{part.operator}” is not known."
    if (part.relationship_id, part.is_from) not in schema.sides:
        return RELATIONSHIP_IS_GONE
    if part.where is None:
        return None
    return part_problem(part.where, schema.linked(part), depth + 1)


def _condition_problem(condition: Condition, schema: FilterSchema) -> str | None:
    field = schema.fields.get(condition.field_id)
    if field is None:
        return FIELD_IS_GONE
    operator = operators_of(field).get(condition.operator)
    if operator is None:
        return f"The operator “{condition.operator}” does not fit the field “{field.label}”."
    if problem := _value_problem(condition.value, operator, comparison_of(field)):
        return f"{field.label}: {problem}"
    return None


def _value_problem(value: Any, operator: Operator, kind: Comparison) -> str | None:
    check = _CHECKS[kind]
    if operator.operand is Operand.NOTHING:
        return None
    if operator.operand is Operand.ONE:
        if kind == "choices" and isinstance(value, tuple | list):
            return _several_problem(value, check)
        return check(value)
    if operator.operand is Operand.SEVERAL:
        return _several_problem(value, check)
    if not isinstance(value, tuple | list) or len(value) != 2:
        return "Enter both values."
    if operator.operand is Operand.RANGE:
        return check(value[0]) or check(value[1])
    return _span_problem(*value)


def _several_problem(value: Any, check: Callable[[Any], str | None]) -> str | None:
    if not isinstance(value, tuple | list) or not value:
        return "Choose at least one value."
    if len(value) > MOST_VALUES:
        return f"Choose at most {MOST_VALUES:,} values."
    return next(filter(None, map(check, value)), None)


def _span_problem(count: Any, unit: Any) -> str | None:
    if unit not in UNITS:
        return "Choose days, weeks or months."
    if type(count) is not int or not 1 <= count <= MOST_UNITS:
        return f"Enter a whole number from 1 to {MOST_UNITS:,}."
    return None


def _text_problem(value: Any) -> str | None:
    if not isinstance(value, str) or not value:
        return "Enter a text."
    return storage_problem(value)


def _number_problem(value: Any) -> str | None:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return "Enter a number."
    if isinstance(value, Decimal) and not value.is_finite():
        return "Enter a number."
    return None if -HUGE < value < HUGE else "This number has too many digits."


def _boolean_problem(value: Any) -> str | None:
    return None if isinstance(value, bool) else "Choose yes or no."


def _day_problem(value: Any) -> str | None:
    return None if is_day(value) else "Enter a date."


def _moment_problem(value: Any) -> str | None:
    return None if is_day(value) or is_moment(value) else "Enter a date."


def _choice_problem(value: Any) -> str | None:
    if not isinstance(value, str) or not value:
        return "Choose a value."
    return storage_problem(value)


_CHECKS: Mapping[Comparison, Callable[[Any], str | None]] = {
    "text": _text_problem,
    "choice": _choice_problem,
    "number": _number_problem,
    "boolean": _boolean_problem,
    "date": _day_problem,
    "moment": _moment_problem,
    "choices": _choice_problem,
    "reference": _choice_problem,
    "user": _choice_problem,
    "none": _choice_problem,
}


# --- sentences ---------------------------------------------------------------------------------


def sentence(
    part: Part, schema: FilterSchema, formats: Formats, names: Mapping[str, str] | None = None
) -> str:
    """Return what a part asks for: “Stage is any of Won, Lost”; `names` tells ids of records.

    Also for a part that cannot be applied (any more), as well as that can be said.
    """
    known = names or {}
    if isinstance(part, Group):
        inner = [sentence(each, schema, formats, known) for each in part.parts]
        return _group_sentence(part, inner)
    if isinstance(part, LinkCondition):
        return _link_sentence(part, schema, formats, known)
    field = schema.fields.get(part.field_id)
    if field is None:
        value = _cut(part.value) if isinstance(part.value, str) else ""
        return " ".join(filter(None, [part.field_id, part.operator.replace("_", " "), value]))
    operator = operators_of(field).get(part.operator)
    if operator is None:
        return f"{field.label} {part.operator.replace('_', ' ')}"
    words = _boolean_words(field, operator)
    value = _value_words(part.value, operator, field, formats, known)
    return " ".join(filter(None, [field.label, words, value]))


def _group_sentence(group: Group, inner: list[str]) -> str:
    parts = [
        f"({text})" if isinstance(part, Group) and len(part.parts) > 1 else text
        for part, text in zip(group.parts, inner, strict=True)
    ]
    if group.kind == "none":
        return f"not ({' or '.join(parts)})"
    return (" and " if group.kind == "all" else " or ").join(parts) or "no condition"


def _link_sentence(
    part: LinkCondition, schema: FilterSchema, formats: Formats, names: Mapping[str, str]
) -> str:
    side = schema.sides.get((part.relationship_id, part.is_from))
    label = side.label if side else part.relationship_id
    words = LINK_WORDS.get(part.operator, part.operator)
    if part.where is None or side is None:
        return f"{label}: {words}"
    return f"{label}: {words} where {sentence(part.where, schema.linked(part), formats, names)}"


def _boolean_words(field: EffectiveField, operator: Operator) -> str:
    if operator.name in {"is_true", "is_false"}:
        true, false = boolean_labels(field)
        return f"is {true if operator.name == 'is_true' else false}"
    return operator.words


def _value_words(
    value: Any,
    operator: Operator,
    field: EffectiveField,
    formats: Formats,
    names: Mapping[str, str],
) -> str:
    def one(each: Any) -> str:
        text = names.get(each, "") if isinstance(each, str) else ""
        return _cut(text or value_text(each, field, formats))

    if operator.operand is Operand.NOTHING:
        return ""
    if isinstance(value, tuple | list):
        if operator.operand is Operand.RANGE:
            return " and ".join(map(one, value))
        if operator.operand is Operand.SPAN and len(value) == 2:
            return _span_words(*value)
        rest = len(value) - _LONGEST_LIST
        shown = ", ".join(map(one, value[:_LONGEST_LIST]))
        return f"{shown} and {rest} more" if rest > 0 else shown
    return one(value)


def _span_words(count: Any, unit: Any) -> str:
    return f"{str(unit).removesuffix('s')}" if count == 1 else f"{count} {unit}"


def value_text(value: Any, field: EffectiveField, formats: Formats) -> str:
    """Return one value of a condition as a list shows it."""
    if comparison_of(field) == "choices" and isinstance(value, str):
        value = [value]
    if comparison_of(field) == "moment" and is_day(value):
        return formats.iso_date_text(value)
    return type_of(field.type).display(value, field, formats)


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST_VALUE else f"{text[: _LONGEST_VALUE - 1]}…"
