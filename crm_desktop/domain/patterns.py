"""Regular expressions out of configurations: matched in bounded time, or not at all."""

import re
from functools import lru_cache
from math import prod
from typing import Any

MAX_PATTERN = 1000
MAX_REPEATS = 10_000
MAX_PLAIN = 200  # characters; quadratic work from each of them is done in milliseconds
PATIENCE = 0.05  # seconds for one value

_COUNTS = re.compile(r"\{[ 0-9,]+\}")
_QUANTIFIER = re.compile(r"[*+?{]")  # escaped ones too: to be careful costs little
_QUANTIFIED_GROUP = re.compile(r"\)[*+?{]")


class Pattern:
    """Says whether a text contains a match, as JavaScript's `RegExp.test` and `re.search` do.

    A pattern that nobody can compile, or one that takes too long (catastrophic backtracking),
    accepts everything from then on: a mistake in the configuration must not stop the work.
    """

    def __init__(self, source: str) -> None:
        self.is_usable = True
        self._plain: re.Pattern[str] | None = None
        self._slow: Any = None
        if len(source) > MAX_PATTERN or prod(map(_count, _COUNTS.findall(source))) > MAX_REPEATS:
            self.is_usable = False
        elif _is_harmless(source):
            self._plain = _compile(source)
        if self.is_usable and self._plain is None:
            self._compile_slow(source)

    def _compile_slow(self, source: str) -> None:
        import regex  # has what `re` lacks: a time limit

        try:
            self._slow = regex.compile(source)
        except (regex.error, RecursionError, OverflowError, ValueError):
            self.is_usable = False

    def accepts(self, text: str) -> bool:
        """Say whether the text matches somewhere, or the pattern is not usable."""
        if self._plain is not None and len(text) <= MAX_PLAIN:
            return self._plain.search(text) is not None
        if not self.is_usable:
            return True
        if self._slow is None and self._plain is not None:
            self._compile_slow(self._plain.pattern)
        if self._slow is None:
            return True
        try:
            return self._slow.search(text, timeout=PATIENCE) is not None
        except TimeoutError:
            self.is_usable, self._slow = False, None
            return True


@lru_cache(maxsize=256)
def pattern(source: str) -> Pattern:
    """Return the compiled pattern, the same one each time."""
    return Pattern(source)


def _is_harmless(source: str) -> bool:
    """Say whether backtracking is at worst quadratic: two quantifiers at most, on no group."""
    return len(_QUANTIFIER.findall(source)) <= 2 and not _QUANTIFIED_GROUP.search(source)


def _compile(source: str) -> re.Pattern[str] | None:
    try:
        return re.compile(source)
    except (re.error, RecursionError, OverflowError):
        return None


def _count(repeats: str) -> int:
    """Return the larger number of `{3,9}`, at least 1."""
    return max(1, *(int(digits[:9]) for digits in re.findall(r"[0-9]+", repeats)), 1)
