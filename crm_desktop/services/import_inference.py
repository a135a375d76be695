"""Guesses from every cell of a column which type of field it is, and how its values are written."""

import re
from calendar import monthrange
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Any

from crm_desktop.domain.errors import Invalid

MAX_OPTIONS = 25
MAX_OPTION_LENGTH = 60
TEXT_LENGTH = 255
_REMEMBERED = 50_000  # distinct cells of a column that are not looked at twice
_SPACES = " \u00a0\u2009\u202f\u2019'"  # what groups thousands beside the comma and the point

_DIGITS = r"(?!(?:\D*\d){16})"  # longer ones are numbers of things, not of how many
_INTEGER = r"(?:0|[1-9]\d*|[1-9]\d{0,2}(?:(?P<g>[GROUP])\d{3})(?:(?P=g)\d{3})*)"
_SIGN = r"[-+\u2212]?"


def _number(group: str, point: str) -> str:
    return rf"{_DIGITS}{_SIGN}(?:{_INTEGER.replace('GROUP', group)}(?:{point}\d+)?|{point}\d+)"


_NUMBERS = {".": _number(f",{_SPACES}", r"\."), ",": _number(rf".{_SPACES}", ",")}
_MONEY = (
    "[$€£¥₹]|USD|EUR|GBP|JPY|CHF|CNY|INR|CAD|AUD|NZD|SEK|NOK|DKK|ISK|PLN|CZK|HUF|RON|BGN|TRY|UAH|"
    "ILS|AED|SAR|ZAR|NGN|KES|EGP|BRL|MXN|ARS|CLP|COP|PEN|KRW|SGD|HKD|TWD|THB|IDR|MYR|PHP|VND"
)
_PLAIN = {sign: re.compile(rf"{body}\Z") for sign, body in _NUMBERS.items()}
_PERCENT = {sign: re.compile(rf"({body})\s?%\Z") for sign, body in _NUMBERS.items()}
_AMOUNT = {
    sign: re.compile(rf"(?P<before>{_MONEY})?\s?{body}\s?(?P<after>{_MONEY})?\Z")
    for sign, body in _NUMBERS.items()
}
_CURRENCIES = {"$": "USD", "€": "EUR", "£": "GBP", "¥": "JPY", "₹": "INR"}
_DATE = (
    r"(?:(?P<y>\d{4})(?P<s>[-/.])(?P<m>\d\d?)(?P=s)(?P<d>\d\d?)"
    r"|(?P<a>\d\d?)(?P<t>[-/.])(?P<b>\d\d?)(?P=t)(?P<z>\d{4}|(?<=/)\d\d))"
)
_TIME = r"[T ]\s*\d\d?:\d\d(?::\d\d(?:[.,]\d{1,9})?)?(?:\s?[AaPp][Mm])?\s*(?:Z|UTC|[+-]\d\d:?\d\d)?"
_DAY = re.compile(rf"{_DATE}(?P<time>{_TIME})?\Z")
_NAMED_DAY = re.compile(
    r"(?:\d\d?(?:st|nd|rd|th)?[ .-]*MON[ ,-]*\d{4}|MON \d\d?(?:st|nd|rd|th)?[ ,]+\d{4})\Z".replace(
        "MON", r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}\.?"
    ),
    re.IGNORECASE,
)
_EMAIL = re.compile(r"[^\s@,;<>\"]+@[^\s@,;<>\".]+(?:\.[^\s@,;<>\".]+)+\Z")
_URL = re.compile(r"https?://[^\s/$.?#][^\s]*\Z", re.IGNORECASE)
_PHONE = re.compile(r"(?=(?:\D*\d){7,15}\D*\Z)\+?[\d(][\d\s()./-]+\Z")
_PHONE_MARK = re.compile(r"\A\+\d|\A\(\d{2,5}\) ?\d")
_YES_NO = frozenset({"true", "false", "yes", "no", "y", "n"})
_CODES = re.compile(r"(zip|post(al)?[ _-]?code|plz|iban|vat|tax[ _-]?id|serial|sku)", re.IGNORECASE)
_PHONES = re.compile(r"(phone|mobile|fax|\btel\b)", re.IGNORECASE)
_TESTED = {  # by the type of an existing field: evidence that one bad cell must not end
    "date": {"date"},
    "datetime": {"date"},
    "number": {"number"},
    "currency": {"number", "currency"},
    "percentage": {"number", "percentage"},
}
OPTION_COLORS = (
    "#2D52CF", "#1A7440", "#875300", "#BF2A2A", "#6B3FA0", "#0B6E80", "#A8174C", "#505C6E",
)  # fmt: skip


class DateOrderUnknown(Invalid):
    """Dates such as 03/04/2024 fit both orders; somebody must say which was meant."""


