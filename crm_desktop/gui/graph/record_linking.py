"""Links that are made, edited and taken away in a record graph."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QHBoxLayout, QListWidget, QVBoxLayout, QWidget
from typing_extensions import override

from crm_desktop.domain.errors import Conflict, UserError
from crm_desktop.gui.graph.record_content import Content
from crm_desktop.gui.graph.record_drawing import Relationships, side_label, summary, title_of
from crm_desktop.gui.links.metadata_dialog import MetadataDialog
from crm_desktop.gui.messages import ask
from crm_desktop.gui.theme import line_height, unit
from crm_desktop.gui.widgets.buttons import plain_button, primary_button
from crm_desktop.gui.widgets.elided_label import TextLabel
from crm_desktop.gui.widgets.fitting_dialog import FittingDialog
from crm_desktop.services import links
from crm_desktop.services.link_checks import RefusedLinks
from crm_desktop.services.record_graph import GraphLink, GraphRecord, Side

if TYPE_CHECKING:
    from crm_desktop.gui.tasks import Tasks

_STAYS: Mapping[str, str] = {}


class Way(NamedTuple):
    """A relationship by which two records can be linked, and which of them is where."""

    relationship_id: str
    from_record: GraphRecord
    to_record: GraphRecord
    is_linked: bool

    def sentence(self, relationships: Relationships) -> str:
        label = side_label(Side(self.relationship_id, is_from=True), relationships)
        return f"{title_of(self.from_record)} → {title_of(self.to_record)}: {label}"


def ways_between(
    one: GraphRecord, other: GraphRecord, content: Content, relationships: Relationships
) -> list[Way]:
    """Return how two records can be linked: as they were named, then the other way round."""
    linked = {
        (link.relationship_id, link.from_record_id, link.to_record_id)
        for link in content.links.values()
    }
    found = {}
    for start, end in ((one, other), (other, one)):
        for each in relationships.values():
            if (each.from_object.id, each.to_object.id) == (start.object_id, end.object_id):
                place = (each.id, start.id, end.id)
                found[place] = Way(each.id, start, end, place in linked)
    return list(found.values())


class Linking(QObject):
    """Writes for one page. What was done is told; what is refused can often be moved instead."""

    told = Signal(str)
    refused = Signal(object)  # UserError
    changed = Signal()

    def __init__(self, tasks: Tasks, page: QWidget) -> None:
        super().__init__(page)
        self._tasks, self._page = tasks, page

    def link(
        self, one: GraphRecord, other: GraphRecord, content: Content, relationships: Relationships
    ) -> None:
        """Link two records; where several relationships fit, ask which."""
        ways = ways_between(one, other, content, relationships)
        open_ways = [way for way in ways if not way.is_linked]
        if len(open_ways) == 1 and len(ways) == 1:
            self.make(ways[0])
        elif open_ways:
            dialog = WayDialog(open_ways, relationships, self._page.window())
            dialog.chosen.connect(self.make)
            dialog.finished.connect(dialog.deleteLater)
            dialog.open()
        else:
            self.refused.emit(Conflict(self._why_not(one, other, ways)))

    def _why_not(self, one: GraphRecord, other: GraphRecord, ways: Sequence[Way]) -> str:
        if ways:
            words = self.tr("“{0}” and “{1}” are linked already in every way there is.")
            return words.format(title_of(one), title_of(other))
        words = self.tr(
            "No relationship leads between “{0}” and “{1}”: define one on the page of "
            "relationships first."
        )
        return words.format(one.object_label, other.object_label)

    def make(self, way: Way, moving: Mapping[str, str] = _STAYS) -> None:
        pair = (way.from_record.id, way.to_record.id)
        call = partial(
            links.create_links, relationship_id=way.relationship_id, pairs=[pair], moving=moving
        )
        self._tasks.write(self, call, partial(self._linked, way), partial(self._not_linked, way))

    def _linked(self, way: Way, _: object) -> None:
        words = self.tr("“{0}” and “{1}” are linked now.")
        self.told.emit(words.format(title_of(way.from_record), title_of(way.to_record)))
        self.changed.emit()

    def _not_linked(self, way: Way, error: UserError) -> None:
        """Offer to take a record from whom it belongs to; anything else is said."""
        holding = error.refusals[0].holding if isinstance(error, RefusedLinks) else None
        if holding is None or holding.links > 1 or not holding.holder_id:
            self.refused.emit(error)
            return
        moving = {holding.record_id: holding.holder_id}
        ask(
            self._page,
            self.tr("Linked elsewhere"),
            str(error),
            self.tr("It can be moved here; the link elsewhere is gone then."),
            self.tr("Move it here"),
            partial(self.make, way, moving),
        )

    def edit(self, link: GraphLink) -> None:
        """Show what stands on a link, to be read and edited."""
        dialog = MetadataDialog(self._tasks, link.id, self._page.window())
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def unlink(self, link: GraphLink, content: Content, relationships: Relationships) -> None:
        """Ask, then take the link away; both records stay."""
        ends = (content.records[link.from_record_id], content.records[link.to_record_id])
        label = side_label(Side(link.relationship_id, is_from=True), relationships)
        data = summary(link.metadata, most=3, has_keys=True)
        said = self.tr("The link is “{}”. Both records stay.").replace("{}", label)
        if data:
            words = self.tr(
                "The link is “{0}”; what stands on it goes with it: {1}. Both records stay."
            )
            said = words.format(label, data)
        words = self.tr("Unlink “{0}” and “{1}”?")
        ask(
            self._page,
            self.tr("Unlink"),
            words.format(title_of(ends[0]), title_of(ends[1])),
            said,
            self.tr("Unlink"),
            partial(self._unlink, link),
            danger=True,
        )

    def _unlink(self, link: GraphLink) -> None:
        call = partial(links.delete_link, link_id=link.id)
        self._tasks.write(self, call, self._unlinked, self.refused.emit)

    def _unlinked(self, _: object) -> None:
        self.told.emit(self.tr("The link is gone."))
        self.changed.emit()


class WayDialog(FittingDialog):
    """Asks under which relationship two records shall be linked."""

    chosen = Signal(object)  # Way

    def __init__(
        self, ways: Sequence[Way], relationships: Relationships, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._ways = ways
        title = self.tr("Which link?")
        self.setWindowTitle(title)
        self.choices = QListWidget()
        self.choices.setAccessibleName(title)
        sentences = [way.sentence(relationships) for way in ways]
        for way, sentence in zip(ways, sentences, strict=True):
            name = relationships[way.relationship_id].name
            is_clear = sentences.count(sentence) == 1
            self.choices.addItem(sentence if is_clear else f"{sentence} ({name})")
        self.choices.setWordWrap(True)
        self.choices.setSpacing(unit() // 2)
        self.choices.setCurrentRow(0)
        self.choices.itemActivated.connect(self.accept)
        self.submit = primary_button(self.tr("Link"))
        self.submit.clicked.connect(self.accept)
        cancel = plain_button(self.tr("Cancel"))
        cancel.clicked.connect(self.reject)
        u = unit()
        box = QVBoxLayout(self)
        box.setContentsMargins(5 * u, 5 * u, 5 * u, 4 * u)
        box.setSpacing(3 * u)
        box.addWidget(TextLabel(self.tr("Choose what the link shall be."), wraps=True))
        box.addWidget(self.choices, 1)
        row = QHBoxLayout()
        row.setSpacing(2 * u)
        row.addStretch(1)
        row.addWidget(cancel)
        row.addWidget(self.submit)
        box.addLayout(row)
        self.resize(round(line_height() * 38), round(line_height() * 16))
        self.choices.setFocus()

    @override
    def accept(self) -> None:
        self.chosen.emit(self._ways[self.choices.currentRow()])
        super().accept()
