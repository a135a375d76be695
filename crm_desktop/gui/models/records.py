"""The records of one object as a table: read a page at a time, by key, as one scrolls."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
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

from crm_desktop.domain.errors import UserError
from crm_desktop.domain.field_types import EffectiveField, options_of, type_of
from crm_desktop.domain.filters import RecordQuery, Sort
from crm_desktop.domain.formats import Formats
from crm_desktop.gui.chips import Chip
from crm_desktop.gui.delegates import CellKind, GridRole
from crm_desktop.gui.tasks import Handle, Tasks
from crm_desktop.services import record_query
from crm_desktop.services.record_query import Cursor, RecordPage

Index: TypeAlias = QModelIndex | QPersistentModelIndex
ROOT = QModelIndex()
PAGE_ROWS = 200
_DISPLAY = int(Qt.ItemDataRole.DisplayRole)
_CHIPS, _CHECKED, _ID = int(GridRole.CHIPS), int(GridRole.CHECKED), int(GridRole.ID)
_KINDS = {
    "number": CellKind.NUMBER,
    "currency": CellKind.NUMBER,
    "percentage": CellKind.NUMBER,
    "date": CellKind.DATE,
    "datetime": CellKind.DATE,
    "boolean": CellKind.CHECK,
    "checkbox": CellKind.CHECK,
    "select": CellKind.CHOICE,
    "radio": CellKind.CHOICE,
    "multiselect": CellKind.CHOICE,
    "reference": CellKind.LINK,
    "lookup": CellKind.LINK,
}

Cells: TypeAlias = tuple[str, tuple[str, ...], tuple[Any, ...]]
"""One row, ready to be painted: id, texts, and for chips and boxes what they show."""


class RecordTableModel(QAbstractTableModel):
    """Shows what has been read so far, and reads on when the view nears the end.

    `data()` computes nothing. Every answer belongs to the query it was asked for; one that
    comes late, for an earlier query, is cancelled and dropped.
    """

    loading_changed = Signal(bool)
    arrived = Signal()  # a page of rows
    failed = Signal(object)  # UserError

    def __init__(self, tasks: Tasks, formats: Formats, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._tasks, self._formats = tasks, formats
        self._columns: tuple[EffectiveField, ...] = ()
        self._kinds: tuple[CellKind, ...] = ()
        self._query = RecordQuery("")
        self._rows: list[Cells] = []
        self._next: Cursor | None = None
        self._reading: Handle | None = None

    @property
    def columns(self) -> tuple[EffectiveField, ...]:
        return self._columns

    @property
    def query(self) -> RecordQuery:
        return self._query

    @property
    def has_all(self) -> bool:
        """Whether every matching record has been read."""
        return self._next is None and self._reading is None

    def show(self, query: RecordQuery, columns: Sequence[EffectiveField]) -> None:
        """Show the records of this query from the top."""
        self.beginResetModel()
        self._query, self._columns = query, tuple(columns)
        self._kinds = _kinds_of(self._columns)
        self._rows, self._next = [], None
        self.endResetModel()
        self._read(None, PAGE_ROWS, self._take_first)

    def reload(self) -> None:
        """Read again what has been read; the rows on screen stay until the new ones are here."""
        rows = max(PAGE_ROWS, -(-len(self._rows) // PAGE_ROWS) * PAGE_ROWS)
        self._read(None, rows, self._take_again)

    def id_of(self, row: int) -> str:
        return self._rows[row][0]

    def row_of(self, record_id: str) -> int:
        """Return the row of this record, -1 if it has not been read."""
        return next((row for row, cells in enumerate(self._rows) if cells[0] == record_id), -1)

    # Reading

    def _read(self, after: Cursor | None, limit: int, take: Any) -> None:
        if self._reading is not None:
            self._reading.cancel()
        call = partial(
            _read_cells,
            query=self._query,
            columns=self._columns,
            formats=self._formats,
            after=after,
            limit=limit,
        )
        self.loading_changed.emit(True)
        self._reading = self._tasks.read(self, call, take, self._not_read)

    def _take_first(self, page: tuple[list[Cells], Cursor | None]) -> None:
        self.beginResetModel()
        self._rows, self._next = page
        self.endResetModel()
        self._end_reading()

    def _take_again(self, page: tuple[list[Cells], Cursor | None]) -> None:
        """Bring the rows up to date where they stand, so that current row and scroll stay."""
        new, self._next = page
        if [row[0] for row in new] == [row[0] for row in self._rows]:
            self._rows = new
            if new:
                last = self.index(len(new) - 1, len(self._columns) - 1)
                self.dataChanged.emit(self.index(0, 0), last)
        else:
            self._permute(new)
        self._end_reading()

    def _permute(self, new: list[Cells]) -> None:
        """Take over rows that came, went or moved; persistent indexes follow their records."""
        place = {row[0]: number for number, row in enumerate(new)}
        self.layoutAboutToBeChanged.emit()
        old = self.persistentIndexList()
        moved = [
            self.createIndex(row, index.column())
            if (row := place.get(self._rows[index.row()][0], -1)) >= 0
            else QModelIndex()
            for index in old
        ]
        self._rows = new
        self.changePersistentIndexList(old, moved)
        self.layoutChanged.emit()

    def _take_more(self, page: tuple[list[Cells], Cursor | None]) -> None:
        rows, self._next = page
        if rows:
            first = len(self._rows)
            self.beginInsertRows(ROOT, first, first + len(rows) - 1)
            self._rows += rows
            self.endInsertRows()
        self._end_reading()

    def _end_reading(self) -> None:
        self._reading = None
        self.loading_changed.emit(False)
        self.arrived.emit()

    def _not_read(self, error: UserError) -> None:
        self._reading = None
        self.loading_changed.emit(False)
        self.failed.emit(error)

    # QAbstractTableModel

    @override
    def rowCount(self, parent: Index = ROOT) -> int:
        return 0 if parent.isValid() else len(self._rows)

    @override
    def columnCount(self, parent: Index = ROOT) -> int:
        return 0 if parent.isValid() else len(self._columns)

    @override
    def canFetchMore(self, parent: Index) -> bool:
        return not parent.isValid() and self._next is not None and self._reading is None

    @override
    def fetchMore(self, parent: Index) -> None:
        if self.canFetchMore(parent):
            self._read(self._next, PAGE_ROWS, self._take_more)

    @override
    def data(self, index: Index, role: int = _DISPLAY) -> Any:
        if role == _DISPLAY:
            return self._rows[index.row()][1][index.column()]
        if role in (_CHIPS, _CHECKED):
            return self._rows[index.row()][2][index.column()]
        if role == _ID:
            return self._rows[index.row()][0]
        return None

    @override
    def headerData(self, section: int, orientation: Qt.Orientation, role: int = _DISPLAY) -> Any:
        if orientation != Qt.Orientation.Horizontal:
            return section + 1 if role == _DISPLAY else None
        if not 0 <= section < len(self._columns):
            return None
        field = self._columns[section]
        if role == _DISPLAY:
            return field.label
        if role == GridRole.KIND:
            return self._kinds[section]
        if role == GridRole.HEADER_ICON:
            return "lock" if field.is_readonly else None
        if role == Qt.ItemDataRole.ToolTipRole:
            return field.help or field.label
        return None

    @override
    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Sort in the database; a column of -1 shows the newest first again."""
        by: tuple[Sort, ...] = ()
        if 0 <= column < len(self._columns):
            is_descending = order == Qt.SortOrder.DescendingOrder
            by = (Sort(self._columns[column].id, descending=is_descending),)
        if by != self._query.sort:
            self.show(replace(self._query, sort=by), self._columns)


