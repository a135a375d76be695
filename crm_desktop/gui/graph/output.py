"""Asks where a graph shall be written to, or on which printer, and does it."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, QRectF, Signal
from PySide6.QtGui import QPageLayout, QPainter
from PySide6.QtPrintSupport import QPrintDialog, QPrinter
from PySide6.QtWidgets import QDialog, QFileDialog

from crm_desktop.domain.errors import UserError
from crm_desktop.gui.graph.export import area_of, export_graph, print_graph
from crm_desktop.gui.graph.view import GraphView


class Output(QObject):
    """The file dialog and the printer's for one view."""

    said = Signal(str)  # what was done
    refused = Signal(object)  # UserError

    def __init__(self, view: GraphView) -> None:
        super().__init__(view)
        self._view = view
        self.title = view.accessibleName()

    def ask_where_to_export(self) -> None:
        dialog = QFileDialog(self._view.window(), self.tr("Export the graph"))
        filters = {
            "svg": self.tr("Drawing (*.svg)"),
            "png": self.tr("Picture (*.png)"),
            "pdf": self.tr("Document (*.pdf)"),
        }
        endings = {text: ending for ending, text in filters.items()}
        dialog.setNameFilters(list(filters.values()))
        dialog.setDefaultSuffix("svg")
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.selectFile(self.title)
        dialog.filterSelected.connect(partial(_follow_filter, dialog, endings))
        dialog.fileSelected.connect(self.export_to)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def export_to(self, file: str) -> None:
        try:
            export_graph(self._view, Path(file), self.title)
        except UserError as error:
            self.refused.emit(error)
        else:
            self.said.emit(self.tr("The graph is in {0}.").format(Path(file).name))

    def ask_how_to_print(self) -> None:
        printer = QPrinter(QPrinter.PrinterMode.HighResolution)
        printer.setDocName(self.title)
        area = area_of(self._view)
        is_wide = area.width() > area.height()
        shape = QPageLayout.Orientation
        printer.setPageOrientation(shape.Landscape if is_wide else shape.Portrait)
        dialog = QPrintDialog(printer, self._view.window())
        dialog.accepted.connect(partial(self.print_with, printer))
        dialog.finished.connect(dialog.deleteLater)
        QDialog.open(dialog)  # QPrintDialog's own wants a slot

    def print_with(self, printer: QPrinter) -> None:
        """Print all of it on one page."""
        painter = QPainter()
        if not painter.begin(printer):
            self.refused.emit(UserError(self.tr("The printer cannot be reached.")))
            return
        page = printer.pageRect(QPrinter.Unit.DevicePixel)
        print_graph(self._view, painter, QRectF(0, 0, page.width(), page.height()))
        painter.end()


def _follow_filter(dialog: QFileDialog, endings: dict[str, str], chosen: str) -> None:
    dialog.setDefaultSuffix(endings[chosen])
