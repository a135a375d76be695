"""The schema as a graph: by keyboard alone, by the table alone, shared, and as a file."""

import re
import subprocess
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import QAccessible, QColor, QImage, QPixmap
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from crm_desktop.domain.graph import Part, Point
from crm_desktop.domain.graph_layout import Arrangement
from crm_desktop.gui.dialogs.object_dialog import ObjectDialog
from crm_desktop.gui.dialogs.relationship_dialog import RelationshipDialog
from crm_desktop.gui.graph.schema_page import AFTER_PAINT, SchemaPage
from crm_desktop.gui.graph.view import GraphView
from crm_desktop.gui.tasks import Tasks
from crm_desktop.gui.theme import Scheme, apply_theme
from tests.gui.asking import open_dialog, shown
from tests.gui.windows import wait_until_idle
from tests.make import Make

CHROMIUM = Path("/usr/bin/chromium")  # Debian's package of this name
ALT, SHIFT = Qt.KeyboardModifier.AltModifier, Qt.KeyboardModifier.ShiftModifier
ACCOUNT, DEAL, NOTE = "obj_account", "obj_deal", "obj_note"


@pytest.fixture
def page(qtbot: QtBot, tasks: Tasks, make: Make) -> SchemaPage:
    """Show accounts with deals, deals that follow deals, and a note that stands alone."""
    account, deal = make.object("account", fields=["name"]), make.object("deal", fields=["title"])
    make.object("note")
    owns = make.relationship(account, deal, "1:N", id="rel_owns", from_label="Deals")
    make.relationship(deal, deal, "N:N", id="rel_follows", name="follows")
    make.application("sales", config={"objects": [account]})
    one, two, other = make.record(account), make.record(account), make.record(deal)
    make.link(owns, one, other)
    make.link(owns, two, other)
    return open_page(qtbot, tasks)


def open_page(qtbot: QtBot, tasks: Tasks) -> SchemaPage:
    page = shown(qtbot, SchemaPage(tasks))
    settle(qtbot, tasks, page)
    page.canvas.view.setFocus()
    return page


def settle(qtbot: QtBot, tasks: Tasks, page: SchemaPage) -> None:
    """Wait until everything was read, arranged and stored."""
    wait_until_idle(qtbot, tasks)
    qtbot.wait(2 * AFTER_PAINT)  # what shall not keep the picture from being painted begins
    is_quiet = lambda: not (page.canvas.arranging.is_running or page.store.is_storing)  # noqa: E731
    qtbot.waitUntil(is_quiet, timeout=10_000)
    wait_until_idle(qtbot, tasks)


def put(page: SchemaPage, **points: Point) -> None:
    """Have known places, whatever was arranged."""
    page.canvas.view.place({f"obj_{name}": at for name, at in points.items()})
    page.canvas.view.lens.fit()


def current(page: SchemaPage) -> str:
    return page.canvas.current().id


def press(page: SchemaPage, *keys: Qt.Key, held: Qt.KeyboardModifier | None = None) -> None:
    for key in keys:
        QTest.keyClick(page.canvas.view, key, held or Qt.KeyboardModifier.NoModifier)


def heard(page: SchemaPage) -> str:
    """Return what a screen reader says of the picture now."""
    reader = QAccessible.queryAccessibleInterface(page.canvas.view)
    return str(reader.text(QAccessible.Text.Description))


def test_the_keyboard_alone_travels_opens_selects_and_leaves(
    qtbot: QtBot, page: SchemaPage
) -> None:
    put(page, account=(0, 0), deal=(400, 0), note=(400, 300))
    key = Qt.Key
    press(page, key.Key_Tab)
    assert current(page) == ACCOUNT
    press(page, key.Key_Right)
    assert heard(page) == "Deals, object, 1, 2 edges"
    press(page, key.Key_Down)  # no edge leads there: the nearest
    assert current(page) == NOTE
    press(page, key.Key_Up, key.Key_E)
    assert page.canvas.current() == Part("rel_owns", is_edge=True)
    assert "has one Account." in heard(page)
    press(page, key.Key_E)
    assert current(page) == "rel_follows"
    press(page, key.Key_Left)  # from the node that E began at
    assert current(page) == ACCOUNT
    press(page, key.Key_Right, held=SHIFT)
    assert page.canvas.view.selected == {ACCOUNT, DEAL}
    press(page, key.Key_Escape)
    assert (current(page), page.canvas.view.selected) == ("", frozenset())
    press(page, key.Key_Home, key.Key_Return)
    dialog = open_dialog(qtbot, ObjectDialog)
    dialog.reject()
    press(page, key.Key_End, key.Key_Tab)  # behind the last node the keyboard goes on
    assert not page.canvas.view.hasFocus()


