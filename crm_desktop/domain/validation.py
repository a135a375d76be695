"""Checks whole records against the fields of their object, and finds their primary value."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from crm_desktop.domain.effective import EffectiveField
from crm_desktop.domain.field_type import Checker, FieldType, is_empty
from crm_desktop.domain.types_choice import TYPES as CHOICE_TYPES
from crm_desktop.domain.types_date import TYPES as DATE_TYPES
from crm_desktop.domain.types_link import TYPES as LINK_TYPES
from crm_desktop.domain.types_link import UNKNOWN
from crm_desktop.domain.types_number import TYPES as NUMBER_TYPES
from crm_desktop.domain.types_text import TYPES as TEXT_TYPES

MAX_PRIMARY_VALUE = 255
BLANKS = " \t\n\r\f\v"
"""What counts as blank for the primary value, here and in SQL's `btrim`."""
WITHOUT_NAMES = frozenset({"reference", "lookup", "file", "image"})
REQUIRED = "A value is required."

FIELD_TYPES: Mapping[str, FieldType] = {
    type_.name: type_
    for type_ in (*TEXT_TYPES, *NUMBER_TYPES, *DATE_TYPES, *CHOICE_TYPES, *LINK_TYPES)
}


def type_of(name: str) -> FieldType:
    """Return the field type of this name; names nobody here knows give the unknown type."""
    return FIELD_TYPES.get(name, UNKNOWN)


def validate_record(fields: Iterable[EffectiveField], values: Mapping[str, Any]) -> dict[str, str]:
    """Return what is wrong with a whole new record, by field id: types, rules, required fields.

    Read-only fields and unknown keys are the caller's business; system fields are passed over.
    """
    problems = {}
    for field in fields:
        value = values.get(field.id)
        problem = value_problem(field, value)
        if problem is not None and not is_column(field):
            problems[field.id] = problem
    return problems


def value_problem(field: EffectiveField, value: Any) -> str | None:
    """Say what is wrong with one value of one field, a missing required one included."""
    if is_empty(value):
        return REQUIRED if field.is_required else None
    return type_of(field.type).problem(value, field)


def value_checker(field: EffectiveField) -> Checker:
    """Return `value_problem` for many values of one field: its rules are worked out once."""
    check, empty = type_of(field.type).checker(field), REQUIRED if field.is_required else None

    def problem(value: Any) -> str | None:
        return empty if is_empty(value) else check(value)

    return problem


def default_values(fields: Iterable[EffectiveField]) -> dict[str, Any]:
    """Return the values a new record starts with; a default that would be refused is left out."""
    values = {}
    for field in fields:
        default = field.default
        if is_column(field) or default is None:
            continue
        if isinstance(default, float):
            continue
        if type_of(field.type).problem(default, field) is None:
            values[field.id] = default
    return values


def is_column(field: EffectiveField) -> bool:
    """Say whether the value is one of the record's own columns, and so nobody's to type."""
    return field.id in SYSTEM_COLUMNS


SYSTEM_COLUMNS: Mapping[str, str] = {
    "fld_system_created_at": "created_at",
    "fld_system_updated_at": "updated_at",
    "fld_system_created_by": "created_by",
    "fld_system_updated_by": "updated_by",
}
"""System fields whose values are columns of `records`; `fld_system_owner` is a key of `data`."""


def _own_column(id_: str, label: str) -> EffectiveField:
    name = SYSTEM_COLUMNS[id_]
    is_moment = name.endswith("_at")
    return EffectiveField(
        id=id_,
        name=name,
        label=label,
        type="datetime" if is_moment else "lookup",
        config={} if is_moment else {"lookupObject": "user"},
        is_visible=False,
        is_readonly=True,
        is_system_field=True,
    )


OWN_COLUMNS = (
    _own_column("fld_system_created_at", "Created at"),
    _own_column("fld_system_created_by", "Created by"),
    _own_column("fld_system_updated_at", "Updated at"),
    _own_column("fld_system_updated_by", "Updated by"),
)
"""The system fields that every record has, whether or not a layout holds them."""


def naming_fields(fields: Sequence[EffectiveField]) -> tuple[EffectiveField, ...]:
    """Return the fields that can give a record its primary value, in the order they are asked.

    Text-like fields (text, textarea, email, phone, url) in layout order, then the other fields
    whose value can be text (choices, dates, unknown types), but no ids, no files and no system
    fields. Hidden fields count: layout order does not depend on who looks.
    """
    own = [f for f in fields if f.id not in SYSTEM_COLUMNS and f.id != "fld_system_owner"]
    likely = [f for f in own if type_of(f.type).is_text_like]
    others = [f for f in own if not type_of(f.type).is_text_like and f.type not in WITHOUT_NAMES]
    return (*likely, *others)


def primary_value(fields: Sequence[EffectiveField], data: Mapping[str, Any]) -> str | None:
    """Return the text by which people know the record, as the contract defines it.

    The first of `naming_fields(fields)` with a text that is not blank gives its first 255
    characters. `db/expressions.py` says the same in SQL.
    """
    for field in naming_fields(fields):
        value = data.get(field.id)
        if isinstance(value, str) and value.strip(BLANKS):
            return value[:MAX_PRIMARY_VALUE]
    return None
