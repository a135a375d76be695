"""What the inspector shows of a record, under its title: the form, or what is linked to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, Signal
from PySide6.QtWidgets import QStackedWidget, QTabBar, QVBoxLayout, QWidget
from typing_extensions import override

from crm_desktop.gui.drafts import Drafts
from crm_desktop.gui.editors.record_panel import RecordPanel
from crm_desktop.gui.tasks import Tasks
from crm_desktop.gui.theme import unit
from crm_desktop.services.records import RecordDetail

if TYPE_CHECKING:
    from crm_desktop.gui.links.panels import LinkPanels

_DETAILS, _LINKS = 0, 1


class InspectorTabs(QWidget):
    """Reads links only while they are looked at; other records show the tab that was chosen."""

    told = Signal(object)  # Message

    def __init__(
        self, tasks: Tasks, panel: RecordPanel, drafts: Drafts, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._tasks, self._panel, self._drafts = tasks, panel, drafts
        self.links: LinkPanels | None = None
        self.tabs = QTabBar()
        self.tabs.setAccessibleName(self.tr("What is shown of the record"))
        self.tabs.addTab(self.tr("Details"))
        self.tabs.addTab(self.tr("Links"))
        self.stack = QStackedWidget()
        self.stack.addWidget(panel)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(unit())
        column.addWidget(panel.head)
        column.addWidget(self.tabs)
        column.addWidget(self.stack, 1)
        self.tabs.setVisible(not panel.head.isHidden())
        panel.head.installEventFilter(self)
        panel.loaded.connect(self._follow)
        self.tabs.currentChanged.connect(self._show_tab)

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Without a title there is no record, and nothing to choose from."""
        if event.type() in {QEvent.Type.HideToParent, QEvent.Type.ShowToParent}:
            self._show_tab()
        return super().eventFilter(watched, event)

    def _show_tab(self, *_: int) -> None:
        has_record = not self._panel.head.isHidden()
        self.tabs.setVisible(has_record)
        if not has_record or self.tabs.currentIndex() == _DETAILS:
            self.stack.setCurrentIndex(_DETAILS)
            return
        if self.links is None:
            self.links = self._make_links()
        self.stack.setCurrentIndex(_LINKS)
        if self._panel.record is not None:
            self.links.show_record(self._panel.record)

    def _make_links(self) -> LinkPanels:
        from crm_desktop.gui.links.panels import LinkPanels

        links = LinkPanels(self._tasks, drafts=self._drafts, is_narrow=True)
        links.open_requested.connect(self._panel.open_requested)
        links.refused.connect(self._panel.refused)
        links.told.connect(self.told)
        links.counted.connect(self._show_count)
        self.stack.addWidget(links)
        return links

    def _follow(self, detail: RecordDetail) -> None:
        if self.links is not None and self.tabs.currentIndex() == _LINKS:
            self.links.show_record(detail)
        else:
            self.tabs.setTabText(_LINKS, self.tr("Links"))

    def _show_count(self, count: int) -> None:
        self.tabs.setTabText(_LINKS, self.tr("Links {}").replace("{}", f"{count:,}"))
