"""Says above a list that records of its object have drafts, and opens them."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from crm_desktop.gui.drafts import CELLS, Draft, Drafts
from crm_desktop.gui.locale import system_formats
from crm_desktop.gui.widgets.notice_bar import NoticeBar

_MOST_NAMED = 3


class ListDrafts(NoticeBar):
    """One draft is opened at once, of several the list is shown."""

    open_requested = Signal(str)  # an address

    def __init__(self, drafts: Drafts, object_id: str, parent: QWidget | None = None) -> None:
        super().__init__("history", "accent", parent)
        self._drafts, self._object_id = drafts, object_id
        self._label = ""
        drafts.changed.connect(self._offer)
        self._offer()

    def call_object(self, label: str) -> None:
        """Say what the object is called."""
        self._label = label

    def _mine(self) -> list[Draft]:
        return [
            each
            for each in self._drafts.left_over()
            if each.object_id == self._object_id and not each.key.startswith(CELLS)
        ]

    def _offer(self) -> None:
        mine = self._mine()
        if not mine:
            self.hide()
            return
        named = ", ".join(draft.title for draft in mine[:_MOST_NAMED])
        if len(mine) > _MOST_NAMED:
            named += self.tr(" and {} more").replace("{}", f"{len(mine) - _MOST_NAMED:,}")
        sentence = self.tr("Typed before and not stored: {}.")
        verb = self.tr("Open") if len(mine) == 1 else self.tr("Show drafts…")
        self.ask(sentence.replace("{}", named), [(verb, self.open_drafts)])

    def open_drafts(self) -> None:
        """Open the only draft, or the list of them."""
        from crm_desktop.gui.dialogs.drafts_dialog import DraftsDialog, address_of

        mine = self._mine()
        if len(mine) == 1:
            self.open_requested.emit(address_of(mine[0]))
            return
        dialog = DraftsDialog(
            self._drafts,
            system_formats(),
            {self._object_id: self._label or self._object_id},
            self.window(),
            object_id=self._object_id,
        )
        dialog.open_requested.connect(self.open_requested)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()
