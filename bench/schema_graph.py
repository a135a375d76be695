"""`schema-graph`: the first picture of a large schema, its layout, and frames of it."""

import gc
import os
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from itertools import cycle
from statistics import median

from bench.measure import Options, Result, in_turns, seconds
from bench.workspace import Workspace, new_workspace, running_server

if sys.platform.startswith("linux"):  # what is painted goes into an image anyway
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import psycopg
import rustworkx
from PySide6.QtCore import (
    QCoreApplication,
    QEvent,
    QEventLoop,
    QObject,
    QPoint,
    QPointF,
    QRectF,
    QSize,
    Qt,
)
from PySide6.QtGui import QColor, QImage, QPainter, QPen
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QApplication,
    QGraphicsPathItem,
    QGraphicsRectItem,
    QGraphicsScene,
    QGraphicsSimpleTextItem,
    QGraphicsView,
)
from typing_extensions import override

from crm_desktop.domain.graph import ends_of
from crm_desktop.domain.graph_layout import Arrangement, arrange
from crm_desktop.gui.graph.arranging import GAP
from crm_desktop.gui.graph.inks import measures
from crm_desktop.gui.graph.items import NodeItem
from crm_desktop.gui.graph.routes import path_of
from crm_desktop.gui.graph.schema_page import AFTER_PAINT, SchemaPage
from crm_desktop.gui.graph.view import GraphView
from crm_desktop.gui.tasks import Tasks
from crm_desktop.gui.theme import Scheme, apply_theme
from crm_desktop.services.schema_graph import SCHEMA

OBJECTS, FIELDS_EACH, EDGES_EACH, ROUNDS, OPENINGS = 300, 10, 3, 41, 31
SIZE = QSize(1440, 900)
PATIENCE = 120.0  # seconds
INK = 2_000  # pixels at least that are not as the paper


def run(options: Options) -> Iterator[Result]:
    app = QApplication.instance() or QApplication([])
    assert isinstance(app, QApplication)  # noqa: S101 - for the type checker
    apply_theme(app, Scheme.LIGHT)
    count, rounds = options.rows or OBJECTS, options.rounds or ROUNDS
    with running_server() as server, new_workspace(server) as workspace:
        gc.disable()  # as the program does, which collects between what users do
        _make_schema(workspace, count)
        tasks = Tasks(workspace.database, workspace.actor)
        try:
            yield _first_picture(workspace, tasks, min(rounds, OPENINGS))
            page, _ = _open(tasks)
            _check_ink(_ink(_paint(page.canvas.view)))
            QTest.qWait(2 * AFTER_PAINT)  # until counts and the first arrangement are under way
            _wait(lambda: not tasks.is_busy and not page.canvas.arranging.is_running)
            yield _layout(page, min(rounds, 3))
            yield from _frames(page, rounds)
            _close(page)
        finally:
            tasks.close()
            gc.enable()


def _make_schema(workspace: Workspace, objects: int) -> None:
    values = {
        "objects": objects,
        "fields": objects * FIELDS_EACH,
        "each": FIELDS_EACH,
        "edges": objects * EDGES_EACH,
    }
    with psycopg.connect(workspace.url, autocommit=True) as connection:
        for statement in _MAKE:
            connection.execute(statement, values)
        connection.execute("ANALYZE")


def _first_picture(workspace: Workspace, tasks: Tasks, rounds: int) -> Result:
    """Time from asking for the page until its first picture has been painted.

    What comes after it (the layout, counts) is waited for before the next round, untimed.
    """
    ours, bare = [], []
    with psycopg.connect(workspace.url) as connection:
        for number in range(rounds + 2):
            asked_at = time.perf_counter()
            page, painted_at = _open(tasks)
            _close(page)
            _wait(lambda: not tasks.is_busy)
            gc.collect()
            query = seconds(partial(_read_bare, connection))
            if number >= 2:
                ours.append(painted_at - asked_at)
                bare.append(query)
    ours_s, bare_s = median(ours), median(bare)
    return Result(
        "schema-graph, first picture",
        ours_s * 1000,
        "ms",
        f"the one query that reads it, by psycopg: {bare_s * 1000:.1f} ms",
        ours_s / bare_s,
        5,
    )


def _read_bare(connection: psycopg.Connection[tuple[object, ...]]) -> None:
    connection.execute(SCHEMA).fetchall()
    connection.rollback()


def _close(page: SchemaPage) -> None:
    page.canvas.arranging.stop()
    page.close()
    page.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)


