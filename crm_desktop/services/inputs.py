"""What people type into forms: checked, trimmed, and refused in whole sentences."""

import math
import unicodedata
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    ValidationError,
    ValidationInfo,
)
from pydantic_core import ErrorDetails

from crm_desktop.domain.errors import Invalid
from crm_desktop.domain.json_text import text_problem

MAX_LINE = 255
MAX_TEXT = 100_000


class Draft(BaseModel):
    """What somebody filled in; making one raises Invalid that names the wrong inputs."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    def __init__(self, **values: Any) -> None:
        try:
            super().__init__(**values)
        except ValidationError as error:
            details = error.errors()
            if any(detail["type"] == "extra_forbidden" for detail in details):
                raise  # a misspelt argument is a bug, not somebody's input
            raise Invalid(dict(map(_problem, details))) from None


def _words_of(name: str) -> str:
    """Return what a question is called on screen."""
    return "e-mail address" if name == "email" else name.replace("_", " ")


def _problem(detail: ErrorDetails) -> tuple[str, str]:
    name = str(detail["loc"][0])
    words = _words_of(name)
    if detail["type"] == "missing":
        return name, f"Enter the {words}."
    reason = detail.get("ctx", {}).get("error")
    return name, str(reason) if reason else f"The {words} is not valid: {detail['msg']}."


def _line(value: str, info: ValidationInfo) -> str:
    words = _words_of(info.field_name or "text")
    value = value.strip()
    if not value:
        raise ValueError(f"Enter the {words}.")
    if len(value) > MAX_LINE:
        raise ValueError(f"The {words} is longer than {MAX_LINE} characters.")
    if any(unicodedata.category(letter) in {"Cc", "Cs", "Zl", "Zp"} for letter in value):
        raise ValueError(f"The {words} contains control characters.")
    return value


def _text(value: str, info: ValidationInfo) -> str:
    words = _words_of(info.field_name or "text")
    if len(value) > MAX_TEXT:
        raise ValueError(f"The {words} is longer than {MAX_TEXT:,} characters.")
    if problem := text_problem(value):
        raise ValueError(problem)
    return value.strip()


def _blank_is_none(value: Any) -> Any:
    return None if isinstance(value, str) and not value.strip() else value


def check_json(name: str, value: Any) -> None:
    """Raise Invalid for `name` unless a jsonb column can hold the value."""
    for leaf in _leaves(value):
        if isinstance(leaf, str) and (problem := text_problem(leaf)):
            raise Invalid({name: problem})
        if isinstance(leaf, float | Decimal) and not math.isfinite(leaf):
            raise Invalid({name: "Infinity and NaN are no numbers that JSON knows."})


def _leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield key
            yield from _leaves(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _leaves(inner)
    else:
        yield value


Line = Annotated[str, AfterValidator(_line)]
"""One line of text: trimmed, not blank, at most 255 characters, no control characters."""
OptionalLine = Annotated[Line | None, BeforeValidator(_blank_is_none)]
OptionalText = Annotated[
    Annotated[str, AfterValidator(_text)] | None, BeforeValidator(_blank_is_none)
]
