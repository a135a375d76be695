"""A field of a record as SQL that cannot fail, whatever JSON is stored under its key."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from psycopg import sql
from sqlalchemy import Boolean, Numeric, Text
from sqlalchemy.types import TypeEngine
from typing_extensions import override

from crm_desktop.db.additions import PRIMARY_VALUE_KEY
from crm_desktop.domain.field_types import (
    SYSTEM_COLUMNS,
    EffectiveField,
    is_user_field,
    naming_fields,
    options_of,
    type_of,
)
from crm_desktop.domain.validation import BLANKS, MAX_PRIMARY_VALUE

PRIMARY_VALUE = "primary_value"
"""Stands for a field's id where records are sorted by their name."""

# What is valid in `records.data`; anything else has no place in the order and comes last.
_DAY = "^[0-9]{4}-[0-9]{2}-[0-9]{2}"
_TIME = f"{_DAY}T[0-9]{{2}}[:][0-9]{{2}}([:][0-9]{{2}}([.][0-9]+)?)?"
_MOMENT = f"{_TIME}(?=(Z|[+-]00([:]?00)?)?$)"

# Longer values would not fit into an index, and everybody's writing them would fail.
LONGEST_NUMBER = 1000  # digits; of integers still longer ones the first digits are compared
_LONGEST_MOMENT = 64


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


class Literals(Parameters):
    """Writes values into the statement as literals, where none can be bound: into DDL."""

    @override
    def bind(self, value: Any, as_type: str = "text") -> str:
        return f"CAST({sql.Literal(value).as_string(None).strip()} AS {as_type})"


@dataclass(frozen=True, slots=True)
class SortKey:
    """One expression to order by, NULL where a record has no comparable value.

    `is_indexed`: an index on (object_id, this, id) exists; `id_follows`: its id runs as the key
    does, otherwise against it.
    """

    sql: str
    cast: str
    type: TypeEngine[Any]
    descending: bool = False
    never_null: bool = False
    is_indexed: bool = False
    id_follows: bool = False


def newest_first(table: str) -> SortKey:
    """Return the order of a list that nobody sorted; an index of the additions serves it."""
    return _moment_column(table, "created_at", descending=True)


def sort_key(
    parameters: Parameters,
    field: EffectiveField,
    table: str,
    *,
    descending: bool,
    collation: str = "",
    has_moment_index: bool = False,
) -> SortKey:
    """Return how records of `table` are ordered by this field.

    Text is compared by its first 200 characters: by the named collation, else in lower case in
    the database's own. Dates and moments are compared as text in the C collation, where ISO 8601
    sorts by time. Choices stand in the order of their options, references by their names. All
    but references are IMMUTABLE, so that an index can be built on them; moments only as the
    function that stands in our schema (`has_moment_index`), which gives the same.
    """
    if column := SYSTEM_COLUMNS.get(field.id):
        if column.endswith("_at"):
            return _moment_column(table, column, descending=descending)
        return SortKey(_folded(_user_name(f"{table}.{column}")), "text", Text(), descending)
    key = parameters.bind(field.id)
    value, text = f"{table}.data -> {key}", f"{table}.data ->> {key}"
    kind = type_of(field.type).kind
    if kind == "number":
        digits = f"CAST(left({text}, {LONGEST_NUMBER}) AS numeric)"
        guarded = f"CASE WHEN jsonb_typeof({value}) = 'number' THEN {digits} END"
        return SortKey(guarded, "numeric", Numeric(), descending)
    if kind == "boolean":
        guarded = f"CASE WHEN jsonb_typeof({value}) = 'boolean' THEN CAST({text} AS boolean) END"
        return SortKey(guarded, "boolean", Boolean(), descending)
    if kind == "datetime" and has_moment_index:
        return SortKey(f'({MOMENT_KEY}({text})) COLLATE "C"', "text", Text(), descending)
    return SortKey(
        _text_key(parameters, field, kind, (value, text), collation), "text", Text(), descending
    )


def _text_key(
    parameters: Parameters,
    field: EffectiveField,
    kind: str,
    stored: tuple[str, str],
    collation: str,
) -> str:
    """Return the key of all that is compared as text; `stored` is the value as JSON and as text."""
    value, text = stored
    folded = _folded(text, collation)
    if kind == "date":
        return f'(substring({text} from {parameters.bind(f"({_DAY})$")})) COLLATE "C"'
    if kind == "datetime":
        return _moment_key(parameters, text)
    if kind == "reference":
        first = f"CASE jsonb_typeof({value}) WHEN 'array' THEN {value} ->> 0 ELSE {text} END"
        name = _user_name(first) if is_user_field(field) else _record_name(first)
        return f"COALESCE({_folded(name, collation)}, {folded})"
    if options := options_of(field):
        return choice_key(parameters, [option.value for option in options], value, text)
    if kind == "text":
        return f"CASE WHEN jsonb_typeof({value}) = 'string' THEN {folded} END"
    return folded


