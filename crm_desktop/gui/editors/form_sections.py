"""Lays the fields of a form out in the sections of its layout, in as many columns as fit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtWidgets import QGridLayout, QVBoxLayout, QWidget

from crm_desktop.gui.editors.form_grid import arranged, columns_in, span_of
from crm_desktop.gui.theme import unit
from crm_desktop.gui.widgets.elided_label import TextLabel
from crm_desktop.gui.widgets.section import Section
from crm_desktop.services.record_forms import FormSection


class FormSections(QWidget):
    """Holds cells by the ids of their fields; without sections all of them stand in one."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._parts: list[_Part] = []
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(4 * unit())

    def show_cells(
        self, cells: Mapping[str, QWidget], types: Mapping[str, str], form: Sequence[FormSection]
    ) -> None:
        """Take these cells in; those that no section names stand below the others."""
        for part in self._parts:
            self._column.removeWidget(part.frame)
            part.frame.hide()
            part.frame.deleteLater()
        named = {field_id for section in form for field_id in section.field_ids}
        rest = FormSection(field_ids=tuple(key for key in cells if key not in named))
        self._parts = []
        for section in (*form, rest):
            own = {key: cells[key] for key in section.field_ids if key in cells}
            if own:
                part = _Part(section, own, types)
                self._parts.append(part)
                self._column.addWidget(part.frame)

    def arrange(self, width: int) -> None:
        """Put the cells into columns for this much room."""
        for part in self._parts:
            part.arrange(width)

    def reveal(self, cell: QWidget) -> None:
        """Open the section that a cell is in."""
        for part in self._parts:
            if isinstance(part.frame, Section) and part.frame.isAncestorOf(cell):
                part.frame.set_open(True)


class _Part:
    """One section: its frame in the form, and the grid of its cells."""

    def __init__(
        self, section: FormSection, cells: Mapping[str, QWidget], types: Mapping[str, str]
    ) -> None:
        self._section, self._cells, self._types = section, cells, types
        self._columns = 0
        body = QWidget()
        self._grid = QGridLayout(body)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(4 * unit())
        self._grid.setVerticalSpacing(3 * unit())
        self.frame = self._frame(section, body)

    @staticmethod
    def _frame(section: FormSection, body: QWidget) -> QWidget:
        if not section.title:
            return body
        if section.is_collapsible:
            return Section(section.title, body)
        frame = QWidget()
        column = QVBoxLayout(frame)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2 * unit())
        column.addWidget(TextLabel(section.title, face="strong"))
        column.addWidget(body)
        return frame

    def arrange(self, width: int) -> None:
        columns = columns_in(width, unit(), self._section.columns)
        if columns == self._columns:
            return
        for column in range(max(columns, self._columns)):
            self._grid.setColumnStretch(column, 1 if column < columns else 0)
        self._columns = columns
        widths = self._section.widths
        spans = [span_of(self._types[key], widths.get(key, 0), columns) for key in self._cells]
        for cell, (row, column, span) in zip(
            self._cells.values(), arranged(spans, columns), strict=True
        ):
            self._grid.removeWidget(cell)
            self._grid.addWidget(cell, row, column, 1, span)
