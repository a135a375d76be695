"""Objects: the kinds of records that users define."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, insert, or_, select

from crm_desktop.db.database import ReadSession, WriteSession
from crm_desktop.db.link_schema_rows import forget_gone
from crm_desktop.db.rows import delete_row, version_of, write_row
from crm_desktop.db.tables import CrmObject, ObjectField, Record, Relationship
from crm_desktop.db.view_rows import forget_object
from crm_desktop.domain.access import Permission, RecordRight
from crm_desktop.domain.changes import Topic
from crm_desktop.domain.errors import Invalid, NotFound
from crm_desktop.domain.ids import Prefix, new_id
from crm_desktop.domain.json_edits import JsonEdit
from crm_desktop.domain.names import name_from_label, name_problem, plural_from_label
from crm_desktop.services.inputs import Draft, Line, OptionalLine, OptionalText, check_json
from crm_desktop.services.users import ensure_user

_WHAT = "object"


@dataclass(frozen=True, slots=True)
class ObjectSummary:
    """An object as lists show it; records are counted apart, by `count_records`."""

    id: str
    name: str
    label: str
    plural_name: str
    description: str | None
    icon: str | None
    is_custom: bool
    is_global: bool
    field_count: int
    relationship_count: int
    version: int
    created_at: datetime
    updated_at: datetime
    created_by: UUID | None


@dataclass(frozen=True, slots=True)
class ObjectDetail(ObjectSummary):
    """An object with its JSON columns, as they are stored: anything may stand in them."""

    views: Any
    permissions: Any


class ObjectDraft(Draft):
    """What somebody fills in; a blank name or plural is made from the label."""

    label: Line
    name: OptionalLine = None
    plural_name: OptionalLine = None
    description: OptionalText = None
    icon: OptionalLine = None
    is_global: bool = False


def list_objects(session: ReadSession) -> list[ObjectSummary]:
    """Return all objects by label, with the fields and relationships of each counted."""
    session.actor.require(Permission.READ_DEFINITIONS)
    query = _summaries().order_by(func.lower(CrmObject.label), CrmObject.id)
    return [ObjectSummary(*row) for row in session.execute(query)]


def count_records(session: ReadSession) -> dict[str, int]:
    """Return the number of records by object id; slow with millions, so never in a list."""
    session.actor.require(Permission.READ_RECORDS)
    query = select(Record.object_id, func.count()).group_by(Record.object_id)
    return dict(session.execute(query).all())


def get_object(session: ReadSession, object_id: str) -> ObjectDetail:
    """Return one object; raises NotFound."""
    session.actor.require(Permission.READ_DEFINITIONS)
    query = _summaries().add_columns(CrmObject.views, CrmObject.permissions)
    row = session.execute(query.where(CrmObject.id == object_id)).one_or_none()
    if row is None:
        raise NotFound("This object no longer exists.")
    return ObjectDetail(*row)


def find_object(session: ReadSession, name: str) -> ObjectSummary:
    """Return the object of this name, as the terminal asks for it, or of this label or id.

    Raises NotFound, and Invalid where several objects have the name.
    """
    session.actor.require(Permission.READ_DEFINITIONS)
    wanted = name.casefold()
    rows = [row for row in list_objects(session) if wanted in _called(row)]
    for rank in range(4):
        found = [row for row in rows if _called(row)[rank] == wanted]
        if len(found) > 1:
            raise Invalid({"object": f"Several objects are called “{name}”. Use the id."})
        if found:
            return found[0]
    raise NotFound(f"There is no object called “{name}”.")


def create_object(session: WriteSession, draft: ObjectDraft) -> str:
    """Add an object that everybody may use, without fields, and return its id."""
    session.actor.require(Permission.EDIT_OBJECTS)
    author = ensure_user(session, session.actor.user_id)
    name = _checked_name(session, draft)
    object_id = new_id(Prefix.OBJECT)
    values = _values(draft, name)
    session.execute(insert(CrmObject).values(id=object_id, created_by=author, **values))
    session.note(Topic.OBJECTS, object_id)
    return object_id


def update_object(session: WriteSession, object_id: str, version: int, draft: ObjectDraft) -> None:
    """Store what the form shows. Raises Conflict when the object changed since `version`."""
    session.actor.require(Permission.EDIT_OBJECTS)
    stored = get_object(session, object_id)
    name = draft.name or stored.name
    if name != stored.name:
        name = _checked_name(session, draft)
    values = {**_values(draft, name), "updated_at": func.now()}
    write_row(session, CrmObject, object_id, values, what=_WHAT, version=version)
    session.note(Topic.OBJECTS, object_id)


def edit_views(session: WriteSession, object_id: str, edits: Sequence[JsonEdit]) -> None:
    """Change the object's stored views at these paths; raises Conflict where one was changed."""
    session.actor.require(Permission.EDIT_OBJECTS)
    _edit_json(session, object_id, "views", edits)


