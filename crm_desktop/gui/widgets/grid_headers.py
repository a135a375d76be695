"""The headers of a grid: titles with sort arrow and lock above, numbers and marks at the left."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractItemModel, QItemSelectionModel, QRect, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget
from typing_extensions import override

from crm_desktop.gui.delegates import CellKind, GridRole, Mark, heading_fill
from crm_desktop.gui.icons import Role, icon_pixmap
from crm_desktop.gui.theme import number_font, row_height, small_font, theme, unit

if TYPE_CHECKING:
    from crm_desktop.gui.widgets.frozen_columns import FrozenColumns

_DISPLAY = Qt.ItemDataRole.DisplayRole
_MARK_ICONS: Mapping[Mark, tuple[str, Role]] = {
    Mark.SAVING: ("loader-circle", "accent"),
    Mark.SAVED: ("check", "success"),
    Mark.UNSAVED: ("cloud-off", "warning"),
    Mark.REFUSED: ("octagon-alert", "danger"),
}


class GridHeader(QHeaderView):
    """Column titles; numbers stand over their digits, the sorted column shows an arrow."""

    def __init__(self, view: QAbstractItemView) -> None:
        super().__init__(Qt.Orientation.Horizontal, view)
        self.setHighlightSections(False)
        self.setSectionsClickable(True)
        self.setSectionsMovable(True)
        self.setStretchLastSection(True)
        self.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.setMinimumSectionSize(row_height())
        self._sorted: Mapping[int, tuple[bool, int]] = {}
        self.frozen: FrozenColumns | None = None

    def set_sorted(self, columns: Mapping[int, tuple[bool, int]]) -> None:
        """Mark the columns that rows are sorted by: whether downward, and which comes first.

        A place of 0 shows no number: where one column alone decides.
        """
        self._sorted = dict(columns)
        self.viewport().update()

    def sorted_columns(self) -> Mapping[int, tuple[bool, int]]:
        return self._sorted

    @override
    def sizeHint(self) -> QSize:
        return QSize(super().sizeHint().width(), row_height() + 1)

    @override
    def sectionSizeFromContents(self, section: int) -> QSize:
        wide = QFontMetrics(_title_font()).horizontalAdvance(self._title(section))
        icons = 1 + bool(self._ask(section, GridRole.HEADER_ICON))
        return QSize(wide + 4 * unit() + icons * (_icon_side() + unit()), row_height() + 1)

    def _ask(self, section: int, role: int) -> Any:
        return self.model().headerData(section, Qt.Orientation.Horizontal, role)

    def _title(self, section: int) -> str:
        title = self._ask(section, _DISPLAY)
        return " ".join(str("" if title is None else title)[:300].split())

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self.frozen is not None:
            self.frozen.paint_headings()

    @override
    def paintSection(self, painter: QPainter, rect: QRect, section: int) -> None:
        if not rect.isValid():
            return
        tokens = theme()
        painter.save()
        painter.fillRect(rect, QColor(tokens.raised))
        line = QColor(tokens.border)
        painter.fillRect(rect.left(), rect.bottom(), rect.width(), 1, line)
        inset = rect.height() // 4
        painter.fillRect(rect.right(), rect.top() + inset, 1, rect.height() - 2 * inset, line)
        pad = 2 * unit()
        room = rect.adjusted(pad, 0, -pad, -1)
        if self.isSortIndicatorShown() and self.sortIndicatorSection() == section:
            down = self.sortIndicatorOrder() == Qt.SortOrder.DescendingOrder
            room = self._paint_icon(painter, room, "arrow-down" if down else "arrow-up", "accent")
        if section in self._sorted:
            room = self._paint_sorted(painter, room, *self._sorted[section])
        if name := self._ask(section, GridRole.HEADER_ICON):
            room = self._paint_icon(painter, room, str(name), "muted")
        painter.setFont(_title_font())
        painter.setPen(QColor(tokens.muted))
        title = painter.fontMetrics().elidedText(
            self._title(section), Qt.TextElideMode.ElideRight, room.width()
        )
        painter.drawText(room, self._side(section) | Qt.AlignmentFlag.AlignVCenter, title)
        painter.restore()

    def _paint_sorted(self, painter: QPainter, room: QRect, down: bool, place: int) -> QRect:  # noqa: FBT001 - as kept
        if place:
            painter.setFont(_title_font())
            painter.setPen(QColor(theme().accent))
            wide = painter.fontMetrics().horizontalAdvance(str(place))
            side = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            painter.drawText(room, side, str(place))
            room = room.adjusted(0, 0, -wide - unit() // 2, 0)
        return self._paint_icon(painter, room, "arrow-down" if down else "arrow-up", "accent")

    def _side(self, section: int) -> Qt.AlignmentFlag:
        kind = self._ask(section, GridRole.KIND)
        if kind == CellKind.NUMBER:
            return Qt.AlignmentFlag.AlignRight
        if kind == CellKind.CHECK:
            return Qt.AlignmentFlag.AlignHCenter
        return Qt.AlignmentFlag.AlignLeft

    def _paint_icon(self, painter: QPainter, room: QRect, name: str, role: Role) -> QRect:
        """Paint an icon at the right end and give the room that is left."""
        side = _icon_side()
        if room.width() < side * 2:
            return room
        pixmap = icon_pixmap(name, role, side, self.devicePixelRatioF())
        painter.drawPixmap(room.right() - side + 1, room.center().y() - side // 2, pixmap)
        return room.adjusted(0, 0, -side - unit(), 0)


class GridGutter(QHeaderView):
    """Row numbers, marks of rows being saved, and the bar at the left of selected rows."""

    def __init__(self, view: QTableView) -> None:
        super().__init__(Qt.Orientation.Vertical, view)
        self._view = view
        self.marks: Mapping[int, Mark] = {}
        self.setHighlightSections(False)
        self.setSectionsClickable(True)
        self.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)

    @override
    def sizeHint(self) -> QSize:
        model: QAbstractItemModel | None = self.model()
        rows = 0 if model is None else model.rowCount()
        digits = max(3, len(str(rows)))
        wide = QFontMetrics(_number_font()).horizontalAdvance("0" * digits)
        return QSize(wide + 4 * unit(), super().sizeHint().height())

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        """Leave what is below the last row as plain as the room beside it."""
        super().paintEvent(event)
        end = max(0, self.length() - self.offset())
        below = self.viewport().rect().adjusted(0, end, 0, 0)
        if below.isValid():
            painter = QPainter(self.viewport())
            painter.fillRect(below, QColor(theme().surface))
            painter.end()

    @override
    def paintSection(self, painter: QPainter, rect: QRect, section: int) -> None:
        if not rect.isValid():
            return
        tokens = theme()
        selection: QItemSelectionModel | None = self._view.selectionModel()
        selected = selection is not None and selection.rowIntersectsSelection(section)
        number = self.model().headerData(section, Qt.Orientation.Vertical, _DISPLAY)
        painter.save()
        fill = heading_fill() if number == "" else tokens.surface
        fill = tokens.selection if selected else fill
        painter.fillRect(rect, QColor(fill))
        painter.fillRect(rect.left(), rect.bottom(), rect.width(), 1, QColor(tokens.border))
        if selected:
            wide = max(2, unit() - 1)
            painter.fillRect(rect.left(), rect.top(), wide, rect.height(), QColor(tokens.accent))
        mark = self.marks.get(section)
        if mark is None:
            painter.setFont(_number_font())
            painter.setPen(QColor(tokens.selection_text if selected else tokens.muted))
            room = rect.adjusted(unit(), 0, -2 * unit(), -1)
            side = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            painter.drawText(room, side, str(number))
        else:
            self._paint_mark(painter, rect, mark)
        painter.restore()

    def _paint_mark(self, painter: QPainter, rect: QRect, mark: Mark) -> None:
        name, role = _MARK_ICONS[mark]
        side = _icon_side()
        pixmap = icon_pixmap(name, role, side, self.devicePixelRatioF())
        place = rect.center()
        painter.drawPixmap(place.x() - side // 2, place.y() - side // 2, pixmap)


class GridCorner(QWidget):
    """The place where gutter and column titles meet."""

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        tokens, room = theme(), self.rect()
        painter = QPainter(self)
        painter.fillRect(room, QColor(tokens.raised))
        painter.fillRect(0, room.bottom(), room.width(), 1, QColor(tokens.border))
        painter.setFont(_title_font())
        painter.setPen(QColor(tokens.muted))
        side = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(room.adjusted(0, 0, -2 * unit(), -1), side, "#")
        painter.end()


def _icon_side() -> int:
    return 4 * unit() - unit() // 2


def _title_font() -> QFont:
    font = small_font()
    font.setWeight(QFont.Weight.DemiBold)
    return font


def _number_font() -> QFont:
    font = number_font()
    font.setPointSizeF(small_font().pointSizeF())
    return font
