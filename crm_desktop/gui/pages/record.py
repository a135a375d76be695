"""The page of one record: its form, and what is linked to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeySequence, QPalette
from PySide6.QtWidgets import QVBoxLayout, QWidget
from typing_extensions import override

from crm_desktop.domain.changes import Change, Topic
from crm_desktop.gui.dialogs.delete_dialog import DeleteDialog
from crm_desktop.gui.dialogs.deletions import deletion_of_records
from crm_desktop.gui.drafts import Drafts
from crm_desktop.gui.editors.record_panel import RecordPanel
from crm_desktop.gui.editors.related_panel import RelatedPanel
from crm_desktop.gui.icons import icon
from crm_desktop.gui.page import Page
from crm_desktop.gui.tasks import Tasks
from crm_desktop.gui.theme import line_height
from crm_desktop.gui.widgets.splitter import Splitter
from crm_desktop.services import link_lists, objects, relationships
from crm_desktop.services.objects import ObjectDetail
from crm_desktop.services.records import RecordDetail
from crm_desktop.services.relationships import RelationshipSide

Related = tuple[ObjectDetail, Sequence[RelationshipSide], Mapping[tuple[str, bool], int]]


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
        self._drafts = drafts if drafts is not None else Drafts(tasks)
        self.record_id = record_id
        self.icon_name = ""  # what the tab remembers stays until the record has been read
        self.panel = RecordPanel(tasks)
        self.panel.loaded.connect(self._show)
        self.panel.gone.connect(self._show_gone)
        self.panel.unsaved_changed.connect(self.unsaved_changed)
        self.panel.refused.connect(self.refused)
        self.panel.open_requested.connect(self.open_requested)
        self.related = RelatedPanel(tasks)
        self.related.open_requested.connect(self.open_requested)
        split = Splitter(Qt.Orientation.Horizontal)
        split.addWidget(self.panel)
        split.addWidget(self.related)
        split.setStretchFactor(0, 1)
        split.setStretchFactor(1, 1)
        split.setSizes([round(line_height() * 44), round(line_height() * 36)])
        self.setBackgroundRole(QPalette.ColorRole.Base)
        self.setAutoFillBackground(True)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.addWidget(split)
        self._delete = QAction(icon("trash", "danger"), self.tr("Delete record…"), self)
        self._delete.setProperty("icon_name", "trash")
        self._delete.setShortcut(QKeySequence("Ctrl+Del"))
        self._back = QAction(icon("corner-left-up"), self.tr("Back to the list"), self)
        self._back.setProperty("icon_name", "corner-left-up")
        self._back.setShortcut(QKeySequence("Alt+Up"))
        self._back.triggered.connect(self.panel.open_list)
        self.addAction(self._back)
        self._delete.triggered.connect(self._ask_to_delete)
        self._delete.setEnabled(False)
        self.addAction(self._delete)
        tasks.changed.connect(self._reload_links_if_touched)
        self.setFocusProxy(self.panel.form)
        self._open()

    def _open(self) -> None:
        self.panel.open_record(self.record_id)

    @override
    def refresh(self) -> None:
        self.panel.reload()

    @override
    def save(self) -> None:
        self.panel.save()

    @override
    def has_unsaved(self) -> bool:
        return self.panel.has_unsaved()

    @override
    def can_save(self) -> bool:
        return self.panel.can_save()

    def _show(self, detail: RecordDetail) -> None:
        self.record_id = detail.id
        self.set_title(detail.primary_value or self.tr("Without a name"))
        self.set_status(f"{detail.object_label} · {detail.id}")
        self._delete.setEnabled(detail.can_delete)
        self._read_related(detail)

    def _read_related(self, detail: RecordDetail) -> None:
        call = partial(_related_of, object_id=detail.object_id, record_id=detail.id)
        self._tasks.read(self, call, self._show_related, self.refused.emit)

    def _show_related(self, related: Related) -> None:
        crm_object, sides, counts = related
        self.panel.show_icon(crm_object.icon)
        if self.icon_name != (crm_object.icon or ""):
            self.icon_name = crm_object.icon or "box"
            self.title_changed.emit(self.title)
        self.related.show_related(self.record_id, sides, counts)

    def _show_gone(self) -> None:
        self.set_status(self.tr("This record was deleted."))
        self._delete.setEnabled(False)
        self.related.hide()

    def _ask_to_delete(self) -> None:
        dialog = DeleteDialog(self._tasks, deletion_of_records([self.record_id]), self.window())
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _reload_links_if_touched(self, changes: frozenset[Change]) -> None:
        if self.panel.record is not None and any(c.topic is Topic.LINKS for c in changes):
            self._read_related(self.panel.record)


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

    @override
    def _show(self, detail: RecordDetail) -> None:
        self.related.show()
        is_first = self.record_id != detail.id
        super()._show(detail)
        if is_first:
            self.address_changed.emit(f"record:{detail.id}")


def _related_of(session: Any, object_id: str, record_id: str) -> Related:
    return (
        objects.get_object(session, object_id),
        relationships.sides_of_object(session, object_id),
        link_lists.count_related(session, record_id),
    )
