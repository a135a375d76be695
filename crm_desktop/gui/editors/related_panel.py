"""The records linked to one record, under the heading of each relationship."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication, QModelIndex, QObject, Signal
from PySide6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from crm_desktop.domain.field_types import json_text
from crm_desktop.gui.delegates import CellKind
from crm_desktop.gui.icons import object_icon
from crm_desktop.gui.models.table_model import Column, TableModel
from crm_desktop.gui.tasks import Handle, Tasks
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
_LINK = 1  # the column of what the links say
_IN_WORDS = {
    "1:N": QT_TRANSLATE_NOOP("related", "one to many"),
    "N:1": QT_TRANSLATE_NOOP("related", "many to one"),
    "N:N": QT_TRANSLATE_NOOP("related", "many to many"),
    "lookup": QT_TRANSLATE_NOOP("related", "many to one"),
}


class RelatedPanel(QScrollArea):
    """A section for each relationship of the record's object; Enter or a double click opens."""

    open_requested = Signal(str)

    def __init__(self, tasks: Tasks, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tasks = tasks
        self.lists: list[RelatedList] = []
        self.sections: list[Section] = []
        self._shown: tuple[str, Sequence[RelationshipSide]] = ("", ())
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
        """Show what is linked to this record; `counts` are by relationship id and `is_from`.

        Of a record that is shown already, what was opened, closed and read stays.
        """
        if self._shown != (record_id, sides):
            self._build(record_id, sides)
        self._shown = (record_id, sides)
        for section, linked in zip(self.sections, self.lists, strict=True):
            count = counts.get(linked.key, 0)
            section.set_count(f"{count:,}")
            if linked.count is None or (count and not linked.count):
                section.set_open(count > 0)
            linked.show_count(count)

    def _build(self, record_id: str, sides: Sequence[RelationshipSide]) -> None:
        self.lists, self.sections = [], []
        if not sides:
            sentence = self.tr("This object has no relationships yet.")
            self._show_body(EmptyState(sentence, icon_name="spline"))
            return
        body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(4 * unit(), 3 * unit(), 4 * unit(), 4 * unit())
        column.setSpacing(3 * unit())
        for side in sides:
            linked = RelatedList(self._tasks, record_id, side)
            linked.open_requested.connect(self.open_requested)
            picture = object_icon(side.other.icon, "muted")
            section = Section(side.label, linked, picture=picture, is_framed=True)
            section.add_button(TextLabel(cardinality(side.type), face="caption", role="muted"))
            column.addWidget(section)
            self.lists.append(linked)
            self.sections.append(section)
        column.addStretch(1)
        self._show_body(body)

    def _show_body(self, body: QWidget) -> None:
        self.setWidget(body)
        body.setAutoFillBackground(False)  # the page's own surface shows through
        self.viewport().setAutoFillBackground(False)


def cardinality(kind: str) -> str:
    """Say how many of one there are to one of the other; a kind we do not know is shown as is."""
    return QCoreApplication.translate("related", str(_IN_WORDS.get(kind, kind)))


class RelatedList(QWidget):
    """The records linked under one relationship, a page at a time."""

    open_requested = Signal(str)

    def __init__(
        self, tasks: Tasks, record_id: str, side: RelationshipSide, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._tasks, self._record_id, self._side = tasks, record_id, side
        self.key = (side.relationship_id, side.is_from)
        self.count: int | None = None
        self._reading: Handle | None = None
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

    def show_count(self, count: int) -> None:
        """Read the rows there are now: as many as were shown before."""
        self.count = count
        if count or self._found:
            self._read(None, max(_PAGE, len(self._found)), self._show_first)

    def load(self) -> None:
        """Read the next page."""
        self._read(self._next, _PAGE, self._show_next)

    def _read(
        self, after: LinkCursor | None, limit: int, then: Callable[[RelatedPage], None]
    ) -> None:
        call = partial(
            link_lists.list_related,
            record_id=self._record_id,
            relationship_id=self._side.relationship_id,
            is_from=self._side.is_from,
            after=after,
            limit=limit,
        )
        if self._reading is not None:
            self._reading.cancel()
        self._reading = self._tasks.read(self, call, then)

    def _show_first(self, page: RelatedPage) -> None:
        self._found = ()
        self._show_next(page)

    def _show_next(self, page: RelatedPage) -> None:
        self._found += page.rows
        self.model.set_rows(self._found)
        self._next = page.next
        count = len(self._found)
        self.none.setVisible(not count)
        self.rows.setVisible(bool(count))
        self.rows.setColumnHidden(_LINK, not any(map(_metadata, self._found)))
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
