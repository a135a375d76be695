"""Lists what a layout's draft changes against what is stored."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QListWidget, QVBoxLayout, QWidget

from crm_desktop.domain.layout_changes import changes_against
from crm_desktop.gui.layout_editor.state import LayoutState
from crm_desktop.gui.layout_editor.words import sentences
from crm_desktop.gui.theme import line_height, unit
from crm_desktop.gui.widgets.buttons import danger_button, plain_button, primary_button
from crm_desktop.gui.widgets.elided_label import TextLabel
from crm_desktop.gui.widgets.fitting_dialog import FittingDialog


class ChangesDialog(FittingDialog):
    """One sentence for each change; from here all of them are saved or given up."""

    save_requested = Signal()
    revert_requested = Signal()

    def __init__(self, state: LayoutState, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Changes of the layout"))
        found = sentences(state, changes_against(state.draft.saved, state.layout))
        self.list = QListWidget()
        self.list.setAccessibleName(self.tr("Changes"))
        self.list.setWordWrap(True)
        self.list.setSpacing(unit() // 2)
        self.list.addItems(found)
        one, many = self.tr("1 change, not saved yet"), self.tr("{0} changes, not saved yet")
        title = one if len(found) == 1 else many.format(len(found))
        revert = danger_button(self.tr("Revert all"))
        revert.clicked.connect(self._revert)
        close = plain_button(self.tr("Close"))
        close.clicked.connect(self.reject)
        save = primary_button(self.tr("Save"))
        save.setDefault(True)
        save.clicked.connect(self._save)
        buttons = QHBoxLayout()
        buttons.setSpacing(2 * unit())
        buttons.addWidget(revert)
        buttons.addStretch(1)
        buttons.addWidget(close)
        buttons.addWidget(save)
        column = QVBoxLayout(self)
        column.setContentsMargins(*(5 * unit(),) * 4)
        column.setSpacing(3 * unit())
        column.addWidget(TextLabel(title, face="title"))
        column.addWidget(self.list, 1)
        column.addLayout(buttons)
        self.resize(round(line_height() * 40), round(line_height() * 26))

    def _save(self) -> None:
        self.accept()
        self.save_requested.emit()

    def _revert(self) -> None:
        self.accept()
        self.revert_requested.emit()
