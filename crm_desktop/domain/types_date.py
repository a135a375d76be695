"""Dates, and moments: stored as ISO 8601 text, moments in UTC."""

import re
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any

from typing_extensions import override

from crm_desktop.domain.effective import EffectiveField, text_rule
from crm_desktop.domain.errors import Invalid
from crm_desktop.domain.field_type import (
    Checker,
    FieldType,
    Parser,
    Shower,
    one_line,
    refuse,
    shown,
    wrong_type_text,
)
from crm_desktop.domain.formats import Formats
from crm_desktop.domain.json_text import json_text

_MOMENT = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})T([0-9]{2}:[0-9]{2}(?::[0-9]{2})?)(?:\.([0-9]{1,12}))?"
    r"(Z|\+00(?::?00)?|-00:00)?"
)
_LOCAL = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}(?::[0-9]{2})?")
_EXAMPLE_DAY = date(2024, 3, 31)


class DateType(FieldType):
    icon = "calendar"
    kind = "date"

    @override
    def checker(self, field: EffectiveField) -> Checker:
        first, last = self.limits(field)

        def check(value: Any) -> str | None:
            if value is None or value == "":
                return None
            if not is_day(value):
                return "This must be a date like 2024-03-31."
            if first and value < first:
                return f"Enter a date from {first} on."
            if last and value > last:
                return f"Enter a date up to {last}."
            return None

        return check

    def limits(self, field: EffectiveField) -> tuple[str, str]:
        """Return the first and the last day, "" for none; none where no day could lie between."""
        first, last = _day_rule(field, "minDate", "min"), _day_rule(field, "maxDate", "max")
        return ("", "") if first and last and first > last else (first, last)

    @override
    def parser(self, field: EffectiveField, formats: Formats) -> Parser:
        example = formats.date_text(_EXAMPLE_DAY)
        read = date.fromisoformat

        def parse(text: str) -> str | None:
            try:
                if len(text) == 10 and text[4] == text[7] == "-":
                    read(text)
                    return text
                return _parse_day(text, formats)
            except ValueError:
                raise refuse(
                    field, f"{shown(text)} is not a date. Write it like {example}."
                ) from None

        return parse

    @override
    def shower(self, field: EffectiveField, formats: Formats) -> Shower:
        def show(value: Any) -> str:
            if is_day(value):
                return formats.iso_date_text(value)
            return show_odd(value)

        return show

    @override
    def edit_text(self, value: Any, field: EffectiveField, formats: Formats) -> str:
        if is_day(value):
            return formats.date_text(date.fromisoformat(value))
        return "" if value is None else wrong_type_text(value)


class DatetimeType(FieldType):
    """A moment; written by people in their own time zone, without one, kept in UTC.

    The form that is kept is as exact as what was typed (`…:00Z`, `…:00.000Z`), because other
    programs compare texts.
    """

    icon = "calendar-clock"
    kind = "datetime"

    @override
    def checker(self, field: EffectiveField) -> Checker:
        def check(value: Any) -> str | None:
            if value is None or value == "" or is_moment(value):
                return None
            return "This must be a moment in UTC like 2024-03-31T16:30:00Z."

        return check

    @override
    def parser(self, field: EffectiveField, formats: Formats) -> Parser:
        example = f"{formats.date_text(_EXAMPLE_DAY)} 16:30"

        def parse(text: str) -> str | None:
            if is_moment(text):
                return text
            if not text or text.isspace():
                return None
            try:
                if len(text) in {16, 19} and _LOCAL.fullmatch(text):  # the usual form in files
                    local = datetime.fromisoformat(text).replace(tzinfo=formats.time_zone)
                    return moment_json(local)
                moment, fraction = formats.parse_moment(text)
            except (ValueError, OverflowError):
                raise refuse(
                    field, f"{shown(text)} is not a date with a time. Write it like {example}."
                ) from None
            return moment_json(moment, fraction)

        return parse

    @override
    def shower(self, field: EffectiveField, formats: Formats) -> Shower:
        def show(value: Any) -> str:
            moment = read_moment(value)
            if moment is None:
                return show_odd(value)
            return formats.moment_text(moment)

        return show

    @override
    def edit_text(self, value: Any, field: EffectiveField, formats: Formats) -> str:
        if value is None:
            return ""
        if not is_moment(value):
            return wrong_type_text(value)
        text = local_text(value, formats)
        try:
            is_same = self.parse(text, field, formats) == value
        except Invalid:
            is_same = False
        return text if is_same else str(value)  # the second 02:30 of the night the clocks go back


def local_text(value: str, formats: Formats) -> str:
    """Return a stored moment in the person's time zone, with the digits that it has."""
    moment = read_moment(value)
    found = _MOMENT.fullmatch(value)
    if moment is None or found is None:
        return value
    return formats.moment_text(moment, (found[3] or "")[:6])


def moment_json(moment: datetime, fraction: str = "") -> str:
    """Return an aware datetime in the form in which it is stored: UTC, ISO 8601, `Z`."""
    text = moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds")
    return f"{text}.{fraction}Z" if fraction else f"{text}Z"


def is_day(value: Any) -> bool:
    if not isinstance(value, str) or len(value) != 10 or value[4] != "-" or value[7] != "-":
        return False
    try:
        date.fromisoformat(value)
    except ValueError:
        return False
    return True


def is_moment(value: Any) -> bool:
    """Say whether this is ISO 8601 in UTC, with a zone: what other programs store."""
    return (
        isinstance(value, str)
        and value[10:11] == "T"
        and value[-1:].isalnum()
        and _is_moment_text(value)
    )


@lru_cache(maxsize=64)  # what has been parsed is checked next
def _is_moment_text(value: str) -> bool:
    found = _MOMENT.fullmatch(value)
    if found is None or found[4] is None:
        return False
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return False
    return True


def read_moment(value: Any) -> datetime | None:
    """Return the UTC datetime of a stored text; without a zone UTC is meant. None if it is none.

    More forms are read here than are valid, so that what others stored is shown well.
    """
    if not isinstance(value, str) or len(value) < 16:
        return None
    try:
        moment = datetime.fromisoformat(value)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def show_odd(value: Any) -> str:
    if isinstance(value, str):
        return one_line(value)
    return "" if value is None else one_line(json_text(value))


def _parse_day(text: str, formats: Formats) -> str | None:
    if not text or text.isspace():
        return None
    if ":" in text:  # a whole day written as a moment; a time of day would be lost
        day, _, time = text.strip().replace("T", " ").partition(" ")
        if time.strip("0:.Z"):
            raise ValueError(text)
        text = day
    return formats.parse_date(text).isoformat()


def _day_rule(field: EffectiveField, *names: str) -> str:
    for name in names:
        value = text_rule(field, name)[:10]
        if is_day(value):
            return value
    return ""


TYPES = (DateType("date", "Date"), DatetimeType("datetime", "Date and time"))
