"""The grid of a panel of links: a few rows that scroll with the page, or many that scroll here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QWidget
from typing_extensions import override

from crm_desktop.gui.delegates import CellKind, GridRole
from crm_desktop.gui.links.link_model import LinkTableModel
from crm_desktop.gui.theme import line_height, row_height
from crm_desktop.gui.widgets.grid import GridView
from crm_desktop.services.link_columns import NAME
from crm_desktop.services.link_lists import RelatedRecord

FEW, MANY = 5, 14  # rows of a short list, and of one that scrolls
_WIDTHS: Mapping[Any, float] = {  # shares of the room, in lines of text high
    CellKind.NUMBER: 6.0,
    CellKind.DATE: 6.5,
    CellKind.CHECK: 4.0,
    CellKind.CHOICE: 7.0,
    CellKind.MUTED: 10.0,
}
_USUAL, _NAME = 8.5, 12.0
_NARROWEST = 0.7  # of its share; less room scrolls sideways
_WIDEST_HEADING = 14.0


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
        """Give the columns the whole width, each its share."""
        header, count = self.horizontalHeader(), self.model().columnCount()
        if self._is_by_hand or not count:
            return
        shares = [self._share(column) for column in range(count)]
        room = self.viewport().width()
        wide = max(_NARROWEST, min(1.0, room / sum(shares))) if room < sum(shares) else 1.0
        widths = [round(share * wide) for share in shares]
        spare = max(0, room - sum(widths))
        for column, width in enumerate(widths):
            more = spare * shares[column] / sum(shares)
            header.resizeSection(column, width + int(more))

    def _share(self, column: int) -> float:
        header = self.horizontalHeader()
        kind = self.model().headerData(column, Qt.Orientation.Horizontal, GridRole.KIND)
        is_name = self.links.columns[column].id == NAME
        share = _NAME if is_name else _WIDTHS.get(kind, _USUAL)
        heading = min(header.sectionSizeHint(column), round(_WIDEST_HEADING * line_height()))
        return max(share * line_height(), heading)

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
