"""A part of a page under a heading that folds, with a count and small buttons at its right."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import QColor, QFontMetrics, QIcon, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget
from typing_extensions import override

from crm_desktop.gui.icons import icon_pixmap
from crm_desktop.gui.theme import icon_size, row_height, strong_font, theme, unit
from crm_desktop.gui.widgets.chip import CountBadge


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
        self.heading = _Heading(title, picture)
        self.heading.toggled.connect(self._open)
        self.badge = CountBadge()
        self.badge.hide()
        self._line = QHBoxLayout()
        self._line.setSpacing(2 * unit())
        self._line.addWidget(self.heading)
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


class _Heading(QAbstractButton):
    """The title with an arrow and a picture before it; Space and a click open and close."""

    def __init__(self, title: str, picture: QIcon | None) -> None:
        super().__init__()
        self._title, self._picture = title, picture
        self.setCheckable(True)
        self.setAccessibleName(title)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    @override
    def sizeHint(self) -> QSize:
        wide = QFontMetrics(strong_font()).horizontalAdvance(self._title)
        return QSize(self._title_left() + wide + 2 * unit(), row_height())

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(icon_size() * 3, row_height())

    def _title_left(self) -> int:
        pictures = 1 if self._picture is None else 2
        return pictures * icon_size() + (2 * pictures - 1) * unit()

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        tokens, painter, side = theme(), QPainter(self), icon_size()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        arrow = "chevron-down" if self.isChecked() else "chevron-right"
        picture = icon_pixmap(arrow, "muted", side, self.devicePixelRatioF())
        top = (self.height() - side) // 2
        painter.drawPixmap(0, top, picture)
        if self._picture is not None:
            self._picture.paint(painter, side + unit(), top, side, side)
        painter.setFont(strong_font())
        painter.setPen(QColor(tokens.text))
        room = self.rect().adjusted(self._title_left(), 0, -unit(), 0)
        title = painter.fontMetrics().elidedText(
            self._title, Qt.TextElideMode.ElideRight, room.width()
        )
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, title)
        if self.hasFocus():
            painter.setPen(QPen(QColor(tokens.accent), 2))
            ring = QRectF(self.rect()).adjusted(1, 1, -1, -1)
            painter.drawRoundedRect(ring, unit(), unit())
        painter.end()
