"""The table view that every list of the program is shown in."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from PySide6.QtCore import (
    QAbstractItemModel,
    QEvent,
    QItemSelection,
    QItemSelectionModel,
    QItemSelectionRange,
    QModelIndex,
    QPersistentModelIndex,
    QRect,
    Qt,
    QTimer,
    Signal,
    Slot,
)
from PySide6.QtGui import (
    QColor,
    QGuiApplication,
    QKeyEvent,
    QKeySequence,
    QPainter,
    QPaintEvent,
    QResizeEvent,
)
from PySide6.QtWidgets import QAbstractButton, QAbstractItemView, QTableView, QWidget
from typing_extensions import override

from crm_desktop.domain.errors import UserError
from crm_desktop.domain.tsv import write_tsv
from crm_desktop.gui.delegates import GridDelegate, GridRole, Mark
from crm_desktop.gui.theme import Density, row_height, theme, unit
from crm_desktop.gui.tokens import mix
from crm_desktop.gui.widgets.empty_state import EmptyState
from crm_desktop.gui.widgets.frozen_columns import FrozenColumns
from crm_desktop.gui.widgets.grid_headers import GridCorner, GridGutter, GridHeader

COPIED_AT_MOST = 500_000  # cells; more would fill the clipboard for minutes
_BARS_AFTER = 150  # milliseconds of loading before bars are shown
_CHANGES = (
    "modelReset layoutChanged rowsInserted rowsRemoved columnsInserted columnsRemoved columnsMoved"
)


class GridView(QTableView):
    """A grid painted by one delegate, worked by keyboard, that says so when it is empty.

    Rows are selected as a whole unless `selects_cells`. Enter and a double click emit
    `activated`. While `set_loading(True)` an empty model shows bars instead of "nothing here".
    """

    refused = Signal(object)  # UserError, for the message bar: what could not be copied

    def __init__(
        self,
        parent: QWidget | None = None,
        *,
        name: str = "",
        has_gutter: bool = False,
        selects_cells: bool = False,
    ) -> None:
        super().__init__(parent)
        self._density, self._is_loading, self._shows_bars = Density.NORMAL, False, False
        self._empty: EmptyState | None = None
        self.rows_of_records: Callable[[int, int], Sequence[tuple[int, int]]] | None = None
        self._target: QModelIndex | None = None  # where a key with Ctrl leads
        self.frozen = FrozenColumns(self)
        self.setAccessibleName(name)
        self.setFrameShape(QTableView.Shape.NoFrame)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setCornerButtonEnabled(False)
        self.setTabKeyNavigation(False)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        behavior = QAbstractItemView.SelectionBehavior
        self.setSelectionBehavior(behavior.SelectItems if selects_cells else behavior.SelectRows)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        header = GridHeader(self)
        self.setHorizontalHeader(header)
        self.gutter = GridGutter(self)
        self.setVerticalHeader(self.gutter)
        self.gutter.setVisible(has_gutter)
        self.delegate = GridDelegate(self)
        self.delegate.shows_bar = not has_gutter
        self.setItemDelegate(self.delegate)
        self._corner = GridCorner(self)
        header.frozen = self.frozen
        self.delegate.placed = self.frozen.placed
        self._hide_own_corner()
        self.setCornerWidget(QWidget(self))
        self._set_row_height()
        self._bars_timer = QTimer(self, singleShot=True, interval=_BARS_AFTER)
        self._bars_timer.timeout.connect(self._show_bars)

    # Content

    @override
    def setModel(self, model: QAbstractItemModel | None) -> None:
        old = self.model()
        if old is not None:
            for name in _CHANGES.split():
                getattr(old, name).disconnect(self._look_again)
            old.headerDataChanged.disconnect(self._look_again)
        super().setModel(model)
        if model is not None:
            for name in _CHANGES.split():
                getattr(model, name).connect(self._look_again)
            model.headerDataChanged.connect(self._look_again)
        self._look_again()

    @Slot()
    def _look_again(self) -> None:
        """Forget what the columns held, and show or hide the sentence for no rows."""
        self.delegate.forget_columns()
        self._show_empty_state()

    def set_empty_state(
        self,
        sentence: str,
        *,
        icon_name: str = "inbox",
        action: str = "",
        on_action: Callable[[], object] | None = None,
    ) -> None:
        """Say this in the middle while there are no rows; call again to say something else."""
        if self._empty is not None:
            self._empty.hide()  # it is gone a moment later only
            self._empty.deleteLater()
        self._empty = EmptyState(sentence, icon_name=icon_name, action=action, parent=self)
        if on_action is not None:
            self._empty.action_requested.connect(on_action)
        self._show_empty_state()

    def set_unread(self, error: UserError, retry: Callable[[], object]) -> None:
        """Say that the rows could not be read, why, and offer to try again."""
        sentence = self.tr("This could not be read. {why}").format(why=error)
        again = self.tr("Try again")
        self.set_empty_state(sentence, icon_name="cloud-off", action=again, on_action=retry)

    def set_loading(self, is_loading: bool) -> None:  # noqa: FBT001 - a setter, as Qt's
        """Rows are on their way: show bars if they take long, and never "nothing here"."""
        self._is_loading = is_loading
        if is_loading:
            self._bars_timer.start()
        else:
            self._bars_timer.stop()
            self._shows_bars = False
        self._show_empty_state()
        self.viewport().update()

    @Slot()
    def _show_bars(self) -> None:
        self._shows_bars = self._is_loading
        self.viewport().update()

    def _has_no_rows(self) -> bool:
        model = self._model()
        return model is None or model.rowCount() == 0

    def _model(self) -> QAbstractItemModel | None:
        return self.model()

    def _show_empty_state(self) -> None:
        if self._empty is None:
            return
        self._empty.setVisible(self._has_no_rows() and not self._is_loading)
        self._empty.setGeometry(self.viewport().geometry())
        self._empty.raise_()

    def set_marks(self, marks: Mapping[tuple[int, int], Mark]) -> None:
        """Show what becomes of edited cells, by row and column; rows show their worst."""
        self.delegate.marks = dict(marks)
        rows: dict[int, Mark] = {}
        worst = [Mark.SAVED, Mark.SAVING, Mark.UNSAVED, Mark.REFUSED]
        for (row, _), mark in marks.items():
            rows[row] = max(rows.get(row, mark), mark, key=worst.index)
        self.gutter.marks = rows
        self.gutter.viewport().update()
        self.viewport().update()

    def current_id(self) -> object:
        """Give what the model answers for `GridRole.ID` in the current row; None without one."""
        index = self.currentIndex()
        return index.data(GridRole.ID) if index.isValid() else None

    def selected_parts(self) -> list[QItemSelectionRange]:
        """Give the rectangles of selected cells, without headings and what is hidden as a whole."""
        chosen: QItemSelectionModel | None = self.selectionModel()
        selection = QItemSelection() if chosen is None else chosen.selection()
        every = (selection.at(number) for number in range(selection.count()))
        parts = [part for part in every if self._shows_any(part)]
        if self.rows_of_records is None:
            return parts
        model, rows_of_records = self.model(), self.rows_of_records
        return [
            QItemSelectionRange(model.index(first, part.left()), model.index(last, part.right()))
            for part in parts
            for first, last in rows_of_records(part.top(), part.bottom())
        ]

    def is_record(self, row: int) -> bool:
        """Say whether a row has cells of its own, and is no heading."""
        return self.rows_of_records is None or bool(list(self.rows_of_records(row, row)))

    def _shows_any(self, part: QItemSelectionRange) -> bool:
        return not all(map(self.isColumnHidden, range(part.left(), part.right() + 1)))

    def selected_rows(self) -> list[int]:
        """Give the selected rows in order; reads the selection's ranges, not its cells."""
        rows: set[int] = set()
        for part in self.selected_parts():
            rows.update(range(part.top(), part.bottom() + 1))
        return sorted(rows)

    def count_selected_rows(self) -> int:
        """Count the selected rows by their ranges: a million at once is one range."""
        count, end = 0, -1
        for top, bottom in sorted((part.top(), part.bottom()) for part in self.selected_parts()):
            count += max(0, bottom - max(top, end + 1) + 1)
            end = max(end, bottom)
        return count

    def room_of(self, index: QModelIndex) -> QRect:
        """Give where a cell is seen, for what stands over it."""
        return self.visualRect(index)

    def visible_rows(self) -> tuple[int, int]:
        """Give the first and the last row that can be seen, (0, 0) without any."""
        first, last = self.rowAt(0), self.rowAt(self.viewport().height() - 1)
        if last < 0:
            last = self.model().rowCount() - 1
        return max(first, 0), max(first, last, 0)

    # Look

    def set_density(self, density: Density) -> None:
        self._density = density
        self._set_row_height()

    def _set_row_height(self) -> None:
        self.gutter.setMinimumSectionSize(1)
        self.gutter.setDefaultSectionSize(row_height(self._density))

    def _hide_own_corner(self) -> None:
        """Put our corner in the place of Qt's, which no theme reaches."""
        button = self.findChild(QAbstractButton)
        if button is not None:
            button.setFixedSize(0, 0)

    @override
    def updateGeometries(self) -> None:
        super().updateGeometries()
        gutter, header = self.verticalHeader(), self.horizontalHeader()
        corner = self.findChild(GridCorner)
        if corner is not None:
            corner.setGeometry(0, 0, gutter.width(), header.height())
            corner.setVisible(gutter.isVisible() and header.isVisible())

    @override
    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in {QEvent.Type.FontChange, QEvent.Type.StyleChange}:
            self._set_row_height()

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._show_empty_state()

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        self.delegate.prepare()
        super().paintEvent(self.frozen.without(event, self.viewport()))
        self.frozen.paint_cells(event)
        if self._shows_bars and self._has_no_rows():
            self._paint_bars()

    def _paint_bars(self) -> None:
        """Paint rows of grey bars where rows will stand."""
        tokens, height = theme(), row_height(self._density)
        painter = QPainter(self.viewport())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(mix(tokens.border, tokens.surface, 0.75)))
        header, wide = self.horizontalHeader(), self.viewport().width()
        thick = max(4, int(unit() * 2.2))
        columns = [
            (header.sectionViewportPosition(column), header.sectionSize(column))
            for column in range(header.count())
        ] or [(0, wide // 2), (wide // 2, wide // 2)]
        for top in range(0, self.viewport().height() - height, height):
            for left, room in columns:
                share = 40 + (top * 31 + left * 17) % 45
                bar = QRect(left + 2 * unit(), top + (height - thick) // 2, 0, thick)
                bar.setWidth(max(1, (room - 4 * unit()) * share // 100))
                painter.drawRoundedRect(bar, unit(), unit())
        painter.end()

    # Keyboard

    @override
    def scrollTo(
        self,
        index: QModelIndex | QPersistentModelIndex,
        hint: QAbstractItemView.ScrollHint = QAbstractItemView.ScrollHint.EnsureVisible,
    ) -> None:
        scrolled = self.horizontalScrollBar().value()
        super().scrollTo(index, hint)
        self.frozen.bring_to_sight(index, scrolled)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if self.state() == QAbstractItemView.State.EditingState:
            event.accept()  # the Enter that ends an edit comes by here as well
        elif event.matches(QKeySequence.StandardKey.Copy):
            self.copy_selection()
        elif event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter} and not event.modifiers() & (
            Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier
        ):
            if self.currentIndex().isValid():
                self.activated.emit(self.currentIndex())
        elif (target := self._edge(event)) is not None:
            self._go_to(target, event)
        else:
            super().keyPressEvent(event)

    def _edge(self, event: QKeyEvent) -> QModelIndex | None:
        """Find the cell at the end that Ctrl and an arrow, Home or End point to."""
        model, current = self._model(), self.currentIndex()
        if model is None or not current.isValid():
            return None
        has_control = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        row, column = current.row(), self.horizontalHeader().visualIndex(current.column())
        last_row, last = model.rowCount() - 1, self.horizontalHeader().count() - 1
        key = Qt.Key
        plain = {key.Key_Home: (row, 0), key.Key_End: (row, last)}
        far = {
            key.Key_Up: (0, column),
            key.Key_Down: (last_row, column),
            key.Key_Left: (row, 0),
            key.Key_Right: (row, last),
            key.Key_Home: (0, 0),
            key.Key_End: (last_row, last),
        }
        target = (far if has_control else plain).get(key(event.key()))
        return None if target is None else self._shown_index(*target)

    def _shown_index(self, row: int, visual: int) -> QModelIndex:
        """Give the cell there, or the nearest one in a column that is not hidden."""
        header = self.horizontalHeader()
        shown = [place for place in range(header.count()) if not self._is_hidden(place)]
        nearest = min(shown, key=lambda place: abs(place - visual), default=visual)
        return self.model().index(row, header.logicalIndex(nearest))

    def _is_hidden(self, visual: int) -> bool:
        header = self.horizontalHeader()
        return header.isSectionHidden(header.logicalIndex(visual))

    def _go_to(self, target: QModelIndex, event: QKeyEvent) -> None:
        """Let Qt move and select as for an arrow without Ctrl, but to this cell."""
        shift = event.modifiers() & Qt.KeyboardModifier.ShiftModifier
        self._target = target
        super().keyPressEvent(QKeyEvent(event.type(), event.key(), shift))
        self._target = None

    @override
    def moveCursor(
        self, action: QAbstractItemView.CursorAction, modifiers: Qt.KeyboardModifier
    ) -> QModelIndex:
        return super().moveCursor(action, modifiers) if self._target is None else self._target

    def copy_selection(self) -> bool:
        """Put the selected cells on the clipboard as lines of cells with tabs between.

        Refused, with a sentence, where cells have not been loaded: a gap would be a lie.
        """
        try:
            text = self._selected_text()
        except UserError as problem:
            self.refused.emit(problem)
            return False
        if text:
            QGuiApplication.clipboard().setText(text)
        return bool(text)

    def _selected_text(self) -> str:
        parts = self.selected_parts()
        if sum(part.width() * part.height() for part in parts) > COPIED_AT_MOST:
            raise UserError(
                self.tr("That is too much for the clipboard. Use “crm-desktop export” instead.")
            )
        rows: dict[int, dict[int, str]] = {}
        for part in parts:
            for row in range(part.top(), part.bottom() + 1):
                cells = rows.setdefault(row, {})
                for column in range(part.left(), part.right() + 1):
                    cells[column] = self._text_at(row, column)
        header = self.horizontalHeader()
        columns = sorted({column for cells in rows.values() for column in cells})
        columns = [column for column in columns if not header.isSectionHidden(column)]
        columns.sort(key=header.visualIndex)
        return write_tsv([rows[row].get(column, "") for column in columns] for row in sorted(rows))

    def _text_at(self, row: int, column: int) -> str:
        text = self.model().index(row, column).data(Qt.ItemDataRole.DisplayRole)
        if text is None:
            raise UserError(
                self.tr("Some of the selected rows have not arrived yet. Copy again in a moment.")
            )
        return str(text)
