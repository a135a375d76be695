"""Whether one record meets conditions: the plain reading that the SQL is held to."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from crm_desktop.domain.field_types import EffectiveField, is_day, is_empty
from crm_desktop.domain.filter_rules import FilterSchema
from crm_desktop.domain.filters import Calendar, Condition, Group, LinkCondition, Part
from crm_desktop.domain.operators import PERIODS, Comparison, comparison_of, operators_of
from crm_desktop.domain.periods import days_of
from crm_desktop.domain.types_number import is_number

Values = Mapping[str, Any]
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MOMENT = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2})"
    r"(?::([0-9]{2})(?:\.([0-9]+))?)?(?:Z|[+-]00(?::?00)?)?"
)
_Instant = tuple[int, int, int, int, int, int, str]
_FIRST: _Instant = (0, 0, 0, 0, 0, 0, "")
_LAST: _Instant = (10_000, 0, 0, 0, 0, 0, "")


def _no_links(_: str, __: bool) -> Iterable[Values]:  # noqa: FBT001 - which side, as in the key
    return ()


@dataclass(frozen=True, slots=True)
class Reading:
    """All that is needed to say whether a record matches.

    `links` gives the values of the records that the record in question is linked to, by the
    relationship's id and whether the record is on its *from* side.
    """

    schema: FilterSchema
    me: str
    calendar: Calendar
    links: Callable[[str, bool], Iterable[Values]] = field(default=_no_links)

    def matches(self, values: Values, part: Part) -> bool:
        """Say whether a record with these values by field id meets the part."""
        if isinstance(part, Group):
            met = (self.matches(values, each) for each in part.parts)
            if part.kind == "all" or not part.parts:
                return all(met)
            return any(met) is (part.kind == "any")
        if isinstance(part, LinkCondition):
            return self._has_link(part) is (part.operator == "has_link")
        described = self.schema.fields[part.field_id]
        operator = operators_of(described)[part.operator]
        value = values.get(part.field_id)
        positive = Condition(part.field_id, operator.negates or operator.name, part.value)
        return self._holds(value, positive, described) is not bool(operator.negates)

    def _has_link(self, part: LinkCondition) -> bool:
        linked = self.links(part.relationship_id, part.is_from)
        if part.where is None:
            return any(True for _ in linked)
        there = Reading(self.schema.linked(part), self.me, self.calendar)
        return any(there.matches(values, part.where) for values in linked)

    def _holds(self, value: Any, condition: Condition, field_: EffectiveField) -> bool:
        if condition.operator == "is_empty":
            return is_empty(value)
        kind, name, wanted = comparison_of(field_), condition.operator, condition.value
        if kind in {"reference", "user"}:
            return _refers(value, [self.me] if name == "is_me" else _as_list(wanted))
        if kind == "moment":
            return self._moment_holds(value, name, wanted)
        if kind == "date":
            return self._date_holds(value, name, wanted)
        return _READERS[kind](value, name, wanted)

    def _date_holds(self, value: Any, name: str, wanted: Any) -> bool:
        if not isinstance(value, str) or not _DAY.fullmatch(value):
            return False
        if name in {*PERIODS, "in_last", "in_next"}:
            first, last = days_of(name, wanted, self.calendar)
            return first.isoformat() <= value <= last.isoformat()
        return _compares(value, name, wanted)

    def _moment_holds(self, value: Any, name: str, wanted: Any) -> bool:
        found = _MOMENT.fullmatch(value) if isinstance(value, str) else None
        if found is None:
            return False
        instant = _instant(found)
        if name in {*PERIODS, "in_last", "in_next"}:
            first, last = days_of(name, wanted, self.calendar)
            return self._begin(first) <= instant < self._begin(last + timedelta(days=1))
        spans = [self._span(each) for each in _as_list(wanted)]
        if name == "before":
            return instant < spans[0][0]
        if name == "after":
            return instant >= spans[0][1]
        if name == "on_or_before":
            return instant < spans[0][1]
        if name == "on_or_after":
            return instant >= spans[0][0]
        if name == "between":
            return min(spans)[0] <= instant < max(end for _, end in spans)
        return any(begin <= instant < end for begin, end in spans)

    def _span(self, wanted: str) -> tuple[_Instant, _Instant]:
        """Return where a day, or the minute of a moment, begins and ends."""
        if is_day(wanted):
            day = date.fromisoformat(wanted)
            after = date.max if day == date.max else day + timedelta(days=1)
            return self._begin(day), _LAST if day == date.max else self._begin(after)
        minute = datetime.fromisoformat(wanted).astimezone(UTC).replace(second=0, microsecond=0)
        return _parts(minute), _parts(minute + timedelta(minutes=1))

    def _begin(self, day: date) -> _Instant:
        local = datetime.combine(day, time.min, self.calendar.time_zone)
        try:
            return _parts(local.astimezone(UTC))
        except OverflowError:
            return _FIRST if day.year == 1 else _LAST


def _parts(moment: datetime) -> _Instant:
    return (*moment.timetuple()[:6], "")


def _instant(found: re.Match[str]) -> _Instant:
    """Return a moment's numbers; the fraction as digits, which compare as text."""
    year, month, day, hour, minute = map(int, found.groups()[:5])
    return year, month, day, hour, minute, int(found[6] or 0), (found[7] or "").rstrip("0")


