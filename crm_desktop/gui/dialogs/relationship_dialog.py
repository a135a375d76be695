"""The dialog that relates two objects, and reads the relationship aloud in both directions."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QGridLayout, QWidget
from typing_extensions import override

from crm_desktop.domain.cardinality import WRITABLE, meaning
from crm_desktop.domain.errors import Invalid
from crm_desktop.gui.dialogs.form_dialog import Call, FormDialog, Input
from crm_desktop.gui.icons import object_icon
from crm_desktop.gui.models.relationships import sentences
from crm_desktop.gui.theme import line_height, unit
from crm_desktop.gui.widgets.elided_label import TextLabel
from crm_desktop.gui.widgets.form_row import FormRow
from crm_desktop.services import objects, relationships
from crm_desktop.services.objects import ObjectSummary
from crm_desktop.services.relationships import RelationshipDraft, RelationshipSummary

if TYPE_CHECKING:
    from crm_desktop.gui.tasks import Tasks

NEW = {
    "from_object_id": "",
    "type": "1:N",
    "to_object_id": "",
    "name": "",
    "from_label": "",
    "to_label": "",
}


class RelationshipDialog(FormDialog):
    """`stored` carries the id of the relationship that was created, None after an edit."""

    def __init__(
        self,
        tasks: Tasks,
        relationship: RelationshipSummary | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(tasks, "", "", parent)
        self.relationship = relationship
        is_new = relationship is None
        title = self.tr("New relationship") if is_new else self.tr("Edit relationship")
        self.set_title(title, title if relationship is None else relationship.name)
        self.set_verb(self.tr("Create relationship") if is_new else self.tr("Save relationship"))
        self._words: dict[str, tuple[str, str]] = {}  # label and plural by object
        self._ask()
        self._lay_out()
        if relationship is not None:
            for end in (relationship.from_object, relationship.to_object):
                self._words[end.id] = (end.label, end.plural_name)
                for box in (self.start, self.end):
                    if box.findData(end.id) < 0:
                        box.addItem(object_icon(end.icon), end.label, end.id)
        self.show_stored(NEW if relationship is None else _values_of(relationship))
        self._read_aloud()
        tasks.read(self, objects.list_objects, self._offer, self.refuse)
        self.setMinimumWidth(round(line_height() * 40))

    def _ask(self) -> None:
        self.start = self._choice("from_object_id", self.tr("From"), is_required=True)
        self.kind = self._choice("type", self.tr("Type"), is_required=False)
        self.end = self._choice("to_object_id", self.tr("To"), is_required=True)
        for type_ in WRITABLE:
            self.kind.addItem(f"{type_}  {meaning(type_)}", type_)
        self.name = self.add_line(
            "name", self.tr("Name"), hint=self.tr("left empty, it is made from the two objects")
        )
        self.from_label = self.add_line("from_label", self.tr("Heading on the “from” record"))
        self.to_label = self.add_line("to_label", self.tr("Heading on the “to” record"))

    def _choice(self, name: str, label: str, *, is_required: bool) -> QComboBox:
        box = QComboBox()
        box.setMinimumContentsLength(10)
        row = FormRow(label, box, is_required=is_required)

        def show(value: str) -> None:
            if value and box.findData(value) < 0:
                box.addItem(value, value)  # a type that other programs wrote
            box.setCurrentIndex(box.findData(value))

        self.add_input(Input(name, row, lambda: box.currentData() or "", show))
        box.currentIndexChanged.connect(self._read_aloud)
        box.currentIndexChanged.connect(lambda: row.set_problem(""))
        return box

    def _lay_out(self) -> None:
        grid = QGridLayout()
        grid.setHorizontalSpacing(4 * unit())
        grid.setVerticalSpacing(4 * unit())
        for column, name in enumerate(("from_object_id", "type", "to_object_id")):
            grid.addWidget(self.row(name), 0, column)
            grid.setColumnStretch(column, 1)
        self.reading = TextLabel(role="muted", wraps=True)
        self.reading.setAccessibleName(self.tr("Read aloud"))
        self.reading.setMinimumHeight(round(line_height() * 2.5))
        self.reading.setAlignment(Qt.AlignmentFlag.AlignTop)
        grid.addWidget(self.reading, 1, 0, 1, 3)
        for column, name in enumerate(("name", "from_label", "to_label")):
            grid.addWidget(self.row(name), 2, column)
        self.body.addLayout(grid)

    def _offer(self, found: list[ObjectSummary]) -> None:
        """Offer the objects, without taking that for an edit."""
        chosen = {name: self.inputs[name].read() for name in ("from_object_id", "to_object_id")}
        for box in (self.start, self.end):
            box.blockSignals(True)
            box.clear()
            for summary in found:
                box.addItem(object_icon(summary.icon), summary.label, summary.id)
            box.blockSignals(False)
        self._words |= {row.id: (row.label, row.plural_name) for row in found}
        for name, value in chosen.items():
            self.inputs[name].show(value)
        self._read_aloud()

    def _read_aloud(self) -> None:
        if not hasattr(self, "reading"):
            return
        start, end = self.start.currentData(), self.end.currentData()
        if start not in self._words or end not in self._words:
            self.reading.setText(self.tr("Choose the two objects; how it reads is shown here."))
            return
        from_words, to_words = self._words[start], self._words[end]
        both = sentences(self.kind.currentData() or "", from_words, to_words)
        self.reading.setText("\n".join(both))
        self.from_label.setPlaceholderText(to_words[1])
        to_heading = from_words[0] if self.kind.currentData() == "1:N" else from_words[1]
        self.to_label.setPlaceholderText(to_heading)

    @override
    def call(self) -> Call:
        ends = ("from_object_id", "to_object_id")
        missing = [name for name in ends if not self.inputs[name].read()]
        if missing:
            raise Invalid(dict.fromkeys(missing, self.tr("Choose an object.")))
        draft = RelationshipDraft(**self.answers())
        if self.relationship is None:
            return partial(relationships.create_relationship, draft=draft)
        return partial(
            relationships.update_relationship,
            relationship_id=self.relationship.id,
            version=self.relationship.version,
            draft=draft,
        )

    @override
    def load(self) -> None:
        if self.relationship is not None:
            call = partial(relationships.get_relationship, relationship_id=self.relationship.id)
            self.tasks.read(self, call, self._merge, self.refuse)

    def _merge(self, now: RelationshipSummary) -> None:
        self.relationship = now
        self.merge_stored(_values_of(now))


def _values_of(relationship: RelationshipSummary) -> dict[str, Any]:
    return {
        "from_object_id": relationship.from_object.id,
        "type": relationship.type,
        "to_object_id": relationship.to_object.id,
        "name": relationship.name,
        "from_label": relationship.from_label or "",
        "to_label": relationship.to_label or "",
    }
