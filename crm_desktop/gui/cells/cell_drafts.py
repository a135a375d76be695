"""Keeps edits of cells as drafts until they are stored, and offers those left by a crash."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any

from PySide6.QtCore import QObject, Signal, Slot

from crm_desktop.domain.drafts import Draft
from crm_desktop.gui.drafts import CELLS, Drafts
from crm_desktop.gui.models.new_record import NewRecordModel
from crm_desktop.gui.models.pending_edits import CellEdit, EditState, draft_value, typed_text
from crm_desktop.gui.models.record_cells import extra_maker, shown_text
from crm_desktop.gui.models.record_sheet import RecordSheet
from crm_desktop.gui.models.sheet import Cell, NewValue
from crm_desktop.gui.tasks import Tasks
from crm_desktop.services import reference_checks


class CellDrafts(QObject):
    """One draft a record: what is pending in its cells, and what stands in an open editor."""

    changed = Signal()  # what is left over

    def __init__(
        self,
        tasks: Tasks,
        sheet: RecordSheet,
        new_record: NewRecordModel,
        drafts: Drafts,
        object_id: str,
    ) -> None:
        super().__init__(sheet)
        self._tasks, self._sheet, self._drafts = tasks, sheet, drafts
        self._object_id, self._new = object_id, new_record
        self._kept: set[str] = set()
        self._typing: NewValue | None = None
        sheet.pending.changed.connect(self._keep)
        sheet.typed.connect(self._note_typing)
        new_record.edited.connect(self._keep_new)
        drafts.changed.connect(self.changed)

    def left_over(self) -> list[Draft]:
        """Return the drafts of cells of this object that an earlier program left."""
        return [
            draft
            for draft in self._drafts.left_over()
            if draft.object_id == self._object_id and draft.key.startswith(CELLS)
        ]

    @Slot()
    def show_left_over(self) -> None:
        """Put what is left over into its cells again, to be looked at and stored."""
        known = {field.id: field for field in self._sheet.model.columns}
        fields = list(known.values())
        drafts = self.left_over()
        values = [
            {key: value["new"] for key, value in draft.values.items() if key in known}
            for draft in drafts
        ]
        call = partial(reference_checks.names_of_targets, fields=fields, rows=values)
        self._tasks.read(self, call, partial(self._restore, drafts))

    @Slot()
    def discard_left_over(self) -> None:
        for draft in self.left_over():
            self._drafts.drop(draft.key)

    def _restore(self, drafts: list[Draft], names: Mapping[str, str]) -> None:
        known = {field.id: field for field in self._sheet.model.columns}
        edits = []
        for draft in drafts:
            if not draft.record_id:
                self._restore_new(draft, names)
                continue
            for field_id, value in draft.values.items():
                if field_id in known:
                    edit = CellEdit(
                        draft.record_id, known[field_id], value["old"], value["new"], ""
                    )
                    self._fill(edit, value.get("text"), names)
                    edits.append(edit)
        self._sheet.pending.put(edits)
        for draft in drafts:
            self._drafts.drop(draft.key)

    def _restore_new(self, draft: Draft, names: Mapping[str, str]) -> None:
        """Put what was typed for a new record into the row below the list."""
        known = {field.id: field for field in self._sheet.model.columns}
        new = []
        for field_id, value in draft.values.items():
            if field_id in known:
                cell = Cell("", known[field_id], None, "")
                problem = self.tr("This could not be read.") if "text" in value else ""
                new.append(NewValue(cell, value["new"], value.get("text"), problem))
        self._new.put(new, names, "")

    def _fill(self, edit: CellEdit, typed: Any, names: Mapping[str, str]) -> None:
        edit.state, edit.typed = EditState.REFUSED, typed
        edit.reason = self.tr("This was not stored when the program ended. Ctrl+S stores it.")
        shown = shown_text(edit.field, edit.new, self._sheet.formats, names)
        edit.text = shown if typed is None else typed_text(typed)
        make = extra_maker(edit.field) if typed is None else None
        edit.extra = make(edit.new) if make else None

    # Keeping

    def _note_typing(self, new: NewValue | None) -> None:
        before, self._typing = self._typing, new
        self._keep({each.cell.record_id for each in (before, new) if each is not None})

    def _keep(self, record_ids: Collection[str]) -> None:
        for record_id in record_ids:
            values = self._values_of(record_id)
            key = f"{CELLS}{record_id}"
            if values:
                self._kept.add(key)
                now = datetime.now(UTC)
                title = self._sheet.model.name_of(record_id)
                self._drafts.keep(Draft(key, self._object_id, record_id, title, values, now))
            elif key in self._kept:
                self._kept.discard(key)
                self._drafts.drop(key)

    @Slot()
    def _keep_new(self) -> None:
        key, values = f"{CELLS}new:{self._object_id}", self._new.drafted()
        if values:
            self._kept.add(key)
            title = self._new.placeholder.rstrip("…")
            now = datetime.now(UTC)
            self._drafts.keep(Draft(key, self._object_id, "", title, values, now))
        elif key in self._kept:
            self._kept.discard(key)
            self._drafts.drop(key)

    def _values_of(self, record_id: str) -> dict[str, dict[str, Any]]:
        edits = self._sheet.pending.by_record.get(record_id, {})
        values: dict[str, dict[str, Any]] = {}
        for field_id, edit in edits.items():
            if edit.state is not EditState.SAVED:
                values[field_id] = draft_value(edit.old, edit.new, edit.typed)
        new = self._typing
        if new is not None and new.cell.record_id == record_id:
            field_id = new.cell.field.id
            old = values[field_id]["old"] if field_id in values else new.cell.value
            values[field_id] = draft_value(old, new.value, new.typed)
        return values
