"""All records of one object under one scroll bar: searched, filtered, sorted, summed up."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any, TypeAlias

from PySide6.QtCore import QCoreApplication, QPoint, Signal, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHBoxLayout, QVBoxLayout, QWidget
from typing_extensions import override

from crm_desktop.domain.errors import Invalid, NotFound, UserError
from crm_desktop.domain.field_types import EffectiveField
from crm_desktop.domain.filters import Calendar, Grouping, RecordQuery, Sort
from crm_desktop.gui.cells.cell_editing import CellEditing
from crm_desktop.gui.drafts import Drafts
from crm_desktop.gui.filters.filter_bar import FilterBar
from crm_desktop.gui.locale import system_formats
from crm_desktop.gui.models.records import RecordTableModel
from crm_desktop.gui.pages.column_widths import ColumnWidths
from crm_desktop.gui.pages.index_offers import IndexOffers
from crm_desktop.gui.pages.large_selection import LargeSelection
from crm_desktop.gui.pages.record_grouping import GroupControl
from crm_desktop.gui.pages.record_sorting import SortControl
from crm_desktop.gui.pages.record_summaries import SummaryControl
from crm_desktop.gui.tasks import Tasks
from crm_desktop.gui.theme import line_height, unit
from crm_desktop.gui.views.arrangement import Arrangement
from crm_desktop.gui.views.column_control import ColumnControl
from crm_desktop.gui.views.view_commands import ViewCommands
from crm_desktop.gui.views.view_control import ViewControl
from crm_desktop.gui.widgets.grid import GridView
from crm_desktop.gui.widgets.grid_footer import GridFooter
from crm_desktop.gui.widgets.running_bar import RunningBar
from crm_desktop.gui.widgets.wide_search import WideSearchBox
from crm_desktop.services import objects, records, views
from crm_desktop.services.objects import ObjectDetail
from crm_desktop.services.views import ViewList

_LONGEST_IN_BUTTON = 24  # letters
_LEAST, _ROOM_FOR_WORDS = 26, 35  # lines of text high: at the least; buttons show icons only
_ROOM_FOR_BAR = 48  # lines of text high: what a narrower bar can do without goes
NAME_COLUMN = EffectiveField("fld_name", "name", "Name", "text")


class RecordList(QWidget):
    """Reads and shows the records; what can be done with them is the page's business."""

    object_read = Signal(object)  # ObjectDetail, each time it was read
    object_gone = Signal()
    create_requested = Signal()
    arrived = Signal()  # rows, or their number
    narrowed = Signal(bool)  # the bar has little room, or enough again
    cramped = Signal(bool)  # it has room for icons only
    counts_said = Signal(str)
    refused = Signal(object)  # UserError

    def __init__(
        self, tasks: Tasks, object_id: str, drafts: Drafts, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._tasks, self.object_id = tasks, object_id
        self.object: ObjectDetail | None = None
        self._needs_summary, self._is_anew = True, False
        self._is_narrow = self.is_cramped = False
        self._return_to: tuple[int, str, int] | None = None
        self._current_at: int | None = None  # pixels from the top, while rows move
        self.model = RecordTableModel(tasks, system_formats(), self)
        self.search = WideSearchBox()
        self.filters = FilterBar(tasks, system_formats(), object_id)
        self.grid = GridView(self, name=self.tr("Records"), has_gutter=True, selects_cells=True)
        self.grid.setModel(self.model)
        self.grid.frozen.shows_cells = self.model.groups.is_record
        self.widths = ColumnWidths(self.grid, self.model)
        LargeSelection(self.grid, self.model)
        self.footer = GridFooter(self.grid)
        self.running = RunningBar()
        self.sorting = SortControl(self.grid, self.model)
        self.summaries = SummaryControl(tasks, self.model, self.footer)
        self.indexes = IndexOffers(tasks, self.model)
        self.editing = CellEditing(tasks, self.grid, self.model, drafts, object_id)
        self.groups = GroupControl(self.grid, self.model, self.summaries)  # it looks at keys first
        self.arrangement = Arrangement(
            self.grid, self.model, self.filters, self.widths, self.summaries
        )
        self.views = ViewControl(tasks, object_id, self.arrangement)
        self.view_commands = ViewCommands(tasks, self.views, self)
        self.columns = ColumnControl(self.grid, self.model, self.widths, self.arrangement)
        self._lay_out()
        self._connect()

    def _lay_out(self) -> None:
        self.setMinimumWidth(round(line_height() * _LEAST))
        self.search.setMinimumWidth(round(line_height() * 6))
        self.search.setMaximumWidth(round(line_height() * 14))
        self.bar = QHBoxLayout()
        self.bar.setContentsMargins(3 * unit(), 3 * unit(), 3 * unit(), 3 * unit())
        self.bar.setSpacing(2 * unit())
        self.bar.addWidget(self.view_commands.button)
        self.bar.addWidget(self.search, 100)
        self._column = column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(self.bar)
        column.addWidget(self.filters)
        column.addWidget(self.running)
        column.addWidget(self.indexes.bar)
        column.addWidget(self.editing.bar)
        column.addWidget(self.grid, 1)
        column.addWidget(self.editing.new_row.row)
        column.addWidget(self.footer)
        self.setFocusProxy(self.grid)

    def add_notice(self, notice: QWidget) -> None:
        """Put a bar below the tools, above everything else."""
        self._column.insertWidget(1, notice)

    def _connect(self) -> None:
        self.search.searched.connect(self._search_again)
        self.search.widened.connect(self._search_wider)
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
        self.indexes.built.connect(self.refresh)
        self.indexes.refused.connect(self.refused)
        self.groups.changed.connect(self._search_again)
        self.sorting.menu_filled.connect(self.groups.fill_heading_menu)
        self.object_read.connect(self.editing.show_object)
        self.editing.refused.connect(self.refused)
        self.editing.stale.connect(self.refresh)
        self.editing.stored.connect(self._sum_up_again)
        self.editing.stored.connect(self.model.read_headings_again)
        self.arrangement.show_requested.connect(self._show)
        self.sorting.menu_filled.connect(self.columns.extend_menu)
        self.views.refused.connect(self.refused)
        self.view_commands.refused.connect(self.refused)
        self.arrangement.grouping_changed.connect(self.groups.group_by)
        self.groups.changed.connect(self._note_grouping)

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        is_narrow = self.width() < _ROOM_FOR_BAR * line_height()
        if is_narrow != self._is_narrow:
            self._is_narrow = is_narrow
            self.narrowed.emit(is_narrow)
        is_cramped = self.width() < _ROOM_FOR_WORDS * line_height()
        if is_cramped != self.is_cramped:
            self.is_cramped = is_cramped
            self.cramped.emit(is_cramped)

    @property
    def grouping(self) -> Grouping | None:
        """What the list is grouped by, or shall be once it shows that field."""
        return self.groups.grouping

    @grouping.setter
    def grouping(self, grouping: Grouping | None) -> None:
        self.groups.group_by(grouping)

    # Reading

    def refresh(self) -> None:
        """Read the layout and the views again, then the records."""
        call = partial(_read_all, object_id=self.object_id)
        self.filters.refresh()
        self.grid.set_loading(True)
        self._tasks.read(self, call, self._show_object, self._not_read)

    def _show_object(self, found: _Read) -> None:
        self.object, fields, views_found = found
        self.object_read.emit(self.object)
        usual = tuple(field.id for field in fields if field.is_visible)
        if not usual:
            fields, usual = (NAME_COLUMN, *fields), (NAME_COLUMN.id,)
        self._needs_summary, self._is_anew = True, False
        self.views.take(views_found, fields, usual)
        if not self._is_anew:
            row = max(0, self.grid.currentIndex().row())
            self.model.reload(row, self.grid.visible_rows())

    def _show(self, columns: tuple[EffectiveField, ...], sort: tuple[Sort, ...]) -> None:
        """Read the records with these columns, in this order, and stay where one is."""
        self._needs_summary = self._is_anew = True
        query = self.groups.applied(self._query(*sort), columns)
        if _asks_the_same(query, self.model.query):
            self._return_to = self._place()
        self.model.show(query, columns)

    def _place(self) -> tuple[int, str, int]:
        """Return where one is: the current row, its column's field, how far it is scrolled."""
        current, columns = self.grid.currentIndex(), self.model.columns
        field_id = columns[current.column()].id if current.isValid() else ""
        return current.row(), field_id, self.grid.verticalScrollBar().value()

    def _go_back(self) -> None:
        """Be where one was before the columns were read anew."""
        if self._return_to is None or not self.model.rowCount():
            return
        (row, field_id, scrolled), self._return_to = self._return_to, None
        ids = [field.id for field in self.model.columns]
        column = ids.index(field_id) if field_id in ids else 0
        if 0 <= row < self.model.rowCount():
            self.grid.setCurrentIndex(self.model.index(row, column))
            self.grid.verticalScrollBar().setValue(scrolled)

    def _not_read(self, error: UserError) -> None:
        self.grid.set_loading(False)
        if isinstance(error, NotFound):
            self.grid.set_empty_state(self.tr("This object was deleted."), icon_name="trash-2")
            self.object_gone.emit()
            self.refused.emit(error)
        else:
            self._say_unread(error)

    def _say_unread(self, error: UserError) -> None:
        """Say why nothing came, in the list's own place where that is empty."""
        if self.model.rowCount():
            self.refused.emit(error)
        else:
            self.grid.set_unread(error, self.refresh)

    def _query(self, *sort: Sort) -> RecordQuery:
        """Return what is searched and filtered for now."""
        formats = system_formats()
        return RecordQuery(
            self.object_id,
            self.search.text().strip(),
            sort,
            self.filters.parts,
            self.search.is_wide,
            calendar=Calendar(formats.time_zone, formats.first_weekday),
        )

    def _search_again(self, *_: str) -> None:
        if self.model.columns and not self.arrangement.is_applying:
            self._needs_summary = True
            query, columns = self._query(*self.model.query.sort), self.model.columns
            self.model.show(self.groups.applied(query, columns), columns)

    @Slot()
    def _note_grouping(self) -> None:
        self.arrangement.group(self.groups.grouping)

    def _search_wider(self, *_: bool) -> None:
        if self.search.text().strip():
            self._search_again()

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
        self._go_back()
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

    @Slot()
    def _sum_up_again(self) -> None:
        self.summaries.compute()

    # What is said

    def _say_empty(self) -> None:
        if self.search.text().strip():
            wide = self.tr("No text contains “{}”.")
            sentence = wide if self.search.is_wide else self.tr("No name contains “{}”.")
            self.grid.set_empty_state(
                sentence.replace("{}", self.search.text().strip()),
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
            self._say_unread(error)

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
        if self.model.is_cut:
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
        row = min(self.model.groups.row_of(number - 1), self.model.rowCount() - 1)
        index = self.model.index(row, column)
        self.grid.setCurrentIndex(index)
        self.grid.scrollTo(index, QAbstractItemView.ScrollHint.PositionAtCenter)
        self.grid.setFocus()

    def filter_column(self) -> None:
        """Offer the values of the current column to filter by."""
        self.open_quick_filter(max(0, self.grid.currentIndex().column()))

    def sum_up_column(self) -> None:
        """Offer what may stand below the current column: a sum, an average and the like."""
        if self.model.columns:
            self.footer.ask(max(0, self.grid.currentIndex().column()))

    def open_quick_filter(self, column: int) -> None:
        """Offer the values of a column to filter by, below its heading."""
        if not 0 <= column < len(self.model.columns):
            return
        header = self.grid.horizontalHeader()
        corner = QPoint(self.grid.frozen.left_of(column), header.height())
        place = header.viewport().mapToGlobal(corner)
        self.filters.open_quick(self.model.columns[column], self.model.query, place)


def new_record_text(label: str) -> str:
    """Return what a button says that adds a record of this kind."""
    if len(label) > _LONGEST_IN_BUTTON:
        label = f"{label[: _LONGEST_IN_BUTTON - 1].rstrip()}…"
    words = QCoreApplication.translate("RecordList", "New {}")
    return words.replace("{}", label.replace("&", "&&"))


def _asks_the_same(one: RecordQuery, other: RecordQuery) -> bool:
    """Say whether two queries find the same in the same order; time goes on between them."""
    return replace(one, calendar=other.calendar) == other


_Read: TypeAlias = tuple[ObjectDetail, tuple[EffectiveField, ...], ViewList]


def _read_all(session: Any, object_id: str) -> _Read:
    return (
        objects.get_object(session, object_id),
        records.columns_of(session, object_id),
        views.list_views(session, object_id),
    )
