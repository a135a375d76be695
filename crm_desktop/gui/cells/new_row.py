"""The row below a grid in which a new record is begun: it stays in sight however long the list."""

from __future__ import annotations

from PySide6.QtCore import QAbstractItemModel, QEvent, QSize, Qt, Slot
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy
from typing_extensions import override

from crm_desktop.gui.theme import row_height, theme
from crm_desktop.gui.widgets.grid import GridView


class NewRow(GridView):
    """Has the columns of the grid above it, as wide, in the same order, and scrolls with them."""

    def __init__(self, above: GridView, model: QAbstractItemModel, name: str) -> None:
        super().__init__(name=name, has_gutter=True, selects_cells=True)
        self._above = above
        self.horizontalHeader().setStretchLastSection(False)
        self.horizontalHeader().hide()
        for side in (self.setVerticalScrollBarPolicy, self.setHorizontalScrollBarPolicy):
            side(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setModel(model)
        header = above.horizontalHeader()
        for changed in (header.sectionResized, header.sectionMoved, header.geometriesChanged):
            changed.connect(self._follow)
        above.verticalHeader().geometriesChanged.connect(self._follow)
        above.frozen.count_changed.connect(self._follow)
        above.horizontalScrollBar().valueChanged.connect(self._scroll)
        model.modelReset.connect(self._follow)
        self._follow()

    @Slot()
    def _follow(self) -> None:
        """Take over widths, order, frozen columns and gutter of the grid above."""
        theirs, mine = self._above.horizontalHeader(), self.horizontalHeader()
        self.gutter.setFixedWidth(self._above.gutter.width())
        if theirs.count() != mine.count():
            return  # one of the two has still to hear of other columns
        for visual in range(theirs.count()):
            column = theirs.logicalIndex(visual)
            mine.moveSection(mine.visualIndex(column), visual)
            is_hidden = theirs.isSectionHidden(column)
            mine.setSectionHidden(column, is_hidden)
            if not is_hidden:
                mine.resizeSection(column, theirs.sectionSize(column))
        self.frozen.set_count(self._above.frozen.count)
        self._scroll()

    @Slot()
    def _scroll(self) -> None:
        self.horizontalScrollBar().setValue(self._above.horizontalScrollBar().value())

    @override
    def sizeHint(self) -> QSize:
        return QSize(super().sizeHint().width(), row_height() + 1)

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(0, row_height() + 1)

    @override
    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in {QEvent.Type.FontChange, QEvent.Type.StyleChange}:
            self.updateGeometry()

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        painter = QPainter(self.viewport())
        painter.fillRect(0, 0, self.viewport().width(), 1, QColor(theme().border))
        painter.end()
