"""What the pages of the definitions share: a filter, a table, and actions on its rows."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Sequence
from typing import TYPE_CHECKING, ClassVar, Generic, NamedTuple, TypeVar

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAction, QKeySequence, QPalette
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QLabel,
    QMenu,
    QVBoxLayout,
    QWidget,
)
from typing_extensions import override

from crm_desktop.domain.errors import UserError
from crm_desktop.gui.icons import icon
from crm_desktop.gui.models.table_model import HasId, TableModel
from crm_desktop.gui.page import Page
from crm_desktop.gui.theme import line_height, unit
from crm_desktop.gui.widgets.buttons import primary_button
from crm_desktop.gui.widgets.grid import GridView
from crm_desktop.gui.widgets.search_box import SearchBox
from crm_desktop.gui.widgets.splitter import Splitter

if TYPE_CHECKING:
    from PySide6.QtWidgets import QDialog

    from crm_desktop.domain.changes import Change, Topic
    from crm_desktop.gui.tasks import Tasks

R = TypeVar("R", bound=HasId)


class Words(NamedTuple):
    """How a page is called, what its rows are, and what can be looked for."""

    title: str
    icon_name: str
    row: str
    rows: str
    filter_hint: str


class DefinitionsPage(Page, Generic[R]):
    """A table of definitions that keeps selection and place while it is read again.

    A subclass names its words and topics, gives the model, and says what opening, creating and
    deleting mean.
    """

    topics: ClassVar[Collection[Topic]] = ()

    def __init__(
        self,
        tasks: Tasks,
        model: TableModel[R],
        words: Words,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(tasks, parent)
        self.title, self.icon_name, self._one, self._many, filter_hint = words
        self.model = model
        model.setParent(self)
        self.grid = GridView(self, name=self.title)
        self.grid.setModel(model)
        self.grid.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.filter = SearchBox(filter_hint)
        self.summary = QLabel()
        self.bar = QHBoxLayout()
        self._asked = 0
        self._wanted: Hashable = None
        self._has_rows = False
        self._row_actions: list[QAction] = []
        self._lay_out()
        self._connect()

    def _lay_out(self) -> None:
        self.setBackgroundRole(QPalette.ColorRole.Base)
        self.setAutoFillBackground(True)
        self.filter.setMinimumWidth(round(line_height() * 14))
        self.bar.setContentsMargins(3 * unit(), 3 * unit(), 3 * unit(), 3 * unit())
        self.bar.setSpacing(2 * unit())
        self.bar.addWidget(self.filter)
        foot = QHBoxLayout()
        foot.setContentsMargins(3 * unit(), 2 * unit(), 3 * unit(), 2 * unit())
        self.summary.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        foot.addWidget(self.summary)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        box.addLayout(self.bar)
        box.addWidget(self.grid, 1)
        box.addLayout(foot)
        self.setFocusProxy(self.grid)
        for number, column in enumerate(self.model.columns):
            self.grid.setColumnWidth(number, round(column.width * line_height()))

    def _connect(self) -> None:
        self.grid.setSortingEnabled(True)
        self.grid.sortByColumn(0, Qt.SortOrder.AscendingOrder)
        self.grid.activated.connect(self.edit_current)
        self.grid.refused.connect(self.refused)
        self.grid.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.grid.customContextMenuRequested.connect(self._show_menu)
        self.grid.selectionModel().currentRowChanged.connect(self._current_changed)
        self.filter.searched.connect(self.apply_filter)
        self.filter.left_downward.connect(self.grid.setFocus)
        self.model.counted.connect(self._counted)
        self._tasks.changed.connect(self._changed)

    def add_new_button(self, text: str) -> QAction:
        """Add the page's main action, at the right end of its bar."""
        action = self.add_row_action(text, "plus", "Ctrl+N", self.create_new, needs_row=False)
        self.new_button = primary_button(text, icon_name="plus")
        self.new_button.setToolTip(f"{text} (Ctrl+N)")
        self.new_button.clicked.connect(self.create_new)
        self.bar.addStretch(1)
        self.bar.addWidget(self.new_button)
        return action

    def add_row_action(
        self,
        text: str,
        icon_name: str,
        key: str,
        act: Callable[[], object],
        *,
        needs_row: bool = True,
    ) -> QAction:
        """Add an action to the page, its context menu and the window's palette."""
        action = QAction(icon(icon_name), text, self)
        action.setProperty("icon_name", icon_name)
        if key:
            action.setShortcut(QKeySequence(key))
            if needs_row:  # else its key serves in the tree and the tabs as well
                action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        action.triggered.connect(act)
        self.addAction(action)
        if needs_row:
            action.setEnabled(False)
            self._row_actions.append(action)
        return action

    def put_beside(self, details: QWidget) -> None:
        """Put what is known of the current row beside the list."""
        panes = Splitter()
        layout = self.layout()
        if layout is not None:
            layout.replaceWidget(self.grid, panes)
        panes.addWidget(self.grid)
        panes.addWidget(details)
        panes.setStretchFactor(0, 3)
        panes.setStretchFactor(1, 1)
        panes.setSizes([round(line_height() * 50), round(line_height() * 22)])

    # What a subclass says.

    def request_rows(self, number: int) -> None:
        """Read the rows, and answer with `receive(number, rows)`."""
        raise NotImplementedError

    def create_new(self) -> None:
        raise NotImplementedError

    def edit_current(self) -> None:
        raise NotImplementedError

    def delete_current(self) -> None:
        raise NotImplementedError

    def keeps(self, row: R) -> bool:  # noqa: ARG002 - for subclasses
        """Say whether the page's own filters let the row pass."""
        return True

    def is_filtered(self) -> bool:
        return bool(self.filter.text().strip())

    def clear_filters(self) -> None:
        self.filter.clear()

    def say_empty(self) -> None:
        """Set the grid's empty state for a table that has no rows at all."""

    def update_actions(self, row: R | None) -> None:
        """Enable what can be done with the current row."""

    # Reading.

    @override
    def refresh(self) -> None:
        self._asked += 1
        if not self._has_rows:
            self.grid.set_loading(True)
        self.request_rows(self._asked)

    def receive(self, number: int, rows: Sequence[R]) -> None:
        """Show the rows, unless others were asked for since."""
        if number != self._asked:
            return
        self._has_rows = True
        self.model.set_rows(rows)
        self.grid.set_loading(False)
        self._restore_current()

    def fail(self, error: UserError) -> None:
        """Say why nothing came; what was shown before stays."""
        self.grid.set_loading(False)
        if self._has_rows:
            self.refused.emit(error)
        else:
            self.grid.set_unread(error, self.refresh)

    def current(self) -> R | None:
        return self.model.row_at(self.grid.currentIndex())

    @override
    def show_item(self, item_id: str) -> None:
        self.clear_filters()
        self.select(item_id)

    def select(self, id_: Hashable) -> None:
        """Make the row current, now or when it has been read."""
        self._wanted = id_
        self._restore_current()

    def _restore_current(self) -> None:
        if self._wanted is not None:
            index = self.model.index_of(self._wanted)
            if index.isValid():
                self.grid.setCurrentIndex(index)
                self.grid.scrollTo(index)
                self._wanted = None
        if not self.grid.currentIndex().isValid() and self.model.rowCount():
            self.grid.setCurrentIndex(self.model.index(0, 0))
        self._current_changed()

    def _changed(self, changes: frozenset[Change]) -> None:
        if any(change.topic in self.topics for change in changes):
            self.refresh()

    # Showing.

    def apply_filter(self, *_: object) -> None:
        """Show the rows that hold every word and pass the page's own filters."""
        words = self.filter.text().casefold().split()

        def passes(row: R) -> bool:
            return self.keeps(row) and self.model.contains(row, words)

        self.model.set_filter(passes if self.is_filtered() else None)
        self._restore_current()

    def _counted(self, shown: int, total: int) -> None:
        if self._has_rows or total:
            text = (
                f"{shown:,}" if shown == total else self.tr("{0:,} of {1:,}").format(shown, total)
            )
            status = f"{text} {self._one if total == 1 else self._many}"
            self.summary.setText(status)
            self.set_status(status)
        if total and not shown:
            self.grid.set_empty_state(
                self.tr("Nothing matches the filter."),
                icon_name="search-x",
                action=self.tr("Clear filters"),
                on_action=self.clear_filters,
            )
        elif not total:
            self.say_empty()

    def _current_changed(self) -> None:
        row = self.current()
        for action in self._row_actions:
            action.setEnabled(row is not None)
        self.update_actions(row)

    def _show_menu(self, place: QPoint) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addActions(self.actions())
        menu.popup(self.grid.viewport().mapToGlobal(place))

    def open_dialog(self, dialog: QDialog) -> None:
        """Show a dialog for this page; it is gone when it is closed."""
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    @override
    def start_find(self) -> None:
        self.filter.setFocus()
        self.filter.selectAll()
