"""What can be done with the views of a list: a menu, and the same commands for the keyboard."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from PySide6.QtCore import QObject, QPoint, Signal, Slot
from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QMenu, QWidget

from crm_desktop.domain.errors import UserError
from crm_desktop.domain.views import TableView, fits_entry
from crm_desktop.gui.actions import fill_groups, without_state
from crm_desktop.gui.icons import icon
from crm_desktop.gui.messages import ask
from crm_desktop.gui.tasks import Tasks
from crm_desktop.gui.theme import Density
from crm_desktop.gui.views.view_button import ViewButton
from crm_desktop.gui.views.view_control import ViewControl
from crm_desktop.services import views
from crm_desktop.services.views import SavedView, ViewDraft


class ViewCommands(QObject):
    """The button, its menu and the actions; they say themselves what they can do now."""

    refused = Signal(object)  # UserError

    def __init__(self, tasks: Tasks, control: ViewControl, owner: QWidget) -> None:
        super().__init__(owner)
        self._tasks, self._control, self._owner = tasks, control, owner
        self.button = ViewButton(owner)
        self.button.clicked.connect(self.open_menu)
        self._make_actions()
        self._make_densities()
        control.changed.connect(self._follow)
        self._follow()

    def _make_actions(self) -> None:
        self.list_action = self._action(self.tr("Views…"), "bookmark", self.open_menu)
        self.list_action.setShortcut(QKeySequence("F4"))
        self.save_action = self._action(self.tr("Save view"), "save", self.save)
        self.save_as_action = self._action(self.tr("Save view as…"), "copy-plus", self.save_as)
        self.rename_action = self._action(self.tr("Rename view…"), "text-cursor", self.rename)
        self.duplicate_action = self._action(self.tr("Duplicate view…"), "copy", self.duplicate)
        self.default_action = self._action(
            self.tr("Make this view the default"), "star", self.make_default
        )
        self.up_action = self._action(self.tr("Move view up"), "arrow-up", partial(self.move, -1))
        self.down_action = self._action(
            self.tr("Move view down"), "arrow-down", partial(self.move, 1)
        )
        self.discard_action = self._action(
            self.tr("Discard changes to view"), "undo-2", self._control.discard
        )
        self.delete_action = self._action(self.tr("Delete view…"), "trash-2", self.delete)
        self._own = (self.rename_action, self.up_action, self.down_action, self.delete_action)

    def _make_densities(self) -> None:
        self._densities = QActionGroup(self)
        for density, text in (
            (Density.COMPACT, self.tr("Rows: compact")),
            (Density.NORMAL, self.tr("Rows: normal")),
            (Density.ROOMY, self.tr("Rows: roomy")),
        ):
            change = partial(self._control.arrangement.set_density, density)
            action = self._action(text, "", change)
            action.setCheckable(True)
            action.setData(density)
            self._densities.addAction(action)

    def _action(self, text: str, icon_name: str, act: Callable[[], object]) -> QAction:
        action = QAction(text, self)
        if icon_name:  # a switch shows its check mark instead
            action.setIcon(icon(icon_name))
            action.setProperty("icon_name", icon_name)
        action.triggered.connect(partial(without_state, act))
        return action

    def actions(self) -> list[QAction]:
        """Return everything that has a name, for menus and the palette."""
        return [each for each in self.findChildren(QAction) if each.text()]

    @Slot()
    def _follow(self) -> None:
        """Name the view that is shown, and offer what fits it."""
        control, view = self._control, self._control.current
        is_changed = control.is_changed
        self.button.show_view(self._name(view), is_changed=is_changed)
        self.save_action.setEnabled(is_changed)
        self.discard_action.setEnabled(is_changed)
        for action in self._own:
            action.setEnabled(view is not None and not view.lock)
        self.duplicate_action.setEnabled(view is not None)
        for action, end in ((self.up_action, 0), (self.down_action, -1)):
            if view is not None and control.views[end].id == view.id:
                action.setEnabled(False)
        has_default = any(each.is_default for each in control.views)
        is_default = has_default if view is None else not view.is_default
        self.default_action.setEnabled(is_default)
        for action in self._densities.actions():
            action.setChecked(action.data() == control.arrangement.density)

    def _name(self, view: TableView | None) -> str:
        return self.tr("All records") if view is None else view.name

    # The menu

    @Slot()
    def open_menu(self) -> None:
        """Offer the views and what can be done with the one that is shown, by keyboard too."""
        menu = self.menu()
        menu.popup(self.button.mapToGlobal(QPoint(0, self.button.height())))
        current = [action for action in menu.actions() if action.isChecked()]
        menu.setActiveAction((current or menu.actions())[0])

    def menu(self) -> QMenu:
        """Build the menu of the button; it goes when it is closed."""
        menu = QMenu(self.button)
        menu.setToolTipsVisible(True)
        menu.aboutToHide.connect(menu.deleteLater)
        group = QActionGroup(menu)
        has_default = any(view.is_default for view in self._control.views)
        self._offer(menu, group, "", self._name(None), is_default=not has_default)
        for view in self._control.views:
            action = self._offer(menu, group, view.id, view.name, is_default=view.is_default)
            notes = [view.problem, view.lock]
            if view.is_only_here:
                notes.append(self.tr("Other programs do not see it: its filter has groups."))
            action.setToolTip(" ".join(filter(None, notes)) or view.name)
        fill_groups(menu, self.groups())
        return menu

    def groups(self) -> list[list[QAction]]:
        """Return what can be done with a view, as it stands in menus."""
        return [
            [self.save_action, self.save_as_action, self.discard_action],
            [self.rename_action, self.duplicate_action, self.default_action],
            [self.up_action, self.down_action, self.delete_action],
            self._densities.actions(),
        ]

    def _offer(
        self, menu: QMenu, group: QActionGroup, view_id: str, name: str, *, is_default: bool
    ) -> QAction:
        text = name.replace("&", "&&")
        action = QAction(text + self.tr("  (default)") if is_default else text, menu)
        action.setCheckable(True)
        now = self._control.current
        action.setChecked(view_id == (now.id if now else ""))
        action.triggered.connect(partial(without_state, partial(self._control.show, view_id)))
        group.addAction(action)
        menu.addAction(action)
        return action

    # Saving

    def save(self) -> None:
        """Store what is shown in the view; where there is none, or it is locked, in a new one."""
        view = self._control.current
        if view is None or view.lock:
            self.save_as()
        elif not fits_entry(self._control.settings_to_save()) and not view.is_only_here:
            ask(
                self._owner.window(),
                self.tr("Save view"),
                self.tr(
                    "Other programs cannot show this filter: it has groups, or asks for links."
                ),
                self.tr("Saved with it, “{}” is no longer among their views, only here.").replace(
                    "{}", view.name
                ),
                self.tr("Save here only"),
                partial(self._save, view),
            )
        else:
            self._save(view)

    def _save(self, view: TableView) -> None:
        call = partial(
            views.update_view,
            object_id=self._control.object_id,
            old=view,
            settings=self._control.settings_to_save(),
        )
        self._tasks.write(self, call, self._saved, self._refuse)

    def _saved(self, saved: SavedView) -> None:
        if saved.left_out:
            self.refused.emit(UserError(saved.left_out))

    def _refuse(self, error: UserError) -> None:
        self.refused.emit(error)
        self._control.reload()

    def save_as(self) -> None:
        """Ask for a name, and store what is shown as a view of that name."""
        hint = ""
        settings = self._control.arrangement.settings()
        if not fits_entry(settings):
            hint = self.tr("Other programs will not see this view: its filter has groups or links.")
        make = partial(_create, self._control.object_id, settings)
        self._ask_name(self.tr("Save view"), self.tr("Save"), make, "", hint, self._made)

    def rename(self) -> None:
        view = self._control.current
        if view is not None:
            make = partial(_rename, self._control.object_id, view)
            self._ask_name(self.tr("Rename view"), self.tr("Rename"), make, view.name, "", None)

    def duplicate(self) -> None:
        """Make a copy of the view as it is stored."""
        view = self._control.current
        if view is not None:
            make = partial(_duplicate, self._control.object_id, view)
            name = self.tr("Copy of {}").replace("{}", view.name)
            title, verb = self.tr("Duplicate view"), self.tr("Duplicate")
            self._ask_name(title, verb, make, name, "", self._copied)

    def _ask_name(
        self,
        title: str,
        verb: str,
        make: Callable[[ViewDraft], Any],
        name: str,
        hint: str,
        then: Callable[[SavedView], None] | None,
    ) -> None:
        from crm_desktop.gui.views.name_dialog import ViewNameDialog

        dialog = ViewNameDialog(self._tasks, title, verb, make, name, hint, self._owner.window())
        if then is not None:
            dialog.stored.connect(then)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _made(self, saved: SavedView) -> None:
        self._control.show_when_read(saved.id)
        self._saved(saved)

    def _copied(self, saved: SavedView) -> None:
        self._control.discard()
        self._made(saved)

    # Order, default, deleting

    def make_default(self) -> None:
        view = self._control.current
        call = partial(
            views.set_default_view,
            object_id=self._control.object_id,
            view_id=view.id if view else "",
        )
        self._tasks.write(self, call, on_error=self.refused.emit)

    def move(self, step: int) -> None:
        """Move the view up (-1) or down (1) in the list of views."""
        view, ids = self._control.current, [view.id for view in self._control.views]
        if view is None or not 0 <= ids.index(view.id) + step < len(ids):
            return
        place = ids.index(view.id)
        ids[place], ids[place + step] = ids[place + step], ids[place]
        call = partial(views.reorder_views, object_id=self._control.object_id, view_ids=ids)
        self._tasks.write(self, call, on_error=self._refuse)

    def delete(self) -> None:
        """Say what is lost, and delete the view where that is wanted."""
        view = self._control.current
        if view is None:
            return
        settings = view.settings
        lost = self.tr("Lost for everybody: {columns} columns, {filters} filters, {sorts} sorts.")
        lost = (
            lost.replace("{columns}", str(len(settings.columns)))
            .replace("{filters}", str(len(settings.filters)))
            .replace("{sorts}", str(len(settings.sort)))
        )
        ask(
            self._owner.window(),
            self.tr("Delete view"),
            self.tr("Delete the view “{}”?").replace("{}", view.name),
            lost + self.tr(" Records are not touched. This cannot be undone."),
            self.tr("Delete view"),
            partial(self._delete, view),
            danger=True,
        )

    def _delete(self, view: TableView) -> None:
        call = partial(views.delete_view, object_id=self._control.object_id, old=view)
        self._tasks.write(self, call, partial(self._deleted, view.id), self._refuse)

    def _deleted(self, view_id: str, _: None) -> None:
        current = self._control.current
        if current is not None and current.id == view_id:
            self._control.show("")


def _create(object_id: str, settings: Any, draft: ViewDraft) -> Any:
    return partial(views.create_view, object_id=object_id, draft=draft, settings=settings)


def _rename(object_id: str, view: TableView, draft: ViewDraft) -> Any:
    return partial(views.rename_view, object_id=object_id, old=view, draft=draft)


def _duplicate(object_id: str, view: TableView, draft: ViewDraft) -> Any:
    return partial(views.duplicate_view, object_id=object_id, old=view, draft=draft)
