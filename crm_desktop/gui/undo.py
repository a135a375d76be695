"""Undo and Redo: what they would take back next, and what they say when they have."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QWidget
from shiboken6 import isValid

from crm_desktop.domain.changes import Change, Topic
from crm_desktop.domain.errors import Unavailable, UserError
from crm_desktop.gui.actions import Command, make_action
from crm_desktop.gui.pulse import ConnectionState
from crm_desktop.gui.session_undo import Edits, SessionStack, replay
from crm_desktop.gui.widgets.message_bar import Action, Message, MessageKind

if TYPE_CHECKING:
    from crm_desktop.db.database import ReadSession, WriteSession
    from crm_desktop.gui.jobs import Progress
    from crm_desktop.gui.page import Page
    from crm_desktop.gui.tasks import Tasks
    from crm_desktop.services.history import ChangeSet, UndoReport, UndoState

MANY = 2000  # rows from which on it is a job of its own, with its own patience
SHOWN_REFUSALS = 3
BOUND_AFTER = 60_000  # milliseconds after the start: nobody waits for it then
ONLY_HERE = "Only edits of records since the program was started can be undone."
_TOPICS = {Topic.RECORDS, Topic.LINKS, Topic.OBJECTS}

_log = logging.getLogger(__name__)


class Undo(QObject):
    """Two actions, named after what they take back, on the history that the database keeps.

    What is undone is what this person did last at this computer, also before the program was
    started. Where no history is kept, it is edits of records in this session, and the actions
    say so. `told` carries what to show.
    """

    told = Signal(object)  # Message

    def __init__(self, tasks: Tasks, window: QWidget) -> None:
        super().__init__(window)
        self._tasks, self._window = tasks, window
        self._page: Page | None = None
        self._state: UndoState | None = None
        self._here = SessionStack()
        self._is_running = self._was_away = False
        keys = QKeySequence.StandardKey
        undo = Command(self.tr("Undo"), self.undo_last, "undo-2", [keys.Undo])
        redo = Command(self.tr("Redo"), self.redo_last, "redo-2", [keys.Redo])
        self._undo, self._redo = make_action(undo, window), make_action(redo, window)
        for action in self.actions():
            action.setData("Edit")
            action.setEnabled(False)
        tasks.opened.connect(self._begin)
        tasks.edited.connect(self._here_edited)
        tasks.changed.connect(self._look_at_changes)
        tasks.connection_changed.connect(self._follow_connection)
        if tasks.is_open:
            self._begin()

    def actions(self) -> list[QAction]:
        return [self._undo, self._redo]

    def undo_last(self) -> None:
        """Take back what was done last: in the page, where that has steps of its own."""
        if self._page is not None and self._own_steps() is not None:
            self._page.undo()
            return
        if self._state is not None and self._state.unavailable:
            self._replay(self._here.done, is_undo=True)
            return
        self._ask_for_last(is_undo=True)

    def redo_last(self) -> None:
        """Do again what was undone last."""
        if self._page is not None and self._own_steps() is not None:
            self._page.redo()
            return
        if self._state is not None and self._state.unavailable:
            self._replay(self._here.undone, is_undo=False)
            return
        self._ask_for_last(is_undo=False)

    def _ask_for_last(self, *, is_undo: bool) -> None:
        """Ask behind all edits that are still under way: the last one shall be taken back.

        What the actions are named after may be older by a moment.
        """
        if self._is_running:
            return
        self._is_running = True
        self._enable(is_on=False)
        self._tasks.write(self, _read_state, partial(self._run_last, is_undo), self._refuse)

    def _run_last(self, is_undo: bool, state: UndoState) -> None:  # noqa: FBT001 - bound
        self._is_running = False
        self._show(state)
        if is_undo:
            self._run(state.undo, _undo, self.tr("Undoing {0}"))
        else:
            self._run(state.redo, _redo, self.tr("Redoing {0}"))

    def follow(self, page: Page | None) -> None:
        """Name and do the steps of this page as long as it is shown, where it has its own."""
        if self._page is not None and isValid(self._page):
            self._page.steps_changed.disconnect(self._name)
        self._page = page
        if page is not None:
            page.steps_changed.connect(self._name)
        self._name()

    def refresh(self) -> None:
        """Ask the database what could be undone now."""
        self._tasks.read(self, _read_state, self._show, self._not_known)

    def _begin(self) -> None:
        """Ask once what is shown first has been read."""
        if self._tasks.is_busy:
            self._tasks.busy_changed.connect(self._begin_when_idle)
        else:
            self.refresh()
        QTimer.singleShot(BOUND_AFTER, self, self._bound)

    def _begin_when_idle(self, is_busy: bool) -> None:  # noqa: FBT001 - a signal's
        if not is_busy:
            self._tasks.busy_changed.disconnect(self._begin_when_idle)
            self.refresh()

    def _bound(self) -> None:
        self._tasks.write(self, _bound_history, on_error=self._not_bounded)

    def _not_bounded(self, error: UserError) -> None:
        _log.info("The history was not bounded this time: %s", error)

    def _look_at_changes(self, changes: frozenset[Change]) -> None:
        if any(change.topic in _TOPICS for change in changes):
            self.refresh()

    def _follow_connection(self, state: ConnectionState) -> None:
        """Ask again once the database answers: what was asked meanwhile got no answer."""
        if state is ConnectionState.CONNECTED and self._was_away:
            self.refresh()
        self._was_away = state is not ConnectionState.CONNECTED

    def _show(self, state: UndoState) -> None:
        """Name the actions; where nothing is kept they say so when they are used."""
        self._state = state
        self._name()

    def _own_steps(self) -> tuple[str, str] | None:
        page = self._page
        return page.own_steps() if page is not None and isValid(page) else None

    def _name(self) -> None:
        own = self._own_steps()
        if own is not None:
            self._set_texts(*own, limits="", is_enabled=True)
        elif self._state is not None:
            self._name_stored(self._state)

    def _name_stored(self, state: UndoState) -> None:
        done, undone = (_title_of(stack) for stack in (self._here.done, self._here.undone))
        if not state.unavailable:
            done = state.undo.title if state.undo else ""
            undone = state.redo.title if state.redo else ""
        limits = f"{state.unavailable} {ONLY_HERE}" if state.unavailable else ""
        self._set_texts(done, undone, limits=limits, is_enabled=not self._is_running)

    def _set_texts(self, done: str, undone: str, *, limits: str, is_enabled: bool) -> None:
        named = ((self._undo, self.tr("Undo"), done), (self._redo, self.tr("Redo"), undone))
        for action, verb, title in named:
            action.setText(f"{verb} {title}".strip())
            action.setEnabled(is_enabled and bool(title or limits))
            action.setToolTip(limits or action.text())
            action.setStatusTip(limits)

    def _not_known(self, error: UserError) -> None:
        """Keep what was known: the connection says for itself that it is lost."""
        _log.info("What can be undone is not known: %s", error)

    def _here_edited(self, edits: Edits) -> None:
        self._here.take(edits)

    def _replay(self, stack: list[Edits], *, is_undo: bool) -> None:
        if not stack and self._state is not None:
            self.told.emit(Message("info", f"{self._state.unavailable} {ONLY_HERE}"))
        if not stack or self._is_running:
            return
        self._is_running = True
        self._enable(is_on=False)
        edits = stack[-1]
        self._tasks.write(
            self,
            partial(replay, edits=edits, is_undo=is_undo),
            partial(self._replayed, edits, is_undo),
            partial(self._not_replayed, edits),
        )

    def _replayed(self, edits: Edits, is_undo: bool, _: None) -> None:  # noqa: FBT001 - bound
        self._here.turn(edits, is_undo=is_undo)
        self._is_running = False
        self.refresh()
        self._say(_title_of([edits]), is_undo=is_undo)

    def _not_replayed(self, edits: Edits, error: UserError) -> None:
        if not isinstance(error, Unavailable):
            self._here.drop(edits)
        self._refuse(error)

    def _say(self, title: str, *, is_undo: bool) -> None:
        verb = self.tr("Undone: {0}.") if is_undo else self.tr("Done again: {0}.")
        self.told.emit(Message("success", verb.format(title)))

    def _run(
        self,
        change: ChangeSet | None,
        call: Callable[..., UndoReport],
        title: str,
    ) -> None:
        if change is None or self._is_running:
            return
        self._is_running = True
        self._enable(is_on=False)
        work = partial(call, change_set_id=change.id)
        if change.rows < MANY:
            self._tasks.write(self, work, self._report, self._refuse)
        else:
            long = partial(_without_progress, work)
            title = title.format(change.title)
            self._tasks.run_long(self, title, long, self._report, self._refuse)

    def _enable(self, *, is_on: bool) -> None:
        for action in self.actions():
            action.setEnabled(is_on)

    def _report(self, report: UndoReport) -> None:
        self._is_running = False
        self.refresh()
        verb = self.tr("Undone: {0}.") if report.kind == "undo" else self.tr("Done again: {0}.")
        sentences = [verb.format(report.title), *_counts(report)]
        actions: list[Action] = []
        if report.refused:
            left = self.tr("Left as they are: {0:,}.") if report.refused > 1 else ""
            shown = [refusal.reason for refusal in report.refusals[:SHOWN_REFUSALS]]
            sentences += [left.format(report.refused), *shown]
            if report.refused > SHOWN_REFUSALS:
                actions.append((self.tr("Show all"), partial(self._show_refusals, report)))
        kind: MessageKind = "warning" if report.refused else "success"
        text = " ".join(filter(None, sentences))
        self.told.emit(Message(kind, text, actions=actions))

    def _show_refusals(self, report: UndoReport) -> None:
        from crm_desktop.gui.messages import tell

        reasons = [refusal.reason for refusal in report.refusals[:100]]
        if report.refused > len(reasons):
            reasons.append(self.tr("And {0:,} more.").format(report.refused - len(reasons)))
        title = self.tr("{0:,} were left as they are").format(report.refused)
        tell(self._window, self.tr("Not put back"), title, "\n".join(reasons))

    def _refuse(self, error: UserError) -> None:
        self._is_running = False
        self.refresh()
        self.told.emit(Message("danger", str(error)))


def _title_of(stack: list[Edits]) -> str:
    return stack[-1][-1].gesture if stack else ""


def _counts(report: UndoReport) -> list[str]:
    """Say how much it was, where that is more than one record."""
    counted = (
        (report.records_changed, "record changed back", "records changed back"),
        (report.records_restored, "record brought back", "records brought back"),
        (report.records_deleted, "record deleted", "records deleted"),
        (report.links_deleted, "link taken away", "links taken away"),
        (report.links - report.links_deleted, "link put back", "links put back"),
    )
    parts = [f"{count:,} {one if count == 1 else many}" for count, one, many in counted if count]
    if not parts:
        return [] if report.refused else ["There was nothing left to do."]
    return [f"{', '.join(parts)}."] if report.done > 1 else []


# Services come with SQLAlchemy: not before the first paint.


def _read_state(session: ReadSession) -> UndoState:
    from crm_desktop.services import history

    return history.undo_state(session)


def _bound_history(session: WriteSession) -> None:
    from crm_desktop.services import history

    history.bound_history(session)


def _undo(session: WriteSession, change_set_id: int) -> UndoReport:
    from crm_desktop.services import history

    return history.undo(session, change_set_id)


def _redo(session: WriteSession, change_set_id: int) -> UndoReport:
    from crm_desktop.services import history

    return history.redo(session, change_set_id)


def _without_progress(
    call: Callable[[WriteSession], UndoReport], session: WriteSession, _: Progress
) -> UndoReport:
    return call(session)
