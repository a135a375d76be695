"""`paint`: a frame of the record list against Qt's own view over a C++ model of the same texts."""

import os
import sys
from collections.abc import Iterator
from functools import partial
from typing import TypeVar

from bench import deals
from bench.measure import Options, Result, in_turns
from bench.workspace import Workspace, new_workspace, running_server

if sys.platform.startswith("linux"):  # what is painted goes into an image anyway
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QCoreApplication, QEventLoop, QRect, QSize, Qt
from PySide6.QtGui import QImage, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QApplication, QTableView

from crm_desktop.domain.filters import RecordQuery
from crm_desktop.domain.formats import Formats
from crm_desktop.gui.models.records import RecordTableModel
from crm_desktop.gui.tasks import Tasks
from crm_desktop.gui.theme import Scheme, apply_theme
from crm_desktop.gui.widgets.grid import GridView
from crm_desktop.services import records

ROWS, ROUNDS, BAR = 2_000, 61, 2.0
SIZE = QSize(1600, 900)
COLUMN_WIDTH = 155
FORMATS = Formats(date_order="dmy", date_separator=".")
View = TypeVar("View", bound=QTableView)
WITH_INK = 0.99  # the share of cells in which something must have been painted


def run(options: Options) -> Iterator[Result]:
    app = QApplication.instance() or QApplication([])
    assert isinstance(app, QApplication)  # noqa: S101 - for the type checker
    apply_theme(app, Scheme.LIGHT)
    with running_server() as server, new_workspace(server) as workspace:
        tasks = Tasks(workspace.database, workspace.actor)
        try:
            model = _filled_model(workspace, tasks, options.rows or ROWS)
            ours, peer = _our_view(model), _qt_view(model)
            ours_frame, peer_frame = partial(_paint, ours), partial(_paint, peer)
            cells = _check_ink(ours, ours_frame()), _check_ink(peer, peer_frame())
            ours_s, peer_s = in_turns(ours_frame, peer_frame, options.rounds or ROUNDS)
        finally:
            tasks.close()
    yield Result(
        "paint",
        ours_s * 1000,
        "ms",
        f"QTableView over QStandardItemModel, {SIZE.width()}x{SIZE.height()}: "
        f"{peer_s * 1000:.1f} ms (pixels seen in {cells[0]} and {cells[1]} cells)",
        ours_s / peer_s,
        BAR,
    )


def _filled_model(workspace: Workspace, tasks: Tasks, rows: int) -> RecordTableModel:
    """Return the list's model with at least a screen of rows, read through tasks."""
    object_id, field_ids = deals.make_object(workspace)
    deals.fill(workspace, object_id, field_ids, rows)
    with workspace.database.read(workspace.actor) as session:
        columns = records.fields_of(session, object_id)
    model = RecordTableModel(tasks, FORMATS, tasks)
    arrival = QEventLoop()
    model.arrived.connect(arrival.quit)
    model.failed.connect(arrival.quit)
    model.show(RecordQuery(object_id), columns)
    arrival.exec()
    if not model.rowCount():
        raise RuntimeError("No records arrived.")
    return model


def _our_view(model: RecordTableModel) -> GridView:
    view = GridView(name="Records", has_gutter=True)
    view.setModel(model)
    return _shown(view)


def _qt_view(model: RecordTableModel) -> QTableView:
    """Show the same texts in Qt's own classes, as they come, with rows of the same height."""
    rows, columns = model.rowCount(), model.columnCount()
    items = QStandardItemModel(rows, columns)
    for row in range(rows):
        for column in range(columns):
            items.setItem(row, column, QStandardItem(model.index(row, column).data()))
    across = Qt.Orientation.Horizontal
    items.setHorizontalHeaderLabels([model.headerData(c, across) for c in range(columns)])
    view = QTableView()
    items.setParent(view)
    view.setModel(items)
    view.verticalHeader().setDefaultSectionSize(GridView().verticalHeader().defaultSectionSize())
    return _shown(view)


def _shown(view: View) -> View:
    for column in range(view.model().columnCount()):
        view.setColumnWidth(column, COLUMN_WIDTH)
    view.resize(SIZE)
    view.show()
    QCoreApplication.processEvents()
    return view


def _paint(view: QTableView) -> QImage:
    image = QImage(SIZE, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(Qt.GlobalColor.white)
    view.render(image)
    return image


def _check_ink(view: QTableView, image: QImage) -> int:
    """Return how many cells are on screen; raise where some of them are blank.

    A view that asks for the wrong roles paints nothing, and would look like the quickest of all.
    """
    offset = view.viewport().pos()
    cells = [
        view.visualRect(view.model().index(row, column)).translated(offset)
        for row in range(view.rowAt(0), max(view.rowAt(view.viewport().height() - 1), 1))
        for column in range(view.model().columnCount())
    ]
    inside = [cell for cell in cells if image.rect().contains(cell)]
    painted = sum(_has_ink(image, cell.adjusted(6, 3, -6, -3)) for cell in inside)
    if painted < WITH_INK * len(inside) or not inside:
        raise RuntimeError(f"Only {painted} of {len(inside)} cells were painted.")
    return painted


def _has_ink(image: QImage, cell: QRect) -> bool:
    """Say whether a cell holds strokes: pixels much darker or lighter than its corner."""
    paper = image.pixelColor(cell.topLeft()).lightness()
    for y in range(cell.top(), cell.bottom()):
        for x in range(cell.left(), cell.right()):
            if abs(image.pixelColor(x, y).lightness() - paper) > 60:
                return True
    return False
