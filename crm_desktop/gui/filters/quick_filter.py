"""A column's distinct values with counts, to tick what shall be shown."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetrics, QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)
from typing_extensions import override

from crm_desktop.domain.errors import UserError
from crm_desktop.domain.field_types import EffectiveField, options_of
from crm_desktop.domain.filters import Condition, Group, Part, RecordQuery
from crm_desktop.domain.formats import Formats
from crm_desktop.domain.operators import comparison_of
from crm_desktop.gui.editors.choices import dot_icon
from crm_desktop.gui.tasks import Handle, Tasks
from crm_desktop.gui.theme import line_height, number_font, row_height, theme, unit
from crm_desktop.gui.widgets.buttons import plain_button, primary_button
from crm_desktop.gui.widgets.elided_label import TextLabel
from crm_desktop.gui.widgets.search_box import SearchBox
from crm_desktop.services import column_values
from crm_desktop.services.column_values import ColumnValues, ValueCount

EMPTY_VALUE = object()
"""Stands in the list for records without any value."""
_DATA = Qt.ItemDataRole.UserRole
_COUNT = _DATA + 1
_TICKING = {"is_any_of", "has_any_of", "is_true", "is_false", "is_empty"}
_PATIENCE = 60.0  # seconds


class _Counts(QStyledItemDelegate):
    """Writes each value's count at the right end of its line."""

    @override
    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        count = str(index.data(_COUNT) or "")
        room: QRect = option.rect
        wide = QFontMetrics(number_font()).horizontalAdvance(count) + 4 * unit()
        whole = QRect(room)
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(whole, QColor(theme().selection))
        option.rect = room.adjusted(0, 0, -wide, 0)
        super().paint(painter, option, index)
        painter.save()
        painter.setFont(number_font())
        painter.setPen(QColor(theme().muted))
        side = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(whole.adjusted(0, 0, -2 * unit(), 0), side, count)
        painter.restore()


