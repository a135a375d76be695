"""One link in full: its records, its data, and the schema and keys that this is edited by."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.orm import aliased

from crm_desktop.db.database import ReadSession
from crm_desktop.db.tables import CrmObject, Record, Relationship, RelationshipRecord
from crm_desktop.domain.access import Permission, RecordRight
from crm_desktop.domain.errors import NotFound
from crm_desktop.services.link_schemas import LinkKey, fields_of, read_link_schema
from crm_desktop.services.record_rights import may
from crm_desktop.services.reference_checks import names_of_targets

MOST_SEEN = 2_000  # links that keys are proposed from
MOST_PROPOSED = 50

_From, _FromObject = aliased(Record, name="f"), aliased(CrmObject, name="fo")
_To, _ToObject = aliased(Record, name="t"), aliased(CrmObject, name="tn")


@dataclass(frozen=True, slots=True)
class LinkForm:
    """What the data of links under a relationship is typed by.

    `in_use` are keys that some of its links have and the schema lacks, the most common first;
    `limit` says why no schema can be kept, "" where one can.
    """

    relationship_id: str
    name: str
    keys: tuple[LinkKey, ...]
    in_use: tuple[str, ...]
    limit: str


@dataclass(frozen=True, slots=True)
class LinkDetail:
    """A link as it is stored; `metadata` may be any JSON, `names` are those of what it names."""

    id: str
    from_id: str
    from_title: str
    to_id: str
    to_title: str
    metadata: Any
    created_at: datetime
    created_by: UUID | None
    is_writable: bool
    names: dict[str, str]
    form: LinkForm


def read_link_form(session: ReadSession, relationship_id: str) -> LinkForm:
    """Return what new links under this relationship are asked; raises NotFound."""
    session.actor.require(Permission.READ_RECORDS)
    query = select(Relationship.name).where(Relationship.id == relationship_id)
    name = session.scalar(query)
    if name is None:
        raise NotFound("This relationship no longer exists.")
    schema = read_link_schema(session, relationship_id)
    known = [key.name for key in schema.keys]
    asked = {
        "relationship_id": relationship_id,
        "known": known,
        "seen": MOST_SEEN,
        "most": MOST_PROPOSED,
    }
    in_use = tuple(session.scalars(text(_IN_USE), asked))
    return LinkForm(relationship_id, name, schema.keys, in_use, schema.limit)


def get_link(session: ReadSession, link_id: str) -> LinkDetail:
    """Return a link whose records one may both read; raises NotFound for any other."""
    session.actor.require(Permission.READ_RECORDS)
    row = session.execute(_link(session, link_id)).one_or_none()
    if row is None:
        raise NotFound("This link no longer exists.")
    form = read_link_form(session, row.relationship_id)
    values = row.relationship_metadata if isinstance(row.relationship_metadata, dict) else {}
    return LinkDetail(
        link_id,
        row.from_id,
        row.from_title or row.from_id,
        row.to_id,
        row.to_title or row.to_id,
        row.relationship_metadata,
        row.created_at,
        row.created_by,
        row.is_writable,
        names_of_targets(session, fields_of(form.keys), [values]),
        form,
    )


def _link(session: ReadSession, link_id: str) -> Any:
    actor, link = session.actor, RelationshipRecord
    return (
        select(
            link.relationship_id,
            link.relationship_metadata,
            link.created_at,
            link.created_by,
            _From.id.label("from_id"),
            _From.primary_value.label("from_title"),
            _To.id.label("to_id"),
            _To.primary_value.label("to_title"),
            may(actor, RecordRight.UPDATE, _From, _FromObject).label("is_writable"),
        )
        .join(_From, _From.id == link.from_record_id)
        .join(_FromObject, _FromObject.id == _From.object_id)
        .join(_To, _To.id == link.to_record_id)
        .join(_ToObject, _ToObject.id == _To.object_id)
        .where(
            link.id == link_id,
            may(actor, RecordRight.READ, _From, _FromObject),
            may(actor, RecordRight.READ, _To, _ToObject),
        )
    )


_IN_USE = """
SELECT k.key FROM (
    SELECT relationship_metadata AS m FROM relationship_records
    WHERE relationship_id = :relationship_id LIMIT :seen
) AS seen
CROSS JOIN LATERAL jsonb_object_keys(
    CASE WHEN jsonb_typeof(seen.m) = 'object' THEN seen.m ELSE '{}' END
) AS k(key)
WHERE NOT k.key = ANY(CAST(:known AS text[]))
GROUP BY k.key ORDER BY count(*) DESC, k.key LIMIT :most
"""
