"""Shows what two people made of the same fields, side by side, and asks which values to keep."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Literal, TypeAlias

from PySide6.QtCore import QEvent, QObject, QRectF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QKeySequence,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QShortcut,
)
from PySide6.QtWidgets import (
    QButtonGroup,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QRadioButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)
from typing_extensions import override

from crm_desktop.domain.errors import Clash
from crm_desktop.domain.field_types import EffectiveField
from crm_desktop.domain.formats import Formats
from crm_desktop.gui.theme import line_height, radius, theme, unit
from crm_desktop.gui.widgets.buttons import plain_button, primary_button
from crm_desktop.gui.widgets.elided_label import TextLabel
from crm_desktop.gui.widgets.fitting_dialog import FittingDialog
from crm_desktop.gui.widgets.icon_label import IconLabel
from crm_desktop.gui.widgets.value_view import value_view, value_words

Side: TypeAlias = Literal["theirs", "mine"]
SIDES: tuple[Side, Side] = ("theirs", "mine")


class ConflictDialog(FittingDialog):
    """One line a field: what it was, what somebody else stored, what was typed here.

    `settled` carries "mine" or "theirs" by field id, once every field has been decided. `who`
    is a sentence that says who changed the record and when.
    """

    settled = Signal(dict)

    def __init__(
        self,
        title: str,
        clashes: Mapping[str, Clash],
        fields: Sequence[EffectiveField],
        formats: Formats,
        names: Mapping[str, str],
        parent: QWidget | None = None,
        *,
        who: str = "",
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Compare changes"))
        self._formats, self._names = formats, names
        known = {field.id: field for field in fields}
        self._clashes = [
            (known.get(key, EffectiveField(key, key, key, "text")), clash)
            for key, clash in clashes.items()
        ]
        self.choices: dict[str, dict[Side, QRadioButton]] = {}
        self._grid = QGridLayout()
        self._fill_grid()
        self.use_button = primary_button(self.tr("Keep these"))
        self.use_button.setDefault(True)
        self.use_button.clicked.connect(self.accept)
        self._rest = TextLabel(face="small", role="muted")
        self._lay_out(title, who)
        shortcut = QShortcut(QKeySequence("Ctrl+Return"), self)
        shortcut.activated.connect(self.accept)
        self._count()
        next(iter(self.choices.values()))["theirs"].setFocus()

    def choose_all(self, side: Side) -> None:
        """Decide every field in favour of one side."""
        for buttons in self.choices.values():
            buttons[side].setChecked(True)
        self.use_button.setFocus()

    def chosen(self) -> dict[str, Side]:
        """Return what has been decided so far, by field id."""
        return {
            key: side
            for key, buttons in self.choices.items()
            for side in SIDES
            if buttons[side].isChecked()
        }

    @override
    def accept(self) -> None:
        chosen = self.chosen()
        if len(chosen) == len(self.choices):
            super().accept()
            self.settled.emit(chosen)

    def _fill_grid(self) -> None:
        self._grid.setHorizontalSpacing(2 * unit())
        self._grid.setVerticalSpacing(unit())
        for column in range(3):
            self._grid.setColumnStretch(column, 1)
        for field, clash in self._clashes:
            self._add_field(field, clash)
        self._grid.setRowStretch(self._grid.rowCount(), 1)

    def _add_field(self, field: EffectiveField, clash: Clash) -> None:
        row = self._grid.rowCount()
        label = TextLabel(field.label, face="strong", wraps=True)
        label.setContentsMargins(0, 2 * unit(), 0, 0)
        self._grid.addWidget(label, row, 0, 1, 3)
        original = _Card(value_view(clash.original, field, self._formats, self._names))
        self._grid.addWidget(original, row + 1, 0)
        group = QButtonGroup(self)
        self.choices[field.id] = {}
        sides = ((self.tr("theirs"), clash.theirs), (self.tr("mine"), clash.mine))
        for column, (side, (word, value)) in enumerate(zip(SIDES, sides, strict=True), start=1):
            button = QRadioButton()
            said = value_words(value, field, self._formats, self._names)
            button.setAccessibleName(f"{field.label}, {word}: {said}")
            button.toggled.connect(self._count)
            group.addButton(button)
            self.choices[field.id][side] = button
            view = value_view(value, field, self._formats, self._names)
            self._grid.addWidget(_Card(view, button), row + 1, column)

    def _lay_out(self, title: str, who: str) -> None:
        margin = 5 * unit()
        box = QVBoxLayout(self)
        box.setContentsMargins(margin, margin, margin, 4 * unit())
        box.setSpacing(3 * unit())
        head = QHBoxLayout()
        head.setSpacing(2 * unit())
        head.addWidget(IconLabel("users", "warning"), 0, Qt.AlignmentFlag.AlignTop)
        words = QVBoxLayout()
        words.setSpacing(unit())
        words.addWidget(TextLabel(title, face="title", wraps=True))
        if who:
            words.addWidget(TextLabel(who, role="muted", wraps=True))
        head.addLayout(words, 1)
        box.addLayout(head)
        rows = QVBoxLayout()
        rows.setSpacing(0)
        area = self._scrolled()
        rows.addWidget(self._heads, 0, Qt.AlignmentFlag.AlignLeft)
        rows.addWidget(area, 1)
        box.addLayout(rows, 1)
        box.addLayout(self._button_row())
        self.setMinimumWidth(round(line_height() * 34))
        self.resize(round(line_height() * 48), self._wanted_height())

    def _make_heads(self) -> QWidget:
        """Build what stands above the columns; it stays where the rows scroll."""
        heads = QWidget()
        row = QHBoxLayout(heads)
        row.setContentsMargins(0, 0, unit(), 0)
        row.setSpacing(2 * unit())
        for head in (self.tr("It was"), self.tr("Theirs, stored now"), self.tr("Mine, typed here")):
            label = TextLabel(head, face="small", role="muted")
            label.setIndent(2 * unit())
            row.addWidget(label, 1)
        return heads

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QResizeEvent):
            self._heads.setFixedWidth(event.size().width())  # as wide as the columns below
        return False

    def _scrolled(self) -> QScrollArea:
        self._heads = self._make_heads()
        self._body = QWidget()
        self._body.installEventFilter(self)
        self._body.setLayout(self._grid)
        self._grid.setContentsMargins(0, 0, unit(), unit())
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setAccessibleName(self.tr("Fields that were changed twice"))
        area.setWidget(self._body)
        self._body.setAutoFillBackground(False)
        area.viewport().setAutoFillBackground(False)
        return area

    def _button_row(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(2 * unit())
        texts = {"theirs": self.tr("All &theirs"), "mine": self.tr("All &mine")}
        for side in SIDES:
            button = plain_button(texts[side])
            button.clicked.connect(partial(self.choose_all, side))
            row.addWidget(button)
        row.addWidget(self._rest)
        row.addStretch(1)
        cancel = plain_button(self.tr("Cancel"))
        cancel.clicked.connect(self.reject)
        row.addWidget(cancel)
        row.addWidget(self.use_button)
        return row

    def _wanted_height(self) -> int:
        around = round(line_height() * 11)
        content = self._body.sizeHint().height()
        return min(content + around, round(line_height() * 44))

    def _count(self, *_: bool) -> None:
        open_ = len(self.choices) - len(self.chosen())
        self.use_button.setEnabled(not open_)
        self._rest.setText(self.tr("%n still to decide", "", open_) if open_ else "")


class _Card(QFrame):
    """A value in a frame; with a button it can be chosen by a click anywhere in it."""

    def __init__(
        self, view: QWidget, button: QRadioButton | None = None, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._button = button
        row = QHBoxLayout(self)
        row.setContentsMargins(2 * unit(), 2 * unit(), 2 * unit(), 2 * unit())
        row.setSpacing(2 * unit())
        if button is not None:
            row.addWidget(button, 0, Qt.AlignmentFlag.AlignTop)
            button.toggled.connect(self._repaint)
            view.setMinimumHeight(button.sizeHint().height())
        row.addWidget(view, 1, Qt.AlignmentFlag.AlignTop)

    def _repaint(self, *_: bool) -> None:
        self.update()

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        if self._button is not None:
            self._button.setChecked(True)
            self._button.setFocus()

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        if self._button is None:
            return
        tokens, painter = theme(), QPainter(self)
        is_chosen = self._button.isChecked()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(QColor(tokens.selection if is_chosen else tokens.surface))
        line = 2 if is_chosen else 1
        painter.setPen(QPen(QColor(tokens.accent if is_chosen else tokens.border), line))
        room = QRectF(self.rect()).adjusted(1, 1, -1, -1)
        painter.drawRoundedRect(room, radius(), radius())
        painter.end()
