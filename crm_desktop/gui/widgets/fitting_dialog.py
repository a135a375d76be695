"""A dialog that is never larger than its screen: it shrinks, and what has no room then scrolls."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QApplication, QBoxLayout, QDialog, QFrame, QScrollArea, QWidget
from typing_extensions import override

from crm_desktop.gui.theme import line_height


def room_on_screen(dialog: QDialog) -> QSize:
    """Return the size that a dialog can have, with its title bar on the screen as well."""
    edge = round(2 * line_height())
    return dialog.screen().availableGeometry().size() - QSize(0, edge)


class FittingDialog(QDialog):
    """Its content scrolls where it has no room; the last rows, with the buttons, stay in sight."""

    feet = 1  # how many rows of its layout stay below what scrolls

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._scroller: QScrollArea | None = None

    @override
    def setVisible(self, visible: bool) -> None:
        """Fit before anything is shown: what gets another parent then keeps the focus."""
        if visible and not self.isVisible():
            self.ensurePolished()
            self._fit_on_screen()
        super().setVisible(visible)

    @override
    def showEvent(self, event: QShowEvent) -> None:
        self._fit_on_screen()
        super().showEvent(event)  # puts it in the middle

    @override
    def event(self, event: QEvent) -> bool:
        done = super().event(event)
        if event.type() == QEvent.Type.LayoutRequest and self.isVisible():
            self._fit_on_screen()
        return done

    def _fit_on_screen(self) -> None:
        room = room_on_screen(self)
        if (least := self._least()) != least.boundedTo(room):
            self._scroll_inside()
            self.setMinimumSize(self.minimumSize().boundedTo(room))
        wanted = self.size().expandedTo(self._least()).boundedTo(room)
        if self.size() != wanted:
            self.resize(wanted)

    def _least(self) -> QSize:
        """Return the size below which something is cut, sentences in several lines included."""
        least = self.minimumSizeHint().expandedTo(self.minimumSize())
        rows = self.layout()
        if rows is not None and rows.hasHeightForWidth():
            tall = rows.totalMinimumHeightForWidth(max(self.width(), least.width()))
            least.setHeight(max(least.height(), tall))
        return least

    def _scroll_inside(self) -> None:
        """Move all but the feet into an area that scrolls."""
        rows = self.layout()
        if self._scroller is not None or not isinstance(rows, QBoxLayout):
            return
        margins, spacing = rows.contentsMargins(), rows.spacing()
        focused: QWidget | None = self.focusWidget()
        feet = [rows.takeAt(rows.count() - 1) for _ in range(min(self.feet, rows.count()))]
        inside = QWidget()
        inside.setLayout(rows)
        rows.setContentsMargins(margins.left(), margins.top(), margins.right(), 0)
        self._scroller = _area_around(inside)
        column = QBoxLayout(QBoxLayout.Direction.TopToBottom, self)
        column.setContentsMargins(0, 0, 0, margins.bottom())
        column.setSpacing(0)
        column.addWidget(self._scroller, 1)
        below = QWidget()  # out of the window and back: last in the order of Tab as well
        foot = QBoxLayout(QBoxLayout.Direction.TopToBottom, below)
        foot.setContentsMargins(margins.left(), spacing, margins.right(), 0)
        foot.setSpacing(spacing)
        for row in reversed(feet):
            if row is not None and (nested := row.layout()) is not None:
                foot.addLayout(nested)
            elif row is not None:
                foot.addItem(row)
        column.addWidget(below)
        if focused is not None:
            focused.setFocus()
        app = QApplication.instance()
        if isinstance(app, QApplication):
            app.focusChanged.connect(self._follow_focus)

    def _follow_focus(self, _: QWidget | None, now: QWidget | None) -> None:
        area = self._scroller
        if area is not None and now is not None and area.isAncestorOf(now):
            area.ensureWidgetVisible(now)


def _area_around(inside: QWidget) -> QScrollArea:
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # it follows the focus of what is in it
    area.setWidget(inside)
    inside.setAutoFillBackground(False)
    area.viewport().setAutoFillBackground(False)
    return area
