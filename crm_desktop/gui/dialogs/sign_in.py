"""Asks who is at the keyboard, for databases on a server; or for their first user."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout, QWidget
from typing_extensions import override

from crm_desktop.domain.errors import Invalid
from crm_desktop.gui.theme import scale, unit
from crm_desktop.gui.widgets.buttons import plain_button, primary_button, set_look
from crm_desktop.gui.widgets.elided_label import TextLabel
from crm_desktop.gui.widgets.fitting_dialog import FittingDialog
from crm_desktop.gui.widgets.form_row import FormRow, ProblemLine

if TYPE_CHECKING:
    from crm_desktop.domain.errors import UserError


class SignInDialog(FittingDialog):
    """Gives address and password to whoever listens; stays open, saying why, when refused."""

    sign_in_requested = Signal(str, str)

    def __init__(self, place: str, email: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._verb, self._working = self.tr("Sign in"), self.tr("Signing in…")
        self.setWindowTitle(self._verb)
        self.email = QLineEdit(email)
        self.password = QLineEdit(echoMode=QLineEdit.EchoMode.Password)
        self.email_row = FormRow(self.tr("E-mail"), self.email)
        self.password_row = FormRow(self.tr("Password"), self.password)
        self.problem = ProblemLine()
        self.sign_in = primary_button(self._verb, icon_name="log-in")
        self.sign_in.setDefault(True)
        self.sign_in.clicked.connect(self._ask)
        cancel = plain_button(self.tr("Cancel"))
        set_look(cancel, "plain")
        cancel.clicked.connect(self.reject)
        buttons = QHBoxLayout()
        buttons.setSpacing(2 * unit())
        buttons.addStretch(1)
        buttons.addWidget(cancel)
        buttons.addWidget(self.sign_in)
        self.heading = TextLabel(
            self.tr("Sign in to {place}").format(place=place), face="title", wraps=True
        )
        self.rows = QVBoxLayout(self)
        self.rows.setContentsMargins(*(5 * unit(),) * 4)
        self.rows.setSpacing(4 * unit())
        self.rows.addWidget(self.heading)
        self.rows.addWidget(self.email_row)
        self.rows.addWidget(self.password_row)
        self.rows.addWidget(self.problem)
        self.rows.addLayout(buttons)
        self.setMinimumWidth(round(scale().line * 24))
        (self.password if email else self.email).setFocus()

    def refuse(self, error: UserError) -> None:
        """Say at the field, or below both, why that did not work; what was typed stays."""
        self._set_busy(is_busy=False)
        problems = dict(error.problems) if isinstance(error, Invalid) else {}
        for name, row in self.rows_by_name().items():
            row.set_problem(problems.pop(name, ""))
        rest = "\n".join(problems.values()) if isinstance(error, Invalid) else str(error)
        self.problem.set_text(rest)
        self.password.setFocus()
        self.password.selectAll()

    def rows_by_name(self) -> dict[str, FormRow]:
        """Return the rows by the names that refusals give them."""
        return {"email": self.email_row, "password": self.password_row}

    def _ask(self) -> None:
        self._set_busy(is_busy=True)
        self.sign_in_requested.emit(self.email.text(), self.password.text())

    def _set_busy(self, *, is_busy: bool) -> None:
        self.sign_in.setEnabled(not is_busy)
        self.sign_in.setText(self._working if is_busy else self._verb)

    @override
    def accept(self) -> None:
        self.password.clear()
        super().accept()


class FirstUserDialog(SignInDialog):
    """Asks for the first user of a database that has none: nobody could sign in otherwise."""

    def __init__(self, place: str, parent: QWidget | None = None) -> None:
        super().__init__(place, "", parent)
        self._verb, self._working = self.tr("Create user"), self.tr("Creating…")
        self.setWindowTitle(self.tr("First user"))
        self.sign_in.setText(self._verb)
        self.heading.setText(self.tr("Who administers {place}?").format(place=place))
        self.name = QLineEdit()
        self.name_row = FormRow(self.tr("Full name"), self.name)
        why = self.tr("This database has no users yet. The first one may do everything.")
        self.rows.insertWidget(1, TextLabel(why, role="muted", wraps=True))
        self.rows.insertWidget(2, self.name_row)
        QWidget.setTabOrder(self.name, self.email)
        self.name.setFocus()

    @override
    def rows_by_name(self) -> dict[str, FormRow]:
        return {**super().rows_by_name(), "full_name": self.name_row}
