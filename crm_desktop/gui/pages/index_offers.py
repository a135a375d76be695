"""What a list says when a sort or a filter was slow: which index would help, and builds it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import QObject, Signal, Slot

from crm_desktop.domain.errors import Cancelled, UserError
from crm_desktop.domain.filters import RecordQuery
from crm_desktop.gui.jobs import Job
from crm_desktop.gui.models.records import RecordTableModel
from crm_desktop.gui.sizes import size_text, time_text
from crm_desktop.gui.tasks import Handle, Tasks
from crm_desktop.gui.widgets.message_bar import MessageBar
from crm_desktop.services import index_advice
from crm_desktop.services.index_advice import IndexAdvice

SLOW = 1.0  # seconds for the first page, or for counting what a filter finds


class IndexOffers(QObject):
    """Watches how long a list takes; offers an index that would help, and never builds unasked.

    What was declined is not offered again for the same field.
    """

    built = Signal()  # the list can be read again, quickly
    refused = Signal(object)  # UserError

    def __init__(self, tasks: Tasks, model: RecordTableModel) -> None:
        super().__init__(model)
        self._tasks, self._model = tasks, model
        self.bar = MessageBar()
        self._declined: set[str] = set()
        self._loading_since = self._counting_since = 0.0
        self._asked: Handle | None = None
        self._offer: IndexAdvice | None = None
        self.job: Job | None = None
        model.loading_changed.connect(self._follow_loading)
        model.counting_changed.connect(self._follow_counting)
        model.query_changed.connect(self._begin_again)

    def declined_names(self) -> list[str]:
        """Return what was declined, to be remembered."""
        return sorted(self._declined)

    def restore(self, stored: object) -> None:
        """Take what was remembered; what makes no sense matches no field."""
        if isinstance(stored, list):
            self._declined = {each for each in stored if isinstance(each, str)}

    # Watching

    @Slot()
    def _begin_again(self) -> None:
        """Forget an offer for another list than the one that is shown now."""
        if self._asked is not None:
            self._asked.cancel()
            self._asked = None
        if self.job is None:
            self._offer = None
            self.bar.clear()

    def _follow_loading(self, is_loading: bool) -> None:  # noqa: FBT001 - a signal's
        now = time.monotonic()
        if is_loading:
            self._loading_since = now
        elif now - self._loading_since > SLOW:
            self.ask()

    def _follow_counting(self, is_counting: bool) -> None:  # noqa: FBT001 - a signal's
        now = time.monotonic()
        if is_counting:
            self._counting_since = now if self._model.is_counting else now + SLOW
        elif self._model.query.conditions and now - self._counting_since > SLOW:
            self.ask()

    def ask(self) -> None:
        """Find out what would help the list that is shown."""
        query = self._model.query
        if self.job is not None or self._offer is not None or self._asked is not None:
            return
        if not query.sort and not query.conditions:
            return
        call = partial(index_advice.advise, query=query, columns=self._model.columns)
        self._asked = self._tasks.read(self, call, partial(self._advised, query), self._not_advised)

    def _not_advised(self, _: UserError) -> None:
        self._asked = None  # the list itself says what is wrong

    def _advised(self, query: RecordQuery, advice: Sequence[IndexAdvice]) -> None:
        self._asked = None
        wanted = [each for each in advice if each.would_help and key_of(each) not in self._declined]
        if wanted and query == self._model.query:
            offered = [each for each in wanted if each.is_offered]
            self._show_offer((offered or wanted)[0])

    # Offering and building

    def _show_offer(self, advice: IndexAdvice) -> None:
        self._offer = advice
        says = (
            self.tr("Sorting by {field} reads all {rows} records.")
            if advice.is_sort
            else self.tr("Filtering by {field} reads all {rows} records.")
        ).format(field=advice.field.label, rows=f"{advice.rows:,}")
        decline = (self.tr("Not now"), self.decline)
        if advice.obstacle:
            but = self.tr("An index would make it quick. {}").replace("{}", advice.obstacle)
            self.bar.show_message("info", f"{says} {but}", actions=[decline])
            return
        cost = self.tr("An index would make it quick (about {size}, about {time}).").format(
            size=size_text(advice.bytes), time=time_text(advice.seconds)
        )
        build = (self.tr("Build index"), self.build)
        self.bar.show_message("info", f"{says} {cost}", actions=[build, decline])

    @Slot()
    def decline(self) -> None:
        """Offer no index for this any more."""
        if self._offer is not None:
            self._declined.add(key_of(self._offer))
            self._offer = None
        self.bar.clear()

    @Slot()
    def build(self) -> None:
        """Build the index that is offered, while the list and everybody go on."""
        advice = self._offer
        if advice is None or self.job is not None:
            return
        self.bar.clear()
        title = self.tr("Building an index on {}").replace("{}", advice.field.label)
        call = partial(
            index_advice.build_index,
            object_id=advice.object_id,
            field_id=advice.field.id,
            kind=advice.kind,
        )
        self.job = self._tasks.maintain(self, title, call, self._built, self._not_built)

    def _built(self, _: str) -> None:
        advice, self.job, self._offer = self._offer, None, None
        if advice is not None:
            says = (
                self.tr("Sorting by {} is quick now.")
                if advice.is_sort
                else self.tr("Filtering by {} is quick now.")
            )
            self.bar.show_message("success", says.replace("{}", advice.field.label))
        self.built.emit()

    def _not_built(self, error: UserError) -> None:
        advice, self.job, self._offer = self._offer, None, None
        if advice is not None and isinstance(error, Cancelled):
            self._show_offer(advice)
        else:
            self.refused.emit(error)


def key_of(advice: IndexAdvice) -> str:
    """Return under which name it is remembered that an index was declined."""
    return f"{advice.field.id}:{advice.kind.value}"
