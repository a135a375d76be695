"""What a bulk edit would do, as it was rehearsed: how many records change, and which cannot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from crm_desktop.domain.field_types import EffectiveField, same_value, target_ids, type_of
from crm_desktop.domain.formats import Formats
from crm_desktop.gui.delegates import EMPTY
from crm_desktop.gui.dialogs.delete_dialog import counted
from crm_desktop.gui.icons import Role
from crm_desktop.gui.theme import unit
from crm_desktop.gui.widgets.elided_label import ElidedLabel, TextLabel
from crm_desktop.gui.widgets.form_row import FormRow
from crm_desktop.gui.widgets.hairline import Hairline
from crm_desktop.gui.widgets.icon_label import IconLabel
from crm_desktop.services.bulk_edit import Example, Failure, Rehearsal

_MOST_REASONS = 6
_MOST_LINES = 10  # of values before and after
_WIDTHS = (3, 2, 2, 3)  # of the columns of values before and after
_REFERRING = frozenset({"reference", "lookup"})


class BulkReport(QWidget):
    """Says what was found; `may_go_on` when the person agreed to all that has to be agreed to."""

    agreed_changed = Signal()

    def __init__(
        self,
        rehearsal: Rehearsal,
        fields: Mapping[str, EffectiveField],
        formats: Formats,
        *,
        must_type: bool,
    ) -> None:
        super().__init__()
        self._rehearsal, self._fields, self._formats = rehearsal, fields, formats
        self.setAccessibleName(self.tr("What would happen"))
        self.leave_out = QCheckBox(self._words_to_leave_out())
        self.leave_out.toggled.connect(self.agreed_changed)
        self.typed = QLineEdit()
        self.typed.textChanged.connect(self.agreed_changed)
        self._expected = str(rehearsal.changed) if must_type and rehearsal.changed else ""
        body = QWidget()
        body.setAutoFillBackground(False)
        self._box = QVBoxLayout(body)
        self._box.setContentsMargins(5 * unit(), 4 * unit(), 5 * unit(), 3 * unit())
        self._box.setSpacing(3 * unit())
        self._say_counts()
        self._say_failures()
        self._show_examples()
        self._say_undo()
        self._box.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(body)
        body.setAutoFillBackground(False)  # the dialog's surface shows through
        scroll.viewport().setAutoFillBackground(False)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(scroll, 1)
        self._line = Hairline()
        column.addWidget(self._line)
        column.addLayout(self._agreement())

    def may_go_on(self) -> bool:
        found = self._rehearsal
        is_left_out = not found.failed or self.leave_out.isChecked()
        is_typed = self.typed.text().strip() == self._expected
        return bool(found.changed) and not found.unexamined and is_left_out and is_typed

    def focus_first(self) -> None:
        """Put the keyboard where the person has to agree, if anywhere."""
        if self._rehearsal.failed and self._rehearsal.changed:
            self.leave_out.setFocus()
        elif self._expected:
            self.typed.setFocus()

    def _say_counts(self) -> None:
        found = self._rehearsal
        if found.changed:
            self._say("circle-check", "success", self._will_change(), face_is_title=True)
        else:
            self._say("info", "accent", self.tr("No record would change."), face_is_title=True)
        if found.unchanged:
            who = counted(found.unchanged, self.tr("record is"), self.tr("records are"))
            self._say("equal", "muted", self.tr("{} so already.").replace("{}", who))
        if found.gone:
            who = counted(found.gone, self.tr("record is"), self.tr("records are"))
            sentence = self.tr("{} gone: somebody deleted what was selected.")
            self._say("trash-2", "muted", sentence.replace("{}", who))

    def _will_change(self) -> str:
        who = counted(self._rehearsal.changed, self.tr("record"), self.tr("records"))
        return self.tr("{} will change.").replace("{}", who)

    def _say_failures(self) -> None:
        found = self._rehearsal
        if found.failed:
            who = counted(found.failed, self.tr("record"), self.tr("records"))
            sentence = self.tr("{} cannot be changed:").replace("{}", who)
            self._say("octagon-alert", "danger", sentence)
            grid = QGridLayout()
            grid.setContentsMargins(6 * unit(), 0, 0, 0)
            grid.setHorizontalSpacing(3 * unit())
            grid.setVerticalSpacing(unit())
            grid.setColumnStretch(1, 1)
            for failure in sorted(found.failures, key=_by_count)[:_MOST_REASONS]:
                self._add_failure(grid, failure)
            self._box.addLayout(grid)
            if len(found.failures) > _MOST_REASONS:
                more = f"{len(found.failures) - _MOST_REASONS:,}"
                self._box.addWidget(
                    TextLabel(self.tr("And {} more reasons.").replace("{}", more), role="muted")
                )
        if found.unexamined:
            who = counted(found.unexamined, self.tr("record"), self.tr("records"))
            sentence = self.tr(
                "The database refuses this change, and there was no time to look at {} one by "
                "one. Change fewer records at once."
            )
            self._say("clock-alert", "warning", sentence.replace("{}", who))

    def _add_failure(self, grid: QGridLayout, failure: Failure) -> None:
        row = grid.rowCount()
        field = self._fields.get(failure.field_id)
        reason = f"{field.label}: {failure.reason}" if field else failure.reason
        names = ", ".join(name for _, name in failure.examples)
        if failure.count > len(failure.examples) > 0:
            names += ", …"
        number = TextLabel(f"{failure.count:,}", face="number")
        grid.addWidget(number, row, 0, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop)
        words = QVBoxLayout()
        words.setSpacing(0)
        words.addWidget(TextLabel(reason, wraps=True))
        if names:
            words.addWidget(ElidedLabel(names, face="small", role="muted"))
        grid.addLayout(words, row, 1)

    def _show_examples(self) -> None:
        lines: list[Sequence[str]] = []
        for example in self._rehearsal.examples:
            more = self._lines_of(example)
            if not lines or len(lines) + len(more) <= _MOST_LINES:
                lines += more
        if not lines:
            return
        frame = QFrame()
        frame.setFrameShape(QFrame.Shape.StyledPanel)
        grid = QGridLayout(frame)
        grid.setContentsMargins(3 * unit(), 2 * unit(), 3 * unit(), 2 * unit())
        grid.setHorizontalSpacing(4 * unit())
        grid.setVerticalSpacing(unit())
        headings = (self.tr("For example"), self.tr("Field"), self.tr("Now"), self.tr("Afterwards"))
        for column, heading in enumerate(headings):
            grid.setColumnStretch(column, _WIDTHS[column])
            grid.addWidget(TextLabel(heading, face="small", role="muted"), 0, column)
        for row, line in enumerate(lines, start=1):
            for column, words in enumerate(line):
                role: Role = "muted" if column in {1, 2} else "text"
                grid.addWidget(ElidedLabel(words, role=role), row, column)
        self._box.addWidget(frame)

    def _lines_of(self, example: Example) -> list[Sequence[str]]:
        """Return the record's fields that change, its name in the first of the lines."""
        lines: list[Sequence[str]] = []
        for key, before in example.before.items():
            field, after = self._fields[key], example.after[key]
            if not same_value(before, after):
                was, new = self._text(field, before), self._text(field, after)
                lines.append(("" if lines else example.name, field.label, was, new))
        return lines

    def _text(self, field: EffectiveField, value: Any) -> str:
        ids = target_ids(value) if field.type in _REFERRING else ()
        if ids:
            return ", ".join(self._rehearsal.names.get(id_, id_) for id_ in ids)
        return type_of(field.type).display(value, field, self._formats) or EMPTY

    def _say_undo(self) -> None:
        if not self._rehearsal.changed or self._rehearsal.unexamined:
            return
        if self._rehearsal.can_be_undone:
            self._say("undo-2", "muted", self.tr("One Undo (Ctrl+Z) takes all of it back."))
        else:
            sentence = self.tr("This database keeps no history: this cannot be undone.")
            self._say("triangle-alert", "warning", sentence)

    def _agreement(self) -> QVBoxLayout:
        """Return what has to be agreed to, which never scrolls out of sight."""
        found = self._rehearsal
        can_go_on = bool(found.changed) and not found.unexamined
        typing = self.tr("This is a production database. Type “{}” to confirm")
        row = FormRow(typing.replace("{}", self._expected), self.typed)
        box = QVBoxLayout()
        is_asking = False
        for part, is_shown in ((self.leave_out, found.failed), (row, self._expected)):
            part.setParent(self)
            part.setVisible(bool(is_shown) and can_go_on)
            is_asking |= bool(is_shown) and can_go_on
            box.addWidget(part)
        box.setSpacing(3 * unit())
        self._line.setVisible(is_asking)
        above, below = (3 * unit(), 4 * unit()) if is_asking else (0, 0)
        box.setContentsMargins(5 * unit(), above, 5 * unit(), below)
        return box

    def _words_to_leave_out(self) -> str:
        failed = self._rehearsal.failed
        if failed == 1:
            return self.tr("Leave that one out and change the others")
        return self.tr("Leave these {} out and change the others").replace("{}", f"{failed:,}")

    def _say(
        self, icon_name: str, role: Role, sentence: str, *, face_is_title: bool = False
    ) -> None:
        line = QHBoxLayout()
        line.setSpacing(2 * unit())
        line.addWidget(IconLabel(icon_name, role), 0, Qt.AlignmentFlag.AlignTop)
        face: Any = "title" if face_is_title else "body"
        line.addWidget(TextLabel(sentence, face=face, wraps=True), 1)
        self._box.addLayout(line)


def _by_count(failure: Failure) -> tuple[int, str]:
    return -failure.count, failure.reason
