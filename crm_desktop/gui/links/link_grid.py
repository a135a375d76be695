"""The grid of a panel of links: a few rows that scroll with the page, or many that scroll here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFontMetricsF, QGuiApplication, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QWidget
from typing_extensions import override

from crm_desktop.gui.delegates import CellKind, GridRole
from crm_desktop.gui.links.link_model import LinkTableModel
from crm_desktop.gui.theme import line_height, number_font, row_height, unit
from crm_desktop.gui.widgets.grid import GridView
from crm_desktop.services.link_columns import NAME
from crm_desktop.services.link_lists import RelatedRecord

FEW, MANY = 5, 14  # rows of a short list, and of one that scrolls
_WIDTHS: Mapping[Any, float] = {  # shares of the room, in lines of text high
    CellKind.CHECK: 4.0,
    CellKind.CHOICE: 7.0,
    CellKind.MUTED: 10.0,
}
_USUAL, _NAME = 8.5, 12.0
_NARROWEST = 0.65  # of its share; less room scrolls sideways
_WIDEST_HEADING, _WIDEST_NUMBER = 14.0, 16.0
_MEASURED = 64  # rows


class LinkGrid(GridView):
    """Rows of links, whose columns share the room until somebody sets a width by hand.

    As long as the list is short, the wheel scrolls what is around it; going below the last row
    that is seen asks for the rest.
    """

    more_wanted = Signal()
    chosen = Signal()  # other rows are selected

    def __init__(self, model: LinkTableModel, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent, name=name)
        self.links = model
        self.is_whole = False  # whether all rows can be scrolled to
        self._is_by_hand = False
        self.setModel(model)
        self.setMinimumWidth(0)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.horizontalHeader().setSectionsClickable(True)
        self.horizontalHeader().sectionResized.connect(self._note_width)
        self.selectionModel().currentRowChanged.connect(self._follow)
        self.selectionModel().selectionChanged.connect(self._tell_chosen)
        model.modelReset.connect(self.share_room)
        model.layoutChanged.connect(self.share_room)

    def set_whole(self, *, is_whole: bool) -> None:
        """Show all rows with a scroll bar of their own, or the first few."""
        self.is_whole = is_whole
        policy = Qt.ScrollBarPolicy
        self.setVerticalScrollBarPolicy(
            policy.ScrollBarAsNeeded if is_whole else policy.ScrollBarAlwaysOff
        )
        if not is_whole:
            self.scrollToTop()

    def fit_rows(self, total: int) -> None:
        """Become as high as the rows that are shown of so many, one at least."""
        rows = max(1, min(total, MANY if self.is_whole else FEW))
        high = self.horizontalHeader().sizeHint().height() + rows * row_height()
        if self._is_too_wide():
            high += self.horizontalScrollBar().sizeHint().height()
        self.setFixedHeight(high + 1)

    def selected_links(self) -> list[RelatedRecord | None]:
        """Return what is selected, else the current row; None for rows that were not read."""
        return [self.links.link_at(row) for row in self.chosen_rows()]

    def chosen_rows(self) -> list[int]:
        rows = self.selected_rows()
        current = self.currentIndex()
        return rows or ([current.row()] if current.isValid() else [])

    # Columns

    def share_room(self) -> None:
        """Give the columns the whole width, each its share; numbers and dates are never cut."""
        header, count = self.horizontalHeader(), self.model().columnCount()
        if self._is_by_hand or not count:
            return
        shares = [self._share(column) for column in range(count)]
        firm = [self._widest_number(column) for column in range(count)]
        rest = sum(share for share, least in zip(shares, firm, strict=True) if not least)
        room = self.viewport().width() - sum(firm)
        scale = max(_NARROWEST, room / rest) if rest else 1.0
        for column, (share, least) in enumerate(zip(shares, firm, strict=True)):
            header.resizeSection(column, least or int(share * scale))

    def _share(self, column: int) -> float:
        is_name = self.links.columns[column].id == NAME
        share = _NAME if is_name else _WIDTHS.get(self._kind(column), _USUAL)
        return max(share * line_height(), self._heading(column))

    def _kind(self, column: int) -> Any:
        return self.model().headerData(column, Qt.Orientation.Horizontal, GridRole.KIND)

    def _heading(self, column: int) -> int:
        wide = self.horizontalHeader().sectionSizeHint(column)
        return min(wide, round(_WIDEST_HEADING * line_height()))

    def _widest_number(self, column: int) -> int:
        """Return how wide a column of numbers, dates or boxes is; 0 for what can be cut."""
        kind = self._kind(column)
        if kind == CellKind.CHECK:
            return round(max(_WIDTHS[kind] * line_height(), self._heading(column)))
        if kind not in {CellKind.NUMBER, CellKind.DATE}:
            return 0
        rows = range(min(self.model().rowCount(), _MEASURED))
        texts = [str(self.model().index(row, column).data() or "") for row in rows]
        metrics = QFontMetricsF(number_font())
        widest = max(map(metrics.horizontalAdvance, texts), default=0.0) + 5 * unit()
        most = _WIDEST_NUMBER * line_height()
        return round(max(min(widest, most), self._heading(column)))

    def _is_too_wide(self) -> bool:
        return self.horizontalHeader().length() > max(self.viewport().width(), 1)

    def _note_width(self, *_: int) -> None:
        if QGuiApplication.mouseButtons() & Qt.MouseButton.LeftButton:
            self._is_by_hand = True

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.oldSize().width() != event.size().width():
            self.share_room()

    # Scrolling

    def _follow(self) -> None:
        if not self.is_whole and self.currentIndex().row() >= FEW:
            self.more_wanted.emit()

    def _tell_chosen(self, *_: object) -> None:
        self.chosen.emit()

    @override
    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.is_whole:
            super().wheelEvent(event)
        else:
            event.ignore()
