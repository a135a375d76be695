"""Tells that drafts were left over, once when they are found, and opens the list of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from crm_desktop.gui.drafts import Drafts
from crm_desktop.gui.widgets.message_bar import Message


class DraftNotices(QObject):
    """`labels` gives what objects are called, by their ids."""

    told = Signal(object)  # Message
    settled = Signal(str)  # its text: no draft is left over any more
    open_requested = Signal(str)  # an address

    def __init__(
        self, drafts: Drafts, labels: Callable[[], Mapping[str, str]], window: QWidget
    ) -> None:
        super().__init__(window)
        self._drafts, self._labels, self._window = drafts, labels, window
        self._said = ""
        drafts.changed.connect(self._tell)

    def show_drafts(self) -> None:
        """Open the list of all drafts."""
        from crm_desktop.gui.dialogs.drafts_dialog import DraftsDialog  # not before first paint
        from crm_desktop.gui.locale import system_formats

        dialog = DraftsDialog(self._drafts, system_formats(), self._labels(), self._window)
        dialog.open_requested.connect(self.open_requested)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _tell(self) -> None:
        count = len(self._drafts.left_over())
        if self._said and not count:
            self.settled.emit(self._said)
        if self._said or not count:
            return
        text = (
            self.tr("One draft was not stored before the program ended.")
            if count == 1
            else self.tr("{} drafts were not stored before the program ended.")
        )
        self._said = text.replace("{}", f"{count:,}")
        show = (self.tr("Show drafts…"), self.show_drafts)
        self.told.emit(Message("info", self._said, actions=[show]))
