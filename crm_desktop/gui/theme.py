"""Gives the application its look: palette, fonts, scale and style sheet, light and dark."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from functools import lru_cache
from typing import Final

from PySide6.QtCore import QObject, Qt, QTemporaryDir, Signal, Slot
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication, QStyleFactory, QWidget

from crm_desktop.gui.stylesheet import style_sheet
from crm_desktop.gui.tokens import DARK, LIGHT, Scale, Tokens

_GENERIC_FAMILIES = {"", "sans", "sans serif", "sans-serif", "dejavu sans", "helvetica"}
_UI_FAMILIES = ("Inter", "Adwaita Sans", "Cantarell", "Noto Sans", "Open Sans")
_GENERIC_POINTS = 10.0  # what desktops set; Qt's own 9 points are for those that set nothing
_DARK_BELOW = 128

Density = StrEnum("Density", ["COMPACT", "NORMAL", "ROOMY"])
ROW_HEIGHTS: Final[Mapping[Density, float]] = {
    Density.COMPACT: 1.5,
    Density.NORMAL: 1.75,
    Density.ROOMY: 2.0,
}


class Scheme(StrEnum):
    """What the user asked for; `SYSTEM` follows the desktop while the program runs."""

    SYSTEM = "system"
    LIGHT = "light"
    DARK = "dark"


class Appearance(QObject):
    """Keeps the application in the asked-for scheme; made by `apply_theme`."""

    theme_changed = Signal()  # palette and style sheet are in place

    def __init__(self, app: QApplication) -> None:
        super().__init__(app)
        self._app = app
        self._pictures = QTemporaryDir()
        self.scheme = Scheme.SYSTEM
        app.styleHints().colorSchemeChanged.connect(self._follow_desktop)

    def set_scheme(self, scheme: Scheme) -> None:
        self.scheme = scheme
        wanted = {Scheme.LIGHT: Qt.ColorScheme.Light, Scheme.DARK: Qt.ColorScheme.Dark}
        # the frame around the window follows; plug-ins that know no schemes ignore it
        self._app.styleHints().setColorScheme(wanted.get(scheme, Qt.ColorScheme.Unknown))
        self._apply()

    def refresh(self) -> None:
        """Compute everything again, after the application's font was changed."""
        self._apply()

    def tokens(self) -> Tokens:
        if self.scheme is Scheme.SYSTEM:
            return DARK if self._desktop_is_dark() else LIGHT
        return DARK if self.scheme is Scheme.DARK else LIGHT

    def _desktop_is_dark(self) -> bool:
        return self._app.styleHints().colorScheme() == Qt.ColorScheme.Dark

    @Slot()
    def _follow_desktop(self) -> None:
        if self.scheme is Scheme.SYSTEM and self.tokens() is not theme():
            self._apply()

    def _apply(self) -> None:
        tokens = self.tokens()
        self._app.setPalette(palette_of(tokens))
        sheet = style_sheet(tokens, scale(), self._pictures.path())
        if sheet != self._app.styleSheet():
            self._app.setStyleSheet(sheet)
        self.theme_changed.emit()


def apply_theme(app: QApplication, scheme: Scheme = Scheme.SYSTEM) -> Appearance:
    """Put the theme on the application; call again to switch it while windows are open."""
    appearance = app.findChild(Appearance)
    if not isinstance(appearance, Appearance):
        app.setStyle(QStyleFactory.create("Fusion"))
        app.setFont(_ui_font(app.font()))
        appearance = Appearance(app)
    appearance.set_scheme(scheme)
    return appearance


def theme() -> Tokens:
    """Give the colours to paint with now; ask at every paint, keep nothing."""
    window = QGuiApplication.palette().color(QPalette.ColorRole.Window)
    return DARK if window.lightness() < _DARK_BELOW else LIGHT


