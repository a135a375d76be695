"""Carries out what puts many values into cells: asks where it is much, writes, says what it did."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from crm_desktop.domain.errors import Cancelled, UserError
from crm_desktop.gui.clipboard.paste_dialog import PasteDialog, PasteFacts
from crm_desktop.gui.clipboard.words import counted_cells, report_sentence, words_for
from crm_desktop.gui.models.pending_edits import CellEdit, EditState
from crm_desktop.gui.tasks import Tasks
from crm_desktop.gui.widgets.message_bar import Message
from crm_desktop.services import pasting
from crm_desktop.services.pasting import PastePlan, PasteReport, PasteRequest, RefusedPaste

if TYPE_CHECKING:
    from crm_desktop.gui.pages.record_list import RecordList

UNASKED = 1_000  # cells that are written without a question
MOST_CELLS = 500_000


class Paster(QObject):
    """Runs one request at a time: plan, question, one transaction, report."""

    refused = Signal(object)  # UserError
    told = Signal(object)  # Message

    def __init__(self, tasks: Tasks, records: RecordList) -> None:
        super().__init__(records)
        self._tasks, self._list = tasks, records

    def begin(self, request: PasteRequest, first_row: int, notes: Sequence[str] = ()) -> None:
        """Write what is asked for; asks before more than 1,000 cells, new records and surprises.

        `first_row` is the row of the list where it begins; `notes` are sentences to be read first.
        """
        if self.is_too_much(request.cells):
            return
        ask = partial(self._ask, request, first_row, notes)
        if request.cells > UNASKED or request.new_rows or notes:
            plan = partial(pasting.plan_paste, request=request)
            self._tasks.read(self, plan, ask, self.refused.emit)
        else:
            write = partial(pasting.paste, request=request)
            self._tasks.write(self, write, self._done_with(request), partial(self._fail, ask))

    def is_too_much(self, cells: int) -> bool:
        """Say whether these are too many cells to be changed at once, to the person as well."""
        if cells > MOST_CELLS:
            sentence = self.tr("These are {} cells; at most {} can be changed in this way at once.")
            sentence = sentence.replace("{}", f"{cells:,}", 1)
            self.refused.emit(UserError(sentence.replace("{}", f"{MOST_CELLS:,}")))
        return cells > MOST_CELLS

    def _ask(
        self, request: PasteRequest, first_row: int, notes: Sequence[str], plan: PastePlan
    ) -> None:
        one, many = self._names()
        facts = PasteFacts(
            words=words_for(request.verb),
            labels={field.id: field.label for field in self._list.model.columns},
            first_row=first_row + 1,
            one=one,
            many=many,
            notes=notes,
        )
        dialog = PasteDialog(plan, facts, self._list.window())
        dialog.agreed.connect(
            partial(self._run, request, partial(self._ask, request, first_row, notes))
        )
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _run(
        self,
        request: PasteRequest,
        ask: Callable[[PastePlan], None],
        leaves_out: bool,  # noqa: FBT001 - a signal's
    ) -> None:
        title = f"{words_for(request.verb).doing} {counted_cells(request.cells)}"
        call = partial(_paste_long, request, leaves_out)
        self._tasks.run_long(self, title, call, self._done_with(request), partial(self._fail, ask))

    def _done_with(self, request: PasteRequest) -> Callable[[PasteReport], None]:
        """Return what is to be done afterwards: what was refused in these cells is mended then."""
        records, fields = set(request.record_ids), set(request.field_ids)
        refused = self._list.editing.sheet.pending.in_state(EditState.REFUSED)
        mended = [e for e in refused if e.record_id in records and e.field.id in fields]
        return partial(self._done, request, mended)

    def _done(self, request: PasteRequest, mended: list[CellEdit], report: PasteReport) -> None:
        if not report.refused:
            self._list.editing.sheet.pending.drop(mended)
        if request.cells == 1 and not report.refused:
            return  # it can be seen
        one, many = self._names()
        sentence = report_sentence(request.verb, report, one, many)
        self.told.emit(Message("warning" if report.refused else "success", sentence))

    def _fail(self, ask: Callable[[PastePlan], None], error: UserError) -> None:
        if isinstance(error, RefusedPaste):
            ask(error.plan)
        elif isinstance(error, Cancelled):
            self.told.emit(Message("info", self.tr("Stopped. Nothing was changed.")))
        else:
            self.refused.emit(error)

    def _names(self) -> tuple[str, str]:
        shown = self._list.object
        if shown is None:
            return self.tr("record"), self.tr("records")
        return shown.label, shown.plural_name


def _paste_long(
    request: PasteRequest,
    leaves_out: bool,  # noqa: FBT001 - bound by a slot of a signal
    session: Any,
    on_progress: Callable[[int, int], bool],
) -> PasteReport:
    return pasting.paste(session, request, on_progress=on_progress, leaves_out=leaves_out)
