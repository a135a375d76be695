"""The dialogs that create and edit a user, and set a password."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QLineEdit, QWidget
from typing_extensions import override

from crm_desktop.domain.errors import Invalid
from crm_desktop.gui.dialogs.form_dialog import Call, FormDialog
from crm_desktop.gui.icons import icon
from crm_desktop.gui.theme import line_height
from crm_desktop.services import users
from crm_desktop.services.users import UserDraft, UserSummary

if TYPE_CHECKING:
    from crm_desktop.gui.tasks import Tasks

NEW = {"full_name": "", "email": "", "is_active": True, "is_verified": False, "password": ""}


def hide_password(line: QLineEdit) -> None:
    """Show dots, with an eye at the end that shows what was typed."""
    line.setEchoMode(QLineEdit.EchoMode.Password)
    eye = QAction(icon("eye", "muted"), "", line)
    eye.setToolTip(line.tr("Show the password"))
    eye.setCheckable(True)
    line.addAction(eye, QLineEdit.ActionPosition.TrailingPosition)

    def show(is_shown: bool) -> None:  # noqa: FBT001 - a signal's argument
        mode = QLineEdit.EchoMode
        line.setEchoMode(mode.Normal if is_shown else mode.Password)
        eye.setIcon(icon("eye-off" if is_shown else "eye", "muted"))

    eye.toggled.connect(show)


class UserDialog(FormDialog):
    """`stored` carries the id of the user who was created, None after an edit."""

    def __init__(
        self, tasks: Tasks, user: UserSummary | None = None, parent: QWidget | None = None
    ) -> None:
        super().__init__(tasks, "", "", parent)
        self.user = user
        title = self.tr("New user") if user is None else self.tr("Edit user")
        self.set_title(title, title if user is None else user.full_name)
        self.set_verb(self.tr("Create user") if user is None else self.tr("Save user"))
        self.add_line("full_name", self.tr("Full name"), is_required=True)
        self.add_line("email", self.tr("E-mail"), is_required=True)
        hint = (
            self.tr("At least 8 characters. Left empty, nobody can sign in until one is set.")
            if user is None
            else self.tr("Left empty, the password stays as it is.")
        )
        label = self.tr("Password") if user is None else self.tr("New password")
        self.password = self.add_line("password", label, hint=hint)
        hide_password(self.password)
        self.add_check("is_active", self.tr("May sign in"))
        self.add_check("is_verified", self.tr("E-mail address is verified"))
        if user is not None and user.id == tasks.actor.user_id:
            active = self.row("is_active")
            active.control.setEnabled(False)
            active.set_hint(self.tr("This is you: only somebody else can deactivate you."))
        self.show_stored(NEW if user is None else _values_of(user))
        self.setMinimumWidth(round(line_height() * 26))

    @override
    def call(self) -> Call:
        answers = self.answers()
        answers["password"] = answers["password"] or None
        draft = UserDraft(**answers)
        if self.user is None:
            return partial(users.create_user, draft=draft)
        return partial(
            users.update_user, user_id=self.user.id, version=self.user.version, draft=draft
        )

    @override
    def load(self) -> None:
        if self.user is not None:
            call = partial(users.get_user, user_id=self.user.id)
            self.tasks.read(self, call, self._merge, self.refuse)

    def _merge(self, now: UserSummary) -> None:
        self.user = now
        self.merge_stored(_values_of(now))


class PasswordDialog(FormDialog):
    """Sets a user's password; it is typed twice, and never shown unless asked for."""

    def __init__(self, tasks: Tasks, user: UserSummary, parent: QWidget | None = None) -> None:
        super().__init__(tasks, "", "", parent)
        self.user = user
        title = self.tr("Set a password for {name}").format(name=user.full_name)
        self.set_title(self.tr("Set password"), title)
        self.set_verb(self.tr("Set password"))
        self.password = self.add_line(
            "password", self.tr("New password"), hint=self.tr("At least 8 characters")
        )
        self.again = self.add_line("again", self.tr("Once more"))
        for line in (self.password, self.again):
            hide_password(line)
        self.show_stored({"password": "", "again": ""})
        self.setMinimumWidth(round(line_height() * 24))

    @override
    def call(self) -> Call:
        answers = self.answers()
        if not answers["password"]:
            raise Invalid({"password": self.tr("Enter a password.")})
        if answers["password"] != answers["again"]:
            raise Invalid({"again": self.tr("The two are not the same.")})
        user = self.user
        draft = UserDraft(
            email=user.email,
            full_name=user.full_name,
            is_active=user.is_active,
            is_verified=user.is_verified,
            password=answers["password"],
        )
        return partial(users.update_user, user_id=user.id, version=user.version, draft=draft)

    @override
    def load(self) -> None:
        call = partial(users.get_user, user_id=self.user.id)
        self.tasks.read(self, call, self._take, self.refuse)

    def _take(self, now: UserSummary) -> None:
        self.user = now


def _values_of(user: UserSummary) -> dict[str, Any]:
    return {
        "full_name": user.full_name,
        "email": user.email,
        "is_active": user.is_active,
        "is_verified": user.is_verified,
        "password": "",
    }
