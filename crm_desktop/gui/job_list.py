"""The list of running jobs that opens from the status bar when there are several."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPoint
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QLabel,
    QProgressBar,
    QToolButton,
    QVBoxLayout,
    QWidget,
)
from typing_extensions import override

from crm_desktop.gui.jobs import Job
from crm_desktop.gui.theme import scale, theme, unit


class JobList(QFrame):
    """Each job with its progress and a Cancel of its own, over the window's lower corner.

    Opened and closed by its button; closes by itself when the last job has ended.
    """

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.hide()
        self._rows: dict[Job, _JobRow] = {}
        column = QVBoxLayout(self)
        column.setContentsMargins(*(2 * unit(),) * 4)
        self._column = column

    def show_jobs(self, jobs: Sequence[Job]) -> None:
        for job in [each for each in self._rows if each not in jobs]:
            self._rows.pop(job).deleteLater()
        for job in jobs:
            if job not in self._rows:
                self._rows[job] = _JobRow(job)
                self._column.addWidget(self._rows[job])
            self._rows[job].refresh()
        if not jobs:
            self.hide()

    def toggle_above(self, button: QWidget) -> None:
        window = button.window()
        if self.isVisible():
            self.hide()
            return
        if self.parentWidget() is not window:
            self.setParent(window)
        self.adjustSize()
        corner = button.mapTo(window, QPoint(button.width(), 0))
        self.move(corner - QPoint(self.width(), self.height()))
        self.show()
        self.raise_()

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(QColor(theme().raised))
        painter.setPen(QColor(theme().border_strong))
        painter.drawRoundedRect(self.rect().adjusted(0, 0, -1, -1), unit(), unit())


class _JobRow(QWidget):
    def __init__(self, job: Job) -> None:
        super().__init__()
        self._job = job
        self._words = QLabel()
        self._bar = QProgressBar(textVisible=False)
        self._bar.setMinimumWidth(round(scale().line * 16))
        self.cancel = QToolButton()
        self.cancel.setText(self.tr("Cancel"))
        self.cancel.clicked.connect(job.cancel)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.addWidget(self._words, 0, 0)
        grid.addWidget(self.cancel, 0, 1, 2, 1)
        grid.addWidget(self._bar, 1, 0)

    def refresh(self) -> None:
        self._words.setText(self._job.describe())
        self._bar.setRange(0, self._job.percent_known)
        self._bar.setValue(self._job.percent)
        self.cancel.setEnabled(not self._job.is_cancelled)
