"""The top of the window: the strip that marks production, the menu, the box that finds things."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeySequence, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QMenuBar, QPushButton, QSizePolicy, QVBoxLayout, QWidget
from typing_extensions import override

from crm_desktop.gui.icons import icon
from crm_desktop.gui.theme import icon_size, scale, small_font, theme, unit
from crm_desktop.gui.tokens import Kind


class FindButton(QPushButton):
    """Looks like a search box and opens the palette, where one really types."""

    def __init__(self, keys: QKeySequence, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._words = self.tr("Search records, fields, commands")
        self._keys = keys.toString(QKeySequence.SequenceFormat.NativeText)
        self.setAccessibleName(f"{self._words} ({self._keys})")
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.IBeamCursor)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    @override
    def sizeHint(self) -> QSize:
        return QSize(round(scale().line * 25), round(scale().line * 1.45))

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(round(scale().line * 8), self.sizeHint().height())

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        colors, size, painter = theme(), icon_size(), QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(QColor(colors.surface))
        painter.setPen(QColor(colors.accent if self.hasFocus() else colors.border_strong))
        box = self.rect().adjusted(0, 0, -1, -1)
        painter.drawRoundedRect(box, scale().radius, scale().radius)
        left, top = 2 * unit(), (self.height() - size) // 2
        icon("search", "muted").paint(painter, left, top, size, size)
        painter.setPen(QColor(colors.muted))
        room = box.adjusted(left + size + 2 * unit(), 0, -2 * unit(), 0)
        painter.setFont(small_font())
        keys = painter.fontMetrics().horizontalAdvance(self._keys) + 2 * unit()
        words = painter.fontMetrics().elidedText(
            self._words, Qt.TextElideMode.ElideRight, max(0, room.width() - keys - unit())
        )
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, words)
        cap = box.adjusted(box.width() - keys - unit(), unit() - 1, -unit(), 1 - unit())
        painter.setPen(QColor(colors.border))
        painter.setBrush(QColor(colors.window))
        painter.drawRoundedRect(cap, scale().radius, scale().radius)
        painter.setPen(QColor(colors.muted))
        painter.drawText(cap, Qt.AlignmentFlag.AlignCenter, self._keys)


class TopBar(QWidget):
    """Menu at the left, the find box at the right; above both a strip on production."""

    find_requested = Signal()

    def __init__(self, keys: QKeySequence, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.menu = QMenuBar()
        self.menu.setNativeMenuBar(False)
        self.find_button = FindButton(keys)
        self.find_button.clicked.connect(self.find_requested)
        self._kind: Kind | None = None
        row = QHBoxLayout()
        row.setContentsMargins(unit(), unit(), 4 * unit(), unit())
        row.addWidget(self.menu)
        row.addStretch(1)
        row.addWidget(self.find_button)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        self._column.addLayout(row)

    @property
    def has_strip(self) -> bool:
        return self._kind == "prod"

    def show_kind(self, kind: Kind) -> None:
        self._kind = kind
        self._column.setContentsMargins(0, unit() if self.has_strip else 0, 0, 0)
        self.update()

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        if self.has_strip:
            painter.fillRect(0, 0, self.width(), unit(), QColor(theme().kind("prod")))
        painter.setPen(QColor(theme().border))
        painter.drawLine(0, self.height() - 1, self.width(), self.height() - 1)
