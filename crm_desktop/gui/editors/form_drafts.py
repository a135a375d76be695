"""Keeps what is typed into a record's form as a draft, and offers drafts that were left over."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from crm_desktop.domain.errors import Invalid, UserError
from crm_desktop.domain.field_types import same_value
from crm_desktop.domain.formats import Formats
from crm_desktop.gui.drafts import Draft, Drafts
from crm_desktop.gui.editors.record_form import RecordForm
from crm_desktop.gui.tasks import Tasks
from crm_desktop.gui.widgets.notice_bar import NoticeBar
from crm_desktop.services.reference_checks import names_of_targets

_MOST_NAMED = 4  # fields in one sentence


class FormDrafts(NoticeBar):
    """Stands above the form of one panel, which says what it shows and when something changed."""

    refused = Signal(object)  # UserError: something of a draft has no place in the form

    def __init__(
        self,
        tasks: Tasks,
        drafts: Drafts,
        form: RecordForm,
        formats: Formats,
        parent: QWidget | None = None,
        *,
        is_narrow: bool = False,
    ) -> None:
        super().__init__("history", "accent", parent, is_narrow=is_narrow)
        self._tasks, self._drafts, self._form, self._formats = tasks, drafts, form, formats
        self._place = uuid.uuid4().hex[:12]  # two forms may show one record
        self._subject = ("", "", "")  # ids of object and record, and what it is called
        self._stored: Mapping[str, Any] = {}
        self._untouched: Mapping[str, Any] = {}
        drafts.changed.connect(self._offer)

    def begin(self, object_id: str, record_id: str, title: str, stored: Mapping[str, Any]) -> None:
        """Follow the form, which shows this record or a new one; offer what was left over."""
        former = self._key()
        self._subject, self._stored = (object_id, record_id, title), stored
        if self._key() != former:
            self._drafts.drop(former)
        self._untouched = self._form.drafts() if not record_id else {}
        self._offer()

    def keep(self) -> None:
        """Keep what the form holds now; without edits there is nothing to keep."""
        object_id, record_id, title = self._subject
        typed = self._form.drafts()
        if not object_id:
            return
        if typed == self._untouched:
            self._drafts.drop(self._key())
        else:
            at = datetime.now(UTC)
            self._drafts.keep(Draft(self._key(), object_id, record_id, title, typed, at))

    def drop(self) -> None:
        """Forget what was typed: it was given up."""
        self._drafts.drop(self._key())

    def end(self) -> None:
        """Follow nothing any more; a draft of a record that is gone stays, to be copied from."""
        self._subject = ("", "", "")
        self.hide()

    def _key(self) -> str:
        object_id, record_id, _ = self._subject
        return f"form:{self._place}:{record_id or object_id}"

    def _offer(self) -> None:
        """Ask about the newest draft that holds something which is not stored."""
        object_id, record_id, _ = self._subject
        left_over = self._drafts.left_over_of(object_id, record_id) if object_id else ()
        for draft in left_over:
            if not record_id or not self._is_stored(draft):
                self._ask_about(draft)
                return
            self._drafts.drop(draft.key)  # its last save went through after all
        self.hide()

    def _is_stored(self, draft: Draft) -> bool:
        return all(
            "text" not in value and same_value(value["new"], self._stored.get(field_id))
            for field_id, value in draft.values.items()
        )

    def _ask_about(self, draft: Draft) -> None:
        cells = self._form.cells
        labels = [cells[key].field.label if key in cells else key for key in draft.values]
        named = ", ".join(labels[:_MOST_NAMED])
        if len(labels) > _MOST_NAMED:
            named += self.tr(" and {} more").replace("{}", str(len(labels) - _MOST_NAMED))
        sentence = self.tr("You typed this on {moment}, and it was not stored: {fields}.")
        moment = self._formats.moment_text(draft.at.replace(second=0, microsecond=0))
        self.ask(
            sentence.replace("{moment}", moment).replace("{fields}", named),
            [
                (self.tr("Restore"), partial(self._restore, draft)),
                (self.tr("Discard"), partial(self._drafts.drop, draft.key)),
            ],
        )

    def _restore(self, draft: Draft) -> None:
        fields = [cell.field for cell in self._form.cells.values()]
        rows = [{key: value["new"] for key, value in draft.values.items()}]
        call = partial(names_of_targets, fields=fields, rows=rows)
        put_back = partial(self._put_back, draft)
        self._tasks.read(self, call, put_back, partial(self._put_back_unnamed, draft))

    def _put_back_unnamed(self, draft: Draft, _: UserError) -> None:
        self._put_back(draft, {})

    def _put_back(self, draft: Draft, names: Mapping[str, str]) -> None:
        left = self._form.restore(draft.values, names)
        self._form.focus_first()
        if not left:
            self._drafts.drop(draft.key)
            return
        sentence = self.tr("The draft is kept: these fields cannot be edited here any more: {}.")
        self.refused.emit(Invalid({"draft": sentence.replace("{}", ", ".join(left))}))
