"""The page of an object's records: search, sort, open, make and delete them."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

from PySide6.QtCore import QModelIndex, QPoint, Qt, Slot
from PySide6.QtGui import QAction, QKeySequence, QPalette, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHBoxLayout, QMenu, QVBoxLayout, QWidget
from typing_extensions import override

from crm_desktop.domain.changes import Change, Topic
from crm_desktop.domain.errors import Invalid, NotFound, UserError
from crm_desktop.domain.field_types import EffectiveField
from crm_desktop.domain.filters import Calendar, RecordQuery, Sort
from crm_desktop.gui.delegates import plain_tip
from crm_desktop.gui.dialogs.go_to_row import GoToRowDialog
from crm_desktop.gui.editors.record_panel import RecordPanel
from crm_desktop.gui.filters.filter_bar import FilterBar
from crm_desktop.gui.icons import icon
from crm_desktop.gui.locale import system_formats
from crm_desktop.gui.models.records import RecordTableModel
from crm_desktop.gui.page import Page
from crm_desktop.gui.pages.column_widths import ColumnWidths, is_size
from crm_desktop.gui.pages.record_sorting import SortControl
from crm_desktop.gui.pages.record_summaries import SummaryControl
from crm_desktop.gui.tasks import Tasks
from crm_desktop.gui.theme import line_height, unit
from crm_desktop.gui.widgets.buttons import (
    IconButton,
    action_button,
    plain_button,
    primary_button,
)
from crm_desktop.gui.widgets.grid import GridView
from crm_desktop.gui.widgets.grid_footer import GridFooter
from crm_desktop.gui.widgets.running_bar import RunningBar
from crm_desktop.gui.widgets.search_box import SearchBox
from crm_desktop.gui.widgets.splitter import Splitter
from crm_desktop.services import objects, records
from crm_desktop.services.objects import ObjectDetail

NAME_COLUMN = EffectiveField("fld_name", "name", "Name", "text")
_NEEDS_GRID = {"Ctrl+Return", "Ctrl+Del"}  # other keys serve in the tree and the tabs as well
_ROOM_FOR_BOTH = 46  # lines of text high: a narrower page shows the list alone
_LONGEST_IN_BUTTON = 24  # letters


class RecordsPage(Page):
    """The records of one object, with the current one beside them in the inspector."""

    def __init__(self, tasks: Tasks, object_id: str, parent: QWidget | None = None) -> None:
        super().__init__(tasks, parent)
        self.object_id = object_id
        self._object: ObjectDetail | None = None
        self._needs_summary = True
        self._current_at: int | None = None  # pixels from the top, while rows move
        self._is_split = self._is_narrow = False
        self.model = RecordTableModel(tasks, system_formats(), self)
        self.search = SearchBox(self.tr("Search by name"))
        self.filters = FilterBar(tasks, system_formats(), object_id)
        self.grid = GridView(self, name=self.tr("Records"), has_gutter=True)
        self.grid.setModel(self.model)
        self.widths = ColumnWidths(self.grid, self.model)
        self.inspector = RecordPanel(tasks, is_narrow=True)
        self.footer = GridFooter(self.grid)
        self.running = RunningBar()
        self.sorting = SortControl(self.grid, self.model)
        self.summaries = SummaryControl(tasks, self.model, self.footer)
        self.new_button = primary_button(self.tr("New record"), icon_name="plus")
        self.import_button = plain_button(self.tr("Import…"), icon_name="file-up")
        self._make_actions()
        self._lay_out()
        self._connect()
        self.refresh()

    def _make_actions(self) -> None:
        self.new_action = self._action(self.tr("New record"), "plus", "Ctrl+N", self.create_record)
        self.open_action = self._action(
            self.tr("Open record"), "square-arrow-out-up-right", "Ctrl+Return", self.open_current
        )
        self.delete_action = self._action(
            self.tr("Delete records…"), "trash-2", "Ctrl+Del", self.delete_selected
        )
        self.inspector_action = self._action(
            self.tr("Inspector"), "panel-right", "Alt+Return", self._show_inspector
        )
        self.inspector_action.setCheckable(True)
        self.inspector_action.setChecked(True)
        self.import_action = self._action(
            self.tr("Import a file…"), "file-up", "Ctrl+I", self.import_file
        )

        self.go_to_action = self._action(
            self.tr("Go to row…"), "list-ordered", "Ctrl+G", self.ask_for_row
        )
        self.sort_action = self._action(
            self.tr("Sort by this column…"), "arrow-down-up", "Ctrl+Shift+S",
            self.sorting.show_menu,
        )  # fmt: skip
        self.filter_action = self._action(
            self.tr("Filter…"), "list-filter", "Ctrl+Shift+F", self.filters.open_editor
        )
        self.quick_filter_action = self._action(
            self.tr("Filter by values of this column"),
            "list-checks",
            "Ctrl+Shift+L",
            self.filter_column,
        )

    def _action(self, text: str, icon_name: str, key: str, act: Any) -> QAction:
        action = QAction(icon(icon_name), text, self)
        action.setProperty("icon_name", icon_name)
        action.setShortcut(QKeySequence(key))
        if key in _NEEDS_GRID:
            action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        action.triggered.connect(act)
        self.addAction(action)
        return action

    def _lay_out(self) -> None:
        self.setBackgroundRole(QPalette.ColorRole.Base)
        self.setAutoFillBackground(True)
        refresh = IconButton("refresh-cw", self.tr("Refresh"), is_outlined=True)
        refresh.clicked.connect(self.refresh)
        inspector = action_button(self.inspector_action, is_outlined=True)
        self.search.setMinimumWidth(round(line_height() * 6))
        self.search.setMaximumWidth(round(line_height() * 14))
        bar = QHBoxLayout()
        bar.setContentsMargins(3 * unit(), 3 * unit(), 3 * unit(), 3 * unit())
        bar.setSpacing(2 * unit())
        bar.addWidget(self.search, 100)
        for part in (action_button(self.filter_action, is_outlined=True), refresh, inspector):
            bar.addWidget(part)
        bar.addStretch(1)
        bar.addWidget(self.import_button)
        bar.addWidget(self.new_button)
        left = QWidget()
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(bar)
        column.addWidget(self.filters)
        column.addWidget(self.running)
        column.addWidget(self.grid, 1)
        column.addWidget(self.footer)
        self.split = Splitter(Qt.Orientation.Horizontal)
        self.split.addWidget(left)
        self.split.addWidget(self.inspector)
        self.split.setStretchFactor(0, 1)
        self.split.setStretchFactor(1, 0)
        self.split.setSizes([round(line_height() * 50), round(line_height() * 19)])
        self.inspector.setMinimumWidth(1)  # it gives way before the list does
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.addWidget(self.split)
        self.setFocusProxy(self.grid)

    def _connect(self) -> None:
        self.split.splitterMoved.connect(self._note_split)
        self.search.searched.connect(self._search_again)
        self.search.left_downward.connect(self.grid.setFocus)
        self.new_button.clicked.connect(self.create_record)
        self.import_button.clicked.connect(self.import_file)
        self.sorting.filter_requested.connect(self._open_quick)
        self.filters.changed.connect(self._search_again)
        self.filters.refused.connect(self.refused)
        self.grid.activated.connect(self.open_current)
        self.grid.refused.connect(self.refused)
        self.grid.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.grid.customContextMenuRequested.connect(self._show_menu)
        self.grid.selectionModel().selectionChanged.connect(self._say_counts)
        self.grid.selectionModel().currentRowChanged.connect(self._follow_current)
        self.model.loading_changed.connect(self.grid.set_loading)
        self.model.arrived.connect(self._arrived)
        self.model.failed.connect(self._say_refused)
        self.model.reading_changed.connect(self._follow_work)
        self.model.counting_changed.connect(self._follow_work)
        self.model.layoutAboutToBeChanged.connect(self._note_current)
        self.model.layoutChanged.connect(self._keep_current_in_place)
        self.running.stop_requested.connect(self._stop)
        self.running.resume_requested.connect(self.refresh)
        self.summaries.refused.connect(self.refused)
        self.inspector.unsaved_changed.connect(self.unsaved_changed)
        self.inspector.refused.connect(self.refused)
        self.inspector.open_requested.connect(self.open_requested)
        self._tasks.changed.connect(self._reload_if_touched)

    # Reading

    @override
    def refresh(self) -> None:
        """Read the layout again, then the records."""
        call = partial(_object_and_fields, object_id=self.object_id)
        self.filters.refresh()
        self.grid.set_loading(True)
        self._tasks.read(self, call, self._show_object, self._not_read)

    def _show_object(self, found: tuple[ObjectDetail, tuple[EffectiveField, ...]]) -> None:
        crm_object, fields = found
        self._object = crm_object
        self.icon_name = crm_object.icon or "box"
        self.set_title(crm_object.plural_name)
        self.inspector.show_icon(crm_object.icon)
        label = crm_object.label
        self.new_button.setToolTip(plain_tip(self.tr("New {} (Ctrl+N)").replace("{}", label)))
        if len(label) > _LONGEST_IN_BUTTON:
            label = f"{label[: _LONGEST_IN_BUTTON - 1].rstrip()}…"
        self.new_button.setText(self.tr("New {}").replace("{}", label.replace("&", "&&")))
        self.search.setPlaceholderText(
            self.tr("Search in {}").replace("{}", crm_object.plural_name)
        )
        columns = tuple(field for field in fields if field.is_visible) or (NAME_COLUMN,)
        self._needs_summary = True
        if columns != self.model.columns:
            self._begin(columns)
        else:
            row = max(0, self.grid.currentIndex().row())
            self.model.reload(row, self.grid.visible_rows())

    def _begin(self, columns: tuple[EffectiveField, ...]) -> None:
        query = self._query()
        self.widths.made_by_hand()  # before other columns take their places
        self.model.show(query, columns)
        self.widths.begin()

    @override
    def view_state(self) -> str:
        widths = self.widths.made_by_hand()
        state: dict[str, Any] = {"widths": widths} if widths else {}
        if not self.inspector_action.isChecked():
            state["inspector"] = False
        if chosen := self.summaries.chosen_names():
            state["summaries"] = chosen
        if self._is_split:
            state["panes"] = self.split.sizes()
        return json.dumps(state) if state else ""

    @override
    def restore_view(self, state: str) -> None:
        try:
            stored = json.loads(state or "{}")
        except ValueError:
            return
        if not isinstance(stored, dict):
            return
        self.widths.restore(stored.get("widths"))
        self.summaries.restore(stored.get("summaries"))
        panes = stored.get("panes")
        if stored.get("inspector") is False:
            self.inspector_action.setChecked(False)
            self.inspector.hide()
        if isinstance(panes, list) and len(panes) == 2 and all(map(is_size, panes)):
            self._note_split()
            self.split.setSizes(panes)

    def _note_split(self, *_: int) -> None:
        self._is_split = True

    def _not_read(self, error: UserError) -> None:
        self.grid.set_loading(False)
        if isinstance(error, NotFound):
            self.grid.set_empty_state(self.tr("This object was deleted."), icon_name="trash-2")
            self.new_button.setEnabled(False)
            self.import_button.setEnabled(False)
        self.refused.emit(error)

    def _query(self, *sort: Sort) -> RecordQuery:
        """Return what is searched and filtered for now."""
        formats = system_formats()
        return RecordQuery(
            self.object_id,
            self.search.text().strip(),
            sort,
            self.filters.parts,
            calendar=Calendar(formats.time_zone, formats.first_weekday),
        )

    def _search_again(self, *_: str) -> None:
        self._needs_summary = True
        self.model.show(self._query(*self.model.query.sort), self.model.columns)

    @Slot()
    def _follow_work(self) -> None:
        """Say what takes long, and offer to stop it."""
        if self.model.is_reading:
            self.running.run(
                self.tr("Reading records…"),
                self.tr("Reading was stopped. Some records are not shown."),
            )
        elif self.model.is_counting:
            self.running.run(
                self.tr("Counting records…"),
                self.tr("Counting was stopped. The number is an estimate."),
            )
        else:
            self.running.end()
        self._say_counts()

    @Slot()
    def _stop(self) -> None:
        self.summaries.stop()
        self.model.stop()

    def _arrived(self) -> None:
        self.widths.fit_numbers()
        self._say_empty()
        self._say_counts()
        if self._needs_summary:
            self._needs_summary = False
            self.summaries.compute()
        if self.model.rowCount() and not self.grid.currentIndex().isValid():
            self.grid.setCurrentIndex(self.model.index(0, 0))
        elif not self.model.rowCount() and not self.inspector.has_unsaved():
            self.inspector.show_nothing()
        self._follow_current()

    @Slot()
    def _note_current(self) -> None:
        """Remember where on the screen the current record stands, if it can be seen."""
        current = self.grid.currentIndex()
        first, last = self.grid.visible_rows()
        is_seen = current.isValid() and first <= current.row() <= last
        self._current_at = self.grid.rowViewportPosition(current.row()) if is_seen else None

    @Slot()
    def _keep_current_in_place(self) -> None:
        current = self.grid.currentIndex()
        if self._current_at is not None and current.isValid():
            moved = self.grid.rowViewportPosition(current.row()) - self._current_at
            if moved and self.grid.verticalScrollBar().value():  # at the top what is new shows
                bar = self.grid.verticalScrollBar()
                bar.setValue(bar.value() + moved)

    def _say_empty(self) -> None:
        if self.search.text().strip():
            self.grid.set_empty_state(
                self.tr("No name contains “{}”.").replace("{}", self.search.text().strip()),
                icon_name="search-x",
                action=self.tr("Clear search"),
                on_action=self.search.clear,
            )
        elif self.filters.parts:
            self.grid.set_empty_state(
                self.tr("No record meets the filters."),
                icon_name="funnel-x",
                action=self.tr("Clear filters"),
                on_action=self.filters.clear,
            )
        else:
            self.grid.set_empty_state(
                self.tr("There are no records yet."),
                icon_name="file-plus",
                action=self.new_button.text(),
                on_action=self.create_record,
            )

    def _say_refused(self, error: UserError) -> None:
        """Say why nothing is listed; a filter that cannot be applied can be cleared here."""
        if self.filters.parts and isinstance(error, Invalid):
            self.footer.set_sentence("")  # nothing was counted
            self.set_status("")
            self.filters.refresh()
            self.grid.set_empty_state(
                self.tr("A filter cannot be applied. {}").replace("{}", str(error)),
                icon_name="funnel-x",
                action=self.tr("Clear filters"),
                on_action=self.filters.clear,
            )
        else:
            self.refused.emit(error)

    def _say_counts(self) -> None:
        count = f"{self.model.total:,}"
        one, many = self.tr("record"), self.tr("records")
        if self._object is not None:
            one, many = self._object.label, self._object.plural_name
        words = f"{count} {one if count == '1' else many}"
        if not self.model.has_counted and self.model.rowCount():
            words = self.tr("about {}").replace("{}", words)
            if self.model.is_counting or self.model.is_reading:
                words += self.tr(" · counting…")
        if self.model.total > self.model.rowCount() > 0:
            words += self.tr(" · the first {} are shown").replace(
                "{}", f"{self.model.rowCount():,}"
            )
        selected = self.grid.count_selected_rows()
        if selected > 1:
            words += self.tr(" · {} selected").replace("{}", f"{selected:,}")
        self.footer.set_sentence(words)
        self.set_status(words)

    def _reload_if_touched(self, changes: frozenset[Change]) -> None:
        own = {Topic.RECORDS, Topic.OBJECTS, Topic.LAYOUTS}
        mine = {Change(topic, self.object_id) for topic in own}
        if changes & mine or any(change.topic is Topic.FIELDS for change in changes):
            self.refresh()

    # The current record

    def current_id(self) -> str:
        index = self.grid.currentIndex()
        return self.model.id_of(index.row()) if index.isValid() else ""

    def _follow_current(self, *_: QModelIndex) -> None:
        """Show the current record beside the list, unless one is being edited there."""
        record_id = self.current_id()
        if self.inspector.isHidden() or self.inspector.has_unsaved() or not record_id:
            return
        if record_id != self.inspector.record_id:
            self.inspector.open_record(record_id)

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        """Let the inspector go where there is no room for it, and come back with the room."""
        super().resizeEvent(event)
        is_narrow = self.width() < _ROOM_FOR_BOTH * line_height()
        if is_narrow != self._is_narrow:
            self._is_narrow = is_narrow
            self.inspector.setVisible(self.inspector_action.isChecked() and not is_narrow)
            self._follow_current()

    def _show_inspector(self) -> None:
        is_shown = self.inspector.isHidden()  # it may have gone for want of room
        self.inspector_action.setChecked(is_shown)
        self.inspector.setVisible(is_shown)
        self._follow_current()

    @override
    def save(self) -> None:
        self.inspector.save()

    @override
    def has_unsaved(self) -> bool:
        return self.inspector.has_unsaved()

    @override
    def start_find(self) -> None:
        self.search.setFocus()
        self.search.selectAll()

    # What can be done

    def create_record(self) -> None:
        self.open_requested.emit(f"new-record:{self.object_id}")

    def open_current(self) -> None:
        if record_id := self.current_id():
            self.open_requested.emit(f"record:{record_id}")

    def filter_column(self) -> None:
        """Offer the values of the current column to filter by."""
        self._open_quick(max(0, self.grid.currentIndex().column()))

    def _open_quick(self, column: int) -> None:
        if not 0 <= column < len(self.model.columns):
            return
        header = self.grid.horizontalHeader()
        corner = QPoint(header.sectionViewportPosition(column), header.height())
        place = header.viewport().mapToGlobal(corner)
        self.filters.open_quick(self.model.columns[column], self.model.query, place)

    def delete_selected(self) -> None:
        ids = self.model.ids_of(self.grid.selected_rows())
        if not ids:
            return
        if not all(ids):
            self.refused.emit(
                UserError(self.tr("Some of the selected records have not been read. Select fewer."))
            )
            return
        from crm_desktop.gui.dialogs.delete_dialog import DeleteDialog
        from crm_desktop.gui.dialogs.deletions import deletion_of_records  # with most services

        deletion = deletion_of_records(ids)
        dialog = DeleteDialog(self._tasks, deletion, self.window())
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def ask_for_row(self) -> None:
        """Ask for the number of a row and go there."""
        if self.model.rowCount():
            row = max(0, self.grid.currentIndex().row()) + 1
            dialog = GoToRowDialog(row, self.model.rowCount(), self.window())
            dialog.row_chosen.connect(self.go_to_row)
            dialog.finished.connect(dialog.deleteLater)
            dialog.open()

    def go_to_row(self, number: int) -> None:
        """Make this row current, counted from 1, in the middle of the list."""
        column = max(0, self.grid.currentIndex().column())
        index = self.model.index(min(number, self.model.rowCount()) - 1, column)
        self.grid.setCurrentIndex(index)
        self.grid.scrollTo(index, QAbstractItemView.ScrollHint.PositionAtCenter)
        self.grid.setFocus()

    def import_file(self) -> None:
        """Choose a file whose rows become records of this object."""
        from crm_desktop.gui.dialogs.import_dialog import ImportDialog

        dialog = ImportDialog(self._tasks, self.object_id, self.window())
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _show_menu(self, place: QPoint) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addActions([self.open_action, self.new_action])
        menu.addSeparator()
        menu.addAction(self.delete_action)
        menu.popup(self.grid.viewport().mapToGlobal(place))


def _object_and_fields(
    session: Any, object_id: str
) -> tuple[ObjectDetail, tuple[EffectiveField, ...]]:
    return objects.get_object(session, object_id), records.fields_of(session, object_id)