def edit_permissions(session: WriteSession, object_id: str, edits: Sequence[JsonEdit]) -> None:
    """Change who may use the object's records, by paths such as `("update",)`.

    The values are lists of `all`, `owner`, `user_<uuid>` and `role_<name>`.
    """
    session.actor.require(Permission.EDIT_OBJECTS)
    for edit in edits:
        if edit.path[0] in set(RecordRight):
            _check_entries(edit)
    _edit_json(session, object_id, "permissions", edits)


def delete_object(session: WriteSession, object_id: str, version: int) -> None:
    """Delete the object with its layout, its records, its relationships and all their links.

    `impact.impact_of_object` counts these beforehand. Raises Conflict when it changed since.
    """
    session.actor.require(Permission.EDIT_OBJECTS)
    delete_row(session, CrmObject, object_id, what=_WHAT, version=version)
    forget_object(session, object_id)
    forget_gone(session)
    for topic in (Topic.OBJECTS, Topic.LAYOUTS, Topic.RECORDS):
        session.note(topic, object_id)
    session.note(Topic.RELATIONSHIPS, "")
    session.note(Topic.LINKS, "")


def _summaries() -> Select[Any]:
    fields = (
        select(func.count(ObjectField.id))
        .where(ObjectField.object_id == CrmObject.id)
        .scalar_subquery()
    )
    relationships = (
        select(func.count(Relationship.id))
        .where(
            or_(
                Relationship.from_object_id == CrmObject.id,
                Relationship.to_object_id == CrmObject.id,
            )
        )
        .scalar_subquery()
    )
    return select(
        CrmObject.id,
        CrmObject.name,
        CrmObject.label,
        CrmObject.plural_name,
        CrmObject.description,
        CrmObject.icon,
        CrmObject.is_custom,
        CrmObject.is_global,
        fields,
        relationships,
        version_of(CrmObject),
        CrmObject.created_at,
        CrmObject.updated_at,
        CrmObject.created_by,
    )


def _called(row: ObjectSummary) -> tuple[str, ...]:
    names = (row.id, row.name, row.label, row.plural_name)
    return tuple(name.casefold() for name in names)


def _values(draft: ObjectDraft, name: str) -> dict[str, Any]:
    return {
        "name": name,
        "label": draft.label,
        "plural_name": draft.plural_name or plural_from_label(draft.label),
        "description": draft.description,
        "icon": draft.icon,
        "is_global": draft.is_global,
    }


def _checked_name(session: WriteSession, draft: ObjectDraft) -> str:
    """Return a name that is free; no constraint says so, hence the lock until the commit."""
    name = draft.name or name_from_label(draft.label)
    if problem := name_problem(name):
        raise Invalid({"name": problem})
    session.execute(select(func.pg_advisory_xact_lock(func.hashtext("crm_desktop.objects.name"))))
    taken = select(CrmObject.label).where(func.lower(CrmObject.name) == func.lower(name)).limit(1)
    if (label := session.scalar(taken)) is not None:
        sentence = f"The object “{label}” already has the name “{name}”. Choose another."
        raise Invalid({"name": sentence})
    return name


def _edit_json(
    session: WriteSession, object_id: str, column: str, edits: Sequence[JsonEdit]
) -> None:
    for edit in edits:
        check_json(column, edit.new)
    values: Mapping[str, Any] = {"updated_at": func.now()}
    write_row(session, CrmObject, object_id, values, what=_WHAT, edits={column: edits})
    session.note(Topic.OBJECTS, object_id)


def _check_entries(edit: JsonEdit) -> None:
    known = ("all", "owner")
    entries = edit.new if isinstance(edit.new, list | tuple) else [None]
    for entry in entries:
        text = entry if isinstance(entry, str) else ""
        if text not in known and not text.startswith(("user_", "role_")):
            sentence = "Rights are lists of “all”, “owner”, “user_…” and “role_…”."
            raise Invalid({"permissions": sentence})
