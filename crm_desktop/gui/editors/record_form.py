"""The form of one record, made from its object's layout: one editor a field, problems in place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)
from typing_extensions import override

from crm_desktop.domain.errors import Clash, Invalid
from crm_desktop.domain.field_types import EffectiveField, is_column, is_empty, same_value
from crm_desktop.domain.formats import Formats
from crm_desktop.gui.editors.form_sections import FormSections
from crm_desktop.gui.editors.making import make_editor
from crm_desktop.gui.editors.references import ReferenceEditor
from crm_desktop.gui.editors.value_editor import ValueEditor
from crm_desktop.gui.tasks import Tasks
from crm_desktop.gui.theme import unit
from crm_desktop.gui.widgets.buttons import link_button, plain_button
from crm_desktop.gui.widgets.elided_label import TextLabel
from crm_desktop.gui.widgets.form_row import FormRow
from crm_desktop.gui.widgets.icon_label import IconLabel
from crm_desktop.gui.widgets.value_view import value_words
from crm_desktop.services.record_forms import FormSection

_LONGEST_QUOTED = 200  # letters of a value inside a sentence


class FieldCell(FormRow):
    """One field of the form; knows the stored value that its edit began with."""

    changed = Signal()
    clash_settled = Signal(bool)  # True: keep mine
    compare_requested = Signal()

    def __init__(
        self, editor: ValueEditor, *, is_locked: bool, parent: QWidget | None = None
    ) -> None:
        self.editor, self.field, self.is_locked = editor, editor.field, is_locked
        super().__init__(
            editor.field.label,
            editor,
            parent,
            hint=editor.field.help,
            is_required=editor.field.is_required,
            is_locked=is_locked,
        )
        self.original: Any = None
        self.is_changed = False
        self.clash: Clash | None = None
        self._clash_bar = _ClashBar(self)
        self._clash_bar.settled.connect(self.clash_settled)
        self._clash_bar.compare_requested.connect(self.compare_requested)
        box = self.layout()
        if isinstance(box, QVBoxLayout):
            box.addWidget(self._clash_bar)
            box.addStretch(1)
        editor.set_read_only(is_read_only=is_locked)
        editor.edited.connect(self._note_edit)

    def show_value(self, value: Any) -> None:
        """Show a stored value as the one that edits begin with."""
        self.original = value
        self.editor.show_value(value)
        self._note_changed(is_changed=False)
        self.set_problem("")

    def take_saved(self, value: Any) -> None:
        """Take what was stored as what edits begin with; what was typed since is kept."""
        self.original = value
        self._note_edit()

    def edited_value(self) -> Any:
        """Return the value to store; raises Invalid."""
        return self.editor.value() if self.is_changed else self.original

    @override
    def set_problem(self, sentence: str) -> None:
        super().set_problem(sentence)
        self.clash = None
        self._clash_bar.hide()

    def show_clash(self, clash: Clash, sentence: str) -> None:
        """Say that somebody else stored another value, and offer both."""
        self.set_problem("")
        self.clash = clash
        self._clash_bar.show_sentence(sentence)

    def settle(self, *, keeps_mine: bool) -> None:
        """Go on with what was typed here, or with what they stored."""
        clash = self.clash
        if clash is None:
            return
        if keeps_mine:
            self.take_saved(clash.theirs)  # the next save replaces what they stored
        else:
            self.show_value(clash.theirs)

    def draft(self) -> dict[str, Any]:
        """Return what was typed, and what it was typed over, as a draft keeps it."""
        try:
            return {"old": self.original, "new": self.editor.value()}
        except Invalid:
            return {"old": self.original, "new": None, "text": self.editor.typed()}

    def restore(self, draft: Mapping[str, Any]) -> None:
        """Put back what was typed; it goes on being an edit of what it was typed over."""
        self.original = draft["old"]
        if "text" in draft:
            self.editor.show_typed(draft["text"])
        else:
            self.editor.show_value(draft["new"])
        self._note_edit()

    def _note_edit(self) -> None:
        try:
            is_same = same_value(self.editor.value(), self.original)
        except Invalid:
            is_same = False
        self._note_changed(is_changed=not is_same)
        self.set_problem("")
        self.changed.emit()

    def _note_changed(self, *, is_changed: bool) -> None:
        self.is_changed = is_changed
        self.set_changed(is_changed)


class _ClashBar(QFrame):
    """What somebody else stored in a field that was edited here, and which value to keep."""

    settled = Signal(bool)
    compare_requested = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._sentence = TextLabel(role="warning", wraps=True)
        words = QHBoxLayout()
        words.setSpacing(unit())
        words.addWidget(IconLabel("users", "warning"), 0, Qt.AlignmentFlag.AlignTop)
        words.addWidget(self._sentence, 1)
        mine = plain_button(self.tr("Keep mine"))
        theirs = plain_button(self.tr("Take theirs"))
        mine.clicked.connect(partial(self.settled.emit, True))
        theirs.clicked.connect(partial(self.settled.emit, False))
        compare = link_button(self.tr("Compare…"))
        compare.clicked.connect(self.compare_requested)
        buttons = QHBoxLayout()
        for button in (mine, theirs, compare):
            buttons.addWidget(button)
        buttons.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, unit(), 0, 0)
        column.addLayout(words)
        column.addLayout(buttons)
        self.hide()

    def show_sentence(self, sentence: str) -> None:
        """Say what they stored; the control holds what was typed here."""
        self._sentence.setText(sentence)
        self.show()


def _quoted(text: str) -> str:
    shown = text if len(text) <= _LONGEST_QUOTED else f"{text[: _LONGEST_QUOTED - 1]}…"
    return f"“{shown}”"


class RecordForm(QScrollArea):
    """Shows and edits the values of one record; who shows the form saves what `edits()` gives."""

    edited = Signal()
    compare_requested = Signal()  # somebody wants to see all that clashes, side by side

    def __init__(self, tasks: Tasks, formats: Formats, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tasks, self._formats = tasks, formats
        self._cells: dict[str, FieldCell] = {}
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setAccessibleName(self.tr("Record"))
        self._body = QWidget()
        self._sections = FormSections()
        column = QVBoxLayout(self._body)
        column.setContentsMargins(4 * unit(), 3 * unit(), 4 * unit(), 4 * unit())
        self.no_fields = TextLabel(
            self.tr("This object shows no fields yet. Its layout says which it shows."),
            role="muted",
            wraps=True,
        )
        self.no_fields.hide()
        column.addWidget(self.no_fields)
        column.addWidget(self._sections)
        column.addStretch(1)
        self.setWidget(self._body)
        self._body.setAutoFillBackground(False)  # the page's own surface shows through
        self.viewport().setAutoFillBackground(False)

    @property
    def cells(self) -> Mapping[str, FieldCell]:
        """The cells by field id, in the layout's order; hidden fields have none."""
        return self._cells

    def show_fields(
        self,
        fields: Sequence[EffectiveField],
        form: Sequence[FormSection] = (),
        *,
        may_edit: bool = True,
    ) -> None:
        """Build the form for these fields, in this order; what is not visible is left out."""
        self._cells = {}
        for field in fields:
            if field.is_visible and field.id not in self._cells:
                self._add_cell(field, may_edit=may_edit)
        types = {key: cell.field.type for key, cell in self._cells.items()}
        self.no_fields.setVisible(not self._cells)
        self._sections.show_cells(self._cells, types, form)
        self._arrange()
        self._set_tab_order()

    def _add_cell(self, field: EffectiveField, *, may_edit: bool) -> None:
        editor = make_editor(field, self._formats, self._tasks)
        is_locked = field.is_readonly or is_column(field) or not may_edit
        cell = FieldCell(editor, is_locked=is_locked)
        cell.changed.connect(self.edited)
        cell.clash_settled.connect(partial(self._settle, cell))
        cell.compare_requested.connect(self.compare_requested)
        self._cells[field.id] = cell

    def show_values(self, values: Mapping[str, Any], names: Mapping[str, str]) -> None:
        """Show stored values by field id; `names` are those of referenced records and users."""
        for field_id, cell in self._cells.items():
            self._show_value(cell, values.get(field_id), names)

    def take_stored(self, values: Mapping[str, Any], names: Mapping[str, str]) -> None:
        """Show newer stored values, but keep what is being edited."""
        for field_id, cell in self._cells.items():
            if not cell.is_changed:
                self._show_value(cell, values.get(field_id), names)

    def _show_value(self, cell: FieldCell, value: Any, names: Mapping[str, str]) -> None:
        if isinstance(cell.editor, ReferenceEditor):
            cell.editor.set_names(names)
        cell.show_value(value)

    def suggest(self, values: Mapping[str, Any]) -> None:
        """Fill in defaults of a new record, as if they had been typed."""
        for field_id, value in values.items():
            if field_id in self._cells:
                cell = self._cells[field_id]
                cell.editor.show_value(value)
                cell.editor.edited.emit()

    def changed_count(self) -> int:
        return sum(cell.is_changed for cell in self._cells.values())

    def changed_values(self) -> dict[str, tuple[Any, Any]]:
        """Return the original and the new value of what was edited, by field id.

        Raises Invalid, with every text that cannot be read marked at its control.
        """
        changed: dict[str, tuple[Any, Any]] = {}
        problems: dict[str, str] = {}
        for field_id, cell in self._cells.items():
            if cell.is_changed:
                try:
                    changed[field_id] = (cell.original, cell.edited_value())
                except Invalid as error:
                    problems |= {field_id: str(error)}
        if problems:
            self.show_problems(problems)
            raise Invalid(problems)
        return changed

    def show_problems(self, problems: Mapping[str, str]) -> dict[str, str]:
        """Mark what was refused and go to the first of them; return those without a control."""
        for field_id, cell in self._cells.items():
            cell.set_problem(problems.get(field_id, ""))
        marked = [cell for field_id, cell in self._cells.items() if field_id in problems]
        if marked:
            self._sections.reveal(marked[0])
            self.ensureWidgetVisible(marked[0])
            marked[0].editor.setFocus()
        return {key: text for key, text in problems.items() if key not in self._cells}

    def drafts(self) -> dict[str, dict[str, Any]]:
        """Return what was typed and is not stored, by field id."""
        return {key: cell.draft() for key, cell in self._cells.items() if cell.is_changed}

    def restore(
        self, drafts: Mapping[str, Mapping[str, Any]], names: Mapping[str, str]
    ) -> list[str]:
        """Put back what was typed; return the fields that cannot be edited here any more."""
        left = []
        for field_id, draft in drafts.items():
            cell = self._cells.get(field_id)
            if cell is None or cell.is_locked:
                left.append(field_id)
                continue
            if isinstance(cell.editor, ReferenceEditor):
                cell.editor.set_names(names)
            cell.restore(draft)
        return left

    def show_clashes(
        self, clashes: Mapping[str, Clash], names: Mapping[str, str], who: str = ""
    ) -> None:
        """Show, at each control, what somebody else stored there meanwhile; `who` says who."""
        shown = [cell for field_id, cell in self._cells.items() if field_id in clashes]
        for cell in shown:
            clash = clashes[cell.field.id]
            if isinstance(cell.editor, ReferenceEditor):
                cell.editor.set_names(names)
            cell.show_clash(clash, self._clash_sentence(cell.field, clash, names, who))
        if shown:
            self._sections.reveal(shown[0])
            self.ensureWidgetVisible(shown[0])

    def _clash_sentence(
        self, field: EffectiveField, clash: Clash, names: Mapping[str, str], who: str
    ) -> str:
        was, now = (
            self.tr("nothing")
            if is_empty(value)
            else _quoted(value_words(value, field, self._formats, names))
            for value in (clash.original, clash.theirs)
        )
        sentence = self.tr("Somebody else changed this from {0} to {1}.")
        return f"{sentence.replace('{0}', was).replace('{1}', now)} {who}".strip()

    def clashes(self) -> dict[str, Clash]:
        """Return what still waits for somebody to choose, by field id."""
        return {key: cell.clash for key, cell in self._cells.items() if cell.clash is not None}

    def settle(self, sides: Mapping[str, str]) -> None:
        """Settle clashes: "mine" or "theirs" by field id."""
        for field_id, side in sides.items():
            if field_id in self._cells:
                self._cells[field_id].settle(keeps_mine=side == "mine")
        self.edited.emit()

    def _settle(self, cell: FieldCell, keeps_mine: bool) -> None:  # noqa: FBT001 - a slot
        cell.settle(keeps_mine=keeps_mine)
        cell.editor.setFocus()  # the buttons, which had the keyboard, are gone
        self.edited.emit()

    def focus_first(self) -> None:
        """Put the keyboard into the first field that can be edited."""
        for cell in self._cells.values():
            if not cell.is_locked:
                cell.editor.setFocus()
                return

    @override
    def resizeEvent(self, event: Any) -> None:
        super().resizeEvent(event)
        self._arrange()

    def _arrange(self) -> None:
        self._sections.arrange(self.viewport().width())

    def _set_tab_order(self) -> None:
        before: QWidget | None = None
        for cell in self._cells.values():
            if before is not None:
                QWidget.setTabOrder(before, cell.editor.control)
            before = cell.editor.control
