"""How a list of records is grouped: chosen in a menu, folded and walked by keyboard."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPoint, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QAction, QActionGroup, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QAbstractItemView, QMenu, QWidget
from typing_extensions import override

from crm_desktop.domain.field_types import EffectiveField
from crm_desktop.domain.filters import Grouping, RecordQuery
from crm_desktop.domain.grouping import RANGES, units_of
from crm_desktop.gui.heading_painter import HeadingPainter
from crm_desktop.gui.locale import system_formats
from crm_desktop.gui.models.records import RecordTableModel
from crm_desktop.gui.pages.record_summaries import SummaryControl
from crm_desktop.gui.widgets.grid import GridView
from crm_desktop.gui.widgets.sticky_heading import StickyHeading

AGAIN_AFTER = 400  # milliseconds; while somebody writes much, groups are not read at each page
_Key = Qt.Key


class GroupControl(QObject):
    """Keeps what the list is grouped by, and folds its groups.

    `grouping` may name a field that the list does not show (yet): then it is not grouped.
    """

    changed = Signal()  # the list shall be read in other groups

    def __init__(self, grid: GridView, model: RecordTableModel, summaries: SummaryControl) -> None:
        super().__init__(grid)
        self._grid, self._model, self._summaries = grid, model, summaries
        self._viewport = grid.viewport()  # known also while the grid is being destroyed
        self.grouping: Grouping | None = None
        self.painter = HeadingPainter(grid, model)
        self.sticky = StickyHeading(grid, model, self.painter)
        grid.delegate.headings = self.painter
        grid.rows_of_records = model.groups.rows_of_records
        grid.installEventFilter(self)
        self._viewport.installEventFilter(self)
        self._again = QTimer(self, singleShot=True, interval=AGAIN_AFTER)
        self._again.timeout.connect(self._read_again)
        model.outdated.connect(self._again.start)
        summaries.chosen_changed.connect(self._show_summaries)
        grid.selectionModel().currentChanged.connect(self._follow_current)
        self.sticky.heading_wanted.connect(self.go_to)

    # What it is grouped by

    def applied(self, query: RecordQuery, columns: Sequence[EffectiveField]) -> RecordQuery:
        """Return the query grouped as it was chosen, where its columns allow that."""
        field = next((f for f in columns if self.grouping and f.id == self.grouping.field_id), None)
        is_usable = field and self.grouping and self.grouping.unit in units_of(field)
        return replace(query, grouping=self.grouping if is_usable else None)

    def group_by(self, grouping: Grouping | None, _checked: object = None) -> None:
        """Group the list like this from now on."""
        if grouping != self.grouping:
            self.grouping = grouping
            self.changed.emit()

    def described(self) -> str:
        """Return what the list is grouped by in a few words; "" for nothing."""
        grouping = self._model.query.grouping
        if grouping is None:
            return ""
        labels = {field.id: field.label for field in self._model.columns}
        words = self.tr("Grouped by {}").replace("{}", labels.get(grouping.field_id, ""))
        return f"{words}, {self._unit_text(grouping.unit)}" if grouping.unit else words

    # The menu

    def menu(self, parent: QWidget) -> QMenu:
        """Build the menu of all fields; it goes when it is closed."""
        menu = QMenu(parent)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        now = self._model.query.grouping
        group = QActionGroup(menu)
        self._offer(menu, self.tr("No grouping"), None, group)
        menu.addSeparator()
        for field in self._model.columns:
            if units := units_of(field):
                is_now = now is not None and now.field_id == field.id
                wanted = now if is_now else Grouping(field.id, unit=units[0])
                self._offer(menu, field.label, wanted, group)
        if now is not None:
            self._offer_details(menu, now)
        return menu

    def fill_heading_menu(self, menu: QMenu, column: int) -> None:
        """Add to the menu of a column's heading what groups by it."""
        field, now = self._model.columns[column], self._model.query.grouping
        units = units_of(field)
        if not units:
            return
        menu.addSeparator()
        if now is not None and now.field_id == field.id:
            self._offer(menu, self.tr("Do not group"), None, None)
        else:
            text = self.tr("Group by {}").replace("{}", field.label)
            self._offer(menu, text, Grouping(field.id, unit=units[0]), None)

    def _offer_details(self, menu: QMenu, now: Grouping) -> None:
        """Offer the units of the field, the direction, and to fold all."""
        field = next((f for f in self._model.columns if f.id == now.field_id), None)
        units = units_of(field) if field else ()
        if len(units) > 1:
            menu.addSeparator()
            group = QActionGroup(menu)
            for unit in units:
                self._offer(menu, self._unit_text(unit), replace(now, unit=unit), group)
        menu.addSeparator()
        group = QActionGroup(menu)
        self._offer(menu, self.tr("Groups upward"), replace(now, descending=False), group)
        self._offer(menu, self.tr("Groups downward"), replace(now, descending=True), group)
        menu.addSeparator()
        menu.addAction(self.tr("Collapse all groups")).triggered.connect(self.fold_all)
        menu.addAction(self.tr("Expand all groups")).triggered.connect(self.unfold_all)

    def _offer(
        self, menu: QMenu, text: str, wanted: Grouping | None, group: QActionGroup | None
    ) -> None:
        action = QAction(text.replace("&", "&&"), menu)
        if group is not None:
            action.setCheckable(True)
            action.setChecked(wanted == self._model.query.grouping)
            group.addAction(action)
        action.triggered.connect(partial(self.group_by, wanted))
        menu.addAction(action)

    def _unit_text(self, unit: str) -> str:
        if wide := RANGES.get(unit):
            return self.tr("by steps of {}").replace("{}", system_formats().number_text(wide))
        return {
            "": self.tr("by value"),
            "first": self.tr("by the first choice"),
            "day": self.tr("by day"),
            "month": self.tr("by month"),
            "quarter": self.tr("by quarter"),
            "year": self.tr("by year"),
        }.get(unit, unit)

    # Reading

    def _where(self) -> tuple[int, tuple[int, int]]:
        return max(0, self._grid.currentIndex().row()), self._grid.visible_rows()

    @Slot()
    def _read_again(self) -> None:
        row, around = self._where()
        self._model.reload(row, around)

    @Slot()
    def _show_summaries(self) -> None:
        row, around = self._where()
        self._model.show_summaries(self._summaries.chosen_names(), row, around)

    # Folding

    @Slot()
    def fold_all(self) -> None:
        self._make_current(self._model.groups.row_above(self._grid.currentIndex().row()))
        self._model.fold_all(is_folded=True)

    @Slot()
    def unfold_all(self) -> None:
        self._model.fold_all(is_folded=False)

    def toggle(self, row: int) -> None:
        """Fold the group below a heading, or unfold it; what was current in it goes there."""
        is_folded = self._model.groups.is_folded(row)
        if not is_folded:
            self._make_current(self._model.groups.row_above(row))
        self._model.set_folded(row, is_folded=not is_folded)

    def go_to(self, row: int) -> None:
        """Make a heading current, at the top of what can be seen."""
        self._make_current(row)
        index = self._model.index(row, self._column())
        self._grid.scrollTo(index, QAbstractItemView.ScrollHint.PositionAtTop)
        self._grid.setFocus()

    @Slot()
    def go_to_next(self) -> None:
        self._go_beyond(1)

    @Slot()
    def go_to_previous(self) -> None:
        self._go_beyond(-1)

    def _go_beyond(self, step: int) -> None:
        row = self._model.groups.row_beyond(max(0, self._grid.currentIndex().row()), step)
        if row >= 0:
            self._make_current(row)

    def _column(self) -> int:
        return max(0, self._grid.currentIndex().column())

    def _make_current(self, row: int) -> None:
        if row >= 0:
            self._grid.setCurrentIndex(self._model.index(row, self._column()))

    @Slot()
    def _follow_current(self, now: QModelIndex, before: QModelIndex) -> None:
        """Paint a heading whole as it gains or loses the ring; keep what is current in sight."""
        groups = self._model.groups
        if groups.plan is None:
            return
        if not groups.is_record(now.row()) or not groups.is_record(max(0, before.row())):
            self._grid.viewport().update()
        if now.isValid() and self.sticky.covers(now.row()):
            bar = self._grid.verticalScrollBar()
            hidden = self.sticky.height() - self._grid.rowViewportPosition(now.row())
            bar.setValue(bar.value() - hidden)

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if self._model.groups.plan is None:
            return False
        if watched is self._grid and isinstance(event, QKeyEvent):
            return event.type() == QEvent.Type.KeyPress and self._take_key(event)
        if watched is self._viewport and isinstance(event, QMouseEvent):
            return self._take_click(event)
        return False

    def _take_key(self, event: QKeyEvent) -> bool:
        """Work a heading by keyboard; keys that lead elsewhere are the grid's."""
        current = self._grid.currentIndex()
        plain = {Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.KeypadModifier}
        modifiers = event.modifiers() & ~Qt.KeyboardModifier.ShiftModifier
        if not current.isValid() or self._model.groups.is_record(current.row()):
            return False
        if modifiers not in plain:
            return False
        row, key = current.row(), _Key(event.key())
        is_folded = self._model.groups.is_folded(row)
        if key in {_Key.Key_Return, _Key.Key_Enter, _Key.Key_Space}:
            self.toggle(row)
        elif key in {_Key.Key_Right, _Key.Key_Plus}:
            if is_folded:
                self.toggle(row)
        elif key in {_Key.Key_Left, _Key.Key_Minus}:
            if not is_folded:
                self.toggle(row)
        elif not event.text().isprintable() or not event.text():
            return key in {_Key.Key_F2, _Key.Key_Delete, _Key.Key_Backspace}
        return True  # nothing can be typed into a heading

    def _take_click(self, event: QMouseEvent) -> bool:
        if event.button() != Qt.MouseButton.LeftButton:
            return False
        place = event.position().toPoint()
        row = self._grid.rowAt(place.y())
        if row < 0 or self._model.groups.is_record(row):
            return False
        is_double = event.type() == QEvent.Type.MouseButtonDblClick
        is_on_chevron = place.x() < self.painter.chevron_width
        if event.type() == QEvent.Type.MouseButtonPress and is_on_chevron:
            self._make_current(row)
            self.toggle(row)
            return True
        if is_double and not is_on_chevron:
            self.toggle(row)
        return is_double

    def menu_place(self) -> QPoint:
        """Return where the menu opens without a button: below the headings of the columns."""
        header = self._grid.horizontalHeader()
        return header.viewport().mapToGlobal(QPoint(0, header.height()))
