"""What a form does when somebody else changed the same fields: says who, and compares."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from PySide6.QtCore import QObject, Signal

from crm_desktop.domain.errors import Clash, UserError
from crm_desktop.domain.field_types import EffectiveField
from crm_desktop.domain.formats import Formats
from crm_desktop.gui.editors.record_form import RecordForm
from crm_desktop.gui.editors.record_times import by_whom
from crm_desktop.gui.tasks import Tasks
from crm_desktop.services import records
from crm_desktop.services.records import RecordDetail
from crm_desktop.services.reference_checks import names_of_targets

Found = tuple[RecordDetail, Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Comparison:
    """What is to be compared side by side; `who` says who changed the record last."""

    title: str
    clashes: Mapping[str, Clash]
    fields: Sequence[EffectiveField]
    names: Mapping[str, str]
    who: str


class RecordConflicts(QObject):
    """Shows clashes at the controls of a form, and collects them for who compares them."""

    comparison_wanted = Signal(object)  # Comparison

    def __init__(self, tasks: Tasks, form: RecordForm, formats: Formats, parent: QObject) -> None:
        super().__init__(parent)
        self._tasks, self._form, self._formats = tasks, form, formats
        self._names: Mapping[str, str] = {}
        self._who = self._title = ""
        form.compare_requested.connect(self.compare)

    def show_clashes(self, record: RecordDetail, clashes: Mapping[str, Clash]) -> None:
        """Read who changed the record and what their values are called, then say both."""
        self._names, self._who, self._title = record.names, "", record.primary_value or ""
        rows = _rows(clashes)
        call = partial(_read, record_id=record.id, fields=record.fields, rows=rows)
        then = partial(self._show, clashes)
        self._tasks.read(self, call, then, partial(self._show_unnamed, clashes))

    def compare(self) -> None:
        """Ask for everything that still clashes to be shown side by side."""
        clashes = self._form.clashes()
        if clashes:
            fields = [self._form.cells[key].field for key in clashes]
            title = self.tr("“{}” was changed while you edited it").replace("{}", self._title)
            asked = Comparison(title, clashes, fields, self._names, self._who)
            self.comparison_wanted.emit(asked)

    def _show(self, clashes: Mapping[str, Clash], found: Found) -> None:
        detail, names = found
        self._names = {**detail.names, **names}
        moment = self._formats.moment_text(detail.updated_at.replace(second=0, microsecond=0))
        sentence = self.tr("The record was last changed on {moment}{by}.")
        by = by_whom(detail.updated_by, detail.names)
        self._who = sentence.replace("{moment}", moment).replace("{by}", by)
        self._form.show_clashes(clashes, self._names, self._who)

    def _show_unnamed(self, clashes: Mapping[str, Clash], _: UserError) -> None:
        self._form.show_clashes(clashes, self._names)


def _rows(clashes: Mapping[str, Clash]) -> list[dict[str, Any]]:
    return [
        {key: clash.original for key, clash in clashes.items()},
        {key: clash.theirs for key, clash in clashes.items()},
        {key: clash.mine for key, clash in clashes.items()},
    ]


def _read(
    session: Any,
    record_id: str,
    fields: Sequence[EffectiveField],
    rows: Sequence[Mapping[str, Any]],
) -> Found:
    return records.get_record(session, record_id), names_of_targets(session, fields, rows)
