"""The command palette (Ctrl+K): every command, object, field and record, found by typing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QColor, QKeyEvent, QKeySequence, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QApplication,
    QFrame,
    QLineEdit,
    QListView,
    QMenuBar,
    QVBoxLayout,
    QWidget,
)
from typing_extensions import override

from crm_desktop.domain.errors import Invalid
from crm_desktop.domain.field_types import type_of
from crm_desktop.domain.record_links import is_link, record_of_link
from crm_desktop.gui.icons import icon
from crm_desktop.gui.palette_list import Entry, EntryDelegate, EntryModel
from crm_desktop.gui.theme import row_height, scale, theme, unit
from crm_desktop.gui.widgets.elided_label import TextLabel

if TYPE_CHECKING:
    from crm_desktop.db.database import ReadSession
    from crm_desktop.domain.errors import UserError
    from crm_desktop.gui.navigation import ObjectEntry
    from crm_desktop.gui.tasks import Handle, Tasks

PREFIXES = {">": "command", "@": "object", "#": "field"}
SEARCH_AFTER = 200  # milliseconds of quiet before records are searched
SHORTEST_SEARCH = 2
MOST = 60
MOST_SHOWN = 12
BEFORE_RECORDS = 6  # entries of other kinds that stand above the records found
HINT = "Type to find.  > commands   @ objects   # fields"


def read_fields(session: ReadSession) -> tuple[tuple[str, str, str], ...]:
    """Return id, label and type of each field."""
    from crm_desktop.services import fields

    return tuple((each.id, each.label, each.type) for each in fields.list_fields(session))


def find_records(session: ReadSession, words: str) -> tuple[tuple[str, str, str], ...]:
    """Return id, primary value and the object's label of records that are called so."""
    from crm_desktop.services import record_query

    found = record_query.find_records(session, words, limit=20)
    return tuple((each.id, each.primary_value or each.id, each.object_label) for each in found)


