"""Says that other programs left a layout's order unclear, and offers to number it anew."""

from __future__ import annotations

from itertools import pairwise

from PySide6.QtWidgets import QWidget

from crm_desktop.gui.layout_editor.saving import LayoutSaving
from crm_desktop.gui.layout_editor.state import LayoutState
from crm_desktop.gui.widgets.notice_bar import NoticeBar
from crm_desktop.services.layout_saving import StoredLayout


class RepairBar(NoticeBar):
    """Is there while fields share a place or stand below zero; mere gaps say no less."""

    def __init__(
        self, state: LayoutState, saving: LayoutSaving, parent: QWidget | None = None
    ) -> None:
        super().__init__("triangle-alert", "warning", parent)
        self._state, self._saving = state, saving
        state.changed.connect(self._follow)

    def _follow(self) -> None:
        stored = self._state.stored
        if stored is None or not _is_unclear(stored):
            self.hide()
        elif self.isHidden():
            said = self.tr(
                "Other programs left several fields at one place, or below the first. They are"
                " shown in the order in which those programs see them."
            )
            self.ask(said, [(self.tr("Repair the order"), self._saving.repair)])


def _is_unclear(stored: StoredLayout) -> bool:
    orders = [stored.attached[id_].display_order for id_ in stored.layout.ids()]
    return any(one < 0 for one in orders) or any(one >= other for one, other in pairwise(orders))
