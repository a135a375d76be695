"""Paints the cells of every grid: one delegate, told by the model what each column holds.

A model gives ready text as `DisplayRole`: `None` where a row has not been loaded yet, `""` where
a value is empty. For its columns it answers `headerData(column, Horizontal, GridRole.KIND)`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import IntEnum
from types import MappingProxyType
from typing import Protocol, TypeAlias

from PySide6.QtCore import (
    QAbstractItemModel,
    QEvent,
    QModelIndex,
    QPersistentModelIndex,
    QRect,
    QSize,
    Qt,
)
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QHelpEvent, QIcon, QPainter, QPen, QPixmap
from PySide6.QtWidgets import (
    QAbstractItemView,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QToolTip,
    QWidget,
)
from typing_extensions import override

from crm_desktop.gui.chips import ChipPainter, check_pixmap
from crm_desktop.gui.icons import object_icon
from crm_desktop.gui.theme import body_font, number_font, scale, small_font, theme
from crm_desktop.gui.tips import plain_tip
from crm_desktop.gui.tokens import choice_color, mix

Index: TypeAlias = QModelIndex | QPersistentModelIndex
Box: TypeAlias = tuple[int, int, int, int]  # left, top, width, height


class GridRole(IntEnum):
    """What a model answers beside Qt's own roles."""

    KIND = Qt.ItemDataRole.UserRole + 100  # per column, in headerData: a CellKind
    CHIPS = Qt.ItemDataRole.UserRole + 101  # CHOICE: tuple[(label, colour or None), …]
    CHECKED = Qt.ItemDataRole.UserRole + 102  # CHECK: True, False or None
    ICON = Qt.ItemDataRole.UserRole + 103  # ICON_TEXT: text as in `objects.icon`
    HEADER_ICON = Qt.ItemDataRole.UserRole + 104  # per column, in headerData: a Lucide name
    ID = Qt.ItemDataRole.UserRole + 105  # per row: the id of what the row shows


class CellKind(IntEnum):
    """How a column's cells are painted."""

    TEXT = 0
    TITLE = 1  # text by which people know the row: a little heavier
    NUMBER = 2  # right, digits of one width
    DATE = 3  # left, digits of one width
    CHOICE = 4  # chips, then +N
    CHECK = 5
    LINK = 6
    ICON_TEXT = 7  # icon from GridRole.ICON, or from DecorationRole, then text
    COLOR = 8  # swatch, then the text that names the colour
    MUTED = 9  # text that matters less


class Mark(IntEnum):
    """What becomes of an edited cell."""

    SAVING = 1
    SAVED = 2
    REFUSED = 3
    UNSAVED = 4  # the database could not be reached: it is tried again


