"""The editor of references: searches the records (or users) that may be chosen, as one types."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from PySide6.QtCore import QEvent, QModelIndex, QObject, QSize, Qt, QTimer
from PySide6.QtGui import QAction, QKeyEvent, QKeySequence, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import (
    QCompleter,
    QLineEdit,
    QListView,
    QListWidget,
    QListWidgetItem,
    QToolButton,
    QVBoxLayout,
    QWidget,
)
from typing_extensions import override

from crm_desktop.domain.errors import Invalid
from crm_desktop.domain.field_types import (
    EffectiveField,
    flag_rule,
    is_user_field,
    target_ids,
    target_object_id,
)
from crm_desktop.domain.formats import Formats
from crm_desktop.gui.editors.value_editor import ValueEditor
from crm_desktop.gui.icons import icon
from crm_desktop.gui.tasks import Handle, Tasks
from crm_desktop.gui.theme import row_height, unit
from crm_desktop.services import references
from crm_desktop.services.references import Candidate

_ID = Qt.ItemDataRole.UserRole
_PAUSE = 150  # milliseconds without a key before searching
_MOST_PICKED_SHOWN = 4


class _Picked(QListWidget):
    """The records chosen so far; Delete takes one away."""

    def __init__(self, owner: ReferenceEditor) -> None:
        super().__init__()
        self._owner = owner
        self.setAccessibleName(self.tr("Chosen records"))
        self.setToolTip(self.tr("Delete takes the current one away"))
        self.hide()

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        is_clearing = event.key() in {Qt.Key.Key_Delete, Qt.Key.Key_Backspace}
        if is_clearing and self.currentRow() >= 0:
            self._owner.drop(self.currentItem().data(_ID))
        else:
            super().keyPressEvent(event)


class ReferenceEditor(ValueEditor):
    """Chooses one record, or several where the field allows it, by typing part of the name."""

    def __init__(
        self, field: EffectiveField, formats: Formats, tasks: Tasks, parent: QWidget | None = None
    ) -> None:
        super().__init__(field, formats, parent)
        self._tasks = tasks
        self._names: dict[str, str] = {}
        self._value: Any = None
        self.has_several = flag_rule(field, "allowMultiple")
        self._is_locked = False
        self._search: Handle | None = None
        self.line = QLineEdit()
        self.line.setPlaceholderText(self.tr("Type to search"))
        self._found = QStandardItemModel(self)
        self.completer = QCompleter(self._found, self)
        self.completer.setCompletionMode(QCompleter.CompletionMode.UnfilteredPopupCompletion)
        self._list = QListView()
        self.completer.setPopup(self._list)
        self.completer.setWidget(self.line)
        chosen = self.completer.activated[QModelIndex]  # type: ignore[index]  # stubs know no overloads
        chosen.connect(self.take)
        if is_user_field(field):
            self.line.addAction(icon("user", "muted"), QLineEdit.ActionPosition.TrailingPosition)
        else:
            self._offer_picker()
        self._pause = QTimer(self, singleShot=True, interval=_PAUSE)
        self._pause.timeout.connect(self._look_up)
        self.line.textEdited.connect(self._typed)
        self.line.editingFinished.connect(self._settle)
        self.picked = _Picked(self)
        self._lay_out()

    def _offer_picker(self) -> None:
        """Put a button into the line that searches in a list with columns."""
        self.pick_action = QAction(icon("search", "muted"), self.tr("Search in a list"), self.line)
        self.pick_action.setShortcut(QKeySequence("Shift+F4"))
        self.pick_action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        self.pick_action.setToolTip(self.tr("Search in a list, with columns (Shift+F4)"))
        self.pick_action.triggered.connect(self.open_picker)
        self._list.installEventFilter(self)  # asked before the completer's own
        self.line.addAction(self.pick_action, QLineEdit.ActionPosition.TrailingPosition)
        for button in self.line.findChildren(QToolButton):
            if button.defaultAction() is self.pick_action:
                button.setAccessibleName(self.pick_action.text())

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Let the key that opens the large list work while the small one is open."""
        if (
            isinstance(event, QKeyEvent)
            and event.type() == QEvent.Type.KeyPress
            and QKeySequence(event.keyCombination()) == self.pick_action.shortcut()
        ):
            self._list.hide()
            self.open_picker()
            return True
        return super().eventFilter(watched, event)

    def open_picker(self) -> None:
        """Search for what is typed in a list with columns."""
        if self._is_locked:
            return
        from crm_desktop.gui.picking.record_picker import RecordPicker  # with the models of lists

        self._pause.stop()
        target = target_object_id(self.field)
        chosen = [(id_, self._name(id_)) for id_ in target_ids(self._value)]
        picker = RecordPicker(
            self._tasks,
            [target] if target else [],
            allow_multiple=self.has_several,
            chosen=chosen,
            search=self.line.text().strip() if self._is_half_typed() else "",
            parent=self,  # a cell stays open while this is where the focus is
        )
        picker.picked.connect(self._take_picked)
        picker.finished.connect(picker.deleteLater)
        picker.open()

    def _take_picked(self, picked: Sequence[tuple[str, str]]) -> None:
        self._names |= dict(picked)
        ids = [id_ for id_, _ in picked]
        if self.has_several:
            self.line.clear()
            self._put(ids)
        elif ids:
            self._put(ids[0])
            self.chosen.emit()

    def _lay_out(self) -> None:
        box = QWidget()
        column = QVBoxLayout(box)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(unit())
        column.addWidget(self.line)
        column.addWidget(self.picked)
        box.setFocusProxy(self.line)
        self._row.addWidget(box)
        self._control = self.line
        self.setFocusProxy(self.line)
        self.line.setAccessibleName(self.field.label)

    @override
    def set_names(self, names: Mapping[str, str]) -> None:
        self._names.update(names)

    @override
    def names(self) -> Mapping[str, str]:
        return self._names

    @override
    def open_list(self) -> None:
        """Show the first records there are, or those that were found."""
        self._pause.stop()
        self._look_up()

    @override
    def show_value(self, value: Any) -> None:
        self._value = value
        ids = target_ids(value)
        if self.has_several:
            self._show_picked(ids)
        else:
            self.line.setText(", ".join(self._name(id_) for id_ in ids))
            self.line.setCursorPosition(0)

    @override
    def value(self) -> Any:
        if not self.has_several and not self.line.text().strip():
            return None
        if self._is_half_typed():
            sentence = self.tr("Choose one of the records found, or clear the field.")
            raise Invalid({self.field.id: sentence})
        return self._value or None

    @override
    def typed(self) -> Any:
        return {"chosen": self._value, "text": self.line.text()}

    @override
    def show_typed(self, typed: Any) -> None:
        if isinstance(typed, dict):
            self.show_value(typed.get("chosen"))
            self.line.setText(str(typed.get("text", "")))

    @override
    def set_read_only(self, *, is_read_only: bool) -> None:
        self._is_locked = is_read_only
        self.line.setReadOnly(is_read_only)
        if not is_user_field(self.field):
            self.pick_action.setEnabled(not is_read_only)

    def drop(self, id_: str) -> None:
        """Take one of several chosen records away."""
        if not self._is_locked:
            self._put([other for other in target_ids(self._value) if other != id_])

    def _name(self, id_: str) -> str:
        return self._names.get(id_) or id_

    def _show_picked(self, ids: Sequence[str]) -> None:
        self.picked.clear()
        for id_ in ids:
            item = QListWidgetItem(self._name(id_))
            item.setData(_ID, id_)
            self.picked.addItem(item)
        rows = min(len(ids), _MOST_PICKED_SHOWN)
        self.picked.setFixedHeight(rows * row_height() + unit())
        self.picked.setVisible(bool(ids))

    def _is_half_typed(self) -> bool:
        text = self.line.text().strip()
        if self.has_several:
            return bool(text)
        return text != ", ".join(self._name(id_) for id_ in target_ids(self._value))

    def _typed(self) -> None:
        self.edited.emit()
        if self.line.text().strip():
            self._pause.start()
        else:
            self._pause.stop()
            if not self.has_several:
                self._value = None

    def _look_up(self) -> None:
        if self._search is not None:
            self._search.cancel()
        words = self.line.text().strip()
        if is_user_field(self.field):
            call = partial(references.find_users, search=words)
        else:
            object_id = target_object_id(self.field)
            call = partial(references.find_records, object_id=object_id, search=words)
        self._search = self._tasks.read(self, call, self._show_found)

    def _show_found(self, candidates: Sequence[Candidate]) -> None:
        self._found.clear()
        for candidate in candidates:
            item = QStandardItem(candidate.text)
            item.setData(candidate.id, _ID)
            item.setToolTip(candidate.detail)
            item.setSizeHint(QSize(0, row_height()))
            self._found.appendRow(item)
        if not candidates:
            item = QStandardItem(self.tr("Nothing found"))
            item.setEnabled(False)
            self._found.appendRow(item)
        if self.line.hasFocus():
            self.completer.complete(self.line.rect().adjusted(0, 0, 0, unit()))
            if len(candidates) == 1:  # Enter takes it
                self._list.setCurrentIndex(self.completer.currentIndex())

    def take(self, index: QModelIndex) -> None:
        """Take one of the records found."""
        id_ = index.data(_ID)
        if id_ is None:
            return
        self._names[id_] = index.data()
        if self.has_several:
            self.line.clear()
            ids = [other for other in target_ids(self._value) if other != id_]
            self._put([*ids, id_])
        else:
            self._put(id_)
            self.chosen.emit()

    def _put(self, value: Any) -> None:
        self.show_value(value)
        self.edited.emit()

    def _settle(self) -> None:
        """Take what was typed where it is the exact name of the only record found."""
        if not self._is_half_typed() or self._found.rowCount() != 1:
            return
        index = self._found.index(0, 0)
        if str(index.data()).casefold() == self.line.text().strip().casefold():
            self.take(index)
