"""JSON values as compact text and back, and what PostgreSQL cannot keep of them."""

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

NOT_STORABLE = "This text has a character that the database cannot store."


def json_text(value: Any) -> str:
    """Return the value as compact JSON; a Decimal keeps its digits."""
    import simplejson  # half the cost of this module, needed for odd values only

    return str(
        simplejson.dumps(
            value, use_decimal=True, ensure_ascii=False, separators=(", ", ": "), allow_nan=True
        )
    )


def json_value(text: str) -> Any:
    """Return the value of JSON text, fractions as Decimal; raises ValueError."""
    try:
        return _DECODER.decode(text)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    except ArithmeticError as error:
        raise ValueError("a number is out of bounds") from error


def _refuse(name: str) -> None:
    raise ValueError(name)


_DECODER = json.JSONDecoder(parse_float=Decimal, parse_constant=_refuse)  # made once: ten times
# as quick as json.loads with arguments, which makes one for each call


def text_problem(value: str) -> str | None:
    """Say why PostgreSQL cannot store this text: NUL, or half of a surrogate pair."""
    if "\0" in value:
        return NOT_STORABLE
    if value.isascii():
        return None
    try:
        value.encode()
    except UnicodeEncodeError:
        return NOT_STORABLE
    return None


def storage_problem(value: Any) -> str | None:
    """Say why a `jsonb` column cannot hold this value."""
    pending = [value]
    while pending:
        leaf = pending.pop()
        if isinstance(leaf, str):
            if problem := text_problem(leaf):
                return problem
        elif isinstance(leaf, Mapping):
            pending += leaf.keys()
            pending += leaf.values()
        elif isinstance(leaf, list | tuple):
            pending += leaf
        elif isinstance(leaf, float) or (isinstance(leaf, Decimal) and not leaf.is_finite()):
            return "NaN, Infinity and inexact numbers cannot be stored."
    return None
