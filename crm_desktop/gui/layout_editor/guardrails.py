"""What the unsaved changes of a layout would meet in the records, said before they are stored."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from crm_desktop.domain.json_edits import json_edits
from crm_desktop.domain.layout_draft import Entry
from crm_desktop.gui.dialogs.impact_line import ImpactLine
from crm_desktop.gui.layout_editor.state import LayoutState
from crm_desktop.gui.theme import unit
from crm_desktop.gui.widgets.elided_label import TextLabel

if TYPE_CHECKING:
    from crm_desktop.gui.tasks import Tasks

MOST_LINES = 4
WORDS = frozenset({"label", "description", "placeholder", "default", "defaultValue"})


class _Question(NamedTuple):
    """What is asked of one entry; `key` says the same for the same question."""

    key: str
    label: str
    ask: Callable[[ImpactLine], None]


class Guardrails(QWidget):
    """A line for each field that became required, has other rules, or was taken out.

    Fields that are not stored in the layout yet have nothing to break.
    """

    open_requested = Signal(str)

    def __init__(self, tasks: Tasks, state: LayoutState, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tasks, self._state = tasks, state
        self.lines: dict[str, ImpactLine] = {}
        self.more = TextLabel(face="small", role="muted")
        self._box = QVBoxLayout(self)
        self._box.setContentsMargins(3 * unit(), 0, 3 * unit(), 2 * unit())
        self._box.setSpacing(unit())
        self._box.addWidget(self.more)
        state.changed.connect(self._follow)
        self.hide()

    def _follow(self) -> None:
        """Ask what is new, and drop what is not asked any more."""
        questions = self._questions()
        wanted = {each.key: each for each in questions[:MOST_LINES]}
        for key in [key for key in self.lines if key not in wanted]:
            line = self.lines.pop(key)
            line.clear()
            self._box.removeWidget(line)
            line.deleteLater()
        for key, question in wanted.items():
            if key not in self.lines:
                self._add(question)
        rest = len(questions) - len(wanted)
        self.more.setText(self.tr("and {0} more changes that records may not fit").format(rest))
        self.more.setVisible(rest > 0)
        self.setVisible(bool(wanted))

    def _add(self, question: _Question) -> None:
        line = ImpactLine(self._tasks, subject=question.label)
        line.open_requested.connect(self.open_requested)
        self.lines[question.key] = line
        self._box.insertWidget(self._box.count() - 1, line)
        question.ask(line)

    def _questions(self) -> list[_Question]:
        before, now = self._state.draft.saved.by_id(), self._state.layout.by_id()
        questions = []
        for id_, entry in before.items():
            if id_ not in now:
                questions.append(self._about_detaching(entry))
            else:
                questions += self._about_rules(entry, now[id_])
        return questions

    def _about_detaching(self, entry: Entry) -> _Question:
        ask = partial(
            ImpactLine.ask_detaching, object_id=self._state.object_id, field_id=entry.field_id
        )
        return _Question(f"detach {entry.id}", self._state.label_of(entry), ask)

    def _about_rules(self, before: Entry, now: Entry) -> list[_Question]:
        label, object_id = self._state.label_of(now), self._state.object_id
        questions = []
        if now.is_required and not before.is_required:
            ask = partial(ImpactLine.ask_required, object_id=object_id, field_id=now.field_id)
            questions.append(_Question(f"require {now.id}", label, ask))
        edits = json_edits(before.overrides, now.overrides)
        if rules := [edit for edit in edits if edit.path[0] not in WORDS]:
            ask = partial(
                ImpactLine.ask_rule,
                object_id=object_id,
                field_id=now.field_id,
                override_changes=rules,
            )
            questions.append(_Question(f"rules {now.id} {rules}", label, ask))
        return questions
