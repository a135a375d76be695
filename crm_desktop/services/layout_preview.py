"""Finds a record to look at a layout with: any, the longest, or the emptiest."""

from enum import StrEnum
from typing import Any

from sqlalchemy import Text, cast, func, select

from crm_desktop.db.database import ReadSession
from crm_desktop.db.tables import CrmObject, Record
from crm_desktop.domain.access import Permission, RecordRight
from crm_desktop.services.record_rights import may
from crm_desktop.services.records import RecordDetail, get_record

LOOKED_AT = 10_000  # of the newest records: a layout is not worth reading millions


class Which(StrEnum):
    ANY = "any"
    LONGEST = "longest"
    EMPTIEST = "emptiest"


def find_example(session: ReadSession, object_id: str, which: Which) -> RecordDetail | None:
    """Return the newest record, or of the newest ones that with the most or the fewest values.

    None where the object has no record that may be read.
    """
    session.actor.require(Permission.READ_RECORDS)
    newest = (
        select(Record.id, Record.data)
        .join(CrmObject, CrmObject.id == Record.object_id)
        .where(Record.object_id == object_id)
        .where(may(session.actor, RecordRight.READ, Record, CrmObject))
        .order_by(Record.created_at.desc(), Record.id.desc())
    )
    if which is Which.ANY:
        found = newest.limit(1).subquery()
        query = select(found.c.id)
    else:
        found = newest.limit(LOOKED_AT).subquery()
        amount = _filled_length(found.c.data)
        order = amount.desc() if which is Which.LONGEST else amount.asc()
        query = select(found.c.id).order_by(order, found.c.id).limit(1)
    record_id = session.scalar(query)
    return None if record_id is None else get_record(session, record_id)


def _filled_length(data: Any) -> Any:
    """Return how long what is filled in is as text: empty texts, lists and nulls count nothing."""
    said = cast(func.jsonb_strip_nulls(data), Text)
    return func.length(func.replace(func.replace(said, '""', ""), "[]", ""))
