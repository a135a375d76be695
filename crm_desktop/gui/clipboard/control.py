"""Copy, cut, paste and fill in a list of records: by keys, menus, and for rows never read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property, partial
from itertools import product
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QAction, QGuiApplication, QKeySequence

from crm_desktop.domain.clipboard import CellBlock
from crm_desktop.domain.errors import Invalid, UserError
from crm_desktop.domain.field_types import type_of
from crm_desktop.gui.clipboard.mime import mime_of, offered, read_offered
from crm_desktop.gui.clipboard.placement import (
    CellRange,
    Placement,
    place_below,
    place_block,
    selected_range,
)
from crm_desktop.gui.clipboard.words import counted, counted_cells
from crm_desktop.gui.icons import icon
from crm_desktop.gui.locale import system_formats
from crm_desktop.gui.models.range_ids import RangeIds
from crm_desktop.gui.models.sheet import NewValue
from crm_desktop.gui.tasks import Tasks
from crm_desktop.gui.widgets.message_bar import Message
from crm_desktop.services import cell_reading
from crm_desktop.services.cell_reading import Copied, CopiedRows
from crm_desktop.services.reference_checks import REFERRING

if TYPE_CHECKING:
    from crm_desktop.gui.clipboard.pasting import Paster
    from crm_desktop.gui.models.pending_edits import PendingEdits
    from crm_desktop.gui.pages.record_list import RecordList
    from crm_desktop.services.pasting import PasteRequest

MOST_COPIED = 500_000  # cells; more would fill the clipboard for minutes
SHORT_COPY = 10_000  # cells that are read without showing progress
_EMPTY = CellBlock((("",),))


class ClipboardControl(QObject):
    """The clipboard of one list; everything it writes is one step of undo."""

    refused = Signal(object)  # UserError
    told = Signal(object)  # Message

    def __init__(self, tasks: Tasks, records: RecordList) -> None:
        super().__init__(records)
        self._tasks, self._list = tasks, records
        self._grid, self._model = records.grid, records.model
        self._copies = 0  # under way
        self._waiting: Callable[[], None] | None = None  # a paste, for a copy
        self.ids = RangeIds(tasks, records.model)
        self.ids.refused.connect(self.refused)
        keys = QKeySequence.StandardKey
        new_row = QAction(self)
        new_row.setShortcuts(QKeySequence.keyBindings(keys.Paste))
        new_row.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        new_row.triggered.connect(self._paste_in_new_row)
        records.editing.new_row.row.addAction(new_row)
        records.editing.gestures.many_to_clear.connect(self.clear_cells)
        records.editing.gestures.many_to_fill.connect(self.fill_down)
        self.cut_action = self._action(self.tr("Cut"), "scissors", keys.Cut, self.cut)
        self.copy_action = self._action(self.tr("Copy"), "copy", keys.Copy, self.copy)
        self.headers_action = self._action(
            self.tr("Copy with headers"), "table", "Ctrl+Shift+C", self.copy_with_headers
        )
        self.paste_action = self._action(
            self.tr("Paste"), "clipboard-paste", keys.Paste, self.paste
        )
        self.new_action = self._action(
            self.tr("Paste as new records"), "clipboard-plus", "Ctrl+Shift+V", self.paste_as_new
        )
        self.fill_action = self._action(
            self.tr("Fill selection with this value"),
            "paint-bucket",
            "Ctrl+Shift+D",
            self.fill_selection,
        )

    def actions(self) -> list[QAction]:
        return [
            self.cut_action,
            self.copy_action,
            self.headers_action,
            self.paste_action,
            self.new_action,
            self.fill_action,
        ]

    def _action(
        self, text: str, icon_name: str, keys: str | QKeySequence.StandardKey, act: Any
    ) -> QAction:
        action = QAction(icon(icon_name), text, self)
        action.setProperty("icon_name", icon_name)
        if isinstance(keys, QKeySequence.StandardKey):
            action.setShortcuts(QKeySequence.keyBindings(keys))
        else:
            action.setShortcut(QKeySequence(keys))
        action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)  # not within an open editor
        action.triggered.connect(act)
        self._grid.addAction(action)
        return action

    # Copying

    def copy(self) -> None:
        """Put the selected cells on the clipboard, rows that are not in memory included."""
        self._copy(has_headers=False)

    def copy_with_headers(self) -> None:
        self._copy(has_headers=True)

    def cut(self) -> None:
        """Copy the selected cells, and clear them when they are on the clipboard."""
        chosen = self._chosen()
        if chosen is not None:
            self._copy(
                has_headers=False, then=self.ids.unmoved(partial(self._clear, chosen, "cut"))
            )

    def clear_cells(self) -> None:
        """Empty the selected cells, however many."""
        chosen = self._chosen()
        if chosen is not None:
            self._clear(chosen, "clearing")

    def _copy(self, *, has_headers: bool, then: Callable[[], None] | None = None) -> None:
        chosen = self._chosen()
        if chosen is None:
            return
        if chosen.cells > MOST_COPIED:
            self._refuse(
                self.tr("At most {} cells fit on the clipboard; these are {}. Select fewer, or use "
                        "“crm-desktop export”."), MOST_COPIED, chosen.cells,
            )  # fmt: skip
            return
        asked = CopiedRows(
            self._model.query,
            tuple(self._model.columns[column] for column in chosen.columns),
            system_formats(),
            tuple(self.ids.known(chosen.spans)),
            tuple(self._model.groups.spans(chosen.spans)),
            self._model.columns,
            has_headers,
        )
        took, failed = partial(self._take_copy, then), self._copy_failed
        self._copies += 1
        if chosen.cells <= SHORT_COPY:
            self._tasks.read(self, partial(cell_reading.copy_cells, asked=asked), took, failed)
        else:
            title = self.tr("Copying {}").replace("{}", counted_cells(chosen.cells))
            self._tasks.run_long(self, title, partial(_copy_long, asked), took, failed)

    def _take_copy(self, then: Callable[[], None] | None, copied: Copied) -> None:
        self._copies -= 1
        QGuiApplication.clipboard().setMimeData(mime_of(copied))
        if copied.rows * copied.columns > SHORT_COPY:
            count = counted_cells(copied.rows * copied.columns)
            self.told.emit(Message("success", self.tr("Copied {}.").replace("{}", count)))
        if then is not None:
            then()
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            waiting()

    def _copy_failed(self, error: UserError) -> None:
        self._copies -= 1
        self._waiting = None
        self.refused.emit(error)

    # Pasting

    def paste(self) -> None:
        """Paste what lies on the clipboard into the selection, from its top left corner on."""
        if not self._model.rowCount() and self._model.is_reading:
            self._refuse(self.tr("The records are still being read. Try again in a moment."))
        elif not self._model.rowCount():
            self.paste_as_new()
        elif (chosen := self._chosen()) is not None:
            place = self.ids.unmoved(partial(self._place, chosen, self._edits.made))
            read = partial(self._read_clipboard, place)
            if self._copies:
                self._waiting = read  # what is being copied is what is meant
            else:
                read()

    def paste_as_new(self) -> None:
        """Make a record of each row on the clipboard."""
        if self._copies:
            self._waiting = self.paste_as_new
        elif self._model.columns:
            self._read_clipboard(self._place_below)

    def _read_clipboard(self, then: Callable[[CellBlock], None]) -> None:
        found = offered(QGuiApplication.clipboard().mimeData())
        read = partial(self._take_block, then)
        self._tasks.compute(self, partial(read_offered, found), read, self.refused.emit)

    def _take_block(self, then: Callable[[CellBlock], None], block: CellBlock) -> None:
        if block.rows:
            then(block)
        else:
            self.told.emit(Message("info", self.tr("There are no cells on the clipboard.")))

    def _place(self, chosen: CellRange, made: int, block: CellBlock) -> None:
        try:
            place = place_block(self._grid, block, chosen, self._model.rowCount())
        except ValueError:
            self._refuse(self.tr("What was copied does not fit rows that lie apart."))
            return
        if place.new_rows and not self._model.has_counted:
            self._refuse(self.tr("The records are still being counted. Try again in a moment."))
            return
        self._write(block, place, "paste", self._notes(place), made)

    def _place_below(self, block: CellBlock, column: int = -1) -> None:
        """Make records of all rows, from a column on; by default from the first selected one."""
        if column < 0:
            chosen = self._chosen()
            header = self._grid.horizontalHeader()
            column = chosen.columns[0] if chosen else header.logicalIndex(0)
        place = place_below(self._grid, block, column)
        self._write(block, place, "paste", self._notes(place))

    def _paste_in_new_row(self) -> None:
        """Paste one cell into the row of a new record; more become records of their own."""
        index = self._list.editing.new_row.row.currentIndex()
        if index.isValid():
            take = partial(self._take_for_new_row, index.column())
            self._read_clipboard(self.ids.unmoved(take))

    def _take_for_new_row(self, column: int, block: CellBlock) -> None:
        sheet = self._list.editing.new_row.model
        cell = sheet.cell_at(sheet.index(0, column))
        if cell is None or block.rows * block.columns > 1 or cell.field.type in REFERRING:
            self._place_below(block, column)
            return
        text = block.texts[0][0]
        try:
            value = type_of(cell.field.type).parse(text, cell.field, sheet.formats)
            new = NewValue(cell, value)
        except Invalid as refusal:
            new = NewValue(cell, None, text, str(refusal))
        sheet.put([new], {}, "")

    def _notes(self, place: Placement) -> list[str]:
        notes = []
        if place.cut_columns:
            words = self.tr("{} copied beyond the last column of the list will be left out.")
            count = counted(place.cut_columns, self.tr("column"), self.tr("columns"))
            notes.append(words.replace("{}", count))
        if place.passed:
            words = self.tr("{} in between will be passed over.")
            count = counted(place.passed, self.tr("hidden column"), self.tr("hidden columns"))
            notes.append(words.replace("{}", count))
        return notes

    # Filling and clearing

    def fill_selection(self) -> None:
        """Write the current cell's value into all selected cells."""
        chosen, current = self._chosen(), self._grid.currentIndex()
        if chosen is not None and chosen.cells > 1 and current.isValid():
            place = Placement(chosen.spans, 0, chosen.columns)
            self._fill_from(current.row(), [current.column()], place)

    def fill_down(self) -> None:
        """Write the first row of the selection into the others, a single one from above."""
        chosen = self._chosen()
        if chosen is None:
            return
        top, first_end = chosen.spans[0]
        source = top if chosen.rows > 1 else top - 1
        rest = [(top + 1, first_end), *chosen.spans[1:]] if chosen.rows > 1 else chosen.spans
        spans = tuple(span for span in rest if span[0] <= span[1])
        if source >= 0 and spans:
            self._fill_from(source, chosen.columns, Placement(spans, 0, chosen.columns))

    def _fill_from(self, row: int, columns: Sequence[int], place: Placement) -> None:
        fields = tuple(self._model.columns[column] for column in columns)
        asked = CopiedRows(self._model.query, fields, system_formats())
        fill = self.ids.unmoved(partial(self._fill, place, self._edits.made))
        read = partial(self._read_block, asked, fill)
        self.ids.find(((row, row),), read)

    def _read_block(
        self, asked: CopiedRows, then: Callable[[CellBlock], None], ids: tuple[str, ...]
    ) -> None:
        call = partial(cell_reading.read_block, asked=asked, ids=ids)
        self._tasks.read(self, call, then, self.refused.emit)

    def _fill(self, place: Placement, made: int, block: CellBlock) -> None:
        if block.rows:
            self._write(block, place, "fill", (), made)

    def _clear(self, chosen: CellRange, verb: str) -> None:
        self._write(_EMPTY, Placement(chosen.spans, 0, chosen.columns), verb, ())

    # What all of them share

    @cached_property
    def paster(self) -> Paster:
        """What writes; made when it is first needed, for much comes with it."""
        from crm_desktop.gui.clipboard.pasting import Paster

        paster = Paster(self._tasks, self._list)
        paster.refused.connect(self.refused)
        paster.told.connect(self.told)
        return paster

    @property
    def _edits(self) -> PendingEdits:
        return self._list.editing.sheet.pending

    def _write(
        self,
        block: CellBlock,
        place: Placement,
        verb: str,
        notes: Sequence[str],
        made: int | None = None,
    ) -> None:
        """Write into the cells; `made` edits had been made when that was asked for, or as now."""
        from crm_desktop.services.pasting import PasteRequest  # as above

        rows = sum(last - first + 1 for first, last in place.spans)
        fields = tuple(self._model.columns[column].id for column in place.columns)
        groups, total = self._model.groups, self._model.total
        first = groups.number_of(place.spans[0][0]) if place.spans else total
        request = PasteRequest(
            self._model.query.object_id, fields, (), block, system_formats(), place.new_rows, verb
        )
        if not self.paster.is_too_much(rows * len(fields)):
            made = self._edits.made if made is None else made
            self.ids.find(place.spans, partial(self._write_over, request, first, notes, made))

    def _write_over(
        self, request: PasteRequest, first: int, notes: Sequence[str], made: int,
        ids: tuple[str, ...],
    ) -> None:  # fmt: skip
        """Write, unless somebody typed there since: what is typed last shall stand."""
        if self._edits.has_newer(made, product(ids, request.field_ids)):
            words = self.tr("You typed into these cells meanwhile. Nothing was pasted over that.")
            self._refuse(words)
            return
        self.paster.begin(replace(request, record_ids=ids), first, notes)

    def _chosen(self) -> CellRange | None:
        """Return what is selected; what stands in an open editor is put into its cell first."""
        self._list.editing.editing.commit()
        try:
            return selected_range(self._grid)
        except ValueError:
            self._refuse(self.tr("This cannot be done with cells of different columns apart."))
            return None

    def _refuse(self, sentence: str, *counts: int) -> None:
        for count in counts:
            sentence = sentence.replace("{}", f"{count:,}", 1)
        self.refused.emit(UserError(sentence))


def _copy_long(asked: CopiedRows, session: Any, on_progress: Callable[[int, int], bool]) -> Copied:
    return cell_reading.copy_cells(session, asked, on_progress)
