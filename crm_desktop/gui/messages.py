"""The only message boxes: questions that need an answer now, none of which blocks the program.

What merely happened belongs into a `MessageBar`. Every function opens its box and returns it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PySide6.QtCore import QSize, Qt, Slot
from PySide6.QtGui import QFontDatabase, QGuiApplication
from PySide6.QtWidgets import (
    QDialogButtonBox,
    QLineEdit,
    QMessageBox,
    QPlainTextEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from crm_desktop.gui.icons import icon
from crm_desktop.gui.theme import icon_size, line_height, unit
from crm_desktop.gui.translating import tr
from crm_desktop.gui.widgets.buttons import danger_button, plain_button, set_look
from crm_desktop.gui.widgets.elided_label import TextLabel
from crm_desktop.gui.widgets.fitting_dialog import FittingDialog
from crm_desktop.gui.widgets.form_row import FormRow


def ask(
    parent: QWidget | None,
    title: str,
    text: str,
    informative: str,
    action: str,
    on_yes: Callable[[], object],
    *,
    danger: bool = False,
    otherwise: str = "",
) -> QMessageBox:
    """Ask before doing something; `action` is the verb on the button: "Delete 3", "Save".

    Escape, Enter and closing the box do nothing: Cancel is the default, or what `otherwise`
    calls it. `danger` is for what takes something away.
    """
    box = _box(parent, title, text, informative, "triangle-alert" if danger else "info")
    yes = box.addButton(action, QMessageBox.ButtonRole.AcceptRole)
    set_look(yes, "danger" if danger else "primary")
    yes.clicked.connect(on_yes)
    cancel = box.addButton(otherwise or tr("Cancel"), QMessageBox.ButtonRole.RejectRole)
    set_look(cancel, "plain")
    _make_default(box, cancel)
    box.open()
    return box


def tell(parent: QWidget | None, title: str, text: str, informative: str = "") -> QMessageBox:
    """Say something that must not be missed and cannot be said in a message bar."""
    box = _box(parent, title, text, informative, "info")
    _make_default(box, box.addButton(tr("Close"), QMessageBox.ButtonRole.RejectRole))
    box.open()
    return box


def choose(
    parent: QWidget | None,
    title: str,
    text: str,
    informative: str,
    answers: Mapping[str, Callable[[], object]],
) -> QMessageBox:
    """Ask which of several; the first answer is the recommended one, Cancel the default."""
    box = _box(parent, title, text, informative, "circle-question-mark")
    for number, (verb, call) in enumerate(answers.items()):
        button = box.addButton(verb, QMessageBox.ButtonRole.ActionRole)
        set_look(button, "" if number else "primary")
        button.clicked.connect(call)
    cancel = box.addButton(tr("Cancel"), QMessageBox.ButtonRole.RejectRole)
    set_look(cancel, "plain")
    _make_default(box, cancel)
    box.open()
    return box


def _box(
    parent: QWidget | None, title: str, text: str, informative: str, icon_name: str
) -> QMessageBox:
    box = QMessageBox(parent)
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.setWindowTitle(title)
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setText(text)
    box.setInformativeText(informative)
    picture = icon(icon_name, "warning" if icon_name == "triangle-alert" else "accent")
    side = icon_size() * 2
    box.setIconPixmap(picture.pixmap(QSize(side, side), box.devicePixelRatioF()))
    return box


def _make_default(box: QMessageBox, button: QPushButton) -> None:
    box.setDefaultButton(button)
    box.setEscapeButton(button)
    button.setFocus()


class TypedConfirmation(FittingDialog):
    """Asks to type a name before something large is taken away."""

    def __init__(
        self,
        name: str,
        title: str,
        text: str,
        action: str,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(title)
        self._name = name
        self.line = QLineEdit()
        self.line.textChanged.connect(self._compare)
        question = tr("Type {name} to confirm").format(name=name)
        self.action = danger_button(action)
        self.action.setEnabled(False)
        self.action.clicked.connect(self.accept)
        cancel = plain_button(tr("Cancel"))
        cancel.setDefault(True)
        set_look(cancel, "plain")
        cancel.clicked.connect(self.reject)
        buttons = QDialogButtonBox()
        buttons.addButton(self.action, QDialogButtonBox.ButtonRole.AcceptRole)
        buttons.addButton(cancel, QDialogButtonBox.ButtonRole.RejectRole)
        box = QVBoxLayout(self)
        box.setSpacing(4 * unit())
        box.setContentsMargins(5 * unit(), 5 * unit(), 5 * unit(), 4 * unit())
        box.addWidget(TextLabel(text, wraps=True))
        box.addWidget(FormRow(question, self.line))
        box.addWidget(buttons)
        self.setMinimumWidth(round(line_height() * 26))
        self.line.setFocus()

    @Slot(str)
    def _compare(self, text: str) -> None:
        self.action.setEnabled(text.strip() == self._name.strip())


def confirm_by_typing(
    parent: QWidget | None,
    name: str,
    title: str,
    text: str,
    action: str,
    on_yes: Callable[[], object],
) -> TypedConfirmation:
    """Ask to type `name` before `action`; for production databases and for whole objects."""
    dialog = TypedConfirmation(name, title, text, action, parent)
    dialog.accepted.connect(on_yes)
    dialog.open()
    return dialog


class BugReport(FittingDialog):
    """Shows a failure that is our mistake, with details to copy into a report."""

    def __init__(self, summary: str, details: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(tr("Something went wrong in CRM Desktop"))
        self.details = QPlainTextEdit(details)
        self.details.setReadOnly(True)
        self.details.setAccessibleName(tr("Details"))
        self.details.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.details.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        copy = plain_button(tr("Copy details"), icon_name="copy")
        copy.clicked.connect(self.copy)
        close = plain_button(tr("Close"))
        close.setDefault(True)
        close.clicked.connect(self.reject)
        buttons = QDialogButtonBox()
        buttons.addButton(copy, QDialogButtonBox.ButtonRole.ActionRole)
        buttons.addButton(close, QDialogButtonBox.ButtonRole.RejectRole)
        box = QVBoxLayout(self)
        box.setSpacing(3 * unit())
        box.setContentsMargins(5 * unit(), 5 * unit(), 5 * unit(), 4 * unit())
        box.addWidget(TextLabel(summary, face="title", wraps=True))
        advice = tr(
            "This is a mistake in the program, not yours. What was stored before is safe. "
            "Copy the details into a report, so that it can be mended."
        )
        box.addWidget(TextLabel(advice, wraps=True))
        box.addWidget(self.details, 1)
        box.addWidget(buttons)
        self.resize(round(line_height() * 44), round(line_height() * 26))

    @Slot()
    def copy(self) -> None:
        QGuiApplication.clipboard().setText(self.details.toPlainText())


def report_bug(parent: QWidget | None, summary: str, details: str) -> BugReport:
    """Show a failure that no `UserError` explains; the details hold the traceback."""
    dialog = BugReport(summary, details, parent)
    dialog.open()
    return dialog
