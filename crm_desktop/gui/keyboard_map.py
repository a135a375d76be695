"""The keyboard map (F1): every command that has keys, read from the actions of window and page."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QHBoxLayout, QMenu, QVBoxLayout, QWidget

from crm_desktop.gui.models.table_model import Column, TableModel
from crm_desktop.gui.theme import line_height, unit
from crm_desktop.gui.translating import tr
from crm_desktop.gui.widgets.buttons import plain_button
from crm_desktop.gui.widgets.elided_label import TextLabel
from crm_desktop.gui.widgets.fitting_dialog import FittingDialog
from crm_desktop.gui.widgets.grid import GridView
from crm_desktop.gui.widgets.search_box import SearchBox

_NATIVE = QKeySequence.SequenceFormat.NativeText
_Key = Qt.Key
# Keys of their own that few keyboards have; Qt binds them beside the usual ones.
_SPECIAL = [
    QKeySequence(key)
    for key in (
        *(_Key.Key_Undo, _Key.Key_Redo, _Key.Key_Cut, _Key.Key_Copy, _Key.Key_Paste),
        *(_Key.Key_Close, _Key.Key_Save, _Key.Key_Find, _Key.Key_Refresh),
    )
]


@dataclass(frozen=True, slots=True)
class KeyLine:
    """A command, the menu or the page it belongs to, and each of its keys."""

    place: str
    command: str
    keys: tuple[str, ...]
    icon_name: str = ""

    @property
    def id(self) -> tuple[str, str]:
        return self.place, self.command


def lines_of_window(
    window: QWidget, key_format: QKeySequence.SequenceFormat = _NATIVE
) -> list[KeyLine]:
    """Return the commands of the window's menus, which are there whatever page is shown."""
    menus = (action for action in window.actions() if isinstance(action.data(), str))
    return list(_lines(menus, "", key_format))


def lines_of_page(
    page: QWidget, place: str, key_format: QKeySequence.SequenceFormat = _NATIVE
) -> list[KeyLine]:
    """Return the commands of a page and of what is in it, but not those of open menus."""
    inside = (each for each in page.findChildren(QAction) if not isinstance(each.parent(), QMenu))
    actions = dict.fromkeys([*page.actions(), *inside])
    return list(_lines(actions, place, key_format))


def _lines(
    actions: Iterable[QAction], place: str, key_format: QKeySequence.SequenceFormat
) -> Iterator[KeyLine]:
    seen = set()
    for action in actions:
        text = action.text().replace("&&", "\0").replace("&", "").replace("\0", "&")
        usual = (each for each in action.shortcuts() if each not in _SPECIAL)
        keys = tuple(dict.fromkeys(each.toString(key_format) for each in usual))
        if not text or not any(keys) or (text, keys) in seen:
            continue
        seen.add((text, keys))
        yield KeyLine(place or str(action.data()), text, keys, action.property("icon_name") or "")


class KeyboardMapDialog(FittingDialog):
    """Lists the keys that count now; what is typed above finds commands and keys."""

    def __init__(self, lines: Iterable[KeyLine], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Keyboard map"))
        self.model: TableModel[KeyLine] = TableModel(self)
        self.model.set_columns(*_columns())
        self.model.set_rows(lines)
        self.grid = GridView(self, name=self.tr("Keyboard map"))
        self.grid.setModel(self.model)
        self.grid.set_empty_state(self.tr("No command with keys is called so."))
        self.search = SearchBox(self.tr("Find a command or a key"))
        self.search.searched.connect(self._find)
        self.search.left_downward.connect(self._enter_list)
        self._lay_out()

    def _find(self, text: str) -> None:
        words = text.casefold().split()
        self.model.set_filter(lambda line: self.model.contains(line, words))

    def _enter_list(self) -> None:
        self.grid.setFocus(Qt.FocusReason.OtherFocusReason)
        if not self.grid.currentIndex().isValid():
            self.grid.selectRow(0)

    def _lay_out(self) -> None:
        margin = 5 * unit()
        box = QVBoxLayout(self)
        box.setContentsMargins(margin, margin, margin, 4 * unit())
        box.setSpacing(3 * unit())
        box.addWidget(TextLabel(self.windowTitle(), face="title"))
        sentence = self.tr("Of the window, and of the page that is shown. Ctrl+K runs any of them.")
        box.addWidget(TextLabel(sentence, role="muted", wraps=True))
        box.addWidget(self.search)
        box.addWidget(self.grid, 1)
        for number, column in enumerate(self.model.columns):
            self.grid.setColumnWidth(number, round(column.width * line_height()))
        row = QHBoxLayout()
        row.addStretch(1)
        close = plain_button(self.tr("Close"))
        close.clicked.connect(self.reject)
        row.addWidget(close)
        box.addLayout(row)
        self.resize(round(line_height() * 44), round(line_height() * 34))
        self.search.setFocus()


def _columns() -> tuple[Column[KeyLine], ...]:
    return (
        Column(tr("Where"), lambda line: line.place, width=9),
        Column(
            tr("Command"), lambda line: line.command, icon=lambda line: line.icon_name, width=19
        ),
        Column(tr("Keys"), lambda line: "  or  ".join(line.keys), width=12),
    )
