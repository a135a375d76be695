"""The editor of dates and datetimes: typed in the person's own form, or picked in a calendar."""

from __future__ import annotations

from datetime import datetime

from PySide6.QtCore import QDate, QPoint, Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QCalendarWidget, QLineEdit, QVBoxLayout, QWidget
from typing_extensions import override

from crm_desktop.domain.errors import Invalid
from crm_desktop.domain.field_types import EffectiveField
from crm_desktop.domain.formats import Formats
from crm_desktop.gui.editors.text import LineEditor
from crm_desktop.gui.icons import icon
from crm_desktop.gui.theme import number_font


class CalendarPopup(QWidget):
    """A month to pick a day from; closes with the choice, or with Esc."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.calendar = QCalendarWidget()
        self.calendar.setGridVisible(False)
        self.calendar.setVerticalHeaderFormat(QCalendarWidget.VerticalHeaderFormat.NoVerticalHeader)
        box = QVBoxLayout(self)
        box.setContentsMargins(1, 1, 1, 1)
        box.addWidget(self.calendar)
        self.setFocusProxy(self.calendar)


class DateEditor(LineEditor):
    """A date typed as the person writes dates, or picked from a calendar (Alt+Down)."""

    def __init__(
        self, field: EffectiveField, formats: Formats, parent: QWidget | None = None
    ) -> None:
        super().__init__(field, formats, parent)
        self._has_time = field.type == "datetime"
        self.line.setFont(number_font())
        if not field.placeholder:
            self.line.setPlaceholderText(self._example())
        self._pick = self.line.addAction(
            icon("calendar", "muted"), QLineEdit.ActionPosition.TrailingPosition
        )
        self._pick.setText(self.tr("Pick a date"))
        self._pick.setToolTip(self.tr("Pick a date (Alt+Down)"))
        self._pick.triggered.connect(self.open_list)
        self._pick.setShortcut(QKeySequence(Qt.Modifier.ALT | Qt.Key.Key_Down))
        self._pick.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        today = QAction(self.tr("Today"), self)
        today.triggered.connect(self._set_today)
        today.setShortcut(QKeySequence(Qt.Modifier.CTRL | Qt.Key.Key_Semicolon))
        today.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        self.line.addAction(today)

    @override
    def set_read_only(self, *, is_read_only: bool) -> None:
        super().set_read_only(is_read_only=is_read_only)
        self._pick.setEnabled(not is_read_only)

    def _example(self) -> str:
        parts = {"y": self.tr("YYYY"), "m": self.tr("MM"), "d": self.tr("DD")}
        day = self._formats.date_separator.join(parts[part] for part in self._formats.date_order)
        time = self.tr("HH:MM")
        return f"{day} {time}" if self._has_time else day

    @override
    def open_list(self) -> None:
        popup = CalendarPopup(self.line)
        popup.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        popup.calendar.setSelectedDate(self._shown_day() or QDate.currentDate())
        popup.calendar.activated.connect(self._set_day)
        popup.calendar.clicked.connect(self._set_day)
        for taken in (popup.calendar.activated, popup.calendar.clicked):
            taken.connect(popup.close)
            taken.connect(self.chosen)
        popup.move(self.line.mapToGlobal(QPoint(0, self.line.height())))
        popup.show()
        popup.calendar.setFocus()

    def _shown_day(self) -> QDate | None:
        try:
            value = self.value()
        except Invalid:
            return None
        day = QDate.fromString(str(value)[:10], Qt.DateFormat.ISODate)
        return day if day.isValid() else None

    def _set_today(self) -> None:
        if self.line.isReadOnly():
            return
        if self._has_time:
            self._type_text(self._formats.moment_text(datetime.now(self._formats.time_zone)))
        else:
            self._set_day(QDate.currentDate())

    def _set_day(self, day: QDate) -> None:
        text = self._formats.date_text(datetime(day.year(), day.month(), day.day()))  # noqa: DTZ001 - a day has no zone
        if self._has_time:
            _, _, time = self.line.text().strip().partition(" ")
            text = f"{text} {time}".rstrip()
        self._type_text(text)

    def _type_text(self, text: str) -> None:
        self.line.setText(text)
        self.line.setFocus()
        self.edited.emit()
