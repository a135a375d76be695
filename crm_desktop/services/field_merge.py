"""Merges two fields of the library into one: rehearsed first, then done in one transaction."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

from sqlalchemy import String, cast, delete, func, select, text, update

from crm_desktop.db.database import ReadSession, WriteSession, dump_json
from crm_desktop.db.expressions import Parameters, primary_value_sql
from crm_desktop.db.json_places import FIELD_NAMING, replace_places
from crm_desktop.db.tables import CrmObject, ObjectField
from crm_desktop.domain.access import Permission, Reach, RecordRight
from crm_desktop.domain.changes import Topic
from crm_desktop.domain.errors import Cancelled, Conflict, Forbidden, Invalid
from crm_desktop.domain.field_references import replaced_references
from crm_desktop.domain.field_types import naming_fields, type_of
from crm_desktop.services.fields import FieldSummary, delete_field, get_field, lock_field
from crm_desktop.services.history import keeps_history
from crm_desktop.services.records import fields_of, refresh_primary_values
from crm_desktop.services.users import ensure_user

Progress = Callable[[int, int], bool]
Kept = Literal["target", "source", "neither"]
"""Whose value stands where both have one; “neither” refuses to merge then."""

MOST_CLASHES = 5


def silent(_done: int, _total: int) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class TwoValues:
    """A record that holds different values in both fields."""

    record_id: str
    record_name: str
    object_label: str
    source: Any
    target: Any


@dataclass(frozen=True, slots=True)
class MergePlan:
    """What merging `source` into `target` would do.

    `moved` records get the source's value, `equal` ones hold the same in both already, `clashing`
    ones hold different values: the first of them are `clashes`. `gained` are the labels of the
    objects whose layout gets the target in the source's place, `shared` those that have both:
    there the target stays where it is. `views` are the objects whose views name the source.
    """

    source: FieldSummary
    target: FieldSummary
    moved: int
    equal: int
    clashing: int
    clashes: tuple[TwoValues, ...]
    gained: tuple[str, ...]
    shared: tuple[str, ...]
    views: tuple[str, ...]
    can_be_undone: bool


@dataclass(frozen=True, slots=True)
class MergeResult:
    """How many records were written, and in how many places views named the source."""

    records: int
    places: int


def plan_merge(session: ReadSession, source_id: str, target_id: str) -> MergePlan:
    """Rehearse the merge; changes nothing.

    Raises Invalid where the two cannot be one: other types, system fields, or the same field.
    """
    session.actor.require(Permission.EDIT_FIELDS)
    session.actor.require(Permission.READ_RECORDS)
    source, target = get_field(session, source_id), get_field(session, target_id)
    _check_pair(source, target)
    uses = _uses(session, source, target)
    bound = _keys(source_id, target_id, uses)
    moved, equal, clashing = session.execute(text(_COUNT), bound).one()
    found = session.execute(text(_CLASHES), {**bound, "most": MOST_CLASHES})
    labels = {use.object_id: use.label for use in uses}
    clashes = tuple(
        TwoValues(row.id, row.primary_value or row.id, labels[row.object_id], row.source,
                  row.target)
        for row in found
    )  # fmt: skip
    return MergePlan(
        source=source,
        target=target,
        moved=moved,
        equal=equal,
        clashing=clashing,
        clashes=clashes,
        gained=tuple(use.label for use in uses if not use.has_target),
        shared=tuple(use.label for use in uses if use.has_target),
        views=tuple(_naming_objects(session, source_id)),
        can_be_undone=keeps_history(session),
    )


def merge_fields(
    session: WriteSession, plan: MergePlan, kept: Kept, on_progress: Progress = silent
) -> MergeResult:
    """Move the source's values to the target, let layouts and views name that, delete the source.

    One transaction, and for the data one step to undo (the fields themselves stay merged).
    Raises Conflict when a field changed since it was planned, when more records hold two values
    than were counted, or when any does and neither value is to be kept.
    """
    session.actor.require(Permission.EDIT_FIELDS)
    session.actor.require(Permission.EDIT_LAYOUTS)
    session.actor.require(Permission.UPDATE_RECORDS)
    author = ensure_user(session, session.actor.user_id)
    source, target = _locked(session, plan)
    session.describe(f"merge of “{source.label}” into “{target.label}”")
    uses = _uses(session, source, target)
    _check_goes_on(on_progress)
    bound = _keys(source.id, target.id, uses)
    clashing = session.execute(text(_COUNT), bound).one()[2]
    if clashing > plan.clashing or (clashing and kept == "neither"):
        raise Conflict(f"{clashing:,} records hold different values in the two fields.")
    naming = {use.object_id: _naming(session, use.object_id) for use in uses}
    _move_attachments(session, source.id, target.id, uses)
    records = 0
    for use in uses:
        _check_goes_on(on_progress)
        records += _move_values(session, use.object_id, source.id, target.id, kept, author)
        if _naming(session, use.object_id) != naming[use.object_id]:
            refresh_primary_values(session, use.object_id, on_progress)
    _note(session, target.id, uses)
    delete_field(session, source.id, source.version)
    places = _replace_references(session, source.id, target.id)
    return MergeResult(records, places)


@dataclass(frozen=True, slots=True)
class _Use:
    """An object that uses the source."""

    object_id: str
    label: str
    has_target: bool


def _check_pair(source: FieldSummary, target: FieldSummary) -> None:
    if source.id == target.id:
        raise Invalid({"target": "A field cannot be merged into itself."})
    if source.is_system_field or target.is_system_field:
        raise Invalid({"target": "System fields cannot be merged."})
    if source.type != target.type:
        words = f"{type_of(source.type).label} and {type_of(target.type).label}"
        raise Invalid(
            {"target": f"The fields have different types: {words}. Change the type of one first."}
        )


def _locked(session: WriteSession, plan: MergePlan) -> tuple[FieldSummary, FieldSummary]:
    """Return both fields, locked in the order of their ids; raises Conflict where one changed."""
    ids = sorted((plan.source.id, plan.target.id))
    found = {id_: lock_field(session, id_) for id_ in ids}
    source, target = found[plan.source.id], found[plan.target.id]
    if (source.version, target.version) != (plan.source.version, plan.target.version):
        raise Conflict("Someone else changed these fields meanwhile. Look at them again.")
    _check_pair(source, target)
    return source, target


def _uses(session: ReadSession, source: FieldSummary, target: FieldSummary) -> list[_Use]:
    """Return the objects that use the source; raises Forbidden for one without rights."""
    both = select(ObjectField.object_id).where(ObjectField.field_id == target.id)
    mine = select(ObjectField.object_id).where(ObjectField.field_id == source.id)
    query = (
        select(CrmObject.id, CrmObject.label, CrmObject.permissions, CrmObject.id.in_(both))
        .where(CrmObject.id.in_(mine))
        .order_by(func.lower(CrmObject.label), CrmObject.id)
    )
    uses = []
    for object_id, label, permissions, has_target in session.execute(query):
        granted = permissions if isinstance(permissions, dict) else {}
        for right in (RecordRight.READ, RecordRight.UPDATE):
            if session.actor.reach(granted, right) is not Reach.ALL:
                raise Forbidden(f"You may not change all records of “{label}”.")
        uses.append(_Use(object_id, label, has_target))
    return uses


def _keys(source_id: str, target_id: str, uses: Sequence[_Use]) -> dict[str, Any]:
    ids = [use.object_id for use in uses]
    return {"source": source_id, "target": target_id, "objects": ids}


def _check_goes_on(on_progress: Progress) -> None:
    if not on_progress(0, 0):
        raise Cancelled("Stopped. Nothing was changed.")


def _naming(session: ReadSession, object_id: str) -> list[str]:
    return [each.id for each in naming_fields(fields_of(session, object_id))]


def _move_attachments(
    session: WriteSession, source_id: str, target_id: str, uses: Sequence[_Use]
) -> None:
    """Give layouts the target in the source's place; where they have both, only that one goes."""
    both = [use.object_id for use in uses if use.has_target]
    mine = ObjectField.field_id == source_id
    session.execute(delete(ObjectField).where(mine, ObjectField.object_id.in_(both)))
    moved = update(ObjectField).where(mine).values(field_id=target_id)
    session.execute(moved.execution_options(synchronize_session=False))


