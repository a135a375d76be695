"""The graph of a record: worked by keyboard alone, by its table alone, and followed."""

from functools import partial

import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot
from sqlalchemy import select

from crm_desktop.db.tables import RelationshipRecord
from crm_desktop.domain.graph import Part
from crm_desktop.gui.graph.record_linking import WayDialog
from crm_desktop.gui.graph.record_lists import MostConnectedDialog, SideDialog
from crm_desktop.gui.graph.record_page import RecordGraphPage
from crm_desktop.gui.links.metadata_dialog import MetadataDialog
from crm_desktop.gui.picking.record_picker import RecordPicker
from crm_desktop.gui.tasks import Tasks
from crm_desktop.services import links
from crm_desktop.services.record_graph import MOST_LINKS
from tests.gui.asking import activate, answer, open_dialog, shown
from tests.gui.windows import wait_until_idle
from tests.make import Make

KEY, SHIFT = Qt.Key, Qt.KeyboardModifier.ShiftModifier
PLAIN = Qt.KeyboardModifier.NoModifier


class Graph:
    """One page at work: companies with their contacts, and what these are part of."""

    def __init__(self, qtbot: QtBot, tasks: Tasks, make: Make, *, contacts: int = 2) -> None:
        self.qtbot, self.tasks, self.make = qtbot, tasks, make
        self.company = make.object("company", ["name"])
        self.contact = make.object("contact", ["name"])
        self.deal = make.object("deal", ["name"])
        self.works = make.relationship(self.company, self.contact, "1:N", from_label="Staff")
        self.part = make.relationship(self.contact, self.deal, "N:N", from_label="Part of")
        self.acme = make.record(self.company, {"fld_name": "Acme"})
        self.people = make.records(self.contact, contacts)
        self.links = [make.link(self.works, self.acme, person) for person in self.people]
        self.orion = make.record(self.deal, {"fld_name": "Orion"})
        self.part_link = make.link(
            self.part, self.people[0], self.orion, relationship_metadata={"role": "Buyer"}
        )

    def open(self, record_id: str = "") -> RecordGraphPage:
        self.page = shown(self.qtbot, RecordGraphPage(self.tasks, record_id or self.acme))
        self.wait()
        self.page.canvas.view.setFocus()
        return self.page

    def wait(self) -> None:
        wait_until_idle(self.qtbot, self.tasks)

    def press(self, key: Qt.Key, modifier: Qt.KeyboardModifier = PLAIN) -> None:
        """Press a key where the keyboard is, in the window of the page."""
        activate(self.qtbot, self.page.window())
        focused = self.page.focusWidget()
        assert isinstance(focused, QWidget)
        self.qtbot.keyClick(focused, key, modifier)

    def tab_to(self, node_id: str) -> None:
        """Tab through the nodes until this one is reached."""
        self.press(KEY.Key_Home)
        for _ in self.page.canvas.view.nodes:
            if self.page.canvas.current() == Part(node_id):
                return
            self.press(KEY.Key_Tab)
        assert self.page.canvas.current() == Part(node_id)

    def go_down_to(self, part: Part) -> None:
        """Go down the table by arrow keys until this row is current."""
        table = self.page.canvas.table
        self.press(KEY.Key_Home, Qt.KeyboardModifier.ControlModifier)
        for _ in range(table.rows.rowCount()):
            if table.current_part() == part:
                return
            self.press(KEY.Key_Down)
        assert table.current_part() == part

    def shown(self) -> set[str]:
        return set(self.page.content.records)

    def is_stored(self, link_id: str) -> bool:
        query = select(RelationshipRecord.id).where(RelationshipRecord.id == link_id)
        return self.make.value(query) is not None


@pytest.fixture
def graph(qtbot: QtBot, tasks: Tasks, make: Make) -> Graph:
    return Graph(qtbot, tasks, make)


def addresses(page: RecordGraphPage) -> list[str]:
    asked: list[str] = []
    page.open_requested.connect(asked.append)
    return asked


def told(page: RecordGraphPage) -> list[str]:
    """Return what the page says and refuses, as it comes."""
    said: list[str] = []
    page.told.connect(lambda message: said.append(message.text))
    page.refused.connect(lambda error: said.append(str(error)))
    return said


