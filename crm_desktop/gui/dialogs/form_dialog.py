"""The dialog that every definition is created and edited in: it refuses in place and says why."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut, QShowEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QHBoxLayout,
    QLineEdit,
    QPlainTextEdit,
    QVBoxLayout,
    QWidget,
)
from typing_extensions import override

from crm_desktop.domain.errors import Conflict, Invalid, NotFound, UserError
from crm_desktop.gui.theme import line_height, unit
from crm_desktop.gui.widgets.buttons import danger_button, plain_button, primary_button
from crm_desktop.gui.widgets.elided_label import TextLabel
from crm_desktop.gui.widgets.fitting_dialog import FittingDialog
from crm_desktop.gui.widgets.form_row import FormRow, ProblemLine

if TYPE_CHECKING:
    from crm_desktop.db.database import WriteSession
    from crm_desktop.gui.tasks import Tasks

Call = Callable[["WriteSession"], Any]


@dataclass(frozen=True, slots=True)
class Input:
    """One named question: how its answer is read from the screen and put there."""

    name: str
    row: FormRow
    read: Callable[[], Any]
    show: Callable[[Any], None]


class FormDialog(FittingDialog):
    """Asks, stores on a worker, and stays open with what was typed when that is refused.

    A subclass adds its inputs, shows the stored values with `show_stored`, and says in `call`
    what to run. `stored` carries what the call returned.
    """

    stored = Signal(object)
    feet = 5  # what was refused and why, the buttons, and the question in their place

    def __init__(self, tasks: Tasks, title: str, verb: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.tasks = tasks
        self.inputs: dict[str, Input] = {}
        self.is_busy = False
        self._verb = verb
        self._base: dict[str, Any] = {}
        self._focus_before: QWidget | None = None
        self.body = QVBoxLayout()
        self.body.setSpacing(3 * unit())
        self._content = QWidget()
        self._content.setLayout(self.body)
        self.body.setContentsMargins(0, 0, 0, 0)
        self.problem = ProblemLine()
        self.reload_button = plain_button(
            self.tr("Reload and keep my edits"), icon_name="refresh-cw"
        )
        self.reload_button.hide()
        self.reload_button.clicked.connect(self.reload)
        self._build(title)
        shortcut = QShortcut(QKeySequence("Ctrl+Return"), self)
        shortcut.activated.connect(self.accept)

    def _build(self, title: str) -> None:
        margin = 5 * unit()
        outer = QVBoxLayout(self)
        outer.setContentsMargins(margin, margin, margin, 4 * unit())
        outer.setSpacing(4 * unit())
        self.heading = TextLabel(title, face="title", wraps=True)
        outer.addWidget(self.heading)
        outer.addWidget(self._content, 1)
        self.note = TextLabel(role="muted", wraps=True)
        self.note.hide()
        for part in (self.note, self.problem):
            outer.addWidget(part)
        outer.addWidget(self.reload_button, 0, Qt.AlignmentFlag.AlignLeft)
        self.buttons = self._button_row()
        self._question = self._discard_question()
        outer.addWidget(self.buttons)
        outer.addWidget(self._question)

    def _button_row(self) -> QWidget:
        row = QWidget()
        box = QHBoxLayout(row)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(2 * unit())
        self.cancel = plain_button(self.tr("Cancel"))
        self.submit = primary_button(self._verb)
        self.submit.setDefault(True)
        self.cancel.clicked.connect(self.reject)
        self.submit.clicked.connect(self.accept)
        box.addStretch(1)
        box.addWidget(self.cancel)
        box.addWidget(self.submit)
        return row

    def _discard_question(self) -> QWidget:
        """Build what takes the buttons' place when somebody leaves with edits unsaved."""
        row = QWidget()
        box = QHBoxLayout(row)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(2 * unit())
        box.addWidget(TextLabel(self.tr("Close without saving what you changed?")), 1)
        self.keep_button = plain_button(self.tr("Keep editing"))
        self.discard_button = danger_button(self.tr("Discard changes"))
        self.keep_button.clicked.connect(self._keep_editing)
        self.discard_button.clicked.connect(self._discard)
        box.addWidget(self.keep_button)
        box.addWidget(self.discard_button)
        row.hide()
        return row

    def is_asking(self) -> bool:
        """Say whether the dialog waits to be told what becomes of the edits."""
        return not self._question.isHidden()

    def set_title(self, title: str, heading: str) -> None:
        self.setWindowTitle(title)
        self.heading.setText(heading)

    def set_verb(self, verb: str) -> None:
        self._verb = verb
        self.submit.setText(verb)

    # What a subclass says.

    def call(self) -> Call | None:
        """Return the service call that stores the answers, or None when nothing is to be done.

        May raise Invalid, which is said at the inputs it names.
        """
        raise NotImplementedError

    def load(self) -> None:
        """Read the stored values again and hand them to `merge_stored`; for a thing that exists."""

    # Inputs.

    def add_line(
        self, name: str, label: str, *, hint: str = "", is_required: bool = False
    ) -> QLineEdit:
        line = QLineEdit()
        row = FormRow(label, line, hint=hint, is_required=is_required)
        self.add_input(Input(name, row, line.text, line.setText))
        line.textEdited.connect(lambda: row.set_problem(""))
        return line

    def add_text(self, name: str, label: str, *, hint: str = "", lines: int = 3) -> QPlainTextEdit:
        text = QPlainTextEdit()
        text.setTabChangesFocus(True)
        text.setMinimumHeight(round(line_height() * (lines + 1)))
        text.setMaximumHeight(round(line_height() * (lines + 2)))
        row = FormRow(label, text, hint=hint)
        self.add_input(Input(name, row, text.toPlainText, text.setPlainText))
        return text

    def add_check(self, name: str, label: str, *, hint: str = "") -> QCheckBox:
        check = QCheckBox(label)
        self.add_input(
            Input(name, FormRow("", check, hint=hint), check.isChecked, check.setChecked)
        )
        return check

    def add_input(self, input_: Input) -> None:
        """Take an input in and show it at the end; a subclass may move its row elsewhere."""
        self.inputs[input_.name] = input_
        self.body.addWidget(input_.row)

    def row(self, name: str) -> FormRow:
        return self.inputs[name].row

    def answers(self) -> dict[str, Any]:
        return {name: input_.read() for name, input_ in self.inputs.items()}

    def show_stored(self, values: Mapping[str, Any]) -> None:
        """Show these values; whoever changes nothing afterwards has a clean dialog."""
        for name, value in values.items():
            self.inputs[name].show(value)
        self._base = self.answers()

    def is_changed(self) -> bool:
        return self.answers() != self._base

    # Storing.

    @override
    def accept(self) -> None:
        if self.is_busy or not self.submit.isEnabled():
            return
        self.clear_problems()
        try:
            call = self.call()
        except Invalid as error:
            self.refuse(error)
            return
        if call is None:
            super().accept()
            return
        self.set_busy(busy=True)
        self.tasks.write(self, call, self._stored, self.refuse)

    def _stored(self, result: Any) -> None:
        self.set_busy(busy=False)
        self.stored.emit(result)
        super().accept()

    def refuse(self, error: UserError) -> None:
        """Say why: at the inputs that the error names, and below for everything else."""
        self.set_busy(busy=False)
        rest = dict(error.problems) if isinstance(error, Invalid) else {"": str(error)}
        first: FormRow | None = None
        for name, input_ in self.inputs.items():
            if name in rest:
                input_.row.set_problem(rest.pop(name))
                first = first or input_.row
        rest = self.say_elsewhere(rest)
        self.problem.set_text("\n".join(rest.values()))
        self.reload_button.setVisible(isinstance(error, Conflict) and self.can_reload())
        if isinstance(error, NotFound):
            self.submit.setEnabled(False)
        if first is not None:
            self.bring_to_front(first)
            first.control.setFocus()
        self._make_room()

    def _make_room(self) -> None:
        """Grow where sentences below the inputs need it; nothing is ever cut or overlapped."""
        layout = self.layout()
        if layout is None:
            return
        layout.activate()
        wanted = max(layout.totalHeightForWidth(self.width()), self.minimumSizeHint().height())
        if wanted > self.height():
            self.resize(self.width(), min(wanted, self.screen().availableGeometry().height()))

    def say_elsewhere(self, problems: dict[str, str]) -> dict[str, str]:
        """Say problems at controls that are no inputs; return those that found no place."""
        return problems

    def bring_to_front(self, row: FormRow) -> None:
        """Make the row visible, where a dialog has tabs."""

    def can_reload(self) -> bool:
        return type(self).load is not FormDialog.load

    def clear_problems(self) -> None:
        for input_ in self.inputs.values():
            input_.row.set_problem("")
        self.say_elsewhere({})
        self.problem.set_text("")
        self.note.hide()
        self.reload_button.hide()

    def set_busy(self, *, busy: bool) -> None:
        """Lock the dialog while it stores, and give the focus back afterwards."""
        if busy:
            self._focus_before = self.focusWidget()
        self.is_busy = busy
        self._content.setEnabled(not busy)
        self.submit.setEnabled(not busy)
        self.submit.setText(self.tr("Saving…") if busy else self._verb)
        if not busy and self._focus_before is not None:
            self._focus_before.setFocus()
            self._focus_before = None

    def set_loading(self, *, loading: bool) -> None:
        """Lock the dialog until what it edits has been read."""
        self._content.setEnabled(not loading)
        self.submit.setEnabled(not loading)

    # Meeting what others stored meanwhile.

    def reload(self) -> None:
        self.clear_problems()
        self.load()

    def merge_stored(self, values: Mapping[str, Any]) -> None:
        """Take over what is stored now; what was edited stays, and says what it would replace."""
        base, mine = self._base, self.answers()
        self.show_stored(values)
        theirs = self._base
        clashes = 0
        for name, input_ in self.inputs.items():
            if mine[name] == base[name] or mine[name] == theirs[name]:
                continue
            input_.show(mine[name])
            if theirs[name] != base[name]:
                clashes += 1
                now = self.tr("Changed meanwhile to “{value}”. Saving replaces that.")
                input_.row.set_problem(now.format(value=_shown(theirs[name])))
        changed = sum(theirs[name] != base[name] for name in theirs)
        if changed > clashes:
            self.note.setText(self.tr("What others changed meanwhile is shown now."))
            self.note.show()
        self._make_room()

    # Leaving.

    @override
    def reject(self) -> None:
        if self.is_busy:
            return
        if self.is_asking():
            self._keep_editing()
        elif self.is_changed():
            self.buttons.hide()
            self._question.show()
            self.keep_button.setDefault(True)
            self.keep_button.setFocus()
        else:
            super().reject()

    def _keep_editing(self) -> None:
        self._question.hide()
        self.buttons.show()
        self.submit.setDefault(True)
        if self.inputs:
            next(iter(self.inputs.values())).row.control.setFocus()

    def _discard(self) -> None:
        super().reject()

    @override
    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self.focusWidget() in {None, self.submit}:
            self.focus_first()

    def focus_first(self) -> None:
        for input_ in self.inputs.values():
            if input_.row.control.isEnabled():
                input_.row.control.setFocus()
                return


def _shown(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 60 else f"{text[:59]}…"
