"""The dialog in which records are picked: searched as fast as a list, several at once."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain, islice

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent, QKeySequence, QPalette, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget
from typing_extensions import override

from crm_desktop.domain.errors import UserError
from crm_desktop.domain.field_types import EffectiveField
from crm_desktop.domain.filters import RecordQuery
from crm_desktop.gui.locale import system_formats
from crm_desktop.gui.picking.picker_grid import PickerGrid
from crm_desktop.gui.picking.picker_model import MOST_PICKED, Pick, PickerModel
from crm_desktop.gui.picking.picks_tray import PicksTray
from crm_desktop.gui.tasks import Tasks
from crm_desktop.gui.theme import line_height, unit
from crm_desktop.gui.widgets.buttons import plain_button, primary_button
from crm_desktop.gui.widgets.elided_label import TextLabel
from crm_desktop.gui.widgets.fitting_dialog import FittingDialog
from crm_desktop.gui.widgets.form_row import ProblemLine
from crm_desktop.gui.widgets.hairline import Hairline
from crm_desktop.gui.widgets.notice_bar import NoticeBar
from crm_desktop.gui.widgets.wide_search import WideSearchBox

_MOVING = frozenset({Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown})


class PickerDialog(FittingDialog):
    """Searches one object's records; a subclass says what becomes of those that are picked.

    Arrow keys move through the list while one types. Space picks the selected rows, which stay
    picked while something else is searched for; Enter takes what is picked, or the current row.
    """

    def __init__(
        self,
        tasks: Tasks,
        title: str,
        parent: QWidget | None = None,
        *,
        allow_multiple: bool,
        has_marks: bool,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.tasks, self.allow_multiple = tasks, allow_multiple
        self.object_id = ""
        self.is_busy = self._is_leaving = False
        self.begun_with: frozenset[str] = frozenset()  # what was picked before
        self._columns: tuple[EffectiveField, ...] = ()
        self.heading = TextLabel(title, face="title", wraps=True)
        self.about = TextLabel(role="muted", wraps=True)
        self.about.hide()
        self.search = WideSearchBox()
        self.model = PickerModel(tasks, system_formats(), self)
        self.grid = PickerGrid(self.model, has_boxes=allow_multiple, has_marks=has_marks)
        self.why = NoticeBar("lock", "warning")
        self.tray = PicksTray(self.model)
        self.problem = ProblemLine()
        self.count = TextLabel(role="muted")
        self.cancel = plain_button(self.tr("Cancel"))
        self.submit = primary_button(title)
        self.head, self.below = QVBoxLayout(), QVBoxLayout()
        self._lay_out()
        self._connect()
        self.resize(round(line_height() * 58), round(line_height() * 40))
        self.search.setFocus()

    # What a subclass says.

    def submit_picks(self, picks: Sequence[Pick]) -> None:
        """Take what was picked; at least one."""
        raise NotImplementedError

    def explain(self, row: int) -> None:
        """Say what is to be known of the record in this row, the current one."""

    def why_not(self, row: int) -> str:  # noqa: ARG002 - for subclasses
        """Say why the record of a row cannot be picked; "" where it can."""
        return ""

    def verb(self, count: int) -> str:
        """Return what the button says when so many are picked."""
        raise NotImplementedError

    # What it looks like

    def _lay_out(self) -> None:
        u = unit()
        self.head.setContentsMargins(5 * u, 4 * u, 5 * u, 3 * u)
        self.head.setSpacing(u)
        for part in (self.heading, self.about):
            self.head.addWidget(part)
        self.head.addSpacing(u)
        self.head.addWidget(self.search)
        self.below.setContentsMargins(5 * u, 3 * u, 5 * u, 4 * u)
        self.below.setSpacing(3 * u)
        self.below.addWidget(self.tray)
        self.below.addWidget(self.problem)
        self.below.addLayout(self._buttons())
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        box.addLayout(self.head)
        box.addWidget(Hairline())
        middle = QWidget()
        middle.setBackgroundRole(QPalette.ColorRole.Base)
        middle.setAutoFillBackground(True)
        rows = QVBoxLayout(middle)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(0)
        rows.addWidget(self.grid, 1)
        rows.addWidget(self.why)
        box.addWidget(middle, 1)
        box.addWidget(Hairline())
        box.addLayout(self.below)

    def _buttons(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(2 * unit())
        row.addWidget(self.count, 1)
        for button in (self.cancel, self.submit):
            button.setAutoDefault(False)  # Enter in the list or in the search takes what is picked
            row.addWidget(button)
        return row

    def _connect(self) -> None:
        self.search.searched.connect(self._search)
        self.search.widened.connect(self._search)
        self.search.installEventFilter(self)
        self.grid.toggled.connect(self.toggle)
        self.grid.taken.connect(self._take_current)
        self.grid.selectionModel().currentRowChanged.connect(self.explain_current)
        self.model.loading_changed.connect(self.grid.set_loading)
        self.model.arrived.connect(self._arrived)
        self.model.failed.connect(self._not_read)
        self.model.picks_changed.connect(self.offer)
        self.tray.emptied.connect(self.grid.setFocus)
        self.cancel.clicked.connect(self.leave)
        self.submit.clicked.connect(self.accept)
        shortcut = QShortcut(QKeySequence("Ctrl+Return"), self)
        shortcut.activated.connect(self.accept)
        self.offer()

    # Searching

    def show_records(self, object_id: str, columns: tuple[EffectiveField, ...]) -> None:
        """List the records of an object with these columns, as the search box says."""
        self.object_id, self._columns = object_id, columns
        self._search()

    def _search(self, *_: object) -> None:
        if not self.object_id:
            return
        self.problem.set_text("")
        query = RecordQuery(
            self.object_id, self.search.text().strip(), searches_all_text=self.search.is_wide
        )
        self.model.show(query, self._columns)
        words = self.tr("Nothing is found.") if query.search else self.tr("There are no records.")
        self.grid.set_empty_state(words)

    def _arrived(self) -> None:
        if self.model.rowCount() and not self.grid.currentIndex().isValid():
            self.grid.setCurrentIndex(self.model.index(0, 1))
        self.explain_current()
        total = f"{self.model.total:,}"
        words = self.tr("{} found") if self.model.has_counted else self.tr("About {} found")
        self.count.setText(words.replace("{}", total))

    def _not_read(self, error: UserError) -> None:
        self.problem.set_text(str(error))

    def explain_current(self, *_: object) -> None:
        """Say of the current row what is to be known."""
        self.why.hide()
        if self.grid.currentIndex().isValid():
            self.explain(self.grid.currentIndex().row())
        self.offer()

    # Picking

    def toggle(self) -> None:
        """Pick the selected rows; where all of them are picked, drop them."""
        rows = self._selected_rows(MOST_PICKED + 1)
        able = [row for row in rows if self.model.id_of(row) and not self.why_not(row)]
        picked = [id_ for row in rows if (id_ := self.model.id_of(row)) in self.model.picks]
        self.problem.set_text("")
        if picked and len(picked) >= len(able):
            self.model.drop_picks(picked)
        elif len(self.model.picks) + len(able) > MOST_PICKED:
            sentence = self.tr("At most {} records can be chosen at once.")
            self.problem.set_text(sentence.replace("{}", f"{MOST_PICKED:,}"))
        elif able:
            self._pick([self._pick_of(row) for row in able])
        elif rows:
            self.problem.set_text(self.why_not(rows[0]))

    def _selected_rows(self, most: int) -> list[int]:
        """Return the first of the selected rows: there may be a million."""
        parts = sorted((part.top(), part.bottom()) for part in self.grid.selected_parts())
        every = chain.from_iterable(range(top, bottom + 1) for top, bottom in parts)
        return list(dict.fromkeys(islice(every, most)))

    def _pick(self, picks: Sequence[Pick]) -> None:
        if self.allow_multiple:
            self.model.pick(picks)
        else:
            self.model.pick_only(picks[:1])

    def _pick_of(self, row: int) -> Pick:
        standing = self.model.standing_at(row)
        id_ = self.model.id_of(row)
        return Pick(id_, standing.title if standing is not None else id_)

    def _take_current(self) -> None:
        """Take what is picked; with nothing picked, the current row."""
        if not self.model.picks or not self.allow_multiple:
            row = self.grid.currentIndex().row()
            if row < 0 or not self.model.id_of(row):
                return
            if reason := self.why_not(row):
                self.problem.set_text(reason)
                return
            self._pick([self._pick_of(row)])
        self.accept()

    def offer(self, *_: object) -> None:
        """Let the button say what it would do now."""
        self._is_leaving = False
        count = len(self.model.picks)
        row = self.grid.currentIndex().row()
        is_free = row >= 0 and bool(self.model.id_of(row)) and not self.why_not(row)
        self.submit.setText(self.verb(count or int(is_free)))
        self.submit.setEnabled(not self.is_busy and (bool(count) or is_free))
        self.cancel.setEnabled(not self.is_busy)

    @override
    def accept(self) -> None:
        if self.is_busy:
            return
        if not self.model.picks:
            self._take_current()
            return
        self.problem.set_text("")
        self.submit_picks(list(self.model.picks.values()))

    @override
    def reject(self) -> None:
        """Leave; where something was picked, only when Escape is pressed again."""
        is_clean = not self.allow_multiple or self.begun_with == self.model.picks.keys()
        if self.is_busy:  # whoever left now would not hear that it was refused
            return
        if is_clean or self._is_leaving:
            self.leave()
            return
        self._is_leaving = True
        self.problem.set_text(self.tr("Press Escape again to leave without what you chose."))

    def leave(self) -> None:
        """Leave as it is."""
        super().reject()

    def close_accepted(self) -> None:
        """Leave, since what was picked has been taken."""
        super().accept()

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Let keys that move go to the list while one types, and Enter take what is there."""
        if watched is self.search and isinstance(event, QKeyEvent):
            if event.type() != QEvent.Type.KeyPress:
                return False
            if event.key() in _MOVING:
                self.grid.keyPressEvent(event)
                return True
            if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
                self._enter_in_search()
                return True
        return super().eventFilter(watched, event)

    def _enter_in_search(self) -> None:
        """Search for what was just typed; when that is what is shown, take it."""
        if self.search.text().strip() != self.model.query.search:
            self.search.search_now()
        elif not self.model.is_reading:
            self._take_current()
