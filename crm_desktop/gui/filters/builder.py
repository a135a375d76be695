"""The builder of filters: rows of field, operator and value, in groups within groups."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QVBoxLayout, QWidget
from typing_extensions import override

from crm_desktop.domain.field_types import EffectiveField, type_of
from crm_desktop.domain.filter_rules import FilterSchema, part_problem
from crm_desktop.domain.filters import (
    Condition,
    Group,
    GroupKind,
    LinkCondition,
    LinkOperator,
    Part,
)
from crm_desktop.domain.formats import Formats
from crm_desktop.domain.operators import LINK_WORDS, Operator, operators_of
from crm_desktop.gui.filters.operands import (
    OperandInput,
    focus,
    make_input,
    read_operand,
    stops_in,
)
from crm_desktop.gui.icons import icon
from crm_desktop.gui.tasks import Tasks
from crm_desktop.gui.theme import icon_size, line_height, theme, unit
from crm_desktop.gui.widgets.buttons import IconButton, link_button
from crm_desktop.gui.widgets.form_row import ProblemLine

_WHERE = " where"


@dataclass(frozen=True, slots=True)
class Setting:
    """What every row of a builder needs."""

    tasks: Tasks
    schema: FilterSchema
    formats: Formats
    names: Mapping[str, str]


class _Choice(QComboBox):
    """A list to choose from; the wheel scrolls what is around it."""

    def __init__(self, name: str, width: float) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self.setIconSize(QSize(icon_size(), icon_size()))
        self.setMaxVisibleItems(16)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumWidth(round(width * line_height()))

    @override
    def wheelEvent(self, event: Any) -> None:
        event.ignore()


class PartRow(QWidget):
    """One comparison, or one demand on links; asks to be removed by its cross."""

    removed = Signal()
    reshaped = Signal()  # controls came or went

    def __init__(self, setting: Setting, part: Part | None = None) -> None:
        super().__init__()
        self._setting = setting
        self._input: OperandInput | None = None
        self.where: GroupBox | None = None
        self._lost = part if part is not None and part_problem(part, setting.schema) else None
        self._stored = "" if part is None or isinstance(part, Group) else part.operator
        self.subject = _Choice(self.tr("Field"), 11)
        self.operator = _Choice(self.tr("Operator"), 9)
        self.problem = ProblemLine()
        self._fill_subjects()
        self._lay_out()
        self.subject.currentIndexChanged.connect(self._show_operators)
        self.operator.currentIndexChanged.connect(self._show_input)
        self.show_part(part)

    def _fill_subjects(self) -> None:
        for field in self._setting.schema.fields.values():
            self.subject.addItem(icon(type_of(field.type).icon, "muted"), field.label, field.id)
        if self._setting.schema.sides:
            self.subject.insertSeparator(self.subject.count())
        for key, side in self._setting.schema.sides.items():
            label = self.tr("Links: {}").replace("{}", side.label)
            self.subject.addItem(icon("spline", "muted"), label, key)

    def _lay_out(self) -> None:
        self._line = QHBoxLayout()
        self._line.setSpacing(2 * unit())
        self._line.addWidget(self.subject)
        self._line.addWidget(self.operator)
        self._place = QWidget()
        holder = QHBoxLayout(self._place)
        holder.setContentsMargins(0, 0, 0, 0)
        self._line.addWidget(self._place, 1)
        self._cross = IconButton("x", self.tr("Remove this condition"), role="muted")
        self._cross.clicked.connect(self.removed)
        self._line.addWidget(self._cross, 0, Qt.AlignmentFlag.AlignTop)
        for part in (self.subject, self.operator):
            self._line.setAlignment(part, Qt.AlignmentFlag.AlignTop)
        self._box = QVBoxLayout(self)
        self._box.setContentsMargins(0, 0, 0, 0)
        self._box.setSpacing(unit())
        self._box.addLayout(self._line)
        self._box.addWidget(self.problem)
        self.setFocusProxy(self.subject)

    # Showing

    def show_part(self, part: Part | None) -> None:
        """Show a comparison; one that cannot be applied says why and is kept until changed."""
        if isinstance(part, LinkCondition):
            self._choose(self.subject, (part.relationship_id, part.is_from))
            self._show_operators()
            self._choose(self.operator, part.operator + (_WHERE if part.where else ""))
            self._show_input()
            if part.where is not None and self.where is not None:
                self.where.show_group(_as_group(part.where))
        elif isinstance(part, Condition):
            self._choose(self.subject, part.field_id)
            self._show_operators()
            self._choose(self.operator, part.operator)
            self._show_input()
            if self._input is not None and self.field() is not None and not self._lost:
                self._input.show_value(part.value)
        else:
            self._show_operators()
        self.problem.set_text(
            part_problem(part, self._setting.schema) or "" if part is not None else ""
        )

    def _choose(self, box: QComboBox, data: Any) -> None:
        box.blockSignals(True)
        places = (row for row in range(box.count()) if box.itemData(row) == data)
        row = next(places, -1)
        if row < 0 and self._lost is not None:
            box.insertItem(0, icon("circle-alert", "danger"), _lost_name(data), data)
            row = 0
        box.setCurrentIndex(max(row, 0))
        box.blockSignals(False)

    def field(self) -> EffectiveField | None:
        data = self.subject.currentData()
        return self._setting.schema.fields.get(data) if isinstance(data, str) else None

    def _show_operators(self) -> None:
        before = self.operator.currentData()
        self.operator.blockSignals(True)
        self.operator.clear()
        for data, words in self._operators():
            self.operator.addItem(words, data)
        self.operator.setCurrentIndex(max(0, self.operator.findData(before)))
        self.operator.blockSignals(False)
        self._show_input()

    def _operators(self) -> list[tuple[str, str]]:
        field = self.field()
        if field is not None:
            every = operators_of(field).values()
            return [(o.name, o.words) for o in every if o.is_offered or o.name == self._stored]
        if isinstance(self.subject.currentData(), str):
            return []  # a field that is gone
        plain = list(LINK_WORDS.items())
        return plain + [(name + _WHERE, words + _WHERE) for name, words in plain]

    def _operator(self) -> Operator | None:
        field = self.field()
        return operators_of(field).get(self.operator.currentData()) if field else None

    def _show_input(self) -> None:
        kept = read_operand(self._input)[0]
        self._clear_input()
        field, operator = self.field(), self._operator()
        if field is not None and operator is not None:
            s = self._setting
            self._input = make_input(field, operator, s.formats, s.tasks, s.names)
            if self._input is not None:
                self._put_input(self._input, kept)
        elif str(self.operator.currentData()).endswith(_WHERE) and self._linked() is not None:
            self.where = GroupBox(self._linked_setting(), depth=2)
            self.where.add_row()
            self.where.reshaped.connect(self.reshaped)
            self._box.addWidget(self.where)
            self.where.show()
        self.reshaped.emit()

    def _put_input(self, input_: OperandInput, kept: Any) -> None:
        layout = self._place.layout()
        if layout is not None:
            layout.addWidget(input_)
            input_.show()  # now: the next key may already be Tab
        input_.edited.connect(self._forget_problem)
        if kept is not None and _still_fits(kept, self._make_part(kept), self._setting.schema):
            input_.show_value(kept)
        self._forget_problem()

    def _clear_input(self) -> None:
        for old in (self._input, self.where):
            if old is not None:
                old.hide()
                old.setParent(None)
                old.deleteLater()
        self._input = self.where = None
        self._forget_problem()

    def _forget_problem(self) -> None:
        self._lost = None if self._lost is not None and self.field() is not None else self._lost
        self.problem.set_text("")

    def stops(self) -> list[QWidget]:
        """Return the controls in the order in which Tab visits them."""
        inside = [] if self._input is None else stops_in(self._input)
        beyond = [] if self.where is None else self.where.stops()
        return [self.subject, self.operator, *inside, self._cross, *beyond]

    def _linked(self) -> FilterSchema | None:
        data = self.subject.currentData()
        if not isinstance(data, tuple) or data not in self._setting.schema.sides:
            return None
        return self._setting.schema.linked(LinkCondition(data[0], is_from=data[1]))

    def _linked_setting(self) -> Setting:
        s = self._setting
        return Setting(s.tasks, self._linked() or s.schema, s.formats, s.names)

    # Reading

    def _make_part(self, value: Any) -> Part | None:
        data, name = self.subject.currentData(), str(self.operator.currentData() or "")
        if isinstance(data, tuple):
            where = self.where.group() if self.where is not None else None
            kept = where if where is not None and where.parts else None
            operator = cast(LinkOperator, name.removesuffix(_WHERE))
            return LinkCondition(data[0], is_from=data[1], operator=operator, where=kept)
        if self.field() is None:
            return self._lost
        return Condition(data, name, value)

    def part(self) -> Part | None:
        """Return what the row asks for, whether or not it can be applied."""
        return self._make_part(read_operand(self._input)[0])

    def check(self) -> bool:
        """Say in place what is wrong; True when nothing is."""
        problem = read_operand(self._input)[1]
        part = self.part()
        is_inner_fine = self.where is None or self.where.check()
        if not problem and part is not None and is_inner_fine:
            problem = part_problem(part, self._setting.schema) or ""
            label = self.field().label if self.field() else ""  # type: ignore[union-attr]  # asked before
            problem = problem.removeprefix(f"{label}: ")
        self.problem.set_text(problem)
        return not problem and is_inner_fine

    def focus_problem(self) -> None:
        if self.where is not None and not self.problem.text():
            self.where.focus_problem()
        else:
            focus(self._input or self.subject)

    def focus_value(self) -> None:
        focus(self._input or self.operator)


class GroupBox(QWidget):
    """Rows of which all, any or none must hold; groups within are inset behind a line."""

    removed = Signal()
    reshaped = Signal()  # controls came or went
    grew = Signal()  # somebody added something at the end

    def __init__(self, setting: Setting, depth: int = 1, *, is_removable: bool = False) -> None:
        super().__init__()
        self._setting, self._depth = setting, depth
        self.rows: list[PartRow | GroupBox] = []
        self.kind = _Choice(self.tr("How the conditions combine"), 9)
        for kind, words in (
            ("all", self.tr("All of these hold")),
            ("any", self.tr("Any of these holds")),
            ("none", self.tr("None of these holds")),
        ):
            self.kind.addItem(words, kind)
        self._lay_out(is_removable=is_removable)

    def _lay_out(self, *, is_removable: bool) -> None:
        is_inner = self._depth > 1
        head = QHBoxLayout()
        head.addWidget(self.kind)
        head.addStretch(1)
        self._cross: IconButton | None = None
        if is_removable:
            self._cross = IconButton("x", self.tr("Remove this group"), role="muted")
            self._cross.clicked.connect(self.removed)
            head.addWidget(self._cross)
        self._body = QVBoxLayout()
        self._body.setSpacing(2 * unit())
        self.add_button = link_button(self.tr("Add condition"), icon_name="plus")
        self.add_button.clicked.connect(self._add_and_focus)
        self.group_button = link_button(self.tr("Add group"), icon_name="list-tree")
        self.group_button.clicked.connect(self._add_group)
        foot = QHBoxLayout()
        foot.addWidget(self.add_button)
        foot.addWidget(self.group_button)
        foot.addStretch(1)
        box = QVBoxLayout(self)
        box.setContentsMargins(4 * unit() if is_inner else 0, unit() if is_inner else 0, 0, 0)
        box.setSpacing(2 * unit())
        box.addLayout(head)
        box.addLayout(self._body)
        box.addLayout(foot)
        self.setFocusProxy(self.kind)

    def show_group(self, group: Group) -> None:
        self.kind.setCurrentIndex(self.kind.findData(group.kind))
        for row in list(self.rows):
            self._drop(row)
        for part in group.parts:
            if isinstance(part, Group):
                inner = GroupBox(self._setting, self._depth + 1, is_removable=True)
                inner.show_group(part)
                self._add(inner)
            else:
                self.add_row(part)

    def add_row(self, part: Part | None = None) -> PartRow:
        row = PartRow(self._setting, part)
        self._add(row)
        return row

    def _add(self, row: PartRow | GroupBox) -> None:
        self.rows.append(row)
        self._body.addWidget(row)
        row.show()
        row.removed.connect(self._remove_sender)
        row.reshaped.connect(self.reshaped)
        self.reshaped.emit()
        if isinstance(row, GroupBox):
            row.grew.connect(self.grew)

    def _add_and_focus(self) -> None:
        row = self.add_row()
        self.grew.emit()
        focus(row)

    def _add_group(self) -> None:
        inner = GroupBox(self._setting, self._depth + 1, is_removable=True)
        inner.kind.setCurrentIndex(inner.kind.findData("any"))
        first = inner.add_row()
        self._add(inner)
        self.grew.emit()
        focus(first)

    def _remove_sender(self) -> None:
        row = self.sender()
        if isinstance(row, PartRow | GroupBox) and row in self.rows:
            place = self.rows.index(row)
            self._drop(row)
            after = self.rows[place:] or self.rows[-1:]
            focus(after[0] if after else self.add_button)

    def _drop(self, row: PartRow | GroupBox) -> None:
        self.rows.remove(row)
        row.hide()
        row.setParent(None)
        row.deleteLater()

    def stops(self) -> list[QWidget]:
        """Return the controls in the order in which Tab visits them."""
        head = [self.kind] if self._cross is None else [self.kind, self._cross]
        rows = [stop for row in self.rows for stop in row.stops()]
        return [*head, *rows, self.add_button, self.group_button]

    # Reading

    def group(self) -> Group:
        """Return what is asked for; groups without conditions are left out."""
        parts: list[Part] = []
        for row in self.rows:
            part = row.group() if isinstance(row, GroupBox) else row.part()
            if part is not None and not (isinstance(part, Group) and not part.parts):
                parts.append(part)
        return Group(cast(GroupKind, self.kind.currentData()), tuple(parts))

    def check(self) -> bool:
        """Say at each row what is wrong with it; True when nothing is."""
        return not [row for row in self.rows if not row.check()]  # each says what is wrong

    def focus_problem(self) -> None:
        wrong = (row for row in self.rows if not row.check())
        first = next(wrong, None)
        if first is not None:
            first.focus_problem()

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        if self._depth > 1:
            painter = QPainter(self)
            wide = max(2, unit() // 2)
            painter.fillRect(unit(), 0, wide, self.height(), QColor(theme().border))
            painter.end()


def _as_group(part: Part) -> Group:
    return part if isinstance(part, Group) else Group("all", (part,))


def _lost_name(data: Any) -> str:
    return str(data[0]) if isinstance(data, tuple) else str(data)


def _still_fits(value: Any, part: Part | None, schema: FilterSchema) -> bool:
    """Say whether what was typed for one operator serves another as well."""
    return value not in ((), "") and part is not None and part_problem(part, schema) is None
