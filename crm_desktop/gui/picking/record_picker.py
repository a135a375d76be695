"""The picker for whoever needs a record: reference fields above all."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QWidget
from typing_extensions import override

from crm_desktop.gui.icons import object_icon
from crm_desktop.gui.picking.picker_dialog import PickerDialog
from crm_desktop.gui.picking.picker_model import Pick
from crm_desktop.gui.tasks import Tasks
from crm_desktop.gui.translating import tr
from crm_desktop.gui.widgets.form_row import FormRow
from crm_desktop.services import link_candidates
from crm_desktop.services.objects import ObjectSummary


class RecordPicker(PickerDialog):
    """Picks records of one of these objects (ids or names; none: of any), for somebody else.

    `chosen` are those that were picked before. `picked` carries pairs of id and title.
    """

    picked = Signal(object)

    def __init__(
        self,
        tasks: Tasks,
        object_ids: Sequence[str],
        *,
        allow_multiple: bool = False,
        chosen: Sequence[tuple[str, str]] = (),
        search: str = "",
        parent: QWidget | None = None,
    ) -> None:
        self._many = allow_multiple
        title = tr("Choose records") if allow_multiple else tr("Choose a record")
        super().__init__(tasks, title, parent, allow_multiple=allow_multiple, has_marks=False)
        self._objects: list[ObjectSummary] = []
        self.object_choice = QComboBox()
        self.object_row = FormRow(self.tr("Object"), self.object_choice)
        self.object_row.hide()
        self.head.insertWidget(2, self.object_row)
        self.object_choice.currentIndexChanged.connect(self._choose_object)
        self.model.remarks = link_candidates.titles_of
        self.search.setText(search)
        if allow_multiple:
            self.model.pick([Pick(id_, title_) for id_, title_ in chosen])
            self.begun_with = frozenset(self.model.picks)
        call = partial(link_candidates.objects_to_pick_from, names=list(object_ids))
        tasks.read(self, call, self._show_objects, self._not_read)

    def _show_objects(self, found: list[ObjectSummary]) -> None:
        self._objects = found
        if not found:
            self.problem.set_text(self.tr("The object that this refers to no longer exists."))
            return
        self.object_choice.blockSignals(True)
        for each in found:
            self.object_choice.addItem(object_icon(each.icon), each.plural_name)
        self.object_choice.blockSignals(False)
        self.object_row.setVisible(len(found) > 1)
        if len(found) == 1 and not self._many:
            title = self.tr("Choose a {}").replace("{}", found[0].label)
            self.heading.setText(title)
            self.setWindowTitle(title)
        self._choose_object(0)

    def _choose_object(self, place: int) -> None:
        if not 0 <= place < len(self._objects):
            return
        object_id = self._objects[place].id
        call = partial(link_candidates.columns_to_pick_from, object_id=object_id)
        self.tasks.read(self, call, partial(self.show_records, object_id), self._not_read)

    @override
    def verb(self, count: int) -> str:
        if count > 1:
            return self.tr("Choose {}").replace("{}", f"{count:,}")
        return self.tr("Choose")

    @override
    def submit_picks(self, picks: Sequence[Pick]) -> None:
        self.picked.emit([(pick.id, pick.title) for pick in picks])
        self.close_accepted()