class RowPainter(Protocol):
    """Paints rows that are no records, one cell's share of them at a time."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> bool:
        """Paint the share of a cell; False where the row is like any other."""
        ...


_SELECTED, _FOCUSED = 0x8000, 0x100  # QStyle.State_Selected, State_HasFocus: enums are slow
_NO_MARKS: Mapping[tuple[int, int], Mark] = MappingProxyType({})
_TEXTS_KEPT = 20_000
_LONGEST = 500  # letters; no cell is wide enough for more
_DISPLAY = int(Qt.ItemDataRole.DisplayRole)
_DECORATION = int(Qt.ItemDataRole.DecorationRole)
_CHIPS, _CHECKED, _ICON = int(GridRole.CHIPS), int(GridRole.CHECKED), int(GridRole.ICON)
EMPTY = "\u2013"


class GridDelegate(QStyledItemDelegate):
    """Paints for one `GridView`, which calls `prepare` before each frame.

    Everything that is measured or drawn twice is kept until font, theme or resolution change.
    """

    def __init__(self, view: QTableView) -> None:
        super().__init__(view)
        self._view = view
        self.marks: Mapping[tuple[int, int], Mark] = _NO_MARKS  # by row and column
        self.headings: RowPainter | None = None
        self.shows_bar = True  # at the left of selected rows; a gutter shows it instead
        self.placed: Callable[[Index, QRect], QRect] | None = None  # where a cell is seen
        self._look: tuple[object, ...] = ()
        self._kinds: list[int] = []
        self._painters: dict[int, Callable[[QPainter, Box, Index, QColor], None]] = {
            CellKind.NUMBER: self._paint_number,
            CellKind.CHOICE: self._paint_chips,
            CellKind.CHECK: self._paint_check,
            CellKind.ICON_TEXT: self._paint_icon,
            CellKind.COLOR: self._paint_color,
        }

    def prepare(self) -> None:
        """Look at theme, font and resolution again, and at what the columns hold."""
        if not self._kinds:
            self._kinds = _kinds_of(self._view.model())
        ratio = self._view.devicePixelRatioF()
        look = (theme(), self._view.isEnabled(), body_font().key(), ratio)
        if look != self._look:
            self._look = look
            self._take_colors()
            self._take_sizes(ratio)

    def forget_columns(self) -> None:
        """Ask the model for the kinds again: columns came, went or changed."""
        self._kinds = []

    def kind(self, column: int) -> CellKind:
        if not self._kinds:
            self._kinds = _kinds_of(self._view.model())
        return CellKind(self._kinds[column])

    def _take_colors(self) -> None:
        self._tokens = tokens = theme()
        is_enabled = self._view.isEnabled()
        self._text = QColor(tokens.text if is_enabled else tokens.disabled)
        self._selected_text = QColor(tokens.selection_text)
        self._muted = QColor(tokens.muted if is_enabled else tokens.disabled)
        self._accent = QColor(tokens.accent if is_enabled else tokens.disabled)
        self._warning = QColor(tokens.warning)
        self._danger, self._line = QColor(tokens.danger), QColor(tokens.border)
        self._selection = QColor(tokens.selection)
        self._plain: dict[int, tuple[int, QColor | None]] = {  # font, colour
            CellKind.TEXT: (0, None),
            CellKind.TITLE: (1, None),
            CellKind.DATE: (2, None),
            CellKind.LINK: (0, self._accent),
            CellKind.MUTED: (0, self._muted),
        }
        self._waiting = QColor(mix(tokens.border, tokens.surface, 0.75))

    def _take_sizes(self, ratio: float) -> None:
        sizes = scale()
        self._ratio, self._unit, self._icon_side = ratio, sizes.unit, sizes.icon
        self._pad = sizes.unit * 2
        self._fonts = (body_font(), _medium(body_font()), number_font())
        self._metrics = tuple(QFontMetricsF(font) for font in self._fonts)
        self._small = small_font()
        body = self._metrics[0]
        self._baseline = body.ascent() - body.height() / 2  # from the middle of the row
        self._chips = ChipPainter(self._tokens, sizes, ratio)
        self._texts: dict[tuple[str, int, int], tuple[str, int]] = {}
        self._pictures: dict[object, QPixmap] = {}

    # One cell

    @override
    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        if self.headings is not None and self.headings.paint(painter, option, index):
            return
        rect = option.rect
        box = left, top, width, height = rect.x(), rect.y(), rect.width(), rect.height()
        state, pen = option.state.value, self._text
        if state & _SELECTED:
            pen = self._selected_text
            painter.fillRect(left, top, width, height, self._selection)
            if self.shows_bar and left <= 0:
                painter.fillRect(0, top, max(2, self._unit - 1), height, self._accent)
        kind = self._kinds[index.column()]
        plain = self._plain.get(kind)
        if plain is None:
            self._painters[kind](painter, box, index, pen)
        else:
            self._paint_plain(painter, box, index.data(_DISPLAY), plain[0], plain[1] or pen)
        painter.fillRect(left, top + height - 1, width, 1, self._line)
        if self.marks:
            self._paint_mark(painter, box, self.marks.get((index.row(), index.column())))
        if state & _FOCUSED:
            painter.setPen(QPen(self._accent, 2))
            painter.drawRect(left + 1, top + 1, width - 2, height - 2)

    def _fit(self, text: str, font: int, room: int) -> tuple[str, int]:
        """Give the text as it fits, and its width."""
        key = (text, font, room)
        known = self._texts.get(key)
        if known is None:
            if len(self._texts) > _TEXTS_KEPT:
                self._texts.clear()
            known = self._texts[key] = _elided(text, self._metrics[font], room)
        return known

    def _paint_plain(
        self, painter: QPainter, box: Box, text: str | None, font: int, color: QColor
    ) -> None:
        left, top, width, height = box
        if not text:
            self._paint_nothing(painter, box, text)
            return
        shown, _ = self._fit(text, font, width - 2 * self._pad)
        painter.setFont(self._fonts[font])
        painter.setPen(color)
        painter.drawText(left + self._pad, int(top + height / 2 + self._baseline), shown)

    def _paint_nothing(self, painter: QPainter, box: Box, text: str | None) -> None:
        """Paint a dash for an empty value, a bar for one that has not arrived."""
        left, top, width, height = box
        if text is None:
            share = 40 + (top * 31 + left * 17) % 45
            self._paint_bar(painter, left + self._pad, top, (width - 2 * self._pad) * share // 100)
            return
        painter.setFont(self._fonts[0])
        painter.setPen(self._muted)
        painter.drawText(left + self._pad, int(top + height / 2 + self._baseline), EMPTY)

    def _paint_bar(self, painter: QPainter, left: int, top: int, width: int) -> None:
        thick = max(4, int(self._unit * 2.2))
        middle = top + (self._view.verticalHeader().defaultSectionSize() - thick) // 2
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._waiting)
        painter.drawRoundedRect(left, middle, width, thick, self._unit, self._unit)
        painter.setBrush(Qt.BrushStyle.NoBrush)

    def _paint_number(self, painter: QPainter, box: Box, index: Index, pen: QColor) -> None:
        left, top, width, height = box
        text = index.data(_DISPLAY)
        if text is None:
            share = width // 2
            self._paint_bar(painter, left + width - self._pad - share, top, share)
            return
        shown, wide = self._fit(text or EMPTY, 2, width - 2 * self._pad)
        painter.setFont(self._fonts[2])
        painter.setPen(pen if text else self._muted)
        right = left + width - self._pad
        painter.drawText(right - wide, int(top + height / 2 + self._baseline), shown)

    def _paint_chips(self, painter: QPainter, box: Box, index: Index, pen: QColor) -> None:
        chips = index.data(_CHIPS)
        if not chips:
            text = index.data(_DISPLAY) if chips is None else ""
            self._paint_plain(painter, box, text, 0, pen)
            return
        left, top, width, height = box
        x, end = left + self._pad, left + width - self._pad
        y = top + (height - self._chips.height) // 2
        for number, chip in enumerate(chips):
            rest = len(chips) - number
            room = end - x - (self._more_width(rest - 1) if rest > 1 else 0)
            if number and self._chips.width(chip[0]) > room:
                self._paint_more(painter, x, box, rest)
                return
            pixmap = self._chips.pixmap(chip, room, outlined=pen is self._selected_text)
            painter.drawPixmap(x, y, pixmap)
            x += round(pixmap.width() / self._ratio) + self._chips.gap

    def _more_width(self, rest: int) -> int:
        return self._fit(f"+{rest}", 0, 1000)[1] + self._chips.gap

    def _paint_more(self, painter: QPainter, x: int, box: Box, rest: int) -> None:
        painter.setFont(self._small)
        painter.setPen(self._muted)
        painter.drawText(x, int(box[1] + box[3] / 2 + self._baseline), f"+{rest}")

    def _paint_check(self, painter: QPainter, box: Box, index: Index, pen: QColor) -> None:
        left, top, width, height = box
        checked = index.data(_CHECKED)
        if checked is None:
            text = index.data(_DISPLAY)
            if text is None:
                side = self._icon_side
                self._paint_bar(painter, left + (width - side) // 2, top, side)
                return
            self._paint_plain(painter, box, text, 0, pen)
            return
        key = (bool(checked), pen is self._selected_text)
        pixmap = self._pictures.get(key)
        if pixmap is None:
            pixmap = self._pictures[key] = check_pixmap(
                self._tokens, scale(), self._ratio, checked=key[0], on_selection=key[1]
            )
        side = round(pixmap.width() / self._ratio)
        painter.drawPixmap(left + (width - side) // 2, top + (height - side) // 2, pixmap)

    def _paint_icon(self, painter: QPainter, box: Box, index: Index, pen: QColor) -> None:
        left, top, width, height = box
        text = index.data(_DISPLAY)
        if text is None:
            self._paint_nothing(painter, box, text)
            return
        side, x = self._icon_side, left + self._pad
        value = index.data(_ICON)
        if value is None:
            own = index.data(_DECORATION)
            if isinstance(own, QIcon):
                own.paint(painter, QRect(x, top + (height - side) // 2, side, side))
        else:
            painter.drawPixmap(x, top + (height - side) // 2, self._object_pixmap(value))
        moved = side + self._pad - self._unit // 2
        self._paint_plain(painter, (left + moved, top, width - moved, height), text, 0, pen)

    def _object_pixmap(self, value: str) -> QPixmap:
        pixmap = self._pictures.get(value)
        if pixmap is None:
            icon, side = object_icon(value), self._icon_side
            pixmap = self._pictures[value] = icon.pixmap(QSize(side, side), self._ratio)
        return pixmap

    def _paint_color(self, painter: QPainter, box: Box, index: Index, pen: QColor) -> None:
        left, top, width, height = box
        text = index.data(_DISPLAY)
        if not text:
            self._paint_nothing(painter, box, text)
            return
        side, x = self._icon_side, left + self._pad
        painter.setPen(QPen(self._muted, 1))
        painter.setBrush(QColor(choice_color(text, self._tokens)))
        y = top + (height - side) // 2
        painter.drawRoundedRect(x, y, side - 1, side - 1, self._unit - 1, self._unit - 1)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        moved = side + self._unit
        self._paint_plain(painter, (left + moved, top, width - moved, height), text, 2, pen)

    def _paint_mark(self, painter: QPainter, box: Box, mark: Mark | None) -> None:
        left, top, width, height = box
        if mark is Mark.SAVING:
            under = top + height - 3
            painter.fillRect(left + self._pad, under, width - 2 * self._pad, 2, self._accent)
        elif mark is Mark.UNSAVED:
            step = self._unit * 2
            for dash in range(left + self._pad, left + width - self._pad, step):
                painter.fillRect(dash, top + height - 3, step // 2 + 1, 2, self._warning)
        elif mark is Mark.REFUSED:
            painter.setPen(QPen(self._danger, 2))
            painter.drawRect(left + 1, top + 1, width - 2, height - 2)
            flag = self._unit * 2
            for line in range(flag):
                painter.fillRect(
                    left + width - flag + line, top + line, flag - line, 1, self._danger
                )

    # What is not painted

    @override
    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        self.prepare()
        height = self._view.verticalHeader().defaultSectionSize()
        is_choice = self._kinds[index.column()] == CellKind.CHOICE
        if is_choice and (chips := index.data(_CHIPS)):
            wide = sum(self._chips.width(chip[0]) + self._chips.gap for chip in chips)
        else:
            text = index.data(_DISPLAY) or ""
            wide = self._fit(str(text), 2, 1 << 20)[1] + 1
        if self._kinds[index.column()] in {CellKind.ICON_TEXT, CellKind.COLOR}:
            wide += self._icon_side + self._pad
        return QSize(wide + 2 * self._pad, height)

    @override
    def updateEditorGeometry(
        self, editor: QWidget, option: QStyleOptionViewItem, index: Index
    ) -> None:
        super().updateEditorGeometry(editor, option, index)
        if self.placed is not None:
            editor.setGeometry(self.placed(index, editor.geometry()))

    @override
    def helpEvent(
        self,
        event: QHelpEvent,
        view: QAbstractItemView,
        option: QStyleOptionViewItem,
        index: Index,
    ) -> bool:
        """Show the model's tip, or the whole text where it was cut; markup stays text."""
        if event.type() != QEvent.Type.ToolTip or not index.isValid():
            return super().helpEvent(event, view, option, index)
        tip = index.data(Qt.ItemDataRole.ToolTipRole)
        if not tip and self.sizeHint(option, index).width() > option.rect.width():
            tip = index.data(_DISPLAY)
        show_tip(event, view, tip)
        return True


def heading_fill() -> str:
    """Return the colour behind the heading of a group, and behind its place in the gutter."""
    return mix(theme().border, theme().surface, 0.35)


def show_tip(event: QHelpEvent, view: QWidget, tip: object) -> None:
    """Show what a model says of a cell, as it stands; None hides the tip."""
    QToolTip.showText(event.globalPos(), plain_tip(str(tip)) if tip else "", view)


def _elided(text: str, metrics: QFontMetricsF, room: int) -> tuple[str, int]:
    line = text[:_LONGEST]
    if not line.isprintable():
        line = " ".join(line.split())
    shown = metrics.elidedText(line, Qt.TextElideMode.ElideRight, room)
    return shown, round(metrics.horizontalAdvance(shown))


def _medium(font: QFont) -> QFont:
    font.setWeight(QFont.Weight.Medium)
    return font


def _kinds_of(model: QAbstractItemModel | None) -> list[int]:
    if model is None:
        return []
    across, role = Qt.Orientation.Horizontal, GridRole.KIND
    found = (model.headerData(column, across, role) for column in range(model.columnCount()))
    return [int(kind) if isinstance(kind, int) else CellKind.TEXT for kind in found]