def fold(text: str) -> str:
    """Return the text in lower case, letter by letter, as PostgreSQL's `lower` makes it."""
    return "".join(letter.lower()[0] for letter in text)


def _as_list(wanted: Any) -> list[Any]:
    return list(wanted) if isinstance(wanted, tuple | list) else [wanted]


def _refers(value: Any, ids: list[Any]) -> bool:
    if isinstance(value, str):
        return value in ids
    return isinstance(value, list) and any(each in ids for each in value if isinstance(each, str))


def _compares(value: Any, name: str, wanted: Any) -> bool:
    if name == "between":
        return bool(min(wanted) <= value <= max(wanted))
    if name in {"equals", "is_any_of"}:
        return value in _as_list(wanted)
    if name in {"before", "less"}:
        return bool(value < wanted)
    if name in {"after", "greater"}:
        return bool(value > wanted)
    if name in {"on_or_before", "at_most"}:
        return bool(value <= wanted)
    return bool(value >= wanted)


def _text_holds(value: Any, name: str, wanted: Any) -> bool:
    if not isinstance(value, str):
        return False
    words, sought = fold(value), [fold(each) for each in _as_list(wanted)]
    if name == "contains":
        return sought[0] in words
    if name == "starts_with":
        return words.startswith(sought[0])
    if name == "ends_with":
        return words.endswith(sought[0])
    return words in sought


def _choice_holds(value: Any, name: str, wanted: Any) -> bool:  # noqa: ARG001 - as its siblings
    return isinstance(value, str) and value in _as_list(wanted)


def _number_holds(value: Any, name: str, wanted: Any) -> bool:
    return is_number(value) and _compares(value, name, wanted)


def _boolean_holds(value: Any, name: str, wanted: Any) -> bool:
    return value is (wanted if name == "equals" else name == "is_true")


def _choices_hold(value: Any, name: str, wanted: Any) -> bool:
    if not isinstance(value, list):
        return False
    texts = {each for each in value if isinstance(each, str)}
    sought = set(_as_list(wanted))
    if name == "has_any_of":
        return not texts.isdisjoint(sought)
    if name == "equals":
        return texts == sought and all(isinstance(each, str) for each in value)
    return sought <= texts


_READERS: Mapping[Comparison, Callable[[Any, str, Any], bool]] = {
    "text": _text_holds,
    "choice": _choice_holds,
    "number": _number_holds,
    "boolean": _boolean_holds,
    "choices": _choices_hold,
}
