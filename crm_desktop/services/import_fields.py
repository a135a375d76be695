"""Makes the object and the fields that an import needs and the database lacks."""

from collections.abc import Mapping, Sequence
from typing import Any

from crm_desktop.db.database import WriteSession
from crm_desktop.domain.access import Permission
from crm_desktop.domain.effective import EffectiveField
from crm_desktop.domain.errors import Invalid
from crm_desktop.domain.names import name_from_label, name_problem
from crm_desktop.services.fields import (
    FieldDraft,
    FieldSummary,
    create_field,
    get_field,
    list_fields,
)
from crm_desktop.services.import_plan import ImportPlan, PlannedColumn
from crm_desktop.services.inputs import MAX_LINE
from crm_desktop.services.layouts import attach_field, list_layout
from crm_desktop.services.objects import ObjectDraft, create_object


def make_object(session: WriteSession, name: str) -> str:
    """Add the object that an import names: by a name such as `sales_team`, or by a label."""
    session.actor.require(Permission.EDIT_OBJECTS)
    is_name = name_problem(name) is None and name == name.lower()
    label = name.replace("_", " ").capitalize() if is_name else name
    return create_object(session, ObjectDraft(label=label, name=name if is_name else None))


def make_fields(
    session: WriteSession, plan: ImportPlan, object_id: str, object_name: str
) -> tuple[bool, dict[int, EffectiveField]]:
    """Give the object a field for each new column, out of the library where one fits.

    Returns whether another field now names the records, and the fields by the column's place.
    """
    session.actor.require(Permission.EDIT_LAYOUTS)
    library = list_fields(session) if plan.new_columns else []
    made: dict[int, str] = {}
    taken = {field.id for field in plan.layout}
    names_changed = False
    for column in plan.new_columns:
        field_id = _library_field(session, column, library, taken)
        if field_id is None:
            name = _free_name(session, column, library, object_name)
            draft = FieldDraft(label=column.header, name=name, type=column.type)
            field_id = create_field(session, draft, column.guess.config)
            library.append(get_field(session, field_id))
        taken.add(field_id)
        made[column.place] = field_id
        names_changed |= attach_field(session, object_id, field_id).primary_field_changed
    layout = {row.field_id: row.effective for row in list_layout(session, object_id)}
    return names_changed, {place: layout[field_id] for place, field_id in made.items()}


def _library_field(
    session: WriteSession, column: PlannedColumn, library: Sequence[FieldSummary], taken: set[str]
) -> str | None:
    """Return a field of the library that says the same as the column, if there is one."""
    name = name_from_label(column.header)
    for field in library:
        is_mine = field.is_global or field.created_by == session.actor.user_id
        is_same = (field.name, field.label) == (name, column.header)
        says_same = field.type == column.type and _plain(field.config) == column.guess.config
        if is_mine and is_same and says_same and field.id not in taken:
            return None if field.is_system_field else field.id
    return None


def _plain(config: Any) -> Mapping[str, Any] | None:
    return config if isinstance(config, Mapping) else None


def _free_name(
    session: WriteSession, column: PlannedColumn, library: Sequence[FieldSummary], object_name: str
) -> str:
    """Return a name that none of the actor's fields has: `stage`, `deal_stage`, `deal_stage_2`."""
    if len(column.header) > MAX_LINE:
        sentence = f"The header of column {column.place + 1} has more than {MAX_LINE} characters."
        raise Invalid({"columns": sentence})
    mine = {field.name for field in library if field.created_by == session.actor.user_id}
    plain = name_from_label(column.header) or f"column_{column.place + 1}"
    longer = f"{object_name}_{plain}"[: MAX_LINE - 8]
    candidates = [plain, longer, *(f"{longer}_{number}" for number in range(2, len(mine) + 3))]
    return next(name for name in candidates if name not in mine)
