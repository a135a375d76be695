"""The button that names the form that is shown, and the menu of what can be done with forms."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from PySide6.QtCore import QObject, QPoint, Qt, Signal
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMenu, QWidget

from crm_desktop.domain.layout_forms import FormEntry
from crm_desktop.gui.icons import icon
from crm_desktop.gui.layout_editor.state import LayoutState
from crm_desktop.gui.layout_editor.words import shortened
from crm_desktop.gui.messages import ask
from crm_desktop.gui.tasks import Tasks
from crm_desktop.gui.views.name_dialog import ViewNameDialog
from crm_desktop.gui.widgets.buttons import snug_button
from crm_desktop.services import forms
from crm_desktop.services.forms import FormDraft
from crm_desktop.services.views import ViewDraft

_LONGEST = 24  # letters of a form's name on its button


class FormMenu(QObject):
    """One form of an object is shown everywhere, and edited here; choosing another shows that."""

    refused = Signal(object)  # UserError
    refused_kindly = Signal(str)  # why something is not done

    def __init__(self, tasks: Tasks, state: LayoutState, page: QWidget) -> None:
        super().__init__(page)
        self._tasks, self._state, self._page = tasks, state, page
        self.button = snug_button("")
        self.button.setAccessibleDescription(self.tr("The form of this object that is shown"))
        self.menu_action = self._action(self.tr("Forms…"), "layout-list", self.open_menu)
        page.addAction(self.menu_action)
        self.new_action = self._action(self.tr("New form…"), "plus", self.add)
        self.copy_action = self._action(self.tr("Duplicate form…"), "copy", self.duplicate)
        self.rename_action = self._action(self.tr("Rename form…"), "pencil", self.rename)
        self.delete_action = self._action(self.tr("Delete form…"), "trash-2", self.delete)
        self.button.clicked.connect(self.open_menu)
        state.changed.connect(self._follow)

    def _action(self, text: str, icon_name: str, act: Callable[[], object]) -> QAction:
        action = QAction(icon(icon_name), text, self)
        action.setProperty("icon_name", icon_name)
        action.triggered.connect(act)
        return action

    def forms(self) -> tuple[FormEntry, ...]:
        return self._state.stored.forms if self._state.stored else ()

    def shown(self) -> FormEntry | None:
        return next((each for each in self.forms() if each.is_shown), None)

    def _follow(self) -> None:
        form = self.shown()
        name = self.tr("No form yet") if form is None else form.name
        shown = shortened(name, _LONGEST).replace("&", "&&")
        self.button.setText(self.tr("{0}  ▾").format(shown))
        self.button.setAccessibleName(self.tr("Form: {0}").format(name))
        for action in (self.copy_action, self.rename_action, self.delete_action):
            action.setEnabled(form is not None)

    def open_menu(self) -> None:
        """Offer the forms, and what can be done with the one that is shown, by keyboard too."""
        menu = QMenu(self.button)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        group = QActionGroup(menu)
        for form in self.forms():
            action = QAction(form.name.replace("&", "&&"), menu)
            action.setCheckable(True)
            action.setChecked(form.is_shown)
            action.triggered.connect(partial(_run, partial(self.show_form, form)))
            group.addAction(action)
            menu.addAction(action)
        menu.addSeparator()
        menu.addActions([self.new_action, self.copy_action, self.rename_action])
        menu.addAction(self.delete_action)
        menu.popup(self.button.mapToGlobal(QPoint(0, self.button.height())))
        menu.setActiveAction(menu.actions()[0])

    def _has_changes(self) -> bool:
        """Say why another form cannot be shown now, where something is not saved."""
        if self._state.draft.is_changed:
            self.refused_kindly.emit(self.tr("Save or revert what you changed in this form first."))
        return self._state.draft.is_changed

    def show_form(self, form: FormEntry) -> None:
        if not form.is_shown and not self._has_changes():
            self._write(partial(forms.show_form, object_id=self._state.object_id, form=form))

    def add(self) -> None:
        if not self._has_changes():
            title, verb = self.tr("New form"), self.tr("Create")
            hint = self.tr("It begins with all fields in one section, and is shown from then on.")
            self._ask_name(title, verb, partial(_add, self._state.object_id), "", hint)

    def duplicate(self) -> None:
        form = self.shown()
        if form is not None and not self._has_changes():
            make = partial(_duplicate, self._state.object_id, form)
            name = self.tr("Copy of {0}").format(form.name)
            self._ask_name(self.tr("Duplicate form"), self.tr("Duplicate"), make, name)

    def rename(self) -> None:
        form = self.shown()
        if form is not None:
            make = partial(_rename, self._state.object_id, form)
            self._ask_name(self.tr("Rename form"), self.tr("Rename"), make, form.name)

    def delete(self) -> None:
        """Ask before the form goes, with what goes and what stays."""
        form = self.shown()
        if form is None or self._has_changes():
            return
        others = [each.name for each in self.forms() if not each.is_shown]
        left = self.tr("One of the {0} other forms is shown then.").format(len(others))
        none = self.tr("The fields stand in one section then.")
        sections = self.tr("Its {0} sections go with it; fields and values stay.")
        ask(
            self._page.window(),
            self.tr("Delete form"),
            self.tr("Delete the form “{0}”?").format(form.name),
            f"{sections.format(form.sections)} {left if others else none}",
            self.tr("Delete"),
            partial(
                self._write,
                partial(forms.delete_form, object_id=self._state.object_id, form=form),
            ),
        )

    def _write(self, call: Callable[..., None]) -> None:
        self._tasks.write(self, call, on_error=self.refused.emit)

    def _ask_name(
        self, title: str, verb: str, make: Callable[[ViewDraft], Any], name: str, hint: str = ""
    ) -> None:
        dialog = ViewNameDialog(self._tasks, title, verb, make, name, hint, self._page.window())
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()


def _run(act: Callable[[], object], *_: object) -> None:
    act()


def _add(object_id: str, draft: ViewDraft) -> Any:
    return partial(forms.add_form, object_id=object_id, draft=FormDraft(name=draft.name))


def _duplicate(object_id: str, form: FormEntry, draft: ViewDraft) -> Any:
    named = FormDraft(name=draft.name)
    return partial(forms.duplicate_form, object_id=object_id, form=form, draft=named)


def _rename(object_id: str, form: FormEntry, draft: ViewDraft) -> Any:
    named = FormDraft(name=draft.name)
    return partial(forms.rename_form, object_id=object_id, form=form, draft=named)
