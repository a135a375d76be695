"""The tree at the left: applications and their objects, with icons and the number of records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import (
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QRect,
    QSize,
    Qt,
    QTimer,
    Signal,
)
from PySide6.QtCore import QSortFilterProxyModel as FilterModel
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QPainter,
    QPen,
    QStandardItem,
    QStandardItemModel,
)
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QLineEdit,
    QTreeView,
    QVBoxLayout,
    QWidget,
)
from typing_extensions import override

from crm_desktop.domain.changes import Change, Topic
from crm_desktop.gui.icons import Role, icon, object_icon
from crm_desktop.gui.theme import (
    icon_size,
    radius,
    row_height,
    strong_font,
    theme,
    unit,
)
from crm_desktop.gui.widgets.buttons import link_button
from crm_desktop.gui.widgets.elided_label import TextLabel

if TYPE_CHECKING:
    from PySide6.QtWidgets import QStyleOptionViewItem

    from crm_desktop.db.database import ReadSession
    from crm_desktop.domain.errors import UserError
    from crm_desktop.gui.tasks import Tasks

ADDRESS = Qt.ItemDataRole.UserRole + 1
COUNT = Qt.ItemDataRole.UserRole + 2
OTHER = "other"  # the group of objects that no application names
COUNT_AFTER = 1500  # milliseconds of quiet after which changed records are counted again

Index = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True, slots=True)
class ObjectEntry:
    id: str
    title: str
    icon: str | None

    @property
    def address(self) -> str:
        return f"records:{self.id}"


@dataclass(frozen=True, slots=True)
class Group:
    """An application with its objects, or the objects of none."""

    id: str
    title: str
    icon: str | None
    objects: tuple[ObjectEntry, ...]


def load_groups(session: ReadSession) -> tuple[Group, ...]:
    """Read what the tree shows: applications in order, then the objects that none of them names.

    An object may be in several applications, and is shown in each.
    """
    from crm_desktop.services import applications, objects

    entries = {
        each.id: ObjectEntry(each.id, each.plural_name or each.label, each.icon)
        for each in objects.list_objects(session)
    }
    groups = []
    for each in applications.list_applications(session):
        own = tuple(dict.fromkeys(id_ for id_ in each.object_ids if id_ in entries))
        groups.append(Group(each.id, each.title, each.icon, tuple(entries[id_] for id_ in own)))
    placed = {entry.id for group in groups for entry in group.objects}
    rest = tuple(entry for entry in entries.values() if entry.id not in placed)
    if rest:
        groups.append(Group(OTHER, "Shared objects" if groups else "Objects", None, rest))
    return tuple(groups)


def count_records(session: ReadSession) -> Mapping[str, int]:
    from crm_desktop.services import objects

    return objects.count_records(session)


class Navigation(QWidget):
    """Shows the tree, filters it by what is typed, and asks for the page of what is chosen."""

    open_requested = Signal(str)
    loaded = Signal()

    def __init__(self, tasks: Tasks, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tasks = tasks
        self.groups: tuple[Group, ...] = ()
        self._counts: Mapping[str, int] = {}
        self._collapsed: set[str] = set()
        self._title = TextLabel(self.tr("Data"), face="title")
        self.filter = QLineEdit(placeholderText=self.tr("Filter objects"), clearButtonEnabled=True)
        self.filter.setAccessibleName(self.tr("Filter objects"))
        self.filter.addAction(
            icon("list-filter", "muted"), QLineEdit.ActionPosition.LeadingPosition
        )
        self._model = QStandardItemModel(self)
        self._filtered = FilterModel(self)
        self._filtered.setSourceModel(self._model)
        self._filtered.setRecursiveFilteringEnabled(True)
        self._filtered.setAutoAcceptChildRows(True)
        self._filtered.setFilterCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self.tree = NavigationTree()
        self.tree.setModel(self._filtered)
        self.problem = TextLabel(role="danger", wraps=True)
        self._has_failed = False
        self.hint_link = link_button("")
        self.hint_link.clicked.connect(self._act_on_hint)
        self._say()
        self._recount = QTimer(self, singleShot=True, interval=COUNT_AFTER)
        self._recount.timeout.connect(self._count)
        self._lay_out()
        self.filter.textChanged.connect(self._filter_by)
        self.filter.returnPressed.connect(self._open_first)
        self.tree.chosen.connect(self.open_requested)
        self.tree.expanded.connect(partial(self._note_expanded, True))
        self.tree.collapsed.connect(partial(self._note_expanded, False))
        tasks.changed.connect(self._take_changes)
        tasks.opened.connect(self.reload)

    @property
    def collapsed(self) -> set[str]:
        """The ids of the groups that the user has closed."""
        return set(self._collapsed)

    def set_collapsed(self, group_ids: set[str]) -> None:
        self._collapsed = set(group_ids)

    def reload(self) -> None:
        self._tasks.read(self, load_groups, self._show_groups, self._show_problem)

    def show_mode(self, kind: str) -> None:
        """Say over the tree what is opened from it."""
        self._title.setText(self.tr("Layouts") if kind == "layout" else self.tr("Data"))

    def mark_current(self, address: str) -> None:
        """Show which object the open page belongs to; nothing if it belongs to none."""
        for group in range(self._filtered.rowCount()):
            parent = self._filtered.index(group, 0)
            for row in range(self._filtered.rowCount(parent)):
                index = self._filtered.index(row, 0, parent)
                if index.data(ADDRESS) == address:
                    if self.tree.currentIndex().data(ADDRESS) != address:
                        self.tree.setCurrentIndex(index)
                    return
        self.tree.setCurrentIndex(QModelIndex())

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.addWidget(self._title)
        head.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * unit(), 2 * unit(), 2 * unit(), 0)
        column.setSpacing(2 * unit())
        column.addLayout(head)
        column.addWidget(self.filter)
        column.addWidget(self.problem)
        column.addWidget(self.hint_link, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(self.tree, 1)
        self.setMinimumWidth(10 * row_height() // 2)

    def _show_groups(self, groups: tuple[Group, ...]) -> None:
        if not self.groups:
            self.tree.paint_counts(COUNT)
        current = self.tree.currentIndex().data(ADDRESS)
        self._has_failed = False
        has_objects = any(group.objects for group in groups)
        self._say(*(() if has_objects else (self.tr("No objects yet."), self.tr("Make one"))))
        self.groups = groups
        self._model.clear()
        for group in groups:
            self._model.appendRow(_group_item(group, self._counts))
        self._expand()
        if current:
            self.mark_current(current)
        self.loaded.emit()
        self._count()

    def _show_problem(self, error: UserError) -> None:
        why = self.tr("The objects could not be read. {why}").format(why=error)
        self._has_failed = True
        self._say(why, self.tr("Try again"), role="danger")

    def _say(self, sentence: str = "", action: str = "", role: Role = "muted") -> None:
        """Say something between the filter and the tree, with one thing to do about it."""
        self.problem.set_role(role)
        self.problem.setText(sentence)
        self.problem.setVisible(bool(sentence))
        self.hint_link.setText(action)
        self.hint_link.setVisible(bool(action))

    def _act_on_hint(self) -> None:
        if self._has_failed:
            self.reload()
        else:
            self.open_requested.emit("objects")

    def _count(self) -> None:
        self._tasks.read(self, count_records, self._show_counts, self._keep_old_counts)

    def _show_counts(self, counts: Mapping[str, int]) -> None:
        self._counts = counts
        for group in range(self._model.rowCount()):
            parent = self._model.item(group)
            for row in range(parent.rowCount()):
                item = parent.child(row)
                object_id = str(item.data(ADDRESS)).partition(":")[2]
                item.setData(counts.get(object_id, 0), COUNT)

    def _keep_old_counts(self, _: UserError) -> None:
        """Say nothing: the counts are a convenience, and the connection shows its own state."""

    def _take_changes(self, changes: frozenset[Change]) -> None:
        topics = {change.topic for change in changes}
        if topics & {Topic.OBJECTS, Topic.APPLICATIONS}:
            self.reload()
        elif Topic.RECORDS in topics:
            self._recount.start()

    def _filter_by(self, text: str) -> None:
        self._filtered.setFilterFixedString(text)
        self._expand()

    def _expand(self) -> None:
        for row in range(self._filtered.rowCount()):
            index = self._filtered.index(row, 0)
            is_open = bool(self.filter.text()) or index.data(ADDRESS) not in self._collapsed
            self.tree.blockSignals(True)
            self.tree.setExpanded(index, is_open)
            self.tree.blockSignals(False)

    def _note_expanded(self, is_open: bool, index: QModelIndex) -> None:  # noqa: FBT001 - bound
        if self.filter.text():
            return
        change = self._collapsed.discard if is_open else self._collapsed.add
        change(str(index.data(ADDRESS)))

    def _open_first(self) -> None:
        """Open the first object that the filter leaves."""
        group = self._filtered.index(0, 0)
        first = self._filtered.index(0, 0, group)
        if first.isValid():
            self.open_requested.emit(first.data(ADDRESS))


def _group_item(group: Group, counts: Mapping[str, int]) -> QStandardItem:
    shown = icon("box") if group.id == OTHER else object_icon(group.icon or "app-window")
    item = QStandardItem(shown, group.title)
    item.setData(group.id, ADDRESS)
    item.setFont(strong_font())
    item.setEditable(False)
    for entry in group.objects:
        child = QStandardItem(object_icon(entry.icon or "box"), entry.title)
        child.setData(entry.address, ADDRESS)
        child.setData(counts.get(entry.id), COUNT)
        child.setEditable(False)
        item.appendRow(child)
    return item


class NavigationTree(QTreeView):
    """A tree in which one click or Enter chooses."""

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setHeaderHidden(True)
        self.setUniformRowHeights(True)
        self.setFrameShape(QTreeView.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setIconSize(QSize(icon_size(), icon_size()))
        self.setIndentation(icon_size())
        self.setExpandsOnDoubleClick(False)
        self.setAccessibleName(self.tr("Applications and objects"))
        self.setViewport(QWidget())  # Qt's own would be filled with a colour
        self.clicked.connect(self._choose)
        self.activated.connect(self._choose)

    def paint_counts(self, role: int) -> None:
        """Show at the right of each row what it has in this role."""
        from crm_desktop.gui.navigation_rows import NavigationRows  # not before the first paint

        self.setItemDelegate(NavigationRows(role, self))

    def _choose(self, index: QModelIndex) -> None:
        if index.parent().isValid():
            self.chosen.emit(index.data(ADDRESS))
        else:
            self.setExpanded(index, not self.isExpanded(index))

    @override
    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        if not self.currentIndex().isValid():  # Qt makes the first row current only once
            flag = QItemSelectionModel.SelectionFlag.NoUpdate
            self.selectionModel().setCurrentIndex(self.model().index(0, 0), flag)
        self.viewport().update()  # Qt repaints the words of a row, but the ring is around all of it

    @override
    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.viewport().update()

    @override
    def drawRow(self, painter: QPainter, options: QStyleOptionViewItem, index: Index) -> None:
        """Paint the tint over the whole row, indentation included, as one rounded box."""
        if self.selectionModel().isSelected(index):
            fill = QColor(theme().selection)
            self._draw_box(painter, options.rect, QPen(Qt.PenStyle.NoPen), fill)
        super().drawRow(painter, options, index)
        if self.hasFocus() and index == self.currentIndex():
            ring = QPen(QColor(theme().accent), 2)
            box = options.rect.adjusted(1, 1, -1, -1)
            self._draw_box(painter, box, ring, Qt.GlobalColor.transparent)

    @staticmethod
    def _draw_box(painter: QPainter, box: QRect, ring: QPen, fill: QColor | Qt.GlobalColor) -> None:
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(ring)
        painter.setBrush(fill)
        painter.drawRoundedRect(box, radius(), radius())
        painter.restore()

    @override
    def drawBranches(self, painter: QPainter, rect: QRect, index: Index) -> None:
        if index.model().rowCount(index) == 0:
            return
        size = round(icon_size() * 0.8)
        name = "chevron-down" if self.isExpanded(index) else "chevron-right"
        left = rect.right() - size
        icon(name, "muted").paint(painter, left, rect.center().y() - size // 2, size, size)
