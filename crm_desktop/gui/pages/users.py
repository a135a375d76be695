"""The page of the people who may sign in."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ClassVar

from PySide6.QtWidgets import QWidget
from typing_extensions import override

from crm_desktop.domain.changes import Topic
from crm_desktop.gui.dialogs.delete_dialog import DeleteDialog
from crm_desktop.gui.dialogs.deletions import deletion_of_user
from crm_desktop.gui.dialogs.user_dialog import PasswordDialog, UserDialog
from crm_desktop.gui.models.users import UsersModel
from crm_desktop.gui.pages.definitions_page import DefinitionsPage, Words
from crm_desktop.gui.translating import tr
from crm_desktop.services import users
from crm_desktop.services.users import UserDraft, UserSummary

if TYPE_CHECKING:
    from crm_desktop.gui.tasks import Tasks


class UsersPage(DefinitionsPage[UserSummary]):
    topics: ClassVar = frozenset({Topic.USERS})

    def __init__(self, tasks: Tasks, parent: QWidget | None = None) -> None:
        words = Words(tr("Users"), "users", tr("user"), tr("users"), tr("Filter users"))
        super().__init__(tasks, UsersModel(), words, parent)
        self.add_new_button(self.tr("New user"))
        self.add_row_action(self.tr("Edit user…"), "pencil", "F2", self.edit_current)
        self.add_row_action(self.tr("Set password…"), "key-round", "", self.set_password)
        self.deactivate = self.add_row_action(
            self.tr("Deactivate user"), "user-x", "", self.deactivate_current
        )
        self.activate = self.add_row_action(
            self.tr("Activate user"), "user-check", "", self.activate_current
        )
        self.delete = self.add_row_action(
            self.tr("Delete user…"), "trash-2", "Ctrl+Del", self.delete_current
        )
        self.refresh()

    @override
    def request_rows(self, number: int) -> None:
        self._tasks.read(self, users.list_users, partial(self.receive, number), self.fail)

    @override
    def say_empty(self) -> None:
        self.grid.set_empty_state(
            self.tr("No users yet."),
            icon_name="users",
            action=self.tr("New user"),
            on_action=self.create_new,
        )

    @override
    def update_actions(self, row: UserSummary | None) -> None:
        is_other = row is not None and row.id != self._tasks.actor.user_id
        is_active = row is not None and row.is_active
        self.deactivate.setVisible(row is None or is_active)
        self.deactivate.setEnabled(is_other and is_active)
        self.activate.setVisible(row is not None and not is_active)
        self.delete.setEnabled(is_other)

    @override
    def create_new(self) -> None:
        self._open(UserDialog(self._tasks, None, self.window()))

    @override
    def edit_current(self) -> None:
        user = self.current()
        if user is not None:
            self._open(UserDialog(self._tasks, user, self.window()))

    def _open(self, dialog: UserDialog) -> None:
        dialog.stored.connect(self.select)
        self.open_dialog(dialog)

    def set_password(self) -> None:
        user = self.current()
        if user is not None:
            self.open_dialog(PasswordDialog(self._tasks, user, self.window()))

    def deactivate_current(self) -> None:
        """Let the current user sign in no more; one click takes it back."""
        user = self.current()
        if user is not None:
            call = partial(users.deactivate_user, user_id=user.id, version=user.version)
            self._tasks.write(self, call, on_error=self.refused.emit)

    def activate_current(self) -> None:
        user = self.current()
        if user is not None:
            draft = UserDraft(
                email=user.email,
                full_name=user.full_name,
                is_active=True,
                is_verified=user.is_verified,
            )
            call = partial(users.update_user, user_id=user.id, version=user.version, draft=draft)
            self._tasks.write(self, call, on_error=self.refused.emit)

    @override
    def delete_current(self) -> None:
        user = self.current()
        if user is not None:
            self.open_dialog(DeleteDialog(self._tasks, deletion_of_user(user), self.window()))