def test_the_keyboard_alone_moves_nodes_and_takes_that_back(
    qtbot: QtBot, tasks: Tasks, page: SchemaPage
) -> None:
    put(page, account=(0, 0), deal=(400, 0), note=(400, 300))
    press(page, Qt.Key.Key_Home)
    press(page, Qt.Key.Key_Right, Qt.Key.Key_Down, held=ALT)
    assert page.canvas.view.points()[ACCOUNT] == (24, 24)
    assert page.own_steps() == ("move of a node", "")
    page.undo()
    page.undo()
    page.redo()
    assert page.canvas.view.points()[ACCOUNT] == (24, 0)
    assert page.own_steps() == ("move of a node", "move of a node")
    settle(qtbot, tasks, page)
    again = open_page(qtbot, tasks)
    assert again.canvas.view.points() == page.canvas.view.points()


def test_the_keyboard_alone_relates_two_objects(qtbot: QtBot, page: SchemaPage) -> None:
    put(page, account=(0, 0), deal=(400, 0), note=(400, 300))
    press(page, Qt.Key.Key_Home, Qt.Key.Key_L)
    assert "press Enter" in page.canvas.hint.text()
    press(page, Qt.Key.Key_Right, Qt.Key.Key_Down, Qt.Key.Key_Return)
    dialog = open_dialog(qtbot, RelationshipDialog)
    assert (dialog.start.currentText(), dialog.end.currentText()) == ("Account", "Note")
    dialog.reject()
    assert not page.canvas.hint.isVisible()


def test_the_table_alone_shows_finds_opens_and_offers_the_same(
    qtbot: QtBot, page: SchemaPage, qtmodeltester: ModelTester
) -> None:
    press(page, Qt.Key.Key_T)
    table = page.canvas.table
    qtmodeltester.check(table.rows)
    assert table.hasFocus()
    model = table.rows
    rows = [[str(model.index(row, column).data()) for column in range(4)] for row in range(5)]
    assert rows == [
        ["Accounts", "object", "Deals (Deals)", "2: Name"],
        ["Deals", "object", "Accounts (Deals), Deals (follows)", "1: Title"],
        ["Notes", "object", "", "0"],
        ["Deals", "relationship", "Accounts \u2192 Deals", rows[3][3]],
        ["follows", "relationship", "Deals \u2192 Deals", rows[4][3]],
    ]
    assert rows[3][3].startswith("1:N ")
    assert "has many Deals." in rows[3][3]
    QTest.keyClick(table, Qt.Key.Key_Home)
    for _ in range(3):
        QTest.keyClick(table, Qt.Key.Key_Down)
    assert page.canvas.current() == Part("rel_owns", is_edge=True)
    assert page.commands.delete.isEnabled()
    page.canvas.set_current(Part(NOTE))
    assert table.current_part() == Part(NOTE)
    QTest.keyClick(table, Qt.Key.Key_Return)
    open_dialog(qtbot, ObjectDialog).reject()
    page.canvas.finder.setText("follows")
    qtbot.waitUntil(lambda: table.rows.rowCount() == 2)
    place = table.visualRect(table.currentIndex()).center()
    table.customContextMenuRequested.emit(place)
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    assert "Count links" in [action.text() for action in menu.actions()]
    menu.close()


def test_a_search_selects_what_it_finds_and_fades_the_rest(qtbot: QtBot, page: SchemaPage) -> None:
    page.start_find()
    qtbot.keyClicks(page.canvas.finder, "title")
    nodes = page.canvas.view.nodes
    qtbot.waitUntil(lambda: current(page) == DEAL)
    assert nodes[DEAL].opacity() == 1
    assert nodes[NOTE].opacity() < 0.5
    assert page.canvas.finder.found.text() == "1 of 1"
    QTest.keyClick(page.canvas.finder, Qt.Key.Key_Escape)
    assert nodes[NOTE].opacity() == 1
    page.choosing.details.actions()[2].trigger()
    nodes = page.canvas.view.nodes
    assert nodes[DEAL].node.lines == ()
    page.canvas.set_current(Part(ACCOUNT))
    qtbot.keyClicks(page.canvas.finder, "title")  # a field that is not drawn
    qtbot.waitUntil(lambda: current(page) == DEAL)
    qtbot.keyClicks(page.canvas.finder, "s")
    qtbot.waitUntil(lambda: page.canvas.finder.found.text() == "Nothing found")
    assert nodes[NOTE].opacity() == nodes[DEAL].opacity() == 1


