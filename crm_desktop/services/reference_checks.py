"""Whether what reference fields name exists, and what it is called."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import ARRAY, String, Text, cast, func, literal, select

from crm_desktop.db.database import ReadSession
from crm_desktop.db.tables import CrmObject, Record, User
from crm_desktop.domain.access import Permission, RecordRight
from crm_desktop.domain.field_types import (
    EffectiveField,
    is_user_field,
    target_ids,
    target_object_id,
)
from crm_desktop.services.record_rights import may
from crm_desktop.services.references import name_references

REFERRING = frozenset({"reference", "lookup"})
BATCH = 5_000
_Found = Mapping[str, tuple[str, str]]


def check_targets(
    session: ReadSession,
    fields: Iterable[EffectiveField],
    values: Mapping[str, Any],
    problems: dict[str, str],
) -> None:
    """Add a problem for each field whose record or user is not there, or of another object.

    A record that one may not read counts as not there. One statement for records, one for users.
    """
    session.actor.require(Permission.READ_RECORDS)
    asked = [
        (field, target_ids(values.get(field.id)))
        for field in fields
        if field.type in REFERRING and field.id not in problems
    ]
    users = _users(session, [id_ for field, ids in asked if is_user_field(field) for id_ in ids])
    records = _records(
        session, [id_ for field, ids in asked if not is_user_field(field) for id_ in ids]
    )
    for field, ids in asked:
        for id_ in ids:
            problem = _problem(field, id_, users, records)
            if problem:
                problems[field.id] = problem


def problems_of_targets(
    session: ReadSession, field: EffectiveField, ids: Sequence[str]
) -> dict[str, str]:
    """Return by id what is wrong with these ids as values of one field; there may be many."""
    session.actor.require(Permission.READ_RECORDS)
    problems: dict[str, str] = {}
    is_user = is_user_field(field)
    for start in range(0, len(ids), BATCH):
        batch = ids[start : start + BATCH]
        users = _users(session, batch if is_user else [])
        records = _records(session, [] if is_user else batch)
        why = ((id_, _problem(field, id_, users, records)) for id_ in batch)
        problems |= {id_: problem for id_, problem in why if problem}
    return problems


def names_of_targets(
    session: ReadSession, fields: Sequence[EffectiveField], rows: Iterable[Mapping[str, Any]]
) -> dict[str, str]:
    """Return the names of all records and users that the fields of these rows refer to."""
    session.actor.require(Permission.READ_RECORDS)
    referring = [(field.id, is_user_field(field)) for field in fields if field.type in REFERRING]
    records: set[str] = set()
    users: set[str] = set()
    for row in rows:
        for field_id, is_user in referring:
            (users if is_user else records).update(target_ids(row.get(field_id)))
    return name_references(session, records, users) if records or users else {}


def _problem(field: EffectiveField, id_: str, users: frozenset[str], records: _Found) -> str | None:
    if is_user_field(field):
        return None if id_ in users else "This user does not exist (any more)."
    found = records.get(id_)
    if found is None:
        return "This record does not exist (any more)."
    target = target_object_id(field)
    return None if not target or target in found else "This record belongs to another object."


def _users(session: ReadSession, ids: Sequence[str]) -> frozenset[str]:
    if not ids:
        return frozenset()
    as_text = cast(User.id, Text)
    wanted = literal([id_.lower() for id_ in ids], ARRAY(String))
    found = set(session.scalars(select(as_text).where(as_text == func.any(wanted))))
    return frozenset(id_ for id_ in ids if id_.lower() in found)


def _records(session: ReadSession, ids: Sequence[str]) -> _Found:
    if not ids:
        return {}
    query = (
        select(Record.id, CrmObject.id, CrmObject.name)
        .join(CrmObject, CrmObject.id == Record.object_id)
        .where(Record.id == func.any(literal(list(ids), ARRAY(String))))
        .where(may(session.actor, RecordRight.READ, Record, CrmObject))
    )
    return {id_: (object_id, name) for id_, object_id, name in session.execute(query)}
