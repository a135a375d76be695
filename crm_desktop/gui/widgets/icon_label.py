"""An icon that stands in a layout and follows the theme."""

from __future__ import annotations

from PySide6.QtCore import QSize
from PySide6.QtGui import QIcon, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget
from typing_extensions import override

from crm_desktop.gui.icons import Role, icon
from crm_desktop.gui.theme import icon_size


class IconLabel(QWidget):
    """Shows one icon, by Lucide name or as a `QIcon`, `size` logical pixels high."""

    def __init__(
        self,
        picture: str | QIcon,
        role: Role = "text",
        parent: QWidget | None = None,
        *,
        size: int = 0,
    ) -> None:
        super().__init__(parent)
        self._icon, self._size = QIcon(), size
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.set_icon(picture, role)

    def set_icon(self, picture: str | QIcon, role: Role = "text") -> None:
        self._icon = icon(picture, role) if isinstance(picture, str) else picture
        self.update()

    @override
    def sizeHint(self) -> QSize:
        side = self._size or icon_size()
        return QSize(side, side)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        mode = QIcon.Mode.Normal if self.isEnabled() else QIcon.Mode.Disabled
        self._icon.paint(painter, self.rect(), mode=mode)
        painter.end()