def test_breaches_are_counted_on_demand_and_named_in_red(
    qtbot: QtBot, tasks: Tasks, page: SchemaPage
) -> None:
    page.canvas.set_current(Part("rel_owns", is_edge=True))
    assert not page.canvas.view.edges.edges["rel_owns"].is_breach
    page.count_links.trigger()
    settle(qtbot, tasks, page)
    edge = page.canvas.view.edges.edges["rel_owns"]
    assert (edge.is_breach, edge.badge) == (True, "1:N \u00b7 1 breach")
    assert page.known.figures["rel_owns"].to_side.most == 2


def test_what_one_window_moves_another_follows(
    qtbot: QtBot, tasks: Tasks, page: SchemaPage
) -> None:
    other = open_page(qtbot, tasks)
    before = other.canvas.view.points()
    page.canvas.set_current(Part(NOTE))
    page.canvas.view.setFocus()
    press(page, Qt.Key.Key_Right, held=ALT)
    settle(qtbot, tasks, page)
    x, y = before[NOTE]
    qtbot.waitUntil(lambda: other.canvas.view.points() == {**before, NOTE: (x + 24, y)})


def test_a_diagram_shows_an_application_or_a_neighbourhood_for_everybody(
    qtbot: QtBot, tasks: Tasks, page: SchemaPage
) -> None:
    def choose(text: str) -> None:
        action = next(each for each in page.choosing.objects.actions() if each.text() == text)
        action.trigger()
        settle(qtbot, tasks, page)

    choose("sales")
    assert page.canvas.view.nodes.keys() == {ACCOUNT}
    choose("All objects")
    page.canvas.set_current(Part(ACCOUNT))
    page.choosing.near.trigger()
    settle(qtbot, tasks, page)
    assert page.canvas.view.nodes.keys() == {ACCOUNT, DEAL}
    assert page.head.objects.text().strip() == "Around Account"
    again = open_page(qtbot, tasks)
    assert again.canvas.view.nodes.keys() == {ACCOUNT, DEAL}


def test_without_our_schema_places_hold_for_the_session_and_the_page_says_so(
    qtbot: QtBot, tasks: Tasks, make: Make
) -> None:
    make.sql("DROP SCHEMA crm_desktop CASCADE")
    make.object("deal")
    page = open_page(qtbot, tasks)
    assert "crm_desktop" in page.canvas.notice.text()
    press(page, Qt.Key.Key_Home)
    press(page, Qt.Key.Key_Right, held=ALT)
    page.refresh()
    settle(qtbot, tasks, page)
    assert page.canvas.view.points()[DEAL] == (24, 0)


def test_stopping_an_arrangement_leaves_every_node_where_it_was(
    qtbot: QtBot, tasks: Tasks, page: SchemaPage
) -> None:
    before = page.canvas.view.points()
    page.canvas.arrange(Arrangement.ORGANIC)
    page.canvas.arranging.stop()
    wait_until_idle(qtbot, tasks)
    assert page.canvas.view.points() == before
    assert page.own_steps() == ("", "")


def test_dragging_from_a_node_to_another_asks_for_the_relationship(
    qtbot: QtBot, page: SchemaPage
) -> None:
    put(page, account=(0, 0), deal=(400, 0), note=(400, 300))
    view, start = page.canvas.view, page.canvas.view.nodes[ACCOUNT]
    handle = view.mapFromScene(start.mapToScene(start.handle))
    target = view.mapFromScene(QPointF(500, 20))
    drag(view, handle, target)
    dialog = open_dialog(qtbot, RelationshipDialog)
    assert (dialog.start.currentText(), dialog.end.currentText()) == ("Account", "Deal")
    dialog.reject()
    drag(view, view.mapFromScene(QPointF(60, 15)), view.mapFromScene(QPointF(60, 75)))
    assert view.points()[ACCOUNT] != (0, 0)


