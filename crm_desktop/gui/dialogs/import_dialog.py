"""The import of a CSV file: which file, into which object, what each column becomes, the result."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTemporaryDir, Slot
from PySide6.QtWidgets import QComboBox, QFileDialog, QHBoxLayout, QLineEdit, QProgressBar, QWidget
from typing_extensions import override

from crm_desktop.domain.errors import Cancelled, Unavailable, UserError
from crm_desktop.domain.field_types import FIELD_TYPES
from crm_desktop.gui.dialogs.form_dialog import FormDialog, Input
from crm_desktop.gui.models.import_columns import (
    ColumnRow,
    ImportColumnsModel,
    ImportProblemsModel,
    ProblemRow,
)
from crm_desktop.gui.theme import line_height, unit
from crm_desktop.gui.widgets.buttons import plain_button
from crm_desktop.gui.widgets.elided_label import TextLabel
from crm_desktop.gui.widgets.form_row import FormRow
from crm_desktop.gui.widgets.grid import GridView
from crm_desktop.services import importing, layouts, objects
from crm_desktop.services.import_plan import (
    SKIPPED,
    ImportPlan,
    ImportRequest,
    LinkRequest,
)

if TYPE_CHECKING:
    from crm_desktop.db.database import ReadSession, WriteSession
    from crm_desktop.gui.jobs import Job
    from crm_desktop.gui.tasks import Tasks

Progress = Callable[[int, int], bool]
Targets = list[tuple[str, str]]  # "object id.field id" and words


class ImportDialog(FormDialog):
    """Looks at the file first, asks what it cannot decide, and shows afterwards what went in.

    Reading and importing run as jobs with progress; Cancel stops the one that runs.
    """

    def __init__(self, tasks: Tasks, object_id: str = "", parent: QWidget | None = None) -> None:
        super().__init__(tasks, "", "", parent)
        title = self.tr("Import a CSV file")
        self.set_title(title, title)
        self.set_verb(self.tr("Import"))
        self.plan: ImportPlan | None = None
        self.outcome: importing.ImportResult | None = None
        self._targets: Targets = []
        self._looked_at = ("", "")
        self._folder = QTemporaryDir()  # holds the report until somebody saves it
        self._job: Job | None = None
        self._wanted_object = object_id
        self._add_inputs()
        self._add_preview()
        self._add_result()
        self.show_stored({})
        self.submit.setEnabled(False)
        self.resize(round(line_height() * 48), round(line_height() * 36))
        tasks.read(self, _objects_and_targets, self._show_objects, self.refuse)

    # What is on the dialog.

    def _add_inputs(self) -> None:
        self.file = QLineEdit()
        self.file.setPlaceholderText(self.tr("The CSV file to import"))
        self.choose = plain_button(self.tr("Choose…"), icon_name="folder-open")
        self.choose.clicked.connect(self.choose_file)
        self.file.editingFinished.connect(self.look)
        line = QWidget()
        line.setFocusProxy(self.file)
        _in_a_row(line, self.file, self.choose, stretches=(1, 0))
        self._add("file", self.tr("File"), line, self.file.text, self.file.setText)
        self.object = QComboBox()
        self.object.setEditable(True)
        self.object.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.object.textActivated.connect(self._object_chosen)
        edit = self.object.lineEdit()
        if edit is not None:
            edit.editingFinished.connect(self._object_chosen)
        hint = self.tr("Type a new name to make an object.")
        self._add(
            "object", self.tr("Object"), self.object, self.object.currentText,
            self.object.setCurrentText, hint=hint,
        )  # fmt: skip
        self.date_order = QComboBox()
        self.date_order.addItem(self.tr("Please choose"), "")
        self.date_order.addItem(self.tr("Day first: 31/12/2024"), "dmy")
        self.date_order.addItem(self.tr("Month first: 12/31/2024"), "mdy")
        self._add("date_order", self.tr("Dates"), self.date_order, self._order, self._set_order)
        self.row("date_order").hide()

    def _add(
        self,
        name: str,
        label: str,
        control: QWidget,
        read: Callable[[], object],
        show: Callable[[str], object],
        *,
        hint: str = "",
    ) -> None:
        row = FormRow(label, control, hint=hint)
        self.add_input(Input(name, row, read, lambda value: _ignore(show(value))))

    def _order(self) -> str:
        return str(self.date_order.currentData() or "")

    def _set_order(self, order: str) -> None:
        self.date_order.setCurrentIndex(self.date_order.findData(order))

    def _add_preview(self) -> None:
        self.model = ImportColumnsModel(self)
        self.grid = GridView(name=self.tr("Columns of the file"))
        self.grid.setModel(self.model)
        _set_widths(self.grid, [column.width for column in self.model.columns])
        self.grid.set_empty_state(
            self.tr("Choose a file to see its columns."), icon_name="file-spreadsheet"
        )
        self.body.addWidget(self.grid, 1)
        self.becomes = QComboBox()
        self.becomes.setEnabled(False)
        self.becomes.activated.connect(self._choose_use)
        self.becomes_row = FormRow(self.tr("The selected column becomes"), self.becomes)
        self.key = QComboBox()
        self.key_row = FormRow(
            self.tr("Rows that are there already"),
            self.key,
            hint=self.tr("With a key, records with the same value are updated, not added again."),
        )
        below = QWidget()
        _in_a_row(below, self.becomes_row, self.key_row)
        self.body.addWidget(below)
        self._preview = (self.grid, below)
        self.grid.selectionModel().currentRowChanged.connect(self._show_uses)

    def _add_result(self) -> None:
        self.bar = QProgressBar()
        self.bar.setAccessibleName(self.tr("Progress"))
        self.bar.hide()
        self.body.addWidget(self.bar)
        self.summary = TextLabel(face="title", wraps=True)
        self.problems = ImportProblemsModel(self)
        self.problems_grid = GridView(name=self.tr("What did not go in"))
        self.problems_grid.setModel(self.problems)
        _set_widths(self.problems_grid, [column.width for column in self.problems.columns])
        self.save_report = plain_button(self.tr("Save the report…"), icon_name="save")
        self.save_report.clicked.connect(self.choose_report)
        self._result = (self.summary, self.problems_grid, self.save_report)
        for part in self._result:
            part.hide()
        self.body.addWidget(self.summary)
        self.body.addWidget(self.problems_grid, 1)
        self.body.addWidget(self.save_report, 0, Qt.AlignmentFlag.AlignLeft)

    # Choosing and looking.

    def _show_objects(self, found: tuple[list[objects.ObjectSummary], Targets]) -> None:
        rows, self._targets = found
        for row in rows:
            self.object.addItem(row.label, row.id)
        place = self.object.findData(self._wanted_object)
        self.object.setCurrentIndex(place)
        self.show_stored({})

    @Slot()
    def choose_file(self) -> None:
        dialog = QFileDialog(self, self.tr("Choose a CSV file"))
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setNameFilters([self.tr("Tables (*.csv *.tsv *.txt)"), self.tr("All files (*)")])
        dialog.fileSelected.connect(self.set_file)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def set_file(self, path: str) -> None:
        self.file.setText(path)
        self.look()

    @Slot()
    def _object_chosen(self, _text: str = "") -> None:
        self.look()

    @Slot()
    def look(self) -> None:
        """Read the whole file and show what would become of it."""
        asked = (self.file.text().strip(), self._object_name())
        if not all(asked) or self.is_busy or self.outcome is not None:
            return
        if self.plan is not None and self._looked_at == asked:
            return
        self._looked_at = asked
        self.clear_problems()
        request = ImportRequest(object_name=asked[1], creates=True)
        call = partial(_preview, path=Path(asked[0]), request=request)
        self._begin(self.tr("Reading {file}"), call, self._show_plan)

    def _object_name(self) -> str:
        """Return the id of the object that was chosen, or the name that was typed."""
        text = self.object.currentText().strip()
        place = self.object.findText(text, Qt.MatchFlag.MatchFixedString)
        return str(self.object.itemData(place)) if place >= 0 else text

    def _show_plan(self, plan: ImportPlan) -> None:
        self._end()
        self.plan = plan
        columns = (
            zip(*plan.first_rows, strict=True) if plan.first_rows else [()] * len(plan.columns)
        )
        self.model.set_rows(
            ColumnRow(planned, tuple(filter(str.strip, cells)))
            for planned, cells in zip(plan.columns, columns, strict=True)
        )
        self.key.clear()
        self.key.addItem(self.tr("Add every row as a new record"), "")
        for column in plan.columns:
            if not column.skipped:
                self.key.addItem(
                    self.tr("Update by “{column}”").format(column=column.header), column.header
                )
        undated = ", ".join(f"“{header}”" for header in plan.undated)
        self.row("date_order").setVisible(bool(undated))
        self.row("date_order").set_hint(
            self.tr("The dates in {columns} fit both orders.").format(columns=undated)
        )
        count = self.tr("{rows} rows, {encoding}, separated by {separator}").format(
            rows=f"{plan.row_count:,}",
            encoding=plan.format.encoding,
            separator="tab" if plan.format.separator == "\t" else plan.format.separator,
        )
        self.row("file").set_hint(count)
        self.grid.setCurrentIndex(self.model.index(0, 0))
        self.submit.setEnabled(True)

    # What becomes of a column.

    def _show_uses(self) -> None:
        row = self.model.row_at(self.grid.currentIndex())
        self.becomes.clear()
        self.becomes.setEnabled(row is not None)
        if row is None:
            return
        self.becomes.addItem(replace(row, choice="").becomes, "")
        if row.planned.is_new:
            for name, type_ in FIELD_TYPES.items():
                words = self.tr("New field: {type}").format(type=type_.label)
                self.becomes.addItem(words, name)
        for target, words in self._targets:
            self.becomes.addItem(words, target)
        self.becomes.addItem(self.tr("Nothing: leave it out"), SKIPPED)
        self.becomes.setCurrentIndex(max(self.becomes.findData(row.choice), 0))

    @Slot()
    def _choose_use(self) -> None:
        chosen = self.model.row_at(self.grid.currentIndex())
        if chosen is None:
            return
        new = replace(
            chosen,
            choice=str(self.becomes.currentData()),
            choice_label=self.becomes.currentText(),
        )
        self.model.set_rows(new if row.id == new.id else row for row in self.model.all_rows)

    # Importing.

    def request(self) -> ImportRequest:
        """Return what is asked for; raises Invalid where it makes no sense."""
        choices = {row.id: row.choice for row in self.model.all_rows if row.choice}
        links = []
        for header, choice in choices.items():
            object_id, dot, field_id = choice.partition(".")
            if dot:
                links.append(LinkRequest(column=header, object_name=object_id, field_name=field_id))
        return ImportRequest.model_validate(
            {
                "object_name": self._object_name(),
                "creates": True,
                "links": tuple(links),
                "key": str(self.key.currentData() or ""),
                "date_order": self._order(),
                "types": {name: choice for name, choice in choices.items() if "." not in choice},
            }
        )

    @override
    def accept(self) -> None:
        if self.outcome is not None:
            self.done(self.DialogCode.Accepted)
            return
        if self.is_busy or self.plan is None:
            return
        self.clear_problems()
        if self.plan.undated and not self._order():
            self.row("date_order").set_problem(self.tr("Choose what comes first in dates."))
            self.date_order.setFocus()
            return
        call = partial(_import, path=self.plan.path, request=self.request(), report=self._report())
        self._begin(self.tr("Importing {file}"), call, self._show_result)

    def _begin(
        self,
        title: str,
        call: Callable[[WriteSession, Progress], object],
        then: Callable[..., None],
    ) -> None:
        self.set_busy(busy=True)
        name = Path(self.file.text()).name
        self.bar.show()
        self.bar.setRange(0, 0)
        self._job = self.tasks.run_long(self, title.format(file=name), call, then, self._stopped)
        self._job.progressed.connect(self._show_progress)

    @Slot(int, int)
    def _show_progress(self, done: int, total: int) -> None:
        self.bar.setRange(0, 100 if total else 0)
        self.bar.setValue(100 * done // total if total else 0)

    def _end(self) -> None:
        self._job = None
        self.bar.hide()
        self.set_busy(busy=False)

    def _stopped(self, error: UserError) -> None:
        self._end()
        if not isinstance(error, Cancelled):
            self.refuse(error)
        self.submit.setEnabled(self.plan is not None)

    def _show_result(self, result: importing.ImportResult) -> None:
        self._end()
        self.outcome = result
        for part in (*self._preview, *(input_.row for input_ in self.inputs.values())):
            part.hide()
        self.summary.setText(self._in_words(result))
        self.summary.show()
        self.problems.set_rows(map(ProblemRow, range(len(result.problems)), result.problems))
        for part in (self.problems_grid, self.save_report):
            part.setVisible(bool(result.problems))
        if not result.problems:
            self.body.addStretch(1)
        self.cancel.hide()
        self.set_verb(self.tr("Close"))
        self.stored.emit(result.object_id)

    def _in_words(self, result: importing.ImportResult) -> str:
        counts: Mapping[str, int] = {
            self.tr("created"): result.created,
            self.tr("updated"): result.updated,
            self.tr("unchanged"): result.unchanged,
            self.tr("refused"): result.rejected,
            self.tr("linked"): result.links,
            self.tr("without the partner they name"): result.unmatched,
        }
        return ", ".join(f"{count:,} {words}" for words, count in counts.items() if count) or (
            self.tr("Nothing was imported.")
        )

    @Slot()
    def choose_report(self) -> None:
        """Ask where the report goes: every row that did not go in, with its reasons."""
        source = Path(self.file.text())
        dialog = QFileDialog(self, self.tr("Save the report"))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix("csv")
        dialog.selectFile(str(source.with_name(f"{source.stem}-not-imported.csv")))
        dialog.fileSelected.connect(self.keep_report)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def keep_report(self, path: str) -> None:
        call = partial(_copy, self._report(), Path(path))
        self.tasks.compute(self, call, self._report_kept, self.refuse)

    def _report(self) -> Path:
        return Path(self._folder.filePath("report.csv"))

    def _report_kept(self, path: Path) -> None:
        self.note.setText(self.tr("The report was saved as {path}.").format(path=path))
        self.note.show()

    @override
    def is_changed(self) -> bool:
        return self.plan is not None and self.outcome is None

    @override
    def reject(self) -> None:
        if self._job is not None:
            self._job.cancel()
        else:
            super().reject()


def _in_a_row(parent: QWidget, *parts: QWidget, stretches: Sequence[int] = (1, 1)) -> None:
    box = QHBoxLayout(parent)
    box.setContentsMargins(0, 0, 0, 0)
    box.setSpacing(2 * unit())
    for part, stretch in zip(parts, stretches, strict=True):
        box.addWidget(part, stretch)


def _set_widths(grid: GridView, widths: Iterable[float]) -> None:
    for number, width in enumerate(widths):
        grid.setColumnWidth(number, round(width * line_height()))


def _ignore(_: object) -> None:
    """Take what a setter returns."""


def _objects_and_targets(session: ReadSession) -> tuple[list[objects.ObjectSummary], Targets]:
    """Return all objects, and the fields by whose values a column may name their records."""
    rows = objects.list_objects(session)
    targets = []
    for row in rows:
        for entry in layouts.list_layout(session, row.id):
            if FIELD_TYPES.get(entry.effective.type) and not entry.is_duplicate:
                field = entry.effective
                if FIELD_TYPES[field.type].is_text_like and field.type != "textarea":
                    words = f"Link to {row.label} by “{field.label}”"
                    targets.append((f"{row.id}.{field.id}", words))
    return rows, targets


def _preview(
    session: WriteSession, on_progress: Progress, *, path: Path, request: ImportRequest
) -> ImportPlan:
    return importing.preview_import(session, path, request, on_progress)


def _import(
    session: WriteSession,
    on_progress: Progress,
    *,
    path: Path,
    request: ImportRequest,
    report: Path,
) -> importing.ImportResult:
    return importing.import_file(session, path, request, report, on_progress)


def _copy(source: Path, target: Path) -> Path:
    try:
        shutil.copyfile(source, target)
    except OSError as error:
        raise Unavailable(f"{target} cannot be written: {error.strerror or error}.") from error
    return target