class QuickFilter(QWidget):
    """A popup under a column's heading; `chosen` carries one part, or None for no filter."""

    chosen = Signal(object)

    def __init__(
        self,
        tasks: Tasks,
        formats: Formats,
        query: RecordQuery,
        field: EffectiveField,
        parent: QWidget,
    ) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._tasks, self._formats, self._query, self.field = tasks, formats, query, field
        self._reading: Handle | None = None
        self._ticked: list[Any] = []
        self.search = SearchBox(self.tr("Search in the values of {}").replace("{}", field.label))
        self.values = QListWidget()
        self.values.setAccessibleName(field.label)
        self.values.setUniformItemSizes(True)
        self.values.setItemDelegate(_Counts(self.values))
        self.note = TextLabel(face="caption", role="muted", wraps=True)
        self.apply_button = primary_button(self.tr("Apply"))
        self.clear_button = plain_button(self.tr("Show all"))
        self._lay_out()
        self.search.searched.connect(self._read)
        self.search.left_downward.connect(self._go_to_values)
        self.values.itemChanged.connect(self._note_tick)
        self.apply_button.clicked.connect(self._apply)
        self.clear_button.clicked.connect(self._show_all)
        self.setFocusProxy(self.search)

    def _lay_out(self) -> None:
        box = QVBoxLayout(self)
        box.setContentsMargins(2 * unit(), 2 * unit(), 2 * unit(), 2 * unit())
        box.setSpacing(2 * unit())
        for part in (self.search, self.values, self.note):
            box.addWidget(part)
        buttons = QHBoxLayout()
        buttons.addWidget(self.clear_button)
        buttons.addStretch(1)
        buttons.addWidget(self.apply_button)
        box.addLayout(buttons)
        self.resize(round(line_height() * 18), round(line_height() * 20))

    def open_at(self, place: QPoint, part: Part | None) -> None:
        """Show the values at a place of the screen, ticked as the part says."""
        self._ticked = ticks_of(part)
        room = self.screen().availableGeometry()
        x = max(room.left(), min(place.x(), room.right() - self.width()))
        y = max(room.top(), min(place.y(), room.bottom() - self.height()))
        self.move(x, y)
        self.show()
        self.search.setFocus()
        self._read("")

    def _read(self, words: str) -> None:
        if self._reading is not None:
            self._reading.cancel()
        self.note.setText(self.tr("Counting…"))
        call = partial(
            column_values.list_values,
            query=self._query,
            field=self.field,
            formats=self._formats,
            search=words,
        )
        self._reading = self._tasks.read(
            self, call, self._show_values, self._not_read, patience=_PATIENCE
        )

    def _show_values(self, found: ColumnValues) -> None:
        self._reading = None
        self.values.blockSignals(True)
        self.values.clear()
        colors = {option.value: option.color for option in options_of(self.field)}
        for value in found.values:
            self._add(value, colors.get(value.value) if isinstance(value.value, str) else None)
        if found.empty and not self.search.text().strip():
            self._add(ValueCount(EMPTY_VALUE, self.tr("(empty)"), found.empty), None)
        self.values.blockSignals(False)
        if self.values.count():
            self.values.setCurrentRow(0)
        self.note.setText(self._note_on(found))
        self.note.setVisible(bool(self.note.text()))

    def _add(self, value: ValueCount, color: str | None) -> None:
        item = QListWidgetItem(value.text)
        item.setData(_COUNT, f"{value.count:,}")
        item.setToolTip(value.text)
        item.setData(Qt.ItemDataRole.AccessibleTextRole, f"{value.text}, {value.count:,}")
        item.setSizeHint(QSize(0, row_height()))
        if color is not None:
            item.setIcon(dot_icon(color))
        item.setData(_DATA, value.value)
        item.setFlags(
            Qt.ItemFlag.ItemIsEnabled
            | Qt.ItemFlag.ItemIsUserCheckable
            | Qt.ItemFlag.ItemIsSelectable
        )
        is_on = any(_same(value.value, ticked) for ticked in self._ticked)
        item.setCheckState(Qt.CheckState.Checked if is_on else Qt.CheckState.Unchecked)
        self.values.addItem(item)

    def _note_on(self, found: ColumnValues) -> str:
        if not found.values and not found.empty:
            return self.tr("No value found.")
        notes = []
        if found.has_more:
            notes.append(self.tr("There are more values; search for them."))
        if found.is_partial:
            most = f"{column_values.MOST_SCANNED:,}"
            notes.append(self.tr("Counted in the first {} records.").replace("{}", most))
        return " ".join(notes)

    def _not_read(self, error: UserError) -> None:
        self._reading = None
        self.note.setText(str(error))
        self.note.show()

    def _go_to_values(self) -> None:
        self.values.setFocus()

    def _note_tick(self, item: QListWidgetItem) -> None:
        """Remember ticks also of values that a search takes out of sight."""
        value = item.data(_DATA)
        self._ticked = [ticked for ticked in self._ticked if not _same(ticked, value)]
        if item.checkState() == Qt.CheckState.Checked:
            self._ticked.append(value)

    def _apply(self) -> None:
        self.chosen.emit(part_of(self.field, self._ticked))
        self.close()

    def _show_all(self) -> None:
        self.chosen.emit(None)
        self.close()

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            self._apply()
        else:
            super().keyPressEvent(event)


def is_quick(part: Part, field_id: str) -> bool:
    """Say whether ticks in the list of this field's values can stand for the part."""
    return all(
        isinstance(each, Condition) and each.field_id == field_id and each.operator in _TICKING
        for each in _alternatives(part)
    )


def ticks_of(part: Part | None) -> list[Any]:
    """Return the values that a part made of ticks holds."""
    ticks: list[Any] = []
    for each in _alternatives(part) if part is not None else ():
        if isinstance(each, Condition):
            if each.operator == "is_empty":
                ticks.append(EMPTY_VALUE)
            elif each.operator in {"is_true", "is_false"}:
                ticks.append(each.operator == "is_true")
            else:
                ticks += each.value
    return ticks


def part_of(field: EffectiveField, ticks: Sequence[Any]) -> Part | None:
    """Return the part that finds the records with one of these values."""
    values = tuple(value for value in ticks if value is not EMPTY_VALUE)
    kind = comparison_of(field)
    parts: list[Condition] = []
    if kind == "boolean":
        parts += [Condition(field.id, "is_true" if value else "is_false") for value in values]
    elif values:
        parts.append(
            Condition(field.id, "has_any_of" if kind == "choices" else "is_any_of", values)
        )
    if len(values) < len(ticks):
        parts.append(Condition(field.id, "is_empty"))
    if len(parts) > 1:
        return Group("any", tuple(parts))
    return parts[0] if parts else None


def _alternatives(part: Part) -> tuple[Part, ...]:
    return part.parts if isinstance(part, Group) and part.kind == "any" else (part,)


def _same(one: Any, other: Any) -> bool:
    """Compare as the filter does: texts in any case, and 1 is not true."""
    if isinstance(one, str) and isinstance(other, str):
        return one.casefold() == other.casefold()
    return isinstance(one, bool) == isinstance(other, bool) and bool(one == other)
