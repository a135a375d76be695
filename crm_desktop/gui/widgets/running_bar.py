"""Says that a query has been running for a while, and stops it."""

from __future__ import annotations

from PySide6.QtCore import QTimer, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QWidget

from crm_desktop.gui.theme import unit
from crm_desktop.gui.widgets.buttons import link_button
from crm_desktop.gui.widgets.elided_label import TextLabel
from crm_desktop.gui.widgets.icon_label import IconLabel

SHOWN_AFTER = 2000  # milliseconds


class RunningBar(QWidget):
    """Takes no room until work has run for two seconds; then offers Stop, later to go on."""

    stop_requested = Signal()
    resume_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._sentence, self._stopped, self._seconds = "", "", 0
        self.label = TextLabel()
        self.stop = link_button(self.tr("Stop"))
        self.resume = link_button(self.tr("Read again"))
        self.stop.clicked.connect(self._stop)
        self.resume.clicked.connect(self._resume)
        row = QHBoxLayout(self)
        row.setContentsMargins(3 * unit(), unit(), 3 * unit(), unit())
        row.setSpacing(2 * unit())
        row.addWidget(IconLabel("loader-circle", "accent"))
        row.addWidget(self.label, 1)
        row.addWidget(self.stop)
        row.addWidget(self.resume)
        self._patience = QTimer(self, singleShot=True, interval=SHOWN_AFTER)
        self._patience.timeout.connect(self._show)
        self._clock = QTimer(self, interval=1000)
        self._clock.timeout.connect(self._tick)
        self.hide()

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
        self.stop.show()
        self.resume.hide()
        self._say()
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
