"""Layouts: which fields an object has, in what order, and what it says differently about them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ARRAY, Row, Select, String, func, insert, literal, select, update

from crm_desktop.db.database import ReadSession, WriteSession
from crm_desktop.db.rows import delete_row, version_of, write_row
from crm_desktop.db.tables import CrmObject, Field, ObjectField
from crm_desktop.domain.access import Permission
from crm_desktop.domain.changes import Topic
from crm_desktop.domain.effective import EffectiveField, flat_config, merge_field
from crm_desktop.domain.errors import Conflict, Invalid, NotFound
from crm_desktop.domain.field_config import config_problems
from crm_desktop.domain.field_types import type_of
from crm_desktop.domain.ids import Prefix, new_id
from crm_desktop.domain.json_edits import JsonEdit, applied
from crm_desktop.services.inputs import Draft, check_json

AT_END = MAX_ORDER = 2**31 - 1  # PostgreSQL's largest integer
_WHAT = "layout"
_IN_ORDER = (ObjectField.display_order, ObjectField.created_at, ObjectField.id)


@dataclass(frozen=True, slots=True)
class LayoutField:
    """One attachment of a field to an object; `effective` is the field as this object sees it."""

    id: str
    object_id: str
    field_id: str
    effective: EffectiveField
    display_order: int
    is_required: bool
    is_visible: bool
    is_readonly: bool
    overrides: Any
    is_duplicate: bool
    version: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class LayoutChange:
    """What a change to a layout asks of its caller.

    When `primary_field_changed`, another field now gives the records their names: run
    `records.refresh_primary_values` for the object.
    """

    primary_field_changed: bool
    attachment_id: str = ""


class LayoutFlags(Draft):
    """How an object uses one field."""

    is_required: bool = False
    is_visible: bool = True
    is_readonly: bool = False


_PLAIN = LayoutFlags()


def list_layout(session: ReadSession, object_id: str) -> list[LayoutField]:
    """Return the object's fields in order, in one statement; raises NotFound for the object.

    A field that other programs attached twice comes twice, the later one `is_duplicate`.
    """
    session.actor.require(Permission.READ_DEFINITIONS)
    rows = session.execute(_layout().where(CrmObject.id == object_id)).all()
    if not rows:
        raise NotFound("This object no longer exists.")
    seen: set[str] = set()
    layout = []
    for row in rows:
        if row.attachment_id is not None:
            layout.append(_layout_field(row, is_duplicate=row.field_id in seen))
            seen.add(row.field_id)
    return layout


def attach_field(
    session: WriteSession,
    object_id: str,
    field_id: str,
    flags: LayoutFlags = _PLAIN,
    *,
    position: int = AT_END,
) -> LayoutChange:
    """Give the object a field, as its `position`-th from 0; raises Invalid when it has it."""
    session.actor.require(Permission.EDIT_LAYOUTS)
    shown = _lock_layout(session, object_id)
    field_type = session.scalar(
        select(Field.type).where(Field.id == field_id).with_for_update(read=True, key_share=True)
    )
    if field_type is None:
        raise NotFound("This field no longer exists.")
    if any(row.field_id == field_id for row in shown):
        raise Invalid({"field": "This object already has that field."})
    new = _Attached(new_id(Prefix.OBJECT_FIELD), field_id, field_type, 0)
    after = list(shown)
    after.insert(position, new)
    last = max((row.display_order for row in shown), default=-1)
    session.execute(
        insert(ObjectField).values(
            id=new.id,
            object_id=object_id,
            field_id=field_id,
            display_order=min(last + 1, MAX_ORDER),
            **flags.model_dump(),
        )
    )
    if after[-1] is not new or last >= MAX_ORDER:
        _set_positions(session, object_id, [row.field_id for row in after])
    _note_attachment(session, object_id, field_id)
    return LayoutChange(_primary(shown) != _primary(after), new.id)


def detach_field(session: WriteSession, attachment_id: str, version: int) -> LayoutChange:
    """Take a field out of an object's layout; values in records stay, and come back with it."""
    session.actor.require(Permission.EDIT_LAYOUTS)
    object_id = _get_attachment(session, attachment_id).object_id
    shown = _lock_layout(session, object_id)
    delete_row(session, ObjectField, attachment_id, what=_WHAT, version=version)
    after = [row for row in shown if row.id != attachment_id]
    for field_id in {row.field_id for row in shown if row.id == attachment_id}:
        _note_attachment(session, object_id, field_id)
    return LayoutChange(_primary(shown) != _primary(after), attachment_id)


def update_layout_field(
    session: WriteSession,
    attachment_id: str,
    version: int,
    flags: LayoutFlags,
    override_changes: Sequence[JsonEdit] = (),
) -> None:
    """Store how the object uses the field; `override_changes` names only changed keys.

    Raises Conflict when the attachment changed since `version`.
    """
    session.actor.require(Permission.EDIT_LAYOUTS)
    stored = _get_attachment(session, attachment_id)
    before = stored.overrides if isinstance(stored.overrides, Mapping) else {}
    check_overrides(stored.effective, applied(before, tuple(override_changes)))
    edits = {"field_overrides": override_changes}
    values = flags.model_dump()
    write_row(session, ObjectField, attachment_id, values, what=_WHAT, version=version, edits=edits)
    session.note(Topic.LAYOUTS, stored.object_id)


