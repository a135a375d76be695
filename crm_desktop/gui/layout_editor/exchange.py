"""Layouts from elsewhere: of another object, or out of a file; and this one into a file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFileDialog, QWidget

from crm_desktop.domain.errors import Invalid, Unavailable, UserError
from crm_desktop.domain.ids import Prefix, new_id
from crm_desktop.domain.json_text import json_value
from crm_desktop.domain.layout_copying import copied
from crm_desktop.domain.layout_documents import (
    FieldWords,
    fitted,
    layout_document,
    read_document,
)
from crm_desktop.domain.layout_draft import Act, Layout
from crm_desktop.gui.editors.config.json_text import write_json
from crm_desktop.gui.layout_editor.state import LayoutState
from crm_desktop.gui.layout_editor.words import quoted
from crm_desktop.services import layout_saving, objects
from crm_desktop.services.layout_saving import StoredLayout
from crm_desktop.services.objects import ObjectSummary
from crm_desktop.whole_file import WholeFile

if TYPE_CHECKING:
    from crm_desktop.gui.tasks import Tasks

_MOST_NAMED, _LONGEST_NAME = 10, 80
LARGEST = 16 * 1024**2  # bytes of a file


class LayoutExchange(QObject):
    """Each of its commands ends in one step of the state, or in a file."""

    said = Signal(str)  # what was done
    refused = Signal(object)  # UserError

    def __init__(self, tasks: Tasks, state: LayoutState, page: QWidget) -> None:
        super().__init__(page)
        self._tasks, self._state, self._page = tasks, state, page

    # Another object

    def ask_for_object(self) -> None:
        """Ask which object to compare with, or to copy the layout of."""
        self._tasks.read(self, objects.list_objects, self._show_objects, self.refused.emit)

    def _show_objects(self, found: list[ObjectSummary]) -> None:
        from crm_desktop.gui.layout_editor.compare_dialog import CompareDialog

        others = [each for each in found if each.id != self._state.object_id]
        if not others:
            self.refused.emit(UserError(self.tr("There is no other object yet.")))
            return
        dialog = CompareDialog(self._state, others, self._page.window())
        dialog.object_chosen.connect(partial(self._read_other, dialog))
        dialog.copy_requested.connect(self._copy)
        dialog.finished.connect(dialog.deleteLater)
        dialog.choose_first()
        dialog.open()

    def _read_other(self, dialog: Any, object_id: str) -> None:
        call = partial(layout_saving.load_layout, object_id=object_id)
        self._tasks.read(dialog, call, dialog.show_other, self.refused.emit)

    def _copy(self, other: StoredLayout) -> None:
        self.take_over(other.layout)
        self.said.emit(self.tr("Arranged as {0}. Nothing is saved yet.").format(other.label))

    def take_over(self, other: Layout) -> None:
        """Arrange this layout as another, as one step."""
        here = self._state.layout.field_ids()
        ids = {
            field_id: new_id(Prefix.OBJECT_FIELD)
            for field_id in other.field_ids()
            if field_id not in here and field_id in self._state.library
        }
        self._state.do(Act.TAKE_OVER, copied(self._state.layout, other, ids))

    # Files

    def ask_where_to_export(self) -> None:
        stored = self._state.stored
        label = re.sub(r"[^\w .-]", "_", stored.label)[:_LONGEST_NAME] if stored else ""
        name = f"{label.strip(' .')} layout.json".strip()
        dialog = self._file_dialog(self.tr("Export the layout"))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.selectFile(name)
        dialog.fileSelected.connect(self.export_to)
        dialog.open()

    def ask_what_to_import(self) -> None:
        dialog = self._file_dialog(self.tr("Import a layout"))
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(self.import_from)
        dialog.open()

    def _file_dialog(self, title: str) -> QFileDialog:
        dialog = QFileDialog(self._page.window(), title)
        dialog.setNameFilter(self.tr("Layouts (*.json)"))
        dialog.setDefaultSuffix("json")
        dialog.finished.connect(dialog.deleteLater)
        return dialog

    def export_to(self, file: str) -> None:
        """Write the layout as it is edited now."""
        words = {
            field.id: FieldWords(field.name, field.label, field.type)
            for field in self._state.library.values()
        }
        title = self._state.stored.label if self._state.stored else ""
        text = write_json(layout_document(self._state.layout, title, words))
        done = partial(self._exported, file)
        self._tasks.compute(self, partial(_write, Path(file), text), done, self.refused.emit)

    def _exported(self, file: str, _: None) -> None:
        self.said.emit(self.tr("The layout is in {0}.").format(Path(file).name))

    def import_from(self, file: str) -> None:
        """Take the layout of a file over; fields are found by their id, or by name and type."""
        call = partial(_read, Path(file))
        self._tasks.compute(self, call, self._imported, self.refused.emit)

    def _imported(self, said: Any) -> None:
        try:
            document = read_document(said)
        except Invalid as error:
            self.refused.emit(error)
            return
        layout, missing = fitted(document, _names(self._state))
        self.take_over(layout)
        if missing:
            labels = [quoted(words.label or words.name) for words in missing[:_MOST_NAMED]]
            more = len(missing) - len(labels)
            named = ", ".join([*labels, *([f"+{more}"] if more else [])])
            left_out = self.tr("The library has no such fields, so they are left out: {0}.")
            self.refused.emit(UserError(left_out.format(named)))
        self.said.emit(self.tr("The layout was imported. Nothing is saved yet."))


def _names(state: LayoutState) -> Mapping[str, tuple[str, str]]:
    """Return id and type of each field of the library, by its id and by its name."""
    fields = list(state.library.values())
    by_name = {field.name: (field.id, field.type) for field in reversed(fields)}
    return by_name | {field.id: (field.id, field.type) for field in fields}


def _write(file: Path, text: str) -> None:
    whole = WholeFile(file)
    try:
        whole.draft.write_text(f"{text}\n", encoding="utf-8")
        whole.publish()
    except OSError as error:
        raise Unavailable(f"{file.name} could not be written: {error.strerror}.") from None


def _read(file: Path) -> Any:
    try:
        if file.stat().st_size > LARGEST:
            raise Invalid({"file": f"{file.name} is too large for a layout."})
        return json_value(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise Unavailable(f"{file.name} could not be read: {error.strerror}.") from None
    except ValueError:
        raise Invalid({"file": f"{file.name} is no JSON that can be read."}) from None
