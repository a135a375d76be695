"""The links of one record as a table: all of them under one scroll bar, few of them in memory."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QObject
from typing_extensions import override

from crm_desktop.domain.field_types import EffectiveField
from crm_desktop.domain.formats import Formats
from crm_desktop.gui.delegates import CellKind
from crm_desktop.gui.links import link_cells
from crm_desktop.gui.models.record_cells import KINDS
from crm_desktop.gui.models.records import RecordTableModel
from crm_desktop.gui.tasks import Tasks
from crm_desktop.services.link_columns import METADATA, NAME
from crm_desktop.services.link_lists import RelatedRecord


class LinkTableModel(RecordTableModel):
    """A row for every link that the query finds; its id is the link's, not the record's."""

    def __init__(self, tasks: Tasks, formats: Formats, parent: QObject | None = None) -> None:
        super().__init__(tasks, formats, parent, link_cells)

    def link_at(self, row: int) -> RelatedRecord | None:
        """Return the link in a row; None where it has not been read."""
        cells = self.cells_of(row)
        return None if cells is None else link_cells.link_in(cells)

    @override
    def kinds_of(self, columns: Sequence[EffectiveField]) -> tuple[CellKind, ...]:
        own = {NAME: CellKind.LINK, METADATA: CellKind.MUTED}
        return tuple(own.get(field.id) or KINDS.get(field.type, CellKind.TEXT) for field in columns)
