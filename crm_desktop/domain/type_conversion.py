"""What becomes of values when their field gets another type: kept whole, in part, or not."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any, Literal

from crm_desktop.domain.effective import EffectiveField, bounds, count_rule, text_rule
from crm_desktop.domain.errors import Invalid
from crm_desktop.domain.field_type import is_empty
from crm_desktop.domain.formats import Formats, plain_number
from crm_desktop.domain.json_text import json_text
from crm_desktop.domain.options import options_index
from crm_desktop.domain.types_choice import boolean_labels, join_list
from crm_desktop.domain.types_date import read_moment
from crm_desktop.domain.types_number import is_number
from crm_desktop.domain.validation import type_of

CHOICES = frozenset({"select", "radio", "multiselect"})
REFERRING = frozenset({"reference", "lookup"})
FILES = frozenset({"file", "image"})
NUMBERS = frozenset({"number", "currency", "percentage"})
FREE_TEXT = frozenset({"text", "textarea"})

TIME_LOST = "The time of day is lost."
LINK_LOST = "The name stays; the link to the record is lost."
NAME_KEPT = "Only the name of the file is kept."
ADDRESS_KEPT = "Only the address of the file is kept."


class Fate(StrEnum):
    """What becomes of one value."""

    EMPTY = "empty"  # nothing was stored, nothing will be
    CLEAN = "clean"
    LOSSY = "lossy"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Conversion:
    """The value as it will be; `reason` says what is lost, or why it stays as it was."""

    fate: Fate
    value: Any
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Known:
    """What the database knows of the values: names by id, and ids by the names of records.

    A service fills both before it converts a batch; a name that several records bear is not in it.
    """

    names: dict[str, str] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Reading:
    """One way to understand a value: a text to be parsed, or a JSON value as it is."""

    value: Any
    loss: str = ""
    is_text: bool = True


Converter = Callable[[Any], Conversion]
_Readings = Iterator[_Reading]


def converter(
    old: EffectiveField, new: EffectiveField, formats: Formats, known: Known
) -> Converter:
    """Return a function that converts values; it reads texts with the new type's own parser.

    What is found is checked by the new type's own rules, so that all it returns, failures apart,
    would be accepted if somebody typed it.
    """
    target = type_of(new.type)
    check, parse = target.checker(new), target.parser(new, formats)
    reader = _Reader(old, new, formats, known)
    general = f"This cannot become a value of the type “{target.label}”."

    def convert(value: Any) -> Conversion:
        if is_empty(value):
            return Conversion(Fate.EMPTY, value if check(value) is None else None)
        reason = ""
        for reading in reader.readings(value):
            try:
                result = parse(reading.value) if reading.is_text else reading.value
            except Invalid as refusal:
                reason = str(refusal)
                continue
            problem = general if is_empty(result) else check(result)
            if problem is None:
                return Conversion(Fate.LOSSY if reading.loss else Fate.CLEAN, result, reading.loss)
            reason = problem
        return Conversion(Fate.FAILED, value, reason or general)

    return convert


def kept_kind(
    old: EffectiveField, new: EffectiveField
) -> Literal["string", "number", "boolean", ""]:
    """Return the JSON type of which every value surely stays as it is; "" for none.

    Such values need not be looked at one by one. Of numbers that holds up to 300 digits.
    """
    if new.type in FREE_TEXT and old.type not in CHOICES | REFERRING:
        has_rules = bounds(new, "minLength", "maxLength") != (None, None)
        return "" if has_rules or text_rule(new, "pattern") else "string"
    if new.type in {"number", "currency"} and old.type in NUMBERS:
        target = type_of(new.type)
        limits = target.limits(new)  # type: ignore[attr-defined] # both are numbers
        return "number" if limits == (None, None) and count_rule(new, "decimals") is None else ""
    is_boolean = {old.type, new.type} <= {"boolean", "checkbox"}
    return "boolean" if is_boolean else ""


class _Reader:
    """Lists the ways to understand a value of the old type for the new one, the best first."""

    def __init__(
        self, old: EffectiveField, new: EffectiveField, formats: Formats, known: Known
    ) -> None:
        self._old, self._new, self._formats, self._known = old, new, formats, known
        self._label = options_index(old).label if old.type in CHOICES else None
        self._words = boolean_labels(old) if old.type in {"boolean", "checkbox"} else ("Yes", "No")

    def readings(self, value: Any) -> _Readings:
        if isinstance(value, str):
            yield from self._of_text(value)
            return
        yield _Reading(value, is_text=False)
        if isinstance(value, bool):
            yield from self._of_boolean(value)
        elif is_number(value):
            yield from self._of_number(value)
        elif isinstance(value, list):
            yield from self._of_list(value)
        elif isinstance(value, Mapping):
            yield from self._of_object(value)

    def _of_text(self, value: str) -> _Readings:
        is_dated = self._new.type == "date"
        if is_dated and self._old.type == "datetime" and read_moment(value):
            yield from self._day_of(value)  # by the clock of the person, as it was shown
            return
        if self._old.type in CHOICES:
            yield from self._of_choice(value)
        elif self._old.type in REFERRING and self._new.type not in REFERRING:
            if name := self._known.names.get(value):
                yield _Reading(name, LINK_LOST)
            yield _Reading(value)
        elif self._new.type in REFERRING and value in self._known.ids:
            yield _Reading(self._known.ids[value], is_text=False)
        else:
            yield _Reading(value)
        if is_dated:
            yield from self._day_of(value)

    def _of_choice(self, value: str) -> _Readings:
        label = self._label(value) if self._label else value
        if self._new.type == "multiselect":
            yield _Reading([value], is_text=False)
        elif self._new.type in CHOICES:
            yield _Reading(value)
        yield _Reading(label)
        yield _Reading(value)

    def _day_of(self, value: str) -> _Readings:
        moment = read_moment(value) if self._old.type == "datetime" else None
        if moment is None:
            try:
                moment, _ = self._formats.parse_moment(value)
            except (ValueError, OverflowError):
                return
        try:
            local = moment.astimezone(self._formats.time_zone)
        except OverflowError:
            return
        is_midnight = not (local.hour or local.minute or local.second or local.microsecond)
        day = local.date().isoformat()
        yield _Reading(day, "" if is_midnight else TIME_LOST, is_text=False)

    def _of_boolean(self, value: bool) -> _Readings:  # noqa: FBT001 - a value
        if self._new.type in NUMBERS:
            yield _Reading(int(value), is_text=False)
            return
        yield _Reading(self._words[0 if value else 1])
        yield _Reading("true" if value else "false")

    def _of_number(self, value: int | Decimal) -> _Readings:
        if self._new.type in {"boolean", "checkbox"}:
            if value in (0, 1):
                yield _Reading(value == 1, is_text=False)
        elif self._new.type not in REFERRING:
            yield _Reading(plain_number(value))

    def _of_list(self, value: list[Any]) -> _Readings:
        if not all(isinstance(part, str) or is_number(part) for part in value):
            yield from self._of_odd(value)
        elif len(value) > 1:
            yield from self._joined(value)
        loss = f"Only the first of {len(value):,} is kept." if len(value) > 1 else ""
        for reading in self.readings(value[0]):
            yield _Reading(reading.value, loss or reading.loss, reading.is_text)

    def _joined(self, value: list[Any]) -> _Readings:
        """Read several as one text, or as several options: by what people see, then as stored."""
        if self._new.type in REFERRING | FILES:
            return
        names = [self._known.names.get(str(part)) for part in value]
        stored = [part if isinstance(part, str) else plain_number(part) for part in value]
        if self._old.type in REFERRING and any(names):
            shown = [name or part for name, part in zip(names, stored, strict=True)]
            yield _Reading(self._join(shown), LINK_LOST)
        elif self._label:
            yield _Reading(self._join([self._label(part) for part in stored]))
        yield _Reading(self._join(stored))

    def _join(self, words: list[str]) -> str:
        return ", ".join(words) if self._old.type == "email" else join_list(words)

    def _of_object(self, value: Mapping[str, Any]) -> _Readings:
        if self._old.type not in FILES:
            yield from self._of_odd(value)
            return
        address, name = value.get("url"), value.get("name")
        if self._new.type == "url" and isinstance(address, str):
            yield _Reading(address, ADDRESS_KEPT)
        elif isinstance(name, str):
            yield _Reading(name, NAME_KEPT)

    def _of_odd(self, value: Any) -> _Readings:
        """Keep JSON of any shape in free text, as the text that it is."""
        if self._new.type in FREE_TEXT and self._old.type not in FILES:
            yield _Reading(json_text(value))
