"""A table of ready rows, all in memory: sorted and filtered here, and read-only."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeAlias, TypeVar

from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
    Signal,
)
from typing_extensions import override

from crm_desktop.gui.delegates import CellKind, GridRole

Index: TypeAlias = QModelIndex | QPersistentModelIndex
ROOT = QModelIndex()
DISPLAY, TOOL_TIP = Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole
NO_SORT = -1
Chips: TypeAlias = tuple[tuple[str, str | None], ...]  # label and colour of each


class HasId(Protocol):
    @property
    def id(self) -> Hashable: ...


T = TypeVar("T", bound=HasId)


@dataclass(frozen=True, slots=True)
class Column(Generic[T]):
    """How one column shows a row; `order` replaces the text where text sorts wrongly."""

    title: str
    text: Callable[[T], str]
    kind: CellKind = CellKind.TEXT
    order: Callable[[T], Any] | None = None
    icon: Callable[[T], str | None] | None = None  # as `objects.icon`
    chips: Callable[[T], Chips | None] | None = None
    checked: Callable[[T], bool] | None = None
    tip: Callable[[T], str] | None = None
    width: float = 8  # in heights of a line


class TableModel(QAbstractTableModel, Generic[T]):
    """Shows rows of one kind; the rows are replaced as a whole and told apart by their id.

    Replacing, sorting and filtering keep persistent indexes, and with them a view's selection,
    current row and scroll position.
    """

    counted = Signal(int, int)  # rows shown, rows in all

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._columns: tuple[Column[T], ...] = ()
        self._all: tuple[T, ...] = ()
        self._rows: list[T] = []
        self._texts: list[tuple[str, ...]] = []
        self._keep: Callable[[T], bool] | None = None
        self._sort_column, self._descending = NO_SORT, False

    @property
    def columns(self) -> tuple[Column[T], ...]:
        return self._columns

    @property
    def rows(self) -> Sequence[T]:
        """The rows in the order shown."""
        return self._rows

    @property
    def all_rows(self) -> Sequence[T]:
        """All rows as they were given, shown or not."""
        return self._all

    def set_columns(self, *columns: Column[T]) -> None:
        self.beginResetModel()
        self._columns = columns
        self._texts = [self._text_of(row) for row in self._rows]
        self.endResetModel()

    def row_at(self, index: Index) -> T | None:
        return self._rows[index.row()] if index.isValid() else None

    def index_of(self, id_: Hashable) -> QModelIndex:
        """Return the index of the row with this id, in the first column; invalid if not shown."""
        for number, row in enumerate(self._rows):
            if row.id == id_:
                return self.index(number, 0)
        return QModelIndex()

    def set_rows(self, rows: Iterable[T]) -> None:
        self._all = tuple(rows)
        self._show()

    def set_filter(self, keep: Callable[[T], bool] | None) -> None:
        """Show only rows for which `keep` answers True; None shows every row."""
        self._keep = keep
        self._show()

    def contains(self, row: T, words: Sequence[str]) -> bool:
        """Say whether every word, in lower case, is found in the row's texts."""
        text = "\n".join(column.text(row) for column in self._columns).casefold()
        return all(word in text for word in words)

    @override
    def rowCount(self, parent: Index = ROOT) -> int:
        return 0 if parent.isValid() else len(self._rows)

    @override
    def columnCount(self, parent: Index = ROOT) -> int:
        return 0 if parent.isValid() else len(self._columns)

    @override
    def data(self, index: Index, role: int = DISPLAY) -> Any:
        if not index.isValid():
            return None
        if role == DISPLAY:
            return self._texts[index.row()][index.column()]
        row = self._rows[index.row()]
        if role == GridRole.ID:
            return row.id
        value = self._of_role(self._columns[index.column()], role)
        return None if value is None else value(row)

    @staticmethod
    def _of_role(column: Column[T], role: int) -> Callable[[T], Any] | None:
        if role == GridRole.ICON:
            return column.icon
        if role == GridRole.CHIPS:
            return column.chips
        if role == GridRole.CHECKED:
            return column.checked
        return column.tip if role == TOOL_TIP else None

    @override
    def headerData(self, section: int, orientation: Qt.Orientation, role: int = DISPLAY) -> Any:
        if orientation != Qt.Orientation.Horizontal or not 0 <= section < len(self._columns):
            return None
        if role == GridRole.KIND:
            return self._columns[section].kind
        return self._columns[section].title if role == DISPLAY else None

    @override
    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        self._sort_column = column if column < len(self._columns) else NO_SORT
        self._descending = order == Qt.SortOrder.DescendingOrder
        self._show()

    def _show(self) -> None:
        """Bring the shown rows to what rows, filter and sort say, step by legal step."""
        wanted = self._wanted()
        old = {row.id: row for row in self._rows}
        new = {row.id for row in wanted}
        self._remove([number for number, row in enumerate(self._rows) if row.id not in new])
        self._append([row for row in wanted if row.id not in old])
        self._permute(wanted)
        self._announce_changes(old)
        self.counted.emit(len(self._rows), len(self._all))

    def _wanted(self) -> list[T]:
        rows = [row for row in self._all if self._keep is None or self._keep(row)]
        if self._sort_column == NO_SORT:
            return rows
        column = self._columns[self._sort_column]
        if column.order is not None:
            rows.sort(key=column.order, reverse=self._descending)
        else:
            rows.sort(key=lambda row: reading_order(column.text(row)), reverse=self._descending)
        return rows

    def _remove(self, numbers: list[int]) -> None:
        while numbers:
            last = first = numbers.pop()
            while numbers and numbers[-1] == first - 1:
                first = numbers.pop()
            self.beginRemoveRows(ROOT, first, last)
            del self._rows[first : last + 1]
            del self._texts[first : last + 1]
            self.endRemoveRows()

    def _append(self, rows: list[T]) -> None:
        if not rows:
            return
        self.beginInsertRows(ROOT, len(self._rows), len(self._rows) + len(rows) - 1)
        self._rows += rows
        self._texts += map(self._text_of, rows)
        self.endInsertRows()

    def _permute(self, wanted: list[T]) -> None:
        """Take over the order and the content of `wanted`, which holds the same ids."""
        before = [row.id for row in self._rows]
        moves = before != [row.id for row in wanted]
        if moves:
            self.layoutAboutToBeChanged.emit()
        self._rows = wanted
        self._texts = [self._text_of(row) for row in wanted]
        if not moves:
            return
        place = {row.id: number for number, row in enumerate(wanted)}
        old = self.persistentIndexList()
        new = [self.index(place[before[index.row()]], index.column()) for index in old]
        self.changePersistentIndexList(old, new)
        self.layoutChanged.emit()

    def _announce_changes(self, old: dict[Hashable, T]) -> None:
        last_column = len(self._columns) - 1
        for number, row in enumerate(self._rows):
            if old.get(row.id, row) != row:
                self.dataChanged.emit(self.index(number, 0), self.index(number, last_column))

    def _text_of(self, row: T) -> tuple[str, ...]:
        return tuple(column.text(row) for column in self._columns)


def reading_order(text: str) -> tuple[object, ...]:
    """Return a key by which texts sort as people read them: accents and case last, 2 before 10."""
    spelled = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(letter for letter in spelled if not unicodedata.combining(letter))
    parts = re.split(r"([0-9]{1,15})", plain)
    numbered = tuple(int(part) if place % 2 else part for place, part in enumerate(parts))
    return (numbered, text)