def _open(tasks: Tasks) -> tuple[SchemaPage, float]:
    """Return the page, and when its window had painted nodes and all that stands around them."""
    page = SchemaPage(tasks)
    page.resize(SIZE)
    page.show()
    watch = _PaintWatch(page.canvas.view)
    _wait(lambda: watch.painted_at > 0)
    return page, watch.painted_at


class _PaintWatch(QObject):
    """Notes when the view had painted nodes: what is posted while it paints comes right after."""

    def __init__(self, view: GraphView) -> None:
        super().__init__(view)
        self._view, self.painted_at = view, 0.0
        view.viewport().installEventFilter(self)

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() is QEvent.Type.Paint and self._view.nodes and not self.painted_at:
            QCoreApplication.postEvent(self, QEvent(QEvent.Type.User))
        return False

    @override
    def event(self, event: QEvent) -> bool:
        if event.type() is QEvent.Type.User and not self.painted_at:
            self.painted_at = time.perf_counter()
        return super().event(event)


def _wait(is_done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not is_done():
        QCoreApplication.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)
        if time.monotonic() > deadline:
            raise RuntimeError("The graph did not arrive.")


def _layout(page: SchemaPage, rounds: int) -> Result:
    """Time the layered layout as the page has it made, against a library's organic one."""
    view = page.canvas.view
    sizes = {node_id: item.size for node_id, item in view.nodes.items()}
    ends = ends_of(view.edges.edges.values())
    numbers = {node_id: number for number, node_id in enumerate(sizes)}
    graph = rustworkx.PyGraph()
    graph.add_nodes_from(list(sizes))
    graph.add_edges_from([(numbers[one], numbers[other], 1) for one, other in ends])
    library = partial(rustworkx.spring_layout, graph, seed=1)
    ours = partial(arrange, Arrangement.LAYERED, sizes, ends, gap=GAP)
    ours_s, library_s = in_turns(ours, library, rounds, warm_up=1)
    return Result(
        "schema-graph, layout",
        ours_s * 1000,
        "ms",
        f"rustworkx's spring layout: {library_s * 1000:.0f} ms",
        ours_s / library_s,
        None,
    )


def _frames(page: SchemaPage, rounds: int) -> Iterator[Result]:
    view = page.canvas.view
    bare = _bare(view)
    page.canvas.minimap.hide()
    for looked in (view, bare):
        looked.viewport().resize(view.viewport().size())
    for name, zoom in (("pan", 0.8), ("drag", 0.8)):
        _look(view, bare, zoom)
        seen = _ink(_paint(view)), _ink(_paint(bare))
        _check_ink(*seen)
        step = _pan_step if name == "pan" else _drag_step
        ours, peer = in_turns(step(view), step(bare), rounds)
        yield Result(
            f"schema-graph, {name} frame",
            ours * 1000,
            "ms",
            f"Qt's own items, as many: {peer * 1000:.1f} ms"
            f" (pixels with ink: {seen[0]:,} and {seen[1]:,})",
            ours / peer,
            2,
        )
    ours, peer = in_turns(partial(_fit, view, view.lens.fit), partial(_fit, bare, partial(
        bare.fitInView, view.extent(), Qt.AspectRatioMode.KeepAspectRatio)), rounds)  # fmt: skip
    against = f"Qt's own items, as many: {peer * 1000:.1f} ms"
    yield Result("schema-graph, fit all", ours * 1000, "ms", against, ours / peer, None)
    bare.close()


