"""A field's settings as a form, with the JSON behind it one click away."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QApplication,
    QFrame,
    QScrollArea,
    QTabBar,
    QVBoxLayout,
    QWidget,
)

from crm_desktop.domain.errors import Invalid
from crm_desktop.domain.json_edits import same_json
from crm_desktop.gui.editors.config.config_form import ConfigForm
from crm_desktop.gui.editors.config.json_editor import JsonEditor
from crm_desktop.gui.editors.config.json_text import JsonError
from crm_desktop.gui.editors.config.settings import config_for_type
from crm_desktop.gui.theme import unit

if TYPE_CHECKING:
    from crm_desktop.gui.tasks import Tasks

FORM, JSON = 0, 1


class ConfigEditor(QWidget):
    """Form and JSON of one config. Changing over carries the edits along, or is refused."""

    edited = Signal()

    def __init__(self, tasks: Tasks, type_name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tasks = tasks
        self._type = type_name
        self._stored: dict[str, Any] = {}
        self.tabs = QTabBar()
        self.tabs.setAccessibleName(self.tr("Settings"))
        self.tabs.setExpanding(False)
        self.tabs.addTab(self.tr("Settings"))
        self.tabs.addTab(self.tr("JSON"))
        self._scroll = QScrollArea()
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setWidgetResizable(True)
        self.json = JsonEditor()
        self.json.hide()
        self.json.edited.connect(self.edited)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(3 * unit())
        for part in (self.tabs, self._scroll, self.json):
            box.addWidget(part)
        self.form = self._new_form()
        self.tabs.currentChanged.connect(self._change_over)

    def _new_form(self) -> ConfigForm:
        form = ConfigForm(self._tasks, self._type)
        form.edited.connect(self.edited)
        self._scroll.setWidget(form)
        form.setAutoFillBackground(False)
        self._scroll.viewport().setAutoFillBackground(False)
        return form

    def load(self, stored: Mapping[str, Any], edited: Mapping[str, Any] | None = None) -> None:
        """Show what is stored, or an edited version of it."""
        self._stored = dict(stored)
        config = self._stored if edited is None else edited
        self.form.load(config)
        self.json.load(config)

    def set_type(self, type_name: str) -> None:
        """Show the settings of another type; what both types know is carried over."""
        if type_name == self._type:
            return
        try:
            config = self.config()
        except Invalid:
            config = self._stored
        config = config_for_type(config, self._type, type_name)
        self._type = type_name
        self.form = self._new_form()
        self.form.load(config)
        self.json.load(config)

    def config(self) -> dict[str, Any]:
        """Return the whole config; raises Invalid after saying in place what is wrong."""
        if self.tabs.currentIndex() == FORM:
            return self.form.config()
        try:
            return self.json.value()
        except JsonError as error:
            self.json.show_error(error)
            raise Invalid({"config": self.json.problem.text()}) from error

    def is_edited(self) -> bool:
        try:
            return not same_json(self.config(), self._stored)
        except Invalid:
            return True

    def show_problems(self, problems: Mapping[str, str]) -> dict[str, str]:
        """Say the problems where they belong; returns those that no setting is to blame for."""
        if self.tabs.currentIndex() == FORM:
            rest = self.form.show_problems(problems)
            self.form.focus_first_problem()
            return rest
        self.json.say("\n".join(problems.values()))
        return {}

    def _change_over(self, tab: int) -> None:
        """Carry the edits to the other tab; a text that cannot be read keeps its tab."""
        try:
            if tab == JSON:
                self.json.load(self.form.config())
            else:
                self.form.load(self.json.value())
        except (Invalid, JsonError) as error:
            self._stay(JSON if tab == FORM else FORM)
            if isinstance(error, JsonError):
                self.json.show_error(error)
            else:
                self.form.focus_first_problem()
            return
        self._show_tab(tab)

    def _stay(self, tab: int) -> None:
        self.tabs.blockSignals(True)
        self.tabs.setCurrentIndex(tab)
        self.tabs.blockSignals(False)

    def _show_tab(self, tab: int) -> None:
        focused = QApplication.focusWidget()
        if focused is not None and self.isAncestorOf(focused):
            self.tabs.setFocus()  # else the keyboard would leave with what is hidden
        self._scroll.setVisible(tab == FORM)
        self.json.setVisible(tab == JSON)
