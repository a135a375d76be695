"""The delete tree on screen: read in steps, travelled by keys, copied, and saved to a file."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QGuiApplication, QKeyEvent, QKeySequence
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFileDialog,
    QHBoxLayout,
    QHeaderView,
    QMenu,
    QTreeView,
    QVBoxLayout,
    QWidget,
)
from typing_extensions import override

from crm_desktop.domain.errors import UserError
from crm_desktop.domain.impact_nodes import Counted, Node, Outline, Part, walk, with_nodes
from crm_desktop.gui.actions import without_state
from crm_desktop.gui.impact.exporting import as_text, save
from crm_desktop.gui.impact.tree_model import COUNT, EFFECT, WHAT, WHERE, ImpactModel
from crm_desktop.gui.impact.tree_painting import ImpactDelegate
from crm_desktop.gui.theme import icon_size, line_height, row_height, unit
from crm_desktop.gui.widgets.buttons import SmallLink, plain_button
from crm_desktop.gui.widgets.elided_label import ElidedLabel
from crm_desktop.gui.widgets.grid_headers import GridHeader

if TYPE_CHECKING:
    from crm_desktop.gui.impact.studies import Study
    from crm_desktop.gui.tasks import Handle, Tasks

_ROWS = 9  # that are in sight at least


class ImpactTreeView(QTreeView):
    """The arrows travel and fold, * unfolds all below, Ctrl+C copies the selected lines."""

    def __init__(self, model: ImpactModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.model_of_impact = model
        self.setModel(model)
        self.setAccessibleName(self.tr("What depends on it"))
        self.setUniformRowHeights(True)
        self.setAlternatingRowColors(False)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setAllColumnsShowFocus(True)
        self.setIconSize(QSize(icon_size(), icon_size()))
        self.setIndentation(icon_size())
        self.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.setMinimumHeight(_ROWS * row_height())
        self.setItemDelegate(ImpactDelegate(self))
        header = GridHeader(self)
        self.setHeader(header)
        header.setSectionsMovable(False)
        header.setSectionsClickable(False)
        header.setStretchLastSection(False)
        header.setSectionResizeMode(WHAT, QHeaderView.ResizeMode.Stretch)
        for column, width in ((COUNT, 6), (EFFECT, 13), (WHERE, 12)):
            self.setColumnWidth(column, round(width * line_height()))
        self.setColumnHidden(WHERE, True)

    def unfold(self) -> None:
        """Open the first level, and all of a tree that is in sight then without scrolling."""
        lines = self.model_of_impact.line_count
        room = max(_ROWS, self.viewport().height() // row_height())
        self.expandAll() if lines <= room else self.expandToDepth(0)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy()
        else:
            super().keyPressEvent(event)

    def copy(self) -> None:
        """Put the selected lines on the clipboard as text, in their order on screen."""
        chosen = {index.internalId() for index in self.selectionModel().selectedRows(WHAT)}
        rows, index = [], self.model_of_impact.index(0, 0)
        while index.isValid():
            if index.internalId() in chosen:
                model = self.model_of_impact
                rows.append((model.depth_of(index), model.node_at(index)))
            index = self.indexBelow(index)
        if rows:
            top = min(depth for depth, _ in rows)
            text = as_text((depth - top, node) for depth, node in rows)
            QGuiApplication.clipboard().setText(text)


class ImpactPanel(QWidget):
    """The tree, what is being counted, and the ways out of it.

    The outline is shown at once; what takes long takes its place in it one after the other. What
    was stopped or failed stays “not counted”.
    """

    counted = Signal(object)  # what the study's `count` returned
    failed = Signal(object)  # UserError, in the place of that
    finished = Signal(object)  # the tree, once nothing of it is left to be counted
    refused = Signal(object)  # UserError of a file

    def __init__(self, tasks: Tasks, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tasks = tasks
        self._study: Study | None = None
        self._root: Node | None = None
        self._early: tuple[Node, ...] = ()  # what was counted before the outline came
        self._parts: list[Part] = []
        self._handles: list[Handle] = []
        self._waits_for_count = False
        self._is_stopped = False
        self.model = ImpactModel(self)
        self.tree = ImpactTreeView(self.model)
        self.status = ElidedLabel(face="small", role="muted")
        self.stop_button = SmallLink(self.tr("Stop counting"))
        self.stop_button.clicked.connect(self.stop)
        self.stop_button.hide()
        self.export_button = plain_button(self.tr("Export…"), icon_name="file-down")
        self.export_button.setEnabled(False)
        self.export_button.setMenu(self._export_menu())
        self._lay_out()

    def _lay_out(self) -> None:
        foot = QHBoxLayout()
        foot.setSpacing(2 * unit())
        foot.addWidget(self.status, 1)
        foot.addWidget(self.stop_button)
        foot.addWidget(self.export_button)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(2 * unit())
        box.addWidget(self.tree, 1)
        box.addLayout(foot)
        self.setFocusProxy(self.tree)

    @property
    def root(self) -> Node | None:
        """The tree as it is known so far."""
        return self._root

    def start(self, study: Study) -> None:
        self._study, self._waits_for_count = study, True
        self._say()
        read = self._tasks.read
        self._handles = [
            read(self, study.outline, self._show_outline, self._fail),
            read(self, study.count, self._take_count, self._fail),
        ]

    def stop(self) -> None:
        """Count no further; what is known stays."""
        self._is_stopped = self._is_stopped or self.is_counting
        for handle in self._handles:
            handle.cancel()
        self._handles, self._parts = [], []
        self._waits_for_count = False
        self._show()

    @property
    def is_counting(self) -> bool:
        return self._waits_for_count or any(handle.is_running for handle in self._handles)

    def _show_outline(self, outline: Outline) -> None:
        self._root = with_nodes(outline.root, self._early)
        self._parts = list(outline.parts)
        self.export_button.setEnabled(True)
        self._go_on()
        self.tree.setCurrentIndex(self.model.index(0, 0))
        self.tree.unfold()

    def _take_count(self, counted: Counted) -> None:
        self._waits_for_count = False
        self._take(counted.nodes)
        self.tree.unfold()
        self.counted.emit(counted)

    def _take(self, nodes: tuple[Node, ...]) -> None:
        if self._root is None:
            self._early = nodes
            return
        self._root = with_nodes(self._root, nodes)
        self._go_on()

    def _go_on(self) -> None:
        """Count the next part, once what a deletion waits for is there."""
        study = self._study
        if self._parts and not self._waits_for_count and study and study.count_part:
            part = self._parts.pop(0)
            call = partial(study.count_part, part=part)
            self._handles = [self._tasks.read(self, call, self._take, self._pass_over)]
        else:
            self._handles = self._handles if self._waits_for_count else []
        self._show()
        if not self.is_counting:
            self.finished.emit(self._root)

    def _pass_over(self, _: UserError) -> None:
        """Leave a part uncounted, such as one that took too long, and go on."""
        self._is_stopped = True
        self._go_on()

    def _fail(self, error: UserError) -> None:
        self.stop()
        self.failed.emit(error)

    def _show(self) -> None:
        if self._root is not None:
            self.model.set_tree(self._root, is_counting=self.is_counting)
            self.tree.setColumnHidden(WHERE, not self.model.says_where)
        self._say()

    def _say(self) -> None:
        counting = self.is_counting
        self.stop_button.setVisible(counting and not self._waits_for_count)
        if counting:
            self.status.setText(self.tr("Counting…"))
        elif self._is_stopped and self._has_open_counts():
            self.status.setText(self.tr("Some of it was not counted."))
        else:
            self.status.setText("")

    def _has_open_counts(self) -> bool:
        return self._root is not None and any(node.count is None for _, node in walk(self._root))

    def _export_menu(self) -> QMenu:
        menu = QMenu(self)
        endings = {
            self.tr("As a table (CSV)…"): "csv",
            self.tr("As text…"): "txt",
            self.tr("As JSON…"): "json",
        }
        for words, ending in endings.items():
            ask = partial(without_state, partial(self.ask_where_to_export, ending))
            menu.addAction(words).triggered.connect(ask)
        return menu

    def ask_where_to_export(self, ending: str) -> None:
        """Ask for a file; its ending says which form it gets."""
        dialog = QFileDialog(self.window(), self.tr("Export what depends on it"))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setNameFilter(f"{ending.upper()} (*.{ending})")
        dialog.setDefaultSuffix(ending)
        name = self.tr("depends")
        dialog.selectFile(f"{name}.{ending}")
        dialog.fileSelected.connect(self.export_to)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def export_to(self, file: str) -> None:
        """Write the tree as it is known now."""
        if self._root is not None:
            path = Path(file)
            done = partial(self._exported, path.name)
            self._tasks.compute(self, partial(save, path, self._root), done, self.refused.emit)

    def _exported(self, name: str, _: object) -> None:
        self.status.setText(self.tr("It is in {name}.").format(name=name))
