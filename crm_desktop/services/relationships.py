"""Relationships: how the records of two objects may be linked."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, insert, or_, select
from sqlalchemy.orm import aliased

from crm_desktop.db.database import ReadSession, WriteSession
from crm_desktop.db.link_schema_rows import forget_gone
from crm_desktop.db.rows import delete_row, version_of, write_row
from crm_desktop.db.tables import CrmObject, Relationship, RelationshipRecord
from crm_desktop.domain.access import Permission
from crm_desktop.domain.cardinality import WRITABLE, from_has_one, inverse, to_has_one
from crm_desktop.domain.changes import Topic
from crm_desktop.domain.errors import Invalid, NotFound
from crm_desktop.domain.ids import Prefix, new_id
from crm_desktop.services.inputs import Draft, Line, OptionalLine
from crm_desktop.services.users import ensure_user

_WHAT = "relationship"
_From, _To = aliased(CrmObject, name="from_object"), aliased(CrmObject, name="to_object")


@dataclass(frozen=True, slots=True)
class RelatedObject:
    """One end of a relationship."""

    id: str
    name: str
    label: str
    plural_name: str
    icon: str | None


@dataclass(frozen=True, slots=True)
class RelationshipSummary:
    """A relationship as it is stored, with its two objects."""

    id: str
    name: str
    type: str
    from_object: RelatedObject
    to_object: RelatedObject
    from_label: str | None
    to_label: str | None
    version: int
    created_at: datetime
    created_by: UUID | None


@dataclass(frozen=True, slots=True)
class RelationshipSide:
    """A relationship as the records of one object see it.

    `label` is the heading on such a record's page, `type` the cardinality read from here (1:N
    from its *to* side is N:1); `has_one` when a record here has at most one link, `other_has_one`
    when a record over there has.
    """

    relationship_id: str
    name: str
    is_from: bool
    type: str
    label: str
    other: RelatedObject
    has_one: bool
    other_has_one: bool


class RelationshipDraft(Draft):
    """What somebody fills in; a blank name is made from the names of the two objects."""

    from_object_id: Line
    to_object_id: Line
    type: Line = "N:N"
    name: OptionalLine = None
    from_label: OptionalLine = None
    to_label: OptionalLine = None


def list_relationships(session: ReadSession, object_id: str = "") -> list[RelationshipSummary]:
    """Return the relationships by name: of one object, in both directions, or of all."""
    session.actor.require(Permission.READ_DEFINITIONS)
    return [_summary(row) for row in session.execute(_relationships(object_id))]


def sides_of_object(session: ReadSession, object_id: str) -> list[RelationshipSide]:
    """Return what a record of this object can be linked to, in one statement.

    A relationship of the object with itself gives two sides.
    """
    session.actor.require(Permission.READ_DEFINITIONS)
    sides = []
    for row in session.execute(_relationships(object_id)):
        relationship = _summary(row)
        if relationship.from_object.id == object_id:
            sides.append(_from_side(relationship))
        if relationship.to_object.id == object_id:
            sides.append(_to_side(relationship))
    return sides


def get_relationship(session: ReadSession, relationship_id: str) -> RelationshipSummary:
    """Return one relationship; raises NotFound."""
    session.actor.require(Permission.READ_DEFINITIONS)
    query = _relationships("").where(Relationship.id == relationship_id)
    row = session.execute(query).one_or_none()
    if row is None:
        raise NotFound("This relationship no longer exists.")
    return _summary(row)


def count_links(session: ReadSession) -> dict[str, int]:
    """Return the number of links by relationship id; slow with millions, so never in a list."""
    session.actor.require(Permission.READ_RECORDS)
    link = RelationshipRecord.relationship_id
    query = select(link, func.count()).group_by(link)
    return dict(session.execute(query).all())


def has_links(session: ReadSession, relationship_id: str) -> bool:
    """Say whether there is any link under the relationship; quick however many there are."""
    session.actor.require(Permission.READ_RECORDS)
    links = select(RelationshipRecord.id)
    held = links.where(RelationshipRecord.relationship_id == relationship_id).limit(1)
    return session.scalar(held) is not None


def create_relationship(session: WriteSession, draft: RelationshipDraft) -> str:
    """Relate two objects and return the relationship's id."""
    session.actor.require(Permission.EDIT_RELATIONSHIPS)
    author = ensure_user(session, session.actor.user_id)
    _check_type(draft.type)
    name = draft.name or _default_name(session, draft)
    _check_ends(session, draft)
    _check_name(session, draft, name)
    relationship_id = new_id(Prefix.RELATIONSHIP)
    values = {**draft.model_dump(), "name": name, "created_by": author}
    session.execute(insert(Relationship).values(id=relationship_id, **values))
    _note(session, relationship_id, draft)
    return relationship_id


def update_relationship(
    session: WriteSession, relationship_id: str, version: int, draft: RelationshipDraft
) -> None:
    """Store what the form shows.

    Raises Conflict when it changed since `version`; Invalid for other objects or a narrower
    type than the links under it allow.
    """
    session.actor.require(Permission.EDIT_RELATIONSHIPS)
    lock = select(Relationship.id).where(Relationship.id == relationship_id).with_for_update()
    session.execute(lock)
    stored = get_relationship(session, relationship_id)
    name = draft.name or stored.name
    ends = (stored.from_object.id, stored.to_object.id)
    if ends != (draft.from_object_id, draft.to_object_id):
        _check_ends(session, draft)
        _check_has_no_links(session, relationship_id)
    if (*ends, stored.name) != (draft.from_object_id, draft.to_object_id, name):
        _check_name(session, draft, name, besides=relationship_id)
    if draft.type != stored.type:
        _check_type(draft.type)
        _check_links_fit(session, relationship_id, draft.type)
    values = {**draft.model_dump(), "name": name}
    write_row(session, Relationship, relationship_id, values, what=_WHAT, version=version)
    _note(session, relationship_id, draft)


