"""What the layout editor asks about fields of the library: new, edited, or changed for all."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from crm_desktop.domain.json_edits import ABSENT, json_edits
from crm_desktop.domain.layout_draft import Entry
from crm_desktop.gui.dialogs.field_dialog import FieldDialog
from crm_desktop.gui.editors.config.settings import Setting, read_setting, write_setting
from crm_desktop.gui.layout_editor.state import LayoutState
from crm_desktop.gui.layout_editor.words import quoted
from crm_desktop.gui.messages import ask
from crm_desktop.services import layout_overrides
from crm_desktop.services.fields import FieldSummary
from crm_desktop.services.layout_overrides import Promotion, PromotionPlan

if TYPE_CHECKING:
    from crm_desktop.gui.tasks import Tasks

_WORDS = ("label", "description")
_MOST_NAMED = 12


class FieldDialogs(QObject):
    """Opens dialogs over the page; what they store is read again by whoever shows it."""

    created = Signal(str)  # a field's id
    refused = Signal(object)  # UserError

    def __init__(self, tasks: Tasks, state: LayoutState, page: QWidget) -> None:
        super().__init__(page)
        self._tasks, self._state, self._page = tasks, state, page

    def create(self) -> None:
        dialog = FieldDialog(self._tasks, None, self._page.window())
        dialog.stored.connect(self.created)
        self._open(dialog)

    def edit(self, field_id: str) -> None:
        """Edit a field; the dialog names the objects that share it, and a note says so."""
        field = self._state.library.get(field_id)
        if field is None:
            return
        dialog = FieldDialog(self._tasks, field, self._page.window())
        if field.used_by > 1:
            shared = self.tr("{0} objects share this field: what you change here changes in all.")
            dialog.note.setText(shared.format(field.used_by))
            dialog.note.show()
        self._open(dialog)

    @staticmethod
    def _open(dialog: FieldDialog) -> None:
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def promote(self, entry: Entry, setting: Setting, value: Any, said: str) -> None:
        """Say first what it changes elsewhere; `said` is the value in words."""
        field = self._state.library.get(entry.field_id)
        if field is None:
            return
        call = partial(
            layout_overrides.plan_promotion,
            field_id=field.id,
            object_id=self._state.object_id,
            keys=[path[0] for path in setting.paths],
        )
        then = partial(self._ask, entry, setting, (value, said), field)
        self._tasks.read(self, call, then, self.refused.emit)

    def _ask(
        self,
        entry: Entry,
        setting: Setting,
        told: tuple[Any, str],
        field: FieldSummary,
        plan: PromotionPlan,
    ) -> None:
        value, said = told
        follow = _named(plan.followers)
        sentences = [
            self.tr("It changes in {0}.").format(follow) if follow else "",
            self.tr("{0} keep what they say themselves.").format(_named(plan.keepers))
            if plan.keepers
            else "",
            self.tr("This is stored at once, not with the layout."),
        ]
        text = self.tr("Put {0} into the library as the {1} of {2}?").format(
            said, setting.label.lower(), quoted(field.label)
        )
        act = partial(self._promote, entry, setting, value, field)
        informative = " ".join(filter(None, sentences))
        verb = self.tr("Use for all")
        ask(self._page.window(), self.tr("Use for all objects"), text, informative, verb, act)

    def _promote(self, entry: Entry, setting: Setting, value: Any, field: FieldSummary) -> None:
        left = write_setting(entry.overrides, setting, ABSENT)
        going_up = _promotion(field, setting, value, left)
        call = partial(
            layout_overrides.promote_override,
            object_id=self._state.object_id,
            entry_id=entry.id,
            base=field,
            going_up=going_up,
        )
        then = partial(self._promoted, entry, left)
        self._tasks.write(self, call, then, self.refused.emit)

    def _promoted(self, entry: Entry, left: dict[str, Any], _: None) -> None:
        if entry.id in self._state.layout.by_id():
            self._state.set_overrides(entry.id, left)


def _promotion(
    field: FieldSummary, setting: Setting, value: Any, left: Mapping[str, Any]
) -> Promotion:
    if setting.name in _WORDS:
        return Promotion(words={setting.name: str(value)}, overrides=left)
    config = field.config if isinstance(field.config, Mapping) else {}
    if read_setting(config, setting) is ABSENT and setting.name == "default":
        setting = Setting("default", setting.kind, setting.label, (("defaultValue",),))
    changes = json_edits(config, write_setting(config, setting, value))
    return Promotion(config_changes=changes, overrides=left)


def _named(labels: tuple[str, ...]) -> str:
    shown = [quoted(label) for label in labels[:_MOST_NAMED]]
    if len(labels) > _MOST_NAMED:
        shown.append(f"+{len(labels) - _MOST_NAMED}")
    return ", ".join(shown)
