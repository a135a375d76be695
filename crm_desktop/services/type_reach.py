"""What else a change of a field's type reaches: saved views that filter by it, and its indexes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import String, cast, func, or_, select

from crm_desktop.db import field_indexes, view_rows
from crm_desktop.db.database import ReadSession, dump_json
from crm_desktop.db.tables import CrmObject
from crm_desktop.domain.access import Permission
from crm_desktop.domain.effective import EffectiveField
from crm_desktop.domain.filter_rules import FilterSchema, part_problem
from crm_desktop.domain.filters import Part
from crm_desktop.domain.index_kinds import kinds_of
from crm_desktop.services.filter_schema import schema_of
from crm_desktop.services.record_ordering import collation_of
from crm_desktop.services.type_settings import Use
from crm_desktop.services.views import list_views

_Fields = Mapping[str, EffectiveField]


@dataclass(frozen=True, slots=True)
class UnfitView:
    """A saved view whose filter fits the field as it is, and no more afterwards."""

    object_label: str
    name: str


def views_that_no_longer_fit(session: ReadSession, uses: Sequence[Use]) -> tuple[UnfitView, ...]:
    """Return the views that would be refused; by links also those of other objects.

    What does not fit already is no consequence and not among them.
    """
    session.actor.require(Permission.READ_RECORDS)
    if not uses:
        return ()
    field_id = uses[0].new.id
    after = {use.object_id: use.new for use in uses}
    found = []
    for object_id, label in _objects_naming(session, field_id):
        for view in list_views(session, object_id).views:
            filters = view.settings.filters
            schema = schema_of(session, object_id, filters)
            if _fits(filters, schema) and not _fits(filters, _retyped(schema, object_id, after)):
                found.append(UnfitView(label, view.name))
    return tuple(found)


def indexes_left_behind(session: ReadSession, uses: Sequence[Use]) -> tuple[str, ...]:
    """Return the labels of the objects with an index on the field that serves it no more then."""
    session.actor.require(Permission.READ_RECORDS)
    by_object = {use.object_id: use for use in uses}
    labels = []
    for index in field_indexes.find(session.connection()):
        use = by_object.get(index.object_id)
        if use is None or use.new.id != index.field_id:
            continue
        if index.name in _names(session, use.object_id, use.old) and index.name not in _names(
            session, use.object_id, use.new
        ):
            labels.append(use.label)
    return tuple(labels)


def _objects_naming(session: ReadSession, field_id: str) -> Sequence[tuple[str, str]]:
    """Return id and label of the objects whose views name the field, here or in our schema."""
    mark = dump_json(field_id)
    named = func.strpos(cast(CrmObject.views, String), mark) > 0
    ours: Sequence[str] = ()
    if view_rows.standing_of(session).is_readable:
        ours = view_rows.objects_naming(session, mark)
    query = (
        select(CrmObject.id, CrmObject.label)
        .where(or_(named, CrmObject.id.in_(ours)))
        .order_by(func.lower(CrmObject.label), CrmObject.id)
    )
    return [(id_, label) for id_, label in session.execute(query)]


def _fits(filters: tuple[Part, ...], schema: FilterSchema) -> bool:
    return all(part_problem(part, schema) is None for part in filters)


def _retyped(schema: FilterSchema, object_id: str, after: _Fields) -> FilterSchema:
    """Return the schema with the field as each object will see it."""
    sides = {
        key: replace(side, fields=_with(side.fields, after.get(side.object_id)))
        for key, side in schema.sides.items()
    }
    return FilterSchema(_with(schema.fields, after.get(object_id)), sides)


def _with(fields: _Fields, field: EffectiveField | None) -> _Fields:
    return {**fields, field.id: field} if field is not None and field.id in fields else fields


def _names(session: ReadSession, object_id: str, field: EffectiveField) -> set[str]:
    """Return what the indexes that can serve a field are called."""
    definitions = (
        field_indexes.definition_of(object_id, field, kind, collation_of(session, field))
        for kind in kinds_of(field)
    )
    return {each.name for each in definitions}
