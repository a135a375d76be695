"""The rail at the left edge of the window: one button for each mode of the program."""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QButtonGroup, QToolButton, QVBoxLayout, QWidget
from typing_extensions import override

from crm_desktop.gui.icons import Role, icon
from crm_desktop.gui.theme import icon_size, scale, theme, unit
from crm_desktop.gui.widgets.buttons import IconButton


class Mode(NamedTuple):
    """A part of the program; `kinds` are the kinds of addresses whose pages belong to it."""

    address: str
    text: object
    icon_name: str
    kinds: tuple[str, ...]

    def title(self) -> str:
        return QCoreApplication.translate("rail", str(self.text))


SCHEMA = "relationships"  # the mode that has two pages: a table, and a graph
MODES = (
    Mode(
        "objects",
        QT_TRANSLATE_NOOP("rail", "Data"),
        "table-2",
        ("objects", "records", "record", "new-record", "duplicate", "recgraph"),
    ),
    Mode("layout", QT_TRANSLATE_NOOP("rail", "Layouts"), "layout-template", ("layout",)),
    Mode(
        "applications", QT_TRANSLATE_NOOP("rail", "Applications"), "app-window", ("applications",)
    ),
    Mode("fields", QT_TRANSLATE_NOOP("rail", "Fields"), "library", ("fields", "field")),
    Mode(
        "relationships", QT_TRANSLATE_NOOP("rail", "Schema"), "workflow", ("relationships", "graph")
    ),
    Mode("users", QT_TRANSLATE_NOOP("rail", "Users"), "users", ("users",)),
)


def mode_of(kind: str) -> Mode | None:
    return next((mode for mode in MODES if kind in mode.kinds), None)


class RailButton(QToolButton):
    """A square with an icon; the current mode has a tint and a bar at the left edge."""

    def __init__(self, mode: Mode, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._mode = mode
        self.setText(mode.title())
        self.setAccessibleName(mode.title())
        self.setToolTip(mode.title())
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)

    @override
    def sizeHint(self) -> QSize:
        side = round(scale().line * 2.1)
        return QSize(side + 2 * unit(), side)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        colors, size = theme(), round(icon_size() * 1.2)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = self.rect().adjusted(unit(), 0, -unit(), 0)
        painter.setPen(Qt.PenStyle.NoPen)
        if self.isChecked() or self.underMouse():
            painter.setBrush(QColor(colors.selection if self.isChecked() else colors.border))
            painter.drawRoundedRect(box, scale().radius, scale().radius)
        if self.isChecked():
            painter.setBrush(QColor(colors.accent))
            painter.drawRect(0, 0, max(2, unit() // 2), self.height())
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QColor(colors.accent))
            painter.drawRoundedRect(box.adjusted(1, 1, -1, -1), scale().radius, scale().radius)
        place = QRect(0, 0, size, size)
        place.moveCenter(box.center())
        role: Role = "accent" if self.isChecked() else "muted"
        icon(self._mode.icon_name, role).paint(painter, place)


class Rail(QWidget):
    """Modes at the top, help and settings at the bottom."""

    mode_requested = Signal(str)  # the address of the mode's own page
    help_requested = Signal()
    settings_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._group = QButtonGroup(self)
        self._group.setExclusive(False)  # none is current while a page belongs to no mode
        self._buttons: dict[str, RailButton] = {}
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 2 * unit(), 0, 2 * unit())
        column.setSpacing(2 * unit())
        for mode in MODES:
            button = RailButton(mode)
            button.clicked.connect(partial(self._ask_for, mode.address))
            self._group.addButton(button)
            self._buttons[mode.address] = button
            column.addWidget(button)
        column.addStretch(1)
        for name, text, signal in (
            ("circle-question-mark", self.tr("Help"), self.help_requested),
            ("settings", self.tr("Settings"), self.settings_requested),
        ):
            end = IconButton(name, text, role="muted")
            end.clicked.connect(signal)
            column.addWidget(end, 0, Qt.AlignmentFlag.AlignHCenter)

    def show_mode(self, kind: str) -> None:
        """Mark the mode that pages of this kind belong to."""
        mode = mode_of(kind)
        for address, button in self._buttons.items():
            button.setChecked(mode is not None and mode.address == address)

    def button(self, address: str) -> RailButton:
        return self._buttons[address]

    def _ask_for(self, address: str) -> None:
        """Leave the mark to the page that opens: a click alone changes nothing yet."""
        button = self._buttons[address]
        button.setChecked(not button.isChecked())
        self.mode_requested.emit(address)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setPen(QColor(theme().border))
        painter.drawLine(self.width() - 1, 0, self.width() - 1, self.height())
