"""Says that a query has been running for a while, and stops it."""

from __future__ import annotations

from functools import cached_property

from PySide6.QtCore import QTimer, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QWidget

from crm_desktop.gui.theme import unit
from crm_desktop.gui.widgets.buttons import link_button
from crm_desktop.gui.widgets.elided_label import TextLabel
from crm_desktop.gui.widgets.icon_label import IconLabel

SHOWN_AFTER = 2000  # milliseconds


class RunningBar(QWidget):
    """Takes no room until work has run for two seconds; then offers Stop, later to go on.

    What it shows is made when it is first shown: most work ends before.
    """

    stop_requested = Signal()
    resume_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._sentence, self._stopped, self._seconds = "", "", 0
        self._patience = QTimer(self, singleShot=True, interval=SHOWN_AFTER)
        self._patience.timeout.connect(self._show)
        self._clock = QTimer(self, interval=1000)
        self._clock.timeout.connect(self._tick)
        self.hide()

    @cached_property
    def label(self) -> TextLabel:
        label = TextLabel(parent=self)
        row = QHBoxLayout(self)
        row.setContentsMargins(3 * unit(), unit(), 3 * unit(), unit())
        row.setSpacing(2 * unit())
        row.addWidget(IconLabel("loader-circle", "accent", self))
        row.addWidget(label, 1)
        row.addWidget(self.stop)
        row.addWidget(self.resume)
        return label

    @cached_property
    def stop(self) -> QPushButton:
        button = link_button(self.tr("Stop"), self)
        button.clicked.connect(self._stop)
        return button

    @cached_property
    def resume(self) -> QPushButton:
        button = link_button(self.tr("Read again"), self)
        button.clicked.connect(self._resume)
        return button

    def run(self, sentence: str, stopped: str) -> None:
        """Note what runs now, and what to say if it is stopped; the same again goes on."""
        if self._sentence != sentence:
            self.end()
            self._sentence, self._stopped = sentence, stopped
            self.hide()
            self._patience.start()

    @Slot()
    def end(self) -> None:
        """Note that nothing runs any more; what was stopped goes on saying so."""
        if self._sentence:
            self._sentence, self._seconds = "", 0
            self._patience.stop()
            self._clock.stop()
            self.hide()

    @property
    def is_running(self) -> bool:
        return bool(self._sentence)

    @Slot()
    def _show(self) -> None:
        self._seconds = SHOWN_AFTER // 1000
        self._say()
        self.stop.show()
        self.resume.hide()
        self.show()
        self._clock.start()

    @Slot()
    def _tick(self) -> None:
        self._seconds += 1
        self._say()

    def _say(self) -> None:
        self.label.setText(f"{self._sentence} {self._seconds} s")

    @Slot()
    def _stop(self) -> None:
        self.end()
        self.label.setText(self._stopped)
        self.stop.hide()
        self.resume.show()
        self.show()
        self.stop_requested.emit()

    @Slot()
    def _resume(self) -> None:
        self.hide()
        self.resume_requested.emit()
