"""What can be set for a section in place: its title, its columns, and whether it folds."""

from __future__ import annotations

from PySide6.QtWidgets import QCheckBox, QLineEdit, QVBoxLayout, QWidget

from crm_desktop.domain.layout_draft import NARROWEST, WIDEST
from crm_desktop.gui.layout_editor.state import LayoutState
from crm_desktop.gui.layout_editor.words import columns
from crm_desktop.gui.theme import unit
from crm_desktop.gui.widgets.choice_box import ChoiceBox
from crm_desktop.gui.widgets.elided_label import ElidedLabel
from crm_desktop.gui.widgets.form_row import FormRow


class SectionSettings(QWidget):
    """Follows the state for one section; each change is a step of it."""

    def __init__(self, state: LayoutState, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state, self._key = state, ""
        self.title = QLineEdit()
        self.columns = ChoiceBox()
        for count in range(NARROWEST, WIDEST + 1):
            self.columns.addItem(columns(count), count)
        self.folds = QCheckBox(self.tr("Can be folded in the form"))
        column = QVBoxLayout(self)
        column.setContentsMargins(3 * unit(), 2 * unit(), 3 * unit(), 3 * unit())
        column.setSpacing(2 * unit())
        column.addWidget(ElidedLabel(self.tr("Section"), face="strong"))
        column.addWidget(FormRow(self.tr("Title"), self.title))
        column.addWidget(FormRow(self.tr("At most"), self.columns))
        column.addWidget(self.folds)
        column.addStretch(1)
        self.title.editingFinished.connect(self.commit)
        self.columns.activated.connect(self._set_columns)
        self.folds.clicked.connect(self._set_folds)
        state.changed.connect(self._show)

    def show_section(self, key: str) -> None:
        self.commit()
        self._key = key
        self._show()

    def commit(self) -> None:
        """Hand on a title that is still being typed."""
        section = self._state.layout.by_key().get(self._key)
        if section is not None and self.title.isModified():
            self.title.setModified(False)
            self._state.change_section(self._key, title=self.title.text().strip())

    def is_edited(self) -> bool:
        return self.title.isModified()

    def _show(self) -> None:
        section = self._state.layout.by_key().get(self._key)
        if section is None:
            return
        if not self.title.isModified():
            self.title.setText(section.title)
        self.columns.setCurrentIndex(self.columns.findData(section.columns))
        self.folds.setChecked(section.is_collapsible)

    def _set_columns(self) -> None:
        self._state.change_section(self._key, columns=self.columns.currentData())

    def _set_folds(self) -> None:
        self._state.change_section(self._key, is_collapsible=self.folds.isChecked())