def _move_values(
    session: WriteSession,
    object_id: str,
    source_id: str,
    target_id: str,
    kept: Kept,
    author: Any,
) -> int:
    bound = Parameters()
    source, target = bound.bind(source_id), bound.bind(target_id)
    rest = f"(r.data - {source})"
    moved = f"({rest} || jsonb_build_object({target}, r.data -> {source}))"
    takes = "false" if kept == "source" else _is_filled(f"r.data -> {target}")
    stays = f"NOT {_is_filled(f'r.data -> {source}')} OR {takes}"
    changed = f"(CASE WHEN {stays} THEN {rest} ELSE {moved} END)"
    name = primary_value_sql(bound, fields_of(session, object_id), changed)
    statement = (
        f"WITH written AS (UPDATE records AS r SET data = {changed}, primary_value = {name},"  # noqa: S608
        f" updated_at = now(), updated_by = {bound.bind(author, 'uuid')}"
        f" WHERE r.object_id = {bound.bind(object_id)} AND jsonb_typeof(r.data) = 'object'"
        f" AND r.data -> {source} IS NOT NULL RETURNING 1) SELECT count(*) FROM written"
    )
    return int(session.scalar(text(statement), bound.values) or 0)


def _is_filled(value: str) -> str:
    """Return the condition that a JSON value is neither missing nor null, "" or []."""
    return f"(COALESCE({value}, 'null') NOT IN ('null', '\"\"', '[]'))"


