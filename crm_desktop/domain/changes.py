"""What a committed write touched, so that open views know whether to reload."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Topic(StrEnum):
    """What kind of thing changed; the comment says whose id a `Change` carries."""

    OBJECTS = "objects"  # the object's
    FIELDS = "fields"  # the field's
    LAYOUTS = "layouts"  # the object's
    RECORDS = "records"  # the object's
    RELATIONSHIPS = "relationships"  # the relationship's
    LINKS = "links"  # the relationship's
    VIEWS = "views"  # the object's
    APPLICATIONS = "applications"  # the application's
    USERS = "users"  # the user's, as text
    TOKENS = "tokens"  # the user's, as text
    INDEXES = "indexes"  # the object's
    DIAGRAMS = "diagrams"  # the diagram's


@dataclass(frozen=True, slots=True)
class Change:
    topic: Topic
    id: str


@dataclass(frozen=True, slots=True)
class EditedRecord:
    """Values of a record that a write changed, old and new by key, and what the user calls it."""

    record_id: str
    gesture: str
    values: Mapping[str, tuple[Any, Any]]
