"""What becomes of a field's settings, in the library and in its objects, when its type changes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select

from crm_desktop.db.database import ReadSession, WriteSession
from crm_desktop.db.rows import write_row
from crm_desktop.db.tables import CrmObject, ObjectField
from crm_desktop.domain.access import Permission, Reach, RecordRight
from crm_desktop.domain.effective import EffectiveField, merge_field
from crm_desktop.domain.errors import Forbidden
from crm_desktop.domain.formats import Formats
from crm_desktop.domain.json_edits import JsonEdit, applied, same_json
from crm_desktop.domain.type_conversion import REFERRING, Fate, Known, converter
from crm_desktop.domain.type_keys import lost_keys
from crm_desktop.services.fields import FieldSummary


@dataclass(frozen=True, slots=True)
class Use:
    """An object that uses the field, with the field as it is and as it will be there."""

    object_id: str
    label: str
    old: EffectiveField
    new: EffectiveField


@dataclass(frozen=True, slots=True)
class LostSettings:
    """Settings that mean nothing to the new type; "" for `object_label` is the library."""

    object_label: str
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Retyping:
    """The field as each object will see it, and what has to be written for that.

    `unfit_defaults` names where a default stands that is none for the new type ("" is the
    library): it stays, and new records do without it.
    """

    uses: tuple[Use, ...]
    config_edits: tuple[JsonEdit, ...]
    override_edits: Mapping[str, tuple[JsonEdit, ...]]
    lost: tuple[LostSettings, ...]
    unfit_defaults: tuple[str, ...]


def plan_retyping(
    session: ReadSession,
    stored: FieldSummary,
    new_type: str,
    edits: Sequence[JsonEdit],
    formats: Formats,
) -> Retyping:
    """Say what becomes of the settings; `edits` are those of `config` that were asked for.

    Each object is named once, also where it has the field twice. Raises Forbidden for one whose
    records this person may not all change.
    """
    session.actor.require(Permission.EDIT_FIELDS)
    planning = _Planning(stored, new_type, formats)
    config = stored.config if isinstance(stored.config, Mapping) else {}
    wanted = applied(config, tuple(edits))
    here = planning.edits(
        "", wanted, planning.seen(config, {}), planning.seen(wanted, {}, new_type)
    )
    config_edits = (*edits, *here)
    after = applied(config, config_edits)
    uses: dict[str, Use] = {}
    override_edits: dict[str, tuple[JsonEdit, ...]] = {}
    for row in _attachments(session, stored.id):
        _check_rights(session, row.label, row.permissions)
        own = row.field_overrides if isinstance(row.field_overrides, Mapping) else {}
        old = planning.seen(config, row.field_overrides, is_required=row.is_required)
        new = planning.seen(after, own, new_type, is_required=row.is_required)
        changes = planning.edits(row.label, own, old, new)
        if changes:
            override_edits[row.attachment_id] = changes
            own = applied(own, changes)
            new = planning.seen(after, own, new_type, is_required=row.is_required)
        uses.setdefault(row.id, Use(row.id, row.label, old, new))
    return Retyping(
        tuple(uses.values()),
        config_edits,
        override_edits,
        tuple(dict.fromkeys(planning.lost)),
        tuple(dict.fromkeys(planning.unfit)),
    )


def write_overrides(session: WriteSession, retyping: Retyping) -> None:
    """Change what the objects say themselves; raises Conflict where somebody else did."""
    session.actor.require(Permission.EDIT_FIELDS)
    for attachment_id, edits in retyping.override_edits.items():
        changes = {"field_overrides": edits}
        write_row(session, ObjectField, attachment_id, {}, what="layout", edits=changes)


class _Planning:
    """Finds what is lost of one document after the other."""

    def __init__(self, stored: FieldSummary, new_type: str, formats: Formats) -> None:
        self._stored, self._new_type, self._formats = stored, new_type, formats
        self.lost: list[LostSettings] = []
        self.unfit: list[str] = []

    def seen(
        self, config: Any, overrides: Any, type_name: str = "", *, is_required: bool = False
    ) -> EffectiveField:
        known = self._stored
        return merge_field(
            id=known.id, name=known.name, label=known.label, type=type_name or known.type,
            config=config, overrides=overrides, is_required=is_required,
        )  # fmt: skip

    def edits(
        self, label: str, document: Mapping[str, Any], old: EffectiveField, new: EffectiveField
    ) -> tuple[JsonEdit, ...]:
        """Return the edits of one document: what goes, and its default as the new type has it."""
        gone = lost_keys(document, self._stored.type, self._new_type)
        if gone:
            self.lost.append(LostSettings(label, tuple(_names(gone))))
        return (*gone, *self._default(label, document, old, new))

    def _default(
        self, label: str, document: Mapping[str, Any], old: EffectiveField, new: EffectiveField
    ) -> list[JsonEdit]:
        edits = []
        for key in ("default", "defaultValue"):
            value = document.get(key)
            if value is None:
                continue
            # without the names of records nothing becomes a reference, or ceases to be one
            is_known = (old.type in REFERRING) == (new.type in REFERRING)
            made = converter(old, new, self._formats, Known())(value) if is_known else None
            if made is None or made.fate is not Fate.CLEAN:
                self.unfit.append(label)
            elif not same_json(made.value, value):
                edits.append(JsonEdit((key,), value, made.value))
        return edits


def _names(edits: Sequence[JsonEdit]) -> list[str]:
    """Return the keys that go, those of `validation` by their own names."""
    names: list[str] = []
    for edit in edits:
        if edit.path == ("validation",):
            names += edit.old
        else:
            names.append(str(edit.path[-1]))
    return list(dict.fromkeys(names))


def _attachments(session: ReadSession, field_id: str) -> Sequence[Any]:
    query = (
        select(
            CrmObject.id, CrmObject.label, CrmObject.permissions,
            ObjectField.id.label("attachment_id"), ObjectField.field_overrides,
            ObjectField.is_required,
        )
        .join(ObjectField, ObjectField.object_id == CrmObject.id)
        .where(ObjectField.field_id == field_id)
        .order_by(func.lower(CrmObject.label), CrmObject.id, ObjectField.display_order)
    )  # fmt: skip
    return session.execute(query).all()


def _check_rights(session: ReadSession, label: str, permissions: Any) -> None:
    granted = permissions if isinstance(permissions, dict) else {}
    for right in (RecordRight.READ, RecordRight.UPDATE):
        if session.actor.reach(granted, right) is not Reach.ALL:
            raise Forbidden(
                f"Records of “{label}” hold values in this field, and you may not change all of "
                "them."
            )
