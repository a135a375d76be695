"""Reading links: related records with the link's metadata, in one statement however many."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Select,
    String,
    and_,
    func,
    literal,
    select,
    true,
    tuple_,
    union_all,
)
from sqlalchemy.orm import aliased

from crm_desktop.db.database import ReadSession
from crm_desktop.db.rows import version_of
from crm_desktop.db.tables import CrmObject, Record, RelationshipRecord
from crm_desktop.domain.access import Actor, Permission, RecordRight
from crm_desktop.domain.errors import NotFound
from crm_desktop.services.record_rights import may

_Link = RelationshipRecord
_Own, _OwnObject = aliased(Record, name="own"), aliased(CrmObject, name="own_object")
_Other, _OtherObject = aliased(Record, name="other"), aliased(CrmObject, name="other_object")


@dataclass(frozen=True, slots=True)
class RelatedRecord:
    """The record at the other end of a link, and the link.

    `is_from` says that the record one came from is the link's *from* side; `metadata` is the
    link's free JSON as stored, `title` the other record's primary value.
    """

    link_id: str
    relationship_id: str
    is_from: bool
    record_id: str
    object_id: str
    title: str | None
    metadata: Any
    version: int
    created_at: datetime
    created_by: UUID | None
    is_readable: bool = True  # otherwise nothing is said of the record but that it is there

    @property
    def id(self) -> str:
        """What tells it from others in a list: the link's id."""
        return self.link_id


@dataclass(frozen=True, slots=True)
class LinkCursor:
    """Where a page ended."""

    created_at: datetime
    link_id: str


@dataclass(frozen=True, slots=True)
class RelatedPage:
    """Some related records in the order they were linked; `next` is None on the last page."""

    rows: tuple[RelatedRecord, ...]
    next: LinkCursor | None


def list_related(
    session: ReadSession,
    record_id: str,
    relationship_id: str,
    *,
    is_from: bool,
    after: LinkCursor | None = None,
    limit: int = 50,
) -> RelatedPage:
    """Return the records linked to this one under a relationship, a page in one statement.

    `is_from` says on which side of the links this record stands. Raises NotFound for a record
    that is gone or that one may not read; related records one may not read are left out.
    """
    session.actor.require(Permission.READ_RECORDS)
    conditions: list[ColumnElement[bool]] = [_Link.relationship_id == relationship_id]
    if after is not None:
        place = tuple_(_Link.created_at, _Link.id)
        conditions.append(place > tuple_(literal(after.created_at), literal(after.link_id)))
    side = _side(session.actor, limit + 1, *conditions, is_from=is_from)
    rows = session.execute(_with_links(session.actor, side, [record_id])).all()
    if not rows:
        raise NotFound("This record no longer exists.")
    found = tuple(_related(row) for row in rows if row.link_id is not None)
    if len(found) <= limit:
        return RelatedPage(found, None)
    last = found[limit - 1]
    return RelatedPage(found[:limit], LinkCursor(last.created_at, last.link_id))


def list_links(
    session: ReadSession, record_ids: Sequence[str], *, per_record: int = 50
) -> dict[str, tuple[RelatedRecord, ...]]:
    """Return the links of each of these records in both directions, all in one statement.

    At most `per_record` for each, the oldest first. Records that are gone or that one may not
    read have no key. A link of a record with itself comes twice, once for each side.
    """
    session.actor.require(Permission.READ_RECORDS)
    sides = [_side(session.actor, per_record, is_from=is_from) for is_from in (True, False)]
    both = union_all(*(select(side.subquery()) for side in sides)).subquery()
    page = select(both).order_by(both.c.created_at, both.c.link_id).limit(per_record)
    links: dict[str, list[RelatedRecord]] = {}
    for row in session.execute(_with_links(session.actor, page, record_ids)):
        found = links.setdefault(row.own_id, [])
        if row.link_id is not None:
            found.append(_related(row))
    return {record_id: tuple(found) for record_id, found in links.items()}


def count_related(session: ReadSession, record_id: str) -> dict[tuple[str, bool], int]:
    """Return how many links a record has by relationship id and `is_from`, in one statement.

    Links to records one may not read are counted: their number is no secret.
    """
    session.actor.require(Permission.READ_RECORDS)
    counts = [
        select(_Link.relationship_id, literal(is_from), func.count())  # both ends are indexed
        .where(own == record_id)
        .group_by(_Link.relationship_id)
        for own, is_from in ((_Link.from_record_id, True), (_Link.to_record_id, False))
    ]
    rows = session.execute(union_all(*counts))
    return {(relationship_id, is_from): count for relationship_id, is_from, count in rows}


def _side(actor: Actor, limit: int, *conditions: ColumnElement[bool], is_from: bool) -> Select[Any]:
    """Return the first links of `_Own` on one side, each with the record at its other end.

    The links are sorted before they meet records, and OFFSET 0 keeps the planner from turning
    that round: a record with 50,000 links then has its first page in a fifth of the time.
    """
    ends = (_Link.from_record_id, _Link.to_record_id)
    own, other = ends if is_from else reversed(ends)
    columns: list[Any] = [
        _Link.id.label("link_id"),
        _Link.relationship_id,
        other.label("other_id"),
        _Link.relationship_metadata.label("metadata"),
        version_of(_Link).label("version"),
        _Link.created_at,
        _Link.created_by,
    ]
    in_order = select(*columns).where(own == _Own.id, *conditions)
    in_order = in_order.order_by(_Link.created_at, _Link.id).offset(0).correlate(_Own)
    link = in_order.subquery("link").c
    shown: list[Any] = [
        link.link_id,
        link.relationship_id,
        literal(is_from).label("is_from"),
        _Other.id.label("record_id"),
        _Other.object_id,
        _Other.primary_value.label("title"),
        link.metadata,
        link.version,
        link.created_at,
        link.created_by,
    ]
    return (
        select(*shown)
        .join(_Other, _Other.id == link.other_id)
        .join(_OtherObject, _OtherObject.id == _Other.object_id)
        .where(may(actor, RecordRight.READ, _Other, _OtherObject))
        .order_by(link.created_at, link.link_id)
        .limit(limit)
        .correlate(_Own)
    )


def _with_links(actor: Actor, links: Select[Any], record_ids: Sequence[str]) -> Select[Any]:
    """Return the records one may read, each beside its links, or beside nothing."""
    page = links.lateral("page")
    asked: ColumnElement[bool] = _Own.id == func.any(literal(list(record_ids), ARRAY(String)))
    return (
        select(_Own.id.label("own_id"), page)
        .join(_OwnObject, _OwnObject.id == _Own.object_id)
        .outerjoin(page, true())
        .where(and_(asked, may(actor, RecordRight.READ, _Own, _OwnObject)))
        .order_by(_Own.id, page.c.created_at, page.c.link_id)
    )


def _related(row: Any) -> RelatedRecord:
    return RelatedRecord(*row[1:])