class CommandPalette(QFrame):
    """Lies over the window, belongs to the keyboard, and goes when something is chosen."""

    open_requested = Signal(str)

    def __init__(
        self,
        tasks: Tasks,
        window: QWidget,
        actions: Callable[[], Sequence[QAction]],
        objects: Callable[[], Sequence[ObjectEntry]],
    ) -> None:
        super().__init__(window)
        self._tasks, self._window = tasks, window
        self._actions, self._objects = actions, objects
        self._fields: list[Entry] = []
        self._records: list[Entry] = []
        self._search: Handle | None = None
        self._before: QWidget | None = None
        self.line = QLineEdit(placeholderText=self.tr("Search records, fields, commands"))
        self.line.setAccessibleName(self.tr("Search records, fields, commands"))
        self.line.addAction(icon("search", "muted"), QLineEdit.ActionPosition.LeadingPosition)
        self.model = EntryModel(self)
        self.list = QListView()
        self.list.setModel(self.model)
        self.list.setItemDelegate(EntryDelegate(self.list))
        self.list.setFrameShape(QFrame.Shape.NoFrame)
        self.list.setUniformItemSizes(True)
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setMouseTracking(True)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.note = TextLabel(HINT, face="small", role="muted")
        column = QVBoxLayout(self)
        column.setContentsMargins(*(2 * unit(),) * 4)
        column.setSpacing(2 * unit())
        for widget in (self.line, self.list, self.note):
            column.addWidget(widget)
        self._pause = QTimer(self, singleShot=True, interval=SEARCH_AFTER)
        self._pause.timeout.connect(self._search_records)
        self.line.textChanged.connect(self._typed)
        self.line.returnPressed.connect(self._run_current)
        self.list.clicked.connect(self._run_current)
        self.line.installEventFilter(self)
        window.installEventFilter(self)
        self.hide()

    def open(self, prefix: str = "") -> None:
        """Show everything, or only the kind of this prefix."""
        self._before = _typing_in(self._window)
        self._records = []
        self._place()
        self.show()
        self.raise_()
        self.line.setText(prefix)
        self.line.setFocus()
        if self._tasks.is_open:
            self._tasks.read(self, read_fields, self._take_fields, self._ignore_problem)
        self._show()

    def close_palette(self) -> None:
        """Go away, and give the keyboard back to where it was."""
        self._forget_search()
        self.hide()
        if self._before is not None:
            self._before.setFocus()

    def titles(self) -> list[str]:
        """Return what is listed now, best first."""
        return [entry.title for entry in self.model.entries]

    def _typed(self, _: str) -> None:
        self._forget_search()
        self._records = []
        kind, words = self._asked()
        if is_link(words):
            self._records = self._linked(words)
        elif not kind and len(words) >= SHORTEST_SEARCH and self._tasks.is_open:
            self._pause.start()
        self._show()

    def _asked(self) -> tuple[str, str]:
        """Return the kind that a prefix asks for (else ""), and the words after it."""
        text = self.line.text().strip()
        kind = PREFIXES.get(text[:1], "")
        return kind, (text[1:] if kind else text).strip()

    def _show(self) -> None:
        kind, words = self._asked()
        scored = [
            (score, entry)
            for entry in self._entries()
            if kind in {"", entry.kind} and (score := entry.score(words)) is not None
        ]
        scored.sort(key=lambda each: -each[0])
        records = [] if kind else self._records
        entries = [entry for _, entry in scored[: BEFORE_RECORDS if records else MOST]]
        self.model.show_entries([*entries, *records])
        if self.model.rowCount():
            self.list.setCurrentIndex(self.model.index(0))
        self._tell()

    def _tell(self) -> None:
        if is_link(self.line.text()) and not self.model.rowCount():
            self.note.setText(self.tr("This is no link to a record."))
        elif self._pause.isActive() or (self._search is not None and self._search.is_running):
            self.note.setText(self.tr("Searching records…"))
        elif self.model.rowCount() == 0:
            self.note.setText(self.tr("Nothing is called so."))
        else:
            self.note.setText(HINT)

    def _entries(self) -> list[Entry]:
        commands = [
            Entry(
                "command",
                action.text().replace("&", "").rstrip("…"),
                action.data() if isinstance(action.data(), str) else "",
                action.property("icon_name") or "chevron-right",
                action.trigger,
                action.shortcut().toString(QKeySequence.SequenceFormat.NativeText),
            )
            for action in self._actions()
            if action.isEnabled() and action.text()
        ]
        objects = [
            Entry("object", each.title, "Object", each.icon or "box", self._opener(each.address))
            for each in self._objects()
        ]
        layouts = [
            Entry(
                "layout",
                self.tr("Layout of {0}").format(each.title),
                self.tr("Layout"),
                "layout-template",
                self._opener(f"layout:{each.id}"),
            )
            for each in self._objects()
        ]
        return [*objects, *commands, *self._fields, *layouts]

    def _linked(self, link: str) -> list[Entry]:
        """Return the way to the record of a permanent link; none where it is no such link."""
        try:
            record_id = record_of_link(link)
        except Invalid:
            return []
        title = self.tr("Go to this record")
        return [Entry("record", title, record_id, "link", self._opener(f"record:{record_id}"))]

    def _opener(self, address: str) -> Callable[[], None]:
        return partial(self.open_requested.emit, address)

    def _take_fields(self, fields: tuple[tuple[str, str, str], ...]) -> None:
        self._fields = [
            Entry(
                "field",
                label,
                f"Field, {type_of(type_).label.lower()}",
                type_of(type_).icon,
                self._opener(f"fields:{id_}"),
            )
            for id_, label, type_ in fields
        ]
        if self.isVisible():
            self._show()

    def _search_records(self) -> None:
        words = self._asked()[1]
        call = partial(find_records, words=words)
        self._search = self._tasks.read(self, call, self._take_records, self._ignore_problem)
        self._tell()

    def _take_records(self, records: tuple[tuple[str, str, str], ...]) -> None:
        self._search = None
        self._records = [
            Entry("record", value, label, "file-text", self._opener(f"record:{id_}"))
            for id_, value, label in records
        ]
        self._show()

    def _ignore_problem(self, _: UserError) -> None:
        """Show what is known: the state of the connection stands in the status bar."""
        self._search = None
        self._tell()

    def _forget_search(self) -> None:
        self._pause.stop()
        if self._search is not None:
            self._search.cancel()
            self._search = None

    def _run_current(self) -> None:
        entry = self.model.entry_at(self.list.currentIndex())
        if entry is not None:
            self.close_palette()
            entry.run()

    def _step(self, by: int) -> None:
        rows = self.model.rowCount()
        if rows:
            row = (self.list.currentIndex().row() + by) % rows
            self.list.setCurrentIndex(self.model.index(row))

    def _place(self) -> None:
        width = min(round(scale().line * 38), self._window.width() - 4 * unit())
        around = self.line.sizeHint().height() + self.note.sizeHint().height() + 8 * unit()
        room = self._window.height() - 14 * unit() - around
        rows = max(1, min(MOST_SHOWN, room // row_height()))  # whole rows: none is cut
        left = (self._window.width() - width) // 2
        self.setGeometry(left, 10 * unit(), width, around + rows * row_height())

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._window and event.type() == QEvent.Type.Resize and self.isVisible():
            self._place()
        if watched is self.line and isinstance(event, QKeyEvent):
            return event.type() == QEvent.Type.KeyPress and self._take_key(event)
        if watched is self.line and event.type() == QEvent.Type.FocusOut and self.isVisible():
            self._forget_search()
            self.hide()
        return super().eventFilter(watched, event)

    def _take_key(self, event: QKeyEvent) -> bool:
        steps = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1, Qt.Key.Key_PageDown: 10}
        steps |= {Qt.Key.Key_PageUp: -10, Qt.Key.Key_Tab: 1, Qt.Key.Key_Backtab: -1}
        key = Qt.Key(event.key())
        if key in steps:
            self._step(steps[key])
            return True
        if key == Qt.Key.Key_Escape:
            self.close_palette()
            return True
        return False

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(QColor(theme().surface))
        painter.setPen(QColor(theme().border_strong))
        painter.drawRoundedRect(self.rect().adjusted(0, 0, -1, -1), 2 * unit(), 2 * unit())


def _typing_in(window: QWidget) -> QWidget | None:
    """Return what has the keyboard; a menu bar that was left with Esc first gives it back."""
    focus = window.focusWidget()
    if isinstance(focus, QMenuBar):
        escape = QKeyEvent(QEvent.Type.KeyPress, Qt.Key.Key_Escape, Qt.KeyboardModifier.NoModifier)
        QApplication.sendEvent(focus, escape)
    return window.focusWidget()
