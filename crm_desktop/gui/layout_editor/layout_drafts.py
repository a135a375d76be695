"""Keeps a layout's unsaved steps as a draft beside the program, and offers what was left over."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from crm_desktop.domain.layout_documents import as_draft, layout_document
from crm_desktop.domain.layout_draft import is_same
from crm_desktop.domain.layout_merge import merge
from crm_desktop.gui.drafts import Draft, Drafts
from crm_desktop.gui.layout_editor.state import LayoutState
from crm_desktop.gui.locale import system_formats
from crm_desktop.gui.widgets.notice_bar import NoticeBar

WHAT = "layout"


class LayoutDrafts(NoticeBar):
    """Stands above the editor; asks before anything that was left over is taken up again."""

    restored = Signal()

    def __init__(self, drafts: Drafts, state: LayoutState, parent: QWidget | None = None) -> None:
        super().__init__("history", "accent", parent)
        self._drafts, self._state = drafts, state
        self._key = f"layout:{uuid.uuid4().hex[:12]}:{state.object_id}"
        self._record_id = f"{WHAT}:{state.object_id}"
        self.title = ""
        drafts.changed.connect(self.offer)

    def keep(self) -> None:
        """Keep what is staged now; without changes there is nothing to keep."""
        draft = self._state.draft
        if not draft.is_changed:
            self._drafts.drop(self._key)
            return
        values = {WHAT: {"old": layout_document(draft.saved), "new": layout_document(draft.now)}}
        at = datetime.now(UTC)
        self._drafts.keep(
            Draft(self._key, self._state.object_id, self._record_id, self.title, values, at)
        )

    def drop(self) -> None:
        self._drafts.drop(self._key)

    def offer(self) -> None:
        """Ask about the newest draft of this layout that holds something which is not stored."""
        if self._state.stored is None:
            return
        for draft in self._drafts.left_over_of(self._state.object_id, self._record_id):
            layout = as_draft(draft.values.get(WHAT, {}).get("new"))
            if layout is not None and not is_same(layout, self._state.draft.saved):
                self._ask_about(draft)
                return
            self._drafts.drop(draft.key)
        self.hide()

    def _ask_about(self, draft: Draft) -> None:
        moment = system_formats().moment_text(draft.at.replace(second=0, microsecond=0))
        sentence = self.tr("This layout was edited on {moment}, and that was not saved.")
        self.ask(
            sentence.replace("{moment}", moment),
            [
                (self.tr("Restore"), partial(self._restore, draft)),
                (self.tr("Discard"), partial(self._drafts.drop, draft.key)),
            ],
        )

    def _restore(self, draft: Draft) -> None:
        """Lay what was edited then over what is stored now, as one step."""
        kept = draft.values[WHAT]
        before, after = as_draft(kept["old"]), as_draft(kept["new"])
        if after is not None:
            base = before if before is not None else self._state.draft.saved
            self._state.begin_with(merge(base, after, self._state.layout).layout)
        self._drafts.drop(draft.key)
        self.restored.emit()
