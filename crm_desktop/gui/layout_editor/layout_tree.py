"""The tree of a layout: fields are dragged, dropped, and moved by keys."""

from __future__ import annotations

from typing import NamedTuple

from PySide6.QtCore import QLine, QModelIndex, QPoint, Qt, Signal
from PySide6.QtGui import (
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
)
from PySide6.QtWidgets import QAbstractItemView, QToolTip, QTreeView, QWidget
from typing_extensions import override

from crm_desktop.domain.field_types import type_of
from crm_desktop.domain.layout_draft import Entry
from crm_desktop.gui.layout_editor.dragging import EdgeScrolling, paint_insertion, start_drag
from crm_desktop.gui.layout_editor.fields_mime import Parcel, unpack
from crm_desktop.gui.layout_editor.layout_model import LayoutModel
from crm_desktop.gui.layout_editor.row_delegate import RowDelegate
from crm_desktop.gui.layout_editor.state import LayoutState
from crm_desktop.gui.theme import icon_size, unit


class Target(NamedTuple):
    """Where a drop falls: before what stands at `place` of a section, or of all sections ("")."""

    key: str
    place: int
    line: QLine


class LayoutTree(QTreeView):
    """Shows the state's layout. Everything that a drag does has a key."""

    settings_requested = Signal()  # Enter, or a double click on a field
    refused_kindly = Signal(str)  # why something is not done
    detached = Signal(int)  # so many were taken out

    def __init__(self, state: LayoutState, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state = state
        self._target: Target | None = None
        self._cursor = QPoint()
        self._reason = ""  # why what is dragged cannot be dropped here
        self._scrolling = EdgeScrolling(self)
        self.model_of_layout = LayoutModel(state, self)
        self.delegate = RowDelegate(self)
        self.setAccessibleName(self.tr("Layout"))
        self.setHeaderHidden(True)
        self.setUniformRowHeights(True)
        self.setRootIsDecorated(False)
        self.setIndentation(0)  # the delegate indents: no tint beside the cards
        self.setFrameShape(QTreeView.Shape.NoFrame)
        self.setItemDelegate(self.delegate)
        self.setModel(self.model_of_layout)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.EditKeyPressed)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setExpandsOnDoubleClick(False)
        self.setDragEnabled(True)
        self.setAcceptDrops(True)
        self.setDropIndicatorShown(False)
        self.setDragDropMode(QAbstractItemView.DragDropMode.DragDrop)
        self.setAutoScroll(False)  # Qt's own stops while the mouse rests
        self.doubleClicked.connect(self._double_clicked)
        state.changed.connect(self._open_new_sections)
        state.moved.connect(self.choose)
        self._known: set[str] = set()

    def _open_new_sections(self) -> None:
        """Open what is there for the first time; what somebody closed stays closed."""
        for section in self._state.layout.sections:
            if section.key not in self._known:
                self._known.add(section.key)
                self.expand(self.model_of_layout.section_index(section.key))

    # What is chosen

    def chosen_ids(self) -> list[str]:
        """Return the ids of the chosen fields as they are read."""
        chosen = {
            self.model_of_layout.id_of(index)
            for index in self.selectionModel().selectedIndexes()
            if index.internalId()
        }
        return [id_ for id_ in self._state.layout.ids() if id_ in chosen]

    def chosen_section(self) -> str | None:
        """Return the key of the current section's heading, where that is current."""
        index = self.currentIndex()
        section = self.model_of_layout.section_at(index)
        return section.key if section and not index.internalId() else None

    def place_for_more(self) -> tuple[str, int]:
        """Return where something is added that nobody points to: below the current row."""
        index = self.currentIndex()
        section = self.model_of_layout.section_at(index)
        if section is None:
            section = self._state.layout.sections[-1]
            return section.key, len(section.entries)
        return section.key, index.row() + 1 if index.internalId() else 0

    def choose(self, ids: tuple[str, ...]) -> None:
        """Select these entries, or this section, and let them be seen."""
        model, chosen = self.model_of_layout, self.selectionModel()
        found = [model.index_of(id_) for id_ in ids]
        found = [index for index in found if index.isValid()]
        found = found or [model.section_index(key) for key in ids]
        if not found or not found[0].isValid():
            return
        flag = chosen.SelectionFlag
        for index in found:
            self.expand(index.parent())
        chosen.setCurrentIndex(found[0], flag.ClearAndSelect)
        for index in found[1:]:
            chosen.select(index, flag.Select)
        self.scrollTo(found[-1])
        self.scrollTo(found[0])

    # Keys

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, modifiers = event.key(), event.modifiers()
        has_alt = bool(modifiers & Qt.KeyboardModifier.AltModifier)
        if self.is_editing() or (has_alt and self._move_by_key(Qt.Key(key))):
            event.accept()
        elif key in {Qt.Key.Key_Delete, Qt.Key.Key_Backspace} and not modifiers:
            self.take_out()
        elif key in {Qt.Key.Key_Return, Qt.Key.Key_Enter} and not modifiers:
            self._enter()
        else:
            super().keyPressEvent(event)

    def is_editing(self) -> bool:
        """Say whether a title or a label is being typed in place."""
        return self.state() == QAbstractItemView.State.EditingState

    def end_editing(self) -> None:
        """Take what is typed in place; its editor takes it when the keyboard leaves."""
        if self.is_editing():
            self.setFocus()

    def _move_by_key(self, key: Qt.Key) -> bool:
        steps = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}
        ends = {Qt.Key.Key_Home: -1, Qt.Key.Key_End: 1}
        if key not in {*steps, *ends}:
            return False
        section, ids = self.chosen_section(), self.chosen_ids()
        if section is not None and not ids:
            self._move_section(section, steps.get(key, 0) or ends[key] * 1_000_000)
        elif key in steps:
            self._state.move_by(ids, steps[key])
        else:
            self._state.move_to_end(ids, ends[key])
        return True

    def _move_section(self, key: str, step: int) -> None:
        count = len(self._state.layout.sections)
        number = [section.key for section in self._state.layout.sections].index(key)
        place = min(max(number + step, 0), count - 1)
        self._state.move_section(key, place + (place > number))

    def _enter(self) -> None:
        index = self.currentIndex()
        if index.isValid() and not index.internalId():
            self.setExpanded(index, not self.isExpanded(index))
        else:
            self.settings_requested.emit()

    def take_out(self) -> None:
        """Detach the chosen fields, or take the chosen section away; its fields move up."""
        ids, section = self.chosen_ids(), self.chosen_section()
        if ids:
            key, place = self._neighbour(ids)
            self._state.detach(ids)
            self._choose_at(key, place)
            self.detached.emit(len(ids))
        elif section is not None and not self._state.remove_section(section):
            self.refused_kindly.emit(self.tr("A layout always has one section."))

    def _neighbour(self, ids: list[str]) -> tuple[str, int]:
        section, place = self._state.layout.place_of(ids[0])
        return section.key, place

    def _choose_at(self, key: str, place: int) -> None:
        """Make current what stands there now, so that the keyboard stays where it was."""
        parent = self.model_of_layout.section_index(key)
        if not parent.isValid():
            return
        count = self.model_of_layout.rowCount(parent)
        index = self.model_of_layout.index(min(place, count - 1), 0, parent) if count else parent
        self.setCurrentIndex(index)

    def _double_clicked(self, index: QModelIndex) -> None:
        if index.internalId():
            self.settings_requested.emit()
        else:
            self.edit(index)

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        index = self.indexAt(event.position().toPoint())
        if index.isValid() and not index.internalId():
            end = self.visualRect(index).left() + icon_size() + 2 * unit()
            if event.position().x() < end and event.button() == Qt.MouseButton.LeftButton:
                self.setExpanded(index, not self.isExpanded(index))
        super().mousePressEvent(event)

    # Dragging

    @override
    def startDrag(self, supported: Qt.DropAction) -> None:
        indexes = self.selectionModel().selectedIndexes()
        if not indexes:
            return
        labels = [self._state.label_of(entry) for entry in self._entries(self.chosen_ids())]
        icon_name = "rows-3"
        if labels:
            first = self._entries(self.chosen_ids()[:1])[0]
            icon_name = type_of(self._state.type_of(first)).icon
        else:
            indexes = [self.currentIndex()]
            labels = [str(indexes[0].data())]
        self._reason = ""
        mime = self.model_of_layout.mimeData(indexes)
        became = start_drag(self, mime, labels, icon_name)
        self._forget_target()
        if became == Qt.DropAction.IgnoreAction and self._reason:
            self.refused_kindly.emit(self._reason)

    def _entries(self, ids: list[str]) -> list[Entry]:
        known = self._state.layout.by_id()
        return [known[id_] for id_ in ids]

    @override
    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        super().dragEnterEvent(event)
        self._look(event)

    @override
    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        super().dragMoveEvent(event)
        self._look(event)

    def _look(self, event: QDropEvent) -> None:
        """Say where a drop would fall, or why none may."""
        parcel = unpack(event.mimeData())
        self._cursor = event.position().toPoint()
        if parcel is None:
            self._forget_target()
            event.ignore()
            return
        self._scrolling.look(self._cursor)
        self._reason = self._refusal(parcel, event)
        if self._reason:
            self._forget_target()
            QToolTip.showText(self.viewport().mapToGlobal(self._cursor), self._reason, self)
            event.ignore()
            return
        QToolTip.hideText()
        self._target = self._target_at(self._cursor, of_section=bool(parcel.section_key))
        event.setDropAction(Qt.DropAction.MoveAction)
        event.accept()
        self.viewport().update()

    def _refusal(self, parcel: Parcel, event: QDropEvent) -> str:
        is_copy = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        is_ours = parcel.object_id == self._state.object_id
        if is_copy and is_ours:
            return self.tr("A field stands in a layout once: it can be moved, not copied.")
        if parcel.section_key and not is_ours:
            return self.tr("A section stays in its object. Copy the fields in it instead.")
        return ""

    def _target_at(self, point: QPoint, *, of_section: bool) -> Target:
        model, layout = self.model_of_layout, self._state.layout
        index = self.indexAt(QPoint(self.viewport().width() // 2, point.y()))
        section = model.section_at(index)
        if section is None:
            last = layout.sections[-1]
            return self._at_end(last.key, len(layout.sections) if of_section else None)
        rect = self.visualRect(index)
        is_below = point.y() > rect.center().y()
        if of_section:
            return self._section_target(layout.sections.index(section), index, is_below=is_below)
        if not index.internalId():
            if self.isExpanded(index):
                return Target(section.key, 0, self._line(rect.bottom(), icon_size()))
            line = self._line(rect.bottom(), icon_size())
            return Target(section.key, len(section.entries), line)
        y = rect.bottom() if is_below else rect.top()
        return Target(section.key, index.row() + is_below, self._line(y, icon_size()))

    def _section_target(self, number: int, index: QModelIndex, *, is_below: bool) -> Target:
        """Return the gap between sections that is nearer."""
        if index.internalId():
            count = self.model_of_layout.rowCount(index.parent())
            is_below = index.row() * 2 >= count
            index = index.parent()
        if not is_below:
            return Target("", number, self._line(self.visualRect(index).top(), 0))
        return self._at_end(self._state.layout.sections[number].key, number + 1)

    def _at_end(self, key: str, number: int | None) -> Target:
        """Return the end of a section, or the gap below it as the `number`-th among sections."""
        heading = self.model_of_layout.section_index(key)
        count = self.model_of_layout.rowCount(heading)
        is_open = count and self.isExpanded(heading)
        last = self.model_of_layout.index(count - 1, 0, heading) if is_open else heading
        y = self.visualRect(last).bottom()
        if number is not None:
            return Target("", number, self._line(y, 0))
        return Target(key, count, self._line(y, icon_size()))

    def _line(self, y: int, left: int) -> QLine:
        ring = unit() + 1
        top = max(ring, y)
        return QLine(left + ring, top, self.viewport().width() - 2 * ring, top)

    @override
    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        super().dragLeaveEvent(event)
        self._scrolling.stop()
        self._forget_target()

    def _forget_target(self) -> None:
        self._target = None
        self.viewport().update()

    @override
    def dropEvent(self, event: QDropEvent) -> None:
        """Let the model put what was dropped where the line was."""
        parcel = unpack(event.mimeData())
        self._scrolling.stop()
        self.setState(QAbstractItemView.State.NoState)
        if parcel is None or self._refusal(parcel, event):
            event.ignore()
        else:
            point = event.position().toPoint()
            target = self._target_at(point, of_section=bool(parcel.section_key))
            parent = self.model_of_layout.section_index(target.key) if target.key else QModelIndex()
            self.model_of_layout.dropMimeData(
                event.mimeData(), Qt.DropAction.MoveAction, target.place, 0, parent
            )
            event.setDropAction(Qt.DropAction.MoveAction)
            event.accept()
            self.setFocus()
        self._forget_target()

    @override
    def scrollContentsBy(self, dx: int, dy: int) -> None:
        super().scrollContentsBy(dx, dy)
        if self._target is not None:
            self._target = self._target_at(self._cursor, of_section=not self._target.key)
            self.viewport().update()

    # Painting

    @override
    def drawBranches(self, *_: object) -> None:
        """Paint nothing: the delegate paints the arrows."""

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        self.delegate.prepare()
        super().paintEvent(event)
        if self._target is not None:
            painter = QPainter(self.viewport())
            paint_insertion(painter, self._target.line)
            painter.end()