@dataclass(frozen=True, slots=True)
class ColumnGuess:
    """What a column seems to hold, and how its dates and numbers are to be read."""

    header: str
    type: str
    config: Mapping[str, Any]
    filled: int  # cells that are not empty
    date_order: str  # "ymd", "dmy" or "mdy"; "" where nothing decides
    decimal: str  # "." or ","


@dataclass(slots=True)
class _Dates:
    """Which orders of day and month the dates of a column allow."""

    day_first: int = 0
    month_first: int = 0
    either: int = 0
    same: int = 0
    timed: int = 0

    def take(self, text: str) -> bool:
        """Count one text; False when it is no date in any order."""
        found = _DAY.match(text)
        if found is None:
            return _NAMED_DAY.match(text) is not None
        if found["y"]:
            self.timed += found["time"] is not None
            return _is_day(found["y"], found["m"], found["d"])
        first, second, year = found["a"], found["b"], found["z"]
        day_first = _is_day(year, second, first)
        month_first = _is_day(year, first, second) and found["t"] != "."
        if not (day_first or month_first):
            return False
        self.timed += found["time"] is not None
        self.day_first += day_first and not month_first
        self.month_first += month_first and not day_first
        self.either += day_first and month_first and first != second
        self.same += day_first and month_first and first == second
        return True

    @property
    def is_mixed(self) -> bool:
        return bool(self.day_first and self.month_first)

    @property
    def order(self) -> str:
        """The order that is certain; "" where both or neither fits."""
        if self.is_mixed:
            return ""
        if self.day_first or self.month_first:
            return "dmy" if self.day_first else "mdy"
        if self.either:
            return ""
        return "mdy" if self.same else "ymd"


def _is_day(year: str, month: str, day: str) -> bool:
    if not (1 <= int(month) <= 12 and (int(year) or len(year) == 2)):
        return False
    if int(day) <= 28:
        return int(day) > 0
    if len(year) == 2:
        year = f"20{year}"
    return int(day) <= monthrange(int(year), int(month))[1]


class _Column:
    """The evidence of one column, gathered block by block."""

    def __init__(self, header: str, hint: str, *, is_settled: bool) -> None:
        """`hint` is the type of the field that the column fills, "" for a new one.

        A settled column needs no evidence: it fills a field whose type is read in one way only.
        """
        self.header, self.hint = header, hint
        self.is_settled = is_settled and hint not in _TESTED
        self.filled = self.longest = 0
        self.has_lines = False
        self.options: dict[str, None] | None = {}
        self.dates = _Dates()
        self.money: set[str] = set()
        self.misses: Counter[str] = Counter()
        self._seen: set[str] = set()
        self._tests: dict[str, Callable[[str], object]] = {
            "boolean": _is_yes_or_no,
            "date": self.dates.take,
            "email": _EMAIL.match,
            "url": _URL.match,
            "phone": _PHONE.match,
        }
        for sign in _NUMBERS:
            self._tests[f"number{sign}"] = _PLAIN[sign].match
        for sign in _NUMBERS:
            self._tests[f"percentage{sign}"] = partial(_is_percentage, sign)
            self._tests[f"currency{sign}"] = partial(self._is_amount, sign)

    def add(self, cells: Sequence[str]) -> None:
        self.filled += len(cells) - cells.count("")
        if self.is_settled:
            return
        if not self._tests and self.options is None:
            self._measure(cells)
            return
        texts = set(map(str.strip, set(cells)))
        texts.discard("")
        texts = texts - self._seen  # looks up the few, not the many
        if not texts:
            return
        if len(self._seen) < _REMEMBERED:
            self._seen |= texts
        self._measure(texts)
        if self.options is not None:
            self.options.update(dict.fromkeys(texts))
            if len(self.options) > MAX_OPTIONS:
                self.options = None
        plain: set[str] = set()
        for name, test in list(self._tests.items()):
            has_sign = name.startswith(("percentage", "currency"))  # which no plain number has
            hits = set(filter(test, texts - plain if has_sign else texts))
            if name.startswith("number"):
                plain |= hits
            misses = len(texts) - len(hits)
            self.misses[name] += misses
            if misses and name.rstrip(".,") not in _TESTED.get(self.hint, ()):
                del self._tests[name]

    def _measure(self, texts: Collection[str]) -> None:
        self.longest = max(self.longest, *map(len, texts))
        if not self.has_lines:
            whole = "".join(texts)
            self.has_lines = "\n" in whole or "\r" in whole

    def _is_amount(self, sign: str, text: str) -> bool:
        found = _AMOUNT[sign].match(text)
        if found is None or bool(found["before"]) == bool(found["after"]):
            return False
        self.money.add(found["before"] or found["after"])
        return len(self.money) == 1

    def is_named(self, words: re.Pattern[str]) -> bool:
        return words.search(self.header) is not None

    @property
    def has_phone_marks(self) -> bool:
        return any(_PHONE_MARK.search(text) for text in self._seen)

    @property
    def has_dates(self) -> bool:
        return self.fits("date") and not self.dates.is_mixed

    def fits(self, test: str) -> bool:
        return self.filled > 0 and not self.misses[test]

    def signs(self) -> set[str]:
        """Return the decimal signs that explain the most of the column's numbers."""
        kinds = ("number", "percentage", "currency")
        misses = {s: min(self.misses[f"{kind}{s}"] for kind in kinds) for s in _NUMBERS}
        if not self.filled or (min(misses.values()) and self.hint not in kinds):
            return set()
        return {sign for sign, count in misses.items() if count == min(misses.values())}


