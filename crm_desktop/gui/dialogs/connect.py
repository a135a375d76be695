"""Asks for the address of a database on a server, and what that database is for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, cast

from PySide6.QtCore import QT_TRANSLATE_NOOP, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)

from crm_desktop.gui.icons import icon
from crm_desktop.gui.status_bar import KIND_ICONS
from crm_desktop.gui.theme import scale, unit
from crm_desktop.gui.tokens import Kind
from crm_desktop.gui.widgets.buttons import plain_button, primary_button, set_look
from crm_desktop.gui.widgets.elided_label import TextLabel
from crm_desktop.gui.widgets.fitting_dialog import FittingDialog
from crm_desktop.gui.widgets.form_row import FormRow

SCHEMES = ("postgresql://", "postgres://")
KIND_WORDS: dict[Kind, object] = {
    "local": QT_TRANSLATE_NOOP("ConnectDialog", "Local: on this computer"),
    "dev": QT_TRANSLATE_NOOP("ConnectDialog", "Development"),
    "test": QT_TRANSLATE_NOOP("ConnectDialog", "Test"),
    "prod": QT_TRANSLATE_NOOP("ConnectDialog", "Production: the real data"),
}


@dataclass(frozen=True, slots=True)
class SavedConnection:
    """A connection somebody kept: its address has no password."""

    name: str
    url: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class ChosenConnection:
    url: str
    password: str
    kind: Kind
    is_kept: bool


class ConnectDialog(FittingDialog):
    """Offers the saved connections; the password is never kept."""

    chosen = Signal(object)  # ChosenConnection

    def __init__(self, saved: Sequence[SavedConnection], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Connect to a server"))
        self._saved = {each.url: each for each in saved}
        self.address = QComboBox(editable=True)
        self.address.addItems([each.url for each in saved])
        self.address.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        line = QLineEdit(placeholderText="postgresql://user@host:5432/database")
        self.address.setLineEdit(line)
        self.password = QLineEdit(echoMode=QLineEdit.EchoMode.Password)
        self.kind = QComboBox()
        for kind, words in KIND_WORDS.items():
            self.kind.addItem(icon(KIND_ICONS[kind]), self.tr(str(words)), kind)
        self.keep = QCheckBox(self.tr("Remember this connection, without the password"))
        self.keep.setChecked(True)
        self.address_row = FormRow(self.tr("Address"), self.address, is_required=True)
        self.connect_button = primary_button(self.tr("Connect"), icon_name="plug")
        self.connect_button.setDefault(True)
        self.connect_button.clicked.connect(self._choose)
        cancel = plain_button(self.tr("Cancel"))
        set_look(cancel, "plain")
        cancel.clicked.connect(self.reject)
        buttons = QHBoxLayout()
        buttons.setSpacing(2 * unit())
        buttons.addStretch(1)
        buttons.addWidget(cancel)
        buttons.addWidget(self.connect_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(*(5 * unit(),) * 4)
        column.setSpacing(3 * unit())
        column.addWidget(TextLabel(self.tr("A database on a server"), face="title"))
        column.addWidget(self.address_row)
        column.addWidget(
            FormRow(self.tr("Database password"), self.password, hint=self.tr("It is not stored."))
        )
        hint = self.tr("Production is marked by a strip along the top of the window.")
        column.addWidget(FormRow(self.tr("What it is for"), self.kind, hint=hint))
        column.addWidget(self.keep)
        column.addLayout(buttons)
        self.setMinimumWidth(round(scale().line * 32))
        self.kind.setCurrentIndex(list(KIND_WORDS).index("prod"))
        self.address.currentTextChanged.connect(self._take_kind_of)
        self._take_kind_of(self.address.currentText())

    def _take_kind_of(self, url: str) -> None:
        saved = self._saved.get(url)
        if saved is not None:
            self.kind.setCurrentIndex(list(KIND_WORDS).index(saved.kind))

    def _choose(self) -> None:
        url = self.address.currentText().strip()
        if not url.startswith(SCHEMES):
            self.address_row.set_problem(
                self.tr("Write the address as postgresql://user@host:5432/database.")
            )
            self.address.setFocus()
            return
        kind = cast("Literal['local', 'dev', 'test', 'prod']", self.kind.currentData())
        password = self.password.text()
        self.password.clear()
        self.accept()
        self.chosen.emit(ChosenConnection(url, password, kind, self.keep.isChecked()))