def palette_of(tokens: Tokens) -> QPalette:
    palette = QPalette()
    for group in (QPalette.ColorGroup.Active, QPalette.ColorGroup.Inactive):
        for role, color in _roles(tokens).items():
            palette.setColor(group, role, QColor(color))
    disabled = _roles(tokens) | {
        QPalette.ColorRole.WindowText: tokens.disabled,
        QPalette.ColorRole.Text: tokens.disabled,
        QPalette.ColorRole.ButtonText: tokens.disabled,
        QPalette.ColorRole.HighlightedText: tokens.disabled,
        QPalette.ColorRole.PlaceholderText: tokens.disabled,
        QPalette.ColorRole.Link: tokens.disabled,
        QPalette.ColorRole.Base: tokens.window,
        QPalette.ColorRole.Highlight: tokens.border,
        QPalette.ColorRole.Accent: tokens.disabled,
    }
    for role, color in disabled.items():
        palette.setColor(QPalette.ColorGroup.Disabled, role, QColor(color))
    return palette


def _roles(tokens: Tokens) -> dict[QPalette.ColorRole, str]:
    role = QPalette.ColorRole
    return {
        role.Window: tokens.window,
        role.WindowText: tokens.text,
        role.Base: tokens.surface,
        role.AlternateBase: tokens.raised,
        role.ToolTipBase: tokens.raised,
        role.ToolTipText: tokens.text,
        role.PlaceholderText: tokens.muted,
        role.Text: tokens.text,
        role.Button: tokens.raised,
        role.ButtonText: tokens.text,
        role.BrightText: tokens.danger,
        role.Light: tokens.raised,
        role.Midlight: tokens.border,
        role.Mid: tokens.border,
        role.Dark: tokens.border_strong,
        role.Shadow: tokens.border_strong,
        role.Highlight: tokens.selection,
        role.HighlightedText: tokens.selection_text,
        role.Accent: tokens.accent,
        role.Link: tokens.accent,
        role.LinkVisited: tokens.accent,
    }


def _ui_font(font: QFont) -> QFont:
    """Keep the desktop's font; where no desktop set one, prefer a face made for screens."""
    if font.family().lower() not in _GENERIC_FAMILIES:
        return font
    chosen = QFont(font)
    chosen.setFamilies([*_UI_FAMILIES, font.family()])
    if chosen.pointSizeF() < _GENERIC_POINTS:
        chosen.setPointSizeF(_GENERIC_POINTS)
    return chosen


# The scale: everything is measured in the height of a line of the application's font.


@lru_cache(maxsize=4)
def _scale_of(font: QFont) -> Scale:
    return Scale(QFontMetricsF(font).height())


def scale() -> Scale:
    return _scale_of(QGuiApplication.font())


def line_height() -> float:
    """Give `h`: the height of one line of the application's font, in logical pixels."""
    return scale().line


def unit() -> int:
    """Give `u`, a quarter of a line: 1 inside a control, 2 between controls, 4 between groups."""
    return scale().unit


def row_height(density: Density = Density.NORMAL) -> int:
    return round(line_height() * ROW_HEIGHTS[density])


def control_height() -> int:
    return scale().control


def icon_size() -> int:
    return scale().icon


def radius() -> int:
    return scale().radius


def _font(factor: float, weight: QFont.Weight = QFont.Weight.Normal) -> QFont:
    font = QFont(QGuiApplication.font())
    if font.pointSizeF() > 0:
        font.setPointSizeF(font.pointSizeF() * factor)
    else:
        font.setPixelSize(round(font.pixelSize() * factor))
    font.setWeight(weight)
    return font


def body_font() -> QFont:
    return _font(1)


def caption_font() -> QFont:
    return _font(0.85)


def small_font() -> QFont:
    return _font(0.92)


def strong_font() -> QFont:
    return _font(1, QFont.Weight.DemiBold)


def title_font() -> QFont:
    return _font(1.15, QFont.Weight.DemiBold)


def page_font() -> QFont:
    return _font(1.4, QFont.Weight.DemiBold)


def number_font() -> QFont:
    """Give the body font with digits of one width, for columns of numbers and dates."""
    return with_tabular_digits(_font(1))


def with_tabular_digits(font: QFont) -> QFont:
    tabular = QFont(font)
    tabular.setFeature(QFont.Tag("tnum"), 1)
    return tabular


def restyle(widget: QWidget) -> None:
    """Make the style sheet read the widget's properties (`look`, `problem`) again."""
    if not widget.testAttribute(Qt.WidgetAttribute.WA_WState_Polished):
        return  # it reads them before the widget is first shown
    style = widget.style()
    style.unpolish(widget)
    style.polish(widget)
    widget.update()
