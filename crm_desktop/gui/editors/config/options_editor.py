"""Edits the options of a choice field: a small table that the keyboard serves wholly."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QT_TRANSLATE_NOOP, QAbstractItemModel, QSize, Qt
from PySide6.QtGui import QGuiApplication, QIcon, QPainter, QPixmap
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QHeaderView,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)
from typing_extensions import override

from crm_desktop.domain.json_edits import ABSENT
from crm_desktop.gui.delegates import GridDelegate, Index
from crm_desktop.gui.editors.config.list_grid import ListGrid
from crm_desktop.gui.editors.config.setting_editors import SettingEditor
from crm_desktop.gui.editors.config.settings import Setting
from crm_desktop.gui.models.options import COLOR, LABEL, OptionsModel, problem_of
from crm_desktop.gui.theme import icon_size, line_height, row_height, theme, unit
from crm_desktop.gui.tokens import OPTION_COLORS, choice_color
from crm_desktop.gui.widgets.buttons import link_button

NAMES = (
    QT_TRANSLATE_NOOP("OptionsDelegate", "Grey"),
    QT_TRANSLATE_NOOP("OptionsDelegate", "Blue"),
    QT_TRANSLATE_NOOP("OptionsDelegate", "Teal"),
    QT_TRANSLATE_NOOP("OptionsDelegate", "Green"),
    QT_TRANSLATE_NOOP("OptionsDelegate", "Amber"),
    QT_TRANSLATE_NOOP("OptionsDelegate", "Orange"),
    QT_TRANSLATE_NOOP("OptionsDelegate", "Red"),
    QT_TRANSLATE_NOOP("OptionsDelegate", "Pink"),
    QT_TRANSLATE_NOOP("OptionsDelegate", "Purple"),
)
SHOWN_ROWS = 6


def swatch(color: str, size: int, ratio: float) -> QPixmap:
    """Draw a dot in an option's colour."""
    pixmap = QPixmap(QSize(size, size) * ratio)
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(choice_color(color, theme()))
    inset = size // 6
    painter.drawEllipse(inset, inset, size - 2 * inset, size - 2 * inset)
    painter.end()
    return pixmap


class OptionsDelegate(GridDelegate):
    """Edits a colour by a list of names, or as it is typed."""

    @override
    def createEditor(self, parent: QWidget, option: QStyleOptionViewItem, index: Index) -> QWidget:
        if index.column() != COLOR:
            return super().createEditor(parent, option, index)
        box = QComboBox(parent)
        box.setEditable(True)
        box.setAccessibleName(self.tr("Colour"))
        box.addItem(self.tr("None"), "")
        for color, name in zip(OPTION_COLORS, NAMES, strict=True):
            dot = QIcon(swatch(color, icon_size(), parent.devicePixelRatioF()))
            box.addItem(dot, self.tr(str(name)), color)
        return box

    @override
    def setEditorData(self, editor: QWidget, index: Index) -> None:
        if not isinstance(editor, QComboBox):
            super().setEditorData(editor, index)
            return
        color = str(index.data() or "")
        editor.setCurrentIndex(editor.findData(color, flags=Qt.MatchFlag.MatchFixedString))
        if editor.currentIndex() < 0:
            editor.setEditText(color)

    @override
    def setModelData(self, editor: QWidget, model: QAbstractItemModel, index: Index) -> None:
        if not isinstance(editor, QComboBox):
            super().setModelData(editor, model, index)
            return
        text = editor.currentText().strip()
        place = editor.findText(text, Qt.MatchFlag.MatchFixedString)
        model.setData(index, text if place < 0 else editor.itemData(place))


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
        self._loaded: Any = ABSENT
        for signal in (
            self.model.dataChanged,
            self.model.rowsInserted,
            self.model.rowsRemoved,
            self.model.rowsMoved,
        ):
            signal.connect(self.edited)

    def _view(self) -> ListGrid:
        view = ListGrid(self.setting.label)
        view.set_delegate(OptionsDelegate(view))
        view.setModel(self.model)
        header = view.horizontalHeader()
        header.setSectionsMovable(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(COLOR, QHeaderView.ResizeMode.Fixed)
        header.resizeSection(COLOR, round(line_height() * 8))
        view.setMinimumHeight(row_height() * (SHOWN_ROWS + 1))
        view.set_empty_state(
            self.tr("No options yet. Add one, or paste a list with one option a line."),
            icon_name="list",
        )
        view.added.connect(self.add_option)
        view.pasted.connect(self.paste_lines)
        return view

    def _buttons(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(unit())
        add = link_button(self.tr("Add option"), icon_name="plus")
        add.setToolTip(self.tr("Add option (Ins)"))
        paste = link_button(self.tr("Paste lines"), icon_name="clipboard-paste")
        paste.setToolTip(self.tr("Make an option of each copied line (Ctrl+V)"))
        add.clicked.connect(self.add_option)
        paste.clicked.connect(self.paste_lines)
        row.addWidget(add)
        row.addWidget(paste)
        row.addStretch(1)
        for button in (*self.view.move_buttons(), self.view.remove_button()):
            row.addWidget(button)
        return row

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
        self.view.begin_row(self.model.rowCount() - 1, LABEL)

    def paste_lines(self) -> None:
        """Add an option for each line of the clipboard; labels that stand already are left out."""
        known = {option.label for option in self.model.options}
        lines = QGuiApplication.clipboard().text().splitlines()
        labels = [line.strip() for line in lines if line.strip()]
        self.model.add([label for label in dict.fromkeys(labels) if label not in known])