def test_a_graph_is_walked_expanded_and_edited_by_keyboard_alone(graph: Graph) -> None:
    ann, bob = graph.people
    more = [graph.make.record(graph.deal, {"fld_name": f"Deal {n}"}) for n in range(3)]
    for deal in more:
        graph.make.link(graph.part, bob, deal)
    page = graph.open()
    asked = addresses(page)
    assert page.title == "Links of Acme"
    assert graph.shown() == {graph.acme, ann, bob, graph.orion, *more}
    graph.tab_to(bob)
    graph.press(KEY.Key_Return)
    assert asked == [f"record:{bob}"]
    graph.press(KEY.Key_X, SHIFT)
    assert graph.shown() == {graph.acme, ann, bob, graph.orion}
    assert page.canvas.view.nodes[bob].node.badge == "+3"
    graph.press(KEY.Key_Backspace)
    graph.wait()
    assert graph.shown() >= set(more)
    graph.press(KEY.Key_Backspace, SHIFT)
    graph.wait()
    places = page.canvas.view.points()
    graph.press(KEY.Key_X)
    graph.wait()
    assert graph.shown() >= set(more)
    assert places.items() <= page.canvas.view.points().items()
    graph.tab_to(graph.orion)
    graph.press(KEY.Key_E)
    graph.press(KEY.Key_F2)
    dialog = open_dialog(graph.qtbot, MetadataDialog)
    graph.wait()
    dialog.done(0)
    graph.press(KEY.Key_Delete)
    answer(graph.qtbot, "Unlink")
    graph.qtbot.waitUntil(lambda: graph.part_link not in page.content.links)
    assert not graph.is_stored(graph.part_link)
    assert graph.orion in graph.shown()


def test_a_graph_is_worked_by_its_table_alone(graph: Graph) -> None:
    ann = graph.people[0]
    page = graph.open(graph.orion)
    asked = addresses(page)
    graph.press(KEY.Key_T)
    assert page.canvas.table.hasFocus()
    names = {row.name: (row.kind, row.joined, row.details) for row in page.canvas.table.rows.rows}
    assert names["Acme"][0] == "Company"
    assert names["Part of: Buyer"] == (
        "Link",
        f"{ann} \u2192 Orion",
        f"{ann} \u2192 Orion: Part of (role: Buyer)",
    )
    graph.go_down_to(Part(graph.acme))
    graph.press(KEY.Key_X)
    graph.wait()
    assert graph.shown() == {graph.acme, graph.orion, *graph.people}
    graph.press(KEY.Key_Return)
    assert asked == [f"record:{graph.acme}"]
    graph.go_down_to(Part(graph.part_link, is_edge=True))
    graph.press(KEY.Key_Return)
    dialog = open_dialog(graph.qtbot, MetadataDialog)
    graph.wait()
    dialog.done(0)
    graph.press(KEY.Key_Delete)
    answer(graph.qtbot, "Unlink")
    graph.qtbot.waitUntil(lambda: not graph.is_stored(graph.part_link))


def test_records_are_linked_from_node_to_node(graph: Graph) -> None:
    bob = graph.people[1]
    page = graph.open()
    said = told(page)
    graph.tab_to(bob)
    graph.press(KEY.Key_L)
    graph.tab_to(graph.orion)
    graph.press(KEY.Key_Return)
    graph.qtbot.waitUntil(lambda: len(page.content.links) == 4)
    assert said == [f"“{bob}” and “Orion” are linked now."]
    page.canvas.link_requested.emit(graph.acme, graph.orion)
    assert said[-1].startswith("No relationship leads between “Company” and “Deal”")
    page.canvas.link_requested.emit(bob, graph.orion)
    assert said[-1] == f"“{bob}” and “Orion” are linked already in every way there is."


def test_where_several_relationships_fit_one_is_asked(graph: Graph) -> None:
    graph.make.relationship(graph.contact, graph.contact, "N:N", name="Knows", id="rel_knows")
    ann, bob = graph.people
    page = graph.open()
    page.canvas.link_requested.emit(ann, bob)
    dialog = open_dialog(graph.qtbot, WayDialog)
    sentences = [dialog.choices.item(row).text() for row in range(dialog.choices.count())]
    assert sentences == [
        f"{ann} \u2192 {bob}: Contacts",
        f"{bob} \u2192 {ann}: Contacts",
    ]
    graph.qtbot.keyClick(dialog.choices, KEY.Key_Down)
    graph.qtbot.keyClick(dialog.choices, KEY.Key_Return)
    graph.qtbot.waitUntil(lambda: len(page.content.links) == 4)
    (link,) = (link for link in page.content.links.values() if link.relationship_id == "rel_knows")
    assert (link.from_record_id, link.to_record_id) == (bob, ann)


