"""The dialog that builds an index: for which field, what it shall make quick, what that costs."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QComboBox, QHBoxLayout, QVBoxLayout, QWidget
from typing_extensions import override

from crm_desktop.domain.errors import UserError
from crm_desktop.domain.field_types import EffectiveField
from crm_desktop.domain.index_kinds import IndexKind, kinds_of
from crm_desktop.gui.models.indexes import kind_text
from crm_desktop.gui.sizes import size_text, time_text
from crm_desktop.gui.theme import line_height, unit
from crm_desktop.gui.widgets.buttons import plain_button, primary_button
from crm_desktop.gui.widgets.elided_label import TextLabel
from crm_desktop.gui.widgets.fitting_dialog import FittingDialog
from crm_desktop.gui.widgets.form_row import FormRow, ProblemLine
from crm_desktop.services import index_advice, objects, records
from crm_desktop.services.index_advice import IndexAdvice
from crm_desktop.services.objects import ObjectSummary

if TYPE_CHECKING:
    from crm_desktop.gui.tasks import Handle, Tasks


class BuildIndexDialog(FittingDialog):
    """Closes when building begins, which then goes on in the status bar."""

    def __init__(self, tasks: Tasks, object_id: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tasks, self._wanted = tasks, object_id
        self._wanted_field: tuple[str, IndexKind | None] = ("", None)
        self._asked: Handle | None = None
        self._advice: dict[str, tuple[IndexAdvice, ...]] = {}
        self.setWindowTitle(self.tr("Build an index"))
        self.objects, self.fields, self.kinds = QComboBox(), QComboBox(), QComboBox()
        self.cost = TextLabel(role="muted", wraps=True)
        self.problem = ProblemLine()
        self.cancel = plain_button(self.tr("Cancel"))
        self.submit = primary_button(self.tr("Build"))
        self._lay_out()
        self._connect()
        tasks.read(self, objects.list_objects, self._show_objects, self._fail)

    def choose_field(self, field_id: str, kind: IndexKind | None) -> None:
        """Begin with this field, once the fields have been read."""
        self._wanted_field = field_id, kind

    def _lay_out(self) -> None:
        u = unit()
        box = QVBoxLayout(self)
        box.setContentsMargins(5 * u, 5 * u, 5 * u, 4 * u)
        box.setSpacing(3 * u)
        box.addWidget(TextLabel(self.windowTitle(), face="title"))
        box.addWidget(FormRow(self.tr("Object"), self.objects))
        box.addWidget(FormRow(self.tr("Field"), self.fields))
        box.addWidget(FormRow(self.tr("Makes quick"), self.kinds))
        box.addWidget(self.cost)
        box.addWidget(self.problem)
        box.addStretch(1)
        row = QHBoxLayout()
        row.setSpacing(2 * u)
        row.addStretch(1)
        row.addWidget(self.cancel)
        row.addWidget(self.submit)
        box.addLayout(row)
        self.submit.setDefault(True)
        self.submit.setEnabled(False)
        self.setMinimumWidth(round(line_height() * 24))
        self.objects.setFocus()

    def _connect(self) -> None:
        self.objects.currentIndexChanged.connect(self._read_fields)
        self.fields.currentIndexChanged.connect(self._show_kinds)
        self.kinds.currentIndexChanged.connect(self._show_cost)
        self.cancel.clicked.connect(self.reject)
        self.submit.clicked.connect(self.accept)

    # What there is to choose from

    def _show_objects(self, found: Sequence[ObjectSummary]) -> None:
        self.objects.blockSignals(True)
        for each in found:
            self.objects.addItem(each.label, each.id)
        self.objects.setCurrentIndex(max(0, self.objects.findData(self._wanted)))
        self.objects.blockSignals(False)
        self._read_fields()

    def _read_fields(self, *_: int) -> None:
        object_id = self.objects.currentData()
        self.submit.setEnabled(False)
        if object_id is not None:
            call = partial(records.fields_of, object_id=object_id)
            self._tasks.read(self, call, partial(self._show_fields, object_id), self._fail)

    def _show_fields(self, object_id: str, fields: Sequence[EffectiveField]) -> None:
        if object_id != self.objects.currentData():
            return
        self._advice.clear()
        self.fields.blockSignals(True)
        self.fields.clear()
        for field in fields:
            if kinds_of(field):
                self.fields.addItem(field.label, field.id)
        self.fields.setCurrentIndex(max(0, self.fields.findData(self._wanted_field[0])))
        self.fields.blockSignals(False)
        self._show_kinds()

    def _show_kinds(self, *_: int) -> None:
        """Ask what can be built for the field, and what that costs."""
        field_id = self.fields.currentData()
        self.kinds.clear()
        self.problem.set_text("")
        if field_id is None:
            self.cost.setText(self.tr("This object has no field that an index could serve."))
            return
        self.cost.setText(self.tr("Looking at the records…"))
        call = partial(
            index_advice.advise_field, object_id=self.objects.currentData(), field_id=field_id
        )
        if self._asked is not None:
            self._asked.cancel()
        self._asked = self._tasks.read(self, call, partial(self._advised, field_id), self._fail)

    def _advised(self, field_id: str, advice: tuple[IndexAdvice, ...]) -> None:
        self._advice[field_id] = advice
        self.kinds.blockSignals(True)
        self.kinds.clear()
        for each in advice:
            self.kinds.addItem(kind_text(each.kind), each.kind)
        wanted = self._wanted_field[1] if self._wanted_field[0] == field_id else None
        self.kinds.setCurrentIndex(max(0, self.kinds.findData(wanted)))
        self.kinds.blockSignals(False)
        self._show_cost()

    def _chosen(self) -> IndexAdvice | None:
        advice = self._advice.get(self.fields.currentData() or "", ())
        place = self.kinds.currentIndex()
        return advice[place] if 0 <= place < len(advice) else None

    def _show_cost(self, *_: int) -> None:
        advice = self._chosen()
        if advice is None:
            return
        self.cost.setText(
            self.tr("{rows} records: about {size}, about {time}. Others go on working.").format(
                rows=f"{advice.rows:,}",
                size=size_text(advice.bytes),
                time=time_text(advice.seconds),
            )
        )
        self.problem.set_text(advice.obstacle)
        self.adjustSize()  # long sentences wrap
        self.submit.setEnabled(advice.is_offered)

    def _fail(self, error: UserError) -> None:
        self.cost.setText("")
        self.problem.set_text(str(error))

    @override
    def accept(self) -> None:
        advice = self._chosen()
        if advice is None or not self.submit.isEnabled():
            return
        title = self.tr("Building an index on {}").replace("{}", advice.field.label)
        call = partial(
            index_advice.build_index,
            object_id=advice.object_id,
            field_id=advice.field.id,
            kind=advice.kind,
        )
        self._tasks.maintain(self.parentWidget() or self, title, call)
        super().accept()
