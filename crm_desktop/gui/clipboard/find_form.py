"""The questions of find and replace: what, by what, in which fields, among which records."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from crm_desktop.domain.field_types import EffectiveField
from crm_desktop.domain.text_search import TextSearch
from crm_desktop.gui.theme import unit
from crm_desktop.gui.widgets.elided_label import TextLabel
from crm_desktop.gui.widgets.form_row import FormRow


@dataclass(frozen=True, slots=True)
class FindScope:
    """Where one may look: fields, those of the selection first, and how many records."""

    fields: tuple[EffectiveField, ...]
    selected: tuple[EffectiveField, ...]
    selected_rows: int
    everything: str  # such as “All 1,234 deals of this list”
    selection: str


class FindForm(QWidget):
    """Holds the answers; `edited` when any of them is another."""

    edited = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.text, self.replacement = QLineEdit(), QLineEdit()
        self.fields = QComboBox()
        self.matches_case = QCheckBox(self.tr("Match &case"))
        self.is_whole = QCheckBox(self.tr("&Whole cell"))
        self.is_expression = QCheckBox(self.tr("Regular e&xpression"))
        self.in_selection = QRadioButton()
        self.in_everything = QRadioButton()
        self.text_row = FormRow(self.tr("Find"), self.text)
        self.replacement_row = FormRow(self.tr("Replace with"), self.replacement)
        self._lay_out()
        for line in (self.text, self.replacement):
            line.textChanged.connect(self._edited)
        self.fields.currentIndexChanged.connect(self._edited)
        for box in (self.matches_case, self.is_whole, self.is_expression, self.in_selection):
            box.toggled.connect(self._edited)

    def _lay_out(self) -> None:
        u = unit()
        options = QHBoxLayout()
        options.setSpacing(4 * u)
        for box in (self.matches_case, self.is_whole, self.is_expression):
            options.addWidget(box)
        options.addStretch(1)
        among = QWidget()
        scope = QVBoxLayout(among)
        scope.setContentsMargins(0, 0, 0, 0)
        scope.setSpacing(u)
        scope.addWidget(TextLabel(self.tr("Among")))
        scope.addWidget(self.in_everything)
        scope.addWidget(self.in_selection)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(5 * u)
        grid.setVerticalSpacing(3 * u)
        grid.addWidget(self.text_row, 0, 0)
        grid.addWidget(self.replacement_row, 0, 1)
        grid.addLayout(options, 1, 0, 1, 2)
        grid.addWidget(FormRow(self.tr("In field"), self.fields), 2, 0)
        grid.addWidget(among, 2, 1)
        grid.setColumnStretch(0, 1)
        grid.setColumnStretch(1, 1)

    def show_scope(self, scope: FindScope) -> None:
        """Offer these fields and records; several selected rows or fields are the first choice."""
        self.blockSignals(True)
        self.fields.clear()
        if len(scope.selected) > 1:
            labels = ", ".join(field.label for field in scope.selected)
            words = self.tr("Selected fields: {}").replace("{}", labels)
            self.fields.addItem(words, _ids(scope.selected))
        if len(scope.fields) > 1:
            words = self.tr("All {} text fields").replace("{}", str(len(scope.fields)))
            self.fields.addItem(words, _ids(scope.fields))
        for field in scope.fields:
            self.fields.addItem(field.label, _ids([field]))
        if len(scope.selected) == 1:
            self.fields.setCurrentIndex(self.fields.findData(_ids(scope.selected)))
        else:
            self.fields.setCurrentIndex(0)
        self.in_everything.setText(scope.everything)
        self.in_selection.setText(scope.selection)
        has_selection = scope.selected_rows > 1
        self.in_selection.setEnabled(has_selection)
        (self.in_selection if has_selection else self.in_everything).setChecked(True)
        self.blockSignals(False)
        self._edited()

    def search(self) -> TextSearch:
        return TextSearch(
            self.text.text(),
            matches_case=self.matches_case.isChecked(),
            is_whole=self.is_whole.isChecked(),
            is_expression=self.is_expression.isChecked(),
        )

    def field_ids(self) -> tuple[str, ...]:
        return tuple(self.fields.currentData() or ())

    def _edited(self, *_: object) -> None:
        self.text_row.set_problem("")
        self.replacement_row.set_problem("")
        self.edited.emit()


def _ids(fields: Sequence[EffectiveField]) -> list[str]:
    return [field.id for field in fields]
