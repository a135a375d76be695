"""A line that says what a stricter layout would meet in the records, counted in the background."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from crm_desktop.domain.errors import UserError
from crm_desktop.domain.json_edits import JsonEdit
from crm_desktop.gui.dialogs.delete_dialog import counted, listed
from crm_desktop.gui.icons import Role
from crm_desktop.gui.routes import lacking_address
from crm_desktop.gui.theme import unit
from crm_desktop.gui.widgets.buttons import SmallLink
from crm_desktop.gui.widgets.elided_label import ElidedLabel
from crm_desktop.gui.widgets.icon_label import IconLabel
from crm_desktop.services import impact, layout_impact
from crm_desktop.services.layout_impact import Breaking, Lacking

if TYPE_CHECKING:
    from crm_desktop.gui.tasks import Handle, Tasks

PATIENCE = 290.0  # seconds; a count that is not needed any more is stopped before


class ImpactLine(QWidget):
    """Asked one question at a time; the latest counts. Takes no room while nothing is asked."""

    open_requested = Signal(str)  # the list of the records that lack a value

    def __init__(self, tasks: Tasks, parent: QWidget | None = None, *, subject: str = "") -> None:
        super().__init__(parent)
        self._subject = subject
        self._tasks = tasks
        self._handle: Handle | None = None
        self._address = ""
        self.warning = IconLabel("triangle-alert", "warning")
        self.sentence = ElidedLabel(face="small")
        self.link = SmallLink(self.tr("Show them"))
        self.link.clicked.connect(self._open)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(2 * unit())
        row.addWidget(self.warning)
        row.addWidget(self.sentence)
        row.addWidget(self.link)
        row.addStretch(1)
        self.clear()

    def clear(self) -> None:
        """Ask nothing, and stop what is being counted."""
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None
        self.hide()

    def ask_required(self, object_id: str, field_id: str) -> None:
        """Say how many records would lack a value if the field were required."""
        call = partial(layout_impact.lacking_values, object_id=object_id, field_id=field_id)
        self._begin()
        self._address = lacking_address(object_id, field_id)
        self._handle = self._tasks.read(
            self, call, self._show_lacking, self._fail, patience=PATIENCE
        )

    def ask_rule(self, object_id: str, field_id: str, override_changes: Sequence[JsonEdit]) -> None:
        """Say how many values would break the rules after these changes to the overrides."""
        call = partial(
            layout_impact.values_breaking_overrides,
            object_id=object_id,
            field_id=field_id,
            override_changes=tuple(override_changes),
        )
        self._begin()
        self._handle = self._tasks.read(
            self, call, self._show_breaking, self._fail, patience=PATIENCE
        )

    def ask_config(self, field_id: str, config_changes: Sequence[JsonEdit]) -> None:
        """Say how many values of all objects would break these rules of the library."""
        call = partial(
            layout_impact.values_breaking_config,
            field_id=field_id,
            config_changes=tuple(config_changes),
        )
        self._begin()
        self._handle = self._tasks.read(
            self, call, self._show_breaking_of_all, self._fail, patience=PATIENCE
        )

    def ask_detaching(self, object_id: str, field_id: str) -> None:
        """Say how many records hold a value that nobody sees once the field is taken out."""
        call = partial(impact.impact_of_detaching, object_id=object_id, field_id=field_id)
        self._begin()
        self._handle = self._tasks.read(self, call, self._show_held, self._fail, patience=PATIENCE)

    def _begin(self) -> None:
        self.clear()
        self._say("muted", self.tr("Counting…"))

    def _say(self, role: Role, words: str, *, has_list: bool = False) -> None:
        self.warning.setVisible(role == "warning")
        self.sentence.set_role("text" if role == "warning" else role)
        self.sentence.setText(f"{self._subject}: {words}" if self._subject else words)
        self.link.setVisible(has_list)
        self.show()

    def _show_lacking(self, lacking: Lacking) -> None:
        if not lacking.count:
            self._say("success", self.tr("Every record has a value."))
            return
        who = counted(lacking.count, self.tr("record lacks"), self.tr("records lack"))
        self._say("warning", self.tr("{} a value.").format(who), has_list=True)

    def _show_breaking(self, breaking: Breaking) -> None:
        if not breaking.count:
            self._say("success", self.tr("No stored value breaks this rule."))
            return
        who = counted(breaking.count, self.tr("value breaks"), self.tr("values break"))
        first = breaking.samples[0]
        words = self.tr("{0} this rule, such as that of “{1}”: {2}")
        self._say("warning", words.format(who, first.record_name, first.problem))

    def _show_breaking_of_all(self, found: list[Breaking]) -> None:
        broken = [each for each in found if each.count]
        if not broken:
            self._say("success", self.tr("No stored value breaks these rules."))
            return
        total = sum(each.count for each in broken)
        who = counted(total, self.tr("value breaks"), self.tr("values break"))
        words = self.tr("{0} these rules, in {1}, such as: {2}")
        first = broken[0].samples[0].problem
        named = listed([each.label for each in broken])
        self._say("warning", words.format(who, named, first))

    def _show_held(self, count: int) -> None:
        who = counted(count, self.tr("record holds"), self.tr("records hold"))
        words = self.tr("{} a value in it. It stays in the data and comes back with the field.")
        self._say("warning" if count else "success", words.format(who))

    def _fail(self, error: UserError) -> None:
        self._say("danger", str(error))

    def _open(self) -> None:
        self.open_requested.emit(self._address)
