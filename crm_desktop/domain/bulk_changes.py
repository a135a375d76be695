"""What a bulk edit does to one field of every record: as data, and whether it fits the field."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeAlias

from crm_desktop.domain.field_types import EffectiveField, count_rule, is_empty, type_of
from crm_desktop.domain.types_number import CurrencyType, is_number
from crm_desktop.domain.validation import REQUIRED, value_problem

MOST_DAYS = 1_000_000  # PostgreSQL has no moment as far before the year 1 as 3,000,000
_A_NUMBER = "Enter a number other than 0."


@dataclass(frozen=True, slots=True)
class SetTo:
    """Every record holds this value afterwards; an empty one is what `Clear` is for."""

    value: Any


@dataclass(frozen=True, slots=True)
class Clear:
    """No record holds a value afterwards."""


@dataclass(frozen=True, slots=True)
class AddOptions:
    """Every record has these options as well, behind those that it has."""

    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RemoveOptions:
    """No record has any of these options; the others stay."""

    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class IncreaseBy:
    """Every number grows by this amount, or shrinks where it is negative; empty stays empty."""

    amount: int | Decimal


@dataclass(frozen=True, slots=True)
class IncreaseByPercent:
    """Every number grows by this part of itself, rounded to the decimals that its field has."""

    percent: int | Decimal


@dataclass(frozen=True, slots=True)
class ShiftDays:
    """Every date or moment moves by so many days, times of day stay; empty stays empty."""

    days: int


Change: TypeAlias = (
    SetTo | Clear | AddOptions | RemoveOptions | IncreaseBy | IncreaseByPercent | ShiftDays
)

_OF_KIND: Mapping[str, tuple[type[Change], ...]] = {
    "number": (SetTo, IncreaseBy, IncreaseByPercent, Clear),
    "date": (SetTo, ShiftDays, Clear),
    "datetime": (SetTo, ShiftDays, Clear),
    "list": (AddOptions, RemoveOptions, SetTo, Clear),
}


def changes_of(field: EffectiveField) -> tuple[type[Change], ...]:
    """Return the changes that fit a field, the likeliest first; a required one is not cleared."""
    kinds = _OF_KIND.get(type_of(field.type).kind, (SetTo, Clear))
    return tuple(kind for kind in kinds if kind is not Clear or not field.is_required)


def change_problem(field: EffectiveField, change: Change) -> str | None:
    """Say what is wrong with a change whatever the records hold, or None."""
    if isinstance(change, Clear) and field.is_required:
        return REQUIRED
    if type(change) not in changes_of(field):
        return "This change does not fit the field."
    if isinstance(change, SetTo):
        return value_problem(field, change.value)
    if isinstance(change, AddOptions | RemoveOptions):
        return _options_problem(field, change)
    if isinstance(change, IncreaseBy):
        return _amount_problem(field, change.amount)
    if isinstance(change, IncreaseByPercent):
        return _number_problem(change.percent)
    if isinstance(change, ShiftDays):
        return None if 0 < abs(change.days) <= MOST_DAYS else "Enter a number of days."
    return None


def is_clearing(change: Change) -> bool:
    """Say whether the change leaves nothing in the field."""
    return isinstance(change, Clear) or (isinstance(change, SetTo) and is_empty(change.value))


def decimals_after_percent(field: EffectiveField) -> int | None:
    """Return to how many decimals a part of a number is rounded; None: not at all."""
    kind = type_of(field.type)
    return kind.shown_decimals(field) if isinstance(kind, CurrencyType) else _decimals(field)


def _decimals(field: EffectiveField) -> int | None:
    return count_rule(field, "decimals")


def _options_problem(field: EffectiveField, change: AddOptions | RemoveOptions) -> str | None:
    if not change.values:
        return "Choose at least one option."
    if isinstance(change, RemoveOptions):  # also those that are no options any more
        return None
    check = type_of("select").checker(field)
    return next(filter(None, map(check, change.values)), None)


def _amount_problem(field: EffectiveField, amount: int | Decimal) -> str | None:
    decimals = _decimals(field)
    if problem := _number_problem(amount):
        return problem
    if decimals is not None and Decimal(amount) != round(Decimal(amount), decimals):
        return f"Enter at most {decimals} decimal{'' if decimals == 1 else 's'}."
    return None


def _number_problem(number: int | Decimal) -> str | None:
    if not is_number(number) or number == 0:
        return _A_NUMBER
    is_usual = Decimal("1e-20") < abs(Decimal(number)) < Decimal("1e20")
    return None if is_usual else "This number has too many digits."
