"""Deletes records, however many, by few statements; counts beforehand what goes with them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, or_, select, text

from crm_desktop.db.database import ReadSession, WriteSession
from crm_desktop.db.expressions import Parameters
from crm_desktop.db.tables import CrmObject, Field, ObjectField, Relationship
from crm_desktop.domain.access import Permission, RecordRight
from crm_desktop.domain.changes import Topic
from crm_desktop.domain.errors import Conflict, Forbidden
from crm_desktop.domain.field_types import (
    EffectiveField,
    is_user_field,
    merge_field,
    target_object_id,
)
from crm_desktop.services.history import keeps_history
from crm_desktop.services.record_query import execute, permitted
from crm_desktop.services.record_targets import ChosenRecords, RecordTarget, target_sql
from crm_desktop.services.reference_checks import REFERRING


@dataclass(frozen=True, slots=True)
class Referrers:
    """How many other records name one of them in a field, by the field's label."""

    field: str
    records: int


@dataclass(frozen=True, slots=True)
class DeletionImpact:
    """What goes when records are deleted: how many there are, and links, each once.

    `gone` were chosen and are no longer there, `forbidden` are those among `records` that one
    may not delete. What `referrers` name is nothing afterwards.
    """

    records: int
    gone: int
    forbidden: int
    links: int
    referrers: tuple[Referrers, ...]
    can_be_undone: bool


def impact_of_deletion(session: ReadSession, target: RecordTarget) -> DeletionImpact:
    """Count what a deletion takes along and leaves pointing at nothing; seconds for a million."""
    session.actor.require(Permission.READ_RECORDS)
    parameters = Parameters()
    ids = target_sql(session, parameters, target)
    found = f"WITH target AS MATERIALIZED ({ids})"
    may = permitted(session, parameters, target.object_id, RecordRight.DELETE)
    forbidden = "0" if may == "true" else f"count(*) FILTER (WHERE NOT {may})"
    statement = (
        f"{found} SELECT count(*), {forbidden}, ({_LINKS}) FROM target"  # noqa: S608 - bound
        f"{'' if may == 'true' else ' JOIN records AS r ON r.id = target.id'}"
    )
    row: Any = execute(session, statement, parameters.values).one()
    records, refused, links = row
    chosen = len(target.ids) if isinstance(target, ChosenRecords) else records
    return DeletionImpact(
        records=records,
        gone=chosen - records,
        forbidden=refused,
        links=links,
        referrers=tuple(_referrers(session, parameters, target, found)) if records else (),
        can_be_undone=keeps_history(session),
    )


# Joins, which a server spills to its disk: a subquery of a million ids would be read anew for
# each link. A link with both ends among the records counts once.
_LINKS = """
    SELECT (SELECT count(*) FROM target AS t JOIN relationship_records AS l
            ON l.from_record_id = t.id)
         + (SELECT count(*) FROM target AS t JOIN relationship_records AS l
            ON l.to_record_id = t.id)
         - (SELECT count(*) FROM target AS t JOIN relationship_records AS l
            ON l.from_record_id = t.id JOIN target AS u ON l.to_record_id = u.id)
"""


def delete_targets(session: WriteSession, target: RecordTarget, *, agreed: int) -> int:
    """Delete the records and their links, all or none; return how many there were.

    Links go first and together: left to the foreign keys they would go record by record. Raises
    Conflict when there are more than the `agreed` number, Forbidden when one may not be deleted.
    """
    session.actor.require(Permission.DELETE_RECORDS)
    found = _collect(session, target)
    if found > agreed:
        raise Conflict(
            f"These are {found:,} records now, not {agreed:,} as when they were counted: others "
            "added or changed some meanwhile. Nothing was deleted."
        )
    _check_rights(session, target.object_id)
    session.describe("deletion of a record" if found == 1 else f"deletion of {found:,} records")
    links = session.connection().exec_driver_sql(_DELETE_LINKS).rowcount
    deleted = session.connection().exec_driver_sql(_DELETE_RECORDS).rowcount
    left = found - deleted and session.scalar(text(_COUNT_LEFT))
    if left:  # a trigger or a policy of the database's owner passed over them
        raise Forbidden(f"The database keeps {left:,} of these records. Nothing was deleted.")
    if deleted:
        session.note(Topic.RECORDS, target.object_id)
    if links:
        for relationship_id in session.scalars(_relationships_of(target.object_id)):
            session.note(Topic.LINKS, relationship_id)
    return deleted