def _folded(text: str, collation: str = "") -> str:
    if collation:
        quoted = collation.replace('"', '""')
        return f'left({text}, 200) COLLATE "{quoted}"'
    return f"lower(left({text}, 200))"


def _moment_column(table: str, column: str, *, descending: bool) -> SortKey:
    is_indexed = column == "created_at"
    return SortKey(
        f"{table}.{column}", "timestamptz", Text(), descending, True, is_indexed, id_follows=True
    )


MOMENT_KEY = "crm_desktop.moment_key"


def _moment_key(parameters: Parameters, text: str) -> str:
    """Return moments as text in UTC; those with another offset are moved there.

    The first test is the quick one, by which nearly all are told; the others take ten times as
    long. `MOMENT_KEY` does the same on the server: change them together, under another name.

    Nothing is cast to a moment: a 30th of February would end the query. It counts as the 1st of
    March, as many days after the month began.
    """
    usual = parameters.bind(f"{_TIME}Z?$")
    in_utc = f"substring({text} from {parameters.bind(f'({_MOMENT})')})"
    moved = parameters.bind(f"{_DAY}T[0-9]{{2}}[:][0-9]{{2}}.*[+-][0-9]{{2}}[:]?[0-9]{{2}}$")
    seconds = parameters.bind("T..[:]..[:]([0-9]{2}([.][0-9]{1,6})?)")
    zone = parameters.bind("([+-][0-9]{2})[:]?[0-9]{2}$")
    minutes = parameters.bind("([0-9]{2})$")

    def part(start: int, length: int) -> str:
        return f"CAST(substr({text}, {start}, {length}) AS int)"

    hours_off = f"CAST(substring({text} from {zone}) AS int)"
    minutes_off = (
        f"CAST(left(substring({text} from {zone}), 1) || substring({text} from {minutes}) AS int)"
    )
    moment = (
        f"timestamp '2000-01-01' + make_interval({part(1, 4)} - 2000, {part(6, 2)} - 1, 0,"
        f" {part(9, 2)} - 1, {part(12, 2)} - {hours_off}, {part(15, 2)} - {minutes_off},"
        f" COALESCE(CAST(substring({text} from {seconds}) AS double precision), 0))"
    )
    form = parameters.bind('YYYY-MM-DD"T"HH24:MI:SS.US')
    there = f"CASE WHEN {text} ~ {moved} THEN to_char({moment}, {form}) END"
    key = f"CASE WHEN {text} ~ {usual} THEN rtrim({text}, 'Z') ELSE COALESCE({in_utc}, {there}) END"
    return f'left({key}, {_LONGEST_MOMENT}) COLLATE "C"'


def choice_key(parameters: Parameters, values: Sequence[str], value: str, text: str) -> str:
    """Return the place of a choice among its options; what is none of them follows, by its text.

    A choice of several counts as its first one. A place is text, so that one key says both.
    """
    options = parameters.bind(list(values), "text[]")
    first = f"CASE jsonb_typeof({value}) WHEN 'array' THEN {value} ->> 0 ELSE {text} END"
    place = f"COALESCE(array_position({options}, {first}), 1000000)"
    key = f"lpad(CAST({place} AS text), 7, '0') || lower(left({text}, 200))"
    return f'(CASE WHEN NOT {_is_blank(value)} THEN {key} END) COLLATE "C"'


def _is_blank(value: str) -> str:
    nothing = "CAST('null' AS jsonb), CAST('\"\"' AS jsonb), CAST('[]' AS jsonb)"
    return f"COALESCE({value} IN ({nothing}), true)"


def _record_name(id_: str) -> str:
    return f"(SELECT t.primary_value FROM records AS t WHERE t.id = {id_})"  # noqa: S608 - no value


def _user_name(id_: str) -> str:
    """Return a user's name by an id that may be no uuid at all."""
    text = f"CAST({id_} AS text)"
    is_uuid = f"{text} ~ '^[0-9a-fA-F]{{8}}(-[0-9a-fA-F]{{4}}){{3}}-[0-9a-fA-F]{{12}}$'"
    guarded = f"CASE WHEN {is_uuid} THEN CAST({text} AS uuid) END"
    return f"(SELECT u.full_name FROM users AS u WHERE u.id = {guarded})"  # noqa: S608 - no value


def name_key(table: str, *, descending: bool) -> SortKey:
    """Return how records are ordered by their name; the index of the additions serves it."""
    sql = PRIMARY_VALUE_KEY.replace("primary_value", f"{table}.primary_value")
    return SortKey(sql, "text", Text(), descending, is_indexed=True)


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
