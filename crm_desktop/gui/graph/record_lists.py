"""Lists that lead into a record graph: a search among many links, and the most connected."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QModelIndex, QObject, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QHBoxLayout,
    QVBoxLayout,
    QWidget,
)
from typing_extensions import override

from crm_desktop.domain.errors import UserError
from crm_desktop.gui.delegates import CellKind
from crm_desktop.gui.graph.record_content import Rest
from crm_desktop.gui.graph.record_drawing import Relationships, side_label, title_of
from crm_desktop.gui.icons import object_icon
from crm_desktop.gui.models.table_model import Column, TableModel
from crm_desktop.gui.theme import line_height, unit
from crm_desktop.gui.widgets.buttons import plain_button, primary_button
from crm_desktop.gui.widgets.elided_label import TextLabel
from crm_desktop.gui.widgets.fitting_dialog import FittingDialog
from crm_desktop.gui.widgets.form_row import FormRow, ProblemLine
from crm_desktop.gui.widgets.grid import GridView
from crm_desktop.gui.widgets.search_box import SearchBox
from crm_desktop.services import record_graph, record_paths
from crm_desktop.services.record_graph import GraphRecord
from crm_desktop.services.record_paths import Connected
from crm_desktop.services.relationships import RelatedObject

if TYPE_CHECKING:
    from crm_desktop.db.database import ReadSession
    from crm_desktop.gui.tasks import Handle, Tasks

_LIMIT = 200


@dataclass(frozen=True, slots=True)
class RecordLine:
    """A record in a list; `links` is None where they were not counted."""

    record: GraphRecord
    links: int | None = None

    @property
    def id(self) -> str:
        return self.record.id


class RecordLines(TableModel[RecordLine]):
    def __init__(self, parent: QObject | None = None, *, has_links: bool) -> None:
        super().__init__(parent)
        name: Column[RecordLine] = Column(
            self.tr("Name"),
            lambda line: title_of(line.record),
            CellKind.ICON_TEXT,
            icon=lambda line: line.record.icon or "box",
            width=18,
        )
        kind: Column[RecordLine] = Column(
            self.tr("Object"), lambda line: line.record.object_label, CellKind.MUTED, width=8
        )
        links: Column[RecordLine] = Column(
            self.tr("Links"),
            lambda line: f"{line.links:,}",
            CellKind.NUMBER,
            order=lambda line: line.links,
            width=6,
        )
        self.set_columns(*([name, kind, links] if has_links else [name, kind]))


class RecordsDialog(FittingDialog):
    """A list of records read in the background; a subclass says which, and what is done with them.

    `chosen` carries the ids of those that were.
    """

    chosen = Signal(object)

    def __init__(
        self, tasks: Tasks, title: str, verb: str, parent: QWidget | None, *, has_links: bool
    ) -> None:
        super().__init__(parent)
        self._tasks = tasks
        self._handle: Handle | None = None
        self.setWindowTitle(title)
        self.heading = TextLabel(title, face="title", wraps=True)
        self.controls = QHBoxLayout()
        self.model = RecordLines(self, has_links=has_links)
        self.grid = GridView(self, name=title)
        self.grid.setModel(self.model)
        self.note = TextLabel(face="small", role="muted", wraps=True)
        self.problem = ProblemLine()
        self.cancel, self.submit = plain_button(self.tr("Cancel")), primary_button(verb)
        self._lay_out()
        self.grid.activated.connect(self._take)
        self.grid.selectionModel().selectionChanged.connect(self._update)
        self.cancel.clicked.connect(self.reject)
        self.submit.clicked.connect(self.accept)
        self._update()

    def _lay_out(self) -> None:
        u = unit()
        box = QVBoxLayout(self)
        box.setContentsMargins(5 * u, 5 * u, 5 * u, 4 * u)
        box.setSpacing(3 * u)
        self.controls.setSpacing(2 * u)
        box.addWidget(self.heading)
        box.addLayout(self.controls)
        box.addWidget(self.grid, 1)
        for line in (self.note, self.problem):
            box.addWidget(line)
        row = QHBoxLayout()
        row.setSpacing(2 * u)
        row.addStretch(1)
        row.addWidget(self.cancel)
        row.addWidget(self.submit)
        box.addLayout(row)
        for number, column in enumerate(self.model.columns):
            self.grid.setColumnWidth(number, round(column.width * line_height()))
        self.resize(round(line_height() * 38), round(line_height() * 28))

    def read(self, call: Callable[[ReadSession], Any]) -> None:
        """Read the list; what was asked for before is given up."""
        if self._handle is not None:
            self._handle.cancel()
        self.note.setText(self.tr("Reading…"))
        self.problem.set_text("")
        self._handle = self._tasks.read(self, call, self._show, self._fail)

    def _show(self, found: Sequence[GraphRecord | Connected]) -> None:
        self._handle = None
        self.model.set_rows(
            RecordLine(each.record, each.links) if isinstance(each, Connected) else RecordLine(each)
            for each in found
        )
        if found and not self.ids():
            self.grid.setCurrentIndex(self.model.index(0, 0))
        self.note.setText(self.say_found(len(found)))
        self._update()

    def say_found(self, count: int) -> str:
        """Say how many were found, and whether there are more."""
        return self.tr("Nothing found.") if not count else ""

    def _fail(self, error: UserError) -> None:
        self._handle = None
        self.note.setText("")
        self.problem.set_text(str(error))

    def ids(self) -> list[str]:
        rows = sorted({index.row() for index in self.grid.selectionModel().selectedIndexes()})
        return [self.model.rows[row].id for row in rows if row < len(self.model.rows)]

    def _update(self, *_: object) -> None:
        self.submit.setEnabled(bool(self.ids()))

    def _take(self, _: QModelIndex) -> None:
        self.accept()

    @override
    def accept(self) -> None:
        if ids := self.ids():
            self.chosen.emit(ids)
            super().accept()

    @override
    def done(self, result: int) -> None:
        if self._handle is not None:
            self._handle.cancel()
        super().done(result)


class SideDialog(RecordsDialog):
    """Searches among the links of a hub, for those that shall be drawn."""

    def __init__(
        self,
        tasks: Tasks,
        record: GraphRecord,
        rest: Rest,
        relationships: Relationships,
        parent: QWidget | None = None,
    ) -> None:
        words = self.tr("{0} of “{1}”").format(
            side_label(rest.side, relationships), title_of(record)
        )
        super().__init__(tasks, words, self.tr("Show in the graph"), parent, has_links=False)
        self._record, self._rest = record, rest
        self.grid.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.search = SearchBox(self.tr("Search by name"))
        self.controls.addWidget(self.search)
        self.search.searched.connect(self._search)
        self.search.left_downward.connect(self.grid.setFocus)
        self.search.setFocus()
        self._search("")

    def _search(self, words: str) -> None:
        call = partial(
            record_graph.find_linked,
            record_id=self._record.id,
            side=self._rest.side,
            search=words,
            limit=_LIMIT,
        )
        self.read(call)

    @override
    def say_found(self, count: int) -> str:
        if count >= _LIMIT:
            return self.tr("The first {0} of {1}. Search to see others.").format(
                f"{count:,}", f"{self._rest.total:,}"
            )
        return super().say_found(count)


class MostConnectedDialog(RecordsDialog):
    """The records with the most links: of one object or all, under one relationship or all."""

    def __init__(
        self,
        tasks: Tasks,
        objects: Mapping[str, RelatedObject],
        relationships: Relationships,
        object_id: str = "",
        parent: QWidget | None = None,
    ) -> None:
        title = self.tr("The most connected records")
        super().__init__(tasks, title, self.tr("Show its graph"), parent, has_links=True)
        self.grid.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.object_choice, self.relationship_choice = QComboBox(), QComboBox()
        self.object_choice.addItem(self.tr("All objects"), "")
        for each in sorted(objects.values(), key=lambda each: each.plural_name.casefold()):
            self.object_choice.addItem(object_icon(each.icon), each.plural_name, each.id)
        self.relationship_choice.addItem(self.tr("All relationships"), "")
        for one in sorted(relationships.values(), key=lambda one: one.name.casefold()):
            words = f"{one.name} ({one.from_object.label} → {one.to_object.label})"
            self.relationship_choice.addItem(words, one.id)
        self.object_choice.setCurrentIndex(max(0, self.object_choice.findData(object_id)))
        for text, choice in (
            (self.tr("Of"), self.object_choice),
            (self.tr("Under"), self.relationship_choice),
        ):
            choice.setSizeAdjustPolicy(
                QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
            )
            choice.setMinimumContentsLength(16)
            choice.currentIndexChanged.connect(self._count)
            self.controls.addWidget(FormRow(text, choice), 1)
        self._count()
        self.grid.setFocus()

    def _count(self, *_: object) -> None:
        call = partial(
            record_paths.most_connected,
            object_id=self.object_choice.currentData(),
            relationship_id=self.relationship_choice.currentData(),
        )
        self.read(call)

    @override
    def say_found(self, count: int) -> str:
        return "" if count else self.tr("No record of this choice has a link.")
