"""The links of one record under one relationship: a few at once, all of them on request."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import QModelIndex, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from crm_desktop.domain.changes import Change, Topic
from crm_desktop.domain.errors import UserError
from crm_desktop.domain.field_types import EffectiveField
from crm_desktop.domain.filter_rules import FilterSchema
from crm_desktop.domain.filters import Calendar, Sort
from crm_desktop.gui.filters.filter_bar import FilterBar
from crm_desktop.gui.links.link_grid import FEW, LinkGrid
from crm_desktop.gui.links.link_model import LinkTableModel
from crm_desktop.gui.links.words import crowded
from crm_desktop.gui.locale import system_formats
from crm_desktop.gui.tasks import Handle, Tasks
from crm_desktop.gui.theme import unit
from crm_desktop.gui.widgets.buttons import IconButton, link_button
from crm_desktop.gui.widgets.elided_label import TextLabel
from crm_desktop.gui.widgets.grid_headers import GridHeader
from crm_desktop.gui.widgets.notice_bar import NoticeBar
from crm_desktop.gui.widgets.search_box import SearchBox
from crm_desktop.services import link_panels
from crm_desktop.services.link_columns import METADATA, is_of_link
from crm_desktop.services.link_pages import LinkQuery, link_filter_schema
from crm_desktop.services.link_panels import LinkPanel
from crm_desktop.services.relationships import RelationshipSide

Key = tuple[str, bool]
_NARROW = 2  # columns


class LinkList(QWidget):
    """Shows up to five links; "Show more" opens all of them in place, to search and to filter."""

    open_requested = Signal(str)
    refused = Signal(object)  # UserError
    columns_wanted = Signal()
    filtered = Signal()
    chosen = Signal()

    def __init__(
        self,
        tasks: Tasks,
        record_id: str,
        side: RelationshipSide,
        parent: QWidget | None = None,
        *,
        is_narrow: bool = False,
    ) -> None:
        super().__init__(parent)
        self._tasks, self.record_id, self.side = tasks, record_id, side
        self._is_narrow, self._formats = is_narrow, system_formats()
        self.key: Key = (side.relationship_id, side.is_from)
        self.count: int | None = None
        self.panel: LinkPanel | None = None
        self._columns: tuple[str, ...] = ()
        self._sort: tuple[Sort, ...] = ()
        self._asking: Handle | None = None
        self._is_loading, self._shown_total = False, 0
        self._place: int | None = None  # of the row that is about to be taken away
        self.model = LinkTableModel(tasks, self._formats, self)
        self.rows = LinkGrid(self.model, side.label)
        self.search = SearchBox(self.tr("Search in {}").replace("{}", side.label))
        schema = self._filter_schema
        self.filters = FilterBar(tasks, self._formats, side.other.id, read_schema=schema)
        self.filter_button = IconButton("list-filter", self.tr("Filter…"), is_outlined=True)
        self.columns_button = IconButton("columns-3", self.tr("Columns…"), is_outlined=True)
        self.none = TextLabel(self.tr("Nothing is linked."), role="muted", wraps=True)
        self.warning = NoticeBar("triangle-alert", "warning", is_narrow=is_narrow)
        self.notice = NoticeBar("octagon-alert", "danger", is_narrow=is_narrow)
        self.more = link_button(self.tr("Show more"))
        self.hidden = TextLabel(face="small", role="muted", wraps=True)
        self.hidden.setContentsMargins(unit(), unit(), unit(), unit())
        self._lay_out()
        self._connect()
        self._show_parts()

    def _lay_out(self) -> None:
        self.tools = QWidget()
        tools = QHBoxLayout(self.tools)
        tools.setContentsMargins(2 * unit(), unit(), 2 * unit(), unit())
        tools.setSpacing(unit())
        tools.addWidget(self.search, 1)
        tools.addWidget(self.filter_button)
        tools.addWidget(self.columns_button)
        self.none.setContentsMargins(2 * unit(), unit(), 2 * unit(), unit())
        foot = QHBoxLayout()
        foot.setContentsMargins(unit(), 0, unit(), 0)
        foot.addWidget(self.more, 0, Qt.AlignmentFlag.AlignLeft)
        foot.addWidget(self.hidden, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        for part in (self.warning, self.notice, self.tools, self.filters, self.rows, self.none):
            column.addWidget(part)
        column.addLayout(foot)

    def _connect(self) -> None:
        self.rows.activated.connect(self._open)
        self.rows.more_wanted.connect(self.show_all)
        self.rows.refused.connect(self.refused)
        self.rows.chosen.connect(self.chosen)
        self.rows.horizontalHeader().sectionClicked.connect(self.sort_by_column)
        self.search.searched.connect(self._show_query)
        self.search.left_downward.connect(self.focus_rows)
        self.filters.changed.connect(self._show_query)
        self.filters.refused.connect(self.refused)
        self.filter_button.clicked.connect(self.filters.open_editor)
        self.columns_button.clicked.connect(self.columns_wanted)
        self.more.clicked.connect(self._toggle)
        self.model.arrived.connect(self._show_parts)
        self.model.arrived.connect(self._return_to_place)
        self.model.loading_changed.connect(self._set_loading)
        self.model.failed.connect(self._not_read)
        self.model.modelReset.connect(self._mark_sorted)

    # What is read

    def show_count(self, count: int) -> None:
        """Take the number of links there are."""
        self.count = count
        if self.side.has_one and count > 1:
            self.warning.ask(crowded(count), [])
        else:
            self.warning.hide()
        self._show_parts()

    def load(self) -> None:
        """Read what the panel shows, then its rows, unless that was done."""
        if self.panel is None and self._asking is None:
            self._set_loading(True)
            self._read_panel()

    def _read_panel(self) -> None:
        call = partial(
            link_panels.get_link_panel,
            record_id=self.record_id,
            relationship_id=self.side.relationship_id,
            is_from=self.side.is_from,
        )
        if self._asking is not None:
            self._asking.cancel()
        self._asking = self._tasks.read(self, call, self._take_panel, self._not_read)

    def _take_panel(self, panel: LinkPanel) -> None:
        self._asking = None
        is_first = self.panel is None
        self.panel = panel
        if is_first or not panel.limit:  # what cannot be kept stays as it was chosen here
            self._columns = panel.shown
        if is_first:
            self._sort = panel.sort
        self.filters.refresh()
        self._show_query()

    def reload(self) -> None:
        """Read again what is shown; what is selected and scrolled to stays."""
        if self.panel is None:
            return
        row = max(0, self.rows.currentIndex().row())
        self.model.reload(row, self.rows.visible_rows())

    def read_if_touched(self, changes: frozenset[Change]) -> None:
        """Read again what these changes made out of date."""
        other = self.side.other.id
        about_columns = {
            Change(Topic.RELATIONSHIPS, self.side.relationship_id),
            Change(Topic.LAYOUTS, other),
            Change(Topic.OBJECTS, other),
        }
        about_rows = {
            Change(Topic.LINKS, self.side.relationship_id),
            Change(Topic.RECORDS, other),
        }
        if self.panel is None:
            return
        if changes & about_columns or any(each.topic is Topic.FIELDS for each in changes):
            self._read_panel()
        elif changes & about_rows:
            self.reload()

    def query(self) -> LinkQuery:
        panel = self.panel
        return LinkQuery(
            self.side.other.id,
            search=self.search.text().strip(),
            sort=self._sort,
            conditions=self.filters.parts,
            calendar=Calendar(self._formats.time_zone, self._formats.first_weekday),
            record_id=self.record_id,
            relationship_id=self.side.relationship_id,
            is_from=self.side.is_from,
            fields=panel.columns if panel else (),
        )

    def _show_query(self, *_: str) -> None:
        """Show what is searched for, filtered and sorted by; the same once more is read again."""
        if self.panel is None:
            return
        query, columns = self.query(), self.shown_columns()
        if (query, columns) == (self.model.query, self.model.columns):
            self.reload()
        else:
            self.notice.hide()
            self.model.show(query, columns)
        self.filtered.emit()

    def shown_columns(self) -> tuple[EffectiveField, ...]:
        columns = self.panel.chosen(self._columns) if self.panel else ()
        if not self._is_narrow:
            return columns
        of_link = [each for each in columns[1:] if is_of_link(each.id)]
        return (*columns[:1], *(of_link or list(columns[1:]))[: _NARROW - 1])

    def _filter_schema(self, _: object) -> FilterSchema:
        return link_filter_schema(self.panel.columns if self.panel else ())

    def show_columns(self, ids: Sequence[str]) -> None:
        """Show these columns here, whether or not they can be kept."""
        self._columns = tuple(ids)
        self._show_query()

    def columns(self) -> tuple[str, ...]:
        return self._columns

    def sorted_by(self) -> tuple[Sort, ...]:
        return self._sort

    def sort_by(self, sort: tuple[Sort, ...]) -> None:
        """Show the links in this order; none is the order in which they were linked."""
        self._sort = sort
        self._show_query()

    def sort_by_column(self, column: int) -> None:
        """Sort by a column: upward, downward, not at all."""
        column_id = self.model.columns[column].id
        if column_id == METADATA:
            return
        old = next((each for each in self._sort if each.field_id == column_id), None)
        if old is None:
            self.sort_by((Sort(column_id),))
        else:
            self.sort_by(() if old.descending else (Sort(column_id, descending=True),))

    def _mark_sorted(self) -> None:
        header = self.rows.horizontalHeader()
        if isinstance(header, GridHeader):
            by = {each.field_id: each.descending for each in self._sort}
            columns = enumerate(self.model.columns)
            header.set_sorted({at: (by[c.id], 0) for at, c in columns if c.id in by})

    def _set_loading(self, is_loading: bool) -> None:  # noqa: FBT001 - a slot
        self._is_loading = is_loading
        self.rows.set_loading(is_loading)
        self._show_parts()

    def _not_read(self, error: UserError) -> None:
        self._asking = None
        self._set_loading(False)
        self.notice.ask(str(error), [(self.tr("Try again"), self._try_again)])

    def _try_again(self) -> None:
        self.notice.hide()
        if self.panel is None:
            self.load()
        else:
            self.model.show(self.query(), self.shown_columns())

    # What is seen

    def is_filtered(self) -> bool:
        return bool(self.filters.parts or self.search.text().strip())

    def show_all(self) -> None:
        """Let all links be scrolled to, searched and filtered in place."""
        self._set_whole(is_whole=True)

    def _toggle(self) -> None:
        if self.rows.is_whole:
            self.search.clear()
            self.filters.clear()
        self._set_whole(is_whole=not self.rows.is_whole)

    def _set_whole(self, *, is_whole: bool) -> None:
        self.rows.set_whole(is_whole=is_whole)
        self._show_parts()

    def _show_parts(self) -> None:
        """Show rows, or why there are none, and what more there is."""
        if self._is_loading or not self.model.columns:
            total = self._shown_total or self.count or 0  # what is read does not make it jump
        else:
            total = self._shown_total = self.model.total
        whole = self.rows.is_whole
        self.tools.setVisible(whole)
        self.rows.setVisible(bool(total))
        self.rows.fit_rows(total)
        self.none.setVisible(not total)
        if self.is_filtered():
            self.none.setText(self.tr("No link matches."))
        elif self.count:
            self.none.setText(self.tr("You may not see the records that are linked here."))
        else:
            self.none.setText(self.tr("Nothing is linked."))
        self._say_hidden(total)
        rest = total - FEW
        self.more.setVisible(whole or rest > 0)
        fewer = self.tr("Show fewer")
        more = self.tr("Show {} more").replace("{}", f"{rest:,}")
        self.more.setText(fewer if whole else more)

    def _say_hidden(self, total: int) -> None:
        """Say how many links lead to what one may not see: their number is no secret."""
        hidden = (self.count or 0) - total
        is_known = bool(total) and self.model.has_counted and not self._is_loading
        self.hidden.setVisible(is_known and hidden > 0 and not self.is_filtered())
        words = self.tr("{} more lead to records that you may not see.")
        self.hidden.setText(words.replace("{}", f"{hidden:,}"))

    def focus_rows(self) -> None:
        if not self.rows.currentIndex().isValid() and self.model.rowCount():
            self.rows.setCurrentIndex(self.model.index(0, 0))
        self.rows.setFocus()

    def keep_place(self) -> None:
        """Let the row that moves up be the current one once the current one is taken away."""
        self._place = min(self.rows.chosen_rows(), default=None)

    def _return_to_place(self) -> None:
        if self._place is None or self.rows.currentIndex().isValid():
            return
        if last := self.model.rowCount():
            self.rows.setCurrentIndex(self.model.index(min(self._place, last - 1), 0))
        self._place = None

    def start_find(self) -> None:
        """Put the keyboard where one searches in these links."""
        self.show_all()
        self.search.setFocus()
        self.search.selectAll()

    def _open(self, index: QModelIndex) -> None:
        link = self.model.link_at(index.row())
        if link is not None and link.is_readable:
            self.open_requested.emit(f"record:{link.record_id}")
