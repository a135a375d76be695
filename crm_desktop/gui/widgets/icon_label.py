"""An icon that stands in a layout and follows the theme."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget
from typing_extensions import override

from crm_desktop.gui.icons import Role, icon
from crm_desktop.gui.theme import icon_size, radius, theme


class IconLabel(QWidget):
    """Shows one icon, by Lucide name or as a `QIcon`, `size` logical pixels high.

    With `has_tile` it stands on a square in the colour of a selection, twice as wide.
    """

    def __init__(
        self,
        picture: str | QIcon,
        role: Role = "text",
        parent: QWidget | None = None,
        *,
        size: int = 0,
        has_tile: bool = False,
    ) -> None:
        super().__init__(parent)
        self._icon, self._size, self._has_tile = QIcon(), size, has_tile
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.set_icon(picture, role)

    def set_icon(self, picture: str | QIcon, role: Role = "text") -> None:
        self._icon = icon(picture, role) if isinstance(picture, str) else picture
        self.update()

    @override
    def sizeHint(self) -> QSize:
        side = (self._size or icon_size()) * (2 if self._has_tile else 1)
        return QSize(side, side)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        mode = QIcon.Mode.Normal if self.isEnabled() else QIcon.Mode.Disabled
        room = self.rect()
        if self._has_tile:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(theme().selection))
            painter.drawRoundedRect(room, 2 * radius(), 2 * radius())
            edge = room.width() // 4
            room = room.adjusted(edge, edge, -edge, -edge)
        self._icon.paint(painter, room, mode=mode)
        painter.end()
