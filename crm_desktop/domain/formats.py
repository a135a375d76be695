"""How a person writes numbers, dates and times, and how such text is read back."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from decimal import Decimal
from functools import lru_cache
from typing import Literal

DateOrder = Literal["ymd", "dmy", "mdy"]

MAX_DIGITS = 1000
"""Numbers with more digits are refused: no measure or amount has them, and work stays bounded."""
HUGE = 10**400
"""Whole numbers from here on are refused, for the same reason."""

_SPACES = "\u0020\u00a0\u2007\u2009\u202f"
_QUOTES = "'\u2019"
_MINUS = str.maketrans({"\u2212": "-", "\u2013": "-", "\ufe63": "-", "\uff0d": "-"})
_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")
_GROUPED = re.compile(r"[0-9]{1,3}(?:G[0-9]{2,3})*G[0-9]{3}")
_YEAR_FIRST = re.compile(r"([0-9]{4})[-./ ]([0-9]{1,2})[-./ ]([0-9]{1,2})")
_YEAR_LAST = re.compile(r"([0-9]{1,2})([-./ ]) ?([0-9]{1,2})\2 ?([0-9]{4}|[0-9]{2})")
_SHORT_YEAR_FIRST = re.compile(r"([0-9]{2})([-./ ])([0-9]{1,2})\2([0-9]{1,2})")
_DAY_MONTH_NAME = re.compile(r"([0-9]{1,2})(?:st|nd|rd|th)?[ .-]*([a-z]{3,9})\.?[ ,-]*([0-9]{4})")
_MONTH_NAME_DAY = re.compile(r"([a-z]{3,9})\.? ([0-9]{1,2})(?:st|nd|rd|th)?[ ,]+([0-9]{4})")
_MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september",
    "october", "november", "december",
)  # fmt: skip
_TIME = re.compile(
    r"([0-9]{1,2})(?::([0-9]{2})(?::([0-9]{2})(?:[.,]([0-9]{1,6})[0-9]*)?)?)?"
    r" ?(am|pm|a\.m\.|p\.m\.)?",
    re.IGNORECASE,
)
_ZONE = re.compile(r" ?(?:(z|utc|gmt)|([+-])([0-9]{2}):?([0-9]{2})?)$", re.IGNORECASE)
_PIVOT = 69  # two-digit years: from 69 on they are 19xx, as strptime reads them (POSIX)


@dataclass(frozen=True, slots=True)
class Formats:
    """One person's habits; `first_weekday` counts from Monday = 0.

    Reading is lenient where nothing can be mistaken (ISO dates always, spaces of any width as
    group separators) and refuses where it can: under a decimal comma "1.5" is no number.
    """

    decimal_point: str = "."
    group_separator: str = ","
    date_order: DateOrder = "ymd"
    date_separator: str = "-"
    time_zone: tzinfo = UTC
    first_weekday: int = 0
    has_am_pm: bool = False

    @classmethod
    def iso(cls, time_zone: tzinfo = UTC) -> "Formats":
        """Return the habits of files and terminals: 1234.5 and 2024-01-31, no grouping."""
        return cls(group_separator="", time_zone=time_zone)

    def number_text(self, value: int | Decimal, *, min_decimals: int = 0) -> str:
        """Write a number with groups; its own decimals are all kept, missing ones filled up."""
        if isinstance(value, int):
            if not -HUGE < value < HUGE:
                return str(Decimal(value))
            whole, fraction = f"{value:,d}", ""
        elif value and not -MAX_DIGITS < value.adjusted() < MAX_DIGITS:
            return str(value)
        else:
            whole, _, fraction = f"{value:,f}".partition(".")
        if self.group_separator != ",":
            whole = whole.replace(",", self.group_separator)
        if len(fraction) < min_decimals:
            fraction = fraction.ljust(min_decimals, "0")
        return f"{whole}{self.decimal_point}{fraction}" if fraction else whole

    def number_edit_text(self, value: int | Decimal) -> str:
        """Write a number without groups, as `parse_number` reads it back exactly."""
        return plain_number(value).replace(".", self.decimal_point)

    def parse_number(self, text: str) -> int | Decimal:
        """Read a number exactly; whole numbers become int, others keep their scale.

        Parentheses mean a negative amount, as in bookkeeping. Raises ValueError.
        """
        text = text.strip().translate(_MINUS)
        if len(text) > MAX_DIGITS:
            raise ValueError(text[:40])
        if text.startswith("(") and text.endswith(")"):
            inner = text[1:-1].strip()
            if inner[:1] in {"+", "-", "("}:
                raise ValueError(text)
            return -self.parse_number(inner)
        sign = text[:1] if text[:1] in {"+", "-"} else ""
        plain = sign + self._without_groups(text[len(sign) :].strip())
        if _NUMBER.fullmatch(plain) is None:
            raise ValueError(text)
        return exact_number(plain)

    def _without_groups(self, text: str) -> str:
        whole, point, fraction = text.partition(self.decimal_point)
        if not whole.isdigit():
            whole = self._ungrouped(whole)
        if self.decimal_point != "." and "." in fraction:
            raise ValueError(text)
        return f"{whole}.{fraction}" if point else whole

    def _ungrouped(self, whole: str) -> str:
        """Take the group separators out of the digits before the decimal point."""
        if self.decimal_point != "." and "." in whole and self.group_separator != ".":
            raise ValueError(whole)
        for separator in (self.group_separator, *_SPACES, *_QUOTES):
            if separator and separator in whole:
                marked = whole.replace(separator, "G")
                if _GROUPED.fullmatch(marked) is None:
                    raise ValueError(whole)
                return marked.replace("G", "")
        return whole

    def date_text(self, day: date) -> str:
        """Write a date in the person's short form, the year with four digits."""
        year, month, date_ = f"{day.year:04}", f"{day.month:02}", f"{day.day:02}"
        return self._in_order(year, month, date_)

    def iso_date_text(self, iso: str) -> str:
        """Write a valid ISO date in the person's short form; quicker than `date_text`."""
        return self._in_order(iso[:4], iso[5:7], iso[8:])

    def month_text(self, year: str, month: int) -> str:
        """Write a month by its name; its number, where there is no such month."""
        name = _MONTHS[month - 1].capitalize() if 0 < month <= len(_MONTHS) else str(month)
        return f"{name} {year}"

    def _in_order(self, year: str, month: str, day: str) -> str:
        between = self.date_separator
        if self.date_order == "dmy":
            return f"{day}{between}{month}{between}{year}"
        if self.date_order == "mdy":
            return f"{month}{between}{day}{between}{year}"
        return f"{year}{between}{month}{between}{day}"

    def parse_date(self, text: str) -> date:
        """Read an ISO date, or one in the person's order, or one with an English month name.

        Raises ValueError.
        """
        text = text.strip()
        if len(text) == 10 and text[4] == text[7] == "-":
            return date.fromisoformat(text)
        if found := _YEAR_FIRST.fullmatch(text):
            return date(*map(int, found.groups()))
        if self.date_order == "ymd":
            return _short_year_first(text) or _named_month(text)
        found = _YEAR_LAST.fullmatch(text)
        if found is None:
            return _named_month(text)
        first, second, year = int(found[1]), int(found[3]), _full_year(found[4])
        day, month = (first, second) if self.date_order == "dmy" else (second, first)
        return date(year, month, day)

    def time_text(self, moment: datetime, fraction: str = "") -> str:
        """Write the time of day; seconds only where there are any. `fraction` are its digits."""
        hour, suffix = moment.hour, ""
        if self.has_am_pm:
            suffix = " AM" if hour < 12 else " PM"
            hour = hour % 12 or 12
        seconds = f":{moment.second:02}" if moment.second or fraction else ""
        return f"{hour:02}:{moment.minute:02}{seconds}{'.' if fraction else ''}{fraction}{suffix}"

    def moment_text(self, moment: datetime, fraction: str = "") -> str:
        """Write an aware datetime in the person's own time zone."""
        try:
            local = moment.astimezone(self.time_zone)
        except OverflowError:  # the first and the last day that Python knows
            local = moment
        if not (self.has_am_pm or fraction or local.second):  # as most are, and in a fifth of time
            iso = local.isoformat(" ", "minutes")
            return f"{self.iso_date_text(iso[:10])} {iso[11:16]}"
        return f"{self.date_text(local)} {self.time_text(local, fraction)}"

    def parse_moment(self, text: str) -> tuple[datetime, str]:
        """Read a date and time as UTC, and the digits of the second's fraction as written.

        Without a zone the person's own is meant; without a time, midnight. Raises ValueError.
        """
        text, zone = _split_zone(text.strip())
        day_text, time_text = _split_time(text)
        day = self.parse_date(day_text)
        hour, minute, second, fraction = _parse_time(time_text)
        local = datetime(
            day.year, day.month, day.day, hour, minute, second,
            int(fraction.ljust(6, "0")), zone or self.time_zone,
        )  # fmt: skip
        try:
            return local.astimezone(UTC), fraction
        except OverflowError as error:
            raise ValueError(text) from error


