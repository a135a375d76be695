"""Opens find and replace over a list of records, and goes from match to match with F3.

The dialog and what it calls are loaded when they are asked for, not before the first records.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QAction, QKeySequence

from crm_desktop.domain.errors import UserError
from crm_desktop.domain.text_search import TextSearch
from crm_desktop.gui.clipboard.placement import CellRange, selected_range
from crm_desktop.gui.clipboard.words import counted
from crm_desktop.gui.icons import icon
from crm_desktop.gui.models.range_ids import RangeIds
from crm_desktop.gui.tasks import Tasks
from crm_desktop.gui.widgets.message_bar import Message
from crm_desktop.services.record_targets import ChosenRecords, FoundRecords

if TYPE_CHECKING:
    from crm_desktop.gui.clipboard.find_dialog import FindDialog, WithTarget
    from crm_desktop.gui.clipboard.find_form import FindScope
    from crm_desktop.gui.pages.record_list import RecordList


class FindControl(QObject):
    """Keeps the dialog of one list, what was looked for last, and the selection meant by it."""

    refused = Signal(object)  # UserError
    told = Signal(object)  # Message

    def __init__(self, tasks: Tasks, records: RecordList, ids: RangeIds) -> None:
        super().__init__(records)
        self._tasks, self._list, self._ids = tasks, records, ids
        self._grid, self._model = records.grid, records.model
        self._dialog: FindDialog | None = None
        self._chosen: CellRange | None = None
        self._find_chosen = ids.find  # refuses once the chosen rows stand elsewhere
        self._last: tuple[TextSearch, tuple[str, ...]] | None = None
        self.open_action = self._action(
            self.tr("Find and replace…"), "replace", "Ctrl+H", self.open_dialog
        )
        self.next_action = self._action(
            self.tr("Find next"), "search", QKeySequence.StandardKey.FindNext, self.find_next
        )

    def actions(self) -> list[QAction]:
        return [self.open_action, self.next_action]

    def _action(
        self, text: str, icon_name: str, keys: str | QKeySequence.StandardKey, act: object
    ) -> QAction:
        action = QAction(icon(icon_name), text, self)
        action.setProperty("icon_name", icon_name)
        action.setShortcut(QKeySequence(keys))
        action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        action.triggered.connect(act)
        return action

    def open_dialog(self) -> None:
        """Show the dialog beside the list, for what is selected now."""
        self._list.editing.editing.commit()
        scope = self._scope()
        if not scope.fields:
            self.refused.emit(
                UserError(self.tr("This list has no text column that can be changed."))
            )
            return
        dialog = self.dialog
        one, many = self._names()
        labels = {field.id: field.label for field in scope.fields}
        dialog.show_names(labels, one, many)
        if self._last is not None and not dialog.form.text.text():
            dialog.form.text.setText(self._last[0].text)
        dialog.form.show_scope(scope)
        dialog.show()
        dialog.raise_()
        dialog.activateWindow()
        dialog.form.text.setFocus()
        dialog.form.text.selectAll()

    @property
    def dialog(self) -> FindDialog:
        """The dialog of this list; made anew after it was closed."""
        if self._dialog is None:
            from crm_desktop.gui.clipboard.find_dialog import FindDialog

            self._dialog = FindDialog(self._tasks, self._find_target, self._list.window())
            self._dialog.next_requested.connect(self.find_next)
            self._dialog.replaced.connect(self._tell_replaced)
            self._dialog.finished.connect(self._forget_dialog)
            self.destroyed.connect(self._dialog.deleteLater)  # the window outlives its pages
        return self._dialog

    def _scope(self) -> FindScope:
        from crm_desktop.gui.clipboard.find_form import FindScope
        from crm_desktop.services import find_replace

        try:
            self._chosen = selected_range(self._grid)
            self._find_chosen = self._ids.unmoved(self._ids.find)
        except ValueError:
            self._chosen = None
        fields = find_replace.searchable_fields(self._model.columns)
        columns = self._chosen.columns if self._chosen else ()
        ids = {self._model.columns[column].id for column in columns}
        rows = self._chosen.rows if self._chosen else 0
        one, many = self._names()
        everything = counted(self._model.total, one, many)
        return FindScope(
            fields=fields,
            selected=tuple(field for field in fields if field.id in ids),
            selected_rows=rows,
            everything=self.tr("All that the list finds: {}").replace("{}", everything),
            selection=self.tr("What is selected: {}").replace("{}", counted(rows, one, many)),
        )

    def _find_target(self, is_selection: bool, then: WithTarget) -> None:  # noqa: FBT001 - a slot
        query = replace(self._model.query, sort=())
        if is_selection and self._chosen is not None:
            self._find_chosen(self._chosen.spans, partial(_choose, query.object_id, then))
        else:
            then(FoundRecords(query))

    def find_next(self) -> None:
        """Go to the next cell that matches, from the current one on."""
        from crm_desktop.services import find_replace

        self._remember()
        if self._last is None:
            self.open_dialog()
            return
        search, field_ids = self._last
        current = self._grid.currentIndex()
        call = partial(
            find_replace.find_next,
            query=self._model.query,
            columns=self._model.columns,
            search=search,
            field_ids=field_ids,
            after=(self._model.groups.number_of(current.row()), current.column()),
        )
        self._tasks.read(self, call, self._go_to, self._not_found)

    def _go_to(self, place: tuple[int, int] | None) -> None:
        if place is None:
            self.told.emit(Message("info", self.tr("Nothing more matches in this list.")))
            if self._dialog is not None:
                self._dialog.sentence.setText(self.tr("Nothing matches."))
            return
        index = self._model.index(self._model.groups.row_of(place[0]), place[1])
        self._grid.setCurrentIndex(index)
        self._grid.scrollTo(index)

    def _not_found(self, error: UserError) -> None:
        if self._dialog is not None:
            self._dialog.refuse(error)
        else:
            self.refused.emit(error)

    def _tell_replaced(self, sentence: str) -> None:
        self.told.emit(Message("success", sentence))

    def _remember(self) -> None:
        if self._dialog is not None and self._dialog.form.text.text():
            self._last = self._dialog.form.search(), self._dialog.form.field_ids()

    def _forget_dialog(self) -> None:
        self._remember()
        if self._dialog is not None:
            self._dialog.deleteLater()
        self._dialog = None
        self._grid.setFocus()

    def _names(self) -> tuple[str, str]:
        shown = self._list.object
        if shown is None:
            return self.tr("record"), self.tr("records")
        return shown.label, shown.plural_name


def _choose(object_id: str, then: WithTarget, ids: tuple[str, ...]) -> None:
    then(ChosenRecords(object_id, ids))
