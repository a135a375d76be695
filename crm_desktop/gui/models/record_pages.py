"""The pages of a long list that are kept in memory, and the reading of those that are missing."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from PySide6.QtCore import QObject, QTimer, Signal

from crm_desktop.domain.cursors import END, Cursor
from crm_desktop.domain.errors import UserError
from crm_desktop.gui.models import record_cells
from crm_desktop.gui.models.group_headings import Headings
from crm_desktop.gui.models.record_cells import (
    PAGE_ROWS,
    CellPage,
    First,
    Listing,
    Place,
    Reading,
    Reread,
    read_headings,
)
from crm_desktop.gui.tasks import Handle, Tasks
from crm_desktop.services import record_anchors
from crm_desktop.services.record_anchors import Anchors

if TYPE_CHECKING:
    from crm_desktop.db.database import ReadSession

T = TypeVar("T")
KEPT = 64  # pages
AT_ONCE = 2  # reads under way; counting has a connection of its own
WANTED = 6  # pages to ask for next; what was scrolled past before that is forgotten
PATIENCE = 600.0  # seconds; a person can stop it earlier
SORTED_AT_ONCE = 4  # pages
ANCHORS_AFTER = 500  # milliseconds without a change: they cost more than all the rest
WHOLE = range(0)  # stands for the pages of the first answer, or of one to `read_again`
ASK_AFTER = 8  # milliseconds, in which a frame says all that it lacks


class RecordPages(QObject):
    """Keeps at most 64 pages; a missing one is asked for once.

    Every answer belongs to the listing it was asked for: one of an earlier listing is dropped.
    The exact number of records is counted in the background once the first page is here, then the
    anchors are found.
    """

    began = Signal(object)  # the first page is here: about how many rows (no C int) there are
    arrived = Signal(int)  # number of a page
    missed = Signal(int)  # number of a page whose records are elsewhere by now
    summed = Signal(object)  # Headings: the same groups with other sums
    reread = Signal(object)  # Reread
    counted = Signal(object)  # exactly
    reading_changed = Signal(bool)
    counting_changed = Signal(bool)
    failed = Signal(object)  # UserError

    def __init__(
        self,
        tasks: Tasks,
        listing: Listing,
        parent: QObject | None = None,
        reading: Reading = record_cells,
    ) -> None:
        super().__init__(parent)
        self._tasks, self.listing, self._reading = tasks, listing, reading
        self._generation = 0
        self.kept: OrderedDict[int, CellPage] = OrderedDict()
        self.exact_total: int | None = None
        self.headings: Headings | None = None  # of a grouped list, once it is here
        self.text_order = ""  # known once the list is sorted
        self.is_indexed = True  # known with the first page
        self._ends: dict[int, Cursor] = {}  # behind pages that have been read
        self._anchors: Anchors | None = None
        self._wanted: dict[int, None] = {}
        self._asked: dict[int, Handle] = {}
        self._whole: Handle | None = None  # the first page, or all that is on screen again
        self._counting: Handle | None = None
        self._summing: Handle | None = None
        self._given_up: set[int] = set()
        self._near = 0
        self._is_reading = False
        self._asking = QTimer(self, singleShot=True, interval=ASK_AFTER)
        self._asking.timeout.connect(self._ask)
        self._anchoring = QTimer(self, singleShot=True, interval=ANCHORS_AFTER)
        self._anchoring.timeout.connect(self._find_anchors)

    @property
    def is_reading(self) -> bool:
        return self._is_reading

    @property
    def is_counting(self) -> bool:
        return self._counting is not None and self.exact_total is None

    @property
    def has_anchors(self) -> bool:
        return self._anchors is not None

    def begin(self, listing: Listing) -> None:
        """Forget everything and read the first page of this listing."""
        self._forget()
        self.listing, self.exact_total, self.headings = listing, None, None
        self.kept.clear()
        self._start_whole(partial(self._reading.read_first, listing=listing), self._take_first)

    def read_again(self, span: tuple[int, int], known: tuple[str, int]) -> None:
        """Read these rows anew; what is kept stays on screen until the answer is here."""
        if not self.kept:
            self.begin(self.listing)
            return
        self._forget()
        call = partial(self._reading.read_again, listing=self.listing, span=span, known=known)
        self._start_whole(call, self._take_again)

    def read_headings(self) -> None:
        """Read the sums of the groups anew; where the groups are others, they are `missed`."""
        if self.headings is not None and self._whole is None:
            if self._summing is not None:
                self._summing.cancel()
            call = partial(read_headings, listing=self.listing)
            then = partial(self._take_sums, self._generation)
            refused = partial(self._refused, self._generation, ())
            self._summing = self._tasks.read(self, call, then, refused, patience=PATIENCE)

    def stop(self) -> None:
        """Stop all reading and counting; `read_again` or `begin` take it up again."""
        self._given_up |= set(self._asked) | set(self._wanted)
        given_up = self._given_up
        self._forget()
        self._given_up = given_up
        self._tell()

    def stop_counting(self) -> None:
        if self._counting is not None:
            self._counting.cancel()
            self._counting = None
            self.counting_changed.emit(False)

    def want(self, number: int) -> None:
        """Ask for a page soon; the one wanted last comes first."""
        if number in self._asked or number in self._given_up:
            return
        self._wanted.pop(number, None)
        self._wanted[number] = None
        if not self._asking.isActive():
            self._asking.start()

    def touch(self, number: int) -> None:
        """Note that a page is on screen: it is kept longest, and its neighbours are fetched."""
        self.kept.move_to_end(number)
        self._near = number
        if not self._asking.isActive():
            self._asking.start()

    def _forget(self) -> None:
        self._generation += 1
        self._anchoring.stop()
        summing, self._summing = self._summing, None
        for handle in [*set(self._asked.values()), self._whole, self._counting, summing]:
            if handle is not None:
                handle.cancel()
        was_counting = self._counting is not None
        self._whole = self._counting = self._anchors = None
        self._asked.clear()
        self._wanted.clear()
        self._ends.clear()
        self._given_up = set()
        if was_counting:
            self.counting_changed.emit(False)

    # Asking

    def _start_whole(
        self, call: Callable[[ReadSession], T], take: Callable[[int, T], None]
    ) -> None:
        self._whole = self._tasks.read(
            self,
            call,
            partial(take, self._generation),
            partial(self._refused, self._generation, WHOLE),
            patience=PATIENCE,
        )
        self._tell()

    def _ask(self) -> None:
        if self._whole is not None:
            return  # its answer makes all pages new, and asks again
        while self._wanted and len(set(self._asked.values())) < AT_ONCE:
            self._read(self._wanted.popitem()[0])
        for number in list(self._wanted)[:-WANTED]:
            del self._wanted[number]
        if not self._asked:
            self._read_neighbour()
        self._tell()

    def _read_neighbour(self) -> None:
        for number in (self._near + 1, self._near - 1):
            page = self.kept.get(self._near)
            is_there = number >= 0 and page and (page.has_more or number < self._near)
            if is_there and number not in self.kept and number not in self._given_up:
                self._read(number)
                return

    def _read(self, number: int) -> None:
        """Ask for a page; where each read sorts the whole list, for three neighbours with it."""
        pages = 1 if self.is_indexed else SORTED_AT_ONCE
        first = number - number % pages
        start = first * PAGE_ROWS
        place = self._place_of(first, pages)
        call = partial(self._reading.read_page, listing=self.listing, place=place)
        handle = self._tasks.read(
            self,
            call,
            partial(self._take, self._generation, start, pages),
            partial(self._refused, self._generation, range(first, first + pages)),
            patience=PATIENCE,
        )
        for each in range(first, first + pages):
            self._asked[each] = handle
            self._wanted.pop(each, None)

    def _place_of(self, first: int, pages: int) -> Place:
        """Return the cheapest way to pages: beside one that is here, by anchors, or by counting.

        Counting goes from the nearer end.
        """
        start, limit = first * PAGE_ROWS, pages * PAGE_ROWS
        if first == 0:
            return Place(limit=limit)
        if cursor := self._ends.get(first - 1):
            return Place(after=cursor, limit=limit)
        following = self.kept.get(first + pages)
        if following and following.previous:
            return Place(before=following.previous, limit=limit)
        if self._anchors is not None:
            cursor, skip = self._anchors.place_of(start)
            return Place(after=cursor, skip=skip, limit=limit)
        total = self.exact_total
        if total is not None and start < total < 2 * start:
            end = min(start + limit, total)
            return Place(before=END, skip=total - end, limit=end - start)
        return Place(skip=start, limit=limit)

    def _count(self) -> None:
        call = partial(self._reading.count_rows, listing=self.listing)
        self._start_counting(call, self._take_count)

    def _find_anchors(self) -> None:
        call = partial(self._reading.find_anchors, listing=self.listing)
        self._start_counting(call, self._take_anchors)

    def _start_counting(
        self, call: Callable[[ReadSession], T], take: Callable[[int, T], None]
    ) -> None:
        self._counting = self._tasks.read(
            self,
            call,
            partial(take, self._generation),
            partial(self._not_counted, self._generation),
            patience=PATIENCE,
        )
        self.counting_changed.emit(True)

    # Answers

    def _take_first(self, generation: int, answer: First) -> None:
        if generation != self._generation:
            return
        page = answer.page
        self._whole, self.text_order = None, answer.text_order
        self.is_indexed = answer.is_indexed
        self._keep(0, page)
        self.exact_total = None if page.has_more else len(page.rows)
        self._take_headings(answer.headings)
        self.began.emit(answer.about)
        self._after_whole()

    def _take_again(self, generation: int, answer: Reread) -> None:
        if generation != self._generation:
            return
        self._whole = None
        if answer.is_indexed is not None:
            self.is_indexed = answer.is_indexed
        end = answer.start + len(answer.page.rows)
        if not answer.page.has_more:
            self.exact_total = end
        elif self.exact_total is not None and self.exact_total <= end:
            self.exact_total = None  # there are more by now
        self._take_headings(answer.headings)
        self.reread.emit(answer)
        self._after_whole()

    def _take_headings(self, headings: Headings | None) -> None:
        """Take the groups, which tell how many records there are."""
        self.headings = headings
        if headings is not None:
            self.exact_total = headings.total

    def _take_sums(self, generation: int, headings: Headings) -> None:
        if generation != self._generation or self.headings is None:
            return
        self._summing = None
        if (headings.keys, headings.counts) == (self.headings.keys, self.headings.counts):
            self.headings = headings
            self.summed.emit(headings)
        else:
            self.missed.emit(0)

    def drop(self, number: int) -> None:
        """Forget a page that is not right any more; it is not read again by itself."""
        self.kept.pop(number, None)
        self._ends.pop(number, None)
        self._given_up.add(number)

    def adopt(self, answer: Reread) -> None:
        """Keep what was read anew and nothing else."""
        self.kept.clear()
        for number, page in answer.pages().items():
            self._keep(number, page)
        self._near = min(max(self._near, answer.start // PAGE_ROWS), max(self.kept, default=0))

    def _after_whole(self) -> None:
        self._tell()
        if self.headings is not None:
            self._anchor_soon()
        elif not (self.exact_total is not None and self.exact_total <= PAGE_ROWS):
            self._count()
        self._asking.start()

    def _take(self, generation: int, start: int, pages: int, answer: CellPage) -> None:
        if generation != self._generation:
            return
        first = start // PAGE_ROWS
        found = Reread(start, answer).pages()
        for number in range(first, first + pages):
            self._asked.pop(number, None)
            if number in found:
                self._keep(number, found[number])
                self.arrived.emit(number)
            else:
                self._given_up.add(number)  # there are fewer records by now
                if number * PAGE_ROWS < (self.exact_total or 0):
                    self.missed.emit(number)
        self._asking.start()
        self._tell()

    def _keep(self, number: int, page: CellPage) -> None:
        self.kept[number] = page
        self.kept.move_to_end(number)
        if page.next is not None and len(page.rows) == PAGE_ROWS:
            self._ends[number] = page.next
        while len(self.kept) > KEPT:
            self.kept.popitem(last=False)

    def _take_count(self, generation: int, total: int) -> None:
        if generation != self._generation:
            return
        self._counting, self.exact_total = None, total
        self.counted.emit(total)
        self.counting_changed.emit(False)
        self._anchor_soon()

    def _anchor_soon(self) -> None:
        if (self.exact_total or 0) > record_anchors.EVERY:
            self._anchoring.start()

    def _take_anchors(self, generation: int, anchors: Anchors) -> None:
        if generation != self._generation:
            return
        self._counting, self._anchors = None, anchors
        self.counting_changed.emit(False)

    def _not_counted(self, generation: int, _: UserError) -> None:
        if generation == self._generation:
            self._counting = None  # the number read so far is shown instead
            self.counting_changed.emit(False)

    def _refused(self, generation: int, pages: Sequence[int], error: UserError) -> None:
        if generation != self._generation:
            return
        if pages is WHOLE:
            self._whole = None
        for number in pages:
            self._asked.pop(number, None)
            self._given_up.add(number)  # not again at each frame
        self._tell()
        self.failed.emit(error)

    def _tell(self) -> None:
        is_reading = self._whole is not None or bool(self._asked)
        if is_reading != self._is_reading:
            self._is_reading = is_reading
            self.reading_changed.emit(is_reading)
