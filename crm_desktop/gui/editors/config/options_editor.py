"""Edits the options of a choice field: a small table that the keyboard serves wholly."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from PySide6.QtCore import (
    QAbstractItemModel,
    QEvent,
    QModelIndex,
    QPersistentModelIndex,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QGuiApplication, QIcon, QKeyEvent, QKeySequence, QPainter, QPixmap
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QHBoxLayout,
    QHeaderView,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QToolButton,
    QVBoxLayout,
    QWidget,
)
from typing_extensions import override

from crm_desktop.domain.json_edits import ABSENT
from crm_desktop.gui.editors.config.setting_editors import SettingEditor
from crm_desktop.gui.editors.config.settings import Setting
from crm_desktop.gui.icons import icon
from crm_desktop.gui.models.options import COLOR, LABEL, OptionsModel, problem_of
from crm_desktop.gui.theme import icon_size, row_height, theme, unit
from crm_desktop.gui.tokens import choice_color

COLORS = (
    ("#6B7280", "Grey"),
    ("#2F6FDE", "Blue"),
    ("#0E8A9C", "Teal"),
    ("#1F8A4C", "Green"),
    ("#B7791F", "Amber"),
    ("#C2571A", "Orange"),
    ("#C53030", "Red"),
    ("#B83280", "Pink"),
    ("#7C4DDB", "Purple"),
)
SHOWN_ROWS = 7


def color_name(color: str) -> str:
    """Return the name of one of our colours, or the colour as it is written."""
    return next((name for value, name in COLORS if value.casefold() == color.casefold()), color)


def swatch(color: str, size: int, ratio: float) -> QPixmap:
    """Draw a dot in an option's colour; a ring alone where there is none."""
    pixmap = QPixmap(QSize(size, size) * ratio)
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(Qt.GlobalColor.transparent)
    tokens = theme()
    with QPainter(pixmap) as painter:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(tokens.border_strong)
        painter.setBrush(choice_color(color, tokens) if color else Qt.BrushStyle.NoBrush)
        inset = size // 5
        painter.drawEllipse(inset, inset, size - 2 * inset, size - 2 * inset)
    return pixmap


