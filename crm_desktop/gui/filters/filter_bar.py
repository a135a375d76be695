"""The conditions of a list as chips above it; from here filters are built, changed and dropped."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QPoint, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QApplication, QHBoxLayout, QWidget
from typing_extensions import override

from crm_desktop.domain.errors import UserError
from crm_desktop.domain.field_types import EffectiveField
from crm_desktop.domain.filter_rules import FilterSchema, part_problem, sentence
from crm_desktop.domain.filters import Condition, Group, LinkCondition, Part, RecordQuery
from crm_desktop.domain.formats import Formats
from crm_desktop.domain.operators import LISTED, comparison_of, operators_of
from crm_desktop.gui.tasks import Tasks
from crm_desktop.gui.theme import control_height, theme, unit
from crm_desktop.gui.widgets.buttons import link_button
from crm_desktop.gui.widgets.chip import FilterChip
from crm_desktop.gui.widgets.flow_layout import FlowLayout
from crm_desktop.gui.widgets.icon_label import IconLabel
from crm_desktop.services import filter_schema, references

if TYPE_CHECKING:
    from crm_desktop.gui.filters.filter_editor import FilterDialog

_OPENING = {Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space, Qt.Key.Key_F2}


class ConditionChip(FilterChip):
    """A condition one can open, by a click or Enter, and take away by its cross or Delete."""

    opened = Signal()

    def __init__(self, text: str, problem: str = "") -> None:
        super().__init__(text)
        self._problem = problem
        self.setFocusProxy(None)  # type: ignore[arg-type]  # stubs know no None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAccessibleName(text)
        self.setToolTip(problem or text)
        self.setAccessibleDescription(problem)
        if problem:
            self.label.set_role("danger")
            layout = self.layout()
            if isinstance(layout, QHBoxLayout):
                layout.insertWidget(0, IconLabel("circle-alert", "danger"))

    def has_keyboard(self) -> bool:
        focused = QApplication.focusWidget()
        return focused is self or (focused is not None and self.isAncestorOf(focused))

    @override
    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self.rect().contains(
            event.position().toPoint()
        ):
            self.opened.emit()

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in _OPENING:
            self.opened.emit()
        else:
            super().keyPressEvent(event)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self.hasFocus() or self._problem:
            tokens, painter = theme(), QPainter(self)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            color = tokens.accent if self.hasFocus() else tokens.danger
            painter.setPen(QPen(QColor(color), 2 if self.hasFocus() else 1))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), unit(), unit())
            painter.end()


class FilterBar(QWidget):
    """All conditions of one object's list, one chip each; takes no room while there are none.

    `changed` says that `parts` are others. Parts that cannot be applied, because a field is gone,
    stay, say so and can be removed; until then the service refuses the whole query. `read_schema`
    says what one can filter by where that is not an object's records.
    """

    changed = Signal()
    refused = Signal(object)  # UserError

    def __init__(
        self,
        tasks: Tasks,
        formats: Formats,
        object_id: str,
        *,
        read_schema: Callable[[Any], FilterSchema] | None = None,
    ) -> None:
        super().__init__()
        self._tasks, self._formats = tasks, formats
        self._read = read_schema or partial(filter_schema.get_filter_schema, object_id=object_id)
        self._parts: tuple[Part, ...] = ()
        self._schema: FilterSchema | None = None
        self._names: dict[str, str] = {}
        self.chips: list[ConditionChip] = []
        self.add_button = link_button(self.tr("Add filter"), icon_name="plus")
        self.clear_button = link_button(self.tr("Clear all"))
        self.add_button.clicked.connect(self.add_condition)
        self.clear_button.clicked.connect(self.clear)
        self._flow = FlowLayout(self)
        self._flow.setContentsMargins(3 * unit(), 0, 3 * unit(), 2 * unit())
        picture = IconLabel("list-filter", "muted")
        picture.setFixedHeight(control_height())
        self._flow.addWidget(picture)
        self.hide()

    @property
    def parts(self) -> tuple[Part, ...]:
        return self._parts

    def set_parts(self, parts: tuple[Part, ...]) -> None:
        """Show other conditions, such as a saved view's, and announce them."""
        if parts != self._parts:
            self._parts = parts
            if self._schema is not None:
                self._show_chips()  # otherwise they would name ids
            self.changed.emit()
            self._ask_names()

    def clear(self) -> None:
        self.set_parts(())

    def refresh(self) -> None:
        """Read anew what one can filter by; fields may have come or gone."""
        if self._schema is not None or self._parts:
            self._read_schema(self._show_chips)

    def problem(self) -> str:
        """Say which condition cannot be applied, and why."""
        schema = self._schema
        if schema is None:
            return ""
        for part in self._parts:
            if problem := part_problem(part, schema):
                return f"{sentence(part, schema, self._formats, self._names)}: {problem}"
        return ""

    # Chips

    def _show_chips(self) -> None:
        focused = next((n for n, chip in enumerate(self.chips) if chip.has_keyboard()), -1)
        for old in (*self.chips, self.add_button, self.clear_button):
            self._flow.removeWidget(old)
        for chip in self.chips:
            chip.hide()
            chip.deleteLater()
        self.chips = [self._chip(number, part) for number, part in enumerate(self._parts)]
        for widget in (*self.chips, self.add_button, self.clear_button):
            self._flow.addWidget(widget)
            widget.show()
        self.setVisible(bool(self._parts))
        if focused >= 0 and self.chips:
            self.chips[min(focused, len(self.chips) - 1)].setFocus()
        self._flow.invalidate()
        self.updateGeometry()

    def _chip(self, number: int, part: Part) -> ConditionChip:
        schema = self._schema or FilterSchema({}, {})
        problem = part_problem(part, schema) or "" if self._schema is not None else ""
        text = sentence(part, schema, self._formats, self._names)
        chip = ConditionChip(text, problem)
        chip.setParent(self)
        chip.opened.connect(partial(self.edit_part, number))
        chip.removed.connect(partial(self.remove_part, number))
        return chip

    def remove_part(self, number: int) -> None:
        self.set_parts((*self._parts[:number], *self._parts[number + 1 :]))

    # The builder

    def open_editor(self) -> None:
        """Open the builder with all conditions."""
        self._read_schema(partial(self._open, self._parts, -1))

    def add_condition(self) -> None:
        """Open the builder with the keyboard in a new condition."""
        self._read_schema(partial(self._open_with_new, ""))

    def edit_part(self, number: int) -> None:
        self._read_schema(partial(self._open, self._parts, number))

    def _open_with_new(self, field_id: str) -> None:
        schema = self._schema
        dialog = self._open(self._parts, -1)
        if schema is None or dialog is None or not schema.fields:
            return
        fields = schema.fields
        first = fields.get(field_id) or next(iter(fields.values()))
        if self._parts:
            operator = next(iter(operators_of(first)))
            dialog.root.add_row(Condition(first.id, operator))
        row = dialog.root.rows[-1]
        if field_id and not isinstance(row, type(dialog.root)):
            row.subject.setCurrentIndex(row.subject.findData(field_id))  # type: ignore[union-attr]  # a row
        row.setFocus()

    def _open(self, parts: tuple[Part, ...], number: int) -> FilterDialog | None:
        if self._schema is None:
            return None
        from crm_desktop.gui.filters.builder import Setting
        from crm_desktop.gui.filters.filter_editor import FilterDialog

        setting = Setting(self._tasks, self._schema, self._formats, self._names)
        dialog = FilterDialog(setting, parts, self.window())
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.accepted.connect(partial(self._take, dialog))
        dialog.open()
        if number >= 0:
            dialog.focus_part(number)
        return dialog

    def _take(self, dialog: FilterDialog) -> None:
        self.set_parts(dialog.parts)

    # A column's values

    def open_quick(self, field: EffectiveField, query: RecordQuery, place: QPoint) -> None:
        """Offer the values of a column to tick; the builder where values hardly ever repeat."""
        if comparison_of(field) not in LISTED:
            self._read_schema(partial(self._open_with_new, field.id))
            return
        from crm_desktop.gui.filters.quick_filter import QuickFilter, is_quick

        own = next((part for part in self._parts if is_quick(part, field.id)), None)
        others = tuple(part for part in self._parts if part is not own)
        popup = QuickFilter(
            self._tasks, self._formats, replace(query, conditions=others), field, self.window()
        )
        popup.chosen.connect(partial(self._take_quick, own))
        popup.open_at(place, own)

    def _take_quick(self, own: Part | None, part: Part | None) -> None:
        new = () if part is None else (part,)
        if own in self._parts:
            place = self._parts.index(own)
            self.set_parts((*self._parts[:place], *new, *self._parts[place + 1 :]))
        else:
            self.set_parts((*self._parts, *new))

    # What one can filter by

    def _read_schema(self, then: Any) -> None:
        self._tasks.read(self, self._read, partial(self._take_schema, then), self._not_read)

    def _take_schema(self, then: Any, schema: FilterSchema) -> None:
        self._schema = schema
        self._show_chips()
        then()

    def _not_read(self, error: UserError) -> None:
        self.refused.emit(error)

    def _ask_names(self) -> None:
        """Find the names of records and users that conditions speak of."""
        if self._schema is None and self._parts:
            self._read_schema(self._ask_names)
            return
        if self._schema is None:
            return
        records, users = _ids_in(self._parts, self._schema)
        if missing := (records | users) - self._names.keys():
            call = partial(
                references.name_references,
                record_ids=records & missing,
                user_ids=users & missing,
            )
            self._tasks.read(self, call, self._take_names, self._not_read)

    def _take_names(self, names: dict[str, str]) -> None:
        if names:
            self._names |= names
            self._show_chips()


def _ids_in(parts: Iterable[Part | None], schema: FilterSchema) -> tuple[set[str], set[str]]:
    """Return the ids of records and of users that conditions compare with."""
    found: dict[str, set[str]] = {"reference": set(), "user": set()}
    for part in parts:
        if isinstance(part, Group):
            inner = _ids_in(part.parts, schema)
        elif isinstance(part, LinkCondition):
            is_known = (part.relationship_id, part.is_from) in schema.sides
            inner = _ids_in([part.where], schema.linked(part)) if is_known else (set(), set())
        elif part is not None and part.field_id in schema.fields:
            kind = comparison_of(schema.fields[part.field_id])
            values = part.value if isinstance(part.value, tuple) else (part.value,)
            ids = {each for each in values if isinstance(each, str)}
            inner = (ids if kind == "reference" else set(), ids if kind == "user" else set())
        else:
            continue
        found["reference"] |= inner[0]
        found["user"] |= inner[1]
    return found["reference"], found["user"]
