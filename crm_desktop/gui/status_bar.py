"""The bottom line of the window: which database, does it answer, what is shown, what is running."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QT_TRANSLATE_NOOP, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QProgressBar,
    QSizePolicy,
    QToolButton,
    QWidget,
)
from typing_extensions import override

from crm_desktop.gui.icons import Role, icon
from crm_desktop.gui.job_list import JobList
from crm_desktop.gui.jobs import Job
from crm_desktop.gui.pulse import ConnectionState
from crm_desktop.gui.theme import icon_size, scale, small_font, theme, unit
from crm_desktop.gui.tokens import Kind
from crm_desktop.gui.widgets.elided_label import ElidedLabel, TextLabel
from crm_desktop.gui.widgets.icon_label import IconLabel

KIND_ICONS: dict[Kind, str] = {
    "local": "laptop",
    "dev": "code-xml",
    "test": "flask-conical",
    "prod": "shield-alert",
}
STATES: dict[ConnectionState, tuple[str, Role, object]] = {
    ConnectionState.CONNECTING: ("loader", "muted", QT_TRANSLATE_NOOP("StatusBar", "Connecting…")),
    ConnectionState.CONNECTED: ("activity", "success", ""),
    ConnectionState.SLOW: (
        "hourglass",
        "warning",
        QT_TRANSLATE_NOOP("StatusBar", "Answers slowly"),
    ),
    ConnectionState.LOST: (
        "unplug",
        "danger",
        QT_TRANSLATE_NOOP("StatusBar", "No answer: trying again"),
    ),
}


@dataclass(frozen=True, slots=True)
class Place:
    """Where the shown data is: what the database is for, its name, and its host."""

    kind: Kind
    database: str
    host: str

    @property
    def text(self) -> str:
        return f"{self.database} @ {self.host}" if self.host else self.database


class KindChip(QWidget):
    """Says LOCAL, DEV, TEST or PROD by word, icon and colour."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._kind: Kind | None = None
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Preferred)

    @property
    def text(self) -> str:
        return (self._kind or "").upper()

    def show_kind(self, kind: Kind) -> None:
        self._kind = kind
        self.setAccessibleName(self.tr("Connection kind: {kind}").format(kind=self.text))
        self.setToolTip(self.tr("This is a {kind} database.").format(kind=self.text))
        self.updateGeometry()
        self.update()

    @override
    def sizeHint(self) -> QSize:
        if self._kind is None:
            return QSize(0, 0)
        font = small_font()
        font.setBold(True)
        text_width = QFontMetricsF(font).horizontalAdvance(self.text)
        return QSize(round(text_width) + icon_size() + 5 * unit(), scale().control)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        if self._kind is None:
            return
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(theme().kind(self._kind)))
        size, left = icon_size(), 2 * unit()
        top = (self.height() - size) // 2
        icon(KIND_ICONS[self._kind], "accent_text").paint(painter, left, top, size, size)
        font = small_font()
        font.setBold(True)
        painter.setFont(font)
        painter.setPen(QColor(theme().accent_text))
        text = self.rect().adjusted(left + size + unit(), 0, -unit(), 0)
        painter.drawText(
            text, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, self.text
        )


