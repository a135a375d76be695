"""What goes along when something is deleted, counted beforehand."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import ColumnElement, String, func, literal, or_, select
from sqlalchemy import cast as sql_cast

from crm_desktop.db.database import ReadSession
from crm_desktop.db.tables import (
    Application,
    CrmObject,
    Field,
    ObjectField,
    Record,
    Relationship,
    RelationshipRecord,
)
from crm_desktop.domain.access import Permission
from crm_desktop.services.impact_links import ObjectCounts, count_object


@dataclass(frozen=True, slots=True)
class ObjectImpact:
    """What is deleted with an object, and what then points at nothing.

    The links are those of its relationships; `impact_links.count_strays` finds further ones.
    """

    records: int
    links: int
    relationships: int
    attachments: int
    applications: tuple[str, ...]
    reference_fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FieldImpact:
    """The objects that use a field, and how many of their records hold a value in it."""

    objects: tuple[str, ...]
    records: int
    by_object: Mapping[str, int] = field(default_factory=dict, compare=False)


@dataclass(frozen=True, slots=True)
class RelationshipImpact:
    links: int


@dataclass(frozen=True, slots=True)
class UserImpact:
    """What carries a user's id as its creator (or, for records, its last editor)."""

    objects: int
    fields: int
    records: int
    relationships: int
    links: int
    applications: int


def impact_of_object(session: ReadSession, object_id: str) -> ObjectImpact:
    """Count what `delete_object` takes along."""
    session.actor.require(Permission.READ_DEFINITIONS)
    return object_impact(session, object_id, count_object(session, object_id))


def object_impact(session: ReadSession, object_id: str, counts: ObjectCounts) -> ObjectImpact:
    """Return the same of what was counted already."""
    session.actor.require(Permission.READ_DEFINITIONS)
    ends = (Relationship.from_object_id, Relationship.to_object_id)
    return ObjectImpact(
        records=counts.records,
        links=sum(counts.links.values()),
        relationships=_count(session, or_(*(end == object_id for end in ends))),
        attachments=_count(session, ObjectField.object_id == object_id),
        applications=_applications_naming(session, object_id),
        reference_fields=_fields_pointing_at(session, object_id),
    )


def impact_of_field(session: ReadSession, field_id: str) -> FieldImpact:
    """Say who uses a field; reads all records of these objects."""
    session.actor.require(Permission.READ_DEFINITIONS)
    attached = select(ObjectField.object_id).where(ObjectField.field_id == field_id)
    users = select(CrmObject.label).where(CrmObject.id.in_(attached)).order_by(CrmObject.label)
    held = (
        select(Record.object_id, func.count())
        .where(Record.object_id.in_(attached), _holds_value(field_id))
        .group_by(Record.object_id)
    )
    by_object: dict[str, int] = dict(session.execute(held).all())
    return FieldImpact(tuple(session.scalars(users)), sum(by_object.values()), by_object)


def impact_of_detaching(session: ReadSession, object_id: str, field_id: str) -> int:
    """Count the object's records with a value that nobody sees once the field is taken out."""
    session.actor.require(Permission.READ_DEFINITIONS)
    return _count(session, Record.object_id == object_id, _holds_value(field_id))


def impact_of_relationship(session: ReadSession, relationship_id: str) -> RelationshipImpact:
    """Count the links that go with a relationship."""
    session.actor.require(Permission.READ_DEFINITIONS)
    return RelationshipImpact(
        links=_count(session, RelationshipRecord.relationship_id == relationship_id)
    )


def impact_of_user(session: ReadSession, user_id: UUID) -> UserImpact:
    """Count what will name a creator or editor who is gone; nothing of it is deleted."""
    session.actor.require(Permission.READ_USERS)
    return UserImpact(
        objects=_count(session, CrmObject.created_by == user_id),
        fields=_count(session, Field.created_by == user_id),
        records=_count(session, or_(Record.created_by == user_id, Record.updated_by == user_id)),
        relationships=_count(session, Relationship.created_by == user_id),
        links=_count(session, RelationshipRecord.created_by == user_id),
        applications=_count(session, Application.created_by == user_id),
    )


def _count(session: ReadSession, *conditions: ColumnElement[bool]) -> int:
    return session.scalar(select(func.count()).where(*conditions)) or 0


def _holds_value(field_id: str) -> ColumnElement[bool]:
    value = func.jsonb_extract_path(Record.data, literal(field_id, String))
    return func.coalesce(func.jsonb_typeof(value), "null") != "null"


def _applications_naming(session: ReadSession, object_id: str) -> tuple[str, ...]:
    """Return the applications that name the object anywhere in their `config`."""
    text = sql_cast(Application.config, String)
    title = func.coalesce(Application.label, Application.name)
    query = select(title).where(func.strpos(text, f'"{object_id}"') > 0).order_by(title)
    return tuple(session.scalars(query))


def _fields_pointing_at(session: ReadSession, object_id: str) -> tuple[str, ...]:
    target = func.jsonb_extract_path_text(Field.config, "targetObjectId")
    query = select(Field.label).where(target == object_id).order_by(Field.label)
    return tuple(session.scalars(query))
