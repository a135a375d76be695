"""How many records a link may join on each side, read from either side of a relationship."""

WRITABLE = ("1:N", "N:N")

_INVERSE = {"1:N": "N:1", "N:1": "1:N", "lookup": "1:N", "N:N": "N:N"}
_MEANING = {
    "1:N": "one to many",
    "N:1": "many to one",
    "lookup": "many to one (lookup)",
    "N:N": "many to many",
}


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
