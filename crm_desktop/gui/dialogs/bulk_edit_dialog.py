"""The bulk edit of a selection or of all that a list finds: a form, a check, then the change."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import (
    QButtonGroup,
    QHBoxLayout,
    QProgressBar,
    QRadioButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)
from typing_extensions import override

from crm_desktop.domain.bulk_changes import Change
from crm_desktop.domain.errors import Cancelled, Invalid, UserError
from crm_desktop.domain.formats import Formats
from crm_desktop.gui.dialogs.bulk_report import BulkReport
from crm_desktop.gui.dialogs.delete_dialog import counted
from crm_desktop.gui.editors.bulk_form import BulkForm
from crm_desktop.gui.theme import line_height, unit
from crm_desktop.gui.widgets.buttons import danger_button, plain_button, primary_button
from crm_desktop.gui.widgets.elided_label import TextLabel
from crm_desktop.gui.widgets.fitting_dialog import FittingDialog
from crm_desktop.gui.widgets.form_row import ProblemLine
from crm_desktop.gui.widgets.hairline import Hairline
from crm_desktop.gui.widgets.icon_label import IconLabel
from crm_desktop.services import bulk_edit, bulk_summary
from crm_desktop.services.bulk_edit import BulkResult, Rehearsal
from crm_desktop.services.bulk_summary import TargetSummary
from crm_desktop.services.record_targets import ChosenRecords, FoundRecords, RecordTarget

if TYPE_CHECKING:
    from crm_desktop.db.database import WriteSession
    from crm_desktop.gui.jobs import Job, Progress
    from crm_desktop.gui.tasks import Handle, Tasks


@dataclass(frozen=True, slots=True)
class Subject:
    """What a bulk edit may be about: `chosen` is None where nothing, or all, was selected.

    `plural` is what these records are called.
    """

    everything: FoundRecords
    chosen: ChosenRecords | None = None
    plural: str = "records"


class BulkEditDialog(FittingDialog):
    """Asks what to change, checks it in a rehearsal, and changes it; `changed` says how many."""

    changed = Signal(int)

    def __init__(
        self,
        tasks: Tasks,
        subject: Subject,
        formats: Formats,
        parent: QWidget | None = None,
        *,
        is_production: bool = False,
    ) -> None:
        super().__init__(parent)
        self._tasks, self._subject, self._formats = tasks, subject, formats
        self._is_production = is_production
        self._summary: TargetSummary | None = None
        self._reading: Handle | None = None
        self._job: Job | None = None
        self._changes: dict[str, Change] = {}
        self._rehearsal: Rehearsal | None = None
        self.report: BulkReport | None = None
        self.setWindowTitle(self.tr("Edit {}").replace("{}", subject.plural))
        self.title = TextLabel(face="title")
        self.selected = QRadioButton()
        self.all = QRadioButton(self.tr("Everything that the list finds"))
        self.form = BulkForm(tasks, formats)
        self.problem = ProblemLine()
        self.sentence = TextLabel(role="muted", wraps=True)
        self.bar = QProgressBar(textVisible=False)
        self.back = plain_button(self.tr("Back"), icon_name="arrow-left")
        self.cancel = plain_button(self.tr("Cancel"))
        self.check = primary_button(self.tr("Check"))
        self.submit = primary_button(self.tr("Change"))
        self.discard = danger_button(self.tr("Discard"))
        self.keep = primary_button(self.tr("Keep editing"))
        self._lay_out()
        self._connect()
        self._read()

    @property
    def target(self) -> RecordTarget:
        chosen = self._subject.chosen
        return chosen if chosen is not None and self.selected.isChecked() else (
            self._subject.everything
        )  # fmt: skip

    # What it looks like

    def _lay_out(self) -> None:
        u = unit()
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        box.addLayout(self._head())
        self._pages = QStackedWidget()
        self._pages.addWidget(self.form)
        self._pages.setBackgroundRole(QPalette.ColorRole.Base)
        self._pages.setAutoFillBackground(True)
        box.addWidget(Hairline())
        box.addWidget(self._pages, 1)
        box.addWidget(Hairline())
        foot = QVBoxLayout()
        foot.setContentsMargins(5 * u, 3 * u, 5 * u, 4 * u)
        foot.setSpacing(2 * u)
        foot.addWidget(self.problem)
        foot.addWidget(self.bar)
        row = QHBoxLayout()
        row.setSpacing(2 * u)
        row.addWidget(self.sentence, 1)
        for button in (self.back, self.discard, self.keep, self.cancel, self.check, self.submit):
            row.addWidget(button)
        foot.addLayout(row)
        box.addLayout(foot)
        self.bar.hide()
        self._ask_to_discard(is_asking=False)
        self.resize(round(line_height() * 40), round(line_height() * 34))

    def _head(self) -> QVBoxLayout:
        u = unit()
        head = QVBoxLayout()
        head.setContentsMargins(5 * u, 4 * u, 5 * u, 3 * u)
        head.setSpacing(2 * u)
        line = QHBoxLayout()
        line.setSpacing(2 * u)
        line.addWidget(IconLabel("pencil-line", "accent"))
        line.addWidget(self.title, 1)
        head.addLayout(line)
        chosen = self._subject.chosen
        count = len(chosen.ids) if chosen is not None else 0
        one, many = self.tr("selected record"), self.tr("selected records")
        self.selected.setText(self.tr("The {}").replace("{}", counted(count, one, many)))
        group = QButtonGroup(self)
        choice = QHBoxLayout()
        choice.setSpacing(4 * u)
        for button in (self.selected, self.all):
            group.addButton(button)
            choice.addWidget(button)
        choice.addStretch(1)
        (self.selected if count else self.all).setChecked(True)
        if count:
            head.addLayout(choice)
        else:
            self.selected.setParent(self)
            self.all.setParent(self)
            self.selected.hide()
            self.all.hide()
        return head

    def _connect(self) -> None:
        self.selected.toggled.connect(self._read)
        self.form.changed.connect(self._say)
        self.check.clicked.connect(self.accept)
        self.submit.clicked.connect(self.accept)
        self.back.clicked.connect(self.show_form)
        self.cancel.clicked.connect(self.reject)
        self.keep.clicked.connect(self._keep_editing)
        self.discard.clicked.connect(self._leave)

    # What the records hold

    def _read(self, *_: bool) -> None:
        if self._reading is not None:
            self._reading.cancel()
        self._summary = None
        self._say()
        call = partial(bulk_summary.summarize_target, target=self.target)
        self._reading = self._tasks.read(self, call, self._show_summary, self._not_read)

    def _show_summary(self, summary: TargetSummary) -> None:
        is_first = not self.form.fields
        self._summary, self._reading = summary, None
        self.form.show_summary(summary)
        self._say()
        if is_first:
            self.form.focus_first()

    def _not_read(self, error: UserError) -> None:
        self._reading = None
        self.problem.set_text(str(error))

    def _say(self) -> None:
        """Say how much will change, and offer what can be done next."""
        self.problem.set_text("")
        one, many = self.tr("record"), self._subject.plural
        if self._summary is None:
            self.title.setText(self.tr("Edit {}").replace("{}", many))
            self.sentence.setText(self.tr("Reading what the records hold…"))
        else:
            count = self._summary.count
            records = counted(count, one, many)
            self.title.setText(self.tr("Edit {}").replace("{}", records))
            fields = counted(self.form.changed_count(), self.tr("field"), self.tr("fields"))
            sentence = self.tr("{0} will change in {1}.")
            self.sentence.setText(sentence.replace("{0}", fields).replace("{1}", records))
            if not self.form.changed_count():
                self.sentence.setText(self._opening_words(count))
        self._offer()

    def _opening_words(self, count: int) -> str:
        if not count:
            return self.tr("There is nothing to change.")
        if self._summary is not None and not self._summary.can_be_undone:
            return self.tr("This database keeps no history: a change cannot be undone.")
        return self.tr("Fields that you leave alone stay as they are.")

    def _offer(self) -> None:
        is_form, is_busy = self._pages.currentWidget() is self.form, self._job is not None
        self.check.setVisible(is_form)
        self.submit.setVisible(not is_form)
        self.back.setVisible(not is_form)
        self.back.setEnabled(not is_busy)
        self.form.setEnabled(not is_busy)
        for radio in (self.selected, self.all):
            radio.setEnabled(is_form and not is_busy)
        has_changes = bool(self.form.changed_count()) and self._summary is not None
        self.check.setEnabled(is_form and has_changes and not is_busy)
        can_go_on = self.report is not None and self.report.may_go_on()
        self.submit.setEnabled(not is_form and can_go_on and not is_busy)
        self.cancel.setText(self.tr("Stop") if is_busy else self.tr("Cancel"))
        self.bar.setVisible(is_busy)
        (self.check if is_form else self.submit).setDefault(True)

    # Checking

    @override
    def accept(self) -> None:
        if self._job is not None:
            return
        if self._pages.currentWidget() is self.form:
            if self.check.isEnabled():
                self._rehearse()
        elif self.submit.isEnabled():
            self._apply()

    def _rehearse(self) -> None:
        try:
            self._changes = self.form.changes()
        except Invalid:
            return
        call = partial(_rehearse, target=self.target, changes=self._changes)
        title = self.tr("Checking {}").replace("{}", self._subject.plural)
        self._begin(self._tasks.run_long(self, title, call, self._show_report, self._refuse))

    def _begin(self, job: Job) -> None:
        self._job = job
        self.problem.set_text("")
        self.bar.setRange(0, 0)
        job.progressed.connect(self._show_progress)
        self.sentence.setText(f"{job.title}…")
        self._offer()
        self.cancel.setFocus()

    def _show_progress(self, done: int, total: int) -> None:
        self.bar.setRange(0, total)
        self.bar.setValue(done)
        if self._job is not None:
            self.sentence.setText(self._job.describe())

    def _show_report(self, rehearsal: Rehearsal) -> None:
        self._job, self._rehearsal = None, rehearsal
        self._drop_report()
        fields = {key: field.field for key, field in self.form.fields.items()}
        must_type = self._is_production
        self.report = BulkReport(rehearsal, fields, self._formats, must_type=must_type)
        self.report.agreed_changed.connect(self._offer)
        self._pages.addWidget(self.report)
        self._pages.setCurrentWidget(self.report)
        self.sentence.setText(self.tr("Nothing has been changed yet."))
        many = counted(rehearsal.changed, self.tr("record"), self.tr("records"))
        self.submit.setText(self.tr("Change {}").replace("{}", many))
        self._offer()
        (self.submit if self.submit.isEnabled() else self.back).setFocus()
        self.report.focus_first()

    def show_form(self) -> None:
        """Go back to what was entered."""
        self._pages.setCurrentWidget(self.form)
        self._drop_report()
        self._say()
        self.form.focus_first()

    def _drop_report(self) -> None:
        if self.report is not None:
            self._pages.removeWidget(self.report)
            self.report.deleteLater()
            self.report = None

    def _refuse(self, error: UserError) -> None:
        self._job = None
        if isinstance(error, Cancelled):
            self._say_stopped()
            return
        problems = error.problems if isinstance(error, Invalid) else {"": str(error)}
        if problems.keys() & self.form.fields.keys():
            self.show_form()
            problems = self.form.show_problems(problems)
        else:
            self._say()
        self.problem.set_text("\n".join(problems.values()))

    def _say_stopped(self) -> None:
        self._say()
        self.problem.set_text(self.tr("Stopped. Nothing was changed."))

    # Changing

    def _apply(self) -> None:
        if self._rehearsal is None:
            return
        call = partial(
            _apply,
            target=self.target,
            changes=self._changes,
            rehearsal=self._rehearsal,
        )
        many = counted(self._rehearsal.changed, self.tr("record"), self.tr("records"))
        title = self.tr("Changing {}").replace("{}", many)
        self._begin(self._tasks.run_long(self, title, call, self._finish, self._refuse))

    def _finish(self, result: BulkResult) -> None:
        self._job = None
        self.changed.emit(result.changed)
        super().accept()

    # Leaving

    @override
    def reject(self) -> None:
        """Stop what runs; go back from the check; ask before anything entered is lost."""
        if self._job is not None:
            self.cancel.setEnabled(False)
            self._job.cancel()
        elif self.keep.isVisible():
            self._keep_editing()
        elif self.form.changed_count():
            self._ask_to_discard(is_asking=True)
        else:
            self._leave()

    def _ask_to_discard(self, *, is_asking: bool) -> None:
        for button in (self.keep, self.discard):
            button.setVisible(is_asking)
        for button in (self.back, self.cancel, self.check, self.submit):
            button.setVisible(not is_asking)
        if is_asking:
            self.sentence.setText(self.tr("Discard what you entered?"))
            self.keep.setDefault(True)
            self.keep.setFocus()

    def _keep_editing(self) -> None:
        self._ask_to_discard(is_asking=False)
        if self._pages.currentWidget() is self.form:
            self._say()
            self.form.focus_first()
        else:
            self.sentence.setText(self.tr("Nothing has been changed yet."))
            self._offer()
            self.back.setFocus()

    def _leave(self) -> None:
        super().reject()


def _rehearse(
    session: WriteSession, on_progress: Progress, target: RecordTarget, changes: dict[str, Change]
) -> Rehearsal:
    return bulk_edit.rehearse(session, target, changes, on_progress)


def _apply(
    session: WriteSession,
    _: Progress,
    target: RecordTarget,
    changes: dict[str, Change],
    rehearsal: Rehearsal,
) -> BulkResult:
    """Make the changes by one statement, which has no progress to tell; it can be stopped."""
    return bulk_edit.apply_changes(
        session, target, changes, rehearsal, leaves_out_failing=bool(rehearsal.failed)
    )
