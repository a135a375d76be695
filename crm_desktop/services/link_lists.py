"""What is linked to a record: one link with the record at its other end, and how many there are."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, literal, select, union_all

from crm_desktop.db.database import ReadSession
from crm_desktop.db.tables import RelationshipRecord
from crm_desktop.domain.access import Permission

_Link = RelationshipRecord


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
