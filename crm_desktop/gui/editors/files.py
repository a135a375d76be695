"""The editor of files: a name and an address for one, JSON for several or for anything else."""

from __future__ import annotations

from typing import Any

from PySide6.QtWidgets import QGridLayout, QLineEdit, QStackedWidget, QWidget
from typing_extensions import override

from crm_desktop.domain.errors import Invalid
from crm_desktop.domain.field_types import EffectiveField, flag_rule
from crm_desktop.domain.formats import Formats
from crm_desktop.gui.editors.text import LongTextEditor
from crm_desktop.gui.editors.value_editor import ValueEditor
from crm_desktop.gui.theme import unit

_LINES, _JSON = 0, 1


class FileEditor(ValueEditor):
    """Names one file and says where it is; its other keys (`size`, `type`…) stay as they are.

    The database holds no files, only where they are. Several files, and values that are no
    file, are edited as JSON.
    """

    def __init__(
        self, field: EffectiveField, formats: Formats, parent: QWidget | None = None
    ) -> None:
        super().__init__(field, formats, parent)
        self._file: dict[str, Any] = {}
        self.name, self.url = QLineEdit(), QLineEdit()
        self.name.setPlaceholderText(self.tr("File name"))
        self.url.setPlaceholderText(self.tr("Address (https://…)"))
        self.url.setAccessibleName(self.tr("{}, address").replace("{}", field.label))
        self._lines = QWidget()
        row = QGridLayout(self._lines)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(2 * unit())
        row.addWidget(self.name, 0, 0)
        row.addWidget(self.url, 0, 1)
        row.setColumnStretch(0, 1)
        row.setColumnStretch(1, 2)
        self._lines.setFocusProxy(self.name)
        self.json = LongTextEditor(field, formats)
        self.json.edited.connect(self.edited)
        for line in (self.name, self.url):
            line.textEdited.connect(self.edited)
        self._stack = QStackedWidget()
        self._stack.addWidget(self._lines)
        self._stack.addWidget(self.json)
        self._row.addWidget(self._stack)
        self._control = self.name
        self.setFocusProxy(self.name)
        self.name.setAccessibleName(field.label)
        self._show_page(_JSON if flag_rule(field, "multiple") else _LINES)

    def _show_page(self, page: int) -> None:
        self._stack.setCurrentIndex(page)
        shown = self._lines if page == _LINES else self.json
        self._stack.setFixedHeight(shown.sizeHint().height())

    @override
    def show_value(self, value: Any) -> None:
        is_line = _is_file(value) or (value is None and not flag_rule(self.field, "multiple"))
        self._file = dict(value) if _is_file(value) else {}
        self.name.setText(self._file.get("name", ""))
        self.url.setText(self._file.get("url", ""))
        for line in (self.name, self.url):
            line.setCursorPosition(0)
        self.json.show_value(value)
        self._show_page(_LINES if is_line else _JSON)

    @override
    def value(self) -> Any:
        if self._stack.currentIndex() == _JSON:
            return self.json.value()
        name, url = self.name.text().strip(), self.url.text().strip()
        if not name and not url:
            return None
        if not name:
            raise Invalid({self.field.id: self.tr("Give the file a name.")})
        file = {**self._file, "name": name}
        if url or "url" in file:
            file["url"] = url
        return file

    @override
    def typed(self) -> Any:
        if self._stack.currentIndex() == _JSON:
            return self.json.typed()
        return {"name": self.name.text(), "url": self.url.text()}

    @override
    def show_typed(self, typed: Any) -> None:
        if isinstance(typed, dict):
            self.name.setText(str(typed.get("name", "")))
            self.url.setText(str(typed.get("url", "")))
            self._show_page(_LINES)
        else:
            self.json.show_typed(typed)
            self._show_page(_JSON)

    @override
    def set_read_only(self, *, is_read_only: bool) -> None:
        self.name.setReadOnly(is_read_only)
        self.url.setReadOnly(is_read_only)
        self.json.set_read_only(is_read_only=is_read_only)


def _is_file(value: Any) -> bool:
    """Say whether the value is one file whose name and address are text."""
    if not isinstance(value, dict) or not isinstance(value.get("name"), str):
        return False
    return isinstance(value.get("url", ""), str)