class ColorDelegate(QStyledItemDelegate):
    """Shows a colour as a dot with its name; edits it by a list, or as it is typed."""

    @override
    def initStyleOption(
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        super().initStyleOption(option, index)
        color = str(index.data() or "")
        view: QWidget = option.widget  # type: ignore[attr-defined]  # the stubs lack it
        size = icon_size()
        option.features |= QStyleOptionViewItem.ViewItemFeature.HasDecoration  # type: ignore[attr-defined]
        option.icon = QIcon(swatch(color, size, view.devicePixelRatioF()))  # type: ignore[attr-defined]
        option.decorationSize = QSize(size, size)  # type: ignore[attr-defined]
        option.text = color_name(color) if color else self.tr("None")  # type: ignore[attr-defined]

    @override
    def createEditor(
        self,
        parent: QWidget,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> QWidget:
        box = QComboBox(parent)
        box.setEditable(True)
        box.setAccessibleName(self.tr("Colour"))
        box.addItem(self.tr("None"), "")
        for color, name in COLORS:
            dot = QIcon(swatch(color, icon_size(), parent.devicePixelRatioF()))
            box.addItem(dot, name, color)
        return box

    @override
    def setEditorData(
        self, editor: QWidget, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        assert isinstance(editor, QComboBox)
        color = str(index.data() or "")
        editor.setCurrentIndex(editor.findText(color_name(color) or self.tr("None")))
        if editor.currentIndex() < 0:
            editor.setEditText(color)

    @override
    def setModelData(
        self,
        editor: QWidget,
        model: QAbstractItemModel,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        assert isinstance(editor, QComboBox)
        text = editor.currentText().strip()
        place = editor.findText(text, Qt.MatchFlag.MatchFixedString)
        model.setData(index, text if place < 0 else editor.itemData(place))


class OptionsView(QTableView):
    """The table; keys that change the list are announced, not acted upon."""

    added = Signal()
    removed = Signal()
    moved = Signal(int)  # -1 up, 1 down
    pasted = Signal()

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        action = self._action_of(event)
        if action is not None:
            action()
        elif event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter} and not event.modifiers():
            self.edit(self.currentIndex())  # and not the dialog's default button
        else:
            super().keyPressEvent(event)

    def _action_of(self, event: QKeyEvent) -> Callable[[], None] | None:
        if event.modifiers() & Qt.KeyboardModifier.AltModifier:
            steps = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}
            step = steps.get(Qt.Key(event.key()))
            return None if step is None else partial(self.moved.emit, step)
        if event.matches(QKeySequence.StandardKey.Paste):
            return self.pasted.emit
        keys = {
            Qt.Key.Key_Insert: self.added,
            Qt.Key.Key_Delete: self.removed,
            Qt.Key.Key_Backspace: self.removed,
        }
        signal = keys.get(Qt.Key(event.key()))
        return None if signal is None else signal.emit


class OptionsEditor(SettingEditor):
    """The options of a select, radio or multiselect field."""

    def __init__(self, setting: Setting, parent: QWidget | None = None) -> None:
        super().__init__(setting, parent)
        self.model = OptionsModel(self)
        self.view = self._view()
        holder = QWidget()
        box = QVBoxLayout(holder)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(unit())
        box.addWidget(self.view)
        box.addLayout(self._buttons())
        self._hold(holder)
        self.setFocusProxy(self.view)
        self.view.setAccessibleName(setting.label)
        self._loaded: Any = ABSENT
        for signal in (
            self.model.dataChanged,
            self.model.rowsInserted,
            self.model.rowsRemoved,
            self.model.rowsMoved,
        ):
            signal.connect(self.edited)

    def _view(self) -> OptionsView:
        view = OptionsView()
        view.setModel(self.model)
        view.setItemDelegateForColumn(COLOR, ColorDelegate(view))
        view.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        view.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        view.setTabKeyNavigation(False)
        view.setShowGrid(False)
        view.verticalHeader().hide()
        view.verticalHeader().setDefaultSectionSize(row_height())
        header = view.horizontalHeader()
        header.setHighlightSections(False)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(COLOR, QHeaderView.ResizeMode.ResizeToContents)
        header.setMinimumSectionSize(row_height() * 4)
        view.setMinimumHeight(row_height() * SHOWN_ROWS)
        view.added.connect(self.add_option)
        view.removed.connect(self.remove_selected)
        view.moved.connect(self.move_current)
        view.pasted.connect(self.paste_lines)
        return view

    def _buttons(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(unit())
        add = self._button("plus", self.tr("Add option"), "Ins", self.add_option)
        add.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        paste = self._button(
            "clipboard-paste", self.tr("Paste lines as options"), "Ctrl+V", self.paste_lines
        )
        paste.setText(self.tr("Paste lines"))
        paste.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        up = self._button("arrow-up", self.tr("Move up"), "Alt+Up", partial(self.move_current, -1))
        down = self._button(
            "arrow-down", self.tr("Move down"), "Alt+Down", partial(self.move_current, 1)
        )
        remove = self._button("trash-2", self.tr("Remove"), "Del", self.remove_selected)
        row.addWidget(add)
        row.addWidget(paste)
        row.addStretch(1)
        for button in (up, down, remove):
            row.addWidget(button)
        return row

    @staticmethod
    def _button(name: str, text: str, key: str, act: Callable[[], None]) -> QToolButton:
        button = QToolButton()
        button.setIcon(icon(name))
        button.setText(text)
        button.setAccessibleName(text)
        button.setToolTip(f"{text} ({key})")
        button.clicked.connect(act)
        return button

    @override
    def load(self, value: Any) -> None:
        self._loaded = value
        self.model.set_options(value)

    @override
    def is_edited(self) -> bool:
        if not isinstance(self._loaded, list):
            return self.model.rowCount() > 0
        return self.model.as_json() != self._loaded

    @override
    def value(self) -> Any:
        problem = problem_of(self.model.options)
        if problem is not None:
            raise ValueError(problem)
        return self.model.as_json()

    def add_option(self) -> None:
        """Add an empty option at the end and begin to edit its label."""
        self.model.add([""])
        new = self.model.index(self.model.rowCount() - 1, LABEL)
        self.view.setCurrentIndex(new)
        self.view.edit(new)

    def remove_selected(self) -> None:
        rows = sorted({index.row() for index in self.view.selectionModel().selectedRows()})
        for row in reversed(rows):
            self.model.removeRow(row)

    def move_current(self, step: int) -> None:
        current = self.view.currentIndex()
        if current.isValid():
            self.model.move(current.row(), current.row() + step)

    def paste_lines(self) -> None:
        """Add an option for each line of the clipboard; labels that stand already are left out."""
        known = {option.label for option in self.model.options}
        lines = QGuiApplication.clipboard().text().splitlines()
        labels = [line.strip() for line in lines if line.strip()]
        self.model.add([label for label in dict.fromkeys(labels) if label not in known])

    @override
    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.PaletteChange:
            self.view.viewport().update()
        return super().event(event)


