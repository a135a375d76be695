"""Opens pages and dialogs in tests as a user would meet them."""

from typing import TypeVar

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QApplication, QDialog, QWidget
from pytestqt.qtbot import QtBot

W = TypeVar("W", bound=QWidget)
D = TypeVar("D", bound=QDialog)


def shown(qtbot: QtBot, widget: W) -> W:
    """Show a widget that the test closes at its end."""
    qtbot.addWidget(widget, before_close_func=_give_up)
    widget.resize(1100, 640)
    widget.show()
    activate(qtbot, widget)
    return widget


def _give_up(widget: QWidget) -> None:
    """Close a dialog without its question about what was typed."""
    if isinstance(widget, QDialog):
        widget.done(QDialog.DialogCode.Rejected)


def activate(qtbot: QtBot, widget: QWidget) -> None:
    """Bring the window to the front, where shortcuts reach it.

    A window of the test before that dies only now may take that back: then it is asked for again.
    """

    def is_active() -> bool:
        if not widget.isActiveWindow():
            widget.activateWindow()
        return widget.isActiveWindow()

    qtbot.waitUntil(is_active)


def press(qtbot: QtBot, button: QAbstractButton) -> None:
    qtbot.waitUntil(button.isEnabled)
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def answer(qtbot: QtBot, text: str) -> None:
    """Press the button of this text in the open question."""

    def buttons() -> list[QAbstractButton]:
        box = QApplication.activeModalWidget()
        every = box.findChildren(QAbstractButton) if box is not None else []
        return [button for button in every if button.text() == text]

    qtbot.waitUntil(lambda: bool(buttons()))
    press(qtbot, buttons()[0])


def open_dialog(qtbot: QtBot, kind: type[D]) -> D:
    """Return the one open dialog of this kind."""

    def found() -> list[D]:
        widgets = QApplication.topLevelWidgets()
        return [widget for widget in widgets if isinstance(widget, kind) and widget.isVisible()]

    qtbot.waitUntil(lambda: len(found()) == 1)
    return found()[0]
