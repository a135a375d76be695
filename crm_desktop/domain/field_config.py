"""Rules of a field's `config` that hold for every type: what its form refuses."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from crm_desktop.domain.effective import flat_config
from crm_desktop.domain.patterns import Pattern

_PAIRS = (
    ("min", "max", "The smallest number is larger than the largest."),
    ("minLength", "maxLength", "The shortest length is longer than the longest."),
    ("minDate", "maxDate", "The earliest date is after the latest."),
    ("minSelections", "maxSelections", "The fewest choices are more than the most."),
)


def config_problems(config: Mapping[str, Any]) -> dict[str, str]:
    """Return what is wrong, by key in the spelling of `flat_config`."""
    rules = flat_config(config)
    problems = {
        low: sentence
        for low, high, sentence in _PAIRS
        if _is_above(rules.get(low), rules.get(high))
    }
    if problem := _pattern_problem(rules.get("pattern")):
        problems["pattern"] = problem
    if problem := _options_problem(rules.get("options")):
        problems["options"] = problem
    return problems


def _is_above(low: Any, high: Any) -> bool:
    if isinstance(low, str) and isinstance(high, str):
        return low > high  # dates, as YYYY-MM-DD
    if _is_number(low) and _is_number(high):
        return bool(low > high)
    return False


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def _pattern_problem(source: Any) -> str | None:
    if isinstance(source, str) and not Pattern(source).is_usable:
        return "The pattern is no regular expression, or one that is too long to be checked."
    return None


def _options_problem(options: Any) -> str | None:
    if options is None:
        return None
    if not isinstance(options, list | tuple):
        return "The options are no list."
    seen: set[str] = set()
    for option in options:
        value = option.get("value") if isinstance(option, Mapping) else option
        if not isinstance(value, str) or not value.strip():
            return "Every option needs a value."
        if value in seen:
            shown = value if len(value) <= 60 else f"{value[:59]}…"
            return f"Two options have the value “{shown}”."
        seen.add(value)
    return None
