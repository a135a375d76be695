"""Who made and changed a record, and when: in one line, and to the second in its tip."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QWidget
from typing_extensions import override

from crm_desktop.domain.formats import Formats
from crm_desktop.gui.tips import plain_tip
from crm_desktop.gui.widgets.elided_label import ElidedLabel
from crm_desktop.services.records import RecordDetail


class RecordTimes(ElidedLabel):
    """The line below a record's title."""

    def __init__(self, formats: Formats, parent: QWidget | None = None) -> None:
        super().__init__("", parent, face="small", role="muted")
        self._formats = formats
        self._tip = ""

    def show_words(self, words: str) -> None:
        """Show something else than times."""
        self._tip = ""
        self.setText(words)

    def show_times(self, detail: RecordDetail, *, begins_with: str = "") -> None:
        """Show when and by whom the record was changed, and made."""
        changed = self._said(
            self.tr("changed {moment}{by}"), detail.updated_at, detail.updated_by, detail.names
        )
        made = self._said(
            self.tr("created {moment}{by}"), detail.created_at, detail.created_by, detail.names
        )
        self.setText(f"{begins_with}{changed} · {made}")
        exact = (
            (self.tr("Changed"), detail.updated_at, detail.updated_by),
            (self.tr("Created"), detail.created_at, detail.created_by),
        )
        self._tip = "\n".join(
            f"{word} {self._formats.moment_text(at)}{by_whom(user_id, detail.names)}"
            for word, at, user_id in exact
        )
        self.setAccessibleDescription(self._tip)

    def _said(
        self, pattern: str, at: datetime, user_id: UUID | None, names: Mapping[str, str]
    ) -> str:
        moment = self._formats.moment_text(at.replace(second=0, microsecond=0))
        return pattern.replace("{moment}", moment).replace("{by}", by_whom(user_id, names))

    @override
    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and self._tip:
            self.setToolTip(plain_tip(self._tip))
            return QWidget.event(self, event)
        return super().event(event)


def by_whom(user_id: UUID | None, names: Mapping[str, str]) -> str:
    """Return " by Ada Admin"; a user that is not known is named so, nobody not at all."""
    if user_id is None:
        return ""
    name = names.get(str(user_id))
    if name is None:
        unknown = QCoreApplication.translate("RecordTimes", "an unknown user ({})")
        name = unknown.replace("{}", str(user_id))
    return QCoreApplication.translate("RecordTimes", " by {}").replace("{}", name)