def _is_yes_or_no(text: str) -> bool:
    return text.lower() in _YES_NO


def _is_percentage(sign: str, text: str) -> bool:
    found = _PERCENT[sign].match(text)
    if found is None:
        return False
    plain = re.sub(rf"[^\d{sign}]", "", found[1]).replace(sign, ".")
    return text[0] not in "-\u2212" and Decimal(plain) <= 100


class Inference:
    """Gathers evidence from all blocks of a file, then says what each column is."""

    def __init__(
        self, headers: Sequence[str], hints: Mapping[str, str], *, settled: Collection[str] = ()
    ) -> None:
        """`hints` names the types that are known, `settled` the columns that have their field."""
        self._columns = [
            _Column(header, hints.get(header, ""), is_settled=header in settled)
            for header in headers
        ]

    def add(self, columns: Iterable[Sequence[str]]) -> None:
        for column, cells in zip(self._columns, columns, strict=True):
            column.add(cells)

    def guesses(
        self, separator: str, *, date_order: str, decimal: str, free_text: Collection[str]
    ) -> tuple[ColumnGuess, ...]:
        """Return a guess for each column; `date_order` and `decimal` are "" to be decided here.

        Where a column leaves both readings open, the other columns of the file decide; numbers
        that are still open follow the separator: a semicolon goes with a decimal comma.
        `free_text` names columns that must not become a choice between options.
        """
        sure_orders = {c.dates.order for c in self._columns if not c.misses["date"] and c.filled}
        sure_orders &= {"dmy", "mdy"}
        order = date_order or (sure_orders.pop() if len(sure_orders) == 1 else "")
        sure_signs = {sign for c in self._columns if len(c.signs()) == 1 for sign in c.signs()}
        usual = "," if separator == ";" else "."
        sign = decimal or (sure_signs.pop() if len(sure_signs) == 1 else usual)
        return tuple(_guess(c, order, sign, free_text) for c in self._columns)


def _guess(
    column: _Column, date_order: str, decimal: str, free_text: Collection[str]
) -> ColumnGuess:
    signs = column.signs()
    sign = decimal if decimal in signs or not signs else min(signs)
    order = column.dates.order or date_order
    type_, config = _type(column, sign, can_be_choice=column.header not in free_text)
    return ColumnGuess(column.header, type_, config, column.filled, order, sign)


def _type(column: _Column, sign: str, *, can_be_choice: bool) -> tuple[str, dict[str, Any]]:
    if column.is_settled:
        return column.hint, {}
    is_choice = can_be_choice and _is_choice(column)
    is_long = column.has_lines or column.longest > TEXT_LENGTH
    candidates = {  # the first that holds
        "boolean": column.fits("boolean"),
        "percentage": column.fits(f"percentage{sign}"),
        "currency": column.fits(f"currency{sign}"),
        "phone": column.fits("phone") and (column.is_named(_PHONES) or column.has_phone_marks),
        "number": column.fits(f"number{sign}") and not column.is_named(_CODES),
        "datetime": column.has_dates and column.dates.timed > 0,
        "date": column.has_dates,
        "email": column.fits("email"),
        "url": column.fits("url"),
        "select": is_choice,
        "textarea": is_long,
        "text": True,
    }
    type_ = next(name for name, holds in candidates.items() if holds)
    if type_ == "currency":
        unit = next(iter(column.money))
        return type_, {"currency": _CURRENCIES.get(unit, unit)}
    if type_ == "select":
        return type_, {"options": _options(sorted(column.options or ()))}
    return type_, {}


def _is_choice(column: _Column) -> bool:
    count = len(column.options or ())
    return (
        count > 0
        and column.filled >= 3 * count
        and column.longest <= MAX_OPTION_LENGTH
        and not column.has_lines
        and not column.fits("number.")
        and not column.is_named(_CODES)
    )


def _options(values: Sequence[str]) -> list[dict[str, str]]:
    colors = (OPTION_COLORS[number % len(OPTION_COLORS)] for number in range(len(values)))
    return [
        {"value": value, "label": value, "color": color}
        for value, color in zip(values, colors, strict=True)
    ]