def plain_number(value: int | Decimal) -> str:
    """Return digits, a point and a minus sign only, unless that would be absurdly long."""
    if isinstance(value, int):
        return str(value) if -HUGE < value < HUGE else str(Decimal(value))
    exponent = value.as_tuple().exponent
    if not isinstance(exponent, int) or abs(exponent) > 20 * MAX_DIGITS:
        return str(value)
    return format(value, "f")


def exact_number(plain: str) -> int | Decimal:
    """Return the number of a text with "." for the decimal point; whole numbers as int."""
    if plain.lstrip("+-").isdigit():
        return int(plain)
    number = Decimal(plain)
    exponent = number.as_tuple().exponent
    if isinstance(exponent, int) and exponent >= 0:
        return int(number)  # 1e3 or "5.": jsonb keeps no exponent
    return number or number.copy_abs()  # nor a negative zero


def _full_year(text: str) -> int:
    year = int(text)
    if len(text) == 4:
        return year
    return year + (1900 if year >= _PIVOT else 2000)


def _short_year_first(text: str) -> date | None:
    found = _SHORT_YEAR_FIRST.fullmatch(text)
    return date(_full_year(found[1]), int(found[3]), int(found[4])) if found else None


def _named_month(text: str) -> date:
    text = text.lower()
    if found := _DAY_MONTH_NAME.fullmatch(text):
        return date(int(found[3]), _month(found[2]), int(found[1]))
    if found := _MONTH_NAME_DAY.fullmatch(text):
        return date(int(found[3]), _month(found[1]), int(found[2]))
    raise ValueError(text)


