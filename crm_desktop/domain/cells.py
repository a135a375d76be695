"""Writing many cells at once: what came of it, and which cells were refused and why."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from crm_desktop.domain.errors import UserError

MOST_PROBLEMS = 1000
"""So many problems are kept with their reasons; the others are counted."""


class AnyValue(Enum):
    """The old value of an edit that stands whatever is stored meanwhile."""

    ANY_VALUE = "any value"


ANY_VALUE = AnyValue.ANY_VALUE


@dataclass(frozen=True, slots=True)
class CellProblem:
    """Why a cell was not written; `name` is what its record is called, "" where nobody knows.

    An empty `field_id` means all cells of the record.
    """

    record_id: str
    field_id: str
    reason: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class CellReport:
    """What was written, and what was left out because the caller said so.

    `problems` are the first thousand of `refused`. `can_undo` is False where the database keeps
    no history and these were too many records to remember in this session.
    """

    records: int
    cells: int
    refused: int = 0
    problems: tuple[CellProblem, ...] = ()
    can_undo: bool = True


class RefusedCells(UserError):
    """Some cells cannot be written, and so none was.

    `problems` are the first thousand of `total`.
    """

    def __init__(self, problems: Sequence[CellProblem], total: int) -> None:
        first = problems[0].reason if problems else ""
        super().__init__(
            first if total == 1 else f"{total:,} cells cannot be changed. The first: {first}"
        )
        self.problems = tuple(problems)
        self.total = total