def test_what_belongs_to_somebody_else_can_be_moved(graph: Graph) -> None:
    zeta = graph.make.record(graph.company, {"fld_name": "Zeta"})
    ann = graph.people[0]
    page = graph.open()
    graph.press(KEY.Key_T)
    graph.go_down_to(Part(ann))
    graph.press(KEY.Key_L, SHIFT)
    dialog = open_dialog(graph.qtbot, RecordPicker)
    graph.wait()
    dialog.picked.emit([(zeta, "Zeta")])
    dialog.done(0)
    answer(graph.qtbot, "Move it here")
    graph.wait()
    graph.qtbot.waitUntil(lambda: page.content.links[graph.links[0]].from_record_id == zeta)


def test_a_hub_is_a_node_that_is_searched(qtbot: QtBot, tasks: Tasks, make: Make) -> None:
    graph = Graph(qtbot, tasks, make, contacts=MOST_LINKS + 1)
    last = graph.people[-1]
    page = graph.open()
    assert graph.shown() == {graph.acme}
    (hub,) = (node for node in page.canvas.view.nodes if node != graph.acme)
    assert page.canvas.view.nodes[hub].node.label == "51 Contacts"
    graph.tab_to(hub)
    graph.press(KEY.Key_Return)
    dialog = open_dialog(qtbot, SideDialog)
    graph.wait()
    assert len(dialog.model.rows) == MOST_LINKS + 1
    dialog.search.setText(last)
    dialog.search.search_now()
    graph.wait()
    qtbot.keyClick(dialog.grid, KEY.Key_Return)
    graph.wait()
    assert graph.shown() == {graph.acme, last}
    assert page.canvas.view.nodes[hub].node.label == "50 more Contacts"


def test_a_path_stands_out_and_the_most_connected_are_listed(graph: Graph) -> None:
    ann, bob = graph.people
    lonely = graph.make.record(graph.deal, {"fld_name": "Lonely"})
    page = graph.open(bob)
    said, asked = told(page), addresses(page)
    page.growth.find_path(bob, graph.orion)
    graph.wait()
    assert page.canvas.notice.text() == f"3 steps: {bob} \u2192 Acme \u2192 {ann} \u2192 Orion"
    assert page.canvas.view.selected == {bob, graph.acme, ann, graph.orion}
    strong = {id_ for id_, item in page.canvas.view.nodes.items() if item.opacity() == 1}
    graph.make.link(graph.part, bob, graph.make.record(graph.deal, {"fld_name": "Lyra"}))
    page.refresh()  # it fades still what lies beside the path
    graph.wait()
    nodes = page.canvas.view.nodes
    assert {id_ for id_, item in nodes.items() if item.opacity() == 1} == strong
    assert page.canvas.view.edges.faded != frozenset()
    page.growth.find_path(bob, lonely)
    graph.wait()
    assert said == ["No path of up to 6 links leads there."]
    page.growth.show_most_connected()
    dialog = open_dialog(graph.qtbot, MostConnectedDialog)
    graph.wait()
    assert [(line.id, line.links) for line in dialog.model.rows] == [(ann, 2), (bob, 2)]
    dialog.submit.click()
    assert asked == [f"recgraph:{ann}"]


def test_what_others_change_is_followed_where_everything_stands(graph: Graph) -> None:
    ann, bob = graph.people
    page = graph.open()
    places = page.canvas.view.points()
    page.canvas.set_current(Part(ann))
    call = partial(links.create_links, relationship_id=graph.part, pairs=[(bob, graph.orion)])
    graph.tasks.write(graph.tasks, call, lambda _: None)
    graph.qtbot.waitUntil(lambda: len(page.content.links) == 4)
    assert page.canvas.view.points() == places
    assert page.canvas.current() == Part(ann)
    graph.make.sql("DELETE FROM records WHERE id = :id", id=ann)
    page.refresh()
    graph.wait()
    assert graph.shown() == {graph.acme, bob, graph.orion}


def test_a_record_that_is_gone_has_no_graph(graph: Graph) -> None:
    page = shown(graph.qtbot, RecordGraphPage(graph.tasks, "rec_gone"))
    graph.wait()
    assert page.canvas.unread is not None
    assert "This record no longer exists." in page.canvas.unread.label.text()
    assert page.canvas.unread.button.isVisible()


def test_a_click_on_the_number_at_a_record_expands_it(graph: Graph) -> None:
    page = graph.open()
    page.canvas.set_current(Part(graph.acme))
    page.growth.collapse_current()
    view, item = page.canvas.view, page.canvas.view.nodes[graph.acme]
    assert (graph.shown(), item.node.badge) == ({graph.acme}, "+2")
    spot = QPointF(item.size[0] - 20, item.size[1] / 2)
    place = view.mapFromScene(item.mapToScene(spot))
    graph.qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=place)
    graph.wait()
    assert graph.shown() == {graph.acme, *graph.people}