@lru_cache(maxsize=64)
def _month(name: str) -> int:
    for number, month in enumerate(_MONTHS, start=1):
        if month == name or month[:3] == name or name == "sept" == month[:4]:
            return number
    raise ValueError(name)


def _split_zone(text: str) -> tuple[str, tzinfo | None]:
    found = _ZONE.search(text)
    if found is None or ":" not in text[: found.start()]:
        return text, None  # "-05" at the end of a date is no zone
    if found[1]:
        return text[: found.start()], UTC
    hours, minutes = int(found[3]), int(found[4] or 0)
    if hours > 23 or minutes > 59:
        raise ValueError(text)
    offset = timedelta(hours=hours, minutes=minutes)
    return text[: found.start()], _fixed(-offset if found[2] == "-" else offset)


@lru_cache(maxsize=64)
def _fixed(offset: timedelta) -> tzinfo:
    return timezone(offset)


def _split_time(text: str) -> tuple[str, str]:
    """Cut "2024-01-31 10:00" or "2024-01-31T10:00" in two; a date alone has no time."""
    colon = text.find(":")
    if colon < 0:
        return text, ""
    cut = max(text.rfind(" ", 0, colon), text.rfind("T", 0, colon), text.rfind("t", 0, colon))
    if cut < 0:
        raise ValueError(text)
    return text[:cut].rstrip(" ,"), text[cut + 1 :]


def _parse_time(text: str) -> tuple[int, int, int, str]:
    if not text:
        return 0, 0, 0, ""
    found = _TIME.fullmatch(text.strip())
    if found is None:
        raise ValueError(text)
    hour, minute, second = int(found[1]), int(found[2] or 0), int(found[3] or 0)
    half = (found[5] or "").lower().replace(".", "")
    if half:
        if not 1 <= hour <= 12:
            raise ValueError(text)
        hour = hour % 12 + (12 if half == "pm" else 0)
    return hour, minute, second, found[4] or ""
