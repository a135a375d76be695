"""Reads and stores all that a relationship's dialog shows, each in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from crm_desktop.services import link_schemas, objects, relationships
from crm_desktop.services.link_schemas import LinkKey, LinkSchema
from crm_desktop.services.objects import ObjectSummary
from crm_desktop.services.relationships import RelationshipDraft, RelationshipSummary

if TYPE_CHECKING:
    from crm_desktop.db.database import ReadSession, WriteSession


@dataclass(frozen=True, slots=True)
class Contents:
    """What the dialog offers: objects, the other relationships, the keys, whether links exist."""

    objects: list[ObjectSummary]
    relationships: list[RelationshipSummary]
    schema: LinkSchema
    has_links: bool


@dataclass(frozen=True, slots=True)
class KeyEdits:
    """The keys of the link data, and those that the edit began with."""

    keys: tuple[LinkKey, ...]
    expected: tuple[LinkKey, ...]


def read_contents(session: ReadSession, relationship_id: str) -> Contents:
    """Read for a relationship, or with "" for one that is yet to be made."""
    return Contents(
        objects.list_objects(session),
        relationships.list_relationships(session),
        link_schemas.read_link_schema(session, relationship_id),
        bool(relationship_id) and relationships.has_links(session, relationship_id),
    )


def create_relationship(
    session: WriteSession, draft: RelationshipDraft, keys: KeyEdits | None
) -> str:
    """Relate two objects, define the keys if there are any, and return the id."""
    relationship_id = relationships.create_relationship(session, draft)
    if keys is not None:
        link_schemas.save_link_schema(session, relationship_id, keys.keys, keys.expected)
    return relationship_id


def update_relationship(
    session: WriteSession,
    stored: RelationshipSummary,
    draft: RelationshipDraft | None,
    keys: KeyEdits | None,
) -> None:
    """Store what was edited; raises Conflict where somebody else changed the same."""
    if draft is not None:
        relationships.update_relationship(session, stored.id, stored.version, draft)
    if keys is not None:
        link_schemas.save_link_schema(session, stored.id, keys.keys, keys.expected)


def read_again(
    session: ReadSession, relationship_id: str
) -> tuple[RelationshipSummary, LinkSchema]:
    """Read what is stored by now."""
    return (
        relationships.get_relationship(session, relationship_id),
        link_schemas.read_link_schema(session, relationship_id),
    )


def merged_keys(
    base: Sequence[LinkKey], mine: Sequence[LinkKey], theirs: Sequence[LinkKey]
) -> tuple[tuple[LinkKey, ...], tuple[str, ...]]:
    """Lay an edit of `base` over what others stored; also name the keys that both changed."""
    before = {key.name: key for key in base}
    now = {key.name: key for key in theirs}
    merged: list[LinkKey] = []
    clashes: list[str] = []
    for key in mine:
        old, other = before.get(key.name), now.get(key.name)
        if key == old:
            merged += [other] if other is not None else []
            continue
        merged.append(key)
        if other not in {old, key}:
            clashes.append(key.name)
    kept = {key.name for key in mine}
    for name, other in now.items():
        if name not in kept and name not in before:
            merged.append(other)
        elif name not in kept and other != before[name]:
            clashes.append(name)
    return tuple(merged), tuple(clashes)
