"""Buttons of the few kinds there are: plain, primary, dangerous, link, and icon alone."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QAction, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QPushButton, QToolButton, QWidget
from typing_extensions import override

from crm_desktop.gui.icons import Role, icon
from crm_desktop.gui.theme import control_height, icon_size, line_height, restyle, small_font, unit

NARROW_LOOKS = ("snug", "link", "small-link")
BUTTON_LINES = 4  # how wide a button is at least, with its air


def _is_enter(event: QKeyEvent) -> bool:
    keys = {Qt.Key.Key_Return, Qt.Key.Key_Enter}
    return event.key() in keys and not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier


class Button(QPushButton):
    """Enter presses the button that has the keyboard, never the default button of its dialog.

    Nothing makes it narrower than its text: a least width of the style sheet would allow that.
    """

    @override
    def sizeHint(self) -> QSize:
        hint = super().sizeHint()
        is_wide = self.property("look") not in NARROW_LOOKS
        return hint.expandedTo(QSize(round(BUTTON_LINES * line_height()), 0)) if is_wide else hint

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if _is_enter(event):
            self.click()
        else:
            super().keyPressEvent(event)


def plain_button(text: str, parent: QWidget | None = None, *, icon_name: str = "") -> QPushButton:
    return _button(text, parent, "", icon_name, "text")


def snug_button(text: str, parent: QWidget | None = None) -> QPushButton:
    """Make a plain button as wide as its text needs, and never less."""
    return _button(text, parent, "snug", "", "text")


def primary_button(text: str, parent: QWidget | None = None, *, icon_name: str = "") -> QPushButton:
    """Make the one button of a view that does what the view is for."""
    return _button(text, parent, "primary", icon_name, "accent_text")


def danger_button(text: str, parent: QWidget | None = None, *, icon_name: str = "") -> QPushButton:
    """Make the button that takes something away; its text is a verb and a count."""
    return _button(text, parent, "danger", icon_name, "accent_text")


def link_button(text: str, parent: QWidget | None = None, *, icon_name: str = "") -> QPushButton:
    """Make a button that reads as a link, for an action inside a sentence or a bar."""
    button = _button(text, parent, "link", icon_name, "accent")
    button.setCursor(Qt.CursorShape.PointingHandCursor)
    return button


def _button(
    text: str, parent: QWidget | None, look: str, icon_name: str, role: Role
) -> QPushButton:
    button = Button(text, parent)
    button.setAutoDefault(False)
    if look:
        button.setProperty("look", look)
    if icon_name:
        button.setIcon(icon(icon_name, role))
        side = icon_size()
        button.setIconSize(QSize(side + round(1.5 * unit()), side))  # air before the text
    return button


class SmallLink(Button):
    """A link inside a line of small text, without air of its own."""

    def __init__(self, text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self.setAutoDefault(False)
        self.setProperty("look", "small-link")
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFont(small_font())

    @override
    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.ApplicationFontChange:
            self.setFont(small_font())


class IconButton(QToolButton):
    """A square button with an icon; what it does is its tip and its accessible name."""

    def __init__(
        self,
        icon_name: str,
        text: str,
        parent: QWidget | None = None,
        *,
        role: Role = "text",
        is_outlined: bool = False,
        shortcut: str | QKeySequence.StandardKey = "",
    ) -> None:
        super().__init__(parent)
        self.setIcon(icon(icon_name, role))
        self.setText(text)
        self.setAccessibleName(text)
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)
        keys = QKeySequence(shortcut)
        if not keys.isEmpty():
            self.setShortcut(keys)
        shown = keys.toString(QKeySequence.SequenceFormat.NativeText)
        self.setToolTip(f"{text} ({shown})" if shown else text)
        if is_outlined:
            self.setProperty("look", "outlined")
        self._size_again()

    def set_icon(self, icon_name: str, role: Role = "text") -> None:
        self.setIcon(icon(icon_name, role))

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if _is_enter(event):
            self.click()
        else:
            super().keyPressEvent(event)

    def _size_again(self) -> None:
        self.setIconSize(QSize(icon_size(), icon_size()))

    @override
    def sizeHint(self) -> QSize:
        return QSize(control_height(), control_height())

    @override
    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    @override
    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.ApplicationFontChange:
            self._size_again()


def action_button(
    action: QAction, parent: QWidget | None = None, *, is_outlined: bool = False
) -> QToolButton:
    """Make a button for an action: its icon, its text as tip and name, its state."""
    button = QToolButton(parent)
    button.setDefaultAction(action)
    button.setAccessibleName(action.text().replace("&", ""))
    button.setIconSize(QSize(icon_size(), icon_size()))
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    set_look(button, "outlined" if is_outlined else "")
    return button


def set_look(widget: QWidget, look: str) -> None:
    """Give a control one of the style sheet's looks: primary, danger, link, plain, outlined."""
    widget.setProperty("look", look or None)
    restyle(widget)
