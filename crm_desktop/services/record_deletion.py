"""Deletes records, however many, by one statement; counts beforehand what goes with them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from dataclasses import field as further
from typing import Any

from sqlalchemy import Select, or_, select

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
from crm_desktop.services.record_conditions import execute, permitted
from crm_desktop.services.record_targets import (
    ChosenRecords,
    RecordTarget,
    target_condition,
    target_sql,
)
from crm_desktop.services.reference_checks import REFERRING


@dataclass(frozen=True, slots=True)
class Referrers:
    """How many other records name one of them in a field, by the field's label.

    `by_object` says it for each object by its id.
    """

    field: str
    records: int
    field_id: str = further(default="", compare=False)
    by_object: Mapping[str, int] = further(default_factory=dict, compare=False)


@dataclass(frozen=True, slots=True)
class LinksOf:
    """How many links of a relationship go: from the records, to them, and among them."""

    relationship_id: str
    outward: int
    inward: int
    among: int

    @property
    def all(self) -> int:
        return self.outward + self.inward + self.among


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
    by_relationship: tuple[LinksOf, ...] = further(default=(), compare=False)


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
    by_relationship = tuple(LinksOf(id_, *map(int, counts)) for id_, *counts in links)
    chosen = len(target.ids) if isinstance(target, ChosenRecords) else records
    return DeletionImpact(
        records=records,
        gone=chosen - records,
        forbidden=refused,
        links=sum(each.all for each in by_relationship),
        referrers=tuple(_referrers(session, parameters, target, found)) if records else (),
        can_be_undone=keeps_history(session),
        by_relationship=by_relationship,
    )


# Joins, which a server spills to its disk: a subquery of a million ids would be read anew for
# each link. A link with both ends among the records counts once.
_LINKS = """
    SELECT coalesce(jsonb_agg(jsonb_build_array(
        relationship_id, outward - among, inward - among, among) ORDER BY relationship_id), '[]')
    FROM (
        SELECT relationship_id, sum(outward) AS outward, sum(inward) AS inward, sum(among) AS among
        FROM (
            SELECT l.relationship_id, count(*) AS outward, 0 AS inward, 0 AS among
            FROM target AS t JOIN relationship_records AS l ON l.from_record_id = t.id GROUP BY 1
            UNION ALL
            SELECT l.relationship_id, 0, count(*), 0
            FROM target AS t JOIN relationship_records AS l ON l.to_record_id = t.id GROUP BY 1
            UNION ALL
            SELECT l.relationship_id, 0, 0, count(*)
            FROM target AS t JOIN relationship_records AS l ON l.from_record_id = t.id
            JOIN target AS u ON l.to_record_id = u.id GROUP BY 1
        ) AS sides GROUP BY relationship_id
    ) AS sums
"""


def delete_targets(session: WriteSession, target: RecordTarget, *, agreed: int) -> int:
    """Delete the records by one statement, all or none; return how many there were.

    Their links go with them by the contract's foreign keys. Raises Conflict when there are more
    than the `agreed` number, Forbidden when one may not be deleted.
    """
    session.actor.require(Permission.DELETE_RECORDS)
    parameters = Parameters()
    where = target_condition(session, parameters, target)
    may = permitted(session, parameters, target.object_id, RecordRight.DELETE)
    found = _count(session, parameters, where)
    _check_agreed(found, agreed)
    refused = 0 if may == "true" else _count(session, parameters, f"{where} AND NOT {may}")
    if refused:
        what = "this record" if refused == 1 else f"{refused:,} of these records"
        raise Forbidden(f"You are not allowed to delete {what}. Nothing was deleted.")
    session.describe("deletion of a record" if found == 1 else f"deletion of {found:,} records")
    statement = f"DELETE FROM records AS r WHERE {where}"  # noqa: S608 - values are bound
    deleted = execute(session, statement, parameters.values).rowcount
    _check_agreed(deleted, agreed)
    left = _count(session, parameters, where) if deleted < found else 0
    if left:  # a trigger, a rule or a policy of the database's owner passed over them
        raise Forbidden(f"The database keeps {left:,} of these records. Nothing was deleted.")
    if deleted:
        session.note(Topic.RECORDS, target.object_id)
        for relationship_id in session.scalars(_relationships_of(target.object_id)):
            session.note(Topic.LINKS, relationship_id)
    return deleted


def _check_agreed(found: int, agreed: int) -> None:
    if found > agreed:
        raise Conflict(
            f"These are {found:,} records now, not {agreed:,} as when they were counted: others "
            "added or changed some meanwhile. Nothing was deleted."
        )


def _count(session: ReadSession, parameters: Parameters, where: str) -> int:
    statement = f"SELECT count(*) FROM records AS r WHERE {where}"  # noqa: S608 - values are bound
    return int(execute(session, statement, parameters.values).scalar_one())


def _relationships_of(object_id: str) -> Select[str]:
    ends = (Relationship.from_object_id, Relationship.to_object_id)
    return select(Relationship.id).where(or_(*(end == object_id for end in ends)))


def _referrers(
    session: ReadSession, parameters: Parameters, target: RecordTarget, found: str
) -> Iterator[Referrers]:
    """Count the records that stay and name one that goes, field by field."""
    for each, object_ids in reference_fields(session, target.object_id):
        bound = Parameters(dict(parameters.values))
        objects = bound.bind(object_ids, "text[]")
        statement = (
            f"{found} SELECT o.object_id, count(DISTINCT o.id) AS number FROM records AS o"  # noqa: S608
            f" CROSS JOIN LATERAL {named_ids(bound, each.id)} AS named(id)"
            f" JOIN target AS t ON t.id = named.id LEFT JOIN target AS own ON own.id = o.id"
            f" WHERE o.object_id = ANY({objects}) AND own.id IS NULL GROUP BY o.object_id"
        )
        counts = {row.object_id: row.number for row in execute(session, statement, bound.values)}
        if counts:
            yield Referrers(each.label, sum(counts.values()), each.id, counts)


def named_ids(parameters: Parameters, field_id: str) -> str:
    """Return the texts that a record `o` holds in a field, as a function in FROM."""
    key = parameters.bind(field_id)
    return (
        f"jsonb_array_elements_text(CASE jsonb_typeof(o.data -> {key})"
        f" WHEN 'array' THEN o.data -> {key} ELSE jsonb_build_array(o.data -> {key}) END)"
    )


def reference_fields(
    session: ReadSession, object_id: str
) -> list[tuple[EffectiveField, list[str]]]:
    """Return the fields that may refer to the object's records, with the objects that use each."""
    session.actor.require(Permission.READ_DEFINITIONS)
    name = session.scalar(select(CrmObject.name).where(CrmObject.id == object_id))
    return [
        (each, users)
        for each, users in _reference_fields(session)
        if target_object_id(each) in {"", object_id, name}
    ]


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