class IconText(QWidget):
    """An icon and a few words; hidden while there is nothing to say."""

    def __init__(self, icon_name: str, role: Role = "muted", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._picture = IconLabel(icon_name, role)
        self._words = TextLabel()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(unit())
        row.addWidget(self._picture)
        row.addWidget(self._words)
        self.show_text("")

    @property
    def text(self) -> str:
        return self._words.text()

    def show_icon(self, icon_name: str, role: Role) -> None:
        self._picture.set_icon(icon_name, role)

    def show_text(self, text: str) -> None:
        self._words.setText(text)
        self.setVisible(bool(text))


class JobView(QWidget):
    """What is running: one job with its progress and Cancel, or a button that lists several."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._jobs: list[Job] = []
        self._words = IconText("loader", "accent")
        self._bar = QProgressBar(textVisible=False)
        self._bar.setMaximumWidth(round(scale().line * 7))
        self._bar.setAccessibleName(self.tr("Progress"))
        self._cancel = QToolButton()
        self._cancel.setText(self.tr("Cancel"))
        self._cancel.setIcon(icon("circle-x", "accent"))
        self._cancel.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._cancel.clicked.connect(self._cancel_first)
        self._more = QToolButton()
        self._more.clicked.connect(self._show_list)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(2 * unit())
        for widget in (self._words, self._bar, self._cancel, self._more):
            row.addWidget(widget)
        self._list = JobList(self)
        self._show()

    @property
    def text(self) -> str:
        return self._more.text() if len(self._jobs) > 1 else self._words.text

    def add(self, job: Job) -> None:
        self._jobs.append(job)
        job.progressed.connect(self._show)
        job.cancelled.connect(self._show)
        job.ended.connect(self._forget_ended)
        self._show()

    def _forget_ended(self) -> None:
        job = self.sender()
        self._jobs = [each for each in self._jobs if each is not job]
        self._show()

    def _show(self) -> None:
        is_one = len(self._jobs) == 1
        for widget in (self._bar, self._cancel):
            widget.setVisible(is_one)
        self._words.show_text(self._jobs[0].describe() if is_one else "")
        self._more.setVisible(len(self._jobs) > 1)
        self._more.setText(f"{len(self._jobs)} jobs running")
        if is_one:
            job = self._jobs[0]
            self._bar.setRange(0, job.percent_known)
            self._bar.setValue(job.percent)
            self._cancel.setEnabled(not job.is_cancelled)
        self._list.show_jobs(self._jobs)
        self.setVisible(bool(self._jobs))

    def _cancel_first(self) -> None:
        self._jobs[0].cancel()

    def _show_list(self) -> None:
        self._list.toggle_above(self._more)


class StatusBar(QFrame):
    """Kind, place, latency, counts of the page, running jobs; always in sight."""

    reconnect_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.kind = KindChip()
        self.place = IconText("database")
        self.latency = IconText("loader")
        self.page = ElidedLabel()
        self.jobs = JobView()
        self._reconnect = QToolButton()
        self._reconnect.setText(self.tr("Try now"))
        self._reconnect.clicked.connect(self.reconnect_requested)
        self._reconnect.hide()
        self._state = ConnectionState.CONNECTING
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 2 * unit(), 0)
        row.setSpacing(4 * unit())
        for widget in (self.kind, self.place, self.latency, self._reconnect, self.page):
            row.addWidget(widget)
        row.addStretch(1)
        row.addWidget(self.jobs)
        self.setFixedHeight(scale().control)

    def show_place(self, place: Place) -> None:
        self.kind.show_kind(place.kind)
        self.place.show_text(place.text)

    @property
    def state(self) -> ConnectionState:
        return self._state

    def show_state(self, state: ConnectionState) -> None:
        self._state = state
        icon_name, role, _ = STATES[state]
        self.latency.show_icon(icon_name, role)
        if words := self._words_of(state):
            self.latency.show_text(words)
        self._reconnect.setVisible(state is ConnectionState.LOST)

    def _words_of(self, state: ConnectionState) -> str:
        words = str(STATES[state][2])
        return self.tr(words) if words else ""

    def show_latency(self, milliseconds: float) -> None:
        """Show the last answer's time; words of a trouble are replaced once it is over."""
        shown = f"{milliseconds:.0f} ms" if milliseconds >= 1 else "< 1 ms"
        words = self._words_of(self._state)
        self.latency.show_text(f"{shown}, {words.lower()}" if words else shown)
        self.latency.setToolTip(self.tr("How long the database took to answer"))

    def show_page_status(self, text: str) -> None:
        self.page.setText(text)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(theme().window))
        painter.setPen(QColor(theme().border))
        painter.drawLine(0, 0, self.width(), 0)
        is_said = {self.latency: bool(self.latency.text), self.page: bool(self.page.text())}
        for widget in (each for each, says in is_said.items() if says and each.isVisible()):
            if widget.width() > unit():
                left = widget.x() - 2 * unit()
                painter.drawLine(left, 2 * unit(), left, self.height() - 2 * unit())
