"""The options of a choice field while they are edited: colour, label and value of each."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from PySide6.QtCore import QObject, Qt
from typing_extensions import override

from crm_desktop.gui.delegates import CellKind
from crm_desktop.gui.models.row_list import Index, RowListModel

LABEL, VALUE, COLOR = range(3)
DISPLAY, EDIT = Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.EditRole


@dataclass(frozen=True, slots=True)
class EditedOption:
    """One row; `stored` is what the config holds for it, and comes back where nothing changed."""

    value: str = ""
    label: str = ""
    color: str = ""
    stored: Any = None
    follows_label: bool = True  # the value is made from the label until it is edited

    def as_json(self) -> Any:
        if self.stored is not None and read_option(self.stored) == self:
            return self.stored
        rest = self.stored if isinstance(self.stored, Mapping) else {}
        known = {"value": self.value, "label": self.label or self.value}
        color = {"color": self.color} if self.color or "color" in rest else {}
        return {**rest, **known, **color}


def read_option(stored: Any) -> EditedOption:
    """Return the row for an option of the config: an object, or elsewhere a bare text."""
    if not isinstance(stored, Mapping):
        return EditedOption(str(stored), str(stored), "", stored, follows_label=False)
    value, label = stored.get("value", ""), stored.get("label")
    color = stored.get("color")
    return EditedOption(
        str(value),
        str(value if label is None else label),
        "" if color is None else str(color),
        stored,
        follows_label=False,
    )


def value_from(label: str, taken: Iterable[str]) -> str:
    """Make an option's value from its label: lower case, underscores, and unlike those taken."""
    plain = unicodedata.normalize("NFKD", label.casefold())
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter))
    stem = re.sub(r"\W+", "_", plain).strip("_")[:100] or "option"
    taken, value, number = set(taken), stem, 1
    while value in taken:
        number += 1
        value = f"{stem}_{number}"
    return value


class OptionsModel(RowListModel[EditedOption]):
    """An editable, reorderable list of options."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._headings = (
            (self.tr("Label"), CellKind.TEXT),
            (self.tr("Value"), CellKind.MUTED),
            (self.tr("Colour"), CellKind.COLOR),
        )

    @property
    def options(self) -> Sequence[EditedOption]:
        return self._rows

    def set_options(self, options: Any) -> None:
        self.set_rows([read_option(each) for each in options] if isinstance(options, list) else [])

    def as_json(self) -> list[Any]:
        return [option.as_json() for option in self._rows]

    def add(self, labels: Sequence[str]) -> None:
        """Add an option for each label at the end."""
        taken = [row.value for row in self._rows]
        added = []
        for label in labels:
            value = value_from(label, taken) if label else ""
            taken.append(value)
            added.append(EditedOption(value, label))
        self.append(added)

    @override
    def data(self, index: Index, role: int = DISPLAY) -> str | None:
        if not index.isValid() or role not in {DISPLAY, EDIT}:
            return None
        option = self._rows[index.row()]
        return (option.label, option.value, option.color)[index.column()]

    @override
    def setData(self, index: Index, value: Any, role: int = EDIT) -> bool:
        if not index.isValid() or role != EDIT:
            return False
        row, text = index.row(), str(value).strip()
        self.replace_row(row, self._edited(self._rows[row], row, index.column(), text))
        return True

    def _edited(self, option: EditedOption, row: int, column: int, text: str) -> EditedOption:
        if column == COLOR:
            return replace(option, color=text)
        if column == VALUE:
            return replace(option, value=text, follows_label=False)
        if option.follows_label:
            others = [other.value for number, other in enumerate(self._rows) if number != row]
            return replace(option, label=text, value=value_from(text, others) if text else "")
        return replace(option, label=text)

    @override
    def flags(self, index: Index) -> Qt.ItemFlag:
        flag = Qt.ItemFlag
        return super().flags(index) | (flag.ItemIsEditable if index.isValid() else flag(0))


def problem_of(options: Sequence[EditedOption]) -> str | None:
    """Say what keeps the options from being saved, or None."""
    seen: set[str] = set()
    for number, option in enumerate(options, start=1):
        if not option.value:
            return f"Option {number} has no value."
        if option.value in seen:
            return f"Two options have the value “{option.value}”."
        seen.add(option.value)
    return None
