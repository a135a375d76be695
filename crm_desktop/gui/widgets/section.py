"""A part of a page under a heading that folds, with a count and small buttons at its right."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt, Signal, Slot
from PySide6.QtGui import QColor, QIcon, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QToolButton, QVBoxLayout, QWidget
from typing_extensions import override

from crm_desktop.gui.icons import icon
from crm_desktop.gui.theme import strong_font, theme, unit
from crm_desktop.gui.widgets.chip import CountBadge
from crm_desktop.gui.widgets.icon_label import IconLabel


class Section(QWidget):
    """A heading that opens and closes what stands below it; framed as a card when asked."""

    toggled = Signal(bool)  # is open

    def __init__(
        self,
        title: str,
        content: QWidget,
        parent: QWidget | None = None,
        *,
        picture: QIcon | None = None,
        is_framed: bool = False,
        is_open: bool = True,
    ) -> None:
        super().__init__(parent)
        self.content, self._is_framed = content, is_framed
        self.heading = QToolButton()
        self.heading.setText(title.replace("&", "&&"))
        self.heading.setFont(strong_font())
        self.heading.setCheckable(True)
        self.heading.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.heading.setProperty("look", "heading")
        self.heading.setAccessibleName(title)
        self.heading.toggled.connect(self._open)
        self.badge = CountBadge()
        self.badge.hide()
        self._line = QHBoxLayout()
        self._line.setSpacing(2 * unit())
        self._line.addWidget(self.heading)
        if picture is not None:
            self._line.addWidget(IconLabel(picture))
        self._line.addWidget(self.badge)
        self._line.addStretch(1)
        inset = 2 * unit() if is_framed else 0
        self._line.setContentsMargins(inset, inset // 2, inset, inset // 2)
        box = QVBoxLayout(self)
        edge = 1 if is_framed else 0
        box.setContentsMargins(edge, edge, edge, edge)
        box.setSpacing(0 if is_framed else unit())
        box.addLayout(self._line)
        box.addWidget(content)
        self.heading.setChecked(is_open)
        self._open(is_open)

    def set_count(self, text: str) -> None:
        """Show a count beside the heading; "" takes it away."""
        self.badge.set_text(text)

    def add_button(self, button: QWidget) -> None:
        """Put a control at the right end of the heading."""
        self._line.addWidget(button)

    def is_open(self) -> bool:
        return self.heading.isChecked()

    def set_open(self, is_open: bool) -> None:  # noqa: FBT001 - a setter, as Qt's
        self.heading.setChecked(is_open)

    @Slot(bool)
    def _open(self, is_open: bool) -> None:  # noqa: FBT001 - a signal's argument
        self.content.setVisible(is_open)
        self.heading.setIcon(icon("chevron-down" if is_open else "chevron-right", "muted"))
        state = self.tr("open") if is_open else self.tr("closed")
        self.heading.setAccessibleDescription(state)
        self.toggled.emit(is_open)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        if not self._is_framed:
            return
        tokens, painter = theme(), QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(tokens.border), 1))
        painter.setBrush(QColor(tokens.raised))
        frame = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.drawRoundedRect(frame, unit(), unit())
        painter.end()
