"""What is looked for in texts, and what is put in its place; expressions take bounded time."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from crm_desktop.domain.errors import Invalid
from crm_desktop.domain.patterns import MAX_PATTERN

PATIENCE = 0.25  # seconds for one text
TOO_SLOW = "This expression takes too long on some of these texts. Make it simpler."
MOST_LETTERS = 1_000_000  # of a text that came of a replacement


@dataclass(frozen=True, slots=True)
class TextSearch:
    """A text to look for: in any case unless `matches_case`, anywhere unless `is_whole`.

    With `is_expression` it is a regular expression.
    """

    text: str
    matches_case: bool = False
    is_whole: bool = False
    is_expression: bool = False


class Finder:
    """Finds a search in texts; raises Invalid for what cannot be looked for."""

    def __init__(self, search: TextSearch) -> None:
        if not search.text:
            raise Invalid({"text": "Enter what to look for."})
        flags = 0 if search.matches_case else re.IGNORECASE
        pattern = search.text if search.is_expression else re.escape(search.text)
        if search.is_whole:
            pattern = rf"\A(?:{pattern})\Z"
        self._is_expression = search.is_expression
        self._compiled: Any = (
            _expression(search.text, pattern, flags)
            if search.is_expression
            else re.compile(pattern, flags)
        )
        self._limit = {"timeout": PATIENCE} if search.is_expression else {}

    def finds(self, text: str) -> bool:
        """Say whether the text has a match; raises Invalid where that takes too long."""
        try:
            return self._compiled.search(text, **self._limit) is not None
        except TimeoutError:
            raise Invalid({"text": TOO_SLOW}) from None

    def replacer(self, replacement: str) -> Callable[[str], str]:
        """Return what replaces every match; an expression's replacement may name its groups.

        Raises Invalid for a replacement that names a group that is not there.
        """
        put: Any = _always(replacement)
        if self._is_expression:
            _check_replacement(self._compiled.pattern, replacement)
            put = replacement

        def replace(text: str) -> str:
            try:
                return str(self._compiled.sub(put, text, **self._limit))[:MOST_LETTERS]
            except TimeoutError:
                raise Invalid({"text": TOO_SLOW}) from None

        return replace


def _always(replacement: str) -> Callable[[object], str]:
    """Return the text whatever was found: nothing in it names a group."""

    def put(_: object) -> str:
        return replacement

    return put


def _check_replacement(pattern: str, replacement: str) -> None:
    """Put it in the place of nothing: an empty text always matches this."""
    import regex

    try:
        regex.sub(f"{pattern}|", replacement, "")
    except (regex.error, IndexError, KeyError) as error:
        raise Invalid({"replacement": f"This replacement cannot be used: {error}."}) from error


def _expression(source: str, pattern: str, flags: int) -> Any:
    import regex  # has what `re` lacks: a time limit

    if len(source) > MAX_PATTERN:
        raise Invalid({"text": f"An expression has at most {MAX_PATTERN:,} characters."})
    try:
        regex.compile(source, flags=flags)  # alone: a stray “)” must not find its fellow
        return regex.compile(pattern, flags=flags)
    except (regex.error, RecursionError, OverflowError, ValueError) as error:
        raise Invalid({"text": f"This is no regular expression: {error}."}) from error
