"""Numbers, amounts of money and percentages: exact, never rounded."""

import unicodedata
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from typing_extensions import override

from crm_desktop.domain.effective import EffectiveField, count_rule, number_rule, text_rule
from crm_desktop.domain.field_type import (
    Align,
    Checker,
    FieldType,
    Parser,
    Shower,
    one_line,
    refuse,
    shown,
)
from crm_desktop.domain.formats import HUGE, MAX_DIGITS, Formats, plain_number
from crm_desktop.domain.json_text import json_text

Number = int | Decimal

SYMBOLS = {
    "USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥", "CNY": "¥", "INR": "₹", "KRW": "₩",
    "RUB": "₽", "UAH": "₴", "TRY": "₺", "ILS": "₪", "VND": "₫", "NGN": "₦", "PHP": "₱",
    "THB": "฿", "KZT": "₸", "GEL": "₾", "AZN": "₼", "CRC": "₡", "PYG": "₲", "GHS": "₵",
    "BRL": "R$", "CAD": "$", "AUD": "$", "NZD": "$", "MXN": "$", "SGD": "$", "HKD": "$",
    "CHF": "CHF", "SEK": "kr", "NOK": "kr", "DKK": "kr", "PLN": "zł", "CZK": "Kč", "HUF": "Ft",
    "ZAR": "R",
}  # fmt: skip
NO_MINOR_UNIT = frozenset({"JPY", "KRW", "VND", "CLP", "ISK", "PYG", "UGX", "XAF", "XOF", "XPF"})
NOT_A_NUMBER = "This must be a number."
_ALIKE = str.maketrans({"\uff04": "$", "\uffe5": "¥", "\uff05": "%", "\u066a": "%"})


class NumberType(FieldType):
    icon = "hash"
    align: Align = "right"
    kind = "number"

    @override
    def checker(self, field: EffectiveField) -> Checker:
        low, high = self.limits(field)
        decimals = count_rule(field, "decimals")
        is_whole = decimals == 0

        def check(value: Any) -> str | None:
            kind = type(value)
            if kind is not int and kind is not Decimal:
                return None if value is None else NOT_A_NUMBER
            if problem := _size_problem(value):
                return problem
            if low is not None and value < low:
                return f"Enter {plain_number(low)} or more."
            if high is not None and value > high:
                return f"Enter {plain_number(high)} or less."
            if decimals is not None and kind is Decimal and _decimals(value) > decimals:
                if is_whole:
                    return "Enter a whole number."
                return f"Enter at most {decimals} decimal{'' if decimals == 1 else 's'}."
            return None

        return check

    def limits(self, field: EffectiveField) -> tuple[Number | None, Number | None]:
        """Return min and max; none where no number could lie between them."""
        low, high = number_rule(field, "min"), number_rule(field, "max")
        if low is not None and high is not None and low > high:
            return None, None
        return low, high

    def bare(self, field: EffectiveField) -> Callable[[str], str]:
        """Return a function that takes units and symbols off a typed number."""
        units = [text_rule(field, "prefix").strip(), text_rule(field, "suffix").strip()]

        def take_off(text: str) -> str:
            for unit in filter(None, units):
                text = _without(text, unit)
            return text

        return take_off

    @override
    def parser(self, field: EffectiveField, formats: Formats) -> Parser:
        bare = self.bare(field)
        point = formats.decimal_point
        example = formats.number_edit_text(Decimal("1234.5"))

        def parse(text: str) -> Number | None:
            if text.isdigit() and text.isascii() and len(text) < 400:
                return int(text)
            whole, found, fraction = text.partition(point)
            if found and (whole + fraction).isdigit() and text.isascii() and len(text) < 400:
                return Decimal(f"{whole}.{fraction}") if fraction else int(whole)
            if not text or text.isspace():
                return None
            try:
                return formats.parse_number(bare(text.strip()))
            except ValueError:
                raise refuse(
                    field, f"{shown(text)} is not a number. Write it like {example}."
                ) from None

        return parse

    @override
    def shower(self, field: EffectiveField, formats: Formats) -> Shower:
        decimals = self.shown_decimals(field)
        before, after = (" ".join(unit.splitlines()) for unit in self.units(field))

        def show(value: Any) -> str:
            kind = type(value)
            if kind is not int and kind is not Decimal:
                return "" if value is None else one_line(json_text(value))
            text = formats.number_text(value, min_decimals=decimals)
            if len(text) > MAX_DIGITS:
                text = f"{text[:MAX_DIGITS]}…"
            if before and text.startswith("-"):
                return f"-{before}{text[1:]}{after}"
            return f"{before}{text}{after}"

        return show

    def shown_decimals(self, field: EffectiveField) -> int:
        return min(count_rule(field, "decimals") or 0, 20)

    def units(self, field: EffectiveField) -> tuple[str, str]:
        """Return what stands before and after the digits in a grid."""
        return text_rule(field, "prefix"), text_rule(field, "suffix")

    @override
    def edit_text(self, value: Any, field: EffectiveField, formats: Formats) -> str:
        if is_number(value):
            return formats.number_edit_text(value)
        return "" if value is None else json_text(value)


