"""Dialogs on a screen that has less room than they want: they shrink, and scroll inside."""

from collections.abc import Callable

import pytest
from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtWidgets import (
    QApplication,
    QComboBox,
    QDialog,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)
from pytestqt.qtbot import QtBot

from crm_desktop.gui.dialogs.go_to_row import GoToRowDialog
from crm_desktop.gui.dialogs.relationship_dialog import RelationshipDialog
from crm_desktop.gui.dialogs.user_dialog import UserDialog
from crm_desktop.gui.tasks import Tasks
from crm_desktop.gui.theme import line_height, unit
from crm_desktop.gui.widgets import fitting_dialog
from crm_desktop.gui.widgets.elided_label import TextLabel
from tests.gui.asking import shown
from tests.gui.dialogs import DIALOGS
from tests.gui.windows import wait_until_idle

SMALL = 43, 22  # lines: 1366 by 768 at 200 %, without a title bar


@pytest.fixture
def room(monkeypatch: pytest.MonkeyPatch, qapp: QApplication) -> QSize:
    assert qapp is not None
    size = QSize(*(round(lines * line_height()) for lines in SMALL))
    monkeypatch.setattr(fitting_dialog, "room_on_screen", lambda _dialog: size)
    return size


def buttons_in_sight(dialog: QDialog) -> bool:
    buttons = [each for each in dialog.findChildren(QPushButton) if each.isDefault()]
    places = [QRect(each.mapTo(dialog, QPoint()), each.size()) for each in buttons]
    return bool(places) and all(dialog.rect().contains(place) for place in places)


@pytest.mark.parametrize("name", ["object", "relationship", "application", "import", "drafts"])
def test_a_dialog_is_no_larger_than_the_screen(
    qtbot: QtBot, tasks: Tasks, room: QSize, name: str
) -> None:
    dialog = shown(qtbot, DIALOGS[name](tasks))
    wait_until_idle(qtbot, tasks)
    assert dialog.size() == dialog.size().boundedTo(room)
    dialog.done(QDialog.DialogCode.Rejected)


@pytest.mark.parametrize("make", [RelationshipDialog, UserDialog])
def test_what_has_no_room_scrolls_and_the_buttons_stay_in_sight(
    qtbot: QtBot,
    tasks: Tasks,
    room: QSize,
    monkeypatch: pytest.MonkeyPatch,
    make: Callable[[Tasks, None], QDialog],
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(fitting_dialog, "room_on_screen", lambda _dialog: QSize(9999, 9999))
        large = shown(qtbot, make(tasks, None))
        wait_until_idle(qtbot, tasks)
        with_focus = described(large.focusWidget())
        large.done(QDialog.DialogCode.Rejected)
    dialog = make(tasks, None)
    before = tab_order(dialog)
    shown(qtbot, dialog)
    wait_until_idle(qtbot, tasks)
    assert room.height() >= dialog.height()
    assert buttons_in_sight(dialog)
    assert tab_order(dialog) == before
    assert dialog.focusWidget() is not None
    assert described(dialog.focusWidget()) == with_focus
    last = before[-1] if isinstance(before[-1], QLineEdit) else dialog.findChildren(QLineEdit)[-1]
    last.setFocus()
    assert last.visibleRegion().boundingRect().height() == last.height()
    dialog.done(QDialog.DialogCode.Rejected)


def test_a_dialog_grows_with_the_sentences_that_come_into_it(qtbot: QtBot) -> None:
    dialog = fitting_dialog.FittingDialog()
    words = TextLabel(wraps=True)
    column = QVBoxLayout(dialog)
    for part in (QComboBox(), words, QPushButton("Go")):
        column.addWidget(part)
    dialog.setMinimumWidth(round(10 * line_height()))
    qtbot.addWidget(dialog)
    dialog.open()
    words.setText("There are too few records for an index to make a difference. " * 3)
    qtbot.waitUntil(lambda: words.height() >= words.heightForWidth(words.width()))
    box = dialog.findChildren(QComboBox)[0]
    assert box.height() >= box.minimumSizeHint().height()


def test_a_number_keeps_off_the_edge_of_its_box(qtbot: QtBot) -> None:
    dialog = GoToRowDialog(1, 9)
    qtbot.addWidget(dialog)
    dialog.show()
    inside = dialog.number.lineEdit()
    text_at = inside.mapTo(dialog.number, inside.cursorRect().topLeft()).x()
    assert text_at >= unit()


def described(widget: QWidget) -> tuple[str, str]:
    return type(widget).__name__, widget.accessibleName()


def tab_order(dialog: QDialog) -> list[QWidget]:
    """Return what Tab leads to, in its order."""
    found = []
    widget = dialog.nextInFocusChain()
    while widget is not None and widget is not dialog:
        if widget.focusPolicy() & Qt.FocusPolicy.TabFocus and not isinstance(widget, QScrollArea):
            found.append(widget)
        widget = widget.nextInFocusChain()
    return found
