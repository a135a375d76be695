"""The records of one object as a table: all of them under one scroll bar, few of them in memory."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from heapq import nlargest
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
from crm_desktop.gui.models import record_cells
from crm_desktop.gui.models.group_headings import summary_word
from crm_desktop.gui.models.pending_edits import CellEdit
from crm_desktop.gui.models.record_cells import (
    KINDS,
    PAGE_ROWS,
    Cells,
    Listing,
    Reading,
    Remarks,
    Reread,
)
from crm_desktop.gui.models.record_pages import RecordPages
from crm_desktop.gui.models.row_groups import Identity, RowGroups
from crm_desktop.gui.models.row_plan import RowPlan
from crm_desktop.gui.tasks import Tasks

Index: TypeAlias = QModelIndex | QPersistentModelIndex
ROOT = QModelIndex()
MOST_ROWS = 30_000_000  # Qt adds up heights in 32 bits: rows of 71 pixels still fit
_DISPLAY = int(Qt.ItemDataRole.DisplayRole)
_CHIPS, _CHECKED, _ID = int(GridRole.CHIPS), int(GridRole.CHECKED), int(GridRole.ID)
_TIP = int(Qt.ItemDataRole.ToolTipRole)
_SPOKEN = int(Qt.ItemDataRole.AccessibleTextRole)
_SHIFT, _WITHIN = PAGE_ROWS.bit_length() - 1, PAGE_ROWS - 1


class RecordTableModel(QAbstractTableModel):
    """Has a row for every record that the query finds; those not in memory are read when painted.

    `data()` never waits and computes nothing: a cell that is not here is None, and its page is
    asked for once. The number of rows is an estimate until `has_counted`.

    Where the query groups, headings stand between the records and those below a folded heading
    have no row: a plan tells rows from records. Headings have no id.
    """

    loading_changed = Signal(bool)  # the first page is awaited
    reading_changed = Signal(bool)  # some page is awaited
    counting_changed = Signal(bool)
    query_changed = Signal()  # another list is shown from the top
    arrived = Signal()  # rows, or their number
    took_again = Signal(bool)  # whether those in memory stayed where they were
    failed = Signal(object)  # UserError
    outdated = Signal()  # some records are not of the group they should be of: `reload` mends it
    folding_changed = Signal()
    about_to_show = Signal()  # another list, from the top
    about_to_reread = Signal()  # rows will come, go or move

    def __init__(
        self,
        tasks: Tasks,
        formats: Formats,
        parent: QObject | None = None,
        reading: Reading = record_cells,
    ) -> None:
        super().__init__(parent)
        self._formats = formats
        self._kinds: tuple[CellKind, ...] = ()
        self._rows = 0
        self._last_page = -1
        self._is_loading = False
        self.groups = RowGroups()
        self._plan: RowPlan | None = None  # theirs, looked at for every cell
        self._summaries: tuple[tuple[str, str], ...] = ()
        self.remarks: Remarks | None = None  # from the next `show` on
        self._edits: Mapping[str, Mapping[str, CellEdit]] = {}
        self._reader = RecordPages(tasks, Listing(RecordQuery(""), (), formats), self, reading)
        self._pages = self._reader.kept
        self._reader.began.connect(self._take_first)
        self._reader.arrived.connect(self._take_page)
        self._reader.missed.connect(self._miss_page)
        self._reader.summed.connect(self._take_sums)
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
    def listing(self) -> Listing:
        return self._reader.listing

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
        self.about_to_show.emit()
        self.beginResetModel()
        self._rows, self._last_page = 0, -1
        self._arrange(None)
        if query.grouping != self.query.grouping:
            self.groups.forget_folded()
        self._kinds = self.kinds_of(columns)
        self._set_loading(is_loading=True)
        told = (self._summaries, self.remarks)
        self._reader.begin(Listing(query, tuple(columns), self._formats, *told))
        self.endResetModel()
        self.query_changed.emit()

    def reload(self, row: int = 0, around: tuple[int, int] = (0, 0)) -> None:
        """Read again what is on screen (`around`, first and last row) as it stands now.

        What is shown stays until the new rows are here; the record in `row` keeps its place.
        """
        if self._plan is not None:
            row, around = self._plan.record_near(row), self.groups.records_near(around)
        first = min(around[0], row) >> _SHIFT
        last = max(around[1], row) >> _SHIFT
        if last - first >= 4:  # the current row is far from what is on screen
            first, last = around[0] >> _SHIFT, around[1] >> _SHIFT
        span = (first * PAGE_ROWS, (last + 1) * PAGE_ROWS)
        known = row if self._id_at(row) and span[0] <= row < span[1] else around[0]
        self._set_loading(is_loading=True)
        self._reader.listing = replace(self._reader.listing, summaries=self._summaries)
        self._reader.read_again(span, (self._id_at(known), known))

    def stop(self) -> None:
        """Stop reading and counting; `reload` takes it up again."""
        self._reader.stop()
        self._set_loading(is_loading=False)

    def stop_counting(self) -> None:
        self._reader.stop_counting()

    def id_of(self, row: int) -> str:
        """Return the record's id; "" for a heading, and where the row has not been read."""
        return self._id_at(row if self._plan is None else self._plan.place_of(row))

    def _id_at(self, record: int) -> str:
        page = self._pages.get(record >> _SHIFT)
        place = record & _WITHIN
        return page.rows[place][0] if page is not None and 0 <= place < len(page.rows) else ""

    def ids_of(self, rows: Iterable[int]) -> list[str]:
        """Return the ids of the records in these rows; "" for those that have not been read."""
        return [self.id_of(row) for row in rows if self.groups.is_record(row)]

    def row_of(self, record_id: str) -> int:
        """Return the row of this record, -1 if it is not in memory or folded away."""
        return self._known_rows().get(record_id, -1)

    def rows_of_longest(self, column: int, most: int = 200) -> list[int]:
        """Return the rows in memory whose texts in this column are the longest."""
        sizes = [
            (len(cells[1][column] or ""), number * PAGE_ROWS + place)
            for number, page in self._pages.items()
            for place, cells in enumerate(page.rows)
        ]
        places = [place for _, place in nlargest(most, sizes)]
        if self._plan is None:
            return places
        return [row for row in map(self._plan.row_of, places) if row >= 0]

    def cells_of(self, row: int) -> Cells | None:
        """Return what is known of a row, as it was read; None where it has not been."""
        row = row if self._plan is None else self._plan.place_of(row)
        page = self._pages.get(row >> _SHIFT)
        place = row & _WITHIN
        return page.rows[place] if page is not None and 0 <= place < len(page.rows) else None

    def remark_at(self, row: int) -> Any:
        """Return what the listing's `remarks` said of the record in a row; None for nothing."""
        row = row if self._plan is None else self._plan.place_of(row)
        page = self._pages.get(row >> _SHIFT)
        return None if page is None else page.remarks.get(self._id_at(row))

    def name_of(self, record_id: str) -> str:
        """Return what the list calls a record; its id where that is not in memory."""
        row = self.rows_of((record_id,)).get(record_id)
        if row is None or CellKind.TITLE not in self._kinds:
            return record_id
        text = self.index(row, self._kinds.index(CellKind.TITLE)).data()
        return str(text or record_id)

    # Edits

    def show_edits(self, edits: Mapping[str, Mapping[str, CellEdit]]) -> None:
        """Lay these edits, by record and field, over what was read; the mapping is watched.

        Who changes it calls `note_edited`.
        """
        self._edits = edits

    def note_edited(self, record_ids: Collection[str]) -> None:
        """Say that edits of these records came, went or changed."""
        for row in self.rows_of(record_ids).values():
            self._show_rows(row, row + 1)

    def rows_of(self, record_ids: Collection[str]) -> dict[str, int]:
        """Return where those of these records stand that are in memory."""
        places = {id_: at for id_, at in self._places().items() if id_ in record_ids}
        if self._plan is None:
            return places
        rows = {id_: self._plan.row_of(at) for id_, at in places.items()}
        return {id_: row for id_, row in rows.items() if row >= 0}

    def take_row(self, cells: Cells) -> None:
        """Show a record as it is stored now, where it stands; the order stays as it was read."""
        place = self._places().get(cells[0])
        if place is not None and len(cells[1]) == len(self._kinds):
            self._pages[place >> _SHIFT].rows[place & _WITHIN] = cells
            self.note_edited(cells[:1])

    def _places(self) -> dict[str, int]:
        """Return which records are in memory, by their places among all."""
        return {
            cells[0]: number * PAGE_ROWS + place
            for number, page in self._pages.items()
            for place, cells in enumerate(page.rows)
        }

    def _known_rows(self) -> dict[Identity, int]:
        return self.groups.rows_of(self._places())

    def _identity(self, row: int) -> Identity:
        """Return what stands in a row in a form that outlives its moving."""
        heading = self.groups.heading_at(row)
        return self.id_of(row) if heading is None else (heading.key,)

    # Answers

    def _take_first(self, about: int) -> None:
        self.about_to_show.emit()
        self.beginResetModel()
        self._rows = min(about, MOST_ROWS)
        self._arrange(self.groups.plan_of(self._reader.headings))
        self.endResetModel()
        self._set_loading(is_loading=False)
        self._check_groups([0])
        self.arrived.emit()

    def _take_page(self, number: int) -> None:
        if self._plan is not None:
            self._take_grouped(number, self._plan)
            return
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
        end, plan = answer.start + len(answer.page.rows), self.groups.plan_of(answer.headings)
        most = end + answer.page.has_more if plan is None else plan.rows
        have_stayed = plan is None and self._plan is None and self._have_stayed(answer)
        self._move_rows(most, partial(self._adopt, answer, plan))
        self.took_again.emit(have_stayed)
        if plan is not None:
            self._set_rows(plan.rows)
        elif not answer.page.has_more and (answer.page.rows or not answer.start):
            self._set_rows(end)
        self._show_rows(0, self._rows)
        self._set_loading(is_loading=False)
        self._check_groups(list(self._pages))
        self.arrived.emit()

    def _have_stayed(self, answer: Reread) -> bool:
        """Say whether all rows that were known stand where they stood, as far as can be seen."""
        known = ((self.id_of(answer.start + at), cells[0]) for at, cells in
                 enumerate(answer.page.rows))  # fmt: skip
        return all(old in {"", new} for old, new in known)

    def _adopt(self, answer: Reread, plan: RowPlan | None) -> None:
        self._reader.adopt(answer)
        self._arrange(plan, rows=self._rows)

    def _move_rows(self, most: int, change: Callable[[], None]) -> None:
        """Let a change move rows, of which there will be so many at most."""
        self.about_to_reread.emit()
        self._set_rows(max(self._rows, most))
        self.layoutAboutToBeChanged.emit()  # selections make persistent indexes of all their cells
        old = self.persistentIndexList()
        known = {row: self._identity(row) for row in {index.row() for index in old}}
        change()
        places = self._known_rows()
        new = [self._moved(index, places.get(known.get(index.row(), ""), -1)) for index in old]
        self.changePersistentIndexList(old, new)
        self.layoutChanged.emit()

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
            last = self.index(end - 1, self.columnCount() - 1)
            self.dataChanged.emit(self.index(start, 0), last)

    def _set_loading(self, *, is_loading: bool) -> None:
        if is_loading != self._is_loading:
            self._is_loading = is_loading
            self.loading_changed.emit(is_loading)

    # Groups

    @property
    def is_cut(self) -> bool:
        """Whether there are more records than Qt can show rows."""
        return self.total > MOST_ROWS

    def set_folded(self, row: int, *, is_folded: bool) -> None:
        """Fold or unfold the group of a row."""
        plan = self._plan
        if plan is None or self.groups.is_folded(row) == is_folded:
            return
        self.about_to_reread.emit()
        group = plan.group_of(row)
        new = plan.with_folded({*plan.folded, group} if is_folded else plan.folded - {group})
        first = plan.heading_of(group) + 1
        last = first + len(plan.records_of(group)) - 1
        if max(plan.rows, new.rows) > MOST_ROWS:
            self.beginResetModel()
            self._arrange(new)
            self.endResetModel()
        elif is_folded:
            self.beginRemoveRows(ROOT, first, last)
            self._arrange(new)
            self.endRemoveRows()
        else:
            self.beginInsertRows(ROOT, first, last)
            self._arrange(new)
            self.endInsertRows()
        self._show_rows(first - 1, first)
        self.folding_changed.emit()

    def fold_all(self, *, is_folded: bool) -> None:
        """Fold or unfold every group; what is current stays so where it is still shown."""
        plan = self._plan
        if plan is not None:
            new = plan.with_folded(range(plan.groups) if is_folded else ())
            most = min(max(plan.rows, new.rows), MOST_ROWS)
            self._move_rows(most, partial(self._arrange, new, rows=most))
            self._set_rows(new.rows)
            self._show_rows(0, self._rows)
            self.folding_changed.emit()

    def show_summaries(self, wanted: Mapping[str, str], row: int, around: tuple[int, int]) -> None:
        """Tell these summaries of each group, by the ids of fields; see `reload` for the rows."""
        summaries = tuple(wanted.items())
        if summaries != self._summaries:
            self._summaries = summaries
            if self._plan is not None:
                self.reload(row, around)

    def read_headings_again(self) -> None:
        """Read the sums of the groups anew; records stay in their rows while they fit there."""
        self._reader.read_headings()

    def _take_sums(self, _: object) -> None:
        self._arrange(self._plan)
        self._show_rows(0, self._rows)

    def _arrange(self, plan: RowPlan | None, rows: int | None = None) -> None:
        self._plan = plan
        self.groups.arrange(plan, self._reader.headings)
        if plan is not None:
            self._rows = min(plan.rows if rows is None else rows, MOST_ROWS)

    def _take_grouped(self, number: int, plan: RowPlan) -> None:
        start, rows = number * PAGE_ROWS, len(self._pages[number].rows)
        if rows and self._check_groups([number]):
            first, last = plan.rows_between(start, start + rows - 1)
            self._show_rows(first, min(last + 1, self._rows))
        self.arrived.emit()

    def _check_groups(self, numbers: Sequence[int]) -> bool:
        """Say whether pages fit the groups; no record is shown below the heading of another."""
        wrong = [
            number
            for number in numbers
            if number in self._pages and not self.groups.fits(number, self._pages[number])
        ]
        for number in wrong:
            self._reader.drop(number)
        if wrong:
            self.outdated.emit()
        return not wrong

    def _miss_page(self, _: int) -> None:
        if self._plan is not None:
            self.outdated.emit()

    def _heading_data(self, row: int, column: int, role: int) -> Any:
        if role == _DISPLAY:
            return self.groups.text_in(row, self.columns[column].id, is_first=not column)
        if role == _SPOKEN:
            labels = {field.id: field.label for field in self.columns}
            said = [
                (id_, f"{summary_word(name)} {labels[id_]}")
                for id_, name in self._summaries
                if id_ in labels
            ]
            return self.groups.spoken(row, said)
        return "" if role == _ID else None

    def kinds_of(self, columns: Sequence[EffectiveField]) -> tuple[CellKind, ...]:
        """Return how the cells of these columns are painted."""
        return _kinds_of(columns)

    # QAbstractTableModel

    @override
    def rowCount(self, parent: Index = ROOT) -> int:
        return 0 if parent.isValid() else self._rows

    @override
    def columnCount(self, parent: Index = ROOT) -> int:
        return 0 if parent.isValid() else len(self._kinds)

    @override
    def data(self, index: Index, role: int = _DISPLAY) -> Any:  # noqa: C901 - a call more costs every cell
        row = index.row()
        if self._plan is not None:
            row = self._plan.place_of(row)
            if row < 0:
                return self._heading_data(index.row(), index.column(), role)
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
        cells = page.rows[place]
        if self._edits and (edits := self._edits.get(cells[0])):
            edit = edits.get(self.columns[index.column()].id)
            if edit is not None and (shown := _edited(edit, role)) is not None:
                return shown
        if role == _DISPLAY:
            return cells[1][index.column()]
        if role in (_CHIPS, _CHECKED):
            return cells[2][index.column()]
        if role == _ID:
            return cells[0]
        return None

    @override
    def headerData(self, section: int, orientation: Qt.Orientation, role: int = _DISPLAY) -> Any:
        if orientation != Qt.Orientation.Horizontal:
            return self._row_title(section) if role == _DISPLAY else None
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

    def _row_title(self, row: int) -> int | str:
        number = self.groups.number_of(row)
        return number + 1 if number >= 0 else ""

    def sort_by(self, sort: tuple[Sort, ...]) -> None:
        """Sort in the database; nothing to sort by shows the newest first."""
        if sort != self.query.sort:
            self.show(replace(self.query, sort=sort), self.columns)


def _edited(edit: CellEdit, role: int) -> Any:
    """Return what an edited cell shows; None where what was read stands."""
    if role == _TIP:
        return edit.reason or None
    if role == _SPOKEN:
        return edit.spoken()
    if not edit.is_shown:
        return None
    if role == _DISPLAY:
        return edit.text
    return edit.extra if role in (_CHIPS, _CHECKED) else None


def _kinds_of(columns: Sequence[EffectiveField]) -> tuple[CellKind, ...]:
    kinds = [KINDS.get(field.type, CellKind.TEXT) for field in columns]
    named = next((i for i, field in enumerate(columns) if type_of(field.type).is_text_like), -1)
    if named >= 0:
        kinds[named] = CellKind.TITLE
    return tuple(kinds)
