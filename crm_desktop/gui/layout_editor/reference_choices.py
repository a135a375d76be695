"""Offers, in a reference's settings, the objects it can point to and the fields shown of one."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from crm_desktop.domain.effective import EffectiveField
from crm_desktop.domain.errors import UserError
from crm_desktop.domain.field_types import is_user_field, target_object_id
from crm_desktop.gui.editors.config.setting_editors import ChoiceEditor
from crm_desktop.gui.editors.config.settings import USER, Kind
from crm_desktop.gui.layout_editor.override_row import OverrideRow
from crm_desktop.services import layouts, objects

if TYPE_CHECKING:
    from crm_desktop.gui.layout_editor.state import LayoutState
    from crm_desktop.gui.tasks import Tasks
    from crm_desktop.services.layouts import LayoutField
    from crm_desktop.services.objects import ObjectSummary


class ReferenceChoices(QObject):
    """Follows the rows of one reference; asks again only when it points elsewhere."""

    def __init__(self, tasks: Tasks, state: LayoutState, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._tasks, self._state = tasks, state
        self._shown: OverrideRow | None = None
        self._target = ""

    def follow(self, rows: Sequence[OverrideRow], field: EffectiveField) -> None:
        """Offer what fits where the field points to now."""
        by_kind = {row.setting.kind: row for row in rows}
        target, display = by_kind.get(Kind.TARGET), by_kind.get(Kind.DISPLAY_FIELD)
        if target is None or display is None:
            self._shown = None
            return
        if target is not self._shown:
            self._shown, self._target = target, ""
            then = partial(self._offer_objects, target, field)
            self._tasks.read(target, objects.list_objects, then, partial(_say, target))
        object_id = "" if is_user_field(field) else target_object_id(field)
        if object_id != self._target:
            self._target = object_id
            self._offer(display, [])
            if object_id:
                call = partial(layouts.list_layout, object_id=object_id)
                then = partial(self._offer_fields, display, object_id)
                self._tasks.read(display, call, then, partial(_say, display))

    def _offer_objects(
        self, row: OverrideRow, field: EffectiveField, found: Sequence[ObjectSummary]
    ) -> None:
        people = [(USER, row.tr("People (users)"))] if field.type == "lookup" else []
        self._offer(row, [*people, *((each.id, each.label) for each in found)])

    def _offer_fields(self, row: OverrideRow, object_id: str, found: Sequence[LayoutField]) -> None:
        if object_id == self._target:
            self._offer(row, [(each.field_id, each.effective.label) for each in found])

    def _offer(self, row: OverrideRow, choices: Sequence[tuple[str, str]]) -> None:
        self._state.names |= dict(choices)
        if isinstance(row.editor, ChoiceEditor):
            row.editor.offer(choices)
            row.name_values()


def _say(row: OverrideRow, error: UserError) -> None:
    """Leave the ids as they are, and say why no names can be chosen."""
    row.row.set_problem(str(error))
