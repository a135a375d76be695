"""The records linked to one record, under the heading of each relationship."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from PySide6.QtCore import QModelIndex, QObject, Signal
from PySide6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from crm_desktop.domain.field_types import json_text
from crm_desktop.gui.delegates import CellKind
from crm_desktop.gui.icons import object_icon
from crm_desktop.gui.models.table_model import Column, TableModel
from crm_desktop.gui.tasks import Tasks
from crm_desktop.gui.theme import line_height, row_height, unit
from crm_desktop.gui.widgets.buttons import link_button
from crm_desktop.gui.widgets.elided_label import TextLabel
from crm_desktop.gui.widgets.empty_state import EmptyState
from crm_desktop.gui.widgets.grid import GridView
from crm_desktop.gui.widgets.section import Section
from crm_desktop.services import link_lists
from crm_desktop.services.link_lists import LinkCursor, RelatedPage, RelatedRecord
from crm_desktop.services.relationships import RelationshipSide

_PAGE = 20
_MOST_ROWS = 8


class RelatedPanel(QScrollArea):
    """A section for each relationship of the record's object; Enter or a double click opens."""

    open_requested = Signal(str)

    def __init__(self, tasks: Tasks, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tasks = tasks
        self.lists: list[RelatedList] = []
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setAccessibleName(self.tr("Related records"))
        self._show_body(QWidget())

    def show_related(
        self,
        record_id: str,
        sides: Sequence[RelationshipSide],
        counts: Mapping[tuple[str, bool], int],
    ) -> None:
        """Show what is linked to this record; `counts` are by relationship id and `is_from`."""
        if not sides:
            sentence = self.tr("This object has no relationships yet.")
            self._show_body(EmptyState(sentence, icon_name="spline"))
            self.lists = []
            return
        body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(4 * unit(), 3 * unit(), 4 * unit(), 4 * unit())
        column.setSpacing(3 * unit())
        self.lists = []
        for side in sides:
            count = counts.get((side.relationship_id, side.is_from), 0)
            linked = RelatedList(self._tasks, record_id, side)
            linked.open_requested.connect(self.open_requested)
            section = Section(
                side.label,
                linked,
                picture=object_icon(side.other.icon, "muted"),
                is_framed=True,
                is_open=count > 0,
            )
            section.set_count(f"{count:n}")
            section.add_button(TextLabel(side.type, face="caption", role="muted"))
            column.addWidget(section)
            self.lists.append(linked)
            if count:
                linked.load()
        column.addStretch(1)
        self._show_body(body)

    def _show_body(self, body: QWidget) -> None:
        self.setWidget(body)
        body.setAutoFillBackground(False)  # the page's own surface shows through
        self.viewport().setAutoFillBackground(False)


class RelatedList(QWidget):
    """The records linked under one relationship, a page at a time."""

    open_requested = Signal(str)

    def __init__(
        self, tasks: Tasks, record_id: str, side: RelationshipSide, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._tasks, self._record_id, self._side = tasks, record_id, side
        self._next: LinkCursor | None = None
        self._found: tuple[RelatedRecord, ...] = ()
        self.model = RelatedModel(self)
        self.rows = GridView(self, name=side.label)
        self.rows.setModel(self.model)
        self.rows.activated.connect(self._open)
        for number, shown in enumerate(self.model.columns):
            self.rows.setColumnWidth(number, round(shown.width * line_height()))
        self.more = link_button(self.tr("Show more"))
        self.more.clicked.connect(self.load)
        self.more.hide()
        self.none = TextLabel(self.tr("Nothing is linked."), role="muted")
        self.none.setContentsMargins(2 * unit(), unit(), 2 * unit(), unit())
        column = QVBoxLayout(self)
        column.setContentsMargins(unit(), 0, unit(), unit())
        for part in (self.none, self.rows, self.more):
            column.addWidget(part)
        self.rows.hide()

    def load(self) -> None:
        """Read the next page."""
        call = partial(
            link_lists.list_related,
            record_id=self._record_id,
            relationship_id=self._side.relationship_id,
            is_from=self._side.is_from,
            after=self._next,
            limit=_PAGE,
        )
        self._tasks.read(self, call, self._show)

    def _show(self, page: RelatedPage) -> None:
        self._found += page.rows
        self.model.set_rows(self._found)
        self._next = page.next
        count = len(self._found)
        self.none.setVisible(not count)
        self.rows.setVisible(bool(count))
        self.rows.setFixedHeight((min(count, _MOST_ROWS) + 1) * row_height() + 1)
        self.more.setVisible(page.next is not None)

    def _open(self, index: QModelIndex) -> None:
        related = self.model.row_at(index)
        if related is not None:
            self.open_requested.emit(f"record:{related.record_id}")


class RelatedModel(TableModel[RelatedRecord]):
    """Linked records with what their links say."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.set_columns(
            Column(self.tr("Name"), _name, CellKind.LINK, width=16),
            Column(self.tr("Link"), _metadata, CellKind.MUTED, width=14),
        )


def _name(related: RelatedRecord) -> str:
    return related.title or related.record_id


def _metadata(related: RelatedRecord) -> str:
    """Show the link's metadata in a line: `role: CEO, since: 2020-01-01`."""
    if not isinstance(related.metadata, Mapping):
        return "" if related.metadata is None else json_text(related.metadata)
    shown = ((k, v if isinstance(v, str) else json_text(v)) for k, v in related.metadata.items())
    return ", ".join(f"{key}: {value}" for key, value in shown)