def _kinds_of(columns: Sequence[EffectiveField]) -> tuple[CellKind, ...]:
    kinds = [_KINDS.get(field.type, CellKind.TEXT) for field in columns]
    named = next((i for i, field in enumerate(columns) if type_of(field.type).is_text_like), -1)
    if named >= 0:
        kinds[named] = CellKind.TITLE
    return tuple(kinds)


# What follows runs on a worker thread.


def _read_cells(
    session: Any,
    query: RecordQuery,
    columns: tuple[EffectiveField, ...],
    formats: Formats,
    after: Cursor | None,
    limit: int,
) -> tuple[list[Cells], Cursor | None]:
    page = record_query.list_page(session, query, columns, formats, after=after, limit=limit)
    return _cells(page, columns), page.next


def _cells(page: RecordPage, columns: Sequence[EffectiveField]) -> list[Cells]:
    extras = [_extra_of(field) for field in columns]
    return [
        (
            row.id,
            row.texts,
            tuple([make and make(value) for make, value in zip(extras, row.values, strict=True)]),
        )
        for row in page.rows
    ]


def _extra_of(field: EffectiveField) -> Any:
    kind = _KINDS.get(field.type)
    if kind is CellKind.CHECK:
        return _checked
    if kind is CellKind.CHOICE:
        known = {option.value: (option.label, option.color or None) for option in options_of(field)}
        return partial(_chips, known)
    return None


def _checked(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


def _chips(known: dict[str, Chip], value: Any) -> tuple[Chip, ...] | None:
    if isinstance(value, str):
        return (known.get(value, (value, None)),) if value else ()
    if isinstance(value, list) and all(isinstance(part, str) for part in value):
        return tuple(known.get(part, (part, None)) for part in value)
    return () if value is None else None
