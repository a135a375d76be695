"""Which editor fits a field."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from crm_desktop.domain.field_types import EffectiveField
from crm_desktop.domain.formats import Formats
from crm_desktop.gui.editors.checks import CheckEditor
from crm_desktop.gui.editors.choice_line import ChoiceLineEditor
from crm_desktop.gui.editors.choices import ChoiceEditor, MultiChoiceEditor
from crm_desktop.gui.editors.dates import DateEditor
from crm_desktop.gui.editors.files import FileEditor
from crm_desktop.gui.editors.references import ReferenceEditor
from crm_desktop.gui.editors.text import LineEditor, LongTextEditor
from crm_desktop.gui.editors.value_editor import ValueEditor
from crm_desktop.gui.tasks import Tasks

_BY_TYPE: dict[str, type[ValueEditor]] = {
    "text": LineEditor,
    "textarea": LongTextEditor,
    "email": LineEditor,
    "phone": LineEditor,
    "url": LineEditor,
    "number": LineEditor,
    "currency": LineEditor,
    "percentage": LineEditor,
    "date": DateEditor,
    "datetime": DateEditor,
    "boolean": CheckEditor,
    "checkbox": CheckEditor,
    "select": ChoiceEditor,
    "radio": ChoiceEditor,
    "multiselect": MultiChoiceEditor,
    "file": FileEditor,
    "image": FileEditor,
}
_IN_A_CELL: dict[str, type[ValueEditor]] = {"select": ChoiceLineEditor, "radio": ChoiceLineEditor}
WIDE_TYPES = frozenset({"textarea", "file", "image"})
"""Types whose editor takes the whole width of a form."""


def make_editor(
    field: EffectiveField, formats: Formats, tasks: Tasks, parent: QWidget | None = None
) -> ValueEditor:
    """Return the editor for a field; JSON text for a type that this program does not know."""
    if field.type in {"reference", "lookup"}:
        return ReferenceEditor(field, formats, tasks, parent)
    return _BY_TYPE.get(field.type, LongTextEditor)(field, formats, parent)


def make_cell_editor(
    field: EffectiveField, formats: Formats, tasks: Tasks, parent: QWidget | None = None
) -> ValueEditor:
    """Return the editor for a field in a cell of a grid: choices are found by typing there."""
    editor = _IN_A_CELL.get(field.type)
    return editor(field, formats, parent) if editor else make_editor(field, formats, tasks, parent)
