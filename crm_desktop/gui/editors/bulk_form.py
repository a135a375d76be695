"""The form of a bulk edit: for each field what the records hold, and what shall be done to it."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QGridLayout, QScrollArea, QVBoxLayout, QWidget

from crm_desktop.domain.bulk_changes import Change
from crm_desktop.domain.errors import Invalid
from crm_desktop.domain.formats import Formats
from crm_desktop.gui.editors.bulk_field import BulkField
from crm_desktop.gui.tasks import Tasks
from crm_desktop.gui.theme import control_height, line_height, unit
from crm_desktop.services.bulk_summary import TargetSummary

_LABEL_WIDTH = 9  # lines of text
_PENCIL, _LABEL, _DOING, _VALUE = range(4)


class BulkForm(QScrollArea):
    """One line a field: a pencil where it changes, its label, what to do, and with which value."""

    changed = Signal()

    def __init__(self, tasks: Tasks, formats: Formats, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tasks, self._formats = tasks, formats
        self.fields: dict[str, BulkField] = {}
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setAccessibleName(self.tr("Fields"))
        body = QWidget()
        self._grid = QGridLayout()
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(2 * unit())
        self._grid.setVerticalSpacing(2 * unit())
        self._grid.setColumnMinimumWidth(_LABEL, round(_LABEL_WIDTH * line_height()))
        self._grid.setColumnStretch(_VALUE, 1)
        column = QVBoxLayout(body)
        column.setContentsMargins(5 * unit(), 3 * unit(), 5 * unit(), 3 * unit())
        column.addLayout(self._grid)
        column.addStretch(1)
        self.setWidget(body)
        body.setAutoFillBackground(False)  # the dialog's surface shows through
        self.viewport().setAutoFillBackground(False)

    def show_summary(self, summary: TargetSummary) -> None:
        """Show what the records hold; what was entered already stays."""
        for field in summary.fields:
            if field.id not in self.fields:
                self._add(BulkField(field, self._formats, self._tasks, self))
            self.fields[field.id].show_summary(summary.values[field.id], summary.names)

    def _add(self, field: BulkField) -> None:
        self.fields[field.field.id] = field
        row = 2 * len(self.fields)
        top = Qt.AlignmentFlag.AlignTop
        for part in (field.label, field.pencil):
            part.setFixedHeight(control_height())
        self._grid.setColumnMinimumWidth(_PENCIL, field.pencil.sizeHint().width())
        self._grid.addWidget(field.pencil, row, _PENCIL, top)
        self._grid.addWidget(field.label, row, _LABEL, top)
        self._grid.addWidget(field.doing, row, _DOING, top)
        self._grid.addWidget(field.values, row, _VALUE, top)
        self._grid.addWidget(field.problem, row + 1, _DOING, 1, 2)
        field.changed.connect(self.changed)

    def changed_count(self) -> int:
        return sum(field.is_changed for field in self.fields.values())

    def changes(self) -> dict[str, Change]:
        """Return the changes by field id; raises Invalid, with every problem at its control."""
        found: dict[str, Change] = {}
        problems: dict[str, str] = {}
        for field_id, field in self.fields.items():
            try:
                change = field.change()
            except Invalid as error:
                problems[field_id] = str(error)
            else:
                found |= {field_id: change} if change is not None else {}
        self.show_problems(problems)
        if problems:
            raise Invalid(problems)
        return found

    def show_problems(self, problems: Mapping[str, str]) -> dict[str, str]:
        """Mark what was refused and go to the first of them; return those without a control."""
        for field_id, field in self.fields.items():
            field.set_problem(problems.get(field_id, ""))
        marked = [field for field_id, field in self.fields.items() if field_id in problems]
        if marked:
            self.ensureWidgetVisible(marked[0].problem)
            marked[0].current_control().setFocus()
        return {key: text for key, text in problems.items() if key not in self.fields}

    def focus_first(self) -> None:
        for field in self.fields.values():
            field.current_control().setFocus()
            return
