"""The record beside a list: which it is, what is unsaved in it, and the way to its neighbours."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtGui import QAction, QGuiApplication
from PySide6.QtWidgets import QVBoxLayout, QWidget

from crm_desktop.domain.errors import UserError
from crm_desktop.domain.record_links import link_to_record
from crm_desktop.gui.drafts import Drafts
from crm_desktop.gui.icons import icon
from crm_desktop.gui.pages.record_list import RecordList
from crm_desktop.gui.pictures import FirstPaint
from crm_desktop.gui.tasks import Tasks
from crm_desktop.gui.trail import Trail
from crm_desktop.services.record_anchors import find_row

if TYPE_CHECKING:
    from crm_desktop.gui.editors.record_panel import RecordPanel
    from crm_desktop.gui.links.inspector_tabs import InspectorTabs


class Inspecting(QObject):
    """Lets the inspector follow the current row, unless something unsaved keeps it.

    The inspector is made once the first records have been painted, or when it is asked for: its
    form takes as long to load as the list does. An empty pane keeps its place until then.
    """

    made = Signal(object)  # RecordPanel
    refused = Signal(object)  # UserError
    told = Signal(object)  # Message

    def __init__(self, tasks: Tasks, record_list: RecordList, drafts: Drafts) -> None:
        super().__init__(record_list)
        self._tasks, self._list, self._drafts = tasks, record_list, drafts
        self._panel: RecordPanel | None = None
        self.tabs: InspectorTabs | None = None
        self._icon_text: str | None = None
        self._is_awaiting = False
        self.pane = QWidget(record_list.parentWidget())  # beside the list
        self.pane.setMinimumWidth(1)  # it gives way before the list does
        self._room = QVBoxLayout(self.pane)
        self._room.setContentsMargins(0, 0, 0, 0)

    @property
    def panel(self) -> RecordPanel:
        """The inspector, made now if it is not there yet."""
        if self._panel is None:
            self._panel = self._make_panel()
            self.made.emit(self._panel)
            self.follow()
        return self._panel

    @Slot()
    def _make(self) -> None:
        _ = self.panel

    def _make_after_paint(self) -> None:
        if not self._is_awaiting and not self.pane.isHidden():
            self._is_awaiting = True
            FirstPaint(self._list.grid.viewport()).painted.connect(self._make)

    def show_icon(self, icon_text: str | None) -> None:
        self._icon_text = icon_text
        if self._panel is not None:
            self._panel.show_icon(icon_text)

    def show_nothing(self) -> None:
        """Say that no record is current, unless something unsaved is shown."""
        if self._panel is None:
            self._make_after_paint()
        elif not self._panel.has_unsaved():
            self._panel.show_nothing()

    def has_unsaved(self) -> bool:
        return self._panel is not None and self._panel.has_unsaved()

    def save(self) -> None:
        if self._panel is not None:
            self._panel.save()

    def drop_unsaved(self) -> None:
        if self._panel is not None:
            self._panel.drop_unsaved()

    def follow(self) -> None:
        """Show the current record, or say why another one is still shown."""
        record_id = self._list.current_id()
        if self._panel is None:
            if record_id:
                self._make_after_paint()
            return
        self._allow_steps(self._panel)
        if self.pane.isHidden() or not record_id:
            return
        if not self._panel.has_unsaved():
            self._panel.notice.hide()
            if record_id != self._panel.record_id:
                self._panel.open_record(record_id)
        elif record_id == self._panel.record_id:
            self._panel.notice.hide()
        else:
            self._say_still_editing(self._panel)

    def _make_panel(self) -> RecordPanel:
        from crm_desktop.gui.editors.record_panel import RecordPanel
        from crm_desktop.gui.links.inspector_tabs import InspectorTabs
        from crm_desktop.gui.pages.comparing import open_comparison

        panel = RecordPanel(self._tasks, self._drafts, is_narrow=True)
        panel.unsaved_changed.connect(self._follow_again)
        panel.step_requested.connect(self.step)
        panel.comparison_wanted.connect(partial(open_comparison, panel))
        panel.stepper.allow(has_before=False, has_after=False)
        panel.show_icon(self._icon_text)
        copy = QAction(icon("link"), self.tr("Copy link"), self)
        copy.triggered.connect(self._copy_link)
        duplicate = QAction(icon("copy-plus"), self.tr("Duplicate record"), self)
        duplicate.triggered.connect(self._duplicate)
        panel.offer_actions([copy, duplicate])
        self.tabs = InspectorTabs(self._tasks, panel, self._drafts)
        self.tabs.told.connect(self.told)
        self._room.addWidget(self.tabs)
        self.tabs.show()
        return panel

    def step(self, by: int) -> None:
        """Make the next row current, or the one before."""
        index = self._list.grid.currentIndex()
        row = self._beside(by)
        if row >= 0:
            self._list.grid.setCurrentIndex(index.siblingAtRow(row))

    def _beside(self, by: int) -> int:
        """Return the row of the next record, or of the one before; -1 at the ends."""
        index, model = self._list.grid.currentIndex(), self._list.model
        if not index.isValid():
            return -1
        return model.groups.record_beside(index.row(), by, model.rowCount())

    def trail(self) -> Trail | None:
        """Return where the current record stands in the list."""
        model = self._list.model
        if not model.columns:
            return None
        index = self._list.grid.currentIndex()
        row = model.groups.number_of(index.row()) if index.isValid() else None
        row = None if row is not None and row < 0 else row  # the heading of a group
        total = model.total if model.has_counted else None
        return Trail(model.query, model.columns, row, total)

    def copy_links(self) -> str:
        """Put the links of the selected records on the clipboard; return what was done."""
        rows = self._list.grid.selected_rows()
        ids = self._list.model.ids_of(rows)
        if not all(ids):
            sentence = self.tr("Some of the selected records have not been read. Select fewer.")
            self.refused.emit(UserError(sentence))
            return ""
        ids = ids or [each for each in [self._list.current_id()] if each]
        QGuiApplication.clipboard().setText("\n".join(link_to_record(id_) for id_ in ids))
        return self.tr("Links copied: {}").replace("{}", f"{len(ids):,}")

    def _copy_link(self) -> None:
        QGuiApplication.clipboard().setText(link_to_record(self.panel.record_id))

    def _duplicate(self) -> None:
        self.panel.open_requested.emit(f"duplicate:{self.panel.record_id}")

    def _say_still_editing(self, panel: RecordPanel) -> None:
        sentence = self.tr("Still editing {}, which is not saved.")
        panel.notice.ask(
            sentence.replace("{}", panel.title.text()),
            [
                (self.tr("Save"), panel.save),
                (self.tr("Discard"), panel.drop_unsaved),
                (self.tr("Go to it"), self._go_back),
            ],
        )

    def _go_back(self) -> None:
        """Make the row current whose record is being edited."""
        model = self._list.model
        call = partial(
            find_row,
            query=model.query,
            columns=model.columns,
            record_id=self.panel.record_id,
        )
        self._tasks.read(self, call, self._go_to, self.refused.emit)

    def _go_to(self, row: int | None) -> None:
        if row is None:
            self.refused.emit(UserError(self.tr("The list does not show that record now.")))
        else:
            self._list.go_to_row(row + 1)

    def _follow_again(self, is_unsaved: bool) -> None:  # noqa: FBT001 - a signal's
        if not is_unsaved and not self.panel.notice.isHidden():
            self.panel.notice.hide()
            self.follow()

    def _allow_steps(self, panel: RecordPanel) -> None:
        panel.stepper.allow(has_before=self._beside(-1) >= 0, has_after=self._beside(1) >= 0)
