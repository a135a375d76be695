"""What is known of one relationship: how it reads, its figures, breaches, and who mentions it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from crm_desktop.domain.cardinality import from_has_one, meaning, to_has_one
from crm_desktop.domain.errors import Cancelled, UserError
from crm_desktop.gui.dialogs.crowded_list import CrowdedList
from crm_desktop.gui.dialogs.delete_dialog import counted
from crm_desktop.gui.icons import icon
from crm_desktop.gui.models.fields import type_label
from crm_desktop.gui.models.relationships import RelationshipRow, reading_of
from crm_desktop.gui.theme import line_height, unit
from crm_desktop.gui.widgets.buttons import SmallLink, plain_button
from crm_desktop.gui.widgets.elided_label import ElidedLabel, TextLabel
from crm_desktop.gui.widgets.icon_label import IconLabel
from crm_desktop.gui.widgets.running_bar import RunningBar
from crm_desktop.gui.widgets.section import Section
from crm_desktop.services import relationship_figures
from crm_desktop.services.relationship_figures import EndFigures, Mention, RelationshipFigures

if TYPE_CHECKING:
    from crm_desktop.gui.tasks import Handle, Tasks

SETTLED_AFTER = 300  # milliseconds on one relationship, before its links are looked at
COUNTED_AT_ONCE = 200_000  # links; of more, somebody asks
PATIENCE = 290.0
MOST_MENTIONS = 20


class RelationshipDetails(QScrollArea):
    """Says what is known at once; what takes counting comes in the background or when asked."""

    open_requested = Signal(str)

    def __init__(self, tasks: Tasks, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tasks = tasks
        self._row: RelationshipRow | None = None
        self._reading: Handle | None = None
        self._naming: Handle | None = None
        self._settling = QTimer(self, singleShot=True, interval=SETTLED_AFTER)
        self._settling.timeout.connect(self._settle)
        self.running = RunningBar()
        self.running.stop_requested.connect(self._let_go)
        self.running.resume_requested.connect(self.count)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setAccessibleName(self.tr("About this relationship"))
        self.viewport().setAutoFillBackground(False)
        self.setMinimumWidth(round(line_height() * 16))
        self._build(None)

    def show_row(self, row: RelationshipRow | None) -> None:
        """Show another relationship, or the same one as it is now."""
        if row == self._row:
            return
        self._row = row
        self.refresh()

    def refresh(self) -> None:
        """Build what is known, and look at the links again."""
        self._let_go()
        self._build(self._row)
        if self._row is not None:
            self._settling.start()

    def _let_go(self) -> None:
        self._settling.stop()
        self.running.end()
        for handle in (self._reading, self._naming):
            if handle is not None:
                handle.cancel()
        self._reading = self._naming = None

    def _settle(self) -> None:
        """Look for mentions; at links too, where they are known to be few."""
        if self._row is None:
            return
        call = partial(relationship_figures.mentions_of_relationship, relationship_id=self._row.id)
        self._naming = self._tasks.read(self, call, self._show_mentions, self._fail)
        if self._row.links is not None and self._row.links <= COUNTED_AT_ONCE:
            self.count()

    def count(self) -> None:
        """Count links for each record and what breaks the rules; it can be stopped."""
        if self._row is None:
            return
        self.ask.hide()
        self.running.run(self.tr("Looking at links…"), self.tr("Counting was stopped."))
        call = partial(relationship_figures.relationship_figures, relationship_id=self._row.id)
        self._reading = self._tasks.read(
            self, call, self._show_figures, self._fail, patience=PATIENCE
        )

    # Building

    def _build(self, row: RelationshipRow | None) -> None:
        body, u = QWidget(), unit()
        self._box = QVBoxLayout(body)
        self._box.setContentsMargins(4 * u, 3 * u, 4 * u, 4 * u)
        self._box.setSpacing(3 * u)
        self.running.setParent(None)
        self.figures = QWidget()
        self.named = QWidget()
        for part in (self.figures, self.named):
            inner = QVBoxLayout(part)
            inner.setContentsMargins(0, 0, 0, 0)
            inner.setSpacing(2 * u)
        if row is None:
            self._box.addWidget(TextLabel(self.tr("No relationship is selected."), role="muted"))
        else:
            self._say_what_it_is(row)
            self._say_links(row)
            for part in (self.figures, self.named):
                self._box.addWidget(part)
        self._box.addStretch(1)
        self.setWidget(body)
        body.setAutoFillBackground(False)

    def _say_what_it_is(self, row: RelationshipRow) -> None:
        line = QHBoxLayout()
        line.setSpacing(2 * unit())
        line.addWidget(IconLabel(icon("spline", "accent")))
        line.addWidget(ElidedLabel(row.name, face="title"), 1)
        self._box.addLayout(line)
        self.reading = TextLabel("\n".join(reading_of(row.summary)), wraps=True)
        self._box.addWidget(self.reading)
        kind = f"{row.summary.type} · {meaning(row.summary.type)}"
        heading = self.tr("Heading on {}")
        facts = [(self.tr("Type"), kind)]
        facts += [
            (heading.format(side), label or self.tr("by the object"))
            for side, label in zip(
                self._sides(row), (row.summary.from_label, row.summary.to_label), strict=True
            )
        ]
        self._add_facts(self._box, facts)
        self._say_keys(row)

    def _sides(self, row: RelationshipRow) -> tuple[str, str]:
        """Name both ends, apart also where an object is related to itself."""
        one, other = row.summary.from_object, row.summary.to_object
        if one.id != other.id:
            return one.label, other.label
        return self.tr("{} (from)").format(one.label), self.tr("{} (to)").format(other.label)

    def _add_facts(self, box: QVBoxLayout, facts: list[tuple[str, str]]) -> None:
        grid = QGridLayout()
        grid.setHorizontalSpacing(3 * unit())
        grid.setVerticalSpacing(unit() // 2)
        grid.setColumnStretch(1, 1)
        for row, (name, value) in enumerate(facts):
            grid.addWidget(TextLabel(name, face="small", role="muted"), row, 0)
            grid.addWidget(ElidedLabel(value, face="small"), row, 1)
        box.addLayout(grid)

    def _say_keys(self, row: RelationshipRow) -> None:
        content = QWidget()
        lines = QVBoxLayout(content)
        lines.setContentsMargins(0, 0, 0, 0)
        if row.keys:
            star = self.tr("{}, required")
            facts = [
                (
                    key.title,
                    star.format(type_label(key.type)) if key.is_required else type_label(key.type),
                )
                for key in row.keys
            ]
            self._add_facts(lines, facts)
        else:
            words = self.tr("No keys are defined. Links can hold any data.")
            lines.addWidget(TextLabel(words, face="small", role="muted", wraps=True))
        section = Section(self.tr("Link data"), content)
        section.set_count(f"{len(row.keys)}" if row.keys else "")
        self._box.addWidget(section)

    def _say_links(self, row: RelationshipRow) -> None:
        self.links = TextLabel(face="strong")
        if row.links is None:
            self.links.setText(self.tr("Links are being counted…"))
        else:
            self.links.setText(counted(row.links, self.tr("link"), self.tr("links")))
        self._box.addWidget(self.links)
        self.ask = plain_button(self.tr("Look at the links"), icon_name="search")
        self.ask.setToolTip(self.tr("Counts links for each record, and looks for breaches"))
        self.ask.clicked.connect(self.count)
        self.ask.setVisible(row.links is None or row.links > COUNTED_AT_ONCE)
        self._box.addWidget(self.ask, 0, Qt.AlignmentFlag.AlignLeft)
        self._box.addWidget(self.running)

    # Figures

    def _show_figures(self, found: RelationshipFigures) -> None:
        self._reading = None
        self.running.end()
        row, box = self._row, self.figures.layout()
        if row is None or not isinstance(box, QVBoxLayout):
            return
        self.links.setText(counted(found.links, self.tr("link"), self.tr("links")))
        ends = zip(self._sides(row), (found.from_end, found.to_end), strict=True)
        if found.links:
            facts = [self._end_fact(end, figures, found.links) for end, figures in ends]
            self._add_facts(box, facts)
        self._show_breaches(row, found, box)

    def _end_fact(self, side: str, figures: EndFigures, links: int) -> tuple[str, str]:
        average = f"{links / figures.linked:,.1f}" if figures.linked else "0"
        words = self.tr("{average} on average, at most {most:,}, in {n:,} linked records")
        name = self.tr("Per {}").format(side)
        return name, words.format(average=average, most=figures.most, n=figures.linked)

    def _show_breaches(
        self, row: RelationshipRow, found: RelationshipFigures, box: QVBoxLayout
    ) -> None:
        said = {
            "links_to_wrong_object": (
                self.tr("link leads to a record of another object"),
                self.tr("links lead to records of other objects"),
            ),
            "duplicate_links": (
                self.tr("link joins the same records again"),
                self.tr("links join the same records again"),
            ),
        }
        wrong = {kind: count for kind, count in found.breaches.items() if count}
        if found.links and not wrong:
            self._say(box, "circle-check", self.tr("Nothing breaks the rules."))
        for kind, count in wrong.items():
            if kind in said:
                self._say(box, "octagon-alert", f"{counted(count, *said[kind])}.")
            else:
                self._list_crowded(row, box)

    def _say(self, box: QVBoxLayout, icon_name: str, words: str) -> None:
        is_good = icon_name == "circle-check"
        line = QHBoxLayout()
        line.setSpacing(unit())
        picture = IconLabel(icon_name, "success" if is_good else "danger")
        line.addWidget(picture, 0, Qt.AlignmentFlag.AlignTop)
        line.addWidget(TextLabel(words, wraps=True), 1)
        box.addLayout(line)

    def _list_crowded(self, row: RelationshipRow, box: QVBoxLayout) -> None:
        is_from = from_has_one(row.summary.type) and not to_has_one(row.summary.type)
        listed = CrowdedList(self._tasks)
        listed.open_requested.connect(self.open_requested)
        box.addWidget(listed)
        listed.ask(row.id, is_from=is_from)

    # Who mentions it

    def _show_mentions(self, found: tuple[Mention, ...]) -> None:
        self._naming = None
        box = self.named.layout()
        if not found or box is None:
            return
        content = QWidget()
        lines = QVBoxLayout(content)
        lines.setContentsMargins(0, 0, 0, 0)
        lines.setSpacing(unit() // 2)
        for mention in found[:MOST_MENTIONS]:
            lines.addWidget(self._mention(mention), 0, Qt.AlignmentFlag.AlignLeft)
        if len(found) > MOST_MENTIONS:
            more = self.tr("and {0:,} more").format(len(found) - MOST_MENTIONS)
            lines.addWidget(TextLabel(more, face="small", role="muted"))
        section = Section(self.tr("Mentioned by"), content)
        section.set_count(f"{len(found)}")
        box.addWidget(section)

    def _mention(self, mention: Mention) -> QWidget:
        if mention.kind != "view":
            words = self.tr("application “{}”").format(mention.title)
            return TextLabel(words, face="small")
        words = self.tr("{object}: view “{view}”")
        link = SmallLink(
            words.format(object=mention.object_label, view=mention.title).replace("&", "&&")
        )
        link.clicked.connect(partial(self.open_requested.emit, f"records:{mention.object_id}"))
        return link

    def _fail(self, error: UserError) -> None:
        self._let_go()
        if not isinstance(error, Cancelled):
            self._box.insertWidget(1, TextLabel(str(error), role="danger", wraps=True))
