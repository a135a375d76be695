"""All records of one object under one scroll bar: searched, filtered, sorted, summed up."""

from __future__ import annotations

from functools import partial
from typing import Any

from PySide6.QtCore import QCoreApplication, QPoint, Signal, Slot
from PySide6.QtWidgets import QAbstractItemView, QHBoxLayout, QVBoxLayout, QWidget

from crm_desktop.domain.errors import Invalid, NotFound, UserError
from crm_desktop.domain.field_types import EffectiveField
from crm_desktop.domain.filters import Calendar, RecordQuery, Sort
from crm_desktop.gui.filters.filter_bar import FilterBar
from crm_desktop.gui.locale import system_formats
from crm_desktop.gui.models.records import RecordTableModel
from crm_desktop.gui.pages.column_widths import ColumnWidths
from crm_desktop.gui.pages.record_sorting import SortControl
from crm_desktop.gui.pages.record_summaries import SummaryControl
from crm_desktop.gui.tasks import Tasks
from crm_desktop.gui.theme import line_height, unit
from crm_desktop.gui.widgets.grid import GridView
from crm_desktop.gui.widgets.grid_footer import GridFooter
from crm_desktop.gui.widgets.running_bar import RunningBar
from crm_desktop.gui.widgets.search_box import SearchBox
from crm_desktop.services import objects, records
from crm_desktop.services.objects import ObjectDetail

_LONGEST_IN_BUTTON = 24  # letters
NAME_COLUMN = EffectiveField("fld_name", "name", "Name", "text")


