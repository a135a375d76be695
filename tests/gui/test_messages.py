"""Questions and reports: none blocks, and doing nothing is always the default."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QAbstractButton, QApplication, QDialog, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from crm_desktop.gui import messages
from crm_desktop.gui.theme import Scheme, apply_theme


@pytest.fixture
def window(qapp: QApplication, qtbot: QtBot) -> QWidget:
    apply_theme(qapp, Scheme.LIGHT)
    window = QWidget()
    qtbot.addWidget(window)
    window.show()
    return window


def ask(window: QWidget, done: list[str]) -> QDialog:
    return messages.ask(
        window,
        "Delete deals",
        "Delete 3 deals?",
        "Also removes 8 links.",
        "Delete 3",
        lambda: done.append("deleted"),
        danger=True,
    )


def button(box: QDialog, text: str) -> QAbstractButton:
    buttons = box.findChildren(QPushButton)
    return next(item for item in buttons if item.text().replace("&", "") == text)


def test_a_question_returns_at_once_and_acts_when_its_verb_is_clicked(
    window: QWidget, qtbot: QtBot
) -> None:
    done: list[str] = []
    box = ask(window, done)
    assert done == []

    with qtbot.waitSignal(box.finished):
        qtbot.mouseClick(button(box, "Delete 3"), Qt.MouseButton.LeftButton)

    assert done == ["deleted"]


@pytest.mark.parametrize("key", [Qt.Key.Key_Return, Qt.Key.Key_Escape])
def test_enter_and_escape_change_nothing(window: QWidget, qtbot: QtBot, key: Qt.Key) -> None:
    done: list[str] = []
    box = ask(window, done)
    cancel = button(box, "Cancel")

    with qtbot.waitSignal(box.finished):
        qtbot.keyClick(cancel if key == Qt.Key.Key_Return else box, key)

    assert done == []


def test_markup_in_a_question_is_shown_as_it_is(window: QWidget, qtbot: QtBot) -> None:
    box = messages.tell(window, "Note", "<b>Bold & brave</b>")

    assert box.textFormat() == Qt.TextFormat.PlainText
    assert box.text() == "<b>Bold & brave</b>"
    with qtbot.waitSignal(box.finished):
        box.close()


def test_one_of_several_answers_is_acted_on(window: QWidget, qtbot: QtBot) -> None:
    done: list[str] = []
    answers = {"Save 3": lambda: done.append("saved"), "Discard": lambda: done.append("discarded")}
    box = messages.choose(window, "Unsaved", "Save 3 changes?", "", answers)

    with qtbot.waitSignal(box.finished):
        qtbot.mouseClick(button(box, "Discard"), Qt.MouseButton.LeftButton)

    assert done == ["discarded"]


def test_a_name_must_be_typed_exactly_before_the_action_can_be_taken(
    window: QWidget, qtbot: QtBot
) -> None:
    done: list[bool] = []
    dialog = messages.confirm_by_typing(
        window, "contact", "Delete object", "Delete it?", "Delete", lambda: done.append(True)
    )
    qtbot.keyClicks(dialog.line, "contac")
    assert not dialog.action.isEnabled()

    qtbot.keyClicks(dialog.line, "t")
    with qtbot.waitSignal(dialog.finished):
        qtbot.mouseClick(dialog.action, Qt.MouseButton.LeftButton)

    assert done == [True]


def test_the_details_of_a_bug_can_be_copied(window: QWidget, qtbot: QtBot) -> None:
    dialog = messages.report_bug(window, "The list could not be shown", "Traceback: <x>")
    copy = [item for item in dialog.findChildren(QPushButton) if "Copy" in item.text()]

    qtbot.mouseClick(copy[0], Qt.MouseButton.LeftButton)

    assert QGuiApplication.clipboard().text() == "Traceback: <x>"
    with qtbot.waitSignal(dialog.finished):
        dialog.close()
