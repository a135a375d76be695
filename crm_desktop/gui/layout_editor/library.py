"""The library beside the layout: every field by category, searched, and dragged from."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QMimeData, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import (
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QKeyEvent,
    QPainter,
    QPaintEvent,
    QStandardItem,
    QStandardItemModel,
)
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QPushButton,
    QTreeView,
    QVBoxLayout,
    QWidget,
)
from typing_extensions import override

from crm_desktop.domain.field_types import type_of
from crm_desktop.domain.layout_draft import Entry
from crm_desktop.gui.layout_editor.dragging import paint_veil, start_drag
from crm_desktop.gui.layout_editor.fields_mime import MIME_TYPE, Parcel, pack, unpack
from crm_desktop.gui.layout_editor.row_delegate import Row, RowDelegate, RowRole
from crm_desktop.gui.layout_editor.state import LayoutState
from crm_desktop.gui.models.fields import type_label
from crm_desktop.gui.theme import line_height, unit
from crm_desktop.gui.widgets.buttons import plain_button, snug_button
from crm_desktop.gui.widgets.elided_label import ElidedLabel
from crm_desktop.gui.widgets.empty_state import EmptyState
from crm_desktop.gui.widgets.icon_label import IconLabel
from crm_desktop.gui.widgets.search_box import SearchBox
from crm_desktop.services.fields import FieldSummary

Index = QModelIndex | QPersistentModelIndex


class LibraryModel(QStandardItemModel):
    """Categories, and the fields in each that pass; those in the layout are marked."""

    filled = Signal()

    def __init__(self, state: LayoutState, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._state = state
        self._words: list[str] = []
        self.shows_all = False
        self._shown: object = None
        state.changed.connect(self._follow)

    def filter_by(self, text: str) -> None:
        self._words = text.casefold().split()
        self._fill()

    def set_shows_all(self, *, shows_all: bool) -> None:
        self.shows_all = shows_all
        self._fill()

    def _follow(self) -> None:
        """Fill again only when the library or the set of used fields is another one."""
        shown = (id(self._state.library), frozenset(self._state.layout.field_ids()))
        if shown != self._shown:
            self._shown = shown
            self._fill()

    def _fill(self) -> None:
        used = self._state.layout.field_ids()
        groups: dict[str, list[FieldSummary]] = {}
        for field in self._state.library.values():
            if (self.shows_all or field.id not in used) and self._passes(field):
                groups.setdefault(field.category or "", []).append(field)
        self.clear()
        for name in sorted(groups, key=lambda each: (not each, each.casefold())):
            heading = self._item(Row("", name or self.tr("No category"), str(len(groups[name])),
                                     is_heading=True, is_plain=True), "")  # fmt: skip
            heading.setSelectable(False)
            heading.setDragEnabled(False)
            for field in groups[name]:
                heading.appendRow(self._field_item(field, is_used=field.id in used))
            self.appendRow(heading)
        self.filled.emit()

    def _field_item(self, field: FieldSummary, *, is_used: bool) -> QStandardItem:
        marks = ("check",) if is_used else ()
        icon = type_of(field.type).icon
        row = Row(icon, field.label, field.name, marks, is_muted=is_used, is_plain=True)
        item = self._item(row, field.id)
        spoken = self.tr("{0}, {1}, {2}") if is_used else "{0}, {1}"
        there = self.tr("in the layout")
        item.setData(
            spoken.format(field.label, type_label(field.type), there),
            Qt.ItemDataRole.AccessibleTextRole,
        )
        item.setToolTip(f"{field.label}\n{field.name} · {type_label(field.type)}")
        return item

    @staticmethod
    def _item(row: Row, field_id: str) -> QStandardItem:
        item = QStandardItem(row.label)
        item.setData(row, RowRole.ROW)
        item.setData(field_id, RowRole.FIELD)
        item.setEditable(False)
        item.setDropEnabled(False)
        return item

    def _passes(self, field: FieldSummary) -> bool:
        words = (field.label, field.name, type_label(field.type), field.category or "")
        text = " ".join(words).casefold()
        return all(word in text for word in self._words)

    @override
    def mimeTypes(self) -> list[str]:
        return [MIME_TYPE]

    @override
    def mimeData(self, indexes: Sequence[QModelIndex]) -> QMimeData:
        ids = [str(index.data(RowRole.FIELD)) for index in indexes]
        labels = [str(index.data()) for index in indexes]
        return pack(Parcel(entries=tuple(Entry("", id_) for id_ in ids if id_)), labels)


class LibraryTree(QTreeView):
    """Fields to take; what is dragged here out of the layout is detached."""

    chosen = Signal()  # Enter, or a double click: attach
    taken_out = Signal(object)  # ids of entries that were dropped here

    def __init__(self, state: LayoutState, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state = state
        self._is_over = False
        self.delegate = RowDelegate(self)
        self.setAccessibleName(self.tr("Field library"))
        self.setHeaderHidden(True)
        self.setUniformRowHeights(True)
        self.setRootIsDecorated(False)
        self.setIndentation(0)
        self.setFrameShape(QTreeView.Shape.NoFrame)
        self.setItemDelegate(self.delegate)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setExpandsOnDoubleClick(False)
        self.setDragEnabled(True)
        self.setAcceptDrops(True)
        self.setDropIndicatorShown(False)
        self.viewport().setAutoFillBackground(False)
        self.doubleClicked.connect(self._double_clicked)
        self.clicked.connect(self._clicked)

    def chosen_field_ids(self) -> list[str]:
        """Return the chosen fields from top to bottom."""
        indexes = self.selectionModel().selectedIndexes()
        places = [(index.parent().row(), index.row(), index) for index in indexes]
        found = sorted(places, key=lambda place: place[:2])
        return [str(each.data(RowRole.FIELD)) for *_, each in found if each.data(RowRole.FIELD)]

    def _clicked(self, index: QModelIndex) -> None:
        if not index.data(RowRole.FIELD):
            self.setExpanded(index, not self.isExpanded(index))

    def _double_clicked(self, index: QModelIndex) -> None:
        if index.data(RowRole.FIELD):
            self.chosen.emit()

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        is_enter = event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}
        if is_enter and self.chosen_field_ids():
            self.chosen.emit()
        else:
            super().keyPressEvent(event)

    @override
    def startDrag(self, supported: Qt.DropAction) -> None:
        ids = self.chosen_field_ids()
        fields = [self._state.library[id_] for id_ in ids if id_ in self._state.library]
        if fields:
            labels = [field.label for field in fields]
            parcel = Parcel(entries=tuple(Entry("", field.id) for field in fields))
            start_drag(self, pack(parcel, labels), labels, type_of(fields[0].type).icon)

    def _leaving(self, event: QDropEvent) -> Parcel | None:
        """Return what is dragged out of the layout, None for anything else."""
        parcel = unpack(event.mimeData())
        is_ours = parcel is not None and parcel.object_id == self._state.object_id
        return parcel if is_ours and parcel and parcel.entries else None

    @override
    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        self._look(event)

    @override
    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        self._look(event)

    def _look(self, event: QDropEvent) -> None:
        self._set_over(is_over=self._leaving(event) is not None)
        if self._is_over:
            event.setDropAction(Qt.DropAction.MoveAction)
            event.accept()
        else:
            event.ignore()

    @override
    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self._set_over(is_over=False)

    @override
    def dropEvent(self, event: QDropEvent) -> None:
        parcel = self._leaving(event)
        self._set_over(is_over=False)
        if parcel is not None:
            event.setDropAction(Qt.DropAction.MoveAction)
            event.accept()
            self.taken_out.emit(tuple(parcel.ids()))

    def _set_over(self, *, is_over: bool) -> None:
        self._is_over = is_over
        self.viewport().update()

    @override
    def drawBranches(self, *_: object) -> None:
        """Paint nothing: the delegate paints the arrows."""

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        self.delegate.prepare()
        super().paintEvent(event)
        if self._is_over:
            painter = QPainter(self.viewport())
            text = self.tr("Drop here to remove from the object")
            paint_veil(painter, self.viewport().rect(), "undo-2", text)
            painter.end()


class LibraryPane(QWidget):
    """Search, a switch between all and unused fields, the tree, and what makes a new field."""

    attach_requested = Signal(object)  # ids of fields
    create_requested = Signal()
    edit_requested = Signal(str)  # a field's id

    def __init__(self, state: LayoutState, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state = state
        self.model = LibraryModel(state, self)
        self.search = SearchBox(self.tr("Search fields"))
        self.tree = LibraryTree(state)
        self.tree.setModel(self.model)
        self.unused = self._switch(self.tr("Unused"), shows_all=False)
        self.every = self._switch(self.tr("All"), shows_all=True)
        self.count = ElidedLabel(face="small", role="muted")
        self.new_button = plain_button(self.tr("New field…"), icon_name="plus")
        self.empty = EmptyState(
            self.tr("Every field of the library is in the layout."), icon_name="library",
            parent=self.tree,
        )  # fmt: skip
        self._lay_out()
        self.search.searched.connect(self.model.filter_by)
        self.search.left_downward.connect(self._enter_tree)
        self.tree.chosen.connect(self._attach)
        self.new_button.clicked.connect(self.create_requested)
        state.changed.connect(self._count)
        self.model.filled.connect(self._open_all)

    def _switch(self, text: str, *, shows_all: bool) -> QPushButton:
        button = snug_button(text)
        button.setCheckable(True)
        button.setChecked(not shows_all)
        button.clicked.connect(self._show_all if shows_all else self._show_unused)
        return button

    def _lay_out(self) -> None:
        self.setMinimumWidth(round(9 * line_height()))
        head = QHBoxLayout()
        head.addWidget(IconLabel("library", "muted"))
        head.addWidget(ElidedLabel(self.tr("Field library"), face="strong"), 1)
        head.addWidget(self.count)
        switches = QHBoxLayout()
        switches.setSpacing(unit())
        switches.addWidget(self.unused)
        switches.addWidget(self.every)
        switches.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(3 * unit(), 3 * unit(), 2 * unit(), 2 * unit())
        column.setSpacing(2 * unit())
        column.addLayout(head)
        column.addWidget(self.search)
        column.addLayout(switches)
        column.addWidget(self.tree, 1)
        column.addWidget(self.new_button)

    def _show_all(self) -> None:
        self.unused.setChecked(False)
        self.every.setChecked(True)
        self.model.set_shows_all(shows_all=True)

    def _show_unused(self) -> None:
        self.unused.setChecked(True)
        self.every.setChecked(False)
        self.model.set_shows_all(shows_all=False)

    def _open_all(self) -> None:
        self.tree.expandAll()
        self._show_empty()

    def _show_empty(self) -> None:
        self.empty.setVisible(not self.model.rowCount() and bool(self._state.library))
        self.empty.setGeometry(self.tree.viewport().geometry())

    def _count(self) -> None:
        unused = len(self._state.library.keys() - self._state.layout.field_ids())
        whole = len(self._state.library)
        self.count.setText(self.tr("{0} of {1}").format(unused, whole))
        self.count.setAccessibleName(self.tr("{0} of {1} fields unused").format(unused, whole))

    def _enter_tree(self) -> None:
        first = self.model.index(0, 0, self.model.index(0, 0))
        if first.isValid():
            self.tree.setCurrentIndex(first)
        self.tree.setFocus()

    def _attach(self) -> None:
        self.attach_requested.emit(tuple(self.tree.chosen_field_ids()))

    def show_field(self, field_id: str) -> None:
        """Make a field the current one, whether it is used or not."""
        self.search.clear()
        self._show_all()
        for row in range(self.model.rowCount()):
            heading = self.model.item(row)
            for child in range(heading.rowCount()):
                if heading.child(child).data(RowRole.FIELD) == field_id:
                    self.tree.setCurrentIndex(heading.child(child).index())
