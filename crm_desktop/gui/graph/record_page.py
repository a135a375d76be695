"""The page of a record's graph: its links and their links, expanded, linked and walked through."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QRectF
from PySide6.QtGui import QAction, QPalette, QShowEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget
from typing_extensions import override

from crm_desktop.domain.changes import Change, Topic
from crm_desktop.domain.errors import UserError
from crm_desktop.domain.graph import Part, Point, ends_of
from crm_desktop.domain.graph_layout import Arrangement
from crm_desktop.gui.actions import Submenu
from crm_desktop.gui.graph.arranging import ROOMY
from crm_desktop.gui.graph.canvas import CanvasWords, GraphCanvas
from crm_desktop.gui.graph.inks import measures
from crm_desktop.gui.graph.record_badges import BadgeClicks
from crm_desktop.gui.graph.record_commands import RecordCommands
from crm_desktop.gui.graph.record_content import Content, Rest
from crm_desktop.gui.graph.record_drawing import Drawing, draw, other_object, title_of
from crm_desktop.gui.graph.record_growth import Growth
from crm_desktop.gui.graph.record_linking import Linking
from crm_desktop.gui.graph.record_places import parents_of, places_around
from crm_desktop.gui.graph.record_reading import Reading
from crm_desktop.gui.graph.record_steps import Scene, Steps
from crm_desktop.gui.page import Page
from crm_desktop.gui.theme import unit
from crm_desktop.gui.widgets.buttons import action_button
from crm_desktop.gui.widgets.elided_label import TextLabel
from crm_desktop.gui.widgets.message_bar import Message
from crm_desktop.gui.widgets.number_box import NumberBox
from crm_desktop.gui.widgets.running_bar import RunningBar
from crm_desktop.services import record_graph, relationships
from crm_desktop.services.record_graph import (
    DEEPEST,
    MOST_LINKS,
    GraphLink,
    GraphRecord,
    RecordGraph,
)
from crm_desktop.services.relationships import RelationshipSummary

if TYPE_CHECKING:
    from crm_desktop.db.database import ReadSession
    from crm_desktop.gui.tasks import Tasks

_READABLE = 32  # records up to which the first picture has two steps; else it has one
_LEGIBLE = 0.45  # zoom
_TOPICS = {Topic.LINKS, Topic.OBJECTS, Topic.RELATIONSHIPS}
Opened = tuple[Sequence[RelationshipSummary], RecordGraph]


class RecordGraphPage(Page):
    """Begins with one record, and grows and shrinks around it; positions are kept meanwhile."""

    def __init__(self, tasks: Tasks, record_id: str, parent: QWidget | None = None) -> None:
        super().__init__(tasks, parent)
        self.icon_name, self.title = "waypoints", self.tr("Links of a record")
        self.content = Content(record_id)
        self.relationships: Mapping[str, RelationshipSummary] = {}
        self._drawing, self._is_stale = Drawing((), (), {}), False
        self.canvas = GraphCanvas(
            tasks, CanvasWords(self.tr("Graph of links"), self.tr("Find in the graph"),
                               self.tr("Link")), self
        )  # fmt: skip
        self.running = RunningBar()
        self.reading, self.steps = Reading(tasks, self), Steps(self)
        self.linking, self.growth = Linking(tasks, self), Growth(tasks, self)
        self.reach = NumberBox()
        self.commands, self.badges = RecordCommands(self), BadgeClicks(self.canvas.view)
        self._lay_out()
        self._connect()
        self.commands.follow()
        self._open()

    def _lay_out(self) -> None:
        self.setBackgroundRole(QPalette.ColorRole.Base)
        self.setAutoFillBackground(True)
        self.reach.setRange(1, DEEPEST)
        self.reach.setAccessibleName(self.tr("Steps to expand by"))
        self.reach.setToolTip(self.tr("How many steps Expand goes"))
        bar, use = self.canvas.bar, self.commands
        for action in (use.back, use.forward):
            bar.addWidget(action_button(action))
        bar.addSpacing(2 * unit())
        bar.addWidget(TextLabel(self.tr("Steps"), role="muted"))
        bar.addWidget(self.reach)
        for action in (use.expand, use.collapse, use.path, use.most):
            bar.addWidget(action_button(action))
        bar.addSpacing(2 * unit())
        for action in (self.canvas.commands.organic, self.canvas.commands.table):
            bar.addWidget(action_button(action))
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        box.addWidget(self.running)
        box.addWidget(self.canvas, 1)
        self.setFocusProxy(self.canvas)

    def _connect(self) -> None:
        canvas, reading = self.canvas, self.reading
        canvas.view.set_linkable(is_linkable=True)
        canvas.arranging.gap = ROOMY
        canvas.current_changed.connect(self._current_changed)
        self.badges.clicked.connect(self.growth.expand)
        canvas.opened.connect(self._open_part)
        canvas.menu_requested.connect(self._show_menu)
        canvas.link_requested.connect(self.link)
        canvas.moves.changed.connect(self.steps_changed)
        canvas.said.connect(self.tell)
        canvas.refused.connect(self.refused)
        canvas.retry_requested.connect(self._open)
        reading.began.connect(self._began)
        reading.ended.connect(self.running.end)
        reading.refused.connect(self._refused)
        self.running.stop_requested.connect(reading.stop)
        self.running.resume_requested.connect(self.refresh)
        self.steps.changed.connect(self.commands.follow)
        self.linking.told.connect(self.tell)
        self.linking.refused.connect(self.refused)
        self.linking.changed.connect(canvas.moves.forget)
        self._tasks.changed.connect(self._follow_changes)

    # Reading.

    def _open(self) -> None:
        call = partial(_read_first, record_id=self.content.start)
        self.reading.ask(self.tr("Reading the links…"), lambda: call, self._show_first)

    def _show_first(self, opened: Opened) -> None:
        found, graph = opened
        self.relationships = {each.id: each for each in found}
        start = next(record for record in graph.records if record.id == self.content.start)
        depth = 1 if len(graph.records) > _READABLE else 2
        near = {record.id for record in graph.records if record.distance <= depth}
        whole = {record.id for record in graph.records if record.distance < depth}
        if graph.is_full:
            whole = {start.id}
        self._show(self.content.with_graph(graph, whole).only(near), {})
        self.canvas.set_current(Part(start.id))
        self.canvas.view.lens.fit()
        self.canvas.placed.connect(self._first_placed)
        self.canvas.arrange(Arrangement.ORGANIC)

    def _first_placed(self, _: object) -> None:
        """Nobody asked for the first arrangement, so nobody is to take it back."""
        self.canvas.placed.disconnect(self._first_placed)
        self.canvas.moves.forget()

    @override
    def refresh(self) -> None:
        """Read again what is shown; everything stays where it is."""
        if not self.content.records:
            self._open()
        else:
            self.reading.read_again(self._make_reading_again, self._show_again)

    def _make_reading_again(self) -> Callable[[ReadSession], Opened]:
        content = self.content
        asked = [id_ for id_ in content.records if id_ in content.expanded] or [content.start]
        others = [id_ for id_ in content.records if id_ not in asked]
        return partial(_read_again, ids=asked, known=others)

    def _show_again(self, opened: Opened) -> None:
        found = {each.id: each for each in opened[0]}
        content = self.content.read_again(opened[1])
        if (found, content) != (self.relationships, self.content):
            self.relationships = found
            self.show_content(content)

    def _follow_changes(self, changes: frozenset[Change]) -> None:
        """Read again after what touches the graph: at once, or when it is looked at next."""
        if any(self._touches(change) for change in changes):
            self._is_stale = True
            if self.isVisible():
                self._read_stale()

    def _touches(self, change: Change) -> bool:
        if change.topic is Topic.RECORDS:
            records = self.content.records.values()
            return any(record.object_id == change.id for record in records)
        return change.topic in _TOPICS

    def _read_stale(self) -> None:
        self._is_stale = False
        self.refresh()

    @override
    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._is_stale:
            self._read_stale()

    def _began(self, sentence: str) -> None:
        self.running.run(sentence, self.tr("Stopped. The graph is as it was."))

    def _refused(self, error: UserError) -> None:
        if self.content.records:
            self.refused.emit(error)  # what was read before stays
        else:
            self.canvas.show_unread(error)

    # Showing.

    def show_content(self, content: Content) -> None:
        """Show this where everything stands; nodes that are being arranged are arranged anew."""
        is_arranging = self.canvas.arranging.is_running
        self._show(content, self.canvas.view.points())
        if is_arranging:
            self.canvas.arrange(Arrangement.ORGANIC)

    def _show(self, content: Content, points: Mapping[str, Point]) -> None:
        self.content, self._drawing = content, draw(content, self.relationships)
        nodes, edges = self._drawing.nodes, self._drawing.edges
        if points:
            sizes = {node.id: measures().size_of(node) for node in nodes}
            parents = parents_of(sizes, ends_of(edges), points)
            points = places_around(points, sizes, parents, content.start, ROOMY)
        self.canvas.show_graph(nodes, edges, points)
        if (start := content.records.get(content.start)) is not None:
            title = self.tr("Links of {}").replace("{}", title_of(start))
            if title != self.title:
                self.set_title(title)
        self._say_status()
        self.commands.follow()

    def go_on(self, content: Content, said: str = "") -> None:
        """Show something new, to which there is a way back."""
        points = self.canvas.view.points()
        self.steps.leave(Scene(self.content, points))
        self.canvas.say(said)
        self.canvas.view.emphasise(None)  # what stood out was about what was there before
        self._show(content, points)
        self._bring_in_sight(self.canvas.view.points().keys() - points.keys())

    def _bring_in_sight(self, node_ids: Collection[str]) -> None:
        """Show all where something new is out of sight, as long as that can still be read."""
        view = self.canvas.view
        seen, whole = view.lens.seen(), view.extent()
        boxes = view.boxes()
        if all(seen.contains(QRectF(*boxes[node_id])) for node_id in node_ids):
            return
        room = view.viewport().rect()
        zoom = min(room.width() / whole.width(), room.height() / whole.height())
        if zoom >= _LEGIBLE:
            view.lens.fit()

    def go_back(self) -> None:
        if self.steps.can_go_back:
            self._go_to(self.steps.back(self._scene()))

    def go_forward(self) -> None:
        if self.steps.can_go_forward:
            self._go_to(self.steps.forward(self._scene()))

    def _scene(self) -> Scene:
        return Scene(self.content, self.canvas.view.points())

    def _go_to(self, scene: Scene) -> None:
        self.canvas.say("")
        self.canvas.view.emphasise(None)
        self._show(scene.content, scene.points)
        self.refresh()

    # What is current.

    def current_record(self) -> GraphRecord | None:
        part = self.canvas.current()
        return None if part.is_edge else self.content.records.get(part.id)

    def current_link(self) -> GraphLink | None:
        part = self.canvas.current()
        return self.content.links.get(part.id) if part.is_edge else None

    def current_rest(self) -> Rest | None:
        part = self.canvas.current()
        return self._drawing.rests.get(part.id.removeprefix("edge:"))

    def rests_of(self, record_id: str) -> list[Rest]:
        return self.content.rests().get(record_id, [])

    def icon_of(self, rest: Rest) -> str:
        other = other_object(rest.side, self.relationships)
        return (other.icon or "box") if other is not None else "ellipsis"

    def _current_changed(self, _: Part) -> None:
        self.commands.follow()
        self._say_status()

    def _say_status(self) -> None:
        """Say what stands on the current link, and otherwise how much is shown."""
        part = self.canvas.current()
        if part.is_edge:
            self.set_status(self.canvas.view.words_of(part))
            return
        records, links = len(self.content.records), len(self.content.links)
        words = self.tr("{0} records, {1} links")
        self.set_status(words.format(f"{records:,}", f"{links:,}"))

    def _show_menu(self, part: Part, place: QPoint) -> None:
        self.commands.show_menu(part, place)

    def _open_part(self, _: Part) -> None:
        """Do what Enter means: open a record, the data of a link, or what is not drawn."""
        rest = self.current_rest()
        if rest is not None:
            self.growth.open_rest(rest)
        elif self.current_link() is not None:
            self.edit_current()
        else:
            self.open_current()

    def open_current(self) -> None:
        """Open the page of a record, or of the one whose links are not drawn: it lists them."""
        rest, record = self.current_rest(), self.current_record()
        record_id = rest.record_id if rest is not None else record.id if record is not None else ""
        if record_id:
            self.open_requested.emit(f"record:{record_id}")

    def start_here(self) -> None:
        if (record := self.current_record()) is not None:
            self.open_requested.emit(f"recgraph:{record.id}")

    # Links.

    def link(self, one: str, other: str) -> None:
        """Link two records that are shown; what else there is cannot be linked."""
        records = self.content.records
        if one in records and other in records and one != other:
            self.linking.link(records[one], records[other], self.content, self.relationships)

    def edit_current(self) -> None:
        if (link := self.current_link()) is not None:
            self.linking.edit(link)

    def unlink_current(self) -> None:
        if (link := self.current_link()) is not None:
            self.linking.unlink(link, self.content, self.relationships)

    def tell(self, sentence: str) -> None:
        self.told.emit(Message("info", sentence))

    # What the window asks.

    @override
    def menu_groups(self) -> Sequence[Sequence[QAction | Submenu]]:
        return self.commands.groups()

    @override
    def start_find(self) -> None:
        self.canvas.finder.setFocus()

    @override
    def own_steps(self) -> tuple[str, str] | None:
        names = self.canvas.moves.names()
        return names if any(names) else None

    @override
    def undo(self) -> None:
        self.canvas.moves.undo()

    @override
    def redo(self) -> None:
        self.canvas.moves.redo()


def _read_first(session: ReadSession, record_id: str) -> Opened:
    found = relationships.list_relationships(session)
    graph = record_graph.expand(session, [record_id], depth=2, most_records=MOST_LINKS * 4)
    return found, graph


def _read_again(session: ReadSession, ids: Sequence[str], known: Sequence[str]) -> Opened:
    found = relationships.list_relationships(session)
    return found, record_graph.expand(session, ids, depth=0, known=known)
