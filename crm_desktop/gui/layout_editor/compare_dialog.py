"""Shows this layout beside that of another object, and copies that one on request."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QVBoxLayout, QWidget

from crm_desktop.domain.field_types import type_of
from crm_desktop.domain.layout_copying import Compared, compared
from crm_desktop.gui.delegates import CellKind
from crm_desktop.gui.icons import object_icon
from crm_desktop.gui.layout_editor.state import LayoutState
from crm_desktop.gui.layout_editor.words import attribute
from crm_desktop.gui.models.table_model import Column, TableModel
from crm_desktop.gui.theme import line_height, unit
from crm_desktop.gui.widgets.buttons import plain_button, primary_button
from crm_desktop.gui.widgets.elided_label import TextLabel
from crm_desktop.gui.widgets.fitting_dialog import FittingDialog
from crm_desktop.gui.widgets.form_row import FormRow
from crm_desktop.gui.widgets.grid import GridView
from crm_desktop.services.layout_saving import StoredLayout
from crm_desktop.services.objects import ObjectSummary


@dataclass(frozen=True, slots=True)
class _Row:
    id: str
    label: str
    icon: str
    here: str
    there: str
    differing: str


class CompareDialog(FittingDialog):
    """One line for each field of either layout."""

    object_chosen = Signal(str)  # an object's id, whose layout is to be shown
    copy_requested = Signal(object)  # the StoredLayout to arrange this one as

    def __init__(
        self, state: LayoutState, others: Sequence[ObjectSummary], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Compare with another object"))
        self._state = state
        self._other: StoredLayout | None = None
        self.objects = QComboBox()
        for each in others:
            self.objects.addItem(object_icon(each.icon or "box"), each.label, each.id)
        self.model: TableModel[_Row] = TableModel(self)
        own = state.stored.label if state.stored else ""
        self.model.set_columns(
            Column(self.tr("Field"), _label, CellKind.ICON_TEXT, icon=_icon, width=12),
            Column(own, _here, width=12),
            Column(self.tr("The other"), _there, width=12),
            Column(self.tr("Set differently"), _differing, CellKind.MUTED, width=12),
        )
        self.grid = GridView(self, name=self.tr("Fields of both layouts"))
        self.grid.setModel(self.model)
        for number, column in enumerate(self.model.columns):
            self.grid.setColumnWidth(number, round(column.width * line_height()))
        self.summary = TextLabel(role="muted", wraps=True)
        self.copy = primary_button(self.tr("Arrange like this"))
        self.copy.setEnabled(False)
        self._lay_out()
        self.objects.activated.connect(self.choose_first)
        self.copy.clicked.connect(self._ask_to_copy)

    def _lay_out(self) -> None:
        close = plain_button(self.tr("Close"))
        close.clicked.connect(self.reject)
        buttons = QHBoxLayout()
        buttons.setSpacing(2 * unit())
        buttons.addWidget(self.summary, 1)
        buttons.addWidget(close)
        buttons.addWidget(self.copy)
        column = QVBoxLayout(self)
        column.setContentsMargins(*(5 * unit(),) * 4)
        column.setSpacing(3 * unit())
        column.addWidget(FormRow(self.tr("Compare with"), self.objects))
        column.addWidget(self.grid, 1)
        column.addLayout(buttons)
        self.resize(round(line_height() * 54), round(line_height() * 34))

    def choose_first(self) -> None:
        """Ask for the layout of the object that is chosen in the list."""
        self.grid.set_loading(True)
        self.object_chosen.emit(self.objects.currentData())

    def show_other(self, stored: StoredLayout) -> None:
        self.grid.set_loading(False)
        self._other = stored
        self.copy.setEnabled(True)
        found = compared(self._state.layout, stored.layout)
        labels = {
            **{e.field_id: stored.attached[e.id].effective.label for e in stored.layout.entries()},
            **{e.field_id: self._state.label_of(e) for e in self._state.layout.entries()},
        }
        self.model.set_rows([self._row(each, labels) for each in found])
        same = sum(each.is_same for each in found)
        both = sum(each.here is not None and each.there is not None for each in found)
        words = self.tr("{0} fields, {1} in both, {2} the same. Copying detaches nothing.")
        self.summary.setText(words.format(len(found), both, same))

    def _row(self, each: Compared, labels: dict[str, str]) -> _Row:
        field = self._state.library.get(each.field_id)
        return _Row(
            id=each.field_id,
            label=labels.get(each.field_id, each.field_id),
            icon=type_of(field.type if field else "").icon,
            here=_place(each.here),
            there=_place(each.there),
            differing=", ".join(attribute(name) for name in each.differing),
        )

    def _ask_to_copy(self) -> None:
        if self._other is not None:
            self.accept()
            self.copy_requested.emit(self._other)


def _place(place: tuple[str, int] | None) -> str:
    if place is None:
        return ""
    title, number = place
    return f"{title} · {number}" if title else str(number)


def _label(row: _Row) -> str:
    return row.label


def _icon(row: _Row) -> str:
    return row.icon


def _here(row: _Row) -> str:
    return row.here


def _there(row: _Row) -> str:
    return row.there


def _differing(row: _Row) -> str:
    return row.differing
