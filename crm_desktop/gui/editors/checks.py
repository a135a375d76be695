"""The editor of yes and no, which tells "not set" from "no"."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QCheckBox, QWidget
from typing_extensions import override

from crm_desktop.domain.field_types import EffectiveField, type_of
from crm_desktop.domain.formats import Formats
from crm_desktop.gui.editors.value_editor import ValueEditor

_UNSET = Qt.CheckState.PartiallyChecked
_CLEARING = {Qt.Key.Key_Delete, Qt.Key.Key_Backspace}


class _Box(QCheckBox):
    """A check box that one click turns into yes or no, and Delete into neither."""

    @override
    def nextCheckState(self) -> None:
        is_on = self.checkState() == Qt.CheckState.Checked
        self.setCheckState(Qt.CheckState.Unchecked if is_on else Qt.CheckState.Checked)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in _CLEARING:
            self.setCheckState(_UNSET)
        else:
            super().keyPressEvent(event)


class CheckEditor(ValueEditor):
    """Yes, no or not set, with the field's own words beside the box."""

    def __init__(
        self, field: EffectiveField, formats: Formats, parent: QWidget | None = None
    ) -> None:
        super().__init__(field, formats, parent)
        self._is_showing = False
        self.box = _Box()
        self.box.setTristate(True)
        self.box.setCheckState(_UNSET)
        self.box.setToolTip(self.tr("Space sets it, Delete empties it"))
        self.box.checkStateChanged.connect(self._tell)
        self.set_control(self.box)
        self._word()

    @override
    def show_value(self, value: Any) -> None:
        self._is_showing = True
        if isinstance(value, bool):
            self.box.setCheckState(Qt.CheckState.Checked if value else Qt.CheckState.Unchecked)
        else:
            self.box.setCheckState(_UNSET)
        self._is_showing = False
        self._word()

    @override
    def value(self) -> Any:
        state = self.box.checkState()
        return None if state == _UNSET else state == Qt.CheckState.Checked

    def _tell(self) -> None:
        self._word()
        if not self._is_showing:
            self.edited.emit()

    def _word(self) -> None:
        value = self.value()
        words = type_of(self.field.type).display(value, self.field, self._formats)
        self.box.setText(self.tr("Not set") if value is None else words)
