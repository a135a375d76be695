"""Saves edited cells in the background, and decides what becomes of those that were not stored."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING, TypeAlias

from PySide6.QtCore import QObject, QTimer, Signal

from crm_desktop.domain.errors import Conflict, Forbidden, Invalid, NotFound, Unavailable, UserError
from crm_desktop.domain.field_types import same_value
from crm_desktop.gui.models.pending_edits import CellEdit, EditState, Key, PendingEdits
from crm_desktop.gui.models.record_cells import Cells, Listing, stored_cells
from crm_desktop.gui.pulse import ConnectionState
from crm_desktop.gui.tasks import Tasks
from crm_desktop.services import records
from crm_desktop.services.records import Edit

if TYPE_CHECKING:
    from crm_desktop.db.database import WriteSession
    from crm_desktop.domain.changes import EditedRecord
    from crm_desktop.gui.models.records import RecordTableModel

SAVED_FOR = 2000  # milliseconds that a saved cell says so
RETRY_AFTER = 3000  # milliseconds
_ByRecord: TypeAlias = dict[str, dict[str, Edit]]
Outcome: TypeAlias = "Cells | UserError | None"
"""What became of one record: how it is stored now, why not; None where it cannot be read."""


class CellSaver(QObject):
    """Sends each cell's edits one after the other, those of one gesture in one transaction.

    A value edited again while it is being saved is sent again, based on what was stored.
    """

    stale = Signal()  # something was stored that has to be read again

    def __init__(self, tasks: Tasks, pending: PendingEdits, model: RecordTableModel) -> None:
        super().__init__(model)
        self._tasks, self._pending, self._model = tasks, pending, model
        self._sent: dict[Key, Edit] = {}
        self._is_own = False
        self._retry = QTimer(self, singleShot=True, interval=RETRY_AFTER)
        self._retry.timeout.connect(self.send_unsaved)
        tasks.connection_changed.connect(self._follow_connection)
        tasks.edited.connect(self._recognise)

    def is_sending(self, key: Key) -> bool:
        return key in self._sent

    def send(self, edits: Iterable[CellEdit], gesture: str = "") -> None:
        """Save these edits; those of cells that are being saved follow when that has ended."""
        ready = [edit for edit in edits if edit.typed is None and edit.key not in self._sent]
        if not ready:
            return
        rows: _ByRecord = {}
        for edit in ready:
            edit.state, edit.reason, edit.clash = EditState.SAVING, "", None
            sent = Edit(edit.old, edit.new)
            self._sent[edit.key] = rows.setdefault(edit.record_id, {})[edit.field.id] = sent
        self._pending.tell(ready)
        listing = self._model.listing
        call = partial(save_cells, rows=rows, listing=listing, gesture=gesture)
        answered = partial(self._answered, rows, listing)
        self._tasks.write(self, call, answered, partial(self._failed, rows))

    def send_unsaved(self) -> None:
        """Try again what could not be stored for want of an answer."""
        if self._tasks.connection_state is not ConnectionState.LOST:
            self.send(self._pending.in_state(EditState.UNSAVED))

    def takes(self) -> bool:
        """Say whether the commit that is being announced is this object's own, and shown already.

        `Tasks` tells which values were edited immediately before it tells what changed.
        """
        is_own, self._is_own = self._is_own, False
        return is_own

    def _recognise(self, edits: tuple[EditedRecord, ...]) -> None:
        self._is_own = all(
            (sent := self._sent.get((edited.record_id, key))) is not None and sent.new is new
            for edited in edits
            for key, (_, new) in edited.values.items()
        )

    def _follow_connection(self, state: ConnectionState) -> None:
        if state is ConnectionState.CONNECTED:
            self.send_unsaved()

    # Answers

    def _answered(self, rows: _ByRecord, listing: Listing, outcomes: Mapping[str, Outcome]) -> None:
        is_same = listing.columns == self._model.columns
        is_stale = self._model.is_reading or not is_same  # what comes may have been read before
        for record_id, sent in rows.items():
            outcome = outcomes[record_id]
            if isinstance(outcome, UserError):
                self._refused(record_id, sent, outcome)
                continue
            if outcome is not None and is_same:
                self._model.take_row(outcome)
            is_stale = is_stale or outcome is None
            self._stored(record_id, sent, is_ahead=is_stale)
        if is_stale:
            self.stale.emit()

    def _failed(self, rows: _ByRecord, error: UserError) -> None:
        """Take the failure of a whole transaction; where it was about several, try one by one."""
        is_alone = len(rows) == 1
        for record_id, sent in rows.items():
            if is_alone or isinstance(error, Unavailable):
                self._refused(record_id, sent, error)
            else:
                self.send(self._take_back(record_id, sent))

    def _take_back(self, record_id: str, sent: Mapping[str, Edit]) -> list[CellEdit]:
        """Return the edits that were sent, and are still wanted, as no longer under way."""
        found = []
        for field_id in sent:
            self._sent.pop((record_id, field_id), None)
            edit = self._pending.get((record_id, field_id))
            if edit is not None:
                found.append(edit)
        return found

    def _stored(self, record_id: str, sent: Mapping[str, Edit], *, is_ahead: bool) -> None:
        again, saved = [], []
        for edit in self._take_back(record_id, sent):
            new = sent[edit.field.id].new
            if edit.typed is None and same_value(edit.new, new):
                edit.state, edit.old, edit.is_ahead = EditState.SAVED, new, is_ahead
                saved.append(edit)
            else:
                edit.old = new
                again.append(edit)
        self._pending.tell(saved)
        if saved:
            QTimer.singleShot(SAVED_FOR, self, partial(self._forget, saved))
        self.send(again)

    def _forget(self, edits: list[CellEdit]) -> None:
        if self._model.is_reading and any(edit.is_ahead for edit in edits):
            QTimer.singleShot(SAVED_FOR, self, partial(self._forget, edits))
            return
        self._pending.drop(edit for edit in edits if edit.state is EditState.SAVED)

    def _refused(self, record_id: str, sent: Mapping[str, Edit], error: UserError) -> None:
        reasons = {field_id: _reason(error, field_id) for field_id in sent}
        stored = {key: edit for key, edit in sent.items() if _is_stored_anyway(error, key)}
        if stored:
            self._stored(record_id, stored, is_ahead=True)
            self.stale.emit()
        rest = {key: edit for key, edit in sent.items() if key not in stored}
        edits = [edit for edit in self._take_back(record_id, rest) if edit.typed is None]
        again = []
        for edit in edits:
            field_id = edit.field.id
            is_newer = not same_value(edit.new, sent[field_id].new)
            if isinstance(error, Unavailable):
                edit.state, edit.reason = EditState.UNSAVED, str(error)
                edit.unanswered = sent[field_id].new
                self._retry.start()
            elif _is_own_after_all(error, edit):
                edit.old, edit.unanswered = edit.unanswered, None
                again.append(edit)
            elif is_newer or not reasons[field_id]:
                again.append(edit)  # another value, or nothing is wrong with this one
            else:
                edit.state, edit.reason = EditState.REFUSED, reasons[field_id]
                edit.clash = error.clashes.get(field_id) if isinstance(error, Conflict) else None
        self._pending.tell(edits)
        self.send(again)


def save_cells(
    session: WriteSession, rows: _ByRecord, listing: Listing, gesture: str
) -> dict[str, Outcome]:
    """Store the edits of each record, or say why not, and return how it stands in the list now.

    Runs on the writer thread. What one record is refused for does not keep the others.
    """
    if gesture:
        session.describe(gesture)
    outcomes: dict[str, Outcome] = {}
    for record_id, edits in rows.items():
        try:
            records.update_record(session, record_id, edits)
        except (Invalid, Conflict, Forbidden, NotFound) as error:
            outcomes[record_id] = error
        else:
            outcomes[record_id] = _read_back(session, record_id, listing)
    return outcomes


def _read_back(session: WriteSession, record_id: str, listing: Listing) -> Cells | None:
    try:
        detail = records.get_record(session, record_id)
    except (Forbidden, NotFound):  # given away: no longer this person's to read
        return None
    return stored_cells(detail, listing)


def _reason(error: UserError, field_id: str) -> str:
    """Return why a value was not stored; "" where others of its record were the reason."""
    if isinstance(error, Invalid):
        return error.problems.get(field_id, "")
    if isinstance(error, Conflict) and error.clashes:
        return str(error) if field_id in error.clashes else ""
    return str(error)


def _is_own_after_all(error: UserError, edit: CellEdit) -> bool:
    """Say whether an edit clashes with an earlier one of its own, whose answer was lost."""
    clash = error.clashes.get(edit.field.id) if isinstance(error, Conflict) else None
    lost = edit.unanswered
    return clash is not None and lost is not None and same_value(clash.theirs, lost)


def _is_stored_anyway(error: UserError, field_id: str) -> bool:
    """Say whether the value stands already: an answer was lost, or somebody did the same."""
    clash = error.clashes.get(field_id) if isinstance(error, Conflict) else None
    return clash is not None and same_value(clash.theirs, clash.mine)
