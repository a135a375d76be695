"""The page of one record: its form, what is linked to it, and the way to its neighbours."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QGuiApplication, QKeySequence, QPalette
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget
from typing_extensions import override

from crm_desktop.domain.record_links import link_to_record
from crm_desktop.gui.actions import Submenu
from crm_desktop.gui.dialogs.delete_dialog import DeleteDialog
from crm_desktop.gui.dialogs.deletions import deletion_of_targets
from crm_desktop.gui.drafts import Drafts
from crm_desktop.gui.editors.record_panel import RecordPanel
from crm_desktop.gui.icons import icon
from crm_desktop.gui.impact.impact_dialog import ASKING_KEY, asking_text, open_impact
from crm_desktop.gui.impact.studies import study_of_records
from crm_desktop.gui.links.panels import LinkPanels
from crm_desktop.gui.messages import choose
from crm_desktop.gui.page import Page
from crm_desktop.gui.pages.comparing import open_comparison
from crm_desktop.gui.pages.record_walk import RecordWalk
from crm_desktop.gui.tasks import Tasks
from crm_desktop.gui.theme import line_height
from crm_desktop.gui.trail import Trail
from crm_desktop.gui.widgets.buttons import action_button
from crm_desktop.gui.widgets.splitter import Splitter
from crm_desktop.services import objects
from crm_desktop.services.objects import ObjectDetail
from crm_desktop.services.record_targets import ChosenRecords
from crm_desktop.services.records import RecordDetail


class RecordPage(Page):
    """Shows, edits and deletes one record."""

    def __init__(
        self,
        tasks: Tasks,
        record_id: str,
        parent: QWidget | None = None,
        *,
        drafts: Drafts | None = None,
    ) -> None:
        super().__init__(tasks, parent)
        self._drafts = drafts if drafts is not None else Drafts(tasks, parent=self)
        self.record_id, self._wanted = record_id, ""
        self.icon_name = ""  # what the tab remembers stays until the record has been read
        self.panel = RecordPanel(tasks, self._drafts)
        self.panel.loaded.connect(self._show)
        self.panel.gone.connect(self._show_gone)
        self.panel.unread.connect(self._show_unread)
        self.panel.unsaved_changed.connect(self.unsaved_changed)
        self.panel.saved.connect(self._go_on)
        self.panel.not_saved.connect(self._stay)
        self.panel.refused.connect(self.refused)
        self.panel.open_requested.connect(self.open_requested)
        self.panel.comparison_wanted.connect(partial(open_comparison, self.panel))
        self.related = LinkPanels(tasks, drafts=self._drafts)
        self.related.open_requested.connect(self.open_requested)
        self.related.refused.connect(self.refused)
        self.related.told.connect(self.told)
        self.related.folded.connect(self.arranged)
        split = Splitter(Qt.Orientation.Horizontal)
        split.addWidget(self.panel)
        split.addWidget(self.related)
        split.setStretchFactor(0, 1)
        split.setStretchFactor(1, 1)
        split.setSizes([round(line_height() * 38), round(line_height() * 44)])
        self.setBackgroundRole(QPalette.ColorRole.Base)
        self.setAutoFillBackground(True)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        box.addWidget(self.panel.head)  # over the whole page, not beside what is linked
        box.addWidget(split, 1)
        self._make_actions()
        self.setFocusProxy(self.panel.form)
        self._open()

    def _make_actions(self) -> None:
        back = self._action(self.tr("Back to the list"), "corner-left-up", "Alt+Up")
        back.triggered.connect(self.panel.open_list)
        before = self._action(self.tr("Previous record"), "chevron-left", "Alt+PgUp")
        after = self._action(self.tr("Next record"), "chevron-right", "Alt+PgDown")
        self.walk = RecordWalk(self._tasks, self.panel, before, after, self)
        self.walk.record_wanted.connect(self._go_to)
        self._copy = self._action(self.tr("Copy link"), "link", "Ctrl+Shift+K")
        self._copy.triggered.connect(self.copy_link)
        self._graph = self._action(self.tr("Links as graph"), "waypoints", "Ctrl+Shift+R")
        self._graph.triggered.connect(self.open_graph)
        self._duplicate = self._action(self.tr("Duplicate record"), "copy-plus", "Ctrl+Shift+D")
        self._duplicate.triggered.connect(self.duplicate)
        self._impact = self._action(asking_text(), "list-tree", ASKING_KEY)
        self._impact.triggered.connect(self.show_impact)
        self._delete = self._action(self.tr("Delete record…"), "trash", "Ctrl+Del")
        self._delete.setIcon(icon("trash", "danger"))
        self._delete.triggered.connect(self._ask_to_delete)
        self._allow(None)
        head = self.panel.head.layout()
        if isinstance(head, QHBoxLayout):
            place = head.indexOf(self.panel.menu_button)
            head.insertWidget(place, action_button(self._graph, is_outlined=True))
        self.panel.offer_actions(
            [self._graph, self._copy, self._duplicate, self._impact, self._delete]
        )

    def _action(self, text: str, icon_name: str, key: str) -> QAction:
        action = QAction(icon(icon_name), text, self)
        action.setProperty("icon_name", icon_name)
        action.setShortcut(QKeySequence(key))
        self.addAction(action)
        return action

    def _allow(self, detail: RecordDetail | None) -> None:
        self._delete.setEnabled(detail is not None and detail.can_delete)
        for action in (self._copy, self._graph, self._duplicate, self._impact):
            action.setEnabled(detail is not None)

    def _open(self) -> None:
        self.panel.open_record(self.record_id)

    @override
    def refresh(self) -> None:
        self.panel.reload()
        self.related.refresh()

    @override
    def save(self) -> None:
        self.panel.save()

    @override
    def has_unsaved(self) -> bool:
        return self.panel.has_unsaved()

    @override
    def can_save(self) -> bool:
        return self.panel.can_save()

    @override
    def drop_unsaved(self) -> None:
        self.panel.drop_unsaved()

    @override
    def follow(self, trail: Trail | None) -> None:
        self.walk.follow(trail)

    def copy_link(self) -> None:
        """Put the record's permanent link on the clipboard."""
        QGuiApplication.clipboard().setText(link_to_record(self.record_id))
        self.set_status(self.tr("The link to this record is on the clipboard."))

    def open_graph(self) -> None:
        """Show the record's links and their links as a graph."""
        self.open_requested.emit(f"recgraph:{self.record_id}")

    def duplicate(self) -> None:
        """Begin a new record with the values of this one."""
        self.open_requested.emit(f"duplicate:{self.record_id}")

    def _go_to(self, record_id: str) -> None:
        """Show another record here; what is unsaved is asked about first."""
        if not self.has_unsaved():
            self.panel.open_record(record_id)
            return
        choose(
            self,
            self.tr("Unsaved changes"),
            self.tr("Save the changes?"),
            self.title,
            {
                self.tr("Save"): partial(self._save_and_go, record_id),
                self.tr("Discard changes"): partial(self._drop_and_go, record_id),
            },
        )

    def _save_and_go(self, record_id: str) -> None:
        self._wanted = record_id
        self.panel.save()

    def _drop_and_go(self, record_id: str) -> None:
        self.panel.drop_unsaved()
        self.panel.open_record(record_id)

    def _go_on(self, _: str) -> None:
        wanted, self._wanted = self._wanted, ""
        if wanted:
            self.panel.open_record(wanted)

    def _stay(self) -> None:
        self._wanted = ""

    def _show(self, detail: RecordDetail) -> None:
        is_other, self.record_id = self.record_id != detail.id, detail.id
        if is_other:
            self.address_changed.emit(f"record:{detail.id}")
        self.walk.show_record(detail.id)
        self.set_title(detail.primary_value or self.tr("Without a name"))
        self.set_status(f"{detail.object_label} · {detail.id}")
        self._allow(detail)
        self.related.show()
        call = partial(objects.get_object, object_id=detail.object_id)
        self._tasks.read(self, call, self._show_object, self.refused.emit)
        self.related.show_record(detail)

    def _show_object(self, crm_object: ObjectDetail) -> None:
        self.panel.show_icon(crm_object.icon)
        icon_name = crm_object.icon or "box"
        if self.icon_name != icon_name:
            self.icon_name = icon_name
            self.title_changed.emit(self.title)

    def _show_gone(self) -> None:
        self.set_status(self.tr("There is no such record."))
        self._show_unread()

    def _show_unread(self) -> None:
        """Offer nothing that needs the record."""
        self._allow(None)
        self.related.hide()

    def show_impact(self) -> None:
        """Show what depends on the record."""
        if self.panel.record is not None:
            target = ChosenRecords(self.panel.record.object_id, (self.record_id,))
            name = self.tr("“{name}”").format(name=self.title)
            open_impact(self._tasks, name, study_of_records(target), self.window())

    def _ask_to_delete(self) -> None:
        if self.panel.record is None:
            return
        chosen = ChosenRecords(self.panel.record.object_id, (self.record_id,))
        dialog = DeleteDialog(self._tasks, deletion_of_targets(chosen), self.window())
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    # What is linked

    @override
    def menu_groups(self) -> Sequence[Sequence[QAction | Submenu]]:
        links = Submenu(self.tr("Links"), "link", self.related.actions_of_links.groups())
        return [[action for action in self.actions() if action.text()], [links]]

    @override
    def start_find(self) -> None:
        if (linked := self.related.active()) is not None:
            linked.start_find()

    @override
    def view_state(self) -> str:
        folds = [[*key, is_open] for key, is_open in self.related.folds().items()]
        return json.dumps({"links": folds}) if folds else ""

    @override
    def restore_view(self, state: str) -> None:
        try:
            stored = json.loads(state or "{}")
        except ValueError:
            return
        folds = stored.get("links") if isinstance(stored, dict) else None
        if isinstance(folds, list):
            known = [each for each in folds if isinstance(each, list) and len(each) == 3]
            self.related.restore_folds({(str(a), b is True): c is True for a, b, c in known})


class NewRecordPage(RecordPage):
    """An empty form; once saved, the page of the record that was made."""

    def __init__(
        self,
        tasks: Tasks,
        object_id: str,
        parent: QWidget | None = None,
        *,
        drafts: Drafts | None = None,
    ) -> None:
        self._object_id = object_id
        super().__init__(tasks, "", parent, drafts=drafts)
        self.title, self.icon_name = self.tr("New record"), "file-plus"
        self.panel.begun.connect(self._name_tab)

    @override
    def _open(self) -> None:
        self.related.hide()
        self.panel.start_record(self._object_id)

    def _name_tab(self, crm_object: ObjectDetail) -> None:
        self.icon_name = crm_object.icon or "box"
        self.set_title(self.tr("New {}").replace("{}", crm_object.label))
        self.set_status(self.title)


class DuplicatePage(NewRecordPage):
    """A form for a new record that begins with the values of another."""

    @override
    def _open(self) -> None:
        self.related.hide()
        self.panel.start_record("", like=self._object_id)
