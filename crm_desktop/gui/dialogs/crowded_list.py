"""The records that have several links where one is allowed: how many each, to be opened."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHBoxLayout,
    QHeaderView,
    QVBoxLayout,
    QWidget,
)

from crm_desktop.domain.errors import Cancelled, UserError
from crm_desktop.gui.delegates import CellKind
from crm_desktop.gui.dialogs.delete_dialog import counted
from crm_desktop.gui.models.table_model import Column, TableModel
from crm_desktop.gui.theme import line_height, row_height, unit
from crm_desktop.gui.widgets.elided_label import TextLabel
from crm_desktop.gui.widgets.grid import GridView
from crm_desktop.gui.widgets.icon_label import IconLabel
from crm_desktop.gui.widgets.running_bar import RunningBar
from crm_desktop.services import relationship_figures
from crm_desktop.services.relationship_figures import CrowdedRecord, CrowdedRecords

if TYPE_CHECKING:
    from crm_desktop.gui.tasks import Handle, Tasks

PATIENCE = 290.0
SHOWN_ROWS = 5


class CrowdedModel(TableModel[CrowdedRecord]):
    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.set_columns(
            Column(self.tr("Record"), lambda row: row.title, CellKind.LINK),
            Column(
                self.tr("Links"),
                lambda row: f"{row.links:,}",
                CellKind.NUMBER,
                order=lambda row: row.links,
            ),
        )


class CrowdedList(QWidget):
    """Counts in the background; takes no room while nothing is asked or none is found."""

    open_requested = Signal(str)
    found = Signal(int)  # how many records there are in all

    def __init__(self, tasks: Tasks, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tasks = tasks
        self._handle: Handle | None = None
        self._asked: tuple[str, bool] | None = None
        self.model = CrowdedModel(self)
        self.sentence = TextLabel(role="danger", wraps=True)
        self.warning = IconLabel("octagon-alert", "danger")
        self.running = RunningBar()
        self.running.stop_requested.connect(self._stop)
        self.running.resume_requested.connect(self._read)
        self.view = GridView(name=self.tr("Records with several links"))
        self.view.setModel(self.model)
        self.view.setFrameShape(QFrame.Shape.StyledPanel)
        self.view.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.view.setToolTip(self.tr("Enter or a double click opens the record in a tab"))
        header = self.view.horizontalHeader()
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.resizeSection(1, round(line_height() * 5))
        self.view.activated.connect(self._open)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(unit())
        line = QHBoxLayout()
        line.setSpacing(unit())
        line.addWidget(self.warning, 0, Qt.AlignmentFlag.AlignTop)
        line.addWidget(self.sentence, 1)
        box.addLayout(line)
        for part in (self.running, self.view):
            box.addWidget(part)
        self.hide()

    def ask(self, relationship_id: str, *, is_from: bool) -> None:
        """Find the records at one end of the relationship that have several links."""
        asked = (relationship_id, is_from)
        if asked != self._asked:
            self._asked = asked
            self._read()

    def clear(self) -> None:
        """Ask nothing, and stop what is being counted."""
        self._asked = None
        self._stop()
        self.running.end()
        self.hide()

    def _read(self) -> None:
        self._stop()
        if self._asked is None:
            return
        self._say("muted", self.tr("Looking for records with several links…"))
        self.view.hide()
        self.running.run(self.tr("Counting links…"), self.tr("Counting was stopped."))
        self.show()
        call = partial(
            relationship_figures.crowded_records,
            relationship_id=self._asked[0],
            is_from=self._asked[1],
        )
        self._handle = self._tasks.read(self, call, self._show, self._fail, patience=PATIENCE)

    def _stop(self) -> None:
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None

    def _say(self, role: str, words: str) -> None:
        self.warning.setVisible(role == "danger")
        self.sentence.set_role("danger" if role == "danger" else "muted")
        self.sentence.setText(words)

    def _show(self, crowded: CrowdedRecords) -> None:
        self._handle = None
        self.running.end()
        self.model.set_rows(crowded.records)
        rows = min(len(crowded.records), SHOWN_ROWS)
        self.view.setFixedHeight(row_height() * (rows + 1) + 2 * unit())
        self.view.setVisible(bool(crowded.total))
        if crowded.total:
            who = counted(crowded.total, self.tr("record has"), self.tr("records have"))
            words = self.tr("{} several links, where the type allows one.")
            if len(crowded.records) < crowded.total:
                words += self.tr(" Those with the most are listed.")
            self._say("danger", words.format(who))
        else:
            self._say("muted", self.tr("No record has several links: the type can be changed."))
        self.found.emit(crowded.total)

    def _fail(self, error: UserError) -> None:
        self._handle = None
        self.running.end()
        if not isinstance(error, Cancelled):
            self._say("danger", str(error))

    def _open(self) -> None:
        row = self.model.row_at(self.view.currentIndex())
        if row is not None:
            self.open_requested.emit(f"record:{row.id}")
