"""Takes what one object says differently about a field up into the library, for all objects."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import func, select

from crm_desktop.db.database import ReadSession, WriteSession
from crm_desktop.db.tables import CrmObject, ObjectField
from crm_desktop.domain.access import Permission
from crm_desktop.domain.json_edits import JsonEdit, json_edits
from crm_desktop.services.fields import FieldDraft, FieldSummary, get_field, update_field
from crm_desktop.services.layouts import LayoutFlags, list_layout, update_layout_field


@dataclass(frozen=True, slots=True)
class Promotion:
    """What goes up: new words for the field by their names, and changes of its config.

    `overrides` are those of the object afterwards.
    """

    words: Mapping[str, str] = field(default_factory=dict)
    config_changes: tuple[JsonEdit, ...] = ()
    overrides: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PromotionPlan:
    """Labels of the objects that see it then, and of those that keep what they say themselves."""

    followers: tuple[str, ...]
    keepers: tuple[str, ...]


def plan_promotion(
    session: ReadSession, field_id: str, object_id: str, keys: Sequence[str]
) -> PromotionPlan:
    """Say what putting these keys of `field_overrides` into the library changes elsewhere."""
    session.actor.require(Permission.READ_DEFINITIONS)
    rows = session.execute(
        select(CrmObject.label, ObjectField.field_overrides)
        .join(ObjectField, ObjectField.object_id == CrmObject.id)
        .where(ObjectField.field_id == field_id, CrmObject.id != object_id)
        .order_by(func.lower(CrmObject.label), CrmObject.id)
    )
    followers: list[str] = []
    keepers: list[str] = []
    for label, overrides in rows:
        has_own = isinstance(overrides, Mapping) and any(key in overrides for key in keys)
        (keepers if has_own else followers).append(label)
    return PromotionPlan(tuple(dict.fromkeys(followers)), tuple(dict.fromkeys(keepers)))


def promote_override(
    session: WriteSession, object_id: str, entry_id: str, base: FieldSummary, going_up: Promotion
) -> None:
    """Change the library's field, and drop the override where it is stored.

    `base` is the field as it was read; raises Conflict where it changed since, Invalid.
    """
    session.actor.require(Permission.EDIT_FIELDS)
    session.actor.require(Permission.EDIT_LAYOUTS)
    known = get_field(session, base.id)
    words = {
        "label": known.label,
        "name": known.name,
        "type": known.type,
        "description": known.description,
        "category": known.category,
        "is_global": known.is_global,
    }
    draft = FieldDraft(**{**words, **going_up.words})
    update_field(session, base.id, base.version, draft, going_up.config_changes)
    stored = next((each for each in list_layout(session, object_id) if each.id == entry_id), None)
    if stored is not None and isinstance(stored.overrides, Mapping):
        left = {key: value for key, value in stored.overrides.items() if key in going_up.overrides}
        flags = LayoutFlags(
            is_required=stored.is_required,
            is_visible=stored.is_visible,
            is_readonly=stored.is_readonly,
        )
        edits = json_edits(stored.overrides, left)
        if edits:
            update_layout_field(session, entry_id, stored.version, flags, edits)
