"""Editors of choices: one from a list, or several, each with its colour and its words."""

from __future__ import annotations

from functools import partial
from typing import Any

from PySide6.QtCore import (
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QPoint,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import (
    QCloseEvent,
    QColor,
    QIcon,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPixmap,
)
from PySide6.QtWidgets import (
    QApplication,
    QComboBox,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)
from typing_extensions import override

from crm_desktop.domain.field_types import EffectiveField, flag_rule, options_of, type_of
from crm_desktop.domain.formats import Formats
from crm_desktop.gui.chips import Chip, ChipPainter, check_pixmap
from crm_desktop.gui.delegates import EMPTY
from crm_desktop.gui.editors.value_editor import ValueEditor
from crm_desktop.gui.icons import icon
from crm_desktop.gui.theme import icon_size, row_height, scale, theme, unit
from crm_desktop.gui.tokens import choice_color

_VALUE = Qt.ItemDataRole.UserRole
_OPENING = {Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_F4}
_CLEARING = {Qt.Key.Key_Delete, Qt.Key.Key_Backspace}
_MOST_SHOWN = 12


def dot_icon(color: str | None) -> QIcon:
    """Return a round dot in a choice's colour; muted where it has none."""
    size = icon_size()
    pixmap = QPixmap(QSize(size, size) * 2)
    pixmap.setDevicePixelRatio(2)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(choice_color(color, theme())))
    painter.drawEllipse(QPoint(size // 2, size // 2), size // 4, size // 4)
    painter.end()
    return QIcon(pixmap)


class ChoiceEditor(ValueEditor):
    """One choice of a list; a stored value that is no option stays choosable, and is named so."""

    def __init__(
        self, field: EffectiveField, formats: Formats, parent: QWidget | None = None
    ) -> None:
        super().__init__(field, formats, parent)
        self.box = QComboBox()
        self.box.setIconSize(QSize(icon_size(), icon_size()))
        self.box.setMaxVisibleItems(_MOST_SHOWN)
        self.box.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.box.setMinimumContentsLength(8)
        self._fill()
        if flag_rule(field, "allowCustom"):
            self.box.setEditable(True)
            self.box.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
            self.box.editTextChanged.connect(self._tell)
        self.box.activated.connect(self._tell)
        self._is_showing = False
        self.box.installEventFilter(self)  # the wheel scrolls the form, it changes no value
        self.box.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.set_control(self.box)

    def _fill(self) -> None:
        self.box.clear()
        self.box.addItem(EMPTY, None)
        for option in options_of(self.field):
            self.box.addItem(dot_icon(option.color), option.label, option.value)

    @override
    def show_value(self, value: Any) -> None:
        self._is_showing = True
        row = self.box.findData(value) if isinstance(value, str) else (0 if value is None else -1)
        if row < 0:
            shown = type_of(self.field.type).display(value, self.field, self._formats)
            self.box.addItem(icon("circle-alert", "warning"), shown, value)
            row = self.box.count() - 1
        self.box.setCurrentIndex(row)
        if self.box.isEditable() and value is None:
            self.box.setEditText("")
        self._is_showing = False

    @override
    def value(self) -> Any:
        if self.box.isEditable():
            text = self.box.currentText()
            row = self.box.findText(text, Qt.MatchFlag.MatchExactly)
            if row <= 0 or self.box.itemData(row) is None:
                return type_of(self.field.type).parse(text, self.field, self._formats)
            return self.box.itemData(row)
        return self.box.currentData()

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Wheel and not self.box.view().isVisible():
            event.ignore()
            return True
        if isinstance(event, QKeyEvent) and self._clears(event):
            self.box.setCurrentIndex(0)
            self._tell()
            return True
        return super().eventFilter(watched, event)

    def _clears(self, event: QKeyEvent) -> bool:
        is_press = event.type() == QEvent.Type.KeyPress
        return is_press and event.key() in _CLEARING and not self.box.isEditable()

    def _tell(self) -> None:
        if not self._is_showing:
            self.edited.emit()


class _PickLine(QLineEdit):
    """A line of chips, not typed into; Space, Enter, Alt+Down or a click open the list."""

    def __init__(self, owner: MultiChoiceEditor) -> None:
        super().__init__()
        self._owner = owner
        self._chips: tuple[Chip, ...] = ()
        self.setCursor(Qt.CursorShape.ArrowCursor)
        self.setAcceptDrops(False)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.NoContextMenu)
        self.setAttribute(Qt.WidgetAttribute.WA_InputMethodEnabled, on=False)

    def show_chips(self, chips: tuple[Chip, ...], words: str) -> None:
        self._chips = chips
        self.setToolTip(words)
        self.setAccessibleDescription(words)
        self.update()

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        is_alt_down = event.key() == Qt.Key.Key_Down and bool(
            event.modifiers() & Qt.KeyboardModifier.AltModifier
        )
        if event.key() in _OPENING or is_alt_down:
            self._owner.open_list()
        elif event.key() in _CLEARING:
            self._owner.pick([])
        else:
            event.ignore()

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._owner.open_list()

    @override
    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self._owner.open_list()

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        ratio = self.devicePixelRatioF()
        chips = ChipPainter(theme(), scale(), ratio)
        painter = QPainter(self)
        x, end = 2 * unit(), self.width() - icon_size() - 3 * unit()
        y = (self.height() - chips.height) // 2
        for number, chip in enumerate(self._chips):
            if number and x + chips.width(chip[0]) > end:
                painter.setPen(QColor(theme().muted))
                rest = f"+{len(self._chips) - number}"
                painter.drawText(x, 0, end - x, self.height(), Qt.AlignmentFlag.AlignVCenter, rest)
                break
            pixmap = chips.pixmap(chip, end - x, outlined=False)
            painter.drawPixmap(x, y, pixmap)
            x += round(pixmap.width() / ratio) + chips.gap
        painter.end()


class _Ticks(QStyledItemDelegate):
    """Draws the boxes as grids do: the style's own cannot be seen in the dark."""

    @override
    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        super().paint(painter, option, index)
        shown = QStyleOptionViewItem(option)
        self.initStyleOption(shown, index)
        box = QStyle.SubElement.SE_ItemViewItemCheckIndicator
        room = QApplication.style().subElementRect(box, shown, option.widget)
        is_ticked = shown.checkState == Qt.CheckState.Checked
        ratio = option.widget.devicePixelRatioF()
        picture = check_pixmap(theme(), scale(), ratio, checked=is_ticked)
        side = round(picture.width() / ratio)
        place = room.center() - QPoint(side // 2, side // 2)
        painter.drawPixmap(place, picture)


class _TickPopup(QWidget):
    """Drops down below the line; says when it has closed."""

    closed = Signal()
    cancelled = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)

    @override
    def closeEvent(self, event: QCloseEvent) -> None:
        super().closeEvent(event)
        self.closed.emit()

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            self.close()
            return
        if event.key() == Qt.Key.Key_Escape:
            self.cancelled.emit()
        super().keyPressEvent(event)


class MultiChoiceEditor(ValueEditor):
    """Several choices of a list, ticked in a list that drops down."""

    def __init__(
        self, field: EffectiveField, formats: Formats, parent: QWidget | None = None
    ) -> None:
        super().__init__(field, formats, parent)
        self._value: Any = None
        self._is_locked = False
        self._options = options_of(field)
        self.line = _PickLine(self)
        self.line.addAction(
            icon("chevron-down", "muted"), QLineEdit.ActionPosition.TrailingPosition
        ).triggered.connect(self.open_list)
        self.set_control(self.line)

    @override
    def show_value(self, value: Any) -> None:
        self._value = value
        shown = type_of(self.field.type).display(value, self.field, self._formats)
        values = value if isinstance(value, list) else [] if value is None else [shown]
        known = {option.value: (option.label, option.color or None) for option in self._options}
        chips = tuple(known.get(each, (str(each), None)) for each in map(str, values))
        self.line.show_chips(chips, shown)

    @override
    def value(self) -> Any:
        return self._value or None

    @override
    def set_read_only(self, *, is_read_only: bool) -> None:
        self._is_locked = is_read_only

    def pick(self, values: list[str]) -> None:
        """Take these values as the person's choice."""
        if not self._is_locked:
            self.show_value(values)
            self.edited.emit()

    @override
    def open_list(self) -> None:
        """Show the options under the line, each with a tick box."""
        if self._is_locked:
            return
        popup = _TickPopup(self.line)
        popup.cancelled.connect(partial(self._put_back, self._value))
        popup.closed.connect(self.chosen)
        popup.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box = QVBoxLayout(popup)
        box.setContentsMargins(1, 1, 1, 1)
        ticks = QListWidget()
        ticks.setAccessibleName(self.field.label)
        ticks.setItemDelegate(_Ticks(ticks))
        box.addWidget(ticks)
        for option in self._offered():
            self._add_tick(ticks, *option)
        ticks.itemChanged.connect(self._take_ticks)
        ticks.itemClicked.connect(_toggle_when_text_clicked)
        rows = max(1, min(ticks.count(), _MOST_SHOWN))
        popup.resize(max(self.line.width(), 40 * unit()), rows * row_height() + 2 * unit())
        popup.move(self.line.mapToGlobal(QPoint(0, self.line.height())))
        popup.show()
        ticks.setFocus()
        if ticks.count():
            ticks.setCurrentRow(0)

    def _put_back(self, value: Any) -> None:
        self.show_value(value)
        self.edited.emit()

    def _offered(self) -> list[tuple[str, str, str | None]]:
        offered = [(option.value, option.label, option.color) for option in self._options]
        known = {value for value, _, _ in offered}
        stored = self._value if isinstance(self._value, list) else []
        return offered + [(v, v, None) for v in stored if isinstance(v, str) and v not in known]

    def _add_tick(self, ticks: QListWidget, value: str, label: str, color: str | None) -> None:
        item = QListWidgetItem(dot_icon(color), label)
        item.setData(_VALUE, value)
        chosen = self._value if isinstance(self._value, list) else []
        item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsUserCheckable
                      | Qt.ItemFlag.ItemIsSelectable)  # fmt: skip
        item.setCheckState(Qt.CheckState.Checked if value in chosen else Qt.CheckState.Unchecked)
        ticks.addItem(item)

    def _take_ticks(self, item: QListWidgetItem) -> None:
        ticks = item.listWidget()
        rows = [ticks.item(row) for row in range(ticks.count())]
        ticked = [row.data(_VALUE) for row in rows if row.checkState() == Qt.CheckState.Checked]
        before = self._value if isinstance(self._value, list) else []
        kept = [value for value in before if value in ticked]  # the order they were chosen in
        self.pick(kept + [value for value in ticked if value not in kept])


def _toggle_when_text_clicked(item: QListWidgetItem) -> None:
    """Tick also by a click on the words; one on the box was taken by Qt already."""
    view = item.listWidget()
    where = view.visualItemRect(item)
    pressed = view.viewport().mapFromGlobal(view.cursor().pos())
    if pressed.x() > where.left() + icon_size() + 2 * unit():
        is_on = item.checkState() == Qt.CheckState.Checked
        item.setCheckState(Qt.CheckState.Unchecked if is_on else Qt.CheckState.Checked)