_MAKE = "CREATE TEMPORARY TABLE crm_deleted (id varchar NOT NULL) ON COMMIT DROP"
_DELETE_LINKS = """
DELETE FROM relationship_records WHERE id IN (
    SELECT l.id FROM crm_deleted AS d JOIN relationship_records AS l ON l.from_record_id = d.id
    UNION
    SELECT l.id FROM crm_deleted AS d JOIN relationship_records AS l ON l.to_record_id = d.id
)
"""
_DELETE_RECORDS = "DELETE FROM records AS r USING crm_deleted AS d WHERE r.id = d.id"
_COUNT_LEFT = "SELECT count(*) FROM records AS r JOIN crm_deleted AS d ON r.id = d.id"


def _collect(session: WriteSession, target: RecordTarget) -> int:
    """Note which records are meant: a filter on links would not find them without their links."""
    parameters = Parameters()
    ids = target_sql(session, parameters, target)
    session.execute(text("DROP TABLE IF EXISTS pg_temp.crm_deleted"))
    session.execute(text(_MAKE))
    statement = f"INSERT INTO crm_deleted {ids}"
    found = execute(session, statement, parameters.values).rowcount
    session.execute(text("ANALYZE crm_deleted"))
    return found


def _check_rights(session: WriteSession, object_id: str) -> None:
    parameters = Parameters()
    may = permitted(session, parameters, object_id, RecordRight.DELETE)
    if may == "true":
        return
    statement = f"{_COUNT_LEFT} WHERE NOT {may}"
    refused = execute(session, statement, parameters.values).scalar_one()
    if refused:
        what = "this record" if refused == 1 else f"{refused:,} of these records"
        raise Forbidden(f"You are not allowed to delete {what}. Nothing was deleted.")


def _relationships_of(object_id: str) -> Select[str]:
    ends = (Relationship.from_object_id, Relationship.to_object_id)
    return select(Relationship.id).where(or_(*(end == object_id for end in ends)))


def _referrers(
    session: ReadSession, parameters: Parameters, target: RecordTarget, found: str
) -> Iterator[Referrers]:
    """Count the records that stay and name one that goes, field by field."""
    name = session.scalar(select(CrmObject.name).where(CrmObject.id == target.object_id))
    for field, object_ids in _reference_fields(session):
        if target_object_id(field) not in {"", target.object_id, name}:
            continue
        bound = Parameters(dict(parameters.values))
        key, objects = bound.bind(field.id), bound.bind(object_ids, "text[]")
        statement = (
            f"{found} SELECT count(DISTINCT o.id) FROM records AS o"  # noqa: S608 - bound
            f" CROSS JOIN LATERAL jsonb_array_elements_text(CASE jsonb_typeof(o.data -> {key})"
            f" WHEN 'array' THEN o.data -> {key} ELSE jsonb_build_array(o.data -> {key}) END)"
            f" AS named(id) JOIN target AS t ON t.id = named.id LEFT JOIN target AS own"
            f" ON own.id = o.id WHERE o.object_id = ANY({objects}) AND own.id IS NULL"
        )
        count = execute(session, statement, bound.values).scalar_one()
        if count:
            yield Referrers(field.label, count)


def _reference_fields(session: ReadSession) -> list[tuple[EffectiveField, list[str]]]:
    """Return the fields that refer to records, each with the objects that use it."""
    query = (
        select(Field.id, Field.name, Field.label, Field.type, Field.config, ObjectField.object_id)
        .join(ObjectField, ObjectField.field_id == Field.id)
        .where(Field.type.in_(REFERRING))
        .order_by(Field.label, Field.id)
    )
    users: dict[str, list[str]] = {}
    fields: dict[str, EffectiveField] = {}
    for id_, name, label, type_, config, object_id in session.execute(query):
        fields[id_] = merge_field(id=id_, name=name, label=label, type=type_, config=config)
        users.setdefault(id_, []).append(object_id)
    return [(each, users[id_]) for id_, each in fields.items() if not is_user_field(each)]