def drag(view: GraphView, start: QPoint, end: QPoint) -> None:
    window, left = view.viewport(), Qt.MouseButton.LeftButton
    QTest.mousePress(window, left, Qt.KeyboardModifier.NoModifier, start)
    for share in (0.4, 0.8, 1.0):
        QTest.mouseMove(window, start + (end - start) * share)
    QTest.mouseRelease(window, left, Qt.KeyboardModifier.NoModifier, end)


def test_png_and_pdf_hold_the_whole_graph(page: SchemaPage, tmp_path: Path) -> None:
    for ending in ("png", "pdf"):
        page.canvas.output.export_to(str(tmp_path / f"graph.{ending}"))
    picture = QImage(str(tmp_path / "graph.png"))
    extent = page.canvas.view.extent()
    assert picture.width() == round((extent.width() + 64) * 2)
    assert (tmp_path / "graph.pdf").read_bytes().startswith(b"%PDF")


@pytest.mark.parametrize("far", [(4000, 2200), (1500, 1400)])
def test_the_map_covers_no_node_where_all_is_shown(
    page: SchemaPage, far: tuple[float, float]
) -> None:
    put(page, account=(0, 0), deal=(far[0], 0), note=far)
    view, seen = page.canvas.view, page.canvas.view.viewport().rect()
    page.canvas.commands.fit.trigger()
    on_screen = [view.mapFromScene(QRectF(*box)).boundingRect() for box in view.boxes().values()]
    assert all(seen.contains(each) for each in on_screen)
    map_ = page.canvas.minimap.geometry()
    assert not any(each.intersects(map_) for each in on_screen)

    page.canvas.toggle_map()
    page.canvas.commands.fit.trigger()
    without = [view.mapFromScene(QRectF(*box)).boundingRect() for box in view.boxes().values()]
    assert max(each.right() for each in without) > max(each.right() for each in on_screen)


def test_a_browser_shows_the_svg_as_the_screen_shows_the_graph(
    qtbot: QtBot, page: SchemaPage, tmp_path: Path, qapp: QApplication
) -> None:
    apply_theme(qapp, Scheme.DARK)
    put(page, account=(0, 0), deal=(400, 0), note=(400, 300))
    page.canvas.view.lens.zoom_fully()
    page.canvas.minimap.hide()
    page.canvas.set_current(Part(ACCOUNT))
    file = tmp_path / "graph.svg"
    page.canvas.output.export_to(str(file))
    drawn = file.read_text()
    for text in ("Accounts", "Deals", "Notes", "Name", "Title", "1:N", "N:N"):
        assert f">{text}</text>" in drawn
    if not CHROMIUM.exists():
        pytest.skip("Debian's package chromium is not installed")
    size = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', drawn)
    assert size is not None
    seen = browser_picture(file, tmp_path, *(int(float(each)) for each in size.groups()))
    view = page.canvas.view
    on_screen = view.grab()
    corner = view.extent().topLeft() - QPointF(32, 32)
    for name, at in POINTS.items():
        scene = QPointF(*at)
        expected = color_at(on_screen, view.mapFromScene(scene))
        found = color_at(seen, (scene - corner).toPoint())
        assert distance(expected, found) <= 8, f"{name}: {found.name()}, not {expected.name()}"


# Where one colour lies for some pixels around, in the scene.
POINTS = {
    "ground": (300, 200),
    "selected head": (120, 4),
    "body of the selected": (190, 46),
    "head": (520, 4),
    "body": (590, 46),
    "second row": (520, 304),
}


def browser_picture(file: Path, folder: Path, width: int, height: int) -> QPixmap:
    picture = folder / "browser.png"
    subprocess.run(
        [
            str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu",
            "--disable-background-networking", "--hide-scrollbars",
            f"--user-data-dir={folder / 'profile'}", f"--window-size={width},{height}",
            f"--screenshot={picture}", file.as_uri(),
        ],
        check=True, capture_output=True, timeout=100,
    )  # fmt: skip
    return QPixmap(str(picture))


def color_at(picture: QPixmap, place: QPoint) -> QColor:
    return picture.toImage().pixelColor(place)


def distance(one: QColor, other: QColor) -> int:
    return max(
        abs(one.red() - other.red()),
        abs(one.green() - other.green()),
        abs(one.blue() - other.blue()),
    )
