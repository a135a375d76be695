"""How well a typed text fits a title: its letters in order, preferably at the starts of words."""

from __future__ import annotations

EXACT = 1000
PREFIX = 500
WORD_START = 12
IN_A_ROW = 8
GAP = 1


def fit(typed: str, title: str) -> int | None:
    """Return a score, higher for a better fit; None when some letter is not there.

    Spaces in `typed` only separate: "nrec" and "n rec" both find "New record".
    """
    needle, hay = "".join(typed.lower().split()), title.lower()
    if not needle:
        return 0
    if hay == typed.lower().strip():
        return EXACT
    if hay.startswith(typed.lower().strip()):
        return PREFIX - len(hay)
    # the first letter may stand in several places: the best start counts
    starts = [place for place, letter in enumerate(hay) if letter == needle[0]]
    scores = [score for place in starts if (score := _walk(needle, hay, place)) is not None]
    return max(scores) - len(hay) // 8 if scores else None


def _walk(needle: str, hay: str, place: int) -> int | None:
    score, last = 0, place - 1
    for letter in needle:
        found = _next(hay, letter, last + 1)
        if found < 0:
            return None
        if found == 0 or not hay[found - 1].isalnum():
            score += WORD_START
        if found == last + 1:
            score += IN_A_ROW
        score -= GAP * (found - last - 1)
        last = found
    return score


def _next(hay: str, letter: str, begin: int) -> int:
    """Return where the letter stands next, at the start of a word if it does so anywhere near."""
    found = hay.find(letter, begin)
    at_word = hay.find(f" {letter}", max(0, begin - 1))
    if found != begin and 0 <= at_word <= found + 12:
        return at_word + 1
    return found
