"""Edits the keys of a relationship's link data: a table for the keyboard, and each key's rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QAbstractItemModel, QModelIndex, QTimer, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QHeaderView,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)
from typing_extensions import override

from crm_desktop.domain.errors import Invalid
from crm_desktop.domain.field_types import type_of
from crm_desktop.gui.delegates import GridDelegate, Index
from crm_desktop.gui.dialogs.link_schema_impact import SchemaImpact
from crm_desktop.gui.dialogs.link_schema_model import KEY, REQUIRED, TYPE, LinkKeysModel
from crm_desktop.gui.dialogs.link_schema_proposals import SchemaProposals
from crm_desktop.gui.editors.config.config_editor import ConfigEditor
from crm_desktop.gui.editors.config.list_grid import ListGrid
from crm_desktop.gui.icons import icon
from crm_desktop.gui.models.fields import type_label
from crm_desktop.gui.theme import line_height, row_height, unit
from crm_desktop.gui.widgets.buttons import link_button
from crm_desktop.gui.widgets.elided_label import TextLabel
from crm_desktop.gui.widgets.form_row import ProblemLine
from crm_desktop.services.link_schemas import LINK_TYPES, LinkKey

if TYPE_CHECKING:
    from crm_desktop.gui.tasks import Tasks

SHOWN_ROWS = 5
SETTLED_AFTER = 500  # milliseconds without a change, before it is counted what that would break


class KeysDelegate(GridDelegate):
    """Edits a type by a list; one that is not ours stays in it."""

    @override
    def createEditor(self, parent: QWidget, option: QStyleOptionViewItem, index: Index) -> QWidget:
        if index.column() != TYPE:
            return super().createEditor(parent, option, index)
        box = QComboBox(parent)
        box.setAccessibleName(self.tr("Type"))
        for name in LINK_TYPES:
            box.addItem(icon(type_of(name).icon, "muted"), type_label(name), name)
        return box

    @override
    def setEditorData(self, editor: QWidget, index: Index) -> None:
        if not isinstance(editor, QComboBox):
            super().setEditorData(editor, index)
            return
        name = str(index.data(2))  # Qt's EditRole
        if editor.findData(name) < 0:
            editor.addItem(type_label(name), name)
        editor.setCurrentIndex(editor.findData(name))

    @override
    def setModelData(self, editor: QWidget, model: QAbstractItemModel, index: Index) -> None:
        if isinstance(editor, QComboBox):
            model.setData(index, editor.currentData())
            return
        super().setModelData(editor, model, index)


class SchemaEditor(QWidget):
    """Holds the keys as they are edited; who shows it stores them."""

    edited = Signal()

    def __init__(self, tasks: Tasks, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tasks = tasks
        self._relationship_id = ""
        self._stored: tuple[LinkKey, ...] = ()
        self._is_loading = False
        self._config_row = -1  # whose rules are shown
        self.model = LinkKeysModel(self)
        self.view = self._view()
        self.limit = TextLabel(role="warning", wraps=True)
        self.limit.hide()
        self.problem = ProblemLine()
        self.proposals = SchemaProposals(tasks)
        self.proposals.chosen.connect(self._take)
        self.impact = SchemaImpact(tasks)
        self.config = ConfigEditor(tasks, "text")
        self.config.edited.connect(self._take_config)
        self._settling = QTimer(self, singleShot=True, interval=SETTLED_AFTER)
        self._settling.timeout.connect(self._ask_impact)
        self._lay_out()
        self.setFocusProxy(self.view)
        self.view.selectionModel().currentRowChanged.connect(self._row_changed)
        for signal in (
            self.model.dataChanged,
            self.model.rowsInserted,
            self.model.rowsRemoved,
            self.model.rowsMoved,
        ):
            signal.connect(self._edited)
        self._show_config()

    def _view(self) -> ListGrid:
        view = ListGrid(self.tr("Keys of the link data"))
        view.set_delegate(KeysDelegate(view))
        view.setModel(self.model)
        header = view.horizontalHeader()
        header.setSectionsMovable(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(REQUIRED, QHeaderView.ResizeMode.Fixed)
        header.resizeSection(REQUIRED, round(line_height() * 5.5))
        view.setMinimumHeight(row_height() * (SHOWN_ROWS + 1))
        view.set_empty_state(
            self.tr("No keys are defined: links can hold any data."), icon_name="braces"
        )
        view.added.connect(self.add_key)
        view.toggled.connect(self._toggle)
        view.clicked.connect(self._clicked)
        return view

    def _lay_out(self) -> None:
        about = TextLabel(
            self.tr(
                "What each link says, such as a role or a date. Other keys are kept as they are."
            ),
            role="muted",
            wraps=True,
        )
        left = QVBoxLayout()
        left.setSpacing(2 * unit())
        for part in (self.limit, self.view):
            left.addWidget(part, 1 if part is self.view else 0)
        left.addLayout(self._buttons())
        columns = QHBoxLayout()
        columns.setSpacing(4 * unit())
        columns.addLayout(left, 3)
        columns.addWidget(self.config, 2)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(2 * unit())
        box.addWidget(about)
        box.addLayout(columns, 1)
        for widget in (self.problem, self.proposals, self.impact):
            box.addWidget(widget)

    def _buttons(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(unit())
        self.add_button = link_button(self.tr("Add key"), icon_name="plus")
        self.add_button.setToolTip(self.tr("Add key (Ins)"))
        self.add_button.clicked.connect(self.add_key)
        row.addWidget(self.add_button)
        row.addStretch(1)
        self._order_buttons = [*self.view.move_buttons(), self.view.remove_button()]
        for button in self._order_buttons:
            row.addWidget(button)
        return row

    def load(self, relationship_id: str, keys: Sequence[LinkKey], limit: str) -> None:
        """Show what is stored; without an id of a relationship that is yet to be made."""
        self._relationship_id, self._stored = relationship_id, tuple(keys)
        self.show_keys(self._stored)
        self.limit.setText(
            self.tr("Keys cannot be kept here: {}. Links can hold any data all the same.").format(
                limit
            )
        )
        self.limit.setVisible(bool(limit))
        for part in (self.view, self.config, self.add_button, *self._order_buttons):
            part.setEnabled(not limit)
        self.proposals.setVisible(False)

    def show_keys(self, keys: Sequence[LinkKey]) -> None:
        self._is_loading = True
        self.model.set_rows(keys)
        if keys:
            self.view.setCurrentIndex(self.model.index(0, KEY))
        self._is_loading = False
        self._show_config()

    def begin(self) -> None:
        """Look at what links hold already: the part has come into sight."""
        if self._relationship_id and self.limit.isHidden():
            self.proposals.ask(self._relationship_id, self.model.keys)

    @property
    def keys(self) -> tuple[LinkKey, ...]:
        return self.model.keys

    @property
    def stored(self) -> tuple[LinkKey, ...]:
        """The keys that the edit began with."""
        return self._stored

    def is_changed(self) -> bool:
        self.view.finish_editing()
        return self.model.keys != self._stored

    def check(self) -> None:
        """Raise Invalid where the rules of a key cannot be read; they say why in place."""
        self.view.finish_editing()
        if self.config.isEnabled() and self.view.currentIndex().isValid():
            self.config.config()

    def show_problems(self, problems: Mapping[str, str]) -> dict[str, str]:
        """Say what is wrong with the keys, and go to the first of them; returns the rest."""
        mine = {name: text for name, text in problems.items() if name.split(".")[0] == "keys"}
        self.problem.set_text("\n".join(dict.fromkeys(mine.values())))
        for name in mine:
            place = name.split(".")
            if len(place) == 3 and int(place[1]) < self.model.rowCount():
                column = TYPE if place[2] == "type" else KEY
                self.view.setCurrentIndex(self.model.index(int(place[1]), column))
                self.view.setFocus()
                break
        return {name: text for name, text in problems.items() if name not in mine}

    # What somebody does

    def add_key(self) -> None:
        """Add a key at the end and begin to edit its name."""
        self.model.append([LinkKey("", "")])
        self.view.begin_row(self.model.rowCount() - 1, KEY)

    def _toggle(self) -> None:
        self._clicked(self.view.currentIndex())

    def _clicked(self, index: QModelIndex) -> None:
        if index.isValid() and index.column() == REQUIRED:
            self.model.toggle_required(index.row())

    def _take(self, keys: Sequence[LinkKey]) -> None:
        self.model.append(keys)
        self.view.setCurrentIndex(self.model.index(self.model.rowCount() - 1, KEY))

    # What follows

    def _row_changed(self, current: QModelIndex) -> None:
        """Show the rules of another key, unless those that are shown cannot be read yet."""
        shown = self._config_row
        if self._is_loading or not 0 <= shown < self.model.rowCount():
            self._show_config()
        elif current.row() != shown and not self._can_read_config():
            QTimer.singleShot(0, self, partial(self._go_back_to, shown))
        elif current.row() != shown:
            self._show_config()

    def _can_read_config(self) -> bool:
        try:
            self.config.config()
        except Invalid:
            return False  # it says in place what is wrong
        return True

    def _go_back_to(self, row: int) -> None:
        if row < self.model.rowCount() and row == self._config_row:
            self.view.setCurrentIndex(self.model.index(row, KEY))
            self.config.form.focus_first_problem()

    def _show_config(self, *_: object) -> None:
        row = self.view.currentIndex().row()
        has_row = 0 <= row < self.model.rowCount()
        self.config.setEnabled(has_row and self.limit.isHidden())
        key = self.model.keys[row] if has_row else LinkKey("", "")
        self._config_row = row if has_row else -1
        self._is_loading = True
        self.config.set_type(key.type)
        self.config.load(key.config)
        self._is_loading = False

    def _take_config(self) -> None:
        row = self.view.currentIndex().row()
        if self._is_loading or not 0 <= row < self.model.rowCount():
            return
        try:
            config = self.config.config()
        except Invalid:
            return  # it says so in place, and again when it is to be stored
        self._is_loading = True
        self.model.set_config(row, config)
        self._is_loading = False
        self._changed()

    def _edited(self, *_: object) -> None:
        if self._is_loading:
            return
        self._show_config()
        self._changed()

    def _changed(self) -> None:
        if self.problem.text():
            self.problem.set_text("")
        self.proposals.show_known(self.model.keys)
        self._settling.start()
        self.edited.emit()

    def _ask_impact(self) -> None:
        if self._relationship_id and self.is_changed():
            self.impact.ask(self._relationship_id, self.model.keys)
        else:
            self.impact.clear()
