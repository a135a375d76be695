"""The records of one object as a table: all of them under one scroll bar, few of them in memory."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, TypeAlias

from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
    Signal,
)
from typing_extensions import override

from crm_desktop.domain.field_types import EffectiveField, type_of
from crm_desktop.domain.filters import RecordQuery, Sort
from crm_desktop.domain.formats import Formats
from crm_desktop.gui.delegates import CellKind, GridRole
from crm_desktop.gui.models.record_cells import KINDS, PAGE_ROWS, Listing, Reread
from crm_desktop.gui.models.record_pages import RecordPages
from crm_desktop.gui.tasks import Tasks

Index: TypeAlias = QModelIndex | QPersistentModelIndex
ROOT = QModelIndex()
MOST_ROWS = 30_000_000  # Qt adds up heights in 32 bits: rows of 71 pixels still fit
_DISPLAY = int(Qt.ItemDataRole.DisplayRole)
_CHIPS, _CHECKED, _ID = int(GridRole.CHIPS), int(GridRole.CHECKED), int(GridRole.ID)
_SHIFT, _WITHIN = PAGE_ROWS.bit_length() - 1, PAGE_ROWS - 1


class RecordTableModel(QAbstractTableModel):
    """Has a row for every record that the query finds; those not in memory are read when painted.

    `data()` never waits and computes nothing: a cell that is not here is None, and its page is
    asked for once. The number of rows is an estimate until `has_counted`.
    """

    loading_changed = Signal(bool)  # the first page is awaited
    reading_changed = Signal(bool)  # some page is awaited
    counting_changed = Signal(bool)
    query_changed = Signal()  # another list is shown from the top
    arrived = Signal()  # rows, or their number
    failed = Signal(object)  # UserError

    def __init__(self, tasks: Tasks, formats: Formats, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._formats = formats
        self._kinds: tuple[CellKind, ...] = ()
        self._rows = 0
        self._last_page = -1
        self._is_loading = False
        self._reader = RecordPages(tasks, Listing(RecordQuery(""), (), formats), self)
        self._pages = self._reader.kept
        self._reader.began.connect(self._take_first)
        self._reader.arrived.connect(self._take_page)
        self._reader.reread.connect(self._take_again)
        self._reader.counted.connect(self._take_count)
        self._reader.reading_changed.connect(self.reading_changed)
        self._reader.counting_changed.connect(self.counting_changed)
        self._reader.failed.connect(self._not_read)

    @property
    def columns(self) -> tuple[EffectiveField, ...]:
        return self._reader.listing.columns

    @property
    def query(self) -> RecordQuery:
        return self._reader.listing.query

    @property
    def has_counted(self) -> bool:
        return self._reader.exact_total is not None

    @property
    def total(self) -> int:
        """How many records there are; more than rows where Qt could not hold them."""
        exact = self._reader.exact_total
        return self._rows if exact is None else exact

    @property
    def is_reading(self) -> bool:
        return self._reader.is_reading

    @property
    def is_counting(self) -> bool:
        return self._reader.is_counting

    @property
    def text_order(self) -> str:
        """What text is sorted by; "" until something is sorted."""
        return self._reader.text_order

    @property
    def can_jump(self) -> bool:
        """Whether every row is one short read away."""
        return self._reader.has_anchors or (self.has_counted and self._rows <= PAGE_ROWS)

    @property
    def is_settled(self) -> bool:
        """Whether what is shown has been read and counted."""
        return bool(self.columns) and not self.is_reading and self.has_counted

    def show(self, query: RecordQuery, columns: Sequence[EffectiveField]) -> None:
        """Show the records of this query from the top."""
        self.beginResetModel()
        self._rows, self._last_page = 0, -1
        self._kinds = _kinds_of(columns)
        self._set_loading(is_loading=True)
        self._reader.begin(Listing(query, tuple(columns), self._formats))
        self.endResetModel()
        self.query_changed.emit()

    def reload(self, row: int = 0, around: tuple[int, int] = (0, 0)) -> None:
        """Read again what is on screen (`around`, first and last row) as it stands now.

        What is shown stays until the new rows are here; the record in `row` keeps its place.
        """
        first = min(around[0], row) >> _SHIFT
        last = max(around[1], row) >> _SHIFT
        if last - first >= 4:  # the current row is far from what is on screen
            first, last = around[0] >> _SHIFT, around[1] >> _SHIFT
        span = (first * PAGE_ROWS, (last + 1) * PAGE_ROWS)
        known = row if self.id_of(row) and span[0] <= row < span[1] else around[0]
        self._set_loading(is_loading=True)
        self._reader.read_again(span, (self.id_of(known), known))

    def stop(self) -> None:
        """Stop reading and counting; `reload` takes it up again."""
        self._reader.stop()
        self._set_loading(is_loading=False)

    def stop_counting(self) -> None:
        self._reader.stop_counting()

    def id_of(self, row: int) -> str:
        """Return the record's id; "" where the row has not been read."""
        page = self._pages.get(row >> _SHIFT)
        place = row & _WITHIN
        return page.rows[place][0] if page is not None and 0 <= place < len(page.rows) else ""

    def ids_of(self, rows: Iterable[int]) -> list[str]:
        """Return the ids of these rows; "" for those that have not been read."""
        return [self.id_of(row) for row in rows]

    def row_of(self, record_id: str) -> int:
        """Return the row of this record, -1 if it is not in memory."""
        return self._known_rows().get(record_id, -1)

    def _known_rows(self) -> dict[str, int]:
        return {
            cells[0]: number * PAGE_ROWS + place
            for number, page in self._pages.items()
            for place, cells in enumerate(page.rows)
        }

    # Answers

    def _take_first(self, about: int) -> None:
        self.beginResetModel()
        self._rows = min(about, MOST_ROWS)
        self.endResetModel()
        self._set_loading(is_loading=False)
        self.arrived.emit()

    def _take_page(self, number: int) -> None:
        page = self._pages[number]
        start, end = number * PAGE_ROWS, number * PAGE_ROWS + len(page.rows)
        if page.has_more:
            self._set_rows(max(self._rows, end + 1))
        elif page.rows:
            self._set_rows(end)
        self._show_rows(start, min(start + PAGE_ROWS, self._rows))
        self.arrived.emit()

    def _take_count(self, total: int) -> None:
        self._set_rows(min(total, MOST_ROWS))
        self.arrived.emit()

    def _take_again(self, answer: Reread) -> None:
        """Take over rows that came, went or moved; persistent indexes follow their records.

        What is no longer known to be where it was, is no longer selected.
        """
        end = answer.start + len(answer.page.rows)
        self._set_rows(max(self._rows, end + answer.page.has_more))
        ids = {row: self.id_of(row) for row in {old.row() for old in self.persistentIndexList()}}
        self.layoutAboutToBeChanged.emit()
        old = self.persistentIndexList()
        self._reader.adopt(answer)
        places = self._known_rows()
        new = [self._moved(index, places.get(ids.get(index.row(), ""), -1)) for index in old]
        self.changePersistentIndexList(old, new)
        self.layoutChanged.emit()
        if not answer.page.has_more and (answer.page.rows or not answer.start):
            self._set_rows(end)
        self._show_rows(0, self._rows)
        self._set_loading(is_loading=False)
        self.arrived.emit()

    def _moved(self, index: QModelIndex, row: int) -> QModelIndex:
        return self.createIndex(row, index.column()) if row >= 0 else QModelIndex()

    def _not_read(self, error: object) -> None:
        self._set_loading(is_loading=False)
        self.failed.emit(error)

    def _set_rows(self, rows: int) -> None:
        """Add rows to the end, or take them away."""
        rows = min(rows, MOST_ROWS)
        if rows > self._rows:
            self.beginInsertRows(ROOT, self._rows, rows - 1)
            self._rows = rows
            self.endInsertRows()
        elif rows < self._rows:
            self.beginRemoveRows(ROOT, rows, self._rows - 1)
            self._rows = rows
            self.endRemoveRows()

    def _show_rows(self, start: int, end: int) -> None:
        if start < end and self._kinds:
            last = self.index(end - 1, len(self._kinds) - 1)
            self.dataChanged.emit(self.index(start, 0), last)

    def _set_loading(self, *, is_loading: bool) -> None:
        if is_loading != self._is_loading:
            self._is_loading = is_loading
            self.loading_changed.emit(is_loading)

    # QAbstractTableModel

    @override
    def rowCount(self, parent: Index = ROOT) -> int:
        return 0 if parent.isValid() else self._rows

    @override
    def columnCount(self, parent: Index = ROOT) -> int:
        return 0 if parent.isValid() else len(self._kinds)

    @override
    def data(self, index: Index, role: int = _DISPLAY) -> Any:
        row = index.row()
        number = row >> _SHIFT
        page = self._pages.get(number)
        if number != self._last_page:
            self._last_page = number
            (self._reader.want if page is None else self._reader.touch)(number)
        if page is None:
            return None
        place = row & _WITHIN
        if place >= len(page.rows):  # gone meanwhile
            return "" if role in (_DISPLAY, _ID) else None
        if role == _DISPLAY:
            return page.rows[place][1][index.column()]
        if role in (_CHIPS, _CHECKED):
            return page.rows[place][2][index.column()]
        if role == _ID:
            return page.rows[place][0]
        return None

    @override
    def headerData(self, section: int, orientation: Qt.Orientation, role: int = _DISPLAY) -> Any:
        if orientation != Qt.Orientation.Horizontal:
            return section + 1 if role == _DISPLAY else None
        if not 0 <= section < len(self.columns):
            return None
        field = self.columns[section]
        if role == _DISPLAY:
            return field.label
        if role == GridRole.KIND:
            return self._kinds[section]
        if role == GridRole.HEADER_ICON:
            return "lock" if field.is_readonly else None
        if role == Qt.ItemDataRole.ToolTipRole:
            return field.help or field.label
        return None

    def sort_by(self, sort: tuple[Sort, ...]) -> None:
        """Sort in the database; nothing to sort by shows the newest first."""
        if sort != self.query.sort:
            self.show(replace(self.query, sort=sort), self.columns)


def _kinds_of(columns: Sequence[EffectiveField]) -> tuple[CellKind, ...]:
    kinds = [KINDS.get(field.type, CellKind.TEXT) for field in columns]
    named = next((i for i, field in enumerate(columns) if type_of(field.type).is_text_like), -1)
    if named >= 0:
        kinds[named] = CellKind.TITLE
    return tuple(kinds)
