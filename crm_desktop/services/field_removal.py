"""Takes a field out of every layout that has it, and out of the library, at once."""

from collections.abc import Callable

from sqlalchemy import delete

from crm_desktop.db.database import WriteSession
from crm_desktop.db.tables import ObjectField
from crm_desktop.domain.access import Permission
from crm_desktop.domain.changes import Topic
from crm_desktop.domain.errors import Conflict
from crm_desktop.domain.field_types import naming_fields
from crm_desktop.services.fields import delete_field, list_uses, lock_field, note_field
from crm_desktop.services.records import fields_of, refresh_primary_values

Progress = Callable[[int, int], bool]


def detach_and_delete_field(
    session: WriteSession, field_id: str, version: int, on_progress: Progress
) -> list[str]:
    """Return the ids of the objects that had the field; records are named anew where it did that.

    The values stay in `data`, where nobody sees them. Raises Conflict when the field changed since
    `version`, or is a system field; Cancelled when `on_progress` says False.
    """
    session.actor.require(Permission.EDIT_FIELDS)
    session.actor.require(Permission.EDIT_LAYOUTS)
    stored = lock_field(session, field_id)
    if stored.version != version:
        raise Conflict("Someone else changed this field meanwhile. Look at it again.")
    if stored.is_system_field:
        raise Conflict(f"“{stored.label}” is a system field and cannot be deleted.")
    object_ids = [use.object_id for use in list_uses(session, field_id)]
    note_field(session, field_id)
    named = [id_ for id_ in object_ids if _names_records(session, id_, field_id)]
    session.execute(delete(ObjectField).where(ObjectField.field_id == field_id))
    delete_field(session, field_id, version)
    for object_id in object_ids:
        session.note(Topic.OBJECTS, object_id)  # its number of fields
    for object_id in named:
        refresh_primary_values(session, object_id, on_progress)
    return object_ids


def _names_records(session: WriteSession, object_id: str, field_id: str) -> bool:
    return field_id in {each.id for each in naming_fields(fields_of(session, object_id))}
