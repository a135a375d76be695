"""The form of an object's records as its layout has it: sections, columns, widths."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import select

from crm_desktop.db.database import ReadSession
from crm_desktop.db.tables import CrmObject
from crm_desktop.domain.access import Permission
from crm_desktop.domain.layout_draft import USUAL_COLUMNS
from crm_desktop.domain.layout_forms import find_form


@dataclass(frozen=True, slots=True)
class FormSection:
    """Fields that stand together; `widths` by id, of those whose width was set."""

    title: str = ""
    is_collapsible: bool = False
    columns: int = USUAL_COLUMNS
    field_ids: tuple[str, ...] = ()
    widths: Mapping[str, int] = field(default_factory=dict)


def form_of(session: ReadSession, object_id: str) -> tuple[FormSection, ...]:
    """Return the sections of the object's form, () where it has none: all fields as they come.

    Hidden fields are among them; raises NotFound for the object.
    """
    session.actor.require(Permission.READ_RECORDS)
    views = session.scalar(select(CrmObject.views).where(CrmObject.id == object_id))
    if not isinstance(views, Mapping) or find_form(views.get("forms")) is None:
        return ()
    from crm_desktop.services.layout_saving import load_layout  # much, and not for the first rows

    return tuple(
        FormSection(
            section.title,
            section.is_collapsible,
            section.columns,
            tuple(entry.field_id for entry in section.entries if not entry.is_extra),
            {entry.field_id: entry.width for entry in section.entries if entry.width},
        )
        for section in load_layout(session, object_id).layout.sections
    )
