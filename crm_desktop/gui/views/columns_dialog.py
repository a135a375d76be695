"""The dialog that says which columns a list shows, and in what order."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QModelIndex, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget
from typing_extensions import override

from crm_desktop.domain.field_types import EffectiveField, type_of
from crm_desktop.gui.editors.config.list_grid import ListGrid
from crm_desktop.gui.models.checked_list import CHECK, CheckedList, Choice
from crm_desktop.gui.theme import line_height, unit
from crm_desktop.gui.widgets.buttons import IconButton, plain_button, primary_button
from crm_desktop.gui.widgets.elided_label import TextLabel
from crm_desktop.gui.widgets.fitting_dialog import FittingDialog
from crm_desktop.gui.widgets.form_row import ProblemLine
from crm_desktop.gui.widgets.search_box import SearchBox


class ColumnsDialog(FittingDialog):
    """All fields to tick, those shown first; Space ticks, Alt+Up and Alt+Down move."""

    chosen = Signal(list)  # ids of fields in their new order

    def __init__(
        self,
        fields: Sequence[EffectiveField],
        shown: Sequence[str],
        usual: Sequence[str],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Columns"))
        self._usual = list(usual)
        self._choices = [Choice(f.id, f.label, type_of(f.type).icon) for f in fields]
        self.model = CheckedList(self.tr("Field"), self)
        self.search = SearchBox(self.tr("Search in the fields"))
        self.grid = ListGrid(self.tr("Columns"))
        self.grid.setModel(self.model)
        self.count = TextLabel(face="caption", role="muted")
        self.problem = ProblemLine()
        self.up = IconButton("arrow-up", self.tr("Move up (Alt+Up)"))
        self.down = IconButton("arrow-down", self.tr("Move down (Alt+Down)"))
        self.usual_button = plain_button(self.tr("As in the layout"))
        self.apply_button = primary_button(self.tr("Apply"))
        self.apply_button.setDefault(True)
        self.cancel_button = plain_button(self.tr("Cancel"))
        self._lay_out()
        self._connect()
        self._show(shown)

    def _lay_out(self) -> None:
        self.grid.setColumnWidth(CHECK, round(line_height() * 2.4))
        self.grid.horizontalHeader().hide()
        row = QHBoxLayout()
        row.setSpacing(unit())
        row.addWidget(self.search, 1)
        row.addWidget(self.up)
        row.addWidget(self.down)
        buttons = QHBoxLayout()
        buttons.setSpacing(2 * unit())
        buttons.addWidget(self.usual_button)
        buttons.addStretch(1)
        buttons.addWidget(self.cancel_button)
        buttons.addWidget(self.apply_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(*(4 * unit(),) * 4)
        column.setSpacing(3 * unit())
        column.addLayout(row)
        column.addWidget(self.grid, 1)
        column.addWidget(self.count)
        column.addWidget(self.problem)
        column.addLayout(buttons)
        self.resize(round(line_height() * 26), round(line_height() * 28))
        self.search.setFocus()

    def _connect(self) -> None:
        self.search.searched.connect(self._filter)
        self.search.left_downward.connect(self._go_to_grid)
        self.grid.toggled.connect(self._toggle_current)
        self.grid.clicked.connect(self._clicked)
        self.grid.moved.connect(self._move)
        self.up.clicked.connect(self._move_up)
        self.down.clicked.connect(self._move_down)
        self.usual_button.clicked.connect(self._show_usual)
        self.apply_button.clicked.connect(self.accept)
        self.cancel_button.clicked.connect(self.reject)
        QShortcut(QKeySequence("Ctrl+Return"), self).activated.connect(self.accept)
        self.model.dataChanged.connect(self._say_count)
        self.model.modelReset.connect(self._say_count)

    def _show(self, shown: Sequence[str]) -> None:
        self.model.set_choices(self._choices, shown)
        self.grid.setCurrentIndex(self.model.index(0, 1))
        self._filter(self.search.text())

    def _show_usual(self) -> None:
        self._show(self._usual)

    def _say_count(self) -> None:
        shown, all_ = len(self.model.chosen()), self.model.rowCount()
        words = self.tr("{shown} of {all} fields are shown")
        self.count.setText(words.replace("{shown}", str(shown)).replace("{all}", str(all_)))
        if shown:
            self.problem.set_text("")

    def _filter(self, words: str) -> None:
        wanted = words.strip().casefold()
        for row in range(self.model.rowCount()):
            label = str(self.model.index(row, 1).data() or "")
            self.grid.setRowHidden(row, wanted not in label.casefold())
        first = next((r for r in range(self.model.rowCount()) if not self.grid.isRowHidden(r)), -1)
        if first >= 0 and self.grid.isRowHidden(max(0, self.grid.currentIndex().row())):
            self.grid.setCurrentIndex(self.model.index(first, 1))

    def _go_to_grid(self) -> None:
        self.grid.setFocus()

    def _toggle_current(self) -> None:
        self.model.toggle(self.grid.currentIndex().row())

    def _clicked(self, index: QModelIndex) -> None:
        if index.column() == CHECK:
            self.model.toggle(index.row())

    def _move(self, step: int) -> None:
        row = self.grid.currentIndex().row()
        if row >= 0 and not self.search.text().strip():  # among rows one does not see it would jump
            self.grid.move_current(step)
            self.grid.scrollTo(self.grid.currentIndex())

    def _move_up(self) -> None:
        self._move(-1)

    def _move_down(self) -> None:
        self._move(1)

    @override
    def accept(self) -> None:
        self.search.search_now()
        shown = self.model.chosen()
        if not shown:
            self.problem.set_text(self.tr("Show at least one column."))
            self.grid.setFocus()
            return
        super().accept()
        self.chosen.emit(shown)
