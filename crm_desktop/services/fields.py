"""Fields: the library that all objects share; layouts say which object uses which."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, String, and_, exists, func, literal, or_, select
from sqlalchemy.dialects.postgresql import insert

from crm_desktop.db.database import ReadSession, WriteSession
from crm_desktop.db.rows import delete_row, version_of, write_row
from crm_desktop.db.tables import CrmObject, Field, ObjectField, Record
from crm_desktop.domain.access import Permission
from crm_desktop.domain.changes import Topic
from crm_desktop.domain.errors import Conflict, Invalid, NotFound
from crm_desktop.domain.field_config import config_problems
from crm_desktop.domain.field_types import FIELD_TYPES
from crm_desktop.domain.ids import Prefix, new_id
from crm_desktop.domain.json_edits import JsonEdit, applied
from crm_desktop.domain.names import name_from_label, name_problem
from crm_desktop.services.inputs import Draft, Line, OptionalLine, OptionalText, check_json
from crm_desktop.services.users import ensure_user

_WHAT = "field"
_NO_CONFIG: Mapping[str, Any] = {}


@dataclass(frozen=True, slots=True)
class FieldSummary:
    """A field of the library; `used_by` counts the objects whose layout has it."""

    id: str
    name: str
    label: str
    type: str
    description: str | None
    category: str | None
    config: Any
    is_global: bool
    is_custom: bool
    is_system_field: bool
    used_by: int
    version: int
    created_at: datetime
    updated_at: datetime
    created_by: UUID | None


@dataclass(frozen=True, slots=True)
class FieldUse:
    """An object whose layout has the field."""

    object_id: str
    label: str
    icon: str | None


class FieldDraft(Draft):
    """What somebody fills in, apart from `config`; a blank name is made from the label."""

    label: Line
    name: OptionalLine = None
    type: Line = "text"
    description: OptionalText = None
    category: OptionalLine = None
    is_global: bool = False


def list_fields(
    session: ReadSession, *, text: str = "", field_type: str = "", category: str = ""
) -> list[FieldSummary]:
    """Return the library by label; `text` is looked for in label, name and description.

    An empty filter lets everything pass.
    """
    session.actor.require(Permission.READ_DEFINITIONS)
    query = _summaries().order_by(func.lower(Field.label), Field.id)
    if text:
        places = (Field.label, Field.name, Field.description)
        query = query.where(or_(*(place.icontains(text, autoescape=True) for place in places)))
    if field_type:
        query = query.where(Field.type == field_type)
    if category:
        query = query.where(Field.category == category)
    return [FieldSummary(*row) for row in session.execute(query)]


def list_categories(session: ReadSession) -> list[str]:
    """Return the categories in use, in order."""
    session.actor.require(Permission.READ_DEFINITIONS)
    query = select(Field.category).where(Field.category > "").distinct().order_by(Field.category)
    return [category for category in session.scalars(query) if category is not None]


def get_field(session: ReadSession, field_id: str) -> FieldSummary:
    """Return one field; raises NotFound."""
    session.actor.require(Permission.READ_DEFINITIONS)
    row = session.execute(_summaries().where(Field.id == field_id)).one_or_none()
    if row is None:
        raise NotFound("This field no longer exists.")
    return FieldSummary(*row)


def list_uses(session: ReadSession, field_id: str) -> list[FieldUse]:
    """Return the objects whose layout has the field, by label, each once."""
    session.actor.require(Permission.READ_DEFINITIONS)
    uses = exists().where(ObjectField.object_id == CrmObject.id, ObjectField.field_id == field_id)
    query = (
        select(CrmObject.id, CrmObject.label, CrmObject.icon)
        .where(uses)
        .order_by(func.lower(CrmObject.label), CrmObject.id)
    )
    return [FieldUse(*row) for row in session.execute(query)]


def create_field(
    session: WriteSession, draft: FieldDraft, config: Mapping[str, Any] = _NO_CONFIG
) -> str:
    """Add a field to the library and return its id; `attach_field` gives it to an object."""
    session.actor.require(Permission.EDIT_FIELDS)
    author = ensure_user(session, session.actor.user_id)
    name = draft.name or name_from_label(draft.label)
    if problem := name_problem(name):
        raise Invalid({"name": problem})
    _check_type(draft.type)
    _check_config(session, {}, config)
    field_id = new_id(Prefix.FIELD)
    values = {**_values(draft), "name": name, "config": dict(config), "created_by": author}
    row = insert(Field).values(id=field_id, **values).on_conflict_do_nothing().returning(Field.id)
    if session.scalar(row) is None:
        raise _name_taken(name)
    session.note(Topic.FIELDS, field_id)
    return field_id


def update_field(
    session: WriteSession,
    field_id: str,
    version: int,
    draft: FieldDraft,
    config_changes: Sequence[JsonEdit] = (),
) -> None:
    """Store what the form shows; `config_changes` (see `json_edits`) names only changed keys.

    Raises Conflict when the field changed since `version`, Invalid for a new type while any
    record holds a value of the old one.
    """
    session.actor.require(Permission.EDIT_FIELDS)
    stored = lock_field(session, field_id)
    name = draft.name or stored.name
    if name != stored.name:
        _check_new_name(session, stored, name)
    if draft.type != stored.type:
        _check_new_type(session, stored, draft.type)
    before = stored.config if isinstance(stored.config, Mapping) else {}
    _check_config(session, before, applied(before, tuple(config_changes)))
    values = {**_values(draft), "name": name, "updated_at": func.now()}
    edits = {"config": config_changes}
    write_row(session, Field, field_id, values, what=_WHAT, version=version, edits=edits)
    note_field(session, field_id)


def delete_field(session: WriteSession, field_id: str, version: int) -> None:
    """Delete a field that no object uses.

    Raises Conflict that names the objects which use it, or when it changed since `version`.
    """
    session.actor.require(Permission.EDIT_FIELDS)
    stored = lock_field(session, field_id)
    if stored.is_system_field:
        raise Conflict(f"“{stored.label}” is a system field and cannot be deleted.")
    if uses := list_uses(session, field_id):
        names = _listed([use.label for use in uses])
        raise Conflict(f"“{stored.label}” is used by {names}. Remove it there first.")
    delete_row(session, Field, field_id, what=_WHAT, version=version)
    session.note(Topic.FIELDS, field_id)


def lock_field(session: WriteSession, field_id: str) -> FieldSummary:
    """Return the field, kept until the commit from being changed or given to an object."""
    session.actor.require(Permission.EDIT_FIELDS)
    session.execute(select(Field.id).where(Field.id == field_id).with_for_update())
    return get_field(session, field_id)


def retype_field(
    session: WriteSession,
    field_id: str,
    version: int,
    new_type: str,
    config_changes: Sequence[JsonEdit] = (),
) -> None:
    """Store another type and its settings, whatever records hold: the caller sees to the values.

    Raises Conflict when the field changed since `version`, Invalid for settings that cannot be.
    """
    session.actor.require(Permission.EDIT_FIELDS)
    stored = get_field(session, field_id)
    before = stored.config if isinstance(stored.config, Mapping) else {}
    _check_config(session, before, applied(before, tuple(config_changes)))
    values = {"type": new_type, "updated_at": func.now()}
    edits = {"config": config_changes}
    write_row(session, Field, field_id, values, what=_WHAT, version=version, edits=edits)
    note_field(session, field_id)


def note_field(session: WriteSession, field_id: str) -> None:
    """Say that the field is another one now, and with it every layout that has it."""
    session.actor.require(Permission.EDIT_FIELDS)
    session.note(Topic.FIELDS, field_id)
    for use in list_uses(session, field_id):
        session.note(Topic.LAYOUTS, use.object_id)


def _summaries() -> Select[Any]:
    # Counted for all at once: without an index on `field_id` a count for each reads it all again.
    uses = (
        select(ObjectField.field_id, func.count(ObjectField.object_id.distinct()).label("number"))
        .group_by(ObjectField.field_id)
        .subquery()
    )
    columns = select(
        Field.id,
        Field.name,
        Field.label,
        Field.type,
        Field.description,
        Field.category,
        Field.config,
        Field.is_global,
        Field.is_custom,
        Field.is_system_field,
        func.coalesce(uses.c.number, 0),
        version_of(Field),
        Field.created_at,
        Field.updated_at,
        Field.created_by,
    )
    return columns.outerjoin(uses, uses.c.field_id == Field.id)


def _values(draft: FieldDraft) -> dict[str, Any]:
    return {
        "label": draft.label,
        "type": draft.type,
        "description": draft.description,
        "category": draft.category,
        "is_global": draft.is_global,
    }


def _check_type(field_type: str) -> None:
    if field_type not in FIELD_TYPES:
        raise Invalid({"type": f"There is no field type “{field_type}”."})


def _check_new_name(session: WriteSession, stored: FieldSummary, name: str) -> None:
    if stored.is_system_field:
        raise Invalid({"name": "The name of a system field cannot be changed."})
    if problem := name_problem(name):
        raise Invalid({"name": problem})
    twin = exists().where(
        Field.name == name, Field.created_by == stored.created_by, Field.id != stored.id
    )
    if session.scalar(select(twin)):
        raise _name_taken(name)


def _name_taken(name: str) -> Invalid:
    return Invalid({"name": f"There is already a field named “{name}”. Choose another name."})


def _check_new_type(session: WriteSession, stored: FieldSummary, new_type: str) -> None:
    _check_type(new_type)
    if stored.is_system_field:
        raise Invalid({"type": "The type of a system field cannot be changed."})
    value = func.jsonb_extract_path(Record.data, literal(stored.id, String))
    holders = (
        select(CrmObject.label)
        .join(Record, Record.object_id == CrmObject.id)
        .where(and_(value.is_not(None), func.jsonb_typeof(value) != "null"))
        .limit(1)
    )
    if (label := session.scalar(holders)) is not None:
        sentence = (
            f"Records of “{label}” hold values in this field, so its type cannot change "
            "by an edit alone. “Change type…” converts them."
        )
        raise Invalid({"type": sentence})


def _check_config(
    session: WriteSession, before: Mapping[str, Any], after: Mapping[str, Any]
) -> None:
    """Refuse what the change brings in; what stood before is left to whoever made it."""
    check_json("config", after)
    known = config_problems(before)
    problems = {key: problem for key, problem in config_problems(after).items() if key not in known}
    target = after.get("targetObjectId") or ""
    if target and target != before.get("targetObjectId") and not _is_object(session, target):
        problems["targetObjectId"] = "The object that this field points to no longer exists."
    if problems:
        raise Invalid(problems)


def _is_object(session: WriteSession, target: Any) -> bool:
    found = select(CrmObject.id).where(CrmObject.id == literal(target, String))
    return isinstance(target, str) and session.scalar(found) is not None


def _listed(labels: Sequence[str]) -> str:
    quoted = [f"“{label}”" for label in labels]
    if len(quoted) > 10:
        quoted[9:] = [f"{len(quoted) - 9} more objects"]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} and {quoted[-1]}"