def _bare(view: GraphView) -> QGraphicsView:
    """Show as many boxes, lines and texts at the same places by Qt's own classes."""
    scene = QGraphicsScene()
    sizes = measures()
    for item in view.nodes.values():
        box = QGraphicsRectItem(QRectF(0, 0, *item.size))
        box.setPos(item.pos())
        box.setPen(QPen(QColor("#767F8E")))
        box.setBrush(QColor("#FFFFFF"))
        texts = [item.node.label, item.node.badge, *(text for _, text in item.node.lines)]
        for number, text in enumerate(texts):
            line = QGraphicsSimpleTextItem(text, box)
            line.setPos(sizes.pad, number * sizes.row)
        scene.addItem(box)
    for edge_id, edge in view.edges.edges.items():
        way = view.edges.way(edge_id)
        path = QGraphicsPathItem(path_of(way.corners))
        path.setPen(QPen(QColor("#767F8E"), 1.4))
        path.setZValue(-1)
        label = QGraphicsSimpleTextItem(edge.badge, path)
        label.setPos(*way.label)
        scene.addItem(path)
    bare = QGraphicsView(scene)
    scene.setParent(bare)
    bare.setRenderHint(QPainter.RenderHint.Antialiasing)  # as ours
    bare.setFrameShape(QGraphicsView.Shape.NoFrame)
    for bar in (bare.setHorizontalScrollBarPolicy, bare.setVerticalScrollBarPolicy):
        bar(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    bare.setSceneRect(view.sceneRect())
    bare.resize(view.size())
    bare.show()
    QCoreApplication.processEvents()
    return bare


def _look(view: GraphView, bare: QGraphicsView, zoom: float) -> None:
    """Let both show the same part of the graph at this zoom."""
    view.lens.zoom_to(zoom)
    middle = view.extent().center()
    bare.resetTransform()
    bare.scale(zoom, zoom)
    for each in (view, bare):
        each.centerOn(middle)


def _pan_step(view: QGraphicsView) -> Callable[[], QImage]:
    steps = cycle([QPoint(37, 23)] * 8 + [QPoint(-37, -23)] * 8)

    def pan() -> QImage:
        step = next(steps)
        across, down = view.horizontalScrollBar(), view.verticalScrollBar()
        across.setValue(across.value() + step.x())
        down.setValue(down.value() + step.y())
        return _paint(view)

    return pan


def _drag_step(view: QGraphicsView) -> Callable[[], QImage]:
    """Move the node in the middle; ours leads its edges anew, Qt's own stay where they are."""
    steps = cycle([QPointF(9, 5)] * 8 + [QPointF(-9, -5)] * 8)
    centre = view.mapToScene(view.viewport().rect().center())
    items = view.scene().items()
    boxes = [each for each in items if isinstance(each, NodeItem | QGraphicsRectItem)]
    nearest = min(boxes, key=lambda each: (each.sceneBoundingRect().center() - centre)
                  .manhattanLength())  # fmt: skip

    def drag() -> QImage:
        nearest.setPos(nearest.pos() + next(steps))
        if isinstance(view, GraphView) and isinstance(nearest, NodeItem):
            view.lead_anew([nearest.node.id])
        return _paint(view)

    return drag


def _fit(view: QGraphicsView, fit: Callable[[], object]) -> QImage:
    view.resetTransform()
    fit()
    return _paint(view)


def _paint(view: QGraphicsView) -> QImage:
    """Paint a whole frame of the view."""
    image = QImage(view.viewport().size(), QImage.Format.Format_RGB32)
    view.viewport().render(image)
    return image


def _check_ink(*seen: int) -> None:
    if min(seen) < INK:
        raise RuntimeError(f"Only {seen} pixels were painted.")


def _ink(image: QImage) -> int:
    """Count pixels that are not as the one in the corner, in every third row."""
    paper = image.pixel(1, 1)
    rows = range(0, image.height(), 3)
    return sum(image.pixel(x, y) != paper for y in rows for x in range(0, image.width(), 3))


_MAKE: tuple[str, ...] = (
    """
    INSERT INTO objects (id, name, label, plural_name, icon)
    SELECT 'obj_' || n, 'object_' || n, 'Object ' || n, 'Objects ' || n,
           (ARRAY['building', 'contact', 'handshake', 'package'])[1 + n %% 4]
    FROM generate_series(0, %(objects)s::int - 1) n
    """,
    """
    INSERT INTO fields (id, name, label, type)
    SELECT 'fld_' || n, 'field_' || n, 'Field number ' || n,
           (ARRAY['text', 'number', 'date', 'boolean', 'email', 'reference'])[1 + n %% 6]
    FROM generate_series(0, %(fields)s::int - 1) n
    """,
    """
    INSERT INTO object_fields (id, object_id, field_id, display_order)
    SELECT 'ofd_' || n, 'obj_' || n / %(each)s::int, 'fld_' || n, n
    FROM generate_series(0, %(fields)s::int - 1) n
    """,
    """
    INSERT INTO relationships (id, name, type, from_object_id, to_object_id)
    SELECT 'rel_' || n, 'relationship_' || n, (ARRAY['1:N', 'N:N'])[1 + n %% 2],
           'obj_' || (n * 7919) %% %(objects)s::int,
           'obj_' || (n * 104729 + n / 3 + 1) %% %(objects)s::int
    FROM generate_series(0, %(edges)s::int - 1) n
    """,
)
