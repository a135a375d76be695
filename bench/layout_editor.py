"""`layout-editor`: opening a layout of many fields, and a frame while one is dragged in it."""

import os
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial

from bench import many_fields
from bench.measure import Options, Result, in_turns
from bench.workspace import Workspace, new_workspace, running_server

if sys.platform.startswith("linux"):  # what is painted goes into an image anyway
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import psycopg
from PySide6.QtCore import QCoreApplication, QEvent, QEventLoop, QMimeData, QPointF, QSize, Qt
from PySide6.QtGui import QDragMoveEvent, QImage, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QApplication, QTreeView

from crm_desktop.gui.layout_editor.fields_mime import Parcel, pack
from crm_desktop.gui.layout_editor.layout_tree import LayoutTree
from crm_desktop.gui.layout_editor.page import LayoutPage
from crm_desktop.gui.tasks import Tasks
from crm_desktop.gui.theme import Scheme, apply_theme

FIELDS, ROUNDS, OPENINGS = 500, 61, 7
SIZE = QSize(1440, 900)
PATIENCE = 60.0  # seconds
INK = 4_000  # pixels at least that are not as the paper


def run(options: Options) -> Iterator[Result]:
    app = QApplication.instance() or QApplication([])
    assert isinstance(app, QApplication)  # noqa: S101 - for the type checker
    apply_theme(app, Scheme.LIGHT)
    fields, rounds = options.rows or FIELDS, options.rounds or ROUNDS
    with running_server() as server, new_workspace(server) as workspace:
        object_id = many_fields.make_object(workspace, fields)
        tasks = Tasks(workspace.database, workspace.actor)
        try:
            yield _opening(workspace, tasks, object_id, min(rounds, OPENINGS))
            yield _dragging(tasks, object_id, rounds)
        finally:
            tasks.close()


def _opening(workspace: Workspace, tasks: Tasks, object_id: str, rounds: int) -> Result:
    with psycopg.connect(workspace.url) as connection:
        peer = partial(_open_bare, connection, object_id)
        ours, bare = in_turns(partial(_open_and_close, tasks, object_id), peer, rounds, warm_up=1)
    return Result(
        "layout-editor, opening",
        ours * 1000,
        "ms",
        f"psycopg and a bare QTreeView with the same rows, painted: {bare * 1000:.0f} ms",
        ours / bare,
        None,
    )


def _open_and_close(tasks: Tasks, object_id: str) -> None:
    page = _open(tasks, object_id)
    page.close()
    page.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)


def _open(tasks: Tasks, object_id: str) -> LayoutPage:
    """Return the page once library, layout and preview have been read and painted."""
    page = LayoutPage(tasks, object_id)
    page.resize(SIZE)
    page.show()
    _wait(lambda: page.state.stored is not None and not tasks.is_busy)
    page.grab()
    return page


def _wait(is_done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not is_done():
        QCoreApplication.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 20)
        if time.monotonic() > deadline:
            raise RuntimeError("The layout did not arrive.")


def _open_bare(connection: psycopg.Connection[tuple[str, str]], object_id: str) -> None:
    rows = connection.execute(
        "SELECT f.id, f.label FROM object_fields o JOIN fields f ON f.id = o.field_id"
        " WHERE o.object_id = %s ORDER BY o.display_order", (object_id,)
    ).fetchall()  # fmt: skip
    view = _bare([label for _, label in rows])
    view.grab()
    view.close()


def _bare(labels: list[str]) -> QTreeView:
    """Show as many rows in as many branches by Qt's own classes."""
    view = QTreeView()
    model = QStandardItemModel(view)
    each = max(1, len(labels) // many_fields.SECTIONS)
    for start in range(0, len(labels), each):
        heading = QStandardItem(f"Section {start // each}")
        for label in labels[start : start + each]:
            heading.appendRow(QStandardItem(label))
        model.appendRow(heading)
    view.setModel(model)
    view.setHeaderHidden(True)
    view.setUniformRowHeights(True)
    view.expandAll()
    view.resize(SIZE)
    view.show()
    QCoreApplication.processEvents()
    return view


def _dragging(tasks: Tasks, object_id: str, rounds: int) -> Result:
    """Measure a move of the mouse with all that follows it: where it would fall, and a frame."""
    page = _open(tasks, object_id)
    labels = [page.state.label_of(entry) for entry in page.state.layout.entries()]
    bare = _bare(labels)
    page.tree.setParent(None)
    page.tree.resize(bare.size())
    page.tree.show()
    QCoreApplication.processEvents()
    first = next(page.state.layout.entries())
    mime = pack(Parcel(object_id, (first,)), [labels[0]])
    ours, peer = partial(_drag_frame, page.tree, mime), partial(_paint, bare)
    seen = _ink(ours()), _ink(peer())
    if min(seen) < INK:
        raise RuntimeError(f"Only {seen} pixels were painted.")
    ours_s, peer_s = in_turns(_walking(ours), peer, rounds)
    page.tree.close()
    page.close()
    bare.close()
    return Result(
        "layout-editor, drag frame",
        ours_s * 1000,
        "ms",
        f"a frame of a bare QTreeView of {len(labels)} rows: {peer_s * 1000:.1f} ms"
        f" (pixels with ink: {seen[0]:,} and {seen[1]:,})",
        ours_s / peer_s,
        3,
    )


def _walking(frame: Callable[[int], QImage]) -> Callable[[], QImage]:
    """Return what drags a little further down at each call."""
    places = iter(range(100, 10**9, 7))
    return lambda: frame(100 + next(places) % 600)


def _drag_frame(tree: LayoutTree, mime: QMimeData, y: int = 300) -> QImage:
    actions, buttons = Qt.DropAction.MoveAction, Qt.MouseButton.LeftButton
    event = QDragMoveEvent(
        QPointF(200, y).toPoint(), actions, mime, buttons, Qt.KeyboardModifier.NoModifier
    )
    tree.dragMoveEvent(event)
    return _paint(tree)


def _paint(view: QTreeView) -> QImage:
    image = QImage(view.size(), QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(Qt.GlobalColor.white)
    view.render(image)
    return image


def _ink(image: QImage) -> int:
    """Count pixels that are much darker than paper: a view that paints nothing is quick."""
    dark = 0
    for y in range(0, image.height(), 2):
        for x in range(0, image.width() // 2, 2):
            dark += image.pixelColor(x, y).lightness() < 150
    return dark * 4
