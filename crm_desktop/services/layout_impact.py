"""What stricter rules would meet in the records: values that lack, and values that break them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import func, select

from crm_desktop.db.database import ReadSession
from crm_desktop.db.tables import CrmObject, Field, ObjectField, Record
from crm_desktop.domain.access import Permission
from crm_desktop.domain.effective import flat_config, merge_field
from crm_desktop.domain.errors import Cancelled, NotFound
from crm_desktop.domain.field_types import (
    EffectiveField,
    is_column,
    is_empty,
    target_ids,
    value_checker,
)
from crm_desktop.domain.filters import Condition, RecordQuery
from crm_desktop.domain.json_edits import JsonEdit, applied
from crm_desktop.services.field_values import Held, HeldValue, count_values, distinct_values
from crm_desktop.services.record_query import count_matching
from crm_desktop.services.reference_checks import REFERRING, problems_of_targets

Progress = Callable[[int, int], bool]
_Checker = Callable[[Sequence[HeldValue]], Iterator[tuple[HeldValue, str | None]]]
MOST_SAMPLES = 5


def silent(_done: int, _total: int) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Lacking:
    """How many records of an object have nothing in a field; `query` finds them in its list."""

    count: int
    query: RecordQuery


@dataclass(frozen=True, slots=True)
class BrokenValue:
    """A stored value that breaks a rule: `count` records hold it, one of them is named."""

    value: Any
    problem: str
    count: int
    record_id: str
    record_name: str


@dataclass(frozen=True, slots=True)
class Breaking:
    """How many records of an object hold values that break its rules, and the first of these."""

    object_id: str
    label: str
    count: int
    samples: tuple[BrokenValue, ...]


@dataclass(frozen=True, slots=True)
class FieldUsage:
    """How an object uses a field: as it sees it, and what it says differently.

    `overrides` are the keys in which the object differs from the library.
    """

    object_id: str
    label: str
    icon: str | None
    field: EffectiveField
    overrides: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class UsageCounts:
    """What the records of one object hold in a field."""

    held: Held
    breaking: Breaking


def lacking_values(session: ReadSession, object_id: str, field_id: str) -> Lacking:
    """Count the records that would lack a value if the field were required."""
    session.actor.require(Permission.READ_RECORDS)
    query = RecordQuery(object_id, conditions=(Condition(field_id, "is_empty"),))
    return Lacking(count_matching(session, query), query)


def list_usages(session: ReadSession, field_id: str) -> list[FieldUsage]:
    """Return the objects that use a field, each once, with the field as each of them sees it."""
    session.actor.require(Permission.READ_DEFINITIONS)
    return _usages(session, field_id, ())


def count_usage(
    session: ReadSession, usage: FieldUsage, on_progress: Progress = silent
) -> UsageCounts:
    """Count what the object's records hold in the field, and what of it breaks today's rules.

    Reads all records of the object once or twice. Raises Cancelled when told to stop.
    """
    session.actor.require(Permission.READ_RECORDS)
    held = count_values(session, usage.object_id, usage.field.id)
    return UsageCounts(held, _breaking(session, usage, held.filled, on_progress))


def values_breaking_overrides(
    session: ReadSession,
    object_id: str,
    field_id: str,
    override_changes: Sequence[JsonEdit],
    on_progress: Progress = silent,
) -> Breaking:
    """Count the values that would break the object's rules after these changes to its overrides.

    Raises NotFound where the object does not use the field.
    """
    session.actor.require(Permission.READ_RECORDS)
    usages = _usages(session, field_id, override_changes, object_id=object_id)
    if not usages:
        raise NotFound("This field is no longer part of the layout.")
    return _breaking(session, usages[0], 0, on_progress)


def values_breaking_config(
    session: ReadSession,
    field_id: str,
    config_changes: Sequence[JsonEdit],
    on_progress: Progress = silent,
) -> list[Breaking]:
    """Count the same for a change in the library, for each object that uses the field."""
    session.actor.require(Permission.READ_RECORDS)
    usages = _usages(session, field_id, (), config_changes)
    return [_breaking(session, each, 0, on_progress) for each in usages]


def _usages(
    session: ReadSession,
    field_id: str,
    override_changes: Sequence[JsonEdit],
    config_changes: Sequence[JsonEdit] = (),
    *,
    object_id: str = "",
) -> list[FieldUsage]:
    query = (
        select(
            CrmObject.id.label("object_id"),
            CrmObject.label.label("object_label"),
            CrmObject.icon,
            Field.name,
            Field.label,
            Field.type,
            Field.config,
            Field.description,
            Field.is_system_field,
            ObjectField.is_required,
            ObjectField.is_visible,
            ObjectField.is_readonly,
            ObjectField.field_overrides,
        )
        .join(ObjectField, ObjectField.object_id == CrmObject.id)
        .join(Field, Field.id == ObjectField.field_id)
        .where(Field.id == field_id)
        .order_by(func.lower(CrmObject.label), CrmObject.id, ObjectField.display_order)
    )
    if object_id:
        query = query.where(CrmObject.id == object_id)
    usages: dict[str, FieldUsage] = {}
    for row in session.execute(query):
        overrides = applied(_mapping(row.field_overrides), tuple(override_changes))
        effective = merge_field(
            id=field_id,
            name=row.name,
            label=row.label,
            type=row.type,
            config=applied(_mapping(row.config), tuple(config_changes)),
            description=row.description,
            is_system_field=row.is_system_field,
            is_required=row.is_required,
            is_visible=row.is_visible,
            is_readonly=row.is_readonly,
            overrides=overrides,
        )
        usage = FieldUsage(
            row.object_id, row.object_label, row.icon, effective, tuple(flat_config(overrides))
        )
        usages.setdefault(row.object_id, usage)
    return list(usages.values())


def _mapping(config: Any) -> Mapping[str, Any]:
    return config if isinstance(config, Mapping) else {}


def _breaking(
    session: ReadSession, usage: FieldUsage, total: int, on_progress: Progress
) -> Breaking:
    """Check each different value once; what is empty breaks no rule here."""
    if is_column(usage.field):
        return Breaking(usage.object_id, usage.label, 0, ())
    check = _checker(session, usage.field)
    count = done = 0
    samples: list[BrokenValue] = []
    for batch in distinct_values(session, usage.object_id, usage.field.id):
        if not on_progress(done, total):
            raise Cancelled("Stopped counting.")
        for held, problem in check(batch):
            done += held.count
            if problem is None:
                continue
            count += held.count
            if len(samples) < MOST_SAMPLES:
                samples.append(BrokenValue(held.value, problem, held.count, held.record_id, ""))
    return Breaking(usage.object_id, usage.label, count, _named(session, samples))


def _checker(session: ReadSession, field: EffectiveField) -> _Checker:
    """Return what says what is wrong with each value of a batch; also with what it points to."""
    check = value_checker(replace(field, is_required=False))

    def check_each(batch: Sequence[HeldValue]) -> Iterator[tuple[HeldValue, str | None]]:
        problems: Mapping[str, str] = {}
        if field.type in REFERRING:
            ids = {id_ for held in batch for id_ in target_ids(held.value)}
            problems = problems_of_targets(session, field, sorted(ids))
        for held in batch:
            problem = None if is_empty(held.value) else check(held.value)
            if problem is None and problems:
                found = (problems.get(id_) for id_ in target_ids(held.value))
                problem = next(filter(None, found), None)
            yield held, problem

    return check_each


def _named(session: ReadSession, samples: Sequence[BrokenValue]) -> tuple[BrokenValue, ...]:
    ids = [sample.record_id for sample in samples]
    if not ids:
        return ()
    query = select(Record.id, Record.primary_value).where(Record.id.in_(ids))
    names = {id_: name or id_ for id_, name in session.execute(query)}
    return tuple(
        replace(sample, record_name=names.get(sample.record_id, sample.record_id))
        for sample in samples
    )
