"""The layout as a tree: its sections, and the fields in each; every drop is one move."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import (
    QAbstractItemModel,
    QMimeData,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
)
from typing_extensions import override

from crm_desktop.domain.field_types import type_of
from crm_desktop.domain.json_edits import ABSENT
from crm_desktop.domain.layout_draft import Entry, Section
from crm_desktop.gui.layout_editor.fields_mime import MIME_TYPE, Parcel, pack, unpack
from crm_desktop.gui.layout_editor.row_delegate import Row, RowRole
from crm_desktop.gui.layout_editor.state import LayoutState

Index = QModelIndex | QPersistentModelIndex
ROOT = QModelIndex()
DISPLAY, EDIT = Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.EditRole
SPOKEN, TIP = Qt.ItemDataRole.AccessibleTextRole, Qt.ItemDataRole.ToolTipRole


class LayoutModel(QAbstractItemModel):
    """Sections at the top, their fields below; persistent indexes follow what they stood for."""

    def __init__(self, state: LayoutState, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._state = state
        self._layout = state.layout
        self._places: dict[str, tuple[int, int]] = {}
        self._saved: frozenset[str] = frozenset()
        self._note_places()
        state.changed.connect(self._follow)

    def _note_places(self) -> None:
        self._saved = frozenset(self._state.draft.saved.ids())
        self._places = {}
        for number, section in enumerate(self._layout.sections):
            self._places[_section_id(section)] = (number, -1)
            for row, entry in enumerate(section.entries):
                self._places[entry.id] = (number, row)

    def _follow(self) -> None:
        """Show the state's layout; what is selected, current or open stays so where it went."""
        self.layoutAboutToBeChanged.emit()
        held = self.persistentIndexList()
        ids = [self.id_of(index) for index in held]
        self._layout = self._state.layout
        self._note_places()
        self.changePersistentIndexList(held, [self.index_of(id_) for id_ in ids])
        self.layoutChanged.emit()

    # What stands where

    def id_of(self, index: Index) -> str:
        """Return the entry's id, or the section's under a name that no entry has."""
        section = self._layout.sections[self._section_row(index)]
        if not index.internalId():
            return _section_id(section)
        return section.entries[index.row()].id

    def index_of(self, id_: str) -> QModelIndex:
        """Return where an entry or (by `section_index_id`) a section is; none if it is not."""
        place = self._places.get(id_)
        if place is None:
            return QModelIndex()
        number, row = place
        return self.createIndex(*((number, 0, 0) if row < 0 else (row, 0, number + 1)))

    def section_index(self, key: str) -> QModelIndex:
        return self.index_of(_SECTION + key)

    @staticmethod
    def _section_row(index: Index) -> int:
        number = index.internalId()
        return number - 1 if number else index.row()

    def section_at(self, index: Index) -> Section | None:
        """Return the section that is shown there, or that the field shown there is in."""
        if not index.isValid():
            return None
        return self._layout.sections[self._section_row(index)]

    def entry_at(self, index: Index) -> Entry | None:
        section = self.section_at(index)
        if section is None or not index.internalId():
            return None
        return section.entries[index.row()]

    @override
    def index(self, row: int, column: int, parent: Index = ROOT) -> QModelIndex:
        if not self.hasIndex(row, column, parent):
            return QModelIndex()
        return self.createIndex(row, column, parent.row() + 1 if parent.isValid() else 0)

    @override
    def parent(self, child: Index) -> QModelIndex:  # type: ignore[override]  # QObject's is another
        number = child.internalId() if child.isValid() else 0
        return self.createIndex(number - 1, 0, 0) if number else QModelIndex()

    @override
    def rowCount(self, parent: Index = ROOT) -> int:
        if not parent.isValid():
            return len(self._layout.sections)
        if parent.internalId() or parent.column():
            return 0
        return len(self._layout.sections[parent.row()].entries)

    @override
    def columnCount(self, parent: Index = ROOT) -> int:
        return 1

    # What it says

    @override
    def data(self, index: Index, role: int = DISPLAY) -> Any:
        section = self.section_at(index)
        if section is None:
            return None
        entry = self.entry_at(index)
        if entry is None:
            return self._section_data(section, role)
        return self._entry_data(section, entry, index.row(), role)

    def _section_data(self, section: Section, role: int) -> Any:
        if role in {DISPLAY, EDIT}:
            return self._title(section) if role == DISPLAY else section.title
        if role == RowRole.ROW:
            return Row("", self._title(section), self._amount(section), is_heading=True)
        if role == SPOKEN:
            number = self._layout.sections.index(section) + 1
            words = self.tr("section {0}, {1} of {2}, {3}")
            return words.format(
                self._title(section), number, len(self._layout.sections), self._amount(section)
            )
        return None

    def _title(self, section: Section) -> str:
        return section.title or self.tr("Without a title")

    def _amount(self, section: Section) -> str:
        count = len(section.entries)
        fields = self.tr("1 field") if count == 1 else self.tr("{0} fields").format(count)
        columns = (
            self.tr("1 column")
            if section.columns == 1
            else self.tr("{0} columns").format(section.columns)
        )
        return f"{fields} · {columns}"

    def _entry_data(self, section: Section, entry: Entry, row: int, role: int) -> Any:
        if role in {DISPLAY, EDIT}:
            return self._state.label_of(entry)
        if role == RowRole.ROW:
            return self._row(entry)
        if role == SPOKEN:
            return self._spoken(section, entry, row)
        if role == TIP:
            return self._tip(entry)
        return None

    def _row(self, entry: Entry) -> Row:
        marks = []
        if entry.is_extra:
            marks.append("copy-x")
        if entry.is_readonly:
            marks.append("lock")
        if not entry.is_visible:
            marks.append("eye-off")
        if entry.overrides:
            marks.append("pencil-line")
        return Row(
            type_of(self._state.type_of(entry)).icon,
            self._state.label_of(entry) + (" *" if entry.is_required else ""),
            marks=tuple(marks),
            badge="" if entry.id in self._saved else self.tr("new"),
            is_muted=not entry.is_visible,
        )

    def _spoken(self, section: Section, entry: Entry, row: int) -> str:
        parts = [self._state.label_of(entry)]
        if entry.is_required:
            parts.append(self.tr("required"))
        if entry.is_readonly:
            parts.append(self.tr("read-only"))
        if not entry.is_visible:
            parts.append(self.tr("hidden"))
        parts.append(self.position(section, row))
        return ", ".join(parts)

    def position(self, section: Section, row: int) -> str:
        words = self.tr("{0} of {1} in {2}")
        return words.format(row + 1, len(section.entries), self._title(section))

    def _tip(self, entry: Entry) -> str:
        if entry.is_extra:
            return self.tr("This field stands twice in the object. Remove one of the two.")
        found = self._state.library.get(entry.field_id)
        return found.name if found else ""

    @override
    def setData(self, index: Index, value: Any, role: int = EDIT) -> bool:
        """Give a section its title, or a field its label in this object."""
        section, entry, text = self.section_at(index), self.entry_at(index), str(value).strip()
        if section is None or role != EDIT:
            return False
        if entry is None:
            self._state.change_section(section.key, title=text)
            return True
        found = self._state.library.get(entry.field_id)
        is_own = bool(text) and (found is None or text != found.label)
        self._state.set_attribute([entry.id], "override:label", text if is_own else ABSENT)
        return True

    @override
    def flags(self, index: Index) -> Qt.ItemFlag:
        flag = Qt.ItemFlag
        if not index.isValid():
            return flag.ItemIsDropEnabled
        own = flag.ItemIsEnabled | flag.ItemIsSelectable | flag.ItemIsEditable
        own |= flag.ItemIsDragEnabled
        return own | (flag.ItemNeverHasChildren if index.internalId() else flag.ItemIsDropEnabled)

    # What can be dragged here

    @override
    def supportedDragActions(self) -> Qt.DropAction:
        return Qt.DropAction.MoveAction | Qt.DropAction.CopyAction

    @override
    def supportedDropActions(self) -> Qt.DropAction:
        return Qt.DropAction.MoveAction | Qt.DropAction.CopyAction

    @override
    def mimeTypes(self) -> list[str]:
        return [MIME_TYPE]

    @override
    def mimeData(self, indexes: Sequence[QModelIndex]) -> QMimeData:
        """Pack the fields in their order; where only a section was chosen, that."""
        ids = {self.id_of(index) for index in indexes if index.internalId()}
        entries = tuple(entry for entry in self._layout.entries() if entry.id in ids)
        section = self.section_at(indexes[0]) if indexes and not entries else None
        key = section.key if section else ""
        labels = [self._state.label_of(entry) for entry in entries]
        return pack(Parcel(self._state.object_id, entries, key), labels)

    @override
    def canDropMimeData(
        self, data: QMimeData, action: Qt.DropAction, row: int, column: int, parent: Index
    ) -> bool:
        return data.hasFormat(MIME_TYPE)

    @override
    def dropMimeData(
        self, data: QMimeData, action: Qt.DropAction, row: int, column: int, parent: Index
    ) -> bool:
        """Move or attach what was dropped; False after a move in here, as nothing is left over."""
        parcel = unpack(data)
        if parcel is None:
            return False
        if parcel.section_key:
            self._state.move_section(parcel.section_key, row if row >= 0 else self.rowCount())
            return False
        section = self.section_at(parent) or self._layout.sections[-1]
        place = row if row >= 0 else len(section.entries)
        return self.drop(parcel, section.key, place)

    def drop(self, parcel: Parcel, key: str, place: int) -> bool:
        """Put a parcel before what stands at `place` of a section; True where it was attached."""
        here = set(self._layout.ids())
        if parcel.object_id == self._state.object_id:
            standing = [id_ for id_ in parcel.ids() if id_ in here]
            if standing:  # what somebody else took out during the drag stays out
                self._state.move(standing, key, place)
                return False
        return self._state.attach(parcel.entries_for(self._state.object_id), key, place)

    @override
    def moveRows(self, source: Index, row: int, count: int, target: Index, to: int) -> bool:
        """Move fields between sections, or one section; the only way by which rows move."""
        if not source.isValid():
            if target.isValid() or count != 1 or not 0 <= row < self.rowCount():
                return False
            return self._state.move_section(self._layout.sections[row].key, to)
        section, other = self.section_at(source), self.section_at(target)
        if section is None or other is None or row < 0 or row + count > len(section.entries):
            return False
        return self._state.move(section.ids()[row : row + count], other.key, to)


_SECTION = "section "


def _section_id(section: Section) -> str:
    return _SECTION + section.key
