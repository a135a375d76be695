"""Stores everything an object's dialog asks for, in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from crm_desktop.domain.json_edits import ABSENT, JsonEdit
from crm_desktop.gui.models.layout import LayoutRow, own_label
from crm_desktop.services import layouts, objects, records
from crm_desktop.services.objects import ObjectDraft

if TYPE_CHECKING:
    from crm_desktop.db.database import WriteSession
    from crm_desktop.gui.tasks import Progress


@dataclass(frozen=True, slots=True)
class ObjectEdits:
    """What was edited. `draft` is None where the object's own words were not."""

    draft: ObjectDraft | None
    rights: Sequence[JsonEdit]
    before: Sequence[LayoutRow]
    after: Sequence[LayoutRow]


@dataclass(frozen=True, slots=True)
class SavedObject:
    """`names_are_stale` when another field now gives the records their names."""

    object_id: str
    names_are_stale: bool


def create_object(session: WriteSession, draft: ObjectDraft, edits: ObjectEdits) -> SavedObject:
    """Create the object with its rights and its layout."""
    object_id = objects.create_object(session, draft)
    objects.edit_permissions(session, object_id, edits.rights)
    _store_layout(session, object_id, edits)
    return SavedObject(object_id, names_are_stale=False)


def update_object(
    session: WriteSession, object_id: str, version: int, edits: ObjectEdits
) -> SavedObject:
    """Store what was edited; raises Conflict where somebody else changed the same."""
    if edits.draft is not None:
        objects.update_object(session, object_id, version, edits.draft)
    if edits.rights:
        objects.edit_permissions(session, object_id, edits.rights)
    return SavedObject(object_id, names_are_stale=_store_layout(session, object_id, edits))


def refresh_names(object_id: str, session: WriteSession, on_progress: Progress) -> int:
    """Give the object's records their names again; a long job."""
    return records.refresh_primary_values(session, object_id, on_progress)


def _store_layout(session: WriteSession, object_id: str, edits: ObjectEdits) -> bool:
    """Detach, change, attach and put in order; answers whether the records' names changed."""
    old = {row.id: row for row in edits.before}
    kept = {row.id for row in edits.after}
    is_stale = False
    for row in edits.before:
        if row.id not in kept and row.stored is not None:
            is_stale |= layouts.detach_field(
                session, row.stored.id, row.stored.version
            ).primary_field_changed
    for row in edits.after:
        if row.stored is None:
            is_stale |= _attach(session, object_id, row)
        elif row != old.get(row.id):
            _change(session, row.stored.id, row.stored.version, row)
    wanted = [row.field_id for row in edits.after]
    if wanted != [attached.field_id for attached in layouts.list_layout(session, object_id)]:
        is_stale |= layouts.reorder_fields(session, object_id, wanted).primary_field_changed
    return is_stale


def _attach(session: WriteSession, object_id: str, row: LayoutRow) -> bool:
    change = layouts.attach_field(session, object_id, row.field_id, row.flags())
    if row.own_label:
        layout = layouts.list_layout(session, object_id)
        new = next(attached for attached in layout if attached.id == change.attachment_id)
        _change(session, new.id, new.version, row)
    return change.primary_field_changed


def _change(session: WriteSession, attachment_id: str, version: int, row: LayoutRow) -> None:
    stored = row.stored.overrides if row.stored else {}
    old = stored.get("label", ABSENT) if isinstance(stored, dict) else ABSENT
    changes = []
    if row.own_label != own_label(stored):
        changes = [JsonEdit(("label",), old, row.own_label or ABSENT)]
    layouts.update_layout_field(session, attachment_id, version, row.flags(), changes)
