"""Which diagram of the schema is shown, and what can be done with diagrams."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMenu, QWidget

from crm_desktop.domain.graph import Point
from crm_desktop.gui import messages
from crm_desktop.gui.dialogs.form_dialog import Call
from crm_desktop.gui.icons import icon
from crm_desktop.gui.views.name_dialog import ViewNameDialog
from crm_desktop.services import diagrams
from crm_desktop.services.diagrams import Diagram, DiagramDraft, DiagramList
from crm_desktop.services.views import ViewDraft

if TYPE_CHECKING:
    from crm_desktop.gui.tasks import Tasks

Picture = tuple[Mapping[str, Any], Mapping[str, Point]]  # settings and places as they are shown


class DiagramMenu(QObject):
    """The choice of diagrams as a menu, with new, rename, duplicate and delete below it."""

    chosen = Signal(str)  # the id of a diagram

    def __init__(self, tasks: Tasks, page: QWidget, picture: Callable[[], Picture]) -> None:
        super().__init__(page)
        self._tasks, self._page, self._picture = tasks, page, picture
        self.menu = QMenu(page)
        self._listed = DiagramList((Diagram(diagrams.FIRST_ID, diagrams.FIRST_NAME, {}),))
        self.current = self._listed.diagrams[0]
        make = self._make
        self.new = make(self.tr("New diagram…"), "plus", self.ask_for_new)
        self.rename = make(self.tr("Rename diagram…"), "pencil", self.ask_for_name)
        self.duplicate = make(self.tr("Duplicate diagram…"), "copy", self.ask_for_copy)
        self.delete = make(self.tr("Delete diagram…"), "trash-2", self.ask_to_delete)
        self._group: QActionGroup | None = None
        self._fill()

    def _make(self, text: str, icon_name: str, act: Callable[[], object]) -> QAction:
        action = QAction(icon(icon_name), text, self._page)
        action.setProperty("icon_name", icon_name)
        action.triggered.connect(act)
        self._page.addAction(action)
        return action

    def actions(self) -> list[QAction]:
        return [self.new, self.rename, self.duplicate, self.delete]

    def show_diagrams(self, listed: DiagramList, current: Diagram) -> None:
        self._listed, self.current = listed, current
        for action in self.actions():
            action.setEnabled(not listed.limit)
            action.setToolTip(listed.limit or action.text())
        self.delete.setEnabled(not listed.limit and not current.is_first)
        self._fill()

    def _fill(self) -> None:
        self.menu.clear()
        if self._group is not None:
            self._group.deleteLater()
        self._group = QActionGroup(self.menu)
        for each in self._listed.diagrams:
            action = self.menu.addAction(each.name.replace("&", "&&"))
            action.setCheckable(True)
            action.setChecked(each.id == self.current.id)
            action.triggered.connect(partial(self._choose, each.id))
            self._group.addAction(action)
        self.menu.addSeparator()
        self.menu.addActions(self.actions())

    def _choose(self, diagram_id: str) -> None:
        self.chosen.emit(diagram_id)

    def ask_for_new(self) -> None:
        settings, places = self._picture()
        make = partial(_creation, settings, places)
        self._ask(self.tr("New diagram"), self.tr("Create diagram"), make, "", self.chosen.emit)

    def ask_for_name(self) -> None:
        make = partial(_renaming, self.current.id)
        name = self.current.name
        self._ask(self.tr("Rename diagram"), self.tr("Rename"), make, name, self._keep)

    def ask_for_copy(self) -> None:
        make = partial(_copying, self.current.id)
        name = self.tr("{} copy").replace("{}", self.current.name)
        words = self.tr("Duplicate diagram"), self.tr("Duplicate")
        self._ask(*words, make, name, self.chosen.emit)

    def _ask(
        self,
        title: str,
        verb: str,
        make: Callable[[ViewDraft], Call],
        name: str,
        then: Callable[[Any], object],
    ) -> None:
        window = self._page.window()
        dialog = ViewNameDialog(self._tasks, title, verb, make, name, parent=window)
        dialog.stored.connect(then)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _keep(self, _: object) -> None:
        """Stay with what is shown: its name arrives with the change."""

    def ask_to_delete(self) -> None:
        words = self.tr("Its places go for everybody. Objects and relationships stay.")
        title = self.tr("Delete the diagram “{}”?").replace("{}", self.current.name)
        delete = partial(self._delete, self.current.id)
        verb = self.tr("Delete diagram")
        messages.ask(self._page, title, title, words, verb, delete, danger=True)

    def _delete(self, diagram_id: str) -> None:
        call = partial(diagrams.delete_diagram, diagram_id=diagram_id)
        self._tasks.write(self, call, self._deleted)

    def _deleted(self, _: None) -> None:
        self.chosen.emit(diagrams.FIRST_ID)


def _creation(
    settings: Mapping[str, Any], places: Mapping[str, Point], draft: DiagramDraft
) -> Call:
    return partial(
        diagrams.create_diagram,
        draft=DiagramDraft(name=draft.name),
        settings=settings,
        places=places,
    )


def _renaming(diagram_id: str, draft: ViewDraft) -> Call:
    return partial(
        diagrams.rename_diagram, diagram_id=diagram_id, draft=DiagramDraft(name=draft.name)
    )


def _copying(diagram_id: str, draft: ViewDraft) -> Call:
    copied = DiagramDraft(name=draft.name)
    return partial(diagrams.duplicate_diagram, diagram_id=diagram_id, draft=copied)
