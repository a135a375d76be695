"""Makes a record and its link to another one in one transaction: both, or neither."""

from collections.abc import Mapping
from typing import Any

from crm_desktop.db.database import WriteSession
from crm_desktop.domain.access import Permission
from crm_desktop.services.links import create_link
from crm_desktop.services.records import create_record

_NO_METADATA: Mapping[str, Any] = {}


def create_linked_record(
    session: WriteSession,
    object_id: str,
    values: Mapping[str, Any],
    linked_to: str,
    relationship_id: str,
    *,
    is_from: bool,
    metadata: Mapping[str, Any] = _NO_METADATA,
) -> str:
    """Add a record of this object and link it; return the new record's id.

    `is_from` says that `linked_to` stands on the *from* side. Raises Invalid with the problems of
    the record by field id, then those of the metadata by key; Conflict where no link is free.
    """
    session.actor.require(Permission.CREATE_RECORDS)
    record_id = create_record(session, object_id, values)
    ends = (linked_to, record_id) if is_from else (record_id, linked_to)
    create_link(session, relationship_id, *ends, metadata)
    return record_id
