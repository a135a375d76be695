"""How many records a link may join on each side, read from either side of a relationship."""

import re

WRITABLE = ("1:N", "N:N")

_INVERSE = {"1:N": "N:1", "N:1": "1:N", "lookup": "1:N", "N:N": "N:N"}
_MEANING = {
    "1:N": "one to many",
    "N:1": "many to one",
    "lookup": "many to one (lookup)",
    "N:N": "many to many",
}
_LIKE_A_CONSONANT = re.compile(
    r"(?:eu|ew|uni(?![nm])|us[aeiu]|ut[ei]|ubi|one\b|once)", re.IGNORECASE
)
_SILENT_H = re.compile(r"(?:hour|honest|hono|heir)", re.IGNORECASE)
_SPELLED = re.compile(r"[A-Z]{2,}\b|[A-Z]\b")


def inverse(relationship_type: str) -> str:
    """Return the type as it reads from the *to* side; unknown types read alike from both."""
    return _INVERSE.get(relationship_type, relationship_type)


def meaning(relationship_type: str) -> str:
    """Return the type in words; a type that other programs made up as it is."""
    return _MEANING.get(relationship_type, relationship_type)


def from_has_one(relationship_type: str) -> bool:
    """Say whether a record on the *from* side has at most one link."""
    return relationship_type in {"N:1", "lookup"}


def to_has_one(relationship_type: str) -> bool:
    """Say whether a record on the *to* side has at most one link."""
    return relationship_type == "1:N"


def with_article(words: str) -> str:
    """Return English words with “a” or “an” before them, by how they are spoken."""
    start = words.lstrip("“\"'([ ")
    if _SPELLED.match(start):
        has_vowel = start[:1] in "AEFHILMNORSX"  # its letters are spoken: an SMS, a URL
    elif start[:1].isdigit():
        has_vowel = bool(re.match(r"8|1[18](?!\d)", start))
    else:
        has_vowel = start[:1].lower() in set("aeiouäöüáéíóúàèìòù")
        has_vowel = bool(_SILENT_H.match(start)) or (
            has_vowel and not _LIKE_A_CONSONANT.match(start)
        )
    return f"{'an' if has_vowel else 'a'} {words}"
