"""The form for the data of links: typed inputs by the schema, and all other keys below as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget
from typing_extensions import override

from crm_desktop.domain.errors import Clash, Invalid
from crm_desktop.domain.field_types import default_values, is_empty, value_problem
from crm_desktop.domain.formats import Formats
from crm_desktop.domain.json_edits import ABSENT, JsonEdit, json_edits, same_json
from crm_desktop.gui.editors.record_form import RecordForm
from crm_desktop.gui.links.other_data import OtherData
from crm_desktop.gui.theme import unit
from crm_desktop.gui.widgets.section import Section
from crm_desktop.services.link_schemas import check_metadata, fields_of

if TYPE_CHECKING:
    from crm_desktop.gui.tasks import Tasks
    from crm_desktop.services.link_detail import LinkForm


class WholeForm(RecordForm):
    """A record's form that is as tall as its fields: what it stands in scrolls."""

    def __init__(self, tasks: Tasks, formats: Formats, parent: QWidget | None = None) -> None:
        super().__init__(tasks, formats, parent)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        if (layout := self._body.layout()) is not None:
            layout.setContentsMargins(0, 0, unit(), 0)
        self._body.installEventFilter(self)

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.LayoutRequest:
            self._fit()
        return super().eventFilter(watched, event)

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        layout = self._body.layout()
        if layout is None:
            return
        tall = layout.totalHeightForWidth(self.viewport().width())
        self.setFixedHeight(tall if tall >= 0 else layout.totalSizeHint().height())


