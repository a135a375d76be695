"""Links: two records joined under a relationship, with metadata of their own."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, insert, or_, select

from crm_desktop.db.database import WriteSession
from crm_desktop.db.rows import delete_row, write_row
from crm_desktop.db.tables import CrmObject, Record, Relationship, RelationshipRecord
from crm_desktop.domain.access import Permission, RecordRight
from crm_desktop.domain.cardinality import from_has_one, to_has_one
from crm_desktop.domain.changes import Topic
from crm_desktop.domain.errors import Conflict, Forbidden, Invalid, NotFound
from crm_desktop.domain.ids import Prefix, new_id
from crm_desktop.domain.json_edits import JsonEdit
from crm_desktop.services.inputs import check_json
from crm_desktop.services.record_rights import may
from crm_desktop.services.users import ensure_user

_WHAT = "link"
_NO_METADATA: Mapping[str, Any] = {}
_Link = RelationshipRecord


def create_link(
    session: WriteSession,
    relationship_id: str,
    from_record_id: str,
    to_record_id: str,
    metadata: Mapping[str, Any] = _NO_METADATA,
) -> str:
    """Link two records and return the link's id.

    Raises NotFound, Invalid for a record of another object, and Conflict that names who is
    linked already: both records are locked, so that two sessions cannot both succeed.
    """
    session.actor.require(Permission.EDIT_LINKS)
    author = ensure_user(session, session.actor.user_id)
    check_json("relationship_metadata", metadata)
    relationship = _lock_relationship(session, relationship_id)
    ends = _lock_ends(session, from_record_id, to_record_id)
    _check_place(ends[0], relationship.from_object_id, "from_record_id", relationship.from_object)
    _check_place(ends[1], relationship.to_object_id, "to_record_id", relationship.to_object)
    _check_may_link(*ends)
    _check_free(session, relationship, *ends)
    session.describe(f"link from “{ends[0].title}” to “{ends[1].title}”")
    link_id = new_id(Prefix.LINK)
    session.execute(
        insert(_Link).values(
            id=link_id,
            relationship_id=relationship_id,
            from_record_id=from_record_id,
            to_record_id=to_record_id,
            relationship_metadata=dict(metadata),
            created_by=author,
        )
    )
    session.note(Topic.LINKS, relationship_id)
    return link_id


def update_link(session: WriteSession, link_id: str, edits: Sequence[JsonEdit]) -> None:
    """Change the link's metadata at these paths (see `json_edits`), guarded by the old values."""
    session.actor.require(Permission.EDIT_LINKS)
    for edit in edits:
        check_json("relationship_metadata", [edit.path, edit.new])
    relationship_id = _changeable(session, link_id)
    session.describe("edit of a link")
    write_row(session, _Link, link_id, {}, what=_WHAT, edits={"relationship_metadata": edits})
    session.note(Topic.LINKS, relationship_id)


def delete_link(session: WriteSession, link_id: str) -> None:
    """Take the link away; both records stay."""
    session.actor.require(Permission.EDIT_LINKS)
    relationship_id = _changeable(session, link_id)
    session.describe("deletion of a link")
    delete_row(session, _Link, link_id, what=_WHAT)
    session.note(Topic.LINKS, relationship_id)


@dataclass(frozen=True, slots=True)
class _Relationship:
    id: str
    name: str
    type: str
    from_object_id: str
    to_object_id: str
    from_object: str
    to_object: str


@dataclass(frozen=True, slots=True)
class _End:
    id: str
    object_id: str
    title: str
    is_readable: bool
    is_writable: bool


def _lock_relationship(session: WriteSession, relationship_id: str) -> _Relationship:
    """Return the relationship, whose type nobody changes until the commit."""
    columns: list[Any] = [
        Relationship.id,
        Relationship.name,
        Relationship.type,
        Relationship.from_object_id,
        Relationship.to_object_id,
    ]
    for end in (Relationship.from_object_id, Relationship.to_object_id):
        label = select(CrmObject.label).where(CrmObject.id == end).scalar_subquery()
        columns.append(label)
    query = select(*columns).where(Relationship.id == relationship_id)
    row = session.execute(query.with_for_update(read=True, of=Relationship)).one_or_none()
    if row is None:
        raise NotFound("This relationship no longer exists.")
    return _Relationship(*row)


