"""The page of the schema as a graph: objects, their fields, and how they are related."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QPoint, Qt, QTimer
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QMenu, QVBoxLayout, QWidget
from typing_extensions import override

from crm_desktop.domain.changes import Change, Topic
from crm_desktop.domain.errors import UserError
from crm_desktop.domain.graph import NO_PART, Part, Point
from crm_desktop.domain.graph_layout import Arrangement
from crm_desktop.domain.graph_spacing import push_apart
from crm_desktop.gui.actions import Submenu, fill_groups
from crm_desktop.gui.graph.arranging import GAP
from crm_desktop.gui.graph.canvas import CanvasWords, GraphCanvas
from crm_desktop.gui.graph.diagram_menu import DiagramMenu
from crm_desktop.gui.graph.diagram_store import DiagramStore
from crm_desktop.gui.graph.schema_choice import SchemaChoice
from crm_desktop.gui.graph.schema_commands import SchemaCommands
from crm_desktop.gui.graph.schema_figures import SchemaFigures
from crm_desktop.gui.graph.schema_head import SchemaHead
from crm_desktop.gui.graph.schema_inspector import SchemaInspector
from crm_desktop.gui.graph.schema_nodes import (
    Choice,
    Known,
    chosen_objects,
    edges_of,
    nodes_of,
)
from crm_desktop.gui.graph.schema_reading import PageContents, read_page
from crm_desktop.gui.page import Page
from crm_desktop.gui.widgets.empty_state import EmptyState
from crm_desktop.gui.widgets.message_bar import Message
from crm_desktop.services import diagrams, objects
from crm_desktop.services.applications import ApplicationSummary
from crm_desktop.services.diagrams import Diagram, DiagramList, Places
from crm_desktop.services.schema_graph import Figures

if TYPE_CHECKING:
    from crm_desktop.gui.tasks import Tasks

_TOPICS = frozenset(
    {Topic.OBJECTS, Topic.FIELDS, Topic.LAYOUTS, Topic.RELATIONSHIPS, Topic.APPLICATIONS}
)
_COUNTING_PATIENCE = 120.0  # seconds
AFTER_PAINT = 60  # milliseconds until work begins that would keep the picture from being painted


class SchemaPage(Page):
    """Shows a diagram: places are everybody's, and kept a moment after a node was moved.

    Records are counted after the picture is there, links only when somebody asks.
    """

    def __init__(self, tasks: Tasks, parent: QWidget | None = None) -> None:
        super().__init__(tasks, parent)
        self.title, self.icon_name = self.tr("Schema graph"), "workflow"
        words = CanvasWords(
            self.tr("Schema graph"), self.tr("Find object or field"), self.tr("relationship")
        )
        self.store = DiagramStore(tasks, self._stand, self)
        self.known, self._diagram_id, self._asked = Known(), diagrams.FIRST_ID, 0
        self._read()  # while the widgets are made
        self.canvas = GraphCanvas(tasks, words, self)
        self.canvas.view.set_linkable(is_linkable=True)
        self._has_picture = False
        self.empty: EmptyState | None = None
        self._applications: Sequence[ApplicationSummary] = ()
        self.figures = SchemaFigures(tasks, self)
        self.commands = SchemaCommands(tasks, self)
        self.choosing = SchemaChoice(self)
        self.diagrams = DiagramMenu(tasks, self, self._picture)
        self._make_actions()
        self._lay_out()
        self._connect()

    def _make_actions(self) -> None:
        make = self.commands.make
        self.count_links = make(self.tr("Count links"), "hash", "", self._count_current)
        self.count_all = make(self.tr("Count links of all"), "sigma", "", self._count_all)
        self.inspector_action = make(
            self.tr("Inspector"), "panel-right", "Alt+Return", self._toggle_inspector
        )
        self.inspector_action.setCheckable(True)
        self.inspector_action.setChecked(True)
        self.addActions([each for group in self.canvas.commands.groups() for each in group])

    def _lay_out(self) -> None:
        self.setBackgroundRole(QPalette.ColorRole.Base)
        self.setAutoFillBackground(True)
        of_object = [*self.commands.of_object(), self.choosing.near]
        of_relationship = [self.count_links, *self.commands.of_relationship()]
        self.inspector = SchemaInspector(
            of_object, of_relationship, self.canvas.set_current, self.canvas.sides
        )
        self.head = SchemaHead(
            self.canvas,
            self.diagrams,
            self.choosing,
            self.inspector_action,
            self.commands.create,
        )
        self.canvas.sides.addWidget(self.inspector)
        self.canvas.sides.setSizes([900, 260])
        box = self._column = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        box.addWidget(self.canvas, 1)
        self.setFocusProxy(self.canvas)

    def _connect(self) -> None:
        canvas = self.canvas
        canvas.current_changed.connect(self._follow)
        canvas.opened.connect(self._open_part)
        canvas.menu_requested.connect(self._show_menu)
        canvas.link_requested.connect(self.commands.create_between)
        canvas.placed.connect(self.store.note)
        canvas.moves.changed.connect(self.steps_changed)
        canvas.said.connect(self._tell)
        canvas.refused.connect(self.refused)
        canvas.retry_requested.connect(self.refresh)
        self.head.switch.open_requested.connect(self.open_requested)
        self.store.refused.connect(self._refuse_places)
        self.choosing.changed.connect(self._choose)
        self.diagrams.chosen.connect(self.show_diagram)
        self.commands.stored.connect(self._show_stored)
        self.figures.counted.connect(self._show_figures)
        self.figures.refused.connect(self.refused)
        self._tasks.changed.connect(self._changed)

    # Reading.

    @override
    def refresh(self) -> None:
        self._read()

    def _read(self) -> None:
        self._asked += 1
        call = partial(read_page, diagram_id=self._diagram_id)
        self._tasks.read(self, call, partial(self._show, self._asked), self._not_read)

    def _not_read(self, error: UserError) -> None:
        if self._has_picture:
            self.refused.emit(error)  # what was read before stays
        else:
            self.canvas.show_unread(error)

    def _show(self, number: int, read: PageContents) -> None:
        if number != self._asked:
            return
        self.known = Known(read.schema, self.known.counts, self.known.figures)
        self._applications = read.applications
        self._take_diagram(read.diagrams, read.diagram, read.places)
        self._show_picture()
        QTimer.singleShot(AFTER_PAINT, self, self._count_records)

    def _take_diagram(self, listed: DiagramList, diagram: Diagram, places: Places) -> None:
        is_other = diagram.id != self.store.diagram_id
        self._diagram_id = diagram.id
        self.store.use(listed, diagram.id, places)
        if is_other:
            self._has_picture = False
            self.canvas.moves.forget()
        if not listed.limit or not self._has_picture:
            self.choosing.choice = Choice.of(diagram.settings)
        self.diagrams.show_diagrams(listed, diagram)
        self.head.show_words()
        if listed.limit:
            words = self.tr("Places hold until this page is closed: {}.")
            self.canvas.say(words.replace("{}", listed.limit))

    def _show_picture(self) -> None:
        """Show what is chosen: at once where things stand or can stand, then well arranged."""
        choice = self.choosing.choice
        self.choosing.show_choice(choice, self.known, self._applications)
        self.head.show_words()
        ids = chosen_objects(self.known.schema, choice, self._objects_of(choice.application_id))
        stand = self.canvas.view.points() if self._has_picture else {}
        points = {**stand, **self.store.places}
        had_places = any(each in points for each in ids)
        nodes, edges = nodes_of(self.known, ids, choice.detail), edges_of(self.known, ids)
        self.canvas.show_graph(nodes, edges, points)
        is_empty = not self.known.schema.objects
        self._show_empty(is_empty=is_empty)
        if not self._has_picture:
            self._has_picture = True
            self.canvas.view.lens.fit()
            if not had_places and ids:
                QTimer.singleShot(AFTER_PAINT, self, self._arrange_first)
        self._follow(self.canvas.current())
        self._say_counts(len(nodes), len(edges))

    def _show_empty(self, *, is_empty: bool) -> None:
        """Say in place of the canvas that there is nothing yet; rare, so made when it is needed."""
        if is_empty and self.empty is None:
            self.empty = EmptyState(
                self.tr("No objects yet. An object is a kind of record, such as a company."),
                icon_name="workflow",
                action=self.tr("New object"),
            )
            self.empty.action_requested.connect(self.commands.create_object)
            self._column.addWidget(self.empty, 1)
        self.canvas.setVisible(not is_empty)
        if self.empty is not None:
            self.empty.setVisible(is_empty)

    def _arrange_first(self) -> None:
        if not self.canvas.moves.names()[0]:
            self.canvas.arranging.start(Arrangement.LAYERED, self._take_first_places)

    def _take_first_places(self, _: Arrangement, points: Mapping[str, Point]) -> None:
        """Put everything where the first arrangement wants it: no step of anybody's."""
        self.canvas.view.place(points)
        self.canvas.view.lens.fit()

    def _objects_of(self, application_id: str) -> Collection[str]:
        found = (each for each in self._applications if each.id == application_id)
        return next((each.object_ids for each in found), ())

    def _say_counts(self, node_count: int, edge_count: int) -> None:
        total = len(self.known.schema.objects)
        shown = self.tr("{0:,} of {1:,} objects").format(node_count, total)
        all_edges = len(self.known.schema.relationships)
        edges = self.tr("{0:,} of {1:,} relationships").format(edge_count, all_edges)
        self.set_status(f"{shown} \u00b7 {edges}")

    def _count_records(self) -> None:
        self._tasks.read(
            self,
            objects.count_records,
            self._show_counts,
            self._keep_counts,
            patience=_COUNTING_PATIENCE,
        )

    def _show_counts(self, counts: Mapping[str, int]) -> None:
        if counts != self.known.counts:
            self.known = Known(self.known.schema, counts, self.known.figures)
            self._show_picture()

    def _keep_counts(self, _: UserError) -> None:
        """Go on without counts, which are no reason to disturb anybody."""
        self._show_counts(self.known.counts or {})

    def _changed(self, changes: frozenset[Change]) -> None:
        if any(change.topic in _TOPICS for change in changes):
            self.refresh()
        elif any(change.topic is Topic.DIAGRAMS for change in changes):
            call = partial(diagrams.open_diagram, diagram_id=self._diagram_id)
            self._tasks.read(self, call, self._show_places, self.refused.emit)

    def _show_places(self, found: tuple[DiagramList, Diagram, Places]) -> None:
        """Follow what another window did to the diagrams."""
        before = self.choosing.choice
        self._take_diagram(*found)
        if self.choosing.choice != before or not self._has_picture:
            self._show_picture()
            return
        stand = self.canvas.view.points()
        places = self.store.places
        moved = {each: at for each, at in places.items() if stand.get(each, at) != at}
        if moved:
            self.canvas.view.place(moved)

    def _refuse_places(self, error: UserError) -> None:
        self.refused.emit(error)
        self.refresh()

    # What is shown of it.

    def show_diagram(self, diagram_id: str) -> None:
        """Show another diagram; what was moved in this one is stored first."""
        self.store.store_now()
        self._diagram_id = diagram_id
        self.refresh()
        self.arranged.emit()

    def _choose(self, choice: Choice) -> None:
        """Show other objects or fields; the diagram keeps that for everybody."""
        has_more = choice.detail != self.choosing.choice.detail
        is_other = choice != replace(self.choosing.choice, detail=choice.detail)
        self.choosing.choice = choice
        self._show_picture()
        if has_more:
            self._make_room()
        if is_other:
            self.canvas.view.lens.fit()
        if not self.store.limit:
            call = partial(
                diagrams.edit_settings, diagram_id=self._diagram_id, settings=choice.settings()
            )
            self._tasks.write(self, call, on_error=self.refused.emit)

    def _make_room(self) -> None:
        """Push nodes apart that became larger."""
        view = self.canvas.view
        sizes = {node_id: item.size for node_id, item in view.nodes.items()}
        call = partial(push_apart, view.points(), sizes, GAP / 2)
        self._tasks.compute(self, call, self._take_room)

    def _take_room(self, points: Mapping[str, Point] | None) -> None:
        stand = self.canvas.view.points()
        moved = {each: at for each, at in (points or {}).items() if stand.get(each, at) != at}
        self.canvas.moves.arrange(self.tr("making room"), moved)

    def _stand(self) -> Mapping[str, Point]:
        return self.canvas.view.points()

    def _picture(self) -> tuple[Mapping[str, Any], Mapping[str, Point]]:
        return self.choosing.choice.settings(), self.canvas.view.points()

    def _follow(self, part: Part) -> None:
        self.commands.follow(part, self.known)
        self.choosing.follow(part)
        self.count_links.setEnabled(part.is_edge)
        self.inspector.show_part(part, self.known)

    def _show_stored(self, relationship_id: object) -> None:
        if isinstance(relationship_id, str):
            self.canvas.set_current(Part(relationship_id, is_edge=True))

    def _open_part(self, part: Part) -> None:
        self._follow(part)
        self.commands.edit_part()

    def _toggle_inspector(self) -> None:
        self.inspector.setVisible(self.inspector.isHidden())
        self.inspector_action.setChecked(not self.inspector.isHidden())

    def _tell(self, sentence: str) -> None:
        self.told.emit(Message("success", sentence))

    # Figures.

    def _count_current(self) -> None:
        part = self.canvas.current()
        if part.is_edge:
            self.figures.count([part.id])

    def _count_all(self) -> None:
        self.figures.count(self.canvas.view.edges.edges)

    def _show_figures(self, relationship_id: str, figures: Figures) -> None:
        self.known = self.known.with_figures(relationship_id, figures)
        self._show_picture()

    # What every page can do.

    def _show_menu(self, part: Part, place: QPoint) -> None:
        self._follow(part if part != NO_PART else self.canvas.current())
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        if part.is_edge:
            fill_groups(menu, [self.inspector_actions(part), [self.commands.new]])
        elif part.id:
            fill_groups(menu, [self.inspector_actions(part), [self.canvas.commands.link]])
        else:
            fill_groups(menu, [[self.commands.new, self.commands.new_object],
                               *self.canvas.commands.groups()])  # fmt: skip
        menu.popup(place)

    def inspector_actions(self, part: Part) -> list[Any]:
        """Return what can be done with a node or an edge."""
        if part.is_edge:
            return [self.count_links, *self.commands.of_relationship()]
        return [*self.commands.of_object(), self.choosing.near]

    @override
    def menu_groups(self) -> list[list[Any]]:
        use = self.commands
        arrange, zoom, panes, output = self.canvas.commands.groups()
        diagram = Submenu(self.tr("Diagrams"), "shapes", [self.diagrams.actions()])
        fields = Submenu(self.tr("Fields"), "list", [self.choosing.details.actions()])
        look = Submenu(self.tr("Zoom"), "zoom-in", [zoom])
        placing = Submenu(self.tr("Arrange"), "network", [arrange])
        return [
            [use.new, use.new_object],
            [*use.of_object(), use.delete],
            [self.count_links, self.count_all],
            [self.choosing.near, self.choosing.all, fields],
            [placing, look, diagram],
            [*panes, self.inspector_action],
            output,
        ]

    @override
    def own_steps(self) -> tuple[str, str]:
        return self.canvas.moves.names()

    @override
    def undo(self) -> None:
        self.canvas.moves.undo()

    @override
    def redo(self) -> None:
        self.canvas.moves.redo()

    @override
    def start_find(self) -> None:
        self.canvas.finder.setFocus()
        self.canvas.finder.selectAll()

    @override
    def show_item(self, item_id: str) -> None:
        self.canvas.set_current(Part(item_id))

    @override
    def view_state(self) -> str:
        return json.dumps({"diagram": self._diagram_id})

    @override
    def restore_view(self, state: str) -> None:
        try:
            kept = json.loads(state)
        except ValueError:
            return
        wanted = kept.get("diagram") if isinstance(kept, dict) else None
        if isinstance(wanted, str) and wanted != self._diagram_id:
            self.show_diagram(wanted)