class MetadataForm(QScrollArea):
    """Serves one stored link (`show_stored`, `edits`) or any number of new ones (`metadata`)."""

    edited = Signal()
    compare_requested = Signal()

    def __init__(self, tasks: Tasks, formats: Formats, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._form: LinkForm | None = None
        self._stored: dict[str, Any] = {}
        self.fields = WholeForm(tasks, formats)
        self.fields.setAccessibleName(self.tr("Link data"))
        self.other = OtherData()
        self.section = Section(self.tr("Other data"), self.other)
        self._lay_out()
        self.fields.edited.connect(self.edited)
        self.fields.compare_requested.connect(self.compare_requested)
        self.other.edited.connect(self.edited)

    def _lay_out(self) -> None:
        body = QWidget()
        box = QVBoxLayout(body)
        box.setContentsMargins(0, 0, unit(), 0)
        box.setSpacing(4 * unit())
        box.addWidget(self.fields)
        box.addWidget(self.section, 1)
        self.setWidget(body)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        body.setAutoFillBackground(False)
        self.viewport().setAutoFillBackground(False)

    def show_form(self, form: LinkForm, *, may_edit: bool = True) -> None:
        """Build the inputs; for new links, with the defaults that the schema gives."""
        self._form = form
        fields = fields_of(form.keys)
        self.fields.show_fields(fields, may_edit=may_edit)
        self.fields.setVisible(bool(fields))
        self.other.set_keys(form.in_use, self.fields.cells)
        self.other.set_read_only(is_read_only=not may_edit)
        if not fields:
            self.other.say_empty(self.tr("This link has no data yet. Add a key, such as “role”."))
        self.section.heading.setVisible(bool(fields))
        self.show_stored({}, {})
        self.fields.suggest(default_values(fields))

    def fold_other(self) -> None:
        """Close the part for other keys, where there are none: most links need it not."""
        self.section.set_open(bool(self._split(self._stored)[1]) or not self.fields.cells)

    # A stored link.

    def show_stored(self, metadata: Mapping[str, Any], names: Mapping[str, str]) -> None:
        """Show what is stored; edits begin with it."""
        self._stored = dict(metadata)
        own, other = self._split(self._stored)
        self.fields.show_values(own, names)
        self.other.show_value(other)
        self.section.set_count(f"{len(other)}" if other and self.fields.cells else "")

    def take_stored(
        self, metadata: Mapping[str, Any], names: Mapping[str, str]
    ) -> dict[str, Clash]:
        """Show what is stored by now, and keep what was edited here.

        Returns by key where both changed something: an input shows both values and asks which to
        keep; of other keys it is said that saving again replaces what others stored.
        """
        before, self._stored = self._stored, dict(metadata)
        own, other = self._split(self._stored)
        clashes = self._clashes_of_fields(before)
        self.fields.take_stored(own, names)
        self.fields.show_clashes(clashes, names)
        if clashes:
            self.ensureWidgetVisible(self.fields.cells[next(iter(clashes))])
        return clashes | self._merge_other(other)

    def edits(self) -> tuple[JsonEdit, ...]:
        """Return what was changed, each guarded by what it was based on; raises Invalid."""
        changed = self.fields.changed_values()
        self._check({key: new for key, (_, new) in changed.items()})
        own = []
        for key, (old, new) in changed.items():
            before = self._stored.get(key, ABSENT) if same_json(self._stored.get(key), old) else old
            own.append(JsonEdit((key,), before, ABSENT if is_empty(new) else new))
        edits = [edit for edit in own if not (edit.old is ABSENT and edit.new is ABSENT)]
        return (*edits, *json_edits(self.other.stored(), self.other.value()))

    def _check(self, values: Mapping[str, Any]) -> None:
        cells = self.fields.cells
        found = ((key, value_problem(cells[key].field, value)) for key, value in values.items())
        if problems := {key: problem for key, problem in found if problem}:
            self.show_problems(problems)
            raise Invalid(problems)

    def is_changed(self) -> bool:
        return bool(self.fields.changed_count()) or self.other.is_changed()

    # New links.

    def metadata(self) -> dict[str, Any]:
        """Return the data that new links shall have; raises Invalid with what is wrong in place."""
        values = {key: new for key, (_, new) in self.fields.changed_values().items()}
        given = {key: value for key, value in values.items() if not is_empty(value)}
        found = given | self.other.value()
        try:
            check_metadata(self._form.keys if self._form else (), found)
        except Invalid as error:
            self.show_problems(error.problems)
            raise
        return found

    def show_problems(self, problems: Mapping[str, str]) -> dict[str, str]:
        """Say what was refused at the keys it is about; returns what found no place."""
        rest = self.fields.show_problems(problems)
        marked = [cell for key, cell in self.fields.cells.items() if key in problems]
        if marked:
            self.ensureWidgetVisible(marked[0])
        return rest

    def focus_first(self) -> None:
        if self.fields.cells:
            self.fields.focus_first()
        else:
            self.other.setFocus()

    def _split(self, metadata: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        own = {key: value for key, value in metadata.items() if key in self.fields.cells}
        other = {key: value for key, value in metadata.items() if key not in self.fields.cells}
        return own, other

    def _clashes_of_fields(self, before: Mapping[str, Any]) -> dict[str, Clash]:
        clashes = {}
        for key, cell in self.fields.cells.items():
            now = self._stored.get(key)
            if cell.is_changed and not same_json(before.get(key), now):
                clashes[key] = Clash(before.get(key), now, _mine(cell.edited_value))
        return clashes

    def _merge_other(self, now: Mapping[str, Any]) -> dict[str, Clash]:
        """Lay what was edited here over what is stored by now."""
        before = self.other.stored()
        try:
            mine = self.other.value()
        except Invalid:
            return {}  # it stays as it was typed, with what is wrong said beside it
        merged, clashes = dict(now), {}
        for edit in json_edits(before, mine):
            key = str(edit.path[0])
            if not same_json(before.get(key, ABSENT), now.get(key, ABSENT)):
                clashes[key] = Clash(before.get(key), now.get(key), mine.get(key))
            if key in mine:
                merged[key] = mine[key]
            else:
                merged.pop(key, None)
        self.other.keep(now, merged)
        if clashes:
            names = ", ".join(f"“{key}”" for key in clashes)
            sentence = self.tr("Somebody else changed {} too. Saving replaces what they stored.")
            self.other.say(sentence.format(names))
        return clashes


def _mine(read: Any) -> Any:
    try:
        return read()
    except Invalid:
        return None