def _lock_ends(session: WriteSession, from_id: str, to_id: str) -> tuple[_End, _End]:
    """Return both records, locked in one order by everybody, so that nobody waits in a circle."""
    rights = [
        may(session.actor, right, Record, CrmObject)
        for right in (RecordRight.READ, RecordRight.UPDATE)
    ]
    columns: list[Any] = [Record.id, Record.object_id, Record.primary_value]
    query = (
        select(*columns, *rights)
        .join(CrmObject, CrmObject.id == Record.object_id)
        .where(Record.id.in_((from_id, to_id)))
        .order_by(Record.id)
        .with_for_update(key_share=True, of=Record)
    )
    rows = session.execute(query)
    ends = {row[0]: _End(row[0], row[1], row[2] or row[0], row[3], row[4]) for row in rows}
    if {from_id, to_id} - {end.id for end in ends.values() if end.is_readable}:
        raise NotFound("One of the two records no longer exists.")
    return ends[from_id], ends[to_id]


def _check_place(end: _End, object_id: str, name: str, label: str) -> None:
    if end.object_id != object_id:
        raise Invalid({name: f"“{end.title}” is no record of “{label}”."})


def _check_may_link(from_end: _End, to_end: _End) -> None:
    """Ask for the right to change the *from* record; reading both is asked before."""
    if not from_end.is_writable:
        sentence = f"You are not allowed to change “{from_end.title}”, nor to link it"
        raise Forbidden(f"{sentence} to “{to_end.title}”.")


def _check_free(
    session: WriteSession, relationship: _Relationship, from_end: _End, to_end: _End
) -> None:
    """Refuse a second link where one is the most; asked after the locks, so it stays true."""
    same_from = _Link.from_record_id == from_end.id
    same_to = _Link.to_record_id == to_end.id
    in_the_way: list[ColumnElement[bool]] = [and_(same_from, same_to)]
    if to_has_one(relationship.type):
        in_the_way.append(same_to)
    if from_has_one(relationship.type):
        in_the_way.append(same_from)
    query = (
        select(_Link.from_record_id, _Link.to_record_id)
        .where(_Link.relationship_id == relationship.id, or_(*in_the_way))
        .limit(1)
    )
    row = session.execute(query).one_or_none()
    if row is None:
        return
    if tuple(row) == (from_end.id, to_end.id):
        sentence = f"“{from_end.title}” and “{to_end.title}” are linked already"
        raise Conflict(f"{sentence} under “{relationship.name}”.")
    taken, holder = (to_end, row[0]) if row[1] == to_end.id else (from_end, row[1])
    raise Conflict(
        f"“{taken.title}” already belongs to “{_title(session, holder)}” under "
        f"“{relationship.name}”, and can belong to one only."
    )


def _title(session: WriteSession, record_id: str) -> str:
    """Return a record's name, unless the person may not read it."""
    readable = may(session.actor, RecordRight.READ, Record, CrmObject)
    query = (
        select(Record.primary_value)
        .join(CrmObject, CrmObject.id == Record.object_id)
        .where(Record.id == record_id, readable)
    )
    return session.scalar(query) or record_id


def _changeable(session: WriteSession, link_id: str) -> str:
    """Return the relationship of a link whose *from* record the person may change."""
    query = (
        select(_Link.relationship_id, may(session.actor, RecordRight.UPDATE, Record, CrmObject))
        .join(Record, Record.id == _Link.from_record_id)
        .join(CrmObject, CrmObject.id == Record.object_id)
        .where(_Link.id == link_id)
    )
    row = session.execute(query).one_or_none()
    if row is None:
        raise NotFound("This link no longer exists.")
    relationship_id, is_writable = row
    if not is_writable:
        raise Forbidden("You are not allowed to change the record that this link starts at.")
    return str(relationship_id)
