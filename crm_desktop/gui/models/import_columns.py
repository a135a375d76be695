"""Tables of an import: what becomes of each column of a file, and what did not go in."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QObject

from crm_desktop.domain.field_types import type_of
from crm_desktop.gui.delegates import CellKind
from crm_desktop.gui.models.table_model import Column, TableModel
from crm_desktop.services.import_plan import PlannedColumn
from crm_desktop.services.import_rows import Problem

EXAMPLES = 3


@dataclass(frozen=True, slots=True)
class ColumnRow:
    """A column of the file, some of its cells, and what was chosen for it ("": as proposed).

    `choice` is a type, `import_plan.SKIPPED`, or `OBJECT.FIELD` for a link.
    """

    planned: PlannedColumn
    examples: tuple[str, ...]
    choice: str = ""
    choice_label: str = ""

    @property
    def id(self) -> str:
        return self.planned.header

    @property
    def becomes(self) -> str:
        """What happens to the column, in words."""
        planned = self.planned
        if self.choice:
            return self.choice_label
        if planned.skipped:
            return planned.skipped
        name = type_of(planned.type).label
        return f"“{planned.field.label}”" if planned.field else f"New field: {name}"


class ImportColumnsModel(TableModel[ColumnRow]):
    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        kind = CellKind
        self.set_columns(
            Column(
                self.tr("Column"),
                lambda row: row.planned.header,
                kind.ICON_TEXT,
                icon=lambda row: type_of(row.planned.type).icon,
                width=10,
            ),
            Column(self.tr("Becomes"), lambda row: row.becomes, width=13),
            Column(
                self.tr("Begins with"),
                lambda row: "  ·  ".join(row.examples[:EXAMPLES]),
                kind.MUTED,
                width=13,
            ),
            Column(
                self.tr("Filled"),
                lambda row: f"{row.planned.guess.filled:,}",
                kind.NUMBER,
                order=lambda row: row.planned.guess.filled,
                width=5,
            ),
        )


@dataclass(frozen=True, slots=True)
class ProblemRow:
    """A problem by its place in the report: a row may have several."""

    id: int
    problem: Problem


class ImportProblemsModel(TableModel[ProblemRow]):
    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        kind = CellKind
        self.set_columns(
            Column(
                self.tr("Line"),
                lambda row: f"{row.problem.line:,}",
                kind.NUMBER,
                order=lambda row: row.problem.line,
                width=5,
            ),
            Column(self.tr("Column"), lambda row: row.problem.column, width=10),
            Column(
                self.tr("Reason"),
                lambda row: row.problem.reason,
                tip=lambda row: row.problem.reason,
                width=27,
            ),
        )
