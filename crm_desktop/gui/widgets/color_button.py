"""A button that shows a colour and lets one choose another."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import QColor, QIcon, QPainter, QPen, QPixmap
from PySide6.QtWidgets import QColorDialog, QMenu, QToolButton, QWidget
from typing_extensions import override

from crm_desktop.gui.icons import icon
from crm_desktop.gui.theme import icon_size, theme, unit
from crm_desktop.gui.tokens import APPLICATION_COLORS, choice_color


class ColorButton(QToolButton):
    """Holds `#RRGGBB`, or "" for no colour; what stood there before is kept until chosen anew."""

    color_changed = Signal(str)

    def __init__(self, color: str = "", parent: QWidget | None = None, *, name: str = "") -> None:
        super().__init__(parent)
        self._color, self._name = color, name or self.tr("Colour")
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.setProperty("look", "outlined")
        self.setMenu(self._make_menu())
        self._show_color()

    def color(self) -> str:
        return self._color

    def set_color(self, color: str) -> None:
        """Show a colour, without telling of a change."""
        self._color = color
        self._show_color()

    def _make_menu(self) -> QMenu:
        menu = QMenu(self)
        names = self._names()
        for color in APPLICATION_COLORS:
            menu.addAction(swatch(color), names[color]).setData(color)
        menu.addSeparator()
        menu.addAction(icon("palette"), self.tr("Other colour\u2026")).setData(None)
        menu.addAction(icon("circle-slash", "muted"), self.tr("No colour")).setData("")
        menu.triggered.connect(lambda action: self._choose(action.data()))
        return menu

    def _names(self) -> dict[str, str]:
        words = (
            self.tr("Blue"), self.tr("Teal"), self.tr("Green"), self.tr("Lime"), self.tr("Amber"),
            self.tr("Orange"), self.tr("Red"), self.tr("Pink"), self.tr("Purple"),
            self.tr("Indigo"), self.tr("Grey"), self.tr("Slate"),
        )  # fmt: skip
        return dict(zip(APPLICATION_COLORS, words, strict=True))

    def _choose(self, color: str | None) -> None:
        if color is None:
            dialog = QColorDialog(QColor(choice_color(self._color, theme())), self)
            dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            dialog.colorSelected.connect(self._take)
            dialog.open()
        elif color != self._color:
            self._color = color
            self._show_color()
            self.color_changed.emit(color)

    @Slot(QColor)
    def _take(self, color: QColor) -> None:
        self._choose(color.name().upper())

    def _show_color(self) -> None:
        self.setIconSize(QSize(icon_size(), icon_size()))
        self.setIcon(swatch(choice_color(self._color, theme())) if self._color else icon("palette"))
        said = self._names().get(self._color, self._color) or self.tr("No colour")
        self.setAccessibleName(f"{self._name}: {said}")
        self.setToolTip(said)

    @override
    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._show_color()


def swatch(color: str) -> QIcon:
    """Draw a small square of one colour."""
    side = icon_size() * 2
    pixmap = QPixmap(side, side)
    pixmap.setDevicePixelRatio(2)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(QColor(theme().muted), 1))
    painter.setBrush(QColor(color))
    painter.drawRoundedRect(QRectF(0.5, 0.5, side / 2 - 1, side / 2 - 1), unit() - 1, unit() - 1)
    painter.end()
    return QIcon(pixmap)
