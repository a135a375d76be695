"""Asks who is at the keyboard, for databases on a server."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget
from typing_extensions import override

from crm_desktop.domain.errors import Invalid
from crm_desktop.gui.theme import scale, unit
from crm_desktop.gui.widgets.buttons import plain_button, primary_button, set_look
from crm_desktop.gui.widgets.elided_label import TextLabel
from crm_desktop.gui.widgets.form_row import FormRow, ProblemLine

if TYPE_CHECKING:
    from crm_desktop.domain.errors import UserError


class SignInDialog(QDialog):
    """Gives address and password to whoever listens; stays open, saying why, when refused."""

    sign_in_requested = Signal(str, str)

    def __init__(self, place: str, email: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Sign in")
        self.email = QLineEdit(email)
        self.password = QLineEdit(echoMode=QLineEdit.EchoMode.Password)
        self.email_row = FormRow("E-mail", self.email)
        self.password_row = FormRow("Password", self.password)
        self.problem = ProblemLine()
        self.sign_in = primary_button("Sign in", icon_name="log-in")
        self.sign_in.setDefault(True)
        self.sign_in.clicked.connect(self._ask)
        cancel = plain_button("Cancel")
        set_look(cancel, "plain")
        cancel.clicked.connect(self.reject)
        buttons = QHBoxLayout()
        buttons.setSpacing(2 * unit())
        buttons.addStretch(1)
        buttons.addWidget(cancel)
        buttons.addWidget(self.sign_in)
        column = QVBoxLayout(self)
        column.setContentsMargins(*(5 * unit(),) * 4)
        column.setSpacing(4 * unit())
        column.addWidget(TextLabel(f"Sign in to {place}", face="title", wraps=True))
        column.addWidget(self.email_row)
        column.addWidget(self.password_row)
        column.addWidget(self.problem)
        column.addLayout(buttons)
        self.setMinimumWidth(round(scale().line * 24))
        (self.password if email else self.email).setFocus()

    def refuse(self, error: UserError) -> None:
        """Say at the field, or below both, why that did not work; what was typed stays."""
        self._set_busy(is_busy=False)
        problems = dict(error.problems) if isinstance(error, Invalid) else {}
        self.email_row.set_problem(problems.pop("email", ""))
        self.password_row.set_problem(problems.pop("password", ""))
        rest = "\n".join(problems.values()) if isinstance(error, Invalid) else str(error)
        self.problem.set_text(rest)
        self.password.setFocus()
        self.password.selectAll()

    def _ask(self) -> None:
        self._set_busy(is_busy=True)
        self.sign_in_requested.emit(self.email.text(), self.password.text())

    def _set_busy(self, *, is_busy: bool) -> None:
        self.sign_in.setEnabled(not is_busy)
        self.sign_in.setText("Signing in…" if is_busy else "Sign in")

    @override
    def accept(self) -> None:
        self.password.clear()
        super().accept()
