"""Find and replace over a list: counts and shows before anything is written, stays beside it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QHeaderView, QVBoxLayout, QWidget
from typing_extensions import override

from crm_desktop.domain.cells import CellReport
from crm_desktop.domain.errors import Cancelled, Invalid, UserError
from crm_desktop.gui.clipboard.find_form import FindForm
from crm_desktop.gui.clipboard.words import counted, counted_cells, undo_sentence
from crm_desktop.gui.models.table_model import Column, TableModel
from crm_desktop.gui.tasks import Handle, Job, Tasks
from crm_desktop.gui.theme import line_height, row_height, unit
from crm_desktop.gui.widgets.buttons import plain_button, primary_button, set_look
from crm_desktop.gui.widgets.elided_label import TextLabel
from crm_desktop.gui.widgets.fitting_dialog import FittingDialog
from crm_desktop.gui.widgets.form_row import ProblemLine
from crm_desktop.gui.widgets.grid import GridView
from crm_desktop.services import find_replace
from crm_desktop.services.find_replace import FoundCells, Replacement, Sample
from crm_desktop.services.record_targets import RecordTarget

COUNT_PATIENCE = 600.0  # seconds; it can be stopped
SEEN = 7  # samples that are seen at once
WithTarget = Callable[[RecordTarget], None]


@dataclass(frozen=True, slots=True)
class _Line:
    id: int
    sample: Sample


class FindDialog(FittingDialog):
    """Not modal: the list stays at hand. `target` finds out which records are meant."""

    next_requested = Signal()
    replaced = Signal(str)  # what was done, in a sentence

    def __init__(
        self,
        tasks: Tasks,
        target: Callable[[bool, WithTarget], None],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._tasks, self._target = tasks, target
        self._labels: dict[str, str] = {}
        self._names = (self.tr("record"), self.tr("records"))
        self._found: tuple[Replacement, FoundCells] | None = None
        self._counting: Handle | None = None
        self._job: Job | None = None
        self.setWindowTitle(self.tr("Find and replace"))
        self.form = FindForm()
        self.sentence = TextLabel(wraps=True)
        self.problem = ProblemLine()
        self.table = GridView(name=self.tr("Cells before and after"))
        self.model = TableModel[_Line](self)
        self.next_button = plain_button(self.tr("Find next"))
        self.count_button = plain_button("")
        self.close_button = plain_button(self.tr("Close"))
        self.replace_button = primary_button("")
        self._lay_out()
        self._connect()
        self._forget()

    def _lay_out(self) -> None:
        u = unit()
        self.model.set_columns(
            Column(self.tr("Record"), _name_of, width=9),
            Column(self.tr("Field"), self._label_of, width=6),
            Column(self.tr("Before"), _before, width=11, tip=_before),
            Column(self.tr("After"), _after, width=11, tip=_after),
        )
        self.table.setModel(self.model)
        for place, column in enumerate(self.model.columns):
            self.table.setColumnWidth(place, round(line_height() * column.width))
        header = self.table.horizontalHeader()
        header.setStretchLastSection(False)
        for place in (2, 3):
            header.setSectionResizeMode(place, QHeaderView.ResizeMode.Stretch)
        self.table.setMinimumHeight(row_height() * (SEEN + 1))
        self.table.set_empty_state(
            self.tr("Count shows here what would change."), icon_name="replace"
        )
        buttons = QHBoxLayout()
        buttons.setSpacing(2 * u)
        buttons.addWidget(self.next_button)
        buttons.addWidget(self.count_button)
        buttons.addStretch(1)
        buttons.addWidget(self.close_button)
        buttons.addWidget(self.replace_button)
        box = QVBoxLayout(self)
        box.setContentsMargins(5 * u, 5 * u, 5 * u, 4 * u)
        box.setSpacing(3 * u)
        for part in (self.form, self.sentence, self.problem):
            box.addWidget(part)
        box.addWidget(self.table, 1)
        box.addLayout(buttons)
        self.setMinimumWidth(round(line_height() * 40))

    def _connect(self) -> None:
        self.form.edited.connect(self._forget)
        self.next_button.clicked.connect(self.next_requested)
        self.count_button.clicked.connect(self.count)
        self.replace_button.clicked.connect(self.replace)
        self.close_button.clicked.connect(self.reject)
        self.count_button.setDefault(True)  # Enter looks, and never writes
        set_look(self.count_button, "plain")

    def show_names(self, labels: dict[str, str], one: str, many: str) -> None:
        """Name fields by their ids, and the records."""
        self._labels, self._names = labels, (one, many)
        self.setWindowTitle(self.tr("Find and replace in {}").replace("{}", many))

    # Counting

    @Slot()
    def count(self) -> None:
        """Count what matches; while that runs, stop it."""
        if self._counting is not None:
            self._counting.cancel()
            self._forget()
            return
        self._forget()
        self._target(self.form.in_selection.isChecked(), self._count_in)

    def _count_in(self, target: RecordTarget) -> None:
        asked = Replacement(
            target, self.form.search(), self.form.replacement.text(), self.form.field_ids()
        )
        self.sentence.setText(self.tr("Counting…"))
        self._counting = self._tasks.read(
            self,
            partial(find_replace.count_found, asked=asked),
            partial(self._show_found, asked),
            self.refuse,
            patience=COUNT_PATIENCE,
        )
        self._name_buttons()

    def _show_found(self, asked: Replacement, found: FoundCells) -> None:
        self._counting = None
        self._found = asked, found
        self.model.set_rows(_Line(*each) for each in enumerate(found.samples))
        self.sentence.setText(self._words(found))
        self.problem.set_text("")
        if found.refused:
            words = self.tr("{} would then not be valid; the list below begins with them.")
            self.problem.set_text(words.replace("{}", counted_cells(found.refused)))
        self._name_buttons()

    def _words(self, found: FoundCells) -> str:
        if not found.cells:
            return self.tr("Nothing matches.")
        count = counted_cells(found.cells)
        records = counted(found.records, *self._names)
        verb = self.tr("matches") if found.cells == 1 else self.tr("match")
        same = found.cells - found.changed - found.refused
        where = self.tr("{cells} in {records}").format(cells=count, records=records)
        words = f"{where} {verb}."
        if same:
            words += self.tr(" {} would stay the same.").replace("{}", f"{same:,}")
        return words

    @Slot()
    def _forget(self) -> None:
        """Forget what was counted: the questions are others."""
        if self._counting is not None:
            self._counting.cancel()
        self._counting, self._found = None, None
        self.sentence.setText("")
        self.problem.set_text("")
        self.model.set_rows([])
        self._name_buttons()

    def _name_buttons(self) -> None:
        found = self._found[1] if self._found else FoundCells()
        words = self.tr("Replace {}").replace("{}", f"{found.changed:,}" if self._found else "")
        if found.refused and found.changed:
            words += self.tr(", leave out {}").replace("{}", f"{found.refused:,}")
        is_counting = self._counting is not None
        self.count_button.setText(self.tr("Stop") if is_counting else self.tr("Count"))
        self.replace_button.setText(self.tr("Replacing…") if self._job else words.strip())
        self.replace_button.setEnabled(bool(found.changed) and self._job is None)
        self.form.setEnabled(self._job is None)
        has_text = bool(self.form.text.text()) and self._job is None
        self.count_button.setEnabled(has_text or is_counting)
        self.next_button.setEnabled(has_text)

    # Replacing

    @Slot()
    def replace(self) -> None:
        """Replace what was counted, in one transaction with its progress in the status bar."""
        if self._found is None or self._job is not None:
            return
        asked, found = self._found
        title = self.tr("Replacing in {}").replace("{}", counted_cells(found.changed))
        call = partial(_replace, asked, found.records, bool(found.refused))
        self._job = self._tasks.run_long(self, title, call, self._replaced, self.refuse)
        self._name_buttons()

    def _replaced(self, report: CellReport) -> None:
        self._job = None
        self._forget()
        count = counted_cells(report.cells)
        words = self.tr("Replaced {count} in {records}.").format(
            count=count, records=counted(report.records, *self._names)
        )
        if report.refused:
            words += self.tr(" Left out: {}.").replace("{}", f"{report.refused:,}")
        self.sentence.setText(words)
        self.replaced.emit(f"{words} {undo_sentence(can_undo=report.can_undo)}")

    def refuse(self, error: UserError) -> None:
        """Say why: at the question that it is about, or below."""
        self._job, self._counting = None, None
        self.sentence.setText("")
        self._name_buttons()
        rest = dict(error.problems) if isinstance(error, Invalid) else {"": str(error)}
        if isinstance(error, Cancelled):
            rest = {"": self.tr("Stopped. Nothing was changed.")}
        self.form.text_row.set_problem(rest.pop("text", ""))
        self.form.replacement_row.set_problem(rest.pop("replacement", ""))
        self.problem.set_text("\n".join(rest.values()))

    @override
    def reject(self) -> None:
        """Close; what is being counted is stopped, what is being replaced goes on."""
        self._forget()
        super().reject()

    def _label_of(self, line: _Line) -> str:
        return self._labels.get(line.sample.field_id, "")


def _name_of(line: _Line) -> str:
    return line.sample.name


def _before(line: _Line) -> str:
    return line.sample.before


def _after(line: _Line) -> str:
    sample = line.sample
    return f"{sample.after} \u2013 {sample.problem}" if sample.problem else sample.after


def _replace(
    asked: Replacement,
    records: int,
    leaves_out: bool,  # noqa: FBT001 - bound, as the services' callers do
    session: Any,
    on_progress: Callable[[int, int], bool],
) -> CellReport:
    return find_replace.replace_found(
        session, asked, on_progress=on_progress, total=records, leaves_out=leaves_out
    )
