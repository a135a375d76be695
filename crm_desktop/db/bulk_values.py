"""What a bulk edit makes of a field's value, as SQL that cannot fail whatever is stored."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from crm_desktop.db.database import dump_json
from crm_desktop.db.expressions import Parameters
from crm_desktop.domain.bulk_changes import (
    AddOptions,
    Change,
    IncreaseBy,
    IncreaseByPercent,
    RemoveOptions,
    SetTo,
    ShiftDays,
    decimals_after_percent,
    is_clearing,
)
from crm_desktop.domain.field_types import EffectiveField, bounds, count_rule, type_of
from crm_desktop.domain.formats import MAX_DIGITS, plain_number
from crm_desktop.domain.types_date import DateType
from crm_desktop.domain.types_number import NumberType
from crm_desktop.domain.validation import BLANKS, REQUIRED

NOTHING = "CAST(NULL AS jsonb)"
# What `domain.types_date` takes for a moment.
_TIME = "T([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.][0-9]{1,12})?)?(Z|[+]00(:?00)?|-00:00)$"
_DAY = "^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"


@dataclass(frozen=True, slots=True)
class NewValue:
    """A field's value after a change: `sql` gives jsonb, NULL where nothing is left.

    `differs` says that a record would change; `problems` are conditions under which it cannot,
    each with the reason, the first that holds counting; `is_nothing` that no value is left. None
    of them is ever NULL. Without `can_name` no text is written or taken away, so that the record
    keeps its name.
    """

    field: EffectiveField
    sql: str
    differs: str
    problems: tuple[tuple[str, str], ...] = ()
    is_nothing: str = "false"
    can_name: bool = True


def new_value(
    parameters: Parameters, field: EffectiveField, change: Change, table: str = "r"
) -> NewValue:
    """Return what the change makes of the field in a record of `table`; it has been checked."""
    stored = _Stored.of(parameters, field, table)
    if is_clearing(change):
        return NewValue(field, NOTHING, f"NOT {stored.is_empty}", is_nothing="true")
    match change:
        case SetTo(value):
            new = parameters.bind(dump_json(value), "jsonb")
            differs = f"CAST({stored.json} AS text) IS DISTINCT FROM CAST({new} AS text)"
            return NewValue(field, new, differs)
        case AddOptions() | RemoveOptions():
            return _options(parameters, stored, change)
        case IncreaseBy() | IncreaseByPercent():
            return _number(parameters, stored, change)
        case ShiftDays(days):
            return _shifted(parameters, stored, days)
    raise TypeError(change)


@dataclass(frozen=True, slots=True)
class _Stored:
    """A field's value as it is stored: as JSON, as text, and whether that is nothing."""

    field: EffectiveField
    json: str
    text: str
    is_empty: str

    @classmethod
    def of(cls, parameters: Parameters, field: EffectiveField, table: str) -> "_Stored":
        key, blanks = parameters.bind(field.id), parameters.bind(BLANKS)
        json, text = f"({table}.data -> {key})", f"({table}.data ->> {key})"
        is_empty = (
            f"(COALESCE({text}, '') = '' OR {json} = CAST('[]' AS jsonb)"
            f" OR (jsonb_typeof({json}) = 'string' AND btrim({text}, {blanks}) = ''))"
        )
        return cls(field, json, text, is_empty)

    def changed(self, is_right: str, new: str, problems: Sequence[tuple[str, str]]) -> NewValue:
        """Return the value `new` where the stored one is of the right kind; `new` is jsonb.

        What is empty stays as it is, and so does what is wrong: that is the first problem.
        """
        value = f"CASE WHEN {self.is_empty} THEN {self.json} WHEN {is_right} THEN {new} END"
        is_other = f"CAST({new} AS text) IS DISTINCT FROM CAST({self.json} AS text)"
        guard = f"CASE WHEN NOT {self.is_empty} AND {is_right}"
        guarded = [
            (f"{guard} THEN ({rule}) AND {is_other} ELSE false END", why) for rule, why in problems
        ]
        differs = (
            f"CASE WHEN {self.is_empty} THEN false WHEN {is_right} THEN {is_other} ELSE true END"
        )
        wrong = f"NOT {self.is_empty} AND NOT {is_right}"
        kind = type_of(self.field.type).label.lower()
        reason = f"What is stored there does not fit the type “{kind}”."
        return NewValue(
            self.field, value, differs, ((wrong, reason), *guarded), f"{self.json} IS NULL"
        )


# --- numbers -----------------------------------------------------------------------------------


def _number(
    parameters: Parameters, stored: _Stored, change: IncreaseBy | IncreaseByPercent
) -> NewValue:
    """Return a number that grew: exact, with at least the decimals that it was written with."""
    field, number = stored.field, f"CAST({stored.text} AS numeric)"
    is_right = (
        f"CASE WHEN jsonb_typeof({stored.json}) = 'number' THEN abs({number}) <"
        f" CAST('1e400' AS numeric) AND scale({number}) < {MAX_DIGITS} ELSE false END"
    )
    if isinstance(change, IncreaseBy):
        new = f"({number} + {parameters.bind(change.amount, 'numeric')})"
    else:
        new = f"({number} * (1 + {parameters.bind(change.percent, 'numeric')} * 0.01))"
        decimals = decimals_after_percent(field)
        new = new if decimals is None else f"round({new}, {decimals:d})"
        new = f"round({new}, greatest(scale({number}), min_scale({new})))"
    value = stored.changed(is_right, f"to_jsonb({new})", _number_rules(parameters, field, new))
    return replace(value, can_name=False)


