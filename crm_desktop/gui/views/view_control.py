"""Which view a list shows, and whether somebody changed something in it that is not saved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from PySide6.QtCore import QObject, Signal, Slot

from crm_desktop.domain.changes import Change, Topic
from crm_desktop.domain.errors import UserError
from crm_desktop.domain.field_types import EffectiveField
from crm_desktop.domain.views import (
    TableView,
    ViewSettings,
    read_settings,
    settings_json,
    to_be_saved,
)
from crm_desktop.gui.tasks import Tasks
from crm_desktop.gui.views.arrangement import Arrangement
from crm_desktop.services import views
from crm_desktop.services.views import ViewList

ALL = ViewSettings()


class ViewControl(QObject):
    """Shows views in a list, and keeps what a person changed until it is saved or given up.

    Without a view the list shows all records with the columns of the layout.
    """

    changed = Signal()  # the view, its name, or whether it was changed
    refused = Signal(object)  # UserError

    def __init__(self, tasks: Tasks, object_id: str, arrangement: Arrangement) -> None:
        super().__init__(arrangement)
        self._tasks, self.object_id, self.arrangement = tasks, object_id, arrangement
        self._list = ViewList(())
        self._current_id = ""
        self._wanted: str | None = None  # the view that was just made
        self._personal: Mapping[str, Any] | None = None
        self._is_begun = False
        arrangement.changed.connect(self._note_change)
        tasks.changed.connect(self._reload_if_touched)

    @property
    def views(self) -> tuple[TableView, ...]:
        return self._list.views

    @property
    def limit(self) -> str:
        """What keeps the database from storing all of a view; "" if nothing does."""
        return self._list.limit

    @property
    def current(self) -> TableView | None:
        return self.find(self._current_id)

    @property
    def is_changed(self) -> bool:
        """Whether the list is shown otherwise than its view says."""
        if not self._is_begun:
            return False
        return self.arrangement.settings() != self.arrangement.settled(self._base())

    def find(self, view_id: str) -> TableView | None:
        return next((view for view in self._list.views if view.id == view_id), None)

    def _base(self) -> ViewSettings:
        return ALL if self.current is None else self.current.settings

    def settings_to_save(self) -> ViewSettings:
        """Return what the list shows; what says the same in the view as it is stored."""
        now, base = self.arrangement.settings(), self._base()
        if self.current is None:
            return now
        return to_be_saved(base, self.arrangement.settled(base), now)

    # Reading

    def take(self, found: ViewList, fields: Sequence[EffectiveField], usual: Sequence[str]) -> None:
        """Take what was read: the first time a view is chosen, later the shown one follows."""
        was_changed = self.is_changed
        self._list = found
        self.arrangement.take_fields(fields, usual)
        if not self._is_begun:
            self._is_begun = True
            self._begin()
        elif self._wanted is not None and self.find(self._wanted):
            self._current_id, self._wanted = self._wanted, None
            self.arrangement.apply(self.arrangement.settings())
        elif was_changed or (self._current_id and self.current is None):
            if self.current is None:
                self._current_id = ""
            self.arrangement.apply(self.arrangement.settings())
        else:
            self.arrangement.apply(self._base())
        self.changed.emit()

    def _begin(self) -> None:
        personal = self._personal or {}
        default = next((view.id for view in self.views if view.is_default), "")
        wanted = personal.get("view")
        is_known = wanted == "" or (isinstance(wanted, str) and self.find(wanted) is not None)
        self._current_id = str(wanted) if is_known else default
        unsaved = read_settings(personal.get("settings"))
        self.arrangement.apply(unsaved or self._base())
        self._say_problem()

    def _reload_if_touched(self, changes: frozenset[Change]) -> None:
        if Change(Topic.VIEWS, self.object_id) in changes and self._is_begun:
            self.reload()

    @Slot()
    def reload(self) -> None:
        """Read the views again."""
        call = partial(views.list_views, object_id=self.object_id)
        self._tasks.read(self, call, self._take_again, self.refused.emit)

    def _take_again(self, found: ViewList) -> None:
        self.take(found, self.arrangement.fields, self.arrangement.usual)

    @Slot()
    def _note_change(self) -> None:
        if self._is_begun:
            self.changed.emit()

    # Choosing

    def show(self, view_id: str) -> None:
        """Show this view; "" all records. What was changed and not saved is given up."""
        self._current_id = view_id if self.find(view_id) else ""
        self.arrangement.apply(self._base())
        self._say_problem()

    def discard(self) -> None:
        """Show the view again as it is stored."""
        self.show(self._current_id)

    def show_when_read(self, view_id: str) -> None:
        """Take this view, which was just made of what is shown, for the current one."""
        self._wanted = view_id

    def _say_problem(self) -> None:
        view = self.current
        if view is not None and view.problem:
            self.refused.emit(UserError(f"{view.name}: {view.problem}"))

    # What is kept on this computer

    def state(self) -> dict[str, Any]:
        """Return which view is shown, and what was changed in it."""
        if not self._is_begun:
            return dict(self._personal or {})
        state: dict[str, Any] = {"view": self._current_id}
        if self.is_changed:
            state["settings"] = settings_json(self.arrangement.settings())
        return state

    def restore(self, stored: object) -> None:
        """Take what `state` returned another time; usually before the list is read."""
        if isinstance(stored, dict):
            self._personal = stored
            if self._is_begun:
                self._begin()
                self.changed.emit()
