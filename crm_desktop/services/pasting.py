"""Pastes cells over existing records and as new ones, in one transaction or not at all."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from json.encoder import encode_basestring
from typing import Any

from crm_desktop.db.database import ReadSession, WriteSession
from crm_desktop.domain.access import Permission
from crm_desktop.domain.cells import ANY_VALUE, MOST_PROBLEMS, CellReport, RefusedCells
from crm_desktop.domain.clipboard import CellBlock
from crm_desktop.domain.errors import Cancelled, Invalid, UserError
from crm_desktop.domain.field_types import (
    EffectiveField,
    default_values,
    is_column,
    naming_fields,
)
from crm_desktop.domain.formats import Formats
from crm_desktop.services.cell_writes import STOPPED, write_cells
from crm_desktop.services.history import keeps_history
from crm_desktop.services.import_rows import copy_text, json_for_copy, name_for_copy
from crm_desktop.services.new_records import Ready, add_records
from crm_desktop.services.paste_reading import Refused, read_column
from crm_desktop.services.record_rights import OWNER_KEY
from crm_desktop.services.records import NOTHING, Edit, Progress, check_may_create, fields_of

BLOCK = 1_000  # new records in one message of COPY


@dataclass(frozen=True, slots=True)
class PasteRequest:
    """What is pasted where: a block over the fields' columns, from the first record downward.

    A block that is smaller than columns and rows is repeated. Rows beyond `record_ids` become
    `new_rows` new records; those without any text become none. `verb` names the gesture.
    """

    object_id: str
    field_ids: tuple[str, ...]
    record_ids: tuple[str, ...]
    block: CellBlock
    formats: Formats
    new_rows: int = 0
    verb: str = "paste"

    @property
    def cells(self) -> int:
        return len(self.field_ids) * (len(self.record_ids) + self.new_rows)


@dataclass(frozen=True, slots=True)
class PasteProblem:
    """Why cells of one column cannot be pasted: how many, and in which row the first one is.

    Rows are counted from 0 where the paste begins. Cells with the same reason are one problem.
    """

    row: int
    field_id: str
    reason: str
    cells: int


@dataclass(frozen=True, slots=True)
class PastePlan:
    """What a paste would do: cells that can be pasted, and into how many records."""

    cells: int
    records: int
    new_records: int
    refused: int = 0
    problems: tuple[PasteProblem, ...] = ()


@dataclass(frozen=True, slots=True)
class PasteReport:
    """What a paste did."""

    cells: int
    records: int
    new_records: int
    refused: int = 0
    can_undo: bool = True


class RefusedPaste(UserError):
    """Some cells cannot be pasted, and so none was; `plan` says which."""

    def __init__(self, plan: PastePlan) -> None:
        first = plan.problems[0].reason if plan.problems else ""
        super().__init__(first if plan.refused == 1 else f"{plan.refused:,} cells: {first}")
        self.plan = plan


def plan_paste(session: ReadSession, request: PasteRequest) -> PastePlan:
    """Read all cells and say what a paste would do; changes nothing.

    Whether each record may be changed is found out when it is written.
    """
    session.actor.require(Permission.READ_RECORDS)
    return _Reading(session, request).plan()


def paste(
    session: WriteSession,
    request: PasteRequest,
    *,
    on_progress: Progress | None = None,
    leaves_out: bool = False,
) -> PasteReport:
    """Paste everything, or with `leaves_out` everything that can be.

    Raises RefusedPaste otherwise. `on_progress` counts rows: existing ones twice.
    """
    session.actor.require(Permission.UPDATE_RECORDS)
    reading = _Reading(session, request)
    if reading.refused and not leaves_out:
        raise RefusedPaste(reading.plan())
    old = len(request.record_ids)
    total = 2 * old + request.new_rows

    def told(done: int, _: int) -> bool:
        return on_progress is None or on_progress(done, total)

    count = "a cell" if request.cells == 1 else f"{request.cells:,} cells"
    session.describe(f"{request.verb} of {count}")
    written = CellReport(0, 0)
    if old:
        try:
            written = write_cells(
                session, request.object_id, reading.edits(),
                on_progress=told, total=old, leaves_out=leaves_out,
            )  # fmt: skip
        except RefusedCells as refusal:
            raise RefusedPaste(reading.plan_without(refusal)) from refusal
    created = 0
    if request.new_rows:
        if not told(2 * old, total):
            raise Cancelled(STOPPED)
        created = add_records(session, request.object_id, reading.blocks(told, 2 * old))
    can_undo = written.can_undo and (not created or keeps_history(session))
    if not can_undo:
        session.edits.clear()  # half of it is not what Undo means
    return PasteReport(
        cells=written.cells + reading.new_cells,
        records=written.records,
        new_records=created,
        refused=reading.refused + written.refused,
        can_undo=can_undo,
    )


@dataclass
class _Problems:
    """Problems by column and reason: how many cells, and the first row."""

    total: int = 0
    found: dict[tuple[str, str], list[int]] = field(default_factory=dict)

    def add(self, row: int, field_id: str, reason: str, cells: int = 1) -> None:
        self.total += cells
        known = self.found.get((field_id, reason))
        if known is not None:
            known[0] = min(known[0], row)
            known[1] += cells
        elif len(self.found) < MOST_PROBLEMS:
            self.found[field_id, reason] = [row, cells]

    def listed(self) -> tuple[PasteProblem, ...]:
        found = ((key, place) for key, place in self.found.items())
        every = (PasteProblem(row, *key, cells) for key, (row, cells) in found)
        return tuple(sorted(every, key=lambda problem: problem.row))


class _Reading:
    """The cells of a paste as values of the fields, and the new records that they make."""

    def __init__(self, session: ReadSession, request: PasteRequest) -> None:
        if not request.block.columns or not request.field_ids:
            raise Invalid({"": "There is nothing to paste."})
        self._request = request
        self._session = session
        self.fields = fields_of(session, request.object_id)
        known = {each.id: each for each in self.fields}
        width = request.block.columns
        read: dict[tuple[str, int], list[Any]] = {}
        self._columns: list[list[Any]] = []
        for place, field_id in enumerate(request.field_ids):
            key = field_id, place % width
            if key not in read:
                each = known.get(field_id)
                read[key] = read_column(session, request.block, key[1], each, request.formats)
            self._columns.append(read[key])
        self._problems = _Problems()
        self._note_refused()
        self._new = _NewRecords(self.fields, request.field_ids, str(session.actor.user_id))
        self.new_cells = 0
        self.new_count = 0
        if request.new_rows:
            check_may_create(session, request.object_id)
            self._prepare_new()

    @property
    def refused(self) -> int:
        return self._problems.total

    def plan(self) -> PastePlan:
        old = len(self._request.record_ids)
        return PastePlan(
            cells=self._old_cells() + self.new_cells,
            records=old,
            new_records=self.new_count,
            refused=self._problems.total,
            problems=self._problems.listed(),
        )

    def plan_without(self, refusal: RefusedCells) -> PastePlan:
        """Return the plan with what the records themselves refused."""
        rows = {id_: row for row, id_ in enumerate(self._request.record_ids)}
        for problem in refusal.problems:
            self._problems.add(rows[problem.record_id], problem.field_id, problem.reason)
        self._problems.total += refusal.total - len(refusal.problems)
        plan = self.plan()
        cells = max(0, plan.cells - refusal.total)
        return PastePlan(cells, plan.records, plan.new_records, plan.refused, plan.problems)

    def edits(self) -> Iterator[tuple[str, Mapping[str, Edit]]]:
        """Give the edits of the existing records."""
        height = self._request.block.rows
        columns = list(zip(self._request.field_ids, self._columns, strict=True))
        known: list[Mapping[str, Edit]] = []
        for row, record_id in enumerate(self._request.record_ids):
            if row < height:
                known.append(
                    {
                        field_id: Edit(ANY_VALUE, values[row])
                        for field_id, values in columns
                        if type(values[row]) is not Refused
                    }
                )
            yield record_id, known[row % height]

    def blocks(self, told: Progress, done: int) -> Iterator[list[Ready]]:
        """Give the new records, ready for COPY."""
        for start in range(0, len(self._ready), BLOCK):
            block = self._ready[start : start + BLOCK]
            yield block
            if not told(done + start + len(block), 0):
                raise Cancelled(STOPPED)

    def _note_refused(self) -> None:
        """Count the cells that cannot be read, each as often as it is repeated."""
        request = self._request
        rows, height = len(request.record_ids) + request.new_rows, request.block.rows
        for field_id, values in zip(request.field_ids, self._columns, strict=True):
            for row, value in enumerate(values[:rows]):
                if type(value) is Refused:
                    times = (rows - row - 1) // height + 1
                    self._problems.add(row, field_id, value.reason, times)

    def _old_cells(self) -> int:
        height, count = self._request.block.rows, len(self._request.record_ids)
        return sum(
            (count - row - 1) // height + 1
            for values in self._columns
            for row, value in enumerate(values[:count])
            if type(value) is not Refused
        )

    def _prepare_new(self) -> None:
        """Make the new records; one that lacks what is required is a problem of all its cells."""
        self._ready: list[Ready] = []
        old, height = len(self._request.record_ids), self._request.block.rows
        rows = range(old, old + self._request.new_rows)
        columns = [[column[row % height] for row in rows] for column in self._columns]
        pieces = zip(*self._new.pieces(columns), strict=True)
        named = zip(rows, pieces, self._new.names(columns), strict=True)
        for row, parts, name in named:
            if not any(parts):
                continue
            cells = len(parts) - parts.count(None)
            lacking = self._new.lacking(parts)
            if lacking is not None:
                reason = f"A new record needs a value for “{lacking.label}”."
                self._problems.add(row, lacking.id, reason, cells)
                continue
            self._ready.append((self._new.data(parts), name))
            self.new_cells += cells
        self.new_count = len(self._ready)


Piece = str | None  # a member of a JSON object, escaped for COPY; "" for nothing, None if refused


class _NewRecords:
    """Makes rows for COPY out of the values of the pasted columns."""

    def __init__(
        self, fields: Sequence[EffectiveField], field_ids: Sequence[str], author: str
    ) -> None:
        self._keys = [f"{copy_text(encode_basestring(field_id))}: " for field_id in field_ids]
        given = Counter(field_ids)
        missing = [each for each in fields if each.id not in given and not is_column(each)]
        constants = default_values(missing)
        if any(each.id == OWNER_KEY for each in missing):
            constants.setdefault(OWNER_KEY, author)
        constants = {key: value for key, value in constants.items() if value not in NOTHING}
        self._constants = [
            f"{copy_text(encode_basestring(key))}: {json_for_copy(value)}"
            for key, value in constants.items()
        ]
        places = {field_id: place for place, field_id in enumerate(field_ids)}
        self._names: list[int | str] = [
            places[each.id] if each.id in places else name_for_copy(constants.get(each.id))
            for each in naming_fields(fields)
            if each.id in places or each.id in constants
        ]
        required = [
            each
            for each in fields
            if each.is_required and not each.is_readonly and not is_column(each)
        ]
        self._absent = next(
            (each for each in required if each.id not in given and each.id not in constants), None
        )
        self._required = [(places[each.id], each) for each in required if each.id in given]

    def pieces(self, columns: Sequence[Sequence[Any]]) -> list[list[Piece]]:
        """Return the pieces of JSON that store these columns."""
        return [
            [_piece(key, value) for value in column]
            for key, column in zip(self._keys, columns, strict=True)
        ]

    def names(self, columns: Sequence[Sequence[Any]]) -> list[str]:
        """Return the primary value of each row, escaped for COPY; "" for none."""
        names = [""] * len(columns[0])
        for place in self._names:
            if "" not in names:
                break
            if isinstance(place, str):
                names = [name or place for name in names]
            else:
                more = map(name_for_copy, columns[place])
                names = [name or other for name, other in zip(names, more, strict=True)]
        return names

    def lacking(self, parts: Sequence[Piece]) -> EffectiveField | None:
        """Return a required field that would be empty."""
        if self._absent is not None:
            return self._absent
        return next((each for place, each in self._required if not parts[place]), None)

    def data(self, parts: Sequence[Piece]) -> str:
        """Return the record as a JSON object."""
        return f"{{{', '.join([*filter(None, parts), *self._constants])}}}"


def _piece(key: str, value: Any) -> Piece:
    if type(value) is Refused:
        return None
    return "" if value in NOTHING else key + json_for_copy(value)
