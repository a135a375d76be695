"""Reference fields: what may be chosen in one, and the names of what was chosen."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Text, cast, func, or_, select

from crm_desktop.db.database import ReadSession
from crm_desktop.db.tables import CrmObject, Record, User
from crm_desktop.domain.access import Permission, RecordRight
from crm_desktop.services.record_rights import may

MOST_CANDIDATES = 20
_ESCAPE = "\\"


@dataclass(frozen=True, slots=True)
class Candidate:
    """Something that may be chosen: `text` is its name, `detail` tells it from namesakes."""

    id: str
    text: str
    detail: str


def find_records(session: ReadSession, object_id: str, search: str) -> list[Candidate]:
    """Return up to 20 records whose primary value contains the words; best first.

    An empty `object_id` means every object. Names that begin with the words come before others.
    """
    session.actor.require(Permission.READ_RECORDS)
    query = (
        select(Record.id, Record.primary_value, CrmObject.label)
        .join(CrmObject, CrmObject.id == Record.object_id)
        .where(Record.primary_value.ilike(_containing(search), escape=_ESCAPE))
        .where(may(session.actor, RecordRight.READ, Record, CrmObject))
        .order_by(*_best_first(Record.primary_value, search), Record.id)
        .limit(MOST_CANDIDATES)
    )
    if object_id:
        query = query.where(Record.object_id == object_id)
    return [Candidate(id_, name or id_, f"{label} · {id_}") for id_, name, label in
            session.execute(query)]  # fmt: skip


def find_users(session: ReadSession, search: str) -> list[Candidate]:
    """Return up to 20 active users whose name or e-mail address contains the words."""
    session.actor.require(Permission.READ_USERS)
    words = _containing(search)
    is_found = (column.ilike(words, escape=_ESCAPE) for column in (User.full_name, User.email))
    query = (
        select(User.id, User.full_name, User.email)
        .where(User.is_active)
        .where(or_(*is_found))
        .order_by(*_best_first(User.full_name, search), User.id)
        .limit(MOST_CANDIDATES)
    )
    return [Candidate(str(id_), name, email) for id_, name, email in session.execute(query)]


def name_references(
    session: ReadSession, record_ids: Iterable[str], user_ids: Iterable[str]
) -> dict[str, str]:
    """Return the names of these records and users by id; what is gone, or nobody's, is left out."""
    session.actor.require(Permission.READ_RECORDS)
    records, users = sorted(set(record_ids)), sorted(set(user_ids))
    names: dict[str, str] = {}
    if records:
        query = (
            select(Record.id, Record.primary_value)
            .join(CrmObject, CrmObject.id == Record.object_id)
            .where(Record.id.in_(records))
            .where(may(session.actor, RecordRight.READ, Record, CrmObject))
        )
        names |= {id_: name or id_ for id_, name in session.execute(query)}
    if users:
        as_text = cast(User.id, Text)  # an id of another program may be no uuid
        found = session.execute(select(as_text, User.full_name).where(as_text.in_(users)))
        names |= dict(found.all())
    return names


def _containing(search: str) -> str:
    plain = search.strip()
    for sign in (_ESCAPE, "%", "_"):
        plain = plain.replace(sign, _ESCAPE + sign)
    return f"%{plain}%"


def _best_first(name: Any, search: str) -> tuple[Any, ...]:
    begins = name.ilike(_containing(search)[1:], escape=_ESCAPE)
    return begins.desc(), func.length(name), name
