"""A line for `objects.icon`: an emoji or a Lucide name, shown as it will look."""

from __future__ import annotations

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QCompleter, QLineEdit, QWidget

from crm_desktop.gui.icons import icon, object_icon

PROPOSED = (
    "app-window", "badge-check", "banknote", "box", "briefcase", "building", "building-2",
    "calendar", "car", "chart-line", "circle-user", "clipboard-list", "contact", "factory",
    "file-text", "flag", "folder", "globe", "graduation-cap", "handshake", "heart", "hotel",
    "house", "id-card", "landmark", "layers", "life-buoy", "list-checks", "lightbulb", "mail",
    "map-pin", "megaphone", "monitor", "package", "phone", "plane", "receipt", "rocket",
    "scroll-text", "shield", "ship", "shopping-cart", "star", "store", "tag", "target", "ticket",
    "truck", "user", "users", "wallet", "warehouse", "wrench", "zap",
)  # fmt: skip


class IconLine(QLineEdit):
    """Text with a picture of what it stands for."""

    def __init__(self, fallback: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._fallback = fallback
        self._picture = QAction(self)
        self.addAction(self._picture, QLineEdit.ActionPosition.LeadingPosition)
        self.setCompleter(QCompleter(list(PROPOSED), self))
        self.setPlaceholderText(fallback)
        self.textChanged.connect(self._show)
        self._show("")

    def _show(self, text: str) -> None:
        self._picture.setIcon(object_icon(text) if text.strip() else icon(self._fallback, "muted"))