def _number_rules(parameters: Parameters, field: EffectiveField, new: str) -> list[tuple[str, str]]:
    kind, rules = type_of(field.type), []
    low, high = kind.limits(field) if isinstance(kind, NumberType) else (None, None)
    if low is not None:
        least = parameters.bind(low, "numeric")
        rules.append((f"{new} < {least}", f"It would be less than {plain_number(low)}."))
    if high is not None:
        most = parameters.bind(high, "numeric")
        rules.append((f"{new} > {most}", f"It would be more than {plain_number(high)}."))
    decimals = count_rule(field, "decimals")
    if decimals is not None:
        many = f"It would have more than {decimals} decimal{'' if decimals == 1 else 's'}."
        rules.append((f"min_scale({new}) > {decimals:d}", many))
    return rules


# --- dates -------------------------------------------------------------------------------------


def _shifted(parameters: Parameters, stored: _Stored, days: int) -> NewValue:
    """Return a date so many days away; a moment keeps its time of day in UTC as it is written.

    Nothing is cast to a date: a 30th of February would end the query. It is told by what becomes
    of it when it is counted as days after the first of its month.
    """
    field, text = stored.field, stored.text
    is_moment = type_of(field.type).kind == "datetime"
    form = parameters.bind(_DAY + (_TIME if is_moment else "$"))
    iso = parameters.bind("YYYY-MM-DD")
    day = (
        f"(timestamp '2000-01-01' + make_interval(CAST(substr({text}, 1, 4) AS int) - 2000,"
        f" CAST(substr({text}, 6, 2) AS int) - 1)"
        f" + make_interval(days => CAST(substr({text}, 9, 2) AS int) - 1))"
    )
    is_right = (
        f"CASE WHEN jsonb_typeof({stored.json}) = 'string' AND {text} ~ {form}"
        f" AND left({text}, 4) <> '0000'"
        f" THEN to_char({day}, {iso}) = left({text}, 10) ELSE false END"
    )
    moved = f"({day} + make_interval(days => {days:d}))"
    rest = f" || substr({text}, 11)" if is_moment else ""
    new = f"to_jsonb(to_char({moved}, {iso}){rest})"
    return stored.changed(is_right, new, _day_rules(parameters, field, moved))


def _day_rules(parameters: Parameters, field: EffectiveField, moved: str) -> list[tuple[str, str]]:
    outside = f"{moved} < timestamp '0001-01-01' OR {moved} >= timestamp '10000-01-01'"
    rules, kind = [(outside, "The year would not be between 1 and 9999.")], type_of(field.type)
    first, last = kind.limits(field) if isinstance(kind, DateType) else ("", "")
    if first:
        bound = parameters.bind(first, "timestamp")
        rules.append((f"{moved} < {bound}", f"It would be before {first}."))
    if last:
        bound = parameters.bind(last, "timestamp")
        rules.append((f"{moved} > {bound}", f"It would be after {last}."))
    return rules


# --- several choices ---------------------------------------------------------------------------


def _options(
    parameters: Parameters, stored: _Stored, change: AddOptions | RemoveOptions
) -> NewValue:
    options = parameters.bind(list(dict.fromkeys(change.values)), "text[]")
    if isinstance(change, RemoveOptions):
        return _without_options(parameters, stored, options)
    nothing = "CAST('[]' AS jsonb)"
    json = f"(CASE WHEN {stored.is_empty} THEN {nothing} ELSE {stored.json} END)"
    stored = replace(stored, json=json, is_empty="false")
    missing = (
        f"(SELECT jsonb_agg(t.o ORDER BY t.n) FROM unnest({options}) WITH ORDINALITY AS t(o, n)"  # noqa: S608
        f" WHERE NOT {json} ? t.o)"
    )
    more = f"({json} || COALESCE({missing}, {nothing}))"
    least, most = bounds(stored.field, "minSelections", "maxSelections")
    rules = []
    if most is not None:
        many = f"There would be more than {most} options."
        rules.append((f"jsonb_array_length({more}) > {most:d}", many))
    if least is not None:
        few = f"There would be fewer than {least} options."
        rules.append((f"jsonb_array_length({more}) < {least:d}", few))
    return replace(stored.changed(_is_list(parameters, json), more, rules), can_name=False)


def _without_options(parameters: Parameters, stored: _Stored, options: str) -> NewValue:
    left = f"({stored.json} - {options})"
    least, _ = bounds(stored.field, "minSelections", "maxSelections")
    rules = []
    if stored.field.is_required:
        rules.append((f"jsonb_array_length({left}) = 0", REQUIRED))
    if least is not None:
        few = f"There would be fewer than {least} options."
        rules.append((f"jsonb_array_length({left}) BETWEEN 1 AND {least - 1:d}", few))
    new = f"NULLIF({left}, CAST('[]' AS jsonb))"
    value = stored.changed(_is_list(parameters, stored.json), new, rules)
    return replace(value, is_nothing=f"({value.sql}) IS NULL", can_name=False)


def _is_list(parameters: Parameters, json: str) -> str:
    """Return the condition that this is an array of texts; never NULL."""
    other = parameters.bind('$[*] ? (@.type() != "string")', "jsonpath")
    has_only_texts = f"NOT jsonb_path_exists({json}, {other})"
    return f"COALESCE(jsonb_typeof({json}) = 'array' AND {has_only_texts}, false)"
