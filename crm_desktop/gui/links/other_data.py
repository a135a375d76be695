"""The data of a link that no schema describes: keys and values in a table, or all of it as JSON."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from PySide6.QtCore import QAbstractItemModel, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QHeaderView,
    QStyleOptionViewItem,
    QTabBar,
    QVBoxLayout,
    QWidget,
)
from typing_extensions import override

from crm_desktop.domain.errors import Invalid
from crm_desktop.domain.json_edits import same_json
from crm_desktop.gui.delegates import GridDelegate, Index
from crm_desktop.gui.editors.config.json_editor import JsonEditor
from crm_desktop.gui.editors.config.json_text import JsonError
from crm_desktop.gui.editors.config.list_grid import ListGrid
from crm_desktop.gui.models.json_pairs import KEY, VALUE, JsonPairsModel
from crm_desktop.gui.theme import line_height, row_height, unit
from crm_desktop.gui.widgets.buttons import IconButton, link_button
from crm_desktop.gui.widgets.form_row import ProblemLine

TABLE, JSON = 0, 1
SHOWN_ROWS = 4


class KeyDelegate(GridDelegate):
    """Edits a key by typing, or by choosing one that other links have."""

    def __init__(self, view: ListGrid) -> None:
        super().__init__(view)
        self.proposals: Sequence[str] = ()

    @override
    def createEditor(self, parent: QWidget, option: QStyleOptionViewItem, index: Index) -> QWidget:
        if index.column() != KEY or not self.proposals:
            return super().createEditor(parent, option, index)
        box = QComboBox(parent)
        box.setEditable(True)
        box.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        box.setAccessibleName(self.tr("Key"))
        box.addItems(list(self.proposals))
        return box

    @override
    def setEditorData(self, editor: QWidget, index: Index) -> None:
        if isinstance(editor, QComboBox):
            editor.setEditText(str(index.data() or ""))
            return
        super().setEditorData(editor, index)

    @override
    def setModelData(self, editor: QWidget, model: QAbstractItemModel, index: Index) -> None:
        if isinstance(editor, QComboBox):
            model.setData(index, editor.currentText())
            return
        super().setModelData(editor, model, index)


class OtherData(QWidget):
    """Edits an object of which nothing is known; what was not edited comes back as it was."""

    edited = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._stored: dict[str, Any] = {}
        self._taken: Collection[str] = ()
        self.model = JsonPairsModel(self)
        self.tabs = QTabBar()
        self.tabs.setAccessibleName(self.tr("How this data is shown"))
        self.tabs.setExpanding(False)
        self.tabs.setDrawBase(False)
        self.tabs.addTab(self.tr("Table"))
        self.tabs.addTab(self.tr("JSON"))
        self.view = self._view()
        self.json = JsonEditor()
        self.json.text.setAccessibleName(self.tr("Link data as JSON"))
        self.json.hide()
        self.problem = ProblemLine()
        self._lay_out()
        self.setFocusProxy(self.view)
        for signal in (self.model.dataChanged, self.model.rowsInserted, self.model.rowsRemoved):
            signal.connect(self._edited)
        self.json.edited.connect(self._edited)
        self.tabs.currentChanged.connect(self._change_over)

    def _view(self) -> ListGrid:
        view = ListGrid(self.tr("Keys and values"))
        self._delegate = KeyDelegate(view)
        view.set_delegate(self._delegate)
        view.setModel(self.model)
        header = view.horizontalHeader()
        header.setSectionsMovable(False)
        header.setSectionResizeMode(KEY, QHeaderView.ResizeMode.Interactive)
        header.setSectionResizeMode(VALUE, QHeaderView.ResizeMode.Stretch)
        header.resizeSection(KEY, round(line_height() * 9))
        view.setMinimumHeight(row_height() * (SHOWN_ROWS + 1))
        view.set_empty_state(self.tr("Nothing but what stands above."), icon_name="braces")
        view.added.connect(self.add_key)
        view.removed.connect(view.remove_selected)
        return view

    def _lay_out(self) -> None:
        self.add_button = link_button(self.tr("Add key"), icon_name="plus")
        self.add_button.setToolTip(self.tr("Add key (Ins)"))
        self.add_button.clicked.connect(self.add_key)
        self.remove_button = IconButton("trash-2", self.tr("Remove key (Del)"))
        self.remove_button.clicked.connect(self.view.remove_selected)
        line = QHBoxLayout()
        line.setSpacing(2 * unit())
        line.addWidget(self.tabs)
        line.addStretch(1)
        line.addWidget(self.add_button)
        line.addWidget(self.remove_button)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(unit())
        box.addLayout(line)
        for part in (self.view, self.json, self.problem):
            box.addWidget(part)

    def set_keys(self, proposals: Sequence[str], taken: Collection[str]) -> None:
        """Offer keys that other links have; those `taken` have an input of their own elsewhere."""
        self._delegate.proposals, self._taken = tuple(proposals), tuple(taken)

    def say_empty(self, sentence: str) -> None:
        self.view.set_empty_state(sentence, icon_name="braces")

    def set_read_only(self, *, is_read_only: bool) -> None:
        self.model.set_editable(is_editable=not is_read_only)
        self.json.text.setReadOnly(is_read_only)
        for button in (self.add_button, self.remove_button):
            button.setVisible(not is_read_only)

    def show_value(self, stored: Mapping[str, Any]) -> None:
        """Show what is stored: edits begin with it."""
        self._stored = dict(stored)
        self._show(self._stored)

    def keep(self, stored: Mapping[str, Any], edited: Mapping[str, Any]) -> None:
        """Let edits begin with what is stored by now, and show them."""
        self._stored = dict(stored)
        self._show(edited)

    def _show(self, value: Mapping[str, Any]) -> None:
        was = self.blockSignals(True)
        self.model.set_object(value)
        self.json.load(value)
        self.blockSignals(was)
        self.say("")

    def stored(self) -> dict[str, Any]:
        return self._stored

    def value(self) -> dict[str, Any]:
        """Return the object; raises Invalid after saying in place what is wrong."""
        self.view.finish_editing()
        try:
            value = self._read()
        except JsonError as error:
            self.json.show_error(error)
            raise Invalid({"": self.json.problem.text()}) from error
        for key in value:
            if key in self._taken:
                sentence = self.tr("“{key}” has its own input above.").format(key=key)
                self.say(sentence)
                raise Invalid({"": sentence})
        return value

    def _read(self) -> dict[str, Any]:
        if self.tabs.currentIndex() == JSON:
            return self.json.value()
        seen: set[str] = set()
        for pair in self.model.pairs:
            sentence = ""
            if not pair.key and pair.is_new and pair.value != "":
                sentence = self.tr("Give the value “{}” a key.").format(pair.value)
            elif pair.key in seen and (pair.key or not pair.is_new):
                sentence = self.tr("The key “{}” stands twice.").format(pair.key)
            if sentence:
                self.say(sentence)
                raise Invalid({"": sentence})
            seen.add(pair.key)
        return self.model.as_object()

    def is_changed(self) -> bool:
        is_json = self.tabs.currentIndex() == JSON
        try:
            value = self.json.value() if is_json else self.model.as_object()
        except JsonError:
            return True
        return not same_json(value, self._stored)

    def say(self, sentence: str) -> None:
        self.problem.set_text(sentence)
        self.view.setAccessibleDescription(sentence)

    def add_key(self) -> None:
        """Add an empty row and begin to edit its key."""
        if self.tabs.currentIndex() == JSON:
            self.tabs.setCurrentIndex(TABLE)
        self.view.begin_row(self.model.add(), KEY)

    def _edited(self, *_: object) -> None:
        if self.problem.text():
            self.say("")
        if not self.signalsBlocked():
            self.edited.emit()

    def _change_over(self, tab: int) -> None:
        """Carry the edits to the other tab; what cannot be read keeps its tab."""
        other = JSON if tab == TABLE else TABLE
        try:
            value = self.json.value() if other == JSON else self.model.as_object()
        except JsonError as error:
            was = self.tabs.blockSignals(True)
            self.tabs.setCurrentIndex(other)
            self.tabs.blockSignals(was)
            self.json.show_error(error)
            return
        self._show(value)
        had_focus = self.view.hasFocus() or self.json.text.hasFocus()
        self.view.setVisible(tab == TABLE)
        self.json.setVisible(tab == JSON)
        if had_focus:
            (self.view if tab == TABLE else self.json).setFocus()