def delete_relationship(session: WriteSession, relationship_id: str, version: int) -> None:
    """Delete the relationship with all its links; the records stay."""
    session.actor.require(Permission.EDIT_RELATIONSHIPS)
    stored = get_relationship(session, relationship_id)
    delete_row(session, Relationship, relationship_id, what=_WHAT, version=version)
    forget_gone(session)
    session.note(Topic.RELATIONSHIPS, relationship_id)
    session.note(Topic.LINKS, relationship_id)
    for object_id in (stored.from_object.id, stored.to_object.id):
        session.note(Topic.OBJECTS, object_id)


def _relationships(object_id: str) -> Select[Any]:
    columns: list[Any] = [
        Relationship.id,
        Relationship.name,
        Relationship.type,
        Relationship.from_label,
        Relationship.to_label,
        version_of(Relationship),
        Relationship.created_at,
        Relationship.created_by,
    ]
    for end in (_From, _To):
        columns += [end.id, end.name, end.label, end.plural_name, end.icon]
    query: Select[Any] = (
        select(*columns)
        .join(_From, _From.id == Relationship.from_object_id)
        .join(_To, _To.id == Relationship.to_object_id)
        .order_by(func.lower(Relationship.name), Relationship.id)
    )
    if object_id:
        ends = (Relationship.from_object_id, Relationship.to_object_id)
        query = query.where(or_(*(end == object_id for end in ends)))
    return query


def _summary(row: Any) -> RelationshipSummary:
    id_, name, type_, from_label, to_label, version, created_at, created_by = row[:8]
    return RelationshipSummary(
        id=id_,
        name=name,
        type=type_,
        from_object=RelatedObject(*row[8:13]),
        to_object=RelatedObject(*row[13:18]),
        from_label=from_label,
        to_label=to_label,
        version=version,
        created_at=created_at,
        created_by=created_by,
    )


def _from_side(of: RelationshipSummary) -> RelationshipSide:
    has_one, other_has_one = from_has_one(of.type), to_has_one(of.type)
    return RelationshipSide(
        relationship_id=of.id,
        name=of.name,
        is_from=True,
        type=of.type,
        label=of.from_label or _heading(of.to_object, has_one=has_one),
        other=of.to_object,
        has_one=has_one,
        other_has_one=other_has_one,
    )


def _to_side(of: RelationshipSummary) -> RelationshipSide:
    has_one, other_has_one = to_has_one(of.type), from_has_one(of.type)
    return RelationshipSide(
        relationship_id=of.id,
        name=of.name,
        is_from=False,
        type=inverse(of.type),
        label=of.to_label or _heading(of.from_object, has_one=has_one),
        other=of.from_object,
        has_one=has_one,
        other_has_one=other_has_one,
    )


def _heading(other: RelatedObject, *, has_one: bool) -> str:
    return other.label if has_one else other.plural_name


def _check_type(relationship_type: str) -> None:
    if relationship_type not in WRITABLE:
        sentence = "A relationship is either one to many (1:N) or many to many (N:N)."
        raise Invalid({"type": sentence})


def _check_ends(session: WriteSession, draft: RelationshipDraft) -> None:
    ends = {"from_object_id": draft.from_object_id, "to_object_id": draft.to_object_id}
    query = select(CrmObject.id).where(CrmObject.id.in_(ends.values()))
    found = set(session.scalars(query.with_for_update(read=True, key_share=True)))
    if missing := {key: "This object no longer exists." for key in ends if ends[key] not in found}:
        raise Invalid(missing)


def _default_name(session: WriteSession, draft: RelationshipDraft) -> str:
    ids = (draft.from_object_id, draft.to_object_id)
    query = select(CrmObject.id, CrmObject.name).where(CrmObject.id.in_(ids))
    names = dict(session.execute(query).all())
    return "_".join(names.get(id_, "") for id_ in ids)


def _check_name(
    session: WriteSession, draft: RelationshipDraft, name: str, *, besides: str = ""
) -> None:
    lock = func.pg_advisory_xact_lock(func.hashtext("crm_desktop.relationships.name"))
    session.execute(select(lock))
    twin = select(Relationship.id).where(
        Relationship.from_object_id == draft.from_object_id,
        Relationship.to_object_id == draft.to_object_id,
        func.lower(Relationship.name) == func.lower(name),
        Relationship.id != besides,
    )
    if session.scalar(twin.limit(1)) is not None:
        sentence = f"These objects already have a relationship named “{name}”."
        raise Invalid({"name": sentence})


def _check_has_no_links(session: WriteSession, relationship_id: str) -> None:
    if has_links(session, relationship_id):
        sentence = "There are links under this relationship, so its objects cannot be changed."
        raise Invalid({"from_object_id": sentence})


def _check_links_fit(session: WriteSession, relationship_id: str, new_type: str) -> None:
    if not to_has_one(new_type):
        return
    link = RelationshipRecord
    crowded = (
        select(link.to_record_id)
        .where(link.relationship_id == relationship_id)
        .group_by(link.to_record_id)
        .having(func.count() > 1)
        .subquery()
    )
    if count := session.scalar(select(func.count()).select_from(crowded)):
        records = "1 record has" if count == 1 else f"{count:,} records have"
        sentence = f"{records} several links, which one to many does not allow."
        raise Invalid({"type": sentence})


def _note(session: WriteSession, relationship_id: str, draft: RelationshipDraft) -> None:
    session.note(Topic.RELATIONSHIPS, relationship_id)
    for object_id in (draft.from_object_id, draft.to_object_id):
        session.note(Topic.OBJECTS, object_id)  # its number of relationships
