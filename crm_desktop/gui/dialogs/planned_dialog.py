"""A dialog that counts what a choice would do, shows it, and does it only when that was seen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QProgressBar,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)
from typing_extensions import override

from crm_desktop.domain.errors import Cancelled, UserError
from crm_desktop.gui.icons import Role
from crm_desktop.gui.theme import line_height, unit
from crm_desktop.gui.widgets.buttons import plain_button, primary_button
from crm_desktop.gui.widgets.elided_label import ElidedLabel, TextLabel
from crm_desktop.gui.widgets.fitting_dialog import FittingDialog
from crm_desktop.gui.widgets.form_row import ProblemLine
from crm_desktop.gui.widgets.hairline import Hairline
from crm_desktop.gui.widgets.icon_label import IconLabel

if TYPE_CHECKING:
    from crm_desktop.db.database import WriteSession
    from crm_desktop.gui.jobs import Job, Progress
    from crm_desktop.gui.tasks import Tasks

Work = Callable[["WriteSession", "Progress"], Any]
SETTLED_AFTER = 250  # milliseconds on one choice, before it is counted


class PlannedDialog(FittingDialog):
    """A subclass says what to count for what was chosen, and what to do once that was shown.

    Both run in the background and can be stopped. `done_with` carries what the work returned.
    """

    done_with = Signal(object)

    def __init__(self, tasks: Tasks, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self._tasks = tasks
        self._job: Job | None = None
        self._is_counting = self._is_outdated = False
        self._plan: Any = None
        self._settling = QTimer(self, singleShot=True, interval=SETTLED_AFTER)
        self._settling.timeout.connect(self._count)
        self.report = Report()
        self.problem = ProblemLine()
        self.sentence = TextLabel(role="muted", wraps=True)
        self.bar = QProgressBar(textVisible=False)
        self.bar.hide()
        self.stop = plain_button(self.tr("Stop"))
        self.again = plain_button(self.tr("Count again"), icon_name="refresh-cw")
        self.cancel = plain_button(self.tr("Cancel"))
        self.submit = primary_button(title)
        self.stop.clicked.connect(self._stop)
        self.again.clicked.connect(self._count)
        self.cancel.clicked.connect(self.reject)
        self.submit.clicked.connect(self.accept)

    def lay_out(self, title: str, about: str, chooser: QWidget) -> None:
        """Put what is chosen from at the left of what it would do."""
        u = unit()
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        head = QVBoxLayout()
        head.setContentsMargins(5 * u, 4 * u, 5 * u, 3 * u)
        head.setSpacing(u)
        head.addWidget(TextLabel(title, face="title", wraps=True))
        head.addWidget(TextLabel(about, role="muted", wraps=True))
        box.addLayout(head)
        box.addWidget(Hairline())
        middle = QWidget()
        middle.setBackgroundRole(QPalette.ColorRole.Base)
        middle.setAutoFillBackground(True)
        columns = QHBoxLayout(middle)
        columns.setContentsMargins(5 * u, 4 * u, 0, 0)
        columns.setSpacing(0)
        columns.addWidget(chooser, 2)
        columns.addWidget(self.report, 5)
        box.addWidget(middle, 1)
        box.addWidget(Hairline())
        box.addLayout(self._foot())
        self.resize(round(line_height() * 56), round(line_height() * 34))
        self._offer()

    def _foot(self) -> QVBoxLayout:
        u = unit()
        foot = QVBoxLayout()
        foot.setContentsMargins(5 * u, 3 * u, 5 * u, 4 * u)
        foot.setSpacing(2 * u)
        foot.addWidget(self.problem)
        foot.addWidget(self.bar)
        row = QHBoxLayout()
        row.setSpacing(2 * u)
        row.addWidget(self.sentence, 1)
        for button in (self.again, self.stop, self.cancel, self.submit):
            row.addWidget(button)
        foot.addLayout(row)
        return foot

    # What a subclass says.

    def count(self) -> tuple[str, Work] | None:
        """Return the job that counts, with its name, or None while nothing is chosen."""
        raise NotImplementedError

    def show_plan(self, plan: Any) -> None:
        """Say in the report what was counted."""
        raise NotImplementedError

    def work(self, plan: Any) -> tuple[str, Work]:
        """Return the job that does it, with its name."""
        raise NotImplementedError

    def may_go_on(self, plan: Any) -> bool:  # noqa: ARG002 - for subclasses
        """Say whether everything was agreed to that has to be."""
        return True

    def verb(self, plan: Any) -> str:
        """Return what the button says; without a plan, what it will be about."""
        raise NotImplementedError

    # Counting

    def choose(self, *_: object) -> None:
        """Drop what was counted, and count anew once the choice has settled."""
        self._plan = None
        self._is_outdated = self._job is not None
        self._stop_counting()
        self.problem.set_text("")
        self.report.clear()
        self._settling.start()
        self._offer()

    def _count(self) -> None:
        asked = self.count()
        if asked is None or self._job is not None:
            self._offer()
            return
        self.problem.set_text("")
        title, call = asked
        self._is_counting = True
        self._begin(self._tasks.run_long(self, title, call, self._counted, self._not_counted))

    def _counted(self, plan: Any) -> None:
        if self._is_about_something_else():
            return
        self._job, self._plan = None, plan
        self.sentence.setText(self.tr("Nothing has been changed yet."))
        self.report.clear()
        self.show_plan(plan)
        self.report.end()
        self._offer()

    def _is_about_something_else(self) -> bool:
        """Say whether another choice was made while this was counted; that is counted now."""
        if not self._is_outdated:
            return False
        self._job, self._is_outdated = None, False
        self._settling.start()
        return True

    def _not_counted(self, error: UserError) -> None:
        if self._is_about_something_else():
            return
        self._job = None
        if isinstance(error, Cancelled):
            self.sentence.setText(self.tr("Counting was stopped."))
        else:
            self.sentence.setText("")
            self.problem.set_text(str(error))
        self._offer()

    def _stop_counting(self) -> None:
        """Let go of a count that is of no use any more; its answer is not heard."""
        if self._job is not None and self._is_counting:
            self._job.cancel()

    def _stop(self) -> None:
        if self._job is not None:
            self.stop.setEnabled(False)
            self._job.cancel()

    def _begin(self, job: Job) -> None:
        self._job = job
        self.bar.setRange(0, 0)
        job.progressed.connect(self._show_progress)
        self.sentence.setText(f"{job.title}…")
        self.stop.setEnabled(True)
        self._offer()

    def _show_progress(self, done: int, total: int) -> None:
        self.bar.setRange(0, total)
        self.bar.setValue(done)

    def _offer(self) -> None:
        """Show the buttons that can do something now."""
        is_busy, is_working = self._job is not None, self._job is not None and not self._is_counting
        self.bar.setVisible(is_busy)
        self.stop.setVisible(is_busy)
        is_waiting = self._settling.isActive()
        is_unknown = self._plan is None and not is_busy and not is_waiting
        self.again.setVisible(is_unknown and self.count() is not None)
        self.cancel.setEnabled(not is_working)
        self.submit.setText(self.verb(self._plan))
        can_go_on = self._plan is not None and self.may_go_on(self._plan)
        self.submit.setEnabled(can_go_on and not is_busy)

    def agree(self, *_: object) -> None:
        """Look again at whether everything was agreed to."""
        self._offer()

    # Doing

    @override
    def accept(self) -> None:
        if self._job is not None or not self.submit.isEnabled():
            return
        title, call = self.work(self._plan)
        self._is_counting = False
        self.problem.set_text("")
        self._begin(self._tasks.run_long(self, title, call, self._finish, self._refuse))
        self.stop.setFocus()

    def _finish(self, result: Any) -> None:
        self._job = None
        self.done_with.emit(result)
        super().accept()

    def _refuse(self, error: UserError) -> None:
        self._job = None
        is_stopped = isinstance(error, Cancelled)
        self.sentence.setText("")
        self.problem.set_text(
            self.tr("Stopped. Nothing was changed.") if is_stopped else str(error)
        )
        if not is_stopped:
            self._plan = None  # it does not hold any more
        self._offer()

    @override
    def reject(self) -> None:
        """Stop what runs; leave when nothing does."""
        if self._job is not None and not self._is_counting:
            self._stop()
            return
        self._settling.stop()
        self._stop_counting()
        super().reject()


class Report(QScrollArea):
    """What was counted: sentences with pictures, and tables of examples."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName(self.tr("What would happen"))
        self.viewport().setAutoFillBackground(False)
        self.clear()

    def clear(self) -> None:
        body = QWidget()
        self._box = QVBoxLayout(body)
        self._box.setContentsMargins(5 * unit(), unit(), 5 * unit(), 3 * unit())
        self._box.setSpacing(3 * unit())
        self.setWidget(body)
        body.setAutoFillBackground(False)

    def end(self) -> None:
        self._box.addStretch(1)

    def say(self, icon_name: str, role: Role, sentence: str, *, is_title: bool = False) -> None:
        line = QHBoxLayout()
        line.setSpacing(2 * unit())
        line.addWidget(IconLabel(icon_name, role), 0, Qt.AlignmentFlag.AlignTop)
        face: Any = "title" if is_title else "body"
        line.addWidget(TextLabel(sentence, face=face, wraps=True), 1)
        self._box.addLayout(line)

    def add(self, widget: QWidget) -> None:
        self._box.addWidget(widget)

    def add_table(
        self, headings: Sequence[str], widths: Sequence[int], rows: Sequence[Sequence[str]]
    ) -> None:
        """Show a few rows; those that are cut have their whole text as a tip."""
        frame = QFrame()
        frame.setFrameShape(QFrame.Shape.StyledPanel)
        grid = QGridLayout(frame)
        grid.setContentsMargins(3 * unit(), 2 * unit(), 3 * unit(), 2 * unit())
        grid.setHorizontalSpacing(4 * unit())
        grid.setVerticalSpacing(unit())
        for column, heading in enumerate(headings):
            grid.setColumnStretch(column, widths[column])
            grid.addWidget(TextLabel(heading, face="small", role="muted"), 0, column)
        for row, cells in enumerate(rows, start=1):
            for column, words in enumerate(cells):
                role: Role = "text" if column < len(cells) - 1 else "muted"
                grid.addWidget(ElidedLabel(words, role=role), row, column)
        self._box.addWidget(frame)
