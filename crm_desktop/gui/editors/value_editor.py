"""What every editor of a record's value is: shows a JSON value, gives it back as edited."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from crm_desktop.domain.field_types import EffectiveField
from crm_desktop.domain.formats import Formats


class ValueEditor(QWidget):
    """One control for one field's value.

    Until `edited` was emitted the value shown is kept as it is, also where its JSON type is
    wrong for the field; `value()` raises Invalid, keyed by the field's id, for text that is none.
    """

    edited = Signal()
    chosen = Signal()  # in a list or a calendar that has closed: in a cell, this ends the edit

    def __init__(
        self, field: EffectiveField, formats: Formats, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.field, self._formats = field, formats
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(0)
        self._control: QWidget | None = None

    @property
    def control(self) -> QWidget:
        """The widget that takes the focus, and that a label names."""
        return self._control or self

    def set_control(self, control: QWidget) -> None:
        """Show this widget as the editor; called once, by the editor's constructor."""
        self._control = control
        self._row.addWidget(control)
        self.setFocusProxy(control)
        control.setAccessibleName(self.field.label)

    def show_value(self, value: Any) -> None:
        """Show a stored value; this is no edit."""

    def value(self) -> Any:
        """Return the JSON value as edited, None where it is empty; raises Invalid."""

    def open_list(self) -> None:
        """Show what can be chosen, where there is a list or a calendar (Alt+Down)."""

    def set_names(self, names: Mapping[str, str]) -> None:
        """Tell the names of ids that may be shown; call it before `show_value`."""

    def names(self) -> Mapping[str, str]:
        """Return the names of the ids that `value` may hold."""
        return {}

    def typed(self) -> Any:
        """Return what stands in the control as JSON, also where it is no value: for drafts."""

    def show_typed(self, typed: Any) -> None:
        """Put back what `typed` gave, whatever that was; whoever calls this emits `edited`."""

    def set_read_only(self, *, is_read_only: bool) -> None:
        self.control.setEnabled(not is_read_only)
