"""What is known of the object or relationship that is current in the schema's graph."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QAction, QPalette
from PySide6.QtWidgets import QFormLayout, QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from crm_desktop.domain.cardinality import from_has_one, meaning, to_has_one
from crm_desktop.domain.graph import NO_PART, Part
from crm_desktop.gui.graph.schema_nodes import Known
from crm_desktop.gui.icons import object_icon
from crm_desktop.gui.models.relationships import sentences
from crm_desktop.gui.theme import line_height, unit
from crm_desktop.gui.widgets.buttons import SmallLink, plain_button
from crm_desktop.gui.widgets.elided_label import TextLabel
from crm_desktop.gui.widgets.hairline import Hairline
from crm_desktop.gui.widgets.icon_label import IconLabel
from crm_desktop.services.schema_graph import Figures, SchemaObject, SchemaRelationship

Go = Callable[[Part], object]
_SOON = 40  # milliseconds


class SchemaInspector(QScrollArea):
    """Facts, and buttons for what can be done; its links lead along the relationships."""

    def __init__(
        self,
        of_object: Sequence[QAction],
        of_relationship: Sequence[QAction],
        go: Go,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._of_object, self._of_relationship, self._go = of_object, of_relationship, go
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMinimumWidth(round(15 * line_height()))
        self.setAccessibleName(self.tr("Inspector"))
        self._part, self._known = NO_PART, Known()
        self._soon = QTimer(self, singleShot=True, interval=_SOON)
        self._soon.timeout.connect(self.show_now)

    def show_part(self, part: Part, known: Known) -> None:
        """Show this soon: the picture, and the next node when one walks on, come before it."""
        self._part, self._known = part, known
        self._soon.start()

    def show_now(self) -> None:
        part, known = self._part, self._known
        content = QWidget()
        content.setBackgroundRole(QPalette.ColorRole.Base)
        content.setAutoFillBackground(True)
        box = QVBoxLayout(content)
        box.setContentsMargins(4 * unit(), 4 * unit(), 4 * unit(), 4 * unit())
        box.setSpacing(3 * unit())
        of_object = None if part.is_edge else known.object(part.id)
        of_relationship = known.relationship(part.id) if part.is_edge else None
        if of_object is not None:
            self._show_object(box, of_object, known)
        elif of_relationship is not None:
            self._show_relationship(box, of_relationship, known)
        else:
            self._show_whole(box, known)
        box.addStretch(1)
        self.setWidget(content)

    # What there is to say.

    def _show_whole(self, box: QVBoxLayout, known: Known) -> None:
        _add_head(box, "workflow", self.tr("Schema"), self.tr("Nothing is chosen"))
        fields = sum(len(each.fields) for each in known.schema.objects)
        _add_facts(
            box,
            [
                (self.tr("Objects"), f"{len(known.schema.objects):,}"),
                (self.tr("Fields in layouts"), f"{fields:,}"),
                (self.tr("Relationships"), f"{len(known.schema.relationships):,}"),
            ],
        )
        words = self.tr(
            "Choose an object or a relationship to see more of it. Arrow keys lead from object to"
            " object, E through the relationships of one."
        )
        box.addWidget(TextLabel(words, role="muted", wraps=True))

    def _show_object(self, box: QVBoxLayout, of: SchemaObject, known: Known) -> None:
        _add_head(box, of.icon or "box", of.label, f"{self.tr('Object')} \u00b7 {of.name}")
        facts = [(self.tr("Plural"), of.plural_name), (self.tr("Fields"), f"{len(of.fields):,}")]
        if known.counts is not None:
            facts.append((self.tr("Records"), f"{known.counts.get(of.id, 0):,}"))
        _add_facts(box, facts)
        self._add_buttons(box, self._of_object)
        own = [each for each in known.schema.relationships if of.id in {each.from_id, each.to_id}]
        if own:
            box.addWidget(Hairline())
            box.addWidget(TextLabel(self.tr("Relationships"), face="strong"))
        for each in own:
            other = known.object(each.to_id if each.from_id == of.id else each.from_id)
            name = other.label if other is not None else ""
            link = SmallLink(f"{each.from_label or each.name} \u2013 {name}")
            link.clicked.connect(partial(self._follow, Part(each.id, is_edge=True)))
            box.addWidget(link, 0, Qt.AlignmentFlag.AlignLeft)

    def _show_relationship(self, box: QVBoxLayout, of: SchemaRelationship, known: Known) -> None:
        start, end = known.object(of.from_id), known.object(of.to_id)
        if start is None or end is None:
            return
        about = f"{self.tr('Relationship')} \u00b7 {of.name}"
        _add_head(box, "spline", of.from_label or of.name, about)
        both = sentences(of.type, (start.label, start.plural_name), (end.label, end.plural_name))
        box.addWidget(TextLabel(" ".join(both), role="muted", wraps=True))
        _add_facts(
            box,
            [
                (self.tr("From"), start.label),
                (self.tr("To"), end.label),
                (self.tr("Type"), f"{of.type}, {meaning(of.type)}"),
                (self.tr("Heading at {}").replace("{}", start.label), of.from_label),
                (self.tr("Heading at {}").replace("{}", end.label), of.to_label),
            ],
        )
        self._add_buttons(box, self._of_relationship)
        box.addWidget(Hairline())
        box.addWidget(TextLabel(self.tr("In use"), face="strong"))
        figures = known.figures.get(of.id)
        if figures is None:
            words = self.tr("Links are counted when you ask for it; millions take a while.")
            box.addWidget(TextLabel(words, role="muted", wraps=True))
        else:
            _add_facts(box, self._figures(figures, start.label, end.label))
            self._add_breaches(box, of, figures)

    def _figures(self, of: Figures, start: str, end: str) -> list[tuple[str, str]]:
        facts = [(self.tr("Links"), f"{of.links:,}")]
        for label, side in ((start, of.from_side), (end, of.to_side)):
            average = of.links / side.records if side.records else 0
            linked, mean, most = self.tr("{} with links"), self.tr("average"), self.tr("most")
            facts += [
                (linked.replace("{}", label), f"{side.records:,}"),
                (f"\u2003{mean} / {most}", f"{average:,.1f} / {side.most:,}"),
            ]
        return facts

    def _add_breaches(self, box: QVBoxLayout, of: SchemaRelationship, figures: Figures) -> None:
        has_one = to_has_one(of.type) or from_has_one(of.type)
        found = [
            (figures.crowded if has_one else 0, self.tr("records with several links, not one")),
            (figures.repeated, self.tr("links that are there twice")),
            (figures.misplaced, self.tr("links to a record of another object")),
        ]
        for count, words in found:
            if count:
                line = QHBoxLayout()
                line.setSpacing(2 * unit())
                line.addWidget(IconLabel("octagon-alert", "danger"), 0, Qt.AlignmentFlag.AlignTop)
                line.addWidget(TextLabel(f"{count:,} {words}", role="danger", wraps=True), 1)
                box.addLayout(line)
        if not figures.breaches:
            box.addWidget(TextLabel(self.tr("No breaches."), role="muted"))

    def _follow(self, part: Part) -> None:
        self._go(part)

    def _add_buttons(self, box: QVBoxLayout, actions: Sequence[QAction]) -> None:
        for action in actions:
            button = plain_button(action.text(), icon_name=str(action.property("icon_name")))
            button.setEnabled(action.isEnabled())
            button.clicked.connect(action.trigger)
            box.addWidget(button)


def _add_head(box: QVBoxLayout, icon_name: str, title: str, about: str) -> None:
    row = QHBoxLayout()
    row.setSpacing(2 * unit())
    row.addWidget(IconLabel(object_icon(icon_name, "accent")), 0, Qt.AlignmentFlag.AlignTop)
    words = QVBoxLayout()
    words.setSpacing(unit() // 2)
    words.addWidget(TextLabel(title, face="title", wraps=True))
    words.addWidget(TextLabel(about, face="small", role="muted", wraps=True))
    row.addLayout(words, 1)
    box.addLayout(row)


def _add_facts(box: QVBoxLayout, facts: Sequence[tuple[str, str]]) -> None:
    form = QFormLayout()
    form.setHorizontalSpacing(3 * unit())
    form.setVerticalSpacing(round(1.5 * unit()))
    form.setLabelAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
    for label, value in facts:
        if value:
            form.addRow(TextLabel(label, role="muted"), TextLabel(value, wraps=True))
    box.addLayout(form)
