"""The dialog in which filters are built; nothing changes in the list until they are applied."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QScrollArea, QVBoxLayout, QWidget
from typing_extensions import override

from crm_desktop.domain.filters import Group, Part
from crm_desktop.gui.dialogs.form_dialog import FormDialog
from crm_desktop.gui.filters.builder import GroupBox, PartRow, Setting
from crm_desktop.gui.filters.operands import focus
from crm_desktop.gui.theme import line_height, unit


class FilterDialog(FormDialog):
    """Edits all conditions of a list at once; `parts` holds them once it was accepted."""

    def __init__(
        self, setting: Setting, parts: tuple[Part, ...], parent: QWidget | None = None
    ) -> None:
        super().__init__(setting.tasks, "", "", parent)
        self.set_title(self.tr("Filters"), self.tr("Show records for which"))
        self.set_verb(self.tr("Apply"))
        self.parts = parts
        self._before = parts
        self.root = GroupBox(setting)
        self.root.show_group(_root_of(parts))
        if not parts:
            self.root.add_row()
        self._before = self._current()
        self.root.grew.connect(self._show_end)
        self.root.reshaped.connect(self._order_stops)
        self._area = QScrollArea()
        self._area.setWidgetResizable(True)
        self._area.setFrameShape(QScrollArea.Shape.NoFrame)
        self._inside = QWidget()
        column = QVBoxLayout(self._inside)
        column.setContentsMargins(0, 0, 2 * unit(), 0)
        column.addWidget(self.root)
        column.addStretch(1)
        self._area.setWidget(self._inside)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.body.addWidget(self._area, 1)
        self._order_stops()
        self.resize(round(line_height() * 54), round(line_height() * 36))

    def _order_stops(self) -> None:
        """Let Tab go from left to right and down, however the rows came about."""
        stops = [*self.root.stops(), self.cancel, self.submit]
        for before, after in pairwise(stops):
            QWidget.setTabOrder(before, after)

    def _current(self) -> tuple[Part, ...]:
        group = self.root.group()
        if group.kind == "all":
            return group.parts
        return (group,) if group.parts else ()

    @override
    def call(self) -> None:
        """Take the conditions over; there is nothing to store."""
        self.parts = self._current()

    @override
    def accept(self) -> None:
        if not self.root.check():
            self.root.focus_problem()
            return
        super().accept()

    @override
    def is_changed(self) -> bool:
        return self._current() != self._before

    @override
    def focus_first(self) -> None:
        if self.root.rows:
            focus(self.root.rows[0])
        else:
            focus(self.root.add_button)

    def focus_part(self, number: int) -> None:
        """Put the keyboard at the value of one of the outermost conditions."""
        if number < len(self.root.rows):
            row = self.root.rows[number]
            if isinstance(row, PartRow):
                row.focus_value()
            else:
                focus(row)

    def _show_end(self, *_: Any) -> None:
        self._inside.adjustSize()
        bar = self._area.verticalScrollBar()
        bar.setValue(bar.maximum())


def _root_of(parts: tuple[Part, ...]) -> Group:
    """Return the outermost group; one group alone stands for the whole filter."""
    if len(parts) == 1 and isinstance(parts[0], Group):
        return parts[0]
    return Group("all", parts)
