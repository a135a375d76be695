"""The page of an object's records: its list, what can be done with them, and the inspector."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QModelIndex, QPoint, Qt, QTimer
from PySide6.QtGui import QAction, QKeySequence, QPalette, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QMenu, QWidget
from typing_extensions import override

from crm_desktop.domain.changes import Change, Topic
from crm_desktop.gui.actions import Submenu, fill_groups, without_state
from crm_desktop.gui.clipboard.control import ClipboardControl
from crm_desktop.gui.clipboard.finding import FindControl
from crm_desktop.gui.drafts import Drafts
from crm_desktop.gui.icons import icon
from crm_desktop.gui.models.records import MOST_ROWS
from crm_desktop.gui.page import Page
from crm_desktop.gui.pages.column_widths import is_size
from crm_desktop.gui.pages.inspecting import Inspecting
from crm_desktop.gui.pages.lacking_records import LackingRecords
from crm_desktop.gui.pages.list_drafts import ListDrafts
from crm_desktop.gui.pages.record_bulk import BulkControl
from crm_desktop.gui.pages.record_list import RecordList, new_record_text
from crm_desktop.gui.pages.record_menus import cell_groups, page_groups
from crm_desktop.gui.tasks import Tasks
from crm_desktop.gui.theme import line_height
from crm_desktop.gui.tips import plain_tip
from crm_desktop.gui.trail import Trail
from crm_desktop.gui.widgets.buttons import (
    IconButton,
    action_button,
    plain_button,
    primary_button,
)
from crm_desktop.gui.widgets.splitter import Splitter
from crm_desktop.services.objects import ObjectDetail

if TYPE_CHECKING:
    from crm_desktop.gui.editors.record_panel import RecordPanel

_NEEDS_GRID = {"Ctrl+Return", "Ctrl+Del"}  # other keys serve in the tree and the tabs as well
_SETTLED_AFTER = 1000  # milliseconds without a change, before how the list is shown is kept
_ROOM_FOR_BOTH = 46  # lines of text high: a narrower page shows the list alone


class RecordsPage(Page):
    """The records of one object, with the current one beside them in the inspector."""

    def __init__(
        self,
        tasks: Tasks,
        object_id: str,
        parent: QWidget | None = None,
        *,
        drafts: Drafts | None = None,
    ) -> None:
        super().__init__(tasks, parent)
        self._drafts = drafts if drafts is not None else Drafts(tasks, parent=self)
        self.object_id = object_id
        self._is_split = self._is_narrow = False
        self._wants_inspector = True
        self._new_text = self.tr("New record")
        self.split = Splitter(Qt.Orientation.Horizontal, self)
        self.list = RecordList(tasks, object_id, self._drafts, self.split)
        self.model, self.grid = self.list.model, self.list.grid
        self.bulk = BulkControl(tasks, self.list)
        self.clipboard = ClipboardControl(tasks, self.list)
        self.finding = FindControl(tasks, self.list, self.clipboard.ids)
        self.left_over = ListDrafts(self._drafts, object_id)
        self.lacking = LackingRecords(self.list)
        self.inspecting = Inspecting(tasks, self.list, self._drafts)
        self.new_button = primary_button(self._new_text, icon_name="plus")
        self.import_button = plain_button(self.tr("Import…"), icon_name="file-up")
        self._make_actions()
        self._lay_out()
        self._connect()
        self.refresh()

    def _make_actions(self) -> None:
        self.new_action = self._action(self.tr("New record"), "plus", "Ctrl+N", self.create_record)
        self.open_action = self._action(
            self.tr("Open record"), "square-arrow-out-up-right", "Ctrl+Return", self.open_current
        )
        self.delete_action = self._action(
            self.tr("Delete records…"), "trash-2", "Ctrl+Del", self.bulk.delete
        )
        self.impact_action = self._action(
            self.tr("What depends on them…"), "list-tree", "Ctrl+Shift+I", self.bulk.show_impact
        )
        self.bulk_action = self._action(
            self.tr("Edit many records…"), "pencil-line", "Ctrl+Shift+E", self.bulk.edit
        )
        self.link_action = self._action(
            self.tr("Link selected…"), "link-2", "Ctrl+Shift+J", self.bulk.link
        )
        self.inspector_action = self._action(
            self.tr("Inspector"), "panel-right", "Alt+Return", self._show_inspector
        )
        self.inspector_action.setCheckable(True)
        self.inspector_action.setChecked(True)
        self.indexes_action = self._action(self.tr("Indexes…"), "gauge", "", self.open_indexes)
        self.import_action = self._action(
            self.tr("Import a file…"), "file-up", "Ctrl+I", self.import_file
        )

        self.copy_link_action = self._action(
            self.tr("Copy link"), "link", "Ctrl+Shift+K", self.copy_links
        )
        self.graph_action = self._action(
            self.tr("Links as graph"), "waypoints", "Ctrl+Shift+R", self.open_graph
        )
        self.previous_action = self._action(
            self.tr("Previous record"), "chevron-up", "Alt+PgUp", partial(self.inspecting.step, -1)
        )
        self.next_action = self._action(
            self.tr("Next record"), "chevron-down", "Alt+PgDown", partial(self.inspecting.step, 1)
        )
        self.go_to_action = self._action(
            self.tr("Go to row…"), "list-ordered", "Ctrl+G", self.ask_for_row
        )
        self.sort_action = self._action(
            self.tr("Sort by this column…"), "arrow-down-up", "Ctrl+Shift+S",
            self.list.sorting.show_menu,
        )  # fmt: skip
        self.filter_action = self._action(
            self.tr("Filter…"), "list-filter", "Ctrl+Shift+F", self.list.filters.open_editor
        )
        self.quick_filter_action = self._action(
            self.tr("Filter by values of this column"),
            "list-checks",
            "Ctrl+Shift+L",
            self.list.filter_column,
        )
        self.sum_action = self._action(
            self.tr("Sum up this column…"), "sigma", "Ctrl+Shift+M", self.list.sum_up_column
        )
        self._make_group_actions()

    def _make_group_actions(self) -> None:
        groups = self.list.groups
        self.group_action = self._action(
            self.tr("Group…"), "layers", "Ctrl+Shift+G", self._show_group_menu
        )
        self.group_action.setCheckable(True)
        self.fold_action = self._action(
            self.tr("Collapse all groups"), "list-chevrons-down-up", "Alt+Shift+Left",
            groups.fold_all,
        )  # fmt: skip
        self.unfold_action = self._action(
            self.tr("Expand all groups"), "list-chevrons-up-down", "Alt+Shift+Right",
            groups.unfold_all,
        )  # fmt: skip
        self.next_group_action = self._action(
            self.tr("Next group"), "arrow-down-to-line", "Ctrl+Alt+PgDown", groups.go_to_next
        )
        self.previous_group_action = self._action(
            self.tr("Previous group"), "arrow-up-to-line", "Ctrl+Alt+PgUp", groups.go_to_previous
        )

        self.addActions(self.list.editing.actions())
        self.addActions([*self.clipboard.actions(), *self.finding.actions()])

        for action in (
            *self.list.view_commands.actions(),
            *self.list.columns.actions(),
            self.list.search.wide_action,
        ):
            self.addAction(action)

    def _action(self, text: str, icon_name: str, key: str, act: Callable[[], object]) -> QAction:
        action = QAction(icon(icon_name), text, self)
        action.setProperty("icon_name", icon_name)
        if key:
            action.setShortcut(QKeySequence(key))
        if key in _NEEDS_GRID:
            action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        action.triggered.connect(partial(without_state, act))
        self.addAction(action)
        return action

    def _lay_out(self) -> None:
        self.setBackgroundRole(QPalette.ColorRole.Base)
        self.setAutoFillBackground(True)
        refresh = IconButton("refresh-cw", self.tr("Refresh"), is_outlined=True)
        refresh.clicked.connect(self.refresh)
        self.list.narrowed.connect(refresh.setHidden)
        bar = self.list.bar
        bar.addWidget(action_button(self.list.columns.columns_action, is_outlined=True))
        bar.addWidget(action_button(self.filter_action, is_outlined=True))
        self.group_button = action_button(self.group_action, is_outlined=True)
        bar.addWidget(self.group_button)
        bar.addWidget(refresh)
        bar.addWidget(action_button(self.inspector_action, is_outlined=True))
        bar.addStretch(1)
        bar.addWidget(self.import_button)
        bar.addWidget(self.new_button)
        self.list.add_notice(self.left_over)
        self.split.addWidget(self.list)
        self.split.addWidget(self.inspecting.pane)
        self.split.setStretchFactor(0, 1)
        self.split.setStretchFactor(1, 0)
        self.split.setSizes([round(line_height() * 50), round(line_height() * 19)])
        box = QHBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.addWidget(self.split)
        self.setFocusProxy(self.grid)

    def _connect(self) -> None:
        self.split.splitterMoved.connect(self._note_split)
        self.new_button.clicked.connect(self.create_record)
        self.import_button.clicked.connect(self.import_file)
        self.list.object_read.connect(self._show_object)
        self.list.object_gone.connect(self._show_gone)
        self.list.narrowed.connect(self.import_button.setHidden)
        self.list.cramped.connect(self._name_new_button)
        self.list.create_requested.connect(self.create_record)
        self.list.arrived.connect(self._follow_arrived)
        self.list.counts_said.connect(self.set_status)
        self.list.refused.connect(self.refused)
        self.bulk.refused.connect(self.refused)
        for control in (self.clipboard, self.finding):
            control.refused.connect(self.refused)
            control.told.connect(self.told)
        self.model.modelReset.connect(self._say_grouping)
        self.list.editing.unsaved_changed.connect(self._tell_unsaved)
        self.list.editing.open_requested.connect(self.open_requested)
        self.grid.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.grid.customContextMenuRequested.connect(self._show_menu)
        self.grid.selectionModel().currentRowChanged.connect(self._follow_current)
        self._settling = QTimer(self, singleShot=True, interval=_SETTLED_AFTER)
        self._settling.timeout.connect(self.arranged)
        self.list.views.changed.connect(self._settling.start)
        self.inspecting.made.connect(self._connect_inspector)
        self.inspecting.refused.connect(self.refused)
        self.inspecting.told.connect(self.told)
        self.left_over.open_requested.connect(self.open_requested)
        self._tasks.changed.connect(self._reload_if_touched)

    @property
    def inspector(self) -> RecordPanel:
        return self.inspecting.panel

    def _connect_inspector(self, panel: RecordPanel) -> None:
        panel.unsaved_changed.connect(self._tell_unsaved)
        panel.refused.connect(self.refused)
        panel.open_requested.connect(self.open_requested)

    # Reading

    @override
    def refresh(self) -> None:
        """Read the layout again, then the records."""
        self.list.refresh()

    def _show_object(self, crm_object: ObjectDetail) -> None:
        self.icon_name = crm_object.icon or "box"
        self.set_title(crm_object.plural_name)
        self.left_over.call_object(crm_object.label)
        self.inspecting.show_icon(crm_object.icon)
        tip = self.tr("New {} (Ctrl+N)").replace("{}", crm_object.label)
        self.new_button.setToolTip(plain_tip(tip))
        self._new_text = new_record_text(crm_object.label)
        self.new_button.setAccessibleName(self._new_text.replace("&&", "&"))
        self._name_new_button()

    def _name_new_button(self, *_: bool) -> None:
        self.new_button.setText("" if self.list.is_cramped else self._new_text)

    def _show_gone(self) -> None:
        self.new_button.setEnabled(False)
        self.import_button.setEnabled(False)

    def _follow_arrived(self) -> None:
        if not self.model.rowCount():
            self.inspecting.show_nothing()
        self._follow_current()

    def _reload_if_touched(self, changes: frozenset[Change]) -> None:
        own = {Topic.RECORDS, Topic.OBJECTS, Topic.LAYOUTS}
        mine = {Change(topic, self.object_id) for topic in own}
        if self.list.editing.takes(changes):
            return
        if changes & mine or any(change.topic is Topic.FIELDS for change in changes):
            self.refresh()

    @override
    def show_lacking(self, field_id: str) -> None:
        self.lacking.show(field_id)

    @override
    def view_state(self) -> str:
        state: dict[str, Any] = {"list": self.list.views.state()}
        if self.list.search.is_wide:
            state["searches_all_text"] = True
        if not self._wants_inspector:
            state["inspector"] = False
        if declined := self.list.indexes.declined_names():
            state["no_index"] = declined
        if self._is_split:
            state["panes"] = self.split.sizes()
        return json.dumps(state) if state else ""

    @override
    def restore_view(self, state: str) -> None:
        try:
            stored = json.loads(state or "{}")
        except ValueError:
            return
        if not isinstance(stored, dict):
            return
        self.list.views.restore(stored.get("list"))
        self.list.indexes.restore(stored.get("no_index"))
        self.list.search.set_wide(stored.get("searches_all_text") is True)
        panes = stored.get("panes")
        if stored.get("inspector") is False:
            self._wants_inspector = False
            self._set_inspector_shown(is_shown=False)
        if isinstance(panes, list) and len(panes) == 2 and all(map(is_size, panes)):
            self._note_split()
            self.split.setSizes(panes)

    def _note_split(self, *_: int) -> None:
        self._is_split = True

    # The current record

    def _follow_current(self, *_: QModelIndex) -> None:
        """Show the current record beside the list, unless one is being edited there."""
        self.inspecting.follow()

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        """Let the inspector go where there is no room for it, and come back with the room."""
        super().resizeEvent(event)
        is_narrow = self.width() < _ROOM_FOR_BOTH * line_height()
        if is_narrow != self._is_narrow:
            self._is_narrow = is_narrow
            self._set_inspector_shown(is_shown=self._wants_inspector and not is_narrow)
            self._follow_current()

    def _show_inspector(self) -> None:
        self._wants_inspector = self.inspecting.pane.isHidden()  # it may have gone for want of room
        self._set_inspector_shown(is_shown=self._wants_inspector)
        self._follow_current()

    def _set_inspector_shown(self, *, is_shown: bool) -> None:
        self.inspector_action.setChecked(is_shown)
        self.inspecting.pane.setVisible(is_shown)

    @override
    def save(self) -> None:
        self.inspecting.save()
        self.list.editing.save()

    @override
    def has_unsaved(self) -> bool:
        return self.inspecting.has_unsaved() or self.list.editing.has_unsaved()

    def _tell_unsaved(self, _: bool) -> None:  # noqa: FBT001 - a slot
        self.unsaved_changed.emit(self.has_unsaved())

    @override
    def drop_unsaved(self) -> None:
        self.inspecting.drop_unsaved()
        self.list.editing.drop_unsaved()

    @override
    def trail(self) -> Trail | None:
        return self.inspecting.trail()

    @override
    def menu_groups(self) -> Sequence[Sequence[QAction | Submenu]]:
        return page_groups(self)

    @override
    def start_find(self) -> None:
        self.list.search.setFocus()
        self.list.search.selectAll()

    # What can be done

    def create_record(self) -> None:
        self.open_requested.emit(f"new-record:{self.object_id}")

    def open_current(self) -> None:
        if record_id := self.list.current_id():
            self.open_requested.emit(f"record:{record_id}")

    def open_graph(self) -> None:
        """Show the links of the current record, and their links, as a graph."""
        if record_id := self.list.current_id():
            self.open_requested.emit(f"recgraph:{record_id}")

    def copy_links(self) -> None:
        """Put the permanent links of the selected records on the clipboard, one a line."""
        if done := self.inspecting.copy_links():
            self.set_status(done)

    def _show_group_menu(self) -> None:
        """Offer what to group by, below the button or, where that is hidden, above the list."""
        self._say_grouping()
        menu = self.list.groups.menu(self)
        button = self.group_button
        below = button.mapToGlobal(QPoint(0, button.height()))
        menu.popup(below if button.isVisible() else self.list.groups.menu_place())

    def _say_grouping(self) -> None:
        """Show at the button whether, and by what, the list is grouped."""
        words = self.list.groups.described()
        self.group_action.setChecked(bool(words))
        key = self.group_action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
        said = words or self.tr("Group")
        self.group_action.setToolTip(plain_tip(f"{said} ({key})"))
        for action in (self.fold_action, self.unfold_action, self.next_group_action,
                       self.previous_group_action):  # fmt: skip
            action.setEnabled(bool(words))

    def ask_for_row(self) -> None:
        """Ask for the number of a row and go there."""
        from crm_desktop.gui.dialogs.go_to_row import GoToRowDialog

        if self.model.rowCount():
            row = max(0, self.model.groups.number_of(max(0, self.grid.currentIndex().row()))) + 1
            dialog = GoToRowDialog(row, min(self.model.total, MOST_ROWS), self.window())
            dialog.row_chosen.connect(self.list.go_to_row)
            dialog.finished.connect(dialog.deleteLater)
            dialog.open()

    def open_indexes(self) -> None:
        """Show the indexes on fields, of every object."""
        self.open_requested.emit("indexes")

    def import_file(self) -> None:
        """Choose a file whose rows become records of this object."""
        from crm_desktop.gui.dialogs.import_dialog import ImportDialog

        dialog = ImportDialog(self._tasks, self.object_id, self.window())
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _show_menu(self, place: QPoint) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        fill_groups(menu, cell_groups(self))
        menu.popup(self.grid.viewport().mapToGlobal(place))