class RecordList(QWidget):
    """Reads and shows the records; what can be done with them is the page's business."""

    object_read = Signal(object)  # ObjectDetail, each time it was read
    object_gone = Signal()
    create_requested = Signal()
    arrived = Signal()  # rows, or their number
    counts_said = Signal(str)
    refused = Signal(object)  # UserError

    def __init__(self, tasks: Tasks, object_id: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tasks, self.object_id = tasks, object_id
        self.object: ObjectDetail | None = None
        self._needs_summary = True
        self._current_at: int | None = None  # pixels from the top, while rows move
        self.model = RecordTableModel(tasks, system_formats(), self)
        self.search = SearchBox(self.tr("Search by name"))
        self.filters = FilterBar(tasks, system_formats(), object_id)
        self.grid = GridView(self, name=self.tr("Records"), has_gutter=True)
        self.grid.setModel(self.model)
        self.widths = ColumnWidths(self.grid, self.model)
        self.footer = GridFooter(self.grid)
        self.running = RunningBar()
        self.sorting = SortControl(self.grid, self.model)
        self.summaries = SummaryControl(tasks, self.model, self.footer)
        self._lay_out()
        self._connect()

    def _lay_out(self) -> None:
        self.search.setMinimumWidth(round(line_height() * 6))
        self.search.setMaximumWidth(round(line_height() * 14))
        self.bar = QHBoxLayout()
        self.bar.setContentsMargins(3 * unit(), 3 * unit(), 3 * unit(), 3 * unit())
        self.bar.setSpacing(2 * unit())
        self.bar.addWidget(self.search, 100)
        self._column = column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(self.bar)
        column.addWidget(self.filters)
        column.addWidget(self.running)
        column.addWidget(self.grid, 1)
        column.addWidget(self.footer)
        self.setFocusProxy(self.grid)

    def add_notice(self, notice: QWidget) -> None:
        """Put a bar below the tools, above everything else."""
        self._column.insertWidget(1, notice)

    def _connect(self) -> None:
        self.search.searched.connect(self._search_again)
        self.search.left_downward.connect(self.grid.setFocus)
        self.sorting.filter_requested.connect(self.open_quick_filter)
        self.filters.changed.connect(self._search_again)
        self.filters.refused.connect(self.refused)
        self.grid.refused.connect(self.refused)
        self.grid.selectionModel().selectionChanged.connect(self.say_counts)
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

    # Reading

    def refresh(self) -> None:
        """Read the layout again, then the records."""
        call = partial(_object_and_fields, object_id=self.object_id)
        self.filters.refresh()
        self.grid.set_loading(True)
        self._tasks.read(self, call, self._show_object, self._not_read)

    def _show_object(self, found: tuple[ObjectDetail, tuple[EffectiveField, ...]]) -> None:
        self.object, fields = found
        self.object_read.emit(self.object)
        self.search.setPlaceholderText(
            self.tr("Search in {}").replace("{}", self.object.plural_name)
        )
        columns = tuple(field for field in fields if field.is_visible) or (NAME_COLUMN,)
        self._needs_summary = True
        if columns != self.model.columns:
            self._begin(columns)
        else:
            row = max(0, self.grid.currentIndex().row())
            self.model.reload(row, self.grid.visible_rows())

    def _begin(self, columns: tuple[EffectiveField, ...]) -> None:
        self.widths.made_by_hand()  # before other columns take their places
        self.model.show(self._query(), columns)
        self.widths.begin()

    def _not_read(self, error: UserError) -> None:
        self.grid.set_loading(False)
        if isinstance(error, NotFound):
            self.grid.set_empty_state(self.tr("This object was deleted."), icon_name="trash-2")
            self.object_gone.emit()
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
        self.say_counts()

    @Slot()
    def _stop(self) -> None:
        self.summaries.stop()
        self.model.stop()

    def _arrived(self) -> None:
        self.widths.fit_numbers()
        self._say_empty()
        self.say_counts()
        if self._needs_summary:
            self._needs_summary = False
            self.summaries.compute()
        if self.model.rowCount() and not self.grid.currentIndex().isValid():
            self.grid.setCurrentIndex(self.model.index(0, 0))
        self.arrived.emit()

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

    # What is said

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
                action=self._words_to_add(),
                on_action=self.create_requested.emit,
            )

    def _words_to_add(self) -> str:
        label = self.object.label if self.object else self.tr("record")
        return new_record_text(label)

    def _say_refused(self, error: UserError) -> None:
        """Say why nothing is listed; a filter that cannot be applied can be cleared here."""
        if self.filters.parts and isinstance(error, Invalid):
            self.footer.set_sentence("")  # nothing was counted
            self.counts_said.emit("")
            self.filters.refresh()
            self.grid.set_empty_state(
                self.tr("A filter cannot be applied. {}").replace("{}", str(error)),
                icon_name="funnel-x",
                action=self.tr("Clear filters"),
                on_action=self.filters.clear,
            )
        else:
            self.refused.emit(error)

    def say_counts(self) -> None:
        count = f"{self.model.total:,}"
        one, many = self.tr("record"), self.tr("records")
        if self.object is not None:
            one, many = self.object.label, self.object.plural_name
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
        self.counts_said.emit(words)

    # Where one is

    def current_id(self) -> str:
        index = self.grid.currentIndex()
        return self.model.id_of(index.row()) if index.isValid() else ""

    def go_to_row(self, number: int) -> None:
        """Make this row current, counted from 1, in the middle of the list."""
        column = max(0, self.grid.currentIndex().column())
        index = self.model.index(min(number, self.model.rowCount()) - 1, column)
        self.grid.setCurrentIndex(index)
        self.grid.scrollTo(index, QAbstractItemView.ScrollHint.PositionAtCenter)
        self.grid.setFocus()

    def filter_column(self) -> None:
        """Offer the values of the current column to filter by."""
        self.open_quick_filter(max(0, self.grid.currentIndex().column()))

    def open_quick_filter(self, column: int) -> None:
        """Offer the values of a column to filter by, below its heading."""
        if not 0 <= column < len(self.model.columns):
            return
        header = self.grid.horizontalHeader()
        corner = QPoint(header.sectionViewportPosition(column), header.height())
        place = header.viewport().mapToGlobal(corner)
        self.filters.open_quick(self.model.columns[column], self.model.query, place)


def new_record_text(label: str) -> str:
    """Return what a button says that adds a record of this kind."""
    if len(label) > _LONGEST_IN_BUTTON:
        label = f"{label[: _LONGEST_IN_BUTTON - 1].rstrip()}…"
    words = QCoreApplication.translate("RecordList", "New {}")
    return words.replace("{}", label.replace("&", "&&"))


def _object_and_fields(
    session: Any, object_id: str
) -> tuple[ObjectDetail, tuple[EffectiveField, ...]]:
    return objects.get_object(session, object_id), records.fields_of(session, object_id)
