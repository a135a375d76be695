"""How a list of records is sorted: by clicks on its headings, and by a menu for the keyboard."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QObject, QPoint, Qt, Signal, Slot
from PySide6.QtGui import QAction, QActionGroup, QGuiApplication
from PySide6.QtWidgets import QMenu

from crm_desktop.domain.filters import Sort
from crm_desktop.gui.models.records import RecordTableModel
from crm_desktop.gui.widgets.grid import GridView
from crm_desktop.gui.widgets.grid_headers import GridHeader


class SortControl(QObject):
    """A click sorts by one column: upward, downward, not at all; with Shift, by it as well."""

    filter_requested = Signal(int)  # the column whose values shall be ticked
    menu_filled = Signal(QMenu, int)  # the menu of a column's heading: others may add to it

    def __init__(self, grid: GridView, model: RecordTableModel) -> None:
        super().__init__(grid)
        self._grid, self._model = grid, model
        header = grid.horizontalHeader()
        header.sectionClicked.connect(self._clicked)
        header.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        header.customContextMenuRequested.connect(self._show_menu_at)
        model.modelReset.connect(self._mark)

    @Slot()
    def _mark(self) -> None:
        """Show in the headings what the list is sorted by."""
        header = self._grid.horizontalHeader()
        if isinstance(header, GridHeader):
            sort = self._model.query.sort
            places = {each.field_id: (each.descending, at) for at, each in enumerate(sort, 1)}
            columns = enumerate(self._model.columns)
            found = {at: places[field.id] for at, field in columns if field.id in places}
            if len(sort) == 1:
                found = {at: (descending, 0) for at, (descending, _) in found.items()}
            header.set_sorted(found)

    def _clicked(self, column: int) -> None:
        shift = Qt.KeyboardModifier.ShiftModifier
        is_added = bool(QGuiApplication.keyboardModifiers() & shift)
        field_id = self._model.columns[column].id
        sort = self._model.query.sort
        old = next((each for each in sort if each.field_id == field_id), None)
        if not is_added and len(sort) > 1:
            old = None
        new = Sort(field_id, descending=old is not None)
        kept = () if old is not None and old.descending else (new,)
        if not is_added:
            self._model.sort_by(kept)
        elif old is None:
            self._model.sort_by((*sort, new))
        else:
            place = sort.index(old)
            self._model.sort_by((*sort[:place], *kept, *sort[place + 1 :]))

    # The menu

    def _show_menu_at(self, place: QPoint) -> None:
        column = self._grid.frozen.column_at(place.x())
        if column >= 0:
            menu = self.menu_for(column)
            menu.popup(self._grid.horizontalHeader().viewport().mapToGlobal(place))

    @Slot()
    def show_menu(self) -> None:
        """Offer to sort by the current column, below its heading."""
        column = max(0, self._grid.currentIndex().column())
        if column < len(self._model.columns):
            header = self._grid.horizontalHeader()
            left = max(0, self._grid.frozen.left_of(column))
            menu = self.menu_for(column)
            menu.popup(header.viewport().mapToGlobal(QPoint(left, header.height())))
            menu.setActiveAction(menu.actions()[0])

    def menu_for(self, column: int) -> QMenu:
        """Build the menu of a heading; it goes when it is closed."""
        menu = QMenu(self._grid)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        field, sort = self._model.columns[column], self._model.query.sort
        others = tuple(each for each in sort if each.field_id != field.id)
        group = QActionGroup(menu)
        for text, descending in ((self.tr("Sort upward"), False), (self.tr("Sort downward"), True)):
            self._offer(menu, text, (Sort(field.id, descending),), group)
        if others:
            menu.addSeparator()
            title = self._titles(others)
            for text, descending in (
                (self.tr("Then upward, after {}"), False),
                (self.tr("Then downward, after {}"), True),
            ):
                wanted = (*others, Sort(field.id, descending))
                self._offer(menu, text.replace("{}", title), wanted, group)
        menu.addSeparator()
        if len(others) < len(sort):
            text = self.tr("Do not sort by {}").replace("{}", field.label)
            self._offer(menu, text, others, None)
        self._offer(menu, self.tr("Newest first"), (), group)
        menu.addSeparator()
        tick = menu.addAction(self.tr("Filter by values…"))
        tick.triggered.connect(partial(self._ask_to_filter, column))
        self.menu_filled.emit(menu, column)
        if by := self._model.text_order:
            menu.addSeparator()
            note = menu.addAction(self.tr("Text is sorted by: {}").replace("{}", by))
            note.setEnabled(False)
        return menu

    def _offer(
        self, menu: QMenu, text: str, sort: tuple[Sort, ...], group: QActionGroup | None
    ) -> None:
        action = QAction(text.replace("&", "&&"), menu)
        if group is not None:
            action.setCheckable(True)
            action.setChecked(sort == self._model.query.sort)
            group.addAction(action)
        action.triggered.connect(partial(self._sort_by, sort))
        menu.addAction(action)

    def _sort_by(self, sort: tuple[Sort, ...], _checked: object = None) -> None:
        self._model.sort_by(sort)

    def _ask_to_filter(self, column: int, _checked: object = None) -> None:
        self.filter_requested.emit(column)

    def _titles(self, sort: tuple[Sort, ...]) -> str:
        labels = {field.id: field.label for field in self._model.columns}
        return ", ".join(labels.get(each.field_id, each.field_id) for each in sort)
