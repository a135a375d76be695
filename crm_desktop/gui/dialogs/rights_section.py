"""The section of an object's dialog that says who may do what with its records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QMenu, QWidget

from crm_desktop.domain.access import RecordRight
from crm_desktop.domain.json_edits import ABSENT, JsonEdit, same_json
from crm_desktop.gui.icons import icon
from crm_desktop.gui.theme import control_height, line_height, unit
from crm_desktop.gui.widgets.buttons import link_button
from crm_desktop.gui.widgets.chip import FilterChip
from crm_desktop.gui.widgets.elided_label import TextLabel
from crm_desktop.gui.widgets.flow_layout import FlowLayout
from crm_desktop.services.users import UserSummary

EVERYONE, OWNER = "all", "owner"


class RightEditor(QWidget):
    """The people who have one right, as chips that can be taken away and added."""

    edited = Signal()

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._entries: list[str] = []
        self._people: Sequence[UserSummary] = ()
        self._flow = QWidget()
        self._chips = FlowLayout(self._flow)
        self.add = link_button(self.tr("Add"), icon_name="plus")
        self.add.setAccessibleName(self.tr("Add to: {name}").format(name=name))
        self.add.clicked.connect(self._open_menu)
        box = QHBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(2 * unit())
        box.addWidget(self._flow, 1)
        box.addWidget(self.add)
        self.setFocusProxy(self.add)

    def entries(self) -> list[str]:
        return list(self._entries)

    def set_entries(self, entries: Sequence[str]) -> None:
        self._entries = list(entries)
        self._show()

    def set_people(self, people: Sequence[UserSummary]) -> None:
        self._people = people
        self._show()

    def add_entry(self, entry: str) -> None:
        if entry not in self._entries:
            self._entries.append(entry)
            self._show()
            self.edited.emit()

    def remove_entry(self, entry: str) -> None:
        self._entries = [other for other in self._entries if other != entry]
        self._show()
        self.add.setFocus()
        self.edited.emit()

    def _show(self) -> None:
        layout = self._chips
        while (item := layout.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        for entry in self._entries:
            chip = FilterChip(self.words(entry))
            chip.removed.connect(partial(self.remove_entry, entry))
            layout.addWidget(chip)
        if not self._entries:
            nobody = TextLabel(self.tr("Nobody"), role="muted")
            nobody.setMinimumHeight(control_height())
            layout.addWidget(nobody)
        self._flow.updateGeometry()

    def words(self, entry: str) -> str:
        """Say whom an entry means; one that names nobody we know is shown as it is."""
        if entry == EVERYONE:
            return self.tr("Everyone")
        if entry == OWNER:
            return self.tr("Owner of the record")
        names = {f"user_{user.id}": user.full_name for user in self._people}
        if entry.startswith("role_"):
            return self.tr("Role {name}").format(name=entry.removeprefix("role_"))
        return names.get(entry, entry)

    def _open_menu(self) -> None:
        menu = QMenu(self)
        menu.aboutToHide.connect(menu.deleteLater)
        offers = [(EVERYONE, "users"), (OWNER, "user-pen")]
        offers += [(f"user_{user.id}", "user") for user in self._people if user.is_active]
        for entry, icon_name in offers:
            if entry not in self._entries:
                action = menu.addAction(icon(icon_name), self.words(entry))
                action.triggered.connect(partial(self.add_entry, entry))
        menu.popup(self.add.mapToGlobal(self.add.rect().bottomLeft()))


class RightsSection(QWidget):
    """The four rights. What is stored stays as it is where nothing was edited."""

    edited = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._stored: Mapping[str, Any] = {}
        names = {
            RecordRight.READ: self.tr("See records"),
            RecordRight.CREATE: self.tr("Create records"),
            RecordRight.UPDATE: self.tr("Change records"),
            RecordRight.DELETE: self.tr("Delete records"),
        }
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(4 * unit())
        grid.setVerticalSpacing(4 * unit())
        grid.setColumnMinimumWidth(0, round(line_height() * 8))
        grid.setColumnStretch(1, 1)
        self.editors: dict[RecordRight, RightEditor] = {}
        for row, (right, name) in enumerate(names.items()):
            editor = self.editors[right] = RightEditor(name)
            editor.edited.connect(self.edited)
            label = TextLabel(name)
            label.setBuddy(editor.add)
            grid.addWidget(label, row, 0)
            grid.addWidget(editor, row, 1)
        advice = self.tr("Every active user may edit definitions; these rights are about records.")
        grid.addWidget(TextLabel(advice, face="caption", role="muted", wraps=True), 4, 0, 1, 2)
        grid.setRowStretch(5, 1)
        self.load({})

    def load(self, permissions: Any) -> None:
        self._stored = permissions if isinstance(permissions, Mapping) else {}
        for right, editor in self.editors.items():
            editor.set_entries(_entries(self._stored.get(right.value, [EVERYONE])))

    def set_people(self, people: Sequence[UserSummary]) -> None:
        for editor in self.editors.values():
            editor.set_people(people)

    def edits(self) -> tuple[JsonEdit, ...]:
        """Return a change for each right that was edited."""
        changes = []
        for right, editor in self.editors.items():
            old = self._stored.get(right.value, ABSENT)
            shown = _entries([EVERYONE] if old is ABSENT else old)
            if not same_json(editor.entries(), shown):
                changes.append(JsonEdit((right.value,), old, editor.entries()))
        return tuple(changes)


def _entries(stored: Any) -> list[str]:
    return [str(entry) for entry in stored] if isinstance(stored, list) else []
