"""The button that names the view of a list, says whether it was changed, and opens the choice."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QWidget
from typing_extensions import override

from crm_desktop.gui.theme import control_height, line_height, unit
from crm_desktop.gui.tips import plain_tip
from crm_desktop.gui.widgets.buttons import Button
from crm_desktop.gui.widgets.elided_label import ElidedLabel
from crm_desktop.gui.widgets.icon_label import IconLabel


class ViewButton(Button):
    """A bookmark, the view's name, a pencil while it is changed, and an arrow down."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAutoDefault(False)
        self.name = ElidedLabel()
        self.pencil = IconLabel("pencil", "warning")
        self.pencil.hide()
        row = QHBoxLayout(self)
        row.setContentsMargins(2 * unit(), 0, 2 * unit(), 0)
        row.setSpacing(round(1.5 * unit()))
        self._bookmark = IconLabel("bookmark", "muted")
        row.addWidget(self._bookmark)
        row.addWidget(self.name, 1)
        row.addWidget(self.pencil)
        row.addWidget(IconLabel("chevron-down", "muted"))
        for part in self.findChildren(QWidget):
            part.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setMaximumWidth(round(line_height() * 16))

    def show_view(self, name: str, *, is_changed: bool) -> None:
        self.name.setText(name)
        self.pencil.setVisible(is_changed)
        words = self.tr("View: {}").replace("{}", name)
        if is_changed:
            words += self.tr(", changed and not saved")
        self.setAccessibleName(words)
        self.setToolTip(plain_tip(words + self.tr(" (F4)")))
        self.updateGeometry()

    @override
    def sizeHint(self) -> QSize:
        layout = self.layout()
        wide = 0 if layout is None else layout.sizeHint().width()
        return QSize(wide, control_height())

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(round(line_height() * 6), control_height())

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._bookmark.setVisible(self.width() > line_height() * 8)
