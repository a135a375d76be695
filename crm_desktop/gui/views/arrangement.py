"""What a list of records shows, as the settings of a view: read from its parts, and put there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot

from crm_desktop.domain.field_types import EffectiveField
from crm_desktop.domain.filters import Grouping
from crm_desktop.domain.views import ViewSettings, settled
from crm_desktop.gui.filters.filter_bar import FilterBar
from crm_desktop.gui.models.records import RecordTableModel
from crm_desktop.gui.theme import Density
from crm_desktop.gui.widgets.grid import GridView

if TYPE_CHECKING:
    from crm_desktop.gui.pages.column_widths import ColumnWidths
    from crm_desktop.gui.pages.record_summaries import SummaryControl


class Arrangement(QObject):
    """Columns, filters, order and looks of one list; `fields` are all that it could show.

    A column that is taken away is only hidden, so that nothing is read again; one that comes is
    read with the rest. Then the list is shown from the top, which `show_requested` asks for.
    """

    changed = Signal()  # settings are others, whoever changed them
    grouping_changed = Signal(object)  # Grouping, or None for no groups
    show_requested = Signal(object, object)  # columns, and what to sort by

    def __init__(
        self,
        grid: GridView,
        model: RecordTableModel,
        filters: FilterBar,
        widths: ColumnWidths,
        summaries: SummaryControl,
    ) -> None:
        super().__init__(grid)
        self._grid, self._model, self._filters = grid, model, filters
        self._widths, self._summaries = widths, summaries
        self.fields: tuple[EffectiveField, ...] = ()
        self.usual: tuple[str, ...] = ()
        self.is_applying = False
        self._grouping: Grouping | None = None
        self._density = ""
        header = grid.horizontalHeader()
        header.sectionMoved.connect(self._say_changed)
        header.sectionResized.connect(self._say_changed)
        model.modelReset.connect(self._say_changed)
        summaries.chosen_changed.connect(self._say_changed)

    @Slot()
    def _say_changed(self) -> None:
        if not self.is_applying and self.fields:
            self.changed.emit()

    # What is shown

    def take_fields(self, fields: Sequence[EffectiveField], usual: Sequence[str]) -> None:
        """Take what can be shown now, and what is shown where nobody chose."""
        self.fields, self.usual = tuple(fields), tuple(usual)

    def settled(self, settings: ViewSettings) -> ViewSettings:
        """Return settings that are equal where they look alike here."""
        return settled(settings, [field.id for field in self.fields], self.usual)

    def shown_columns(self) -> list[int]:
        """Return the model's columns that can be seen, from the left."""
        header = self._grid.horizontalHeader()
        order = [header.logicalIndex(place) for place in range(header.count())]
        return [column for column in order if not header.isSectionHidden(column)]

    def settings(self) -> ViewSettings:
        """Return how the list is shown now."""
        columns = self._model.columns
        return self.settled(
            ViewSettings(
                columns=tuple(columns[number].id for number in self.shown_columns()),
                filters=self._filters.parts,
                sort=self._model.query.sort,
                widths=self._widths.made_by_hand(),
                frozen=self._grid.frozen.count,
                summaries=self._summaries.chosen_names(),
                grouping=self._grouping,
                density=self._density,
            )
        )

    # Changing it

    def apply(self, settings: ViewSettings) -> None:
        """Show the list as these settings say; what makes no sense here is passed over."""
        wanted, now = self.settled(settings), self.settings()
        known = {field.id: field for field in self.fields}
        shown = {field.id: field for field in self._model.columns}
        columns = tuple(known[each] for each in wanted.columns)
        finds_others = replace(now, filters=wanted.filters, sort=wanted.sort,
                               grouping=wanted.grouping) != now  # fmt: skip
        self.is_applying = True
        self._filters.set_parts(wanted.filters)
        self._grid.frozen.set_count(wanted.frozen)
        self._set_density(wanted.density)
        self._group(wanted.grouping)
        if finds_others or any(shown.get(field.id) != field for field in columns):
            self._read_anew(wanted, columns)
        else:
            self._arrange(wanted.columns)
            if wanted.widths != now.widths:
                self._widths.restore(wanted.widths)
                self._widths.begin()
            self._choose_summaries(wanted)
        self.is_applying = False
        self.changed.emit()

    def _read_anew(self, wanted: ViewSettings, columns: tuple[EffectiveField, ...]) -> None:
        self._choose_summaries(wanted)
        self._summaries.stop()  # they are computed once the first records are here
        self._reset_header()
        self._widths.restore(wanted.widths)
        self.show_requested.emit(columns, wanted.sort)
        self._widths.begin()

    def _choose_summaries(self, wanted: ViewSettings) -> None:
        if wanted.summaries != self._summaries.chosen_names():
            self._summaries.restore(dict(wanted.summaries))

    def set_columns(self, field_ids: Sequence[str]) -> None:
        """Show these columns in this order."""
        self.apply(replace(self.settings(), columns=tuple(field_ids)))

    def freeze(self, count: int) -> None:
        """Let so many columns at the left stay where they are."""
        self._grid.frozen.set_count(count)
        self._say_changed()

    @property
    def grouping(self) -> Grouping | None:
        return self._grouping

    def group(self, grouping: Grouping | None) -> None:
        """Note what the list is grouped by, and tell whoever groups it."""
        self._group(grouping)
        self._say_changed()

    def _group(self, grouping: Grouping | None) -> None:
        if grouping != self._grouping:
            self._grouping = grouping
            self.grouping_changed.emit(grouping)

    @property
    def density(self) -> Density:
        return Density(self._density) if self._density else Density.NORMAL

    def set_density(self, density: Density) -> None:
        self._set_density("" if density is Density.NORMAL else density.value)
        self._say_changed()

    def _set_density(self, density: str) -> None:
        if density != self._density:
            self._density = density
            self._grid.set_density(self.density)

    def move(self, column: int, step: int) -> bool:
        """Move a column left (-1) or right (1) among those that can be seen."""
        shown, header = self.shown_columns(), self._grid.horizontalHeader()
        if column not in shown or not 0 <= shown.index(column) + step < len(shown):
            return False
        other = shown[shown.index(column) + step]
        header.moveSection(header.visualIndex(column), header.visualIndex(other))
        return True

    def hide(self, column: int) -> bool:
        """Take a column away; the last one stays."""
        shown = self.shown_columns()
        if column not in shown or len(shown) == 1:
            return False
        self._widths.made_by_hand()
        place = shown.index(column)
        if place < self._grid.frozen.count:
            self._grid.frozen.set_count(self._grid.frozen.count - 1)
        if self._grid.currentIndex().column() == column:
            beside = shown[place + 1] if place + 1 < len(shown) else shown[place - 1]
            row = self._grid.currentIndex().row()
            self._grid.setCurrentIndex(self._model.index(row, beside))
        self._grid.setColumnHidden(column, True)
        self._say_changed()
        return True

    def _arrange(self, field_ids: Sequence[str]) -> None:
        """Put the columns that have been read in this order, and hide the others."""
        header = self._grid.horizontalHeader()
        numbers = {field.id: number for number, field in enumerate(self._model.columns)}
        for place, field_id in enumerate(field_ids):
            header.moveSection(header.visualIndex(numbers[field_id]), place)
        for field_id, number in numbers.items():
            self._grid.setColumnHidden(number, field_id not in field_ids)
        current = self._grid.currentIndex()
        if current.isValid() and self._grid.isColumnHidden(current.column()):
            self._grid.setCurrentIndex(current.siblingAtColumn(header.logicalIndex(0)))

    def _reset_header(self) -> None:
        """Let the columns to come stand in their own order: Qt keeps places and what is hidden."""
        header = self._grid.horizontalHeader()
        for number in range(header.count()):
            header.moveSection(header.visualIndex(number), number)
            self._grid.setColumnHidden(number, False)
