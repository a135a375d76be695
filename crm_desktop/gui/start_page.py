"""What the window shows while there is no database: starting, why it failed, how to begin."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor, QGuiApplication, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QPushButton, QVBoxLayout, QWidget
from typing_extensions import override

from crm_desktop.gui.theme import icon_size, scale, theme, unit
from crm_desktop.gui.widgets.buttons import plain_button, primary_button
from crm_desktop.gui.widgets.elided_label import TextLabel
from crm_desktop.gui.widgets.icon_label import IconLabel


class StartPage(QWidget):
    """A few words in the middle and what can be done about them."""

    retry_requested = Signal()
    connect_requested = Signal()
    local_requested = Signal()
    sample_requested = Signal()
    empty_requested = Signal()
    backup_accepted = Signal()  # before the update that is asked about
    update_accepted = Signal()  # without a backup
    additions_accepted = Signal(bool)  # False: work without them

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._details = ""
        self._picture = IconLabel("database", "muted", size=icon_size() * 2)
        self.title = TextLabel(face="page", wraps=True)
        self.words = TextLabel(role="muted", wraps=True)
        for label in (self.title, self.words):
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.progress = QProgressBar(textVisible=False)
        self.progress.setRange(0, 0)
        self.progress.setAccessibleName(self.tr("Starting"))
        self.retry = primary_button(self.tr("Try again"), icon_name="refresh-cw")
        self.sample = primary_button(self.tr("Start with sample data"), icon_name="sparkles")
        self.save_first = primary_button(self.tr("Back up, then update"), icon_name="save")
        self.update_now = plain_button(self.tr("Update without a backup"))
        self.accept = primary_button(self.tr("Add what is missing"), icon_name="plus")
        self.decline = plain_button(self.tr("Work without it"))
        self.empty = plain_button(self.tr("Start empty"))
        self.local = plain_button(self.tr("Open the local workspace"), icon_name="laptop")
        self.connect_button = plain_button(self.tr("Connect to a server…"), icon_name="server")
        self.copy = plain_button(self.tr("Copy details"), icon_name="copy")
        self._buttons = (
            (self.retry, self.retry_requested),
            (self.sample, self.sample_requested),
            (self.empty, self.empty_requested),
            (self.save_first, self.backup_accepted),
            (self.update_now, self.update_accepted),
            (self.local, self.local_requested),
            (self.connect_button, self.connect_requested),
        )
        for button, signal in self._buttons:
            button.clicked.connect(signal)
        self.accept.clicked.connect(self._accept)
        self.decline.clicked.connect(self._decline)
        self.copy.clicked.connect(self._copy_details)
        self._lay_out()
        self.show_starting(self.tr("Starting…"))

    def show_starting(self, words: str) -> None:
        """Show that work goes on; nothing to decide."""
        self._show("database", "CRM Desktop", words, [])
        self.progress.setRange(0, 0)
        self.progress.show()

    def show_progress(self, words: str, done: int, total: int) -> None:
        self.words.setText(words)
        self.progress.setRange(0, total)
        self.progress.setValue(done)

    def show_failure(self, title: str, why: str, details: str, *, is_local: bool) -> None:
        """Say what did not work and why; offer what can be done."""
        self._details = f"{title}\n{why}\n\n{details}".strip()
        buttons = [self.retry, self.connect_button, self.copy]
        if not is_local:
            buttons.insert(1, self.local)
        self._show("octagon-alert", title, why, buttons)
        self.retry.setFocus()

    def show_welcome(self) -> None:
        self._show(
            "sparkles",
            self.tr("Welcome to CRM Desktop"),
            self.tr(
                "This workspace is empty. Look around in sample data (8 objects, 2,500 records, "
                "which you can delete later), begin with your own, or open a database on a server."
            ),
            [self.sample, self.empty, self.connect_button],
        )
        self.sample.setFocus()

    def show_upgrade(self, sentence: str) -> None:
        """Ask before what an older version made is changed."""
        safe = self.tr("A backup takes a moment; File, Restore… brings it back.")
        self._show(
            "database-backup",
            self.tr("This workspace has to be updated"),
            f"{sentence} {safe}",
            [self.save_first, self.update_now, self.connect_button],
        )
        self.save_first.setFocus()

    def show_additions(self, sentences: str) -> None:
        """Ask before anything is added to a database that other programs use as well."""
        self._show(
            "database-zap",
            self.tr("This database belongs to another program"),
            sentences,
            [self.accept, self.decline, self.connect_button],
        )
        self.decline.setFocus()

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.setSpacing(2 * unit())
        row.addStretch(1)
        first = [button for button, _ in self._buttons]
        for button in [self.accept, self.decline, *first, self.copy]:
            row.addWidget(button)
        row.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(*(8 * unit(),) * 4)
        column.setSpacing(4 * unit())
        column.addStretch(2)
        column.addWidget(self._picture, 0, Qt.AlignmentFlag.AlignHCenter)
        for label in (self.title, self.words):
            label.setMaximumWidth(round(scale().line * 40))
            middle = QHBoxLayout()
            middle.addStretch(1)
            middle.addWidget(label, 8)
            middle.addStretch(1)
            column.addLayout(middle)
        self.progress.setFixedWidth(round(scale().line * 16))
        column.addWidget(self.progress, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addLayout(row)
        column.addStretch(3)

    def _show(self, icon_name: str, title: str, words: str, buttons: list[QPushButton]) -> None:
        self._picture.set_icon(icon_name, "muted")
        self.title.setText(title)
        self.words.setText(words)
        self.progress.hide()
        everyone = [button for button, _ in self._buttons]
        for button in [*everyone, self.accept, self.decline, self.copy]:
            button.setVisible(button in buttons)

    def _accept(self) -> None:
        self.additions_accepted.emit(True)

    def _decline(self) -> None:
        self.additions_accepted.emit(False)

    def _copy_details(self) -> None:
        QGuiApplication.clipboard().setText(self._details)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        QPainter(self).fillRect(self.rect(), QColor(theme().surface))
