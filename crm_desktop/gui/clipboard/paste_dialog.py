"""Says before a paste what it would change, and which cells cannot be read and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QHeaderView, QVBoxLayout, QWidget
from typing_extensions import override

from crm_desktop.gui.clipboard.words import Words, counted, counted_cells, counted_new
from crm_desktop.gui.delegates import CellKind
from crm_desktop.gui.models.table_model import Column, TableModel
from crm_desktop.gui.theme import line_height, row_height, unit
from crm_desktop.gui.widgets.buttons import plain_button, primary_button, set_look
from crm_desktop.gui.widgets.elided_label import TextLabel
from crm_desktop.gui.widgets.fitting_dialog import FittingDialog
from crm_desktop.gui.widgets.form_row import ProblemLine
from crm_desktop.gui.widgets.grid import GridView
from crm_desktop.services.pasting import PastePlan, PasteProblem

MOST_ROWS = 8  # of problems that are seen at once


@dataclass(frozen=True, slots=True)
class PasteFacts:
    """What the dialog says besides the plan.

    `first_row` is the row of the list where the paste begins, counted from 1; `labels` are those
    of fields by id; `notes` are sentences on what else is to be known.
    """

    words: Words
    labels: Mapping[str, str]
    first_row: int
    one: str
    many: str
    notes: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class _Line:
    id: int
    problem: PasteProblem


class PasteDialog(FittingDialog):
    """The question; `agreed` says whether cells that cannot be pasted are left out."""

    agreed = Signal(bool)

    def __init__(self, plan: PastePlan, facts: PasteFacts, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._plan, self._facts = plan, facts
        self.setWindowTitle(facts.words.question)
        self.heading = TextLabel(self._title(), face="title", wraps=True)
        self.effects = TextLabel("\n".join(self._effects()), wraps=True)
        self.problem = ProblemLine()
        self.table = GridView(name=self.tr("Cells that cannot be changed"))
        self.model = TableModel[_Line](self)
        self.cancel = plain_button(self.tr("Cancel"))
        self.go = primary_button(self._verb())
        self._show_problems()
        self._lay_out()

    def _title(self) -> str:
        count = self._plan.cells + self._plan.refused
        return f"{self._facts.words.question} {counted_cells(count)}?"

    def _effects(self) -> list[str]:
        plan, facts = self._plan, self._facts
        sentences = []
        if plan.records:
            words = self.tr("Changes {}.")
            sentences.append(words.replace("{}", counted(plan.records, facts.one, facts.many)))
        if plan.new_records:
            words = self.tr("Adds {} below the end of the list.")
            added = counted_new(plan.new_records, facts.one, facts.many)
            sentences.append(words.replace("{}", added))
        return [*sentences, *facts.notes, self.tr("It can be undone in one step.")]

    def _verb(self) -> str:
        count = counted_cells(self._plan.cells)
        if self._plan.refused:
            return self.tr("Leave those out, {verb} {count}").format(
                verb=self._facts.words.verb.lower(), count=count
            )
        return f"{self._facts.words.verb} {count}"

    def _show_problems(self) -> None:
        self.model.set_columns(
            Column(self.tr("Row"), self._row_of, CellKind.NUMBER, width=5),
            Column(self.tr("Field"), self._field_of, width=8),
            Column(self.tr("Why not"), _reason_of, width=20, tip=_reason_of),
            Column(self.tr("Cells"), _cells_of, CellKind.NUMBER, width=5),
        )
        self.model.set_rows(_Line(*each) for each in enumerate(self._plan.problems))
        self.table.setModel(self.model)
        has_problems = bool(self._plan.refused)
        self.table.setVisible(has_problems)
        if has_problems:
            words = self.tr("{count} cannot be {done}:")
            count = counted_cells(self._plan.refused)
            self.problem.set_text(words.format(count=count, done=self._facts.words.done.lower()))
        self.go.setEnabled(bool(self._plan.cells))

    def _lay_out(self) -> None:
        u = unit()
        self.cancel.clicked.connect(self.reject)
        self.go.clicked.connect(self.accept)
        header = self.table.horizontalHeader()
        for place, column in enumerate(self.model.columns):
            self.table.setColumnWidth(place, round(line_height() * column.width))
        header.setStretchLastSection(False)
        header.setSectionResizeMode(2, QHeaderView.ResizeMode.Stretch)
        rows = min(len(self._plan.problems), MOST_ROWS)
        self.table.setMinimumHeight(row_height() * (rows + 1) + 2 * u)
        box = QVBoxLayout(self)
        box.setContentsMargins(5 * u, 5 * u, 5 * u, 4 * u)
        box.setSpacing(3 * u)
        for part in (self.heading, self.effects, self.problem):
            box.addWidget(part)
        box.addWidget(self.table, 1)
        box.addStretch(0)
        row = QHBoxLayout()
        row.setSpacing(2 * u)
        row.addStretch(1)
        row.addWidget(self.cancel)
        row.addWidget(self.go)
        box.addLayout(row)
        first = self.cancel if self._plan.refused else self.go
        first.setDefault(True)
        set_look(self.cancel, "plain")
        first.setFocus()
        self.setMinimumWidth(round(line_height() * (42 if self._plan.refused else 24)))

    @override
    def accept(self) -> None:
        super().accept()
        self.agreed.emit(bool(self._plan.refused))

    def _row_of(self, line: _Line) -> str:
        return f"{self._facts.first_row + line.problem.row:,}"

    def _field_of(self, line: _Line) -> str:
        return self._facts.labels.get(line.problem.field_id, "")


def _reason_of(line: _Line) -> str:
    return line.problem.reason


def _cells_of(line: _Line) -> str:
    return f"{line.problem.cells:,}"
