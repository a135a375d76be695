"""The list of drafts that programs left behind: each can be opened where it belongs, or dropped."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QPlainTextEdit, QVBoxLayout, QWidget

from crm_desktop.domain.field_types import json_text
from crm_desktop.domain.formats import Formats
from crm_desktop.gui.delegates import CellKind
from crm_desktop.gui.drafts import Draft, Drafts
from crm_desktop.gui.messages import ask
from crm_desktop.gui.models.table_model import Column, TableModel
from crm_desktop.gui.theme import line_height, unit
from crm_desktop.gui.translating import tr
from crm_desktop.gui.widgets.buttons import plain_button, primary_button
from crm_desktop.gui.widgets.elided_label import TextLabel
from crm_desktop.gui.widgets.fitting_dialog import FittingDialog
from crm_desktop.gui.widgets.form_row import FormRow
from crm_desktop.gui.widgets.grid import GridView

_TYPED_LINES = 4


@dataclass(frozen=True, slots=True)
class _Row:
    """A draft in a table; `id` is its key."""

    id: str
    title: str
    object_label: str
    fields: int
    moment: str
    draft: Draft


class DraftsDialog(FittingDialog):
    """Closes when a draft is opened: the form there offers what was typed."""

    open_requested = Signal(str)  # the address of a record, or of a form for a new one

    def __init__(
        self,
        drafts: Drafts,
        formats: Formats,
        labels: Mapping[str, str],
        parent: QWidget | None = None,
        *,
        object_id: str = "",
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Unsaved drafts"))
        self._drafts, self._formats, self._labels = drafts, formats, labels
        self._object_id = object_id  # show those of one object; "" for all
        self.model: TableModel[_Row] = TableModel(self)
        self.model.set_columns(*_columns())
        self.grid = GridView(self, name=self.tr("Unsaved drafts"))
        self.grid.setModel(self.model)
        self.grid.set_empty_state(self.tr("Everything that was typed is stored."))
        self.open_button = primary_button(self.tr("Open"))
        self.discard_button = plain_button(self.tr("Discard…"), icon_name="trash-2")
        self.typed = QPlainTextEdit()
        self._lay_out()
        self.grid.activated.connect(self.open_current)
        self.open_button.clicked.connect(self.open_current)
        self.discard_button.clicked.connect(self.ask_to_discard)
        self.grid.selectionModel().selectionChanged.connect(self._allow)
        shortcut = QShortcut(QKeySequence("Del"), self.grid)
        shortcut.activated.connect(self.ask_to_discard)
        drafts.changed.connect(self._fill)
        self._fill()
        self.grid.setFocus()

    def open_current(self) -> None:
        """Go to the record that the current draft is of."""
        row = self.model.row_at(self.grid.currentIndex())
        if row is not None:
            self.accept()
            self.open_requested.emit(address_of(row.draft))

    def ask_to_discard(self) -> None:
        """Drop the selected drafts, after asking."""
        keys = [row.id for row in self._selected()]
        if not keys:
            return
        text = (
            self.tr("Discard this draft?")
            if len(keys) == 1
            else self.tr("Discard {} drafts?").replace("{}", f"{len(keys):,}")
        )
        verb = self.tr("Discard {}").replace("{}", str(len(keys)))
        why = self.tr("What was typed there is lost; the records stay as they are.")
        discard = partial(self._discard, keys)
        ask(self, self.windowTitle(), text, why, verb, discard, danger=True)

    def _discard(self, keys: list[str]) -> None:
        for key in keys:
            self._drafts.drop(key)

    def _selected(self) -> list[_Row]:
        rows = self.grid.selectionModel().selectedRows()
        return [row for index in rows if (row := self.model.row_at(index)) is not None]

    def _fill(self) -> None:
        drafts = self._drafts.left_over()
        shown = [each for each in drafts if self._object_id in {"", each.object_id}]
        self.model.set_rows(self._row(draft) for draft in shown)
        if shown and not self.grid.currentIndex().isValid():
            self.grid.selectRow(0)
        self._allow()

    def _row(self, draft: Draft) -> _Row:
        moment = self._formats.moment_text(draft.at.replace(second=0, microsecond=0))
        label = self._labels.get(draft.object_id, draft.object_id)
        return _Row(draft.key, draft.title, label, len(draft.values), moment, draft)

    def _allow(self, *_: object) -> None:
        selected = len(self._selected())
        self.open_button.setEnabled(selected == 1)
        self.discard_button.setEnabled(bool(selected))
        row = self.model.row_at(self.grid.currentIndex())
        self.typed.setPlainText(_typed_text(row.draft) if row is not None else "")

    def _lay_out(self) -> None:
        margin = 5 * unit()
        box = QVBoxLayout(self)
        box.setContentsMargins(margin, margin, margin, 4 * unit())
        box.setSpacing(3 * unit())
        box.addWidget(TextLabel(self.windowTitle(), face="title"))
        sentence = self.tr("Typed in a program that ended before it was stored.")
        box.addWidget(TextLabel(sentence, role="muted", wraps=True))
        box.addWidget(self.grid, 1)
        for number, column in enumerate(self.model.columns):
            self.grid.setColumnWidth(number, round(column.width * line_height()))
        self.typed.setReadOnly(True)  # of a record that is gone it can still be copied
        self.typed.setTabChangesFocus(True)
        self.typed.setFixedHeight(round(_TYPED_LINES * line_height()) + 4 * unit())
        box.addWidget(FormRow(self.tr("What was typed"), self.typed))
        row = QHBoxLayout()
        row.setSpacing(2 * unit())
        close = plain_button(self.tr("Close"))
        close.clicked.connect(self.reject)
        row.addWidget(self.discard_button)
        row.addStretch(1)
        row.addWidget(close)
        row.addWidget(self.open_button)
        box.addLayout(row)
        self.resize(round(line_height() * 42), round(line_height() * 28))


def address_of(draft: Draft) -> str:
    """Return the page where the draft is offered."""
    if draft.record_id.startswith("layout:"):
        return draft.record_id
    if draft.record_id:
        return f"record:{draft.record_id}"
    return f"new-record:{draft.object_id}"


def _typed_text(draft: Draft) -> str:
    """Return what was typed, one value after the other, as it can be copied."""
    typed = (value.get("text", value["new"]) for value in draft.values.values())
    words = (each if isinstance(each, str) else json_text(each) for each in typed if each)
    return "\n".join(words)


def _columns() -> tuple[Column[_Row], ...]:
    return (
        Column(tr("Record"), _title, CellKind.TITLE, width=14),
        Column(tr("Object"), _object_label, width=9),
        Column(tr("Fields"), _fields, CellKind.NUMBER, order=_count, width=4),
        Column(tr("Typed"), _moment, CellKind.DATE, order=_at, width=11),
    )


def _title(row: _Row) -> str:
    return row.title


def _object_label(row: _Row) -> str:
    return row.object_label


def _fields(row: _Row) -> str:
    return str(row.fields)


def _count(row: _Row) -> int:
    return row.fields


def _moment(row: _Row) -> str:
    return row.moment


def _at(row: _Row) -> datetime:
    return row.draft.at
