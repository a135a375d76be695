"""Filters a list to the records that have nothing in a field, also before the list is read."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer

from crm_desktop.domain.filters import Condition
from crm_desktop.gui.pages.record_list import RecordList


class LackingRecords(QObject):
    """Waits until the list has its view: that brings filters of its own."""

    def __init__(self, records: RecordList) -> None:
        super().__init__(records)
        self._list = records
        self._field_id = ""
        records.object_read.connect(self._wait_for_view)

    def show(self, field_id: str) -> None:
        self._field_id = field_id
        if self._list.object is not None:
            self._filter()

    def _wait_for_view(self) -> None:
        if self._field_id:
            QTimer.singleShot(0, self, self._filter)

    def _filter(self) -> None:
        if self._field_id:
            self._list.filters.set_parts((Condition(self._field_id, "is_empty"),))
            self._field_id = ""
