"""Asks before something is deleted: counts first what goes with it, and answers No by default."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout, QWidget
from typing_extensions import override

from crm_desktop.domain.errors import Cancelled, UserError
from crm_desktop.gui.impact.tree_panel import ImpactPanel
from crm_desktop.gui.theme import line_height, unit
from crm_desktop.gui.widgets.buttons import danger_button, plain_button
from crm_desktop.gui.widgets.elided_label import TextLabel
from crm_desktop.gui.widgets.fitting_dialog import FittingDialog
from crm_desktop.gui.widgets.form_row import FormRow, ProblemLine
from crm_desktop.gui.widgets.icon_label import IconLabel

if TYPE_CHECKING:
    from crm_desktop.db.database import ReadSession, WriteSession
    from crm_desktop.domain.impact_nodes import Counted, Node
    from crm_desktop.gui.impact.studies import Study
    from crm_desktop.gui.jobs import Job, Progress
    from crm_desktop.gui.tasks import Tasks


@dataclass(frozen=True, slots=True)
class Consequences:
    """What a deletion means, in sentences; `blocked_by` says why it cannot be done.

    What is known only once it has been counted takes the place of the deletion's own: what the
    button says, what must be typed, and what deletes no more than what was counted.
    """

    effects: Sequence[str]
    blocked_by: str = ""
    verb: str = ""
    typed_name: str = ""
    delete: Callable[[WriteSession], Any] | None = None


@dataclass(frozen=True, slots=True)
class Deletion:
    """What is to be deleted. With `typed_name` the user must type exactly that.

    What may take long has a `job`, its name in the status bar; it can be stopped, and short
    writes do not wait for it. `is_upkeep`: `delete` takes an UpkeepSession, outside transactions.
    With a `study` the tree of what depends on it is shown, and its facts are what was counted;
    everything else has a `count`. `further` makes a sentence of the whole tree, "" for none. In
    production `name` must be typed as well.
    """

    title: str
    verb: str
    describe: Callable[[Any], Consequences]
    delete: Callable[[Any], Any]
    count: Callable[[ReadSession], Any] | None = None
    study: Study | None = None
    further: Callable[[Node], str] | None = None
    name: str = ""
    typed_name: str = ""
    job: str = ""
    is_upkeep: bool = False


class DeleteDialog(FittingDialog):
    """The question; `deleted` when it was done. It stays open, saying why, when that is refused."""

    deleted = Signal()

    def __init__(self, tasks: Tasks, deletion: Deletion, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tasks, self._deletion = tasks, deletion
        self._may, self._is_busy = False, False
        self._job: Job | None = None
        self._verb, self._delete = deletion.verb, deletion.delete
        self._typed_name = ""
        is_production = parent is not None and bool(parent.window().property("is_production"))
        self._must_type = deletion.typed_name or (deletion.name if is_production else "")
        self.setWindowTitle(deletion.title)
        self.effects = TextLabel(self.tr("Counting what goes with it…"), wraps=True)
        self.problem = ProblemLine()
        self.typed = QLineEdit()
        self.typed.textChanged.connect(self._update)
        self.cancel = plain_button(self.tr("Cancel"))
        self.submit = danger_button(deletion.verb)
        self.panel = ImpactPanel(tasks) if deletion.study else None
        self._lay_out()
        self._update()
        if self.panel is not None and deletion.study:
            self.panel.counted.connect(self._show_counted)
            self.panel.finished.connect(self._say_further)
            self.panel.failed.connect(self._fail)
            self.panel.refused.connect(self._show_problem)
            self.panel.start(deletion.study)
        elif deletion.count:
            tasks.read(self, deletion.count, self._show_counts, self._fail)

    def _lay_out(self) -> None:
        u = unit()
        box = QVBoxLayout(self)
        box.setContentsMargins(5 * u, 5 * u, 5 * u, 4 * u)
        box.setSpacing(3 * u)
        head = QHBoxLayout()
        head.setSpacing(2 * u)
        head.addWidget(IconLabel("triangle-alert", "danger"))
        head.addWidget(TextLabel(self._deletion.title, face="title", wraps=True), 1)
        box.addLayout(head)
        box.addWidget(self.effects)
        if self.panel is not None:
            box.addWidget(self.panel, 1)
        self._typing = FormRow(self.tr("Type “{name}” to confirm"), self.typed)
        box.addWidget(self._typing)
        self._ask_to_type(self._must_type)
        box.addWidget(self.problem)
        if self.panel is None:
            box.addStretch(1)
        row = QHBoxLayout()
        row.setSpacing(2 * u)
        row.addStretch(1)
        row.addWidget(self.cancel)
        row.addWidget(self.submit)
        box.addLayout(row)
        self.cancel.setDefault(True)
        self.cancel.setProperty("look", "plain")
        self.cancel.clicked.connect(self.reject)
        self.submit.clicked.connect(self.accept)
        self.setMinimumWidth(round(line_height() * (28 if self.panel is None else 34)))
        if self.panel is not None:
            self.resize(round(line_height() * 54), round(line_height() * 31))
        (self.typed if self._typed_name else self.cancel).setFocus()

    def _ask_to_type(self, name: str) -> None:
        self._typed_name = name
        ask = self.tr("Type “{name}” to confirm").format(name=name)
        self._typing.label.setText(ask.replace("&", "&&"))
        self.typed.setAccessibleName(ask)
        self._typing.setVisible(bool(name))

    def _show_counted(self, counted: Counted) -> None:
        self._show_counts(counted.facts)

    def _say_further(self, root: Node) -> None:
        words = self._deletion.further(root) if self._deletion.further else ""
        if words:
            first, *others = self.effects.text().split("\n")
            self.effects.setText("\n".join([first, words, *others]))

    def _show_counts(self, counted: Any) -> None:
        consequences = self._deletion.describe(counted)
        self._verb = consequences.verb or self._verb
        self._delete = consequences.delete or self._delete
        self.submit.setText(self._verb)
        if consequences.typed_name and not consequences.blocked_by:
            self._ask_to_type(consequences.typed_name)
            self.typed.setFocus()
        if consequences.blocked_by:
            self._ask_to_type("")
        self.effects.setText("\n".join(consequences.effects))
        self.effects.setVisible(bool(consequences.effects))
        self.problem.set_text(consequences.blocked_by)
        self._may = not consequences.blocked_by
        self._update()
        if self.panel is None:
            self.adjustSize()

    def _fail(self, error: UserError) -> None:
        self.effects.hide()
        self._show_problem(error)

    def _show_problem(self, error: UserError) -> None:
        self.problem.set_text(str(error))

    def _update(self) -> None:
        is_typed = self.typed.text().strip() == self._typed_name.strip()
        self.submit.setEnabled(self._may and is_typed and not self._is_busy)

    @override
    def accept(self) -> None:
        if not self.submit.isEnabled():
            return
        self._set_busy(busy=True)
        if self._deletion.job:
            call = partial(_without_progress, self._delete)
            run = self._tasks.maintain if self._deletion.is_upkeep else self._tasks.run_long
            self._job = run(self, self._deletion.job, call, self._deleted, self._refuse)
        else:
            self._tasks.write(self, self._delete, self._deleted, self._refuse)

    def _deleted(self, _: object) -> None:
        self.deleted.emit()
        super().accept()

    def _refuse(self, error: UserError) -> None:
        self._job = None
        self._set_busy(busy=False)
        if isinstance(error, Cancelled):
            self.problem.set_text(self.tr("Stopped. Nothing was deleted."))
        else:
            self.problem.set_text(str(error))

    def _set_busy(self, *, busy: bool) -> None:
        self._is_busy = busy
        self.submit.setText(self.tr("Deleting…") if busy else self._verb)
        self.typed.setEnabled(not busy)
        self.cancel.setEnabled(not busy or bool(self._deletion.job))
        self._update()

    @override
    def reject(self) -> None:
        """Leave; while a long deletion runs, stop that first."""
        if self._job is not None:
            self.cancel.setEnabled(False)
            self._job.cancel()
        elif not self._is_busy:
            super().reject()

    @override
    def done(self, result: int) -> None:
        if self.panel is not None:
            self.panel.stop()
        super().done(result)


def _without_progress(delete: Callable[[Any], Any], session: WriteSession, _: Progress) -> Any:
    """Run one statement that takes everything along: there is no progress to tell."""
    return delete(session)


def listed(labels: Sequence[str], most: int = 5) -> str:
    """Return the labels in quotes for use in a sentence; many are counted."""
    shown = [f"“{label}”" for label in labels[:most]]
    if len(labels) > most:
        shown.append(f"{len(labels) - most:,} more")
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"


def counted(count: int, one: str, many: str) -> str:
    """Return a number with its noun: “1 record”, “2,500 records”."""
    return f"{count:,} {one if count == 1 else many}"
