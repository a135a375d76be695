"""A graph as SVG, PNG or PDF, and on paper: all of it, in the colours that are shown."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from PySide6.QtCore import QMarginsF, QRectF, QSize, QSizeF, Qt
from PySide6.QtGui import (
    QFont,
    QGuiApplication,
    QImage,
    QPageLayout,
    QPageSize,
    QPaintDevice,
    QPainter,
    QPdfWriter,
)
from PySide6.QtSvg import QSvgGenerator

from crm_desktop.domain.errors import Unavailable
from crm_desktop.gui.graph.inks import inks, measures
from crm_desktop.gui.graph.items import FADED
from crm_desktop.gui.graph.painting import Paper, State, paint_edge, paint_node
from crm_desktop.gui.graph.routes import path_of
from crm_desktop.gui.graph.view import GraphView
from crm_desktop.gui.theme import theme
from crm_desktop.gui.tokens import LIGHT, Tokens
from crm_desktop.whole_file import WholeFile

_AIR = 32.0
_LARGEST = 16_000  # pixels of a side of a picture
_PAGE = 25.4 / 96  # millimetres for a pixel at 100 %


def export_graph(view: GraphView, path: Path, title: str) -> None:
    """Write all of the graph to a file, in the format that its ending names.

    What stood there is replaced once the file is whole. Raises Unavailable.
    """
    write = _WRITERS.get(path.suffix.lower())
    if write is None:
        raise Unavailable(f"“{path.name}” does not end in .svg, .png or .pdf.")
    whole = WholeFile(path)
    try:
        whole.try_place()
        did_write = write(view, whole.draft, title)
        whole.publish() if did_write else whole.discard()
    except OSError as error:
        raise Unavailable(f"{path.name} could not be written: {error.strerror}.") from None
    if not did_write:
        raise Unavailable(f"{path.name} could not be written.")


def area_of(view: GraphView) -> QRectF:
    """Return what a picture of all of it covers, in the scene."""
    return view.extent().adjusted(-_AIR, -_AIR, _AIR, _AIR)


def _write_svg(view: GraphView, path: Path, title: str) -> bool:
    area = area_of(view)
    writer = QSvgGenerator()
    writer.setFileName(str(path))
    writer.setTitle(title)
    writer.setSize(area.size().toSize())
    writer.setViewBox(QRectF(0, 0, area.width(), area.height()))
    writer.setResolution(96)  # points of letters become as many pixels as on the screen
    return _paint_onto(writer, view, area)


def _write_png(view: GraphView, path: Path, title: str) -> bool:
    area = area_of(view)
    scale = min(2.0, _LARGEST / max(area.width(), area.height(), 1))
    picture = QImage((area.size() * scale).toSize().expandedTo(QSize(1, 1)),
                     QImage.Format.Format_RGB32)  # fmt: skip
    picture.setText("Title", title)
    painter = QPainter(picture)
    painter.scale(scale, scale)
    painter.translate(-area.topLeft())
    _paint(painter, view, area, theme())
    painter.end()
    return bool(picture.save(str(path), "PNG"))  # type: ignore[call-overload]


def _write_pdf(view: GraphView, path: Path, title: str) -> bool:
    """Write one page as large as the graph at 100 %: nothing is cut, and text stays text."""
    area = area_of(view)
    writer = QPdfWriter(str(path))
    writer.setTitle(title)
    writer.setResolution(96)
    page = QPageSize(QSizeF(area.width() * _PAGE, area.height() * _PAGE),
                     QPageSize.Unit.Millimeter)  # fmt: skip
    writer.setPageLayout(QPageLayout(page, QPageLayout.Orientation.Portrait, QMarginsF()))
    return _paint_onto(writer, view, area)


def print_graph(view: GraphView, painter: QPainter, room: QRectF) -> None:
    """Paint all of the graph onto a page, in the colours for paper, as large as fits."""
    area = area_of(view)
    scale = min(room.width() / area.width(), room.height() / area.height())
    painter.translate(room.topLeft())
    painter.scale(scale, scale)
    painter.translate(-area.topLeft())
    _paint(painter, view, area, LIGHT)


def _paint_onto(device: QPaintDevice, view: GraphView, area: QRectF) -> bool:
    painter = QPainter()
    if not painter.begin(device):
        return False
    painter.translate(-area.topLeft())
    _paint(painter, view, area, theme())
    return painter.end()


def _paint(painter: QPainter, view: GraphView, area: QRectF, tokens: Tokens) -> None:
    paper = Paper(inks(tokens), measures(), 1.0, is_vector=True)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setFont(QFont(QGuiApplication.font()))
    ground = Qt.GlobalColor.white if tokens is not theme() else paper.inks.window
    painter.fillRect(area, ground)
    edges = view.edges
    for edge_id, edge in edges.edges.items():
        painter.setOpacity(FADED if edge_id in edges.faded else 1.0)
        way = edges.way(edge_id)
        state = State(is_chosen=edge_id in edges.chosen)
        paint_edge(painter, paper, edge, way, path_of(way.corners), state)
    for node_id, item in view.nodes.items():
        painter.save()
        painter.setOpacity(item.opacity())
        painter.translate(item.pos())
        state = State(is_chosen=node_id in view.selected)
        paint_node(painter, paper, item.node, item.size, state)
        painter.restore()
    painter.setOpacity(1.0)


_WRITERS: Mapping[str, Callable[[GraphView, Path, str], bool]] = {
    ".svg": _write_svg,
    ".png": _write_png,
    ".pdf": _write_pdf,
}