def reorder_fields(session: WriteSession, object_id: str, field_ids: Sequence[str]) -> LayoutChange:
    """Show the object's fields in this order; `field_ids` names all of them.

    One statement however many fields. Raises Conflict when the layout changed meanwhile.
    """
    session.actor.require(Permission.EDIT_LAYOUTS)
    shown = _lock_layout(session, object_id)
    if {row.field_id for row in shown} != set(field_ids):
        raise Conflict("Someone else changed this layout. It has been reloaded.")
    order = {field_id: place for place, field_id in enumerate(dict.fromkeys(field_ids))}
    _set_positions(session, object_id, list(order))
    session.note(Topic.LAYOUTS, object_id)
    after = sorted(shown, key=lambda row: order[row.field_id])
    return LayoutChange(_primary(shown) != _primary(after))


def check_overrides(field: EffectiveField, overrides: Mapping[str, Any]) -> None:
    """Raise Invalid for what these overrides bring in; what stood before is left as it was.

    `field` is as the object sees it before.
    """
    check_json("field_overrides", overrides)
    known = config_problems(field.config)
    found = config_problems({**field.config, **flat_config(overrides)})
    if problems := {key: found[key] for key in found if key not in known}:
        raise Invalid(problems)


@dataclass(frozen=True, slots=True)
class _Attached:
    id: str
    field_id: str
    type: str
    display_order: int


def _layout() -> Select[Any]:
    return (
        select(
            ObjectField.id.label("attachment_id"),
            CrmObject.id.label("object_id"),
            ObjectField.display_order,
            ObjectField.is_required,
            ObjectField.is_visible,
            ObjectField.is_readonly,
            ObjectField.field_overrides,
            ObjectField.created_at,
            version_of(ObjectField).label("version"),
            Field.id.label("field_id"),
            Field.name,
            Field.label,
            Field.type,
            Field.config,
            Field.description,
            Field.is_system_field,
        )
        .select_from(CrmObject)
        .outerjoin(ObjectField, ObjectField.object_id == CrmObject.id)
        .outerjoin(Field, Field.id == ObjectField.field_id)
        .order_by(*_IN_ORDER)
    )


def _layout_field(row: Row[Any], *, is_duplicate: bool) -> LayoutField:
    return LayoutField(
        id=row.attachment_id,
        object_id=row.object_id,
        field_id=row.field_id,
        effective=_effective(row),
        display_order=row.display_order,
        is_required=row.is_required,
        is_visible=row.is_visible,
        is_readonly=row.is_readonly,
        overrides=row.field_overrides,
        is_duplicate=is_duplicate,
        version=row.version,
        created_at=row.created_at,
    )


def _effective(row: Row[Any]) -> EffectiveField:
    return merge_field(
        id=row.field_id,
        name=row.name,
        label=row.label,
        type=row.type,
        config=row.config,
        description=row.description,
        is_system_field=row.is_system_field,
        is_required=row.is_required,
        is_visible=row.is_visible,
        is_readonly=row.is_readonly,
        overrides=row.field_overrides,
    )


def _lock_layout(session: WriteSession, object_id: str) -> list[_Attached]:
    """Return the attachments in order; until the commit nobody of us changes the layout."""
    lock = select(CrmObject.id).where(CrmObject.id == object_id).with_for_update(key_share=True)
    if session.scalar(lock) is None:
        raise NotFound("This object no longer exists.")
    query = (
        select(ObjectField.id, Field.id, Field.type, ObjectField.display_order)
        .join(Field, Field.id == ObjectField.field_id)
        .where(ObjectField.object_id == object_id)
        .order_by(*_IN_ORDER)
    )
    return [_Attached(*row) for row in session.execute(query)]


def _get_attachment(session: WriteSession, attachment_id: str) -> LayoutField:
    row = session.execute(_layout().where(ObjectField.id == attachment_id)).one_or_none()
    if row is None:
        raise NotFound("This field is no longer part of the layout.")
    return _layout_field(row, is_duplicate=False)


def _set_positions(session: WriteSession, object_id: str, field_ids: Sequence[str]) -> None:
    place = func.array_position(literal(list(field_ids), ARRAY(String)), ObjectField.field_id) - 1
    statement = (
        update(ObjectField)
        .where(ObjectField.object_id == object_id, ObjectField.display_order != place)
        .values(display_order=place)
    )
    session.execute(statement.execution_options(synchronize_session=False))


def _primary(shown: Sequence[_Attached]) -> str | None:
    """Return the field whose value names the records: the first text-like one."""
    return next((row.field_id for row in shown if type_of(row.type).is_text_like), None)


def _note_attachment(session: WriteSession, object_id: str, field_id: str) -> None:
    session.note(Topic.LAYOUTS, object_id)
    session.note(Topic.OBJECTS, object_id)  # its number of fields
    session.note(Topic.FIELDS, field_id)  # the number of objects that use it
