"""A field of a record as SQL that cannot fail, whatever JSON is stored under its key."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Boolean, Numeric, Text
from sqlalchemy.types import TypeEngine

from crm_desktop.db.additions import PRIMARY_VALUE_KEY
from crm_desktop.domain.field_types import SYSTEM_COLUMNS, EffectiveField, naming_fields, type_of
from crm_desktop.domain.validation import BLANKS, MAX_PRIMARY_VALUE

PRIMARY_VALUE = "primary_value"
"""Stands for a field's id where records are sorted by their name."""

# What is valid in `records.data`; anything else has no place in the order and comes last.
_DAY = "^[0-9]{4}-[0-9]{2}-[0-9]{2}"
_MOMENT = f"{_DAY}T[0-9]{{2}}[:][0-9]{{2}}([:][0-9]{{2}}([.][0-9]+)?)?(?=(Z|[+-]00([:]?00)?)?$)"


@dataclass
class Parameters:
    """Bound values of one statement, collected while its text is put together."""

    values: dict[str, Any] = field(default_factory=dict)

    def bind(self, value: Any, as_type: str = "text") -> str:
        """Return the placeholder for a value, the same one for the same text."""
        for name, known in self.values.items():
            if isinstance(value, str) and type(known) is str and known == value:
                return f"CAST(:{name} AS {as_type})"
        name = f"p{len(self.values)}"
        self.values[name] = value
        return f"CAST(:{name} AS {as_type})"


@dataclass(frozen=True, slots=True)
class SortKey:
    """One expression to order by, NULL where a record has no comparable value."""

    sql: str
    cast: str
    type: TypeEngine[Any]
    descending: bool = False


def sort_key(
    parameters: Parameters, field: EffectiveField, table: str, *, descending: bool
) -> SortKey:
    """Return how records of `table` are ordered by this field.

    Text is compared by its first 200 characters, in lower case; dates and moments as text in the
    C collation, where ISO 8601 sorts by time; ids of references as text.
    """
    if column := SYSTEM_COLUMNS.get(field.id):
        if column.endswith("_at"):
            return SortKey(f"{table}.{column}", "timestamptz", Text(), descending)
        return SortKey(f"CAST({table}.{column} AS text)", "text", Text(), descending)
    key = parameters.bind(field.id)
    value, text = f"{table}.data -> {key}", f"{table}.data ->> {key}"
    kind = type_of(field.type).kind
    if kind == "number":
        guarded = f"CASE WHEN jsonb_typeof({value}) = 'number' THEN CAST({text} AS numeric) END"
        return SortKey(guarded, "numeric", Numeric(), descending)
    if kind == "boolean":
        guarded = f"CASE WHEN jsonb_typeof({value}) = 'boolean' THEN CAST({text} AS boolean) END"
        return SortKey(guarded, "boolean", Boolean(), descending)
    if kind in {"date", "datetime"}:
        form = parameters.bind(f"({_DAY})$" if kind == "date" else f"({_MOMENT})")
        guarded = f'(substring({text} from {form})) COLLATE "C"'
        return SortKey(guarded, "text", Text(), descending)
    guarded = f"lower(left({text}, 200))"
    if kind == "text":
        guarded = f"CASE WHEN jsonb_typeof({value}) = 'string' THEN {guarded} END"
    return SortKey(guarded, "text", Text(), descending)


def name_key(table: str, *, descending: bool) -> SortKey:
    """Return how records are ordered by their name; the index of the additions serves it."""
    sql = PRIMARY_VALUE_KEY.replace("primary_value", f"{table}.primary_value")
    return SortKey(sql, "text", Text(), descending)


def primary_value_sql(
    parameters: Parameters, fields: Sequence[EffectiveField], data: str = "data"
) -> str:
    """Return `domain.validation.primary_value` as SQL over a `jsonb` expression."""
    blanks = parameters.bind(BLANKS)
    cases = []
    for each in naming_fields(fields):
        key = parameters.bind(each.id)
        text = f"{data} ->> {key}"
        cases.append(
            f"CASE WHEN jsonb_typeof({data} -> {key}) = 'string' AND btrim({text}, {blanks}) <> ''"
            f" THEN left({text}, {MAX_PRIMARY_VALUE}) END"
        )
    return f"COALESCE({', '.join(cases)})" if cases else "CAST(NULL AS text)"
