"""Conditions as SQL that cannot fail, whatever JSON is stored; all values are bound."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from crm_desktop.db.expressions import Parameters, sort_key
from crm_desktop.domain.field_types import SYSTEM_COLUMNS, EffectiveField, is_day, read_moment
from crm_desktop.domain.filter_rules import FilterSchema, check_parts
from crm_desktop.domain.filters import Calendar, Condition, Group, LinkCondition, Part
from crm_desktop.domain.operators import Comparison, comparison_of, operators_of
from crm_desktop.domain.periods import MINUTE, days_of, end_of, start_of

LIKE_ESCAPE = "\\"
_Writer = Callable[[str, Any, EffectiveField, str], str]
_SHORT = 60  # letters; such a text fits the indexed 200 however its letters grow in lower case
_BLANKS = (
    "\t\n\x0b\x0c\r\x1c\x1d\x1e\x1f \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006"
    "\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
)  # all that `str.isspace` calls blank
_SIGNS = {
    "equals": "=",
    "before": "<",
    "on_or_before": "<=",
    "after": ">",
    "on_or_after": ">=",
    "less": "<",
    "at_most": "<=",
    "greater": ">",
    "at_least": ">=",
}


@dataclass(frozen=True)
class Conditions:
    """Puts the conditions on one object's records into words of SQL.

    `me` is the acting user's id, `calendar` carries the time. `readable` gives the condition
    that a record of an object, under some table name, may be read by that user.
    `indexed_moments` are the fields for whose moments there is an index.
    """

    parameters: Parameters
    schema: FilterSchema
    me: str
    calendar: Calendar
    readable: Callable[[str, str], str]
    indexed_moments: frozenset[str] = frozenset()

    def sql(self, parts: tuple[Part, ...], table: str = "r") -> str:
        """Return one condition for all parts; raises Invalid for one that cannot be applied."""
        check_parts(parts, self.schema)
        return self._part(Group("all", parts), self.schema, table)

    def _part(self, part: Part, schema: FilterSchema, table: str) -> str:
        if isinstance(part, Group):
            return self._group(part, schema, table)
        if isinstance(part, LinkCondition):
            return self._link(part, schema, table)
        return self._condition(part, schema.fields[part.field_id], table)

    def _group(self, group: Group, schema: FilterSchema, table: str) -> str:
        parts = [self._part(each, schema, table) for each in group.parts]
        if not parts:
            return "true"
        if group.kind == "none":
            return f"(({' OR '.join(parts)}) IS NOT TRUE)"
        return f"({(' AND ' if group.kind == 'all' else ' OR ').join(parts)})"

    def _link(self, part: LinkCondition, schema: FilterSchema, table: str) -> str:
        here, there = ("from", "to") if part.is_from else ("to", "from")
        relationship = self.parameters.bind(part.relationship_id)
        join = ""
        wanted = f"l.relationship_id = {relationship} AND l.{here}_record_id = {table}.id"
        if part.where is not None:
            object_id = schema.sides[part.relationship_id, part.is_from].object_id
            where = self._part(part.where, schema.linked(part), "t")
            join = f" JOIN records AS t ON t.id = l.{there}_record_id"
            wanted += f" AND {self.readable(object_id, 't')} AND {where}"
        exists = f"EXISTS (SELECT 1 FROM relationship_records AS l{join} WHERE {wanted})"  # noqa: S608 - values are bound
        return exists if part.operator == "has_link" else f"NOT {exists}"

    def _condition(self, condition: Condition, field: EffectiveField, table: str) -> str:
        operator = operators_of(field)[condition.operator]
        name = operator.negates or operator.name
        if name == "is_empty":
            sql = empty_sql(self.parameters, field, table)
        else:
            write = self._writers()[comparison_of(field)]
            sql = write(name, condition.value, field, table)
        return f"(({sql}) IS NOT TRUE)" if operator.negates else f"({sql})"

    def _writers(self) -> Mapping[Comparison, _Writer]:
        """Return who writes comparisons, by kind; fields of other kinds are only empty or not.

        None of them is given an operator that negates another.
        """
        return {
            "text": self._text,
            "choice": self._choice,
            "number": self._number,
            "boolean": self._boolean,
            "date": self._date,
            "moment": self._moment,
            "choices": self._choices,
            "reference": self._reference,
            "user": self._reference,
        }

    def _text(self, operator: str, value: Any, field: EffectiveField, table: str) -> str:
        if operator == "is_any_of":
            return self._text_in(value, field, table)
        if operator == "equals":
            return self._text_in([value], field, table)
        text = string_sql(self.parameters, field, table)
        pattern = _escaped(value)
        if operator == "starts_with" and len(value) <= _SHORT:
            text = f"{text_key(self.parameters, field, table)}"
            return f"{text} LIKE lower({self.parameters.bind(f'{pattern}%')})"
        around = {"starts_with": f"{pattern}%", "ends_with": f"%{pattern}"}
        bound = self.parameters.bind(around.get(operator, f"%{pattern}%"))
        return f"{text} ILIKE {bound}"

    def _text_in(self, values: Sequence[str], field: EffectiveField, table: str) -> str:
        bound = [self.parameters.bind(value) for value in values]
        keys = ", ".join(f"lower(left({each}, 200))" for each in bound)
        found = f"{text_key(self.parameters, field, table)} = ANY (ARRAY[{keys}])"
        if all(len(value) <= _SHORT for value in values):
            return found
        whole = ", ".join(f"lower({each})" for each in bound)
        text = string_sql(self.parameters, field, table)
        return f"{found} AND lower({text}) = ANY (ARRAY[{whole}])"

    def _choice(self, operator: str, value: Any, field: EffectiveField, table: str) -> str:
        """Compare as it stands; the key in lower case comes first, an index may serve it."""
        values = [value] if operator == "equals" else value
        exact = self.parameters.bind(list(values), "text[]")
        found = self._text_in(list(values), field, table)
        return f"{found} AND {string_sql(self.parameters, field, table)} = ANY ({exact})"

    def _number(self, operator: str, value: Any, field: EffectiveField, table: str) -> str:
        key = sort_key(self.parameters, field, table, descending=False).sql
        if operator == "between":
            low, high = sorted(map(Decimal, value))
            return f"{key} BETWEEN {self._numeric(low)} AND {self._numeric(high)}"
        if operator == "is_any_of":
            bound = self.parameters.bind([Decimal(each) for each in value], "numeric[]")
            return f"{key} = ANY ({bound})"
        return f"{key} {_SIGNS[operator]} {self._numeric(Decimal(value))}"

    def _numeric(self, value: Decimal) -> str:
        return self.parameters.bind(value, "numeric")

    def _boolean(self, operator: str, value: Any, field: EffectiveField, table: str) -> str:
        key = sort_key(self.parameters, field, table, descending=False).sql
        wanted = value if operator == "equals" else operator == "is_true"
        return key if wanted else f"NOT ({key})"

    def _date(self, operator: str, value: Any, field: EffectiveField, table: str) -> str:
        key = sort_key(self.parameters, field, table, descending=False).sql
        if operator == "is_any_of":
            return f"{key} = ANY ({self.parameters.bind(list(value), 'text[]')})"
        if operator in _SIGNS:
            return f"{key} {_SIGNS[operator]} {self.parameters.bind(value)}"
        low, high = (
            sorted(value)
            if operator == "between"
            else [day.isoformat() for day in days_of(operator, value, self.calendar)]
        )
        bounds = self.parameters.bind(low), self.parameters.bind(high)
        return f"{key} >= {bounds[0]} AND {key} <= {bounds[1]}"

    def _moment(self, operator: str, value: Any, field: EffectiveField, table: str) -> str:
        if operator == "is_any_of":
            equal = (self._moment("equals", each, field, table) for each in value)
            return " OR ".join(f"({each})" for each in equal)
        low, high = self._moments(operator, value)
        has_index = table == "r" and field.id in self.indexed_moments
        key = sort_key(self.parameters, field, table, descending=False, has_moment_index=has_index)
        parts = []
        if low is not None:
            parts.append(f"{key.sql} >= {self._instant(low, key.cast)}")
        if high is not None:
            parts.append(f"{key.sql} < {self._instant(high, key.cast)}")
        return " AND ".join(parts) or f"{key.sql} IS NOT NULL"

    def _moments(self, operator: str, value: Any) -> tuple[datetime | None, datetime | None]:
        """Return from when, and before when; a value is a day, or a moment to the minute."""
        if operator not in {*_SIGNS, "between"}:
            first, last = days_of(operator, value, self.calendar)
            return start_of(first, self.calendar), end_of(last, self.calendar)
        ends = sorted((self._span(each) for each in _pair(operator, value)), key=_by_start)
        (low, after_low), (_, after_high) = ends[0], ends[-1]
        if operator == "before":
            return None, low or datetime.min.replace(tzinfo=UTC)
        if operator == "on_or_before":
            return None, after_low
        if operator == "after":
            return after_low or datetime.max.replace(tzinfo=UTC), None
        if operator == "on_or_after":
            return low, None
        return low, max(after_low, after_high) if after_low and after_high else None

    def _span(self, value: str) -> tuple[datetime | None, datetime | None]:
        if is_day(value):
            day = date.fromisoformat(value)
            return start_of(day, self.calendar), end_of(day, self.calendar)
        moment = read_moment(value)
        if moment is None:
            return None, None
        minute = moment.replace(second=0, microsecond=0)
        try:
            return minute, minute + MINUTE
        except OverflowError:
            return minute, None

    def _instant(self, moment: datetime, cast: str) -> str:
        """Bind a moment; as text in its shortest form, which comes first among its forms."""
        if cast == "timestamptz":
            return self.parameters.bind(moment, cast)
        return self.parameters.bind(moment_key(moment))

    # What follows finds in lists by operators that an index serves, and then tells lists from other
    # JSON: a text counts as a list of itself, the keys of an object would count as well.

    def _choices(self, operator: str, value: Any, field: EffectiveField, table: str) -> str:
        stored = f"{table}.data -> {self.parameters.bind(field.id)}"
        wanted = [value] if isinstance(value, str) else list(value)
        texts = self.parameters.bind(wanted, "text[]")
        test = f"{stored} {'?|' if operator == 'has_any_of' else '?&'} {texts}"
        if operator == "equals":
            test += f" AND {stored} <@ to_jsonb({texts})"
        return f"{test} AND jsonb_typeof({stored}) = 'array'"

    def _reference(self, operator: str, value: Any, field: EffectiveField, table: str) -> str:
        wanted = [self.me] if operator == "is_me" else value
        ids = [wanted] if isinstance(wanted, str) else list(wanted)
        bound = self.parameters.bind(ids, "text[]")
        if column := SYSTEM_COLUMNS.get(field.id):
            return f"CAST({table}.{column} AS text) = ANY ({bound})"
        key = self.parameters.bind(field.id)
        stored = f"{table}.data -> {key}"
        return f"{stored} ?| {bound} AND jsonb_typeof({stored}) <> 'object'"


def empty_sql(parameters: Parameters, field: EffectiveField, table: str) -> str:
    """Return `domain.field_type.is_empty` as SQL; never NULL."""
    if column := SYSTEM_COLUMNS.get(field.id):
        return f"{table}.{column} IS NULL"
    key, blanks = parameters.bind(field.id), parameters.bind(_BLANKS)
    value, text = f"{table}.data -> {key}", f"{table}.data ->> {key}"
    return (
        f"CASE COALESCE(jsonb_typeof({value}), 'null') WHEN 'null' THEN true"
        f" WHEN 'string' THEN btrim({text}, {blanks}) = ''"
        f" WHEN 'array' THEN jsonb_array_length({value}) = 0 ELSE false END"
    )


def string_sql(parameters: Parameters, field: EffectiveField, table: str) -> str:
    """Return the field's whole text, NULL where anything else is stored."""
    key = parameters.bind(field.id)
    value, text = f"{table}.data -> {key}", f"{table}.data ->> {key}"
    return f"CASE WHEN jsonb_typeof({value}) = 'string' THEN {text} END"


def text_key(parameters: Parameters, field: EffectiveField, table: str) -> str:
    """Return what an index on the field's text is built on, also for a choice."""
    as_text = replace(field, type="text", config={})
    return sort_key(parameters, as_text, table, descending=False).sql


def moment_key(moment: datetime) -> str:
    """Return a moment's shortest form as text: “2024-03-31T16:30”; no other form comes before."""
    text = moment.astimezone(UTC).replace(tzinfo=None).isoformat()
    if "." in text:
        return text.rstrip("0")
    return text.removesuffix(":00") if text.count(":") == 2 else text


def containing(words: str) -> str:
    """Return the pattern of ILIKE for text that contains these words as they stand."""
    return f"%{_escaped(words.strip())}%"


def _escaped(words: str) -> str:
    for sign in (LIKE_ESCAPE, "%", "_"):
        words = words.replace(sign, LIKE_ESCAPE + sign)
    return words


def _pair(operator: str, value: Any) -> Sequence[str]:
    return list(value) if operator == "between" else [value]


def _by_start(span: tuple[datetime | None, datetime | None]) -> datetime:
    return span[0] or datetime.min.replace(tzinfo=UTC)
