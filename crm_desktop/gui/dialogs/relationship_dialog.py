"""The dialog that relates two objects, and reads the relationship aloud in both directions."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QGridLayout, QStackedWidget, QTabBar, QVBoxLayout, QWidget
from typing_extensions import override

from crm_desktop.domain.cardinality import WRITABLE, from_has_one, inverse, meaning, to_has_one
from crm_desktop.domain.errors import Invalid
from crm_desktop.gui.dialogs.crowded_list import CrowdedList
from crm_desktop.gui.dialogs.form_dialog import Call, FormDialog, Input
from crm_desktop.gui.dialogs.link_schema_editor import SchemaEditor
from crm_desktop.gui.dialogs.relationship_saving import (
    Contents,
    KeyEdits,
    create_relationship,
    merged_keys,
    read_again,
    read_contents,
    update_relationship,
)
from crm_desktop.gui.icons import object_icon
from crm_desktop.gui.models.relationships import sentences
from crm_desktop.gui.theme import line_height, unit
from crm_desktop.gui.widgets.buttons import link_button
from crm_desktop.gui.widgets.elided_label import TextLabel
from crm_desktop.gui.widgets.form_row import FormRow
from crm_desktop.services.link_schemas import LinkSchema
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
RELATIONSHIP, LINK_DATA = range(2)


class RelationshipDialog(FormDialog):
    """The definition, and behind a second tab the keys of its links' data; stored together.

    `stored` carries the id of the relationship that was created, None after an edit.
    """

    open_requested = Signal(str)  # the address of a record

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
        self._others: list[RelationshipSummary] = []
        self.tabs, self.stack = QTabBar(), QStackedWidget()
        self.schema = SchemaEditor(tasks)
        self.crowded = CrowdedList(tasks)
        self.crowded.open_requested.connect(self.open_requested)
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
        self.schema.setEnabled(False)
        call = partial(read_contents, relationship_id=self._id)
        tasks.read(self, call, self._offer, self.refuse)
        self.resize(round(line_height() * 56), round(line_height() * 33))

    @property
    def _id(self) -> str:
        return "" if self.relationship is None else self.relationship.id

    def _ask(self) -> None:
        self.start = self._choice("from_object_id", self.tr("From"), is_required=True)
        self.kind = self._choice("type", self.tr("Type"), is_required=False)
        self.end = self._choice("to_object_id", self.tr("To"), is_required=True)
        for type_ in WRITABLE:
            self.kind.addItem(_kind_words(type_), type_)
        self.name = self.add_line(
            "name", self.tr("Name"), hint=self.tr("left empty, it is made from the two objects")
        )
        self.from_label = self.add_line("from_label", self.tr("Heading on the “from” record"))
        self.to_label = self.add_line("to_label", self.tr("Heading on the “to” record"))
        for line in (self.from_label, self.to_label):
            line.textChanged.connect(self._read_aloud)

    def _choice(self, name: str, label: str, *, is_required: bool) -> QComboBox:
        box = QComboBox()
        box.setMinimumContentsLength(10)
        row = FormRow(label, box, is_required=is_required)

        def show(value: str) -> None:
            if value and box.findData(value) < 0:  # a type that other programs wrote
                box.addItem(_kind_words(value) if name == "type" else value, value)
            box.setCurrentIndex(box.findData(value))

        self.add_input(Input(name, row, lambda: box.currentData() or "", show))
        box.currentIndexChanged.connect(self._read_aloud)
        box.currentIndexChanged.connect(lambda: row.set_problem(""))
        return box

    def _lay_out(self) -> None:
        page = QWidget()
        grid = QGridLayout()
        grid.setHorizontalSpacing(4 * unit())
        grid.setVerticalSpacing(3 * unit())
        for column, name in enumerate(("from_object_id", "type", "to_object_id")):
            grid.addWidget(self.row(name), 0, column)
            grid.setColumnStretch(column, 1)
        self.reading = TextLabel(wraps=True)
        self.reading.setAccessibleName(self.tr("Read aloud"))
        self.reading.setMinimumHeight(round(line_height() * 2.2))
        self.reading.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.swap = link_button(self.tr("Swap direction"), icon_name="arrow-left-right")
        self.swap.clicked.connect(self.swap_ends)
        grid.addWidget(self.reading, 1, 0, 1, 2)
        grid.addWidget(self.swap, 1, 2, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop)
        self.siblings = TextLabel(role="muted", wraps=True)
        self.siblings.hide()
        grid.addWidget(self.siblings, 2, 0, 1, 3)
        grid.addWidget(self.crowded, 3, 0, 1, 3)
        for column, name in enumerate(("name", "from_label", "to_label")):
            grid.addWidget(self.row(name), 4, column)
        column_box = QVBoxLayout(page)
        column_box.setContentsMargins(0, unit(), 0, 0)
        column_box.addLayout(grid)
        column_box.addStretch(1)
        self.tabs.setExpanding(False)
        self.tabs.setAccessibleName(self.tr("Sections"))
        for title, part in ((self.tr("Relationship"), page), (self.tr("Link data"), self.schema)):
            self.tabs.addTab(title)
            self.stack.addWidget(part)
        self.tabs.currentChanged.connect(self._show_tab)
        self.schema.edited.connect(self._count_keys)
        self.body.addWidget(self.tabs)
        self.body.addWidget(self.stack, 1)

    def _show_tab(self, tab: int) -> None:
        self.stack.setCurrentIndex(tab)
        if tab == LINK_DATA and self.schema.isEnabled():
            self.schema.begin()

    def _count_keys(self) -> None:
        count = len(self.schema.keys)
        words = self.tr("Link data {0:,}").format(count) if count else self.tr("Link data")
        self.tabs.setTabText(LINK_DATA, words)

    def _offer(self, found: Contents) -> None:
        """Offer the objects, without taking that for an edit."""
        chosen = {name: self.inputs[name].read() for name in ("from_object_id", "to_object_id")}
        for box in (self.start, self.end):
            box.blockSignals(True)
            box.clear()
            for summary in found.objects:
                box.addItem(object_icon(summary.icon), summary.label, summary.id)
            box.blockSignals(False)
        self._words |= {row.id: (row.label, row.plural_name) for row in found.objects}
        self._others = [row for row in found.relationships if row.id != self._id]
        for name, value in chosen.items():
            self.inputs[name].show(value)
        self._show_schema(found.schema)
        self.swap.setEnabled(not found.has_links)
        if found.has_links:
            tip = self.tr("There are links, so that its direction cannot be changed any more")
            self.swap.setToolTip(tip)
        self._read_aloud()

    def _show_schema(self, schema: LinkSchema) -> None:
        self.schema.setEnabled(True)
        self.schema.load(self._id, schema.keys, schema.limit)
        self._count_keys()
        self._show_tab(self.tabs.currentIndex())

    # What it says

    def _read_aloud(self) -> None:
        if not hasattr(self, "siblings"):
            return
        start, end = self.start.currentData(), self.end.currentData()
        if start not in self._words or end not in self._words:
            self.reading.setText(self.tr("Choose the two objects; how it reads is shown here."))
            return
        kind = self.kind.currentData() or ""
        from_words, to_words = self._words[start], self._words[end]
        headings = (self.from_label.text().strip(), self.to_label.text().strip())
        self.reading.setText("\n".join(sentences(kind, from_words, to_words, headings)))
        self.from_label.setPlaceholderText(to_words[0 if from_has_one(kind) else 1])
        self.to_label.setPlaceholderText(from_words[0 if to_has_one(kind) else 1])
        self._name_siblings({start, end})
        self._look_for_crowded(kind)

    def _name_siblings(self, ends: set[str]) -> None:
        names = [
            f"“{row.name}” ({row.type})"
            for row in self._others
            if {row.from_object.id, row.to_object.id} == ends
        ]
        self.siblings.setText(
            self.tr(
                "Between these objects there is also {}; its name tells this one apart."
            ).format(", ".join(names))
        )
        self.siblings.setVisible(bool(names))

    def _look_for_crowded(self, kind: str) -> None:
        """List the records that a narrower type would not allow."""
        stored = self.relationship
        if stored is None or not to_has_one(kind) or to_has_one(stored.type):
            self.crowded.clear()
        else:
            self.crowded.ask(stored.id, is_from=False)

    def swap_ends(self) -> None:
        """Turn the relationship round, headings and all; a type is turned where we can write it."""
        values = self.answers()
        turned = inverse(values["type"])
        swapped = {
            "from_object_id": values["to_object_id"],
            "to_object_id": values["from_object_id"],
            "from_label": values["to_label"],
            "to_label": values["from_label"],
            "type": turned if turned in WRITABLE else values["type"],
        }
        for name, value in swapped.items():
            self.inputs[name].show(value)
        self._read_aloud()

    # Storing

    @override
    def is_changed(self) -> bool:
        return super().is_changed() or self.schema.is_changed()

    @override
    def call(self) -> Call | None:
        ends = ("from_object_id", "to_object_id")
        missing = [name for name in ends if not self.inputs[name].read()]
        if missing:
            raise Invalid(dict.fromkeys(missing, self.tr("Choose an object.")))
        self._check_keys()
        has_keys = self.schema.is_changed()
        keys = KeyEdits(self.schema.keys, self.schema.stored) if has_keys else None
        if self.relationship is None:
            draft = RelationshipDraft(**self.answers())
            return partial(create_relationship, draft=draft, keys=keys)
        is_edited = super().is_changed()
        if not is_edited and keys is None:
            return None
        edited = RelationshipDraft(**self.answers()) if is_edited else None
        return partial(update_relationship, stored=self.relationship, draft=edited, keys=keys)

    def _check_keys(self) -> None:
        try:
            self.schema.check()
        except Invalid:
            self.tabs.setCurrentIndex(LINK_DATA)
            raise

    @override
    def say_elsewhere(self, problems: dict[str, str]) -> dict[str, str]:
        if any(name.split(".")[0] == "keys" for name in problems):
            self.tabs.setCurrentIndex(LINK_DATA)
        return self.schema.show_problems(problems)

    @override
    def bring_to_front(self, row: FormRow) -> None:
        self.tabs.setCurrentIndex(RELATIONSHIP)

    @override
    def focus_first(self) -> None:
        if self.tabs.currentIndex() == LINK_DATA:
            self.schema.setFocus()
        else:
            super().focus_first()

    @override
    def load(self) -> None:
        if self.relationship is not None:
            call = partial(read_again, relationship_id=self.relationship.id)
            self.tasks.read(self, call, self._merge, self.refuse)

    def _merge(self, now: tuple[RelationshipSummary, LinkSchema]) -> None:
        self.relationship, schema = now
        base, mine = self.schema.stored, self.schema.keys
        merged, clashes = merged_keys(base, mine, schema.keys)
        self.schema.load(self._id, schema.keys, schema.limit)
        self.schema.show_keys(merged)
        self._count_keys()
        self.merge_stored(_values_of(self.relationship))
        if clashes:
            names = ", ".join(f"“{name}”" for name in clashes)
            sentence = self.tr("Somebody else changed {} too. Saving replaces what they stored.")
            self.schema.problem.set_text(sentence.format(names))
            self.tabs.setCurrentIndex(LINK_DATA)


def _kind_words(type_: str) -> str:
    said = meaning(type_)
    return type_ if said == type_ else f"{type_}  {said}"


def _values_of(relationship: RelationshipSummary) -> dict[str, Any]:
    return {
        "from_object_id": relationship.from_object.id,
        "type": relationship.type,
        "to_object_id": relationship.to_object.id,
        "name": relationship.name,
        "from_label": relationship.from_label or "",
        "to_label": relationship.to_label or "",
    }