class CurrencyType(NumberType):
    icon = "banknote"

    @override
    def bare(self, field: EffectiveField) -> Callable[[str], str]:
        code = text_rule(field, "currency").strip().upper()
        own = [unit for unit in (self.symbol(field), SYMBOLS.get(code, ""), code) if unit]
        unit_less = super().bare(field)

        def take_off(text: str) -> str:
            text = unit_less(text.translate(_ALIKE))
            for unit in own:
                text = _without(text, unit)
            return text if own else _without_any_symbol(text)

        return take_off

    def symbol(self, field: EffectiveField) -> str:
        """Return the sign of the field's currency, else its code, else ""."""
        code = text_rule(field, "currency").strip().upper()
        return text_rule(field, "symbol").strip() or SYMBOLS.get(code, code)

    @override
    def shown_decimals(self, field: EffectiveField) -> int:
        decimals = count_rule(field, "decimals")
        if decimals is not None:
            return min(decimals, 20)
        return 0 if text_rule(field, "currency").strip().upper() in NO_MINOR_UNIT else 2

    @override
    def units(self, field: EffectiveField) -> tuple[str, str]:
        symbol = self.symbol(field)
        return (f"{symbol}\u00a0" if symbol[-1:].isalpha() else symbol), ""


class PercentageType(NumberType):
    """50 is 50 %; 0 to 100 unless the config says otherwise."""

    icon = "percent"

    @override
    def limits(self, field: EffectiveField) -> tuple[Number | None, Number | None]:
        low, high = super().limits(field)
        return (0, 100) if low is None and high is None else (low, high)

    @override
    def bare(self, field: EffectiveField) -> Callable[[str], str]:
        return lambda text: text.translate(_ALIKE).removesuffix("%")

    @override
    def units(self, field: EffectiveField) -> tuple[str, str]:
        return "", "%"


def is_number(value: Any) -> bool:
    """Say whether this is a JSON number as services carry it: int or Decimal, not bool."""
    return type(value) is int or type(value) is Decimal


def _size_problem(value: Number) -> str | None:
    if type(value) is int:
        fits = -HUGE < value < HUGE
    elif len(text := str(value)) < MAX_DIGITS and text[-1].isdigit() and "E" not in text:
        return None  # nearly all: plain digits, few enough
    else:
        exponent = Decimal(value).as_tuple().exponent
        if not isinstance(exponent, int):
            return NOT_A_NUMBER
        fits = abs(exponent) < MAX_DIGITS and abs(Decimal(value).adjusted()) < MAX_DIGITS
    return None if fits else "This number has too many digits."


def _decimals(value: Decimal) -> int:
    """Count the decimals that say something: 1.50 has one."""
    text = str(value)
    if not text[-1].isdigit() or "E" in text:
        exponent = value.as_tuple().exponent
        if not isinstance(exponent, int) or exponent >= 0:
            return 0
        text = plain_number(value)
    return len(text.partition(".")[2].rstrip("0"))


def _without(text: str, unit: str) -> str:
    """Take one unit off either end, also behind a sign or inside parentheses: -$5, ($5)."""
    if text.startswith("(") and text.endswith(")"):
        return f"({_without(text[1:-1].strip(), unit)})"
    sign, rest = (text[0], text[1:].lstrip()) if text[:1] in {"+", "-", "\u2212"} else ("", text)
    folded, short = rest.casefold(), unit.casefold()
    if len(folded) != len(rest) or len(short) != len(unit):
        folded, short = rest, unit
    if folded.startswith(short):
        rest = rest[len(unit) :].lstrip()
    elif folded.endswith(short):
        rest = rest[: -len(unit)].rstrip()
    return sign + rest


def _without_any_symbol(text: str) -> str:
    for letter in text:
        if unicodedata.category(letter) == "Sc":
            return _without(text, letter)
    return text


TYPES = (
    NumberType("number", "Number"),
    CurrencyType("currency", "Currency"),
    PercentageType("percentage", "Percentage"),
)