def _naming_objects(session: ReadSession, field_id: str) -> list[str]:
    """Return the labels of the objects whose views or forms name the field."""
    mark = dump_json(field_id)
    named = func.strpos(cast(CrmObject.views, String), mark) > 0
    query = select(CrmObject.label).where(named).order_by(func.lower(CrmObject.label))
    return list(session.scalars(query))


def _replace_references(session: WriteSession, source_id: str, target_id: str) -> int:
    """Let views and forms name the target; each place is written alone, guarded by what it was."""
    find = partial(replaced_references, old_id=source_id, new_id=target_id)
    return sum(replace_places(session, place, source_id, find) for place in FIELD_NAMING)


def _note(session: WriteSession, target_id: str, uses: Sequence[_Use]) -> None:
    session.note(Topic.FIELDS, target_id)
    for use in uses:
        session.note(Topic.RECORDS, use.object_id)
        session.note(Topic.LAYOUTS, use.object_id)
        session.note(Topic.OBJECTS, use.object_id)


_FROM = """
FROM records AS r
CROSS JOIN LATERAL (SELECT NULLIF(NULLIF(NULLIF(r.data -> :source, 'null'), '""'), '[]') AS source,
                           NULLIF(NULLIF(NULLIF(r.data -> :target, 'null'), '""'), '[]') AS target
) AS v
WHERE r.object_id = ANY(:objects) AND v.source IS NOT NULL
"""
_COUNT = f"""
SELECT count(*) FILTER (WHERE v.target IS NULL), count(*) FILTER (WHERE v.target = v.source),
       count(*) FILTER (WHERE v.target <> v.source)
{_FROM}
"""
_CLASHES = f"""
SELECT r.id, r.primary_value, r.object_id, v.source, v.target {_FROM} AND v.target <> v.source
ORDER BY r.id LIMIT :most
"""
